package tokens

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
	"cognate/internal/store/storetest"
)

// clientOf is a client with the given settings, in a pool with two custom
// attributes.
func clientOf(t *testing.T, settings api.UserPoolClientType) *directory.Client {
	t.Helper()
	db := storetest.Open(t, time.Now)
	const poolID, clientID = "us-east-1_AbCdEf123", "1example23456789"
	_, err := store.Write(t.Context(), db, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		pool := &store.Pool{ID: poolID, Settings: store.PoolSettings{Pool: api.UserPoolType{
			SchemaAttributes: append(attributes.Standard(),
				api.SchemaAttributeType{Name: "custom:plan", AttributeDataType: api.AttributeDataTypeString},
				api.SchemaAttributeType{Name: "custom:seats", AttributeDataType: api.AttributeDataTypeNumber}),
		}}}
		if err := tx.InsertPool(ctx, pool, nil); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, tx.InsertClient(ctx, &store.Client{PoolID: poolID, ID: clientID, Settings: settings})
	})
	if err != nil {
		t.Fatal(err)
	}
	client, err := directory.New(db, time.Now).Client(t.Context(), clientID)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// sample is a grant whose values are all fixed but jti.
func sample(t *testing.T, client api.UserPoolClientType, attrs ...store.Attribute) *Grant {
	t.Helper()
	d := clientOf(t, client)
	at := time.Unix(1_750_000_000, 0).UTC()
	return &Grant{
		Client: d,
		User: &store.User{
			PoolID: "us-east-1_AbCdEf123", Sub: "11111111-2222-7033-8444-555555555555", Username: "ana",
			Attributes: attrs,
		},
		Family: &store.Family{
			ID: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", EventID: "bbbbbbbb-cccc-4ddd-8eee-ffffffffffff", AuthAt: at,
		},
		At:  at,
		doc: familyDoc{ACR: "urn:cognito:loa:1", AMR: []string{"pwd"}},
	}
}

const issuer = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEf123"

var jtiClaim = regexp.MustCompile(`"jti":"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"`)

// fixed replaces the one claim that differs each time.
func fixed(t *testing.T, claims []byte) string {
	t.Helper()
	if !json.Valid(claims) {
		t.Fatalf("not JSON: %s", claims)
	}
	return jtiClaim.ReplaceAllString(string(claims), `"jti":"<jti>"`)
}

// Order and types are those of recorded.md §4; acr and amr, which no recording
// has, come where the rule of the recorded order puts them.
func TestAccessTokenClaims(t *testing.T) {
	t.Parallel()
	g := sample(t, api.UserPoolClientType{}, store.Attribute{Name: "email", Value: "ana@example.com"})
	want := `{"sub":"11111111-2222-7033-8444-555555555555","amr":["pwd"],` +
		`"iss":"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEf123","client_id":"1example23456789",` +
		`"origin_jti":"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee","acr":"urn:cognito:loa:1",` +
		`"event_id":"bbbbbbbb-cccc-4ddd-8eee-ffffffffffff","token_use":"access","scope":"aws.cognito.signin.user.admin",` +
		`"auth_time":1750000000,"exp":1750003600,"iat":1750000000,"jti":"<jti>","username":"ana"}`
	if diff := cmp.Diff(want, fixed(t, g.accessClaims(issuer))); diff != "" {
		t.Error(diff)
	}
}

