package api_test

import (
	"fmt"
	"slices"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

// list is the user names that a filter finds, in the order of the answer.
func (w world) list(t *testing.T, filter string) []string {
	t.Helper()
	out, err := w.s.SDK.ListUsers(t.Context(), &cip.ListUsersInput{UserPoolId: &w.pool, Filter: &filter})
	if err != nil {
		t.Fatalf("ListUsers %s: %v", filter, err)
	}
	return namesOf(out.Users)
}

func namesOf(users []types.UserType) []string {
	names := make([]string, 0, len(users))
	for _, u := range users {
		names = append(names, *u.Username)
	}
	return names
}

func (w world) addUser(t *testing.T, name string, attributes ...string) {
	t.Helper()
	_, err := w.create(t, cip.AdminCreateUserInput{Username: &name, UserAttributes: pairs(attributes...), MessageAction: "SUPPRESS"})
	wantOK(t, err)
}

func TestListUsersFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		in.Schema = []types.SchemaAttributeType{{Name: new("plan"), AttributeDataType: "String", Mutable: new(true)}}
	})
	w.addUser(t, "ana", "email", "ana@example.com", "name", `Ana "the one" \ only`, "given_name", "Ana", "family_name", "Alba", "phone_number", "+15550101", "preferred_username", "queen", "custom:plan", "gold")
	w.addUser(t, "anton", "email", "anton@example.org", "given_name", "Anton", "phone_number", "+15550102")
	w.addUser(t, "Bea", "email", "bea@example.com", "given_name", "B\u00e9a")
	w.signUp(t, "new", "email", "new@example.com")
	wantOK(t, w.setPassword(t, "Bea", goodPassword, true))
	_, err := w.s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &w.pool, Username: new("anton")})
	wantOK(t, err)
	sub := w.attribute(t, "ana", "sub")
	for filter, want := range map[string][]string{
		``:                                  {"Bea", "ana", "anton", "new"},
		`username = "ana"`:                  {"ana"},
		`username="ana"`:                    {"ana"},
		`username = "bea"`:                  {},
		`username ^= "an"`:                  {"ana", "anton"},
		`username^=""`:                      {"Bea", "ana", "anton", "new"},
		`email = "ana@example.com"`:         {"ana"},
		`email ^= "an"`:                     {"ana", "anton"},
		`phone_number = "+15550102"`:        {"anton"},
		`phone_number ^= "+1555"`:           {"ana", "anton"},
		`name = "Ana \"the one\" \\ only"`:  {"ana"},
		`given_name = "B` + "\u00e9" + `a"`: {"Bea"},
		`given_name ^= "A"`:                 {"ana", "anton"},
		`family_name = "Alba"`:              {"ana"},
		`preferred_username ^= "que"`:       {"ana"},
		`cognito:user_status = "CONFIRMED"`: {"Bea"},
		`cognito:user_status = "confirmed"`: {"Bea"},
		`cognito:user_status ^= "unconf"`:   {"new"},
		`status = "Enabled"`:                {"Bea", "ana", "new"},
		`status = "Disabled"`:               {"anton"},
		`status = "disabled"`:               {},
		`status ^= "Dis"`:                   {"anton"},
		`sub = "` + sub + `"`:               {"ana"},
		`username = "' OR 1=1 --"`:          {},
		`email = "%"`:                       {},
		`email ^= "%"`:                      {},
		`name ^= "Ana _the"`:                {},
	} {
		got := w.list(t, filter)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s finds %v, want %v", filter, got, want)
		}
	}
	const syntax = "Error while parsing filter."
	for filter, message := range map[string]string{
		`username`:                         syntax,
		`username = ana`:                   syntax,
		`username = "ana`:                  syntax,
		`username == "ana"`:                syntax,
		`username = "ana" and email = "x"`: syntax,
		`= "ana"`:                          syntax,
		`username $= "ana"`:                syntax,
		`sub ^= "` + sub[:4] + `"`:         syntax,
		`custom:plan = "gold"`:             "Invalid search attribute: custom:plan",
		`nickname = "x"`:                   "Invalid search attribute: nickname",
		`Username = "ana"`:                 "Invalid search attribute: Username",
	} {
		_, err := w.s.SDK.ListUsers(t.Context(), &cip.ListUsersInput{UserPoolId: &w.pool, Filter: &filter})
		wantError(t, err, "InvalidParameterException", message)
	}
}

