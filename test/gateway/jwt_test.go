package gateway_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"cognate/internal/servertest"
	"cognate/internal/testlog"
)

// issuer is one of machine tokens, by a library that is not ours.
type issuer struct {
	key *rsa.PrivateKey
	url string // of its key set
	set string
}

func newIssuer(t *testing.T, s *servertest.Server) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	wantOK(t, err)
	i := &issuer{key: key}
	i.set = fmt.Sprintf(`{"keys":[{"kty":"EC","kid":"ec"},%s]}`, i.jwk("k1"))
	i.url = s.ServeSite(t, "localhost", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, i.set) }))
	return i
}

func (i *issuer) jwk(kid string) string {
	return fmt.Sprintf(`{"kty":"RSA","kid":%q,"n":%q,"e":%q}`, kid,
		base64.RawURLEncoding.EncodeToString(i.key.N.Bytes()), base64.RawURLEncoding.EncodeToString(big.NewInt(int64(i.key.E)).Bytes()))
}

func (i *issuer) token(t *testing.T, method jwt.SigningMethod, key any, kid string, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = kid
	text, err := token.SignedString(key)
	wantOK(t, err)
	return text
}

func TestJWTValidation(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	i := newIssuer(t, s)
	w := &stand{s: s, app: newApplication(t), access: &testlog.Log{}}
	action := "{Type: jwt-validation, Order: 1, JwtValidationConfig: {JwksEndpoint: " + i.url + ", Issuer: https://id.example.com, AdditionalClaims: [" +
		"{Name: token_use, Format: single-string, Values: [access, id]}, {Name: scope, Format: space-separated-values, Values: [read, write]}, {Name: groups, Format: string-array, Values: [staff]}]}}"
	w.open(t, w.file(action+", "+toApp))
	now := s.Now()
	good := func(change func(jwt.MapClaims)) jwt.MapClaims {
		claims := jwt.MapClaims{
			"iss": "https://id.example.com", "exp": now.Add(time.Minute).Unix(), "iat": now.Unix(), "nbf": now.Unix(),
			"token_use": "access", "scope": "write admin read", "groups": []string{"all", "staff"},
		}
		if change != nil {
			change(claims)
		}
		return claims
	}
	signed := func(change func(jwt.MapClaims)) string {
		return "Bearer " + i.token(t, jwt.SigningMethodRS256, i.key, "k1", good(change))
	}
	set := func(name string, value any) func(jwt.MapClaims) { return func(c jwt.MapClaims) { c[name] = value } }
	without := func(name string) func(jwt.MapClaims) { return func(c jwt.MapClaims) { delete(c, name) } }
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	wantOK(t, err)
	b := w.browser(t)
	for what, header := range map[string]string{
		"good": signed(nil), "in another case": strings.Replace(signed(nil), "Bearer", "bearer", 1), "nbf and iat missing": signed(func(c jwt.MapClaims) {
			delete(c, "nbf")
			delete(c, "iat")
		}), "id token": signed(set("token_use", "id")),
	} {
		if got := b.get(t, origin+"/a", "Authorization", header); got.status != http.StatusOK || w.app.last(t).Header.Get("Authorization") != header {
			t.Errorf("%s: %d", what, got.status)
		}
	}
	before := w.app.requests()
	hmac := []byte(i.jwk("k1"))
	for what, header := range map[string]string{
		"none":               "Basic YTpi",
		"empty":              "Bearer ",
		"garbage":            "Bearer a.b.c",
		"another issuer":     signed(set("iss", "https://id.example.com/")),
		"no issuer":          signed(without("iss")),
		"expired":            signed(set("exp", now.Add(-time.Minute).Unix())),
		"no exp":             signed(without("exp")),
		"exp as a text":      signed(set("exp", "9999999999")),
		"not valid yet":      signed(set("nbf", now.Add(time.Minute).Unix())),
		"from the future":    signed(set("iat", now.Add(time.Minute).Unix())),
		"wrong claim":        signed(set("token_use", "refresh")),
		"claim of a type":    signed(set("token_use", []string{"access"})),
		"missing scope":      signed(set("scope", "read")),
		"no scope":           signed(without("scope")),
		"group missing":      signed(set("groups", []string{"all"})),
		"group as a text":    signed(set("groups", "staff")),
		"another key":        "Bearer " + i.token(t, jwt.SigningMethodRS256, other, "k1", good(nil)),
		"unknown key id":     "Bearer " + i.token(t, jwt.SigningMethodRS256, i.key, "k2", good(nil)),
		"RS512":              "Bearer " + i.token(t, jwt.SigningMethodRS512, i.key, "k1", good(nil)),
		"PS256":              "Bearer " + i.token(t, jwt.SigningMethodPS256, i.key, "k1", good(nil)),
		"HS256 with the key": "Bearer " + i.token(t, jwt.SigningMethodHS256, hmac, "k1", good(nil)),
		"alg none":           "Bearer " + i.token(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "k1", good(nil)),
		"signature cut":      signed(nil)[:len(signed(nil))-2],
	} {
		got := b.get(t, origin+"/a", "Authorization", header)
		wantRefused(t, got, http.StatusUnauthorized)
		if got.header.Get("WWW-Authenticate") != "Bearer" || len(got.cookies) != 0 {
			t.Errorf("%s: %v", what, got.header)
		}
	}
	wantRefused(t, b.get(t, origin+"/a"), http.StatusUnauthorized)
	if got := b.get(t, origin+"/a", "Authorization", signed(nil), "Authorization", signed(nil)); got.status != http.StatusUnauthorized {
		t.Errorf("two tokens: %d", got.status)
	}
	if w.app.requests() != before {
		t.Error("a refused request reached the application")
	}
}

