package login

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of a form.
const (
	maxForm   = 64 << 10 // bytes; the answer of an authenticator is the longest field
	maxFields = 64
)

// requestParameters are those of an authorize request: they come in the query, and
// a form has none of them (security.md S021).
var requestParameters = []string{
	"response_type", "client_id", "redirect_uri", "state", "identity_provider", "idp_identifier", "scope",
	"code_challenge", "code_challenge_method", "nonce", "lang", "login_hint", "prompt", "acr_values", "max_age", "resource",
}

var errForm = errors.New("the form is not well formed")

// readForm reads the body of a POST as strictly as the pages write it: each field
// once, in UTF-8, without control characters that no field of theirs has.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, errForm
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if err != nil {
		return nil, errForm
	}
	return parseForm(string(body))
}

func parseForm(body string) (url.Values, error) {
	if strings.Count(body, "&") >= maxFields {
		return nil, errForm
	}
	form, err := url.ParseQuery(body)
	if err != nil {
		return nil, errForm
	}
	for name, values := range form {
		if len(values) != 1 || !clean(name) || !clean(values[0]) {
			return nil, errForm
		}
	}
	if slices.ContainsFunc(requestParameters, form.Has) {
		return nil, errForm
	}
	return form, nil
}

// clean reports whether a text is UTF-8 without NUL. Line ends are left to the
// fields: the credential of a passkey may be printed over several lines.
func clean(text string) bool { return utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 }

// Bounds of fields, in bytes: those of the API's shapes.
const (
	maxName      = 128 * utf8.UTFMax
	maxPassword  = 256 * utf8.UTFMax
	maxAttribute = 2048
	maxCode      = 64
)

// field gives a field of the form without what surrounds it: people paste spaces.
func (v *visit) field(name string, limit int) string {
	text := strings.TrimSpace(v.form.Get(name))
	if len(text) > limit || strings.ContainsAny(text, "\r\n") {
		return ""
	}
	return text
}

// secret gives a password as it was typed (security.md S063).
func (v *visit) secret(name string) string {
	text := v.form.Get(name)
	if len(text) > maxPassword {
		return ""
	}
	return text
}

// code gives a code, whose digits may be written in groups.
func (v *visit) code() string { return strings.ReplaceAll(v.field("code", maxCode), " ", "") }
