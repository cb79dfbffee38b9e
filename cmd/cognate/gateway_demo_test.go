package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cognate/internal/server"
	"cognate/internal/server/localca"
)

// devServer runs a server as `cognate dev --memory` does.
func devServer(t *testing.T) (home string, sample *server.Sample) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	home = strings.Replace("http://"+listener.Addr().String(), "127.0.0.1", "localhost", 1)
	dev, err := server.New(t.Context(), server.Config{Mode: server.Dev, Memory: true, PublicURL: home, DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- dev.RunOn(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	if sample, err = dev.MakeSample(t.Context()); err != nil {
		t.Fatal(err)
	}
	return home, sample
}

// visitor keeps cookies and follows what it is told to.
type visitor struct {
	*http.Client
	t *testing.T
}

func newVisitor(t *testing.T, data string) visitor {
	t.Helper()
	root, err := localca.ReadRoot(data)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(root)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	transport.DialContext = func(ctx context.Context, network, to string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(to)
		if err != nil {
			return nil, err
		}
		return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port)) // every name of this machine
	}
	return visitor{&http.Client{Jar: jar, Transport: transport}, t}
}

func (v visitor) page(answer *http.Response, err error) (at, text string) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return answer.Request.URL.String(), string(body)
}

// One command beside cognate dev shows an application whose users sign in.
func TestGatewayDemo(t *testing.T) {
	t.Parallel()
	home, sample := devServer(t)
	data := t.TempDir()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	origin := strings.Replace("https://"+address, "127.0.0.1", "localhost", 1)
	for range 2 { // the second time it finds what the first made
		ctx, stop := context.WithCancel(t.Context())
		out := new(bytes.Buffer) // read when the command has ended
		c := &gatewayCommand{Demo: true, DemoListen: address, Data: data, PublicURL: home, DomainSuffix: "auth.localhost", logSettings: logSettings{LogFormat: "text", LogLevel: "error"}}
		ended := make(chan error, 1)
		go func() { ended <- c.Run(ctx, streams{out, out}) }()
		for range 500 {
			if conn, err := net.Dial("tcp", address); err == nil {
				_ = conn.Close()
				break
			}
			sleep()
		}
		walkDemo(t, newVisitor(t, data), origin, sample)
		stop()
		if err := <-ended; err != nil || !strings.Contains(out.String(), "Open "+origin) {
			t.Errorf("%v; printed %q", err, out)
		}
	}
	rules, err := os.ReadFile(filepath.Join(data, "gateway-demo.yaml"))
	if err != nil || !bytes.Contains(rules, []byte(sample.UserPoolID)) {
		t.Errorf("rules: %v\n%s", err, rules)
	}
}

var tokenOfForm = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)

func walkDemo(t *testing.T, v visitor, origin string, sample *server.Sample) {
	t.Helper()
	if _, text := v.page(v.Get(origin + "/public")); !strings.Contains(text, "whoever you are") {
		t.Fatalf("the page for everybody:\n%s", text)
	}
	login, form := v.page(v.Get(origin + "/orders?open=1"))
	token := tokenOfForm.FindStringSubmatch(form)
	if !strings.HasPrefix(login, sample.Domain+"/login?") || token == nil {
		t.Fatalf("asked to sign in at %s:\n%s", login, form)
	}
	at, text := v.page(v.PostForm(login, url.Values{"_csrf": {token[1]}, "username": {sample.Username}, "password": {sample.Password}}))
	if strings.Contains(text, `value="skip"`) { // the offer of a passkey
		at, text = v.page(v.PostForm(at, url.Values{"_csrf": {tokenOfForm.FindStringSubmatch(text)[1]}, "do": {"skip"}}))
	}
	if at != origin+"/orders?open=1" || !strings.Contains(text, "Hello, ") || !strings.Contains(text, sample.Username) || !strings.Contains(text, `id="verified"`) {
		t.Fatalf("signed in to %s:\n%s", at, text)
	}
	if _, text := v.page(v.Get(origin + "/public")); !strings.Contains(text, `id="verified"`) {
		t.Errorf("the page for everybody does not know who is there:\n%s", text)
	}
	if at, text := v.page(v.Get(origin + "/sign-out")); at != origin+"/signed-out" || !strings.Contains(text, "whoever you are") {
		t.Errorf("signed out to %s:\n%s", at, text)
	}
	if at, _ := v.page(v.Get(origin + "/")); !strings.HasPrefix(at, sample.Domain+"/login?") {
		t.Errorf("after signing out at %s", at)
	}
}

// The demonstration is for this machine and for cognate dev.
func TestGatewayDemoRefuses(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"--demo", "--rules", "x.yaml"}, {"--demo", "--demo-listen", "0.0.0.0:8443"}, {"--demo", "--demo-listen", "127.0.0.1:0"}} {
		var out bytes.Buffer
		if code := run(append([]string{"gateway", "--data", t.TempDir()}, args...), streams{&out, &out}); code != exitUsage {
			t.Errorf("%v: exit %d: %s", args, code, out.String())
		}
	}
}
