package security_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

// authority is as much of an ACME server (RFC 8555) as it takes to give a
// certificate for one host at a time: it checks signatures and nonces, asks one
// kind of challenge, and verifies the answer at the server's port.
type authority struct {
	t         *testing.T
	url       string
	challenge string // kind
	target    string // where the server under test listens

	mu      sync.Mutex
	nonces  map[string]bool
	account *jose.JSONWebKey
	contact []string
	host    string // of the order
	state   string // of the order
	proof   error  // why the last challenge failed
	key     *ecdsa.PrivateKey
	root    *x509.Certificate
	issued  []byte
	orders  int
}

const challengeToken = "DGyRejmCefe7v4NfDGDKfA"

func startAuthority(t *testing.T, challenge string) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	root, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{t: t, challenge: challenge, nonces: map[string]bool{}, key: key, root: root}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /directory", func(w http.ResponseWriter, _ *http.Request) {
		a.answer(w, 200, map[string]any{
			"newNonce": a.url + "/nonce", "newAccount": a.url + "/account", "newOrder": a.url + "/orders",
			"revokeCert": a.url + "/revoke", "keyChange": a.url + "/key", "meta": map[string]string{"termsOfService": a.url + "/terms"},
		})
	})
	mux.HandleFunc("HEAD /nonce", func(w http.ResponseWriter, _ *http.Request) { a.answer(w, 200, nil) })
	for path, serve := range map[string]func(http.ResponseWriter, []byte){
		"/account": a.serveAccount, "/orders": a.serveNewOrder, "/order": a.serveOrder, "/authorization": a.serveAuthorization,
		"/challenge": a.serveChallenge, "/finalize": a.serveFinalize, "/certificate": a.serveCertificate,
	} {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			a.mu.Lock()
			defer a.mu.Unlock()
			payload, err := a.open(r)
			if err != nil {
				t.Errorf("%s: %v", path, err)
				a.answer(w, 400, map[string]string{"type": "urn:ietf:params:acme:error:malformed", "detail": err.Error()})
				return
			}
			serve(w, payload)
		})
	}
	listening := httptest.NewServer(mux)
	t.Cleanup(listening.Close)
	a.url = listening.URL
	return a
}

// open checks the signature of a request and gives what it says.
func (a *authority) open(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	signed, err := jose.ParseSignedJSON(string(body), []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
	if err != nil {
		return nil, err
	}
	header := signed.Signatures[0].Protected
	if !a.nonces[header.Nonce] {
		return nil, fmt.Errorf("nonce %q was not given out", header.Nonce)
	}
	delete(a.nonces, header.Nonce)
	if url := header.ExtraHeaders["url"]; url != a.url+r.URL.Path {
		return nil, fmt.Errorf("signed for %v", url)
	}
	if header.JSONWebKey != nil {
		a.account = header.JSONWebKey
	} else if header.KeyID != a.url+"/account/1" {
		return nil, fmt.Errorf("account %q", header.KeyID)
	}
	return signed.Verify(a.account)
}

func (a *authority) answer(w http.ResponseWriter, status int, v any) {
	nonce := rand.Text()
	a.nonces[nonce] = true
	w.Header().Set("Replay-Nonce", nonce)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if v != nil {
		_ = json.NewEncoder(w).Encode(v)
	}
}

func (a *authority) serveAccount(w http.ResponseWriter, payload []byte) {
	var asked struct {
		Contact []string
		Agreed  bool `json:"termsOfServiceAgreed"`
	}
	if err := json.Unmarshal(payload, &asked); err != nil || !asked.Agreed {
		a.t.Errorf("account %s, %v", payload, err)
	}
	a.contact = asked.Contact
	w.Header().Set("Location", a.url+"/account/1")
	a.answer(w, 201, map[string]any{"status": "valid"})
}

func (a *authority) serveNewOrder(w http.ResponseWriter, payload []byte) {
	var asked struct {
		Identifiers []struct{ Type, Value string }
	}
	if err := json.Unmarshal(payload, &asked); err != nil || len(asked.Identifiers) != 1 || asked.Identifiers[0].Type != "dns" {
		a.t.Errorf("order %s, %v", payload, err)
		return
	}
	a.host, a.state = asked.Identifiers[0].Value, "pending"
	a.orders++
	w.Header().Set("Location", a.url+"/order")
	a.answer(w, 201, a.order())
}

func (a *authority) order() map[string]any {
	order := map[string]any{
		"status": a.state, "identifiers": []map[string]string{{"type": "dns", "value": a.host}},
		"authorizations": []string{a.url + "/authorization"}, "finalize": a.url + "/finalize",
	}
	if a.state == "valid" {
		order["certificate"] = a.url + "/certificate"
	}
	return order
}

func (a *authority) serveOrder(w http.ResponseWriter, _ []byte) {
	w.Header().Set("Location", a.url+"/order")
	a.answer(w, 200, a.order())
}

func (a *authority) serveAuthorization(w http.ResponseWriter, _ []byte) {
	status := "pending"
	if a.state != "pending" {
		status = "valid"
	}
	a.answer(w, 200, map[string]any{
		"status": status, "identifier": map[string]string{"type": "dns", "value": a.host},
		"challenges": []map[string]string{{"type": a.challenge, "url": a.url + "/challenge", "token": challengeToken, "status": status}},
	})
}

// serveChallenge verifies the proof at once.
func (a *authority) serveChallenge(w http.ResponseWriter, _ []byte) {
	thumbprint, err := a.account.Thumbprint(crypto.SHA256)
	if err != nil {
		a.t.Error(err)
	}
	want := challengeToken + "." + base64.RawURLEncoding.EncodeToString(thumbprint)
	if a.challenge == "http-01" {
		a.proof = a.proveByFile(want)
	} else {
		a.proof = a.proveByHandshake(want)
	}
	if a.proof != nil {
		a.t.Errorf("%s: %v", a.challenge, a.proof)
		a.answer(w, 400, map[string]string{"type": "urn:ietf:params:acme:error:unauthorized", "detail": a.proof.Error()})
		return
	}
	a.state = "ready"
	a.answer(w, 200, map[string]string{"type": a.challenge, "url": a.url + "/challenge", "token": challengeToken, "status": "valid"})
}

func (a *authority) proveByFile(want string) error {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+a.target+"/.well-known/acme-challenge/"+challengeToken, nil)
	if err != nil {
		return err
	}
	r.Host = a.host
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil || got.StatusCode != 200 || string(body) != want {
		return fmt.Errorf("%s %q, %w; want %q", got.Status, body, err, want)
	}
	return nil
}

