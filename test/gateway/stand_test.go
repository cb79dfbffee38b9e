package gateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/gateway"
	"cognate/internal/gateway/auth"
	"cognate/internal/gateway/rules"
	"cognate/internal/gateway/seal"
	"cognate/internal/server"
	"cognate/internal/servertest"
	"cognate/internal/testlog"
)

const (
	host     = "shop.localhost"
	origin   = "https://" + host
	balancer = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188"
	password = "Correct-Horse-9-Battery"
)

// stand is an application behind a gateway, with a pool that its users are in.
type stand struct {
	s                    *servertest.Server
	pool, client, secret string
	domain               string // prefix
	base                 string // address of the domain
	issuer               string
	app                  *application

	gateway *gateway.Gateway
	address string // where it listens, or the proxy that asks it
	keysAt  string // address below which its public keys are
	rules   string // file
	keys    string // file
	access  *testlog.Log
}

// newStand makes the pool, with a user "ana", and the application. The gateway
// begins with the method open.
func newStand(t *testing.T, s *servertest.Server, change func(*cip.CreateUserPoolClientInput)) *stand {
	t.Helper()
	w := &stand{s: s, domain: servertest.NewPrefix(), app: newApplication(t), access: &testlog.Log{}, keysAt: "https://keys.localhost/public"}
	w.pool = s.CreatePool(t, nil)
	_, err := s.SDK.CreateUserPoolDomain(t.Context(), &cip.CreateUserPoolDomainInput{UserPoolId: &w.pool, Domain: &w.domain, ManagedLoginVersion: new(int32(1))})
	wantOK(t, err)
	w.base = s.HTTPSAt(w.domain + ".auth.localhost")
	w.issuer = s.PublicURL + "/" + w.pool
	made, err := s.SDK.CreateUserPoolClient(t.Context(), clientInput(w.pool, change))
	wantOK(t, err)
	w.client, w.secret = *made.UserPoolClient.ClientId, *made.UserPoolClient.ClientSecret
	s.CreateUser(t, w.pool, "ana", password, "email", "ana@example.com", "email_verified", "true", "name", "Ana Ünal")
	return w
}

func clientInput(pool string, change func(*cip.CreateUserPoolClientInput)) *cip.CreateUserPoolClientInput {
	in := &cip.CreateUserPoolClientInput{
		UserPoolId: &pool, ClientName: new("shop"), GenerateSecret: true,
		SupportedIdentityProviders:      []string{"COGNITO"},
		AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthFlows:               []types.OAuthFlowType{types.OAuthFlowTypeCode},
		AllowedOAuthScopes:              []string{"openid", "email", "profile", "aws.cognito.signin.user.admin"},
		CallbackURLs:                    []string{origin + auth.CallbackPath},
		LogoutURLs:                      []string{origin + "/bye"},
	}
	if change != nil {
		change(in)
	}
	return in
}

// cognito is an action authenticate-cognito; more are lines of its configuration.
func (w *stand) cognito(more ...string) string {
	config := append([]string{
		"UserPoolArn: arn:aws:cognito-idp:us-east-1:123456789012:userpool/" + w.pool,
		"UserPoolClientId: " + w.client,
		"UserPoolDomain: " + w.domain,
	}, more...)
	return "{Type: authenticate-cognito, Order: 1, AuthenticateCognitoConfig: {" + strings.Join(config, ", ") + "}}"
}

// oidc is an action authenticate-oidc at the same pool; more are lines of its
// configuration, of which the first ones win.
func (w *stand) oidc(more ...string) string {
	config := map[string]string{
		"Issuer": w.issuer, "AuthorizationEndpoint": w.base + "/oauth2/authorize", "TokenEndpoint": w.base + "/oauth2/token",
		"UserInfoEndpoint": w.base + "/oauth2/userInfo", "ClientId": w.client, "ClientSecret": w.secret,
	}
	var parts []string
	for _, line := range more {
		name, _, _ := strings.Cut(line, ":")
		delete(config, name)
		parts = append(parts, line)
	}
	for name, value := range config {
		parts = append(parts, name+": "+value)
	}
	return "{Type: authenticate-oidc, Order: 1, AuthenticateOidcConfig: {" + strings.Join(parts, ", ") + "}}"
}

const toApp = "{Type: forward, Order: 2, TargetGroupArn: app}"

// rule is a rule of the listener for a path.
func rule(priority int, path string, actions ...string) string {
	return fmt.Sprintf("      - {Priority: %d, Conditions: [{Field: path-pattern, Values: [%q]}], Actions: [%s]}\n", priority, path, strings.Join(actions, ", "))
}

// file is a rules file with one listener.
func (w *stand) file(defaults string, more ...string) string {
	target, _ := url.Parse(w.app.URL)
	return fmt.Sprintf(`LoadBalancerArn: %s
PublicKeyUrl: https://keys.localhost/public
TargetGroups:
  - Name: app
    HealthCheckEnabled: false
    Targets: [{Id: %s, Port: %s}]
Listeners:
  - Protocol: HTTPS
    Port: 443
    DefaultActions: [%s]
    Rules:
%s`, balancer, target.Hostname(), target.Port(), defaults, strings.Join(more, ""))
}

// open starts the gateway with rules.
func (w *stand) open(t *testing.T, file string) {
	t.Helper()
	dir := t.TempDir()
	w.rules, w.keys = filepath.Join(dir, "rules.yaml"), filepath.Join(dir, "keys")
	wantOK(t, os.WriteFile(w.rules, []byte(file), 0o600))
	wantOK(t, os.WriteFile(w.keys, []byte(seal.NewKey()+"\n"), 0o600))
	w.gateway, w.address = w.another(t)
}

