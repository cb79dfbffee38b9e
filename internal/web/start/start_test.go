package start

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func facts() Facts {
	return Facts{
		Endpoint: "http://localhost:7665", Region: "eu-west-1", UserPoolID: "eu-west-1_AbCdEf123", ClientID: "4abc", Username: "ana@example.com",
		Password: "Dev-1a", Issuer: "http://localhost:7665/eu-west-1_AbCdEf123",
		Domain: "http://sample.auth.localhost:7665", DomainHost: "sample.auth.localhost:7665",
		IdentityPoolID: "eu-west-1:6a1e7c1a-0000-4000-8000-000000000000",
	}
}

// console-and-dx.md §1, row 4: who must find a snippet.
func TestEveryUsualClientHasASnippet(t *testing.T) {
	t.Parallel()
	list, err := snippets(facts())
	if err != nil {
		t.Fatal(err)
	}
	titles := map[string]bool{}
	for _, s := range list {
		titles[s.Title] = true
		if s.ID == "" || s.Text == "" || strings.Contains(s.Text, "{{") || !strings.Contains(s.Text, "localhost:7665") {
			t.Errorf("snippet %q: %q", s.Title, s.Text)
		}
	}
	for _, want := range []string{
		"AWS CLI", "JavaScript (SDK)", "Python", "Go", "Java", ".NET", "Rust", "PHP", "Ruby", "Swift", "Kotlin",
		"Amplify (browser)", "OpenID Connect (Node)", "Spring Security", "Terraform", "CDK",
		"AWS credentials of a user (CLI)", "AWS credentials of a user or a guest (JavaScript)",
	} {
		if !titles[want] {
			t.Errorf("no snippet for %s among %v", want, titles)
		}
	}
}