// proveByHandshake is RFC 8737 §3.
func (a *authority) proveByHandshake(want string) error {
	c, err := tls.Dial("tcp", a.target, &tls.Config{ServerName: a.host, NextProtos: []string{"acme-tls/1"}, InsecureSkipVerify: true})
	if err != nil {
		return err
	}
	defer c.Close()
	state := c.ConnectionState()
	digest := sha256.Sum256([]byte(want))
	value, err := asn1.Marshal(digest[:])
	if err != nil {
		return err
	}
	cert := state.PeerCertificates[0]
	if state.NegotiatedProtocol != "acme-tls/1" || len(cert.DNSNames) != 1 || cert.DNSNames[0] != a.host {
		return fmt.Errorf("protocol %q, names %q", state.NegotiatedProtocol, cert.DNSNames)
	}
	for _, e := range cert.Extensions {
		if e.Id.Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 31}) && e.Critical && bytes.Equal(e.Value, value) {
			return nil
		}
	}
	return fmt.Errorf("no proof among the extensions %v", cert.Extensions)
}

func (a *authority) serveFinalize(w http.ResponseWriter, payload []byte) {
	var asked struct{ CSR string }
	if err := json.Unmarshal(payload, &asked); err != nil || a.state != "ready" {
		a.t.Errorf("finalize %s in state %s, %v", payload, a.state, err)
		return
	}
	der, err := base64.RawURLEncoding.DecodeString(asked.CSR)
	if err != nil {
		a.t.Error(err)
	}
	request, err := x509.ParseCertificateRequest(der)
	if err != nil || request.CheckSignature() != nil || len(request.DNSNames) != 1 || request.DNSNames[0] != a.host {
		a.t.Errorf("certificate request %+v, %v", request, err)
		return
	}
	a.issued, err = x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(int64(a.orders) + 1), DNSNames: request.DNSNames,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, 90), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.root, request.PublicKey, a.key)
	if err != nil {
		a.t.Error(err)
	}
	a.state = "valid"
	w.Header().Set("Location", a.url+"/order")
	a.answer(w, 200, a.order())
}

func (a *authority) serveCertificate(w http.ResponseWriter, _ []byte) {
	w.Header().Set("Content-Type", "application/pem-certificate-chain")
	for _, der := range [][]byte{a.issued, a.root.Raw} {
		_ = pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
}

// handshake connects as a host and trusts the authority alone.
func (a *authority) handshake(host string) error {
	pool := x509.NewCertPool()
	pool.AddCert(a.root)
	c, err := tls.Dial("tcp", a.target, &tls.Config{ServerName: host, RootCAs: pool})
	if err != nil {
		return err
	}
	return c.Close()
}

// A server gets its certificates from an authority, by both kinds of proof, for
// the hosts that are its own and for no others; they are kept, sealed.
func TestS194CertificatesByACME(t *testing.T) {
	t.Parallel()
	for _, challenge := range []string{"tls-alpn-01", "http-01"} {
		t.Run(challenge, func(t *testing.T) {
			t.Parallel()
			a := startAuthority(t, challenge)
			s := servertest.Start(t, func(c *server.Config) {
				c.Authority, c.PublicURL, c.DomainSuffix = nil, "https://id.example.com", "auth.example.com"
				c.ACME = server.ACME{Email: "root@example.com", Directory: a.url + "/directory", Hosts: []string{"also.example.org"}}
			})
			a.target = strings.TrimPrefix(s.URL, "http://")
			pool := s.CreatePool(t, nil)
			do(t, s, "CreateUserPoolDomain", doc{"UserPoolId": pool, "Domain": "shop"})

			for _, host := range []string{"id.example.com", "also.example.org", "shop.auth.example.com"} {
				for range 2 { // the second time it is there
					if err := a.handshake(host); err != nil {
						t.Errorf("%s: %v", host, err)
					}
				}
			}
			if a.orders != 3 {
				t.Errorf("%d orders, want 3", a.orders)
			}
			if len(a.contact) != 1 || a.contact[0] != "mailto:root@example.com" {
				t.Errorf("contact %q", a.contact)
			}
			for _, host := range []string{"stranger.example.net", "other.auth.example.com", "auth.example.com", "a.shop.auth.example.com", "localhost", "x.localhost"} {
				if err := a.handshake(host); err == nil {
					t.Errorf("%s: connected", host)
				}
			}
			if a.orders != 3 {
				t.Errorf("a stranger's name was ordered: %d orders", a.orders)
			}
		})
	}
}
