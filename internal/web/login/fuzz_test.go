package login

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzForm reads bodies of forms: what is taken is text, each field once, and no
// parameter of the authorize request.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{
		"", "_csrf=a&username=ana&password=b", "username=a&username=b", "a=%00", "a=%zz", "a=%ff", "client_id=x", "a;b=c", strings.Repeat("a=1&", 100), "=", "&&", "requiredAttributes[email]=a%0d%0ab",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		form, err := parseForm(body)
		if err != nil {
			return
		}
		if len(form) > maxFields {
			t.Errorf("%d fields", len(form))
		}
		for name, values := range form {
			if len(values) != 1 || !utf8.ValidString(values[0]) || strings.Contains(values[0], "\x00") {
				t.Errorf("%q: %q", name, values)
			}
		}
		for _, name := range requestParameters {
			if form.Has(name) {
				t.Errorf("the form has %s", name)
			}
		}
		v := &visit{form: form}
		for name := range form {
			if text := v.field(name, maxName); len(text) > maxName || strings.ContainsAny(text, "\r\n") {
				t.Errorf("field %q: %q", name, text)
			}
		}
	})
}

// FuzzCookies reads Cookie headers: nothing that was not sealed here for the same
// place is taken for it, and XSRF-TOKEN is a UUID in its usual form or nothing.
func FuzzCookies(f *testing.F) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // seeds of another process are of another key
	s, err := newSealer(key)
	if err != nil {
		f.Fatal(err)
	}
	good := s.seal("cognito-device pool shop", "secret")
	for _, seed := range []string{
		"", "XSRF-TOKEN=x", "XSRF-TOKEN=11111111-2222-4333-8444-555555555555", "cognito-device=" + good, "cognito-device=" + good[1:],
		"XSRF-TOKEN={11111111-2222-4333-8444-555555555555}", "a=b; XSRF-TOKEN=urn:uuid:11111111-2222-4333-8444-555555555555", "cognito-device=" + good + "=",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest(http.MethodGet, "/login", nil)
		r.Header["Cookie"] = []string{header}
		if token, ok := tokenOf(r); ok && (len(token) != 36 || strings.ToLower(token) != token) {
			t.Errorf("token %q", token)
		}
		c, err := r.Cookie(cookieDevice)
		if err != nil {
			return
		}
		if got := s.open("cognito-device pool shop", c.Value); got != "" && c.Value != good {
			t.Errorf("%q opens as %q", c.Value, got)
		}
		if got := s.open("cognito-device pool other", c.Value); got != "" {
			t.Errorf("%q opens at another domain", c.Value)
		}
	})
}

// FuzzErrorCode shows on /error nothing that somebody could write a message with.
func FuzzErrorCode(f *testing.F) {
	for _, seed := range []string{"redirect_mismatch", "Call +1 555 0100", "<b>", "a\nb", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, code string) {
		if errorCode.MatchString(code) && (len(code) > 40 || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz_") != "" || url.QueryEscape(code) != code) {
			t.Errorf("%q is a code", code)
		}
	})
}
