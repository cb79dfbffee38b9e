package federation_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

// usual is a mapping that providers of these tests have.
var usual = map[string]string{"email": "email", "email_verified": "email_verified", "name": "name"}

// acme is a site whose users come from one provider.
func acme(t *testing.T, s *servertest.Server) (*site, *provider) {
	t.Helper()
	w, p := newSite(t, s, nil), serveProvider(t, s)
	p.attach(t, w, "Acme", usual)
	w.open(t, "COGNITO", "Acme")
	return w, p
}

// federation.md §7.1, §7.2, §6.5: what a first sign-in makes, and what later ones
// change.
func TestSignInByOpenIDConnect(t *testing.T) {
	t.Parallel()
	w, p := acme(t, servertest.Shared(t))
	p.says("sub", "Ab-7", "email", "ana@example.com", "email_verified", true, "name", "Ana")
	b := w.browser(t)
	left := b.leave(t, "Acme", "nonce", "n-of-the-app", "login_hint", "ana@example.com")
	if left.at != p.url+"/auth" || left.nonce != "n-of-the-app" || left.clientID != "c1" {
		t.Errorf("left for %s with nonce %q as %q", left.at, left.nonce, left.clientID)
	}
	id, access, refresh := w.tokens(t, left.comeBack(t, p).wantCode(t))
	group := w.pool + "_Acme"
	list, _ := id["identities"].([]any)
	groups, _ := id["cognito:groups"].([]any)
	if id["cognito:username"] != "acme_ab-7" || id["email"] != "ana@example.com" || id["email_verified"] != true || id["name"] != "Ana" ||
		id["nonce"] != "n-of-the-app" || len(groups) != 1 || groups[0] != group || len(list) != 1 {
		t.Fatalf("claims %v", id)
	}
	one, _ := list[0].(map[string]any)
	if one["userId"] != "Ab-7" || one["providerName"] != "Acme" || one["providerType"] != "OIDC" || one["primary"] != "true" || one["issuer"] != nil {
		t.Errorf("identity %v", one)
	}
	if date, ok := one["dateCreated"].(string); !ok || len(date) != 13 {
		t.Errorf("dateCreated %v", one["dateCreated"])
	}
	shown, values := w.user(t, "acme_ab-7")
	if shown.UserStatus != types.UserStatusTypeExternalProvider || !shown.Enabled || values["sub"] != id["sub"] {
		t.Errorf("profile %s %v", shown.UserStatus, values)
	}
	var kept []map[string]any
	if err := json.Unmarshal([]byte(values["identities"]), &kept); err != nil || len(kept) != 1 || kept[0]["primary"] != true {
		t.Errorf("identities %s", values["identities"])
	}
	got, err := w.s.Anonymous.GetUser(t.Context(), &cip.GetUserInput{AccessToken: &access})
	wantOK(t, err)
	if *got.Username != "acme_ab-7" {
		t.Errorf("GetUser: %s", *got.Username)
	}
	_, err = w.s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		ClientId: &w.client, AuthFlow: types.AuthFlowTypeRefreshTokenAuth, AuthParameters: map[string]string{"REFRESH_TOKEN": refresh},
	})
	wantOK(t, err)

	// Later: absent values stay, blank ones clear, flags are those of the provider.
	p.says("sub", "Ab-7", "email", "ana@example.net", "name", "")
	again, _ := w.signIn(t, p, "Acme")
	if again["sub"] != id["sub"] || again["email"] != "ana@example.net" || again["email_verified"] != false {
		t.Errorf("later: %v", again)
	}
	if _, ok := again["name"]; ok {
		t.Errorf("the name stays: %v", again["name"])
	}
	p.says("sub", "Ab-7")
	if again, _ = w.signIn(t, p, "Acme"); again["email"] != "ana@example.net" {
		t.Errorf("an absent address is lost: %v", again)
	}
	// The subject is compared with its case, the name of the profile is not: nobody
	// takes the profile over.
	p.says("sub", "AB-7")
	w.browser(t).leave(t, "Acme").comeBack(t, p).wantError(t, "other case", "invalid_request", "Already found an entry for username acme_ab-7")
}

