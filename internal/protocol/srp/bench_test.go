package srp

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"testing"
)

// BenchmarkRSASignature is the unit the other figures are given in
// (dependencies.md §7).
func BenchmarkRSASignature(b *testing.B) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256([]byte("claims"))
	for b.Loop() {
		if _, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCheckPassword is also what one guess costs somebody who has a
// verifier (S062). It is little, which is why verifiers are sealed.
func BenchmarkCheckPassword(b *testing.B) {
	Prepare()
	salt := NewSalt()
	v := Verifier("AbCdEf123", "user", "Correct-Horse1!", salt)
	for b.Loop() {
		if !CheckPassword("AbCdEf123", "user", "Correct-Horse1!", salt, v) {
			b.Fatal("refused")
		}
	}
}

func BenchmarkPowG(b *testing.B) {
	Prepare()
	e := NewSecret()
	for b.Loop() {
		powG(e)
	}
}

// BenchmarkExchange is all the server computes for one sign-in.
func BenchmarkExchange(b *testing.B) {
	Prepare()
	v := vectors(b)[0]
	salt, claim := unhex(b, v.Salt), v.claim(b)
	verifier := Verifier(v.Name, v.UserID, v.Password, salt)
	secret := unhex(b, v.ServerSecret)
	for b.Loop() {
		a, err := ParsePublic(v.ClientPublic)
		if err != nil {
			b.Fatal(err)
		}
		s, err := NewServer(verifier, secret)
		if err != nil {
			b.Fatal(err)
		}
		resumed, err := ResumeServer(verifier, secret, s.Public())
		if err != nil {
			b.Fatal(err)
		}
		if err := resumed.VerifyClaim(a, claim, v.Signature); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPrepare(b *testing.B) {
	for b.Loop() {
		buildPowers()
	}
}
