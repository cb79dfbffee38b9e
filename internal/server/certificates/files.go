package certificates

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"
)

const (
	// lookInterval is how often files are looked at, at most. Nothing looks at
	// them while nobody connects.
	lookInterval = time.Second
	minRSABits   = 2048
)

// Pair names the files of a certificate with its chain and of its key, both in
// PEM.
type Pair struct{ Cert, Key string }

// Files are certificates of the operator. Its methods may be called at the
// same time.
type Files struct {
	now func() time.Time
	log *slog.Logger

	mu     sync.Mutex
	loaded []*loaded
	looked time.Time
}

// loaded is what was last read of a pair that could be used.
type loaded struct {
	pair     Pair
	cert     *tls.Certificate
	stamp    stamp
	complain stamp // of the change that was last complained about
}

// stamp changes when a file does.
type stamp struct{ cert, key fileStamp }

type fileStamp struct {
	changed time.Time
	size    int64
}

// Load reads the pairs, of which each must be usable; a certificate that is out
// of date is complained about in the log and kept.
func Load(pairs []Pair, now func() time.Time, log *slog.Logger) (*Files, error) {
	f := &Files{now: now, log: log, looked: now()}
	var problems []error
	for _, pair := range pairs {
		l := &loaded{pair: pair}
		problems = append(problems, l.read())
		f.loaded = append(f.loaded, l)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	for _, l := range f.loaded {
		f.tell(l, "certificate loaded")
	}
	return f, nil
}

// Find gives the certificate that fits what a client asks for, or nil.
func (f *Files) Find(hello *tls.ClientHelloInfo) *tls.Certificate {
	for _, cert := range f.current() {
		if hello.SupportsCertificate(cert) == nil {
			return cert
		}
	}
	return nil
}

// First gives the certificate for clients that ask for none of them, or nil
// when there are no files.
func (f *Files) First() *tls.Certificate {
	if certs := f.current(); len(certs) > 0 {
		return certs[0]
	}
	return nil
}

// Covers reports whether one of the certificates names a host.
func (f *Files) Covers(host string) bool {
	return slices.ContainsFunc(f.current(), func(cert *tls.Certificate) bool { return cert.Leaf.VerifyHostname(host) == nil })
}

// Expiry is when the first of the certificates ends; zero without any.
func (f *Files) Expiry() (first time.Time) {
	for _, cert := range f.current() {
		if end := cert.Leaf.NotAfter; first.IsZero() || end.Before(first) {
			first = end
		}
	}
	return first
}

// current looks at the files, if it is time to, and gives all certificates.
func (f *Files) current() []*tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.now(); now.Sub(f.looked) >= lookInterval || now.Before(f.looked) {
		f.looked = now
		for _, l := range f.loaded {
			f.look(l)
		}
	}
	certs := make([]*tls.Certificate, len(f.loaded))
	for i, l := range f.loaded {
		certs[i] = l.cert
	}
	return certs
}

// look reads a pair again if it changed. What cannot be used leaves the one
// before in place and is complained about once; a pair whose two files are
// replaced one after the other is complete a moment later.
func (f *Files) look(l *loaded) {
	found, err := l.pair.stamp()
	if err == nil && found == l.stamp {
		return
	}
	if err == nil {
		next := &loaded{pair: l.pair}
		if err = next.read(); err == nil {
			*l = *next
			f.tell(l, "certificate loaded anew")
			return
		}
	}
	if found != l.complain {
		l.complain = found
		f.log.Error("certificate cannot be loaded; the one before stays", "file", l.pair.Cert, "error", err)
	}
}

func (f *Files) tell(l *loaded, message string) {
	leaf := l.cert.Leaf
	f.log.Info(message, "file", l.pair.Cert, "names", leaf.DNSNames, "expires", leaf.NotAfter)
	if now := f.now(); now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) {
		f.log.Error("certificate is out of date: clients refuse it", "file", l.pair.Cert, "from", leaf.NotBefore, "until", leaf.NotAfter)
	}
}

// read takes the stamp first: what changes while it reads is read again.
func (l *loaded) read() (err error) {
	if l.stamp, err = l.pair.stamp(); err != nil {
		return fmt.Errorf("read certificate: %w", err)
	}
	cert, err := tls.LoadX509KeyPair(l.pair.Cert, l.pair.Key)
	if err != nil {
		return fmt.Errorf("read certificate %s with key %s: %w", l.pair.Cert, l.pair.Key, err)
	}
	if err := usable(&cert); err != nil {
		return fmt.Errorf("read certificate %s: %w", l.pair.Cert, err)
	}
	l.cert = &cert
	return nil
}

// usable refuses what clients of today refuse whatever the date.
func usable(cert *tls.Certificate) error {
	switch key := cert.Leaf.PublicKey.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minRSABits {
			return fmt.Errorf("its RSA key has %d bits: at least %d are needed", bits, minRSABits)
		}
	case *ecdsa.PublicKey, ed25519.PublicKey:
	default:
		return fmt.Errorf("keys of the kind %T do not work with TLS", key)
	}
	if len(cert.Leaf.DNSNames) == 0 && len(cert.Leaf.IPAddresses) == 0 {
		return errors.New("it names no host (subject alternative name)")
	}
	return nil
}

func (p Pair) stamp() (stamp, error) {
	cert, certErr := stampFile(p.Cert)
	key, keyErr := stampFile(p.Key)
	return stamp{cert, key}, errors.Join(certErr, keyErr)
}

func stampFile(path string) (fileStamp, error) {
	info, err := os.Stat(path) // follows links, as those that Kubernetes swaps
	if err != nil {
		return fileStamp{}, err
	}
	return fileStamp{info.ModTime(), info.Size()}, nil
}