// The browser's session lets it in again without the provider.
func TestFederatedSessionsOfBrowsers(t *testing.T) {
	t.Parallel()
	w, p := acme(t, servertest.Shared(t))
	b := w.browser(t)
	first, _, _ := w.tokens(t, b.leave(t, "Acme").comeBack(t, p).wantCode(t))
	asked := p.called("/token")
	id, _, _ := w.tokens(t, b.authorize(t, "Acme", "prompt", "none").wantCode(t))
	if id["sub"] != first["sub"] || p.called("/token") != asked {
		t.Errorf("silent sign-in as %v", id["sub"])
	}
	if first["nonce"] == "" || first["nonce"] == nil {
		t.Error("no nonce, which was made for the provider")
	}
}

// Keys are read at every sign-in (federation.md §4.4, S118).
func TestS118KeysRotateBetweenSignIns(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, onThisMachine)
	w, p := acme(t, s)
	w.signIn(t, p, "Acme")
	p.rotate(t, "k2")
	s.Advance(2 * time.Second) // a set serves all who come within a second
	w.signIn(t, p, "Acme")
	during := w.browser(t).leave(t, "Acme")
	p.rotate(t, "k3")
	s.Advance(2 * time.Second)
	during.comeBack(t, p).wantCode(t)
	old := p.key
	p.rotate(t, "k3")
	s.Advance(2 * time.Second)
	left := w.browser(t).leave(t, "Acme")
	p.mu.Lock()
	published := p.key
	p.key = old
	p.mu.Unlock()
	p.instead("/keys", func(rw http.ResponseWriter, _ *http.Request) { write(rw, keySet(published, "k3")) })
	left.comeBack(t, p).wantError(t, "old key", "invalid_request", "The ID token's signature is not valid")
}

// Checks of OpenID Connect Core §3.1.3.7 end a sign-in at the app, with a text, and
// leave no user behind (security.md, relying-party list of section O).
func TestS111BadIDTokens(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	now := s.Now()
	for name, c := range map[string]struct {
		claims []any
		want   string
	}{
		"issuer":            {[]any{"iss", "https://evil.example"}, "Bad id_token issuer https://evil.example"},
		"issuer with slash": {[]any{"iss", "issuer/"}, "Bad id_token issuer issuer/"},
		"audience":          {[]any{"aud", "c2"}, "The ID token is for another audience"},
		"several audiences": {[]any{"aud", []string{"c1", "c2"}}, "The ID token is for another party"},
		"another party":     {[]any{"azp", "c2"}, "The ID token is for another party"},
		"expired":           {[]any{"exp", now.Add(-time.Minute).Unix()}, "The ID token has expired"},
		"no expiry":         {[]any{"exp", nil}, "The ID token has expired"},
		"issued later":      {[]any{"iat", now.Add(10 * time.Minute).Unix()}, "The ID token was issued in the future"},
		"no iat":            {[]any{"iat", nil}, "The ID token was issued in the future"},
		"nonce":             {[]any{"nonce", "other"}, "The ID token answers another request"},
		"no nonce":          {[]any{"nonce", nil}, "The ID token answers another request"},
		"no audience":       {[]any{"aud", nil}, "The ID token is for another audience"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, p := acme(t, s)
			p.says(c.claims...)
			w.browser(t).leave(t, "Acme").comeBack(t, p).wantError(t, name, "invalid_request", c.want)
			w.nobody(t)
		})
	}
}

