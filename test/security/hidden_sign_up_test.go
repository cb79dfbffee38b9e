package security_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"cognate/internal/servertest"
)

// newHidden makes a pool whose users sign up with an e-mail address, and that
// does not tell at sign-up who exists.
func newHidden(t testing.TB, s *servertest.Server, change func(doc)) post {
	t.Helper()
	in := doc{
		"PoolName": "hidden", "UsernameAttributes": []string{"email"}, "AutoVerifiedAttributes": []string{"email", "phone_number"},
		"SmsConfiguration": doc{"SnsCallerArn": "arn:aws:iam::123456789012:role/sms", "ExternalId": "x"},
		"UserPoolTags":     doc{"cognate:sign-up-existence": "hidden"},
	}
	if change != nil {
		change(in)
	}
	p := post{Server: s, attribute: "phone_number"}
	p.pool = at(t, do(t, s, "CreateUserPool", in), "UserPool", "Id")
	made := do(t, s, "CreateUserPoolClient", doc{
		"UserPoolId": p.pool, "ClientName": "hidden", "PreventUserExistenceErrors": "ENABLED",
		"ExplicitAuthFlows": []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	})
	p.client = at(t, made, "UserPoolClient", "ClientId")
	return p
}

// shape is an answer with the strings in it that differ by chance taken out.
func shape(t testing.TB, a servertest.Answer) string {
	t.Helper()
	body := decode(t, a.Body)
	if sub, ok := body["UserSub"].(string); ok {
		body["UserSub"] = len(sub)
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(a.Status, " ", slices.Sorted(maps.Keys(a.Header)), " ", string(text))
}

// Everything that a stranger can call about an address answers the same, whether
// it has an account or the stranger has just made one that is not confirmed.
func TestS050SignUpTellsNotWhoExists(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	p := newHidden(t, s, nil)
	const taken, fresh, probe = "mallet@example.com", "miller@example.com", "Probing-Horse1!"
	s.CreateUser(t, p.pool, taken, "Correct-Horse1!", "email", taken, "email_verified", "true")
	for i, step := range []struct {
		operation string
		in        func(name string) doc
	}{
		{"SignUp", func(name string) doc {
			return doc{"ClientId": p.client, "Username": name, "Password": probe, "UserAttributes": []doc{
				{"Name": "email", "Value": name}, {"Name": "phone_number", "Value": "+12065550100"}, // a telephone of the stranger's
			}}
		}},
		{"SignUp", func(name string) doc { return doc{"ClientId": p.client, "Username": name, "Password": probe} }},
		{"InitiateAuth", func(name string) doc {
			return doc{"ClientId": p.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": doc{"USERNAME": name, "PASSWORD": probe}}
		}},
		{"InitiateAuth", func(name string) doc {
			return doc{"ClientId": p.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": doc{"USERNAME": name, "PASSWORD": "Wrong-Horse1!"}}
		}},
		{"ConfirmSignUp", func(name string) doc {
			return doc{"ClientId": p.client, "Username": name, "ConfirmationCode": "000000"}
		}},
		{"ResendConfirmationCode", func(name string) doc { return doc{"ClientId": p.client, "Username": name} }},
		{"ConfirmSignUp", func(name string) doc {
			return doc{"ClientId": p.client, "Username": name, "ConfirmationCode": "000001"}
		}},
	} {
		of := func(name string) string { return shape(t, s.Call(t, step.operation, encode(t, step.in(name)))) }
		if a, b := of(taken), of(fresh); a != b {
			t.Errorf("%d %s:\n%s for one who has an account\n%s for a new one", i, step.operation, a, b)
		}
	}
	// Guesses lock both, at the same guess.
	for i := range 6 {
		of := func(name string) string {
			answer := s.Call(t, "InitiateAuth", encode(t, doc{"ClientId": p.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": doc{"USERNAME": name, "PASSWORD": probe}}))
			return answer.Message()
		}
		if a, b := of(taken), of(fresh); a != b {
			t.Errorf("guess %d: %s and %s", i, a, b)
		}
	}
	if n := s.Mailbox.Count(p.pool, "+12065550100"); n != 0 {
		t.Errorf("%d messages came to the stranger's telephone", n)
	}
	const subject = "You have an account already"
	if m := s.Mailbox.Wait(t, p.pool, taken, 1); m.Subject != subject || m.Code != "" || m.Destination != taken {
		t.Errorf("the owner was told %q, %q, code %q", m.Subject, m.Body, m.Code)
	}
	first, second := s.Mailbox.Wait(t, p.pool, fresh, 1), s.Mailbox.Wait(t, p.pool, fresh, 2) // in any order
	if len(first.Code) != 6 && len(second.Code) != 6 {
		t.Errorf("the new user was told %q and %q", first.Body, second.Body)
	}
}

// Those who the setting is not about sign up, confirm and sign in as ever, and
// an address that somebody else signed up first stays with its owner.
func TestS050HiddenSignUpWorksForNewUsers(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	p := newHidden(t, s, nil)
	const name, password = "ana@example.com", "Correct-Horse1!"
	join := doc{"ClientId": p.client, "Username": name, "Password": password}
	do(t, s, "SignUp", join)
	code := s.Code(t, p.pool, name)
	do(t, s, "SignUp", doc{"ClientId": p.client, "Username": name, "Password": "Another-Horse1!"}) // the code stays good
	do(t, s, "ConfirmSignUp", doc{"ClientId": p.client, "Username": name, "ConfirmationCode": code})
	enter := doc{"ClientId": p.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": doc{"USERNAME": name, "PASSWORD": password}}
	do(t, s, "InitiateAuth", enter)
	do(t, s, "SignUp", join)
	do(t, s, "InitiateAuth", enter)
	users := decode(t, s.Call(t, "ListUsers", encode(t, doc{"UserPoolId": p.pool})).Body)["Users"].([]any)
	if len(users) != 1 {
		t.Errorf("there are %d users", len(users))
	}
}

func TestS050WithoutTheSettingSignUpTells(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	p := newHidden(t, s, func(in doc) { delete(in, "UserPoolTags") })
	const name = "ana@example.com"
	arn := at(t, do(t, s, "DescribeUserPool", doc{"UserPoolId": p.pool}), "UserPool", "Arn")
	join := doc{"ClientId": p.client, "Username": name, "Password": "Correct-Horse1!"}
	do(t, s, "SignUp", join)
	refused(t, s, "SignUp", join, "UsernameExistsException")
	do(t, s, "TagResource", doc{"ResourceArn": arn, "Tags": doc{"cognate:sign-up-existence": "hidden"}})
	do(t, s, "SignUp", join)
	// Clients that tell everywhere tell here as well.
	legacy := at(t, do(t, s, "CreateUserPoolClient", doc{"UserPoolId": p.pool, "ClientName": "legacy", "PreventUserExistenceErrors": "LEGACY"}), "UserPoolClient", "ClientId")
	refused(t, s, "SignUp", doc{"ClientId": legacy, "Username": name, "Password": "Correct-Horse1!"}, "UsernameExistsException")
	do(t, s, "UntagResource", doc{"ResourceArn": arn, "TagKeys": []string{"cognate:sign-up-existence"}})
	refused(t, s, "SignUp", join, "UsernameExistsException")
}

// The setting is refused where it would hide nothing.
func TestS050SettingIsRefusedWhereItCannotWork(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	hidden := doc{"cognate:sign-up-existence": "hidden"}
	for what, in := range map[string]doc{
		"user names of one's choice": {"PoolName": "x", "AutoVerifiedAttributes": []string{"email"}, "UserPoolTags": hidden},
		"no verification":            {"PoolName": "x", "UsernameAttributes": []string{"email"}, "UserPoolTags": hidden},
		"another value": {
			"PoolName": "x", "UsernameAttributes": []string{"email"}, "AutoVerifiedAttributes": []string{"email"},
			"UserPoolTags": doc{"cognate:sign-up-existence": "Hidden"},
		},
	} {
		if answer := s.Call(t, "CreateUserPool", encode(t, in)); answer.ErrorType() != badInput {
			t.Errorf("%s: %d %s", what, answer.Status, answer.Body)
		}
	}
	p := newHidden(t, s, nil)
	refused(t, s, "UpdateUserPool", doc{"UserPoolId": p.pool}, badInput) // verifies nothing any more
	plain := do(t, s, "CreateUserPool", doc{"PoolName": "x"})
	refused(t, s, "TagResource", doc{"ResourceArn": at(t, plain, "UserPool", "Arn"), "Tags": hidden}, badInput)
}

func TestS050SignUpsFromOneNetworkAreLimited(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, limited(map[string]int{"sign-ups": 4}))
	noon(s)
	p := newPost(t, s, "email")
	for i, c := range []struct{ user, code, message string }{
		{"u0", "", ""},
		{"u0", "UsernameExistsException", "User already exists"},
		{"u0", "UsernameExistsException", "User already exists"},
		{"u1", "", ""},
		{"u0", "LimitExceededException", tooOften},
		{"u2", "LimitExceededException", tooOften},
	} {
		wantAnswer(t, fmt.Sprint(i, c.user), p.join(t, "192.0.2.1", c.user, c.user+"@example.com"), c.code, c.message)
	}
	wantAnswer(t, "another network", p.join(t, "192.0.2.2", "u2", "u2@example.com"), "", "")
	s.Advance(24 * time.Hour)
	wantAnswer(t, "the next day", p.join(t, "192.0.2.1", "u3", "u3@example.com"), "", "")
}
