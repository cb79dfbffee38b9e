package pages

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func answer(t *testing.T) (http.Header, string) {
	t.Helper()
	w := httptest.NewRecorder()
	newRenderer(t).Write(w, http.StatusOK, &SignIn{Frame: Frame{Version: managed}, Local: true})
	return w.Header(), w.Body.String()
}

func TestS018PagesCannotBeFramedAndTellNoOneWhereTheyAre(t *testing.T) {
	t.Parallel()
	h, page := answer(t)
	policy := h.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy %q lacks %s", policy, want)
		}
	}
	if strings.Contains(policy, "http") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("policy %q lets others in", policy)
	}
	if h.Get("X-Frame-Options") != "DENY" || h.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("headers %v", h)
	}
	for _, address := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(address[1], "/") || strings.HasPrefix(address[1], "//") {
			t.Errorf("the page loads %s", address[1])
		}
	}
}

func TestS151PagesCarryTheHeadersOfTheirKind(t *testing.T) {
	t.Parallel()
	h, _ := answer(t)
	for name, want := range map[string]string{
		"Content-Type":               "text/html;charset=UTF-8",
		"X-Content-Type-Options":     "nosniff",
		"X-XSS-Protection":           "1; mode=block",
		"Cross-Origin-Opener-Policy": "same-origin",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := h.Get("Permissions-Policy"); !strings.Contains(got, "camera=()") || !strings.Contains(got, "publickey-credentials-get=(self)") {
		t.Errorf("Permissions-Policy %q", got)
	}
}

func TestS150PagesAreNotKept(t *testing.T) {
	t.Parallel()
	h, _ := answer(t)
	if got := h.Get("Cache-Control"); got != "no-cache, no-store, max-age=0, must-revalidate" || h.Get("Pragma") != "no-cache" || h.Get("Expires") != "0" {
		t.Errorf("headers %v", h)
	}
}

// Each answer admits its own scripts and stylesheets, by a number used once.
func TestS140ScriptsAreAdmittedByANonce(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 8 {
		h, page := answer(t)
		found := regexp.MustCompile(`script-src 'nonce-([A-Z0-9]{26,})'; style-src 'nonce-([A-Z0-9]+)'`).FindStringSubmatch(h.Get("Content-Security-Policy"))
		if found == nil || found[1] != found[2] || seen[found[1]] {
			t.Fatalf("policy %q", h.Get("Content-Security-Policy"))
		}
		seen[found[1]] = true
		for _, tag := range regexp.MustCompile(`<(?:script|link rel="stylesheet")[^>]*>`).FindAllString(page, -1) {
			if !strings.Contains(tag, `nonce="`+found[1]+`"`) {
				t.Errorf("not admitted: %s", tag)
			}
		}
		if regexp.MustCompile(`<style|\sstyle=|\son[a-z]+=|<script[^>]*>[^<]`).MatchString(page) {
			t.Errorf("the page has styles or scripts within:\n%s", page)
		}
	}
}
