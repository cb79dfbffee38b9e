package transfer

import (
	"strings"
	"testing"

	"cognate/internal/protocol/passwordhash"
)

// A hash says how much work its check is, in the text of another system and in the
// form in which this one keeps it.
func TestS172HashesThatMoveInHaveBounds(t *testing.T) {
	t.Parallel()
	bcrypt := func(cost string) string {
		return "$2b$" + cost + "$" + strings.Repeat("a", 21) + "u" + strings.Repeat("b", 31)
	}
	for cost, want := range map[string]bool{"14": true, "15": false, "31": false} {
		text := Verifier{Algorithm: passwordhash.BCRYPT, Hash: bcrypt(cost)}
		if (text.read() == nil && text.ok()) != want {
			t.Errorf("the text of a hash of cost %s: want %v", cost, want)
		}
		whole, err := passwordhash.Parse(passwordhash.BCRYPT, bcrypt(cost), passwordhash.Bounds{BcryptCost: 31})
		if err != nil {
			t.Fatal(err)
		}
		kept := Verifier{Imported: whole.Stored()}
		if kept.ok() != want {
			t.Errorf("a kept hash of cost %s: want %v", cost, want)
		}
		past := Secrets{History: []PastPassword{{Verifier: Verifier{Imported: whole.Stored()}}}}
		if err := past.check(); (err == nil) != want {
			t.Errorf("a past password of cost %s: %v", cost, err)
		}
	}
	both := Verifier{Salt: []byte{1}, Verifier: []byte{1}}
	if !both.ok() {
		t.Error("a verifier is not taken")
	}
	both.Imported = []byte("{}")
	if both.ok() {
		t.Error("a verifier with a hash that is none is taken")
	}
}
