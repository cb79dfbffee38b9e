package testidp

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
	"cognate/internal/outbound/fetch"
	"cognate/internal/outbound/oidc"
	"cognate/internal/web/control"
)

var at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	callback = "http://shop.auth.localhost:7665/oauth2/idpresponse"
	nonce    = "n1"
)

// bench is a server with the providers, and what calls it.
type bench struct {
	*Providers
	url   string
	pools *fakePools
	http  *http.Client // follows no redirect
	oidc  *oidc.Client
	clock func() time.Time
}

func start(t *testing.T) *bench {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	b := &bench{url: server.URL, pools: &fakePools{}, http: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	// Key sets are shared for a second (security.md S118): here each look at the
	// clock is later than that.
	var looks atomic.Int64
	now := func() time.Time { return at.Add(time.Duration(looks.Add(2)) * time.Second) }
	b.clock = now
	b.Providers = New(Config{PublicURL: server.URL + "/", Now: now, Pools: b.pools})
	admit := control.Admit()
	b.Register(mux, func(next http.HandlerFunc) http.Handler { return control.Page(next) },
		func(next http.HandlerFunc) http.Handler { return admit("", next) })
	b.oidc = oidc.New(fetch.Policy{Allow: fetch.Loopback}, true, now)
	return b
}

// do sends a request and gives the answer, with its body.
func (b *bench) do(t *testing.T, method, address, contentType, body string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	answer, err := b.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(text)
}

func (b *bench) get(t *testing.T, address string) (*http.Response, string) {
	t.Helper()
	return b.do(t, http.MethodGet, address, "", "")
}

func (b *bench) submit(t *testing.T, address string, form url.Values) (*http.Response, string) {
	t.Helper()
	return b.do(t, http.MethodPost, address, "application/x-www-form-urlencoded", form.Encode())
}

// next decides the next sign-in of a kind.
func (b *bench) next(t *testing.T, kind Kind, decision map[string]any) {
	t.Helper()
	text, err := json.Marshal(decision)
	if err != nil {
		t.Fatal(err)
	}
	if answer, body := b.do(t, http.MethodPut, b.url+"/_cognate/v1/idps/"+string(kind)+"/next", "application/json", string(text)); answer.StatusCode != http.StatusOK {
		t.Fatalf("decide %v: %s %s", decision, answer.Status, body)
	}
}

// settings are those of a provider as CreateIdentityProvider keeps it: of a social
// one, with the addresses of the real one (federation.md §1.2).
func (b *bench) settings(t *testing.T, kind Kind) oidc.Settings {
	t.Helper()
	request, err := Attachment(b.url, kind, "us-east-1_AbCdEf123", "")
	if err != nil {
		t.Fatal(err)
	}
	details := request.ProviderDetails
	real := map[Kind]map[string]string{
		Google: {
			"authorize_url": "https://accounts.google.com/o/oauth2/v2/auth", "token_url": "https://www.googleapis.com/oauth2/v4/token",
			"attributes_url":                "https://people.googleapis.com/v1/people/me?personFields=",
			"attributes_url_add_attributes": "true", "oidc_issuer": "https://accounts.google.com",
		},
		Facebook: {
			"authorize_url": "https://www.facebook.com/v17.0/dialog/oauth", "token_url": "https://graph.facebook.com/v17.0/oauth/access_token",
			"attributes_url": "https://graph.facebook.com/v17.0/me?fields=", "attributes_url_add_attributes": "true",
		},
		Amazon: {
			"authorize_url": "https://www.amazon.com/ap/oa", "token_url": "https://api.amazon.com/auth/o2/token",
			"attributes_url": "https://api.amazon.com/user/profile", "attributes_url_add_attributes": "false",
		},
		Apple: {
			"authorize_url": "https://appleid.apple.com/auth/authorize", "token_url": "https://appleid.apple.com/auth/token",
			"oidc_issuer": "https://appleid.apple.com", "attributes_url_add_attributes": "false",
		},
	}
	maps.Copy(details, real[kind])
	s := oidc.Of(request.ProviderName, request.ProviderType, details, request.AttributeMapping)
	b.Reroute(&s)
	if kind == OIDC {
		found, err := b.oidc.Discover(t.Context(), s.Issuer)
		if err != nil {
			t.Fatal(err)
		}
		s.Discover, s.AuthorizeURL = true, found.Authorize
	}
	return s
}

var field = regexp.MustCompile(`name="([A-Za-z]+)" value="([^"]*)"`)

// carried are the parameters that a browser brings back: in the address, or by the
// form of a page that sends itself.
func carried(t *testing.T, answer *http.Response, page, to string) url.Values {
	t.Helper()
	if answer.StatusCode == http.StatusSeeOther {
		location, err := url.Parse(answer.Header.Get("Location"))
		if err != nil || !strings.HasPrefix(location.String(), to) {
			t.Fatalf("the browser is sent to %v, %v", location, err)
		}
		return location.Query()
	}
	if answer.StatusCode != http.StatusOK || !strings.Contains(page, `action="`+to+`"`) {
		t.Fatalf("%s\n%s", answer.Status, page)
	}
	form := url.Values{}
	for _, found := range field.FindAllStringSubmatch(page, -1) {
		form.Set(found[1], unescape(found[2]))
	}
	return form
}

func unescape(s string) string {
	return strings.NewReplacer("&#34;", `"`, "&#43;", "+", "&amp;", "&").Replace(s)
}

// signIn goes to a provider and back, and finds out who it was.
func (b *bench) signIn(t *testing.T, kind Kind) (*oidc.Answer, error) {
	t.Helper()
	s := b.settings(t, kind)
	answer, page := b.get(t, s.URL(oidc.Authorization{RedirectURI: callback, State: "s1", Nonce: nonce}))
	back := carried(t, answer, page, callback)
	if back.Get("state") != "s1" || back.Get("code") == "" {
		t.Fatalf("the browser brings %v back", back)
	}
	return b.oidc.Exchange(t.Context(), s, oidc.Redemption{Code: back.Get("code"), RedirectURI: callback, Nonce: nonce, User: back.Get("user")})
}

func TestEveryKindTellsWhoSomebodyIs(t *testing.T) {
	t.Parallel()
	b := start(t)
	for kind, want := range map[Kind]map[string]any{
		Google: {
			"sub": "100002", "email": "ben@example.com", "email_verified": true, "name": "Ben Okafor", "given_name": "Ben", "family_name": "Okafor",
		},
		Facebook: {"id": "100002", "email": "ben@example.com", "name": "Ben Okafor", "first_name": "Ben", "last_name": "Okafor"},
		Amazon:   {"user_id": "100002", "email": "ben@example.com", "name": "Ben Okafor", "postal_code": "98101"},
		Apple:    {"sub": "100002", "email": "ben@example.com", "email_verified": true, "firstName": "Ben", "lastName": "Okafor", "name": "Ben Okafor"},
		OIDC: {
			"sub": "100002", "email": "ben@example.com", "email_verified": true, "name": "Ben Okafor", "given_name": "Ben", "family_name": "Okafor",
			"groups": []any{"staff"},
		},
	} {
		b.next(t, kind, map[string]any{"person": "ben@example.com"})
		got, err := b.signIn(t, kind)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		said := map[string]any{}
		for name, value := range got.Said {
			switch name {
			case "iss", "aud", "iat", "exp", "nonce", "access_token", "id_token", "names": // the same of all, or nothing new
			default:
				said[name] = value
			}
		}
		if diff := cmp.Diff(want, said); diff != "" || got.Subject != "100002" {
			t.Errorf("%s: subject %s %s", kind, got.Subject, diff)
		}
	}
}

// Apple tells a name at the first sign-in only (federation.md §5).
func TestAppleTellsNamesOnce(t *testing.T) {
	t.Parallel()
	b := start(t)
	for i, want := range []any{"Ana", nil} {
		b.next(t, Apple, map[string]any{"person": 0})
		got, err := b.signIn(t, Apple)
		if err != nil {
			t.Fatal(err)
		}
		if got.Said["firstName"] != want || got.Said["email"] != "ana@example.com" {
			t.Errorf("sign-in %d says %v", i, got.Said)
		}
	}
}

func TestClaimsOfOnesOwn(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.next(t, OIDC, map[string]any{
		"person": map[string]any{"subject": "x|1", "email": "eve@example.net", "emailVerified": true},
		"claims": map[string]any{"locale": "de", "email": "other@example.net", "acr": "high"},
	})
	got, err := b.signIn(t, OIDC)
	if err != nil {
		t.Fatal(err)
	}
	if got.Subject != "x|1" || got.Said["locale"] != "de" || got.Said["email"] != "other@example.net" || got.ACR != "high" || got.Said["name"] != nil {
		t.Errorf("said %v", got.Said)
	}
}

// Each failure looks to a client like that of a real provider.
func TestFailuresOfTokens(t *testing.T) {
	t.Parallel()
	b := start(t)
	for failure, want := range map[Failure]string{
		Expired: "has expired", NotYetValid: "not valid yet", WrongAudience: "another audience", WrongIssuer: "Bad id_token issuer https://issuer.example",
		WrongNonce: "another request", BadSignature: "signature is not valid", NoSignature: "ID token", UnknownKey: "not among those",
		RotatedKey: "not among those", ServerError: "Error - 500", NotJSON: "not JSON", Huge: "could not be reached",
	} {
		b.next(t, OIDC, map[string]any{"failure": failure})
		_, err := b.signIn(t, OIDC)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", failure, err, want)
		}
	}
	if _, err := b.decidedSignIn(t, OIDC, ""); err != nil {
		t.Errorf("after all of them: %v", err)
	}
}

