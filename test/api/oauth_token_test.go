package api_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

// The recorded answer to a body of another type (recorded.md §2.5), and methods
// that endpoints lack.
func TestOAuthEndpointsTakeTheirMethodsOnly(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	for _, tt := range []struct{ method, path, kind string }{
		{http.MethodPost, "/oauth2/token", "application/json"},
		{http.MethodPost, "/oauth2/token", "x"},
		{http.MethodPost, "/oauth2/token", ""},
		{http.MethodPost, "/oauth2/revoke", "application/json"},
		{http.MethodGet, "/oauth2/token", ""},
		{http.MethodPut, "/oauth2/token", ""},
		{http.MethodGet, "/oauth2/revoke", ""},
		{http.MethodPost, "/oauth2/authorize", "application/x-www-form-urlencoded"},
		{http.MethodDelete, "/oauth2/userInfo", ""},
		{http.MethodGet, "/oauth2/register", ""},
	} {
		r := request(t, tt.method, p.base+tt.path, "grant_type=client_credentials")
		r.Header["Content-Type"] = []string{tt.kind}
		got := send(t, p.s.HTTP, r)
		if got.status != http.StatusMethodNotAllowed || got.body != "" || got.header.Get("Content-Length") != "0" {
			t.Errorf("%s %s %q: %d %q", tt.method, tt.path, tt.kind, got.status, got.body)
		}
		want := regexp.MustCompile(`^XSRF-TOKEN=[0-9a-f-]{36}; Path=/; HttpOnly; Secure(; SameSite=Lax)?$`)
		if cookie := got.header.Get("Set-Cookie"); !want.MatchString(cookie) {
			t.Errorf("%s %s: cookie %q", tt.method, tt.path, cookie)
		}
	}
	if got := p.post(t, "/oauth2/token", nil, `{"grant_type":"client_credentials"}`, ""); got.status != http.StatusBadRequest || got.body != `{"error":"invalid_request"}` {
		t.Errorf("JSON in a form: %d %s", got.status, got.body)
	}
	if got := p.post(t, "/oauth2/token", []string{"X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth", "Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"}, "grant_type", "password"); got.status != http.StatusBadRequest {
		t.Errorf("with decoration: %d %s", got.status, got.body)
	}
}

