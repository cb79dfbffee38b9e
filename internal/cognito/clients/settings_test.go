package clients

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/store"
)

// checked configures a client from the JSON of a request and checks it.
func checked(t *testing.T, pool *api.UserPoolType, confidential bool, request string) (api.UserPoolClientType, error) {
	t.Helper()
	var in api.CreateUserPoolClientRequest
	if err := json.Unmarshal([]byte(request), &in); err != nil {
		t.Fatal(err)
	}
	client := configure(settingsOfCreate(&in))
	return client, check(&subject{pool: pool, client: &client, confidential: confidential, verb: "creating"})
}

func aPool() *api.UserPoolType {
	schema := attributes.Standard()
	for i := range schema {
		if schema[i].Name == "email" {
			schema[i].Required = new(true)
		}
	}
	schema = append(schema,
		api.SchemaAttributeType{Name: "custom:plan", AttributeDataType: api.AttributeDataTypeString},
		api.SchemaAttributeType{Name: "dev:notes", AttributeDataType: api.AttributeDataTypeString})
	return &api.UserPoolType{Id: "eu-west-1_AbCdEf123", SchemaAttributes: schema, UserPoolTier: api.UserPoolTierTypeEssentials}
}

func wantError(t *testing.T, err error, code, message string) {
	t.Helper()
	var got *api.Error
	if !errors.As(err, &got) || got.Code != code || got.Message != message {
		t.Errorf("got %v, want %s: %s", err, code, message)
	}
}

