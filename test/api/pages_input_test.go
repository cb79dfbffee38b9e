package api_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognate/internal/servertest"
)

func TestS018S023S151HeadersOfPages(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	b := w.browser(t)
	for path, query := range map[string]url.Values{
		"/login": w.query(), "/signup": w.query(), "/forgotPassword": w.query(), "/error": {"error": {"x"}}, "/confirmUser": {}, "/nowhere": {},
	} {
		got := b.open(t, path, query)
		want := map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "X-Xss-Protection": "1; mode=block",
			"Cache-Control": "no-cache, no-store, max-age=0, must-revalidate", "Pragma": "no-cache", "Expires": "0",
			"Cross-Origin-Opener-Policy": "same-origin", "Content-Type": "text/html;charset=UTF-8",
		}
		for name, value := range want {
			if got.header.Get(name) != value {
				t.Errorf("%s: %s is %q", path, name, got.header.Get(name))
			}
		}
		policy := got.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if got.header.Get("X-Amzn-Requestid") != "" || len(got.header.Get("X-Amz-Cognito-Request-Id")) != 36 || got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", path, got.header)
		}
		for _, reference := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(got.text, -1) {
			if !strings.HasPrefix(reference[1], "/_domains/"+w.prefix+"/") {
				t.Errorf("%s refers to %s", path, reference[1])
			}
		}
	}
	// The redirect with the code.
	b.start(t)
	f := b.form(t)
	f.fields.Set("username", "ana")
	f.fields.Set("password", goodPassword)
	got := b.raw(t, http.MethodPost, "/login", w.query(), f.fields)
	if !strings.Contains(got.Header.Get("Cache-Control"), "no-store") || got.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("redirect: %v", got.Header)
	}
}

// payloads are values that would do harm where they are not encoded.
func payloads() []string {
	marks := []string{
		`"><script>x()</script>`, `'><img src=x onerror=x()>`, `</title><svg onload=x()>`, `javascript:x()`, `" onfocus="x()" autofocus="`,
		`{{.CSRF}}`, `${7*7}`, `<!--`, `]]>`, `</form><form action=//evil.test>`, "\u2028", "\u202e", `\"-x()-\"`, `%3Cscript%3E`, `&lt;script&gt;`,
		`&#34;`, "`x`", `;x()//`, `<base href=//evil.test>`, `<meta http-equiv=refresh content=0>`,
	}
	var all []string
	for _, prefix := range []string{"", "a", "a b", `"`, "'", "<", "&", "ß", "\U0001F600", " "} {
		for _, m := range marks {
			all = append(all, prefix+m)
		}
	}
	return all
}

func TestS019PagesReflectParametersEncoded(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	harm := regexp.MustCompile(`(?i)<script>x|<img src=x|<svg onload|<base|<meta http-equiv|<form action=//|onfocus="x`)
	for i, p := range payloads() {
		b := w.browser(t)
		b.open(t, "/login", w.query("login_hint", p, "lang", p, "nonce", p, "state", p, "foo", p))
		b.wantPage(t, "/login", "")
		if found := harm.FindString(b.page.text); found != "" {
			t.Errorf("payload %q: %s", p, found)
		}
		if got := b.form(t, "username", "").fields.Get("username"); got != p && html.UnescapeString(got) != p {
			t.Errorf("login_hint %q became %q", p, got)
		}
		b.open(t, "/error", url.Values{"error": {p}, "error_description": {p}, "client_id": {p}})
		if found := harm.FindString(b.page.text); found != "" {
			t.Errorf("error %q: %s", p, found)
		}
		if i%10 != 0 { // a sign-in takes its time
			continue
		}
		b.open(t, "/login", w.query("state", p))
		b.send(t, "username", "ana", "password", goodPassword)
		if b.left == nil || b.left.Query().Get("state") != p {
			t.Errorf("state %q came back as %v", p, b.left)
		}
	}
	b := w.browser(t)
	for _, name := range []string{"state", "login_hint", "lang", "nonce", "foo"} {
		if got := b.raw(t, http.MethodGet, "/login", w.query(name, "a\x00b"), nil); got.StatusCode == http.StatusOK {
			t.Errorf("NUL in %s: %d", name, got.StatusCode)
		}
	}
	for _, value := range []string{"a\r\nSet-Cookie: x=y", "a\nb"} {
		for _, name := range []string{"state", "login_hint", "nonce", "scope", "prompt"} {
			got := b.raw(t, http.MethodGet, "/login", w.query(name, value), nil)
			if got.StatusCode == http.StatusOK || strings.ContainsAny(got.Header.Get("Location"), "\r\n") {
				t.Errorf("line end in %s: %d %q", name, got.StatusCode, got.Header.Get("Location"))
			}
		}
	}
}

