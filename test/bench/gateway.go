package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cognate/internal/server/localca"
)

// gatewayWorld is a gateway process with an application and a provider in this one.
type gatewayWorld struct {
	process  *serverProcess
	base     string // address of the gateway
	app      *httptest.Server
	provider *httptest.Server
	http     *http.Client
}

const (
	gatewayClient = "bench"
	// gatewayRounds is how many times the rules take turns.
	gatewayRounds = 5
	// lengths of tokens, in bytes before base64: such as those of a user pool
	tokenLength   = 750
	refreshLength = 1300
)

// measureGateway prints what a signed-in request costs a gateway beside the same
// request by a rule that signs nobody in.
func measureGateway(ctx context.Context, duration time.Duration, binary string) error {
	g, err := newGatewayWorld(ctx, binary)
	if err != nil {
		return err
	}
	defer g.close()
	w := &world{server: g.process}
	fmt.Print("\nA gateway, requests with the cookies of a session\n\n| Rule | requests/s, 1 client | requests/s, 16 clients | p99 ms, 16 | CPU of the gateway, 1 client | CPU of the gateway, 16 clients |\n|---|---|---|---|---|---|\n")
	rules := []struct{ name, path string }{{"forward", "/plain"}, {"authenticate-oidc, forward", "/"}}
	var rate, cpu [2][2]float64 // by rule and number of clients
	var slow [2]float64
	for n, clients := range []int{1, 16} {
		var total [2]result
		for range gatewayRounds { // in turns: the machine may be busier at one time than at another
			for i, rule := range rules {
				f := flow{prepare: g.browser, do: func(ctx context.Context, state any, _ int64) error { return g.get(ctx, rule.path, state.(string)) }}
				r, err := w.run(ctx, f, clients, duration/gatewayRounds)
				if err != nil {
					return fmt.Errorf("gateway, %s with %d clients: %w", rule.name, clients, err)
				}
				total[i].operations, total[i].elapsed, total[i].cpu = total[i].operations+r.operations, total[i].elapsed+r.elapsed, total[i].cpu+r.cpu
				slow[i] = max(slow[i], float64(r.latency.ValueAtQuantile(99))/1000)
			}
		}
		for i := range rules {
			rate[i][n], cpu[i][n] = total[i].perSecond(), float64(total[i].cpuPerOp().Microseconds())
		}
	}
	for i, rule := range rules {
		fmt.Printf("| %s | %.0f | %.0f | %.1f | %.0f µs | %.0f µs |\n", rule.name, rate[i][0], rate[i][1], slow[i], cpu[i][0], cpu[i][1])
	}
	fmt.Printf("\nSign-in costs %.0f µs with 1 client and %.0f µs with 16 (goal ≤ 60 µs); throughput is %.0f %% and %.0f %% of that without (goal ≥ 80 %%)\n",
		cpu[1][0]-cpu[0][0], cpu[1][1]-cpu[0][1], 100*rate[1][0]/rate[0][0], 100*rate[1][1]/rate[0][1])
	return nil
}

func newGatewayWorld(ctx context.Context, binary string) (g *gatewayWorld, err error) {
	dir, err := os.MkdirTemp("", "cognate-bench-gateway")
	if err != nil {
		return nil, fmt.Errorf("make a directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }() // all is read at the start
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	g = &gatewayWorld{base: "https://localhost:" + port}
	g.app = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "hello from the application\n")
	}))
	g.serveProvider()
	authority, err := writeCertificate(dir)
	if err != nil {
		return nil, err
	}
	g.http = &http.Client{
		Transport: &http.Transport{
			MaxIdleConnsPerHost: 64, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: authority.Pool()},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if err := os.WriteFile(filepath.Join(dir, "rules.yaml"), []byte(g.rules(dir, port)), 0o600); err != nil {
		return nil, err
	}
	if g.process, err = launch(ctx, binary, nil, "gateway", "--rules", filepath.Join(dir, "rules.yaml"), "--data", dir, "--log-level", "warn"); err != nil {
		return nil, err
	}
	for range 200 {
		if err = g.get(ctx, "/plain", ""); err == nil {
			return g, nil
		}
		time.Sleep(25 * time.Millisecond)
	}
	g.close()
	return nil, fmt.Errorf("the gateway does not become ready: %w\n%s", err, g.process.log.String())
}

