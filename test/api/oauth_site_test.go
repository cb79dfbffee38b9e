package api_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

// appCallback is where the clients of these tests have browsers sent. Nobody listens.
const appCallback = "https://app.example.com/callback"

// relying is an application whose users sign in at the domain of its pool.
type relying struct {
	*app
	domain string
	base   string // https://{domain}.auth.localhost:{port}
}

// newRelying makes a pool with a resource server, a user "ana" and a domain with the
// classic pages, and a client for codes and tokens; the functions may alter the
// requests.
func newRelying(t *testing.T, s *servertest.Server, pool func(*cip.CreateUserPoolInput), client func(*cip.CreateUserPoolClientInput)) *relying {
	t.Helper()
	p := &relying{app: &app{s: s, pool: s.CreatePool(t, pool)}}
	p.serve(t, "https://shop.example.com", "read", "write")
	p.withDomain(t, 1)
	s.CreateUser(t, p.pool, "ana", goodPassword, "email", "ana@example.com", "email_verified", "true", "name", "Ana", "phone_number", "+15550100")
	return p.withClient(t, client)
}

// serve makes a resource server.
func (p *relying) serve(t *testing.T, identifier string, scopes ...string) {
	t.Helper()
	in := &cip.CreateResourceServerInput{UserPoolId: &p.pool, Identifier: &identifier, Name: new("server")}
	for _, name := range scopes {
		in.Scopes = append(in.Scopes, types.ResourceServerScopeType{ScopeName: &name, ScopeDescription: &name})
	}
	_, err := p.s.SDK.CreateResourceServer(t.Context(), in)
	wantOK(t, err)
}

// withDomain gives the pool a domain with a generation of the pages.
func (p *relying) withDomain(t *testing.T, version int32) {
	t.Helper()
	p.domain = servertest.NewPrefix()
	_, err := p.s.SDK.CreateUserPoolDomain(t.Context(), &cip.CreateUserPoolDomainInput{
		UserPoolId: &p.pool, Domain: &p.domain, ManagedLoginVersion: &version,
	})
	wantOK(t, err)
	p.base = p.s.HTTPSAt(p.domain + ".auth.localhost")
}

// withClient is the same site seen through a further client: a public one that may
// ask for everything but client credentials.
func (p *relying) withClient(t *testing.T, change func(*cip.CreateUserPoolClientInput)) *relying {
	t.Helper()
	q := *p
	q.app = p.app.withClient(t, func(in *cip.CreateUserPoolClientInput) {
		in.SupportedIdentityProviders = []string{"COGNITO"}
		in.AllowedOAuthFlowsUserPoolClient = true
		in.AllowedOAuthFlows = []types.OAuthFlowType{types.OAuthFlowTypeCode, types.OAuthFlowTypeImplicit}
		in.AllowedOAuthScopes = []string{
			"openid", "email", "phone", "profile", "aws.cognito.signin.user.admin", "https://shop.example.com/read", "https://shop.example.com/write",
		}
		in.CallbackURLs = []string{appCallback, "http://localhost:4000/cb?x=1"}
		in.LogoutURLs = []string{"https://app.example.com/out"}
		if change != nil {
			change(in)
		}
	})
	return &q
}

// machine is a client for client credentials.
func machine(in *cip.CreateUserPoolClientInput) {
	in.GenerateSecret = true
	in.AllowedOAuthFlows = []types.OAuthFlowType{types.OAuthFlowTypeClientCredentials}
	in.AllowedOAuthScopes = []string{"https://shop.example.com/read", "https://shop.example.com/write"}
	in.CallbackURLs, in.LogoutURLs, in.ExplicitAuthFlows = nil, nil, nil
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
	text := r.header.Get("Location")
	address, query, _ := strings.Cut(text, "?")
	if before, fragment, ok := strings.Cut(text, "#"); ok {
		address, query = before, fragment
	}
	parameters, err := url.ParseQuery(query)
	if err != nil {
		t.Fatalf("location %q: %v", text, err)
	}
	return address, parameters
}

// member gives a member of a JSON answer.
func (r reply) member(t *testing.T, name string) string {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal([]byte(r.body), &members); err != nil {
		t.Fatalf("%d %q: %v", r.status, r.body, err)
	}
	text, _ := members[name].(string)
	return text
}

// send sends a request with a client and does not follow redirects.
func send(t *testing.T, client *http.Client, r *http.Request) reply {
	t.Helper()
	c := *client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	got, err := c.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{got.StatusCode, got.Header, string(body)}
}

