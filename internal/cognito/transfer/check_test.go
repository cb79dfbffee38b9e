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

// Passwords go to an old pool in the clear only where nobody else can listen.
func TestAddressesThatPasswordsAreSentTo(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"https://cognito-idp.eu-west-1.amazonaws.com": true, "https://192.0.2.7:8443": true,
		"http://localhost:7665": true, "http://127.0.0.1": true, "http://[::1]:80": true,
		"http://old.example.com": false, "http://192.0.2.7": false, "http://localhost.example.com": false, "http://127.0.0.1.example.com": false,
		"https://user:secret@old.example.com": false, "ftp://localhost": false, "localhost:7665": false, "//localhost": false, "": false,
	} {
		if got := safe(address); got != want {
			t.Errorf("%q: %v, want %v", address, got, want)
		}
	}
}
