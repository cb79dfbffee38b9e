package api_test

import (
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognate/internal/protocol/jwt"
	"cognate/internal/protocol/jwt/jwttest"
	"cognate/internal/servertest"
)

// badToken refuses a token at every endpoint of a domain that takes one.
func (p *relying) badToken(t *testing.T, name, token string) {
	t.Helper()
	if got := p.userInfo(t, token); got.status != http.StatusUnauthorized || got.member(t, "error") != "invalid_token" {
		t.Errorf("%s at userInfo: %d %s", name, got.status, got.body)
	}
	if got := p.register(t, "Bearer "+token, `{"redirect_uris":["https://app.example.com/cb"]}`); got.status != http.StatusUnauthorized || got.member(t, "error") != "invalid_token" {
		t.Errorf("%s at registration: %d %s", name, got.status, got.body)
	}
	if got := p.token(t, "grant_type", "refresh_token", "refresh_token", token); got.status != http.StatusBadRequest {
		t.Errorf("%s as refresh token: %d %s", name, got.status, got.body)
	}
}

// printable reports whether a text can stand in a header as a token.
func printable(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(r rune) bool { return r < ' ' || r > '~' })
}

func TestS030ForgedTokensAtTheDomain(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	p.allowRegistration(t, `{}`)
	access := p.exchangeCode(t, p.code(t)).member(t, "access_token")
	token, err := jwt.Parse(access)
	wantOK(t, err)
	public, ok := p.keysOf(t).Key(token.KeyID)[0].Key.(*rsa.PublicKey)
	if !ok {
		t.Fatal("not an RSA key")
	}
	forgeries := 0
	for _, f := range jwttest.Forgeries(t, access, public) {
		if printable(f.Token) && !strings.HasSuffix(f.Token, " ") { // which HTTP takes off
			p.badToken(t, f.Name, f.Token)
			forgeries++
		}
	}
	if forgeries < 40 {
		t.Errorf("only %d forgeries", forgeries)
	}
	if got := p.userInfo(t, access); got.status != http.StatusOK {
		t.Errorf("the good one: %d %s", got.status, got.body)
	}
}

func TestS031TokensInTheWrongPlaceAtTheDomain(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	p, other := newRelying(t, s, nil, nil), newRelying(t, s, nil, nil)
	p.allowRegistration(t, `{}`)
	mine, theirs := p.exchangeCode(t, p.code(t)), other.exchangeCode(t, other.code(t))
	p.badToken(t, "ID token", mine.member(t, "id_token"))
	p.badToken(t, "access token of another pool", theirs.member(t, "access_token"))
	p.badToken(t, "ID token of another pool", theirs.member(t, "id_token"))
	p.badToken(t, "code", p.code(t))
	for _, place := range []string{"userInfo", "register"} {
		if got := p.post(t, "/oauth2/"+place, []string{"Authorization", "Bearer " + mine.member(t, "refresh_token"), "Content-Type", "application/json"}, "x", "y"); got.status != http.StatusUnauthorized && got.status != http.StatusBadRequest {
			t.Errorf("refresh token at %s: %d %s", place, got.status, got.body)
		}
	}
	wantRefusal(t, p.token(t, "grant_type", "refresh_token", "refresh_token", theirs.member(t, "refresh_token")), "invalid_grant")
	wantRefusal(t, p.exchangeCode(t, mine.member(t, "refresh_token")), "invalid_grant")
}

