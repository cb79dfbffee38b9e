// Package onetimekey seals texts that are given out and come back, such as the Session
// of a sign-in, each with a key of its own: AES-256-GCM under the HMAC of what is
// different in each text. Nonces therefore cannot run out, and none is transmitted.
//
// What the texts say, and how they are written, is the business of the callers.
package onetimekey

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
)

// Cipher is for one text.
type Cipher struct{ aead cipher.AEAD }

// New gives the cipher of the text that parts belong to. They are joined as they are,
// so that all but one have a fixed length, and Seal is called once for the same ones:
// something random is among them.
func New(key []byte, parts ...[]byte) (Cipher, error) {
	mac := hmac.New(sha256.New, key)
	for _, part := range parts {
		mac.Write(part)
	}
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		return Cipher{}, fmt.Errorf("make the key of a text: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return Cipher{}, fmt.Errorf("make the key of a text: %w", err)
	}
	return Cipher{aead}, nil
}

// Seal appends the sealed text to dst. Clear is bound to it without being in it.
func (c Cipher) Seal(dst, text, clear []byte) []byte {
	return c.aead.Seal(dst, make([]byte, c.aead.NonceSize()), text, clear)
}

// Open gives the text that was sealed with the same parts and the same clear; an error
// means that it was not.
func (c Cipher) Open(sealed, clear []byte) ([]byte, error) {
	return c.aead.Open(nil, make([]byte, c.aead.NonceSize()), sealed, clear) //nolint:wrapcheck // it says all there is to say
}
