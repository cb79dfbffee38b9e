package browser_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cognate/internal/browsertest"
	"cognate/internal/outbound/truststore"
	"cognate/internal/server/localca"
)

// Chromium, with its own store and no flag that weakens it, takes the
// certificates of the local authority once it is trusted, refuses what a thief
// makes with its key, and takes nothing any more after the trust is removed.
func TestS194ChromiumTrustsTheLocalAuthorityForThisMachineOnly(t *testing.T) {
	t.Parallel()
	program := browsertest.Program(t)
	if _, err := exec.LookPath("certutil"); err != nil {
		if os.Getenv("COGNATE_REQUIRE_CLIENTS") != "" {
			t.Fatal("certutil is missing; scripts/setup-tests installs it")
		}
		t.Skip("certutil is missing; scripts/setup-tests installs it")
	}
	home, data := t.TempDir(), t.TempDir()
	authority, err := localca.OpenOrCreate(data, nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	stolen := thief(t, data)
	port := serveTLS(t, func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if hello.ServerName == "bank.example.com" {
			return stolen, nil
		}
		return authority.GetCertificate(hello)
	})
	machine := &truststore.Machine{
		Runner: truststore.Commands{}, OS: "linux", Root: true, Home: home, Prefix: t.TempDir(), Getenv: func(string) string { return "" },
	}
	certificate := truststore.Certificate{Root: authority.Root(), File: localca.RootFile(data)}
	shows := func(host string) bool {
		return strings.Contains(visit(t, program, home, "https://"+host+":"+port+"/"), "this is the page")
	}

	if shows("localhost") {
		t.Error("an authority is trusted that nobody has installed")
	}
	install(t, machine.Install(t.Context(), certificate))
	for host, want := range map[string]bool{"localhost": true, "shop.auth.localhost": true, "127.0.0.1": true, "bank.example.com": false} {
		if got := shows(host); got != want {
			t.Errorf("%s, with trust: %v, want %v", host, got, want)
		}
	}
	// Some versions print their error page, others say it in the log: the errors -200 to
	// -299 are those about certificates.
	page, said := look(t, program, home, "https://bank.example.com:"+port+"/")
	if !strings.Contains(page, "ERR_CERT_") && !strings.Contains(said, "net_error -2") {
		t.Errorf("the thief's site is not refused for its certificate:\n%.2000s\n%.2000s", page, said)
	}
	install(t, machine.Remove(t.Context(), certificate))
	if shows("localhost") {
		t.Error("the authority is trusted after its removal")
	}
}

func install(t *testing.T, results []truststore.Result) {
	t.Helper()
	for _, r := range results {
		if strings.HasPrefix(r.Store, "Chromium") && (r.Outcome == truststore.Installed || r.Outcome == truststore.Removed) {
			return
		}
	}
	t.Fatalf("Chromium's store was not changed: %+v", results)
}

// thief makes a certificate for somebody else's name with the stolen files.
func thief(t *testing.T, data string) *tls.Certificate {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(data, "local-authority.key"))
	if err != nil {
		t.Fatal(err)
	}
	var issuing *x509.Certificate
	var key any
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			issuing, err = x509.ParseCertificate(block.Bytes) // the last one
		} else {
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(666), DNSNames: []string{"bank.example.com"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, 30), KeyUsage: x509.KeyUsageDigitalSignature,
	}, issuing, own.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der, issuing.Raw}, PrivateKey: own}
}

func serveTLS(t *testing.T, certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)) (port string) {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{GetCertificate: certificate})
	if err != nil {
		t.Fatal(err)
	}
	site := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<p>this is the page</p>"))
	})}
	go func() { _ = site.Serve(listener) }()
	t.Cleanup(func() { _ = site.Close() })
	_, port, err = net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// visit gives what a new Chromium of a user shows.
func visit(t *testing.T, program, home, address string) string {
	t.Helper()
	page, _ := look(t, program, home, address)
	return page
}

// look is visit with what Chromium says beside it.
func look(t *testing.T, program, home, address string) (shown, log string) {
	t.Helper()
	args := []string{
		"--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--user-data-dir=" + t.TempDir(),
		"--host-resolver-rules=MAP bank.example.com 127.0.0.1", "--timeout=20000",
		"--enable-logging=stderr", "--dump-dom", address,
	}
	if os.Geteuid() == 0 {
		args = append([]string{"--no-sandbox"}, args...)
	}
	command := exec.CommandContext(t.Context(), program, args...)
	command.Env = append(os.Environ(), "HOME="+home, "XDG_DATA_HOME=", "XDG_CONFIG_HOME=")
	var page, said bytes.Buffer
	command.Stdout, command.Stderr = &page, &said
	if err := command.Run(); err != nil {
		t.Fatalf("Chromium: %v: %s", err, said.String())
	}
	return page.String(), said.String()
}
