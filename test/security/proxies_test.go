package security_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

// behind trusts this machine as a proxy: the test is the proxy.
func behind(c *server.Config) {
	c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
}

// Signed requests that could be overheard on the way are refused, and what is
// known of the way comes from trusted proxies only.
func TestS133PlainHTTPIsForThisMachineOnly(t *testing.T) {
	t.Parallel()
	trusting, direct := servertest.Start(t, behind), servertest.Shared(t)
	for _, c := range []struct {
		name    string
		headers map[string]string
		ok      bool // with a trusted proxy; without one, headers say nothing
	}{
		{"no headers", nil, true},
		{"http from elsewhere", map[string]string{"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "http"}, false},
		{"from elsewhere", map[string]string{"X-Forwarded-For": "192.0.2.1"}, false},
		{"with a port", map[string]string{"X-Forwarded-For": "192.0.2.1:4711"}, false},
		{"IPv6 with a port", map[string]string{"X-Forwarded-For": "[2001:db8::1]:4711"}, false},
		{"https from elsewhere", map[string]string{"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}, true},
		{"claims this machine", map[string]string{"X-Forwarded-For": "127.0.0.1, 192.0.2.1"}, false},
		{"claims this machine behind a second proxy", map[string]string{"X-Forwarded-For": "127.0.0.1, 192.0.2.1, 10.1.1.1"}, false},
		{"not an address", map[string]string{"X-Forwarded-For": "127.0.0.1, unknown"}, false},
		{"nothing at all", map[string]string{"X-Forwarded-For": "192.0.2.1, "}, false},
		{"http for nobody", map[string]string{"X-Forwarded-Proto": "http"}, false},
		{"two protocols", map[string]string{"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https, http"}, false},
		{"standard header", map[string]string{"X-Forwarded-For": "192.0.2.1", "Forwarded": "proto=https"}, false},
	} {
		add := signing{after: func(r *http.Request) {
			for name, value := range c.headers {
				r.Header.Set(name, value)
			}
		}}
		const body = `{"MaxResults":1}`
		if answer := add.send(t, trusting, "ListUserPools", body); (answer.Status == 200) != c.ok || !c.ok && answer.ErrorType() != "AccessDeniedException" {
			t.Errorf("%s, through a proxy: %d %s", c.name, answer.Status, answer.Body)
		}
		if answer := add.send(t, direct, "ListUserPools", body); answer.Status != 200 {
			t.Errorf("%s, from this machine: %d %s", c.name, answer.Status, answer.Body)
		}
	}
}

// poison is what an attacker writes to be taken for the address of the server.
var poison = map[string]string{
	"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.66", "X-Forwarded-Port": "666",
	"X-Forwarded-Server": "evil.example", "X-Forwarded-Prefix": "/evil.example", "X-Host": "evil.example", "X-Original-Host": "evil.example",
	"X-Original-Url": "/evil.example", "X-Rewrite-Url": "/evil.example", "Forwarded": "host=evil.example;proto=https", "Via": "evil.example",
	"Origin": "https://evil.example", "Referer": "https://evil.example/",
}

func poisoned(r *http.Request) *http.Request {
	for name, value := range poison {
		r.Header.Set(name, value)
	}
	return r
}

func TestS022HeadersNameNoHost(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	p := newSide(t, s, "poisoned")
	for _, document := range []string{"/.well-known/openid-configuration", "/.well-known/jwks.json"} {
		clean, dirty := get(t, s, "/"+p.pool+document), get(t, s, "/"+p.pool+document, func(r *http.Request) { poisoned(r) })
		if clean.Status != 200 || clean.Body != dirty.Body || clean.Header.Get("Vary") != dirty.Header.Get("Vary") {
			t.Errorf("%s: %d %s, with poison %d %s", document, clean.Status, clean.Body, dirty.Status, dirty.Body)
		}
	}
	body := encode(t, doc{
		"ClientId": p.client, "Username": "victim", "Password": p.password, "UserAttributes": []doc{{"Name": "email", "Value": "victim@example.com"}},
	})
	if answer := s.Do(t, poisoned(s.NewRequest(t, "SignUp", body))); answer.Status != 200 {
		t.Fatalf("SignUp: %d %s", answer.Status, answer.Body)
	}
	sent := s.Mailbox.Wait(t, p.pool, "victim", 1)
	if text := encode(t, sent); strings.Contains(text, "evil") || strings.Contains(text, "192.0.2.66") {
		t.Errorf("the mail was poisoned: %s", text)
	}
	body = encode(t, doc{"ClientId": p.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": doc{"USERNAME": p.only, "PASSWORD": p.password}})
	answer := s.Do(t, poisoned(s.NewRequest(t, "InitiateAuth", body)))
	if iss := claims(t, at(t, decode(t, answer.Body), "AuthenticationResult", "IdToken"))["iss"]; iss != s.URL+"/"+p.pool {
		t.Errorf("iss = %v", iss)
	}
}

// A host that is not this server's gets nothing, whoever says it.
func TestS022UnknownHostsFindNothing(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	p := newSide(t, s, "hosts")
	path := "/" + p.pool + "/.well-known/jwks.json"
	for _, host := range []string{
		"evil.example", "evil.example:7665", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example#localhost", "localhost@evil.example",
		"evillocalhost", "192.0.2.1", "0.0.0.0", "[::]", "2130706433", "0x7f000001", "auth.localhost.evil.example", "127.0.0.1:80:80", "%6cocalhost", "nobody.auth.localhost", "a.b.auth.localhost",
	} {
		if answer := get(t, s, path, func(r *http.Request) { r.Host = host }); answer.Status == 200 {
			t.Errorf("%s: %d %.100s", host, answer.Status, answer.Body)
		}
	}
	for _, host := range []string{"localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:7665", "auth.localhost", "a.localhost"} {
		if answer := get(t, s, path, func(r *http.Request) { r.Host = host }); answer.Status != 200 {
			t.Errorf("%s: %d %s", host, answer.Status, answer.Body)
		}
	}
	// Whoever called by a name that nobody set is told what to set.
	answer := get(t, s, path, func(r *http.Request) { r.Host = "cognate:7665" })
	if answer.Status != 404 || !strings.Contains(answer.Body, "--public-url") {
		t.Errorf("by a name that is not set: %d %s", answer.Status, answer.Body)
	}
	trusting := servertest.Start(t, behind)
	pool := trusting.CreatePool(t, nil)
	for host, want := range map[string]int{"localhost": 200, "evil.example": 404, "evil.example, localhost": 404} {
		answer := get(t, trusting, "/"+pool+"/.well-known/jwks.json", header("X-Forwarded-Host", host), header("X-Forwarded-For", "192.0.2.1"))
		if answer.Status != want {
			t.Errorf("forwarded for %s: %d, want %d", host, answer.Status, want)
		}
	}
}
