package api_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/servertest"
)

func makeGroup(t *testing.T, s *servertest.Server, pool, name string) {
	t.Helper()
	_, err := s.SDK.CreateGroup(t.Context(), &cip.CreateGroupInput{UserPoolId: &pool, GroupName: &name})
	wantOK(t, err)
}

func join(t *testing.T, s *servertest.Server, pool, user, group string) error {
	t.Helper()
	_, err := s.SDK.AdminAddUserToGroup(t.Context(), &cip.AdminAddUserToGroupInput{UserPoolId: &pool, Username: &user, GroupName: &group})
	return err
}

func TestAGroupIsDescribedAsItWasMade(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	const plain = `{"Group":{"CreationDate":<time>,"GroupName":"plain","LastModifiedDate":<time>,"UserPoolId":"<pool>"}}`
	made := s.Call(t, "CreateGroup", `{"UserPoolId":"`+pool+`","GroupName":"plain"}`)
	if diff := cmp.Diff(plain, volatile(made.Body)); diff != "" {
		t.Error(diff)
	}
	const full = `{"Group":{"CreationDate":<time>,"Description":"","GroupName":"full","LastModifiedDate":<time>,"Precedence":0,"RoleArn":"arn:aws:iam::123456789012:role/admin","UserPoolId":"<pool>"}}`
	made = s.Call(t, "CreateGroup", `{"UserPoolId":"`+pool+`","GroupName":"full","Description":"","Precedence":0,"RoleArn":"arn:aws:iam::123456789012:role/admin"}`)
	if diff := cmp.Diff(full, volatile(made.Body)); diff != "" {
		t.Error(diff)
	}
	if got := s.Call(t, "GetGroup", `{"UserPoolId":"`+pool+`","GroupName":"full"}`); got.Body != made.Body {
		t.Errorf("got otherwise:\n%s", cmp.Diff(made.Body, got.Body))
	}
}

func TestAGroupNameIsTakenInAnyCase(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	makeGroup(t, s, pool, "Admins")
	for _, name := range []string{"Admins", "admins", "ADMINS"} {
		_, err := s.SDK.CreateGroup(t.Context(), &cip.CreateGroupInput{UserPoolId: &pool, GroupName: &name})
		wantError(t, err, "GroupExistsException", "A group with the name already exists")
	}
	makeGroup(t, s, s.CreatePool(t, nil), "Admins") // another pool's names are free
}

func TestOneOfManyGroupsOfANameIsMadeInARace(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	made := 0
	for _, err := range atOnce(8, func() error {
		_, err := s.SDK.CreateGroup(t.Context(), &cip.CreateGroupInput{UserPoolId: &pool, GroupName: aws.String("admins")})
		return err
	}) {
		if err == nil {
			made++
			continue
		}
		wantError(t, err, "GroupExistsException", "A group with the name already exists")
	}
	if made != 1 {
		t.Errorf("%d were made", made)
	}
}

func TestGroupMembersHaveTheModelsBounds(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	for i, c := range []struct {
		name, members string
		accept        bool
	}{
		{strings.Repeat("g", 128), ``, true},
		{strings.Repeat("g", 129), ``, false},
		{"", ``, false},
		{"with space", ``, false},
		{"größe", ``, true},
		{"a", `,"Precedence":-1`, false},
		{"a", `,"Precedence":2147483647`, true},
		{"b", `,"Precedence":2147483648`, false},
		{"b", `,"Precedence":null`, true},
		{"c", `,"Description":"` + strings.Repeat("d", 2048) + `"`, true},
		{"d", `,"Description":"` + strings.Repeat("d", 2049) + `"`, false},
		{"d", `,"RoleArn":"not an ARN of a role"`, false},
	} {
		answer := s.Call(t, "CreateGroup", fmt.Sprintf(`{"UserPoolId":%q,"GroupName":%q%s}`, pool, c.name, c.members))
		if c.accept != (answer.Status == 200) {
			t.Errorf("%d: %d %.200s", i, answer.Status, answer.Body)
		}
	}
}

func TestAnUpdateOfAGroupKeepsWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	const role = "arn:aws:iam::123456789012:role/admin"
	_, err := s.SDK.CreateGroup(t.Context(), &cip.CreateGroupInput{UserPoolId: &pool, GroupName: aws.String("admins"), Description: aws.String("first"), Precedence: aws.Int32(7), RoleArn: aws.String(role)})
	wantOK(t, err)
	out, err := s.SDK.UpdateGroup(t.Context(), &cip.UpdateGroupInput{UserPoolId: &pool, GroupName: aws.String("admins"), Description: aws.String("second")})
	wantOK(t, err)
	got, err := s.SDK.GetGroup(t.Context(), &cip.GetGroupInput{UserPoolId: &pool, GroupName: aws.String("admins")})
	wantOK(t, err)
	for _, g := range []*types.GroupType{out.Group, got.Group} {
		if *g.Description != "second" || *g.Precedence != 7 || *g.RoleArn != role || g.LastModifiedDate.Before(*g.CreationDate) {
			t.Errorf("%s, %d, %s", *g.Description, *g.Precedence, *g.RoleArn)
		}
	}
	_, err = s.SDK.UpdateGroup(t.Context(), &cip.UpdateGroupInput{UserPoolId: &pool, GroupName: aws.String("admins"), Description: aws.String(""), Precedence: aws.Int32(0)})
	wantOK(t, err)
	got, err = s.SDK.GetGroup(t.Context(), &cip.GetGroupInput{UserPoolId: &pool, GroupName: aws.String("admins")})
	wantOK(t, err)
	if *got.Group.Description != "" || *got.Group.Precedence != 0 {
		t.Errorf("%q, %d", *got.Group.Description, *got.Group.Precedence)
	}
}

