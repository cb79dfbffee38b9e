package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
)

const (
	keySize  = 32
	idSize   = 4
	saltSize = 32
	// version is the first byte of everything sealed; another layout has another.
	version = 1
	// mostKeys bounds a key file: one that seals and those on their way in and out.
	mostKeys = 16
)

// Overhead is how much longer a sealed text is than the plain one, in bytes.
const Overhead = 1 + idSize + saltSize + 16

// ErrOpen says that something was not sealed by a key of the ring for this
// purpose, or was changed since.
var ErrOpen = errors.New("seal: cannot be opened")

// Ring is the keys of one key file. The first seals and signs, all of them open.
// A Ring is safe for many goroutines.
type Ring struct {
	keys []key

	mu      sync.Mutex
	signing map[period][]SigningKey // one for each key, in their order
}

type key struct {
	id   [idSize]byte
	root []byte
}

// NewKey makes a line of a key file.
func NewKey() string {
	root := make([]byte, keySize)
	rand.Read(root) // it does not fail: crypto/rand ends the process instead
	return base64.StdEncoding.EncodeToString(root)
}

// Parse reads a key file: a key of 32 bytes in base64 on each line, the one that
// seals first. Empty lines and those that begin with # are passed over. Errors name
// the line and never what is on it.
func Parse(file []byte) (*Ring, error) {
	r := &Ring{signing: map[period][]SigningKey{}}
	number := 0
	for line := range bytes.Lines(file) {
		number++
		text := strings.TrimSpace(string(line))
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		root, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || len(root) != keySize {
			return nil, fmt.Errorf("key file: line %d is not %d bytes in base64", number, keySize)
		}
		id, err := hkdf.Key(sha256.New, root, nil, "cognate gateway key id", idSize)
		if err != nil {
			return nil, fmt.Errorf("key file: line %d: %w", number, err)
		}
		r.keys = append(r.keys, key{[idSize]byte(id), root})
	}
	if len(r.keys) == 0 || len(r.keys) > mostKeys {
		return nil, fmt.Errorf("key file: %d keys, not 1 to %d", len(r.keys), mostKeys)
	}
	return r, nil
}

// Seal encrypts and authenticates a text with AES-256-GCM. What was sealed for one
// purpose cannot be opened for another.
//
// Each text has a key of its own, made from the ring's and a random salt. Under
// one key, random nonces would be safe for some four thousand million texts only.
func (r *Ring) Seal(purpose string, plain []byte) []byte {
	k := r.keys[0]
	out := make([]byte, 1+idSize+saltSize, Overhead+len(plain))
	out[0] = version
	copy(out[1:], k.id[:])
	salt := out[1+idSize:]
	rand.Read(salt) // it does not fail: crypto/rand ends the process instead
	aead, nonce := k.cipher(purpose, salt)
	return aead.Seal(out, nonce, plain, out[:1+idSize])
}

// Open gives what was sealed for a purpose. The error is ErrOpen.
func (r *Ring) Open(purpose string, sealed []byte) ([]byte, error) {
	if len(sealed) < Overhead || sealed[0] != version {
		return nil, ErrOpen
	}
	for _, k := range r.keys {
		if !bytes.Equal(k.id[:], sealed[1:1+idSize]) {
			continue
		}
		aead, nonce := k.cipher(purpose, sealed[1+idSize:1+idSize+saltSize])
		if plain, err := aead.Open(nil, nonce, sealed[1+idSize+saltSize:], sealed[:1+idSize]); err == nil {
			return plain, nil
		}
	}
	return nil, ErrOpen
}

// cipher makes the key of one text, with its nonce.
func (k key) cipher(purpose string, salt []byte) (cipher.AEAD, []byte) {
	const nonceSize = 12
	material := must(hkdf.Key(sha256.New, k.root, salt, "cognate gateway seal "+purpose, keySize+nonceSize))
	return must(cipher.NewGCM(must(aes.NewCipher(material[:keySize])))), material[keySize:]
}

// must is for calls that fail only with sizes other than those of this file.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
