package access

import (
	"maps"
	"strings"
	"testing"
	"time"

	"cognate/internal/protocol/iam"
)

const (
	identityPoolPrincipal = `{"Federated":"cognito-identity.amazonaws.com"}`
	poolA                 = "us-east-1:00000000-0000-0000-0000-00000000000a"
	poolB                 = "us-east-1:00000000-0000-0000-0000-00000000000b"
)

func ofPool(pool, amr string) string {
	return `{"StringEquals":{"cognito-identity.amazonaws.com:aud":"` + pool + `"},"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":"` + amr + `"}}`
}

// login is the request for a session of somebody in an identity pool.
func login(role, pool string) Assumption {
	keys := iam.Keys{
		"cognito-identity.amazonaws.com:aud": {pool}, "cognito-identity.amazonaws.com:sub": {"us-east-1:ana"},
		"cognito-identity.amazonaws.com:amr": {"authenticated", "cognito-idp.us-east-1.amazonaws.com/us-east-1_x"},
	}
	return Assumption{
		Action: webIdentity, RoleARN: role, SessionName: "CognitoIdentityCredentials", Federated: "cognito-identity.amazonaws.com",
		Keys: keys, SessionKeys: keys,
	}
}

func TestS125SessionsCarryRolePoolAndIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.role(t, w.root, "shop", trusting(identityPoolPrincipal, "sts:AssumeRoleWithWebIdentity", ofPool(poolA, "authenticated")),
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::shop/${cognito-identity.amazonaws.com:sub}/*"}]}`)
	s, err := w.Assume(t.Context(), login(role.ARN, poolA))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(s.AccessKeyID, "ASIA") || len(s.AccessKeyID) != 20 || len(s.SecretAccessKey) != 40 ||
		s.ARN != "arn:aws:sts::123456789012:assumed-role/shop/CognitoIdentityCredentials" || s.AssumedRoleID != role.ID+":CognitoIdentityCredentials" ||
		!s.Expires.Equal(w.now.Add(time.Hour)) || s.PackedPolicySize != 0 {
		t.Errorf("%+v", s)
	}
	key, p, known, err := w.Key(t.Context(), s.AccessKeyID, s.SessionToken)
	if err != nil || !known || key.Secret != s.SecretAccessKey || !key.Expires.Equal(s.Expires) || key.SessionToken != s.SessionToken {
		t.Fatalf("%+v %v %v", key, known, err)
	}
	if p.Kind != AssumedRole || p.UserID != s.AssumedRoleID || p.RoleARN != role.ARN || !p.WebIdentity {
		t.Errorf("%+v", p)
	}
	if !w.may(t, p, "s3:GetObject", "arn:aws:s3:::shop/us-east-1:ana/x") || w.may(t, p, "s3:GetObject", "arn:aws:s3:::shop/us-east-1:bob/x") {
		t.Error("the variable of the identity does not hold")
	}
	wantDenied(t, w.Authorize(t.Context(), p, Request{Action: "cognito-idp:ListUsers", Resource: "*"}),
		"User: arn:aws:sts::123456789012:assumed-role/shop/CognitoIdentityCredentials is not authorized to perform: cognito-idp:ListUsers on resource: * "+
			"because no identity-based policy allows the cognito-idp:ListUsers action")

	_, err = w.Assume(t.Context(), login(role.ARN, poolB))
	wantRefusal(t, err, NotTrusted)
	guest := login(role.ARN, poolA)
	guest.Keys = iam.Keys{"cognito-identity.amazonaws.com:aud": {poolA}, "cognito-identity.amazonaws.com:amr": {"unauthenticated"}}
	_, err = w.Assume(t.Context(), guest)
	wantRefusal(t, err, NotTrusted)
	_, err = w.Assume(t.Context(), login("arn:aws:iam::123456789012:role/other", poolA))
	wantRefusal(t, err, NoSuchRole)
	_, err = w.Assume(t.Context(), login(strings.Replace(role.ARN, account, "999999999999", 1), poolA))
	wantRefusal(t, err, NoSuchRole)
	_, err = w.Assume(t.Context(), login("arn:aws:iam::123456789012:role/path/shop", poolA))
	wantRefusal(t, err, NoSuchRole)
}

func TestS125SessionTokensThatAreChangedOpenNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.role(t, w.root, "shop", trusting(identityPoolPrincipal, webIdentity, ofPool(poolA, "authenticated")), policy("Allow", "*"))
	s, err := w.Assume(t.Context(), login(role.ARN, poolA))
	if err != nil {
		t.Fatal(err)
	}
	other, err := w.Assume(t.Context(), login(role.ARN, poolA))
	if err != nil {
		t.Fatal(err)
	}
	if other.AccessKeyID == s.AccessKeyID || other.SecretAccessKey == s.SecretAccessKey {
		t.Error("two sessions have a key in common")
	}
	tokens := map[string]string{"of another session": other.SessionToken, "empty": "", "line break": s.SessionToken[:8] + "\n" + s.SessionToken[8:], "long": strings.Repeat("A", maxToken+4)}
	for i := 0; i < len(s.SessionToken); i += 7 {
		b := []byte(s.SessionToken)
		b[i] ^= 1
		tokens["changed at "+string(rune('0'+i%10))+s.SessionToken[:i%16]] = string(b)
	}
	// Base64 has several texts for some bytes: the bits behind the last one.
	padded := s
	for n := 0; !strings.HasSuffix(padded.SessionToken, "="); n++ {
		in := login(role.ARN, poolA)
		in.SessionName = strings.Repeat("x", 2+n)
		if padded, err = w.Assume(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	last := strings.TrimRight(padded.SessionToken, "=")
	twin := last[:len(last)-1] + string(rune(last[len(last)-1]+1)) + padded.SessionToken[len(last):]
	if _, _, known, err := w.Key(t.Context(), padded.AccessKeyID, twin); known || err != nil {
		t.Errorf("another text for the same bytes: known %v, %v", known, err)
	}
	for name, token := range tokens {
		if _, _, known, err := w.Key(t.Context(), s.AccessKeyID, token); known || err != nil {
			t.Errorf("%s: known %v, %v", name, known, err)
		}
	}
}

func TestSessionsEndWithTheirRoleAndFollowItsPolicies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	trust := trusting(identityPoolPrincipal, webIdentity, ofPool(poolA, "authenticated"))
	role := w.role(t, w.root, "shop", trust, policy("Allow", "s3:*"))
	s, err := w.Assume(t.Context(), login(role.ARN, poolA))
	if err != nil {
		t.Fatal(err)
	}
	if p := w.principal(t, s.AccessKeyID, s.SessionToken); !w.may(t, p, "s3:GetObject", "*") {
		t.Error("refused at first")
	}
	if again := w.role(t, w.root, "shop", trust, policy("Allow", "sqs:*")); again.ID != role.ID {
		t.Errorf("the role has another id: %s, %s", role.ID, again.ID)
	}
	if p := w.principal(t, s.AccessKeyID, s.SessionToken); w.may(t, p, "s3:GetObject", "*") || !w.may(t, p, "sqs:SendMessage", "*") {
		t.Error("the old policies count")
	}
	if err := w.DeleteRole(t.Context(), w.root, "shop"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // and not with a role of the same name
		if _, _, known, err := w.Key(t.Context(), s.AccessKeyID, s.SessionToken); known || err != nil {
			t.Errorf("known %v, %v", known, err)
		}
		w.role(t, w.root, "shop", trust, policy("Allow", "s3:*"))
	}
}

// spec/identity-pools.md B5, and row 9 of its checklist.
func TestS124GuestsAreScopedDown_Row9(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	trust := trusting(identityPoolPrincipal, webIdentity, ofPool(poolA, "*"))
	role := w.role(t, w.root, "guests", trust, policy("Allow", "*"))
	in := login(role.ARN, poolA)
	in.Guest = true
	guest, user := w.assume(t, in), w.assume(t, login(role.ARN, poolA))
	for action, ofGuest := range map[string]bool{
		"s3:GetObject": true, "cognito-idp:ListUsers": true, "kms:Decrypt": true, "geo:PutGeofence": true, "textract:AnalyzeDocument": true,
		"kms:CreateKey": false, "iam:PassRole": false, "sts:AssumeRole": false, "ec2:RunInstances": false, "secretsmanager:GetSecretValue": false, "textract:AnalyzeID": false,
	} {
		if got := w.may(t, guest, action, "*"); got != ofGuest {
			t.Errorf("a guest may %s: %v", action, got)
		}
		if !w.may(t, user, action, "*") {
			t.Errorf("a user may not %s", action)
		}
	}
	// Sessions of web identities stay away from the identity pools themselves.
	for _, p := range []*Principal{guest, user} {
		if w.may(t, p, "cognito-identity:ListIdentityPools", "*") || w.may(t, p, "Cognito-Sync:ListDatasets", "*") {
			t.Error("the identity pools are open to a session of a web identity")
		}
	}
	// What the role forbids stays forbidden.
	w.role(t, w.root, "guests", trust, policy("Allow", "*"), policy("Deny", "s3:*"))
	if guest := w.assume(t, in); w.may(t, guest, "s3:GetObject", "*") {
		t.Error("a guest may do what the role forbids")
	}
}

func TestSessionPoliciesOnlyNarrow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.role(t, w.root, "shop", trusting(identityPoolPrincipal, webIdentity, ofPool(poolA, "*")), policy("Allow", "cognito-idp:* s3:*"))
	in := login(role.ARN, poolA)
	in.Policy, in.PolicyARNs = policy("Allow", "s3:GetObject sqs:*"), []string{"arn:aws:iam::aws:policy/AmazonCognitoReadOnly"}
	s, err := w.Assume(t.Context(), in)
	if err != nil || s.PackedPolicySize < 1 || s.PackedPolicySize > 100 {
		t.Fatalf("%+v %v", s, err)
	}
	p := w.principal(t, s.AccessKeyID, s.SessionToken)
	for action, want := range map[string]bool{
		"s3:GetObject": true, "cognito-idp:ListUsers": true, "s3:PutObject": false, "sqs:SendMessage": false, "cognito-idp:AdminDeleteUser": false,
	} {
		if got := w.may(t, p, action, "*"); got != want {
			t.Errorf("%s: %v, want %v", action, got, want)
		}
	}
	wantDenied(t, w.Authorize(t.Context(), p, Request{Action: "s3:PutObject", Resource: "*"}), "User: "+p.ARN+
		" is not authorized to perform: s3:PutObject on resource: * because no session policy allows the s3:PutObject action")

	in.Policy = `{"Statement":`
	_, err = w.Assume(t.Context(), in)
	wantRefusal(t, err, MalformedPolicy)
	in.Policy, in.PolicyARNs = "", []string{"arn:aws:iam::aws:policy/NoSuchPolicy"}
	_, err = w.Assume(t.Context(), in)
	wantRefusal(t, err, NoSuchPolicy)
}

func TestDurationsOfSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	trust := trusting(`"*"`, "sts:AssumeRole", "")
	long, err := w.PutRole(t.Context(), w.root, RoleSpec{Name: "long", Trust: trust, MaxSession: 43200, Policies: []string{policy("Allow", "sts:AssumeRole")}})
	if err != nil {
		t.Fatal(err)
	}
	short := w.role(t, w.root, "short", trust)
	ci := w.user(t, w.root, "ci", policy("Allow", "s3:*"))
	session := w.assume(t, Assumption{Action: assumeRole, RoleARN: long.ARN, SessionName: "first", Caller: ci})
	for _, tt := range []struct {
		role   string
		caller *Principal
		ask    time.Duration
		got    time.Duration
		refuse Reason
	}{
		{long.ARN, ci, 0, time.Hour, 0},
		{long.ARN, ci, 15 * time.Minute, 15 * time.Minute, 0},
		{long.ARN, ci, 12 * time.Hour, 12 * time.Hour, 0},
		{short.ARN, ci, time.Hour, time.Hour, 0},
		{short.ARN, ci, time.Hour + time.Second, 0, DurationTooLong},
		{long.ARN, session, time.Hour, time.Hour, 0},
		{long.ARN, session, time.Hour + time.Second, 0, ChainTooLong},
	} {
		s, err := w.Assume(t.Context(), Assumption{Action: assumeRole, RoleARN: tt.role, SessionName: "s", Caller: tt.caller, Duration: tt.ask})
		if tt.refuse != 0 {
			wantRefusal(t, err, tt.refuse)
		} else if err != nil || s.Expires.Sub(w.now) != tt.got {
			t.Errorf("%+v: %+v %v", tt, s, err)
		}
	}
	for name, seconds := range map[string]int{"below": 3599, "above": 43201} {
		_, err := w.PutRole(t.Context(), w.root, RoleSpec{Name: "r", Trust: trust, MaxSession: seconds})
		if err == nil {
			t.Errorf("a longest session %s the bounds is accepted", name)
		}
	}
}

// spec/identity-pools.md D4: who gets a session of a role.
func TestWhoMayAssumeARole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ci := w.user(t, w.root, "ci", policy("Allow", "s3:*"))
	may := w.user(t, w.root, "may", policyOn("Allow", "sts:AssumeRole", "arn:aws:iam::123456789012:role/by-account"))
	forbidden := w.user(t, w.root, "forbidden", policy("Deny", "sts:*"), policy("Allow", "*"))
	const aws = `{"AWS":"`
	const assume = "sts:AssumeRole"
	by := func(principal string) string { return trusting(aws+principal+`"}`, assume, "") }
	w.role(t, w.root, "by-name", by(ci.ARN))
	w.role(t, w.root, "by-account", by("arn:aws:iam::123456789012:root"))
	w.role(t, w.root, "by-id", by(account))
	w.role(t, w.root, "everybody", trusting(`"*"`, assume, ""))
	w.role(t, w.root, "external", trusting(`"*"`, assume, `{"StringEquals":{"sts:ExternalId":"42"}}`))
	w.role(t, w.root, "federated", trusting(`{"Federated":"arn:aws:iam::123456789012:saml-provider/corp"}`, "sts:AssumeRoleWithSAML", ""))
	for _, tt := range []struct {
		role, external string
		caller         *Principal
		refuse         Reason
	}{
		{"by-name", "", ci, 0},
		{"by-name", "", may, NotTrusted},
		{"by-name", "", w.root, RootMayNot},
		{"by-account", "", ci, NotTrusted},
		{"by-account", "", may, 0},
		{"by-account", "", forbidden, NotTrusted},
		{"by-id", "", ci, NotTrusted},
		{"by-id", "", may, NotTrusted},
		{"everybody", "", ci, 0},
		{"everybody", "", forbidden, NotTrusted},
		{"external", "", ci, NotTrusted},
		{"external", "41", ci, NotTrusted},
		{"external", "42", ci, 0},
		{"federated", "", ci, NotTrusted},
		{"nothing", "", ci, NoSuchRole},
	} {
		_, err := w.Assume(t.Context(), Assumption{
			Action: assume, RoleARN: "arn:aws:iam::123456789012:role/" + tt.role, SessionName: "s", Caller: tt.caller, ExternalID: tt.external,
		})
		if tt.refuse != 0 {
			wantRefusal(t, err, tt.refuse)
		} else if err != nil {
			t.Errorf("%s by %s: %v", tt.role, tt.caller.ARN, err)
		}
	}
}

func TestTagsAndSourceIdentityOfSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ci := w.user(t, w.root, "ci", policy("Allow", "s3:*"))
	all := `sts:AssumeRole sts:TagSession sts:SetSourceIdentity`
	tagged := w.role(t, w.root, "tagged", trusting(`"*"`, all, `{"StringEqualsIfExists":{"aws:RequestTag/team":["blue","green"]}}`),
		policy("Allow", "sts:*"), `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:PrincipalTag/team}"}]}`)
	plain := w.role(t, w.root, "plain", trusting(`"*"`, "sts:AssumeRole", ""))
	ask := func(role string, caller *Principal, tags map[string]string) Assumption {
		return Assumption{Action: assumeRole, RoleARN: role, SessionName: "s", Caller: caller, Tags: tags}
	}
	blue := map[string]string{"team": "blue"}

	// spec/identity-pools.md, row 6 of the checklist: no sts:TagSession, no session.
	_, err := w.Assume(t.Context(), ask(plain.ARN, ci, blue))
	wantRefusal(t, err, NotTrusted)
	_, err = w.Assume(t.Context(), ask(tagged.ARN, ci, map[string]string{"team": "red"}))
	wantRefusal(t, err, NotTrusted)
	_, err = w.Assume(t.Context(), ask(tagged.ARN, ci, map[string]string{"team": "blue", "Team": "green"}))
	wantRefusal(t, err, BadTags)
	_, err = w.Assume(t.Context(), ask(tagged.ARN, ci, map[string]string{"team": strings.Repeat("x", 257)}))
	wantRefusal(t, err, BadTags)
	missing := ask(tagged.ARN, ci, blue)
	missing.TransitiveTags = []string{"stage"}
	_, err = w.Assume(t.Context(), missing)
	wantRefusal(t, err, BadTags)
	named := ask(plain.ARN, ci, nil)
	named.SourceIdentity = "ana"
	_, err = w.Assume(t.Context(), named)
	wantRefusal(t, err, NotTrusted)

	first := ask(tagged.ARN, ci, blue)
	first.TransitiveTags, first.SourceIdentity = []string{"team"}, "ana"
	p := w.assume(t, first)
	if !w.may(t, p, "s3:GetObject", "arn:aws:s3:::blue") || w.may(t, p, "s3:GetObject", "arn:aws:s3:::green") {
		t.Error("the session's tag does not hold")
	}
	if p.SourceIdentity != "ana" || !maps.Equal(p.Tags, blue) {
		t.Errorf("%+v", p)
	}
	// The tag and the source identity go on, whatever the next request says.
	again := w.assume(t, ask(tagged.ARN, p, nil))
	if again.Tags["team"] != "blue" || again.SourceIdentity != "ana" || len(again.TransitiveTags) != 1 {
		t.Errorf("%+v", again)
	}
	_, err = w.Assume(t.Context(), ask(tagged.ARN, p, map[string]string{"TEAM": "green"}))
	wantRefusal(t, err, BadTags)
	named = ask(tagged.ARN, p, nil)
	named.SourceIdentity = "bob"
	_, err = w.Assume(t.Context(), named)
	wantRefusal(t, err, BadSourceIdentity)
}

func TestTooMuchForATokenIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ci := w.user(t, w.root, "ci", policy("Allow", "s3:*"))
	w.role(t, w.root, "tagged", trusting(`"*"`, "sts:*", ""))
	tags := make(map[string]string)
	for i := range maxTags {
		tags[newID("key")[:15]+string(rune('a'+i%26))] = strings.Repeat(newID("value"), 12)[:maxTagValue-10] + newID("")
	}
	for k := range tags { // DEFLATE finds nothing to shorten
		tags[k] = newSecret() + newSecret() + newSecret() + newSecret() + newSecret() + newSecret()
	}
	_, err := w.Assume(t.Context(), Assumption{Action: assumeRole, RoleARN: "arn:aws:iam::123456789012:role/tagged", SessionName: "s", Caller: ci, Tags: tags})
	wantRefusal(t, err, PolicyTooLarge)
}

func TestSessionsOfOneself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ci := w.user(t, w.root, "ci", policy("Allow", "s3:* cognate:*"))
	for _, tt := range []struct {
		who  *Principal
		ask  time.Duration
		kind Kind
		got  time.Duration
	}{
		{ci, 0, SessionOfUser, 12 * time.Hour},
		{ci, 36 * time.Hour, SessionOfUser, 36 * time.Hour},
		{w.root, 0, SessionOfRoot, time.Hour},
		{w.root, 12 * time.Hour, SessionOfRoot, time.Hour},
		{w.root, 900 * time.Second, SessionOfRoot, 900 * time.Second},
	} {
		s, err := w.SessionOf(t.Context(), tt.who, tt.ask)
		if err != nil || s.Expires.Sub(w.now) != tt.got || s.ARN != tt.who.ARN {
			t.Fatalf("%+v: %+v %v", tt, s, err)
		}
		p := w.principal(t, s.AccessKeyID, s.SessionToken)
		if p.Kind != tt.kind || p.ARN != tt.who.ARN || p.UserID != tt.who.UserID || !p.Expires.Equal(s.Expires) {
			t.Errorf("%+v", p)
		}
		if !w.may(t, p, "s3:GetObject", "*") || w.may(t, p, PutRole, "*") {
			t.Errorf("rights of %d are wrong", tt.kind)
		}
		_, err = w.SessionOf(t.Context(), p, 0)
		wantRefusal(t, err, SessionMayNot)
	}
}

// Sessions of the first administrator end with the key that they were made with.
func TestSessionsOfRootEndWithTheKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, err := w.SessionOf(t.Context(), w.root, 0)
	if err != nil {
		t.Fatal(err)
	}
	after := w.over(t, func(c *Config) { c.Root = RootKey{"AKIAROOTROOTROOTNEXT", "another secret"} })
	if _, _, known, err := after.Key(t.Context(), s.AccessKeyID, s.SessionToken); known || err != nil {
		t.Errorf("known: %v, %v", known, err)
	}
}

func TestRolesOfDevAreThereUntilSomebodyPutsThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.Dev = true })
	p := w.assume(t, login("arn:aws:iam::123456789012:role/made-up", poolA))
	if p.RoleName != "made-up" || !w.may(t, p, "s3:GetObject", "*") || len(p.UserID) != len("AROA")+16+1+len("CognitoIdentityCredentials") {
		t.Errorf("%+v", p)
	}
	w.role(t, w.Unchecked(""), "made-up", trusting(identityPoolPrincipal, webIdentity, ofPool(poolB, "*")))
	_, err := w.Assume(t.Context(), login("arn:aws:iam::123456789012:role/made-up", poolA))
	wantRefusal(t, err, NotTrusted)
	_, err = w.Assume(t.Context(), Assumption{Action: assumeRole, RoleARN: "arn:aws:iam::123456789012:role/else", SessionName: "s", Caller: w.Unchecked("test")})
	if err != nil {
		t.Error(err)
	}
}

// spec/identity-pools.md B5: Regions that accounts have to ask for know fewer services.
func TestSessionPoliciesOfGuestsByRegion(t *testing.T) {
	t.Parallel()
	usual, arn := GuestPolicies("us-east-1")
	fewer, same := GuestPolicies("af-south-1")
	if arn != "arn:aws:iam::aws:policy/AmazonCognitoUnAuthedIdentitiesSessionPolicy" || same != arn {
		t.Errorf("managed policies %s and %s", arn, same)
	}
	for action, everywhere := range map[string]bool{
		"cognito-idp:*": true, "cognito-identity:*": true, "s3:*": true, "sagemaker:InvokeEndpoint": true, "appsync:*": true,
		"cognito-sync:*": false, "codewhisperer:*": false, "textract:DetectDocumentText": false, "textract:AnalyzeDocument": false, "sdb:*": false,
	} {
		quoted := `"` + action + `"`
		if !strings.Contains(usual, quoted) || strings.Contains(fewer, quoted) != everywhere {
			t.Errorf("%s: %v in %s", action, everywhere, fewer)
		}
	}
	if _, err := iam.Parse([]byte(fewer), iam.Session); err != nil {
		t.Error(err)
	}
}
