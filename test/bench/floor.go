package main

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"syscall"
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
	check     time.Duration // one RS256 token, parsed and checked
}

// mean is the floor between two measurements.
func (f *floor) mean(g *floor) *floor {
	return &floor{(f.signature + g.signature) / 2, (f.srp + g.srp) / 2, (f.verifier + g.verifier) / 2, (f.check + g.check) / 2}
}

func (f *floor) print(w io.Writer) {
	in := func(d time.Duration) float64 { return d.Seconds() / f.signature.Seconds() }
	fmt.Fprintf(w, "Floor on this machine: one RS256 signature %.3f ms = 1.0; SRP arithmetic of a sign-in %.2f; verifier from a password %.2f; check of a token %.3f\n",
		f.signature.Seconds()*1000, in(f.srp), in(f.verifier), in(f.check))
}

func measureFloor() (*floor, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	claims := []byte(`{"x":"` + strings.Repeat("x", 600) + `"}`)
	srp.Prepare()
	salt := srp.NewSalt()
	verifier := srp.Verifier("AbCdEf123", "user", "Correct-Horse1!", salt)
	client := srpclient.New()
	public, err := srp.ParsePublic(client.A())
	if err != nil {
		return nil, err
	}
	f := &floor{}
	f.signature = usual(func() { _, err = jwt.Sign(key, jwt.NewKeyID(), claims) })
	if err != nil {
		return nil, err
	}
	token, err := jwt.Sign(key, jwt.NewKeyID(), claims)
	if err != nil {
		return nil, err
	}
	const checks = 20 // one is too short for the clock of threads
	f.check = usual(func() {
		for range checks {
			if _, err = jwt.Verify(token, func(string) *rsa.PublicKey { return &key.PublicKey }); err != nil {
				return
			}
		}
	}) / checks
	if err != nil {
		return nil, err
	}
	f.srp = usual(func() {
		var s *srp.Server
		if s, err = srp.NewServer(verifier, srp.NewSecret()); err == nil {
			_, err = s.Key(public)
		}
	})
	f.verifier = usual(func() { srp.Verifier("AbCdEf123", "user", "Correct-Horse1!", salt) })
	return f, err
}

// usual gives the CPU time of one call: the median of several batches on one
// thread. Like the server's CPU time, it rises when other work shares the
// cores, so the two stay comparable.
func usual(call func()) time.Duration {
	const batches, calls = 7, 30
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var took []time.Duration
	for range batches {
		start := threadTime()
		for range calls {
			call()
		}
		took = append(took, (threadTime()-start)/calls)
	}
	slices.Sort(took)
	return took[batches/2]
}

// threadTime is the CPU time that this thread has used.
func threadTime() time.Duration {
	var used syscall.Rusage
	const thisThread = 1 // RUSAGE_THREAD
	if err := syscall.Getrusage(thisThread, &used); err != nil {
		panic(err) // it has no way to fail on Linux
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
