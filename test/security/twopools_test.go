package security_test

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
	"cognate/internal/server"
	"cognate/internal/servertest"
)

const (
	noUser     = "UserNotFoundException"
	noResource = "ResourceNotFoundException"
	notAllowed = "NotAuthorizedException"
	badInput   = "InvalidParameterException"
)

// crossing is a call with ids of one side and things of the other.
type crossing struct {
	in   doc
	want []string // exceptions
}

// crossings are, for every operation that names two things, calls in pool A
// with things of pool B.
func crossings(a, b *side) map[string][]crossing {
	all := make(map[string][]crossing)
	add := func(operation string, in doc, want ...string) {
		all[operation] = append(all[operation], crossing{in, want})
	}
	// Users of B by every name that B knows them by.
	for _, user := range []string{b.only, b.onlySub, b.onlyEmail} {
		for operation, more := range map[string]doc{
			"AdminConfirmSignUp":        {},
			"AdminDeleteUser":           {},
			"AdminDeleteUserAttributes": {"UserAttributeNames": []string{"email"}},
			"AdminDisableUser":          {},
			"AdminEnableUser":           {},
			"AdminGetUser":              {},
			"AdminListGroupsForUser":    {},
			"AdminAddUserToGroup":       {"GroupName": a.only},
			"AdminRemoveUserFromGroup":  {"GroupName": a.only},
			"AdminResetUserPassword":    {},
			"AdminSetUserPassword":      {"Password": "Attacker-1!", "Permanent": true},
			"AdminUpdateUserAttributes": {"UserAttributes": []doc{{"Name": "email", "Value": "attacker@example.com"}}},
			"AdminUserGlobalSignOut":    {},
		} {
			in := doc{"UserPoolId": a.pool, "Username": user}
			maps.Copy(in, more)
			add(operation, in, noUser)
		}
		add("AdminCreateUser", doc{"UserPoolId": a.pool, "Username": user, "MessageAction": "RESEND"}, noUser)
		add("UpdateAuthEventFeedback", doc{
			"UserPoolId": a.pool, "Username": user, "EventId": "x", "FeedbackToken": "x", "FeedbackValue": "Valid",
		}, notAllowed)
		for _, operation := range []string{"ForgotPassword", "ResendConfirmationCode"} {
			add(operation, doc{"ClientId": a.client, "Username": user}, noUser)
		}
	}
	crossGroups(a, b, add)
	crossClients(a, b, add)
	crossSignIn(a, b, add)
	crossCodes(a, b, add)
	return all
}

func crossGroups(a, b *side, add func(string, doc, ...string)) {
	group := doc{"UserPoolId": a.pool, "GroupName": b.only}
	for _, operation := range []string{"GetGroup", "DeleteGroup", "ListUsersInGroup", "UpdateGroup"} {
		add(operation, group, noResource)
	}
	member := doc{"UserPoolId": a.pool, "GroupName": b.only, "Username": a.only}
	add("AdminAddUserToGroup", member, noResource)
	add("AdminRemoveUserFromGroup", member, noResource)
}

func crossClients(a, b *side, add func(string, doc, ...string)) {
	for _, client := range []string{b.client, b.confidential} {
		in := doc{"UserPoolId": a.pool, "ClientId": client}
		for _, operation := range []string{
			"AddUserPoolClientSecret", "DeleteUserPoolClient", "DescribeUserPoolClient", "ListUserPoolClientSecrets", "UpdateUserPoolClient",
		} {
			add(operation, in, noResource)
		}
	}
	add("DeleteUserPoolClientSecret", doc{"UserPoolId": a.pool, "ClientId": b.confidential, "ClientSecretId": b.secretID}, noResource)
	add("DeleteUserPoolClientSecret", doc{"UserPoolId": a.pool, "ClientId": a.confidential, "ClientSecretId": b.secretID}, noResource)
}

