package domainhost

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// newRouter is a router of an installation at public with three domains.
func newRouter(t *testing.T, public string) *Router {
	t.Helper()
	u, err := url.Parse(public)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{
		"shop": store.DomainPrefix, "store": store.DomainPrefix, "login.example.org": store.DomainCustom,
		"shop2": store.DomainPrefix,
	}
	return &Router{
		Addresses: Addresses{Public: u, Suffix: "auth.example.com"},
		Find: func(_ context.Context, name string) (*directory.Domain, error) {
			kind, ok := kinds[name]
			switch {
			case name == "broken":
				return nil, errors.New("no database")
			case !ok:
				return nil, api.ResourceNotFoundException("Domain %s does not exist.", name)
			}
			return &directory.Domain{Domain: store.Domain{Name: name, Kind: kind}}, nil
		},
		Origin:   func(r *http.Request) (string, bool) { return r.Host, r.TLS != nil },
		Reserved: func(host string) bool { return host == "id.example.com" || strings.HasSuffix(host, "auth.example.com") },
		Known:    func(host string) bool { return host == "id.example.com" || host == "127.0.0.1" },
		Log:      slog.New(slog.DiscardHandler),
	}
}

// ask gives what a request ends at: the base of the domain and the path there,
// the installation and the path, or the status.
func ask(rt *Router, host, path string, change ...func(*http.Request)) string {
	show := func(w http.ResponseWriter, r *http.Request) {
		name := "installation"
		if site := From(r.Context()); site != nil {
			name = fmt.Sprintf("%s %s %q secure=%v", site.Domain.Name, site.Base, site.Path, site.Secure)
		}
		fmt.Fprintf(w, "%s: %s", name, r.URL.RequestURI())
	}
	r := httptest.NewRequest(http.MethodGet, "http://placeholder/", nil)
	r.Host = host
	r.URL = &url.URL{}
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(path, "?")
	if unescaped, err := url.PathUnescape(r.URL.Path); err == nil && unescaped != r.URL.Path {
		r.URL.Path, r.URL.RawPath = unescaped, r.URL.Path
	}
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	domain := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if From(r.Context()) == nil {
			panic("a domain's handler without a site")
		}
		show(w, r)
	})
	rt.Wrap(domain, http.HandlerFunc(show)).ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		return http.StatusText(w.Code)
	}
	return w.Body.String()
}

func overTLS(r *http.Request) { r.TLS = &tls.ConnectionState{} }

func TestARequestIsForTheDomainOfItsHost(t *testing.T) {
	t.Parallel()
	rt := newRouter(t, "https://id.example.com")
	for _, c := range []struct{ host, path, want string }{
		{"shop.auth.example.com", "/login?a=b", `shop https://shop.auth.example.com "" secure=true: /login?a=b`},
		{"SHOP.auth.EXAMPLE.com:443", "/", `shop https://shop.auth.example.com "" secure=true: /`},
		{"shop.auth.example.com.", "/a%2Fb", `shop https://shop.auth.example.com "" secure=true: /a%2Fb`},
		{"login.example.org", "/oauth2/token", `login.example.org https://login.example.org "" secure=true: /oauth2/token`},
		{"LOGIN.example.org:8443", "/logout", `login.example.org https://login.example.org "" secure=true: /logout`},
		{"id.example.com", "/health/live", "installation: /health/live"},
		{"id.example.com:99", "/_domains", "installation: /_domains"},
		{"127.0.0.1:7665", "/", "installation: /"},
		// By path.
		{"id.example.com", "/_domains/shop/login?a=b", `shop https://id.example.com/_domains/shop "/_domains/shop" secure=true: /login?a=b`},
		{"id.example.com", "/_domains/shop", `shop https://id.example.com/_domains/shop "/_domains/shop" secure=true: /`},
		{"127.0.0.1", "/_domains/store/a%2Fb", `store https://id.example.com/_domains/store "/_domains/store" secure=true: /a%2Fb`},
		// A domain's own paths may look like the fallback's.
		{"shop.auth.example.com", "/_domains/store/login", `shop https://shop.auth.example.com "" secure=true: /_domains/store/login`},
	} {
		if got := ask(rt, c.host, c.path); got != c.want {
			t.Errorf("%s%s:\n got %s\nwant %s", c.host, c.path, got, c.want)
		}
	}
}

