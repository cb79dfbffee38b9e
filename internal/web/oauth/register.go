package oauth

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"cognate/internal/cognito/authorization"
)

// largestMetadata bounds the body of a registration, in bytes.
const largestMetadata = 64 << 10

// register serves POST /oauth2/register (newest-features.md §11, RFC 7591).
func (e *Endpoints) register(x *exchange) error {
	metadata, err := readMetadata(x)
	if err != nil {
		return x.refuse(err, badRequest)
	}
	token, given := registrationToken(x.r)
	client, err := e.Authorization.Register(x.r.Context(), x.domain.Pool, token, given, metadata)
	if err != nil {
		if refused, ok := errors.AsType[*authorization.Refusal](err); ok && aboutToken(refused.Code) {
			x.w.Header().Set("WWW-Authenticate", `Bearer error="`+refused.Code+`"`) // RFC 6750 §3
		}
		return x.refuse(err, registrationStatus)
	}
	return x.document(http.StatusCreated, client)
}

// registrationToken gives the access token of a request. With any Authorization
// header the registration is no open one.
func registrationToken(r *http.Request) (token string, given bool) {
	header := r.Header.Get("Authorization")
	if scheme, value, ok := strings.Cut(header, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return value, true
	}
	return "", header != ""
}

func readMetadata(x *exchange) (authorization.Metadata, error) {
	var m authorization.Metadata
	bad := &authorization.Refusal{Code: authorization.InvalidClientMetadata}
	if kind, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return m, bad
	}
	body, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, largestMetadata))
	if err != nil {
		return m, bad
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return m, bad
	}
	return m, nil
}

func aboutToken(code string) bool {
	return code == authorization.InvalidToken || code == authorization.InsufficientScope
}

func registrationStatus(code string) int {
	switch code {
	case authorization.NotFound:
		return http.StatusNotFound
	case authorization.InvalidToken:
		return http.StatusUnauthorized
	case authorization.InsufficientScope, authorization.AccessDenied:
		return http.StatusForbidden
	case authorization.TooManyRequests:
		return http.StatusTooManyRequests
	}
	return http.StatusBadRequest
}
