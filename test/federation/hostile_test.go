package federation_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/protocol/saml/samltest"
	"cognate/internal/server"
	"cognate/internal/servertest"
)

// hostile are answers that are none.
var hostile = map[string]http.HandlerFunc{
	"500": func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "out of <order>", http.StatusInternalServerError)
	},
	"not JSON": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<!doctype html>Welcome") },
	"empty":    func(http.ResponseWriter, *http.Request) {},
	"null":     func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "null") },
	"list":     func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "[1,2]") },
	"deep": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"a":`+strings.Repeat("[", 200_000)+strings.Repeat("]", 200_000)+"}")
	},
	"1 GB": func(w http.ResponseWriter, _ *http.Request) {
		block := []byte(`{"a":"` + strings.Repeat("x", 1<<16))
		for range 1 << 14 {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	},
	"bomb": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		block := []byte(strings.Repeat(" ", 1<<16))
		for range 1 << 10 {
			if _, err := packed.Write(block); err != nil {
				return
			}
		}
	},
	"cut off": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"a":`)
	},
	"closed": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	"loop":   func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) },
	"inward": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
	},
	"hang": func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then is the caller's going noticed
		<-r.Context().Done()
	},
	"drip": func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				_, _ = io.WriteString(w, " ")
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	},
}

// impatient waits for providers no longer than a busy machine takes.
func impatient(c *server.Config) { c.ProviderTime = 4 * time.Second }

// S161: whatever a provider answers, wherever it is asked, the app hears of it in
// bounded time, and nobody signs in.
func TestS161HostileAnswers(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, onThisMachine, impatient)
	for _, path := range []string{"/.well-known/openid-configuration", "/token", "/keys", "/me"} {
		for name, serve := range hostile {
			if name == "hang" && path != "/.well-known/openid-configuration" {
				continue // tested with their texts below
			}
			t.Run(strings.TrimPrefix(path, "/")+" "+name, func(t *testing.T) {
				t.Parallel()
				w, p := acme(t, s)
				left := w.browser(t).leave(t, "Acme")
				p.instead(path, serve)
				got := left.comeBack(t, p)
				at, query := got.location(t)
				if got.status != http.StatusFound || at != callback || query.Get("error") != "invalid_request" || query.Get("error_description") == "" ||
					query.Has("code") || query.Get("state") != "st" || len(query.Get("error_description")) > 600 {
					t.Errorf("%d %s", got.status, got.header.Get("Location"))
				}
				if strings.HasPrefix(path, "/.well") { // at the departure as well
					got := w.browser(t).authorize(t, "Acme")
					if at, query := got.location(t); at != callback || query.Get("error") != "invalid_request" {
						t.Errorf("departure: %d %s", got.status, got.header.Get("Location"))
					}
				}
				w.nobody(t)
			})
		}
	}
}

// The texts of endpoints.md §3.6.
func TestTextsAboutProvidersThatFail(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, onThisMachine, impatient)
	for _, c := range []struct{ path, answer, want string }{
		{"/token", "hang", "Timeout occurred in calling IdP token endpoint"},
		{"/keys", "hang", "error_description=Timeout in calling jwks uri"},
		{"/me", "hang", "Read timed out"},
		{"/token", "500", "Acme Error - 500 out of <order>"},
		{"/me", "500", "Acme Error - 500 out of <order>"},
		{"/me", "not JSON", "username attribute mapping required"},
	} {
		t.Run(c.path[1:]+" "+c.answer, func(t *testing.T) {
			t.Parallel()
			w, p := acme(t, s)
			p.instead(c.path, hostile[c.answer])
			w.browser(t).leave(t, "Acme").comeBack(t, p).wantError(t, c.answer, "invalid_request", c.want)
		})
	}
}

// inside are addresses that nobody outside this machine should have us call, in
// forms that programs understand.
var inside = []string{
	"127.0.0.1", "localhost", "shop.localhost", "[::1]", "0.0.0.0", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1",
	"[::ffff:127.0.0.1]", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "[fe80::1]", "[64:ff9b::7f00:1]", "2130706433", "0x7f000001", "0177.0.0.1", "127.1",
}

// S160: in serve, without permission, no address of ProviderDetails leads inward.
func TestS160ProvidersInside(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, func(c *server.Config) { c.AllowNetworks = nil })
	var called atomic.Int32
	site := s.ServeSite(t, "localhost", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called.Add(1) }))
	_, port, _ := strings.Cut(strings.TrimPrefix(site, "https://"), ":")
	w := newSite(t, s, nil)
	create := func(kind types.IdentityProviderTypeType, name string, details map[string]string) error {
		_, err := s.SDK.CreateIdentityProvider(t.Context(), &cip.CreateIdentityProviderInput{
			UserPoolId: &w.pool, ProviderName: &name, ProviderType: kind, ProviderDetails: details,
		})
		return err
	}
	oidc := func(more ...string) map[string]string {
		details := map[string]string{"client_id": "c1", "client_secret": "x", "authorize_scopes": "openid", "attributes_request_method": "GET"}
		for i := 0; i+1 < len(more); i += 2 {
			details[more[i]] = more[i+1]
		}
		return details
	}
	for _, host := range inside {
		for _, address := range []string{"https://" + host + ":" + port, "https://" + host, "http://" + host, "http://" + host + ":" + port} {
			wantException(t, "issuer "+address, create(types.IdentityProviderTypeTypeOidc, "Inside", oidc("oidc_issuer", address)), "InvalidParameterException")
			wantException(t, "metadata "+address, create(types.IdentityProviderTypeTypeSaml, "Inside", map[string]string{"MetadataURL": address + "/metadata"}), "InvalidParameterException")
		}
	}
	for _, address := range []string{"file:///etc/passwd", "gopher://127.0.0.1/x", "ftp://127.0.0.1/x", "https:///x", "https://user:pw@example.com/", "//example.com", "x", "https://example.com:22/x"} {
		wantException(t, "issuer "+address, create(types.IdentityProviderTypeTypeOidc, "Inside", oidc("oidc_issuer", address)), "InvalidParameterException")
		wantException(t, "metadata "+address, create(types.IdentityProviderTypeTypeSaml, "Inside", map[string]string{"MetadataURL": address}), "InvalidParameterException")
	}
	// Addresses that are given by hand are called when somebody signs in.
	for _, host := range inside {
		details := oidc("oidc_issuer", "https://provider.example")
		for _, key := range []string{"authorize_url", "token_url", "attributes_url", "jwks_uri"} {
			details[key] = "https://" + host + "/" + key
		}
		if err := create(types.IdentityProviderTypeTypeOidc, "Manual", details); err != nil {
			wantException(t, "manual "+host, err, "InvalidParameterException")
			continue
		}
		w.open(t, "Manual")
		left := w.browser(t).leave(t, "Manual")
		got := left.get(t, left.back+"?code=x&state="+left.state)
		if _, query := got.location(t); query.Get("error") != "invalid_request" || query.Get("error_description") != "The identity provider could not be reached" {
			t.Errorf("%s: %d %s", host, got.status, got.header.Get("Location"))
		}
		_, err := s.SDK.DeleteIdentityProvider(t.Context(), &cip.DeleteIdentityProviderInput{UserPoolId: &w.pool, ProviderName: new("Manual")})
		wantOK(t, err)
	}
	if n := called.Load(); n != 0 {
		t.Errorf("%d calls came inside", n)
	}
}

// S160, S103: a document of a provider outside cannot lead inward either, nor to
// plain http.
func TestS160DocumentsThatLeadInside(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w, p := newSite(t, s, nil), serveProvider(t, s)
	var called atomic.Int32
	inner := s.ServeSite(t, "localhost", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called.Add(1) }))
	for _, member := range []string{"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"} {
		for _, address := range []string{strings.Replace(inner, "https:", "http:", 1), "javascript:alert(1)", "file:///etc/passwd", "data:,x", "", "//localhost/x"} {
			p.instead("/.well-known/openid-configuration", func(rw http.ResponseWriter, _ *http.Request) {
				d := map[string]any{
					"issuer": p.url, "authorization_endpoint": p.url + "/auth", "token_endpoint": p.url + "/token", "userinfo_endpoint": p.url + "/me", "jwks_uri": p.url + "/keys",
				}
				d[member] = address
				write(rw, d)
			})
			_, err := s.SDK.CreateIdentityProvider(t.Context(), &cip.CreateIdentityProviderInput{
				UserPoolId: &w.pool, ProviderName: new("Acme"), ProviderType: types.IdentityProviderTypeTypeOidc, ProviderDetails: p.details(),
			})
			wantException(t, member+" "+address, err, "InvalidParameterException")
		}
	}
	idp, err := samltest.New(p.url, 2048, s.Now())
	wantOK(t, err)
	for _, address := range []string{strings.Replace(inner, "https:", "http:", 1), "javascript:alert(1)", "data:text/html,x", "//localhost/x"} {
		idp.SSO = address
		_, err := s.SDK.CreateIdentityProvider(t.Context(), &cip.CreateIdentityProviderInput{
			UserPoolId: &w.pool, ProviderName: new("Corp"), ProviderType: types.IdentityProviderTypeTypeSaml,
			ProviderDetails: map[string]string{"MetadataFile": string(idp.Metadata())},
		})
		wantException(t, "SingleSignOnService "+address, err, "InvalidParameterException")
	}
	for name, serve := range hostile {
		if name == "drip" || name == "hang" {
			continue // tested where it is asked during a sign-in
		}
		p.instead("/metadata", serve)
		_, err := s.SDK.CreateIdentityProvider(t.Context(), &cip.CreateIdentityProviderInput{
			UserPoolId: &w.pool, ProviderName: new("Corp"), ProviderType: types.IdentityProviderTypeTypeSaml,
			ProviderDetails: map[string]string{"MetadataURL": p.url + "/metadata"},
		})
		wantException(t, "metadata "+name, err, "InvalidParameterException")
	}
	if called.Load() != 0 {
		t.Error("called inside")
	}
}

// S160: plain http is never spoken in serve, not even to an allowed network.
func TestS160NoPlainHTTPInServe(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w := newSite(t, s, nil)
	for _, address := range []string{s.URL + "/" + w.pool, strings.Replace(s.URL, "127.0.0.1", "localhost", 1) + "/" + w.pool} {
		_, err := s.SDK.CreateIdentityProvider(t.Context(), &cip.CreateIdentityProviderInput{
			UserPoolId: &w.pool, ProviderName: new("Plain"), ProviderType: types.IdentityProviderTypeTypeOidc,
			ProviderDetails: map[string]string{"client_id": "c1", "client_secret": "x", "authorize_scopes": "openid", "attributes_request_method": "GET", "oidc_issuer": address},
		})
		wantException(t, address, err, "InvalidParameterException")
	}
}
