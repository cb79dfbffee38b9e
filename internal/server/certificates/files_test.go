package certificates_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cognate/internal/server/certificates"
)

var start = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// desk is a directory with certificates, a clock and a log.
type desk struct {
	dir  string
	time time.Time
	log  bytes.Buffer
}

func newDesk(t *testing.T) *desk { return &desk{dir: t.TempDir(), time: start} }

func (d *desk) load(pairs ...certificates.Pair) (*certificates.Files, error) {
	return certificates.Load(pairs, func() time.Time { return d.time }, slog.New(slog.NewTextHandler(&d.log, nil)))
}

func (d *desk) mustLoad(t *testing.T, pairs ...certificates.Pair) *certificates.Files {
	t.Helper()
	files, err := d.load(pairs...)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func (d *desk) pair(name string) certificates.Pair {
	return certificates.Pair{Cert: filepath.Join(d.dir, name+".pem"), Key: filepath.Join(d.dir, name+".key")}
}

// write puts a new self-signed certificate into the files of a pair.
func (d *desk) write(t *testing.T, name string, until time.Time, hosts ...string) certificates.Pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return d.writeKey(t, name, key, until, hosts...)
}

func (d *desk) writeKey(t *testing.T, name string, key crypto.Signer, until time.Time, hosts ...string) certificates.Pair {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<60))
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial, DNSNames: hosts, NotBefore: start.Add(-time.Hour), NotAfter: until,
	}, &x509.Certificate{}, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pair := d.pair(name)
	d.put(t, pair.Cert, "CERTIFICATE", der)
	d.put(t, pair.Key, "PRIVATE KEY", secret)
	return pair
}

func (d *desk) put(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func asks(host string) *tls.ClientHelloInfo {
	return &tls.ClientHelloInfo{
		ServerName: host, SupportedVersions: []uint16{tls.VersionTLS13},
		SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256},
	}
}

func names(cert *tls.Certificate) string {
	if cert == nil {
		return "none"
	}
	return strings.Join(cert.Leaf.DNSNames, " ")
}

func TestPairIsChosenByName(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	year := start.AddDate(1, 0, 0)
	files := d.mustLoad(t, d.write(t, "a", year, "id.example.com"), d.write(t, "b", year.AddDate(0, 0, 1), "*.auth.example.com", "login.example.org"))
	for host, want := range map[string]string{
		"id.example.com": "id.example.com", "shop.auth.example.com": "*.auth.example.com login.example.org",
		"login.example.org": "*.auth.example.com login.example.org", "example.net": "none", "a.b.auth.example.com": "none",
	} {
		if got := names(files.Find(asks(host))); got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
	if got := names(files.First()); got != "id.example.com" {
		t.Errorf("first: %q", got)
	}
	if got := files.Expiry(); !got.Equal(year) {
		t.Errorf("expiry %v, want %v", got, year)
	}
}

// Files that are replaced are used within a second, without a restart; what
// cannot be used leaves the certificate before in place (R37).
func TestS194FilesAreReadAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	pair := d.write(t, "a", start.AddDate(0, 0, 10), "old.example.com")
	files := d.mustLoad(t, pair)
	shown := func() string { return names(files.First()) }

	d.write(t, "a", start.AddDate(1, 0, 0), "new-one.example.com")
	d.time = d.time.Add(time.Second)
	if got := shown(); got != "new-one.example.com" {
		t.Errorf("after the files were replaced: %q", got)
	}
	if err := os.WriteFile(pair.Cert, []byte("half a certif"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.log.Reset()
	for range 5 {
		d.time = d.time.Add(time.Second)
		if got := shown(); got != "new-one.example.com" {
			t.Errorf("after a bad file: %q", got)
		}
	}
	if said := d.log.String(); strings.Count(said, "cannot be loaded") != 1 || !strings.Contains(said, pair.Cert) {
		t.Errorf("log after a bad file:\n%s", said)
	}
	if err := os.Remove(pair.Key); err != nil {
		t.Fatal(err)
	}
	d.time = d.time.Add(time.Second)
	if got := shown(); got != "new-one.example.com" {
		t.Errorf("after the key was deleted: %q", got)
	}
	d.write(t, "a", start.AddDate(1, 0, 0), "newest.example.com")
	d.time = d.time.Add(time.Second)
	if got := shown(); got != "newest.example.com" {
		t.Errorf("after it was put right: %q", got)
	}
}

func TestS194BadPairsAreRefusedAtTheStart(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	year := start.AddDate(1, 0, 0)
	good, other := d.write(t, "good", year, "a.example.com"), d.write(t, "other", year, "b.example.com")
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		pair certificates.Pair
		want string
	}{
		"no such file":   {d.pair("none"), "none.pem"},
		"key of another": {certificates.Pair{Cert: good.Cert, Key: other.Key}, "does not match"},
		"swapped":        {certificates.Pair{Cert: good.Key, Key: good.Cert}, "good.key"},
		"weak key":       {d.writeKey(t, "weak", weak, year, "c.example.com"), "1024 bits"},
		"no names":       {d.write(t, "nameless", year), "names no host"},
	} {
		if _, err := d.load(good, test.pair); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d.mustLoad(t, d.write(t, "old", start.Add(-time.Minute), "a.example.com"))
	if !strings.Contains(d.log.String(), "out of date") {
		t.Errorf("nothing is said of an old certificate:\n%s", &d.log)
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	files := d.mustLoad(t, d.write(t, "one", start.Add(time.Hour), "shop.example.com"), d.write(t, "two", start.Add(time.Hour), "*.example.org"))
	for host, want := range map[string]bool{
		"shop.example.com": true, "SHOP.example.com": true, "a.example.org": true,
		"example.com": false, "a.shop.example.com": false, "a.b.example.org": false, "example.org": false, "": false, "shop.example.com.evil.net": false,
	} {
		if got := files.Covers(host); got != want {
			t.Errorf("%q: %t", host, got)
		}
	}
}
