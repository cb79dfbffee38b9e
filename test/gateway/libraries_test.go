package gateway_test

import (
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"cognate/internal/gateway/auth"
	"cognate/internal/servertest"
)

// signedIn opens a gateway whose keys are at an address that every program finds,
// and gives what the application gets of a user.
func signedIn(t *testing.T) (w *stand, data string) {
	t.Helper()
	w = newStand(t, servertest.Shared(t), nil)
	w.open(t, strings.Replace(w.file(w.cognito(`Scope: "openid email profile"`)+", "+toApp), "https://keys.localhost/public", "https://localhost/public", 1))
	w.keysAt = "https://" + strings.Replace(w.address, "127.0.0.1", "localhost", 1) + "/public"
	b := w.browser(t)
	b.signIn(t, origin+"/", "ana")
	b.get(t, origin+"/")
	return w, w.app.last(t).Header.Get(auth.DataHeader)
}

// tampered changes the first character of a part of a token.
func tampered(token string, part int) string {
	parts := strings.Split(token, ".")
	first := "A"
	if parts[part][0] == 'A' {
		first = "B"
	}
	parts[part] = first + parts[part][1:]
	return strings.Join(parts, ".")
}

// The recipe of the documentation with a library of Go: take the key of kid, check
// signer, verify ES256.
func TestApplicationsInGoVerify(t *testing.T) {
	t.Parallel()
	w, data := signedIn(t)
	b := w.browser(t)
	parser := jwt.NewParser(jwt.WithPaddingAllowed(), jwt.WithValidMethods([]string{"ES256"}), jwt.WithIssuer(w.issuer), jwt.WithExpirationRequired(), jwt.WithTimeFunc(w.s.Now))
	verify := func(token, signer string) (jwt.MapClaims, error) {
		claims := jwt.MapClaims{}
		_, err := parser.ParseWithClaims(token, claims, func(token *jwt.Token) (any, error) {
			kid, _ := token.Header["kid"].(string)
			if token.Header["signer"] != signer || token.Header["client"] != w.client || !uuid.MatchString(kid) {
				return nil, errors.New("of another load balancer or client")
			}
			return key(t, b.get(t, w.keysAt+"/"+kid).body), nil
		})
		return claims, err
	}
	claims, err := verify(data, balancer)
	if err != nil || claims["email"] != "ana@example.com" || claims["username"] != "ana" {
		t.Errorf("claims %v, %v", claims, err)
	}
	if _, err := verify(data, strings.Replace(balancer, "shop", "other", 1)); err == nil {
		t.Error("the token of another load balancer passes")
	}
	for part := range 3 {
		if _, err := verify(tampered(data, part), balancer); err == nil {
			t.Errorf("part %d can be changed", part)
		}
	}
}

func key(t *testing.T, text string) *ecdsa.PublicKey {
	t.Helper()
	key, err := jwt.ParseECPublicKeyFromPEM([]byte(text))
	wantOK(t, err)
	return key
}

// The same with the library that AWS gives to applications in Node.
func TestApplicationsInNodeVerify(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	modules, _ := filepath.Abs("../clients/node_modules")
	if _, missing := os.Stat(filepath.Join(modules, "aws-jwt-verify")); err != nil || missing != nil {
		const missing = "Node.js or its package aws-jwt-verify is missing; scripts/setup-tests installs them"
		if os.Getenv("COGNATE_REQUIRE_CLIENTS") != "" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	w, data := signedIn(t)
	verify := func(token, arn, client string) (answer struct {
		Claims map[string]any
		Error  string
	},
	) {
		settings, err := json.Marshal(map[string]string{"modules": modules, "token": token, "keys": w.keysAt, "arn": arn, "issuer": w.issuer, "client": client})
		wantOK(t, err)
		cmd := exec.CommandContext(t.Context(), node, "testdata/verify.mjs", string(settings))
		cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+w.s.RootFile(t))
		out, err := cmd.Output()
		wantOK(t, err)
		wantOK(t, json.Unmarshal(out, &answer))
		return answer
	}
	if got := verify(data, balancer, w.client); got.Error != "" || got.Claims["email"] != "ana@example.com" || got.Claims["username"] != "ana" {
		t.Errorf("%+v", got)
	}
	for name, tc := range map[string]struct{ token, arn, client, want string }{
		"another load balancer": {data, strings.Replace(balancer, "shop", "other", 1), w.client, "AlbJwtInvalidSignerError"},
		"another client":        {data, balancer, "another", "AlbJwtInvalidClientIdError"},
		"other claims":          {tampered(data, 1), balancer, w.client, "JwtParseError"},
		"another signature":     {tampered(data, 2), balancer, w.client, "JwtInvalidSignatureError"},
	} {
		if got := verify(tc.token, tc.arn, tc.client); got.Error != tc.want {
			t.Errorf("%s: %+v, want %s", name, got, tc.want)
		}
	}
}