// Discovery 1.0 §4.3: the document has to be of the issuer.
func TestS111DocumentsOfOtherIssuers(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w, p := acme(t, s)
	left := w.browser(t).leave(t, "Acme")
	for _, issuer := range []string{"https://evil.example", p.url + "/", strings.ToUpper(p.url), ""} {
		p.instead("/.well-known/openid-configuration", func(rw http.ResponseWriter, _ *http.Request) {
			write(rw, map[string]any{
				"issuer": issuer, "authorization_endpoint": p.url + "/auth", "token_endpoint": p.url + "/token", "userinfo_endpoint": p.url + "/me", "jwks_uri": p.url + "/keys",
			})
		})
		_, err := s.SDK.CreateIdentityProvider(t.Context(), &cip.CreateIdentityProviderInput{
			UserPoolId: &w.pool, ProviderName: new("Other"), ProviderType: types.IdentityProviderTypeTypeOidc, ProviderDetails: p.details(),
		})
		wantException(t, issuer, err, "InvalidParameterException")
		w.browser(t).authorize(t, "Acme").wantError(t, issuer, "invalid_request", "The identity provider could not be reached")
	}
	left.comeBack(t, p).wantError(t, "on the way", "invalid_request", "The identity provider could not be reached")
	if p.called("/token") != 0 {
		t.Error("the secret was sent")
	}
}

// S117: nobody ends sessions over a back channel, which does not exist.
func TestS117NoBackChannel(t *testing.T) {
	t.Parallel()
	w, p := acme(t, servertest.Shared(t))
	b := w.browser(t)
	b.leave(t, "Acme").comeBack(t, p).wantCode(t)
	for _, path := range []string{"/oauth2/backchannel_logout", "/backchannel-logout", "/oauth2/logout", "/oauth2/events", "/oauth2/idpresponse", "/logout"} {
		got := w.browser(t).send(t, http.MethodPost, w.base+path, url.Values{"logout_token": {"e30.e30.e30"}})
		if got.status < 400 || got.status > 499 {
			t.Errorf("%s: %d %s", path, got.status, got.header.Get("Location"))
		}
	}
	got := b.get(t, w.s.HTTPS()+"/"+w.pool+"/.well-known/openid-configuration")
	if got.status != http.StatusOK || strings.Contains(got.body, "backchannel") {
		t.Errorf("discovery: %d %s", got.status, got.body)
	}
	b.authorize(t, "Acme", "prompt", "none").wantCode(t)
}

// S114: nobody without a subject signs in.
func TestS114SubjectsThatAreNone(t *testing.T) {
	t.Parallel()
	w, p := acme(t, servertest.Shared(t))
	for name, sub := range map[string]any{"absent": nil, "empty": "", "null": json.RawMessage("null"), "list": []string{"42"}, "object": map[string]any{"a": 1}, "true": true} {
		p.says("sub", sub)
		p.mu.Lock()
		p.userInfo = map[string]any{"email": "ana@example.com"}
		p.mu.Unlock()
		w.browser(t).leave(t, "Acme").comeBack(t, p).wantError(t, name, "invalid_request", "username attribute mapping required")
	}
	p.says()
	p.mu.Lock()
	p.userInfo = map[string]any{"sub": "43"}
	p.mu.Unlock()
	got := w.browser(t).leave(t, "Acme").comeBack(t, p)
	if _, query := got.location(t); query.Get("error") != "invalid_request" || query.Has("code") {
		t.Errorf("userInfo of somebody else: %v", query)
	}
	w.nobody(t)
}

// S112: an address identifies nobody.
func TestS112AddressesIdentifyNobody(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w, p := newSite(t, s, func(in *cip.CreateUserPoolInput) {
		in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail}
	}), serveProvider(t, s)
	p.attach(t, w, "Acme", usual)
	w.open(t, "COGNITO", "Acme")
	s.CreateUser(t, w.pool, "ana", "Correct-Horse1!", "email", "ana@example.com", "email_verified", "true")
	_, local := w.user(t, "ana")
	seen := map[any]string{local["sub"]: "ana"}
	for _, sub := range []string{"1", "2", "ana", "COGNITO"} {
		p.says("sub", sub, "email", "ana@example.com") // not said to be verified
		id, _ := w.signIn(t, p, "Acme")
		if who, ok := seen[id["sub"]]; ok || id["email_verified"] != false {
			t.Errorf("subject %s is %s: %v", sub, who, id)
		}
		seen[id["sub"]] = sub
	}
	if _, now := w.user(t, "ana"); now["identities"] != "" || now["email_verified"] != "true" {
		t.Errorf("the local user has changed: %v", now)
	}
}

