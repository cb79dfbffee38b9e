package gateway_test

import (
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cognate/internal/freeport"
	"cognate/internal/gateway/auth"
	"cognate/internal/server"
	"cognate/internal/servertest"
)

// The configurations that docs/gateway.md shows.
var (
	//go:embed testdata/nginx.conf
	nginxConfig string
	//go:embed testdata/Caddyfile
	caddyConfig string
	//go:embed testdata/traefik.yaml
	traefikConfig string
)

// proxy is a proxy in front of the application that asks the gateway at an address.
// It gives the address where it listens.
type proxy func(t *testing.T, w *stand, gateway string) (address string)

var proxies = map[string]proxy{"nginx": nginx, "Caddy": caddy, "Traefik": traefik, "a program of Traefik": traefikProgram, "Envoy": envoy}

// askedBy is an application behind a proxy that asks a gateway.
func askedBy(t *testing.T, front proxy) *stand {
	t.Helper()
	w := newStand(t, servertest.Start(t), nil)
	w.open(t, w.questions(w.cognito(`Scope: "openid email profile"`),
		rule(1, "/open*", w.cognito(`Scope: "openid email profile"`, "OnUnauthenticatedRequest: allow")),
		rule(2, "/api/*", w.cognito(`Scope: "openid email profile"`, "OnUnauthenticatedRequest: deny")),
		rule(3, "/gone", "{Type: fixed-response, FixedResponseConfig: {StatusCode: 410, MessageBody: gone}}"),
		rule(4, "/free", ""),
	))
	w.keysAt = "http://" + w.address + "/public"
	w.address = front(t, w, w.address)
	return w
}

// questions is a rules file with one listener, for proxies that ask.
func (w *stand) questions(defaults string, more ...string) string {
	return fmt.Sprintf(`LoadBalancerArn: %s
PublicKeyUrl: http://127.0.0.1/public
Listeners:
  - Protocol: HTTP
    Address: 127.0.0.1
    Port: 4180
    ForwardAuth: {Hosts: [%s]}
    DefaultActions: [%s]
    Rules:
%s`, balancer, host, defaults, strings.Join(more, ""))
}

// Behind each proxy an application gets what it gets behind the gateway.
func TestSignInBehindOtherProxies(t *testing.T) {
	t.Parallel()
	for name, front := range proxies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := askedBy(t, front)
			b := w.browser(t)
			start := b.get(t, origin+"/basket?item=1&x=%2F")
			at, query := start.location(t)
			if start.status != http.StatusFound || at != w.base+"/oauth2/authorize" || query.Get("redirect_uri") != origin+auth.CallbackPath {
				t.Fatalf("%d %s, want a redirect to the pool", start.status, start.header.Get("Location"))
			}
			callback := b.toCallback(t, start, "ana")
			if got := b.get(t, callback); got.status != http.StatusFound || got.header.Get("Location") != origin+"/basket?item=1&x=%2F" {
				t.Fatalf("the callback is answered %d to %q %s", got.status, got.header.Get("Location"), got.body)
			}
			if n := w.app.requests(); n != 0 {
				t.Fatalf("%d requests came to the application before the sign-in", n)
			}
			got := b.send(t, http.MethodPost, origin+"/basket?item=1&x=%2F", "n=1", auth.IdentityHeader, "admin")
			seen := w.app.last(t)
			if got.status != http.StatusOK || seen.Method != http.MethodPost || seen.URL.RequestURI() != "/basket?item=1&x=%2F" || seen.Host != host || seen.ContentLength != 3 {
				t.Fatalf("%d %s; the application got %s %s at %s", got.status, got.body, seen.Method, seen.URL.RequestURI(), seen.Host)
			}
			if ids := seen.Header.Values(auth.IdentityHeader); len(ids) != 1 || ids[0] == "admin" {
				t.Errorf("the application got the identities %q", ids)
			}
			claims := w.verified(t, seen.Header.Get(auth.DataHeader))
			if claims["email"] != "ana@example.com" || claims["sub"] != seen.Header.Get(auth.IdentityHeader) {
				t.Errorf("claims: %v", claims)
			}
			if again := b.get(t, callback); again.status != 561 {
				t.Errorf("a used code is answered %d", again.status)
			}
			w.s.Advance(61 * time.Minute)
			first := seen.Header.Get(auth.AccessTokenHeader)
			if got = b.get(t, origin+"/api/items"); got.status != http.StatusOK || len(got.cookies) == 0 || got.cookies[0].Name != auth.DefaultCookieName+"-0" {
				t.Fatalf("with an expired token: %d, cookies %v", got.status, got.cookies)
			}
			if token := w.app.last(t).Header.Get(auth.AccessTokenHeader); token == "" || token == first {
				t.Error("the application got the expired token")
			}
			if got = b.get(t, origin+"/api/items"); got.status != http.StatusOK || len(got.cookies) != 0 {
				t.Errorf("the request after: %d, cookies %v", got.status, got.cookies)
			}
		})
	}
}

