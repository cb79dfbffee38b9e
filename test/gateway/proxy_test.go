package gateway_test

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"cognate/internal/gateway/auth"
	"cognate/internal/gateway/seal"
	"cognate/internal/servertest"
	"cognate/internal/testlog"
)

// behind opens a gateway with one target group for each handler: app, app2, …
func behind(t *testing.T, defaults string, rules []string, handlers ...http.HandlerFunc) *stand {
	t.Helper()
	w := &stand{s: servertest.Shared(t), access: &testlog.Log{}}
	var groups strings.Builder
	for i, h := range handlers {
		target := httptest.NewServer(h)
		t.Cleanup(target.Close)
		at, err := url.Parse(target.URL)
		wantOK(t, err)
		name := "app"
		if i > 0 {
			name = fmt.Sprintf("app%d", i+1)
		}
		fmt.Fprintf(&groups, "  - {Name: %s, HealthCheckEnabled: false, Targets: [{Id: %s, Port: %s}]}\n", name, at.Hostname(), at.Port())
	}
	w.open(t, fmt.Sprintf("LoadBalancerArn: %s\nLoadBalancerAttributes: [{Key: idle_timeout.timeout_seconds, Value: 2}]\nTargetGroups:\n%sListeners:\n  - Protocol: HTTPS\n    Port: 443\n    DefaultActions: [%s]\n    Rules:\n%s",
		balancer, groups.String(), defaults, strings.Join(rules, "")))
	return w
}

func TestForwardedHeaders(t *testing.T) {
	t.Parallel()
	var seen *http.Request
	w := behind(t, toApp, nil, func(_ http.ResponseWriter, r *http.Request) { seen = r })
	b, transport := w.browser(t), w.transport(w.address)
	transport.ForceAttemptHTTP2 = false // it knows no Connection
	b.http.Transport = transport
	got := b.get(t, origin+"/a%2Fb/c?x=1;y=%20&z", "X-Forwarded-For", "10.9.8.7", "X-Forwarded-Proto", "http", "X-Forwarded-Port", "80",
		"X-Forwarded-Host", "evil.example.com", "X_Forwarded_For", "10.1.1.1", "X-Forwarded.For", "10.1.1.1", "X-Forwarded-Prefix", "/shop", "Forwarded", "for=10.1.1.1", "Connection", "X-Drop", "X-Drop", "1")
	if got.status != http.StatusOK {
		t.Fatal(got.status)
	}
	want := http.Header{"X-Forwarded-For": {"10.9.8.7, 127.0.0.1"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Port": {"443"}, "X-Forwarded-Host": nil, "Forwarded": nil, "X_forwarded_for": nil, "X-Forwarded.for": nil, "X-Forwarded-Prefix": {"/shop"}, "X-Drop": nil}
	for name, values := range want {
		if strings.Join(seen.Header[name], "|") != strings.Join(values, "|") {
			t.Errorf("%s: %q, want %q", name, seen.Header[name], values)
		}
	}
	if seen.Host != host || seen.URL.EscapedPath() != "/a%2Fb/c" || seen.URL.RawQuery != "x=1;y=%20&z" {
		t.Errorf("the application got %s %s", seen.Host, seen.URL)
	}
	if got.header.Get("Server") != "" {
		t.Errorf("Server: %q, which is the application's to say", got.header.Get("Server"))
	}
}

// An answer comes through as it is made.
func TestStreaming(t *testing.T) {
	t.Parallel()
	more := make(chan struct{})
	w := behind(t, toApp, nil, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "first\n")
		w.(http.Flusher).Flush()
		<-more
		_, _ = io.WriteString(w, "second\n")
	})
	for _, protocol := range []int{1, 2} {
		transport := w.transport(w.address)
		transport.ForceAttemptHTTP2 = protocol == 2
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, origin+"/", nil)
		wantOK(t, err)
		got, err := (&http.Client{Transport: transport}).Do(r)
		wantOK(t, err)
		lines := bufio.NewReader(got.Body)
		if line, err := lines.ReadString('\n'); err != nil || line != "first\n" || got.ProtoMajor != protocol {
			t.Errorf("%s: %q %v", got.Proto, line, err)
		}
		more <- struct{}{}
		if line, err := lines.ReadString('\n'); err != nil || line != "second\n" {
			t.Errorf("%s: %q %v", got.Proto, line, err)
		}
		got.Body.Close()
	}
}