func TestS022HostsThatNobodyHasFindNothing(t *testing.T) {
	t.Parallel()
	rt := newRouter(t, "https://id.example.com")
	for _, host := range []string{
		"none.auth.example.com", "a.shop.auth.example.com", ".auth.example.com", "auth.example.com", "evil.example", "shop.auth.example.com.evil.example",
		"shop", "store", "shop.example.com", "login.example.org.auth.example.com", "evil.example:443", "192.0.2.1", "[::1]", "", "id.example.com@evil.example",
		"shop.auth.example.com@evil.example", "shop.auth.example.com:80:80", "evil.example#.auth.example.com", "login.example.org\x00",
	} {
		for _, path := range []string{"/login", "/_domains/shop/login"} {
			if got := ask(rt, host, path); got != "Not Found" {
				t.Errorf("%q%s: %s", host, path, got)
			}
		}
	}
	for _, path := range []string{
		"/_domains/none/login", "/_domains/", "/_domains//login", "/_domains/login.example.org/login", "/_domains/Shop/login",
		"/_domains/shop/../store/login", "/_domains/shop//login", "/_domains/shop/./login", "/_domains/shop/%2e%2e/login", "/_domains/shop%2f..%2flogin",
		"/_domains/sh%6fp/login", "/_domains/shop/..", "/_domains/shop//",
	} {
		if got := ask(rt, "id.example.com", path); got != "Not Found" {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// Whatever a request says, the address of a domain is made of the settings and
// the domain's own name.
func TestS022AddressesComeFromTheSettings(t *testing.T) {
	t.Parallel()
	poisoned := func(r *http.Request) {
		r.Header.Set("X-Forwarded-Host", "evil.example")
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("X-Forwarded-Port", "666")
		r.Header.Set("Forwarded", "host=evil.example;proto=https")
		r.URL.Host = "evil.example"
	}
	for _, c := range []struct {
		public string
		tls    bool
		base   [3]string // by prefix, custom domain, path
	}{
		{"https://id.example.com", false, [3]string{"https://shop.auth.example.com", "https://login.example.org", "https://id.example.com/_domains/shop"}},
		{"https://id.example.com:8443", true, [3]string{"https://shop.auth.example.com:8443", "https://login.example.org:8443", "https://id.example.com:8443/_domains/shop"}},
		{"http://id.example.com:7665", false, [3]string{"http://shop.auth.example.com:7665", "http://login.example.org:7665", "http://id.example.com:7665/_domains/shop"}},
		{"http://id.example.com:7665", true, [3]string{"https://shop.auth.example.com:7665", "https://login.example.org:7665", "https://id.example.com:7665/_domains/shop"}},
		{"https://id.example.com/sub", false, [3]string{"https://shop.auth.example.com", "https://login.example.org", "https://id.example.com/sub/_domains/shop"}},
	} {
		rt := newRouter(t, c.public)
		for i, from := range []struct{ host, path string }{
			{"shop.auth.example.com:1234", "/login"}, {"login.example.org:1234", "/login"}, {"id.example.com:1234", "/_domains/shop/login"},
		} {
			got := ask(rt, from.host, from.path, poisoned, func(r *http.Request) {
				if c.tls {
					overTLS(r)
				}
			})
			_, got, _ = strings.Cut(got, " ")
			if base, _, _ := strings.Cut(got, " "); base != c.base[i] {
				t.Errorf("%s, TLS %v, %s: %s, want %s", c.public, c.tls, from.host, base, c.base[i])
			}
			if secure := strings.Contains(got, "secure=true"); secure != strings.HasPrefix(c.base[i], "https:") {
				t.Errorf("%s, TLS %v, %s: secure is %v", c.public, c.tls, from.host, secure)
			}
		}
	}
}

func TestS149SitesShareNoCookies(t *testing.T) {
	t.Parallel()
	rt := newRouter(t, "https://id.example.com")
	// Where a host-only cookie of a site goes: its host, and its path or what is
	// below it (RFC 6265 §5.1.4).
	sites := []struct{ host, path string }{
		{"shop.auth.example.com", ""},
		{"store.auth.example.com", ""},
		{"login.example.org", ""},
		{"id.example.com", "/_domains/shop"},
		{"id.example.com", "/_domains/shop2"},
	}
	for _, from := range sites {
		var set *Site
		rt.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { set = From(r.Context()) }), http.NotFoundHandler()).
			ServeHTTP(httptest.NewRecorder(), requestFor(from.host, from.path+"/login"))
		if set == nil || set.Path != from.path {
			t.Fatalf("%s%s: site %+v", from.host, from.path, set)
		}
		for _, to := range append(sites, struct{ host, path string }{"id.example.com", "/"}, struct{ host, path string }{"id.example.com", "/_cognate/inbox"}) {
			sent := from.host == to.host && (set.Path == to.path || strings.HasPrefix(to.path, set.Path+"/"))
			if same := from == to; sent != same {
				t.Errorf("a cookie of %s%s reaches %s%s: %v", from.host, from.path, to.host, to.path, sent)
			}
		}
	}
}

func requestFor(host, path string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = host
	return r
}

func TestAFailedLookUpIsNoAnswer(t *testing.T) {
	t.Parallel()
	rt := newRouter(t, "https://id.example.com")
	for _, c := range []struct{ host, path string }{{"broken.auth.example.com", "/"}, {"id.example.com", "/_domains/broken/"}} {
		if got := ask(rt, c.host, c.path); got != "Internal Server Error" {
			t.Errorf("%s%s: %s", c.host, c.path, got)
		}
	}
}

// Whatever host and path are, a site has one of the addresses that the settings
// allow, and its handlers see a path that leads nowhere else.
func FuzzRoute(f *testing.F) {
	for _, seed := range []struct{ host, path string }{
		{"shop.auth.example.com", "/login"},
		{"login.example.org:443", "/a%2Fb"},
		{"id.example.com", "/_domains/shop/%2e%2e/x"},
		{"[::1]:1", "/_domains/store"},
		{"id.example.com.", "/_domains//"},
		{"shop.auth.example.com:80:80", "/.."},
	} {
		f.Add(seed.host, seed.path)
	}
	f.Fuzz(func(t *testing.T, host, path string) {
		rt := newRouter(t, "https://id.example.com")
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		u, err := url.ParseRequestURI("/" + path)
		if err != nil {
			t.Skip()
		}
		r.Host, r.URL = host, u
		target, err := rt.route(r, HostName(host), false)
		if err != nil || target.site == nil {
			return
		}
		switch target.site.Base {
		case "https://shop.auth.example.com", "https://store.auth.example.com", "https://shop2.auth.example.com", "https://login.example.org",
			"https://id.example.com/_domains/shop", "https://id.example.com/_domains/store", "https://id.example.com/_domains/shop2":
		default:
			t.Errorf("%q %q: base %q", host, path, target.site.Base)
		}
		if p := target.url.Path; !strings.HasPrefix(p, "/") || strings.Contains(p, "//") || strings.Contains(p+"/", "/../") || strings.Contains(p+"/", "/./") {
			t.Errorf("%q %q: path %q", host, path, p)
		}
	})
}