func TestS002RedirectAddresses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"https://example.com", "https://example.com/callback?x=1&y=%20", "https://example.com:8443/", "https://localhost/cb",
		"https://EXAMPLE.com/Callback/", "https://[2001:db8::1]/cb", "https://bücher.example/cb",
		"http://localhost", "http://localhost:3000/cb", "http://127.0.0.1:8080/", "http://[::1]:9000/cb",
		"myapp://example", "com.example.app:/callback", "exp://127.0.0.1:19000/--/",
	} {
		if err := checkRedirect("CallbackURLs", address); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{
		"http://example.com/cb", "http://127.0.0.2/", "http://localhost.example.com/", "http://127.0.0.1.example.com/", "http://[::ffff:127.0.0.1]/",
		"HTTP://example.com/", "http://0x7f.1/", "http://10.0.0.1:3000/",
	} {
		wantError(t, checkRedirect("CallbackURLs", address), "InvalidParameterException", address+" cannot use the HTTP protocol.")
	}
	for _, address := range []string{
		"https://example.com/#part", "https://example.com/cb#", "myapp://example#x",
		"https://*.example.com/", "https://example.com/*", "*", "myapp://*",
		"/callback", "callback", "//example.com/cb", "?x", "", ":", "://example.com",
		"javascript:alert(1)", "JavaScript://example.com/%0aalert(1)", "data:text/html,x", "file:///etc/passwd", "vbscript:x", "blob:https://example.com/1", "about:blank",
		"https:///cb", "https://", "https:cb", "http:localhost", "https://user:password@example.com/", "https://example.com@evil.example/", "http://localhost:80@evil.example/",
		"https://example.com\\@evil.example/", `https://example.com/"onload=`, "https://example.com/<b>", "https://exa mple.com/", "https://example.com/\x00", "https://[::1/cb",
		"localhost:3000/cb", "localhost:3000",
	} {
		if err := checkRedirect("CallbackURLs", address); !api.HasCode(err, "InvalidParameterException") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestS002EveryAddressOfAClientIsChecked(t *testing.T) {
	t.Parallel()
	for _, request := range []string{
		`{"CallbackURLs":["https://example.com/","javascript:alert(1)"]}`,
		`{"LogoutURLs":["https://example.com/","javascript:alert(1)"]}`,
		`{"CallbackURLs":["https://example.com/"],"DefaultRedirectURI":"javascript:alert(1)"}`,
	} {
		if _, err := checked(t, aPool(), false, request); !api.HasCode(err, "InvalidParameterException") {
			t.Errorf("%s: %v", request, err)
		}
	}
}

func TestOAuthSettings(t *testing.T) {
	t.Parallel()
	const invalid, flow = "InvalidParameterException", "InvalidOAuthFlowException"
	for _, c := range []struct{ name, request, code, message string }{
		{"switched on without flows", `{"AllowedOAuthFlowsUserPoolClient":true,"AllowedOAuthScopes":["openid"]}`, invalid, "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows."},
		{"switched on without scopes", `{"AllowedOAuthFlowsUserPoolClient":true,"AllowedOAuthFlows":["code"],"CallbackURLs":["https://a.example/"]}`, invalid, "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows."},
		{"code without callback", `{"AllowedOAuthFlowsUserPoolClient":true,"AllowedOAuthFlows":["code"],"AllowedOAuthScopes":["openid"]}`, invalid, "CallbackUrls can not be empty when code flow or implicit flow is selected"},
		{"implicit without callback", `{"AllowedOAuthFlows":["implicit"]}`, invalid, "CallbackUrls can not be empty when code flow or implicit flow is selected"},
		{"machine and people", `{"AllowedOAuthFlows":["client_credentials","code"],"CallbackURLs":["https://a.example/"]}`, flow, "client_credentials flow can not be selected along with code flow or implicit flow."},
		{"machine without secret", `{"AllowedOAuthFlows":["client_credentials"]}`, flow, "client_credentials flow can not be selected if client does not have a client secret."},
		{"unknown scope", `{"AllowedOAuthScopes":["openid","shop/read"]}`, "ScopeDoesNotExistException", "Invalid scope requested: shop/read"},
		{"foreign default", `{"CallbackURLs":["https://a.example/"],"DefaultRedirectURI":"https://a.example"}`, invalid, "The default redirect URI https://a.example is not in the callback URIs list."},
		{"unknown provider", `{"SupportedIdentityProviders":["COGNITO","Google"]}`, invalid, "The provider Google does not exist for User Pool eu-west-1_AbCdEf123."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := checked(t, aPool(), false, c.request)
			wantError(t, err, c.code, c.message)
		})
	}
	if _, err := checked(t, aPool(), true, `{"AllowedOAuthFlowsUserPoolClient":true,"AllowedOAuthFlows":["client_credentials"],"AllowedOAuthScopes":["aws.cognito/dcr/register"]}`); err != nil {
		t.Error(err)
	}
	if _, err := checked(t, aPool(), false, `{"AllowedOAuthFlowsUserPoolClient":true,"AllowedOAuthFlows":["code","implicit"],"AllowedOAuthScopes":["phone","email","openid","profile","aws.cognito.signin.user.admin"],"CallbackURLs":["https://a.example/"],"DefaultRedirectURI":"https://a.example/","SupportedIdentityProviders":["COGNITO"]}`); err != nil {
		t.Error(err)
	}
}

func TestFlowsComeBackInTheServicesOrder(t *testing.T) {
	t.Parallel()
	client, err := checked(t, aPool(), false, `{"ExplicitAuthFlows":["ALLOW_REFRESH_TOKEN_AUTH","ALLOW_USER_SRP_AUTH","ALLOW_ADMIN_USER_PASSWORD_AUTH","ALLOW_USER_PASSWORD_AUTH","ALLOW_CUSTOM_AUTH","ALLOW_USER_SRP_AUTH"]}`)
	if err != nil {
		t.Fatal(err)
	}
	want := []api.ExplicitAuthFlowsType{"ALLOW_CUSTOM_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
	if diff := cmp.Diff(want, client.ExplicitAuthFlows); diff != "" {
		t.Error(diff)
	}
}

func TestFlowsThatDoNotGoTogether(t *testing.T) {
	t.Parallel()
	lite := aPool()
	lite.UserPoolTier = api.UserPoolTierTypeLite
	for _, c := range []struct {
		request string
		pool    *api.UserPoolType
		secret  bool
		code    string
	}{
		{`{"ExplicitAuthFlows":["ADMIN_NO_SRP_AUTH","ALLOW_USER_SRP_AUTH"]}`, aPool(), false, "InvalidParameterException"},
		{`{"ExplicitAuthFlows":["ALLOW_CLIENT_TOKEN_AUTH","ALLOW_USER_SRP_AUTH"]}`, aPool(), true, "InvalidParameterException"},
		{`{"ExplicitAuthFlows":["ALLOW_CLIENT_TOKEN_AUTH"]}`, aPool(), false, "InvalidParameterException"},
		{`{"ExplicitAuthFlows":["ALLOW_REFRESH_TOKEN_AUTH"],"RefreshTokenRotation":{"Feature":"ENABLED"}}`, aPool(), false, "InvalidParameterException"},
		{`{"ExplicitAuthFlows":["ALLOW_USER_AUTH"]}`, lite, false, "FeatureUnavailableInTierException"},
		{`{"EnablePropagateAdditionalUserContextData":true}`, aPool(), false, "InvalidParameterException"},
	} {
		if _, err := checked(t, c.pool, c.secret, c.request); !api.HasCode(err, c.code) {
			t.Errorf("%s: %v", c.request, err)
		}
	}
	for _, request := range []string{
		`{"ExplicitAuthFlows":["ADMIN_NO_SRP_AUTH","USER_PASSWORD_AUTH"]}`,
		`{"ExplicitAuthFlows":["ALLOW_USER_SRP_AUTH"]}`, // without refresh: accepted today
		`{"ExplicitAuthFlows":["ALLOW_CLIENT_TOKEN_AUTH"]}`,
		`{"ExplicitAuthFlows":["ALLOW_USER_AUTH"],"RefreshTokenRotation":{"Feature":"ENABLED","RetryGracePeriodSeconds":60}}`,
		`{"ExplicitAuthFlows":["ALLOW_REFRESH_TOKEN_AUTH"],"RefreshTokenRotation":{"Feature":"DISABLED"}}`,
		`{"EnablePropagateAdditionalUserContextData":true}`,
	} {
		if _, err := checked(t, aPool(), true, request); err != nil {
			t.Errorf("%s: %v", request, err)
		}
	}
}

func TestValidityBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		request string
		ok      bool
	}{
		{`{"AccessTokenValidity":5,"TokenValidityUnits":{"AccessToken":"minutes"}}`, true},
		{`{"AccessTokenValidity":4,"TokenValidityUnits":{"AccessToken":"minutes"}}`, false},
		{`{"AccessTokenValidity":300,"TokenValidityUnits":{"AccessToken":"seconds"}}`, true},
		{`{"AccessTokenValidity":299,"TokenValidityUnits":{"AccessToken":"seconds"}}`, false},
		{`{"AccessTokenValidity":24}`, true},
		{`{"AccessTokenValidity":25}`, false},
		{`{"IdTokenValidity":1,"TokenValidityUnits":{"IdToken":"days"}}`, true},
		{`{"IdTokenValidity":2,"TokenValidityUnits":{"IdToken":"days"}}`, false},
		{`{"RefreshTokenValidity":3650}`, true},
		{`{"RefreshTokenValidity":3651}`, false},
		{`{"RefreshTokenValidity":60,"TokenValidityUnits":{"RefreshToken":"minutes"}}`, true},
		{`{"RefreshTokenValidity":59,"TokenValidityUnits":{"RefreshToken":"minutes"}}`, false},
		{`{"RefreshTokenValidity":315360000,"TokenValidityUnits":{"RefreshToken":"seconds"}}`, true},
		{`{"RefreshTokenValidity":315360000}`, false},
		{`{"AccessTokenValidity":2,"RefreshTokenValidity":1,"TokenValidityUnits":{"RefreshToken":"hours"}}`, false},
		{`{"IdTokenValidity":2,"RefreshTokenValidity":2,"TokenValidityUnits":{"RefreshToken":"hours"}}`, false},
		{`{"AccessTokenValidity":1,"IdTokenValidity":1,"RefreshTokenValidity":2,"TokenValidityUnits":{"RefreshToken":"hours"}}`, true},
		{`{"RefreshTokenValidity":1,"TokenValidityUnits":{"RefreshToken":"hours"}}`, true},
	} {
		_, err := checked(t, aPool(), false, c.request)
		switch {
		case c.ok && err != nil:
			t.Errorf("%s: %v", c.request, err)
		case !c.ok:
			wantError(t, err, "InvalidParameterException", "Invalid range for token validity.")
		}
	}
}

