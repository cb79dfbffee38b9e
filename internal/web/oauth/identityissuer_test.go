package oauth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
)

func askIssuer(t *testing.T, fault error, path string) *http.Response {
	t.Helper()
	i := &IdentityIssuer{
		KeySet: func(context.Context) ([]byte, error) { return []byte(`{"keys":[]}`), fault },
		Issuer: "https://cognito-identity.amazonaws.com",
		Base:   "https://id.example.com/cognito-identity",
		Log:    slog.New(slog.DiscardHandler),
	}
	mux := http.NewServeMux()
	i.Register(mux, "/cognito-identity", "")
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
	return rec.Result()
}

// The key set is where the service has it, for as long (identity-pools.md §C1).
func TestDocumentsOfTheIdentityIssuer(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/cognito-identity", ""} {
		r := askIssuer(t, nil, path+"/.well-known/jwks_uri")
		if got := body(t, r); r.StatusCode != http.StatusOK || got != `{"keys":[]}` || r.Header.Get("Cache-Control") != "max-age=2592000" {
			t.Errorf("%d %s %v", r.StatusCode, got, r.Header)
		}
		r = askIssuer(t, nil, path+"/.well-known/openid-configuration")
		const want = `{"authorization_endpoint":"https://cognito-identity.amazonaws.com",` +
			`"id_token_signing_alg_values_supported":["RS512"],` +
			`"issuer":"https://cognito-identity.amazonaws.com",` +
			`"jwks_uri":"https://id.example.com/cognito-identity/.well-known/jwks_uri",` +
			`"response_types_supported":["id_token"],"subject_types_supported":["public"]}`
		if got := body(t, r); r.StatusCode != http.StatusOK || got != want {
			t.Errorf("%d %s", r.StatusCode, got)
		}
	}
}

func TestFaultsOfTheIdentityIssuerAreNotKept(t *testing.T) {
	t.Parallel()
	r := askIssuer(t, errors.New("the database is away"), "/cognito-identity/.well-known/jwks_uri")
	if got := body(t, r); r.StatusCode != http.StatusInternalServerError || got != `{"message":"Something went wrong"}` || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %s %v", r.StatusCode, got, r.Header)
	}
}