func TestS009ClientAuthentication(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, withSecret)
	public, other := p.withClient(t, nil), p.withClient(t, withSecret)
	refresh := p.exchangeCode(t, p.code(t)).member(t, "refresh_token")
	publicRefresh := public.exchangeCode(t, public.code(t)).member(t, "refresh_token")
	header := func(text string) []string { return []string{"Authorization", text} }
	encoded := func(text string) []string {
		return header("Basic " + base64.StdEncoding.EncodeToString([]byte(text)))
	}
	for _, tt := range []struct {
		name    string
		headers []string
		form    []string
		token   string
		want    string
	}{
		{"Basic", p.basic(), nil, refresh, ""},
		{"Basic in lower case", header(strings.Replace(p.basic()[1], "Basic", "basic", 1)), nil, refresh, ""},
		{"form", nil, []string{"client_id", p.client, "client_secret", p.secret}, refresh, ""},
		{"both", p.basic(), []string{"client_id", p.client, "client_secret", p.secret}, refresh, ""},
		{"Basic and client_id", p.basic(), []string{"client_id", p.client}, refresh, ""},
		{"public", nil, []string{"client_id", public.client}, publicRefresh, ""},
		{"public, empty secret in the form", nil, []string{"client_id", public.client, "client_secret", ""}, publicRefresh, ""},
		{"another scheme is decoration", header("Bearer x"), []string{"client_id", public.client}, publicRefresh, ""},

		{"no secret", nil, []string{"client_id", p.client}, refresh, "invalid_client"},
		{"nobody", nil, nil, refresh, "invalid_client"},
		{"wrong secret", nil, []string{"client_id", p.client, "client_secret", p.secret + "x"}, refresh, "invalid_client"},
		{"another client's secret", nil, []string{"client_id", p.client, "client_secret", other.secret}, refresh, "invalid_client"},
		{"other client in the form", p.basic(), []string{"client_id", other.client}, refresh, "invalid_client"},
		{"other secret in the form", p.basic(), []string{"client_secret", other.secret}, refresh, "invalid_client"},
		{"empty client in the form", p.basic(), []string{"client_id", ""}, refresh, "invalid_client"},
		{"broken Basic", header("Basic %%%"), []string{"client_id", p.client, "client_secret", p.secret}, refresh, "invalid_client"},
		{"Basic without colon", encoded(p.client), nil, refresh, "invalid_client"},
		{"Basic with empty secret", encoded(p.client + ":"), nil, refresh, "invalid_client"},
		{"public with Basic", encoded(public.client + ":"), nil, publicRefresh, "invalid_client"},
		{"public with a secret", nil, []string{"client_id", public.client, "client_secret", "garbage"}, publicRefresh, "invalid_client"},
		{"unknown", nil, []string{"client_id", "nobodynobodynobodynobody", "client_secret", p.secret}, refresh, "invalid_client"},
		{"NUL", encoded(p.client + "\x00:" + p.secret), nil, refresh, "invalid_client"},
		{"assertion", nil, []string{"client_id", p.client, "client_assertion", "x", "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, refresh, "invalid_client"},
		{"another's token", other.basic(), nil, refresh, "invalid_grant"},
	} {
		got := p.post(t, "/oauth2/token", tt.headers, append(tt.form, "grant_type", "refresh_token", "refresh_token", tt.token)...)
		switch {
		case tt.want == "" && got.status != http.StatusOK:
			t.Errorf("%s: %d %s", tt.name, got.status, got.body)
		case tt.want != "" && (got.status != http.StatusBadRequest || got.body != `{"error":"`+tt.want+`"}`):
			t.Errorf("%s: %d %s", tt.name, got.status, got.body)
		}
	}
	wantRefusal(t, p.post(t, "/oauth2/token?client_secret="+p.secret, nil, "client_id", p.client, "grant_type", "refresh_token", "refresh_token", refresh), "invalid_request")

	// While a secret is replaced, both are good.
	added, err := p.s.SDK.AddUserPoolClientSecret(t.Context(), &cip.AddUserPoolClientSecretInput{UserPoolId: &p.pool, ClientId: &p.client})
	wantOK(t, err)
	next := *added.ClientSecretDescriptor.ClientSecretValue
	for _, secret := range []string{p.secret, next} {
		got := p.post(t, "/oauth2/token", encoded(p.client+":"+secret), "grant_type", "refresh_token", "refresh_token", refresh)
		if got.status != http.StatusOK {
			t.Errorf("one of two secrets: %d %s", got.status, got.body)
		}
	}
	secrets, err := p.s.SDK.ListUserPoolClientSecrets(t.Context(), &cip.ListUserPoolClientSecretsInput{UserPoolId: &p.pool, ClientId: &p.client})
	wantOK(t, err)
	_, err = p.s.SDK.DeleteUserPoolClientSecret(t.Context(), &cip.DeleteUserPoolClientSecretInput{
		UserPoolId: &p.pool, ClientId: &p.client, ClientSecretId: secrets.ClientSecrets[0].ClientSecretId,
	})
	wantOK(t, err)
	wantRefusal(t, p.token(t, "grant_type", "refresh_token", "refresh_token", refresh), "invalid_client")
}

func TestS010RotationAtTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	p := newRelying(t, s, nil, rotating(0))
	use := func(token string) reply {
		t.Helper()
		return p.token(t, "grant_type", "refresh_token", "refresh_token", token)
	}
	first := p.exchangeCode(t, p.code(t)).member(t, "refresh_token")
	var wg sync.WaitGroup
	answers := make([]reply, 50)
	for i := range answers {
		wg.Go(func() { answers[i] = use(first) })
	}
	wg.Wait()
	second := ""
	for _, got := range answers {
		if got.status != http.StatusOK {
			wantRefusal(t, got, "invalid_grant")
			continue
		}
		if second != "" {
			t.Error("two refreshes at a time succeeded")
		}
		second = got.member(t, "refresh_token")
	}
	s.Advance(5 * time.Second)
	wantRefusal(t, use(first), "invalid_grant")
	third := use(second)
	if third.status != http.StatusOK {
		t.Fatalf("the family ended: %d %s", third.status, third.body)
	}
	wantRefusal(t, use(first), "invalid_grant") // its successor has been used: a theft
	wantRefusal(t, use(third.member(t, "refresh_token")), "invalid_grant")
}

