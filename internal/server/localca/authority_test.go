package localca

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var start = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// clock is a time that tests set.
type clock struct{ time time.Time }

func (c *clock) Now() time.Time { return c.time }

func newAuthority(t *testing.T, names ...string) (*Authority, *clock) {
	t.Helper()
	c := &clock{start}
	a, err := New(names, c.Now)
	if err != nil {
		t.Fatal(err)
	}
	return a, c
}

// chain splits what a server shows into its own certificate and the others.
func chain(t *testing.T, shown *tls.Certificate) (leaf *x509.Certificate, others *x509.CertPool) {
	t.Helper()
	others = x509.NewCertPool()
	for i, der := range shown.Certificate {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			leaf = cert
		} else {
			others.AddCert(cert)
		}
	}
	return leaf, others
}

// Go's verifier takes the certificates for the names that clients ask for.
func TestCertificatesAreTaken(t *testing.T) {
	t.Parallel()
	a, _ := newAuthority(t, "cognate", "192.168.7.7", "Dev.Example.org.")
	for ask, verified := range map[string]string{
		"localhost": "localhost", "LOCALHOST.": "localhost", "": "localhost", "shop.localhost": "shop.localhost",
		"shop.auth.localhost": "shop.auth.localhost", "127.0.0.1": "127.0.0.1", "127.9.9.9": "127.9.9.9", "::1": "::1",
		"cognate": "cognate", "192.168.7.7": "192.168.7.7", "dev.example.org": "dev.example.org", "a.dev.example.org": "a.dev.example.org",
		strings.Repeat("long.", 20) + "localhost": strings.Repeat("long.", 20) + "localhost",
	} {
		shown, err := a.GetCertificate(&tls.ClientHelloInfo{ServerName: ask})
		if err != nil {
			t.Errorf("%q: %v", ask, err)
			continue
		}
		leaf, others := chain(t, shown)
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: a.Pool(), Intermediates: others, DNSName: verified, CurrentTime: start}); err != nil {
			t.Errorf("%q: %v", ask, err)
		}
		if life := leaf.NotAfter.Sub(leaf.NotBefore); life > 397*24*time.Hour {
			t.Errorf("%q: lasts %v", ask, life)
		}
	}
}

func TestNoCertificateForOtherNames(t *testing.T) {
	t.Parallel()
	a, _ := newAuthority(t, "cognate")
	for _, ask := range []string{
		"example.com", "localhost.example.com", "notlocalhost", "xcognate", "10.0.0.1", "2001:db8::1", "*.localhost", "a..localhost",
		"a b.localhost", ".localhost", "-a.localhost", strings.Repeat("a", 64) + ".localhost", strings.Repeat("a.", 125) + "localhost",
	} {
		if shown, err := a.GetCertificate(&tls.ClientHelloInfo{ServerName: ask}); err == nil {
			t.Errorf("%q: got a certificate for %v", ask, shown.Leaf.DNSNames)
		}
	}
	for _, name := range []string{"", "*.example.com", "a/b", "exa mple", "."} {
		if _, err := New([]string{name}, time.Now); err == nil {
			t.Errorf("an authority was made for %q", name)
		}
	}
}

