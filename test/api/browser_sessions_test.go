package api_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cognate/internal/protocol/webauthn/passkeytest"
	"cognate/internal/servertest"
)

// Sessions of browsers as the API lists and ends them (newest-features.md §4 and §5).

// trackedSite is a site whose pool tracks sessions, with ana signed in once by a
// browser. Its tokens may be used with the API.
func trackedSite(t *testing.T, s *servertest.Server, most int) (*site, *browser) {
	t.Helper()
	w := newSite(t, s, 2, nil, func(in *cip.CreateUserPoolClientInput) {
		in.AllowedOAuthScopes = []string{"openid", "email", "profile", "aws.cognito.signin.user.admin"}
	})
	wantOK(t, w.trackSessions(t, tracked, most))
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com")
	b := w.browser(t)
	b.start(t, "scope", selfService)
	b.send(t, "username", "ana", "password", goodPassword)
	return w, b
}

const selfService = "openid aws.cognito.signin.user.admin"

// again is a further sign-in of the browser without a page.
func (b *browser) again(t *testing.T) *types.AuthenticationResultType {
	t.Helper()
	b.start(t, "scope", selfService)
	return b.tokens(t)
}

func (b *browser) tokens(t *testing.T) *types.AuthenticationResultType {
	t.Helper()
	got := b.exchange(t, b.wantCode(t))
	access, refresh := got["access_token"].(string), got["refresh_token"].(string)
	return &types.AuthenticationResultType{AccessToken: &access, RefreshToken: &refresh}
}

// silent reports whether the browser signs in without a page.
func (b *browser) silent(t *testing.T) bool {
	t.Helper()
	b.start(t, "prompt", "none")
	return b.left.Query().Get("code") != ""
}

// byType are the sessions of ana, those of browsers first.
func (w *site) byType(t *testing.T) (browsers, tokens []session) {
	t.Helper()
	for _, s := range w.sessionsOf(t, "ana") {
		if s.SessionType == "SSO" {
			browsers = append(browsers, s)
		} else {
			tokens = append(tokens, s)
		}
	}
	return browsers, tokens
}

func (a *app) endSession(t *testing.T, accessToken *string, id, linked string) error {
	t.Helper()
	return a.call(t, "RevokeUserSession", map[string]any{"AccessToken": accessToken, "SessionId": id, "RevokeAssociatedSessions": linked}, &struct{}{})
}

func TestBrowserSessionsAreListed(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	w, b := trackedSite(t, s, 5)
	first := b.tokens(t)
	browsers, tokens := w.byType(t)
	if len(browsers) != 1 || len(tokens) != 1 || tokens[0].OriginSessionId != browsers[0].SessionId {
		t.Fatalf("sessions %+v, %+v", browsers, tokens)
	}
	made := browsers[0]
	if len(made.SessionId) != 28 || made.SessionId[:3] != "sso" || made.ClientId != w.client || made.OriginSessionId != "" || made.LastIPAddress == "" {
		t.Errorf("session %+v", made)
	}
	// Tokens of the API have no parent.
	w.signIn(t, "ana", goodPassword)
	for _, s := range w.mySessions(t, first.AccessToken) {
		if current := s.SessionId == tokens[0].SessionId; *s.IsCurrentSession != current {
			t.Errorf("current %v: %+v", !current, s)
		}
		if parent := s.OriginSessionId != ""; s.SessionType == "TOKEN" && parent != (s.SessionId == tokens[0].SessionId) {
			t.Errorf("parent %v: %+v", parent, s)
		}
	}
	// Silent use and refreshes are activity.
	for _, use := range []func(){
		func() { b.again(t) },
		func() { _, err := w.refresh(t, first.RefreshToken); wantOK(t, err) },
	} {
		before, _ := w.byType(t)
		s.Advance(time.Minute)
		use()
		if after, _ := w.byType(t); after[0].LastActiveDate-before[0].LastActiveDate < 60 || after[0].CreateDate != made.CreateDate {
			t.Errorf("activity went from %+v to %+v", before[0], after[0])
		}
	}
	s.Advance(time.Hour)
	if browsers, tokens := w.byType(t); len(browsers) != 0 || len(tokens) != 3 {
		t.Errorf("after the hour: %+v, %+v", browsers, tokens)
	}
}

