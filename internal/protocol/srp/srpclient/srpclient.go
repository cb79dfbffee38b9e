// Package srpclient is the client half of Cognito's SRP variant: for tests, the load
// generator, and passwords that are checked at another pool
// (internal/outbound/userpools). It shares no code with package srp on purpose, so that a
// mistake in one of them shows: exponents are raised plainly, and the key is
// derived step by step as auth-flows.md §13 writes it.
package srpclient

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"time"
)

const primeText = `
FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD
EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED
EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F
83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B
E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510
15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7
ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C
BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF`

// kText is the hash of the prime and the generator, as auth-flows.md §13 gives it.
const kText = "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6"

// Client is one sign-in attempt. It is not for concurrent use.
type Client struct {
	prime, g, k *big.Int
	a, public   *big.Int
}

// New starts an attempt with a random secret.
func New() *Client {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // documented never to fail
	return NewWithSecret(secret)
}

// NewWithSecret starts an attempt with a given secret a, a big-endian integer.
func NewWithSecret(secret []byte) *Client {
	c := &Client{g: big.NewInt(2), a: new(big.Int).SetBytes(secret)}
	c.prime, _ = new(big.Int).SetString(strings.ReplaceAll(primeText, "\n", ""), 16)
	c.k, _ = new(big.Int).SetString(kText, 16)
	c.public = new(big.Int).Exp(c.g, c.a, c.prime)
	return c
}

// A returns the value for SRP_A.
func (c *Client) A() string { return c.public.Text(16) }

// Challenge is what the server answered, with the password to prove. For a
// device, Name is the group key, UserID the device key and Password the device's
// own password.
type Challenge struct {
	Name        string // pool id after the underscore
	UserID      string // USER_ID_FOR_SRP
	Password    string
	Salt        string // SALT, hexadecimal
	B           string // SRP_B, hexadecimal
	SecretBlock string // SECRET_BLOCK, base64
}

// Sign returns the PASSWORD_CLAIM_SIGNATURE for a challenge at a TIMESTAMP.
func (c *Client) Sign(ch Challenge, timestamp string) (string, error) {
	key, err := c.Key(ch)
	if err != nil {
		return "", err
	}
	block, err := base64.StdEncoding.DecodeString(ch.SecretBlock)
	if err != nil {
		return "", fmt.Errorf("decode SECRET_BLOCK: %w", err)
	}
	message := append([]byte(ch.Name+ch.UserID), block...)
	message = append(message, timestamp...)
	return base64.StdEncoding.EncodeToString(mac(key, message)), nil
}

// Key returns the 16-byte session key for a challenge.
func (c *Client) Key(ch Challenge) ([]byte, error) {
	salt, ok := new(big.Int).SetString(ch.Salt, 16)
	if !ok {
		return nil, fmt.Errorf("SALT %q is not hexadecimal", ch.Salt)
	}
	public, ok := new(big.Int).SetString(ch.B, 16)
	if !ok || new(big.Int).Mod(public, c.prime).Sign() == 0 {
		return nil, fmt.Errorf("SRP_B %q is not usable", ch.B)
	}
	u := new(big.Int).SetBytes(hash(twosComplement(c.public), twosComplement(public)))
	x := secretExponent(ch.Name, ch.UserID, ch.Password, salt)

	// S = (B - k·g^x)^(a + u·x)
	base := new(big.Int).Exp(c.g, x, c.prime)
	base.Mul(base, c.k)
	base.Sub(public, base)
	base.Mod(base, c.prime)
	exponent := new(big.Int).Mul(u, x)
	exponent.Add(exponent, c.a)
	shared := new(big.Int).Exp(base, exponent, c.prime)

	extracted := mac(twosComplement(u), twosComplement(shared))
	return mac(extracted, []byte("Caldera Derived Key\x01"))[:16], nil
}

// DeviceVerifier returns PasswordVerifier and Salt of ConfirmDevice, both
// base64, for a new device.
func DeviceVerifier(groupKey, deviceKey, password string, salt []byte) (verifier, saltText string) {
	c := NewWithSecret([]byte{1})
	n := new(big.Int).SetBytes(salt)
	v := new(big.Int).Exp(c.g, secretExponent(groupKey, deviceKey, password, n), c.prime)
	encode := base64.StdEncoding.EncodeToString
	return encode(twosComplement(v)), encode(twosComplement(n))
}

// Timestamp formats a time as TIMESTAMP.
func Timestamp(t time.Time) string {
	t = t.UTC()
	return fmt.Sprintf("%s %s %d %02d:%02d:%02d UTC %d", t.Weekday().String()[:3], t.Month().String()[:3],
		t.Day(), t.Hour(), t.Minute(), t.Second(), t.Year())
}

func secretExponent(name, userID, password string, salt *big.Int) *big.Int {
	inner := hash([]byte(name), []byte(userID), []byte(":"), []byte(password))
	return new(big.Int).SetBytes(hash(twosComplement(salt), inner))
}

// twosComplement encodes by way of hexadecimal text, as the JavaScript clients do.
func twosComplement(n *big.Int) []byte {
	text := n.Text(16)
	if len(text)%2 == 1 {
		text = "0" + text
	} else if strings.ContainsRune("89abcdef", rune(text[0])) {
		text = "00" + text
	}
	b, _ := hex.DecodeString(text) // Text gives nothing but digits
	return b
}

func hash(parts ...[]byte) []byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

func mac(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}
