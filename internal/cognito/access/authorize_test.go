package access

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"cognate/internal/protocol/iam"
)

// The global keys of spec/identity-pools.md E3, each by a policy that needs it.
func TestGlobalConditionKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.role(t, w.root, "shop", trusting(identityPoolPrincipal, webIdentity, ofPool(poolA, "*")), policy("Allow", "s3:*"))
	made, err := w.CreateKey(t.Context(), w.root, UserSpec{Name: "ci", Policies: []string{policy("Allow", "s3:*")}, Tags: map[string]string{"Team": "blue"}})
	if err != nil {
		t.Fatal(err)
	}
	forging := login(role.ARN, poolA)
	forging.SessionKeys = maps.Clone(forging.SessionKeys)
	forging.SessionKeys.Set("aws:username", "root") // a token says nothing of who its bearer is here
	user, session := w.principal(t, made.ID, ""), w.assume(t, forging)
	w.now = w.now.Add(time.Minute)
	const absent = "\x00"
	for _, tt := range []struct{ key, user, session string }{
		{"aws:PrincipalArn", "arn:aws:iam::123456789012:user/ci", role.ARN},
		{"aws:PrincipalAccount", account, account},
		{"aws:PrincipalType", "User", "AssumedRole"},
		{"aws:PrincipalTag/team", "blue", absent},
		{"aws:userid", user.UserID, role.ID + ":CognitoIdentityCredentials"},
		{"aws:username", "ci", absent},
		{"aws:ResourceAccount", account, account},
		{"aws:RequestedRegion", "us-east-1", "us-east-1"},
		{"aws:SourceIp", "203.0.113.9", "203.0.113.9"},
		{"aws:UserAgent", "test/1", "test/1"},
		{"aws:SecureTransport", "true", "true"},
		{"aws:CurrentTime", "2026-11-13T12:01:00Z", "2026-11-13T12:01:00Z"},
		{"aws:EpochTime", "1794571260", "1794571260"},
		{"aws:TokenIssueTime", absent, "2026-11-13T12:00:00Z"},
		{"aws:MultiFactorAuthPresent", absent, "false"},
		{"aws:MultiFactorAuthAge", absent, absent},
		{"aws:FederatedProvider", absent, "cognito-identity.amazonaws.com"},
		{"aws:RequestTag/stage", "prod", "prod"},
		{"aws:ResourceTag/stage", "test", "test"},
		{"cognito-identity.amazonaws.com:sub", absent, "us-east-1:ana"},
	} {
		for p, want := range map[*Principal]string{user: tt.user, session: tt.session} {
			r := Request{Action: "s3:GetObject", Resource: "*", Origin: here, Keys: iam.Keys{
				"aws:requesttag/stage": {"prod"}, "aws:resourcetag/stage": {"test"},
				"aws:principaltag/other": {"forged"}, "aws:principalarn": {"forged"},
			}}
			values, ok := w.asked(p.context, r).Context.Values(tt.key)
			got := absent
			if ok {
				got = values[0]
			}
			if got != want {
				t.Errorf("%s of %s is %q, want %q", tt.key, p.ARN, got, want)
			}
			if _, ok := w.asked(p.context, r).Context.Values("aws:PrincipalTag/other"); ok {
				t.Error("a request can say who sends it")
			}
		}
	}
	if _, ok := w.asked(user.context, Request{}).Context.Values("aws:SourceIp"); ok {
		t.Error("a request without an address has one")
	}
}

// Tags in any language keep a policy that forbids something in force, be they of the
// user or of what is asked for.
func TestTagsInOtherLettersAreSeenByPolicies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	forbidding := func(key string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},` +
			`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"` + key + `":"rot"}}}]}`
	}
	made, err := w.CreateKey(t.Context(), w.root, UserSpec{
		Name: "ci", Policies: []string{forbidding("aws:PrincipalTag/Äste")}, Tags: map[string]string{"Äste": "rot"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if w.may(t, w.principal(t, made.ID, ""), "s3:GetObject", "*") {
		t.Error("a user with the tag Äste may do what is forbidden to it")
	}
	other := w.user(t, w.root, "cd", forbidding("aws:ResourceTag/äste"))
	keys := iam.Keys{}
	keys.Set("aws:ResourceTag/Äste", "rot")
	if w.Authorize(t.Context(), other, Request{Action: "s3:GetObject", Resource: "*", Keys: keys}) == nil {
		t.Error("a resource with the tag Äste is open to whom it is forbidden")
	}
}

// spec/identity-pools.md E4: the texts of a refusal.
func TestDenialsNameUserActionAndResource(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const arn = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_A"
	for name, tt := range map[string]struct{ policies, boundary, tail string }{
		"none":     {policy("Allow", "s3:*"), "", "because no identity-based policy allows the cognito-idp:ListUsers action"},
		"deny":     {policy("Deny", "cognito-idp:*"), "", "with an explicit deny in an identity-based policy"},
		"boundary": {policy("Allow", "*"), policy("Allow", "s3:*"), "because no permissions boundary allows the cognito-idp:ListUsers action"},
		"deny-in":  {policy("Allow", "*"), policy("Deny", "cognito-idp:*"), "with an explicit deny in a permissions boundary"},
	} {
		made, err := w.CreateKey(t.Context(), w.root, UserSpec{Name: name, Policies: []string{tt.policies}, Boundary: tt.boundary})
		if err != nil {
			t.Fatal(err)
		}
		err = w.Authorize(t.Context(), w.principal(t, made.ID, ""), Request{Action: "cognito-idp:ListUsers", Resource: arn})
		wantDenied(t, err, "User: arn:aws:iam::123456789012:user/"+name+" is not authorized to perform: cognito-idp:ListUsers on resource: "+arn+" "+tt.tail)
	}
}

func BenchmarkAuthorizeOfASession(b *testing.B) {
	p := &Principal{Kind: AssumedRole, ARN: "arn", RoleARN: "role", Account: account}
	p.describe()
	var list []*iam.Policy
	for i := range 50 {
		text := policyOn("Allow", fmt.Sprintf("service%d:Action*", i), fmt.Sprintf("arn:aws:service:::thing%d/*", i))
		policy, err := iam.Parse([]byte(text), iam.Identity)
		if err != nil {
			b.Fatal(err)
		}
		list = append(list, policy)
	}
	p.rights.policies.Identity = list
	a := &Access{Config: Config{Now: func() time.Time { return time.Unix(0, 0) }}}
	for b.Loop() {
		_ = a.decide(p, Request{Action: "service49:ActionX", Resource: "arn:aws:service:::thing49/x", Origin: here})
	}
}