// Every snippet is text of its language, as far as its tools are here.
func TestSnippetsAreWellFormed(t *testing.T) {
	t.Parallel()
	list, err := snippets(facts())
	if err != nil {
		t.Fatal(err)
	}
	checks := map[string][]string{
		"aws-cli": {"bash", "-n"}, "credentials-cli": {"sh", "-n"}, "javascript": {"node", "--check"}, "credentials-javascript": {"node", "--check"}, "openid-client": {"node", "--check"}, "go": {"gofmt", "-l"},
		"php": {"php", "-l"}, "ruby": {"ruby", "-c"}, "python": {"python3", "-m", "py_compile"},
	}
	names := map[string]string{"javascript": "a.mjs", "credentials-javascript": "c.mjs", "openid-client": "b.mjs", "go": "main.go"}
	for _, s := range list {
		command := checks[s.ID]
		if command == nil {
			continue
		}
		t.Run(s.ID, func(t *testing.T) {
			t.Parallel()
			program, err := exec.LookPath(command[0])
			if err != nil {
				t.Skip(err)
			}
			name := names[s.ID]
			if name == "" {
				name = s.ID
			}
			file := filepath.Join(t.TempDir(), name)
			write(t, file, s.Text+"\n")
			if out, err := exec.Command(program, append(command[1:], file)...).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// trial is the pages with a browser's part of a trial done: the cookie, and where
// the browser was sent.
func trial(t *testing.T, s *Start) (*http.ServeMux, *http.Cookie, url.Values) {
	t.Helper()
	mux := http.NewServeMux()
	admit := func(next http.HandlerFunc) http.Handler { return next }
	s.Register(mux, admit, admit)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/_cognate/try", nil))
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusSeeOther || to.Host != "sample.auth.localhost:7665" || to.Path != "/oauth2/authorize" {
		t.Fatalf("%d to %v, %v", w.Code, to, err)
	}
	return mux, w.Result().Cookies()[0], to.Query()
}

func TestTheTrialRedeemsItsCodeAndShowsTheTokens(t *testing.T) {
	t.Parallel()
	var posted url.Values
	s := &Start{Facts: facts, Post: func(_ *http.Request, address, form string) (int, []byte) {
		if address != "http://sample.auth.localhost:7665/oauth2/token" {
			t.Errorf("posted to %s", address)
		}
		posted, _ = url.ParseQuery(form)
		body, _ := json.Marshal(map[string]any{
			"id_token": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiI8Yj4ifQ.c2ln", "access_token": "a.b.c", "refresh_token": "opaque", "expires_in": 3600,
		})
		return http.StatusOK, body
	}}
	mux, cookie, query := trial(t, s)
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/_cognate/try/callback?code=c1&state="+query.Get("state"), nil)
	r.AddCookie(cookie)
	mux.ServeHTTP(w, r)
	page := w.Body.String()
	if w.Code != http.StatusOK || !strings.Contains(page, "&#34;sub&#34;: &#34;&lt;b&gt;&#34;") || !strings.Contains(page, "opaque") {
		t.Errorf("%d\n%s", w.Code, page)
	}
	if posted.Get("code") != "c1" || posted.Get("client_id") != "4abc" || posted.Get("redirect_uri") != query.Get("redirect_uri") || posted.Get("code_verifier") == "" {
		t.Errorf("posted %v", posted)
	}
}

func TestTheTrialRefusesAnswersItDidNotAskFor(t *testing.T) {
	t.Parallel()
	s := &Start{Facts: facts, Post: func(*http.Request, string, string) (int, []byte) {
		t.Error("a code was redeemed")
		return http.StatusOK, nil
	}}
	mux, cookie, query := trial(t, s)
	for _, target := range []string{"?code=c1&state=other", "?code=c1", "?error=access_denied&state=" + query.Get("state")} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/_cognate/try/callback"+target, nil)
		r.AddCookie(cookie)
		if mux.ServeHTTP(w, r); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", target, w.Code)
		}
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// One click gives the sample the test providers, and each can be tried then.
func TestTestProvidersAreAClickAway(t *testing.T) {
	t.Parallel()
	var attached []string
	s := &Start{
		Facts: facts, Providers: func(context.Context) ([]string, error) { return attached, nil },
		Attach: func(context.Context) error { attached = []string{"Google"}; return nil },
	}
	mux := http.NewServeMux()
	admit := func(next http.HandlerFunc) http.Handler { return next }
	s.Register(mux, admit, admit)
	page := func() string {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		return w.Body.String()
	}
	const form, button = `action="/_cognate/start/providers"`, `href="/_cognate/try?identity_provider=Google"`
	if before := page(); !strings.Contains(before, form) || strings.Contains(before, button) {
		t.Errorf("before:\n%s", before)
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/_cognate/start/providers", nil))
	if after := page(); w.Code != http.StatusSeeOther || strings.Contains(after, form) || !strings.Contains(after, button) {
		t.Errorf("%d, after:\n%s", w.Code, after)
	}
	w = httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/_cognate/try?identity_provider=Google", nil))
	if to, err := url.Parse(w.Header().Get("Location")); err != nil || to.Query().Get("identity_provider") != "Google" {
		t.Errorf("the trial goes to %v, %v", to, err)
	}
}

// Clients may list plain HTTP for localhost only.
func TestTheTrialComesBackToLocalhost(t *testing.T) {
	t.Parallel()
	for public, want := range map[string]string{
		"http://localhost:7665":   "http://localhost:7665/_cognate/try/callback",
		"http://127.0.0.1:7665/":  "http://127.0.0.1:7665/_cognate/try/callback",
		"http://cognate:7665":     "http://localhost:7665/_cognate/try/callback",
		"http://192.168.7.7":      "http://localhost:80/_cognate/try/callback",
		"https://id.example.com/": "https://id.example.com/_cognate/try/callback",
	} {
		if got := CallbackURL(public); got != want {
			t.Errorf("%s: %s, want %s", public, got, want)
		}
	}
}