// Who ends what (newest-features.md §5.1).
func TestLinkedSessionsEndTogether(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for _, tt := range []struct {
		what, linked          string
		browser, child, other bool // go on: the browser's session, the tokens named, others of the same browser
	}{
		{"token session", "NONE", true, false, true},
		{"token session", "LINKED", false, false, true},
		{"browser", "NONE", false, true, true},
		{"browser", "LINKED", false, false, false},
		{"RevokeToken", "NONE", true, false, true},
		{"RevokeToken", "LINKED", false, false, true},
	} {
		w, b := trackedSite(t, s, 9)
		child, other := b.tokens(t), b.again(t)
		mine := w.signIn(t, "ana", goodPassword)
		elsewhere := w.browser(t)
		elsewhere.signInWithPassword(t, "ana", goodPassword)
		elsewhere.wantCode(t)

		id := w.currentSession(t, child.AccessToken)
		switch tt.what {
		case "browser":
			for _, s := range w.mySessions(t, child.AccessToken) {
				if s.SessionId == id {
					id = s.OriginSessionId
					break
				}
			}
			fallthrough
		case "token session":
			wantOK(t, w.endSession(t, mine.AccessToken, id, tt.linked))
			wantCode(t, w.endSession(t, mine.AccessToken, id, tt.linked), "ResourceNotFoundException")
		case "RevokeToken":
			wantOK(t, w.call(t, "RevokeToken", map[string]any{
				"ClientId": w.client, "Token": child.RefreshToken, "RevokeAssociatedSessions": tt.linked,
			}, &struct{}{}))
		}
		for name, c := range map[string]struct {
			tokens *types.AuthenticationResultType
			alive  bool
		}{"named": {child, tt.child}, "other": {other, tt.other}, "of the API": {mine, true}} {
			_, err := w.refresh(t, c.tokens.RefreshToken)
			if (err == nil) != c.alive || (w.getUser(t.Context(), c.tokens.AccessToken) == nil) != c.alive {
				t.Errorf("%s, %s: tokens %s: refresh says %v, want alive: %v", tt.what, tt.linked, name, err, c.alive)
			}
		}
		if got := b.silent(t); got != tt.browser {
			t.Errorf("%s, %s: the browser signs in silently: %v", tt.what, tt.linked, got)
		}
		if !elsewhere.silent(t) {
			t.Errorf("%s, %s: another browser was signed out", tt.what, tt.linked)
		}
	}
}

// The caller's own tokens outlive the session of the browser that they came from.
func TestABrowserSessionEndsAroundTheCaller(t *testing.T) {
	t.Parallel()
	w, b := trackedSite(t, servertest.Shared(t), 9)
	mine, sibling := b.tokens(t), b.again(t)
	browsers, _ := w.byType(t)
	wantOK(t, w.endSession(t, mine.AccessToken, browsers[0].SessionId, "LINKED"))
	wantOK(t, w.getUser(t.Context(), mine.AccessToken))
	wantCode(t, w.getUser(t.Context(), sibling.AccessToken), "NotAuthorizedException")
	if b.silent(t) {
		t.Error("the browser signs in silently")
	}
}

// Tokens from before sessions were tracked have no session of their own, but they
// came from one.
func TestLinkedSessionsEndTokensWithoutARecord(t *testing.T) {
	t.Parallel()
	w, b := trackedSite(t, servertest.Shared(t), 9)
	wantOK(t, w.trackSessions(t, untracked, 9))
	before := b.tokens(t)
	wantOK(t, w.trackSessions(t, tracked, 9))
	browsers, tokens := w.byType(t)
	if len(browsers) != 1 || len(tokens) != 0 {
		t.Fatalf("sessions %+v, %+v", browsers, tokens)
	}
	wantOK(t, w.getUser(t.Context(), before.AccessToken))
	wantOK(t, w.call(t, "AdminRevokeUserSession", map[string]any{
		"UserPoolId": w.pool, "Username": "ana", "SessionId": browsers[0].SessionId, "RevokeAssociatedSessions": "LINKED",
	}, &struct{}{}))
	wantCode(t, w.getUser(t.Context(), before.AccessToken), "NotAuthorizedException")
}

