package federation_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

// What an application asks about the sign-in holds with a provider as well
// (endpoints.md §3.1, federation.md §4.2).
func TestPromptsAndAges(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, onThisMachine)
	w, p := acme(t, s)
	b := w.browser(t)
	b.authorize(t, "Acme", "prompt", "none").wantError(t, "nobody is signed in", "login_required", "")
	first, _, _ := w.tokens(t, b.leave(t, "Acme").comeBack(t, p).wantCode(t))
	s.Advance(time.Minute)
	for name, value := range map[string]string{"prompt": "login", "max_age": "0"} {
		got := b.authorize(t, "Acme", name, value)
		at, query := got.location(t)
		if at != p.url+"/auth" || name == "prompt" && query.Get("prompt") != "login" {
			t.Fatalf("%s=%s: sent to %s", name, value, got.header.Get("Location"))
		}
		left := &away{b, at, query.Get("state"), query.Get("nonce"), query.Get("redirect_uri"), ""}
		id, _, _ := w.tokens(t, left.comeBack(t, p).wantCode(t))
		if id["sub"] != first["sub"] || id["auth_time"].(float64) < first["auth_time"].(float64)+60 {
			t.Errorf("%s=%s: signed in at %v, before at %v", name, value, id["auth_time"], first["auth_time"])
		}
	}
	if _, query := b.authorize(t, "Acme", "max_age", "600").location(t); query.Get("code") == "" {
		t.Errorf("a young session is not enough: %v", query)
	}
	// A session of an hour is over.
	s.Advance(61 * time.Minute)
	b.leave(t, "Acme")
}

// Each sign-in begins a session of its own: nobody can give a browser one beforehand
// (S010).
func TestS010SessionsAreNewAfterTheProvider(t *testing.T) {
	t.Parallel()
	w, p := acme(t, servertest.Shared(t))
	b := w.browser(t)
	at, err := url.Parse(w.base)
	wantOK(t, err)
	session := func() string {
		for _, c := range b.http.Jar.Cookies(at) {
			if c.Name == "cognito" {
				return c.Value
			}
		}
		return ""
	}
	b.http.Jar.SetCookies(at, []*http.Cookie{{Name: "cognito", Value: strings.Repeat("A", 43), Path: "/"}})
	b.leave(t, "Acme").comeBack(t, p).wantCode(t)
	mine := session()
	if mine == "" || mine == strings.Repeat("A", 43) {
		t.Fatalf("session %q", mine)
	}
	p.says("sub", "43")
	id, _, _ := w.tokens(t, b.leave(t, "Acme", "prompt", "login").comeBack(t, p).wantCode(t))
	if id["cognito:username"] != "acme_43" || session() == mine {
		t.Errorf("another user in the same session: %v", id)
	}
	// The session that was replaced is over.
	old := w.browser(t)
	old.http.Jar.SetCookies(at, []*http.Cookie{{Name: "cognito", Value: mine, Path: "/"}})
	if _, query := old.authorize(t, "Acme", "prompt", "none").location(t); query.Has("code") {
		if again, _, _ := w.tokens(t, query.Get("code")); again["cognito:username"] != "acme_42" {
			t.Errorf("the old session is %v", again)
		}
	}
}

// The implicit grant gets its tokens and errors in the fragment.
func TestImplicitGrantByAProvider(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w, p := newSite(t, s, nil), serveProvider(t, s)
	p.attach(t, w, "Acme", usual)
	w.openWith(t, func(in *cip.CreateUserPoolClientInput) {
		in.AllowedOAuthFlows = []types.OAuthFlowType{types.OAuthFlowTypeImplicit}
	}, "Acme")
	b := w.browser(t)
	got := b.leave(t, "Acme", "response_type", "token").comeBack(t, p)
	_, fragment, _ := strings.Cut(got.header.Get("Location"), "#")
	if tokens, err := url.ParseQuery(fragment); err != nil || tokens.Get("id_token") == "" || tokens.Get("access_token") == "" || tokens.Get("state") != "st" {
		t.Errorf("%s", got.header.Get("Location"))
	}
	got = w.browser(t).leave(t, "Acme", "response_type", "token").comeBack(t, nil, "error", "access_denied")
	if location := got.header.Get("Location"); !strings.HasPrefix(location, callback+"#") || !strings.Contains(location, "error=access_denied") {
		t.Errorf("error: %s", location)
	}
}

