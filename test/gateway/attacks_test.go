package gateway_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"cognate/internal/gateway/auth"
	"cognate/internal/servertest"
)

// raw sends bytes over TLS and gives what comes back.
func (w *stand) raw(t *testing.T, text string) string {
	t.Helper()
	connection, err := tls.Dial("tcp", w.address, &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: w.s.CertPool(), ServerName: host})
	wantOK(t, err)
	defer connection.Close()
	wantOK(t, connection.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.WriteString(connection, text)
	wantOK(t, err)
	answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		return ""
	}
	defer answer.Body.Close()
	return fmt.Sprintf("%d %s", answer.StatusCode, answer.Header.Get("Location"))
}

func TestS022NobodyIsSentToAStrangersHost(t *testing.T) {
	t.Parallel()
	w := shared(t, pool())
	for _, stranger := range []string{
		"evil.example.com", "shop.localhost.evil.example.com", "evil.localhost", "shop.localhost@evil.example.com",
		"evil.example.com:443", "shop.localhost:443@evil.example.com", "127.0.0.1", "[::1]",
	} {
		got := w.raw(t, "GET /a HTTP/1.1\r\nHost: "+stranger+"\r\nConnection: close\r\n\r\n")
		if !strings.HasPrefix(got, "401 ") && !strings.HasPrefix(got, "400 ") || strings.Contains(got, "evil") {
			t.Errorf("Host %s is answered %s", stranger, got)
		}
	}
	got := w.raw(t, "GET /a HTTP/1.1\r\nHost: "+host+"\r\nX-Forwarded-Host: evil.example.com\r\nForwarded: host=evil.example.com\r\nX-Forwarded-Proto: http\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(got, "302 "+w.base) || strings.Contains(got, "evil") || !strings.Contains(got, url.QueryEscape(origin+auth.CallbackPath)) {
		t.Errorf("forwarded headers lead to %s", got)
	}
	if got := w.raw(t, "GET /a HTTP/1.0\r\n\r\n"); got != "401 " {
		t.Errorf("a request without a host is answered %q", got)
	}
	if w.app.requests() != 0 {
		t.Error("the application was asked")
	}
}

func TestS022HostsOfConditionsAreKnown(t *testing.T) {
	t.Parallel()
	w := newStand(t, servertest.Shared(t), nil)
	named := fmt.Sprintf("      - {Priority: 1, Conditions: [{Field: host-header, Values: [Other.localhost, \"*.shops.example.com\"]}], Actions: [%s]}\n", w.cognito()+", "+toApp)
	anything := fmt.Sprintf("      - {Priority: 2, Conditions: [{Field: host-header, Values: [\"*\", \"*.com\"]}], Actions: [%s]}\n", w.cognito()+", "+toApp)
	w.open(t, w.file("{Type: fixed-response, FixedResponseConfig: {StatusCode: 404}}", named, anything))
	for name, known := range map[string]bool{"other.localhost": true, "OTHER.localhost": true, "a.shops.example.com": true, "evil.com": false, "evil.org": false, "shops.example.com.evil.com": false} {
		got := w.raw(t, "GET / HTTP/1.1\r\nHost: "+name+"\r\nConnection: close\r\n\r\n")
		want := url.QueryEscape("https://" + strings.ToLower(name) + auth.CallbackPath)
		if known != strings.Contains(got, want) || !known && got != "401 " {
			t.Errorf("Host %s is answered %s", name, got)
		}
	}
}