func (b *bench) decidedSignIn(t *testing.T, kind Kind, failure Failure) (*oidc.Answer, error) {
	t.Helper()
	b.next(t, kind, map[string]any{"failure": failure})
	return b.signIn(t, kind)
}

func TestFailuresOfPeople(t *testing.T) {
	t.Parallel()
	b := start(t)
	for _, kind := range []Kind{Google, Facebook, Amazon, Apple, OIDC} {
		got, err := b.decidedSignIn(t, kind, NoEmail)
		if err != nil || got.Said["email"] != nil || got.Said["email_verified"] != nil {
			t.Errorf("%s without e-mail: %v, %v", kind, got, err)
		}
		got, err = b.decidedSignIn(t, kind, OtherSubject)
		if err != nil || got.Subject != "100001-other" || got.Said["email"] != "ana@example.com" {
			t.Errorf("%s with another subject: %v, %v", kind, got, err)
		}
		b.next(t, kind, map[string]any{"failure": Denied})
		s := b.settings(t, kind)
		answer, page := b.get(t, s.URL(oidc.Authorization{RedirectURI: callback, State: "s1", Nonce: nonce}))
		if back := carried(t, answer, page, callback); back.Get("code") != "" || back.Get("state") != "s1" || back.Get("error") == "" {
			t.Errorf("%s: the refusal is %v", kind, back)
		}
	}
	got, err := b.decidedSignIn(t, Google, UnverifiedEmail)
	if err != nil || got.Said["email_verified"] != false {
		t.Errorf("unverified: %v, %v", got, err)
	}
}

