package localca

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"time"
)

const (
	// leafLife is how long a certificate lasts, at most the 397 days that
	// browsers put up with.
	leafLife = 90 * 24 * time.Hour
	// renewal is how long before its end a certificate is replaced.
	renewal = 30 * 24 * time.Hour
	// maxLeaves bounds what strangers can make the server remember by asking
	// for one name after the other.
	maxLeaves = 500
)

// GetCertificate gives the certificate for the name that a client asks for, or
// for the address that it came to when it names none. It makes one on the fly:
// browsers do not take *.localhost for any host. Its signature is that of
// tls.Config.GetCertificate.
func (a *Authority) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := fold(hello.ServerName)
	if name == "" {
		name = a.arrival(hello.Conn)
	}
	if !a.Covers(name) {
		return nil, fmt.Errorf("the local authority was not made for %q", name)
	}
	return a.leaf(name)
}

// arrival is the address that a client connected to, where there may be a
// certificate for it, else localhost.
func (a *Authority) arrival(conn net.Conn) string {
	if conn != nil {
		if at, err := netip.ParseAddrPort(conn.LocalAddr().String()); err == nil {
			if ip := at.Addr().Unmap().WithZone("").String(); a.Covers(ip) {
				return ip
			}
		}
	}
	return "localhost"
}

func (a *Authority) leaf(name string) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if leaf, ok := a.leaves[name]; ok && a.now().Before(leaf.Leaf.NotAfter.Add(-renewal)) {
		return leaf, nil
	}
	leaf, err := a.issue(name)
	if err != nil {
		return nil, fmt.Errorf("make a certificate for %s: %w", name, err)
	}
	if len(a.leaves) >= maxLeaves {
		clear(a.leaves)
	}
	a.leaves[name] = leaf
	return leaf, nil
}

// issue makes a certificate. Those for this machine itself name it in every
// form, because many clients do not say which one they mean.
func (a *Authority) issue(name string) (*tls.Certificate, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	end := a.now().Add(leafLife)
	if end.After(a.issuing.NotAfter) {
		end = a.issuing.NotAfter
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: short(name)},
		NotBefore: a.now().Add(-skew), NotAfter: end,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	ip, err := netip.ParseAddr(name)
	switch {
	case err == nil && ip.IsLoopback(), name == "localhost":
		template.DNSNames = []string{"localhost"}
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
		if err == nil {
			template.IPAddresses = append(template.IPAddresses, ip.AsSlice())
		}
	case err == nil:
		template.IPAddresses = []net.IP{ip.AsSlice()}
	default:
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.issuing, key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.issuing.Raw}, PrivateKey: key, Leaf: leaf}, nil
}

// short cuts a name down to what a common name may hold (RFC 5280, appendix
// A); what counts is the alternative name.
func short(name string) string { return name[:min(len(name), 64)] }

func serial() *big.Int {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[0] = b[0]&0x7f | 0x40
	return new(big.Int).SetBytes(b[:])
}

// fold brings a host name into the form that names are compared in.
func fold(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// hostName reports whether s can stand in a certificate: labels of letters,
// digits and hyphens. Underscores occur in names of containers.
func hostName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}