func TestS021PagesRefuseRepeatedParameters(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	b := w.browser(t)
	for _, name := range []string{
		"client_id", "redirect_uri", "response_type", "state", "scope", "nonce", "lang", "prompt", "login_hint",
		"code_challenge", "code_challenge_method", "identity_provider", "acr_values", "max_age", "resource",
	} {
		query := w.query()
		if !query.Has(name) {
			query.Set(name, "x")
		}
		query.Add(name, query.Get(name))
		got := b.raw(t, http.MethodGet, "/login", query, nil)
		if location := got.Header.Get("Location"); got.StatusCode != http.StatusFound || !strings.Contains(location, "error=invalid_request") {
			t.Errorf("%s twice: %d %s", name, got.StatusCode, location)
		}
		b.open(t, "/login", w.query())
		fields := b.form(t).fields
		fields.Set(name, w.query().Get(name))
		if got := b.raw(t, http.MethodPost, "/login", w.query(), fields); got.StatusCode != http.StatusBadRequest {
			t.Errorf("%s in query and form: %d", name, got.StatusCode)
		}
	}
	b.open(t, "/login", w.query())
	fields := b.form(t).fields
	fields["username"] = []string{"ana", "bob"}
	if got := b.raw(t, http.MethodPost, "/login", w.query(), fields); got.StatusCode != http.StatusBadRequest {
		t.Errorf("a field twice: %d", got.StatusCode)
	}
	logout := url.Values{"client_id": {w.client}, "logout_uri": {"https://app.example.com/bye", "https://evil.test"}}
	if got := b.raw(t, http.MethodGet, "/logout", logout, nil); !strings.Contains(got.Header.Get("Location"), "/error?error=invalid_request") {
		t.Errorf("logout_uri twice: %s", got.Header.Get("Location"))
	}
}

func TestS022PagesOfPoisonedHosts(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	b := w.browser(t)
	b.header.Set("X-Forwarded-Host", "evil.test")
	b.header.Set("X-Forwarded-Proto", "https")
	b.header.Set("Forwarded", "host=evil.test")
	b.header.Set("X-Original-Url", "/error")
	b.start(t)
	b.wantPage(t, "/login", "")
	if strings.Contains(b.page.text, "evil.test") {
		t.Error("a link of the page follows a header")
	}
	b.open(t, "/forgotPassword", w.query())
	b.send(t, "username", "ana")
	if b.page == nil || strings.Contains(b.page.text, "evil.test") {
		t.Errorf("sent to %v", b.left)
	}
}

func TestPagesPathsHaveNoCase(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	b := w.browser(t)
	for _, path := range []string{"/login", "/Login", "/LOGIN", "/oauth2/login", "/forgotpassword", "/ForgotPassword", "/signup", "/SignUp"} {
		if got := b.open(t, path, w.query()); got.status != http.StatusOK {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	for method, path := range map[string]string{http.MethodPut: "/login", http.MethodPost: "/logout", http.MethodDelete: "/signup"} {
		if got := b.raw(t, method, path, w.query(), nil); got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") == "" {
			t.Errorf("%s %s: %d", method, path, got.StatusCode)
		}
	}
	if got := b.open(t, "/nowhere", nil); got.status != http.StatusNotFound {
		t.Errorf("/nowhere: %d", got.status)
	}
}

func TestPagesErrors(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, func(in *cip.CreateUserPoolClientInput) {
		in.CallbackURLs = append(in.CallbackURLs, callback+"/other") // none of them is the default
	})
	b := w.browser(t)
	for want, query := range map[string]url.Values{
		"redirect_mismatch": w.query("redirect_uri", "https://evil.test"),
		"invalid_client":    w.query("client_id", "nobody"),
		"Required String parameter 'client_id' is not present":    w.query("client_id", ""),
		"Required String parameter 'redirect_uri' is not present": w.query("redirect_uri", ""),
	} {
		for _, path := range []string{"/login", "/oauth2/authorize", "/signup", "/forgotPassword", "/passkeys/add"} {
			b.open(t, path, query)
			b.wantPage(t, "/error", "An error was encountered with the requested page.")
			b.wantPage(t, "/error", want)
			if b.page.status != http.StatusBadRequest {
				t.Errorf("%s: %d", want, b.page.status)
			}
		}
	}
}

func TestPagesLanguage(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	b := w.browser(t)
	lang := func() string { return regexp.MustCompile(`<html lang="([^"]+)"`).FindStringSubmatch(b.page.text)[1] }
	b.open(t, "/login", w.query())
	if lang() != "en" {
		t.Errorf("without a wish: %s", lang())
	}
	b.open(t, "/login", w.query("lang", "de"))
	if lang() != "de" {
		t.Errorf("lang=de: %s", lang())
	}
	b.open(t, "/login", w.query())
	if lang() != "de" {
		t.Errorf("by the cookie: %s", lang())
	}
	b.open(t, "/login", w.query("lang", "xx"))
	if lang() != "en" {
		t.Errorf("lang=xx: %s", lang())
	}
	other := w.browser(t)
	other.header.Set("Accept-Language", "fr-CA,fr;q=0.9")
	b = other
	b.open(t, "/login", w.query())
	if lang() != "fr" {
		t.Errorf("by the browser's: %s", lang())
	}
}