func TestS011Revocation(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, withSecret)
	public, other := p.withClient(t, nil), p.withClient(t, withSecret)
	final := p.withClient(t, func(in *cip.CreateUserPoolClientInput) { in.EnableTokenRevocation = new(false) })
	revoke := func(p *relying, fields ...string) reply {
		t.Helper()
		headers, form := p.auth(fields...)
		return p.post(t, "/oauth2/revoke", headers, form...)
	}
	got := p.exchangeCode(t, p.code(t))
	access, id, refresh := got.member(t, "access_token"), got.member(t, "id_token"), got.member(t, "refresh_token")
	alive := func() bool {
		t.Helper()
		return p.userInfo(t, access).status == http.StatusOK && p.token(t, "grant_type", "refresh_token", "refresh_token", refresh).status == http.StatusOK
	}
	forged := *p.app
	forged.secret = "wrongSecretOfSomeLength000000"
	wrong := *p
	wrong.app = &forged
	for name, tt := range map[string]struct {
		got    reply
		status int
		body   string
	}{
		"no token":         {revoke(p, "token", ""), 400, `{"error":"invalid_request"}`},
		"nonsense":         {revoke(p, "token", "nonsense"), 200, ""},
		"access token":     {revoke(p, "token", access), 400, `{"error":"unsupported_token_type"}`},
		"ID token, hint":   {revoke(p, "token", id, "token_type_hint", "refresh_token"), 400, `{"error":"unsupported_token_type"}`},
		"other client":     {revoke(other, "token", refresh), 400, `{"error":"invalid_request"}`},
		"public client":    {revoke(public, "token", refresh), 400, `{"error":"invalid_request"}`},
		"wrong secret":     {revoke(&wrong, "token", refresh), 401, `{"error":"invalid_client"}`},
		"no client":        {p.post(t, "/oauth2/revoke", nil, "token", refresh), 401, `{"error":"invalid_client"}`},
		"no secret":        {p.post(t, "/oauth2/revoke", nil, "token", refresh, "client_id", p.client), 401, `{"error":"invalid_client"}`},
		"no revocation":    {revoke(final, "token", refresh), 400, `{"error":"invalid_request"}`},
		"token twice":      {revoke(p, "token", refresh, "token", refresh), 400, `{"error":"invalid_request"}`},
		"token in a query": {p.post(t, "/oauth2/revoke?token="+refresh, p.basic()), 405, ""},
	} {
		if tt.got.status != tt.status || tt.got.body != tt.body {
			t.Errorf("%s: %d %s", name, tt.got.status, tt.got.body)
		}
	}
	if !alive() {
		t.Fatal("a request that was refused ended the tokens")
	}
	for range 2 { // the second time there is nothing left to do
		if got := revoke(p, "token", refresh, "token_type_hint", "access_token"); got.status != http.StatusOK || got.body != "" {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	if p.userInfo(t, access).status != http.StatusUnauthorized {
		t.Error("the access token lives on at userInfo")
	}
	wantError(t, p.getUser(t.Context(), &access), "NotAuthorizedException", "Access Token has been revoked")
	wantRefusal(t, p.token(t, "grant_type", "refresh_token", "refresh_token", refresh), "invalid_grant")
}

func TestS023AnswersAreNotCached(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	b := p.browser(t)
	b.signIn(t, "ana")
	tokens := p.exchangeCode(t, p.code(t))
	for name, got := range map[string]reply{
		"tokens":           tokens,
		"refused":          p.token(t, "grant_type", "nothing"),
		"userInfo":         p.userInfo(t, tokens.member(t, "access_token")),
		"userInfo refused": p.userInfo(t, "x"),
		"code":             b.authorize(t),
		"implicit":         b.authorize(t, "response_type", "token"),
		"to login":         p.browser(t).authorize(t),
		"to error":         b.authorize(t, "redirect_uri", "x"),
		"revoked":          p.token(t),
	} {
		h := got.header
		if !strings.Contains(h.Get("Cache-Control"), "no-store") || h.Get("Pragma") != "no-cache" || h.Get("Expires") != "0" ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" || h.Get("X-XSS-Protection") != "1; mode=block" ||
			len(h.Get("X-Amz-Cognito-Request-Id")) != 36 {
			t.Errorf("%s: %v", name, h)
		}
	}
}

func TestS024CrossOriginReading(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	issuer := p.s.URL + "/" + p.pool
	for _, origin := range []string{"https://app.example.com", "https://console.example.com.evil", "null"} {
		for address, open := range map[string]bool{
			p.base + "/oauth2/token": true, p.base + "/oauth2/userInfo": true, p.base + "/oauth2/revoke": true,
			issuer + "/.well-known/jwks.json": true, issuer + "/.well-known/openid-configuration": true,
			p.base + "/oauth2/authorize": false, p.base + "/login": false, p.base + "/logout": false, p.base + "/oauth2/register": false,
		} {
			got := send(t, p.s.HTTP, request(t, http.MethodGet, address, "", "Origin", origin))
			allowed := got.header.Get("Access-Control-Allow-Origin")
			if open != (allowed == "*") || !open && allowed != "" || got.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s from %s: %q", address, origin, allowed)
			}
			if !strings.HasPrefix(address, p.base) {
				continue
			}
			got = send(t, p.s.HTTP, request(t, http.MethodOptions, address, "", "Origin", origin,
				"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type"))
			if !open {
				if got.header.Get("Access-Control-Allow-Origin") != "" {
					t.Errorf("preflight of %s is allowed", address)
				}
				continue
			}
			if h := got.header; got.status != http.StatusOK || h.Get("Access-Control-Allow-Origin") != "*" ||
				!strings.Contains(h.Get("Access-Control-Allow-Headers"), "authorization") || !strings.Contains(h.Get("Access-Control-Allow-Methods"), "POST") {
				t.Errorf("preflight of %s: %d %v", address, got.status, got.header)
			}
		}
	}
}