func TestS177NoValidityWrapsAround(t *testing.T) {
	t.Parallel()
	units := []api.TimeUnitsType{"", api.TimeUnitsTypeSeconds, api.TimeUnitsTypeMinutes, api.TimeUnitsTypeHours, api.TimeUnitsTypeDays}
	seconds := []int64{86400, 1, 60, 3600, 86400}
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(units)-1).Draw(t, "unit")
		value := rapid.Int32Range(0, 1<<31-1).Draw(t, "value")
		client := configure(api.UserPoolClientType{
			AllowedOAuthFlowsUserPoolClient: new(false),
			RefreshTokenValidity:            &value,
			TokenValidityUnits:              &api.TokenValidityUnitsType{RefreshToken: units[i]},
		})
		err := checkValidity(&subject{client: &client})
		life := int64(value) * seconds[i]
		if value == 0 {
			life = 30 * 86400
		}
		if want := life >= 3600 && life <= 3650*86400; want != (err == nil) {
			t.Errorf("%d %s: %v", value, units[i], err)
		}
	})
}

func TestTheDefaultRefreshLifeIsThirtyDaysInEveryUnit(t *testing.T) {
	t.Parallel()
	for unit, want := range map[api.TimeUnitsType]int32{"": 30, "days": 30, "hours": 720, "minutes": 43200, "seconds": 2592000} {
		if got := defaultRefresh(unit); got != want {
			t.Errorf("%s: %d", unit, got)
		}
	}
}

