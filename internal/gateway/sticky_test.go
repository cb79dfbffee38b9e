package gateway

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cognate/internal/gateway/rules"
	"cognate/internal/gateway/seal"
)

// fleet is targets that say their names, in groups of two, and rules that send
// requests to the groups.
func fleet(t *testing.T, config string, attributes ...string) string {
	t.Helper()
	groups := "TargetGroups:\n"
	for i, more := range attributes {
		var targets []string
		for _, half := range []string{"a", "b"} {
			said := fmt.Sprintf("%s%d", half, i+1)
			target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, said) }))
			t.Cleanup(target.Close)
			_, port, err := net.SplitHostPort(target.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			targets = append(targets, "{Id: 127.0.0.1, Port: "+port+"}")
		}
		groups += fmt.Sprintf("  - {Name: group%d, HealthCheckEnabled: false, Targets: [%s]%s}\n", i+1, strings.Join(targets, ", "), more)
	}
	return groups + "Listeners:\n  - {Protocol: HTTP, Port: 1, DefaultActions: [{Type: forward, " + config + "}]}\n"
}

// asks sends a request with cookies and gives who answered and the cookies.
func asks(t *testing.T, address string, cookies ...*http.Cookie) (string, []*http.Cookie) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cookies {
		r.AddCookie(c)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body), answer.Cookies()
}

const sticky = ", TargetGroupAttributes: [{Key: stickiness.enabled, Value: true}, {Key: stickiness.lb_cookie.duration_seconds, Value: 60}]"

func TestBrowsersStayWithTheirTarget(t *testing.T) {
	t.Parallel()
	g, change, ports := open(t, fleet(t, "TargetGroupArn: group1", sticky))
	address := ports[":1"]
	first, cookies := asks(t, address)
	if len(cookies) != 1 || cookies[0].Name != "AWSALB" || cookies[0].Path != "/" || !cookies[0].HttpOnly || cookies[0].Secure {
		t.Fatalf("cookies: %v", cookies)
	}
	if left := time.Until(cookies[0].Expires); left < 50*time.Second || left > time.Minute {
		t.Errorf("it ends in %v", left)
	}
	for range 4 {
		said, again := asks(t, address, cookies...)
		if said != first || len(again) != 1 {
			t.Fatalf("%s answers, want %s; cookies %v", said, first, again)
		}
		cookies = again
	}
	if other, _ := asks(t, address); other == first {
		t.Errorf("%s answers whoever comes", other)
	}
	// The cookie holds nothing that a client could make.
	plain := &http.Cookie{Name: "AWSALB", Value: cookies[0].Value[:8] + "AAAA" + cookies[0].Value[12:]}
	one, _ := asks(t, address, plain)
	if two, _ := asks(t, address, plain); one == two {
		t.Errorf("a forged cookie leads to %s", one)
	}
	// A target that is sick is left.
	group := g.table.groups["group1"]
	for _, target := range group.targets {
		target.mu.Lock()
		target.sick = strings.Contains(first, "a") == (target == group.targets[0])
		target.mu.Unlock()
	}
	if said, _ := asks(t, address, cookies...); said == first {
		t.Error("the browser stays with a sick target")
	}
	if err := change(strings.Replace(fleet(t, "TargetGroupArn: group1", sticky), sticky, "", 1)); err != nil {
		t.Fatal(err)
	}
	if _, cookies := asks(t, address); len(cookies) != 0 {
		t.Errorf("without stickiness: %v", cookies)
	}
}

// A stay that is over is none, also when the browser keeps the cookie.
func TestStaysEnd(t *testing.T) {
	t.Parallel()
	ring, err := seal.Parse([]byte(seal.NewKey()))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	g := &Gateway{cfg: Config{Now: func() time.Time { return now }}}
	g.ring.Store(ring)
	answer := httptest.NewRecorder()
	g.keep(&exchange{listener: &listener{Listener: rules.Listener{Protocol: rules.HTTPS}}}, answer, targetCookie, "AWSALB app", "10.0.0.1:80", time.Minute)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	set := answer.Result().Cookies()
	if len(set) != 2 || !set[0].Secure || set[0].SameSite != 0 || set[1].Name != "AWSALBCORS" || set[1].SameSite != http.SameSiteNoneMode || set[1].Value != set[0].Value {
		t.Fatalf("cookies: %v", set)
	}
	r.AddCookie(set[1]) // all that a script of another origin sends
	if with := g.staysWith(r, targetCookie, "AWSALB app"); with != "10.0.0.1:80" {
		t.Errorf("the browser stays with %q", with)
	}
	if with := g.staysWith(r, targetCookie, "AWSALB other"); with != "" {
		t.Errorf("in another group the browser stays with %q", with)
	}
	now = now.Add(time.Minute)
	if with := g.staysWith(r, targetCookie, "AWSALB app"); with != "" {
		t.Errorf("after its time the browser stays with %q", with)
	}
}

func TestBrowsersStayWithTheirGroup(t *testing.T) {
	t.Parallel()
	config := "ForwardConfig: {TargetGroups: [{TargetGroupArn: group1}, {TargetGroupArn: group2}], TargetGroupStickinessConfig: {Enabled: true, DurationSeconds: 60}}"
	_, change, ports := open(t, fleet(t, config, sticky, ""))
	seen := map[string]bool{}
	for range 4 {
		first, cookies := asks(t, ports[":1"])
		seen[first[1:]] = true
		for range 3 {
			said, again := asks(t, ports[":1"], cookies...)
			if said[1:] != first[1:] || first[1:] == "1" && said != first {
				t.Errorf("%s answers, want %s", said, first)
			}
			cookies = again
		}
	}
	if len(seen) != 2 {
		t.Errorf("all go to %v", seen)
	}
	// A group that requests go to no longer is left.
	_, cookies := asks(t, ports[":1"])
	if err := change(strings.NewReplacer("{TargetGroupArn: group1}", "{TargetGroupArn: group1, Weight: 0}").Replace(fleet(t, config, sticky, ""))); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		var said string
		if said, cookies = asks(t, ports[":1"], cookies...); said[1:] != "2" {
			t.Errorf("%s answers", said)
		}
	}
}
