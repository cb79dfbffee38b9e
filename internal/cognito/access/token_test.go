package access

import (
	"crypto/rand"
	"encoding/base64"
	"testing"
	"time"
)

// Whatever comes as a session token, it opens only if it was made here for the id.
func FuzzSessionTokens(f *testing.F) {
	z := newSealer([]byte(rand.Text())) // each process has its own
	id, secret, token, _, err := z.seal(&state{Kind: AssumedRole, Issued: time.Unix(0, 0), RoleName: "r", SessionName: "s"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(id, token)
	f.Add("ASIAAAAAAAAAAAAAAAAA", token)
	f.Add(id, "")
	f.Add(id, base64.StdEncoding.EncodeToString(append([]byte{tokenVersion}, make([]byte, 100)...)))
	f.Fuzz(func(t *testing.T, anyID, anyToken string) {
		s, gotSecret, ok := z.open(anyID, anyToken)
		if ours := anyID == id && anyToken == token; ok != ours {
			t.Fatalf("opened: %v, ours: %v", ok, ours)
		}
		if ok && (gotSecret != secret || s.RoleName != "r") {
			t.Fatalf("opened as %+v", s)
		}
	})
}
