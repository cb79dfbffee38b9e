package browser_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognate/internal/servertest"
	"cognate/internal/testlog"
)

// What stands behind oauth2-proxy learns who signed in, from a code with PKCE
// and the discovery document; its sign-out by way of /logout ends the session
// here as well.
func TestOAuth2ProxyAsRelyingParty(t *testing.T) {
	t.Parallel()
	program := requireProxy(t)
	tab := newWindow(t)
	s := servertest.Shared(t)
	port := freePort(t)
	site := "http://localhost:" + port
	a := openShop(t, site+"/oauth2/callback", nil, func(in *cip.CreateUserPoolClientInput) { in.GenerateSecret = true })
	s.CreateUser(t, a.pool, username, password, "email", "ana@example.com", "email_verified", "true")
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, "<!doctype html><link rel=icon href='data:,'>hello %s, %s", r.Header.Get("X-Forwarded-Email"), r.Header.Get("X-Forwarded-User"))
	}))
	t.Cleanup(behind.Close)

	domain, err := url.Parse(a.domain)
	if err != nil {
		t.Fatal(err)
	}
	var log testlog.Log
	cmd := exec.CommandContext(t.Context(), program, "--provider=oidc", "--oidc-issuer-url="+a.issuer(),
		"--client-id="+a.client, "--client-secret="+a.secret, "--redirect-url="+a.callback, "--scope=openid email profile",
		"--code-challenge-method=S256", "--provider-ca-file="+s.RootFile(t), "--skip-provider-button",
		"--http-address=127.0.0.1:"+port, "--upstream="+behind.URL, "--email-domain=example.com",
		"--cookie-secret=0123456789abcdef0123456789abcdef", "--cookie-secure=false", "--whitelist-domain="+domain.Host)
	// Go's resolver does not know names below localhost where /etc/hosts has none.
	cmd.Env = append(os.Environ(), "HTTPS_PROXY="+serveTunnel(t), "NO_PROXY=", "no_proxy=")
	cmd.Stdout, cmd.Stderr = &log, &log
	start(t, cmd, log.String, site+"/ping")

	if at := open(tab, t, site+"/"); !strings.HasPrefix(at, a.domain+"/login?") {
		t.Fatalf("asked to sign in at %s", at)
	}
	if at := signIn(tab, t, username, password); at != site+"/" {
		t.Fatalf("signed in to %s:\n%s", at, text(tab, t))
	}
	open(tab, t, site+"/oauth2/userinfo")
	var user struct{ User, Email string }
	if err := json.Unmarshal([]byte(text(tab, t)), &user); err != nil || user.Email != "ana@example.com" || user.User == "" {
		t.Errorf("userinfo %s, %v", text(tab, t), err)
	}
	open(tab, t, site+"/")
	if got, want := text(tab, t), "hello ana@example.com, "+user.User; got != want {
		t.Errorf("what is behind the proxy says %q, want %q", got, want)
	}
	// Signed out in both places, the way home leads to the page of the sign-in.
	if at := open(tab, t, site+"/oauth2/sign_out?rd="+url.QueryEscape(a.logout())); !strings.HasPrefix(at, a.domain+"/login?") {
		t.Errorf("signed out to %s", at)
	}
}

func requireProxy(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("oauth2-proxy")
	if err != nil {
		built, absent := filepath.Abs("../../.cache/bin/oauth2-proxy")
		if absent == nil {
			program, err = exec.LookPath(built)
		}
	}
	switch {
	case err == nil:
	case os.Getenv("COGNATE_REQUIRE_CLIENTS") != "":
		t.Fatalf("%v; make setup builds it", err)
	default:
		t.Skipf("%v; make setup builds it", err)
	}
	return program
}

// serveTunnel serves a proxy that leads to this machine, whatever the name.
func serveTunnel(t *testing.T) (address string) {
	t.Helper()
	tunnel := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, port, err := net.SplitHostPort(r.Host)
		if err != nil || r.Method != http.MethodConnect {
			http.Error(w, "CONNECT only", http.StatusBadRequest)
			return
		}
		there, err := new(net.Dialer).DialContext(r.Context(), "tcp", net.JoinHostPort("127.0.0.1", port))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer there.Close()
		here, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer here.Close()
		if _, err := io.WriteString(here, "HTTP/1.1 200 Connected\r\n\r\n"); err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(here, there) // ends when either side does
			_ = here.Close()
		}()
		_, _ = io.Copy(there, buffered)
	}))
	t.Cleanup(tunnel.Close)
	return tunnel.URL
}
