package browser_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/chromedp/chromedp"

	"cognate/internal/outbound/fetch"
	"cognate/internal/server"
	"cognate/internal/servertest"
	"cognate/internal/testlog"
)

const workSecret = "a-secret-between-the-shop-and-work"

// nodeProvider is the package oidc-provider, running.
type nodeProvider struct {
	url  string // over TLS, as everybody sees it
	port string // of the program
}

// serveNodeProvider makes the address of a provider, for which run starts it.
func serveNodeProvider(t *testing.T, s *servertest.Server) *nodeProvider {
	t.Helper()
	p := &nodeProvider{port: freePort(t)}
	p.url = s.ServeSite(t, "localhost", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", "127.0.0.1:"+p.port, r.In.Host
		r.SetXForwarded()
	}})
	return p
}

// run starts the provider with one client, which may send people back to one
// address.
func (p *nodeProvider) run(t *testing.T, redirect string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if _, missing := os.Stat(filepath.Join(modules, "oidc-provider")); err != nil || missing != nil {
		if os.Getenv("COGNATE_REQUIRE_CLIENTS") != "" {
			t.Fatal("Node.js or its package oidc-provider is missing; scripts/setup-tests installs them")
		}
		t.Skip("Node.js or its package oidc-provider is missing; scripts/setup-tests installs them")
	}
	where, err := filepath.Abs(modules)
	if err != nil {
		t.Fatal(err)
	}
	settings, err := json.Marshal(map[string]string{"modules": where, "issuer": p.url, "port": p.port, "redirect": redirect, "secret": workSecret})
	if err != nil {
		t.Fatal(err)
	}
	var log testlog.Log
	cmd := exec.CommandContext(t.Context(), node, "testdata/oidc-provider.mjs", string(settings))
	cmd.Stdout, cmd.Stderr = &log, &log
	start(t, cmd, log.String, "http://127.0.0.1:"+p.port+"/")
}

// rotate gives the provider a new key in the place of the old one, and has it forget
// who is signed in.
func (p *nodeProvider) rotate(t *testing.T) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1:"+p.port+"/rotate", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("rotate: %v", err)
	}
	_ = answer.Body.Close()
}

// signIn goes through the provider's pages for somebody it knows not yet, and gives
// where they lead.
func (p *nodeProvider) signIn(tab context.Context, t *testing.T, name, end string) string {
	t.Helper()
	awaitPage(tab, t, p.url+"/interaction/")
	fill(tab, t, "login", name, "password", "any")
	picture(tab, t, "oidc-provider-login")
	click(tab, t, "button[type=submit]")
	see(tab, t, "form input[name=prompt][value=consent]")
	click(tab, t, "button[type=submit]")
	return awaitPage(tab, t, end)
}

// federating starts a server that calls providers on this machine, whose
// certificates Chromium trusts.
func federating(t *testing.T) *servertest.Server {
	t.Helper()
	shared := servertest.Shared(t)
	return servertest.Start(t, overTLS, shared.Trusted, func(c *server.Config) { c.AllowNetworks = fetch.Loopback })
}

// provide makes a provider of OpenID Connect for the pool of a client that is about
// to be made.
func provide(t *testing.T, s *servertest.Server, in *cip.CreateUserPoolClientInput, details, mapping map[string]string) {
	t.Helper()
	all := map[string]string{"authorize_scopes": "openid email profile", "attributes_request_method": "GET"}
	maps.Copy(all, details)
	_, err := s.SDK.CreateIdentityProvider(t.Context(), &cip.CreateIdentityProviderInput{
		UserPoolId: in.UserPoolId, ProviderName: new("Work"), ProviderType: types.IdentityProviderTypeTypeOidc, ProviderDetails: all, AttributeMapping: mapping,
	})
	if err != nil {
		t.Fatal(err)
	}
	in.SupportedIdentityProviders = []string{"COGNITO", "Work"}
}

// button is what leads to the provider Work on the page of the sign-in.
const button = `a[href*="identity_provider=Work"]`

// identity is the only one in the claims of an ID token.
func identity(t *testing.T, id map[string]any) map[string]any {
	t.Helper()
	list, _ := id["identities"].([]any)
	if len(list) != 1 {
		t.Fatalf("claims %v", id)
	}
	one, _ := list[0].(map[string]any)
	return one
}

