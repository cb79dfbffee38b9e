package identitypools

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"testing"

	"cognate/internal/api/identity"
)

// BenchmarkRSASignature is the unit of dependencies.md §7.
func BenchmarkRSASignature(b *testing.B) {
	digest := sha256.Sum256([]byte("claims"))
	private, err := key()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := rsa.SignPKCS1v15(nil, private, crypto.SHA256, digest[:]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGetCredentialsForIdentity is everything but the check of a token: the
// caller is a guest.
func BenchmarkGetCredentialsForIdentity(b *testing.B) {
	f := newFixture(b)
	pool := f.pool(b, map[string]string{"unauthenticated": "guest"})
	f.role(b, "guest", trusting(pool, "unauthenticated", assuming))
	in := &identity.GetCredentialsForIdentityInput{IdentityId: f.guest(b, pool)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.GetCredentialsForIdentity(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
}
