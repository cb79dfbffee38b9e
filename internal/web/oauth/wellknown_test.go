package oauth

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"cognate/internal/api"
)

func serve(t *testing.T, method, path string) *http.Response {
	t.Helper()
	return serveAt(t, Domain{}, method, path)
}

func serveAt(t *testing.T, domain Domain, method, path string) *http.Response {
	t.Helper()
	w := &WellKnown{
		KeySet: func(_ context.Context, id string) ([]byte, error) {
			if id != "us-east-1_AbCdEf123" {
				return nil, api.ResourceNotFoundException("User pool %s does not exist.", id)
			}
			return []byte(`{"keys":[]}`), nil
		},
		Issuer:     func(id string) string { return "https://cognito-idp.us-east-1.amazonaws.com/" + id },
		PublicBase: func(id string) string { return "http://localhost:7665/" + id },
		Domain:     func(context.Context, string) (Domain, error) { return domain, nil },
		Log:        slog.New(slog.DiscardHandler),
	}
	mux := http.NewServeMux()
	w.Register(mux)
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, httptest.NewRequest(method, path, nil))
	return rec.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Without a domain the authorization endpoint is the issuer itself and no
// token endpoint is named (spec/endpoints.md §10).
func TestDiscoveryOfAPoolWithoutDomain(t *testing.T) {
	t.Parallel()
	got := serve(t, "GET", "/us-east-1_AbCdEf123/.well-known/openid-configuration")
	const want = `{"authorization_endpoint":"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEf123",` +
		`"id_token_signing_alg_values_supported":["RS256"],` +
		`"issuer":"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEf123",` +
		`"jwks_uri":"http://localhost:7665/us-east-1_AbCdEf123/.well-known/jwks.json",` +
		`"response_types_supported":["code","id_token","token id_token","none"],` +
		`"subject_types_supported":["public"]}`
	if b := body(t, got); b != want {
		t.Errorf("discovery document\n got %s\nwant %s", b, want)
	}
	if got.Header.Get("Cache-Control") != "public, max-age=300" || got.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("headers %v: want a cache time, and reading from any origin (S024)", got.Header)
	}
}

// With a domain, the members are those of spec/recorded.md §3.3.
func TestDiscoveryOfAPoolWithADomain(t *testing.T) {
	t.Parallel()
	const path = "/us-east-1_AbCdEf123/.well-known/openid-configuration"
	const start = `{"authorization_endpoint":"https://shop.auth.example.com/oauth2/authorize",` +
		`"end_session_endpoint":"https://shop.auth.example.com/logout",` +
		`"id_token_signing_alg_values_supported":["RS256"],` +
		`"issuer":"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEf123",` +
		`"jwks_uri":"http://localhost:7665/us-east-1_AbCdEf123/.well-known/jwks.json",`
	const end = `"response_types_supported":["code","token"],` +
		`"revocation_endpoint":"https://shop.auth.example.com/oauth2/revoke",` +
		`"scopes_supported":["openid","email","phone","profile"],` +
		`"subject_types_supported":["public"],` +
		`"token_endpoint":"https://shop.auth.example.com/oauth2/token",` +
		`"token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post"],` +
		`"userinfo_endpoint":"https://shop.auth.example.com/oauth2/userInfo"}`
	for registration, middle := range map[bool]string{
		false: ``,
		true:  `"registration_endpoint":"https://shop.auth.example.com/oauth2/register",`,
	} {
		got := body(t, serveAt(t, Domain{Base: "https://shop.auth.example.com", Registration: registration}, "GET", path))
		if want := start + middle + end; got != want {
			t.Errorf("discovery document\n got %s\nwant %s", got, want)
		}
	}
}

func TestKeySetOfAnUnknownPoolIsAJSONErrorObject(t *testing.T) {
	t.Parallel()
	for _, document := range []string{"jwks.json", "openid-configuration"} {
		got := serve(t, "GET", "/us-east-1_nothere/.well-known/"+document)
		if b := body(t, got); got.StatusCode != http.StatusNotFound || b != `{"message":"User pool us-east-1_nothere does not exist."}` {
			t.Errorf("%s of an unknown pool: %d %s", document, got.StatusCode, b)
		}
		if got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s of an unknown pool may be cached: %q", document, got.Header.Get("Cache-Control"))
		}
	}
}

func TestWellKnownDocumentsAreOnlyRead(t *testing.T) {
	t.Parallel()
	if got := serve(t, "POST", "/us-east-1_AbCdEf123/.well-known/jwks.json"); got.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST of a key set: %d, want 405", got.StatusCode)
	}
}
