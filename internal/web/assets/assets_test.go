package assets

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func newMux() *http.ServeMux {
	mux := http.NewServeMux()
	images := &Images{
		Find: func(_ context.Context, poolID, hash string) ([]byte, string, error) {
			switch poolID + " " + hash {
			case "eu-west-1_Abc abc":
				return []byte("<svg/>"), "image/svg+xml", nil
			case "eu-west-1_Abc broken":
				return nil, "", errors.New("secret reason")
			}
			return nil, "", nil
		},
		Log: slog.New(slog.DiscardHandler),
	}
	images.Register(mux)
	return mux
}

func get(t *testing.T, method, target string, header map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	newMux().ServeHTTP(w, r)
	return w
}

func TestS142ImagesAreServedSoThatTheyCanDoNothing(t *testing.T) {
	t.Parallel()
	w := get(t, http.MethodGet, URL("https://id.example.com", "eu-west-1_Abc", "abc"), nil)
	want := http.Header{
		"Cache-Control":                {"public, max-age=31536000, immutable"},
		"Content-Length":               {"6"},
		"Content-Security-Policy":      {"default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"},
		"Content-Type":                 {"image/svg+xml"},
		"Cross-Origin-Resource-Policy": {"cross-origin"},
		"Etag":                         {`"abc"`},
		"X-Content-Type-Options":       {"nosniff"},
	}
	if diff := cmp.Diff(want, w.Header()); diff != "" || w.Code != http.StatusOK || w.Body.String() != "<svg/>" {
		t.Errorf("%d %q (-want +got):\n%s", w.Code, w.Body, diff)
	}
}

func TestAnswersWithoutAnImage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method, target string
		header         map[string]string
		status         int
		body           string
	}{
		{http.MethodHead, "/_cognate/assets/eu-west-1_Abc/abc", nil, 200, ""},
		{http.MethodGet, "/_cognate/assets/eu-west-1_Abc/abc", map[string]string{"If-None-Match": `"abc"`}, 304, ""},
		{http.MethodGet, "/_cognate/assets/eu-west-1_Abc/other", nil, 404, "404 page not found\n"},
		{http.MethodGet, "/_cognate/assets/eu-west-1_Other/abc", nil, 404, "404 page not found\n"},
		{http.MethodGet, "/_cognate/assets/eu-west-1_Abc/", nil, 404, "404 page not found\n"},
		{http.MethodPost, "/_cognate/assets/eu-west-1_Abc/abc", nil, 405, "Method Not Allowed\n"},
		{http.MethodGet, "/_cognate/assets/eu-west-1_Abc/broken", nil, 500, "Internal Server Error\n"},
	} {
		w := get(t, c.method, c.target, c.header)
		if w.Code != c.status || w.Body.String() != c.body {
			t.Errorf("%s %s: %d %q, want %d %q", c.method, c.target, w.Code, w.Body, c.status, c.body)
		}
	}
}
