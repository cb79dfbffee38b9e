package store

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// KeyWrapper seals the data key. The master key behind it stays outside the
// database: in a file, the environment or a key service.
type KeyWrapper interface {
	// ID names the master key without telling anything about it.
	ID() string
	Wrap(ctx context.Context, key []byte) ([]byte, error)
	Unwrap(ctx context.Context, wrapped []byte) ([]byte, error)
}

// MasterKeySize is the length of a master key in bytes.
const MasterKeySize = 32

// localWrapper wraps with a master key that this process holds.
type localWrapper struct {
	id   string
	aead cipher.AEAD
}

// NewLocalWrapper wraps the data key with a master key of MasterKeySize bytes.
func NewLocalWrapper(masterKey []byte) (KeyWrapper, error) {
	if len(masterKey) != MasterKeySize {
		return nil, fmt.Errorf("master key has %d bytes, not %d", len(masterKey), MasterKeySize)
	}
	id, err := hkdf.Key(sha256.New, masterKey, nil, "cognate master key id", 8)
	if err != nil {
		return nil, fmt.Errorf("derive master key id: %w", err)
	}
	key, err := hkdf.Key(sha256.New, masterKey, nil, "cognate data key wrapping", 32)
	if err != nil {
		return nil, fmt.Errorf("derive wrapping key: %w", err)
	}
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	return &localWrapper{id: hex.EncodeToString(id), aead: aead}, nil
}

func (w *localWrapper) ID() string { return w.id }

func (w *localWrapper) Wrap(_ context.Context, key []byte) ([]byte, error) {
	return w.aead.Seal(nil, nil, key, []byte(w.id)), nil
}

func (w *localWrapper) Unwrap(_ context.Context, wrapped []byte) ([]byte, error) {
	key, err := w.aead.Open(nil, nil, wrapped, []byte(w.id))
	if err != nil {
		return nil, fmt.Errorf("open data key with master key %s: %w", w.id, err)
	}
	return key, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("set up AES: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("set up GCM: %w", err)
	}
	return aead, nil
}

func (cfg Config) wrapper() (KeyWrapper, error) {
	switch {
	case cfg.Wrapper != nil:
		return cfg.Wrapper, nil
	case len(cfg.MasterKey) == 0 && cfg.Memory:
		return NewLocalWrapper(newKey())
	case len(cfg.MasterKey) == 0:
		return nil, errors.New("no master key given")
	}
	return NewLocalWrapper(cfg.MasterKey)
}

func newKey() []byte {
	key := make([]byte, MasterKeySize)
	rand.Read(key) // never fails
	return key
}

// keyring holds the data key: the root of everything sealed or signed by
// this database.
type keyring struct {
	id      string // of the data key: 8 hex digits
	prefix  []byte // the same as 4 bytes; begins every sealed value
	root    []byte
	aead    cipher.AEAD
	wrapper KeyWrapper
}

func newKeyring(id string, root []byte, w KeyWrapper) (*keyring, error) {
	prefix, err := hex.DecodeString(id)
	if err != nil || len(prefix) != 4 {
		return nil, fmt.Errorf("data key has a malformed id %q", id)
	}
	k := &keyring{id: id, prefix: prefix, root: root, wrapper: w}
	k.aead, err = newAEAD(k.Key("seal rows"))
	return k, err
}

// Key derives a secret of 32 bytes for one purpose, such as "session". The
// same purpose gives the same key on every node and after every restart.
func (k *keyring) Key(purpose string) []byte {
	key, err := hkdf.Key(sha256.New, k.root, nil, "cognate "+purpose, 32)
	if err != nil {
		panic("derive key: " + err.Error()) // only for lengths that HKDF cannot give
	}
	return key
}

// Seal encrypts a value for one place: it opens only with the same table,
// column and row.
func (k *keyring) Seal(table, column, row string, plain []byte) []byte {
	return k.aead.Seal(slices.Clip(k.prefix), nil, plain, place(table, column, row))
}

// Unseal decrypts what Seal made for that place.
func (k *keyring) Unseal(table, column, row string, sealed []byte) ([]byte, error) {
	if len(sealed) < len(k.prefix) || string(sealed[:len(k.prefix)]) != string(k.prefix) {
		return nil, fmt.Errorf("unseal %s.%s: not sealed with the data key %s", table, column, k.id)
	}
	plain, err := k.aead.Open(nil, nil, sealed[len(k.prefix):], place(table, column, row))
	if err != nil {
		return nil, fmt.Errorf("unseal %s.%s: %w", table, column, err)
	}
	return plain, nil
}

func place(table, column, row string) []byte {
	return []byte(table + "\x00" + column + "\x00" + row)
}

// rowID names a row by its key. No part holds U+0000: PostgreSQL refuses it.
func rowID(parts ...string) string { return strings.Join(parts, "\x00") }