func TestClientCredentials(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	robot := p.withClient(t, machine)
	read, write := "https://shop.example.com/read", "https://shop.example.com/write"
	for _, tt := range []struct{ asked, granted string }{
		{"", read + " " + write}, {write, write}, {write + " " + write + " " + read, write + " " + read}, {"openid " + read + " nowhere/x", read},
	} {
		got := robot.token(t, "grant_type", "client_credentials", "scope", tt.asked)
		if got.status != http.StatusOK || members(t, got.body) != "access_token token_type expires_in" {
			t.Fatalf("%q: %d %s", tt.asked, got.status, got.body)
		}
		access := got.member(t, "access_token")
		claims := claimsIn(t, access)
		if claims["scope"] != tt.granted || claims["sub"] != robot.client || claims["client_id"] != robot.client || claims["version"] != 2.0 ||
			claims["username"] != nil || claims["token_use"] != "access" || claims["origin_jti"] != nil {
			t.Errorf("%q: %v", tt.asked, claims)
		}
		if got := p.userInfo(t, access); got.status != http.StatusUnauthorized {
			t.Errorf("userInfo about a machine: %d %s", got.status, got.body)
		}
		wantError(t, p.getUser(t.Context(), &access), "NotAuthorizedException", "Access Token does not have required scopes")
	}
	for _, scope := range []string{"openid", "aws.cognito.signin.user.admin", "nowhere/x", "https://shop.example.com/admin"} {
		wantRefusal(t, robot.token(t, "grant_type", "client_credentials", "scope", scope), "invalid_scope")
	}
	wantRefusal(t, robot.token(t, "grant_type", "client_credentials", "aws_client_metadata", `{"a":1}`), "invalid_request")
	wantRefusal(t, robot.token(t, "grant_type", "client_credentials", "aws_client_metadata", `["a"]`), "invalid_request")
	_, err := p.s.SDK.DeleteResourceServer(t.Context(), &cip.DeleteResourceServerInput{UserPoolId: &p.pool, Identifier: new("https://shop.example.com")})
	wantOK(t, err)
	wantRefusal(t, robot.token(t, "grant_type", "client_credentials"), "invalid_scope")
}

