package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Callback answers a request for CallbackPath (§2.3). find gives the action of an
// id, or nil: the state says which one sent the browser away, not the path.
func (a *Authenticator) Callback(ctx context.Context, find func(id string) *Action, r Request) Outcome {
	_, query, _ := strings.Cut(r.URI, "?")
	values, _ := url.ParseQuery(query) // of parameters that cannot be read none is the gateway's
	if r.Host == "" {
		return a.failed(&failure{reason: MissingHost, err: errors.New("the callback names no host of the gateway")})
	}
	if values.Has("error") {
		return a.refusedByProvider(values.Get("error"))
	}
	s, err := a.readState(values, r)
	if err != nil {
		return a.failed(err)
	}
	action := find(s.Action)
	if action == nil {
		return a.failed(&failure{reason: InvalidState, err: errors.New("no rule has the action of the sign-in any longer")})
	}
	held := readCookies(r.Header, action.CookieName)
	switch {
	case len(held.nonces) == 0:
		return a.failed(&failure{reason: MissingNonce, err: errors.New("the browser has no nonce")})
	case !s.heldBy(held.nonces):
		return a.failed(&failure{reason: InvalidNonce, err: errors.New("another browser began the sign-in")})
	case values.Get("code") == "":
		return a.failed(&failure{reason: MissingCode, err: errors.New("the callback has no code")})
	}
	cookies, err := a.signIn(ctx, action, s, values.Get("code"), r, held)
	if err != nil {
		return a.failed(err)
	}
	a.Metrics.success.Inc()
	// Always with scheme and host: a path of two slashes would lead elsewhere.
	return Outcome{Status: http.StatusFound, Location: "https://" + s.Host + s.URI, Cookies: cookies}
}

func (a *Authenticator) readState(values url.Values, r Request) (*state, error) {
	text := values.Get("state")
	if text == "" {
		return nil, &failure{reason: MissingState, err: errors.New("the callback has no state")}
	}
	s, err := openState(a.opened.Load().ring, text, a.Now())
	if err != nil {
		return nil, &failure{reason: InvalidState, err: err}
	}
	if s.Host != r.Host {
		return nil, &failure{reason: InvalidState, err: errors.New("the sign-in began at another host")}
	}
	return s, nil
}

// refusedByProvider is a callback with an error. Who may not, or did not want to,
// is told apart from a provider or client that is not set up well.
func (a *Authenticator) refusedByProvider(code string) Outcome {
	if code == "access_denied" {
		a.Metrics.count(countsFailure)
		return Outcome{Status: http.StatusUnauthorized}
	}
	a.Metrics.count(countsError)
	return Outcome{Status: StatusAuthenticationError, Err: fmt.Errorf("sign-in: the provider answered the error %.60q", code)}
}

// signIn makes a session of a code (§2.4 to §2.7).
func (a *Authenticator) signIn(ctx context.Context, action *Action, s *state, code string, r Request, held presented) ([]*http.Cookie, error) {
	p, err := action.Source.Provider(ctx)
	if err != nil {
		return nil, &failure{reason: UnhandledException, err: err}
	}
	began := a.Now()
	got, who, err := a.identify(ctx, p, code, callbackURL(s.Host))
	now := a.Now()
	a.Metrics.took(now.Sub(began))
	if err != nil {
		if errors.Is(err, errClient) {
			action.Source.Refused(p)
		}
		return nil, err
	}
	_, cookies, err := a.keep(a.opened.Load(), action, &session{
		Issuer: p.Issuer, ClientID: p.ClientID,
		Started: now.Unix(), Timeout: int64(action.Timeout / time.Second),
		AccessToken: got.access, AccessExpires: unixOrZero(got.expires), RefreshToken: got.refresh,
		Claims: who.claims, subject: who.subject,
	}, r.crossOrigin(), held)
	return cookies, err
}

func unixOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// identify asks the provider for tokens and whose they are.
func (a *Authenticator) identify(ctx context.Context, p *Provider, code, redirectURI string) (*tokens, *profile, error) {
	got, err := a.redeem(ctx, p, code, redirectURI)
	if err != nil {
		return nil, nil, err
	}
	if err := p.checkIDToken(ctx, got.id, a.Now()); err != nil {
		return nil, nil, err
	}
	who, err := a.userInfo(ctx, p, got.access)
	return got, who, err
}

// keep seals a session and gives its cookies.
func (a *Authenticator) keep(o *opened, action *Action, s *session, crossOrigin bool, held presented) (renewed, []*http.Cookie, error) {
	value, err := sealSession(o.ring, action.CookieName, s)
	if err != nil {
		return renewed{}, nil, &failure{reason: UnhandledException, err: err}
	}
	cookies, fits := shardCookies(action.CookieName, value, a.Now(), crossOrigin, held)
	if !fits {
		return renewed{}, nil, &failure{reason: UserInfoResponseTooLarge, err: fmt.Errorf("a session of %d characters does not fit in %d cookies", len(value), maxShards)}
	}
	return renewed{o.add(action.CookieName, value, s), value}, cookies, nil
}