// The headers of §5 come from the gateway alone, whatever they are spelled like.
func TestIdentityHeadersCannotBeSmuggled(t *testing.T) {
	t.Parallel()
	w := shared(t, pool("OnUnauthenticatedRequest: allow"), func(w *stand) string { return rule(1, "/in", w.cognito(), toApp) },
		func(*stand) string { return rule(2, "/open", toApp) })
	b := w.browser(t)
	b.signIn(t, origin+"/in", "ana")
	var session []string
	for _, c := range b.shards(t) {
		session = append(session, c.Name+"="+c.Value)
	}
	spellings := []string{
		"x-amzn-oidc-data", "X-AMZN-OIDC-DATA", "x_amzn_oidc_data", "X_Amzn-Oidc_Data", "x-amzn-oidc-identity", "X_AMZN_OIDC_IDENTITY",
		"x-amzn-oidc-accesstoken", "x-amzn_oidc-accesstoken", "x-amzn-oidc-other", "X.Amzn.Oidc.Data", "x!amzn~oidc|identity",
	}
	for _, cookie := range []string{"", "Cookie: " + strings.Join(session, "; ") + "\r\n"} {
		for _, path := range []string{"/a", "/open", "/in"} {
			if path == "/in" && cookie == "" {
				continue
			}
			for _, name := range spellings {
				for _, extra := range []string{"", name + ": forged again\r\n", "Connection: " + name + "\r\n", "Connection: x-amzn-oidc-data, x-amzn-oidc-identity\r\n"} {
					got := w.raw(t, "GET "+path+" HTTP/1.1\r\nHost: "+host+"\r\n"+cookie+name+": forged\r\n"+extra+"\r\n")
					if !strings.HasPrefix(got, "200 ") {
						t.Fatalf("%s with %s is answered %s", path, name, got)
					}
					w.wantIdentity(t, path+" "+name+" "+extra, cookie != "" && path != "/open")
				}
			}
		}
	}
}

// wantIdentity checks that the application got the three headers once, or not.
func (w *stand) wantIdentity(t *testing.T, what string, signedIn bool) {
	t.Helper()
	seen := w.app.last(t)
	found := 0
	for name, values := range seen.Header {
		if strings.Contains(strings.ToLower(name), "oidc") {
			found += len(values)
		}
		for _, v := range values {
			if strings.Contains(v, "forged") {
				t.Errorf("%s: the application got %s: %s", what, name, v)
			}
		}
	}
	if want := map[bool]int{true: 3, false: 0}[signedIn]; found != want {
		t.Errorf("%s: the application got %d headers of identity, want %d", what, found, want)
	}
}

func TestIdentityInTrailersIsDropped(t *testing.T) {
	t.Parallel()
	w := shared(t, pool("OnUnauthenticatedRequest: allow"))
	got := w.raw(t, "POST /a HTTP/1.1\r\nHost: "+host+"\r\nTransfer-Encoding: chunked\r\nTrailer: X-Amzn-Oidc-Data\r\n\r\n1\r\nx\r\n0\r\nX-Amzn-Oidc-Data: forged\r\n\r\n")
	if !strings.HasPrefix(got, "200 ") {
		t.Fatal(got)
	}
	seen := w.app.last(t)
	if len(seen.Trailer) != 0 || seen.Header.Get("Trailer") != "" {
		t.Errorf("the application got the trailers %v", seen.Trailer)
	}
}

