package sts

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/sts"
	"cognate/internal/cognito/identitytokens"
	"cognate/internal/store"
)

const (
	poolID     = "us-east-1:11111111-2222-4333-8444-555555555555"
	identityID = "us-east-1:66666666-7777-4888-9999-aaaaaaaaaaaa"
	poolName   = "cognito-idp.us-east-1.amazonaws.com/us-east-1_Ab1"
)

func (w *world) identityToken(tags map[string]string) string {
	w.t.Helper()
	token, err := w.Identities.Mint(w.t.Context(), identitytokens.Token{
		PoolID: poolID, PoolARN: "arn:aws:cognito-identity:us-east-1:" + account + ":identitypool/" + poolID, IdentityID: identityID,
		Methods: identitytokens.Authenticated(identitytokens.UserPoolLogin(poolName, "u-1")), Tags: tags,
	}, identitytokens.PublicLifetime)
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

func web(role, token string) *sts.AssumeRoleWithWebIdentityRequest {
	return &sts.AssumeRoleWithWebIdentityRequest{RoleArn: role, RoleSessionName: "app", WebIdentityToken: token}
}

const poolPrincipal = `{"Federated":"cognito-identity.amazonaws.com"}`

// Trust policies that do and do not match aud, amr and sub (identity-pools.md B4).
func TestTokensOfIdentityPoolsOpenRolesThatTrustThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	aud := `"StringEquals":{"cognito-identity.amazonaws.com:aud":"` + poolID + `"}`
	amr := func(values string) string {
		return `{` + aud + `,"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":` + values + `}}`
	}
	for name, x := range map[string]struct {
		principal, action, condition string
		tags                         map[string]string
		want                         bool
	}{
		"pool":              {poolPrincipal, `"sts:AssumeRoleWithWebIdentity"`, `{` + aud + `}`, nil, true},
		"anypool":           {poolPrincipal, `"sts:AssumeRoleWithWebIdentity"`, "", nil, true},
		"otherpool":         {poolPrincipal, `"sts:AssumeRoleWithWebIdentity"`, `{"StringEquals":{"cognito-identity.amazonaws.com:aud":"us-east-1:0"}}`, nil, false},
		"authenticated":     {poolPrincipal, `"sts:AssumeRoleWithWebIdentity"`, amr(`"authenticated"`), nil, true},
		"guests":            {poolPrincipal, `"sts:AssumeRoleWithWebIdentity"`, amr(`"unauthenticated"`), nil, false},
		"provider":          {poolPrincipal, `"sts:AssumeRoleWithWebIdentity"`, amr(`"` + poolName + `"`), nil, true},
		"user":              {poolPrincipal, `"sts:AssumeRoleWithWebIdentity"`, amr(`"*:CognitoSignIn:u-1"`), nil, true},
		"otheruser":         {poolPrincipal, `"sts:AssumeRoleWithWebIdentity"`, amr(`"*:CognitoSignIn:u-2"`), nil, false},
		"identity":          {poolPrincipal, `"sts:AssumeRoleWithWebIdentity"`, `{"StringEquals":{"cognito-identity.amazonaws.com:sub":"` + identityID + `"}}`, nil, true},
		"otherprovider":     {`{"Federated":"accounts.google.com"}`, `"sts:AssumeRoleWithWebIdentity"`, "", nil, false},
		"otheraction":       {poolPrincipal, `"sts:AssumeRole"`, "", nil, false},
		"account":           {`{"AWS":"` + iamARN + `root"}`, `"sts:AssumeRoleWithWebIdentity"`, "", nil, false},
		"tagged":            {poolPrincipal, `["sts:AssumeRoleWithWebIdentity","sts:TagSession"]`, "", map[string]string{"team": "a"}, true},
		"taggednot":         {poolPrincipal, `"sts:AssumeRoleWithWebIdentity"`, "", map[string]string{"team": "a"}, false},
		"tagofrequest":      {poolPrincipal, `["sts:AssumeRoleWithWebIdentity","sts:TagSession"]`, `{"StringEquals":{"aws:RequestTag/Team":"a"}}`, map[string]string{"team": "a"}, true},
		"othertagofrequest": {poolPrincipal, `["sts:AssumeRoleWithWebIdentity","sts:TagSession"]`, `{"StringEquals":{"aws:RequestTag/Team":"b"}}`, map[string]string{"team": "a"}, false},
	} {
		role := w.role(name, trusting(x.principal, x.action, x.condition), nil)
		out, err := w.AssumeRoleWithWebIdentity(t.Context(), web(role, w.identityToken(x.tags)))
		switch {
		case x.want != (err == nil):
			t.Errorf("%s: %v", name, err)
		case err != nil:
			wantError(t, err, 403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
		case out.SubjectFromWebIdentityToken != identityID || *out.Audience != poolID || *out.Provider != "cognito-identity.amazonaws.com" ||
			out.AssumedRoleUser.Arn != "arn:aws:sts::"+account+":assumed-role/"+name+"/app" ||
			!out.Credentials.Expiration.Equal(start.Add(time.Hour)):
			t.Errorf("%s: %+v", name, out)
		}
	}
}

func TestTokensThatAreNoneOrNoLongerGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.role("shop", trusting(poolPrincipal, `"sts:AssumeRoleWithWebIdentity"`, ""), nil)
	token := w.identityToken(nil)
	none := "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
	for name, x := range map[string]struct{ token, message string }{
		"opaque":           {"opaque", none},
		"changed":          {token[:len(token)-6] + "AAAAAA", "Token signature invalid"},
		"without segments": {"a.b.c", none},
		"too long":         {token + strings.Repeat("A", longestToken), none},
		"unknown issuer": {
			w.sign(map[string]any{"iss": "https://unknown.example", "sub": "1", "aud": "c"}),
			"No OpenIDConnect provider found in your account for https://unknown.example",
		},
		"no issuer":          {w.sign(map[string]any{"sub": "1", "aud": "c"}), none},
		"the pool by itself": {w.sign(map[string]any{"iss": "https://id.example/cognito-identity", "sub": identityID, "aud": poolID}), "Token signature invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.AssumeRoleWithWebIdentity(t.Context(), web(role, x.token))
			wantError(t, err, 400, "InvalidIdentityToken", x.message)
		})
	}
	if _, err := w.AssumeRoleWithWebIdentity(t.Context(), web(role, token+"\r\n")); err != nil {
		t.Errorf("a token of a file with a line break: %v", err)
	}
	w.moved.Store(int64(10 * time.Minute))
	_, err := w.AssumeRoleWithWebIdentity(t.Context(), web(role, token))
	wantError(t, err, 400, "ExpiredTokenException", "Token expired: current date/time 1772367000 must be before the expiration date/time 1772367000")
}

