package saml

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// Sizes of RSA keys that are used, in bits (S094, S172).
const (
	minRSA = 2048
	maxRSA = 8192
)

// signatureMethods are the algorithms that are taken. HMAC, SHA-1 and everything
// else is not.
var signatureMethods = map[string]x509.SignatureAlgorithm{
	dsig.RSASHA256SignatureMethod:   x509.SHA256WithRSA,
	dsig.RSASHA384SignatureMethod:   x509.SHA384WithRSA,
	dsig.RSASHA512SignatureMethod:   x509.SHA512WithRSA,
	dsig.ECDSASHA256SignatureMethod: x509.ECDSAWithSHA256,
	dsig.ECDSASHA384SignatureMethod: x509.ECDSAWithSHA384,
	dsig.ECDSASHA512SignatureMethod: x509.ECDSAWithSHA512,
}

var digestMethods = []string{
	"http://www.w3.org/2001/04/xmlenc#sha256",
	"http://www.w3.org/2001/04/xmldsig-more#sha384",
	"http://www.w3.org/2001/04/xmlenc#sha512",
}

// exclusiveForms are the canonical forms that are taken. With and without
// comments is the same here, as there are none.
var exclusiveForms = []string{nsExclusive, nsExclusive + "WithComments"}

// idPattern is that of an NCName, in ASCII.
var idPattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,255}$`)

// usable reports whether signatures by this kind and size of key are taken.
func usable(c *x509.Certificate) bool {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		bits := key.N.BitLen()
		return bits >= minRSA && bits <= maxRSA
	case *ecdsa.PublicKey:
		return key.Curve.Params().BitSize >= 256
	}
	return false
}

// verify checks the signature that e carries against the certificates, one of
// which has to be valid at now, and gives what was signed: a tree made from the
// digested bytes, without the signature.
func verify(e *etree.Element, signers []*x509.Certificate, now time.Time) (*etree.Element, error) {
	e = detach(e)
	signature := only(e, nsSignature, "Signature")
	if signature == nil {
		return nil, errors.New("not one signature")
	}
	id := attributeOf(e, "ID")
	method, err := checkSignature(signature, id)
	if err != nil {
		return nil, err
	}
	if err := prepare(signature, method); err != nil {
		return nil, err
	}
	refusals := errors.New("no certificate fits the signature")
	for _, signer := range signers {
		if !usable(signer) {
			continue
		}
		ctx := dsig.ValidationContext{
			CertificateStore: &dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{signer}},
			IdAttribute:      dsig.DefaultIdAttr,
			Clock:            dsig.NewFakeClockAt(now),
		}
		signed, err := ctx.Validate(e)
		switch {
		case err != nil:
			refusals = err
		case signed == nil || signed.Tag != e.Tag || signed.NamespaceURI() != e.NamespaceURI() || attributeOf(signed, "ID") != id:
			return nil, errors.New("what was signed is something else")
		default:
			return signed, nil
		}
	}
	return nil, refusals
}

// detach copies e so that it stands for itself: with the namespaces that it has
// from the elements around it.
func detach(e *etree.Element) *etree.Element {
	alone := e.Copy()
	for outer := e.Parent(); outer != nil; outer = outer.Parent() {
		for _, a := range outer.Attr {
			declares := a.Space == "xmlns" || a.Space == "" && a.Key == "xmlns"
			if declares && alone.SelectAttr(a.FullKey()) == nil {
				alone.CreateAttr(a.FullKey(), a.Value)
			}
		}
	}
	return alone
}

// checkSignature refuses every signature but the one form that SAML profiles ask
// for (S090, S093, S094): one reference to the element around it, made canonical
// exclusively, with an algorithm that is taken. It gives that algorithm.
func checkSignature(signature *etree.Element, id string) (string, error) {
	parts := signature.ChildElements()
	if len(parts) < 2 || len(parts) > 3 || !is(parts[0], nsSignature, "SignedInfo") ||
		!is(parts[1], nsSignature, "SignatureValue") || len(parts) == 3 && !is(parts[2], nsSignature, "KeyInfo") {
		return "", errors.New("signature has other parts than SignedInfo, SignatureValue and KeyInfo")
	}
	info := parts[0].ChildElements()
	if len(info) != 3 || !is(info[0], nsSignature, "CanonicalizationMethod") ||
		!is(info[1], nsSignature, "SignatureMethod") || !is(info[2], nsSignature, "Reference") {
		return "", errors.New("signature does not have one reference")
	}
	if form := attributeOf(info[0], "Algorithm"); !slices.Contains(exclusiveForms, form) {
		return "", fmt.Errorf("canonical form %q is not taken", form)
	}
	method := attributeOf(info[1], "Algorithm")
	if _, ok := signatureMethods[method]; !ok || len(info[1].ChildElements()) > 0 {
		return "", fmt.Errorf("signature method %q is not taken", method)
	}
	return method, checkReference(info[2], id)
}

func checkReference(reference *etree.Element, id string) error {
	if uri := attributeOf(reference, "URI"); !idPattern.MatchString(id) || uri != "#"+id {
		return fmt.Errorf("signature is of %q", uri)
	}
	parts := reference.ChildElements()
	if len(parts) != 3 || !is(parts[0], nsSignature, "Transforms") ||
		!is(parts[1], nsSignature, "DigestMethod") || !is(parts[2], nsSignature, "DigestValue") {
		return errors.New("reference has other parts than Transforms, DigestMethod and DigestValue")
	}
	if digest := attributeOf(parts[1], "Algorithm"); !slices.Contains(digestMethods, digest) || len(parts[1].ChildElements()) > 0 {
		return fmt.Errorf("digest method %q is not taken", digest)
	}
	transforms := parts[0].ChildElements()
	if len(transforms) != 2 || !is(transforms[0], nsSignature, "Transform") || !is(transforms[1], nsSignature, "Transform") ||
		attributeOf(transforms[0], "Algorithm") != string(dsig.EnvelopedSignatureAltorithmId) || len(transforms[0].ChildElements()) > 0 ||
		!slices.Contains(exclusiveForms, attributeOf(transforms[1], "Algorithm")) {
		return errors.New("transforms are not those of an enveloped signature in exclusive canonical form")
	}
	for _, parameter := range transforms[1].ChildElements() {
		if !is(parameter, nsExclusive, "InclusiveNamespaces") {
			return errors.New("canonical form has an unknown parameter")
		}
	}
	return nil
}

// prepare changes the parts of a signature that are not signed into what goxmldsig
// reads. KeyInfo goes, as the key never comes from the message; the value loses
// its white space, and that of ECDSA becomes ASN.1.
func prepare(signature *etree.Element, method string) error {
	if info := only(signature, nsSignature, "KeyInfo"); info != nil {
		signature.RemoveChild(info)
	}
	element := only(signature, nsSignature, "SignatureValue")
	value, err := decodeBase64(text(element))
	if err != nil {
		return fmt.Errorf("signature value: %w", err)
	}
	if strings.Contains(method, "#ecdsa-") {
		value = toASN1(value)
	}
	element.SetText(base64.StdEncoding.EncodeToString(value))
	return nil
}

// toASN1 turns the form of XML Signature 1.1 §6.4.3, r and s in equal halves, into that of
// ANSI X9.62 which crypto/x509 reads. What has another length is left alone: some
// programs send ASN.1 at once.
func toASN1(value []byte) []byte {
	switch len(value) {
	case 64, 96, 132:
	default:
		return value
	}
	half := len(value) / 2
	out, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(value[:half]), new(big.Int).SetBytes(value[half:])})
	if err != nil {
		return value
	}
	return out
}

// decodeBase64 reads base64 as XML Schema has it, with white space anywhere.
func decodeBase64(s string) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
}
