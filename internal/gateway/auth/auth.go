package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"cognate/internal/gateway/seal"
)

// CallbackPath is where providers send browsers back to, on every host (§1.4).
const CallbackPath = "/oauth2/idpresponse"

// Authenticator decides about requests. Make it with New; it is safe for many
// goroutines.
type Authenticator struct {
	HTTP    *http.Client //nolint:forbidigo // one of internal/outbound, which follows no redirects
	Now     func() time.Time
	Metrics *Metrics

	opened atomic.Pointer[opened]
}

// New makes an Authenticator that seals with the keys of a ring.
func New(ring *seal.Ring, client *http.Client, now func() time.Time, metrics *Metrics) *Authenticator { //nolint:forbidigo // see HTTP
	a := &Authenticator{HTTP: client, Now: now, Metrics: metrics}
	a.SetRing(ring)
	return a
}

// SetRing replaces the keys. Sessions that none of them opens are over at once.
func (a *Authenticator) SetRing(ring *seal.Ring) { a.opened.Store(newOpened(ring)) }

// Request is what is known of a browser's request.
type Request struct {
	// Host is how the browser reaches the gateway: in lower case, with a port
	// unless it is 443. Empty when the request names none, or none that is the
	// gateway's (security.md S022): then nobody is sent anywhere.
	Host string
	// URI is path and query, as in a request line.
	URI    string
	Header http.Header
}

// crossOrigin reports whether a script of another origin sent the request.
func (r Request) crossOrigin() bool {
	origin := r.Header.Get("Origin")
	return origin != "" && origin != "https://"+r.Host
}

// Outcome is what becomes of a request.
type Outcome struct {
	// Status is what the browser is answered with; 0 lets the request pass.
	Status   int
	Location string
	// Cookies are for the browser, also when the request passes.
	Cookies []*http.Cookie
	// Identity is for the application; nil when nobody is signed in.
	Identity *Identity
	Reason   Reason // for the access log
	Err      error  // for the log: why nobody is signed in
}

// Passes reports whether the request goes on to the application.
func (o Outcome) Passes() bool { return o.Status == 0 }

// Decide decides about a request that a rule with an action applies to (§3). The
// application must get none of the headers of Identity from anywhere else.
func (a *Authenticator) Decide(ctx context.Context, action *Action, r Request) Outcome {
	held := readCookies(r.Header, action.CookieName)
	if len(held.shards) == 0 {
		return a.withoutSession(ctx, action, r, held)
	}
	o := a.opened.Load()
	var e *entry
	err := seal.ErrOpen
	if !held.broken {
		e, err = o.open(action.CookieName, held.value)
	}
	if err != nil {
		return a.invalidCookie(action, held, err)
	}
	now := a.Now()
	issuer, client := action.Source.Session()
	switch s := e.session; {
	case s.Issuer != issuer || s.ClientID != client:
		return a.withoutSession(ctx, action, r, held)
	case s.ended(now):
		return a.sessionOver(ctx, action, r, held)
	}
	var cookies []*http.Cookie
	if e.session.stale(now) {
		next, err := a.renew(ctx, o, action, e)
		var over *sessionOverError
		switch {
		case errors.As(err, &over):
			return a.sessionOver(ctx, action, r, held)
		case err != nil:
			return a.failed(err)
		}
		e = next.entry
		cookies, _ = shardCookies(action.CookieName, next.value, now, r.crossOrigin(), held)
	}
	data, err := e.dataFor(o.ring, action.Signer, now)
	if err != nil {
		return a.failed(&failure{reason: UnhandledException, err: err})
	}
	return Outcome{Cookies: cookies, Identity: &Identity{AccessToken: e.session.AccessToken, Subject: e.session.subject, Data: data}}
}

// withoutSession is row 1 of §3.
func (a *Authenticator) withoutSession(ctx context.Context, action *Action, r Request, held presented) Outcome {
	switch action.OnUnauthenticated {
	case Allow:
		return Outcome{}
	case Authenticate:
		return a.begin(ctx, action, r, held)
	case Deny:
	}
	return Outcome{Status: http.StatusUnauthorized}
}

// sessionOver is row 2 of §3: who was signed in is asked to be again, by deny too.
func (a *Authenticator) sessionOver(ctx context.Context, action *Action, r Request, held presented) Outcome {
	if action.OnUnauthenticated == Allow {
		return Outcome{}
	}
	return a.begin(ctx, action, r, held)
}

// invalidCookie is row 3 of §3. The cookies are taken away, so that somebody whose
// session no key opens any longer is not refused for a week.
func (a *Authenticator) invalidCookie(action *Action, held presented, err error) Outcome {
	if action.OnUnauthenticated == Allow {
		return Outcome{}
	}
	out := a.failed(&failure{reason: InvalidCookie, err: err})
	out.Cookies = expiredShards(action.CookieName, 0, held)
	return out
}

// begin sends the browser to the provider (§2.1, §2.2).
func (a *Authenticator) begin(ctx context.Context, action *Action, r Request, held presented) Outcome {
	if r.Host == "" {
		return a.failed(&failure{reason: MissingHost, err: errors.New("the request names no host of the gateway")})
	}
	p, err := action.Source.Provider(ctx)
	if err != nil {
		return a.failed(&failure{reason: UnhandledException, err: err})
	}
	nonce := nonceFor(held.nonces)
	s := state{Host: r.Host, URI: r.URI, Issued: a.Now().Unix(), Action: action.ID(), Nonce: nonce}
	sealed, err := s.seal(a.opened.Load().ring)
	if err != nil {
		return a.failed(&failure{reason: UnhandledException, err: err})
	}
	query := url.Values{}
	for name, value := range action.ExtraParams {
		query.Set(name, value)
	}
	query.Set("client_id", p.ClientID)
	query.Set("redirect_uri", callbackURL(r.Host))
	query.Set("response_type", "code")
	query.Set("scope", action.Scope)
	query.Set("state", sealed)
	separator := "?"
	if strings.Contains(p.AuthorizationEndpoint, "?") {
		separator = "&"
	}
	return Outcome{
		Status:   http.StatusFound,
		Location: p.AuthorizationEndpoint + separator + query.Encode(),
		Cookies:  []*http.Cookie{setNonce(nonce)},
	}
}

func callbackURL(host string) string { return "https://" + host + CallbackPath }

// failed counts an error and says what it is answered with.
func (a *Authenticator) failed(err error) Outcome {
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{reason: UnhandledException, err: err}
	}
	c := consequences[f.reason]
	a.Metrics.count(c.counter)
	status := c.status
	if f.status != 0 {
		status = f.status
	}
	return Outcome{Status: status, Reason: f.reason, Err: fmt.Errorf("sign-in: %w", f.err)}
}