// A token outlives its identity by minutes, but opens nothing any more.
func TestTokensOfIdentitiesThatAreGone_S033(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(ctx context.Context, tx *store.Tx) error{
		"deleted": func(ctx context.Context, tx *store.Tx) error { return tx.DeleteIdentity(ctx, identityID) },
		"disabled": func(ctx context.Context, tx *store.Tx) error {
			return tx.SaveIdentity(ctx, &store.Identity{ID: identityID, State: store.IdentityDisabled, ModifiedAt: start})
		},
		"its pool deleted": func(ctx context.Context, tx *store.Tx) error { return tx.DeleteIdentityPool(ctx, poolID, start) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			role := w.role("shop", trusting(poolPrincipal, `"sts:AssumeRoleWithWebIdentity"`, ""), nil)
			token := w.identityToken(nil)
			if _, err := w.AssumeRoleWithWebIdentity(t.Context(), web(role, token)); err != nil {
				t.Fatal(err)
			}
			w.write(end)
			_, err := w.AssumeRoleWithWebIdentity(t.Context(), web(role, token))
			wantError(t, err, 400, "InvalidIdentityToken", "The identity of the token does not exist any more")
		})
	}
}

func (w *world) idToken(change map[string]any) string {
	claims := map[string]any{"iss": w.idp.URL, "sub": "42", "aud": "c1", "iat": w.now().Unix(), "exp": w.now().Add(time.Hour).Unix(), "email": "ana@example.com", "amr": []string{"mfa"}}
	maps.Copy(claims, change)
	return w.sign(claims)
}