func TestCodesAreGoodOnceAndForTheirClient(t *testing.T) {
	t.Parallel()
	b := start(t)
	s := b.settings(t, OIDC)
	code := func() string {
		b.next(t, OIDC, map[string]any{})
		answer, page := b.get(t, s.URL(oidc.Authorization{RedirectURI: callback, State: "s1", Nonce: nonce}))
		return carried(t, answer, page, callback).Get("code")
	}
	good := url.Values{"client_id": {ClientID}, "client_secret": {"any"}, "redirect_uri": {callback}, "grant_type": {"authorization_code"}}
	redeem := func(code string, change func(url.Values)) int {
		form := url.Values{"code": {code}}
		maps.Copy(form, good)
		change(form)
		answer, _ := b.submit(t, b.URL(OIDC)+"/token", form)
		return answer.StatusCode
	}
	for name, change := range map[string]func(url.Values){
		"client": func(f url.Values) { f.Set("client_id", "other") }, "redirect": func(f url.Values) { f.Set("redirect_uri", callback+"x") },
		"secret": func(f url.Values) { f.Del("client_secret") }, "code": func(f url.Values) { f.Set("code", "other") },
	} {
		if status := redeem(code(), change); status != http.StatusBadRequest {
			t.Errorf("wrong %s: %d", name, status)
		}
	}
	one := code()
	if status := redeem(one, func(url.Values) {}); status != http.StatusOK {
		t.Errorf("a code: %d", status)
	}
	if status := redeem(one, func(url.Values) {}); status != http.StatusBadRequest {
		t.Errorf("a code again: %d", status)
	}
}

