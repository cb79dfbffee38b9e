package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"cognate/internal/servertest"
)

// variants are addresses that are not the registered one but look like it.
func variants(address string) []string {
	u, _ := url.Parse(address)
	host := u.Host
	return []string{
		address + "/", address + "?", address + "?a=b", address + "#f", address + "x", address + "/..", address + "/../bye", address + "%2f", address + "%252f",
		address + ";", address + " ", " " + address, address + "\t", address + "%00", strings.ToUpper(address), strings.Replace(address, "https", "HTTPS", 1),
		strings.Replace(address, host, strings.ToUpper(host), 1), strings.Replace(address, "https:", "http:", 1), strings.Replace(address, host, host+":443", 1),
		strings.Replace(address, host, host+":8443", 1), strings.Replace(address, host, host+".", 1), strings.Replace(address, host, host+".evil.test", 1),
		strings.Replace(address, host, "evil.test", 1), strings.Replace(address, host, "user@"+host, 1), strings.Replace(address, host, host+"@evil.test", 1),
		strings.Replace(address, host, "evil.test#"+host, 1), strings.Replace(address, host, "evil.test?"+host, 1), strings.Replace(address, host, `evil.test\@`+host, 1),
		strings.Replace(address, host, "xn--pp-fka.example.com", 1), strings.Replace(address, "//", "///", 1), strings.Replace(address, "//", "/", 1),
		strings.Replace(address, "//", `\\`, 1), strings.Replace(address, "https://", "//", 1), strings.Replace(address, "https://", "", 1),
		"javascript:alert(1)", "data:text/html,x", "//evil.test", `/\evil.test`, "/bye", "evil.test", "https://", "https:evil.test",
	}
}

func TestS012OpenRedirectsAtLogout(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	const bye = "https://app.example.com/bye"
	for _, signedIn := range []bool{true, false} {
		b := w.browser(t)
		if signedIn {
			b.signInWithPassword(t, "ana", goodPassword)
			b.wantCode(t)
		}
		for _, address := range append(variants(bye), callback) {
			got := b.raw(t, http.MethodGet, "/logout", url.Values{"client_id": {w.client}, "logout_uri": {address}}, nil)
			location := got.Header.Get("Location")
			if got.StatusCode != http.StatusFound || location != w.base+"/error?error=redirect_mismatch&client_id="+w.client {
				t.Errorf("logout_uri %q: %d %s", address, got.StatusCode, location)
			}
		}
		for _, address := range append(variants(callback), bye) {
			got := b.raw(t, http.MethodGet, "/logout", w.query("redirect_uri", address), nil)
			if location := got.Header.Get("Location"); location != w.base+"/error?error=redirect_mismatch&client_id="+w.client {
				t.Errorf("redirect_uri %q: %s", address, location)
			}
		}
	}
}

func TestPagesLogout(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	b := w.browser(t)
	b.signInWithPassword(t, "ana", goodPassword)
	b.wantCode(t)
	got := b.raw(t, http.MethodGet, "/logout", url.Values{"client_id": {w.client}, "logout_uri": {"https://app.example.com/bye"}, "redirect_uri": {"https://evil.test"}}, nil)
	if location := got.Header.Get("Location"); got.StatusCode != http.StatusFound || location != "https://app.example.com/bye" {
		t.Errorf("%d %s", got.StatusCode, location)
	}
	b.start(t)
	b.wantPage(t, "/login", "")
	b.send(t, "username", "ana", "password", goodPassword)
	b.wantCode(t)
	// The other form leads back to the sign-in page, with all scopes of the client.
	b.open(t, "/logout", w.query("scope", ""))
	b.wantPage(t, "/login", "")
	if got := b.page.url.Query().Get("scope"); got != "openid email profile" {
		t.Errorf("scope %q", got)
	}
	for missing, query := range map[string]url.Values{
		"client_id": {}, "redirect_uri": {"client_id": {w.client}}, "response_type": w.query("response_type", ""),
	} {
		b.open(t, "/logout", query)
		b.wantPage(t, "/error", "Required String parameter '"+missing+"' is not present")
		if b.page.status != http.StatusBadRequest {
			t.Errorf("status %d", b.page.status)
		}
	}
	// Revokes nothing, but ends the session even when the rest is wrong.
	b.start(t)
	b.send(t, "username", "ana", "password", goodPassword)
	tokens := b.exchange(t, b.wantCode(t))
	b.open(t, "/logout", url.Values{})
	b.start(t, "prompt", "none")
	if got := b.left.Query().Get("error"); got != "login_required" {
		t.Errorf("after a bad sign-out: %s", b.left)
	}
	w.refreshOnDomain(t, tokens["refresh_token"].(string), http.StatusOK)
}

// refreshOnDomain refreshes at the token endpoint.
func (w *site) refreshOnDomain(t *testing.T, token string, want int) {
	t.Helper()
	fields := url.Values{"grant_type": {"refresh_token"}, "client_id": {w.client}, "refresh_token": {token}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.base+"/oauth2/token", strings.NewReader(fields.Encode()))
	wantOK(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := w.s.Do(t, r); got.Status != want {
		t.Errorf("refresh: %d %s", got.Status, got.Body)
	}
}

func TestS150SignOutClearsTheCache(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	b := w.browser(t)
	b.signInWithPassword(t, "ana", goodPassword)
	b.wantCode(t)
	got := b.raw(t, http.MethodGet, "/logout", url.Values{"client_id": {w.client}, "logout_uri": {"https://app.example.com/bye"}}, nil)
	if got.Header.Get("Clear-Site-Data") != `"cache"` || !strings.Contains(got.Header.Get("Cache-Control"), "no-store") {
		t.Errorf("%v", got.Header)
	}
	gone := map[string]bool{}
	for _, c := range got.Cookies() {
		gone[c.Name] = c.MaxAge < 0
	}
	if !gone["cognito"] || !gone["page-data"] {
		t.Errorf("cookies %v", gone)
	}
}
