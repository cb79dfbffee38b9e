package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"cognate/internal/servertest"
)

// party is the site seen by golang.org/x/oauth2 and go-oidc, which find everything
// by discovery.
type party struct {
	*relying
	ctx      context.Context
	provider *oidc.Provider
	oauth2.Config
}

func (p *relying) party(t *testing.T, scopes ...string) *party {
	t.Helper()
	ctx := oidc.ClientContext(t.Context(), p.s.HTTP)
	provider, err := oidc.NewProvider(ctx, p.s.URL+"/"+p.pool)
	wantOK(t, err)
	q := *p
	q.base = strings.TrimSuffix(provider.Endpoint().TokenURL, "/oauth2/token")
	return &party{&q, ctx, provider, oauth2.Config{
		ClientID: p.client, ClientSecret: p.secret, Endpoint: provider.Endpoint(), RedirectURL: appCallback, Scopes: scopes,
	}}
}

// signIn takes a browser from the party's link back to it.
func (y *party) signIn(t *testing.T, b *agent, options ...oauth2.AuthCodeOption) url.Values {
	t.Helper()
	link, err := url.Parse(y.AuthCodeURL("state-1", options...))
	wantOK(t, err)
	if got := b.get(t, link.String()); got.header.Get("Location") != "" {
		if at, parameters := got.location(t); at == appCallback {
			return parameters
		}
	}
	query, pairs := link.Query(), []string(nil)
	for name := range query {
		pairs = append(pairs, name, query.Get(name))
	}
	_, parameters := b.signIn(t, "ana", pairs...).location(t)
	return parameters
}

func TestOpenIDRelyingParty(t *testing.T) {
	t.Parallel()
	for name, client := range map[string]func(*cip.CreateUserPoolClientInput){"confidential": withSecret, "public": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := newRelying(t, servertest.Shared(t), nil, client).party(t, "openid", "email", "profile")
			verifier := oauth2.GenerateVerifier()
			back := y.signIn(t, y.browser(t), oauth2.S256ChallengeOption(verifier), oidc.Nonce("nonce-1"))
			if back.Get("state") != "state-1" {
				t.Fatalf("back with %v", back)
			}
			got, err := y.Exchange(y.ctx, back.Get("code"), oauth2.VerifierOption(verifier))
			wantOK(t, err)
			raw, _ := got.Extra("id_token").(string)
			id, err := y.provider.Verifier(&oidc.Config{ClientID: y.client}).Verify(y.ctx, raw)
			wantOK(t, err)
			wantOK(t, id.VerifyAccessToken(got.AccessToken))
			var claims struct {
				Email    string `json:"email"`
				Verified bool   `json:"email_verified"`
				Name     string `json:"name"`
			}
			wantOK(t, id.Claims(&claims))
			if id.Nonce != "nonce-1" || claims.Email != "ana@example.com" || !claims.Verified || claims.Name != "Ana" {
				t.Errorf("ID token %+v %+v", id, claims)
			}
			source := y.TokenSource(y.ctx, got)
			info, err := y.provider.UserInfo(y.ctx, source)
			wantOK(t, err)
			if info.Subject != id.Subject || info.Email != claims.Email || !info.EmailVerified {
				t.Errorf("userInfo %+v", info)
			}
			expired := *got
			expired.Expiry = time.Now().Add(-time.Minute)
			again, err := y.TokenSource(y.ctx, &expired).Token()
			wantOK(t, err)
			if again.AccessToken == got.AccessToken || again.RefreshToken != got.RefreshToken {
				t.Error("the tokens were not refreshed")
			}
		})
	}
}

// The provider list of security.md, section O. Each name is that of a check of the
// OpenID conformance plans, as far as the service has what it is about.
func TestSectionOProvider(t *testing.T) {
	t.Parallel()
	for shape, pool := range map[string]func(*cip.CreateUserPoolInput){
		"names": nil,
		"email": func(in *cip.CreateUserPoolInput) {
			in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail}
		},
		"case": func(in *cip.CreateUserPoolInput) {
			in.UsernameConfiguration = &types.UsernameConfigurationType{CaseSensitive: new(true)}
		},
	} {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			p := newRelying(t, servertest.Shared(t), pool, withSecret)
			p.withManagedLogin(t)
			p.providerChecks(t)
		})
	}
}

