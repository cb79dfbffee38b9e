package forwardauth_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"cognate/internal/gateway/forwardauth"
)

func question(path string, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "http://gateway.internal"+path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func TestReadRequestsThatAreMeant(t *testing.T) {
	t.Parallel()
	said := []string{"X-Forwarded-Method", "PUT", "X-Forwarded-Host", "shop.example.com:8443", "X-Forwarded-Uri", "//a/%2F?b=c&b"}
	envoy := question(forwardauth.EnvoyPath+"//a/%2F?b=c&b", "X-Forwarded-For", "192.0.2.1")
	envoy.Method, envoy.Host = http.MethodPut, "shop.example.com:8443"
	for name, tc := range map[string]struct {
		r      *http.Request
		kind   forwardauth.Kind
		client string
	}{
		"relayed":            {question("/forward-auth", said...), forwardauth.Relayed, "invalid IP"},
		"checked":            {question("/forward-auth/check", append(said, "X-Forwarded-For", "10.0.0.1, 192.0.2.1")...), forwardauth.Checked, "192.0.2.1"},
		"answers":            {question("/forward-auth/answer", append(said, "X-Forwarded-For", "10.0.0.1", "X-Forwarded-For", "[2001:db8::1]:443")...), forwardauth.Answers, "2001:db8::1"},
		"Envoy":              {envoy, forwardauth.Envoy, "192.0.2.1"},
		"nobody's address":   {question("/forward-auth", append(said, "X-Forwarded-For", "192.0.2.1, unknown")...), forwardauth.Relayed, "invalid IP"},
		"headers of the hop": {question("/forward-auth", append(said, "Upgrade", "websocket", "Content-Length", "12")...), forwardauth.Relayed, "invalid IP"},
	} {
		q, err := forwardauth.Read(tc.r)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if q.Kind != tc.kind || q.Client.String() != tc.client {
			t.Errorf("%s: kind %d of %s, want %d of %s", name, q.Kind, q.Client, tc.kind, tc.client)
		}
		r := q.Request
		if r.Method != http.MethodPut || r.Host != "shop.example.com:8443" || r.URL.Path != "//a//" || r.URL.RequestURI() != "//a/%2F?b=c&b" || r.URL.Host != "" {
			t.Errorf("%s: %s %s at %s", name, r.Method, r.URL.RequestURI(), r.Host)
		}
		if r.Header.Get("Upgrade") != "" || r.Header.Get("Content-Length") != "" {
			t.Errorf("%s: headers of the connection stayed: %v", name, r.Header)
		}
	}
}

// Where a header could mean two things, the question is not answered.
func TestQuestionsThatAreNone(t *testing.T) {
	t.Parallel()
	said := func(method, host, uri string) []string {
		return []string{"X-Forwarded-Method", method, "X-Forwarded-Host", host, "X-Forwarded-Uri", uri}
	}
	good := said("GET", "shop.example.com", "/a")
	for what, r := range map[string]*http.Request{
		"no headers":       question("/forward-auth"),
		"an empty host":    question("/forward-auth", said("GET", "", "/a")...),
		"two hosts":        question("/forward-auth", append(good, "X-Forwarded-Host", "b.example.com")...),
		"two methods":      question("/forward-auth/check", append(good, "X-Forwarded-Method", "PUT")...),
		"two addresses":    question("/forward-auth/answer", append(good, "X-Forwarded-Uri", "/b")...),
		"a list of hosts":  question("/forward-auth", said("GET", "a.example.com, b.example.com", "/a")...),
		"a host with path": question("/forward-auth", said("GET", "a.example.com/b", "/a")...),
		"a user at a host": question("/forward-auth", said("GET", "a@b.example.com", "/a")...),
		"a whole address":  question("/forward-auth", said("GET", "a.example.com", "https://b.example.com/a")...),
		"no address":       question("/forward-auth", said("GET", "a.example.com", "a")...),
		"a strange method": question("/forward-auth", said("G ET", "a.example.com", "/a")...),
		"another place":    question("/forward-auth/other", good...),
		"Envoy's root":     question(strings.TrimSuffix(forwardauth.EnvoyPath, "/"), good...),
	} {
		if q, err := forwardauth.Read(r); !errors.Is(err, forwardauth.ErrQuestion) {
			t.Errorf("%s: %+v, %v", what, q, err)
		}
	}
}

// Each kind of proxy gets cookies in the form that it can pass on.
func TestPass(t *testing.T) {
	t.Parallel()
	said := []string{"X-Forwarded-Method", "GET", "X-Forwarded-Host", "shop.example.com", "X-Forwarded-Uri", "/a?b"}
	for _, tc := range []struct {
		path             string
		status, cookies  int
		numbered, envoys bool
	}{
		{forwardauth.Path, 200, 2, true, false},
		{forwardauth.CheckPath, 200, 0, true, false},
		{forwardauth.AnswerPath, 302, 2, false, false},
		{forwardauth.EnvoyPath + "/a?b", 200, 2, false, true},
	} {
		q, err := forwardauth.Read(question(tc.path, said...))
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		w.Header()["Set-Cookie"] = []string{"a=1", "b=2"}
		w.Header().Set("X-Amzn-Oidc-Data", "x")
		q.Pass(q.Writer(w))
		h := w.Header()
		if w.Code != tc.status || len(h["Set-Cookie"]) != tc.cookies || (h.Get("X-Gateway-Set-Cookie-1") == "b=2") != tc.numbered {
			t.Errorf("%s: %d %v", tc.path, w.Code, h)
		}
		if removes := h.Get("X-Envoy-Auth-Headers-To-Remove"); (removes != "") != tc.envoys ||
			tc.envoys && (strings.Contains(removes, "x-amzn-oidc-data") || !strings.Contains(removes, "x-amzn-oidc-identity") || !strings.Contains(removes, "x_amzn_oidc_data")) {
			t.Errorf("%s: Envoy removes %q", tc.path, removes)
		}
		if tc.status == 302 && h.Get("Location") != "https://shop.example.com/a?b" {
			t.Errorf("%s: to %q", tc.path, h.Get("Location"))
		}
	}
}

// A check says nothing but 401 of what is not success.
func TestChecksAreRefusedWithoutDetails(t *testing.T) {
	t.Parallel()
	q, err := forwardauth.Read(question(forwardauth.CheckPath, "X-Forwarded-Method", "GET", "X-Forwarded-Host", "a.example", "X-Forwarded-Uri", "/"))
	if err != nil {
		t.Fatal(err)
	}
	recorder := httptest.NewRecorder()
	w := q.Writer(recorder)
	w.Header().Set("Location", "https://id.example")
	w.Header().Set("Set-Cookie", "a=1")
	w.Header().Set("Content-Length", "4")
	w.WriteHeader(http.StatusFound)
	if _, err := w.Write([]byte("page")); err != nil {
		t.Fatal(err)
	}
	if h := recorder.Header(); recorder.Code != http.StatusUnauthorized || recorder.Body.Len() != 0 || len(h) != 1 {
		t.Errorf("%d %v %s", recorder.Code, h, recorder.Body)
	}
}

// token is what a method is made of: RFC 9110, section 5.6.2.
var token = regexp.MustCompile(`^[!#$%&'*+.^_\x60|~0-9A-Za-z-]+$`)

// Whatever is asked, what comes out is one request for a path, or an error.
func FuzzRead(f *testing.F) {
	f.Add("/forward-auth", "GET", "shop.example.com", "/a?b=c", "192.0.2.1")
	f.Add("/forward-auth/check", "POST", "[::1]:443", "//evil.example/", "a, [::1%eth0]:1")
	f.Add("/forward-auth/envoy/a", "GET", "x", "/%zz", "")
	f.Add("/forward-auth", "#", "0", "/", "") // a method may be any token
	f.Fuzz(func(t *testing.T, path, method, host, uri, from string) {
		r := &http.Request{Method: http.MethodGet, Host: host, Header: http.Header{
			"X-Forwarded-Method": {method}, "X-Forwarded-Host": {host}, "X-Forwarded-Uri": {uri}, "X-Forwarded-For": {from},
		}}
		var err error
		if r.URL, err = r.URL.Parse("http://gateway.internal"); err != nil {
			t.Fatal(err)
		}
		r.URL.Path = path
		q, err := forwardauth.Read(r)
		if err != nil {
			if !errors.Is(err, forwardauth.ErrQuestion) {
				t.Errorf("%v is not ErrQuestion", err)
			}
			return
		}
		if q.Request.URL.Host != "" || q.Request.URL.Scheme != "" || strings.ContainsAny(q.Request.Host, "/?# \r\n") || !token.MatchString(q.Request.Method) {
			t.Errorf("%+v at %q by %q", q.Request.URL, q.Request.Host, q.Request.Method)
		}
		if from == "" && q.Client != (netip.Addr{}) {
			t.Errorf("a client from nowhere: %s", q.Client)
		}
	})
}