// A client that stops in the middle of a body is cut off (S175).
func TestS175SlowBody(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes 2 seconds")
	}
	w := behind(t, toApp, []string{
		rule(1, "/unread", "{Type: fixed-response, FixedResponseConfig: {StatusCode: 200}}"),
	}, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	if got := w.raw(t, "POST / HTTP/1.1\r\nHost: "+host+"\r\nContent-Length: 10\r\n\r\nabc"); !strings.HasPrefix(got, "408") && got != "" {
		t.Errorf("the request was answered %q", got)
	}
	// A body that nobody wants does not keep the connection for ever either.
	connection, err := tls.Dial("tcp", w.address, &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: w.s.CertPool(), ServerName: host})
	wantOK(t, err)
	defer connection.Close()
	wantOK(t, connection.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.WriteString(connection, "POST /unread HTTP/1.1\r\nHost: "+host+"\r\nContent-Length: 10\r\n\r\nabc")
	wantOK(t, err)
	if answer, err := io.ReadAll(connection); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 200 ") {
		t.Errorf("the connection stays open: %q %v", answer, err)
	}
}

func TestTargetsThatFail(t *testing.T) {
	t.Parallel()
	w := behind(t, toApp, []string{
		rule(1, "/none", "{Type: forward, TargetGroupArn: app2}"),
	}, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hang":
			<-r.Context().Done()
		case "/garbage":
			connection, buffered, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = buffered.WriteString("nonsense\r\n\r\n")
				_ = buffered.Flush()
				connection.Close()
			}
		}
	}, func(http.ResponseWriter, *http.Request) {})
	b := w.browser(t)
	for path, status := range map[string]int{"/hang": http.StatusGatewayTimeout, "/garbage": http.StatusBadGateway, "/": http.StatusOK} {
		got := b.get(t, origin+path)
		if got.status != status || status != 200 && (got.header.Get("Server") != "awselb/2.0" || strings.Contains(got.body, "127.0.0.1")) {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
}

func TestRedirectAndFixedResponse(t *testing.T) {
	t.Parallel()
	w := behind(t, "{Type: fixed-response, FixedResponseConfig: {StatusCode: 404, ContentType: application/json, MessageBody: '{}'}}", []string{
		rule(1, "/old/*", "{Type: redirect, RedirectConfig: {Host: 'new.example.com', Path: '/moved/#{path}', Query: '#{query}&from=#{host}', StatusCode: HTTP_301}}"),
		rule(2, "/port", "{Type: redirect, RedirectConfig: {Port: '8443', Query: '', StatusCode: HTTP_302}}"),
		rule(3, "/plain", "{Type: redirect, RedirectConfig: {Protocol: HTTP, Port: '80', StatusCode: HTTP_302}}"),
	})
	b := w.browser(t)
	for path, want := range map[string]string{
		"/old/a%2Fb?x=1": "301 https://new.example.com/moved/old/a%2Fb?x=1&from=shop.localhost",
		"/port?x=1":      "302 https://shop.localhost:8443/port",
		"/plain?x=1":     "302 http://shop.localhost/plain?x=1",
		"/":              "404 ",
	} {
		got := b.get(t, origin+path)
		if text := fmt.Sprintf("%d %s", got.status, got.header.Get("Location")); text != want {
			t.Errorf("%s: %s, want %s", path, text, want)
		}
	}
	if got := b.get(t, origin+"/"); got.body != "{}" || !strings.HasPrefix(got.header.Get("Content-Type"), "application/json") {
		t.Errorf("%q %v", got.body, got.header)
	}
}

func TestWeights(t *testing.T) {
	t.Parallel()
	says := func(word string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, word) }
	}
	w := behind(t, "{Type: forward, ForwardConfig: {TargetGroups: [{TargetGroupArn: app, Weight: 3}, {TargetGroupArn: app2, Weight: 1}, {TargetGroupArn: app3, Weight: 0}]}}",
		nil, says("a"), says("b"), says("c"))
	b, all := w.browser(t), ""
	for range 8 {
		all += b.get(t, origin+"/").body
	}
	if strings.Count(all, "a") != 6 || strings.Count(all, "b") != 2 {
		t.Errorf("the groups answered %s", all)
	}
}

