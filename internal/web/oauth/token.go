package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"cognate/internal/cognito/authorization"
	"cognate/internal/cognito/directory"
)

// grants are what grant_type may be.
var grants = map[string]func(e *Endpoints, ctx context.Context, client *directory.Client, form url.Values) (*authorization.Issued, error){
	"authorization_code": (*Endpoints).grantByCode,
	"refresh_token":      (*Endpoints).grantByRefresh,
	"client_credentials": (*Endpoints).grantToMachine,
}

// tokenAnswer is a success of the token endpoint (endpoints.md §4.3).
type tokenAnswer struct {
	Access    string `json:"access_token"`
	ID        string `json:"id_token,omitempty"`
	Refresh   string `json:"refresh_token,omitempty"`
	Type      string `json:"token_type"`
	ExpiresIn int32  `json:"expires_in"`
}

// token serves POST /oauth2/token (endpoints.md §4).
func (e *Endpoints) token(x *exchange) error {
	form, err := readForm(x)
	if errors.Is(err, errNotAForm) {
		x.empty(http.StatusMethodNotAllowed)
		return nil
	}
	if err != nil {
		return x.refuse(err, badRequest)
	}
	if !e.Limit(x.r.Context(), x.domain.PoolID, form.Get("grant_type")) {
		TooManyRequests(x.w)
		return nil
	}
	issued, err := e.issue(x.r.Context(), x, form)
	if err != nil {
		return x.refuse(err, badRequest)
	}
	return x.document(http.StatusOK, tokenAnswer{
		Access: issued.Access, ID: issued.ID, Refresh: issued.RefreshToken, Type: "Bearer", ExpiresIn: issued.ExpiresIn,
	})
}

func (e *Endpoints) issue(ctx context.Context, x *exchange, form url.Values) (*authorization.Issued, error) {
	kind := form.Get("grant_type")
	grant, known := grants[kind]
	switch {
	case kind == "":
		return nil, &authorization.Refusal{Code: authorization.InvalidRequest}
	case !known:
		return nil, &authorization.Refusal{Code: authorization.UnsupportedGrantType}
	}
	client, err := e.Authorization.AuthenticateClient(ctx, x.domain.PoolID, credentials(x.r, form))
	if err != nil {
		return nil, err
	}
	return grant(e, ctx, client, form)
}

func (e *Endpoints) grantByCode(ctx context.Context, client *directory.Client, form url.Values) (*authorization.Issued, error) {
	return e.Authorization.ExchangeCode(ctx, authorization.CodeExchange{
		Client: client, Code: form.Get("code"), RedirectURI: form.Get("redirect_uri"), Verifier: form.Get("code_verifier"),
	})
}

func (e *Endpoints) grantByRefresh(ctx context.Context, client *directory.Client, form url.Values) (*authorization.Issued, error) {
	return e.Authorization.Refresh(ctx, client, form.Get("refresh_token"))
}

func (e *Endpoints) grantToMachine(ctx context.Context, client *directory.Client, form url.Values) (*authorization.Issued, error) {
	var metadata map[string]string
	if text := form.Get("aws_client_metadata"); text != "" {
		if err := json.Unmarshal([]byte(text), &metadata); err != nil {
			return nil, &authorization.Refusal{Code: authorization.InvalidRequest}
		}
	}
	return e.Authorization.ClientCredentials(ctx, client, strings.Fields(form.Get("scope")), metadata)
}

// revoke serves POST /oauth2/revoke (endpoints.md §5.4).
func (e *Endpoints) revoke(x *exchange) error {
	form, err := readForm(x)
	if errors.Is(err, errNotAForm) {
		x.empty(http.StatusMethodNotAllowed)
		return nil
	}
	if err == nil {
		err = e.end(x, form)
	}
	if err != nil {
		return x.refuse(err, func(code string) int {
			if code == authorization.InvalidClient {
				return http.StatusUnauthorized
			}
			return http.StatusBadRequest
		})
	}
	x.empty(http.StatusOK)
	return nil
}

func (e *Endpoints) end(x *exchange, form url.Values) error {
	client, err := e.Authorization.AuthenticateClient(x.r.Context(), x.domain.PoolID, credentials(x.r, form))
	if err != nil {
		return err
	}
	return e.Authorization.Revoke(x.r.Context(), client, form.Get("token"))
}
