package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/servertest"
)

// A sign-in on the pages can be followed in the log, by the ids that the answers
// name, and nothing in it signs anybody in.
func TestS183RequestsOfDomainsAreLoggedWithoutSecrets(t *testing.T) {
	t.Parallel()
	book := &logbook{}
	p := newRelying(t, servertest.Start(t, keepLog(book)), nil, nil)
	code := p.code(t, "state", "the-state-of-the-app", "nonce", "the-nonce-of-the-app")
	tokens := p.exchangeCode(t, code)
	again := p.exchangeCode(t, code)
	wantRefusal(t, again, "invalid_grant")
	p.userInfo(t, tokens.member(t, "access_token"))
	p.browser(t).authorize(t, "redirect_uri", "https://evil.example/")
	p.browser(t).get(t, p.base+"/"+tokens.member(t, "refresh_token"))

	type line struct {
		Msg, Service, Operation, Method, Pool, Code string
		RequestID                                   string `json:"request_id"`
		Status                                      int
	}
	var got []string
	ids := map[string]bool{}
	text := book.String()
	for written := range strings.Lines(text) {
		var l line
		wantOK(t, json.Unmarshal([]byte(written), &l))
		if l.Msg != "request" || l.Service != "domain" {
			continue
		}
		if l.Pool != p.pool || l.Status == 0 {
			t.Errorf("pool and status: %s", written)
		}
		ids[l.RequestID] = true
		got = append(got, strings.TrimSpace(l.Method+" "+l.Operation+" "+l.Code))
	}
	want := []string{
		"GET /oauth2/authorize", "GET /login", "POST /login",
		"POST /oauth2/token", "POST /oauth2/token invalid_grant", "GET /oauth2/userInfo", "GET /oauth2/authorize redirect_mismatch", "GET other",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if id := again.header.Get("X-Amz-Cognito-Request-Id"); id == "" || !ids[id] {
		t.Errorf("the id of the answer, %q, is not in the log", id)
	}
	for name, secret := range map[string]string{
		"code": code, "access token": tokens.member(t, "access_token"), "refresh token": tokens.member(t, "refresh_token")[:20],
		"password": goodPassword, "state": "the-state-of-the-app", "nonce": "the-nonce-of-the-app", "name": "ana@example.com",
	} {
		if strings.Contains(text, secret) {
			t.Errorf("the log has the %s", name)
		}
	}
}