// Sign-ins at the domain and by the API count together.
func TestSessionsOfTheDomainKeepTheLimit(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	w, b := trackedSite(t, s, 2)
	first := b.tokens(t)
	s.Advance(time.Second)
	second := w.signIn(t, "ana", goodPassword)
	s.Advance(time.Second)
	third := b.again(t)
	wantCode(t, w.getUser(t.Context(), first.AccessToken), "NotAuthorizedException")
	for _, tokens := range []*types.AuthenticationResultType{second, third} {
		wantOK(t, w.getUser(t.Context(), tokens.AccessToken))
	}
	if browsers, tokens := w.byType(t); len(browsers) != 1 || len(tokens) != 2 {
		t.Errorf("sessions %+v, %+v", browsers, tokens)
	}
}

// A disabled or deleted user has no session in any browser, not even when enabled
// or made again.
func TestS053BrowserSessionsOfDisabledAndDeletedUsers(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"disable", "delete"} {
		w, b := trackedSite(t, servertest.Shared(t), 9)
		tokens := b.tokens(t)
		var err error
		if end == "disable" {
			_, err = w.s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &w.pool, Username: aws.String("ana")})
			wantOK(t, err)
			if b.silent(t) {
				t.Error("a disabled user signs in silently")
			}
			_, err = w.s.SDK.AdminEnableUser(t.Context(), &cip.AdminEnableUserInput{UserPoolId: &w.pool, Username: aws.String("ana")})
		} else {
			_, err = w.s.SDK.AdminDeleteUser(t.Context(), &cip.AdminDeleteUserInput{UserPoolId: &w.pool, Username: aws.String("ana")})
			wantOK(t, err)
			w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com")
		}
		wantOK(t, err)
		if list := w.sessionsOf(t, "ana"); len(list) != 0 {
			t.Errorf("%s leaves %+v", end, list)
		}
		if b.silent(t) {
			t.Errorf("the browser signs in silently after %s", end)
		}
		_, err = w.refresh(t, tokens.RefreshToken)
		wantCode(t, err, "NotAuthorizedException")
	}
}

// Each client says how long it takes a session over; 0 means never
// (newest-features.md §4.3).
func TestClientsThatTakeNoSessionOver(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	s.StopClock()
	w, b := trackedSite(t, s, 9)
	b.wantCode(t)
	minutes := func(n int) {
		t.Helper()
		wantOK(t, w.call(t, "SetUserPoolClientSessionConfiguration", map[string]any{
			"UserPoolId": w.pool, "ClientId": w.client, "SSOSession": map[string]any{"MaxValidityMinutes": n},
		}, &struct{}{}))
	}
	minutes(0)
	b.start(t, "prompt", "none")
	if got := b.left.Query().Get("error"); got != "login_required" {
		t.Errorf("prompt=none with 0 minutes: %s", b.left)
	}
	b.start(t)
	b.form(t, "username", "", "password", "")
	b.open(t, "/login", w.query()) // neither is it offered
	b.form(t, "username", "", "password", "")

	minutes(24 * 60)
	b.send(t, "username", "ana", "password", goodPassword)
	b.wantCode(t)
	s.Advance(24*time.Hour - time.Second)
	if !b.silent(t) {
		t.Error("no silent sign-in within the client's time")
	}
	s.Advance(time.Second)
	if b.silent(t) {
		t.Error("silent use made the session last longer")
	}

	// Without tracking the hour holds again.
	wantOK(t, w.trackSessions(t, untracked, 9))
	b.signInWithPassword(t, "ana", goodPassword)
	b.wantCode(t)
	s.Advance(59 * time.Minute)
	if !b.silent(t) {
		t.Error("no silent sign-in within the hour")
	}
	s.Advance(time.Minute)
	if b.silent(t) {
		t.Error("a silent sign-in after the hour")
	}
}

// A domain that changes the generation of its pages signs everybody out
// (endpoints.md §2).
func TestSessionsEndWhenTheGenerationOfPagesChanges(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	w := newSite(t, s, 2, nil, nil)
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com")
	b := w.browser(t)
	b.signInWithPassword(t, "ana", goodPassword)
	b.wantCode(t)
	// Saying again what holds changes nothing; back at 2 the old session stays void.
	for i, version := range []int32{2, 1, 2} {
		s.Advance(time.Second)
		_, err := s.SDK.UpdateUserPoolDomain(t.Context(), &cip.UpdateUserPoolDomainInput{UserPoolId: &w.pool, Domain: &w.prefix, ManagedLoginVersion: &version})
		wantOK(t, err)
		b.start(t)
		if i == 0 {
			b.wantCode(t)
		} else {
			b.form(t, "username", "", "password", "")
		}
	}
}

