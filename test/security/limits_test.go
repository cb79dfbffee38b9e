package security_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"cognate/internal/servertest"
)

// requests gives a request for every operation, most of which succeed.
func requests(p *side) map[string]doc {
	all := map[string]doc{
		"DeleteUser":     {"AccessToken": p.refresh},
		"DeleteUserPool": {"UserPoolId": "us-east-1_nothing00"},
	}
	for operation, calls := range crossings(p, p) {
		all[operation] = calls[0].in
	}
	maps.Copy(all, alone(p))
	return all
}

// Bodies that parsers have choked on. Each is refused in the words of the
// service's JSON reader, whatever the operation.
func TestS170HostileBodies(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	const depth = 100_000
	hostile := map[string]string{
		"not JSON":             `<xml/>`,
		"cut short":            `{"UserPoolId":"a`,
		"cut after the colon":  `{"UserPoolId":`,
		"trailing data":        `{} {}`,
		"trailing comma":       `{"UserPoolId":"a_b",}`,
		"single quotes":        `{'UserPoolId':'a_b'}`,
		"comment":              `{/**/}`,
		"byte order mark":      "\ufeff{}",
		"UTF-16":               "\xff\xfe{\x00}\x00",
		"invalid UTF-8":        "{\"UserPoolId\":\"\xff\"}",
		"overlong UTF-8":       "{\"UserPoolId\":\"\xc0\x80\"}",
		"encoded surrogate":    "{\"UserPoolId\":\"\xed\xa0\x80\"}",
		"half a pair":          `{"UserPoolId":"\ud800"}`,
		"wrong pair":           `{"UserPoolId":"\udc00\ud800"}`,
		"control character":    "{\"UserPoolId\":\"\x01\"}",
		"NUL after":            "{}\x00",
		"wrong escape":         `{"UserPoolId":"\x41"}`,
		"NaN":                  `{"Limit":NaN}`,
		"hexadecimal":          `{"Limit":0x10}`,
		"leading zero":         `{"Limit":01}`,
		"same member twice":    `{"UserPoolId":"a_b","UserPoolId":"a_c"}`,
		"same member, escaped": `{"UserPoolId":"a_b","\u0055serPoolId":"a_c"}`,
		"unknown member twice": `{"x":1,"x":2}`,
		"deep arrays":          strings.Repeat("[", depth),
		"deep, unknown":        `{"x":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}`,
		"deep objects":         strings.Repeat(`{"x":`, depth) + "1" + strings.Repeat("}", depth),
		"an array":             `[]`, "a number": `1`, "a string": `"{}"`, "null": `null`,
		"one byte too many": `{"x":"` + strings.Repeat("x", 1<<20-7) + `"}`,
		"two megabytes":     `{"x":"` + strings.Repeat("x", 2<<20) + `"}`,
	}
	for _, operation := range []string{"SignUp", "InitiateAuth", "GetUser", "ListUsers", "CreateUserPool"} {
		for name, body := range hostile {
			answer := s.Call(t, operation, body)
			if answer.Status != 400 || answer.ErrorType() != "SerializationException" {
				t.Errorf("%s: %s: %d %.200s", operation, name, answer.Status, answer.Body)
			}
			if len(answer.Body) > 1000 {
				t.Errorf("%s: %s: the answer has %d bytes", operation, name, len(answer.Body))
			}
		}
	}
	fits := `{"MaxResults":1,"x":"` + strings.Repeat("x", 1<<20-23) + `"}`
	if answer := s.Call(t, "ListUserPools", fits); len(fits) != 1<<20 || answer.Status != 200 {
		t.Errorf("a body of one megabyte, %d bytes: %d %.200s", len(fits), answer.Status, answer.Body)
	}
}

