package security_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

// payloads mean something to a database, a header, a log, a file system, a
// template or a shell.
var payloads = []string{
	`'`, `"`, "`", `\`, `''`, `\'`, `' OR '1'='1`, `" OR ""="`, `'; DROP TABLE users; --`, `x' UNION SELECT * FROM keyring--`, `$1`, `?`, `:name`, `%s%n`, `%`, `_`, `*`,
	"a\r\nSet-Cookie: a=b", "a\nInjected: b", "\r\n\r\n<html>", "a\u0085b", "a\u2028b", "\u202egnp.exe", "a\tb", "\x1b[31mred", "\x07",
	`{"time":"x","level":"ERROR","msg":"forged"}`, "x\n{\"level\":\"ERROR\"}", `../../../../etc/passwd`, `..\..\windows`, `/dev/null`, `file:///etc/passwd`, `a%00b`,
	`{{.}}`, `{{7*7}}`, `${7*7}`, `#{7*7}`, `<%= 7*7 %>`, `{####}`, `{username}`, `{##x##}`, `$(id)`, "`id`", `; id`, `| id`, `&& id`,
	`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `javascript:alert(1)`, `{"$gt":""}`, `[object Object]`, `null`, `undefined`, `NaN`, `true`, `-1`, `1e309`, ``,
}

// What people write comes back as they wrote it, and is nothing else anywhere.
func TestS176TextIsDataEverywhere(t *testing.T) {
	t.Parallel()
	log := &logs{}
	s := servertest.Start(t, func(c *server.Config) { c.Log = log.logger() })
	p, bystander := newSide(t, s, "text"), newSide(t, s, "bystander")
	before := bystander.picture(t, s)
	for _, payload := range payloads {
		user := doc{"UserPoolId": p.pool, "Username": "twin"}
		do(t, s, "AdminUpdateUserAttributes", doc{
			"UserPoolId": p.pool, "Username": "twin", "UserAttributes": []doc{{"Name": "nickname", "Value": payload}, {"Name": "address", "Value": payload}},
		})
		for _, attribute := range []string{"nickname", "address"} {
			if got := attributeOf(do(t, s, "AdminGetUser", user), attribute); got != payload {
				t.Errorf("%s %q comes back as %q", attribute, payload, got)
			}
		}
		group := do(t, s, "UpdateGroup", doc{"UserPoolId": p.pool, "GroupName": "twins", "Description": payload})
		if got, _ := group["Group"].(map[string]any)["Description"].(string); got != payload {
			t.Errorf("description %q comes back as %q", payload, got)
		}
		if payload != "" {
			do(t, s, "TagResource", doc{"ResourceArn": p.arn, "Tags": doc{"t": payload}})
			if got := at(t, do(t, s, "ListTagsForResource", doc{"ResourceArn": p.arn}), "Tags", "t"); got != payload {
				t.Errorf("tag %q comes back as %q", payload, got)
			}
		}
		attack(t, s, p, payload)
	}
	if diff := cmp.Diff(before, bystander.picture(t, s)); diff != "" {
		t.Errorf("another pool has changed:\n%s", diff)
	}
	for number, line := range strings.Split(strings.TrimSpace(log.String()), "\n") {
		if entry := decode(t, line); entry["msg"] == "forged" || entry["level"] == "ERROR" || entry["time"] == nil {
			t.Errorf("line %d of the log: %s", number+1, line)
		}
	}
}

// attack sends a payload in members that are looked up, compared and printed.
// Whether it is refused or found to be nobody, it is no server error, and the
// answer's headers are only the server's own.
func attack(t *testing.T, s *servertest.Server, p *side, payload string) {
	t.Helper()
	for _, c := range []struct {
		operation string
		in        doc
	}{
		{"AdminGetUser", doc{"UserPoolId": p.pool, "Username": payload}},
		{"AdminGetUser", doc{"UserPoolId": payload, "Username": "twin"}},
		{"DescribeUserPool", doc{"UserPoolId": p.pool + payload}},
		{"DescribeUserPoolClient", doc{"UserPoolId": p.pool, "ClientId": payload}},
		{"GetGroup", doc{"UserPoolId": p.pool, "GroupName": payload}},
		{"CreateGroup", doc{"UserPoolId": p.pool, "GroupName": payload, "RoleArn": payload}},
		{"ListUsers", doc{"UserPoolId": p.pool, "Filter": payload}},
		{"ListUsers", doc{"UserPoolId": p.pool, "Filter": `username = "` + payload + `"`}},
		{"ListUsers", doc{"UserPoolId": p.pool, "AttributesToGet": []string{payload}}},
		{"ListUsers", doc{"UserPoolId": p.pool, "PaginationToken": payload}},
		{"ListTagsForResource", doc{"ResourceArn": p.arn + payload}},
		{"InitiateAuth", doc{"ClientId": p.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": doc{"USERNAME": payload, "PASSWORD": payload}}},
		{"InitiateAuth", doc{"ClientId": p.client, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": doc{"USERNAME": payload, "SRP_A": payload}}},
		{"RespondToAuthChallenge", doc{"ClientId": p.client, "ChallengeName": "PASSWORD_VERIFIER", "Session": payload + strings.Repeat("x", 20), "ChallengeResponses": doc{payload: payload}}},
		{"ConfirmSignUp", doc{"ClientId": p.client, "Username": p.fresh, "ConfirmationCode": payload}},
		{"ForgotPassword", doc{"ClientId": p.client, "Username": payload, "ClientMetadata": doc{payload: payload}}},
		{"GetUser", doc{"AccessToken": payload}},
		{"UpdateUserAttributes", doc{"AccessToken": p.access, "UserAttributes": []doc{{"Name": payload, "Value": payload}}}},
		{payload, doc{}},
	} {
		r := s.NewRequest(t, c.operation, encode(t, c.in))
		if strings.ContainsAny(c.operation, "\r\n\x1b\x07") {
			r.Header.Set("X-Amz-Target", "x") // a client refuses to send the others
		}
		r.Header.Set("User-Agent", strings.Map(printable, payload))
		s.Sign(t, r, encode(t, c.in))
		answer := s.Do(t, r)
		if answer.Status != http.StatusOK && answer.Status != http.StatusBadRequest {
			t.Errorf("%s with %q: %d %s", c.operation, payload, answer.Status, answer.Body)
		}
		for name, values := range answer.Header {
			if name == "Set-Cookie" || name == "Injected" || len(values) != 1 || strings.ContainsAny(values[0], "\r\n") {
				t.Errorf("%s with %q: header %s: %q", c.operation, payload, name, values)
			}
		}
	}
}

func printable(r rune) rune {
	if r < ' ' {
		return -1
	}
	return r
}

func attributeOf(user doc, name string) string {
	for _, a := range user["UserAttributes"].([]any) {
		if attribute := a.(map[string]any); attribute["Name"] == name {
			return attribute["Value"].(string)
		}
	}
	return ""
}

// An address is a line of a mail's header: nothing but one address gets there.
func TestS176AddressesAreOneAddress(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	p := newSide(t, s, "address")
	for _, address := range []string{
		"a@example.com\r\nBcc: evil@example.com", "a@example.com\nBcc: evil@example.com", "a@example.com, evil@example.com", "a@example.com;evil@example.com",
		"<a@example.com>", "A <a@example.com>", "a@example.com\x00", "a@", "@example.com", "a", "a@b@example.com\r\n", "a b@example.com",
	} {
		refused(t, s, "SignUp", doc{
			"ClientId": p.client, "Username": "addressed", "Password": p.password, "UserAttributes": []doc{{"Name": "email", "Value": address}},
		}, badInput)
	}
	for _, number := range []string{"+1555\r\n5550100", "+15555550100;ext=1", "tel:+15555550100", "+", "+1555555010a", "＋15555550100"} {
		refused(t, s, "SignUp", doc{
			"ClientId": p.client, "Username": "addressed", "Password": p.password, "UserAttributes": []doc{{"Name": "phone_number", "Value": number}},
		}, badInput)
	}
}

// Paths name pools, never files.
func TestS176PathsNameNoFiles(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for _, path := range []string{
		"/..%2f..%2f..%2fetc%2fpasswd/.well-known/jwks.json", "/%2e%2e/.well-known/jwks.json", "/....//.well-known/jwks.json", "/x%00/.well-known/jwks.json",
		"/us-east-1_a%00/.well-known/jwks.json", "/us-east-1_%ff/.well-known/openid-configuration",
		"/us-east-1_'OR'1'='1/.well-known/jwks.json", "/%27%3BDROP%20TABLE%20pools/.well-known/openid-configuration", "/us-east-1_%25/.well-known/jwks.json",
		"/master.key", "/cognate.db", "/.env", "/.git/config", "/%0d%0aInjected:%20x/.well-known/jwks.json", "/\u2028/.well-known/jwks.json",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+strings.ReplaceAll(path, "\u2028", "%E2%80%A8"), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if answer := s.Do(t, r); answer.Status != 404 || answer.Header.Get("Injected") != "" {
			t.Errorf("%s: %d %.200s", path, answer.Status, answer.Body)
		}
	}
}

// The issuer of a token is read before its signature is known to be good.
func TestS176IssuersAreNoQueries(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for _, id := range []string{`us-east-1_a\u0000`, `us-east-1_\ud800`, `us-east-1_' OR '1'='1`, `us-east-1_%`, `us-east-1_../..`, strings.Repeat("a", 5000) + "_b"} {
		head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"x"}`))
		payload := base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"` + s.URL + "/" + id + `","token_use":"access"}`))
		refused(t, s, "GetUser", doc{"AccessToken": head + "." + payload + ".AAAA"}, notAllowed)
	}
}