// S113: links are made by administrators, or by the switch of the pool where both
// sides have verified the address.
func TestS113LinksNeedProof(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for name, c := range map[string]struct {
		tags         map[string]string
		theirs, ours string
		linked       bool
	}{
		"no switch":               {nil, "true", "true", false},
		"provider does not vouch": {map[string]string{"cognate:link-by-email": "verified"}, "false", "true", false},
		"never verified here":     {map[string]string{"cognate:link-by-email": "verified"}, "true", "false", false},
		"both":                    {map[string]string{"cognate:link-by-email": "verified"}, "true", "true", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, p := newSite(t, s, func(in *cip.CreateUserPoolInput) {
				in.UsernameAttributes, in.UserPoolTags = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}, c.tags
			}), serveProvider(t, s)
			p.attach(t, w, "Acme", usual)
			w.open(t, "COGNITO", "Acme")
			s.CreateUser(t, w.pool, "ana@example.com", "Correct-Horse1!", "email", "ana@example.com", "email_verified", c.ours)
			_, local := w.user(t, "ana@example.com")
			p.says("email", "Ana@Example.com", "email_verified", c.theirs)
			got := w.browser(t).leave(t, "Acme").comeBack(t, p)
			_, query := got.location(t)
			if !query.Has("code") { // the address is a name of somebody else
				if c.linked {
					t.Fatalf("not signed in: %v", query)
				}
				return
			}
			id, _, _ := w.tokens(t, query.Get("code"))
			if linked := id["sub"] == local["sub"]; linked != c.linked {
				t.Errorf("linked: %v", linked)
			}
		})
	}
}

// An administrator links a user before the first sign-in, and unlinks it after.
func TestLinksByAdministrators(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w, p := acme(t, s)
	s.CreateUser(t, w.pool, "ana", "Correct-Horse1!", "email", "ana@example.com", "email_verified", "true")
	_, local := w.user(t, "ana")
	link := func(attribute, value string) error {
		_, err := s.SDK.AdminLinkProviderForUser(t.Context(), &cip.AdminLinkProviderForUserInput{
			UserPoolId:      &w.pool,
			DestinationUser: &types.ProviderUserIdentifierType{ProviderName: new("Cognito"), ProviderAttributeValue: new("ana")},
			SourceUser:      &types.ProviderUserIdentifierType{ProviderName: new("Acme"), ProviderAttributeName: &attribute, ProviderAttributeValue: &value},
		})
		return err
	}
	unlink := func(attribute, value string) error {
		_, err := s.SDK.AdminDisableProviderForUser(t.Context(), &cip.AdminDisableProviderForUserInput{
			UserPoolId: &w.pool, User: &types.ProviderUserIdentifierType{ProviderName: new("Acme"), ProviderAttributeName: &attribute, ProviderAttributeValue: &value},
		})
		return err
	}
	wantOK(t, link("email", "ana@work.example"))
	p.says("sub", "7", "email", "ana@work.example", "email_verified", true)
	id, _ := w.signIn(t, p, "Acme")
	list, _ := id["identities"].([]any)
	if id["sub"] != local["sub"] || id["cognito:username"] != "ana" || id["email"] != "ana@work.example" || len(list) != 1 || id["cognito:groups"] != nil {
		t.Fatalf("claims %v", id)
	}
	if one := list[0].(map[string]any); one["userId"] != "7" || one["primary"] != "false" {
		t.Errorf("identity %v", one)
	}
	// The link is fixed to the subject now: not the address counts any more
	// (federation.md §10 row 6).
	p.says("sub", "8", "email", "other@work.example")
	if other, _ := w.signIn(t, p, "Acme"); other["sub"] == local["sub"] {
		t.Error("another subject is ana too")
	}
	if err := unlink("email", "ana@work.example"); err == nil {
		if again, _ := w.user(t, "ana"); again == nil {
			t.Error("no ana")
		}
	}
	p.says("sub", "7", "email", "ana@work.example")
	if id, _ = w.signIn(t, p, "Acme"); id["sub"] != local["sub"] {
		t.Error("unlinked by the address")
	}
	wantOK(t, unlink("Cognito_Subject", "7"))
	if id, _ = w.signIn(t, p, "Acme"); id["sub"] == local["sub"] || id["cognito:username"] != "acme_7" {
		t.Errorf("still linked: %v", id)
	}
	wantException(t, "merging", link("Cognito_Subject", "7"), "InvalidParameterException")
}

