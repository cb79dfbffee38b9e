package federation_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"cognate/internal/servertest"
)

// Providers end no sessions here by calling: there is nowhere to call. Only the
// browser itself brings a sign-out, signed by a SAML provider (S104).
func TestS117NobodySignsUsersOutByABackChannel(t *testing.T) {
	t.Parallel()
	w, p := acme(t, servertest.Shared(t))
	p.says("sub", "1", "email", "ana@example.com", "email_verified", true)
	b := w.browser(t)
	b.leave(t, "Acme").comeBack(t, p).wantCode(t)

	claims, err := json.Marshal(map[string]any{
		"iss": p.url, "aud": "c1", "sub": "1", "jti": "x", "iat": 1,
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	})
	wantOK(t, err)
	encode := base64.RawURLEncoding.EncodeToString
	forged := encode([]byte(`{"alg":"none","typ":"logout+jwt"}`)) + "." + encode(claims) + "."
	stranger := w.browser(t)
	for _, path := range []string{
		"/logout", "/oauth2/logout", "/oauth2/backchannel", "/oauth2/backchannel_logout", "/backchannel-logout", "/backchannel_logout",
		"/oauth2/idpresponse", "/oauth2/events", "/saml2/logout",
	} {
		got := stranger.send(t, http.MethodPost, w.base+path, url.Values{"logout_token": {forged}, "SET": {forged}})
		if got.status < 400 || got.status >= 500 {
			t.Errorf("POST %s: %d", path, got.status)
		}
	}
	b.authorize(t, "Acme", "prompt", "none").wantCode(t) // the session is still there
}