// Cookies that are forged, cut, swapped or overlong sign nobody in.
func TestForgedCookies(t *testing.T) {
	t.Parallel()
	w := shared(t, pool(`Scope: "openid profile"`), func(w *stand) string { return rule(1, "/other/*", w.cognito("SessionCookieName: Other"), toApp) })
	w.fat(t, 8<<10)
	b := w.browser(t)
	b.signIn(t, origin+"/a", "ana")
	shards := b.shards(t)
	if len(shards) < 3 {
		t.Fatalf("%d shards", len(shards))
	}
	v := func(i int) string { return shards[i].Value }
	name := auth.DefaultCookieName
	for what, cookies := range map[string][]string{
		"first piece only":     {name + "-0", v(0)},
		"without the middle":   {name + "-0", v(0), name + "-2", v(2)},
		"without the first":    {name + "-1", v(1), name + "-2", v(2)},
		"swapped":              {name + "-0", v(1), name + "-1", v(0), name + "-2", v(2)},
		"cut":                  {name + "-0", v(0), name + "-1", v(1), name + "-2", v(2)[:len(v(2))-4]},
		"a letter changed":     {name + "-0", flip(v(0)), name + "-1", v(1), name + "-2", v(2)},
		"too long":             {name + "-0", v(0), name + "-1", v(1), name + "-2", v(2), name + "-3", strings.Repeat("A", 3000)},
		"empty":                {name + "-0", ""},
		"nonsense":             {name + "-0", "AAAA"},
		"not base64":           {name + "-0", "a b"},
		"URL-safe alphabet":    {name + "-0", strings.NewReplacer("+", "-", "/", "_").Replace(v(0)), name + "-1", v(1), name + "-2", v(2)},
		"all in one":           {name + "-0", v(0)[:2000], name + "-1", v(0)[2000:], name + "-2", v(1), name + "-3", v(2) + "="},
		"a nonce for a cookie": {name + "-0", shards[0].Name},
	} {
		var parts []string
		for i := 0; i < len(cookies); i += 2 {
			parts = append(parts, cookies[i]+"="+cookies[i+1])
		}
		got := w.browser(t).get(t, origin+"/a", "Cookie", strings.Join(parts, "; "))
		if got.status != http.StatusUnauthorized {
			t.Errorf("%s: %d", what, got.status)
		}
		w.wantReason(t, auth.InvalidCookie)
		for _, c := range got.cookies { // so that the browser is not stuck
			if c.Value != "" || c.Expires.After(w.s.Now()) {
				t.Errorf("%s: the answer sets %v", what, c)
			}
		}
	}
	// The session of one cookie name is none under another.
	var other []string
	for i, c := range shards {
		other = append(other, fmt.Sprintf("Other-%d=%s", i, c.Value))
	}
	if got := w.browser(t).get(t, origin+"/other/a", "Cookie", strings.Join(other, "; ")); got.status != http.StatusUnauthorized {
		t.Errorf("under another name: %d", got.status)
	}
	if w.app.requests() != 0 {
		t.Error("the application was asked")
	}
}

func flip(text string) string {
	b := []byte(text)
	if b[100] == 'A' {
		b[100] = 'B'
	} else {
		b[100] = 'A'
	}
	return string(b)
}

// A session at one client is none at another.
func TestSessionOfAnotherClient(t *testing.T) {
	t.Parallel()
	w := newStand(t, servertest.Shared(t), nil)
	made, err := w.s.SDK.CreateUserPoolClient(t.Context(), clientInput(w.pool, nil))
	wantOK(t, err)
	other := *w
	other.client, other.secret = *made.UserPoolClient.ClientId, *made.UserPoolClient.ClientSecret
	w.open(t, w.file(w.cognito()+", "+toApp, rule(1, "/other", other.cognito(), toApp), rule(2, "/denied", other.cognito("OnUnauthenticatedRequest: deny"), toApp)))
	b := w.browser(t)
	b.signIn(t, origin+"/a", "ana")
	if got := b.get(t, origin+"/a"); got.status != http.StatusOK {
		t.Fatal(got.status)
	}
	got := b.get(t, origin+"/other")
	w.wantToProvider(t, got)
	if _, query := got.location(t); query.Get("client_id") != other.client {
		t.Errorf("client %s", query.Get("client_id"))
	}
	wantRefused(t, b.get(t, origin+"/denied"), http.StatusUnauthorized)
}

