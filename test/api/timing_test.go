package api_test

import (
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"cognate/internal/servertest"
)

// TestS048UnknownNamesCostAsMuchAsUsers compares the time of answers for users
// and for names that nobody has, 2,000 of each, interleaved. It needs a
// machine that does nothing else, so it runs with the long tests only.
func TestS048UnknownNamesCostAsMuchAsUsers(t *testing.T) {
	if os.Getenv("COGNATE_TEST_LONG") == "" {
		t.Skip("COGNATE_TEST_LONG is not set")
	}
	w := newWorld(t, servertest.Start(t)).hidden(t)
	const users, rounds = 500, 4 // below every limit
	for i := range users {
		w.s.CreateUser(t, w.pool, fmt.Sprintf("known%03d", i), goodPassword, "email", fmt.Sprintf("k%d@example.com", i), "email_verified", "true")
		w.signUp(t, fmt.Sprintf("fresh%03d", i), "email", fmt.Sprintf("f%d@example.com", i))
	}
	for i := range users {
		w.s.Code(t, w.pool, fmt.Sprintf("fresh%03d", i)) // nothing is being sent any more
	}
	for _, step := range []struct{ operation, more, user string }{
		{"ForgotPassword", "", "known"},
		{"ConfirmForgotPassword", withCode + withPassword, "known"},
		{"ResendConfirmationCode", "", "fresh"},
		{"ConfirmSignUp", withCode, "fresh"},
	} {
		took := map[string][]time.Duration{}
		for i := range users * rounds {
			pair := []string{step.user, "nobdy"}
			if i%2 == 0 {
				slices.Reverse(pair)
			}
			for _, kind := range pair {
				began := time.Now()
				w.publicCall(t, step.operation, fmt.Sprintf("%s%03d", kind, i%users), step.more)
				took[kind] = append(took[kind], time.Since(began))
			}
		}
		user, nobody := median(took[step.user]), median(took["nobdy"])
		if difference := math.Abs(float64(user)/float64(nobody) - 1); difference > 0.05 {
			t.Errorf("%s: %s for users, %s for unknown names (%.1f %% apart)", step.operation, user, nobody, 100*difference)
		}
	}
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
