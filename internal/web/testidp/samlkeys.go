package testidp

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"

	"cognate/internal/protocol/saml/samltest"
)

// samlKeys is what the SAML provider signs with.
type samlKeys struct {
	key         *rsa.PrivateKey
	certificate *x509.Certificate
	former      *x509.Certificate // before the last rotation, or nil
}

// entity gives the SAML provider with its key, and its former certificate.
func (p *Providers) entity() (samltest.Provider, *x509.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.saml == nil {
		var err error
		if p.saml, err = p.newSAMLKeys(); err != nil {
			return samltest.Provider{}, nil, err
		}
	}
	return p.as(p.saml), p.saml.former, nil
}

// as is the SAML provider with these keys.
func (p *Providers) as(k *samlKeys) samltest.Provider {
	at := p.URL(SAML)
	return samltest.Provider{EntityID: at, SSO: at + "/sso", SLO: at + "/slo", Key: k.key, Certificate: k.certificate}
}

func (p *Providers) rotateSAML() error {
	fresh, err := p.newSAMLKeys()
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.saml != nil {
		fresh.former = p.saml.certificate
	}
	p.saml = fresh
	return nil
}

func (p *Providers) newSAMLKeys() (*samlKeys, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make the key of the SAML test provider: %w", err)
	}
	now := p.now()
	certificate, err := samltest.Certify(key, now.AddDate(0, 0, -1), now.AddDate(10, 0, 0))
	if err != nil {
		return nil, fmt.Errorf("make the certificate of the SAML test provider: %w", err)
	}
	return &samlKeys{key: key, certificate: certificate}, nil
}