// Where somebody comes back to is of the same host, whatever the path looks like.
func TestOpenRedirect(t *testing.T) {
	t.Parallel()
	w := shared(t, pool())
	for _, path := range []string{"//evil.example.com/x", "/\\evil.example.com", "/%5Cevil.example.com", "///evil.example.com", "/@evil.example.com", "/?next=//evil.example.com", "/a?b=%0d%0aSet-Cookie:%20x=y"} {
		b := w.browser(t)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, origin, nil)
		wantOK(t, err)
		r.URL.Opaque = "//" + host + path // as it is, without a client's own repairs
		got, err := b.http.Do(r)
		wantOK(t, err)
		got.Body.Close()
		if got.StatusCode != http.StatusFound {
			continue // refused for its path
		}
		callback := b.toCallback(t, reply{status: got.StatusCode, header: got.Header}, "ana")
		done := b.get(t, callback)
		at, err := url.Parse(done.header.Get("Location"))
		if err != nil || at.Scheme != "https" || at.Host != host || strings.ContainsAny(done.header.Get("Location"), "\r\n") {
			t.Errorf("%s leads to %q", path, done.header.Get("Location"))
		}
	}
}

// The state of a sign-in belongs to one browser, one host and one action.
func TestForgedState(t *testing.T) {
	t.Parallel()
	w := shared(t, pool())
	b := w.browser(t)
	callback := b.toCallback(t, b.get(t, origin+"/a"), "ana")
	_, text, _ := strings.Cut(callback, "?")
	query, err := url.ParseQuery(text)
	wantOK(t, err)
	try := func(name, value string) reply {
		changed := url.Values{"code": query["code"], "state": query["state"]}
		if value == "" {
			changed.Del(name)
		} else {
			changed.Set(name, value)
		}
		return b.get(t, origin+auth.CallbackPath+"?"+changed.Encode())
	}
	for _, forged := range []string{"x", query.Get("state") + "A", query.Get("state")[1:], query.Get("state")[:len(query.Get("state"))-4], b.w.client, strings.Repeat("A", 9000)} {
		wantRefused(t, try("state", forged), http.StatusUnauthorized)
		w.wantReason(t, auth.InvalidState)
	}
	wantRefused(t, try("state", ""), http.StatusUnauthorized)
	w.wantReason(t, auth.MissingState)
	wantRefused(t, try("code", ""), http.StatusUnauthorized)
	w.wantReason(t, auth.MissingCode)
	// An opened session is no state: they are sealed apart.
	if got := b.get(t, callback); got.status != http.StatusFound {
		t.Fatalf("%d %s", got.status, got.body)
	}
	session := b.shards(t)[0].Value
	wantRefused(t, try("state", strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(session), "=")), http.StatusUnauthorized)
	w.wantReason(t, auth.InvalidState)
}

func TestProviderRefuses(t *testing.T) {
	t.Parallel()
	w := shared(t, pool())
	b := w.browser(t)
	wantRefused(t, b.get(t, origin+auth.CallbackPath+"?error=access_denied&state=x"), http.StatusUnauthorized)
	wantRefused(t, b.get(t, origin+auth.CallbackPath+"?error=server_error&error_description=%3Cscript%3E"), auth.StatusAuthenticationError)
	if failures, errors := w.counter(t, "cognate_gateway_auth_failure_total"), w.counter(t, "cognate_gateway_auth_error_total"); failures != "1" || errors != "1" {
		t.Errorf("%s failures and %s errors", failures, errors)
	}
	if got := b.send(t, http.MethodPost, origin+auth.CallbackPath, "code=x"); got.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", got.status)
	}
	if w.app.requests() != 0 {
		t.Error("the callback reached the application")
	}
}

