package localca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	authorityLife = 10 * 365 * 24 * time.Hour
	// skew is how far the clock of a client may be behind this machine's, as
	// that of a virtual machine often is.
	skew = time.Hour
)

// Authority makes certificates. Its methods may be called at the same time.
type Authority struct {
	root, issuing *x509.Certificate
	key           crypto.Signer
	now           func() time.Time

	mu     sync.Mutex
	leaves map[string]*tls.Certificate
}

// New makes an authority for localhost, every name below it, the loopback
// addresses, and the given host names and addresses. now is the time that
// clients see, not one that tests move.
func New(names []string, now func() time.Time) (*Authority, error) {
	permitted, err := permit(names)
	if err != nil {
		return nil, err
	}
	rootKey, err := newKey()
	if err != nil {
		return nil, err
	}
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	root, err := permitted.sign("Cognate local authority "+rand.Text()[:8], nil, rootKey, rootKey, now())
	if err != nil {
		return nil, fmt.Errorf("make the root: %w", err)
	}
	issuing, err := permitted.sign(root.Subject.CommonName+" (issuing)", root, key, rootKey, now())
	if err != nil {
		return nil, fmt.Errorf("make the issuing certificate: %w", err)
	}
	a := fresh(now)
	a.root, a.issuing, a.key = root, issuing, key
	return a, nil
}

func fresh(now func() time.Time) *Authority {
	return &Authority{now: now, leaves: map[string]*tls.Certificate{}}
}

// subtree is what an authority may make certificates for.
type subtree struct {
	domains  []string
	networks []*net.IPNet
}

func permit(names []string) (subtree, error) {
	s := subtree{
		domains: []string{"localhost"}, // and every name below it (RFC 5280 §4.2.1.10)
		networks: []*net.IPNet{
			{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)},
			{IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
		},
	}
	for _, name := range names {
		name = fold(name)
		if ip, err := netip.ParseAddr(name); err == nil {
			ip = ip.Unmap().WithZone("")
			s.networks = append(s.networks, &net.IPNet{IP: ip.AsSlice(), Mask: net.CIDRMask(ip.BitLen(), ip.BitLen())})
			continue
		}
		if !hostName(name) {
			return subtree{}, fmt.Errorf("%q is no host name or address", name)
		}
		s.domains = append(s.domains, name)
	}
	return s, nil
}

// sign makes one certificate of the authority; without a parent it is the
// root.
func (s subtree) sign(name string, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey, now time.Time) (*x509.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: name, Organization: []string{"Cognate"}},
		NotBefore: now.Add(-skew), NotAfter: now.Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLen: 1,
		KeyUsage:                    x509.KeyUsageCertSign,
		ExtKeyUsage:                 []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: s.domains, PermittedIPRanges: s.networks,
	}
	if parent == nil {
		parent = template
	} else {
		template.MaxPathLen, template.MaxPathLenZero = 0, true
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// Root is what clients have to trust.
func (a *Authority) Root() *x509.Certificate { return a.root }

// PEM is the root as files and stores take it.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: a.root.Raw})
}

// Pool trusts the root and nothing else.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.root)
	return pool
}

// Fingerprint is the SHA-256 digest of the root in hexadecimal.
func (a *Authority) Fingerprint() string {
	digest := sha256.Sum256(a.root.Raw)
	return hex.EncodeToString(digest[:])
}

// KeyHash is the base64 SHA-256 digest of the issuing certificate's public
// key, the form of Chromium's --ignore-certificate-errors-spki-list.
func (a *Authority) KeyHash() string {
	digest := sha256.Sum256(a.issuing.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(digest[:])
}

// Names are the host names and addresses that the authority may make
// certificates for, addresses as networks.
func (a *Authority) Names() []string {
	names := slices.Clone(a.issuing.PermittedDNSDomains)
	for _, network := range a.issuing.PermittedIPRanges {
		names = append(names, network.String())
	}
	return names
}

// Covers reports whether the authority may make a certificate for a host name
// or address.
func (a *Authority) Covers(name string) bool {
	name = fold(name)
	if ip, err := netip.ParseAddr(name); err == nil {
		return slices.ContainsFunc(a.issuing.PermittedIPRanges, func(n *net.IPNet) bool { return n.Contains(ip.AsSlice()) })
	}
	return hostName(name) && slices.ContainsFunc(a.issuing.PermittedDNSDomains, func(domain string) bool {
		return name == domain || strings.HasSuffix(name, "."+domain)
	})
}

// expired reports whether the authority is too old to make certificates that
// last.
func (a *Authority) expired() bool { return a.now().Add(leafLife).After(a.issuing.NotAfter) }

// check finds out whether the parts of an authority that was read belong
// together.
func (a *Authority) check() error {
	public, ok := a.issuing.PublicKey.(*ecdsa.PublicKey)
	if !ok || !public.Equal(a.key.Public()) {
		return errors.New("the key is not that of the issuing certificate")
	}
	if err := a.issuing.CheckSignatureFrom(a.root); err != nil {
		return fmt.Errorf("the issuing certificate is not the root's: %w", err)
	}
	return nil
}

func newKey() (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return key, nil
}