// spellings are headers that some application could take for one of the gateway's.
var spellings = []string{auth.DataHeader, "x-amzn-oidc-data", "X_Amzn_Oidc_Data", "x_amzn_oidc_data", "X-AMZN-OIDC-IDENTITY", "X_AMZN_OIDC_IDENTITY", auth.AccessTokenHeader}

// What a request may not do behind the gateway it may not do behind other proxies.
func TestOtherProxiesLetNobodyIn(t *testing.T) {
	t.Parallel()
	for name, front := range proxies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := askedBy(t, front)
			b := w.browser(t)
			dots := http.StatusBadRequest
			if name == "a program of Traefik" {
				dots = http.StatusUnauthorized // it resolves them itself, also for the application
			}
			for _, tc := range []struct {
				path    string
				headers []string
				status  int
			}{
				{"/api/items", nil, http.StatusUnauthorized},
				{"/gone", nil, http.StatusGone},
				{"/", []string{"Cookie", auth.DefaultCookieName + "-0=AAAA"}, http.StatusUnauthorized},
				{"/api/items", []string{"X-Forwarded-Uri", "/free"}, http.StatusUnauthorized},
				{"/api/items", []string{"X-Forwarded-Method", "OPTIONS", "X-Forwarded-Host", "evil.example"}, http.StatusUnauthorized},
				{"/free/%2e%2e/api/items", nil, dots},
				{"/public/x", nil, http.StatusFound}, // the address of keys is no way in
				{"/forward-auth", nil, http.StatusFound},
				{auth.CallbackPath + "?code=x", nil, http.StatusUnauthorized},
			} {
				got := b.get(t, origin+tc.path, tc.headers...)
				if got.status != tc.status || tc.status == http.StatusUnauthorized && got.header.Get("Location") != "" {
					t.Errorf("%s %v: %d to %q, want %d", tc.path, tc.headers, got.status, got.header.Get("Location"), tc.status)
				}
			}
			if n := w.app.requests(); n != 0 {
				t.Fatalf("%d requests came to the application", n)
			}
			for _, path := range []string{"/open", "/free"} {
				var forged []string
				if name != "Envoy" { // as the page says
					forged = append(forged, "X_Amzn-Oidc.Identity", "admin")
				}
				for _, name := range spellings {
					forged = append(forged, name, "eyJhbGciOiJub25lIn0=")
				}
				if got := b.get(t, origin+path, forged...); got.status != http.StatusOK {
					t.Fatalf("%s: %d %s", path, got.status, got.body)
				}
				for name, values := range w.app.last(t).Header {
					plain := strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(name))
					if strings.HasPrefix(plain, "x-amzn-oidc-") && strings.Join(values, "") != "" {
						t.Errorf("%s: the application got %s: %q", path, name, values)
					}
				}
			}
		})
	}
}

// A session of several cookies goes through, and is renewed.
func TestLargeSessionsBehindOtherProxies(t *testing.T) {
	t.Parallel()
	for name, front := range proxies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := askedBy(t, front)
			w.s.CreateUser(t, w.pool, "maria", password, "email", "maria@example.com", "profile", strings.Repeat("p", 2000), "website", strings.Repeat("w", 2000), "picture", strings.Repeat("u", 2000))
			b := w.browser(t)
			if got := b.signIn(t, origin+"/", "maria"); got.status != http.StatusFound {
				t.Fatalf("%d %s", got.status, got.body)
			}
			pieces := len(b.shards(t))
			if pieces < 2 {
				t.Fatalf("the session has %d cookies", pieces)
			}
			w.s.Advance(61 * time.Minute)
			got := b.get(t, origin+"/")
			if got.status != http.StatusOK || len(got.cookies) != pieces {
				t.Fatalf("%d with %d cookies %.300s, want %d", got.status, len(got.cookies), got.body, pieces)
			}
			if claims := w.verified(t, w.app.last(t).Header.Get(auth.DataHeader)); len(claims["picture"].(string)) != 2000 {
				t.Errorf("claims: %v", claims)
			}
		})
	}
}

