package gateway_test

import (
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"cognate/internal/gateway/auth"
	"cognate/internal/server"
)

// Traefik and Envoy have no package that a test could install. What is here does
// what their documentation says that they do. See traefikProgram for the other way.

var identityHeaders = []string{auth.AccessTokenHeader, auth.IdentityHeader, auth.DataHeader}

// traefik asks as the middleware ForwardAuth does with the settings of
// docs/gateway.md: address, authResponseHeaders, authResponseHeadersRegex and
// addAuthCookiesToResponse. Every header of the browser goes to the gateway; those
// that were named are taken off the request and copied from an answer of 2xx, any
// other answer is the browser's.
func traefik(t *testing.T, w *stand, gateway string) string {
	return inFront(t, w, func(r *http.Request) (*http.Request, error) {
		ask, err := http.NewRequestWithContext(r.Context(), http.MethodGet, "http://"+gateway+"/forward-auth", nil)
		if err != nil {
			return nil, err
		}
		ask.Header = r.Header.Clone()
		for _, name := range []string{"Connection", "Keep-Alive", "Te", "Trailers", "Transfer-Encoding", "Upgrade"} {
			ask.Header.Del(name)
		}
		client, _, err := net.SplitHostPort(r.RemoteAddr)
		ask.Header.Set("X-Forwarded-For", client) // trustForwardHeader is false
		ask.Header.Set("X-Forwarded-Method", r.Method)
		ask.Header.Set("X-Forwarded-Proto", "https")
		ask.Header.Set("X-Forwarded-Host", r.Host)
		ask.Header.Set("X-Forwarded-Uri", r.URL.RequestURI())
		return ask, err
	}, func(w http.ResponseWriter, r *http.Request, said *http.Response) {
		for name := range r.Header { // authResponseHeadersRegex
			if traefikRemoves.MatchString(name) {
				delete(r.Header, name)
			}
		}
		for _, name := range identityHeaders {
			if values := said.Header[name]; len(values) > 0 {
				r.Header[name] = values
			}
		}
		w.Header()["Set-Cookie"] = said.Header["Set-Cookie"]
	})
}

var traefikRemoves = regexp.MustCompile(`(?i)^x[^a-z0-9]amzn[^a-z0-9]oidc[^a-z0-9]`)

// envoy asks as the filter ext_authz with an HTTP service does with the settings of
// docs/gateway.md: path_prefix, allowed_headers (cookie, x-forwarded-for),
// allowed_upstream_headers and allowed_client_headers_on_success. Method, path and
// host are the browser's; the body is left out.
func envoy(t *testing.T, w *stand, gateway string) string {
	return inFront(t, w, func(r *http.Request) (*http.Request, error) {
		ask, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+gateway+"/forward-auth/envoy"+r.URL.RequestURI(), nil)
		if err != nil {
			return nil, err
		}
		ask.Host = r.Host
		client, _, err := net.SplitHostPort(r.RemoteAddr)
		ask.Header.Set("X-Forwarded-For", client)
		if r.Header["Cookie"] != nil {
			ask.Header["Cookie"] = r.Header["Cookie"]
		}
		return ask, err
	}, func(w http.ResponseWriter, r *http.Request, said *http.Response) {
		for _, name := range identityHeaders {
			if values := said.Header[name]; len(values) > 0 {
				r.Header[name] = values
			}
		}
		for remove := range strings.SplitSeq(said.Header.Get("X-Envoy-Auth-Headers-To-Remove"), ",") {
			for name := range r.Header {
				if strings.EqualFold(name, remove) {
					delete(r.Header, name)
				}
			}
		}
		w.Header()["Set-Cookie"] = said.Header["Set-Cookie"]
	})
}

// inFront is a proxy of the application that sends a question about each request
// and does what the answer says.
func inFront(t *testing.T, w *stand, question func(*http.Request) (*http.Request, error), passes func(http.ResponseWriter, *http.Request, *http.Response)) string {
	t.Helper()
	app, err := url.Parse(w.app.URL)
	wantOK(t, err)
	forward := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(app)
		p.Out.Host = p.In.Host
	}}
	proxy := httptest.NewUnstartedServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		ask, err := question(r)
		if err != nil {
			t.Error(err)
			return
		}
		said, err := http.DefaultTransport.RoundTrip(ask)
		if err != nil {
			t.Error(err)
			return
		}
		defer said.Body.Close()
		if said.StatusCode/100 == 2 {
			passes(out, r, said)
			forward.ServeHTTP(out, r)
			return
		}
		maps.Copy(out.Header(), said.Header)
		out.WriteHeader(said.StatusCode)
		_, _ = io.Copy(out, said.Body)
	}))
	var trusted server.Config
	w.s.Trusted(&trusted)
	proxy.TLS = tlsConfig(nil)
	proxy.TLS.GetCertificate = trusted.Authority.GetCertificate
	proxy.StartTLS()
	proxy.TLS.Certificates = nil
	t.Cleanup(proxy.Close)
	return proxy.Listener.Addr().String()
}