// One rule is put in place of another while requests are under way.
func TestReload(t *testing.T) {
	t.Parallel()
	began, finish := make(chan struct{}), make(chan struct{})
	w := behind(t, toApp, nil, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			began <- struct{}{}
			<-finish
		}
		_, _ = io.WriteString(w, "from the application")
	})
	b := w.browser(t)
	slow := make(chan reply)
	go func() { slow <- b.get(t, origin+"/slow") }()
	<-began
	text, err := os.ReadFile(w.rules)
	wantOK(t, err)
	fixed := strings.Replace(string(text), "["+toApp+"]", "[{Type: fixed-response, FixedResponseConfig: {StatusCode: 200, MessageBody: new}}]", 1)

	// A bad file keeps the rules, and says what is wrong with which line.
	wantOK(t, os.WriteFile(w.rules, []byte(strings.Replace(fixed, "StatusCode: 200", "StatusCode: 99", 1)), 0o600))
	if err := w.gateway.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "line 8: StatusCode") {
		t.Errorf("a bad file: %v", err)
	}
	if got := b.get(t, origin+"/"); got.body != "from the application" {
		t.Errorf("after a bad file: %s", got.body)
	}
	if w.counter(t, "cognate_gateway_reload_failed") != "1" {
		t.Error("the failure is not to be seen")
	}
	wantOK(t, os.WriteFile(w.rules, []byte(fixed), 0o600))
	wantOK(t, w.gateway.Reload(t.Context()))
	if got := b.get(t, origin+"/"); got.body != "new" || w.counter(t, "cognate_gateway_reload_failed") != "0" {
		t.Errorf("after the reload: %s", got.body)
	}
	finish <- struct{}{}
	if got := <-slow; got.body != "from the application" {
		t.Errorf("the request under way: %d %s", got.status, got.body)
	}
	// The protocol of an open port stays what it is.
	wantOK(t, os.WriteFile(w.rules, []byte(strings.Replace(fixed, "Protocol: HTTPS", "Protocol: HTTP", 1)), 0o600))
	if err := w.gateway.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "protocol of an open port") {
		t.Errorf("another protocol: %v", err)
	}
}

// New keys come in beside old ones, and nobody has to sign in again; a session that
// only a forgotten key opens is none.
func TestKeysRotateWithoutSigningOut(t *testing.T) {
	t.Parallel()
	w := shared(t, pool())
	b := w.browser(t)
	b.signIn(t, origin+"/a", "ana")
	old, err := os.ReadFile(w.keys)
	wantOK(t, err)
	next := seal.NewKey() + "\n"
	for _, keys := range []string{string(old) + next, next + string(old)} {
		wantOK(t, os.WriteFile(w.keys, []byte(keys), 0o600))
		wantOK(t, w.gateway.Reload(t.Context()))
		if got := b.get(t, origin+"/a"); got.status != http.StatusOK {
			t.Fatalf("with new keys: %d", got.status)
		}
		w.verified(t, w.app.last(t).Header.Get(auth.DataHeader))
	}
	wantOK(t, os.WriteFile(w.keys, []byte(next), 0o600))
	wantOK(t, w.gateway.Reload(t.Context()))
	if got := b.get(t, origin+"/a"); got.status != http.StatusUnauthorized {
		t.Errorf("without the key: %d", got.status)
	}
	w.wantToProvider(t, b.get(t, origin+"/a")) // the cookies were taken away
}

// Gateways with the same keys serve the same user, in the middle of a sign-in too.
func TestSeveralGateways(t *testing.T) {
	t.Parallel()
	w := shared(t, pool())
	_, second := w.another(t)
	b := w.browser(t)
	callback := b.toCallback(t, b.get(t, origin+"/a"), "ana")
	b.http.Transport = w.transport(second)
	if got := b.get(t, callback); got.status != http.StatusFound {
		t.Fatalf("the callback at the other gateway: %d %s", got.status, got.body)
	}
	for _, address := range []string{w.address, second} {
		b.http.Transport = w.transport(address)
		if got := b.get(t, origin+"/a"); got.status != http.StatusOK {
			t.Errorf("%d", got.status)
		}
		w.verified(t, w.app.last(t).Header.Get(auth.DataHeader)) // with the key from the first
	}
}

