// Package simplesaml runs SimpleSAMLphp, as Debian packages it, as a SAML identity
// provider for tests, behind PHP's own web server. It is a program that others
// wrote and use: what it signs, encrypts and expects is not of our making.
package simplesaml

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"embed"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cognate/internal/protocol/saml"
)

//go:embed config
var config embed.FS

// root is where Debian puts the program.
const root = "/usr/share/simplesamlphp/www"

// Person is somebody who can sign in.
type Person struct {
	Name, Password string
	// Attributes are sent; uid is the NameID.
	Attributes map[string][]string
}

// ServiceProvider is how the provider knows a user pool.
type ServiceProvider struct {
	EntityID, ACS, SLO string
	// Signing is the certificate for its requests (GetSigningCertificate), DER in
	// base64. With it all of them have to be signed.
	Signing string
	// Encryption is the certificate for assertions (ActiveEncryptionCertificate).
	// With it they are encrypted.
	Encryption string
	// SignResponse and SignAssertion say what is signed.
	SignResponse, SignAssertion bool
}

// Provider is a running identity provider.
type Provider struct {
	URL string // without a slash at its end
	dir string
}

// Start runs a provider until the test ends: at an address of plain HTTP on this
// machine, or where publish serves what it is given. Without the program the test is
// skipped; it fails on Debian and its kin where COGNATE_REQUIRE_CLIENTS is set.
func Start(t testing.TB, publish func(http.Handler) (address string), people ...Person) *Provider {
	t.Helper()
	php, err := exec.LookPath("php")
	if _, missing := os.Stat(root); err != nil || missing != nil {
		if _, err := exec.LookPath("apt-get"); err == nil && os.Getenv("COGNATE_REQUIRE_CLIENTS") != "" {
			t.Fatal("SimpleSAMLphp is not here: scripts/setup-tests installs it")
		}
		t.Skip("SimpleSAMLphp is not here: scripts/setup-tests installs it")
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	p := &Provider{URL: "http://" + address, dir: t.TempDir()}
	if publish != nil {
		p.URL = publish(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", address
		}})
	}
	p.configure(t, people)
	ctx, stop := context.WithCancel(context.Background())
	log := filepath.Join(p.dir, "log")
	cmd := exec.CommandContext(ctx, php, "-d", "error_log="+log, "-d", "display_errors=0", "-S", address, "-t", root)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "SIMPLESAMLPHP_CONFIG_DIR="+p.dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // ended by us
		if !t.Failed() {
			return
		}
		said, _ := os.ReadFile(log)
		for line := range strings.Lines(string(said)) {
			if !strings.Contains(line, "] 127.0.0.1:") { // requests
				t.Log("SimpleSAMLphp: " + strings.TrimSpace(line))
			}
		}
	})
	wait(t, address)
	return p
}

// MetadataURL is where the provider describes itself.
func (p *Provider) MetadataURL() string { return p.URL + "/saml2/idp/metadata.php" }

// Metadata is that description.
func (p *Provider) Metadata(t testing.TB) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.MetadataURL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	document, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v\n%s", p.MetadataURL(), answer.Status, err, document)
	}
	return document
}

// Unsolicited is where a person starts who wants to sign in to a service provider
// from here.
func (p *Provider) Unsolicited(query string) string {
	return p.URL + "/saml2/idp/SSOService.php?" + query
}

// SignOut is where a person ends the session here, and with it those elsewhere.
func (p *Provider) SignOut() string {
	return p.URL + "/saml2/idp/SingleLogoutService.php?ReturnTo=" + p.URL + "/"
}

// Trust tells the provider whom it may send people to. It holds at once.
func (p *Provider) Trust(t testing.TB, providers ...ServiceProvider) {
	t.Helper()
	settings := p.read(t)
	known := map[string]any{}
	for _, sp := range providers {
		known[sp.EntityID] = describe(sp)
	}
	settings["sp"] = known
	p.write(t, settings)
}

func describe(sp ServiceProvider) map[string]any {
	const post = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
	about := map[string]any{
		"AssertionConsumerService":   []map[string]any{{"index": 0, "isDefault": true, "Binding": post, "Location": sp.ACS}},
		"SingleLogoutService":        []map[string]any{{"Binding": post, "Location": sp.SLO}},
		"NameIDFormat":               "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
		"simplesaml.nameidattribute": "uid",
		"saml20.sign.response":       sp.SignResponse,
		"saml20.sign.assertion":      sp.SignAssertion,
		"assertion.encryption":       sp.Encryption != "",
		"validate.authnrequest":      sp.Signing != "",
		"validate.logout":            sp.Signing != "",
	}
	var keys []map[string]any
	for _, k := range []struct {
		certificate string
		signing     bool
	}{{sp.Signing, true}, {sp.Encryption, false}} {
		if k.certificate != "" {
			keys = append(keys, map[string]any{
				"type": "X509Certificate", "signing": k.signing, "encryption": !k.signing, "X509Certificate": k.certificate,
			})
		}
	}
	if keys != nil {
		about["keys"] = keys
	}
	return about
}

func (p *Provider) configure(t testing.TB, people []Person) {
	t.Helper()
	files, err := config.ReadDir("config")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		content, err := config.ReadFile("config/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		p.put(t, f.Name(), content)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := saml.NewCertificate(key, "SimpleSAMLphp", time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	p.put(t, "idp.crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))
	p.put(t, "idp.key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	known := map[string]any{}
	for _, person := range people {
		known[person.Name+":"+person.Password] = person.Attributes
	}
	p.write(t, map[string]any{"url": p.URL, "people": known, "sp": map[string]any{}})
}

func (p *Provider) put(t testing.TB, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *Provider) read(t testing.TB) map[string]any {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(p.dir, "settings.json"))
	if err != nil {
		t.Fatal(err)
	}
	var settings map[string]any
	if err := json.Unmarshal(content, &settings); err != nil {
		t.Fatal(err)
	}
	return settings
}

func (p *Provider) write(t testing.TB, settings map[string]any) {
	t.Helper()
	content, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	p.put(t, "settings.json", content)
}

// wait returns when there is a server at an address.
func wait(t testing.TB, address string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(30 * time.Second)
	for {
		connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = connection.Close()
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("PHP does not answer")
		}
	}
}

// DER is a certificate as ServiceProvider has it.
func DER(certificate []byte) string { return base64.StdEncoding.EncodeToString(certificate) }