// In a request that would be right, each value is replaced by others of all
// types and sizes. No server error and no panic may come of it.
func TestS170WrongValuesInRightRequests(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	p := newSide(t, s, "wrong")
	long := strings.Repeat("ä", 70_000)
	values := []any{
		nil, true, 0, -1, 1 << 31, 1e308, "", " ", "\x00", "\u2028", "😀", long,
		[]any{},
		[]any{nil},
		[]any{[]any{}},
		doc{},
		doc{"": ""},
		doc{long: long},
		[]any{doc{}},
		"../../etc/passwd", "%00", "{{.}}", "${jndi:ldap://127.0.0.1}",
	}
	for operation, in := range requests(p) {
		if strings.Contains(operation, "Delete") || operation == "AdminDisableUser" {
			continue // what follows needs the things
		}
		for member := range in {
			for _, value := range values {
				changed := maps.Clone(in)
				changed[member] = value
				answer := s.Call(t, operation, encode(t, changed))
				if answer.Status != 200 && answer.Status != 400 || answer.Status == 400 && answer.ErrorType() == "" {
					t.Errorf("%s with %s = %.50v: %d %.300s", operation, member, value, answer.Status, answer.Body)
				}
			}
		}
	}
}

// Filters are read, not evaluated: none is more than a question about one
// attribute, however it is written.
func TestS171FiltersSelectWhatTheySay(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	p := newSide(t, s, "filter")
	do(t, s, "AdminCreateUser", doc{"UserPoolId": p.pool, "Username": `a%b_c\d`, "MessageAction": "SUPPRESS"})
	for filter, want := range map[string]int{
		`username = "twin"`:                          1,
		`username ^= "t"`:                            2, // twin, temporary
		`username ^= "%"`:                            0,
		`username ^= "_"`:                            0,
		`username ^= "a%"`:                           1,
		`username ^= "a_"`:                           0,
		`username ^= "a%b_c\\d"`:                     1,
		`username = "*"`:                             0,
		`username = "' OR '1'='1"`:                   0,
		`username = "twin\" or username ^= \""`:      0,
		`username = "'; DROP TABLE users; --"`:       0,
		`email = "twin-filter@example.com"`:          1,
		`email ^= "%@example.com"`:                   0,
		`email ^= "' UNION SELECT password FROM x--`: -1,
		`username = "twin" or 1=1`:                   -1,
		`username = "twin" and email ^= "t"`:         -1,
		`username ^= t`:                              -1,
		`password ^= "a"`:                            -1,
		`1=1`:                                        -1,
		strings.Repeat("(", 200):                     -1,
		strings.Repeat(`username = "a" `, 12):        -1,
		`username = "` + strings.Repeat(`\"`, 100):   -1,
	} {
		answer := s.Call(t, "ListUsers", encode(t, doc{"UserPoolId": p.pool, "Filter": filter}))
		if want < 0 {
			if answer.ErrorType() != badInput {
				t.Errorf("%s: %d %.200s", filter, answer.Status, answer.Body)
			}
			continue
		}
		if answer.Status != 200 {
			t.Errorf("%s: %d %.200s", filter, answer.Status, answer.Body)
			continue
		}
		if users := decode(t, answer.Body)["Users"].([]any); len(users) != want {
			t.Errorf("%s: %d users, want %d", filter, len(users), want)
		}
	}
}

// numbered makes n names.
func numbered(prefix string, n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("%s%d", prefix, i))
	}
	return names
}

func TestS173QuotasOfAPool(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	p := newSide(t, s, "quota")
	for _, names := range slices.Collect(slices.Chunk(numbered("a", 50), 25)) {
		var attributes []doc
		for _, name := range names {
			attributes = append(attributes, doc{"Name": name, "AttributeDataType": "String"})
		}
		do(t, s, "AddCustomAttributes", doc{"UserPoolId": p.pool, "CustomAttributes": attributes})
	}
	refused(t, s, "AddCustomAttributes", doc{"UserPoolId": p.pool, "CustomAttributes": []doc{{"Name": "more", "AttributeDataType": "String"}}}, badInput, "LimitExceededException")

	tags := doc{}
	for _, name := range numbered("tag", 49) {
		tags[name] = "x"
	}
	do(t, s, "TagResource", doc{"ResourceArn": p.arn, "Tags": tags}) // and the one it was made with
	do(t, s, "TagResource", doc{"ResourceArn": p.arn, "Tags": doc{"tag0": "y"}})
	refused(t, s, "TagResource", doc{"ResourceArn": p.arn, "Tags": doc{"more": "x"}}, badInput)

	refused(t, s, "AddUserPoolClientSecret", doc{"UserPoolId": p.pool, "ClientId": p.confidential}, "LimitExceededException")
}

