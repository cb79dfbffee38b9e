package browser_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/chromedp/chromedp"

	"cognate/internal/gateway"
	"cognate/internal/gateway/auth"
	"cognate/internal/gateway/demo"
	"cognate/internal/gateway/rules"
	"cognate/internal/gateway/seal"
	"cognate/internal/server"
	"cognate/internal/servertest"
)

const gatewayARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/demo/0123456789abcdef"

// front is the demonstration behind a gateway.
type front struct {
	*gateway.Gateway
	origin string // https://localhost:{port}
}

// gatewayAddress opens the port of a gateway before the client of the pool is made,
// which has to know it.
func gatewayAddress(t *testing.T) (listener net.Listener, origin string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener, strings.Replace("https://"+listener.Addr().String(), "127.0.0.1", "localhost", 1)
}

// openGateway has the demonstration served behind an action that signs users in,
// with the pages for everybody beside it.
func openGateway(t *testing.T, listener net.Listener, a shop, issuer, client, action string) *front {
	t.Helper()
	f := &front{origin: strings.Replace("https://"+listener.Addr().String(), "127.0.0.1", "localhost", 1)}
	var trusted server.Config
	a.server.Trusted(&trusted)
	app := httptest.NewServer(demo.New(demo.Config{
		HTTP: a.server.HTTP, Now: a.server.Now, Origin: f.origin, KeysURL: f.origin + "/public-keys",
		Signer: gatewayARN, Issuer: issuer, ClientID: client, DomainURL: a.domain,
	}))
	t.Cleanup(app.Close)
	host, port, _ := net.SplitHostPort(app.Listener.Addr().String())
	dir := t.TempDir()
	file, keys := filepath.Join(dir, "rules.yaml"), filepath.Join(dir, "keys")
	text := fmt.Sprintf(`LoadBalancerArn: %s
PublicKeyUrl: %s/public-keys
TargetGroups: [{Name: app, HealthCheckEnabled: false, Targets: [{Id: %s, Port: %s}]}]
Listeners:
  - Protocol: HTTPS
    Port: %s
    DefaultActions: [%s, {Type: forward, Order: 2, TargetGroupArn: app}]
    Rules: [{Priority: 1, Conditions: [{Field: path-pattern, Values: [/sign-out, /signed-out]}], Actions: [{Type: forward, TargetGroupArn: app}]}]
`, gatewayARN, f.origin, host, port, f.origin[strings.LastIndexByte(f.origin, ':')+1:], action)
	for name, content := range map[string]string{file: text, keys: seal.NewKey() + "\n"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	f.Gateway, err = gateway.New(t.Context(), gateway.Config{
		RulesFile: file, KeyFile: keys, Roots: a.server.CertPool(), Now: a.server.Now,
		Installation: auth.Installation{
			PublicURL: a.server.HTTPS(), IssuerURL: a.server.PublicURL + "/{userPoolId}", DomainSuffix: "auth.localhost",
			Credentials: func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: servertest.RootSecretAccessKey}, nil
			},
		},
		Certificates: func([]rules.Certificate) (gateway.Certificates, error) { return trusted.Authority, nil },
		Log:          slog.New(slog.DiscardHandler),
		Listen:       func(context.Context, string) (net.Listener, error) { return listener, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return f
}

// signIns counts those that were completed at the gateway.
func (f *front) signIns(t *testing.T) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	f.Metrics().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	_, rest, _ := strings.Cut(recorder.Body.String(), "\ncognate_gateway_auth_success_total ")
	count, _, _ := strings.Cut(rest, "\n")
	return count
}

// wantUser fails the test unless the page of the application is for somebody whom
// it knows by the gateway's signature.
func wantUser(tab context.Context, t *testing.T, origin, name string) {
	t.Helper()
	awaitPage(tab, t, origin)
	see(tab, t, "h1")
	heading, err := chromedp.Run(tab, chromedp.TextContent("h1"))
	if err != nil {
		t.Fatal(err)
	}
	if heading != "Hello, "+name || !has(tab, t, "#verified") || !has(tab, t, "#x-amzn-oidc-data") {
		t.Errorf("at %s:\n%s", location(tab, t), text(tab, t))
	}
}

// Sign-in, the end of a session with and without a session at the pool, renewal,
// and sign-out, at an application that has no line of code for it.
func TestWalkBehindAGateway(t *testing.T) {
	t.Parallel()
	tab := newWindow(t)
	listener, origin := gatewayAddress(t)
	s := servertest.Start(t, overTLS, servertest.Shared(t).Trusted)
	a := openShopAt(t, s, origin+auth.CallbackPath, nil, func(in *cip.CreateUserPoolClientInput) {
		in.GenerateSecret = true
		in.AccessTokenValidity, in.IdTokenValidity = new(int32(5)), new(int32(5))
		in.TokenValidityUnits = &types.TokenValidityUnitsType{AccessToken: types.TimeUnitsTypeMinutes, IdToken: types.TimeUnitsTypeMinutes}
		in.LogoutURLs = []string{origin + demo.SignedOutPath}
	})
	s.CreateUser(t, a.pool, username, password, "email", "ana@example.com", "email_verified", "true", "name", "Ana Lucía")
	domain, _, _ := strings.Cut(strings.TrimPrefix(a.domain, "https://"), ".")
	f := openGateway(t, listener, a, a.issuer(), a.client, fmt.Sprintf(
		`{Type: authenticate-cognito, Order: 1, AuthenticateCognitoConfig: {UserPoolArn: "arn:aws:cognito-idp:us-east-1:123456789012:userpool/%s", UserPoolClientId: %s, UserPoolDomain: %s, Scope: openid email profile, SessionTimeout: 1800}}`,
		a.pool, a.client, domain))

	if at := open(tab, t, origin+"/basket?item=1"); !strings.HasPrefix(at, a.domain+"/login?") {
		t.Fatalf("asked to sign in at %s", at)
	}
	picture(tab, t, "gateway-01-sign-in")
	if at := signIn(tab, t, username, password); at != origin+"/basket?item=1" {
		t.Fatalf("signed in to %s:\n%s", at, text(tab, t))
	}
	wantUser(tab, t, origin, "Ana Lucía")
	picture(tab, t, "gateway-02-application")

	token := func() string {
		text, err := chromedp.Run(tab, chromedp.TextContent("#x-amzn-oidc-accesstoken"))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	first := token()
	s.Advance(6 * time.Minute) // the access token has expired
	open(tab, t, origin+"/")
	wantUser(tab, t, origin, "Ana Lucía")
	if renewed := token(); renewed == first || f.signIns(t) != "1" {
		t.Errorf("after six minutes: %s sign-ins, the token is the same: %t", f.signIns(t), renewed == first)
	}
	s.Advance(25 * time.Minute) // and so has the session, but not the pool's
	if at := open(tab, t, origin+"/orders"); at != origin+"/orders" || f.signIns(t) != "2" {
		t.Fatalf("after half an hour at %s with %s sign-ins:\n%s", at, f.signIns(t), text(tab, t))
	}
	wantUser(tab, t, origin, "Ana Lucía")

	if at := click(tab, t, `a[href="/sign-out"]`); at != origin+demo.SignedOutPath {
		t.Fatalf("signed out to %s:\n%s", at, text(tab, t))
	}
	if has(tab, t, "#x-amzn-oidc-data") || !strings.Contains(text(tab, t), "whoever you are") {
		t.Errorf("signed out:\n%s", text(tab, t))
	}
	picture(tab, t, "gateway-03-signed-out")
	if at := open(tab, t, origin+"/"); !strings.HasPrefix(at, a.domain+"/login?") {
		t.Errorf("after signing out at %s:\n%s", at, text(tab, t))
	}
}

// A provider that is not Cognate signs users in by authenticate-oidc.
func TestGatewayWithTheProviderOfNode(t *testing.T) {
	t.Parallel()
	tab := newWindow(t)
	listener, origin := gatewayAddress(t)
	s := servertest.Shared(t)
	p := serveNodeProvider(t, s)
	p.run(t, origin+auth.CallbackPath)
	openGateway(t, listener, shop{server: s, domain: p.url}, p.url, "shop", fmt.Sprintf(
		`{Type: authenticate-oidc, Order: 1, AuthenticateOidcConfig: {Issuer: %[1]q, AuthorizationEndpoint: %[1]s/auth, TokenEndpoint: %[1]s/token, UserInfoEndpoint: %[1]s/me, ClientId: shop, ClientSecret: %[2]s, TokenEndpointAuthMethod: client_secret_post, Scope: openid email profile}}`,
		p.url, workSecret))

	open(tab, t, origin+"/a?b=%2F")
	if at := p.signIn(tab, t, "Ana", origin+"/a"); at != origin+"/a?b=%2F" {
		t.Fatalf("signed in to %s", at)
	}
	wantUser(tab, t, origin, "Ana Lucía")
	shown, err := chromedp.Run(tab, chromedp.TextContent("#x-amzn-oidc-identity"))
	if err != nil || shown != "Ana" {
		t.Errorf("identity %q, %v", shown, err)
	}
}

// A Cognate that the gateway does not run beside is a provider like any other.
func TestGatewayWithAnotherCognate(t *testing.T) {
	t.Parallel()
	tab := newWindow(t)
	listener, origin := gatewayAddress(t)
	work := openShopAt(t, federating(t), origin+auth.CallbackPath, nil, func(in *cip.CreateUserPoolClientInput) {
		in.GenerateSecret = true
		in.LogoutURLs = []string{origin + demo.SignedOutPath}
	})
	work.server.CreateUser(t, work.pool, username, password, "email", "ana@example.com", "email_verified", "true", "name", "Ana Lucía")
	openGateway(t, listener, shop{server: servertest.Shared(t), domain: work.domain}, work.issuer(), work.client, fmt.Sprintf(
		`{Type: authenticate-oidc, Order: 1, AuthenticateOidcConfig: {Issuer: %q, AuthorizationEndpoint: %[2]s/oauth2/authorize, TokenEndpoint: %[2]s/oauth2/token, UserInfoEndpoint: %[2]s/oauth2/userInfo, ClientId: %[3]s, ClientSecret: %[4]s, Scope: openid profile}}`,
		work.issuer(), work.domain, work.client, work.secret))

	open(tab, t, origin+"/")
	signIn(tab, t, username, password)
	wantUser(tab, t, origin, "Ana Lucía")
	click(tab, t, `a[href="/sign-out"]`)
	if at := open(tab, t, origin+"/"); !strings.HasPrefix(at, work.domain+"/login?") {
		t.Errorf("after signing out at %s", at)
	}
}
