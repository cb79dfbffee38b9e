package access

import (
	"testing"

	"cognate/internal/api"
	"cognate/internal/protocol/iam"
)

// S136: no key grants beyond itself. Whatever somebody writes, whoever uses it has
// the writer's rights at most.
func TestS136NothingGrantsBeyondItsWriter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const everything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	const poolA, poolB = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_A", "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_B"
	lead := w.user(t, w.root, "lead", policy("Allow", "cognate:*"), policyOn("Allow", "cognito-idp:*", poolA))
	plenty := w.user(t, w.root, "plenty", everything)
	trust := trusting(`{"AWS":"arn:aws:iam::123456789012:root"}`, "sts:AssumeRole", "")
	w.role(t, w.root, "admins", trust, everything)

	made := w.user(t, lead, "made", everything)
	want := func(t *testing.T, what string, p *Principal) {
		t.Helper()
		if !w.may(t, p, "cognito-idp:AdminDeleteUser", poolA) {
			t.Errorf("%s may not do what its writer may", what)
		}
		if w.may(t, p, "cognito-idp:AdminDeleteUser", poolB) || w.may(t, p, "s3:GetObject", "*") {
			t.Errorf("%s may do what its writer may not", what)
		}
	}
	want(t, "a user that was made", made)
	// Who is limited does not get rid of it by making another.
	want(t, "a user at second hand", w.user(t, made, "made-by-made", everything))
	if err := w.PutUser(t.Context(), made, UserSpec{Name: "made", Policies: []string{everything}}); err != nil {
		t.Fatal(err)
	}
	want(t, "a user who changed himself", w.principal(t, made.AccessKeyID, ""))

	// Another key for somebody with more rights.
	key, err := w.CreateKey(t.Context(), lead, UserSpec{Name: "plenty"})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "a second key of somebody else", w.principal(t, key.ID, ""))
	key, err = w.RotateKey(t.Context(), lead, plenty.AccessKeyID, true)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "a rotated key of somebody else", w.principal(t, key.ID, ""))

	// A role, new or taken over.
	for _, name := range []string{"mine", "admins"} {
		role := w.role(t, lead, name, trust, everything)
		asked := w.user(t, w.root, "caller-of-"+name, policy("Allow", "sts:*"))
		want(t, "role "+name, w.assume(t, Assumption{Action: assumeRole, RoleARN: role.ARN, SessionName: "s", Caller: asked}))
		if !role.Bounded {
			t.Errorf("role %s does not tell that it is bounded", name)
		}
	}

	// A provider that vouches for whom its writer likes.
	w.role(t, w.root, "deploy", trusting(`{"Federated":"arn:aws:iam::123456789012:oidc-provider/ci.example"}`, webIdentity, ""), everything)
	in := login("arn:aws:iam::123456789012:role/deploy", poolA)
	in.Federated = "arn:aws:iam::123456789012:oidc-provider/ci.example"
	put := func(by *Principal) {
		t.Helper()
		if _, err := w.PutOIDCProvider(t.Context(), by, "https://ci.example", []string{"x"}); err != nil {
			t.Fatal(err)
		}
	}
	put(w.root)
	before, err := w.Assume(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if p := w.principal(t, before.AccessKeyID, before.SessionToken); !w.may(t, p, "s3:GetObject", "*") {
		t.Error("the first administrator's provider is bounded")
	}
	put(lead)
	session := w.assume(t, in)
	want(t, "a session by a provider", session)
	want(t, "a user whom that session made", w.user(t, session, "made-by-session", everything))

	// The first administrator lifts it all.
	if err := w.PutUser(t.Context(), w.root, UserSpec{Name: "made", Policies: []string{everything}}); err != nil {
		t.Fatal(err)
	}
	key, err = w.CreateKey(t.Context(), w.root, UserSpec{Name: "made"})
	if err != nil {
		t.Fatal(err)
	}
	if p := w.principal(t, key.ID, ""); !w.may(t, p, "s3:GetObject", "*") {
		t.Error("the first administrator's key for the user is bounded")
	}
	want(t, "the key that was made by the user's lead", w.principal(t, made.AccessKeyID, ""))
}