func TestS043AttributePermissions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		request string
		message string // of the refusal; none: accepted
	}{
		{`{"WriteAttributes":["email","name","custom:plan"]}`, ""},
		{`{"ReadAttributes":["email_verified","phone_number_verified","sub","custom:plan"]}`, ""},
		{`{"WriteAttributes":[]}`, ""},
		{`{"WriteAttributes":["name"]}`, "write"},                   // email is required
		{`{"WriteAttributes":["email","email_verified"]}`, "write"}, // never a client's to write
		{`{"WriteAttributes":["email","phone_number_verified"]}`, "write"},
		{`{"WriteAttributes":["email","sub"]}`, "write"},
		{`{"WriteAttributes":["email","identities"]}`, "write"},
		{`{"WriteAttributes":["email","dev:notes"]}`, "write"},
		{`{"WriteAttributes":["email","plan"]}`, "write"},
		{`{"WriteAttributes":["email","custom:other"]}`, "write"},
		{`{"ReadAttributes":["custom:other"]}`, "read"},
		{`{"ReadAttributes":["dev:notes"]}`, "read"},
		{`{"ReadAttributes":[""]}`, "read"},
	} {
		_, err := checked(t, aPool(), false, c.request)
		if c.message == "" {
			if err != nil {
				t.Errorf("%s: %v", c.request, err)
			}
			continue
		}
		wantError(t, err, "InvalidParameterException", "Invalid "+c.message+" attributes specified while creating a client")
	}
}

func TestAnalyticsNamesTheApplicationInOneWay(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:mobiletargeting:eu-west-1:123456789012:apps/abc"
	const role = "arn:aws:iam::123456789012:role/analytics"
	for _, request := range []string{
		`{"AnalyticsConfiguration":{}}`,
		`{"AnalyticsConfiguration":{"ApplicationId":"abc"}}`,
		`{"AnalyticsConfiguration":{"ApplicationId":"abc","RoleArn":"` + role + `"}}`,
		`{"AnalyticsConfiguration":{"ApplicationArn":"` + arn + `","ApplicationId":"abc","RoleArn":"` + role + `","ExternalId":"x"}}`,
	} {
		_, err := checked(t, aPool(), false, request)
		wantError(t, err, "InvalidParameterException", "Invalid analytics configuration given, either <application arn> or <application id, role arn, external id> are valid")
	}
	for _, request := range []string{
		`{"AnalyticsConfiguration":{"ApplicationArn":"` + arn + `","UserDataShared":true}}`,
		`{"AnalyticsConfiguration":{"ApplicationId":"abc","RoleArn":"` + role + `","ExternalId":"x"}}`,
	} {
		if _, err := checked(t, aPool(), false, request); err != nil {
			t.Errorf("%s: %v", request, err)
		}
	}
}

func TestS036ClientIDsAndSecretsAreRandom(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 100_000 {
		id, secret := newClientID(), generateSecret()
		if len(id) != 26 || len(secret) != 51 || strings.Trim(id+secret, "0123456789abcdefghijklmnopqrstuvwxyz") != "" {
			t.Fatalf("id %q, secret %q", id, secret)
		}
		if seen[id] || seen[secret] {
			t.Fatalf("%q or %q came twice", id, secret)
		}
		seen[id], seen[secret] = true, true
	}
}

func TestSecretsOfOneMomentHaveDifferentIDs(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_700_000_000_123)
	first := newSecret("app", "a", now, nil)
	if first.ID != "app--1700000000123" {
		t.Errorf("id %s", first.ID)
	}
	second := newSecret("app", "b", now, []store.ClientSecret{first})
	if second.ID != "app--1700000000124" || !second.CreatedAt.After(first.CreatedAt) {
		t.Errorf("second %+v", second)
	}
}