// another starts a gateway with the rules and keys of the stand.
func (w *stand) another(t *testing.T) (*gateway.Gateway, string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	wantOK(t, err)
	var trusted server.Config
	w.s.Trusted(&trusted)
	g, err := gateway.New(t.Context(), gateway.Config{
		RulesFile: w.rules, KeyFile: w.keys,
		Installation: auth.Installation{
			PublicURL: w.s.HTTPS(), IssuerURL: w.s.PublicURL + "/{userPoolId}", DomainSuffix: "auth.localhost",
			Credentials: func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: servertest.RootSecretAccessKey}, nil
			},
		},
		Roots:        w.s.CertPool(),
		Certificates: func([]rules.Certificate) (gateway.Certificates, error) { return only{trusted.Authority, host}, nil },
		AccessLog:    w.access,
		Log:          slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:          w.s.Now,
		Listen:       func(context.Context, string) (net.Listener, error) { return listener, nil },
	})
	wantOK(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		wantOK(t, <-ended)
	})
	return g, listener.Addr().String()
}

// only is the certificate of one host, as far as the gateway knows.
type only struct {
	gateway.Certificates
	host string
}

func (o only) Covers(host string) bool { return host == o.host }

// testWriter logs until the test is over.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	if w.t.Context().Err() == nil {
		w.t.Log(strings.TrimSpace(string(p)))
	}
	return len(p), nil
}

// application shows the requests that come to it.
type application struct {
	*httptest.Server
	mu   sync.Mutex
	seen []*http.Request
}

func newApplication(t *testing.T) *application {
	a := &application{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.seen = append(a.seen, r)
		a.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(r.Header)
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *application) requests() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.seen)
}

func (a *application) last(t *testing.T) *http.Request {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.seen) == 0 {
		t.Fatal("no request has come to the application")
	}
	return a.seen[len(a.seen)-1]
}

// browser is one without scripts: it keeps cookies and follows nothing by itself.
type browser struct {
	w    *stand
	http *http.Client
}

func (w *stand) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	wantOK(t, err)
	return &browser{w, &http.Client{
		Transport:     w.transport(w.address),
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// transport finds the gateway at the application's host.
func (w *stand) transport(address string) *http.Transport {
	base := w.s.HTTP.Transport
	_ = base
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: tlsConfig(w.s.CertPool())}
	transport.DialContext = func(ctx context.Context, network, to string) (net.Conn, error) {
		name, port, err := net.SplitHostPort(to)
		if err != nil {
			return nil, err
		}
		if port == "443" {
			return new(net.Dialer).DialContext(ctx, network, address)
		}
		if strings.HasSuffix(name, "localhost") {
			to = net.JoinHostPort("127.0.0.1", port)
		}
		return new(net.Dialer).DialContext(ctx, network, to)
	}
	return transport
}

// reply is an HTTP answer read whole.
type reply struct {
	status  int
	header  http.Header
	cookies []*http.Cookie
	body    string
}

func (b *browser) get(t *testing.T, address string, headers ...string) reply {
	t.Helper()
	return b.send(t, http.MethodGet, address, "", headers...)
}

func (b *browser) send(t *testing.T, method, address, body string, headers ...string) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	wantOK(t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	got, err := b.http.Do(r)
	wantOK(t, err)
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	wantOK(t, err)
	return reply{got.StatusCode, got.Header, got.Cookies(), string(text)}
}

// location is where the answer redirects to, with its parameters.
func (r reply) location(t *testing.T) (address string, parameters url.Values) {
	t.Helper()
	address, query, _ := strings.Cut(r.header.Get("Location"), "?")
	parameters, err := url.ParseQuery(query)
	wantOK(t, err)
	return address, parameters
}

// toCallback goes from an answer of the gateway through the sign-in page and gives
// the address of the callback, which it does not open.
func (b *browser) toCallback(t *testing.T, start reply, user string) string {
	t.Helper()
	if start.status != http.StatusFound {
		t.Fatalf("the gateway answered %d %s, want a redirect to the sign-in", start.status, start.body)
	}
	page := b.get(t, start.header.Get("Location"))
	for range 3 {
		next := page.header.Get("Location")
		switch {
		case page.status == http.StatusFound && strings.HasPrefix(next, origin+auth.CallbackPath):
			return next
		case page.status == http.StatusFound:
			if shown := b.get(t, next); shown.status != http.StatusOK {
				page = shown
				continue
			}
			at, err := url.Parse(b.w.base)
			wantOK(t, err)
			form := url.Values{"username": {user}, "password": {password}}
			for _, c := range b.http.Jar.Cookies(at) {
				if c.Name == "XSRF-TOKEN" {
					form.Set("_csrf", c.Value)
				}
			}
			page = b.send(t, http.MethodPost, next, form.Encode())
		}
	}
	t.Fatalf("no callback: %d %s %.300s", page.status, page.header.Get("Location"), page.body)
	return ""
}

// signIn signs a user in from an address of the application and gives the answer to
// the callback.
func (b *browser) signIn(t *testing.T, address, user string) reply {
	t.Helper()
	return b.get(t, b.toCallback(t, b.get(t, address), user))
}

// shards are the cookies of a session that the browser holds.
func (b *browser) shards(t *testing.T) (shards []*http.Cookie) {
	t.Helper()
	at, err := url.Parse(origin)
	wantOK(t, err)
	for _, c := range b.http.Jar.Cookies(at) {
		if strings.HasPrefix(c.Name, auth.DefaultCookieName) {
			shards = append(shards, c)
		}
	}
	return shards
}

// counter reads a counter of the gateway.
func (w *stand) counter(t *testing.T, name string) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	w.gateway.Metrics().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for line := range strings.Lines(recorder.Body.String()) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	t.Fatalf("there is no counter %s", name)
	return ""
}

func wantOK(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
