package hook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"cognate/internal/outbound/fetch"
)

// Config says what functions are. Settings that cannot work are refused by New.
type Config struct {
	// Functions are pairs NAME=TARGET (triggers.md §6.1).
	Functions []string
	// LambdaEndpoint is where functions without a pair are called; empty: they
	// cannot be.
	LambdaEndpoint string
	// Variables are the names of environment variables that processes inherit.
	Variables []string
	// Environ gives the environment that they are taken from, as os.Environ.
	Environ func() []string
	// Endpoint is the address of this server for processes; Credentials are
	// variables with credentials that work there, if there are any.
	Endpoint    string
	Credentials []string
	// DropRoot makes processes of a server that is root run as nobody.
	DropRoot bool
	// Allow lists networks that are not public and may be called all the same.
	Allow []netip.Prefix
	// Secrets are the signing secrets in force, the current one first.
	Secrets func(context.Context) ([][]byte, error)
	// InWrite reports whether ctx belongs to a store transaction.
	InWrite func(ctx context.Context) bool
	Now     func() time.Time
	Log     *slog.Logger
	// AttemptTime and IdleTime are for tests; the defaults are five seconds and
	// a minute.
	AttemptTime, IdleTime time.Duration
}

// New reads the settings. Nothing is called or started yet.
func New(c Config) (*Functions, error) {
	if c.AttemptTime == 0 {
		c.AttemptTime = AttemptTime
	}
	if c.IdleTime == 0 {
		c.IdleTime = idleTime
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	f := &Functions{exact: map[string]target{}, attempt: c.AttemptTime, inWrite: c.InWrite, now: c.Now, log: c.Log}
	for _, pair := range c.Functions {
		name, to, ok := strings.Cut(pair, "=")
		if !ok || name == "" || to == "" {
			return nil, fmt.Errorf("function %q is not of the form NAME=TARGET", pair)
		}
		if f.exact[name] != nil {
			return nil, fmt.Errorf("function %s has two targets", name)
		}
		t, err := c.target(name, to)
		if err != nil {
			return nil, fmt.Errorf("function %s: %w", name, err)
		}
		f.exact[name] = t
	}
	if c.LambdaEndpoint != "" {
		t, err := c.lambda(c.LambdaEndpoint)
		if err != nil {
			return nil, fmt.Errorf("lambda endpoint: %w", err)
		}
		f.fallback = t
	}
	return f, nil
}

// target reads the right side of a pair.
func (c *Config) target(name, to string) (target, error) {
	kind, rest, _ := strings.Cut(to, ":")
	switch kind {
	case "https", "http":
		return c.http(to)
	case "lambda":
		if rest == "" {
			rest = c.LambdaEndpoint
		}
		if rest == "" {
			return nil, errors.New("lambda: needs an address, here or as the Lambda endpoint")
		}
		return c.lambda(rest)
	case "exec":
		return c.exec(name, rest)
	case "node", "python":
		return c.shim(kind, name, rest)
	}
	return nil, fmt.Errorf("target %q begins with none of https:, http:, lambda:, exec:, node:, python: as it must", kind+":")
}

// address reads a URL of a setting. Plain HTTP shows passwords and codes to the
// network, so it is for this machine only.
func address(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("address is not a URL") // the cause quotes it
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("address has scheme %q, want https", u.Scheme)
	case u.Hostname() == "":
		return nil, errors.New("address has no host")
	case u.Scheme == "http" && !fetch.LoopbackName(u.Hostname()):
		return nil, errors.New("address is plain http to another machine, which shows passwords and codes to the network: use https")
	}
	u.Fragment = ""
	return u, nil
}

// policy is that of a configured address: whoever configures this machine by
// name means it.
func (c *Config) policy(u *url.URL) fetch.Policy {
	p := fetch.Policy{Allow: c.Allow, Limit: AnswerLimit, Timeout: c.AttemptTime}
	if fetch.LoopbackName(u.Hostname()) {
		p.Allow = append(append([]netip.Prefix{}, p.Allow...), fetch.Loopback...)
	}
	return p
}

// find gives the target of a function: by the ARN with its qualifier, the ARN
// without, or the bare name. The more exact one wins.
func (f *Functions) find(arn string) target {
	if t := f.exact[arn]; t != nil {
		return t
	}
	bare, name := split(arn)
	if t := f.exact[bare]; t != nil {
		return t
	}
	if t := f.exact[name]; t != nil {
		return t
	}
	return f.fallback
}

// split takes the qualifier off an ARN and gives the function's bare name:
// arn:aws:lambda:REGION:ACCOUNT:function:NAME:QUALIFIER.
func split(arn string) (bare, name string) {
	parts := strings.Split(arn, ":")
	if len(parts) < 7 || parts[0] != "arn" {
		return arn, arn
	}
	return strings.Join(parts[:7], ":"), parts[6]
}

// masked is an address without what may be secret in it.
func masked(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