// clientToken calls GetClientToken, which the SDK does not know yet.
func (p *relying) clientToken(t *testing.T, client, secret string, more map[string]any) servertest.Answer {
	t.Helper()
	in := map[string]any{"ClientId": client, "Secret": secret}
	maps.Copy(in, more)
	body, err := json.Marshal(in)
	wantOK(t, err)
	return p.s.Call(t, "GetClientToken", string(body))
}

func TestGetClientToken(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	robot := p.withClient(t, func(in *cip.CreateUserPoolClientInput) {
		machine(in)
		in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{"ALLOW_CLIENT_TOKEN_AUTH"}
		in.AllowedOAuthFlows, in.AllowedOAuthFlowsUserPoolClient = nil, false
	})
	got := p.clientToken(t, robot.client, robot.secret, nil)
	var answer struct {
		ClientAuthenticationResult struct {
			AccessToken, TokenType string
			ExpiresIn              int
		}
	}
	wantOK(t, json.Unmarshal([]byte(got.Body), &answer))
	result := answer.ClientAuthenticationResult
	if got.Status != http.StatusOK || result.TokenType != "Bearer" || result.ExpiresIn != 3600 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	if claims := claimsIn(t, result.AccessToken); claims["scope"] != "https://shop.example.com/read https://shop.example.com/write" || claims["sub"] != robot.client {
		t.Errorf("%v", claims)
	}
	got = p.clientToken(t, robot.client, robot.secret, map[string]any{"Scopes": []string{"https://shop.example.com/write"}})
	wantOK(t, json.Unmarshal([]byte(got.Body), &answer))
	if claims := claimsIn(t, answer.ClientAuthenticationResult.AccessToken); claims["scope"] != "https://shop.example.com/write" {
		t.Errorf("%v", claims)
	}
	other := p.withClient(t, machine)
	for name, tt := range map[string]struct {
		got           servertest.Answer
		code, message string
	}{
		"wrong secret":   {p.clientToken(t, robot.client, strings.Repeat("x", 30), nil), "NotAuthorizedException", "Invalid client or secret"},
		"unknown client": {p.clientToken(t, "nobodynobodynobodynobody", robot.secret, nil), "NotAuthorizedException", "Invalid client or secret"},
		"public client":  {p.clientToken(t, p.client, robot.secret, nil), "NotAuthorizedException", "Invalid client or secret"},
		"another flow":   {p.clientToken(t, other.client, other.secret, nil), "NotAuthorizedException", ""},
		"foreign scope":  {p.clientToken(t, robot.client, robot.secret, map[string]any{"Scopes": []string{"nowhere/x"}}), "InvalidParameterException", ""},
		"openid":         {p.clientToken(t, robot.client, robot.secret, map[string]any{"Scopes": []string{"openid"}}), "InvalidParameterException", ""},
	} {
		if tt.got.ErrorType() != tt.code || tt.message != "" && tt.got.Message() != tt.message {
			t.Errorf("%s: %d %s", name, tt.got.Status, tt.got.Body)
		}
	}
	// Such a client signs nobody in and, without the grant, has nothing at the domain.
	_, err := robot.initiate(t, types.AuthFlowTypeUserPasswordAuth, "USERNAME", "ana", "PASSWORD", goodPassword)
	if err == nil {
		t.Error("a client for machines signed a user in")
	}
	wantRefusal(t, robot.token(t, "grant_type", "client_credentials"), "unauthorized_client")
}
