package api_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"golang.org/x/net/html"

	"cognate/internal/servertest"
)

// callback is where the applications of these tests want browsers back.
const callback = "https://app.example.com/callback"

// site is an application that signs its users in on the pages of its domain.
type site struct {
	*app
	prefix string
	base   string // of the domain
}

// newSite makes a pool with a domain, and a client that uses it. The domain has
// managed login, unless version says classic.
func newSite(t *testing.T, s *servertest.Server, version int32, pool func(*cip.CreateUserPoolInput), client func(*cip.CreateUserPoolClientInput)) *site {
	t.Helper()
	a := newApp(t, s, func(in *cip.CreateUserPoolInput) {
		in.AutoVerifiedAttributes = []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail}
		in.Schema = []types.SchemaAttributeType{{Name: aws.String("email"), Required: aws.Bool(true), Mutable: aws.Bool(true)}}
		if pool != nil {
			pool(in)
		}
	}, func(in *cip.CreateUserPoolClientInput) {
		in.SupportedIdentityProviders = []string{"COGNITO"}
		in.AllowedOAuthFlowsUserPoolClient = true
		in.AllowedOAuthFlows = []types.OAuthFlowType{types.OAuthFlowTypeCode}
		in.AllowedOAuthScopes = []string{"openid", "email", "profile"}
		in.CallbackURLs = []string{callback}
		in.LogoutURLs = []string{"https://app.example.com/bye"}
		in.PreventUserExistenceErrors = types.PreventUserExistenceErrorTypesEnabled
		if client != nil {
			client(in)
		}
	})
	w := &site{app: a, prefix: newPrefix()}
	_, err := makeDomain(t, s, a.pool, w.prefix, func(in *cip.CreateUserPoolDomainInput) { in.ManagedLoginVersion = &version })
	wantOK(t, err)
	w.base = s.URL + "/_domains/" + w.prefix
	w.style(t, a.client, version)
	return w
}

// style gives a client of managed login the provided looks.
func (w *site) style(t *testing.T, client string, version int32) {
	t.Helper()
	if version == 1 {
		return
	}
	_, err := w.s.SDK.CreateManagedLoginBranding(t.Context(), &cip.CreateManagedLoginBrandingInput{
		UserPoolId: &w.pool, ClientId: &client, UseCognitoProvidedValues: true,
	})
	if err != nil && !strings.Contains(err.Error(), "OperationNotEnabledException") {
		t.Fatal(err)
	}
}

// byChoice lets users of a client begin with a factor that they choose.
func byChoice(in *cip.CreateUserPoolClientInput) {
	in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, types.ExplicitAuthFlowsTypeAllowUserAuth)
}

// query is that of an authorize request; pairs change it, an empty value leaves a
// parameter out.
func (w *site) query(pairs ...string) url.Values {
	q := url.Values{
		"client_id": {w.client}, "response_type": {"code"}, "redirect_uri": {callback}, "state": {"st-1"}, "scope": {"openid email"},
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			q.Del(pairs[i])
		}
	}
	return q
}

// browser is somebody's browser without scripts: it keeps cookies, follows
// redirects within the domain, and fills in forms.
type browser struct {
	*site
	http   *http.Client
	header http.Header // sent along
	page   *shownPage  // shown now; nil once the browser has left
	left   *url.URL    // where it was sent outside of the domain
}

func (w *site) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	wantOK(t, err)
	return &browser{site: w, header: http.Header{}, http: &http.Client{
		Transport: w.s.HTTP.Transport, Jar: jar, Timeout: w.s.HTTP.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// shownPage is an HTML answer.
type shownPage struct {
	status int
	header http.Header
	url    *url.URL
	text   string
	forms  []form
}

type form struct {
	action  string
	fields  url.Values
	buttons []string // values of the buttons named do
}

// open asks for a page of the domain.
func (b *browser) open(t *testing.T, path string, query url.Values) *shownPage {
	t.Helper()
	address := b.base + path
	if query != nil {
		address += "?" + query.Encode()
	}
	return b.follow(t, http.MethodGet, address, nil)
}

// start begins as an application does.
func (b *browser) start(t *testing.T, pairs ...string) *shownPage {
	t.Helper()
	return b.open(t, "/oauth2/authorize", b.query(pairs...))
}

// send fills in the first form that has all the fields, or any where none are
// given, and submits it; a password that has to be repeated is.
func (b *browser) send(t *testing.T, pairs ...string) *shownPage {
	t.Helper()
	f := b.form(t, pairs...)
	fields := maps.Clone(f.fields)
	for i := 0; i+1 < len(pairs); i += 2 {
		fields.Set(pairs[i], pairs[i+1])
	}
	for first, repeated := range map[string]string{"password": "confirm_password", "new_password": "confirm_password"} {
		if fields.Has(repeated) && fields.Get(repeated) == "" && fields.Get(first) != "" {
			fields.Set(repeated, fields.Get(first))
		}
	}
	return b.post(t, b.at(t, f.action), fields)
}

func (b *browser) form(t *testing.T, pairs ...string) *form {
	t.Helper()
	if b.page == nil {
		t.Fatalf("the browser has left for %s", b.left)
	}
	for i, f := range b.page.forms {
		fits := true
		for j := 0; j+1 < len(pairs); j += 2 {
			fits = fits && (f.fields.Has(pairs[j]) || pairs[j] == "do" && (slices.Contains(f.buttons, pairs[j+1]) || pairs[j+1] == ""))
		}
		if fits {
			return &b.page.forms[i]
		}
	}
	t.Fatalf("no form with %q on the page\n%s", pairs, b.page.text)
	return nil
}

// at is an address on the page.
func (b *browser) at(t *testing.T, reference string) string {
	t.Helper()
	u, err := b.page.url.Parse(reference)
	wantOK(t, err)
	return u.String()
}

func (b *browser) post(t *testing.T, address string, fields url.Values) *shownPage {
	t.Helper()
	return b.follow(t, http.MethodPost, address, fields)
}

// do sends one request.
func (b *browser) do(t *testing.T, method, address string, fields url.Values) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(fields.Encode()))
	wantOK(t, err)
	maps.Copy(r.Header, b.header)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := b.http.Do(r)
	wantOK(t, err)
	t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}