func TestS173QuotasOfAUser(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	p := newSide(t, s, "member")
	for i, group := range numbered("g", 99) {
		do(t, s, "CreateGroup", doc{"UserPoolId": p.pool, "GroupName": group})
		member := doc{"UserPoolId": p.pool, "GroupName": group, "Username": "twin"} // who is in two groups already
		if i < 98 {
			do(t, s, "AdminAddUserToGroup", member)
			continue
		}
		refused(t, s, "AdminAddUserToGroup", member, badInput, "LimitExceededException")
	}
	do(t, s, "AdminAddUserToGroup", doc{"UserPoolId": p.pool, "GroupName": "g0", "Username": "twin"}) // is a member
	groups := claims(t, at(t, p.enter(t, s, "twin"), "AuthenticationResult", "AccessToken"))["cognito:groups"].([]any)
	if len(groups) != 100 {
		t.Errorf("the token lists %d groups, want 100", len(groups))
	}
	for length, ok := range map[int]bool{2048: true, 2049: false} {
		answer := s.Call(t, "AdminUpdateUserAttributes", encode(t, doc{
			"UserPoolId": p.pool, "Username": "twin", "UserAttributes": []doc{{"Name": "nickname", "Value": strings.Repeat("ä", length)}},
		}))
		if (answer.Status == 200) != ok {
			t.Errorf("%d characters: %d %.200s", length, answer.Status, answer.Body)
		}
	}
}

func TestS173QuotasOfAClient(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	p := newSide(t, s, "client")
	for member, quota := range map[string]int{"CallbackURLs": 100, "LogoutURLs": 100} {
		for n, ok := range map[int]bool{quota: true, quota + 1: false} {
			answer := s.Call(t, "UpdateUserPoolClient", encode(t, doc{
				"UserPoolId": p.pool, "ClientId": p.client, member: numbered("https://example.com/", n),
			}))
			if (answer.Status == 200) != ok || !ok && answer.ErrorType() != badInput {
				t.Errorf("%d %s: %d %.200s", n, member, answer.Status, answer.Body)
			}
		}
	}
	refused(t, s, "UpdateUserPoolClient", doc{
		"UserPoolId": p.pool, "ClientId": p.client, "AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": []string{"code"},
		"CallbackURLs": []string{"https://example.com/"}, "AllowedOAuthScopes": numbered("x/", 51),
	}, badInput)
}

// Many accounts with one address do not flood it: messages are counted by
// where they go.
func TestS174OneAddressGetsAHundredMessagesAnHour(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	p := newSide(t, s, "flood")
	const victim = "victim@example.com"
	limited := 0
	for _, name := range numbered("account", 105) {
		answer := s.Call(t, "SignUp", encode(t, doc{
			"ClientId": p.client, "Username": name, "Password": p.password, "UserAttributes": []doc{{"Name": "email", "Value": victim}},
		}))
		if answer.ErrorType() == "LimitExceededException" {
			limited++
		} else if answer.Status != 200 {
			t.Fatalf("SignUp: %d %s", answer.Status, answer.Body)
		}
	}
	if limited != 5 {
		t.Errorf("%d of 105 sign-ups were refused for the sake of the address, want 5", limited)
	}
	s.Mailbox.Wait(t, p.pool, victim, 100)
	if n := s.Mailbox.Count(p.pool, victim); n != 100 {
		t.Errorf("%d messages came", n)
	}
	do(t, s, "SignUp", doc{
		"ClientId": p.client, "Username": "bystander", "Password": p.password, "UserAttributes": []doc{{"Name": "email", "Value": "bystander@example.com"}},
	})
}

// One user asks for a code again and again, with either answer to whether
// users exist: the limit is the same for names that nobody has.
func TestS174CodesForOneNameAreLimited(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	p := newSide(t, s, "codes")
	hiding := at(t, do(t, s, "CreateUserPoolClient", doc{"UserPoolId": p.pool, "ClientName": "hiding", "PreventUserExistenceErrors": "ENABLED"}), "UserPoolClient", "ClientId")
	for _, name := range []string{p.only, "nobody-at-all"} {
		for i := range 7 {
			answer := s.Call(t, "ForgotPassword", encode(t, doc{"ClientId": hiding, "Username": name}))
			if limited := answer.ErrorType() == "LimitExceededException"; limited != (i >= 5) {
				t.Errorf("%s, call %d: %d %s", name, i+1, answer.Status, answer.Body)
			}
		}
	}
}
