package tokens

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestS034FunctionsCannotForgeClaims tries every claim that is not a function's to
// set or remove (triggers.md §3, the matrix), in both tokens.
func TestS034FunctionsCannotForgeClaims(t *testing.T) {
	t.Parallel()
	fixed := []string{
		"cognito:username", "cognito:groups", "cognito:roles", "cognito:preferred_role", "cognito:anything", "username", "sub",
		"identities", "client_id", "event_id", "device_key", "version", "acr", "amr", "at_hash", "auth_time", "azp", "exp", "iat",
		"iss", "jti", "nbf", "nonce", "origin_jti", "token_use", "scope", "aud", "dev:custom:x",
	}
	for _, name := range fixed {
		c := ClaimChanges{Set: map[string]json.RawMessage{name: json.RawMessage(`"forged"`)}}
		if name != "cognito:groups" && name != "dev:custom:x" { // those may be removed
			c.Suppress = []string{name}
		}
		for _, clientID := range []string{"", "client"} {
			var o object
			o.text(name, "real")
			c.apply(&o, clientID)
			if got := string(o.json()); got != `{"`+name+`":"real"}` {
				t.Errorf("%s: %s", name, got)
			}
			var empty object
			ClaimChanges{Set: c.Set}.apply(&empty, clientID)
			if got := string(empty.json()); got != `{}` {
				t.Errorf("%s was added: %s", name, got)
			}
		}
	}
}

func TestFunctionsSetAndRemoveOtherClaims(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		changes  ClaimChanges
		clientID string
		want     map[string]any
	}{
		{
			"add",
			ClaimChanges{Set: raw("tenant", `{"id":7,"on":true,"of":["a"]}`)},
			"",
			map[string]any{"email": "a@b.c", "cognito:groups": "g", "cognito:roles": "r", "tenant": map[string]any{"id": 7.0, "on": true, "of": []any{"a"}}},
		},
		{
			"override",
			ClaimChanges{Set: raw("email", `"x@y.z"`)},
			"",
			map[string]any{"email": "x@y.z", "cognito:groups": "g", "cognito:roles": "r"},
		},
		{
			"suppress",
			ClaimChanges{Suppress: []string{"email"}},
			"",
			map[string]any{"cognito:groups": "g", "cognito:roles": "r"},
		},
		{
			"suppress after override",
			ClaimChanges{Set: raw("email", `"x@y.z"`), Suppress: []string{"email"}},
			"",
			map[string]any{"cognito:groups": "g", "cognito:roles": "r"},
		},
		{
			"groups take the roles along",
			ClaimChanges{Suppress: []string{"cognito:groups"}},
			"",
			map[string]any{"email": "a@b.c"},
		},
		{
			"own audience",
			ClaimChanges{Set: raw("aud", `"client"`)},
			"client",
			map[string]any{"email": "a@b.c", "cognito:groups": "g", "cognito:roles": "r", "aud": "client"},
		},
		{
			"other audience",
			ClaimChanges{Set: raw("aud", `"other"`)},
			"client",
			map[string]any{"email": "a@b.c", "cognito:groups": "g", "cognito:roles": "r"},
		},
	} {
		var o object
		o.text("email", "a@b.c")
		o.text("cognito:groups", "g")
		o.text("cognito:roles", "r")
		c.changes.apply(&o, c.clientID)
		var got map[string]any
		if err := json.Unmarshal(o.json(), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func raw(name, value string) map[string]json.RawMessage {
	return map[string]json.RawMessage{name: json.RawMessage(value)}
}

func TestScopesOfFunctions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		add, suppress []string
		want          string
	}{
		{nil, nil, "aws.cognito.signin.user.admin"},
		{[]string{"shop/read", "shop/read"}, nil, "aws.cognito.signin.user.admin shop/read"},
		{[]string{"shop/read"}, []string{"aws.cognito.signin.user.admin"}, "shop/read"},
		{[]string{"two scopes", ""}, nil, "aws.cognito.signin.user.admin"},
		{nil, []string{"aws.cognito.signin.user.admin"}, ""},
	} {
		v := Override{AddScopes: c.add, SuppressScopes: c.suppress}
		if got := v.scopes([]string{SelfServiceScope}); got != c.want {
			t.Errorf("+%v -%v: %q, want %q", c.add, c.suppress, got, c.want)
		}
	}
}