// Answers of one kind of provider are not taken at the door of another.
func TestWaysBackAreNotMixed(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w, p := newSite(t, s, nil), serveProvider(t, s)
	p.attach(t, w, "Acme", usual)
	c := attachSAML(t, w, "Corp", map[string]string{"IDPInit": "false"})
	w.open(t, "Acme", "Corp")
	left := w.browser(t).leaveSAML(t, c)
	left.get(t, w.base+"/oauth2/idpresponse?code=x&state="+url.QueryEscape(left.relayState)).wantPage(t, "SAML at OpenID Connect's", "Invalid state")
	gone := w.browser(t).leave(t, "Acme")
	gone.bring(t, w, c.raw(t, c.says("", "ana")), gone.state).wantPage(t, "OpenID Connect at SAML's", "Invalid state")
	w.nobody(t)
}

// Somebody who arrives for the first time in several windows at once is one user, and
// signed in in all of them.
func TestFirstSignInsAtTheSameTime(t *testing.T) {
	t.Parallel()
	w, p := acme(t, servertest.Shared(t))
	p.says("sub", "7", "email", "ana@example.com")
	const windows = 6
	arrivals := make([]*away, windows)
	for i := range arrivals {
		arrivals[i] = w.browser(t).leave(t, "Acme")
	}
	replies := make([]reply, windows)
	var all sync.WaitGroup
	for i, a := range arrivals {
		all.Go(func() { replies[i] = a.comeBack(t, p) })
	}
	all.Wait()
	subs := map[any]bool{}
	for _, r := range replies {
		id, _, _ := w.tokens(t, r.wantCode(t))
		subs[id["sub"]] = true
	}
	if len(subs) != 1 {
		t.Errorf("%d users", len(subs))
	}
}

// newest-features.md §10.4: levels go out and come back by the names of each side.
func TestLevelsOfProviders(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w, p := newSite(t, s, nil), serveProvider(t, s)
	in := map[string]any{
		"UserPoolId": w.pool, "ProviderName": "Acme", "ProviderType": "OIDC", "ProviderDetails": p.details(),
		"AcrMapping": map[string]string{"Level1": "bronze", "Level2": "silver", "Level3": "gold"},
	}
	body, err := json.Marshal(in)
	wantOK(t, err)
	if got := s.Call(t, "CreateIdentityProvider", string(body)); got.Status != http.StatusOK {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	w.open(t, "Acme")
	for said, want := range map[string]string{"silver": "urn:cognito:loa:2", "gold": "urn:cognito:loa:3", "unknown": "urn:cognito:loa:1", "": "urn:cognito:loa:1"} {
		p.says("acr", said, "amr", []string{"pwd", "nonsense"})
		got := w.browser(t).authorize(t, "Acme", "acr_values", "urn:cognito:loa:3 urn:cognito:loa:2")
		at, query := got.location(t)
		if at != p.url+"/auth" || query.Get("acr_values") != "gold silver" {
			t.Fatalf("sent to %s", got.header.Get("Location"))
		}
		p.says("acr", said, "amr", []string{"pwd", "nonsense"})
		id, _ := w.signIn(t, p, "Acme")
		if amr, _ := id["amr"].([]any); id["acr"] != want || len(amr) != 1 || amr[0] != "pwd" {
			t.Errorf("acr %q: claims %v %v, want %s", said, id["acr"], id["amr"], want)
		}
	}
}

// Second factors of federated users are their provider's business: a pool that
// insists on them asks only its own users.
func TestFederatedUsersAreNotAskedForFactors(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w, p := acme(t, s)
	_, err := s.SDK.SetUserPoolMfaConfig(t.Context(), &cip.SetUserPoolMfaConfigInput{
		UserPoolId: &w.pool, MfaConfiguration: types.UserPoolMfaTypeOn, SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true},
	})
	wantOK(t, err)
	for range 2 {
		id, _ := w.signIn(t, p, "Acme")
		if amr, _ := id["amr"].([]any); len(amr) != 1 || amr[0] != "fed" {
			t.Errorf("amr %v", id["amr"])
		}
	}
	// A local user who is linked comes in by the provider alone as well, but not with
	// the password alone.
	s.CreateUser(t, w.pool, "ana", "Correct-Horse1!")
	_, err = s.SDK.AdminLinkProviderForUser(t.Context(), &cip.AdminLinkProviderForUserInput{
		UserPoolId:      &w.pool,
		DestinationUser: &types.ProviderUserIdentifierType{ProviderName: new("Cognito"), ProviderAttributeValue: new("ana")},
		SourceUser:      &types.ProviderUserIdentifierType{ProviderName: new("Acme"), ProviderAttributeName: new("Cognito_Subject"), ProviderAttributeValue: new("7")},
	})
	wantOK(t, err)
	p.says("sub", "7")
	if id, _ := w.signIn(t, p, "Acme"); id["cognito:username"] != "ana" {
		t.Errorf("signed in as %v", id)
	}
	got, err := s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		ClientId: &w.client, AuthFlow: types.AuthFlowTypeUserPasswordAuth, AuthParameters: map[string]string{"USERNAME": "ana", "PASSWORD": "Correct-Horse1!"},
	})
	wantOK(t, err)
	if got.AuthenticationResult != nil || got.ChallengeName != types.ChallengeNameTypeMfaSetup {
		t.Errorf("with a password: %+v", got)
	}
}

