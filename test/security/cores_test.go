package security_test

import (
	"runtime"
	"strings"
	"sync"
	"testing"

	"cognate/internal/servertest"
)

// arithmetic are the functions in which sign-up and sign-in spend their time.
var arithmetic = []string{"cognate/internal/protocol/srp.Verifier(", "cognate/internal/protocol/srp.CheckPassword(", "cognate/internal/protocol/srp.NewServer(", "crypto/rsa.SignPKCS1v15("}

// Anybody can ask for password arithmetic. However many do at a time, as many as
// there are cores compute and the others wait, so that reads go on. The test
// counts who computes; it must have the process for itself, so it does not run
// in parallel.
func TestS174PasswordArithmeticIsBoundToTheCores(t *testing.T) { //nolint:paralleltest // see above
	s := servertest.Start(t)
	p := newSide(t, s, "cores")
	var calls []func()
	for _, user := range numbered("queue", 40) {
		calls = append(calls, func() {
			s.Call(t, "SignUp", encode(t, doc{
				"ClientId": p.client, "Username": user, "Password": p.password, "UserAttributes": []doc{{"Name": "email", "Value": user + "@example.com"}},
			}))
		}, func() {
			s.Call(t, "InitiateAuth", encode(t, doc{
				"ClientId": p.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": doc{"USERNAME": p.only, "PASSWORD": p.password},
			}))
		}, func() {
			s.Call(t, "InitiateAuth", encode(t, doc{
				"ClientId": p.client, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": doc{"USERNAME": p.only, "SRP_A": strings.Repeat("a1", 384)},
			}))
		})
	}
	var all sync.WaitGroup
	for _, call := range calls {
		all.Go(call)
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	most, sampled := 0, 0
	stacks := make([]byte, 8<<20)
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
			most = max(most, computing(string(stacks[:runtime.Stack(stacks, true)])))
			sampled++
		}
	}
	if cores := runtime.GOMAXPROCS(0); most > cores || most == 0 {
		t.Errorf("%d of %d requests computed at a time, on %d cores (%d samples)", most, len(calls), cores, sampled)
	}
}

// computing counts the goroutines that are in the middle of arithmetic.
func computing(stacks string) (n int) {
	for stack := range strings.SplitSeq(stacks, "\n\n") {
		for _, f := range arithmetic {
			if strings.Contains(stack, f) {
				n++
				break
			}
		}
	}
	return n
}
