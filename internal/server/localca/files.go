package localca

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Names of the files in the data directory.
const (
	secretFile = "local-authority.key" // everything, mode 0600
	rootFile   = "local-authority.pem" // the root alone, for programs that trust a file
)

const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY"
)

// ErrExpired is wrapped by the error of opening an authority that has come to
// its end, after ten years.
var ErrExpired = errors.New("the local authority has expired")

// RootFile is where the root of the authority in a data directory lies.
func RootFile(dir string) string { return filepath.Join(dir, rootFile) }

// Open reads the authority in a data directory; names must be among those it
// was made for. The error wraps fs.ErrNotExist when there is none.
func Open(dir string, names []string, now func() time.Time) (*Authority, error) {
	path := filepath.Join(dir, secretFile)
	text, err := readSecret(path)
	if err != nil {
		return nil, fmt.Errorf("read the local authority: %w", err)
	}
	a, err := parse(text, now)
	if err != nil {
		return nil, fmt.Errorf("read the local authority in %s: %w", path, err)
	}
	advice := fmt.Sprintf("take it out of the stores (cognate trust remove), delete %s and %s, and start again", path, RootFile(dir))
	if a.expired() {
		return nil, fmt.Errorf("%w: %s", ErrExpired, advice)
	}
	for _, name := range names {
		if !a.Covers(name) {
			return nil, fmt.Errorf("the local authority was made without %q: %s", name, advice)
		}
	}
	return a, nil
}

// OpenOrCreate reads the authority in a data directory, or makes the directory
// and a new one for names when there is none. Two processes that start
// together agree on one.
func OpenOrCreate(dir string, names []string, now func() time.Time) (*Authority, error) {
	a, err := Open(dir, names, now)
	if errors.Is(err, fs.ErrNotExist) {
		if a, err = create(dir, names, now); errors.Is(err, fs.ErrExist) {
			a, err = Open(dir, names, now)
		}
	}
	if err != nil {
		return nil, err
	}
	return a, a.writeRoot(dir)
}

func create(dir string, names []string, now func() time.Time) (*Authority, error) {
	a, err := New(names, now)
	if err != nil {
		return nil, fmt.Errorf("make the local authority: %w", err)
	}
	text, err := a.secret()
	if err != nil {
		return nil, fmt.Errorf("make the local authority: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	if err := publish(filepath.Join(dir, secretFile), text); err != nil {
		return nil, fmt.Errorf("write the local authority: %w", err)
	}
	return a, nil
}

// publish makes a file that is complete from the moment it has its name.
func publish(path string, text []byte) error {
	draft := path + "." + rand.Text()
	if err := os.WriteFile(draft, text, 0o600); err != nil {
		return err
	}
	err := os.Link(draft, path) // unlike a rename it never replaces another's
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return os.Rename(draft, path) // where the file system has no links
	}
	return errors.Join(err, os.Remove(draft))
}

// ReadRoot reads the root of the authority in a data directory, however old it
// is. The error wraps fs.ErrNotExist when there is none.
func ReadRoot(dir string) (*x509.Certificate, error) {
	text, err := os.ReadFile(RootFile(dir))
	if err != nil {
		return nil, fmt.Errorf("read the root of the local authority: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != certificateBlock {
		return nil, fmt.Errorf("read the root of the local authority: %s holds no certificate", RootFile(dir))
	}
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read the root of the local authority: %w", err)
	}
	return root, nil
}

// writeRoot puts the root beside the secret file, where it is not already.
func (a *Authority) writeRoot(dir string) error {
	path := RootFile(dir)
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, a.PEM()) {
		return nil
	}
	draft := path + "." + rand.Text()
	err := os.WriteFile(draft, a.PEM(), 0o644) //nolint:gosec // public, and other users' programs are to trust it
	if err == nil {
		err = os.Rename(draft, path)
	}
	if err != nil {
		return fmt.Errorf("write the root of the local authority: %w", err)
	}
	return nil
}

func readSecret(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s can be read by others (mode %04o); run chmod 600 on it", path, mode)
	}
	return os.ReadFile(path)
}

// secret is the authority as its file holds it: root, issuing certificate,
// key.
func (a *Authority) secret() ([]byte, error) {
	key, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		return nil, err
	}
	return slices.Concat(a.PEM(),
		pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: a.issuing.Raw}),
		pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: key})), nil
}

func parse(text []byte, now func() time.Time) (*Authority, error) {
	var blocks []*pem.Block
	var types []string
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		blocks, types = append(blocks, block), append(types, block.Type)
	}
	if !slices.Equal(types, []string{certificateBlock, certificateBlock, keyBlock}) {
		return nil, fmt.Errorf("it holds %q, not two certificates and a key", strings.Join(types, ", "))
	}
	a := fresh(now)
	var err error
	if a.root, err = x509.ParseCertificate(blocks[0].Bytes); err != nil {
		return nil, err
	}
	if a.issuing, err = x509.ParseCertificate(blocks[1].Bytes); err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(blocks[2].Bytes)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("the key cannot sign")
	}
	a.key = signer
	return a, a.check()
}