// Bounds are judged with the writer's own keys, which the user cannot choose.
func TestS136BoundsAreJudgedAsTheWriter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mine := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"${aws:ResourceTag/team}"}}},
		{"Effect":"Allow","Action":"cognate:*","Resource":"*"}]}`
	made, err := w.CreateKey(t.Context(), w.root, UserSpec{Name: "blue-lead", Policies: []string{mine}, Tags: map[string]string{"team": "blue"}})
	if err != nil {
		t.Fatal(err)
	}
	lead := w.principal(t, made.ID, "")
	made, err = w.CreateKey(t.Context(), lead, UserSpec{Name: "green", Policies: []string{policy("Allow", "*")}, Tags: map[string]string{"team": "green"}})
	if err != nil {
		t.Fatal(err)
	}
	p := w.principal(t, made.ID, "")
	for team, want := range map[string]bool{"blue": true, "green": false} {
		err := w.Authorize(t.Context(), p, Request{Action: "cognito-idp:ListUsers", Resource: "*", Keys: iam.Keys{"aws:resourcetag/team": {team}}})
		if (err == nil) != want {
			t.Errorf("team %s: %v", team, err)
		}
	}
}

// A session that comes of an identity pool makes no key that opens what is closed to
// the session (identity-pools.md B5).
func TestS136KeysOfWebIdentitiesOpenNoIdentityPools(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.role(t, w.root, "shop", trusting(identityPoolPrincipal, webIdentity, ofPool(poolA, "*")), policy("Allow", "*"))
	p := w.user(t, w.assume(t, login(role.ARN, poolA)), "made", policy("Allow", "*"))
	for action, want := range map[string]bool{
		"cognito-idp:ListUsers": true, "cognito-identity:ListIdentityPools": false, "cognito-sync:ListDatasets": false,
	} {
		if w.may(t, p, action, "*") != want {
			t.Errorf("%s: not %v", action, want)
		}
	}
}

func TestChainsOfWritersHaveAnEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	by := w.root
	for i := range maxBounds + 1 {
		by = w.user(t, by, "user"+string(rune('a'+i)), policy("Allow", "*"))
	}
	_, err := w.CreateKey(t.Context(), by, UserSpec{Name: "one-more", Policies: []string{policy("Allow", "*")}})
	if !api.HasCode(err, "AccessDeniedException") {
		t.Errorf("answer is %v", err)
	}
}

// S136: entries are not for everybody.
func TestS136EntriesNeedTheirActions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user(t, w.root, "victim", policy("Allow", "*"))
	victim := w.user(t, w.root, "second", policy("Allow", "*")).AccessKeyID
	w.role(t, w.root, "role", trusting(`"*"`, "sts:AssumeRole", ""))
	nobody := w.user(t, w.root, "nobody", policy("Allow", "cognito-idp:* cognito-identity:* sts:* iam:*"))
	one := w.user(t, w.root, "one", policyOn("Allow", "cognate:*", "arn:aws:iam::123456789012:user/second"), policy("Allow", "cognate:List*"))
	ctx := t.Context()
	spec := func(name string) UserSpec { return UserSpec{Name: name, Policies: []string{policy("Allow", "*")}} }
	trust := trusting(`"*"`, "sts:AssumeRole", "")
	for name, tt := range map[string]struct {
		act func(p *Principal) error
		one bool // may the one who may everything with user second
	}{
		CreateAccessKey: {func(p *Principal) error { _, err := w.CreateKey(ctx, p, spec("fresh")); return err }, false},
		ListAccessKeys:  {func(p *Principal) error { _, err := w.Keys(ctx, p); return err }, true},
		PutUser:         {func(p *Principal) error { return w.PutUser(ctx, p, spec("victim")) }, false},
		PutRole: {func(p *Principal) error {
			_, err := w.PutRole(ctx, p, RoleSpec{Name: "role", Trust: trust})
			return err
		}, false},
		ListRoles:  {func(p *Principal) error { _, err := w.Roles(ctx, p); return err }, true},
		DeleteRole: {func(p *Principal) error { return w.DeleteRole(ctx, p, "role") }, false},
		PutProvider: {func(p *Principal) error {
			_, err := w.PutOIDCProvider(ctx, p, "https://ci.example", []string{"x"})
			return err
		}, false},
		ListProviders:  {func(p *Principal) error { _, err := w.Providers(ctx, p); return err }, true},
		DeleteProvider: {func(p *Principal) error { return w.DeleteProvider(ctx, p, "arn:aws:iam::123456789012:oidc-provider/x") }, false},
	} {
		if err := tt.act(nobody); !api.HasCode(err, "AccessDeniedException") {
			t.Errorf("%s by nobody: %v", name, err)
		}
		if err := tt.act(one); api.HasCode(err, "AccessDeniedException") == tt.one {
			t.Errorf("%s by one: %v", name, err)
		}
		if err := tt.act(nil); err == nil {
			t.Errorf("%s without a caller succeeds", name)
		}
	}
	for _, tt := range []struct { // the second leaves nothing to rotate
		name string
		act  func(p *Principal) error
	}{
		{RotateAccessKey, func(p *Principal) error { _, err := w.RotateKey(ctx, p, victim, false); return err }},
		{DeleteAccessKey, func(p *Principal) error { return w.DeleteKey(ctx, p, victim) }},
	} {
		if err := tt.act(nobody); !api.HasCode(err, "AccessDeniedException") {
			t.Errorf("%s by nobody: %v", tt.name, err)
		}
		if err := tt.act(one); err != nil {
			t.Errorf("%s by one: %v", tt.name, err)
		}
	}
}

func TestEntriesThatCannotBeStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	trust := trusting(`"*"`, "sts:AssumeRole", "")
	role := func(spec RoleSpec) error { _, err := w.PutRole(t.Context(), w.root, spec); return err }
	wantInvalid(t, role(RoleSpec{Name: "a b", Trust: trust}), "A role's name")
	wantInvalid(t, role(RoleSpec{Name: "a", Path: "x", Trust: trust}), "its path begins and ends with a slash")
	wantInvalid(t, role(RoleSpec{Name: "a", Trust: policy("Allow", "*")}), "Trust policy: ")
	wantInvalid(t, role(RoleSpec{Name: "a", Trust: trust, Policies: []string{trust}}), "Policy 1: ")
	// spec/identity-pools.md B4: no identity pool's users without naming the pool.
	wantInvalid(t, role(RoleSpec{Name: "a", Trust: trusting(identityPoolPrincipal, webIdentity, "")}), "Trust policy: ")
	if err := role(RoleSpec{Name: "a", Path: "/x/", Trust: trust}); err != nil {
		t.Fatal(err)
	}
	wantInvalid(t, role(RoleSpec{Name: "a", Trust: trust}), "There is a role a already, arn:aws:iam::123456789012:role/x/a.")
	wantInvalid(t, role(RoleSpec{Name: "A", Path: "/x/", Trust: trust}), "There is a role a already")
	wantInvalid(t, w.DeleteRole(t.Context(), w.root, "b"), "There is no role b.")

	for _, address := range []string{"http://ci.example", "https://ci.example/", "https://u@ci.example", "https://ci.example?x", "ci.example", "https://"} {
		_, err := w.PutOIDCProvider(t.Context(), w.root, address, []string{"x"})
		wantInvalid(t, err, "The URL of an OpenID provider")
	}
	_, err := w.PutOIDCProvider(t.Context(), w.root, "https://ci.example", nil)
	wantInvalid(t, err, "client ids")
	_, err = w.PutSAMLProvider(t.Context(), w.root, "corp", "<xml/>")
	wantInvalid(t, err, "The metadata cannot be used")
	wantInvalid(t, w.DeleteProvider(t.Context(), w.root, "arn:aws:iam::123456789012:saml-provider/x"), "There is no provider")
}

// A policy about one user holds for the name in every case.
func TestS136NamesInAnotherCaseAreTheSameUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user(t, w.root, "victim", policy("Allow", "*"))
	p := w.user(t, w.root, "operator", policy("Allow", "cognate:*"), policyOn("Deny", "*", "arn:aws:iam::123456789012:user/victim"))
	_, err := w.CreateKey(t.Context(), p, UserSpec{Name: "VICTIM"})
	if !api.HasCode(err, "AccessDeniedException") {
		t.Errorf("CreateKey: %v", err)
	}
	if err := w.PutUser(t.Context(), p, UserSpec{Name: "Victim"}); !api.HasCode(err, "AccessDeniedException") {
		t.Errorf("PutUser: %v", err)
	}
}