func TestListUsersEntries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t))
	for _, name := range []string{"first", "second", "third"} {
		w.addUser(t, name, "email", name+"@example.com")
	}
	out, err := w.s.SDK.ListUsers(t.Context(), &cip.ListUsersInput{UserPoolId: &w.pool, AttributesToGet: []string{"email"}})
	wantOK(t, err)
	for _, u := range out.Users {
		if len(u.Attributes) != 1 || *u.Attributes[0].Value != *u.Username+"@example.com" || u.UserStatus != "FORCE_CHANGE_PASSWORD" || !u.Enabled || u.UserCreateDate == nil {
			t.Errorf("entry %+v", u)
		}
	}
	out, err = w.s.SDK.ListUsers(t.Context(), &cip.ListUsersInput{UserPoolId: &w.pool})
	wantOK(t, err)
	if a := out.Users[0].Attributes; *a[0].Name != "sub" || *a[1].Name != "email" {
		t.Errorf("attributes %+v", a)
	}
	const missing = "One or more requested attributes do not exist."
	for _, names := range [][]string{{"custom:none"}, {"email", "nickname"}} {
		_, err = w.s.SDK.ListUsers(t.Context(), &cip.ListUsersInput{UserPoolId: &w.pool, AttributesToGet: names})
		wantError(t, err, "InvalidParameterException", missing)
	}
	unknown := "us-east-1_NoSuchPl1"
	_, err = w.s.SDK.ListUsers(t.Context(), &cip.ListUsersInput{UserPoolId: &unknown})
	wantError(t, err, "ResourceNotFoundException", "User pool us-east-1_NoSuchPl1 does not exist.")

	answer := w.s.Call(t, "ListUsers", fmt.Sprintf(`{"UserPoolId":%q,"Filter":"username = \"nobody\""}`, w.pool))
	if answer.Body != `{"Users":[]}` {
		t.Errorf("nobody found: %s", answer.Body)
	}
}

func TestListUsersPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t))
	const users = 70
	for i := range users {
		w.addUser(t, fmt.Sprintf("user%02d", i), "given_name", "Same")
	}
	for _, c := range []struct {
		filter string
		limit  *int32
		pages  []int
	}{
		{"", nil, []int{60, 10}},
		{"", new(int32(0)), []int{60, 10}},
		{"", new(int32(35)), []int{35, 35}},
		{"", new(int32(32)), []int{32, 32, 6}},
		{`username ^= "user"`, new(int32(50)), []int{50, 20}},
		{`given_name = "Same"`, new(int32(60)), []int{60, 10}},
		{`cognito:user_status = "FORCE_CHANGE_PASSWORD"`, new(int32(40)), []int{40, 30}},
		{`status = "Enabled"`, new(int32(40)), []int{40, 30}},
		{`username ^= "user0"`, new(int32(10)), []int{10}},
	} {
		var sizes []int
		seen := map[string]bool{}
		in := &cip.ListUsersInput{UserPoolId: &w.pool, Filter: &c.filter, Limit: c.limit}
		for {
			out, err := w.s.SDK.ListUsers(t.Context(), in)
			wantOK(t, err)
			sizes = append(sizes, len(out.Users))
			for _, name := range namesOf(out.Users) {
				if seen[name] {
					t.Errorf("%s: %s comes twice", c.filter, name)
				}
				seen[name] = true
			}
			if out.PaginationToken == nil {
				break
			}
			in.PaginationToken = out.PaginationToken
		}
		if !slices.Equal(sizes, c.pages) {
			t.Errorf("%s, limit %v: pages of %v, want %v", c.filter, c.limit, sizes, c.pages)
		}
	}
	first, err := w.s.SDK.ListUsers(t.Context(), &cip.ListUsersInput{UserPoolId: &w.pool, Limit: new(int32(1))})
	wantOK(t, err)
	for _, in := range []*cip.ListUsersInput{
		{UserPoolId: &w.pool, PaginationToken: new("bm90IGEgdG9rZW4=")},
		{UserPoolId: &w.pool, PaginationToken: first.PaginationToken, Filter: new(`username ^= "u"`)},
		{UserPoolId: new(w.s.CreatePool(t, nil)), PaginationToken: first.PaginationToken},
	} {
		_, err := w.s.SDK.ListUsers(t.Context(), in)
		wantError(t, err, "InvalidParameterException", "Invalid pagination token")
	}
}
