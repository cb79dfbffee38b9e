package oidc

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cognate/internal/outbound/fetch"
)

const (
	// userAgent is what the service calls itself at providers.
	userAgent = "Amazon/Cognito"
	// largestAnswer bounds every answer of a provider, in bytes.
	largestAnswer = 1 << 20
	// patience bounds a call where the policy does not.
	patience = 5 * time.Second
	// mostRedirects is how many redirects are followed.
	mostRedirects = 20
)

// Client asks providers. Make it with New; it is safe for many goroutines.
type Client struct {
	http  *http.Client // follows no redirect
	plain bool         // http on loopback names, and any port there
	ports bool         // whether a port may be called is known when its host is
	now   func() time.Time
	limit time.Duration // for a call
	// Route sends calls for an address elsewhere, if it is set: to the built-in
	// providers of dev.
	Route func(address string) string

	flights flights
}

// New makes a client that connects to public addresses and those that policy
// allows beside them, and waits for each call as long as policy says, by default five
// seconds. plain lets it speak http, and to any port, to names of this
// machine.
func New(policy fetch.Policy, plain bool, now func() time.Time) *Client {
	policy.Limit, policy.Timeout, policy.Ports = largestAnswer, cmp.Or(policy.Timeout, patience), []uint16{443, 80}
	return &Client{http: fetch.Client(policy), plain: plain, ports: len(policy.Allow) > 0, now: now, limit: policy.Timeout, flights: flights{now: now}}
}

// answer is what a provider has answered.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// get asks for a document, following redirects.
func (c *Client) get(ctx context.Context, address string, header http.Header) (*answer, error) {
	for range mostRedirects + 1 {
		got, err := c.send(ctx, http.MethodGet, address, "", header)
		if err != nil {
			return nil, err
		}
		to := got.header.Get("Location")
		if got.status < 300 || got.status > 399 || to == "" {
			return got, nil
		}
		base, err := url.Parse(address)
		if err != nil {
			return nil, fmt.Errorf("follow a redirect: %w", err)
		}
		next, err := base.Parse(to)
		if err != nil {
			return nil, fmt.Errorf("follow a redirect: %w", err)
		}
		if next.Host != base.Host {
			header = header.Clone()
			header.Del("Authorization")
		}
		address = next.String()
	}
	return nil, fmt.Errorf("%s: more than %d redirects", address, mostRedirects)
}

// Document reads a document that a provider publishes, such as the metadata of a
// SAML provider, by the rules for every other call: of at most 1 MiB, within 5
// seconds per redirect. accept is its media types.
func (c *Client) Document(ctx context.Context, address, accept string) ([]byte, error) {
	got, err := c.get(ctx, address, http.Header{"Accept": {accept}})
	if err != nil {
		return nil, err
	}
	if got.status != http.StatusOK {
		return nil, fmt.Errorf("%s: status %d", address, got.status)
	}
	return got.body, nil
}

// send makes one call.
func (c *Client) send(ctx context.Context, method, address, form string, header http.Header) (*answer, error) {
	if err := c.Permits(address); err != nil {
		return nil, err
	}
	if c.Route != nil {
		address = c.Route(address)
	}
	ctx, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form))
	if err != nil {
		return nil, fmt.Errorf("call an identity provider: %w", err)
	}
	maps.Copy(r.Header, header)
	r.Header.Set("User-Agent", userAgent)
	if r.Header.Get("Accept") == "" {
		r.Header.Set("Accept", "application/json")
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("call an identity provider: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("read the answer of an identity provider: %w", err)
	}
	return &answer{response.StatusCode, response.Header, body}, nil
}

// Permits tells why an address is none of a provider: the scheme has to be https,
// on one of the usual ports unless the host is in an allowed network
// (federation.md §4.1). What the host is turns out when it is called.
func (c *Client) Permits(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return fmt.Errorf("%q is not an address of an identity provider", address)
	}
	switch port := u.Port(); {
	case c.plain && fetch.LoopbackName(u.Hostname()) && (u.Scheme == "http" || u.Scheme == "https"):
		return nil
	case u.Scheme != "https":
		return fmt.Errorf("%q is not https", address)
	case !c.ports && port != "" && port != "443" && port != "80":
		return fmt.Errorf("%q has a port other than 443 and 80", address)
	}
	return nil
}

// Discovery is what a provider's discovery document says.
type Discovery struct {
	Issuer     string   `json:"issuer"`
	Authorize  string   `json:"authorization_endpoint"`
	Token      string   `json:"token_endpoint"`
	UserInfo   string   `json:"userinfo_endpoint"`
	Keys       string   `json:"jwks_uri"`
	Algorithms []string `json:"id_token_signing_alg_values_supported"`
}

// Discover reads the discovery document of an issuer (OpenID Connect Discovery 1.0
// §4). It must name the four addresses that are needed, and the issuer itself.
func (c *Client) Discover(ctx context.Context, issuer string) (*Discovery, error) {
	address := strings.TrimSuffix(issuer, "/") + "/.well-known/openid-configuration"
	got, err := c.get(ctx, address, http.Header{})
	if err != nil {
		return nil, err
	}
	var d Discovery
	switch err := json.Unmarshal(got.body, &d); {
	case got.status != http.StatusOK:
		return nil, fmt.Errorf("%s: status %d", address, got.status)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", address, err)
	case d.Issuer != issuer:
		return nil, fmt.Errorf("%s: the issuer is %q", address, d.Issuer)
	}
	for _, needed := range []string{d.Authorize, d.Token, d.UserInfo, d.Keys} {
		if err := c.Permits(needed); err != nil {
			return nil, fmt.Errorf("%s: %w", address, err)
		}
	}
	return &d, nil
}