// follow sends a request and goes where redirects lead within the domain.
func (b *browser) follow(t *testing.T, method, address string, fields url.Values) *shownPage {
	t.Helper()
	for range 10 {
		answer := b.do(t, method, address, fields)
		if location := answer.Header.Get("Location"); location != "" {
			if answer.StatusCode != http.StatusFound {
				t.Errorf("%s %s redirects with %d", method, address, answer.StatusCode)
			}
			next, err := answer.Request.URL.Parse(location)
			wantOK(t, err)
			if !strings.HasPrefix(next.String(), b.base+"/") {
				b.page, b.left = nil, next
				return nil
			}
			method, address, fields = http.MethodGet, next.String(), nil
			continue
		}
		body, err := io.ReadAll(answer.Body)
		wantOK(t, err)
		b.page = &shownPage{status: answer.StatusCode, header: answer.Header, url: answer.Request.URL, text: string(body), forms: formsOf(t, string(body))}
		return b.page
	}
	t.Fatalf("redirects without end at %s", address)
	return nil
}

// formsOf reads the forms of a page.
func formsOf(t *testing.T, text string) (forms []form) {
	t.Helper()
	document, err := html.Parse(strings.NewReader(text))
	wantOK(t, err)
	for n := range document.Descendants() {
		if n.Type != html.ElementNode || n.Data != "form" {
			continue
		}
		f := form{action: attr(n, "action"), fields: url.Values{}}
		for in := range n.Descendants() {
			name := attr(in, "name")
			switch {
			case in.Type != html.ElementNode || name == "":
			case in.Data == "button":
				f.buttons = append(f.buttons, attr(in, "value"))
			case in.Data == "input" && attr(in, "type") == "checkbox":
			case in.Data == "input" && strings.EqualFold(attr(in, "type"), "submit"):
			case in.Data == "input" || in.Data == "select":
				f.fields.Set(name, attr(in, "value"))
			}
		}
		forms = append(forms, f)
	}
	return forms
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// wantPage makes sure that a page is shown at a path of the domain, with a text.
func (b *browser) wantPage(t *testing.T, path, text string) {
	t.Helper()
	if b.page == nil {
		t.Fatalf("the browser has left for %s, want %s", b.left, path)
	}
	if got := strings.TrimPrefix(b.page.url.Path, "/_domains/"+b.prefix); got != path {
		t.Fatalf("page %s, want %s\n%s", got, path, b.page.text)
	}
	if !strings.Contains(html.UnescapeString(b.page.text), text) {
		t.Fatalf("page %s does not say %q:\n%s", path, text, b.page.text)
	}
}

// wantCode makes sure that the browser went back to the application with a code,
// and gives it.
func (b *browser) wantCode(t *testing.T) string {
	t.Helper()
	if b.left == nil || b.page != nil {
		t.Fatalf("the browser is still at %s\n%s", b.page.url, b.page.text)
	}
	q := b.left.Query()
	if !strings.HasPrefix(b.left.String(), callback+"?") || q.Get("code") == "" || q.Get("state") != "st-1" {
		t.Fatalf("sent to %s, want a code", b.left)
	}
	return q.Get("code")
}

// exchange trades a code for tokens.
func (w *site) exchange(t *testing.T, code string, pairs ...string) map[string]any {
	t.Helper()
	fields := url.Values{"grant_type": {"authorization_code"}, "client_id": {w.client}, "code": {code}, "redirect_uri": {callback}}
	if w.secret != "" {
		fields.Set("client_secret", w.secret)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		fields.Set(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.base+"/oauth2/token", strings.NewReader(fields.Encode()))
	wantOK(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	got := w.s.Do(t, r)
	var document map[string]any
	if err := json.Unmarshal([]byte(got.Body), &document); err != nil || got.Status != http.StatusOK {
		t.Fatalf("token endpoint: %d %s", got.Status, got.Body)
	}
	return document
}

// idToken gives the claims of the ID token that the browser's code is good for.
func (b *browser) idToken(t *testing.T) map[string]any {
	t.Helper()
	got := b.exchange(t, b.wantCode(t))
	_, rest, _ := strings.Cut(got["id_token"].(string), ".")
	payload, _, _ := strings.Cut(rest, ".")
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	wantOK(t, err)
	var claims map[string]any
	wantOK(t, json.Unmarshal(raw, &claims))
	return claims
}

// pkce makes a verifier and its challenge.
func pkce() (verifier, challenge string) {
	verifier = rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	return verifier, base64.RawURLEncoding.EncodeToString(sum[:])
}
