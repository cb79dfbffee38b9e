package gateway

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cognate/internal/gateway/rules"
	"cognate/internal/gateway/seal"
)

// open starts a gateway with rules and gives it with a way to change them and to
// find its ports.
func open(t *testing.T, text string) (g *Gateway, change func(string) error, ports map[string]string) {
	t.Helper()
	dir := t.TempDir()
	cfg := Config{
		RulesFile: filepath.Join(dir, "rules"), KeyFile: filepath.Join(dir, "keys"),
		Log: slog.New(slog.DiscardHandler), Now: time.Now,
		Certificates: func([]rules.Certificate) (Certificates, error) { return nil, nil },
	}
	ports = map[string]string{}
	cfg.Listen = func(ctx context.Context, address string) (net.Listener, error) {
		if strings.HasSuffix(address, ":9") {
			return nil, fmt.Errorf("%s is taken", address)
		}
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err == nil {
			ports[address] = l.Addr().String()
		}
		return l, err
	}
	write := func(text string) {
		if err := os.WriteFile(cfg.RulesFile, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(text)
	if err := os.WriteFile(cfg.KeyFile, []byte(seal.NewKey()), 0o600); err != nil {
		t.Fatal(err)
	}
	g, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return g, func(text string) error { write(text); return g.Reload(context.Background()) }, ports
}

// fixed is a listener that always says the same.
func fixed(port int, word string) string {
	return fmt.Sprintf("  - {Protocol: HTTP, Port: %d, DefaultActions: [{Type: fixed-response, FixedResponseConfig: {StatusCode: 200, MessageBody: %s}}]}\n", port, word)
}

// heard is what a port says, or an error.
func heard(t *testing.T, address string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	answer, err := client.Get("http://" + address)
	if err != nil {
		return "closed"
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestPortsComeAndGo(t *testing.T) {
	t.Parallel()
	_, change, ports := open(t, "Listeners:\n"+fixed(1, "one")+fixed(2, "two"))
	want := func(what string, port, says string) {
		t.Helper()
		if got := heard(t, ports[":"+port]); got != says {
			t.Errorf("%s: port %s says %q, want %q", what, port, got, says)
		}
	}
	want("at first", "1", "one")
	want("at first", "2", "two")
	second := ports[":2"]
	if err := change("Listeners:\n" + fixed(2, "again") + fixed(3, "three")); err != nil {
		t.Fatal(err)
	}
	want("after a change", "2", "again")
	want("after a change", "3", "three")
	if ports[":2"] != second {
		t.Error("a port that stays was opened again")
	}
	for heard(t, ports[":1"]) != "closed" { // in the background
	}
	// What cannot be opened changes nothing, and leaves no port open.
	if err := change("Listeners:\n" + fixed(2, "new") + fixed(4, "four") + fixed(9, "nine")); err == nil || !strings.Contains(err.Error(), "line 4: listen: :9 is taken") {
		t.Errorf("a port that is taken: %v", err)
	}
	want("after a refused change", "2", "again")
	if at, opened := ports[":4"]; opened && heard(t, at) != "closed" {
		t.Error("the refused change left a port open")
	}
	if err := change("nonsense"); err == nil {
		t.Error("nonsense was taken")
	}
	want("after nonsense", "3", "three")
}

// A group that did not change keeps what is known of its targets.
func TestReloadKeepsTargets(t *testing.T) {
	t.Parallel()
	ill := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	t.Cleanup(ill.Close)
	_, port, err := net.SplitHostPort(ill.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	text := "TargetGroups:\n  - {Name: app, HealthCheckEnabled: false, Targets: [{Id: 127.0.0.1, Port: " + port + "}]}\nListeners:\n  - {Protocol: HTTP, Port: 1, DefaultActions: [{Type: forward, TargetGroupArn: app}]}\n"
	g, change, _ := open(t, text)
	before := g.table.groups["app"]
	if err := change("# moved by a line\n" + text); err != nil {
		t.Fatal(err)
	}
	if g.table.groups["app"] != before || before.ctx.Err() != nil {
		t.Error("a group that did not change was replaced")
	}
	if err := change(strings.Replace(text, "HealthCheckEnabled: false", "HealthCheckEnabled: false, HealthCheckPath: /x", 1)); err != nil {
		t.Fatal(err)
	}
	if g.table.groups["app"] == before || before.ctx.Err() == nil {
		t.Error("a group that changed goes on")
	}
	// A target that stays and is asked as before is not new: it would be sent
	// requests until it is asked again.
	sick := g.table.groups["app"].targets[0]
	added := strings.NewReplacer("HealthCheckEnabled: false", "HealthCheckEnabled: false, HealthCheckPath: /x", "Targets: [", "Targets: [{Id: 127.0.0.2, Port: 9}, ").Replace(text)
	if err := change(added); err != nil {
		t.Fatal(err)
	}
	if targets := g.table.groups["app"].targets; len(targets) != 2 || targets[1] != sick || targets[0] == sick {
		t.Error("what was known of a target that stays is forgotten")
	}
}