func TestAnUnknownGroupOrUserIsNamedAsSuch(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	s.CreateUser(t, pool, "ana", "Correct-horse-9")
	makeGroup(t, s, pool, "admins")
	for _, c := range []struct{ operation, members, code, message string }{
		{"GetGroup", `"GroupName":"none"`, "ResourceNotFoundException", "Group not found."},
		{"UpdateGroup", `"GroupName":"none"`, "ResourceNotFoundException", "Group not found."},
		{"DeleteGroup", `"GroupName":"none"`, "ResourceNotFoundException", "Group not found."},
		{"ListUsersInGroup", `"GroupName":"none"`, "ResourceNotFoundException", "Group not found."},
		{"AdminAddUserToGroup", `"GroupName":"none","Username":"ana"`, "ResourceNotFoundException", "Group not found."},
		{"AdminRemoveUserFromGroup", `"GroupName":"none","Username":"ana"`, "ResourceNotFoundException", "Group not found."},
		{"AdminAddUserToGroup", `"GroupName":"admins","Username":"nobody"`, "UserNotFoundException", "User does not exist."},
		{"AdminRemoveUserFromGroup", `"GroupName":"admins","Username":"nobody"`, "UserNotFoundException", "User does not exist."},
		{"AdminListGroupsForUser", `"Username":"nobody"`, "UserNotFoundException", "User does not exist."},
	} {
		answer := s.Call(t, c.operation, `{"UserPoolId":"`+pool+`",`+c.members+`}`)
		if answer.Status != 400 || answer.ErrorType() != c.code || answer.Message() != c.message {
			t.Errorf("%s: %d %s", c.operation, answer.Status, answer.Body)
		}
	}
}

func TestMembershipIsIdempotent(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	s.CreateUser(t, pool, "ana", "Correct-horse-9", "email", "ana@example.com")
	makeGroup(t, s, pool, "admins")
	for range 2 {
		answer := s.Call(t, "AdminAddUserToGroup", `{"UserPoolId":"`+pool+`","GroupName":"admins","Username":"ana"}`)
		if answer.Status != 200 || answer.Body != "" {
			t.Errorf("%d %q", answer.Status, answer.Body)
		}
	}
	listed := s.Call(t, "ListUsersInGroup", `{"UserPoolId":"`+pool+`","GroupName":"admins"}`)
	want := `{"Users":[{"Attributes":[{"Name":"sub","Value":"<sub>"},{"Name":"email","Value":"ana@example.com"}],"Enabled":true,"UserCreateDate":<time>,"UserLastModifiedDate":<time>,"UserStatus":"CONFIRMED","Username":"ana"}]}`
	got := regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).ReplaceAllString(volatile(listed.Body), "<sub>")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for range 2 {
		answer := s.Call(t, "AdminRemoveUserFromGroup", `{"UserPoolId":"`+pool+`","GroupName":"admins","Username":"ana"}`)
		if answer.Status != 200 || answer.Body != "" {
			t.Errorf("%d %q", answer.Status, answer.Body)
		}
	}
	if listed := s.Call(t, "ListUsersInGroup", `{"UserPoolId":"`+pool+`","GroupName":"admins"}`); listed.Body != `{"Users":[]}` {
		t.Errorf("after removal: %s", listed.Body)
	}
}

func TestADeletedGroupTakesItsMembershipsAlong(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	s.CreateUser(t, pool, "ana", "Correct-horse-9")
	for _, name := range []string{"admins", "readers"} {
		makeGroup(t, s, pool, name)
		wantOK(t, join(t, s, pool, "ana", name))
	}
	answer := s.Call(t, "DeleteGroup", `{"UserPoolId":"`+pool+`","GroupName":"admins"}`)
	if answer.Status != 200 || answer.Body != "" {
		t.Errorf("%d %q", answer.Status, answer.Body)
	}
	makeGroup(t, s, pool, "admins") // of the same name, without members
	out, err := s.SDK.AdminListGroupsForUser(t.Context(), &cip.AdminListGroupsForUserInput{UserPoolId: &pool, Username: aws.String("ana")})
	wantOK(t, err)
	if len(out.Groups) != 1 || *out.Groups[0].GroupName != "readers" {
		t.Errorf("groups %v", groupNames(out.Groups))
	}
}

