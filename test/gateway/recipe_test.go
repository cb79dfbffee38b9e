package gateway_test

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// verified checks the header x-amzn-oidc-data as applications are told to
// (load-balancer-auth.md §5.3) and gives its claims.
func (w *stand) verified(t *testing.T, data string) map[string]any {
	t.Helper()
	parts := strings.Split(data, ".")
	if len(parts) != 3 {
		t.Fatalf("x-amzn-oidc-data: %q", data)
	}
	var head struct {
		Typ, Kid, Alg, Iss, Client, Signer string
		Exp                                int64
	}
	raw, err := base64.URLEncoding.Strict().DecodeString(parts[0])
	wantOK(t, err)
	wantOK(t, json.Unmarshal(raw, &head))
	if head.Typ != "JWT" || head.Alg != "ES256" || head.Signer != balancer || head.Client != w.client || head.Iss != w.issuer || !uuid.MatchString(head.Kid) {
		t.Fatalf("header of x-amzn-oidc-data: %s", raw)
	}
	if left := time.Unix(head.Exp, 0).Sub(w.s.Now()); left < 59*time.Second || left > 121*time.Second {
		t.Errorf("x-amzn-oidc-data is good for %v", left)
	}
	key := w.browser(t).get(t, w.keysAt+"/"+head.Kid)
	block, rest := pem.Decode([]byte(key.body))
	if key.status != http.StatusOK || block == nil || block.Type != "PUBLIC KEY" || len(rest) != 0 {
		t.Fatalf("key %s: %d %s", head.Kid, key.status, key.body)
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	wantOK(t, err)
	signature, err := base64.URLEncoding.Strict().DecodeString(parts[2])
	wantOK(t, err)
	if len(signature) != 64 || len(parts[2]) != 88 {
		t.Fatalf("the signature has %d bytes in %d characters", len(signature), len(parts[2]))
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	if !ecdsa.Verify(public.(*ecdsa.PublicKey), digest[:], r, s) {
		t.Fatal("the signature of x-amzn-oidc-data does not verify")
	}
	raw, err = base64.URLEncoding.Strict().DecodeString(parts[1])
	wantOK(t, err)
	claims := map[string]any{}
	wantOK(t, json.Unmarshal(raw, &claims))
	if claims["exp"] != float64(head.Exp) {
		t.Errorf("exp is %v in the claims and %d in the header", claims["exp"], head.Exp)
	}
	return claims
}
