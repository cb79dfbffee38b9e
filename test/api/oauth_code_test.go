package api_test

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognate/internal/servertest"
)

func TestOAuthCodeGrant(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, withSecret)
	b := p.browser(t)
	done := b.signIn(t, "ana", "scope", "openid email https://shop.example.com/read", "state", "a b&c=d", "nonce", "n-1")
	address, parameters := done.location(t)
	if address != appCallback || parameters.Get("state") != "a b&c=d" || len(parameters) != 2 {
		t.Fatalf("redirected to %s", done.header.Get("Location"))
	}
	code := parameters.Get("code")
	if !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(code) {
		t.Errorf("code %q does not look like a UUID", code)
	}
	got := p.exchangeCode(t, code)
	if got.status != http.StatusOK || got.header.Get("Content-Type") != "application/json;charset=UTF-8" {
		t.Fatalf("exchange: %d %v %s", got.status, got.header, got.body)
	}
	if members(t, got.body) != "access_token id_token refresh_token token_type expires_in" || got.member(t, "token_type") != "Bearer" {
		t.Errorf("answer %s", got.body)
	}
	access, id := claimsIn(t, got.member(t, "access_token")), claimsIn(t, got.member(t, "id_token"))
	for name, want := range map[string]any{
		"version": 2.0, "scope": "openid email https://shop.example.com/read", "client_id": p.client, "token_use": "access", "username": "ana", "aud": nil,
	} {
		if access[name] != want {
			t.Errorf("access token: %s is %v, want %v", name, access[name], want)
		}
	}
	for name, want := range map[string]any{
		"aud": p.client, "nonce": "n-1", "token_use": "id", "email": "ana@example.com", "email_verified": true,
		"name": nil, "phone_number": nil, "origin_jti": access["origin_jti"], "sub": access["sub"], "acr": "urn:cognito:loa:1",
	} {
		if id[name] != want {
			t.Errorf("ID token: %s is %v, want %v", name, id[name], want)
		}
	}
	wantRefusal(t, p.exchangeCode(t, code), "invalid_grant")
}

func TestOAuthCodeExpires(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	s.StopClock()
	p := newRelying(t, s, nil, nil)
	late, soon := p.code(t), p.code(t)
	s.Advance(4*time.Minute + 50*time.Second)
	if got := p.exchangeCode(t, soon); got.status != http.StatusOK {
		t.Errorf("before five minutes: %d %s", got.status, got.body)
	}
	s.Advance(15 * time.Second)
	wantRefusal(t, p.exchangeCode(t, late), "invalid_grant")
}

// Without openid there is no ID token, not at a refresh either.
func TestOAuthWithoutOpenID(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	got := p.exchangeCode(t, p.code(t, "scope", "https://shop.example.com/read"))
	if members(t, got.body) != "access_token refresh_token token_type expires_in" {
		t.Errorf("answer %s", got.body)
	}
	again := p.token(t, "grant_type", "refresh_token", "refresh_token", got.member(t, "refresh_token"))
	if members(t, again.body) != "access_token token_type expires_in" {
		t.Errorf("refresh: %s", again.body)
	}
	out, err := p.s.Anonymous.GetTokensFromRefreshToken(t.Context(), &cip.GetTokensFromRefreshTokenInput{
		ClientId: &p.client, RefreshToken: new(got.member(t, "refresh_token")),
	})
	wantOK(t, err)
	if out.AuthenticationResult.IdToken != nil {
		t.Error("the API gives an ID token for a sign-in without openid")
	}
	for _, token := range []string{again.member(t, "access_token"), *out.AuthenticationResult.AccessToken} {
		if scope := claimsIn(t, token)["scope"]; scope != "https://shop.example.com/read" {
			t.Errorf("scope %v after a refresh", scope)
		}
		wantError(t, p.getUser(t.Context(), &token), "NotAuthorizedException", "Access Token does not have required scopes")
	}
}

