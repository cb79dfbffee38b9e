package api_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/servertest"
)

func (p *relying) userInfo(t *testing.T, token string) reply {
	t.Helper()
	return send(t, p.s.HTTP, request(t, http.MethodGet, p.base+"/oauth2/userInfo", "", "Authorization", "Bearer "+token))
}

func TestUserInfo(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	token := p.exchangeCode(t, p.code(t, "scope", "openid email")).member(t, "access_token")
	var got map[string]any
	for name, answer := range map[string]reply{
		"GET header":  p.userInfo(t, token),
		"POST header": p.post(t, "/oauth2/userInfo", []string{"Authorization", "Bearer " + token}),
		"POST body":   p.post(t, "/oauth2/userInfo", nil, "access_token", token),
	} {
		if answer.status != http.StatusOK || answer.header.Get("Content-Type") != "application/json;charset=UTF-8" {
			t.Fatalf("%s: %d %s", name, answer.status, answer.body)
		}
		got = nil
		if err := json.Unmarshal([]byte(answer.body), &got); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{
			"sub": claimsIn(t, token)["sub"], "username": "ana", "email": "ana@example.com", "email_verified": "true",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	api := p.signIn(t, "ana", goodPassword)
	for name, tt := range map[string]struct {
		got    reply
		status int
		header string
	}{
		"no token":        {send(t, p.s.HTTP, request(t, http.MethodGet, p.base+"/oauth2/userInfo", "")), 400, `error="invalid_request", error_description="Bad OAuth2 request at UserInfo Endpoint"`},
		"in the query":    {send(t, p.s.HTTP, request(t, http.MethodGet, p.base+"/oauth2/userInfo?access_token="+token, "")), 400, `error="invalid_request", error_description="Bad OAuth2 request at UserInfo Endpoint"`},
		"twice":           {p.post(t, "/oauth2/userInfo", []string{"Authorization", "Bearer " + token}, "access_token", token), 400, `error="invalid_request", error_description="Bad OAuth2 request at UserInfo Endpoint"`},
		"garbage":         {p.userInfo(t, "garbage"), 401, `error="invalid_token", error_description="Access token is expired, disabled, or deleted, or the user has globally signed out."`},
		"of the API":      {p.userInfo(t, *api.AccessToken), 401, `error="invalid_token", error_description="Access token does not contain openid scope"`},
		"an ID token":     {p.userInfo(t, *api.IdToken), 401, `error="invalid_token", error_description="Access token is expired, disabled, or deleted, or the user has globally signed out."`},
		"another pool's ": {newRelying(t, p.s, nil, nil).userInfo(t, token), 401, `error="invalid_token", error_description="Access token is expired, disabled, or deleted, or the user has globally signed out."`},
	} {
		if tt.got.status != tt.status || tt.got.header.Get("WWW-Authenticate") != tt.header {
			t.Errorf("%s: %d %q", name, tt.got.status, tt.got.header.Get("WWW-Authenticate"))
		}
	}
}
