package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"cognate/internal/protocol/jwt"
)

const (
	// patience bounds a call of the provider.
	patience = 10 * time.Second
	// largestAnswer bounds an answer of the provider, in bytes. It leaves room for
	// claims that are too large to be told from nonsense.
	largestAnswer = 256 << 10
)

// tokens is what a token endpoint answers.
type tokens struct {
	access, refresh, id string
	expires             time.Time // zero: not said
}

// profile is what user info says.
type profile struct {
	claims  json.RawMessage // compact, in the order in which they came
	subject string
}

// redeem exchanges a code (§2.4).
func (a *Authenticator) redeem(ctx context.Context, p *Provider, code, redirectURI string) (*tokens, error) {
	return a.token(ctx, p, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}})
}

// refresh exchanges a refresh token (§4.5).
func (a *Authenticator) refresh(ctx context.Context, p *Provider, refreshToken string) (*tokens, error) {
	return a.token(ctx, p, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}})
}

var (
	// errGrant says that the provider takes a code or refresh token no longer.
	errGrant = errors.New("the token endpoint answered invalid_grant")
	// errClient says that the provider does not take the client secret.
	errClient = errors.New("the token endpoint answered invalid_client")
)

func (a *Authenticator) token(ctx context.Context, p *Provider, form url.Values) (*tokens, error) {
	request := func(ctx context.Context) (*http.Request, error) {
		if p.SecretInBody {
			form.Set("client_id", p.ClientID)
			form.Set("client_secret", p.ClientSecret)
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.TokenEndpoint, strings.NewReader(form.Encode()))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if !p.SecretInBody { // RFC 6749 §2.3.1
			r.SetBasicAuth(url.QueryEscape(p.ClientID), url.QueryEscape(p.ClientSecret))
		}
		return r, nil
	}
	status, body, err := a.call(ctx, request)
	switch {
	case errors.Is(err, errTooLong):
		return nil, &failure{reason: InvalidTokenResponse, err: err}
	case err != nil:
		return nil, &failure{reason: TokenRequestTimeout, err: err}
	}
	if status < 200 || status > 299 {
		return nil, refusedToken(status, body)
	}
	return readTokens(body, a.Now())
}

// refusedToken tells the errors apart that matter (RFC 6749 §5.2).
func refusedToken(status int, body []byte) error {
	var said struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(body, &said) // without an error code the status has to do
	switch said.Error {
	case "invalid_grant":
		return &failure{reason: InvalidGrant, err: errGrant}
	case "invalid_client":
		return &failure{reason: TokenRequestFailed, err: errClient}
	}
	return &failure{reason: TokenRequestFailed, err: fmt.Errorf("the token endpoint answered %d", status)}
}

func readTokens(body []byte, now time.Time) (*tokens, error) {
	invalid := func(format string, args ...any) (*tokens, error) {
		return nil, &failure{reason: InvalidTokenResponse, err: fmt.Errorf(format, args...)}
	}
	answer, err := jwt.ParseClaims(body)
	if err != nil {
		return invalid("read the answer of the token endpoint: %w", err)
	}
	t := &tokens{}
	t.access, _ = answer.String("access_token")
	t.refresh, _ = answer.String("refresh_token")
	t.id, _ = answer.String("id_token")
	if t.access == "" || !fitsHeader(t.access) {
		return invalid("the token endpoint gave no access token that fits a header")
	}
	if answer.Has("token_type") {
		if kind, _ := answer.String("token_type"); !strings.EqualFold(kind, "Bearer") {
			return invalid("the token endpoint gave a token that is not of the type Bearer")
		}
	}
	if answer.Has("expires_in") {
		seconds, ok := answer.Int64("expires_in")
		if !ok || seconds < 0 || seconds > 1<<31 {
			return invalid("the token endpoint gave an expires_in that is not a number of seconds")
		}
		t.expires = now.Add(time.Duration(seconds) * time.Second)
	}
	return t, nil
}

// userInfo asks who an access token is for (§2.6).
func (a *Authenticator) userInfo(ctx context.Context, p *Provider, access string) (*profile, error) {
	status, body, err := a.call(ctx, func(ctx context.Context) (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.UserInfoEndpoint, nil)
		if err == nil {
			r.Header.Set("Authorization", "Bearer "+access)
		}
		return r, err
	})
	switch {
	case errors.Is(err, errTooLong):
		return nil, &failure{reason: UserInfoResponseTooLarge, err: err}
	case err != nil:
		return nil, &failure{reason: UserInfoRequestTimeout, err: err}
	}
	if status < 200 || status > 299 {
		return nil, &failure{reason: UserInfoRequestFailed, err: &refusedAccessError{status}}
	}
	invalid := func(err error) (*profile, error) {
		return nil, &failure{reason: InvalidUserInfoResponse, err: fmt.Errorf("read user info: %w", err)}
	}
	claims, err := jwt.ParseClaims(body)
	if err != nil {
		return invalid(err)
	}
	subject, _ := claims.String("sub")
	if subject == "" || !fitsHeader(subject) {
		return invalid(errors.New("it has no sub that fits a header"))
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, body); err != nil {
		return invalid(err)
	}
	if size := compact.Len() + len(access); size > maxClaims {
		return nil, &failure{reason: UserInfoResponseTooLarge, err: fmt.Errorf("claims and access token have %d bytes", size)}
	}
	return &profile{compact.Bytes(), subject}, nil
}

// refusedAccessError is an answer of user info other than 2xx.
type refusedAccessError struct{ status int }

func (e *refusedAccessError) Error() string { return fmt.Sprintf("user info answered %d", e.status) }

// fitsHeader reports whether a text of a provider can be given to an application
// in a header: visible ASCII, with spaces inside at most.
func fitsHeader(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return httpguts.ValidHeaderFieldValue(text) && strings.TrimSpace(text) == text
}

// errTooLong says that an answer is longer than largestAnswer.
var errTooLong = fmt.Errorf("the answer of the provider is longer than %d bytes", largestAnswer)

// call sends a request and reads the answer. Its errors are errTooLong, or about the
// connection.
func (a *Authenticator) call(ctx context.Context, request func(context.Context) (*http.Request, error)) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := request(ctx)
	if err != nil {
		return 0, nil, fmt.Errorf("call the provider: %w", err)
	}
	r.Header.Set("Accept", "application/json")
	answer, err := a.HTTP.Do(r)
	if err != nil {
		return 0, nil, fmt.Errorf("call the provider: %w", err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, largestAnswer+1))
	if err != nil {
		return 0, nil, fmt.Errorf("read the answer of the provider: %w", err)
	}
	if len(body) > largestAnswer {
		return 0, nil, errTooLong
	}
	return answer.StatusCode, body, nil
}
