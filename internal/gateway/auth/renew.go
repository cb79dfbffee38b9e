package auth

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"
)

// sessionOverError says that the provider ended a session: the user signed out
// everywhere, was disabled, or the refresh token was revoked or has expired.
type sessionOverError struct{ err error }

func (e *sessionOverError) Error() string { return "the session is over: " + e.err.Error() }
func (e *sessionOverError) Unwrap() error { return e.err }

// renewalPause is how long a renewal is not tried again after one failed. Those who
// waited for that one share its error: a provider that hangs would have each of them
// wait for all before.
const renewalPause = time.Second

// renew gets new tokens and claims for a session whose access token has expired
// (§4.5). Requests that come with the same cookies share one renewal, because a
// provider that rotates refresh tokens takes each once.
func (a *Authenticator) renew(ctx context.Context, o *opened, action *Action, e *entry) (*renewed, error) {
	e.renewal.Lock()
	defer e.renewal.Unlock()
	switch {
	case e.refused:
		return nil, &sessionOverError{errGrant}
	case e.next != nil && !e.next.entry.session.stale(a.Now()):
		return e.next, nil
	case e.failed != nil && a.Now().Sub(e.tried) < renewalPause:
		return nil, e.failed
	}
	last := e.session
	if e.next != nil { // a client that does not take cookies
		last = e.next.entry.session
	}
	// The refresh token may be used up by now, so the answer has to be kept even if
	// this browser does not wait for it.
	next, err := a.renewed(context.WithoutCancel(ctx), o, action, last, &e.rotated)
	e.failed, e.tried = err, a.Now()
	if err != nil {
		var over *sessionOverError
		e.refused = errors.As(err, &over)
		return nil, err
	}
	a.Metrics.refreshed.Inc()
	e.next, e.rotated = next, ""
	return next, nil
}

// renewed asks the provider. What it refuses ends the session; a provider that
// cannot be asked does not. rotated is the refresh token to use instead of the last
// session's, if there is one, and the one to use after an error.
func (a *Authenticator) renewed(ctx context.Context, o *opened, action *Action, last *session, rotated *string) (*renewed, error) {
	p, err := action.Source.Provider(ctx)
	if err != nil {
		return nil, &failure{reason: UnhandledException, err: err}
	}
	got, err := a.refresh(ctx, p, cmp.Or(*rotated, last.RefreshToken))
	switch {
	case errors.Is(err, errGrant):
		return nil, &sessionOverError{err}
	case errors.Is(err, errClient):
		action.Source.Refused(p)
		return nil, err
	case err != nil:
		return nil, err
	}
	*rotated = cmp.Or(got.refresh, *rotated)
	who, err := a.userInfo(ctx, p, got.access)
	var refused *refusedAccessError
	if errors.As(err, &refused) && (refused.status == http.StatusUnauthorized || refused.status == http.StatusForbidden || refused.status == http.StatusBadRequest) {
		return nil, &sessionOverError{err}
	}
	if err != nil {
		return nil, err
	}
	s := *last
	s.AccessToken, s.AccessExpires = got.access, unixOrZero(got.expires)
	s.RefreshToken = cmp.Or(*rotated, last.RefreshToken)
	if who.subject != last.subject {
		return nil, &sessionOverError{errors.New("the provider names another user")}
	}
	s.Claims = who.claims
	next, _, err := a.keep(o, action, &s, false, presented{})
	if err != nil {
		return nil, err
	}
	return &next, nil
}