// Only proxies are answered, and only questions.
func TestS022OnlyListedProxiesAreAnswered(t *testing.T) {
	t.Parallel()
	w := newStand(t, servertest.Shared(t), nil)
	w.open(t, strings.Replace(w.questions(w.cognito()), "{Hosts", "{TrustedProxies: [192.0.2.0/24], Hosts", 1))
	b := w.browser(t)
	question := []string{"X-Forwarded-Method", "GET", "X-Forwarded-Host", host, "X-Forwarded-Uri", "/"}
	if got := b.get(t, "http://"+w.address+"/forward-auth", question...); got.status != http.StatusForbidden {
		t.Errorf("a stranger is answered %d", got.status)
	}

	w = newStand(t, servertest.Shared(t), nil)
	w.open(t, w.questions(w.cognito()))
	for _, tc := range []struct {
		name, path string
		headers    []string
		status     int
	}{
		{"a question", "/forward-auth", question, http.StatusFound},
		{"the check", "/forward-auth/check", question, http.StatusUnauthorized},
		{"a host in capitals and with a port", "/forward-auth", []string{"X-Forwarded-Method", "GET", "X-Forwarded-Host", "SHOP.localhost:8443", "X-Forwarded-Uri", "/"}, http.StatusFound},
		{"no headers", "/forward-auth", nil, http.StatusBadRequest},
		{"two addresses", "/forward-auth", append([]string{"X-Forwarded-Uri", "/open"}, question...), http.StatusBadRequest},
		{"an address of another host", "/forward-auth", []string{"X-Forwarded-Method", "GET", "X-Forwarded-Host", host, "X-Forwarded-Uri", "https://evil.example/"}, http.StatusBadRequest},
		{"a host with a path", "/forward-auth", []string{"X-Forwarded-Method", "GET", "X-Forwarded-Host", host + "/x", "X-Forwarded-Uri", "/"}, http.StatusBadRequest},
		{"another host", "/forward-auth", []string{"X-Forwarded-Method", "GET", "X-Forwarded-Host", "evil.example", "X-Forwarded-Uri", "/"}, http.StatusUnauthorized},
		{"no question", "/", question, http.StatusBadRequest},
	} {
		got := w.browser(t).get(t, "http://"+w.address+tc.path, tc.headers...)
		if got.status != tc.status {
			t.Errorf("%s: %d, want %d", tc.name, got.status, tc.status)
		}
	}
}

// The page shows what is tested here.
func TestDocumentationShowsTheseConfigurations(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/gateway.md")
	wantOK(t, err)
	for name, config := range map[string]string{"nginx.conf": nginxConfig, "Caddyfile": caddyConfig, "traefik.yaml": traefikConfig} {
		if !strings.Contains(string(page), strings.TrimSpace(config)) {
			t.Errorf("docs/gateway.md does not show testdata/%s as it is", name)
		}
	}
}

// certificate writes the files of a certificate for the application's host.
func (w *stand) certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	var trusted server.Config
	w.s.Trusted(&trusted)
	pair, err := trusted.Authority.GetCertificate(&tls.ClientHelloInfo{ServerName: host})
	wantOK(t, err)
	cert, key = filepath.Join(dir, "shop.pem"), filepath.Join(dir, "shop.key")
	var chain []byte
	for _, der := range pair.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	private, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	wantOK(t, err)
	wantOK(t, os.WriteFile(cert, chain, 0o600))
	wantOK(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	return cert, key
}

// here puts the addresses of a test in place of a configuration's.
func (w *stand) here(t *testing.T, config, dir, gateway string) string {
	t.Helper()
	app, err := url.Parse(w.app.URL)
	wantOK(t, err)
	cert, key := w.certificate(t, dir)
	return strings.NewReplacer("127.0.0.1:4180", gateway, "127.0.0.1:3000", app.Host, "shop.example.com", host,
		"/etc/ssl/shop.pem", cert, "/etc/ssl/shop.key", key).Replace(config)
}

