package jwt

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"testing"
)

// BenchmarkRSASignature is the unit of dependencies.md §7.
func BenchmarkRSASignature(b *testing.B) {
	digest := sha256.Sum256([]byte(testClaims))
	for b.Loop() {
		if _, err := rsa.SignPKCS1v15(nil, testKey(), crypto.SHA256, digest[:]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	claims := []byte(testClaims)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Sign(testKey(), testKeyID, claims); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	token := mustSign(b, testClaims)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Verify(token, keys); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	token := mustSign(b, testClaims)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(token); err != nil {
			b.Fatal(err)
		}
	}
}
