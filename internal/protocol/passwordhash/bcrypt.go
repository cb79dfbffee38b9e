package passwordhash

import (
	"encoding/base64"
	"fmt"

	//nolint:staticcheck // bcrypt is made of it, and its package takes no salt
	"golang.org/x/crypto/blowfish"
)

const (
	bcryptText   = 60 // characters of a whole hash
	bcryptSalt   = 22 // characters
	bcryptDigits = 23 // bytes of the digest
	bcryptKey    = 72 // bytes of a password that count, with the zero at its end
	lowestCost   = 4
)

// bcryptVariants are the letters after $2: x is the one whose makers took
// characters for signed numbers, the others compute alike.
const bcryptVariants = "abxy"

func bcryptEncoding() *base64.Encoding {
	return base64.NewEncoding("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789").WithPadding(base64.NoPadding)
}

// parseBcrypt reads $2b$12$, the salt and the digest.
func parseBcrypt(text string, bounds Bounds) (kept, []byte, error) {
	if len(text) != bcryptText || text[:2] != "$2" || text[3] != '$' || text[6] != '$' {
		return kept{}, nil, ErrForm
	}
	k := kept{Variant: text[2]}
	known := false
	for i := range len(bcryptVariants) {
		known = known || bcryptVariants[i] == k.Variant
	}
	var ok bool
	if k.Cost, ok = digits(text[4:6]); !ok || !known || k.Cost < lowestCost {
		return kept{}, nil, ErrForm
	}
	var err error
	if k.Salt, err = bcryptEncoding().DecodeString(text[7 : 7+bcryptSalt]); err != nil {
		return kept{}, nil, ErrForm
	}
	digest, err := bcryptEncoding().DecodeString(text[7+bcryptSalt:])
	if err != nil {
		return kept{}, nil, ErrForm
	}
	if k.Cost > bounds.BcryptCost {
		return kept{}, nil, ErrBounds
	}
	return k, digest, nil
}

// bcryptDigest computes bcrypt. Of a password the first 72 bytes count, with its
// closing zero if that is among them; those who made the hash cut it as well.
func bcryptDigest(variant byte, password string, salt []byte, cost int) ([]byte, error) {
	key := cycled(variant, append([]byte(password), 0))
	cipher, err := blowfish.NewSaltedCipher(key, salt)
	if err != nil {
		return nil, fmt.Errorf("set up bcrypt: %w", err)
	}
	for range uint64(1) << cost {
		blowfish.ExpandKey(key, cipher)
		blowfish.ExpandKey(salt, cipher)
	}
	text := []byte("OrpheanBeholderScryDoubt")
	for at := 0; at < len(text); at += blowfish.BlockSize {
		for range 64 {
			cipher.Encrypt(text[at:], text[at:])
		}
	}
	return text[:bcryptDigits], nil
}

// cycled gives the 72 bytes of key that a password stands for: itself, over and
// over. Of the variant x each word is put together from signed characters, so that
// one above 127 sets all bits of those before it in its word.
func cycled(variant byte, password []byte) []byte {
	key := make([]byte, bcryptKey)
	for i := range key {
		key[i] = password[i%len(password)]
		if variant == 'x' && key[i] >= 0x80 {
			for before := i - i%4; before < i; before++ {
				key[before] = 0xff
			}
		}
	}
	return key
}