func TestIDTokenClaims(t *testing.T) {
	t.Parallel()
	g := sample(t, api.UserPoolClientType{},
		store.Attribute{Name: "email", Value: "ana@example.com"},
		store.Attribute{Name: "email_verified", Value: "true"},
		store.Attribute{Name: "phone_number", Value: "+15550100"},
		store.Attribute{Name: "name", Value: `Ana "A" <o'Neil> & Söhne / \`},
		store.Attribute{Name: "custom:plan", Value: "gold"},
	)
	want := `{"sub":"11111111-2222-7033-8444-555555555555","email_verified":true,"amr":["pwd"],` +
		`"iss":"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEf123","phone_number_verified":false,` +
		`"cognito:username":"ana","origin_jti":"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee","custom:plan":"gold",` +
		`"aud":"1example23456789","acr":"urn:cognito:loa:1","event_id":"bbbbbbbb-cccc-4ddd-8eee-ffffffffffff","token_use":"id",` +
		`"auth_time":1750000000,"name":"Ana \"A\" <o'Neil> & Söhne / \\","phone_number":"+15550100","exp":1750003600,` +
		`"iat":1750000000,"jti":"<jti>","email":"ana@example.com"}`
	if diff := cmp.Diff(want, fixed(t, g.idClaims(issuer, ""))); diff != "" {
		t.Error(diff)
	}
}

// The orders of recorded.md §4 and of tokens.md §5, with all optional claims.
func TestClaimsComeInTheRecordedOrder(t *testing.T) {
	t.Parallel()
	// Claims that share a bucket with another one keep the order of addition.
	tied := map[string]bool{"scope": true, "auth_time": true, "jti": true, "email": true, "origin_jti": true, "custom:anything": true}
	for _, recorded := range []string{
		"sub cognito:groups iss client_id origin_jti event_id token_use scope auth_time exp iat jti username",
		"sub device_key cognito:groups iss version client_id origin_jti event_id token_use scope auth_time exp iat jti username",
		"at_hash sub email_verified iss phone_number_verified cognito:username origin_jti custom:anything aud event_id token_use auth_time name phone_number exp iat jti email",
	} {
		var o object
		for name := range strings.FieldsSeq(recorded) {
			o.number(name, 1)
		}
		var backwards object
		for _, v := range slices.Backward(o.claims) {
			if name := v.name; !tied[name] {
				backwards.number(name, 1)
			}
		}
		if got := names(t, o.json()); got != recorded {
			t.Errorf("got  %s\nwant %s", got, recorded)
		}
		var kept []string
		for name := range strings.FieldsSeq(recorded) {
			if !tied[name] {
				kept = append(kept, name)
			}
		}
		if got := names(t, backwards.json()); got != strings.Join(kept, " ") {
			t.Errorf("added backwards: got %s\nwant %s", got, strings.Join(kept, " "))
		}
	}
}

func names(t *testing.T, raw []byte) string {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	var found []string
	if _, err := decoder.Token(); err != nil {
		t.Fatal(err)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, name.(string))
		var skipped json.RawMessage
		if err := decoder.Decode(&skipped); err != nil {
			t.Fatal(err)
		}
	}
	return strings.Join(found, " ")
}

func TestClaimTypes(t *testing.T) {
	t.Parallel()
	g := sample(t, api.UserPoolClientType{},
		store.Attribute{Name: "address", Value: "1 Main St\n\"North\""},
		store.Attribute{Name: "updated_at", Value: "1700000000"},
		store.Attribute{Name: "custom:seats", Value: "12"},
		store.Attribute{Name: "gender", Value: ""},
		store.Attribute{Name: "phone_number_verified", Value: "True"},
	)
	var got map[string]any
	if err := json.Unmarshal(g.idClaims(issuer, ""), &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"address":               map[string]any{"formatted": "1 Main St\n\"North\""},
		"updated_at":            1700000000.0,
		"custom:seats":          "12", // a string, whatever the attribute's type
		"gender":                nil,
		"phone_number_verified": true,
		"email_verified":        nil, // neither flag nor address
		"cognito:groups":        nil,
		"cognito:roles":         nil,
		"amr":                   []any{"pwd"},
	} {
		if diff := cmp.Diff(want, got[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	g.User.Attributes = store.Attributes{{Name: "updated_at", Value: "yesterday"}}
	if err := json.Unmarshal(g.idClaims(issuer, ""), &got); err != nil {
		t.Fatal(err)
	}
	if got["updated_at"] != "yesterday" {
		t.Errorf("updated_at is %v", got["updated_at"])
	}
}

func TestS034NoAttributeBecomesAClaimOfTheService(t *testing.T) {
	t.Parallel()
	var attrs []store.Attribute
	reserved := []string{
		"acr", "amr", "at_hash", "auth_time", "azp", "aud", "client_id", "cognito:groups", "cognito:preferred_role",
		"cognito:roles", "cognito:username", "dev:custom:x", "device_key", "event_id", "exp", "iat", "identities", "iss",
		"jti", "nbf", "nonce", "origin_jti", "scope", "sub", "token_use", "username", "version",
	}
	for _, name := range reserved {
		attrs = append(attrs, store.Attribute{Name: name, Value: "forged"})
	}
	attrs = append(attrs, store.Attribute{Name: "custom:sub", Value: "x"})
	g := sample(t, api.UserPoolClientType{ReadAttributes: append(reserved, "custom:sub")}, attrs...)
	for _, claims := range [][]byte{g.idClaims(issuer, ""), g.accessClaims(issuer)} {
		if strings.Contains(string(claims), "forged") {
			t.Errorf("a reserved claim came from an attribute: %s", claims)
		}
	}
	if !strings.Contains(string(g.idClaims(issuer, "")), `"custom:sub":"x"`) {
		t.Error("a custom attribute with a reserved name behind its prefix is missing")
	}
}

func TestIDTokenHasOnlyReadableAttributes(t *testing.T) {
	t.Parallel()
	g := sample(t, api.UserPoolClientType{ReadAttributes: []string{"name", "email"}},
		store.Attribute{Name: "email", Value: "ana@example.com"},
		store.Attribute{Name: "email_verified", Value: "true"},
		store.Attribute{Name: "name", Value: "Ana"},
		store.Attribute{Name: "family_name", Value: "Hidden"},
		store.Attribute{Name: "custom:plan", Value: "Hidden"},
	)
	claims := string(g.idClaims(issuer, ""))
	for _, present := range []string{`"email":"ana@example.com"`, `"name":"Ana"`} {
		if !strings.Contains(claims, present) {
			t.Errorf("%s is missing in %s", present, claims)
		}
	}
	if strings.Contains(claims, "Hidden") || strings.Contains(claims, "email_verified") {
		t.Errorf("unreadable attributes in %s", claims)
	}
}

func TestClaimsWithoutRevocationHaveNoOrigin(t *testing.T) {
	t.Parallel()
	g := sample(t, api.UserPoolClientType{})
	g.Family.ID = g.Family.EventID
	for _, claims := range [][]byte{g.accessClaims(issuer), g.idClaims(issuer, "")} {
		if got := names(t, claims); strings.Contains(got, "origin_jti") || !strings.Contains(got, "event_id") {
			t.Errorf("claims are %s", got)
		}
	}
}

func TestRolesAndPrecedence(t *testing.T) {
	t.Parallel()
	group := func(name, role string, precedence int32) *store.Group {
		g := &store.Group{Name: name, Settings: api.GroupType{RoleArn: role}}
		if precedence >= 0 {
			g.Settings.Precedence = &precedence
		}
		return g
	}
	const none = -1
	for _, tt := range []struct {
		name      string
		groups    []*store.Group
		roles     []any
		preferred any
	}{
		{"no role", []*store.Group{group("a", "", 1)}, nil, nil},
		{"lowest wins", []*store.Group{group("a", "A", 5), group("b", "B", 1)}, []any{"A", "B"}, "B"},
		{"zero is lowest", []*store.Group{group("a", "A", 1), group("b", "B", 0)}, []any{"A", "B"}, "B"},
		{"null is last", []*store.Group{group("a", "A", none), group("b", "B", 99)}, []any{"A", "B"}, "B"},
		{"tie, one role", []*store.Group{group("a", "A", 1), group("b", "A", 1)}, []any{"A"}, "A"},
		{"tie, two roles", []*store.Group{group("a", "A", 1), group("b", "B", 1)}, []any{"A", "B"}, nil},
		{"tie of nulls", []*store.Group{group("a", "A", none), group("b", "B", none)}, []any{"A", "B"}, nil},
		{"tie below the best", []*store.Group{group("a", "A", 2), group("b", "B", 2), group("c", "C", 1)}, []any{"A", "B", "C"}, "C"},
	} {
		g := sample(t, api.UserPoolClientType{})
		g.Groups = tt.groups
		var got map[string]any
		if err := json.Unmarshal(g.idClaims(issuer, ""), &got); err != nil {
			t.Fatal(err)
		}
		roles, _ := got["cognito:roles"].([]any)
		if diff := cmp.Diff(tt.roles, roles); diff != "" {
			t.Errorf("%s: roles: %s", tt.name, diff)
		}
		if got["cognito:preferred_role"] != tt.preferred {
			t.Errorf("%s: preferred %v, want %v", tt.name, got["cognito:preferred_role"], tt.preferred)
		}
		if len(got["cognito:groups"].([]any)) != len(tt.groups) {
			t.Errorf("%s: groups %v", tt.name, got["cognito:groups"])
		}
		if strings.Contains(string(g.accessClaims(issuer)), "role") {
			t.Errorf("%s: roles in the access token", tt.name)
		}
	}
}

func TestRefreshTokenHasTheFormOfTheService(t *testing.T) {
	t.Parallel()
	token := newRefreshToken()
	const recorded = "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiUlNBLU9BRVAifQ."
	if !strings.HasPrefix(token, recorded) || strings.Count(token, ".") != 4 {
		t.Errorf("token is %s", token)
	}
	if len(token) < 1800 || len(token) > 2000 {
		t.Errorf("token has %d characters", len(token))
	}
	if !regexp.MustCompile(`^[A-Za-z0-9-_=.]+$`).MatchString(token) {
		t.Error("token does not match the pattern of the model")
	}
	if !looksLikeRefreshToken(token) || looksLikeRefreshToken(token+"A") || looksLikeRefreshToken(token[:len(token)-1]) {
		t.Error("the form is not recognized")
	}
}

func TestS036RefreshTokensDoNotRepeat(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 5000 {
		// Every segment is random by itself.
		for i, segment := range strings.Split(newRefreshToken(), ".")[1:] {
			if seen[segment] {
				t.Fatalf("segment %d came twice", i)
			}
			seen[segment] = true
		}
	}
}
