package control

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"cognate/internal/cognito/messages"
)

func TestS191HostMustBeThisMachine(t *testing.T) {
	t.Parallel()
	_, mux := mounted("Cognate.Internal")
	for host, want := range map[string]int{
		"localhost": 200, "localhost:7665": 200, "LOCALHOST:7665": 200, "localhost.:7665": 200, "shop.auth.localhost:7665": 200,
		"127.0.0.1:7665": 200, "127.1.2.3": 200, "[::1]:7665": 200, "[::ffff:127.0.0.1]:7665": 200, "cognate.internal:7665": 200,
		"evil.example:7665": 403, "localhost.evil.example:7665": 403, "evillocalhost": 403, "127.0.0.1.evil.example": 403,
		"192.168.1.5:7665": 403, "0.0.0.0:7665": 403, "[::]:7665": 403, "2130706433": 403, "": 403, "x.cognate.internal": 403,
	} {
		for _, target := range []string{"/_cognate/inbox", "/_cognate/v1/inbox", "/_cognate/assets/inbox.css"} {
			if response, _ := call(t, mux, "GET", target, map[string]string{"Host": host}); response.StatusCode != want {
				t.Errorf("%s at host %q: %d, want %d", target, host, response.StatusCode, want)
			}
		}
	}
}

func TestS191RequestsOfBrowsers(t *testing.T) {
	t.Parallel()
	type header = map[string]string
	ours := "http://localhost:7665"
	for _, c := range []struct {
		name, method, target string
		header               header
		allowed              bool
	}{
		{"a program", "GET", "/_cognate/v1/inbox", nil, true},
		{"a program deletes", "DELETE", "/_cognate/v1/inbox", nil, true},
		{"our page's script", "GET", "/_cognate/v1/inbox", header{"Sec-Fetch-Site": "same-origin", "X-Cognate-Control": "1"}, true},
		{"our page's script deletes", "DELETE", "/_cognate/v1/inbox", header{"Sec-Fetch-Site": "same-origin", "Origin": ours, "X-Cognate-Control": "1"}, true},
		{"our page, no header", "GET", "/_cognate/v1/inbox", header{"Sec-Fetch-Site": "same-origin"}, false},
		{"address bar, no header", "GET", "/_cognate/v1/inbox", header{"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, false},
		{"old browser, no header", "GET", "/_cognate/v1/inbox", header{"Referer": "https://evil.example/"}, false},
		{"other site", "GET", "/_cognate/v1/inbox", header{"Sec-Fetch-Site": "cross-site"}, false},
		{"other site with header", "GET", "/_cognate/v1/inbox", header{"Sec-Fetch-Site": "cross-site", "X-Cognate-Control": "1"}, false},
		{"other port of localhost", "GET", "/_cognate/v1/inbox", header{"Sec-Fetch-Site": "same-site", "X-Cognate-Control": "1"}, false},
		{"foreign origin", "GET", "/_cognate/v1/inbox", header{"Origin": "https://evil.example", "X-Cognate-Control": "1"}, false},
		{"foreign origin deletes", "DELETE", "/_cognate/v1/inbox", header{"Origin": "https://evil.example", "X-Cognate-Control": "1"}, false},
		{"other port deletes", "DELETE", "/_cognate/v1/inbox", header{"Origin": "http://localhost:3000", "X-Cognate-Control": "1"}, false},
		{"null origin", "DELETE", "/_cognate/v1/inbox", header{"Origin": "null", "X-Cognate-Control": "1"}, false},
		{"preflight", "OPTIONS", "/_cognate/v1/inbox", header{"Origin": "https://evil.example", "Access-Control-Request-Headers": "x-cognate-control"}, false},

		{"page by address bar", "GET", "/_cognate/inbox", header{"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, true},
		{"page by a link elsewhere", "GET", "/_cognate/inbox", header{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, true},
		{"page in a foreign frame", "GET", "/_cognate/inbox", header{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, false},
		{"page by a foreign script", "GET", "/_cognate/inbox", header{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "empty"}, false},
		{"page by a foreign fetch with CORS", "GET", "/_cognate/inbox", header{"Origin": "https://evil.example"}, false},
		{"clear by our form", "POST", "/_cognate/inbox/clear", header{"Sec-Fetch-Site": "same-origin", "Origin": ours}, true},
		{"clear by a foreign form", "POST", "/_cognate/inbox/clear", header{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Origin": "https://evil.example"}, false},
		{"clear by a foreign form, origin only", "POST", "/_cognate/inbox/clear", header{"Origin": "https://evil.example"}, false},
		{"clear with no origin at all", "POST", "/_cognate/inbox/clear", nil, false},
	} {
		_, mux := mounted()
		response, body := call(t, mux, c.method, c.target, c.header)
		if allowed := response.StatusCode < 400; allowed != c.allowed {
			t.Errorf("%s: %s %s", c.name, response.Status, body)
		}
		for name := range response.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s: answer grants %s", c.name, name)
			}
		}
	}
}

var payloads = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `javascript:alert(1)`, `</title><script>alert(1)</script>`,
	`</pre><svg onload=alert(1)>`, `{{.}}`, `<iframe srcdoc="<script>alert(1)</script>">`, "\u2028<b>", `&lt;script&gt;`,
}

// Whatever stands in a message, the pages hold no markup of it.
func TestS140MessagesAreEscapedOnPages(t *testing.T) {
	t.Parallel()
	// Tags and handlers that our templates never write.
	markup := regexp.MustCompile(`(?i)<script|<img|<svg|srcdoc="|<[a-z](?:[^>"]|"[^"]*")*\son[a-z]+=|href="javascript:`)
	for _, payload := range payloads {
		inbox, mux := mounted()
		put(t, inbox, messages.Message{
			PoolID: payload, ClientID: payload, Sub: payload, Username: payload, Purpose: messages.Purpose(payload), Destination: payload,
			From: payload, ReplyTo: payload, Subject: payload, Code: payload, Link: payload, Body: payload,
		})
		put(t, inbox, messages.Message{Medium: "SMS", SenderID: payload, Body: payload, Code: payload})
		for _, target := range []string{"/_cognate/inbox", "/_cognate/inbox/1", "/_cognate/inbox/2", "/_cognate/inbox?user=" + strings.NewReplacer(" ", "%20", "<", "%3C", ">", "%3E", `"`, "%22", "&", "%26", ";", "%3B", "\u2028", "%E2%80%A8").Replace(payload)} {
			response, body := call(t, mux, "GET", target, nil)
			if response.StatusCode != http.StatusOK {
				t.Fatalf("%s: %s", target, response.Status)
			}
			if found := markup.FindString(body); found != "" {
				t.Errorf("%s with %s: page contains %q", target, payload, found)
			}
		}
	}
}

func TestS140PolicyAllowsNoScript(t *testing.T) {
	t.Parallel()
	inbox, mux := mounted()
	put(t, inbox, messages.Message{Destination: "ana@example.com", Body: "<script>alert(1)</script>"})
	for target, want := range map[string][]string{
		"/_cognate/inbox":            {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"},
		"/_cognate/inbox/1":          {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"},
		"/_cognate/inbox/9":          {"default-src 'none'"},
		"/_cognate/inbox/1/html":     {"sandbox ", "default-src 'none'"},
		"/_cognate/inbox/1/source":   {"sandbox ", "default-src 'none'"},
		"/_cognate/v1/inbox/1/html":  {"sandbox ", "default-src 'none'"},
		"/_cognate/v1/inbox/1/raw":   {"sandbox ", "default-src 'none'"},
		"/_cognate/assets/inbox.css": nil,
		"/_cognate/v1/inbox":         nil,
	} {
		response, _ := call(t, mux, "GET", target, nil)
		policy := response.Header.Get("Content-Security-Policy")
		for _, part := range want {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: policy %q lacks %s", target, policy, part)
			}
		}
		if strings.Contains(policy, "script") || strings.Contains(policy, "allow-same-origin") {
			t.Errorf("%s: policy %q", target, policy)
		}
		if response.Header.Get("X-Content-Type-Options") != "nosniff" || response.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", target, response.Header)
		}
	}
}

// The templates themselves hold nothing that the policy would have to stop.
func TestS140TemplatesHaveNoInlineCode(t *testing.T) {
	t.Parallel()
	inline := regexp.MustCompile(`(?i)<script|<style|\sstyle=|\son[a-z]+=`)
	files, err := assets.ReadDir("assets")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		content, err := assets.ReadFile("assets/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if found := inline.Find(content); found != nil && strings.HasSuffix(f.Name(), ".html") {
			t.Errorf("%s contains %s", f.Name(), found)
		}
	}
}
