package awscrypto

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
)

const (
	version     = 2
	suite       = 0x0478
	framed      = 2
	frameLength = 4096 // bytes; longer texts are refused, as one frame is written
	idSize      = 32
	keySize     = 32
	ivSize      = 12
	endOfFrames = 0xFFFFFFFF
)

// DataKey is the key of one message, in clear and as its provider sealed it.
type DataKey struct {
	Provider, Info string // such as aws-kms and the ARN of a key
	Plaintext      []byte // 32 bytes
	Sealed         []byte
}

// Seal writes a message. The context is not secret, and has to be the one that the
// provider sealed the data key with.
func Seal(key DataKey, context map[string]string, plaintext []byte) ([]byte, error) {
	if len(plaintext) > frameLength {
		return nil, errors.New("awscrypto: text is longer than a frame")
	}
	id := make([]byte, idSize)
	rand.Read(id) // never fails
	aead, commitment, err := derive(key.Plaintext, id)
	if err != nil {
		return nil, err
	}
	var message bytes.Buffer
	if err := writeHeader(&message, key, context, id, commitment); err != nil {
		return nil, err
	}
	message.Write(aead.Seal(nil, make([]byte, ivSize), nil, message.Bytes()))
	writeFrame(&message, aead, id, plaintext)
	return message.Bytes(), nil
}

// derive gives the cipher of a message and the value that commits to its key.
func derive(key, id []byte) (cipher.AEAD, []byte, error) {
	if len(key) != keySize {
		return nil, nil, fmt.Errorf("awscrypto: data key has %d bytes", len(key))
	}
	label := binary.BigEndian.AppendUint16(nil, suite)
	derived, err := hkdf.Key(sha512.New, key, id, string(label)+"DERIVEKEY", keySize)
	if err != nil {
		return nil, nil, fmt.Errorf("awscrypto: derive key: %w", err)
	}
	commitment, err := hkdf.Key(sha512.New, key, id, "COMMITKEY", keySize)
	if err != nil {
		return nil, nil, fmt.Errorf("awscrypto: derive commitment: %w", err)
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, nil, fmt.Errorf("awscrypto: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, nil, fmt.Errorf("awscrypto: %w", err)
	}
	return aead, commitment, nil
}

// writeHeader writes everything in front of the header's authentication tag.
func writeHeader(w *bytes.Buffer, key DataKey, context map[string]string, id, commitment []byte) error {
	w.WriteByte(version)
	number(w, suite)
	w.Write(id)
	encoded, err := encodeContext(context)
	if err != nil {
		return err
	}
	if err := text(w, encoded); err != nil {
		return err
	}
	number(w, 1)
	for _, part := range [][]byte{[]byte(key.Provider), []byte(key.Info), key.Sealed} {
		if err := text(w, part); err != nil {
			return err
		}
	}
	w.WriteByte(framed)
	w.Write(binary.BigEndian.AppendUint32(nil, frameLength))
	w.Write(commitment)
	return nil
}

// encodeContext writes the pairs of a context sorted by name; no pairs are no
// bytes.
func encodeContext(context map[string]string) ([]byte, error) {
	if len(context) == 0 {
		return nil, nil
	}
	var b bytes.Buffer
	number(&b, len(context))
	for _, name := range slices.Sorted(maps.Keys(context)) {
		for _, part := range []string{name, context[name]} {
			if err := text(&b, []byte(part)); err != nil {
				return nil, err
			}
		}
	}
	return b.Bytes(), nil
}

// writeFrame writes the text as the first and last frame.
func writeFrame(w *bytes.Buffer, aead cipher.AEAD, id, plaintext []byte) {
	const sequence = 1
	iv := make([]byte, ivSize)
	binary.BigEndian.PutUint32(iv[ivSize-4:], sequence)
	aad := append(slices.Clone(id), "AWSKMSEncryptionClient Final Frame"...)
	aad = binary.BigEndian.AppendUint32(aad, sequence)
	aad = binary.BigEndian.AppendUint64(aad, uint64(len(plaintext)))
	w.Write(binary.BigEndian.AppendUint32(nil, endOfFrames))
	w.Write(binary.BigEndian.AppendUint32(nil, sequence))
	w.Write(iv)
	w.Write(binary.BigEndian.AppendUint32(nil, uint32(len(plaintext))))
	w.Write(aead.Seal(nil, iv, plaintext, aad))
}

// number writes 16 bits.
func number(w *bytes.Buffer, n int) {
	w.Write(binary.BigEndian.AppendUint16(nil, uint16(n)))
}

// text writes bytes with their length in front.
func text(w *bytes.Buffer, b []byte) error {
	if len(b) > 0xFFFF {
		return errors.New("awscrypto: part of the header is too long")
	}
	number(w, len(b))
	w.Write(b)
	return nil
}
