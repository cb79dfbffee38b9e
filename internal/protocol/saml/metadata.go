package saml

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// MaxMetadata bounds a metadata document, in bytes.
const MaxMetadata = 1 << 20

const (
	maxCertificate = 4096 // characters of base64 (federation.md §3.2)
	// maxCertificates bounds how often one signature is tried.
	maxCertificates = 20
	maxEntityID     = 1024 // characters (SAML metadata §2.2.1)
	maxLocation     = 2048 // characters
)

const redirectBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"

const reasonMetadata = "SAML metadata is invalid."

// Metadata is what the metadata document of an identity provider says.
type Metadata struct {
	EntityID    string
	SSORedirect string // SingleSignOnService, redirect binding
	SLORedirect string // SingleLogoutService, redirect binding; may be empty
	// SLOResponse is where answers to the provider's logout requests go:
	// ResponseLocation, or SLORedirect.
	SLOResponse string
	Signing     []*x509.Certificate // at least one
	// WantsSigned says that the provider refuses AuthnRequests without signature.
	WantsSigned bool
	ValidUntil  time.Time // zero: not said
	// CacheDuration is how long the document may be kept; zero: not said.
	CacheDuration time.Duration
	// Loopback says that a location is plain http on a loopback name, which only
	// development mode may accept.
	Loopback bool
}

// ParseMetadata reads a metadata document, of at most MaxMetadata bytes, that is
// valid at now. It describes one identity provider, or several entities one of
// which is an identity provider. The error is an *Error.
//
// A signature on the document is not looked at: the document is trusted for where
// it comes from.
func ParseMetadata(document []byte, now time.Time) (*Metadata, error) {
	if len(document) > MaxMetadata {
		return nil, refuse(reasonMetadata, "document has %d bytes", len(document))
	}
	root, err := parse(document, true)
	if err != nil {
		return nil, &Error{Reason: reasonMetadata, Err: err}
	}
	md, err := readMetadata(root)
	if err != nil {
		return nil, &Error{Reason: reasonMetadata, Err: err}
	}
	if !md.ValidUntil.IsZero() && !now.Before(md.ValidUntil) {
		return nil, refuse("SAML metadata has expired.", "valid until %s", md.ValidUntil)
	}
	return md, nil
}

// CheckCertificates reports whether none of the certificates is valid at now:
// with such metadata no provider is created (federation.md §3.2). The error is an
// *Error.
func (m *Metadata) CheckCertificates(now time.Time) error {
	for _, c := range m.Signing {
		if !now.Before(c.NotBefore) && !now.After(c.NotAfter) {
			return nil
		}
	}
	return &Error{Reason: "SAML metadata has no valid signing certificate."}
}

func readMetadata(root *etree.Element) (*Metadata, error) {
	entity, role, err := findProvider(root)
	if err != nil {
		return nil, err
	}
	md := &Metadata{EntityID: strings.TrimSpace(attributeOf(entity, "entityID"))}
	if md.EntityID == "" || len(md.EntityID) > maxEntityID {
		return nil, fmt.Errorf("entityID has %d characters", len(md.EntityID))
	}
	wants := attributeOf(role, "WantAuthnRequestsSigned")
	md.WantsSigned = wants == "true" || wants == "1"
	for _, e := range []*etree.Element{root, entity, role} {
		if err := md.readLifetime(e); err != nil {
			return nil, err
		}
	}
	if err := md.readLocations(role); err != nil {
		return nil, err
	}
	return md, md.readCertificates(role)
}

// findProvider finds the one entity that is an identity provider, and its role.
func findProvider(root *etree.Element) (entity, role *etree.Element, err error) {
	entities := children(root, nsMetadata, "EntityDescriptor")
	switch {
	case is(root, nsMetadata, "EntityDescriptor"):
		entities = []*etree.Element{root}
	case !is(root, nsMetadata, "EntitiesDescriptor"):
		return nil, nil, fmt.Errorf("root element is %s", root.Tag)
	}
	for _, e := range entities {
		for _, r := range children(e, nsMetadata, "IDPSSODescriptor") {
			if !slices.Contains(strings.Fields(attributeOf(r, "protocolSupportEnumeration")), nsProtocol) {
				continue
			}
			if role != nil {
				return nil, nil, errors.New("document has several identity providers")
			}
			entity, role = e, r
		}
	}
	if role == nil {
		return nil, nil, errors.New("document has no identity provider for SAML 2.0")
	}
	return entity, role, nil
}

// readLifetime takes the earliest of the times that root, entity and role give.
func (m *Metadata) readLifetime(e *etree.Element) error {
	if _, given := attribute(e, "validUntil"); given {
		until, err := instant(e, "validUntil")
		if err != nil {
			return err
		}
		if m.ValidUntil.IsZero() || until.Before(m.ValidUntil) {
			m.ValidUntil = until
		}
	}
	if value, given := attribute(e, "cacheDuration"); given {
		d, err := duration(strings.TrimSpace(value))
		if err != nil {
			return err
		}
		if m.CacheDuration == 0 || d < m.CacheDuration {
			m.CacheDuration = d
		}
	}
	return nil
}

