package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"cognate/internal/gateway"
	"cognate/internal/gateway/auth"
	"cognate/internal/gateway/demo"
	"cognate/internal/gateway/rules"
	"cognate/internal/outbound/fetch"
	"cognate/internal/server/localca"
)

// demoRules are written to the data directory.
const demoRules = `# The rules of cognate gateway --demo, written anew at each start. Copy them to begin
# with rules of your own.
LoadBalancerArn: %[1]s
PublicKeyUrl: %[2]s
TargetGroups:
  - Name: demo
    Targets: [{Id: 127.0.0.1, Port: %[3]d}]
    HealthCheckPath: %[4]s
Listeners:
  - Protocol: HTTPS
    Address: %[5]s
    Port: %[6]d
    DefaultActions:
      - Type: authenticate-cognito
        Order: 1
        AuthenticateCognitoConfig:
          UserPoolArn: %[7]s
          UserPoolClientId: %[8]s
          UserPoolDomain: %[9]s
          Scope: openid email profile
      - {Type: forward, Order: 2, TargetGroupArn: demo}
    Rules:
      - Priority: 1
        Conditions: [{Field: path-pattern, Values: [%[10]s]}]
        Actions: [{Type: forward, TargetGroupArn: demo}]
      - Priority: 2
        Conditions: [{Field: path-pattern, Values: [%[4]s]}]
        Actions:
          - Type: authenticate-cognito
            Order: 1
            AuthenticateCognitoConfig:
              UserPoolArn: %[7]s
              UserPoolClientId: %[8]s
              UserPoolDomain: %[9]s
              Scope: openid email profile
              OnUnauthenticatedRequest: allow
          - {Type: forward, Order: 2, TargetGroupArn: demo}
`

const (
	demoARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/demo/0123456789abcdef"
	// demoPool is the name of the pool that dev makes.
	demoPool = "cognate-sample"
	demoKeys = "/public-keys"
	// largestKeyAnswer bounds what the demonstration reads of keys, in bytes.
	largestKeyAnswer = 1 << 20
)

// demonstration is an application behind the gateway, with the ready-made pool of
// cognate dev.
type demonstration struct {
	listen netip.AddrPort
	origin string
	port   int          // of the application
	server *http.Server // the application, which serves

	poolARN, poolID, domain string
	client                  string
}

// startDemo sets everything up and serves the application until its server is closed.
func (c *gatewayCommand) startDemo(ctx context.Context, config *gateway.Config) (d *demonstration, err error) {
	d = &demonstration{}
	if d.listen, err = netip.ParseAddrPort(c.DemoListen); err != nil || !d.listen.Addr().IsLoopback() || d.listen.Port() == 0 {
		return nil, &exitError{exitUsage, fmt.Errorf("--demo-listen: %q is not an address and port of this machine such as 127.0.0.1:8443", c.DemoListen)}
	}
	d.origin = "https://localhost:" + strconv.Itoa(int(d.listen.Port()))
	if err := d.findPool(ctx, &administration{PublicURL: c.PublicURL, Region: "us-east-1"}); err != nil {
		return nil, err
	}
	authority, err := localca.OpenOrCreate(c.Data, nil, time.Now)
	if err != nil {
		return nil, err
	}
	if config.Roots == nil {
		config.Roots = authority.Pool()
	} else {
		config.Roots.AddCert(authority.Root())
	}
	config.Certificates = func([]rules.Certificate) (gateway.Certificates, error) { return authority, nil }
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the demonstration: %w", err)
	}
	d.port = listener.Addr().(*net.TCPAddr).Port
	application, err := d.application(ctx, *config)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	c.Rules = filepath.Join(c.Data, "gateway-demo.yaml")
	config.RulesFile = c.Rules
	if err := os.WriteFile(c.Rules, []byte(d.rules()), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("write the rules of the demonstration: %w", err), listener.Close())
	}
	d.server = &http.Server{Handler: application, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 15 * time.Second}
	go d.server.Serve(listener) //nolint:errcheck // it ends when the gateway does
	return d, nil
}

func (d *demonstration) rules() string {
	return fmt.Sprintf(demoRules, demoARN, d.origin+demoKeys, d.port, demo.PublicPath, d.listen.Addr(), d.listen.Port(),
		d.poolARN, d.client, d.domain, demo.SignOutPath+", "+demo.SignedOutPath)
}