func crossSignIn(a, b *side, add func(string, doc, ...string)) {
	own := doc{"USERNAME": b.only, "PASSWORD": b.password}
	twin := doc{"USERNAME": "twin", "PASSWORD": b.password}
	refresh := doc{"REFRESH_TOKEN": b.refresh, "DEVICE_KEY": b.device}
	answers := doc{"USERNAME": b.temporary, "NEW_PASSWORD": "Attacker-1!"}
	add("InitiateAuth", doc{"ClientId": a.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": own}, noUser, notAllowed)
	add("InitiateAuth", doc{"ClientId": a.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": twin}, notAllowed)
	add("InitiateAuth", doc{"ClientId": a.client, "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": refresh}, notAllowed)
	add("AdminInitiateAuth", doc{"UserPoolId": a.pool, "ClientId": a.client, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": own}, noUser, notAllowed)
	add("AdminInitiateAuth", doc{"UserPoolId": a.pool, "ClientId": a.client, "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": refresh}, notAllowed)
	add("AdminInitiateAuth", doc{"UserPoolId": a.pool, "ClientId": b.client, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": own}, noResource)
	add("GetTokensFromRefreshToken", doc{"ClientId": a.client, "RefreshToken": b.refresh, "DeviceKey": b.device}, notAllowed)
	add("RespondToAuthChallenge", doc{"ClientId": a.client, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": b.session, "ChallengeResponses": answers}, notAllowed)
	add("AdminRespondToAuthChallenge", doc{
		"UserPoolId": a.pool, "ClientId": a.client, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": b.session, "ChallengeResponses": answers,
	}, notAllowed)
	add("AdminRespondToAuthChallenge", doc{
		"UserPoolId": a.pool, "ClientId": b.client, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": b.session, "ChallengeResponses": answers,
	}, noResource)
	add("ChangePassword", doc{"AccessToken": a.twinAccess, "PreviousPassword": b.password, "ProposedPassword": "Attacker-1!"}, notAllowed)
}

func crossCodes(a, b *side, add func(string, doc, ...string)) {
	add("ConfirmSignUp", doc{"ClientId": a.client, "Username": b.fresh, "ConfirmationCode": b.freshCode}, noUser, "ExpiredCodeException")
	add("ConfirmSignUp", doc{"ClientId": a.client, "Username": a.fresh, "ConfirmationCode": b.freshCode}, "CodeMismatchException")
	add("ConfirmForgotPassword", doc{"ClientId": a.client, "Username": b.only, "ConfirmationCode": b.freshCode, "Password": "Attacker-1!"}, noUser, "ExpiredCodeException")
	add("VerifyUserAttribute", doc{"AccessToken": a.access, "AttributeName": "email", "Code": b.freshCode}, "CodeMismatchException", "ExpiredCodeException")
}

// alone are the calls that name nothing but a pool, a client or a token of A.
// They succeed, and nothing of them shows in B.
func alone(a *side) map[string]doc {
	pool := doc{"UserPoolId": a.pool}
	return map[string]doc{
		"AddCustomAttributes":              {"UserPoolId": a.pool, "CustomAttributes": []doc{{"Name": "colour", "AttributeDataType": "String"}}},
		"CreateGroup":                      {"UserPoolId": a.pool, "GroupName": "later"},
		"CreateUserPool":                   {"PoolName": a.name},
		"CreateUserPoolClient":             {"UserPoolId": a.pool, "ClientName": "public"},
		"DescribeUserPool":                 pool,
		"ListGroups":                       pool,
		"ListTagsForResource":              {"ResourceArn": a.arn},
		"ListUserPoolClients":              pool,
		"ListUserPools":                    {"MaxResults": 1},
		"ListUsers":                        pool,
		"TagResource":                      {"ResourceArn": a.arn, "Tags": doc{"colour": "red"}},
		"UntagResource":                    {"ResourceArn": a.arn, "TagKeys": []string{"colour"}},
		"UpdateUserPool":                   {"UserPoolId": a.pool, "DeletionProtection": "INACTIVE"},
		"SignUp":                           {"ClientId": a.client, "Username": "later", "Password": a.password, "UserAttributes": []doc{{"Name": "email", "Value": "later@example.com"}}},
		"GetUser":                          {"AccessToken": a.twinAccess},
		"UpdateUserAttributes":             {"AccessToken": a.twinAccess, "UserAttributes": []doc{{"Name": "nickname", "Value": "a"}}},
		"DeleteUserAttributes":             {"AccessToken": a.twinAccess, "UserAttributeNames": []string{"nickname"}},
		"GetUserAttributeVerificationCode": {"AccessToken": a.twinAccess, "AttributeName": "email"},
		"RevokeToken":                      {"ClientId": a.client, "Token": a.refresh},
		"GlobalSignOut":                    {"AccessToken": a.twinAccess},
	}
}

// last end things: they come after the rest, in this order.
func last(t *testing.T, s *servertest.Server, a *side) {
	t.Helper()
	token := at(t, a.enter(t, s, "twin"), "AuthenticationResult", "AccessToken")
	do(t, s, "DeleteUser", doc{"AccessToken": token})
	do(t, s, "DeleteUserPool", doc{"UserPoolId": a.pool})
}

// pages are the operations whose tokens belong to one pool: each with what it
// asks for in a pool, and where the token is.
func pages(p *side) map[string]doc {
	return map[string]doc{
		"ListUsers":                 {"UserPoolId": p.pool, "Limit": 1},
		"ListGroups":                {"UserPoolId": p.pool, "Limit": 1},
		"ListUserPoolClients":       {"UserPoolId": p.pool, "MaxResults": 1},
		"ListUsersInGroup":          {"UserPoolId": p.pool, "GroupName": "twins", "Limit": 1},
		"AdminListGroupsForUser":    {"UserPoolId": p.pool, "Username": "twin", "Limit": 1},
		"ListUserPoolClientSecrets": nil, // always one page
	}
}

func TestS137IdsOfOnePoolOpenNothingOfAnother(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a, b := newSide(t, s, "a"), newSide(t, s, "b")
	beforeA, beforeB := a.picture(t, s), b.picture(t, s)
	covered := map[string]bool{"DeleteUser": true, "DeleteUserPool": true}
	for operation, calls := range crossings(a, b) {
		covered[operation] = true
		for _, c := range calls {
			refused(t, s, operation, c.in, c.want...)
		}
	}
	crossPages(t, s, a, b)
	// Only the client that a token was issued to may revoke it.
	s.Call(t, "RevokeToken", encode(t, doc{"ClientId": a.client, "Token": b.refresh}))
	if diff := cmp.Diff(beforeA, a.picture(t, s)); diff != "" {
		t.Errorf("refused calls changed pool A:\n%s", diff)
	}
	built := builtOperations(t)
	for _, operation := range built {
		if !covered[operation] && alone(a)[operation] == nil {
			covered[operation] = true
			crossByName(t, s, operation, a, b)
		}
	}
	for operation, in := range alone(a) {
		covered[operation] = true
		if operation != "GlobalSignOut" {
			do(t, s, operation, in)
		}
	}
	do(t, s, "GlobalSignOut", alone(a)["GlobalSignOut"])
	last(t, s, a)
	if diff := cmp.Diff(beforeB, b.picture(t, s)); diff != "" {
		t.Errorf("calls in pool A changed pool B:\n%s", diff)
	}
	for _, user := range []string{b.only, "twin"} {
		if n := s.Mailbox.Count(b.pool, user); n != 0 {
			t.Errorf("%d messages went to %s of pool B", n, user)
		}
	}
	if got, want := slices.Sorted(maps.Keys(covered)), built; !slices.Equal(got, want) {
		t.Errorf("operations covered and built differ:\n%s", cmp.Diff(got, want))
	}
}

// crossByName makes the call of an operation that no table has, from the names
// of its members: the pool, client and token are those of A, the user is B's.
// Where both pool and user are named, the user must be unknown; otherwise no
// more is asked than that nothing of it shows in B.
func crossByName(t *testing.T, s *servertest.Server, operation string, a, b *side) {
	t.Helper()
	values := doc{
		"UserPoolId": a.pool, "ClientId": a.client, "AccessToken": a.twinAccess, "Username": b.only, "GroupName": a.only,
		"DeviceKey": b.device, "CredentialId": "x", "Credential": doc{}, "UserCode": "123456",
		"MFAOptions": []doc{}, "SessionId": "sso" + strings.Repeat("a", 25), "EventId": "x", "FeedbackToken": "x", "FeedbackValue": "Valid",
	}
	in, member := doc{}, map[string]bool{}
	for _, m := range api.Operations[operation].Input.Members {
		member[m.Name] = true
		value, known := values[m.Name]
		switch {
		case known:
			in[m.Name] = value
		case m.Required:
			in[m.Name] = some(m.Shape)
		}
	}
	if member["UserPoolId"] && member["Username"] {
		unknown := noUser
		if !slices.Contains(api.Operations[operation].Errors, unknown) {
			unknown = "ResourceNotFoundException" // what the model has instead
		}
		for _, user := range []string{b.only, b.onlySub, b.onlyEmail} {
			in["Username"] = user
			refused(t, s, operation, in, unknown)
		}
		return
	}
	if answer := s.Call(t, operation, encode(t, in)); answer.Status != 200 && answer.Status != 400 {
		t.Errorf("%s: %d %.300s", operation, answer.Status, answer.Body)
	}
}

// some is a value of a shape, as simple as can be.
func some(shape *api.Shape) any {
	switch shape.Kind {
	case api.KindStructure:
		members := doc{}
		for _, m := range shape.Members {
			if m.Required {
				members[m.Name] = some(m.Shape)
			}
		}
		return members
	case api.KindMap, api.KindDocument:
		return doc{}
	case api.KindList:
		return []any{}
	case api.KindBoolean:
		return false
	case api.KindString, api.KindBlob:
		if len(shape.Enum) > 0 {
			return shape.Enum[0]
		}
		return strings.Repeat("x", max(1, int(shape.Min)))
	default:
		return shape.Min
	}
}

func crossPages(t *testing.T, s *servertest.Server, a, b *side) {
	t.Helper()
	for operation, in := range pages(b) {
		if in == nil {
			continue
		}
		page := do(t, s, operation, in)
		member := "NextToken"
		if operation == "ListUsers" {
			member = "PaginationToken"
		}
		crossed := maps.Clone(pages(a)[operation])
		crossed[member] = at(t, page, member)
		refused(t, s, operation, crossed, badInput)
	}
}

// builtOperations asks the server itself which operations it has.
func builtOperations(t *testing.T) (built []string) {
	t.Helper()
	running, err := server.New(t.Context(), server.Config{Mode: server.Dev, Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := running.Close(); err != nil {
			t.Error(err)
		}
	}()
	service := reflect.ValueOf(running.Service())
	for name := range api.Operations {
		if !notBuilt(t.Context(), service.MethodByName(name), name) {
			built = append(built, name)
		}
	}
	slices.Sort(built)
	return built
}

// notBuilt calls a method with an empty request. Methods may rely on the door
// having refused such a one, so a panic is an answer too.
func notBuilt(ctx context.Context, method reflect.Value, name string) (answer bool) {
	defer func() { _ = recover() }()
	out := method.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.New(method.Type().In(1).Elem())})
	err, _ := reflect.TypeAssert[error](out[len(out)-1])
	return api.HasCode(err, "OperationNotEnabledException") && err.Error() == api.NotBuilt(name).Error()
}
