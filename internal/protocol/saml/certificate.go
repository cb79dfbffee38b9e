package saml

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"
)

// certificateYears is how long certificates last (federation.md §3.1).
const certificateYears = 10

// NewCertificate signs a certificate for a key with that key (DER). It is valid
// for ten years; called again with the same key it renews the certificate. name is
// the common name.
func NewCertificate(key *rsa.PrivateKey, name string, now time.Time) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("make serial number: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber:       serial.Add(serial, big.NewInt(1)), // not 0 (RFC 5280 §4.1.2.2)
		Subject:            pkix.Name{CommonName: name},
		NotBefore:          now.UTC(),
		NotAfter:           now.UTC().AddDate(certificateYears, 0, 0),
		KeyUsage:           x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		SignatureAlgorithm: x509.SHA256WithRSA,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate: %w", err)
	}
	return der, nil
}
