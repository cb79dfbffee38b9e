package testidp

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"cognate/internal/api"
)

// Config is what the providers need. All fields are set.
type Config struct {
	PublicURL string // of the installation
	Now       func() time.Time
	// Pools are asked by the SAML provider what a pool signs with, and what for
	// assertions are encrypted.
	Pools Pools
}

// Pools are operations of the API.
type Pools interface {
	ListIdentityProviders(ctx context.Context, in *api.ListIdentityProvidersRequest) (*api.ListIdentityProvidersResponse, error)
	DescribeIdentityProvider(ctx context.Context, in *api.DescribeIdentityProviderRequest) (*api.DescribeIdentityProviderResponse, error)
	GetSigningCertificate(ctx context.Context, in *api.GetSigningCertificateRequest) (*api.GetSigningCertificateResponse, error)
	DescribeUserPoolDomain(ctx context.Context, in *api.DescribeUserPoolDomainRequest) (*api.DescribeUserPoolDomainResponse, error)
}

// Providers plays all kinds. Make it with New.
type Providers struct {
	base  string // public address of the installation
	now   func() time.Time
	pools Pools

	mu       sync.Mutex
	key      *signingKey // made at the first use
	saml     *samlKeys   // made at the first use
	pending  map[string]*visit
	chosen   map[string]*visit // what is shown before it is sent
	grants   map[string]*visit // by code
	access   map[string]*visit // by access token
	next     map[Kind]Choice
	known    map[string]bool   // who has told Apple's names before
	sent     map[string]string // the id of the last good assertion, by where it went
	sessions map[string]samlSession
}

// signingKey signs ID tokens.
type signingKey struct {
	id  string
	rsa *rsa.PrivateKey
}

// visit is a browser that was sent to a provider. Once it is kept it does not
// change.
type visit struct {
	kind   Kind
	choice Choice
	at     time.Time

	clientID, redirectURI, state, nonce, scope string
	formPost                                   bool
	idToken                                    string // prepared

	saml     *samlRequest
	response *samlResponse // prepared
}

const (
	visitLife = 10 * time.Minute
	tokenLife = time.Hour
	// mostVisits bounds what is remembered of a kind.
	mostVisits = 10_000
)

// New makes the providers of an installation.
func New(c Config) *Providers {
	return &Providers{
		base: strings.TrimRight(c.PublicURL, "/"), now: c.Now, pools: c.Pools,
		pending: map[string]*visit{}, chosen: map[string]*visit{}, grants: map[string]*visit{}, access: map[string]*visit{},
		next: map[Kind]Choice{}, known: map[string]bool{}, sent: map[string]string{}, sessions: map[string]samlSession{},
	}
}

// URL is the address of a provider, without a slash at its end. The issuer of oidc
// and the entity of saml are there.
func (p *Providers) URL(kind Kind) string { return p.base + "/_cognate/idp/" + string(kind) }

// Register mounts the providers on mux. Page admits browsers, also those that are
// sent here from elsewhere; program admits what is no browser.
func (p *Providers) Register(mux *http.ServeMux, page, program func(http.HandlerFunc) http.Handler) {
	mux.Handle("GET /_cognate/idp/{$}", page(p.home))
	mux.Handle("GET /_cognate/idp/style.css", page(style))
	mux.Handle("GET /_cognate/idp/{kind}/choose", page(p.showChoice))
	mux.Handle("POST /_cognate/idp/{kind}/choose", page(p.takeChoice))
	mux.Handle("POST /_cognate/idp/{kind}/send", page(p.send))
	mux.Handle("PUT /_cognate/v1/idps/{kind}/next", program(p.decide))
	mux.Handle("POST /_cognate/v1/keys/rotate", program(p.rotate))
	p.registerOAuth(mux, page, program)
	p.registerSAML(mux, page, program)
}

// signer gives the key that signs ID tokens.
func (p *Providers) signer() (*signingKey, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.key == nil {
		var err error
		if p.key, err = newSigningKey(); err != nil {
			return nil, err
		}
	}
	return p.key, nil
}

// Rotate gives the providers other keys. Those of ID tokens are forgotten at once;
// the metadata of the SAML provider lists the former certificate beside the new one.
func (p *Providers) Rotate() error { return errors.Join(p.rotateTokens(), p.rotateSAML()) }

func (p *Providers) rotateTokens() error {
	fresh, err := newSigningKey()
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.key = fresh
	return nil
}

func newSigningKey() (*signingKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make the key of a test provider: %w", err)
	}
	return &signingKey{id: rand.Text(), rsa: key}, nil
}

// set is the key set of the ID tokens.
func (k *signingKey) set() jose.JSONWebKeySet {
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &k.rsa.PublicKey, KeyID: k.id, Algorithm: string(jose.RS256), Use: "sig"}}}
}

// keep remembers a visit under a new name.
func (p *Providers) keep(in map[string]*visit, v *visit) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(in) >= mostVisits {
		clear(in)
	}
	name := rand.Text()
	in[name] = v
	return name
}

// take gives a visit up, once.
func (p *Providers) take(from map[string]*visit, name string) *visit {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := from[name]
	delete(from, name)
	if v == nil || p.now().Sub(v.at) > visitLife {
		return nil
	}
	return v
}

// peek finds a visit and leaves it.
func (p *Providers) peek(from map[string]*visit, name string, life time.Duration) *visit {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := from[name]
	if v == nil || p.now().Sub(v.at) > life {
		return nil
	}
	return v
}

// decided gives the choice that was made beforehand for the next visit of a kind.
func (p *Providers) decided(kind Kind) (Choice, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	choice, ok := p.next[kind]
	delete(p.next, kind)
	return choice, ok
}

// firstTime reports whether somebody signs in with Apple for the first time.
func (p *Providers) firstTime(clientID, subject string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	name := clientID + " " + subject
	first := !p.known[name]
	p.known[name] = true
	return first
}