func TestOAuthRefreshKeepsTheSignIn(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	p := newRelying(t, s, nil, withSecret)
	first := p.exchangeCode(t, p.code(t, "scope", "openid aws.cognito.signin.user.admin", "resource", "https://api.example.com", "nonce", "n"))
	s.Advance(10 * time.Minute)
	second := p.token(t, "grant_type", "refresh_token", "refresh_token", first.member(t, "refresh_token"), "scope", "openid email", "redirect_uri", "ignored")
	if members(t, second.body) != "access_token id_token token_type expires_in" {
		t.Fatalf("refresh: %d %s", second.status, second.body)
	}
	for _, name := range []string{"access_token", "id_token"} {
		before, after := claimsIn(t, first.member(t, name)), claimsIn(t, second.member(t, name))
		for _, claim := range []string{"auth_time", "origin_jti", "event_id", "scope", "aud", "version", "acr"} {
			if before[claim] != after[claim] {
				t.Errorf("%s: %s was %v and is %v", name, claim, before[claim], after[claim])
			}
		}
		if before["iat"] == after["iat"] || before["jti"] == after["jti"] {
			t.Errorf("%s is the same", name)
		}
	}
	access := second.member(t, "access_token")
	if claimsIn(t, access)["aud"] != "https://api.example.com" {
		t.Errorf("the audience is lost: %v", claimsIn(t, access))
	}
	wantOK(t, p.getUser(t.Context(), &access))
}

// Refresh tokens of the API are good here, unless they are another client's.
func TestOAuthRefreshOfAnAPISignIn(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	other := p.withClient(t, nil)
	mine := p.signIn(t, "ana", goodPassword)
	got := p.token(t, "grant_type", "refresh_token", "refresh_token", *mine.RefreshToken)
	if got.status != http.StatusOK || claimsIn(t, got.member(t, "access_token"))["version"] != nil || got.member(t, "id_token") == "" {
		t.Errorf("%d %s", got.status, got.body)
	}
	wantRefusal(t, other.token(t, "grant_type", "refresh_token", "refresh_token", *mine.RefreshToken), "invalid_grant")
	wantRefusal(t, p.token(t, "grant_type", "refresh_token", "refresh_token", "garbage"), "invalid_grant")
	wantRefusal(t, p.token(t, "grant_type", "refresh_token"), "invalid_request")
}

func TestS003PKCE(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	challenge := []string{"code_challenge", challengeOf(goodVerifier), "code_challenge_method", "S256"}
	for _, tt := range []struct {
		name      string
		authorize []string
		verifier  []string
		want      string
	}{
		{"right", challenge, []string{"code_verifier", goodVerifier}, ""},
		{"missing", challenge, nil, "invalid_grant"},
		{"empty", challenge, []string{"code_verifier", ""}, "invalid_grant"},
		{"wrong", challenge, []string{"code_verifier", goodVerifier + "A"}, "invalid_grant"},
		{"the challenge itself", challenge, []string{"code_verifier", challengeOf(goodVerifier)}, "invalid_grant"},
		{"without challenge", nil, []string{"code_verifier", goodVerifier}, "invalid_grant"},
		{"too short", []string{"code_challenge", challengeOf("short"), "code_challenge_method", "S256"}, []string{"code_verifier", "short"}, "invalid_grant"},
		{"alphabet", []string{"code_challenge", challengeOf(strings.Repeat("!", 43)), "code_challenge_method", "S256"}, []string{"code_verifier", strings.Repeat("!", 43)}, "invalid_grant"},
	} {
		got := p.exchangeCode(t, p.code(t, tt.authorize...), tt.verifier...)
		if tt.want == "" {
			if got.status != http.StatusOK {
				t.Errorf("%s: %d %s", tt.name, got.status, got.body)
			}
			continue
		}
		if got.status != http.StatusBadRequest || got.member(t, "error") != tt.want {
			t.Errorf("%s: %d %s", tt.name, got.status, got.body)
		}
	}
	for name, parameters := range map[string][]string{
		"no method":        {"code_challenge", challengeOf(goodVerifier)},
		"plain":            {"code_challenge", goodVerifier, "code_challenge_method", "plain"},
		"lower case":       {"code_challenge", challengeOf(goodVerifier), "code_challenge_method", "s256"},
		"no challenge":     {"code_challenge_method", "S256"},
		"padded":           {"code_challenge", challengeOf(goodVerifier) + "=", "code_challenge_method", "S256"},
		"one letter less":  {"code_challenge", challengeOf(goodVerifier)[1:], "code_challenge_method", "S256"},
		"another alphabet": {"code_challenge", strings.Repeat("+", 43), "code_challenge_method", "S256"},
	} {
		address, got := p.browser(t).authorize(t, parameters...).location(t)
		if address != appCallback || got.Get("error") != "invalid_request" {
			t.Errorf("%s: %s %v", name, address, got)
		}
	}
}

