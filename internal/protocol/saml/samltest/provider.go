// Package samltest is an identity provider for tests, and for the one that dev plays
// (package testidp): it makes metadata, responses and logout messages as providers do,
// signs and encrypts them, and lets the caller change every part before and after.
// Signatures are those of github.com/russellhaering/goxmldsig. It decides nothing and
// is not for production.
package samltest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

const (
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	instant     = "2006-01-02T15:04:05.000Z"
)

// Provider is an identity provider. Its fields may be changed between messages.
type Provider struct {
	EntityID    string
	SSO, SLO    string
	Key         crypto.Signer
	Certificate *x509.Certificate
	// Method is the algorithm of signatures; empty is RSA-SHA256 or ECDSA-SHA256.
	Method string
	// Canonical makes the canonical form that is signed; nil is the exclusive one.
	Canonical dsig.Canonicalizer
}

// New makes a provider whose RSA key has this many bits; 0 makes an ECDSA key on
// P-256. The certificate is valid for a year around now.
func New(entityID string, bits int, now time.Time) (*Provider, error) {
	var key crypto.Signer
	var err error
	if bits == 0 {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	} else {
		key, err = rsa.GenerateKey(rand.Reader, bits)
	}
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	p := &Provider{EntityID: entityID, SSO: entityID + "/sso", SLO: entityID + "/slo", Key: key}
	p.Certificate, err = Certify(key, now.AddDate(0, -6, 0), now.AddDate(0, 6, 0))
	return p, err
}

// Certify signs a certificate for a key with that key.
func Certify(key crypto.Signer, from, to time.Time) (*x509.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(from.UnixNano()), Subject: pkix.Name{CommonName: "idp"}, NotBefore: from, NotAfter: to,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// Metadata is the document that describes the provider with its own certificate
// and others.
func (p *Provider) Metadata(others ...*x509.Certificate) []byte {
	root := etree.NewElement("md:EntityDescriptor")
	root.CreateAttr("xmlns:md", "urn:oasis:names:tc:SAML:2.0:metadata")
	root.CreateAttr("xmlns:ds", dsig.Namespace)
	root.CreateAttr("entityID", p.EntityID)
	role := root.CreateElement("md:IDPSSODescriptor")
	role.CreateAttr("protocolSupportEnumeration", nsProtocol)
	for _, c := range append([]*x509.Certificate{p.Certificate}, others...) {
		descriptor := role.CreateElement("md:KeyDescriptor")
		descriptor.CreateAttr("use", "signing")
		descriptor.CreateElement("ds:KeyInfo").CreateElement("ds:X509Data").CreateElement("ds:X509Certificate").
			SetText(base64.StdEncoding.EncodeToString(c.Raw))
	}
	for _, service := range [][2]string{{"SingleLogoutService", p.SLO}, {"SingleSignOnService", p.SSO}} {
		if service[1] == "" {
			continue
		}
		e := role.CreateElement("md:" + service[0])
		e.CreateAttr("Binding", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect")
		e.CreateAttr("Location", service[1])
	}
	return Bytes(root)
}

// Sign puts an enveloped signature behind the first child of e. id is the
// attribute ID that the signature refers to.
func (p *Provider) Sign(e *etree.Element) error {
	ctx, err := dsig.NewSigningContext(p.Key, [][]byte{p.Certificate.Raw})
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	ctx.Canonicalizer = p.Canonical
	if p.Canonical == nil {
		ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	}
	method := p.Method
	if _, ok := p.Key.(*ecdsa.PrivateKey); ok && method == "" {
		method = dsig.ECDSASHA256SignatureMethod
	}
	if method != "" {
		if err := ctx.SetSignatureMethod(method); err != nil {
			return fmt.Errorf("sign: %w", err)
		}
	}
	signature, err := ctx.ConstructSignature(e.Copy(), true)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	e.InsertChildAt(min(1, len(e.Child)), signature)
	return nil
}

// Bytes writes a message.
func Bytes(e *etree.Element) []byte {
	written, err := etree.NewDocumentWithRoot(e.Copy()).WriteToBytes()
	if err != nil {
		panic(err) // a bytes.Buffer takes everything
	}
	return written
}

// Post encodes a message for the POST binding.
func Post(e *etree.Element) string { return base64.StdEncoding.EncodeToString(Bytes(e)) }
