package federation_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"cognate/internal/outbound/fetch"
	"cognate/internal/server"
	"cognate/internal/servertest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Run(m, onThisMachine)) }

// onThisMachine lets the server call the providers of tests.
func onThisMachine(c *server.Config) { c.AllowNetworks = fetch.Loopback }

// callback is where the applications of these tests have browsers sent. Nobody
// listens.
const callback = "https://app.example.com/callback"

// site is a pool with a domain, and a client.
type site struct {
	s            *servertest.Server
	pool, client string
	base         string // https://{domain}.auth.localhost:{port}
}

// newSite makes a pool with a domain; names are the same in every case there. change
// may alter the pool.
func newSite(t *testing.T, s *servertest.Server, change func(*cip.CreateUserPoolInput)) *site {
	t.Helper()
	w := &site{s: s, pool: s.CreatePool(t, func(in *cip.CreateUserPoolInput) {
		in.UsernameConfiguration = &types.UsernameConfigurationType{CaseSensitive: new(false)}
		if change != nil {
			change(in)
		}
	})}
	domain := servertest.NewPrefix()
	_, err := s.SDK.CreateUserPoolDomain(t.Context(), &cip.CreateUserPoolDomainInput{UserPoolId: &w.pool, Domain: &domain, ManagedLoginVersion: new(int32(2))})
	wantOK(t, err)
	w.base = s.HTTPSAt(domain + ".auth.localhost")
	return w
}

// open makes the client, with these providers.
func (w *site) open(t *testing.T, providers ...string) {
	t.Helper()
	w.openWith(t, nil, providers...)
}

func (w *site) openWith(t *testing.T, change func(*cip.CreateUserPoolClientInput), providers ...string) {
	t.Helper()
	w.client = w.s.CreateClient(t, w.pool, func(in *cip.CreateUserPoolClientInput) {
		in.SupportedIdentityProviders = providers
		in.AllowedOAuthFlowsUserPoolClient = true
		in.AllowedOAuthFlows = []types.OAuthFlowType{types.OAuthFlowTypeCode}
		in.AllowedOAuthScopes = []string{"openid", "email", "profile", "aws.cognito.signin.user.admin"}
		in.CallbackURLs, in.LogoutURLs = []string{callback}, []string{"https://app.example.com/out"}
		if change != nil {
			change(in)
		}
	})
}

// user reads a user by name.
func (w *site) user(t *testing.T, name string) (*cip.AdminGetUserOutput, map[string]string) {
	t.Helper()
	got, err := w.s.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &w.pool, Username: &name})
	wantOK(t, err)
	values := map[string]string{}
	for _, a := range got.UserAttributes {
		values[*a.Name] = *a.Value
	}
	return got, values
}

// nobody fails the test if the pool has users.
func (w *site) nobody(t *testing.T) {
	t.Helper()
	got, err := w.s.SDK.ListUsers(t.Context(), &cip.ListUsersInput{UserPoolId: &w.pool})
	wantOK(t, err)
	for _, u := range got.Users {
		t.Errorf("user %s exists", *u.Username)
	}
}

// reply is an HTTP answer read whole.
type reply struct {
	status int
	header http.Header
	body   string
}

// location is where the answer redirects to, with its parameters.
func (r reply) location(t *testing.T) (address string, parameters url.Values) {
	t.Helper()
	address, query, _ := strings.Cut(r.header.Get("Location"), "?")
	parameters, err := url.ParseQuery(query)
	wantOK(t, err)
	return address, parameters
}

// wantCode gives the code that the browser takes to the application.
func (r reply) wantCode(t *testing.T) string {
	t.Helper()
	at, query := r.location(t)
	if r.status != http.StatusFound || at != callback || query.Get("code") == "" || query.Get("state") != "st" {
		t.Fatalf("no code: %d %s %s", r.status, r.header.Get("Location"), r.body)
	}
	return query.Get("code")
}

// wantError checks that the application hears of an error, and gets nothing else.
func (r reply) wantError(t *testing.T, name, code, description string) {
	t.Helper()
	at, query := r.location(t)
	if r.status != http.StatusFound || at != callback || query.Get("error") != code || strings.TrimSpace(query.Get("error_description")) != description ||
		query.Get("state") != "st" || query.Has("code") {
		t.Errorf("%s: %d %s, want %s: %s", name, r.status, r.header.Get("Location"), code, description)
	}
}

// wantPage checks that the browser gets an error page and stays here.
func (r reply) wantPage(t *testing.T, name, message string) {
	t.Helper()
	if r.status < 400 || r.status > 499 || !strings.Contains(r.body, message) || r.header.Get("Location") != "" {
		t.Errorf("%s: %d %q %.300s, want the page %q", name, r.status, r.header.Get("Location"), r.body, message)
	}
	for _, cookie := range r.header.Values("Set-Cookie") {
		if strings.HasPrefix(cookie, "cognito=") {
			t.Errorf("%s: a session came with it", name)
		}
	}
}

// agent is a browser without scripts: it keeps cookies and follows nothing by itself.
type agent struct {
	w    *site
	http *http.Client
}

func (w *site) browser(t *testing.T) *agent {
	t.Helper()
	jar, err := cookiejar.New(nil)
	wantOK(t, err)
	c := *w.s.HTTP
	c.Jar = jar
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &agent{w, &c}
}

func (b *agent) send(t *testing.T, method, address string, form url.Values) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	wantOK(t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	got, err := b.http.Do(r)
	wantOK(t, err)
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	wantOK(t, err)
	return reply{got.StatusCode, got.Header, string(body)}
}

func (b *agent) get(t *testing.T, address string) reply {
	t.Helper()
	return b.send(t, http.MethodGet, address, nil)
}

// authorize asks for authorization by a provider; more are pairs of name and value.
func (b *agent) authorize(t *testing.T, provider string, more ...string) reply {
	t.Helper()
	query := url.Values{
		"client_id": {b.w.client}, "response_type": {"code"}, "redirect_uri": {callback}, "state": {"st"},
		"scope": {"openid email profile aws.cognito.signin.user.admin"}, "identity_provider": {provider},
	}
	for i := 0; i+1 < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	return b.get(t, b.w.base+"/oauth2/authorize?"+query.Encode())
}

// tokens has the application exchange a code.
func (w *site) tokens(t *testing.T, code string) (id map[string]any, access, refresh string) {
	t.Helper()
	got := w.browser(t).send(t, http.MethodPost, w.base+"/oauth2/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "client_id": {w.client},
	})
	var tokens struct {
		ID      string `json:"id_token"`
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if err := json.Unmarshal([]byte(got.body), &tokens); err != nil || got.status != http.StatusOK {
		t.Fatalf("exchange the code: %d %s", got.status, got.body)
	}
	_, payload, _ := strings.Cut(tokens.ID, ".")
	payload, _, _ = strings.Cut(payload, ".")
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	wantOK(t, err)
	wantOK(t, json.Unmarshal(raw, &id))
	return id, tokens.Access, tokens.Refresh
}

func wantOK(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
}

// wantException checks the exception that an operation answered.
func wantException(t *testing.T, name string, err error, code string) {
	t.Helper()
	var got smithy.APIError
	if !errors.As(err, &got) || got.ErrorCode() != code {
		t.Errorf("%s: %v, want %s", name, err, code)
	}
}