func TestDecisionsAreChecked(t *testing.T) {
	t.Parallel()
	b := start(t)
	for _, c := range []struct {
		kind, body string
		want       int
	}{
		{"oidc", `{"person": 2, "failure": "expired"}`, 200},
		{"saml", `{"person": "chen@example.org", "sign": "both", "encrypt": true, "failure": "wrong-recipient"}`, 200},
		{"facebook", `{"person": {"subject": "7"}, "failure": "slow"}`, 200},
		{"github", `{}`, 404},
		{"oidc", `{"person": 3}`, 400},
		{"oidc", `{"person": -1}`, 400},
		{"oidc", `{"person": "nobody@example.com"}`, 400},
		{"oidc", `{"person": {"email": "no@subject.example"}}`, 400},
		{"oidc", `{"person": {"subject": "1", "colour": "red"}}`, 400},
		{"oidc", `{"failure": "nonsense"}`, 400},
		{"oidc", `{"failure": "replayed-assertion"}`, 400},
		{"facebook", `{"failure": "wrong-nonce"}`, 400},
		{"saml", `{"failure": "slow"}`, 400},
		{"saml", `{"sign": "everything"}`, 400},
		{"oidc", `{"encrypt": true}`, 400},
		{"oidc", `{"failures": "expired"}`, 400},
		{"oidc", `[]`, 400},
		{"oidc", ``, 400},
	} {
		if answer, body := b.do(t, http.MethodPut, b.url+"/_cognate/v1/idps/"+c.kind+"/next", "application/json", c.body); answer.StatusCode != c.want {
			t.Errorf("%s %s: %s %s", c.kind, c.body, answer.Status, body)
		}
	}
}

// A page asks whom nobody has decided about, and login_hint picks at oidc.
func TestChoosingOnThePage(t *testing.T) {
	t.Parallel()
	b := start(t)
	s := b.settings(t, OIDC)
	answer, _ := b.get(t, s.URL(oidc.Authorization{RedirectURI: callback, State: "s1", Nonce: nonce}))
	choose := answer.Header.Get("Location")
	if answer.StatusCode != http.StatusSeeOther || !strings.HasPrefix(choose, b.URL(OIDC)+"/choose?visit=") {
		t.Fatalf("%s to %s", answer.Status, choose)
	}
	answer, page := b.get(t, choose)
	if answer.StatusCode != http.StatusOK || !strings.Contains(page, "chen@example.org (unverified)") || strings.Contains(page, "<script") {
		t.Fatalf("%s\n%s", answer.Status, page)
	}
	visit := strings.TrimPrefix(choose, b.URL(OIDC)+"/choose?visit=")
	answer, page = b.submit(t, b.URL(OIDC)+"/choose", url.Values{
		"visit": {visit}, "person": {"invented"}, "subject": {"<s>"}, "email": {"dana@example.com"}, "groups": {"a, b c,"}, "claims": {`{"locale": "fr"}`},
	})
	if answer.StatusCode != http.StatusOK || !strings.Contains(page, "&#34;sub&#34;: &#34;\\u003cs\\u003e&#34;") || !strings.Contains(page, "&#34;locale&#34;: &#34;fr&#34;") {
		t.Fatalf("the preview: %s\n%s", answer.Status, page)
	}
	chosen := regexp.MustCompile(`name="visit" value="([^"]+)"`).FindStringSubmatch(page)[1]
	answer, page = b.submit(t, b.URL(OIDC)+"/send", url.Values{"visit": {chosen}})
	back := carried(t, answer, page, callback)
	got, err := b.oidc.Exchange(t.Context(), s, oidc.Redemption{Code: back.Get("code"), RedirectURI: callback, Nonce: nonce})
	if err != nil || got.Subject != "<s>" || cmp.Diff([]any{"a", "b c"}, got.Said["groups"]) != "" {
		t.Errorf("%v, %v", got, err)
	}
	if answer, _ = b.submit(t, b.URL(OIDC)+"/send", url.Values{"visit": {chosen}}); answer.StatusCode != http.StatusNotFound {
		t.Errorf("sent twice: %s", answer.Status)
	}
	for _, form := range []url.Values{
		{"visit": {visit}, "person": {"invented"}}, {"visit": {visit}, "person": {"0"}, "claims": {"{"}}, {"visit": {visit}, "person": {"0"}, "failure": {"x"}},
	} {
		if answer, _ := b.submit(t, b.URL(OIDC)+"/choose", form); answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%v: %s", form, answer.Status)
		}
	}
	answer, page = b.get(t, s.URL(oidc.Authorization{RedirectURI: callback, State: "s1", Nonce: nonce, LoginHint: "ben@example.com"}))
	if back := carried(t, answer, page, callback); back.Get("code") == "" {
		t.Errorf("with a hint: %v", back)
	}
}

