package samltest

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/beevik/etree"
)

const (
	xenc   = "http://www.w3.org/2001/04/xmlenc#"
	xenc11 = "http://www.w3.org/2009/xmlenc11#"
	ds     = "http://www.w3.org/2000/09/xmldsig#"
)

// Encryption says how an assertion is encrypted. Empty fields are AES-256-GCM and
// RSA-OAEP with SHA-1.
type Encryption struct {
	Content   string // algorithm
	Transport string // algorithm
	Digest    crypto.Hash
	Mask      crypto.Hash // of RSA-OAEP in XML Encryption 1.1
	Beside    bool        // the key stands beside the data and not in it
	// Damage changes what was encrypted; nil leaves it.
	Damage func(sealed []byte) []byte
}

var hashNames = map[crypto.Hash]string{crypto.SHA1: ds + "sha1", crypto.SHA256: xenc + "sha256", crypto.SHA512: xenc + "sha512"}

var maskNames = map[crypto.Hash]string{crypto.SHA1: xenc11 + "mgf1sha1", crypto.SHA256: xenc11 + "mgf1sha256"}

// Encrypt makes an EncryptedAssertion.
func Encrypt(plain []byte, key *rsa.PublicKey, how Encryption) (*etree.Element, error) {
	if how.Content == "" {
		how.Content = xenc11 + "aes256-gcm"
	}
	if how.Transport == "" {
		how.Transport = xenc + "rsa-oaep-mgf1p"
	}
	secret := make([]byte, keySize(how.Content))
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	sealed, err := seal(secret, plain, how.Content)
	if err != nil {
		return nil, err
	}
	if how.Damage != nil {
		sealed = how.Damage(sealed)
	}
	wrapped, err := wrap(secret, key, how)
	if err != nil {
		return nil, fmt.Errorf("wrap key: %w", err)
	}
	root := etree.NewElement("saml:EncryptedAssertion")
	root.CreateAttr("xmlns:saml", nsAssertion)
	data := root.CreateElement("xenc:EncryptedData")
	data.CreateAttr("xmlns:xenc", xenc)
	data.CreateAttr("Type", xenc+"Element")
	data.CreateElement("xenc:EncryptionMethod").CreateAttr("Algorithm", how.Content)
	if how.Beside {
		root.AddChild(wrapped)
	} else {
		info := data.CreateElement("ds:KeyInfo")
		info.CreateAttr("xmlns:ds", ds)
		info.AddChild(wrapped)
	}
	data.CreateElement("xenc:CipherData").CreateElement("xenc:CipherValue").SetText(base64.StdEncoding.EncodeToString(sealed))
	return root, nil
}

func keySize(content string) int {
	switch {
	case strings.Contains(content, "192"), strings.Contains(content, "tripledes"):
		return 24
	case strings.Contains(content, "256"):
		return 32
	}
	return 16
}

// seal encrypts with GCM, or else with CBC.
func seal(secret, plain []byte, content string) ([]byte, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(content, "-gcm") {
		gcm, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, err
		}
		return gcm.Seal(nil, nil, plain, nil), nil
	}
	padding := aes.BlockSize - len(plain)%aes.BlockSize
	padded := append(append([]byte{}, plain...), make([]byte, padding)...)
	padded[len(padded)-1] = byte(padding)
	sealed := make([]byte, aes.BlockSize+len(padded))
	if _, err := rand.Read(sealed[:aes.BlockSize]); err != nil {
		return nil, err
	}
	cipher.NewCBCEncrypter(block, sealed[:aes.BlockSize]).CryptBlocks(sealed[aes.BlockSize:], padded)
	return sealed, nil
}

func wrap(secret []byte, key *rsa.PublicKey, how Encryption) (*etree.Element, error) {
	e := etree.NewElement("xenc:EncryptedKey")
	e.CreateAttr("xmlns:xenc", xenc)
	method := e.CreateElement("xenc:EncryptionMethod")
	method.CreateAttr("Algorithm", how.Transport)
	if how.Digest != 0 {
		digest := method.CreateElement("ds:DigestMethod")
		digest.CreateAttr("xmlns:ds", ds)
		digest.CreateAttr("Algorithm", hashNames[how.Digest])
	} else {
		how.Digest = crypto.SHA1
	}
	if how.Mask != 0 {
		mask := method.CreateElement("xenc11:MGF")
		mask.CreateAttr("xmlns:xenc11", xenc11)
		mask.CreateAttr("Algorithm", maskNames[how.Mask])
	} else {
		how.Mask = crypto.SHA1
	}
	var wrapped []byte
	var err error
	if strings.HasSuffix(how.Transport, "rsa-1_5") {
		wrapped, err = rsa.EncryptPKCS1v15(rand.Reader, key, secret) //nolint:staticcheck // to be refused
	} else {
		wrapped, err = rsa.EncryptOAEPWithOptions(rand.Reader, key, secret, &rsa.OAEPOptions{Hash: how.Digest, MGFHash: how.Mask})
	}
	if err != nil {
		return nil, err
	}
	e.CreateElement("xenc:CipherData").CreateElement("xenc:CipherValue").SetText(base64.StdEncoding.EncodeToString(wrapped))
	return e, nil
}
