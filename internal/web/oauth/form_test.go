package oauth

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzForm reads bodies and queries of the token endpoint: what is taken has each
// parameter once, as text, and none in the query.
func FuzzForm(f *testing.F) {
	f.Add("grant_type=authorization_code&code=x&redirect_uri=https%3A%2F%2Fapp.example.com", "")
	f.Add("grant_type=a&grant_type=b", "client_secret=x")
	f.Add(`{"grant_type":"client_credentials"}`, "a=b")
	f.Add("code=%00&scope=%ff", "%zz")
	f.Fuzz(func(t *testing.T, body, query string) {
		form, err := parseForm(body, query)
		if err != nil {
			return
		}
		given, err := url.ParseQuery(query)
		if err != nil {
			t.Fatalf("took the query %q", query)
		}
		for _, name := range formParameters {
			if len(form[name]) > 1 || given.Has(name) || !utf8.ValidString(form.Get(name)) || strings.ContainsRune(form.Get(name), 0) {
				t.Fatalf("took %q from %q and %q", form[name], body, query)
			}
		}
	})
}

// Ids and secrets are taken as they are: a plus sign is no space (endpoints.md
// §4.1).
func TestBasicCredentials(t *testing.T) {
	t.Parallel()
	for header, want := range map[string][2]string{
		"Basic YWJjOmQrZQ==": {"abc", "d+e"},
		"basic YWJjOmQ6ZQ==": {"abc", "d:e"},
		"Basic YWJj":         {"abc", ""},
		"Basic YWJjOg=":      {"", ""}, // not base64
		"Basic":              {"", ""},
	} {
		c := credentials(&http.Request{Header: http.Header{"Authorization": {header}}}, nil)
		if !c.Basic || c.BasicID != want[0] || c.BasicSecret != want[1] {
			t.Errorf("%q: %+v", header, c)
		}
	}
	if c := credentials(&http.Request{Header: http.Header{"Authorization": {"Bearer x"}}}, url.Values{"client_id": {"a"}}); c.Basic || c.ClientID != "a" {
		t.Errorf("%+v", c)
	}
}