func (m *Metadata) readLocations(role *etree.Element) error {
	sso := endpoint(role, "SingleSignOnService")
	if sso == nil {
		return errors.New("there is no SingleSignOnService with the redirect binding")
	}
	slo := endpoint(role, "SingleLogoutService")
	m.SSORedirect = strings.TrimSpace(attributeOf(sso, "Location"))
	m.SLORedirect = strings.TrimSpace(attributeOf(slo, "Location"))
	m.SLOResponse = strings.TrimSpace(attributeOf(slo, "ResponseLocation"))
	if m.SLOResponse == "" {
		m.SLOResponse = m.SLORedirect
	}
	if slo != nil && m.SLORedirect == "" {
		return errors.New("SingleLogoutService has no location")
	}
	for _, location := range []string{m.SSORedirect, m.SLORedirect, m.SLOResponse} {
		if location == "" && location != m.SSORedirect {
			continue
		}
		loopback, err := checkLocation(location)
		if err != nil {
			return err
		}
		m.Loopback = m.Loopback || loopback
	}
	return nil
}

// endpoint is the first of this kind for the redirect binding, or nil.
func endpoint(role *etree.Element, tag string) *etree.Element {
	for _, e := range children(role, nsMetadata, tag) {
		if attributeOf(e, "Binding") == redirectBinding {
			return e
		}
	}
	return nil
}

// locationPattern is what an address is written with (RFC 3986 §2).
var locationPattern = regexp.MustCompile(`^[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]+$`)

// checkLocation refuses addresses that browsers are not sent to (S102). loopback
// says that it is one of plain http, which is taken on loopback names alone.
func checkLocation(location string) (loopback bool, err error) {
	u, err := url.Parse(location)
	if err != nil || len(location) > maxLocation || !locationPattern.MatchString(location) {
		return false, fmt.Errorf("location %q is no address", printable(location))
	}
	if u.Hostname() == "" || u.User != nil {
		return false, fmt.Errorf("location %q has no plain host", location)
	}
	switch {
	case u.Scheme == "https":
		return false, nil
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return true, nil
	}
	return false, fmt.Errorf("location %q is not https", location)
}

func isLoopback(host string) bool {
	host = strings.ToLower(host)
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// readCertificates takes the certificates for signing, those without a use
// included. Keys that no signature is taken from are left out.
func (m *Metadata) readCertificates(role *etree.Element) error {
	for _, descriptor := range children(role, nsMetadata, "KeyDescriptor") {
		if use := attributeOf(descriptor, "use"); use != "" && use != "signing" {
			continue
		}
		for _, data := range children(only(descriptor, nsSignature, "KeyInfo"), nsSignature, "X509Data") {
			for _, element := range children(data, nsSignature, "X509Certificate") {
				if err := m.addCertificate(text(element)); err != nil {
					return err
				}
			}
		}
	}
	if len(m.Signing) == 0 {
		return errors.New("there is no signing certificate with an RSA key of 2048 to 8192 bits or an ECDSA key")
	}
	return nil
}

func (m *Metadata) addCertificate(encoded string) error {
	encoded = strings.Join(strings.Fields(encoded), "")
	if len(encoded) > maxCertificate {
		return fmt.Errorf("certificate has %d characters, %d at most", len(encoded), maxCertificate)
	}
	der, err := decodeBase64(encoded)
	if err != nil {
		return fmt.Errorf("certificate is not base64: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return fmt.Errorf("parse certificate: %w", err)
	}
	if !usable(certificate) || slices.ContainsFunc(m.Signing, certificate.Equal) {
		return nil
	}
	if m.Signing = append(m.Signing, certificate); len(m.Signing) > maxCertificates {
		return fmt.Errorf("there are more than %d signing certificates", maxCertificates)
	}
	return nil
}

// durationPattern is xs:duration without sign, as a lifetime is not negative.
var durationPattern = regexp.MustCompile(
	`^P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})(?:\.\d+)?S)?)?$`)

// duration reads an xs:duration. Years and months count as 365 and 30 days; more
// than a year is a year.
func duration(value string) (time.Duration, error) {
	parts := durationPattern.FindStringSubmatch(value)
	if parts == nil || strings.HasSuffix(value, "P") || strings.HasSuffix(value, "T") {
		return 0, fmt.Errorf("%q is no duration", printable(value))
	}
	const day = 24 * time.Hour
	const year = 365 * day
	var sum time.Duration
	for i, unit := range []time.Duration{year, 30 * day, day, time.Hour, time.Minute, time.Second} {
		if parts[i+1] == "" {
			continue
		}
		n, err := strconv.Atoi(parts[i+1])
		if err != nil {
			return 0, err
		}
		if time.Duration(n) > year/unit {
			return year, nil
		}
		sum += time.Duration(n) * unit
	}
	return min(sum, year), nil
}