func TestIDTokensOfProvidersOfTheInstallation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	host := strings.TrimPrefix(w.idp.URL, "http://")
	arn := iamARN + "oidc-provider/" + host
	w.provider(arn, store.AccountProviderSettings{URL: w.idp.URL, ClientIDs: []string{"c1", "c2"}})
	principal := `{"Federated":"` + arn + `"}`
	good := w.role("good", trusting(principal, `["sts:AssumeRoleWithWebIdentity","sts:TagSession","sts:SetSourceIdentity"]`,
		`{"StringEquals":{"`+host+`:aud":"c2","`+host+`:sub":"42","`+host+`:email":"ana@example.com"},"ForAnyValue:StringEquals":{"`+host+`:amr":"mfa"}}`), nil)
	untagged := w.role("untagged", trusting(principal, `"sts:AssumeRoleWithWebIdentity"`, ""), nil)

	out, err := w.AssumeRoleWithWebIdentity(t.Context(), web(good, w.idToken(map[string]any{"aud": "api", "azp": "c2"})))
	if err != nil {
		t.Fatal(err)
	}
	if *out.Provider != arn || *out.Audience != "c2" || out.SubjectFromWebIdentityToken != "42" {
		t.Errorf("%+v", out)
	}
	_, err = w.AssumeRoleWithWebIdentity(t.Context(), web(good, w.idToken(nil))) // for c1
	wantError(t, err, 403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	_, err = w.AssumeRoleWithWebIdentity(t.Context(), web(good, w.idToken(map[string]any{"aud": "c3"})))
	wantError(t, err, 400, "InvalidIdentityToken", "Incorrect token audience")
	_, err = w.AssumeRoleWithWebIdentity(t.Context(), web(good, w.idToken(map[string]any{"exp": w.now().Unix()})))
	wantError(t, err, 400, "ExpiredTokenException", "*")

	tags := map[string]any{"principal_tags": map[string]any{"team": []string{"a"}, "cost": "7"}, "transitive_tag_keys": []string{"team"}}
	token := w.idToken(map[string]any{"aud": "c2", "https://aws.amazon.com/tags": tags, "https://aws.amazon.com/source_identity": "ana"})
	out, err = w.AssumeRoleWithWebIdentity(t.Context(), web(good, token))
	if err != nil || out.SourceIdentity != "ana" || out.PackedPolicySize == nil {
		t.Errorf("%+v, %v", out, err)
	}
	_, err = w.AssumeRoleWithWebIdentity(t.Context(), web(untagged, token))
	wantError(t, err, 403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	const tagsClaim, sourceClaim = "https://aws.amazon.com/tags", "https://aws.amazon.com/source_identity"
	team := map[string]any{"team": "a"}
	for _, bad := range []struct {
		name  string
		claim any
	}{
		{tagsClaim, "team"},
		{tagsClaim, map[string]any{"principal_tags": []string{"team"}}},
		{tagsClaim, map[string]any{"principal_tags": map[string]any{"team": []string{"a", "b"}}}},
		{tagsClaim, map[string]any{"principal_tags": map[string]any{"team": []any{"a", 7}}}},
		{tagsClaim, map[string]any{"principal_tags": map[string]any{"team": 7}}},
		{tagsClaim, map[string]any{"principal_tags": team, "transitive_tag_keys": 7}},
		{tagsClaim, map[string]any{"principal_tags": team, "transitive_tag_keys": map[string]any{"team": true}}},
		{tagsClaim, map[string]any{"principal_tags": team, "transitive_tag_keys": []any{7, "team"}}},
		{sourceClaim, 7},
		{sourceClaim, "ana or * maybe"},
		{sourceClaim, strings.Repeat("a", 65)},
	} {
		_, err = w.AssumeRoleWithWebIdentity(t.Context(), web(good, w.idToken(map[string]any{"aud": "c2", bad.name: bad.claim})))
		wantError(t, err, 400, "InvalidIdentityToken", "The claim "+bad.name+" has another form than it should")
	}
	w.idp.Close()
	w.moved.Store(int64(2 * time.Minute))
	_, err = w.AssumeRoleWithWebIdentity(t.Context(), web(good, w.idToken(nil)))
	wantError(t, err, 400, "IDPCommunicationError", "*")
}

// Google needs no entry; Facebook is asked. The trust policy looks at the app.
func TestTokensOfSocialProviders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	google := w.role("google", trusting(`{"Federated":"accounts.google.com"}`, `"sts:AssumeRoleWithWebIdentity"`,
		`{"StringEquals":{"accounts.google.com:aud":"web","accounts.google.com:sub":"42"}}`), nil)
	facebook := w.role("facebook", trusting(`{"Federated":"graph.facebook.com"}`, `"sts:AssumeRoleWithWebIdentity"`,
		`{"StringEquals":{"graph.facebook.com:app_id":"app7","graph.facebook.com:id":"1007"}}`), nil)

	out, err := w.AssumeRoleWithWebIdentity(t.Context(), web(google, w.idToken(map[string]any{"iss": "https://accounts.google.com", "aud": "web"})))
	if err != nil || *out.Provider != "accounts.google.com" || *out.Audience != "web" {
		t.Errorf("%+v, %v", out, err)
	}
	_, err = w.AssumeRoleWithWebIdentity(t.Context(), web(google, w.idToken(map[string]any{"iss": "https://accounts.google.com", "aud": "ios"})))
	wantError(t, err, 403, "AccessDenied", "*")

	in := web(facebook, "EAAB")
	in.ProviderId = "graph.facebook.com"
	if out, err = w.AssumeRoleWithWebIdentity(t.Context(), in); err != nil || *out.Provider != "graph.facebook.com" ||
		*out.Audience != "app7" || out.SubjectFromWebIdentityToken != "1007" {
		t.Errorf("%+v, %v", out, err)
	}
	in.ProviderId = "www.amazon.com" // refuses the token
	_, err = w.AssumeRoleWithWebIdentity(t.Context(), in)
	wantError(t, err, 403, "IDPRejectedClaim", "*")
	in.ProviderId = "accounts.google.com"
	_, err = w.AssumeRoleWithWebIdentity(t.Context(), in)
	wantError(t, err, 400, "ValidationError", "*")
}

func TestSessionPoliciesOfWebIdentities(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.role("shop", trusting(poolPrincipal, `"sts:AssumeRoleWithWebIdentity"`, ""), nil)
	in := web(role, w.identityToken(nil))
	in.Policy = "nonsense"
	_, err := w.AssumeRoleWithWebIdentity(t.Context(), in)
	wantError(t, err, 400, "MalformedPolicyDocument", "*")
	in.Policy, in.DurationSeconds = allowing("s3:*"), new(int32(7201))
	_, err = w.AssumeRoleWithWebIdentity(t.Context(), in)
	wantError(t, err, 400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	in.DurationSeconds = new(int32(7200))
	out, err := w.AssumeRoleWithWebIdentity(t.Context(), in)
	if err != nil || out.PackedPolicySize == nil {
		t.Errorf("%+v, %v", out, err)
	}
	session := w.as(out.Credentials.AccessKeyId, out.Credentials.SessionToken)
	_, err = w.GetSessionToken(session, &sts.GetSessionTokenRequest{}) // identity-pools.md D3
	wantError(t, err, 403, "AccessDenied", "Cannot call GetSessionToken with session credentials")
}