// While the keys of two gateways are changed one after the other, whoever was signed
// in at either stays so at both, and so does whoever signs in meanwhile.
func TestKeysRotateOneGatewayAfterTheOther(t *testing.T) {
	t.Parallel()
	w := shared(t, pool())
	second, address := w.another(t)
	old, err := os.ReadFile(w.keys)
	wantOK(t, err)
	next := seal.NewKey() + "\n"
	var people []*browser
	check := func(step string) {
		t.Helper()
		for _, at := range []string{w.address, address} {
			b := w.browser(t)
			b.http.Transport = w.transport(at)
			b.signIn(t, origin+"/a", "ana")
			people = append(people, b)
		}
		for i, b := range people {
			for _, at := range []string{w.address, address} {
				b.http.Transport = w.transport(at)
				if got := b.get(t, origin+"/a"); got.status != http.StatusOK {
					t.Errorf("%s: session %d: %d", step, i, got.status)
				}
				w.verified(t, w.app.last(t).Header.Get(auth.DataHeader))
			}
		}
	}
	check("before")
	for _, keys := range []string{string(old) + next, next + string(old)} {
		wantOK(t, os.WriteFile(w.keys, []byte(keys), 0o600))
		wantOK(t, w.gateway.Reload(t.Context()))
		check("one has the new keys")
		wantOK(t, second.Reload(t.Context()))
		check("both have them")
	}
}

// The access log has the fields of the load balancer's, and no secrets of sign-ins.
func TestAccessLog(t *testing.T) {
	t.Parallel()
	w := shared(t, pool(), func(*stand) string { return rule(7, "/open", toApp) })
	b := w.browser(t)
	callback := b.toCallback(t, b.get(t, origin+"/a?q=1"), "ana")
	b.get(t, callback)
	b.get(t, origin+"/a?q=1", "User-Agent", "a \"quoted\" agent")
	b.get(t, origin+"/open")
	all := strings.Split(strings.TrimSpace(w.access.String()), "\n")
	if len(all) != 4 {
		t.Fatalf("%d lines: %s", len(all), w.access)
	}
	number := `-?\d+(\.\d{3})?`
	moment := `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z`
	pattern := func(target, times, statuses, uri, agent, group, priority, actions, reason string) string {
		return `^h2 ` + moment + ` app/shop/50dc6c495c0c9188 127\.0\.0\.1:\d+ ` + target + ` ` + times + ` ` + statuses + ` \d+ \d+ ` +
			`"GET https://shop\.localhost:443` + uri + ` HTTP/2\.0" "` + agent + `" TLS_\w+ TLSv1\.3 ` + group + ` "-" "shop\.localhost" "-" ` + priority + ` ` + moment +
			` "` + actions + `" "-" "` + reason + `" "` + target + `" "(\d+|-)" "-" "-" -$`
	}
	app := `127\.0\.0\.1:\d+`
	three := number + " " + number + " " + number
	for i, want := range []string{
		pattern("-", "-1 -1 -1", "302 -", `/a\?q=1`, ".*", "-", "0", "-", "-"),
		pattern("-", "-1 -1 -1", "302 -", `/oauth2/idpresponse`, ".*", "-", "-1", "-", "-"),
		pattern(app, three, "200 200", `/a\?q=1`, `a \\x22quoted\\x22 agent`, "app", "0", "authenticate,forward", "-"),
		pattern(app, three, "200 200", `/open`, ".*", "app", "7", "forward", "-"),
	} {
		if !regexp.MustCompile(want).MatchString(all[i]) {
			t.Errorf("line %d is %s\nwant %s", i, all[i], want)
		}
	}
	query, err := url.Parse(callback)
	wantOK(t, err)
	for _, secret := range []string{query.Query().Get("code"), query.Query().Get("state")} {
		if strings.Contains(w.access.String(), secret) {
			t.Error("the access log holds a code or a state")
		}
	}
}

// The key address knows no one and says nothing else.
func TestPublicKeys(t *testing.T) {
	t.Parallel()
	w := shared(t, pool())
	b := w.browser(t)
	for _, path := range []string{"/public/", "/public/x", "/public/00000000-0000-4000-8000-000000000000", "/public/../public/x"} {
		if got := b.get(t, "https://keys.localhost"+path); got.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	signed := b.signIn(t, origin+"/a", "ana")
	if signed.status != http.StatusFound || b.get(t, origin+"/a").status != http.StatusOK {
		t.Fatal(signed.status)
	}
	head, err := base64.URLEncoding.DecodeString(strings.Split(w.app.last(t).Header.Get(auth.DataHeader), ".")[0])
	wantOK(t, err)
	var token struct{ Kid string }
	wantOK(t, json.Unmarshal(head, &token))
	at := "https://keys.localhost/public/" + token.Kid
	if got := b.get(t, at); got.status != http.StatusOK || !strings.HasPrefix(got.body, "-----BEGIN PUBLIC KEY-----\n") || got.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %v %s", got.status, got.header, got.body)
	}
	if got := b.send(t, http.MethodPost, at, ""); got.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", got.status)
	}
}