// Federated users have no password, and flows of passwords nothing to say of them.
func TestFederatedUsersHaveNoPassword(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w, p := acme(t, s)
	p.says("sub", "7", "email", "ana@example.com", "email_verified", true)
	w.signIn(t, p, "Acme")
	_, err := s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		ClientId: &w.client, AuthFlow: types.AuthFlowTypeUserPasswordAuth, AuthParameters: map[string]string{"USERNAME": "acme_7", "PASSWORD": "Correct-Horse1!"},
	})
	wantException(t, "password", err, "NotAuthorizedException")
	_, err = s.Anonymous.ForgotPassword(t.Context(), &cip.ForgotPasswordInput{ClientId: &w.client, Username: new("acme_7")})
	if err == nil || strings.Contains(err.Error(), "InternalError") {
		t.Errorf("ForgotPassword: %v", err)
	}
	_, err = s.SDK.AdminSetUserPassword(t.Context(), &cip.AdminSetUserPasswordInput{UserPoolId: &w.pool, Username: new("acme_7"), Password: new("Correct-Horse1!"), Permanent: true})
	wantOK(t, err)
	if shown, _ := w.user(t, "acme_7"); shown.UserStatus != types.UserStatusTypeConfirmed {
		t.Errorf("status %s", shown.UserStatus)
	}
	_, err = s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		ClientId: &w.client, AuthFlow: types.AuthFlowTypeUserPasswordAuth, AuthParameters: map[string]string{"USERNAME": "acme_7", "PASSWORD": "Correct-Horse1!"},
	})
	wantOK(t, err)
	w.signIn(t, p, "Acme")
}

// Disabled users stay out (federation.md §9).
func TestDisabledFederatedUsers(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w, p := acme(t, s)
	p.says("sub", "7")
	w.signIn(t, p, "Acme")
	_, err := s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &w.pool, Username: new("acme_7")})
	wantOK(t, err)
	w.browser(t).leave(t, "Acme").comeBack(t, p).wantError(t, "disabled", "invalid_request", "User is disabled.")
}

// federation.md §6.3: what the schema and the mapping refuse.
func TestMappedAttributesThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w, p := newSite(t, s, func(in *cip.CreateUserPoolInput) {
		in.Schema = []types.SchemaAttributeType{
			{Name: new("email"), Required: new(true), Mutable: new(false)},
			{Name: new("badge"), AttributeDataType: types.AttributeDataTypeString, Mutable: new(true)},
		}
	}), serveProvider(t, s)
	p.attach(t, w, "Acme", map[string]string{"email": "email", "custom:badge": "badge"})
	w.open(t, "Acme")
	p.says()
	w.browser(t).leave(t, "Acme").comeBack(t, p).wantError(t, "required", "invalid_request", "Invalid user attributes: email: The attribute is required")
	w.nobody(t)
	p.says("email", "ana@example.com", "badge", []string{"site admins", "b"})
	w.signIn(t, p, "Acme")
	if _, values := w.user(t, "acme_42"); values["custom:badge"] != "[site+admins,b]" {
		t.Errorf("several values: %q", values["custom:badge"])
	}
	w.browser(t).leave(t, "Acme").comeBack(t, p).wantError(t, "immutable", "invalid_request", "user.email: Attribute cannot be updated.")
	p.says("sub", "43", "email", "ben@example.com", "badge", strings.Repeat("x", 2049))
	got := w.browser(t).leave(t, "Acme").comeBack(t, p)
	if _, query := got.location(t); query.Get("error") != "invalid_request" || !strings.Contains(query.Get("error_description"), "custom:badge") {
		t.Errorf("a long value: %v", query)
	}
}
