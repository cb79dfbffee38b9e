package pages

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cognate/internal/api"
	"cognate/internal/cognito/style"
)

func newRenderer(t testing.TB) *Renderer {
	t.Helper()
	r, err := New(Options{
		Style: func(*http.Request, string) (*style.Style, error) { return nil, nil },
		Image: func(*http.Request, string) ([]byte, string, error) { return nil, "", nil },
		Log:   slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// filled is every page of both generations, with a frame.
func filled(change func(f *Frame)) map[string]View {
	all := map[string]View{}
	for _, version := range []int{classic, managed} {
		for _, page := range everyPage(version) {
			f := FrameOf(page.view)
			f.Version, f.Lang, f.ClientID, f.ClientName, f.CSRF = version, English, "client", "Harbour Books", "token"
			f.Query = "client_id=client&redirect_uri=https%3A%2F%2Fexample.com%2F&scope=openid+email"
			if change != nil {
				change(f)
			}
			all[fmt.Sprintf("v%d %s", version, page.name)] = page.view
		}
	}
	return all
}

func rendered(t testing.TB, r *Renderer, view View) string {
	t.Helper()
	page, err := r.render(view, "nonce")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// Every view has a template of its own in both generations, and every form the
// token that makes it ours.
func TestEveryFormCarriesItsToken(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	for name, view := range filled(nil) {
		page := rendered(t, r, view)
		forms := strings.Count(page, "<form ")
		if tokens := strings.Count(page, `<input type="hidden" name="_csrf" value="token">`); tokens != forms {
			t.Errorf("%s has %d forms and %d tokens", name, forms, tokens)
		}
		if strings.Contains(page, `method="get"`) || strings.Count(strings.ToLower(page), `method="post"`) != forms {
			t.Errorf("%s has a form that is not posted", name)
		}
		if strings.Contains(page, "ZgotmplZ") {
			t.Errorf("%s: a value was refused for its place", name)
		}
	}
}

// A first visit loads the page, its two stylesheets and the script: within 30 KiB
// as they are sent, and 60 KiB as they are.
func TestPagesAreSmall(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	for name, view := range filled(nil) {
		page := rendered(t, r, view)
		sent, whole := len(page), len(page)
		for _, plain := range []string{"pages.css", "pages.js", "classic.css", defaultStyle} {
			if address := r.assets.address(plain); strings.Contains(page, address) {
				found := r.assets.files[strings.TrimPrefix(address, assetsPath)]
				sent += len(found.packed)
				whole += len(found.plain)
			}
		}
		if sent > 30<<10 || whole > 60<<10 {
			t.Errorf("%s: %d bytes sent, %d in all", name, sent, whole)
		}
	}
}

func TestFilesAreCompressedForThoseWhoTakeThem(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	for accepted, want := range map[string]bool{
		"": false, "gzip": true, "deflate, gzip, br": true, "GZIP;q=0.5": true, "gzip;q=0": false, "gzip; q=0.0": false, "br": false,
	} {
		w := httptest.NewRecorder()
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, r.assets.address("pages.css"), nil)
		req.Header.Set("Accept-Encoding", accepted)
		r.Assets().ServeHTTP(w, req)
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != want || w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: %v", accepted, w.Header())
			continue
		}
		body := io.Reader(w.Body)
		if want {
			var err error
			if body, err = gzip.NewReader(w.Body); err != nil {
				t.Fatal(err)
			}
		}
		data, err := io.ReadAll(body)
		if plain := r.assets.files[strings.TrimPrefix(r.assets.address("pages.css"), assetsPath)].plain; err != nil || !bytes.Equal(data, plain) {
			t.Errorf("%q: %d bytes, %v", accepted, len(data), err)
		}
	}
}

func TestAPageThatCannotBeRenderedIsAPlainError(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	w := httptest.NewRecorder()
	// No QR code holds that much.
	r.Write(w, http.StatusOK, &SetUpTOTP{URI: strings.Repeat("x", 5000), Frame: Frame{Version: managed}})
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "<") {
		t.Errorf("answered %d %q", w.Code, w.Body)
	}
}

func TestLinksKeepTheRequestAndThePath(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	page := rendered(t, r, &SignIn{
		Frame: Frame{Version: managed, Path: "/_domains/shop", Query: "client_id=c&scope=openid+email"}, Local: true, SignUp: true, Forgot: true,
	})
	const query = "?client_id=c&amp;scope=openid%20email"
	for _, want := range []string{
		`action="/_domains/shop/login` + query + `"`, `href="/_domains/shop/signup` + query + `"`, `href="/_domains/shop/forgotPassword` + query + `"`,
		`href="/_domains/shop/_pages/`, `src="/_domains/shop/_pages/`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

func TestAnAppMayHaveASchemeOfItsOwn(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	for address, want := range map[string]bool{
		"myapp://callback?state=1": true, "com.example.app:/done": true, "https://example.com/": true, "http://localhost:3000/": true,
		"javascript:alert(1)": false, "JavaScript:alert(1)": false, "java\tscript:alert(1)": false, "data:text/html,x": false, " javascript:alert(1)": false,
	} {
		page := rendered(t, r, &PasskeyAdd{Options: json.RawMessage(publicKey), ContinueURL: address, Frame: Frame{Version: managed}})
		link := strings.Contains(page, `<a class="secondary" href="`+strings.ReplaceAll(address, "&", "&amp;")+`"`)
		if link != want {
			t.Errorf("link to %q: %t, want %t", address, link, want)
		}
	}
}

// What the API says about an input is tied to it, in the page's language.
func TestErrorsBelongToTheirInputs(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	const raw = "Invalid verification code provided, please try again."
	page := rendered(t, r, &Code{Kind: api.ChallengeNameTypeSmsMfa, Frame: Frame{Version: managed, Lang: English, Error: &Text{Raw: raw}}})
	if !strings.Contains(page, `aria-invalid="true" aria-describedby="error"`) || !strings.Contains(page, `role="alert" id="error"`) || !strings.Contains(page, raw) {
		t.Errorf("the error is not tied to the code:\n%s", page)
	}
	page = rendered(t, r, &Code{Kind: api.ChallengeNameTypeSmsMfa, Frame: Frame{Version: managed, Lang: "de", Error: &Text{Raw: raw}}})
	if strings.Contains(page, raw) || !strings.Contains(page, "Der Code stimmt nicht.") {
		t.Error("a German page speaks English")
	}
	page = rendered(t, r, &Code{Kind: api.ChallengeNameTypeSmsMfa, Frame: Frame{Version: managed, Lang: "de", Error: &Text{Raw: "Not today."}}})
	if !strings.Contains(page, "Not today.") || strings.Contains(page, "aria-invalid") {
		t.Error("a function's own words were lost, or tied to an input")
	}
}

func TestNamesAreAskedForAsThePoolHasThem(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	for kind, want := range map[NameKind]string{
		Username: `type="text" autocomplete="username"`, Email: `type="email" autocomplete="username"`, Phone: `type="tel" autocomplete="username"`,
		EmailOrPhone: `type="text" autocomplete="username"`, Any: `type="text" autocomplete="username"`,
	} {
		page := rendered(t, r, &SignIn{Local: true, NameKind: kind, Frame: Frame{Version: managed}})
		if !strings.Contains(page, want) {
			t.Errorf("kind %d: the page lacks %s", kind, want)
		}
	}
	page := rendered(t, r, &SignIn{Local: true, Autofill: json.RawMessage(publicKey), Frame: Frame{Version: managed}})
	if !strings.Contains(page, `autocomplete="username webauthn"`) {
		t.Error("a passkey is not offered in the name's field")
	}
}

func TestAssetsAreKeptForEverUnderTheirHash(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	looks := &style.Style{Settings: style.Defaults()}
	r.options.Style = func(_ *http.Request, clientID string) (*style.Style, error) {
		switch clientID {
		case "client":
			return looks, nil
		case "broken":
			return nil, errors.New("no database")
		}
		return nil, nil
	}
	r.options.Image = func(_ *http.Request, hash string) ([]byte, string, error) {
		if hash == "abc" {
			return []byte("<svg/>"), "image/svg+xml", nil
		}
		return nil, "", nil
	}
	hash := contentName(stylesheet(looks), ".css")
	const forEver = "public, max-age=31536000, immutable"
	for address, want := range map[string]struct {
		status int
		cache  string
		kind   string
	}{
		r.assets.address("pages.css"):                {200, forEver, "text/css; charset=utf-8"},
		"/_domains/x" + r.assets.address("pages.js"): {200, forEver, "text/javascript; charset=utf-8"},
		r.assets.address("icon.svg"):                 {200, forEver, "image/svg+xml"},
		"/_pages/style/client/" + hash:               {200, forEver, "text/css; charset=utf-8"},
		"/_pages/style/client/older.css":             {200, "no-store", "text/css; charset=utf-8"},
		"/_pages/style/other/" + hash:                {404, "", "text/plain; charset=utf-8"},
		"/_pages/style/broken/" + hash:               {500, "", "text/plain; charset=utf-8"},
		"/_pages/image/abc":                          {200, forEver, "image/svg+xml"},
		"/_pages/image/def":                          {404, "", "text/plain; charset=utf-8"},
		"/_pages/pages.css":                          {404, "", "text/plain; charset=utf-8"},
		"/_pages/":                                   {404, "", "text/plain; charset=utf-8"},
	} {
		w := httptest.NewRecorder()
		r.Assets().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, address, nil))
		if w.Code != want.status || w.Header().Get("Cache-Control") != want.cache || w.Header().Get("Content-Type") != want.kind {
			t.Errorf("%s: %d, %v", address, w.Code, w.Header())
		}
	}
}

// An image opened as a page can do nothing.
func TestS142ImagesOfStylesAreServedInASandbox(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	r.options.Image = func(*http.Request, string) ([]byte, string, error) {
		return []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "image/svg+xml", nil
	}
	w := httptest.NewRecorder()
	r.Assets().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/_pages/image/abc", nil))
	if got := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(got, "sandbox; default-src 'none'") {
		t.Errorf("policy %q", got)
	}
	if got := w.Header().Get("X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("X-Content-Type-Options %q", got)
	}
}

// Sign-in is the page that people wait for most: 5 ms of the server at most,
// which the reader of this benchmark judges.
func BenchmarkSignIn(b *testing.B) {
	r := newRenderer(b)
	looks := &style.Style{Settings: style.Defaults()}
	view := &SignIn{Frame: Frame{Version: managed, Lang: English, Style: looks, ClientID: "client"}, Local: true, Providers: exampleProviders()}
	for b.Loop() {
		if _, err := r.render(view, "nonce"); err != nil {
			b.Fatal(err)
		}
	}
}