func (g *gatewayWorld) rules(dir, port string) string {
	app, _ := url.Parse(g.app.URL) // of httptest
	return fmt.Sprintf(`LoadBalancerArn: arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/bench/50dc6c495c0c9188
TargetGroups: [{Name: app, HealthCheckEnabled: false, Targets: [{Id: %[1]s, Port: %[2]s}]}]
Listeners:
  - Protocol: HTTPS
    Address: 127.0.0.1
    Port: %[3]s
    Certificates: [{CertificateFile: %[4]s/bench.pem, KeyFile: %[4]s/bench.key}]
    DefaultActions:
      - {Type: authenticate-oidc, Order: 1, AuthenticateOidcConfig: {Issuer: "%[5]s", AuthorizationEndpoint: "%[5]s/authorize", TokenEndpoint: "%[5]s/token", UserInfoEndpoint: "%[5]s/userinfo", ClientId: %[6]s, ClientSecret: secret}}
      - {Type: forward, Order: 2, TargetGroupArn: app}
    Rules:
      - {Priority: 1, Conditions: [{Field: path-pattern, Values: [/plain]}], Actions: [{Type: forward, TargetGroupArn: app}]}
`, app.Hostname(), app.Port(), port, dir, g.provider.URL, gatewayClient)
}

// serveProvider gives tokens to whoever asks.
func (g *gatewayWorld) serveProvider() {
	random := func(n int) string {
		b := make([]byte, n)
		_, _ = rand.Read(b) // it never fails
		return base64.RawURLEncoding.EncodeToString(b)
	}
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v) // a client that is gone fails by itself
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, _ *http.Request) {
		claims, _ := json.Marshal(map[string]any{"iss": g.provider.URL, "aud": gatewayClient, "sub": "ana", "exp": time.Now().Add(time.Hour).Unix()}) //nolint:errchkjson // texts and a number
		answer(w, map[string]any{
			"access_token": random(tokenLength), "refresh_token": random(refreshLength), "token_type": "Bearer", "expires_in": 3600,
			"id_token": "e30." + base64.RawURLEncoding.EncodeToString(claims) + ".AAAA",
		})
	})
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{
			"sub": random(27), "email": "ana@example.com", "email_verified": "true", "given_name": "Ana", "family_name": "Lucía", "username": "ana",
			"phone_number": "+4915112345678", "phone_number_verified": "true",
		})
	})
	g.provider = httptest.NewServer(mux)
}

// writeCertificate makes the files of a certificate for localhost.
func writeCertificate(dir string) (*localca.Authority, error) {
	authority, err := localca.New(nil, time.Now)
	if err != nil {
		return nil, err
	}
	pair, err := authority.GetCertificate(&tls.ClientHelloInfo{ServerName: "localhost"})
	if err != nil {
		return nil, err
	}
	var chain []byte
	for _, der := range pair.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("write the key: %w", err)
	}
	return authority, errors.Join(
		os.WriteFile(filepath.Join(dir, "bench.pem"), chain, 0o600),
		os.WriteFile(filepath.Join(dir, "bench.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600),
	)
}

// browser signs in and gives the cookies as they are sent.
func (g *gatewayWorld) browser(ctx context.Context, _ int) (any, error) {
	start, err := g.send(ctx, "/", "")
	if err != nil {
		return nil, err
	}
	to, err := url.Parse(start.location)
	if err != nil || start.location == "" {
		return nil, fmt.Errorf("begin to sign in: the answer is %d to %q", start.status, start.location)
	}
	back := url.Values{"code": {"code"}, "state": {to.Query().Get("state")}}
	done, err := g.send(ctx, "/oauth2/idpresponse?"+back.Encode(), start.cookies)
	if err != nil {
		return nil, err
	}
	if done.status != http.StatusFound {
		return nil, fmt.Errorf("the callback is answered %d", done.status)
	}
	return done.cookies, nil
}

// gatewayReply is what a browser takes from an answer.
type gatewayReply struct {
	status            int
	location, cookies string // the cookies as they are sent
}

func (g *gatewayWorld) get(ctx context.Context, path, cookies string) error {
	answer, err := g.send(ctx, path, cookies)
	if err == nil && answer.status != http.StatusOK {
		err = fmt.Errorf("%s is answered %d", path, answer.status)
	}
	return err
}

func (g *gatewayWorld) send(ctx context.Context, path, cookies string) (gatewayReply, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, g.base+path, nil)
	if err != nil {
		return gatewayReply{}, err
	}
	if cookies != "" {
		r.Header.Set("Cookie", cookies)
	}
	answer, err := g.http.Do(r)
	if err != nil {
		return gatewayReply{}, err
	}
	defer answer.Body.Close()
	var parts []string
	for _, c := range answer.Cookies() {
		parts = append(parts, c.Name+"="+c.Value)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return gatewayReply{answer.StatusCode, answer.Header.Get("Location"), strings.Join(parts, "; ")}, err
}

func (g *gatewayWorld) close() {
	g.process.stop()
	g.app.Close()
	g.provider.Close()
}
