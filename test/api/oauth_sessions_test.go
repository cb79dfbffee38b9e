package api_test

import (
	"net/http"
	"testing"
	"time"

	"cognate/internal/servertest"
)

// Sessions of tokens that came through a browser's session name it, and end with it
// where that is asked for (newest-features.md §4 and §5).
func TestOAuthSessionsAreTracked(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	wantOK(t, p.trackSessions(t, tracked, 5))
	b := p.browser(t)
	var refreshes []string
	for _, code := range []string{b.code(t), b.silentCode(t)} {
		refreshes = append(refreshes, p.exchangeCode(t, code).member(t, "refresh_token"))
	}
	browser, fromBrowser := "", 0
	for _, s := range p.sessionsOf(t, "ana") {
		if s.SessionType == "SSO" {
			browser = s.SessionId
		}
	}
	for _, s := range p.sessionsOf(t, "ana") {
		if s.SessionType == "TOKEN" && s.OriginSessionId == browser {
			fromBrowser++
		}
	}
	if browser == "" || fromBrowser != 2 {
		t.Fatalf("sessions %+v", p.sessionsOf(t, "ana"))
	}
	pending := b.silentCode(t)
	wantOK(t, p.call(t, "AdminRevokeUserSession", map[string]any{
		"UserPoolId": p.pool, "Username": "ana", "SessionId": browser, "RevokeAssociatedSessions": "LINKED",
	}, &struct{}{}))
	for _, refresh := range refreshes {
		wantRefusal(t, p.token(t, "grant_type", "refresh_token", "refresh_token", refresh), "invalid_grant")
	}
	if at, _ := b.authorize(t).location(t); at != p.base+"/login" {
		t.Errorf("a revoked session is sent to %s", at)
	}
	// A code on its way when the session was revoked gives nothing either.
	wantRefusal(t, p.exchangeCode(t, pending), "invalid_grant")
}

// While sessions are tracked, a client says itself how long it takes one over.
func TestOAuthSessionsLastAsLongAsTheClientSays(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	p := newRelying(t, s, nil, nil)
	short := p.withClient(t, nil)
	wantOK(t, p.trackSessions(t, tracked, 5))
	for client, minutes := range map[string]int{p.client: 300, short.client: 10} {
		wantOK(t, p.call(t, "SetUserPoolClientSessionConfiguration", map[string]any{
			"UserPoolId": p.pool, "ClientId": client, "SSOSession": map[string]any{"MaxValidityMinutes": minutes},
		}, &struct{}{}))
	}
	b := p.browser(t)
	b.code(t)
	for _, tt := range []struct {
		after       time.Duration
		long, short bool
	}{{9 * time.Minute, true, true}, {2 * time.Minute, true, false}, {280 * time.Minute, true, false}, {10 * time.Minute, false, false}} {
		s.Advance(tt.after)
		for q, want := range map[*relying]bool{p: tt.long, short: tt.short} {
			got := (&agent{q, b.http}).authorize(t)
			if at, _ := got.location(t); got.status != http.StatusFound || want != (at == appCallback) {
				t.Errorf("%v later: sent to %s, want silence: %v", tt.after, at, want)
			}
		}
	}
}