func TestS033EndedTokensAtTheDomain(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for name, end := range map[string]func(p *relying, access string) error{
		"GlobalSignOut": func(p *relying, access string) error {
			_, err := s.Anonymous.GlobalSignOut(t.Context(), &cip.GlobalSignOutInput{AccessToken: &access})
			return err
		},
		"AdminUserGlobalSignOut": func(p *relying, _ string) error {
			_, err := s.SDK.AdminUserGlobalSignOut(t.Context(), &cip.AdminUserGlobalSignOutInput{UserPoolId: &p.pool, Username: new("ana")})
			return err
		},
		"disabled": func(p *relying, _ string) error {
			_, err := s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &p.pool, Username: new("ana")})
			return err
		},
		"deleted": func(p *relying, access string) error {
			_, err := s.Anonymous.DeleteUser(t.Context(), &cip.DeleteUserInput{AccessToken: &access})
			return err
		},
		"made again": func(p *relying, _ string) error {
			if _, err := s.SDK.AdminDeleteUser(t.Context(), &cip.AdminDeleteUserInput{UserPoolId: &p.pool, Username: new("ana")}); err != nil {
				return err
			}
			s.CreateUser(t, p.pool, "ana", goodPassword)
			return nil
		},
	} {
		p := newRelying(t, s, nil, nil)
		b := p.browser(t)
		got := p.exchangeCode(t, b.code(t))
		access, pending := got.member(t, "access_token"), b.silentCode(t)
		wantOK(t, end(p, access))
		if answer := p.userInfo(t, access); answer.status != http.StatusUnauthorized {
			t.Errorf("%s: userInfo %d %s", name, answer.status, answer.body)
		}
		wantRefusal(t, p.token(t, "grant_type", "refresh_token", "refresh_token", got.member(t, "refresh_token")), "invalid_grant")
		if strings.HasSuffix(name, "SignOut") {
			continue // the browser's session lives on, see endpoints.md §7.2
		}
		wantRefusal(t, p.exchangeCode(t, pending), "invalid_grant")
		if at, _ := b.authorize(t).location(t); at != p.base+"/login" {
			t.Errorf("%s: the browser is sent to %s", name, at)
		}
	}
}

func TestS037AccessTokensExpireAtUserInfo(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	p := newRelying(t, s, nil, nil)
	access := p.exchangeCode(t, p.code(t)).member(t, "access_token")
	expiry := time.Unix(int64(claimsIn(t, access)["exp"].(float64)), 0)
	s.Advance(expiry.Sub(s.Now()) - 30*time.Second)
	if got := p.userInfo(t, access); got.status != http.StatusOK {
		t.Errorf("30 s before: %d %s", got.status, got.body)
	}
	s.Advance(expiry.Sub(s.Now()))
	if got := p.userInfo(t, access); got.status != http.StatusUnauthorized {
		t.Errorf("expired: %d %s", got.status, got.body)
	}
}

// Nothing that anybody knows about a session makes its cookie.
func TestS016SessionCookiesCannotBeMade(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	b := p.browser(t)
	got := p.exchangeCode(t, b.code(t))
	cookie := b.cookie(t, "cognito")
	if cookie == "" {
		t.Fatal("no session cookie")
	}
	sub, _ := claimsIn(t, got.member(t, "id_token"))["sub"].(string)
	digest := sha256.Sum256([]byte(cookie))
	at, err := url.Parse(p.base)
	wantOK(t, err)
	for _, forged := range []string{
		sub, "ana", p.pool, base64.RawURLEncoding.EncodeToString([]byte(sub)), base64.RawURLEncoding.EncodeToString(digest[:]), hex.EncodeToString(digest[:]),
		base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"` + sub + `"}`)), cookie[1:], cookie + "A", cookie[:len(cookie)-1], strings.ToLower(cookie), cookie + "=",
		got.member(t, "id_token"), "true", "",
	} {
		if forged == cookie {
			continue
		}
		thief := p.browser(t)
		thief.http.Jar.SetCookies(at, []*http.Cookie{{Name: "cognito", Value: forged, Path: "/"}})
		if to, _ := thief.authorize(t).location(t); to != p.base+"/login" {
			t.Errorf("cookie %q: sent to %s", forged, to)
		}
	}
	// Nor is it worth anything at another pool's domain.
	other := newRelying(t, p.s, nil, nil)
	there, err := url.Parse(other.base)
	wantOK(t, err)
	thief := other.browser(t)
	thief.http.Jar.SetCookies(there, []*http.Cookie{{Name: "cognito", Value: cookie, Path: "/"}})
	if to, _ := thief.authorize(t).location(t); to != other.base+"/login" {
		t.Errorf("at another pool: sent to %s", to)
	}
}

// Every operation on the token's own user wants its scope (tokens.md §8).
func TestS031OAuthTokensNeedTheScopeOfSelfService(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	token := p.exchangeCode(t, p.code(t, "scope", "openid email phone profile https://shop.example.com/write")).member(t, "access_token")
	refused(t, p.s, "without the scope", token, "Access Token does not have required scopes")
	with := p.exchangeCode(t, p.code(t, "scope", "aws.cognito.signin.user.admin")).member(t, "access_token")
	wantOK(t, p.getUser(t.Context(), &with))
	if got := p.userInfo(t, with); got.status != http.StatusUnauthorized {
		t.Errorf("userInfo without openid: %d %s", got.status, got.body)
	}
}
