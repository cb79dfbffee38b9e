package browser_test

import (
	"context"
	"net"
	"strings"
	"testing"

	"cognate/internal/server"
)

// What `cognate dev` starts leads a newcomer from its first page through the
// ready-made pool's pages, over plain HTTP, to the tokens.
func TestStartPageLeadsToTokens(t *testing.T) {
	t.Parallel()
	tab := newWindow(t)
	home, sample := startDev(t)
	domain := strings.Replace(home, "localhost", "sample.auth.localhost", 1)
	keepTo(tab, t, home, domain)
	addAuthenticator(tab, t)

	open(tab, t, home)
	picture(tab, t, "start-01-home")
	if at := click(tab, t, "a.button"); !strings.HasPrefix(at, domain+"/login?") {
		t.Fatalf("the button leads to %s", at)
	}
	fill(tab, t, "username", sample.Username)
	press(tab, t, "submit")
	picture(tab, t, "start-02-choice")
	press(tab, t, "PASSWORD")
	fill(tab, t, "password", sample.Password)
	press(tab, t, "submit")
	see(tab, t, "form[data-passkey=create]")
	if at := click(tab, t, "[data-start]"); !strings.HasPrefix(at, home) {
		t.Fatalf("signed in to %s:\n%s", at, text(tab, t))
	}
	picture(tab, t, "start-03-tokens")
	shown := text(tab, t)
	for _, want := range []string{sample.Username, sample.ClientID, sample.Issuer, "token_use", "cognito:username"} {
		if !strings.Contains(shown, want) {
			t.Errorf("the page of the tokens does not show %s:\n%s", want, shown)
		}
	}
}

// startDev runs a server as `cognate dev --memory` does.
func startDev(t *testing.T) (home string, sample *server.Sample) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	home = strings.Replace("http://"+listener.Addr().String(), "127.0.0.1", "localhost", 1)
	dev, err := server.New(t.Context(), server.Config{Mode: server.Dev, Memory: true, PublicURL: home, DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- dev.RunOn(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the server ended: %v", err)
		}
	})
	if sample, err = dev.MakeSample(t.Context()); err != nil {
		t.Fatal(err)
	}
	return home, sample
}
