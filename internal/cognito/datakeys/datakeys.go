// Package datakeys makes and opens data keys without a key service, for
// development: what AWS KMS would do with a key of its own is done with one key of
// the installation, whatever ARN a pool names (triggers.md §6.4).
package datakeys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"cognate/internal/protocol/awscrypto"
)

// Local seals data keys with Key, 32 secret bytes.
type Local struct{ Key []byte }

// ErrInvalid is the answer to what Generate has not made, or made for another
// context.
var ErrInvalid = errors.New("datakeys: not a sealed data key of this installation")

const (
	format = 1
	// Provider is what messages call the key service.
	Provider = "aws-kms"
)

// Generate makes a data key under the key of an ARN.
func (l Local) Generate(arn string, context map[string]string) (awscrypto.DataKey, error) {
	aead, err := l.aead()
	if err != nil {
		return awscrypto.DataKey{}, err
	}
	if len(arn) > 0xFFFF {
		return awscrypto.DataKey{}, errors.New("datakeys: ARN is too long")
	}
	plaintext := make([]byte, 32)
	rand.Read(plaintext) // never fails
	head := append(binary.BigEndian.AppendUint16([]byte{format}, uint16(len(arn))), arn...)
	bound, err := associated(head, context)
	if err != nil {
		return awscrypto.DataKey{}, err
	}
	return awscrypto.DataKey{
		Provider: Provider, Info: arn, Plaintext: plaintext, Sealed: append(head, aead.Seal(nil, nil, plaintext, bound)...),
	}, nil
}

// Open gives a data key that Generate made, and the ARN it was made under.
func (l Local) Open(sealed []byte, context map[string]string) (arn string, plaintext []byte, err error) {
	if len(sealed) < 3 || sealed[0] != format {
		return "", nil, ErrInvalid
	}
	end := 3 + int(binary.BigEndian.Uint16(sealed[1:]))
	if len(sealed) < end {
		return "", nil, ErrInvalid
	}
	aead, err := l.aead()
	if err != nil {
		return "", nil, err
	}
	bound, err := associated(sealed[:end], context)
	if err != nil {
		return "", nil, err
	}
	if plaintext, err = aead.Open(nil, nil, sealed[end:], bound); err != nil {
		return "", nil, ErrInvalid
	}
	return string(sealed[3:end]), plaintext, nil
}

func (l Local) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(l.Key)
	if err != nil {
		return nil, fmt.Errorf("datakeys: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// associated binds a sealed key to its ARN and context. JSON sorts the names.
func associated(head []byte, context map[string]string) ([]byte, error) {
	text, err := json.Marshal(context)
	if err != nil {
		return nil, fmt.Errorf("datakeys: %w", err)
	}
	return append(append([]byte{}, head...), text...), nil
}
