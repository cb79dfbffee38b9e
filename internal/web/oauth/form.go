package oauth

import (
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"cognate/internal/cognito/authorization"
)

// largestForm bounds the body of a request, in bytes.
const largestForm = 128 << 10

// formParameters are those of the token and revocation endpoints. Each may come
// once, in the body (S009, S021).
var formParameters = []string{
	"grant_type", "client_id", "client_secret", "code", "redirect_uri", "code_verifier", "refresh_token", "scope",
	"aws_client_metadata", "token", "token_type_hint", "access_token", "client_assertion", "client_assertion_type",
}

// errNotAForm says that a body is of another type.
var errNotAForm = errors.New("oauth: not a form")

// readForm reads the parameters in the body of a request. It answers errNotAForm
// for another content type; other refusals are a *authorization.Refusal.
func readForm(x *exchange) (url.Values, error) {
	kind, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, errNotAForm
	}
	body, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, largestForm))
	if err != nil {
		return nil, &authorization.Refusal{Code: authorization.InvalidRequest}
	}
	return parseForm(string(body), x.r.URL.RawQuery)
}

// parseForm reads a body. Parameters of ours in the query are refused: they end up
// in logs and in histories (S009).
func parseForm(body, query string) (url.Values, error) {
	refused := &authorization.Refusal{Code: authorization.InvalidRequest}
	form, err := url.ParseQuery(body)
	if err != nil {
		return nil, refused
	}
	inQuery, err := url.ParseQuery(query)
	if err != nil {
		return nil, refused
	}
	for _, name := range formParameters {
		if inQuery.Has(name) || len(form[name]) > 1 {
			return nil, refused
		}
		if value := form.Get(name); !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
			return nil, refused
		}
	}
	return form, nil
}

// credentials collects what a request brings to authenticate its client with. An
// empty secret in the body is none.
func credentials(r *http.Request, form url.Values) authorization.Credentials {
	c := authorization.Credentials{
		ClientID: form.Get("client_id"), HasClientID: form.Has("client_id"),
		Secret: form.Get("client_secret"), HasSecret: form.Get("client_secret") != "",
	}
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Basic") {
		c.Basic = true
		if decoded, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(value)); err == nil {
			c.BasicID, c.BasicSecret, _ = strings.Cut(string(decoded), ":")
		}
	}
	return c
}

// bearerOf gives the access token of a request: that of the header, or of the form
// of a POST, but not both (RFC 6750 §2). Empty: there is none.
func bearerOf(x *exchange) (string, error) {
	header := ""
	if scheme, value, ok := strings.Cut(x.r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		header = value
	}
	if x.r.Method != http.MethodPost {
		return header, nil
	}
	form, err := readForm(x)
	switch {
	case errors.Is(err, errNotAForm):
		return header, nil
	case err != nil:
		return "", err
	case header != "" && form.Has("access_token"):
		return "", nil
	case header != "":
		return header, nil
	}
	return form.Get("access_token"), nil
}
