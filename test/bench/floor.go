package main

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"time"

	"cognate/internal/protocol/jwt"
	"cognate/internal/protocol/srp"
	"cognate/internal/protocol/srp/srpclient"
)

// floor is the cost of the cryptography on one core, measured in this run.
type floor struct {
	signature time.Duration // one RS256 signature (RSA-2048)
	srp       time.Duration // B and the check of the claim, with the fixed-base table
	verifier  time.Duration // password to verifier, with the table
}

func (f *floor) print(w io.Writer) {
	in := func(d time.Duration) float64 { return d.Seconds() / f.signature.Seconds() }
	fmt.Fprintf(w, "Floor on this machine: one RS256 signature %.3f ms = 1.0; SRP arithmetic of a sign-in %.2f; verifier from a password %.2f\n",
		f.signature.Seconds()*1000, in(f.srp), in(f.verifier))
}

func measureFloor() (*floor, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	claims := make([]byte, 600)
	for i := range claims {
		claims[i] = 'x'
	}
	srp.Prepare()
	salt := srp.NewSalt()
	verifier := srp.Verifier("AbCdEf123", "user", "Correct-Horse1!", salt)
	client := srpclient.New()
	public, err := srp.ParsePublic(client.A())
	if err != nil {
		return nil, err
	}
	f := &floor{}
	f.signature = fastest(func() { _, err = jwt.Sign(key, jwt.NewKeyID(), claims) })
	if err != nil {
		return nil, err
	}
	f.srp = fastest(func() {
		var s *srp.Server
		if s, err = srp.NewServer(verifier, srp.NewSecret()); err == nil {
			_, err = s.Key(public)
		}
	})
	f.verifier = fastest(func() { srp.Verifier("AbCdEf123", "user", "Correct-Horse1!", salt) })
	return f, err
}

// fastest gives the time of one call in the best of several batches, which is
// the one least disturbed by other work on the machine.
func fastest(call func()) time.Duration {
	const batches, calls = 10, 60
	best := time.Duration(0)
	for range batches {
		start := time.Now()
		for range calls {
			call()
		}
		if d := time.Since(start) / calls; best == 0 || d < best {
			best = d
		}
	}
	return best
}
