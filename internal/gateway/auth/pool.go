package auth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"cognate/internal/gateway/keyset"
)

const (
	// clientAge is how long what a pool said of its client is believed.
	clientAge = time.Minute
	// clientPause is how long a pool is not asked again after it was.
	clientPause = time.Second
	// largestDescription bounds the answer of DescribeUserPoolClient.
	largestDescription = 1 << 20
)

// Installation is where user pools are (§1.2).
type Installation struct {
	PublicURL    string       // base of the API and of key sets, without a slash at its end
	IssuerURL    string       // with {userPoolId} and {region}; empty: {public-url}/{userPoolId}
	DomainSuffix string       // what domain prefixes stand before
	HTTP         *http.Client //nolint:forbidigo // one of internal/outbound
	// Credentials sign DescribeUserPoolClient.
	Credentials func(context.Context) (aws.Credentials, error)
	Now         func() time.Time
}

// Pool is the provider of authenticate-cognito. It asks the pool for the client's
// secret, so that no rule has to hold it. Make it with NewPool.
type Pool struct {
	installation Installation
	id, region   string
	client       string
	domain       string
	issuer       string
	keys         *keyset.Set
	known        atomic.Pointer[description]

	asking sync.Mutex // of what follows, held while the pool is asked
	tried  time.Time
	err    error // of the last try
}

type description struct {
	provider *Provider
	read     time.Time
}

// NewPool makes the provider of a client of a pool. domain is a prefix or, with a
// dot, a host name.
func NewPool(i Installation, region, id, client, domain string) *Pool {
	return &Pool{
		installation: i, id: id, region: region, client: client, domain: domain, issuer: i.issuer(region, id),
		keys: &keyset.Set{URL: i.PublicURL + "/" + id + "/.well-known/jwks.json", HTTP: i.HTTP, Now: i.Now},
	}
}

// Name is the pool's with its client and domain.
func (p *Pool) Name() string { return strings.Join([]string{p.id, p.client, p.domain}, " ") }

// Session gives issuer and client.
func (p *Pool) Session() (issuer, client string) { return p.issuer, p.client }

// Provider asks the pool, unless it was asked within a minute. A pool that cannot
// be asked again is what it was; one that never could be is asked once a second,
// however many wait for it.
func (p *Pool) Provider(ctx context.Context) (*Provider, error) {
	known := p.known.Load()
	switch {
	case known != nil && p.installation.Now().Sub(known.read) < clientAge:
		return known.provider, nil
	case known == nil:
		p.asking.Lock()
	case !p.asking.TryLock():
		return known.provider, nil
	}
	defer p.asking.Unlock()
	now := p.installation.Now()
	if p.tried.IsZero() || now.Sub(p.tried) >= clientPause {
		secret, err := p.describe(context.WithoutCancel(ctx))
		if p.err = err; err == nil {
			p.known.Store(&description{p.provider(secret), now})
		}
		p.tried = p.installation.Now() // after what may have taken long
	}
	if known = p.known.Load(); known == nil {
		return nil, p.err
	}
	return known.provider, nil
}

// Refused has the pool asked again at the next request: its client may have
// another secret now.
func (p *Pool) Refused(refused *Provider) {
	if known := p.known.Load(); known != nil && known.provider == refused {
		p.known.CompareAndSwap(known, &description{refused, time.Time{}})
	}
}

func (p *Pool) provider(secret string) *Provider {
	base := p.domainURL()
	return &Provider{
		Issuer:                p.issuer,
		AuthorizationEndpoint: base + "/oauth2/authorize",
		TokenEndpoint:         base + "/oauth2/token",
		UserInfoEndpoint:      base + "/oauth2/userInfo",
		ClientID:              p.client, ClientSecret: secret,
		Keys: p.keys,
	}
}

// issuer is that of a pool.
func (i Installation) issuer(region, pool string) string {
	if i.IssuerURL == "" {
		return i.PublicURL + "/" + pool
	}
	return strings.NewReplacer("{userPoolId}", pool, "{region}", region).Replace(i.IssuerURL)
}

// domainURL is the address of the domain: with scheme and port of the
// installation's own.
func (p *Pool) domainURL() string {
	scheme, port := "https", ""
	if u, err := url.Parse(p.installation.PublicURL); err == nil {
		scheme = u.Scheme
		if u.Port() != "" {
			port = ":" + u.Port()
		}
	}
	host := p.domain
	if !strings.Contains(host, ".") {
		host += "." + p.installation.DomainSuffix
	}
	return scheme + "://" + host + port
}

// describe gives the secret of the client.
func (p *Pool) describe(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	body, err := json.Marshal(map[string]string{"UserPoolId": p.id, "ClientId": p.client})
	if err != nil {
		return "", fmt.Errorf("describe client %s: %w", p.client, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.installation.PublicURL+"/", bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("describe client %s: %w", p.client, err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.DescribeUserPoolClient")
	who, err := p.installation.Credentials(ctx)
	if err != nil {
		return "", fmt.Errorf("describe client %s: %w", p.client, err)
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, who, r, hex.EncodeToString(sum[:]), "cognito-idp", p.region, p.installation.Now()); err != nil {
		return "", fmt.Errorf("describe client %s: %w", p.client, err)
	}
	answer, err := p.installation.HTTP.Do(r)
	if err != nil {
		return "", fmt.Errorf("describe client %s: %w", p.client, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, largestDescription))
	if err != nil {
		return "", fmt.Errorf("describe client %s: %w", p.client, err)
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("describe client %s: the installation answered %s: %.200s", p.client, answer.Status, text)
	}
	var said struct {
		UserPoolClient struct{ ClientSecret string }
	}
	if err := json.Unmarshal(text, &said); err != nil {
		return "", fmt.Errorf("describe client %s: %w", p.client, err)
	}
	if said.UserPoolClient.ClientSecret == "" {
		return "", fmt.Errorf("describe client %s: %w", p.client, errors.New("it has no secret, which authenticate-cognito needs"))
	}
	return said.UserPoolClient.ClientSecret, nil
}