func request(t *testing.T, method, address, body string, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// post sends a form to an endpoint of the domain; fields are pairs of name and value.
func (p *relying) post(t *testing.T, path string, headers []string, fields ...string) reply {
	t.Helper()
	return send(t, p.s.HTTP, request(t, http.MethodPost, p.base+path, values(fields...).Encode(), headers...))
}

func values(fields ...string) url.Values {
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return form
}

// basic is the header of client_secret_basic.
func (p *relying) basic() []string {
	return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(p.client+":"+p.secret))}
}

// auth authenticates the client of a form: by Basic with a secret, else by name.
func (p *relying) auth(fields ...string) (headers, form []string) {
	if p.secret != "" {
		return p.basic(), fields
	}
	return nil, append([]string{"client_id", p.client}, fields...)
}

// token calls the token endpoint as the client.
func (p *relying) token(t *testing.T, fields ...string) reply {
	t.Helper()
	headers, form := p.auth(fields...)
	return p.post(t, "/oauth2/token", headers, form...)
}

// exchange exchanges a code for the usual callback.
func (p *relying) exchangeCode(t *testing.T, code string, more ...string) reply {
	t.Helper()
	return p.token(t, append([]string{"grant_type", "authorization_code", "code", code, "redirect_uri", appCallback}, more...)...)
}

// wantRefusal checks the answer of a token request that is not granted.
func wantRefusal(t *testing.T, got reply, code string) {
	t.Helper()
	if got.status != http.StatusBadRequest || got.member(t, "error") != code {
		t.Errorf("got %d %s, want 400 %s", got.status, got.body, code)
	}
}

// agent is a browser without scripts: it keeps cookies and follows nothing by itself.
type agent struct {
	p    *relying
	http *http.Client
}

func (p *relying) browser(t *testing.T) *agent {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := *p.s.HTTP
	c.Jar = jar
	return &agent{p, &c}
}

func (b *agent) get(t *testing.T, address string) reply {
	t.Helper()
	return send(t, b.http, request(t, http.MethodGet, address, ""))
}

// authorize asks for authorization; parameters are pairs of name and value, besides
// client, code and callback where they name no other.
func (b *agent) authorize(t *testing.T, parameters ...string) reply {
	t.Helper()
	query := values(parameters...)
	for name, value := range map[string]string{"client_id": b.p.client, "response_type": "code", "redirect_uri": appCallback} {
		if !query.Has(name) {
			query.Set(name, value)
		}
	}
	return b.get(t, b.p.base+"/oauth2/authorize?"+query.Encode())
}

// signIn takes the browser through the classic sign-in page, as scripts do, and gives
// the answer that sends it back to the application.
func (b *agent) signIn(t *testing.T, username string, parameters ...string) reply {
	t.Helper()
	toLogin := b.authorize(t, parameters...)
	if address, _ := toLogin.location(t); address != b.p.base+"/login" {
		t.Fatalf("authorize answered %d to %q, want the sign-in page", toLogin.status, toLogin.header.Get("Location"))
	}
	page := toLogin.header.Get("Location")
	if shown := b.get(t, page); shown.status != http.StatusOK {
		t.Fatalf("sign-in page: %d %s", shown.status, shown.body)
	}
	form := values("username", username, "password", goodPassword, "_csrf", b.cookie(t, "XSRF-TOKEN"))
	done := send(t, b.http, request(t, http.MethodPost, page, form.Encode()))
	if done.status != http.StatusFound {
		t.Fatalf("sign-in: %d %s", done.status, done.body)
	}
	return done
}

func (b *agent) cookie(t *testing.T, name string) string {
	t.Helper()
	at, err := url.Parse(b.p.base)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range b.http.Jar.Cookies(at) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// code signs "ana" in and gives the code.
func (p *relying) code(t *testing.T, parameters ...string) string {
	t.Helper()
	return p.browser(t).code(t, parameters...)
}

func (b *agent) code(t *testing.T, parameters ...string) string {
	t.Helper()
	_, got := b.signIn(t, "ana", parameters...).location(t)
	if got.Get("code") == "" {
		t.Fatalf("no code: %v", got)
	}
	return got.Get("code")
}

// claimsIn are those of a token, unverified.
func claimsIn(t *testing.T, token string) map[string]any {
	t.Helper()
	return claimsOf(t, &token)
}

// challengeOf is the S256 challenge of a verifier.
func challengeOf(verifier string) string {
	d := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(d[:])
}

// goodVerifier is of an allowed length and alphabet.
const goodVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

// newListener gives the address of a server that nobody should call.
func newListener(t *testing.T, called func()) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called() }))
	t.Cleanup(server.Close)
	return server.URL
}

// joseHeader is the header of a token.
func joseHeader(t *testing.T, token string) map[string]any {
	t.Helper()
	segment, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(segment)
	wantOK(t, err)
	var header map[string]any
	wantOK(t, json.Unmarshal(raw, &header))
	return header
}