// The pages hold no inline code but the one that sends a form, which is named by
// the policy, and every answer forbids the rest (security.md S140).
func TestS140PagesOfTestProvidersForbidScripts(t *testing.T) {
	t.Parallel()
	b := start(t)
	answer, _ := b.get(t, b.url+"/_cognate/idp/")
	if policy := answer.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script") {
		t.Errorf("policy %s", policy)
	}
	b.next(t, Apple, map[string]any{"person": 0})
	s := b.settings(t, Apple)
	answer, page := b.get(t, s.URL(oidc.Authorization{RedirectURI: callback, State: `"><script>alert(1)</script>`, Nonce: nonce}))
	policy := answer.Header.Get("Content-Security-Policy")
	allowed := regexp.MustCompile(`script-src 'nonce-([A-Z2-7]+)'`).FindStringSubmatch(policy)
	if allowed == nil || strings.Count(page, "<script") != 1 || !strings.Contains(page, `<script nonce="`+allowed[1]+`">`) {
		t.Errorf("policy %s\n%s", policy, page)
	}
	inline := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=`)
	files, err := assets.ReadDir("assets")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		content, err := assets.ReadFile("assets/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f.Name(), ".html") && (inline.Match(content) || bytes.Contains(content, []byte("<script")) != (f.Name() == "post.html")) {
			t.Errorf("%s has code of its own", f.Name())
		}
	}
}

// Pages of other sites may send browsers here and nothing else (S191).
func TestS191StrangersPagesDecideNothing(t *testing.T) {
	t.Parallel()
	b := start(t)
	for _, c := range []struct{ method, path string }{
		{"POST", "/_cognate/idp/oidc/choose"},
		{"POST", "/_cognate/idp/oidc/send"},
		{"POST", "/_cognate/idp/saml/sign-out"},
		{"POST", "/_cognate/idp/saml/begin"},
		{"PUT", "/_cognate/v1/idps/oidc/next"},
		{"POST", "/_cognate/v1/keys/rotate"},
		{"GET", "/_cognate/idp/oidc/userinfo"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, b.url+c.path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", "https://stranger.example")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		answer, err := b.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusForbidden {
			t.Errorf("%s %s: %s", c.method, c.path, answer.Status)
		}
	}
}

// fakePools is one pool with one provider.
type fakePools struct {
	certificate string
	details     map[string]string
}

func (f *fakePools) ListIdentityProviders(context.Context, *api.ListIdentityProvidersRequest) (*api.ListIdentityProvidersResponse, error) {
	return &api.ListIdentityProvidersResponse{Providers: []api.ProviderDescription{{ProviderName: "TestSAML", ProviderType: api.IdentityProviderTypeTypeSaml}}}, nil
}

func (f *fakePools) DescribeIdentityProvider(context.Context, *api.DescribeIdentityProviderRequest) (*api.DescribeIdentityProviderResponse, error) {
	return &api.DescribeIdentityProviderResponse{IdentityProvider: &api.IdentityProviderType{ProviderName: "TestSAML", ProviderDetails: f.details}}, nil
}

func (f *fakePools) GetSigningCertificate(context.Context, *api.GetSigningCertificateRequest) (*api.GetSigningCertificateResponse, error) {
	return &api.GetSigningCertificateResponse{Certificate: &f.certificate}, nil
}

func (f *fakePools) DescribeUserPoolDomain(_ context.Context, in *api.DescribeUserPoolDomainRequest) (*api.DescribeUserPoolDomainResponse, error) {
	found := &api.DomainDescriptionType{}
	if in.Domain == "shop" {
		found.UserPoolId = "us-east-1_AbCdEf123"
	}
	return &api.DescribeUserPoolDomainResponse{DomainDescription: found}, nil
}