// Key sets beyond the limits are none.
func TestJWTKeySetLimits(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for what, spoil := range map[string]func(*issuer){
		"eleven keys": func(i *issuer) { i.set = `{"keys":[` + strings.Repeat(i.jwk("k0")+",", 10) + i.jwk("k1") + `]}` },
		"150 K":       func(i *issuer) { i.set = `{"x":"` + strings.Repeat("x", 150<<10) + `","keys":[` + i.jwk("k1") + `]}` },
		"no JSON":     func(i *issuer) { i.set = `<html>` },
	} {
		i := newIssuer(t, s)
		spoil(i)
		w := &stand{s: s, app: newApplication(t), access: &testlog.Log{}}
		w.open(t, w.file("{Type: jwt-validation, Order: 1, JwtValidationConfig: {JwksEndpoint: "+i.url+", Issuer: i}}, "+toApp))
		token := i.token(t, jwt.SigningMethodRS256, i.key, "k1", jwt.MapClaims{"iss": "i", "exp": s.Now().Add(time.Minute).Unix()})
		if got := w.browser(t).get(t, origin+"/a", "Authorization", "Bearer "+token); got.status != http.StatusInternalServerError || w.app.requests() != 0 {
			t.Errorf("%s: %d", what, got.status)
		}
	}
}

// The access tokens of a pool pass with the claims that the issue of them names.
func TestJWTOfAPool(t *testing.T) {
	t.Parallel()
	w := newStand(t, servertest.Shared(t), nil)
	w.open(t, w.file(w.cognito()+", "+toApp, rule(1, "/api/*",
		"{Type: jwt-validation, Order: 1, JwtValidationConfig: {JwksEndpoint: \""+w.s.HTTPS()+"/"+w.pool+"/.well-known/jwks.json\", Issuer: \""+w.issuer+"\", AdditionalClaims: ["+
			"{Name: client_id, Format: single-string, Values: ["+w.client+"]}, {Name: token_use, Format: single-string, Values: [access]}, {Name: scope, Format: space-separated-values, Values: [openid]}]}}", toApp)))
	b := w.browser(t)
	b.signIn(t, origin+"/a", "ana")
	b.get(t, origin+"/a")
	access := w.app.last(t).Header.Get("X-Amzn-Oidc-Accesstoken")
	if got := b.get(t, origin+"/api/x", "Authorization", "Bearer "+access); got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.body)
	}
	wantRefused(t, b.get(t, origin+"/api/x"), http.StatusUnauthorized)
}