func TestS151OwnAnswersHaveHeaders(t *testing.T) {
	t.Parallel()
	w := newStand(t, servertest.Shared(t), nil)
	named := fmt.Sprintf("      - {Priority: 1, Conditions: [{Field: host-header, Values: [shop.example.com]}], Actions: [%s]}\n", w.cognito("OnUnauthenticatedRequest: deny")+", "+toApp)
	w.open(t, w.file(w.cognito()+", "+toApp, named))
	for _, got := range []reply{
		w.browser(t).get(t, origin+"/a"),
		w.browser(t).get(t, origin+auth.CallbackPath),
		w.browser(t).get(t, origin+"/a/%2e%2e/b"),
	} {
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Server": "awselb/2.0", "Strict-Transport-Security": "",
		} {
			if got.header.Get(name) != want {
				t.Errorf("%d: %s is %q, want %q", got.status, name, got.header.Get(name), want)
			}
		}
		if got.header.Get("Permissions-Policy") == "" || !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
			t.Errorf("%d: %v", got.status, got.header)
		}
	}
	connection, err := tls.Dial("tcp", w.address, &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: w.s.CertPool(), ServerName: host})
	wantOK(t, err)
	defer connection.Close()
	_, err = io.WriteString(connection, "GET / HTTP/1.1\r\nHost: shop.example.com\r\n\r\n")
	wantOK(t, err)
	answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
	wantOK(t, err)
	defer answer.Body.Close()
	if hsts := answer.Header.Get("Strict-Transport-Security"); !strings.HasPrefix(hsts, "max-age=31536000") {
		t.Errorf("Strict-Transport-Security of a public host: %q", hsts)
	}
}

func TestS175OddRequests(t *testing.T) {
	t.Parallel()
	w := shared(t, func(*stand) string { return toApp })
	for what, text := range map[string]string{
		"two lengths":               "POST / HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
		"two hosts":                 "GET / HTTP/1.1\r\nHost: " + host + "\r\nHost: other.localhost\r\n\r\n",
		"no host":                   "GET / HTTP/1.1\r\n\r\n",
		"space before the colon":    "GET / HTTP/1.1\r\nHost: " + host + "\r\nTransfer-Encoding : chunked\r\n\r\n",
		"unknown transfer encoding": "POST / HTTP/1.1\r\nHost: " + host + "\r\nTransfer-Encoding: xchunked\r\n\r\n",
		"chunked twice":             "POST / HTTP/1.1\r\nHost: " + host + "\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"long header":               "GET / HTTP/1.1\r\nHost: " + host + "\r\nX-Long: " + strings.Repeat("a", 70<<10) + "\r\n\r\n",
		"dot segments":              "GET /a/../b HTTP/1.1\r\nHost: " + host + "\r\n\r\n",
		"encoded dot segments":      "GET /a/%2e%2e/b HTTP/1.1\r\nHost: " + host + "\r\n\r\n",
		"dots with a parameter":     "GET /a/..;x/b HTTP/1.1\r\nHost: " + host + "\r\n\r\n",
		"encoded slash with dots":   "GET /a%2f..%2fb HTTP/1.1\r\nHost: " + host + "\r\n\r\n",
		"backslash with dots":       "GET /a\\..\\b HTTP/1.1\r\nHost: " + host + "\r\n\r\n",
		"no slash":                  "GET http:admin HTTP/1.1\r\nHost: " + host + "\r\n\r\n",
		"no slash but a host":       "GET https:.evil.example.com/ HTTP/1.1\r\nHost: " + host + "\r\n\r\n",
		"asterisk":                  "OPTIONS * HTTP/1.1\r\nHost: " + host + "\r\n\r\n",
		"connect":                   "CONNECT " + host + ":443 HTTP/1.1\r\nHost: " + host + "\r\n\r\n",
	} {
		if got := w.raw(t, text); !strings.HasPrefix(got, "4") && !strings.HasPrefix(got, "501") {
			t.Errorf("%s is answered %q", what, got)
		}
	}
	if n := w.app.requests(); n != 0 {
		t.Errorf("%d requests reached the application", n)
	}
	// A length and chunks at once: net/http goes by the chunks, and nothing that
	// follows on the connection is read as a request.
	connection, err := tls.Dial("tcp", w.address, &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: w.s.CertPool(), ServerName: host})
	wantOK(t, err)
	defer connection.Close()
	wantOK(t, connection.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.WriteString(connection, "POST / HTTP/1.1\r\nHost: "+host+"\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: "+host+"\r\n\r\n")
	wantOK(t, err)
	all, _ := io.ReadAll(connection)
	if strings.Count(string(all), "HTTP/1.1 ") != 1 {
		t.Errorf("answers: %q", all)
	}
	for _, r := range w.app.seen {
		if r.URL.Path == "/smuggled" {
			t.Error("a request was smuggled")
		}
	}
}