// People sign in by a button at the OpenID Connect provider of Node's world, come
// back later without a question, and when it has another key, and not at all while
// the secret is wrong.
func TestOIDCProviderOfNode(t *testing.T) {
	t.Parallel()
	tab := newWindow(t)
	s := federating(t)
	p := serveNodeProvider(t, s)
	a := openShopAt(t, s, "", func(in *cip.CreateUserPoolInput) {
		in.UsernameConfiguration = &types.UsernameConfigurationType{CaseSensitive: new(false)}
		in.Schema = []types.SchemaAttributeType{{Name: new("groups"), AttributeDataType: types.AttributeDataTypeString, Mutable: new(true)}}
	}, func(in *cip.CreateUserPoolClientInput) {
		shown, err := s.SDK.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: in.UserPoolId})
		if err != nil {
			t.Fatal(err)
		}
		p.run(t, s.HTTPSAt(*shown.UserPool.Domain+".auth.localhost")+"/oauth2/idpresponse")
		provide(t, s, in, map[string]string{"client_id": "shop", "client_secret": workSecret, "oidc_issuer": p.url},
			map[string]string{"email": "email", "email_verified": "email_verified", "name": "name", "custom:groups": "groups"})
	})

	open(tab, t, a.authorize())
	picture(tab, t, "federation-01-button")
	click(tab, t, button)
	id, access := a.exchange(t, p.signIn(tab, t, "Ana", a.callback))
	one := identity(t, id)
	groups, _ := id["cognito:groups"].([]any)
	if id["cognito:username"] != "work_ana" || id["email"] != "ana@work.example" || id["email_verified"] != true || id["name"] != "Ana Lucía" ||
		id["custom:groups"] != "[buyer,R+%26+D]" || len(groups) != 1 || groups[0] != a.pool+"_Work" {
		t.Errorf("claims %v", id)
	}
	if one["userId"] != "Ana" || one["providerName"] != "Work" || one["providerType"] != "OIDC" || one["primary"] != "true" || one["issuer"] != nil {
		t.Errorf("identity %v", one)
	}
	info := userInfo(t, a, access)
	if info["sub"] != id["sub"] || info["username"] != "work_ana" || info["email"] != "ana@work.example" {
		t.Errorf("userInfo %v", info)
	}

	// Signed out here, people are still signed in there; until it forgets them, with
	// its key.
	open(tab, t, a.logout())
	open(tab, t, a.authorize())
	click(tab, t, button)
	later, _ := a.exchange(t, awaitPage(tab, t, a.callback))
	p.rotate(t)
	s.Advance(2 * time.Second) // a set of keys serves all who come within a second
	open(tab, t, a.logout())
	open(tab, t, a.authorize())
	click(tab, t, button)
	last, _ := a.exchange(t, p.signIn(tab, t, "Ana", a.callback))
	if later["sub"] != id["sub"] || last["sub"] != id["sub"] {
		t.Errorf("signed in as %v and %v, was %v", later["sub"], last["sub"], id["sub"])
	}

	_, err := s.SDK.UpdateIdentityProvider(t.Context(), &cip.UpdateIdentityProviderInput{
		UserPoolId: &a.pool, ProviderName: new("Work"), ProviderDetails: map[string]string{
			"client_id": "shop", "client_secret": "another", "oidc_issuer": p.url, "authorize_scopes": "openid", "attributes_request_method": "GET",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	open(tab, t, a.logout())
	open(tab, t, a.authorize())
	click(tab, t, button)
	if at := awaitPage(tab, t, a.callback); !strings.Contains(at, "error=invalid_request") || !strings.Contains(at, "Work+Error+-+401+invalid_client") || strings.Contains(at, "code=") {
		t.Errorf("with a wrong secret to %s", at)
	}
}

// userInfo asks the domain about whom an access token is.
func userInfo(t *testing.T, a shop, access string) (claims map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.domain+"/oauth2/userInfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+access)
	answer := a.server.Do(t, r)
	if err := json.Unmarshal([]byte(answer.Body), &claims); err != nil || answer.Status != http.StatusOK {
		t.Fatalf("userInfo: %d %s", answer.Status, answer.Body)
	}
	return claims
}

// One pool signs users in for another: each is the other's counterpart in every
// message of OpenID Connect.
func TestAnotherPoolAsProvider(t *testing.T) {
	t.Parallel()
	tab := newWindow(t)
	s := federating(t)
	var work shop
	a := openShopAt(t, s, "", nil, func(in *cip.CreateUserPoolClientInput) {
		shown, err := s.SDK.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: in.UserPoolId})
		if err != nil {
			t.Fatal(err)
		}
		work = openShopAt(t, s, s.HTTPSAt(*shown.UserPool.Domain+".auth.localhost")+"/oauth2/idpresponse", nil, func(in *cip.CreateUserPoolClientInput) {
			in.GenerateSecret = true
		})
		provide(t, s, in, map[string]string{"client_id": work.client, "client_secret": work.secret, "oidc_issuer": work.issuer()},
			map[string]string{"email": "email", "email_verified": "email_verified", "given_name": "given_name"})
	})
	s.CreateUser(t, work.pool, username, password, "email", "ana@example.com", "email_verified", "true", "given_name", "Ana Lucía")

	open(tab, t, a.authorize("login_hint", username))
	if at := click(tab, t, button); !strings.HasPrefix(at, work.domain+"/login?") {
		t.Fatalf("asked to sign in at %s:\n%s", at, text(tab, t))
	}
	if filled, err := chromedp.Run(tab, chromedp.Value(chromedp.CSS("input[name=username]"))); err != nil || filled != username {
		t.Errorf("login_hint: %q, %v", filled, err)
	}
	signIn(tab, t, username, password)
	id, _ := a.exchange(t, awaitPage(tab, t, a.callback))
	shown, err := s.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &work.pool, Username: new(username)})
	if err != nil {
		t.Fatal(err)
	}
	there := attribute(shown.UserAttributes, "sub")
	if one := identity(t, id); one["userId"] != there || id["sub"] == there || id["cognito:username"] != "Work_"+there ||
		id["email"] != "ana@example.com" || id["email_verified"] != true || id["given_name"] != "Ana Lucía" {
		t.Errorf("claims %v", id)
	}
	// The session there lasts.
	open(tab, t, a.logout())
	open(tab, t, a.authorize("identity_provider", "Work"))
	if again, _ := a.exchange(t, awaitPage(tab, t, a.callback)); again["sub"] != id["sub"] {
		t.Errorf("signed in as %v", again["sub"])
	}
	// A user who is disabled there does not come in here.
	open(tab, t, a.logout())
	if _, err := s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &work.pool, Username: new(username)}); err != nil {
		t.Fatal(err)
	}
	if at := open(tab, t, a.authorize("identity_provider", "Work")); !strings.HasPrefix(at, work.domain+"/login?") {
		t.Errorf("a disabled user gets to %s", at)
	}
}