func nginx(t *testing.T, w *stand, gateway string) string {
	program := program(t, "nginx")
	dir, address := t.TempDir(), freeAddress(t)
	config := strings.Replace(w.here(t, nginxConfig, dir, gateway), "listen 443", "listen "+address, 1)
	var temporary strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temporary, "%s_temp_path %s/%s;\n", kind, dir, kind)
	}
	file := filepath.Join(dir, "nginx.conf")
	wantOK(t, os.WriteFile(file, []byte(fmt.Sprintf("daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/error.log;\nevents {}\nhttp {\naccess_log off;\n%[2]s%[3]s}\n", dir, temporary.String(), config)), 0o600))
	run(t, address, exec.CommandContext(t.Context(), program, "-e", filepath.Join(dir, "error.log"), "-p", dir, "-c", file), filepath.Join(dir, "error.log"))
	return address
}

func caddy(t *testing.T, w *stand, gateway string) string {
	program := program(t, "caddy")
	dir, address := t.TempDir(), freeAddress(t)
	config := w.here(t, caddyConfig, dir, gateway)
	_, port, err := net.SplitHostPort(address)
	wantOK(t, err)
	file := filepath.Join(dir, "Caddyfile")
	wantOK(t, os.WriteFile(file, []byte("{\nadmin off\nauto_https disable_redirects\nhttps_port "+port+"\ndefault_bind 127.0.0.1\n}\n"+config), 0o600))
	cmd := exec.CommandContext(t.Context(), program, "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	run(t, address, cmd, filepath.Join(dir, "log"))
	return address
}

// traefikProgram is for who has one: Debian has no package.
func traefikProgram(t *testing.T, w *stand, gateway string) string {
	program, err := exec.LookPath("traefik")
	if err != nil {
		t.Skip("traefik is missing")
	}
	dir, address := t.TempDir(), freeAddress(t)
	cert, key := w.certificate(t, dir)
	rules, settings := filepath.Join(dir, "rules.yaml"), filepath.Join(dir, "traefik.yaml")
	wantOK(t, os.WriteFile(rules, []byte(w.here(t, traefikConfig, dir, gateway)+fmt.Sprintf("tls: {certificates: [{certFile: %s, keyFile: %s}]}\n", cert, key)), 0o600))
	wantOK(t, os.WriteFile(settings, []byte(fmt.Sprintf("entryPoints: {websecure: {address: %q}}\nproviders: {file: {filename: %s, watch: false}}\nglobal: {checkNewVersion: false, sendAnonymousUsage: false}\n", address, rules)), 0o600))
	run(t, address, exec.CommandContext(t.Context(), program, "--configFile="+settings), filepath.Join(dir, "log"))
	w.routed(t, address)
	return address
}

// routed waits until a proxy that listens before it has read its rules has them.
func (w *stand) routed(t *testing.T, address string) {
	t.Helper()
	client := &http.Client{Transport: w.transport(address), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for range 300 {
		got, err := client.Get(origin + "/")
		if err == nil {
			got.Body.Close()
			if got.StatusCode != http.StatusNotFound {
				return
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("the proxy has no rules")
}

// program finds a proxy, or skips the test where no package of it is installed for.
func program(t *testing.T, name string) string {
	t.Helper()
	for _, candidate := range []string{name, "/usr/sbin/" + name} {
		if found, err := exec.LookPath(candidate); err == nil {
			return found
		}
	}
	missing := name + " is missing; scripts/setup-tests installs it on Debian and Ubuntu"
	if _, err := exec.LookPath("apt-get"); err == nil && os.Getenv("COGNATE_REQUIRE_CLIENTS") != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

func freeAddress(t *testing.T) string {
	t.Helper()
	port, err := freeport.Pick(t.Context())
	wantOK(t, err)
	return fmt.Sprint("127.0.0.1:", port)
}

// run keeps a program running until the test ends, and waits until it listens.
func run(t *testing.T, address string, cmd *exec.Cmd, log string) {
	t.Helper()
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	wantOK(t, err)
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	wantOK(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // ended by the test
		close(ended)
	}()
	explain := func() string {
		text, _ := os.ReadFile(log) // only to explain
		return string(text)
	}
	t.Cleanup(func() {
		<-ended
		if t.Failed() {
			t.Logf("%s says:\n%s", filepath.Base(cmd.Path), explain())
		}
	})
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(30 * time.Second)
	for {
		if conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-tick.C:
		case <-ended:
			t.Fatalf("%s ended:\n%s", cmd.Path, explain())
		case <-late:
			t.Fatalf("%s does not listen:\n%s", cmd.Path, explain())
		}
	}
}
