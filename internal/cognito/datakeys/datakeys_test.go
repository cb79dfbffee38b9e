package datakeys

import (
	"bytes"
	"errors"
	"testing"
)

func TestS165DataKeysOpenInTheirContextOnly(t *testing.T) {
	t.Parallel()
	l := Local{Key: bytes.Repeat([]byte{1}, 32)}
	pool := map[string]string{"userpool-id": "us-east-1_A"}
	key, err := l.Generate("arn:key", pool)
	if err != nil {
		t.Fatal(err)
	}
	arn, plaintext, err := l.Open(key.Sealed, pool)
	if err != nil || arn != "arn:key" || !bytes.Equal(plaintext, key.Plaintext) || bytes.Contains(key.Sealed, key.Plaintext) {
		t.Fatalf("%s %v", arn, err)
	}
	for name, try := range map[string]func() error{
		"other context": func() error {
			_, _, err := l.Open(key.Sealed, map[string]string{"userpool-id": "us-east-1_B"})
			return err
		},
		"no context": func() error { _, _, err := l.Open(key.Sealed, nil); return err },
		"other key": func() error {
			_, _, err := Local{Key: bytes.Repeat([]byte{2}, 32)}.Open(key.Sealed, pool)
			return err
		},
		"nothing": func() error { _, _, err := l.Open(nil, pool); return err },
		"cut":     func() error { _, _, err := l.Open(key.Sealed[:8], pool); return err },
	} {
		if err := try(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range key.Sealed {
		changed := bytes.Clone(key.Sealed)
		changed[i] ^= 1
		if _, _, err := l.Open(changed, pool); !errors.Is(err, ErrInvalid) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
	}
}
