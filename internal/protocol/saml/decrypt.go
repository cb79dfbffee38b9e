package saml

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	_ "crypto/sha1"   //nolint:gosec // for RSA-OAEP, which does not need it to resist collisions
	_ "crypto/sha256" // for RSA-OAEP
	"errors"

	"github.com/beevik/etree"
)

// errDecrypt is every failure to open an assertion, up to its signature: wrong
// algorithm, key, padding or tag, or a content that is none (S101). Whoever can
// tell one from another can read what is encrypted.
var errDecrypt = errors.New("assertion cannot be opened")

// Identifiers of XML Encryption 1.1 §5. PKCS #1 v1.5 and Triple DES are missing
// on purpose.
const (
	oaepMGF1SHA1 = nsEncrypt + "rsa-oaep-mgf1p"
	oaep         = nsEncrypt11 + "rsa-oaep"
)

type contentCipher struct {
	keySize int // bytes
	open    func(cipher.Block, []byte) ([]byte, error)
}

var contentCiphers = map[string]contentCipher{
	nsEncrypt11 + "aes128-gcm": {16, openGCM},
	nsEncrypt11 + "aes192-gcm": {24, openGCM},
	nsEncrypt11 + "aes256-gcm": {32, openGCM},
	nsEncrypt + "aes128-cbc":   {16, openCBC},
	nsEncrypt + "aes192-cbc":   {24, openCBC},
	nsEncrypt + "aes256-cbc":   {32, openCBC},
}

var oaepDigests = map[string]crypto.Hash{
	"":                                       crypto.SHA1, // the default
	"http://www.w3.org/2000/09/xmldsig#sha1": crypto.SHA1,
	nsEncrypt + "sha256":                     crypto.SHA256,
}

var oaepMasks = map[string]crypto.Hash{
	"":                         crypto.SHA1, // the default
	nsEncrypt11 + "mgf1sha1":   crypto.SHA1,
	nsEncrypt11 + "mgf1sha256": crypto.SHA256,
}

// decrypt opens an EncryptedAssertion. All algorithms are looked at before a key
// is used. The only error is errDecrypt.
func decrypt(encrypted *etree.Element, key *rsa.PrivateKey) (*etree.Element, error) {
	data := only(encrypted, nsEncrypt, "EncryptedData")
	wrapped := encryptedKey(encrypted, data)
	content, ok := contentCiphers[attributeOf(only(data, nsEncrypt, "EncryptionMethod"), "Algorithm")]
	options := oaepOptions(only(wrapped, nsEncrypt, "EncryptionMethod"))
	if !ok || options == nil || key == nil {
		return nil, errDecrypt
	}
	wrappedKey, err := cipherValue(wrapped)
	if err != nil {
		return nil, errDecrypt
	}
	sealed, err := cipherValue(data)
	if err != nil {
		return nil, errDecrypt
	}
	secret, err := key.Decrypt(nil, wrappedKey, options)
	if err != nil || len(secret) != content.keySize {
		return nil, errDecrypt
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, errDecrypt
	}
	plain, err := content.open(block, sealed)
	if err != nil {
		return nil, errDecrypt
	}
	assertion, err := parse(plain, false)
	if err != nil {
		return nil, errDecrypt
	}
	return assertion, nil
}

// encryptedKey finds the one EncryptedKey: in the KeyInfo of the data or beside
// the data (SAML core §2.2.4).
func encryptedKey(encrypted, data *etree.Element) *etree.Element {
	if data == nil {
		return nil
	}
	found := children(encrypted, nsEncrypt, "EncryptedKey")
	for _, info := range children(data, nsSignature, "KeyInfo") {
		found = append(found, children(info, nsEncrypt, "EncryptedKey")...)
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// oaepOptions are the options for an EncryptionMethod of a key, nil if it is not
// taken.
func oaepOptions(method *etree.Element) *rsa.OAEPOptions {
	if method == nil {
		return nil
	}
	digests := children(method, nsSignature, "DigestMethod")
	masks := children(method, nsEncrypt11, "MGF")
	if len(digests) > 1 || len(masks) > 1 || len(children(method, nsEncrypt, "OAEPparams")) > 0 {
		return nil
	}
	var digestName, maskName string
	for _, d := range digests {
		digestName = attributeOf(d, "Algorithm")
	}
	for _, m := range masks {
		maskName = attributeOf(m, "Algorithm")
	}
	digest, digestTaken := oaepDigests[digestName]
	mask, maskTaken := oaepMasks[maskName]
	switch algorithm := attributeOf(method, "Algorithm"); {
	case !digestTaken, !maskTaken:
		return nil
	case algorithm == oaepMGF1SHA1:
		return &rsa.OAEPOptions{Hash: digest, MGFHash: crypto.SHA1}
	case algorithm == oaep:
		return &rsa.OAEPOptions{Hash: digest, MGFHash: mask}
	}
	return nil
}

// cipherValue reads CipherData/CipherValue. A CipherReference would make us fetch.
func cipherValue(e *etree.Element) ([]byte, error) {
	value := only(only(e, nsEncrypt, "CipherData"), nsEncrypt, "CipherValue")
	if value == nil {
		return nil, errDecrypt
	}
	return decodeBase64(text(value))
}

// openGCM opens nonce, ciphertext and tag (XML Encryption 1.1 §5.2.4).
func openGCM(block cipher.Block, sealed []byte) ([]byte, error) {
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	if len(sealed) < gcm.NonceSize() {
		return nil, errDecrypt
	}
	return gcm.Open(nil, sealed[:gcm.NonceSize()], sealed[gcm.NonceSize():], nil)
}

// openCBC opens an initialisation vector and ciphertext. The last byte says how
// many to take away; the others of the padding may be anything (XML Encryption
// 1.1 §5.2.3).
func openCBC(block cipher.Block, sealed []byte) ([]byte, error) {
	if len(sealed) < 2*aes.BlockSize || len(sealed)%aes.BlockSize != 0 {
		return nil, errDecrypt
	}
	plain := make([]byte, len(sealed)-aes.BlockSize)
	cipher.NewCBCDecrypter(block, sealed[:aes.BlockSize]).CryptBlocks(plain, sealed[aes.BlockSize:])
	padding := int(plain[len(plain)-1])
	if padding < 1 || padding > aes.BlockSize {
		return nil, errDecrypt
	}
	return plain[:len(plain)-padding], nil
}
