package api_test

import (
	"testing"

	"cognate/internal/servertest"
)

// The whole way of a browser: authorize, the page, its form, the code, tokens.
func TestPagesFromAuthorizeToTokens(t *testing.T) {
	t.Parallel()
	for _, version := range []int32{1, 2} {
		w := newSite(t, servertest.Shared(t), version, nil, nil)
		w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com")
		b := w.browser(t)
		verifier, challenge := pkce()
		b.start(t, "code_challenge", challenge, "code_challenge_method", "S256")
		b.wantPage(t, "/login", "")
		b.send(t, "username", "ana", "password", goodPassword)
		got := w.exchange(t, b.wantCode(t), "code_verifier", verifier)
		if got["access_token"] == "" || got["id_token"] == "" || got["refresh_token"] == "" {
			t.Errorf("version %d: %v", version, got)
		}
	}
}