// The links of an administrator keep to their pool and provider (S113): who has the
// same subject elsewhere is somebody else.
func TestS113LinksBelongToOneProvider(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w, p := acme(t, s)
	q := serveProvider(t, s)
	q.attach(t, w, "Other", usual)
	w.open(t, "Acme", "Other")
	s.CreateUser(t, w.pool, "ana", "Correct-Horse1!", "email", "ana@example.com", "email_verified", "true")
	_, err := s.SDK.AdminLinkProviderForUser(t.Context(), &cip.AdminLinkProviderForUserInput{
		UserPoolId:      &w.pool,
		DestinationUser: &types.ProviderUserIdentifierType{ProviderName: new("Cognito"), ProviderAttributeValue: new("ana")},
		SourceUser:      &types.ProviderUserIdentifierType{ProviderName: new("Acme"), ProviderAttributeName: new("email"), ProviderAttributeValue: new("ana@work.example")},
	})
	wantOK(t, err)
	q.says("sub", "7", "email", "ana@work.example", "email_verified", true)
	if id, _ := w.signIn(t, q, "Other"); id["cognito:username"] != "other_7" {
		t.Errorf("another provider's user is %v", id["cognito:username"])
	}
	// Beside the attribute that was linked, nothing leads there.
	p.says("sub", "ana@work.example", "email", "other@work.example", "preferred_username", "ana@work.example")
	if id, _ := w.signIn(t, p, "Acme"); id["cognito:username"] == "ana" {
		t.Error("the subject is taken for the address")
	}
	there, r := acme(t, s)
	r.says("sub", "8", "email", "ana@work.example")
	if id, _ := there.signIn(t, r, "Acme"); id["cognito:username"] != "acme_8" {
		t.Errorf("another pool's user is %v", id["cognito:username"])
	}
	_, err = s.Anonymous.AdminLinkProviderForUser(t.Context(), &cip.AdminLinkProviderForUserInput{
		UserPoolId:      &w.pool,
		DestinationUser: &types.ProviderUserIdentifierType{ProviderName: new("Cognito"), ProviderAttributeValue: new("ana")},
		SourceUser:      &types.ProviderUserIdentifierType{ProviderName: new("Acme"), ProviderAttributeName: new("Cognito_Subject"), ProviderAttributeValue: new("thief")},
	})
	wantException(t, "without a signature", err, "MissingAuthenticationTokenException")
	// A user cannot write the attribute that says whom it is linked to.
	_, err = s.SDK.AdminUpdateUserAttributes(t.Context(), &cip.AdminUpdateUserAttributesInput{
		UserPoolId: &w.pool, Username: new("ana"), UserAttributes: []types.AttributeType{{Name: new("identities"), Value: new("[]")}},
	})
	wantException(t, "identities", err, "InvalidParameterException")
}
