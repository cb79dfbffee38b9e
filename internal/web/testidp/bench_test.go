package testidp

import (
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
