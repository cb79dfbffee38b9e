package onetimekey

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"testing"
)

func cipherOf(t *testing.T, key string, parts ...string) Cipher {
	t.Helper()
	list := make([][]byte, len(parts))
	for i, p := range parts {
		list[i] = []byte(p)
	}
	c, err := New([]byte(key), list...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTextsOpenWithTheirOwnKeyAndPartsOnly(t *testing.T) {
	t.Parallel()
	sealed := cipherOf(t, "key", "salt", "id").Seal([]byte("head"), []byte("text"), []byte("clear"))
	sealed, found := bytes.CutPrefix(sealed, []byte("head"))
	if !found {
		t.Fatal("what was there is gone")
	}
	if text, err := cipherOf(t, "key", "salt", "id").Open(sealed, []byte("clear")); err != nil || string(text) != "text" {
		t.Errorf("%q, %v", text, err)
	}
	for name, c := range map[string]Cipher{
		"another key": cipherOf(t, "kex", "salt", "id"), "another part": cipherOf(t, "key", "salu", "id"), "one part less": cipherOf(t, "key", "salt"),
	} {
		if _, err := c.Open(sealed, []byte("clear")); err == nil {
			t.Errorf("%s opens the text", name)
		}
	}
	if _, err := cipherOf(t, "key", "salt", "id").Open(sealed, []byte("clean")); err == nil {
		t.Error("it opens with something else beside it")
	}
	sealed[0] ^= 1
	if _, err := cipherOf(t, "key", "salt", "id").Open(sealed, []byte("clear")); err == nil {
		t.Error("a changed text opens")
	}
}

// Texts that were given out are opened by every later version.
func TestTheFormIsWhatItWas(t *testing.T) {
	t.Parallel()
	mac := hmac.New(sha256.New, []byte("key"))
	mac.Write([]byte("saltid"))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	want := aead.Seal(nil, make([]byte, 12), []byte("text"), []byte("clear"))
	if got := cipherOf(t, "key", "salt", "id").Seal(nil, []byte("text"), []byte("clear")); !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}