func (p *relying) providerChecks(t *testing.T) {
	t.Helper()
	y := p.party(t, "openid")
	verify := func(raw string) *oidc.IDToken {
		t.Helper()
		id, err := y.provider.Verifier(&oidc.Config{ClientID: y.client}).Verify(y.ctx, raw)
		wantOK(t, err)
		return id
	}
	t.Run("response type missing", func(t *testing.T) {
		p.browser(t).authorize(t, "response_type", "").wantError(t, "missing", "invalid_request", "", "")
	})
	b := p.browser(t)
	t.Run("prompt none signed out", func(t *testing.T) {
		b.authorize(t, "prompt", "none", "state", "s").wantError(t, "signed out", "login_required", "", "s")
	})
	first := p.exchangeCode(t, b.code(t, "scope", "openid"))
	id := verify(first.member(t, "id_token"))
	t.Run("no nonce asked, none given", func(t *testing.T) {
		if id.Nonce != "" {
			t.Errorf("nonce %q", id.Nonce)
		}
	})
	t.Run("kid", func(t *testing.T) {
		if header := joseHeader(t, first.member(t, "id_token")); header["kid"] == nil || header["alg"] != "RS256" || len(header) != 2 {
			t.Errorf("header %v", header)
		}
	})
	silent := func(name string, parameters ...string) *oidc.IDToken {
		t.Helper()
		at, got := b.authorize(t, append(parameters, "scope", "openid")...).location(t)
		if at != appCallback || !got.Has("code") {
			t.Errorf("%s: %s %v", name, at, got)
			return nil
		}
		return verify(p.exchangeCode(t, got.Get("code")).member(t, "id_token"))
	}
	authTime := func(id *oidc.IDToken) float64 {
		var claims map[string]float64
		_ = id.Claims(&claims) // the other claims are no numbers
		return claims["auth_time"]
	}
	t.Run("parameters that change nothing", func(t *testing.T) {
		for _, pair := range [][]string{
			{"prompt", "none"},
			{"max_age", "10000"},
			{"display", "page"},
			{"display", "popup"},
			{"extra", "foobar"},
			{"id_token_hint", first.member(t, "id_token")},
			{"login_hint", "ana"},
			{"ui_locales", "se"},
			{"claims_locales", "se"},
			{"acr_values", "1 2"},
			{"nonce", "n-3"},
		} {
			again := silent(pair[0], pair...)
			if again == nil {
				continue
			}
			if again.Subject != id.Subject || authTime(again) != authTime(id) || pair[0] == "nonce" && again.Nonce != "n-3" {
				t.Errorf("%s: %+v", pair[0], again)
			}
		}
	})
	t.Run("prompt login and max_age ask again", func(t *testing.T) {
		for _, pair := range [][]string{{"prompt", "login"}, {"max_age", "0"}} {
			if at, _ := b.authorize(t, pair...).location(t); at != p.base+"/login" {
				t.Errorf("%v: %s", pair, at)
			}
		}
	})
	t.Run("scopes", func(t *testing.T) {
		for scope, want := range map[string][]string{
			"openid profile": {"name"}, "openid email": {"email", "email_verified"}, "openid phone": {"phone_number", "phone_number_verified"},
			"openid profile email phone": {"email", "email_verified", "name", "phone_number", "phone_number_verified"},
		} {
			token := p.exchangeCode(t, b.silentCode(t, "scope", scope)).member(t, "access_token")
			var document map[string]any
			wantOK(t, json.Unmarshal([]byte(p.userInfo(t, token).body), &document))
			var got []string
			for name := range document {
				if name != "sub" && name != "username" {
					got = append(got, name)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v", scope, got)
			}
		}
	})
	t.Run("request object is not read", func(t *testing.T) {
		silent("request", "request", "eyJhbGciOiJub25lIn0.e30.")
		silent("request_uri", "request_uri", "https://evil.example/request.jwt")
	})
	t.Run("code twice", func(t *testing.T) {
		code := b.silentCode(t)
		if got := p.exchangeCode(t, code); got.status != http.StatusOK {
			t.Errorf("%d %s", got.status, got.body)
		}
		wantRefusal(t, p.exchangeCode(t, code), "invalid_grant")
	})
	t.Run("unregistered redirect", func(t *testing.T) {
		if at, _ := b.authorize(t, "redirect_uri", "https://evil.example").location(t); at != p.base+"/error" {
			t.Error(at)
		}
	})
	t.Run("POST to authorize", func(t *testing.T) { // as the service: GET only
		if got := p.post(t, "/oauth2/authorize", nil, "client_id", p.client); got.status != http.StatusMethodNotAllowed {
			t.Errorf("%d", got.status)
		}
	})
	t.Run("client_secret_basic and client_secret_post", func(t *testing.T) {
		for style, mode := range map[string]oauth2.AuthStyle{"basic": oauth2.AuthStyleInHeader, "post": oauth2.AuthStyleInParams} {
			c := y.Config
			c.Endpoint.AuthStyle = mode
			if _, err := c.Exchange(y.ctx, b.silentCode(t)); err != nil {
				t.Errorf("%s: %v", style, err)
			}
		}
	})
}

// silentCode gives a code for the browser's session.
func (b *agent) silentCode(t *testing.T, parameters ...string) string {
	t.Helper()
	at, got := b.authorize(t, parameters...).location(t)
	if at != appCallback || got.Get("code") == "" {
		t.Fatalf("no code: %s %v", at, got)
	}
	return got.Get("code")
}

func TestS025IssuersDomainsAndPoolsAgree(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for range 3 {
		p := newRelying(t, s, nil, nil)
		custom := newHostName()
		_, err := makeDomain(t, s, p.pool, custom, nil)
		wantOK(t, err)
		issuer := s.URL + "/" + p.pool
		got := send(t, s.HTTP, request(t, http.MethodGet, issuer+"/.well-known/openid-configuration", ""))
		var document map[string]any
		wantOK(t, json.Unmarshal([]byte(got.body), &document))
		if document["issuer"] != issuer || document["jwks_uri"] != issuer+"/.well-known/jwks.json" {
			t.Errorf("discovery names %v and %v", document["issuer"], document["jwks_uri"])
		}
		for _, name := range []string{"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "revocation_endpoint", "end_session_endpoint"} {
			address, _ := document[name].(string)
			if u, err := url.Parse(address); err != nil || u.Hostname() != custom || !u.IsAbs() {
				t.Errorf("%s is %q, want it at %s", name, address, custom)
			}
		}
		// Whatever the domain, the tokens are the pool's.
		tokens := p.exchangeCode(t, p.code(t))
		byPath := *p
		byPath.base = s.URL + "/_domains/" + p.domain
		for _, token := range []string{
			tokens.member(t, "access_token"), tokens.member(t, "id_token"),
			byPath.token(t, "grant_type", "refresh_token", "refresh_token", tokens.member(t, "refresh_token")).member(t, "access_token"),
		} {
			if got := claimsIn(t, token)["iss"]; got != issuer {
				t.Errorf("iss is %v, want %s", got, issuer)
			}
		}
	}
}