func groupNames(groups []types.GroupType) []string {
	var names []string
	for _, g := range groups {
		names = append(names, *g.GroupName)
	}
	return names
}

func TestGroupsAndMembersAreListedPageByPage(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	want := []string{"a", "b", "c", "d", "e"}
	for _, name := range want {
		makeGroup(t, s, pool, name)
		s.CreateUser(t, pool, "user-"+name, "Correct-horse-9")
		wantOK(t, join(t, s, pool, "user-a", name))
		wantOK(t, join(t, s, pool, "user-"+name, "a"))
	}
	lists := map[string]func(token *string) ([]string, *string, error){
		"ListGroups": func(token *string) ([]string, *string, error) {
			out, err := s.SDK.ListGroups(t.Context(), &cip.ListGroupsInput{UserPoolId: &pool, Limit: aws.Int32(2), NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			return groupNames(out.Groups), out.NextToken, nil
		},
		"AdminListGroupsForUser": func(token *string) ([]string, *string, error) {
			out, err := s.SDK.AdminListGroupsForUser(t.Context(), &cip.AdminListGroupsForUserInput{UserPoolId: &pool, Username: aws.String("user-a"), Limit: aws.Int32(2), NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			return groupNames(out.Groups), out.NextToken, nil
		},
		"ListUsersInGroup": func(token *string) ([]string, *string, error) {
			out, err := s.SDK.ListUsersInGroup(t.Context(), &cip.ListUsersInGroupInput{UserPoolId: &pool, GroupName: aws.String("a"), Limit: aws.Int32(2), NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			var names []string
			for _, u := range out.Users {
				names = append(names, strings.TrimPrefix(*u.Username, "user-"))
			}
			return names, out.NextToken, nil
		},
	}
	tokens := map[string]*string{}
	for name, list := range lists {
		var all []string
		var token *string
		for pages := 1; ; pages++ {
			some, next, err := list(token)
			wantOK(t, err)
			all = append(all, some...)
			if token = next; token == nil {
				if pages != 3 {
					t.Errorf("%s: %d pages", name, pages)
				}
				break
			}
			tokens[name] = token
		}
		slices.Sort(all)
		if diff := cmp.Diff(want, all); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	for name, list := range lists { // the token of one list does not open another
		for other, token := range tokens {
			if other != name {
				_, _, err := list(token)
				wantError(t, err, "InvalidParameterException", "Invalid pagination token")
			}
		}
	}
	whole := s.Call(t, "ListGroups", `{"UserPoolId":"`+pool+`","Limit":0}`)
	if n := strings.Count(whole.Body, `"GroupName"`); n != 5 || strings.Contains(whole.Body, "NextToken") {
		t.Errorf("with limit 0: %s", whole.Body)
	}
	if over := s.Call(t, "ListGroups", `{"UserPoolId":"`+pool+`","Limit":61}`); over.ErrorType() != "InvalidParameterException" {
		t.Errorf("with limit 61: %s", over.Body)
	}
}

func TestS173AUserHasAHundredGroups(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	s.CreateUser(t, pool, "ana", "Correct-horse-9")
	for i := range 101 {
		name := fmt.Sprintf("g%03d", i)
		makeGroup(t, s, pool, name)
		err := join(t, s, pool, "ana", name)
		if i < 100 {
			wantOK(t, err)
			continue
		}
		wantCode(t, err, "InvalidParameterException")
	}
	wantOK(t, join(t, s, pool, "ana", "g000")) // in it already
	out, err := s.SDK.AdminListGroupsForUser(t.Context(), &cip.AdminListGroupsForUserInput{UserPoolId: &pool, Username: aws.String("ana")})
	wantOK(t, err)
	if len(out.Groups) != 60 || out.NextToken == nil {
		t.Errorf("the first page has %d groups", len(out.Groups))
	}
}

func TestS137GroupsAndUsersOfPoolsDoNotMix(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	one, two := s.CreatePool(t, nil), s.CreatePool(t, nil)
	s.CreateUser(t, one, "ana", "Correct-horse-9")
	makeGroup(t, s, two, "admins")
	wantError(t, join(t, s, one, "ana", "admins"), "ResourceNotFoundException", "Group not found.")
	wantError(t, join(t, s, two, "ana", "admins"), "UserNotFoundException", "User does not exist.")
	makeGroup(t, s, one, "admins")
	wantOK(t, join(t, s, one, "ana", "admins"))
	out, err := s.SDK.ListUsersInGroup(t.Context(), &cip.ListUsersInGroupInput{UserPoolId: &two, GroupName: aws.String("admins")})
	wantOK(t, err)
	if len(out.Users) != 0 {
		t.Error("a user of another pool is listed")
	}
}
