package gateway

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/gateway/rules"
)

func TestWhatChecksChange(t *testing.T) {
	t.Parallel()
	h := rules.HealthCheck{Healthy: 3, Unhealthy: 2}
	for _, c := range []struct{ checks, well string }{
		{"+++", "+++"},
		{"-", "-"}, // the first decides alone
		{"+-+-+-+", "+++++++"},
		{"+--", "++-"},
		{"+--++-+++", "++------+"},
		{"-+++--", "---++-"},
	} {
		target, got := &target{}, ""
		for _, check := range c.checks {
			before := target.well()
			if changed := target.note(check == '+', h); changed != (target.well() != before) {
				t.Errorf("%s: change is not told", c.checks)
			}
			got += map[bool]string{true: "+", false: "-"}[target.well()]
		}
		if got != c.well {
			t.Errorf("%s: %s, want %s", c.checks, got, c.well)
		}
	}
}

func TestSickTargetsAreLeftOut(t *testing.T) {
	t.Parallel()
	g := &group{targets: []*target{{address: "a"}, {address: "b"}, {address: "c"}}}
	picked := func() string {
		all := ""
		for range 6 {
			all += g.pick().address
		}
		return all
	}
	if all := picked(); strings.Count(all, "a") != 2 || strings.Count(all, "b") != 2 || strings.Count(all, "c") != 2 {
		t.Errorf("all well: %s", all)
	}
	g.targets[1].sick = true
	if all := picked(); strings.Contains(all, "b") || len(all) != 6 {
		t.Errorf("b is sick: %s", all)
	}
	g.targets[0].sick, g.targets[2].sick = true, true
	if all := picked(); strings.Count(all, "b") != 2 {
		t.Errorf("all sick: %s", all)
	}
	if (&group{}).pick() != nil {
		t.Error("an empty group has a target")
	}
}

func TestWeightsAreSpread(t *testing.T) {
	t.Parallel()
	groups := map[string]*group{}
	for _, name := range []string{"a", "b", "c"} {
		groups[name] = &group{TargetGroup: rules.TargetGroup{Name: name}}
	}
	s := newSplit(&rules.Forward{Groups: []rules.WeightedGroup{{Name: "a", Weight: 5}, {Name: "b", Weight: 1}, {Name: "c", Weight: 0}}}, groups)
	all := ""
	for range 12 {
		all += s.pick().Name
	}
	if all != "aaabaaaaabaa" {
		t.Errorf("%s", all)
	}
}

func TestHealthCheck(t *testing.T) {
	t.Parallel()
	var status atomic.Int64
	status.Store(200)
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RequestURI() != "/health?x=1" || r.Method != http.MethodGet || r.UserAgent() != "ELB-HealthChecker/2.0" {
			t.Errorf("%s %s by %s", r.Method, r.URL, r.UserAgent())
		}
		w.Header().Set("Location", "/elsewhere") // is not followed
		w.WriteHeader(int(status.Load()))
	}))
	at, err := url.Parse(target.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(at.Port())
	if err != nil {
		t.Fatal(err)
	}
	gateway := &Gateway{cfg: Config{Log: slog.New(slog.DiscardHandler), Now: time.Now}, metrics: newMetrics()}
	g, err := gateway.newGroup(rules.TargetGroup{
		Name: "app", Protocol: rules.HTTP, Targets: []rules.Target{{Host: at.Hostname(), Port: port}},
		Health: rules.HealthCheck{Protocol: rules.HTTP, Path: "/health?x=1", Timeout: 5 * time.Second, Healthy: 2, Unhealthy: 2, Codes: [][2]int{{200, 201}, {302, 302}}},
	}, time.Minute, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer g.stop()
	gateway.metrics.watch(g)
	for answer, healthy := range map[int64]bool{200: true, 201: true, 302: true, 204: false, 404: false, 503: false} {
		status.Store(answer)
		if err := g.ask(g.targets[0]); (err == nil) != healthy {
			t.Errorf("%d: %v", answer, err)
		}
	}
	elsewhere, err := gateway.newGroup(rules.TargetGroup{
		Name: "elsewhere", Protocol: rules.HTTPS, Targets: []rules.Target{{Host: at.Hostname(), Port: 1}},
		Health: rules.HealthCheck{Protocol: rules.HTTP, Port: port, Path: "/health?x=1", Timeout: 5 * time.Second, Codes: [][2]int{{200, 200}}},
	}, time.Minute, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.stop()
	status.Store(200)
	if err := elsewhere.ask(elsewhere.targets[0]); err != nil {
		t.Errorf("at a port and in a protocol of its own: %v", err)
	}
	metric := func() string {
		w := httptest.NewRecorder()
		gateway.metrics.handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		return w.Body.String()
	}
	status.Store(200)
	g.check(g.targets[0])
	if text := metric(); !strings.Contains(text, `cognate_gateway_healthy_hosts{group="app"} 1`) {
		t.Errorf("metrics: %s", text)
	}
	target.Close()
	g.check(g.targets[0])
	g.check(g.targets[0])
	if g.targets[0].well() || !strings.Contains(metric(), `cognate_gateway_unhealthy_hosts{group="app"} 1`) {
		t.Error("a target that is gone is well")
	}
}

func TestPublicHost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		host string
		port int
		want string
	}{
		{"Shop.example.com", 443, "shop.example.com"},
		{"shop.example.com:443", 443, "shop.example.com"},
		{"shop.example.com:8443", 8443, "shop.example.com:8443"},
		{"shop.example.com:8443", 443, "shop.example.com"},
		{"shop.example.com", 8443, "shop.example.com"},
		{"shop.example.com:443", 8443, "shop.example.com"},
		{"[2001:db8::1]:443", 443, "[2001:db8::1]"},
		{"[2001:db8::1]:8443", 8443, "[2001:db8::1]:8443"},
	} {
		if got := publicHost(c.host, c.port); got != c.want {
			t.Errorf("%s at %d: %s, want %s", c.host, c.port, got, c.want)
		}
	}
}