// Without a setting of its own the relying party of passkeys is the domain, the
// custom one first; a passkey of the pages signs in by the API as well.
func TestTheDomainIsTheRelyingPartyOfPasskeys(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w := newSite(t, s, 2, firstFactors(types.AuthFactorTypePassword, types.AuthFactorTypeWebAuthn), byChoice)
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com")
	host := w.prefix + ".auth.localhost"
	b := w.browser(t)
	b.start(t)
	b.send(t, "username", "ana")
	b.send(t, "password", goodPassword)
	b.wantPage(t, "/passkeys/add", "")
	key := passkeytest.New(host, "https://"+host)
	credential, err := key.Create(b.options(t))
	wantOK(t, err)
	b.send(t, "credential", string(credential))
	b.wantCode(t)
	tokens, err := w.tryPasskey(t, "ana", key)
	wantOK(t, err)
	list, err := s.Anonymous.ListWebAuthnCredentials(t.Context(), &cip.ListWebAuthnCredentialsInput{AccessToken: tokens.AccessToken})
	wantOK(t, err)
	if len(list.Credentials) != 1 || aws.ToString(list.Credentials[0].RelyingPartyId) != host {
		t.Fatalf("credentials %+v", list.Credentials)
	}
	custom := "login-" + w.prefix + ".example.com"
	_, err = makeDomain(t, s, w.pool, custom, nil)
	wantOK(t, err)
	answer, err := passkeytest.New(custom, "https://"+custom).Create(w.creationOptions(t, tokens.AccessToken))
	wantOK(t, err)
	wantOK(t, w.complete(t, tokens.AccessToken, answer))
	_, err = w.tryPasskey(t, "ana", key)
	wantRefused(t, err)
}

// What the code of a sign-up proves is in the tokens: it went to an address that is
// a second factor (endpoints.md §6.7).
func TestTokensOfASignUpSayWhatItsCodeProved(t *testing.T) {
	t.Parallel()
	w := mfaSite(t, servertest.Shared(t), emailOnly(types.UserPoolMfaTypeOn), nil)
	b := w.browser(t)
	b.open(t, "/signup", w.query())
	b.send(t, "username", "ana", "password", goodPassword, "requiredAttributes[email]", "ana@example.com")
	b.send(t, "code", w.s.Code(t, w.pool, "ana"))
	claims := b.idToken(t)
	anyOrder := cmpopts.SortSlices(func(a, b any) bool { return a.(string) < b.(string) })
	if diff := cmp.Diff([]any{"pwd", "email_otp", "mfa"}, claims["amr"], anyOrder); diff != "" || claims["acr"] != "urn:cognito:loa:3" {
		t.Errorf("acr %v, amr %s", claims["acr"], diff)
	}
}

// A device that pages remember is one like any other: once forgotten by the API it
// stands in for nothing.
func TestADeviceOfThePagesIsForgotten(t *testing.T) {
	t.Parallel()
	w := mfaSite(t, servertest.Shared(t), emailOnly(types.UserPoolMfaTypeOn), func(in *cip.CreateUserPoolInput) {
		in.DeviceConfiguration = &types.DeviceConfigurationType{ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true}
	})
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com", "email_verified", "true")
	b := w.browser(t)
	b.signInWithPassword(t, "ana", goodPassword)
	f := b.form(t, "code", "")
	f.fields.Set("code", w.s.Mailbox.Wait(t, w.pool, "ana@example.com", 1).Code)
	f.fields.Set("remember", "true")
	b.post(t, b.at(t, f.action), f.fields)
	b.wantCode(t)
	list, err := w.s.SDK.AdminListDevices(t.Context(), &cip.AdminListDevicesInput{UserPoolId: &w.pool, Username: aws.String("ana")})
	wantOK(t, err)
	if len(list.Devices) != 1 {
		t.Fatalf("%d devices", len(list.Devices))
	}
	b.start(t, "prompt", "login")
	b.send(t, "username", "ana", "password", goodPassword)
	b.wantCode(t)
	_, err = w.s.SDK.AdminForgetDevice(t.Context(), &cip.AdminForgetDeviceInput{
		UserPoolId: &w.pool, Username: aws.String("ana"), DeviceKey: list.Devices[0].DeviceKey,
	})
	wantOK(t, err)
	b.start(t, "prompt", "login")
	b.send(t, "username", "ana", "password", goodPassword)
	b.wantPage(t, "/login", "a***@e***")
}