func (c *gatewayCommand) announceDemo(std streams, d *demonstration) {
	fmt.Fprintf(std.out, "Open %s and sign in as the user that cognate dev printed.\n", d.origin)
	fmt.Fprintf(std.out, "The browser trusts it after: cognate trust install --data %s\nRules: %s\n", quote(c.Data), c.Rules)
}

// application makes the application, which knows the pool as the gateway does.
func (d *demonstration) application(ctx context.Context, config gateway.Config) (http.Handler, error) {
	client := fetch.Client(fetch.Policy{
		Allow: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")},
		Roots: config.Roots, Limit: largestKeyAnswer, Timeout: 5 * time.Second,
	})
	installation := config.Installation
	installation.HTTP, installation.Now = client, time.Now
	region, _, _ := strings.Cut(d.poolID, "_")
	provider, err := auth.NewPool(installation, region, d.poolID, d.client, d.domain).Provider(ctx)
	if err != nil {
		return nil, err
	}
	return demo.New(demo.Config{
		HTTP: client, Now: time.Now, Origin: d.origin, KeysURL: d.origin + demoKeys, Signer: demoARN,
		Issuer: provider.Issuer, ClientID: d.client, DomainURL: strings.TrimSuffix(provider.AuthorizationEndpoint, "/oauth2/authorize"),
	}), nil
}

// findPool finds the ready-made pool and a client of it for this address, which is
// made the first time.
func (d *demonstration) findPool(ctx context.Context, server *administration) error {
	var pools struct {
		UserPools []struct{ Id, Name string }
	}
	if err := server.call(ctx, "ListUserPools", map[string]any{"MaxResults": 60}, &pools); err != nil {
		return fmt.Errorf("find the pool of cognate dev: %w", err)
	}
	for _, p := range pools.UserPools {
		if p.Name == demoPool {
			d.poolID = p.Id
		}
	}
	if d.poolID == "" {
		return fmt.Errorf("the server at %s has no pool %s: the demonstration is for cognate dev", server.PublicURL, demoPool)
	}
	var pool struct {
		UserPool struct{ Arn, Domain string }
	}
	if err := server.call(ctx, "DescribeUserPool", map[string]any{"UserPoolId": d.poolID}, &pool); err != nil {
		return fmt.Errorf("look at the pool of cognate dev: %w", err)
	}
	d.poolARN, d.domain = pool.UserPool.Arn, pool.UserPool.Domain
	return d.findClient(ctx, server)
}

func (d *demonstration) findClient(ctx context.Context, server *administration) error {
	type clientName struct {
		ClientId, ClientName string
	}
	var clients struct{ UserPoolClients []clientName }
	if err := server.call(ctx, "ListUserPoolClients", map[string]any{"UserPoolId": d.poolID, "MaxResults": 60}, &clients); err != nil {
		return fmt.Errorf("find the client of the demonstration: %w", err)
	}
	name := fmt.Sprintf("cognate-gateway-demo-%d", d.listen.Port())
	if i := slices.IndexFunc(clients.UserPoolClients, func(c clientName) bool { return c.ClientName == name }); i >= 0 {
		d.client = clients.UserPoolClients[i].ClientId
		return nil
	}
	var made struct{ UserPoolClient clientName }
	err := server.call(ctx, "CreateUserPoolClient", map[string]any{
		"UserPoolId": d.poolID, "ClientName": name, "GenerateSecret": true,
		"SupportedIdentityProviders":      []string{"COGNITO"},
		"ExplicitAuthFlows":               []string{"ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		"AllowedOAuthFlowsUserPoolClient": true,
		"AllowedOAuthFlows":               []string{"code"},
		"AllowedOAuthScopes":              []string{"openid", "email", "profile"},
		"CallbackURLs":                    []string{d.origin + auth.CallbackPath},
		"LogoutURLs":                      []string{d.origin + demo.SignedOutPath},
	}, &made)
	if err != nil {
		return fmt.Errorf("make the client of the demonstration: %w", err)
	}
	d.client = made.UserPoolClient.ClientId
	var styled struct{}
	if err := server.call(ctx, "CreateManagedLoginBranding", map[string]any{
		"UserPoolId": d.poolID, "ClientId": d.client, "UseCognitoProvidedValues": true,
	}, &styled); err != nil {
		return fmt.Errorf("style the pages of the demonstration: %w", err)
	}
	return nil
}
