package demo_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cognate/internal/gateway/demo"
)

const (
	signer = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/demo/0123456789abcdef"
	keyID  = "5338e363-e743-8b73-b238-ff14e497cf86"
)

var now = time.Unix(1_795_000_000, 0)

// token signs a header and claims as §5.1 says.
func token(t *testing.T, key *ecdsa.PrivateKey, change map[string]any) string {
	t.Helper()
	head := map[string]any{"typ": "JWT", "alg": "ES256", "kid": keyID, "signer": signer, "iss": "https://id.example", "client": "shop", "exp": now.Add(time.Minute).Unix()}
	maps.Copy(head, change)
	var parts []string
	for _, part := range []any{head, map[string]any{"sub": "1", "name": "Ana <Lucía>"}} {
		text, err := json.Marshal(part)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, base64.URLEncoding.EncodeToString(text))
	}
	signed := strings.Join(parts, ".")
	sum := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	var signature [64]byte
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signed + "." + base64.URLEncoding.EncodeToString(signature[:])
}

// The page greets whom the gateway vouches for, and nobody else.
func TestPageTrustsSignedHeadersAlone(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	var fetched []string
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fetched = append(fetched, r.URL.Path)
		_ = pem.Encode(w, &pem.Block{Type: "PUBLIC KEY", Bytes: der})
	}))
	t.Cleanup(keys.Close)
	app := demo.New(demo.Config{
		HTTP: keys.Client(), Now: func() time.Time { return now }, Origin: "https://localhost:8443", KeysURL: keys.URL, Signer: signer,
		Issuer: "https://id.example", ClientID: "shop", DomainURL: "https://demo.auth.example",
	})
	show := func(data string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if data != "" {
			r.Header.Set("X-Amzn-Oidc-Data", data)
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		return w
	}
	if w := show(token(t, key, nil)); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "<h1>Hello, Ana &lt;Lucía&gt;</h1>") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := show(""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "whoever you are") {
		t.Errorf("without headers: %d %s", w.Code, w.Body)
	}
	good := token(t, key, nil)
	for name, data := range map[string]string{
		"another key":           token(t, stranger, nil),
		"another load balancer": token(t, key, map[string]any{"signer": signer + "0"}),
		"another issuer":        token(t, key, map[string]any{"iss": "https://other.example"}),
		"another client":        token(t, key, map[string]any{"client": "other"}),
		"no algorithm":          token(t, key, map[string]any{"alg": "none"}),
		"expired":               token(t, key, map[string]any{"exp": now.Unix()}),
		"a path for a key":      token(t, key, map[string]any{"kid": "../../etc/passwd"}),
		"no signature":          good[:strings.LastIndexByte(good, '.')+1],
		"no token":              "hello",
	} {
		if w := show(data); w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), "Hello, Ana") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if len(fetched) != 1 || fetched[0] != "/"+keyID {
		t.Errorf("fetched %q", fetched)
	}
}

// Signing out ends both sessions.
func TestSignOut(t *testing.T) {
	t.Parallel()
	app := demo.New(demo.Config{Origin: "https://localhost:8443", ClientID: "shop", DomainURL: "https://demo.auth.example"})
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest(http.MethodGet, demo.SignOutPath, nil))
	const want = "https://demo.auth.example/logout?client_id=shop&logout_uri=https%3A%2F%2Flocalhost%3A8443%2Fsigned-out"
	if w.Code != http.StatusFound || w.Header().Get("Location") != want {
		t.Errorf("%d to %s", w.Code, w.Header().Get("Location"))
	}
	for _, c := range w.Result().Cookies() {
		if c.MaxAge >= 0 || c.Path != "/" || !c.Secure {
			t.Errorf("cookie %v", c)
		}
	}
	if n := len(w.Result().Cookies()); n != 4 {
		t.Errorf("%d cookies", n)
	}
}
