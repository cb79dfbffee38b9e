package api_test

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

// allowRegistration sets the pool's DcrConfiguration, which the SDK does not know
// yet.
func (p *relying) allowRegistration(t *testing.T, configuration string) {
	t.Helper()
	got := p.s.Call(t, "UpdateUserPool", `{"UserPoolId":"`+p.pool+`","DcrConfiguration":`+configuration+`}`)
	if got.Status != http.StatusOK {
		t.Fatalf("UpdateUserPool: %d %s", got.Status, got.Body)
	}
}

func (p *relying) register(t *testing.T, authorization, metadata string) reply {
	t.Helper()
	r := request(t, http.MethodPost, p.base+"/oauth2/register", metadata)
	r.Header.Set("Content-Type", "application/json")
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return send(t, p.s.HTTP, r)
}

// registrar gives a header that may register clients: that of a machine.
func (p *relying) registrar(t *testing.T) string {
	t.Helper()
	robot := p.withClient(t, func(in *cip.CreateUserPoolClientInput) {
		machine(in)
		in.AllowedOAuthScopes = append(in.AllowedOAuthScopes, "aws.cognito/dcr/register")
	})
	got := robot.token(t, "grant_type", "client_credentials", "scope", "aws.cognito/dcr/register")
	if got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	return "Bearer " + got.member(t, "access_token")
}

func TestClientsRegisterWithAToken(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	const web = `{"redirect_uris":["https://app.example.com/callback"],"client_name":"Shop","scope":"openid email phone offline_access https://shop.example.com/read aws.cognito/dcr/register","grant_types":["authorization_code","refresh_token"],"logo_uri":"https://evil.example/x.png"}`
	if got := p.register(t, "Bearer x", web); got.status != http.StatusNotFound {
		t.Errorf("registration is off: %d %s", got.status, got.body)
	}
	p.allowRegistration(t, `{"AllowedScopes":["https://shop.example.com/read","aws.cognito/dcr/register"]}`)
	token := p.registrar(t)
	got := p.register(t, token, web)
	if got.status != http.StatusCreated || !strings.Contains(got.header.Get("Cache-Control"), "no-store") {
		t.Fatalf("%d %v %s", got.status, got.header, got.body)
	}
	var made map[string]any
	wantOK(t, json.Unmarshal([]byte(got.body), &made))
	id, secret := got.member(t, "client_id"), got.member(t, "client_secret")
	want := map[string]any{
		"client_id": id, "client_secret": secret, "client_secret_expires_at": 0.0, "client_id_issued_at": made["client_id_issued_at"],
		"redirect_uris": []any{"https://app.example.com/callback"}, "client_name": "Shop", "token_endpoint_auth_method": "client_secret_basic",
		"grant_types": []any{"authorization_code", "refresh_token"}, "response_types": []any{"code"}, "scope": "openid email phone https://shop.example.com/read",
	}
	if diff := cmp.Diff(want, made); diff != "" || secret == "" || made["client_id_issued_at"] == nil {
		t.Error(diff)
	}
	q := *p
	q.app = &app{s: p.s, pool: p.pool, client: id, secret: secret}
	if got := q.exchangeCode(t, q.code(t)); got.status != http.StatusOK {
		t.Errorf("its users: %d %s", got.status, got.body)
	}
	described := p.s.Call(t, "DescribeUserPoolClient", `{"UserPoolId":"`+p.pool+`","ClientId":"`+id+`"}`)
	if !strings.Contains(described.Body, `"ClientType":"DCR"`) || !strings.Contains(described.Body, `"PreventUserExistenceErrors":"ENABLED"`) {
		t.Errorf("%s", described.Body)
	}
	for kind, has := range map[string]bool{"DCR": true, "REGULAR": false} {
		list := p.s.Call(t, "ListUserPoolClients", `{"UserPoolId":"`+p.pool+`","ClientType":"`+kind+`"}`)
		if strings.Contains(list.Body, id) != has || strings.Contains(list.Body, p.client) == has {
			t.Errorf("%s: %s", kind, list.Body)
		}
	}
	_, err := p.s.SDK.AddUserPoolClientSecret(t.Context(), &cip.AddUserPoolClientSecretInput{UserPoolId: &p.pool, ClientId: &id})
	wantCode(t, err, "InvalidParameterException")

	robot := p.register(t, token, `{"grant_types":["client_credentials"]}`)
	if robot.status != http.StatusCreated || robot.member(t, "scope") != "https://shop.example.com/read" {
		t.Fatalf("%d %s", robot.status, robot.body)
	}
	q.app = &app{s: p.s, pool: p.pool, client: robot.member(t, "client_id"), secret: robot.member(t, "client_secret")}
	if got := q.token(t, "grant_type", "client_credentials"); claimsIn(t, got.member(t, "access_token"))["scope"] != "https://shop.example.com/read" {
		t.Errorf("its token: %d %s", got.status, got.body)
	}
}