// Whoever steals the key cannot imitate the internet: not with the issuing
// certificate, nor if verifiers overlooked the constraints of a root that is
// trusted by hand.
func TestS194StolenKeyImitatesNobody(t *testing.T) {
	t.Parallel()
	a, _ := newAuthority(t, "cognate")
	for _, test := range []struct {
		host string
		leaf x509.Certificate
	}{
		{"example.com", x509.Certificate{DNSNames: []string{"example.com"}}},
		{"example.com", x509.Certificate{DNSNames: []string{"localhost", "example.com"}}},
		{"localhost.example.com", x509.Certificate{DNSNames: []string{"localhost.example.com"}}},
		{"notlocalhost", x509.Certificate{DNSNames: []string{"notlocalhost"}}},
		{"192.0.2.1", x509.Certificate{IPAddresses: []net.IP{net.IPv4(192, 0, 2, 1)}}},
		{"2001:db8::1", x509.Certificate{IPAddresses: []net.IP{net.ParseIP("2001:db8::1")}}},
	} {
		leaf := stolen(t, a, &test.leaf)
		_, err := leaf.Verify(options(a, test.host))
		var invalid x509.CertificateInvalidError
		if !asInvalid(err, &invalid) || invalid.Reason != x509.CANotAuthorizedForThisName {
			t.Errorf("%s: %v", test.host, err)
		}
	}
	// The same by way of a certificate that claims to be an authority too.
	der, key := signed(t, a, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	below, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	made := &Authority{root: a.root, issuing: below, key: key, now: a.now, leaves: map[string]*tls.Certificate{}}
	leaf, err := made.issue("localhost")
	if err != nil {
		t.Fatal(err)
	}
	o := options(a, "localhost")
	o.Intermediates.AddCert(below)
	if _, err := leaf.Leaf.Verify(o); err == nil {
		t.Error("a stolen key makes further authorities")
	}
}

// Without the root's key there is nothing to sign with but the constrained
// certificate.
func TestS194ConstraintsAreCriticalTwice(t *testing.T) {
	t.Parallel()
	a, _ := newAuthority(t, "cognate", "10.1.2.3")
	want := []string{"localhost", "cognate", "127.0.0.0/8", "::1/128", "10.1.2.3/32"}
	if diff := cmp.Diff(want, a.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	for _, cert := range []*x509.Certificate{a.root, a.issuing} {
		if !cert.PermittedDNSDomainsCritical || len(cert.PermittedDNSDomains) != 2 || len(cert.PermittedIPRanges) != 3 {
			t.Errorf("%s: critical %v, names %q %v", cert.Subject, cert.PermittedDNSDomainsCritical, cert.PermittedDNSDomains, cert.PermittedIPRanges)
		}
		if diff := cmp.Diff([]x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, cert.ExtKeyUsage); diff != "" {
			t.Errorf("%s: usage (-want +got):\n%s", cert.Subject, diff)
		}
	}
	if public, ok := a.root.PublicKey.(*ecdsa.PublicKey); !ok || public.Equal(a.key.Public()) {
		t.Error("the key that is kept is the root's")
	}
}

// stolen makes a certificate as somebody with the authority's files would.
func stolen(t *testing.T, a *Authority, template *x509.Certificate) *x509.Certificate {
	t.Helper()
	der, _ := signed(t, a, template)
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func signed(t *testing.T, a *Authority, template *x509.Certificate) ([]byte, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber, template.Subject = serial(), pkix.Name{CommonName: "stolen"}
	template.NotBefore, template.NotAfter = start.Add(-time.Hour), start.Add(time.Hour)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	der, err := x509.CreateCertificate(rand.Reader, template, a.issuing, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return der, key
}

func options(a *Authority, host string) x509.VerifyOptions {
	issuing := x509.NewCertPool()
	issuing.AddCert(a.issuing)
	return x509.VerifyOptions{Roots: a.Pool(), Intermediates: issuing, DNSName: host, CurrentTime: start}
}

func asInvalid(err error, target *x509.CertificateInvalidError) bool {
	invalid, ok := err.(x509.CertificateInvalidError) //nolint:errorlint // Verify gives it as it is
	*target = invalid
	return ok
}

func TestLeavesAreKeptAndRenewed(t *testing.T) {
	t.Parallel()
	a, c := newAuthority(t)
	ask := func(name string) *tls.Certificate {
		shown, err := a.GetCertificate(&tls.ClientHelloInfo{ServerName: name})
		if err != nil {
			t.Fatal(err)
		}
		return shown
	}
	first := ask("shop.localhost")
	if ask("shop.localhost") != first {
		t.Error("a certificate is made for every connection")
	}
	if ask("other.localhost") == first {
		t.Error("two names have one certificate")
	}
	c.time = first.Leaf.NotAfter.Add(-renewal - time.Second)
	if ask("shop.localhost") != first {
		t.Error("renewed early")
	}
	c.time = first.Leaf.NotAfter.Add(-renewal)
	if second := ask("shop.localhost"); !second.Leaf.NotAfter.After(first.Leaf.NotAfter) {
		t.Errorf("ends at %v, as the one before", second.Leaf.NotAfter)
	}
}

// Strangers who ask for any number of names fill no memory.
func TestS194LeavesAreBounded(t *testing.T) {
	t.Parallel()
	a, _ := newAuthority(t)
	for i := range maxLeaves + 20 {
		name := strings.Repeat("x", 1+i%60) + "." + strings.Repeat("y", 1+i/60) + ".localhost"
		if _, err := a.GetCertificate(&tls.ClientHelloInfo{ServerName: name}); err != nil {
			t.Fatal(err)
		}
	}
	if len(a.leaves) > maxLeaves {
		t.Errorf("%d certificates are kept", len(a.leaves))
	}
}