func TestS004CodeReplay(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	code := p.code(t)
	var wg sync.WaitGroup
	answers := make([]reply, 50)
	for i := range answers {
		wg.Go(func() { answers[i] = p.exchangeCode(t, code) })
	}
	wg.Wait()
	var won []reply
	for _, got := range answers {
		if got.status == http.StatusOK {
			won = append(won, got)
			continue
		}
		wantRefusal(t, got, "invalid_grant")
	}
	if len(won) != 1 {
		t.Fatalf("%d of %d exchanges succeeded", len(won), len(answers))
	}
	// As with the service, the tokens of the first exchange stay.
	if got := p.token(t, "grant_type", "refresh_token", "refresh_token", won[0].member(t, "refresh_token")); got.status != http.StatusOK {
		t.Errorf("after a replay: %d %s", got.status, got.body)
	}
}

func TestS004StrictPoolsEndReplayedCodes(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		in.UserPoolTags = map[string]string{"cognate:code-replay": "revoke"}
	}, nil)
	other := p.withClient(t, nil)
	code := p.code(t, "scope", "openid")
	first := p.exchangeCode(t, code)
	// Another client cannot end them with a code that it has seen.
	wantRefusal(t, other.exchangeCode(t, code), "invalid_grant")
	refresh := []string{"grant_type", "refresh_token", "refresh_token", first.member(t, "refresh_token")}
	if got := p.token(t, refresh...); got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	wantRefusal(t, p.exchangeCode(t, code), "invalid_grant")
	wantRefusal(t, p.token(t, refresh...), "invalid_grant")
	if got := p.userInfo(t, first.member(t, "access_token")); got.status != http.StatusUnauthorized {
		t.Errorf("userInfo after a replay: %d %s", got.status, got.body)
	}
}

func TestS005CodesAreBound(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	p := newRelying(t, s, nil, nil)
	other, elsewhere := p.withClient(t, nil), newRelying(t, s, nil, nil)

	code := p.code(t)
	wantRefusal(t, other.exchangeCode(t, code), "invalid_grant")
	wantRefusal(t, p.exchangeCode(t, code), "invalid_grant") // used up by the stranger

	code = p.code(t)
	wantRefusal(t, p.token(t, "grant_type", "authorization_code", "code", code, "redirect_uri", appCallback+"/"), "unauthorized_client")
	wantRefusal(t, p.exchangeCode(t, code), "invalid_grant")

	code = p.code(t)
	wantRefusal(t, elsewhere.exchangeCode(t, code), "invalid_grant")
	atOther := *p
	atOther.base = elsewhere.base // the client is not of that domain's pool
	wantRefusal(t, atOther.exchangeCode(t, code), "invalid_client")
	if got := p.exchangeCode(t, code); got.status != http.StatusOK {
		t.Errorf("strangers elsewhere used a code up: %d %s", got.status, got.body)
	}

	// Who signs out takes back what has not been exchanged yet.
	b := p.browser(t)
	code = b.code(t)
	if at, _ := b.get(t, p.base+"/logout?client_id="+p.client+"&logout_uri=https://app.example.com/out").location(t); at != "https://app.example.com/out" {
		t.Errorf("signed out to %s", at)
	}
	wantRefusal(t, p.exchangeCode(t, code), "invalid_grant")

	code = p.code(t)
	_, err := s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &p.pool, Username: new("ana")})
	wantOK(t, err)
	wantRefusal(t, p.exchangeCode(t, code), "invalid_grant")
}

func TestS006OpaqueTokensAreExact(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	got := p.exchangeCode(t, p.code(t))
	refresh := got.member(t, "refresh_token")
	code := p.code(t)
	for _, wrong := range []string{code[1:], code[:35], code + "0", " " + code, strings.ToUpper(code) + "", strings.ReplaceAll(code, "-", ""), code + "=", "0" + code} {
		if wrong == code {
			continue
		}
		wantRefusal(t, p.exchangeCode(t, wrong), "invalid_grant")
	}
	for _, wrong := range []string{refresh[1:], refresh[:len(refresh)-1], refresh + "A", refresh + "=", strings.ToLower(refresh)} {
		wantRefusal(t, p.token(t, "grant_type", "refresh_token", "refresh_token", wrong), "invalid_grant")
	}
	if got := p.exchangeCode(t, code); got.status != http.StatusOK {
		t.Errorf("guesses used a code up: %d %s", got.status, got.body)
	}
}

// A tag that would mean nothing is refused, so that nobody relies on it.
func TestS004TheTagHasOneValue(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	_, err := s.SDK.CreateUserPool(t.Context(), &cip.CreateUserPoolInput{
		PoolName: new("strict"), UserPoolTags: map[string]string{"cognate:code-replay": "Revoke"},
	})
	wantCode(t, err, "InvalidParameterException")
}
