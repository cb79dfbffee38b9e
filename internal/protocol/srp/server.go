package srp

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
)

const (
	// SecretSize is the length of the server's secret b in bytes. Longer
	// secrets cost time and give no strength (dependencies.md §5).
	SecretSize = 32

	keySize       = 16
	keyInfo       = "Caldera Derived Key"
	maxPublicText = 2*modulusSize + 16 // some clients send a zero byte in front
)

var (
	// ErrPublicValue says that a client's A is not hexadecimal or not between
	// 1 and N-1 (S060).
	ErrPublicValue = errors.New("srp: A is not a usable public value")
	// ErrDegenerate says that a value of the exchange would give the key
	// away: u, b or B is zero. With honest values it does not happen.
	ErrDegenerate = errors.New("srp: degenerate exchange")
	// ErrSignature says that the client did not prove the password.
	ErrSignature = errors.New("srp: signature does not match")
)

// ParsePublic reads A as a client sends it, hexadecimal in either case, and
// returns it in 384 bytes. The error is ErrPublicValue.
func ParsePublic(text string) ([]byte, error) {
	if text == "" || len(text) > maxPublicText {
		return nil, ErrPublicValue
	}
	for i := range len(text) {
		if !isHex(text[i]) { // SetString would also take a sign
			return nil, ErrPublicValue
		}
	}
	a, ok := new(big.Int).SetString(text, 16)
	if !ok || !inGroup(a) {
		return nil, ErrPublicValue
	}
	return fixed(a), nil
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// NewSecret returns a random secret b for one exchange.
func NewSecret() []byte { return randomBytes(SecretSize) }

// Server is the server's half of one exchange.
type Server struct {
	verifier *big.Int // v
	secret   *big.Int // b
	public   *big.Int // B
}

// NewServer starts an exchange: it computes B = k·v + g^b mod N. The verifier is
// an unsigned big-endian integer of any length; the secret has SecretSize bytes.
func NewServer(verifier, secret []byte) (*Server, error) {
	s, err := withoutPublic(verifier, secret)
	if err != nil {
		return nil, err
	}
	s.public.Mul(multiplier, s.verifier)
	s.public.Add(s.public, powG(secret)).Mod(s.public, modulus)
	return s.checked()
}

// ResumeServer continues an exchange begun by NewServer with the same verifier
// and secret, taking B from the caller instead of computing it again.
func ResumeServer(verifier, secret, public []byte) (*Server, error) {
	s, err := withoutPublic(verifier, secret)
	if err != nil {
		return nil, err
	}
	s.public.SetBytes(public)
	return s.checked()
}

func withoutPublic(verifier, secret []byte) (*Server, error) {
	if len(secret) != SecretSize {
		return nil, fmt.Errorf("srp: secret has %d bytes, want %d", len(secret), SecretSize)
	}
	v := new(big.Int).SetBytes(verifier)
	if !inGroup(v) {
		return nil, errors.New("srp: verifier is not a group element")
	}
	return &Server{verifier: v, secret: new(big.Int).SetBytes(secret), public: new(big.Int)}, nil
}

func (s *Server) checked() (*Server, error) {
	if s.secret.Sign() == 0 || !inGroup(s.public) {
		return nil, ErrDegenerate
	}
	return s, nil
}

// Public returns B in 384 bytes.
func (s *Server) Public() []byte { return fixed(s.public) }

// PublicHex returns B as clients expect it in SRP_B: lower-case hexadecimal
// without leading zeros.
func (s *Server) PublicHex() string { return s.public.Text(16) }

// Key returns the 16-byte key both sides share once the client, whose public
// value is clientPublic, has used the right password. Errors are ErrPublicValue
// and ErrDegenerate.
func (s *Server) Key(clientPublic []byte) ([]byte, error) {
	a := new(big.Int).SetBytes(clientPublic)
	if !inGroup(a) {
		return nil, ErrPublicValue
	}
	u := hashInts(a, s.public)
	shared, err := s.shared(a, u)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, pad(shared), pad(u), keyInfo, keySize)
	if err != nil {
		return nil, fmt.Errorf("derive the session key: %w", err)
	}
	return key, nil
}

// shared returns S = (A·v^u)^b mod N.
func (s *Server) shared(a, u *big.Int) (*big.Int, error) {
	if u.Sign() == 0 {
		return nil, ErrDegenerate // v would drop out of S
	}
	base := new(big.Int).Exp(s.verifier, u, modulus)
	base.Mul(base, a).Mod(base, modulus)
	return base.Exp(base, s.secret, modulus), nil
}
