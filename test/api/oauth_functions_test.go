package api_test

import (
	"net/http"
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

// asking is a pool whose tokens a function of an event version is asked about.
func asking(version types.PreTokenGenerationLambdaVersionType) func(*cip.CreateUserPoolInput) {
	return func(in *cip.CreateUserPoolInput) {
		in.LambdaConfig = &types.LambdaConfigType{
			PreTokenGenerationConfig: &types.PreTokenGenerationVersionConfigType{LambdaVersion: version, LambdaArn: new(functionARN)},
		}
	}
}

func TestFunctionsChangeOAuthTokens(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	p := newRelying(t, h.s, asking("V2_0"), nil)
	h.answer("TokenGeneration", object{"claimsAndScopeOverrideDetails": object{
		"idTokenGeneration": object{"claimsToAddOrOverride": object{"plan": "gold", "nonce": "forged", "at_hash": "forged"}},
		"accessTokenGeneration": object{
			"claimsToAddOrOverride": object{"seats": 3, "version": 9, "scope": "forged", "aud": "forged"},
			"scopesToAdd":           []string{"extra"}, "scopesToSuppress": []string{"email"},
		},
	}})
	got := p.exchangeCode(t, p.code(t, "scope", "openid email", "nonce", "n"))
	e := h.one(t, "TokenGeneration_HostedAuth")
	if scopes, _ := e.Request["scopes"].([]any); len(scopes) != 2 || scopes[0] != "openid" || e.Name != "ana" || e.From["clientId"] != p.client {
		t.Errorf("event %s", e.raw)
	}
	access, id := claimsIn(t, got.member(t, "access_token")), claimsIn(t, got.member(t, "id_token"))
	if access["seats"] != 3.0 || access["version"] != 2.0 || access["scope"] != "openid extra" || access["aud"] != nil {
		t.Errorf("access token %v", access)
	}
	if id["plan"] != "gold" || id["nonce"] != "n" || id["at_hash"] == "forged" || id["email"] != "ana@example.com" {
		t.Errorf("ID token %v", id)
	}
	_, parameters := p.browser(t).signIn(t, "ana", "response_type", "token").location(t)
	h.one(t, "TokenGeneration_HostedAuth")
	if claimsIn(t, parameters.Get("access_token"))["seats"] != 3.0 {
		t.Errorf("implicit: %v", parameters)
	}
	p.token(t, "grant_type", "refresh_token", "refresh_token", got.member(t, "refresh_token"))
	if e := h.one(t, "TokenGeneration_RefreshTokens"); len(e.Request["scopes"].([]any)) != 2 {
		t.Errorf("event of a refresh %s", e.raw)
	}

	h.answer("TokenGeneration", "not today")
	const refused = "PreTokenGeneration failed with error not today."
	code := p.code(t)
	answer := p.exchangeCode(t, code)
	if answer.status != http.StatusBadRequest || answer.member(t, "error") != "invalid_grant" || answer.member(t, "error_description") != refused {
		t.Errorf("%d %s", answer.status, answer.body)
	}
	at, parameters := p.browser(t).signIn(t, "ana", "response_type", "token", "state", "s").location(t)
	if at != appCallback || parameters.Get("error") != "invalid_request" || parameters.Get("error_description") != refused || parameters.Get("state") != "s" {
		t.Errorf("implicit: %s %v", at, parameters)
	}
	wantRefusal(t, p.token(t, "grant_type", "refresh_token", "refresh_token", got.member(t, "refresh_token")), "invalid_grant")
}

func TestFunctionsChangeMachineTokens(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for version, asked := range map[types.PreTokenGenerationLambdaVersionType]bool{"V1_0": false, "V2_0": false, "V3_0": true} {
		robot := newRelying(t, h.s, asking(version), machine)
		h.answer("TokenGeneration_ClientCredentials", object{"claimsAndScopeOverrideDetails": object{
			"accessTokenGeneration": object{
				"claimsToAddOrOverride": object{"tenant": "acme", "sub": "forged", "username": "root"},
				"scopesToAdd":           []string{"extra/x", "openid", "aws.cognito.signin.user.admin"}, "scopesToSuppress": []string{"https://shop.example.com/write"},
			},
		}})
		got := robot.token(t, "grant_type", "client_credentials", "aws_client_metadata", `{"from":"app"}`)
		events := h.take()
		claims := claimsIn(t, got.member(t, "access_token"))
		if !asked {
			if len(events) != 0 || claims["tenant"] != nil {
				t.Errorf("%s: %q, %v", version, sources(events), claims)
			}
			continue
		}
		if len(events) != 1 || claims["tenant"] != "acme" || claims["sub"] != robot.client || claims["username"] != nil || claims["scope"] != "https://shop.example.com/read extra/x" {
			t.Fatalf("%s: %q, %v", version, sources(events), claims)
		}
		want := object{
			"userAttributes": object{}, "groupConfiguration": nil, "clientMetadata": object{"from": "app"},
			"scopes": []any{"https://shop.example.com/read", "https://shop.example.com/write"},
		}
		e := events[0]
		if diff := cmp.Diff(want, e.Request); diff != "" || e.Version != "3" || e.Name != "ClientCredentials" || e.Kind != "TokenGeneration_ClientCredentials" {
			t.Errorf("%s %s", e.raw, diff)
		}
		h.answer("TokenGeneration_ClientCredentials", "not today")
		if got := robot.token(t, "grant_type", "client_credentials"); got.status != http.StatusBadRequest || !strings.Contains(got.body, "not today") {
			t.Errorf("%d %s", got.status, got.body)
		}
		h.answer("TokenGeneration_ClientCredentials", nil)
		h.take()
	}
}
