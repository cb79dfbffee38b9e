package passwordranges

import (
	"bufio"
	"context"
	"crypto/sha1" //nolint:gosec // the form of the API, which protects nothing
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"cognate/internal/outbound/fetch"
)

const (
	timeout     = 2 * time.Second // for all of a call: somebody waits to sign in
	answerLimit = 1 << 20         // bytes; the largest ranges have some 80 KB
	rest        = 30 * time.Second
	prefixLen   = 5 // hexadecimal digits that are told
)

var (
	// ErrInWrite is the answer to a call inside a store transaction.
	ErrInWrite = errors.New("ask for known passwords: called inside a store transaction")
	// ErrResting is the answer while a service that failed is left alone.
	ErrResting = errors.New("ask for known passwords: the service failed a moment ago")
)

// Config is what New needs. All fields but Allow are set.
type Config struct {
	Base    string         // an https address; http on this machine only
	Allow   []netip.Prefix // networks that are not public and may be called
	InWrite func(context.Context) bool
	Now     func() time.Time
}

// Client asks one service. It is safe for concurrent use.
type Client struct {
	base    string
	http    *http.Client
	inWrite func(context.Context) bool
	now     func() time.Time

	mu    sync.Mutex
	until time.Time // the end of the rest after a failure
}

// New makes a client, or refuses an address that cannot be asked safely.
func New(c Config) (*Client, error) {
	u, err := url.Parse(c.Base)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q is not an absolute URL without user, query and fragment", c.Base)
	}
	local := fetch.LoopbackName(u.Hostname())
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return nil, fmt.Errorf("%q is neither https nor http on this machine", c.Base)
	}
	policy := fetch.Policy{Allow: c.Allow, Limit: answerLimit, Timeout: timeout}
	if local {
		policy.Allow = append(slices.Clip(policy.Allow), fetch.Loopback...)
	}
	return &Client{base: strings.TrimRight(c.Base, "/"), http: fetch.Client(policy), inWrite: c.InWrite, now: c.Now}, nil
}

// Contains reports whether the service knows a password.
func (c *Client) Contains(ctx context.Context, password string) (bool, error) {
	if c.inWrite(ctx) {
		return false, ErrInWrite
	}
	if c.resting() {
		return false, ErrResting
	}
	sum := sha1.Sum([]byte(password)) //nolint:gosec // see the import
	digest := strings.ToUpper(hex.EncodeToString(sum[:]))
	found, err := c.ask(ctx, digest[:prefixLen], digest[prefixLen:])
	if err != nil {
		if ctx.Err() == nil { // not the caller who gave up
			c.pause()
		}
		return false, fmt.Errorf("ask for known passwords: %w", err)
	}
	return found, nil
}

func (c *Client) resting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now().Before(c.until)
}

func (c *Client) pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = c.now().Add(rest)
}

func (c *Client) ask(ctx context.Context, prefix, suffix string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/"+prefix, nil)
	if err != nil {
		return false, err
	}
	request.Header.Set("Add-Padding", "true")
	request.Header.Set("User-Agent", "cognate")
	answer, err := c.http.Do(request)
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return false, fmt.Errorf("answered %s", answer.Status)
	}
	found := false
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() { // to the end, so that the connection can be used again
		rest, count, _ := strings.Cut(strings.TrimSpace(lines.Text()), ":")
		if strings.EqualFold(rest, suffix) && count != "0" { // padding has the count 0
			found = true
		}
	}
	return found, lines.Err()
}