// A client that says nothing is cut off.
func TestS175SilentClient(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes 10 seconds")
	}
	w := shared(t, func(*stand) string { return toApp })
	connection, err := net.Dial("tcp", w.address)
	wantOK(t, err)
	defer connection.Close()
	wantOK(t, connection.SetDeadline(time.Now().Add(30*time.Second)))
	if _, err := connection.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the silent client gets %v", err)
	}
}

// A provider that takes its time is given up, and the browser is told.
func TestS161ProviderThatHangs(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes 10 seconds")
	}
	s := servertest.Shared(t)
	over := make(chan struct{})
	site := s.ServeSite(t, "localhost", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.URL.Path == "/drip" {
			if _, err := io.WriteString(w, " "); err != nil || http.NewResponseController(w).Flush() != nil {
				return
			}
			select {
			case <-time.After(100 * time.Millisecond):
			case <-over:
				return
			}
		}
		<-over
	}))
	t.Cleanup(func() { close(over) }) // before the site waits for its requests
	for _, path := range []string{"/silent", "/drip"} {
		t.Run(path[1:], func(t *testing.T) {
			t.Parallel()
			w := with(t, s, nil, provider(func(*stand) []string { return []string{`TokenEndpoint: "` + site + path + `"`} }))
			wantRefused(t, w.browser(t).signIn(t, origin+"/a", "ana"), http.StatusInternalServerError)
			w.wantReason(t, auth.TokenRequestTimeout)
		})
	}
}

// HTTP/2 has the host in a field of its own, which net/http does not look into: one
// that ends early in an address leads nobody elsewhere.
func TestS022HostsOfHTTP2(t *testing.T) {
	t.Parallel()
	w := newStand(t, servertest.Shared(t), nil)
	named := fmt.Sprintf("      - {Priority: 1, Conditions: [{Field: host-header, Values: ['*.example.com']}], Actions: [%s]}\n", w.cognito()+", "+toApp)
	w.open(t, w.file(w.cognito()+", "+toApp, named))
	for authority, want := range map[string]string{
		"shop.example.com": "302", "evil.example/a.example.com": "400", "evil.example?.example.com": "400",
		"evil.example#.example.com": "400", `evil.example\.example.com`: "400", "evil.example .example.com": "400",
	} {
		if got := w.over2(t, authority, "/a"); got != want {
			t.Errorf("%s is answered %s, want %s", authority, got, want)
		}
	}
	for _, path := range []string{"http:admin", "https:.evil.example.com/"} {
		if got := w.over2(t, host, path); got == "200" || got == "302" {
			t.Errorf("%s is answered %s", path, got)
		}
	}
}

// over2 sends a request in frames of HTTP/2 and gives its status, or how the stream
// ended.
func (w *stand) over2(t *testing.T, authority, path string) string {
	t.Helper()
	connection, err := tls.Dial("tcp", w.address, &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: w.s.CertPool(), ServerName: host, NextProtos: []string{"h2"}})
	wantOK(t, err)
	defer connection.Close()
	wantOK(t, connection.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.WriteString(connection, http2.ClientPreface)
	wantOK(t, err)
	framer := http2.NewFramer(connection, connection)
	wantOK(t, framer.WriteSettings())
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, field := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", authority}, {":path", path}} {
		wantOK(t, encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}))
	}
	wantOK(t, framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true}))
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return err.Error()
		}
		switch f := frame.(type) {
		case *http2.MetaHeadersFrame:
			return f.PseudoValue("status")
		case *http2.RSTStreamFrame, *http2.GoAwayFrame:
			return f.Header().Type.String()
		}
	}
}