func TestS026RegistrationIsKeptWithinBounds(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	p.allowRegistration(t, `{"AuthenticatedGrantTypes":["code"]}`)
	token := p.registrar(t)
	fetched := newListener(t, func() { t.Error("metadata was fetched") })
	code := `"redirect_uris":["https://app.example.com/cb"]`
	for metadata, want := range map[string]string{
		`{}`: "invalid_redirect_uri", `{"redirect_uris":[]}`: "invalid_redirect_uri",
		`{"redirect_uris":["javascript:alert(1)"]}`: "invalid_redirect_uri", `{"redirect_uris":["http://app.example.com/cb"]}`: "invalid_redirect_uri",
		`{"redirect_uris":["https://app.example.com/cb#x"]}`: "invalid_redirect_uri", `{"redirect_uris":["https://*.example.com/cb"]}`: "invalid_redirect_uri",
		`{"redirect_uris":[""]}`: "invalid_redirect_uri", `{"redirect_uris":["https://ana@evil.example/"]}`: "invalid_redirect_uri",
		`{"redirect_uris":"https://app.example.com/cb"}`:                           "invalid_client_metadata",
		`{` + code + `,"grant_types":["implicit"]}`:                                "invalid_client_metadata",
		`{` + code + `,"grant_types":["password"]}`:                                "invalid_client_metadata",
		`{` + code + `,"grant_types":["refresh_token"]}`:                           "invalid_client_metadata",
		`{"grant_types":["client_credentials"]}`:                                   "invalid_client_metadata",
		`{` + code + `,"grant_types":["authorization_code","client_credentials"]}`: "invalid_client_metadata",
		`{` + code + `,"response_types":["token"]}`:                                "invalid_client_metadata",
		`{` + code + `,"response_types":["code","token"]}`:                         "invalid_client_metadata",
		`{` + code + `,"token_endpoint_auth_method":"private_key_jwt"}`:            "invalid_client_metadata",
		`{` + code + `,"client_name":"<script>alert(1)</script>"}`:                 "invalid_client_metadata",
		`{` + code + `,"scope":"aws.cognito/dcr/register"}`:                        "invalid_client_metadata",
		`{` + code + `,"scope":"aws.cognito.signin.user.admin"}`:                   "invalid_client_metadata",
		`[]`: "invalid_client_metadata", `x`: "invalid_client_metadata", ``: "invalid_client_metadata",
	} {
		got := p.register(t, token, metadata)
		if got.status != http.StatusBadRequest || got.member(t, "error") != want {
			t.Errorf("%s: %d %s", metadata, got.status, got.body)
		}
	}
	extra := p.register(t, token, `{`+code+`,"jwks_uri":"`+fetched+`","logo_uri":"`+fetched+`","sector_identifier_uri":"`+fetched+`","software_statement":"e30.e30.x"}`)
	if extra.status != http.StatusCreated || strings.Contains(extra.body, fetched) || strings.Contains(extra.body, "software_statement") {
		t.Errorf("%d %s", extra.status, extra.body)
	}
	// Who may not.
	user := p.exchangeCode(t, p.code(t)).member(t, "access_token")
	for name, tt := range map[string]struct {
		header string
		status int
		code   string
	}{
		"nobody":            {"", 401, "invalid_token"},
		"Basic":             {"Basic eDp5", 401, "invalid_token"},
		"without the scope": {"Bearer " + user, 403, "insufficient_scope"},
		"garbage":           {"Bearer x", 401, "invalid_token"},
	} {
		got := p.register(t, tt.header, `{`+code+`}`)
		if got.status != tt.status || got.member(t, "error") != tt.code || got.header.Get("WWW-Authenticate") != `Bearer error="`+tt.code+`"` {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	p.allowRegistration(t, `{"AuthenticatedGrantTypes":[]}`)
	if got := p.register(t, token, `{`+code+`}`); got.status != http.StatusForbidden {
		t.Errorf("no grants: %d %s", got.status, got.body)
	}
	p.allowRegistration(t, `{"EnableStatus":"Disabled","OpenDcrEnabled":true}`)
	if got := p.register(t, token, `{`+code+`}`); got.status != http.StatusNotFound {
		t.Errorf("switched off: %d %s", got.status, got.body)
	}
}

func TestS026OpenlyRegisteredClientsNeverSignInSilently(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	p.withManagedLogin(t)
	b := p.browser(t)
	b.code(t) // the victim's session
	p.allowRegistration(t, `{"OpenDcrEnabled":true}`)
	got := p.register(t, "", `{"redirect_uris":["`+appCallback+`"],"client_name":"Free prizes","token_endpoint_auth_method":"none"}`)
	if got.status != http.StatusCreated || strings.Contains(got.body, "client_secret") && strings.Contains(got.body, "client_secret_expires_at") {
		t.Fatalf("%d %s", got.status, got.body)
	}
	hostile := *p
	hostile.app = &app{s: p.s, pool: p.pool, client: got.member(t, "client_id")}
	trap := &agent{&hostile, b.http}
	pkce := []string{"code_challenge", challengeOf(goodVerifier), "code_challenge_method", "S256"}

	trap.authorize(t).wantError(t, "without PKCE", "invalid_request", "", "")
	trap.authorize(t, append(pkce, "prompt", "none")...).wantError(t, "prompt=none", "interaction_required", "", "")
	toLogin := trap.authorize(t, pkce...)
	at, parameters := toLogin.location(t)
	if at != p.base+"/login" || parameters.Has("code") {
		t.Fatalf("sent to %s %v", at, parameters)
	}
	page := b.get(t, toLogin.header.Get("Location"))
	if page.status != http.StatusOK || !strings.Contains(page.body, "app.example.com") {
		t.Errorf("the page does not name the host of the address: %d %s", page.status, page.body)
	}
	if implicit := trap.authorize(t, "response_type", "token"); implicit.header.Get("Location") == "" || strings.Contains(implicit.header.Get("Location"), "access_token") {
		t.Errorf("implicit: %s", implicit.header.Get("Location"))
	}
}

func TestS026RegistrationsAreCounted(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, func(c *server.Config) {
		c.Limits, c.TrustedProxies = map[string]int{"clients": 3}, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	p := newRelying(t, s, nil, nil)
	p.allowRegistration(t, `{"OpenDcrEnabled":true}`)
	from := func(address string) reply {
		r := request(t, http.MethodPost, p.base+"/oauth2/register", `{"redirect_uris":["`+appCallback+`"]}`, "X-Forwarded-For", address)
		r.Header.Set("Content-Type", "application/json")
		return send(t, s.HTTP, r)
	}
	for i := range 5 {
		got := from("203.0.113.9")
		if want := map[bool]int{true: http.StatusCreated, false: http.StatusTooManyRequests}[i < 3]; got.status != want {
			t.Errorf("registration %d: %d %s", i+1, got.status, got.body)
		}
	}
	if got := from("203.0.113.10"); got.status != http.StatusCreated {
		t.Errorf("another network: %d %s", got.status, got.body)
	}
	if n, err := s.SDK.ListUserPoolClients(t.Context(), &cip.ListUserPoolClientsInput{UserPoolId: &p.pool, MaxResults: aws.Int32(60)}); err != nil || len(n.UserPoolClients) != 5 {
		t.Errorf("%v %v", n, err)
	}
}
