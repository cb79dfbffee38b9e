package awsapi

import (
	"fmt"
	"reflect"
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cognate/internal/api"
	"cognate/internal/api/identity"
)

// spec/errors.md §3 and spec/recorded.md §1: what is said about violated
// constraints, after "InvalidParameterException: {n} validation error(s)
// detected: ".
func TestConstraintMessages(t *testing.T) {
	t.Parallel()
	const (
		pool    = `"UserPoolId":"eu-west-1_abc"`
		failed  = "failed to satisfy constraint: "
		scope   = `[\x21\x23-\x5B\x5D-\x7E]+`
		allowed = `[\p{L}\p{M}\p{S}\p{N}\p{P}]+`
	)
	tests := []struct {
		name, operation, body string
		want                  []string
	}{
		{
			"recorded: enum", "CreateUserPool", `{"PoolName":"a","MfaConfiguration":"false"}`,
			[]string{"Value 'false' at 'mfaConfiguration' " + failed + "Member must satisfy enum value set: [OPTIONAL, OFF, ON]"},
		},
		{
			"recorded: member of a list", "CreateUserPool", `{"PoolName":"a","Schema":[{"Name":"phone_number_verified"}]}`,
			[]string{"Value 'phone_number_verified' at 'schema.1.member.name' " + failed + "Member must have length less than or equal to 20"},
		},
		{
			"two required", "AdminGetUser", `{}`,
			[]string{"Value null at 'userPoolId' " + failed + "Member must not be null", "Value null at 'username' " + failed + "Member must not be null"},
		},
		{
			"null is absent", "AdminGetUser", `{` + pool + `,"Username":null}`,
			[]string{"Value null at 'username' " + failed + "Member must not be null"},
		},
		{
			"pattern", "DescribeUserPool", `{"UserPoolId":"no pool"}`,
			[]string{"Value 'no pool' at 'userPoolId' " + failed + `Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+`},
		},
		{
			"pattern before length", "DescribeUserPool", `{"UserPoolId":""}`,
			[]string{
				"Value '' at 'userPoolId' " + failed + `Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+`,
				"Value '' at 'userPoolId' " + failed + "Member must have length greater than or equal to 1",
			},
		},
		{
			"the pattern matches the whole value", "DescribeUserPool", `{"UserPoolId":"eu-west-1_abc\n"}`,
			[]string{"Value 'eu-west-1_abc\n' at 'userPoolId' " + failed + `Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+`},
		},
		{
			"length counts characters", "CreateGroup", `{` + pool + `,"GroupName":"` + strings.Repeat("é", 129) + `"}`,
			[]string{"Value '" + strings.Repeat("é", 129) + "' at 'groupName' " + failed + "Member must have length less than or equal to 128"},
		},
		{
			"number too small", "ListUserPools", `{"MaxResults":0}`,
			[]string{"Value '0' at 'maxResults' " + failed + "Member must have value greater than or equal to 1"},
		},
		{
			"number too large", "ListUserPools", `{"MaxResults":61}`,
			[]string{"Value '61' at 'maxResults' " + failed + "Member must have value less than or equal to 60"},
		},
		{
			"nested", "CreateUserPool", `{"PoolName":"a","Policies":{"PasswordPolicy":{"MinimumLength":5}}}`,
			[]string{"Value '5' at 'policies.passwordPolicy.minimumLength' " + failed + "Member must have value greater than or equal to 6"},
		},
		{
			"sensitive user name", "AdminGetUser", `{` + pool + `,"Username":"a b"}`,
			[]string{"Value at 'username' " + failed + "Member must satisfy regular expression pattern: " + allowed},
		},
		{
			"sensitive password", "AdminSetUserPassword", `{` + pool + `,"Username":"a","Password":" a"}`,
			[]string{"Value at 'password' " + failed + `Member must satisfy regular expression pattern: ^[\S]+.*[\S]+$`},
		},
		{
			"password of one character", "AdminSetUserPassword", `{` + pool + `,"Username":"a","Password":"a"}`,
			[]string{"Value at 'password' " + failed + `Member must satisfy regular expression pattern: ^[\S]+.*[\S]+$`},
		},
		{"password with a space inside", "AdminSetUserPassword", `{` + pool + `,"Username":"a","Password":"a b"}`, nil},
		{
			"sensitive user code", "VerifySoftwareToken", `{"UserCode":"abcdef"}`,
			[]string{"Value at 'userCode' " + failed + "Member must satisfy regular expression pattern: [0-9]+"},
		},
		{
			"sensitive attribute value", "AdminUpdateUserAttributes", `{` + pool + `,"Username":"a","UserAttributes":[{"Name":"a"},{"Name":"b","Value":"` + strings.Repeat("x", 2049) + `"}]}`,
			[]string{"Value at 'userAttributes.2.member.value' " + failed + "Member must have length less than or equal to 2048"},
		},
		{
			"map inside a sensitive shape", "InitiateAuth", `{"ClientId":"a","AuthFlow":"USER_AUTH","AuthParameters":{"PASSWORD":"` + strings.Repeat("x", 131073) + `"}}`,
			[]string{"Value at 'authParameters' " + failed + "Map value must satisfy constraint: [Member must have length less than or equal to 131072, Member must have length greater than or equal to 0]"},
		},
		{
			"list of strings", "CreateUserPoolClient", `{` + pool + `,"ClientName":"a","AllowedOAuthScopes":["openid","a b"]}`,
			[]string{"Value '[openid, a b]' at 'allowedOAuthScopes' " + failed + "Member must satisfy constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: " + scope + "]"},
		},
		{
			"list of enums", "CreateUserPool", `{"PoolName":"a","AliasAttributes":["email","fax"]}`,
			[]string{"Value '[email, fax]' at 'aliasAttributes' " + failed + "Member must satisfy constraint: [Member must satisfy enum value set: [phone_number, preferred_username, email]]"},
		},
		{
			"list too long", "CreateUserPoolClient", `{` + pool + `,"ClientName":"a","AllowedOAuthFlows":["code","code","code","implicit"]}`,
			[]string{"Value '[code, code, code, implicit]' at 'allowedOAuthFlows' " + failed + "Member must have length less than or equal to 3"},
		},
		{
			"list too short", "CreateUserPool", `{"PoolName":"a","Schema":[]}`,
			[]string{"Value '[]' at 'schema' " + failed + "Member must have length greater than or equal to 1"},
		},
		{
			"list of structures too long", "AddCustomAttributes", `{` + pool + `,"CustomAttributes":[` + strings.Repeat("{},", 25) + `{}]}`,
			[]string{"Value at 'customAttributes' " + failed + "Member must have length less than or equal to 25"},
		},
		{
			"null in a list", "CreateUserPool", `{"PoolName":"a","Schema":[null]}`,
			[]string{"Value null at 'schema.1.member' " + failed + "Member must not be null"},
		},
		{
			"map keys and values", "CreateUserPool", `{"PoolName":"a","UserPoolTags":{"b":"` + strings.Repeat("x", 257) + `","":"c"}}`,
			[]string{
				"Value '{=c, b=" + strings.Repeat("x", 257) + "}' at 'userPoolTags' " + failed + "Map keys must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1]",
				"Value '{=c, b=" + strings.Repeat("x", 257) + "}' at 'userPoolTags' " + failed + "Map value must satisfy constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 0]",
			},
		},
		{
			"model order, whatever the body's", "CreateUserPoolClient", `{"AllowedOAuthFlows":["x"],"RefreshTokenValidity":-1,"ClientName":"","UserPoolId":"x"}`,
			[]string{
				"Value 'x' at 'userPoolId' " + failed + `Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+`,
				"Value '' at 'clientName' " + failed + `Member must satisfy regular expression pattern: [\w\s+=,.@-]+`,
				"Value '' at 'clientName' " + failed + "Member must have length greater than or equal to 1",
				"Value '-1' at 'refreshTokenValidity' " + failed + "Member must have value greater than or equal to 0",
				"Value '[x]' at 'allowedOAuthFlows' " + failed + "Member must satisfy constraint: [Member must satisfy enum value set: [implicit, client_credentials, code]]",
			},
		},
		{
			"U+0000 without a pattern", "CreateUserPool", `{"PoolName":"a","UserPoolTags":{"a":"\u0000"}}`,
			[]string{"Value at 'userPoolTags' " + failed + "Map value must satisfy constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 0]"},
		},
		{
			"U+0000 that the pattern allows", "CreateUserPool", `{"PoolName":"a","AdminCreateUserConfig":{"InviteMessageTemplate":{"SMSMessage":"123456\u0000"}}}`,
			[]string{"Value at 'adminCreateUserConfig.inviteMessageTemplate.sMSMessage' " + failed + `Member must satisfy regular expression pattern: [^\u0000]*`},
		},
		{
			"U+0000 that the pattern refuses", "DescribeUserPool", `{"UserPoolId":"\u0000"}`,
			[]string{"Value at 'userPoolId' " + failed + `Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := prepared(t)[tt.operation].decode([]byte(tt.body))
			if tt.want == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			noun := "errors"
			if len(tt.want) == 1 {
				noun = "error"
			}
			wantText(t, err, fmt.Sprintf("InvalidParameterException: %d validation %s detected: %s", len(tt.want), noun, strings.Join(tt.want, "; ")))
		})
	}
}

// A small body must not make a huge answer.
func TestS170ManyViolationsAreCountedButNotAllPrinted(t *testing.T) {
	t.Parallel()
	body := `{"UserPoolId":"a_b","Username":"u","UserAttributes":[` + strings.Repeat("{},", 99999) + `{}]}`
	_, _, err := prepared(t)["AdminUpdateUserAttributes"].decode([]byte(body))
	if err == nil || !strings.HasPrefix(err.Error(), "InvalidParameterException: 100000 validation errors detected: Value null at 'userAttributes.1.member.name' ") {
		t.Fatalf("error = %.200v", err)
	}
	if n := len(err.Error()); n > 20_000 {
		t.Errorf("the message has %d bytes", n)
	}
}

// A name that is long, and printed with each violation below it, does not make the
// answer many times as long as the request.
func TestS170LongNamesAreNotPrintedAHundredTimes(t *testing.T) {
	t.Parallel()
	in, err := NewInput(&identity.SetIdentityPoolRolesOperation, reflect.TypeFor[identity.SetIdentityPoolRolesInput](), api.ValidationException)
	if err != nil {
		t.Fatal(err)
	}
	const long = 500_000
	_, err = in.Read([]byte(`{"RoleMappings":{"` + strings.Repeat("x", long) + `":{"RulesConfiguration":{"Rules":[` + strings.Repeat("{},", 99) + `{}]}}}}`))
	if err == nil || !strings.Contains(err.Error(), ": 404 validation errors detected: ") {
		t.Fatalf("error = %.200v", err)
	}
	if n := len(err.Error()); n > 4*long {
		t.Errorf("the message has %d bytes", n)
	}
}

// hashOrder of every set that has been recorded (recorded.md §1, errors.md §15).
func TestEnumsAreListedInRecordedOrder(t *testing.T) {
	t.Parallel()
	for values, want := range map[string]string{"OFF ON OPTIONAL": "OPTIONAL OFF ON", "GET POST": "POST GET"} {
		if got := strings.Join(hashOrder(strings.Fields(values)), " "); got != want {
			t.Errorf("hashOrder(%s) = %s, want %s", values, got, want)
		}
	}
}

// modelPatterns gives every pattern that a request can meet.
func modelPatterns(t *testing.T) []string {
	t.Helper()
	p := newPlanner()
	users, identities := UserPools(struct{ api.Unimplemented }{}), IdentityPools(struct{ identity.Unimplemented }{})
	for _, s := range []*Service{&users, &identities} {
		if err := s.prepare(p); err != nil {
			t.Fatal(err)
		}
	}
	var all []string
	for pattern := range p.patterns {
		all = append(all, pattern)
	}
	return all
}

// Every pattern is decided by a table of few states, so that a megabyte costs
// one look into it per character, whatever the megabyte is.
func TestS171PatternsAreSmallTables(t *testing.T) {
	t.Parallel()
	for _, pattern := range modelPatterns(t) {
		tree, err := syntax.Parse(translate(pattern), syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		a, err := newAutomaton(tree)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(a.accept); n > 150 {
			t.Errorf("%s has %d states", pattern, n)
		}
	}
	for _, pattern := range []string{`(a|aa)*[ab]{20}c{999}`, `\bword\b`, `(?i)a`} {
		tree, err := syntax.Parse(pattern, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := newAutomaton(tree); err == nil {
			t.Errorf("%s is taken; no pattern of the model is like it", pattern)
		}
	}
}

// The table of a pattern decides as the regular expression does.
func TestMatchersAgreeWithRegularExpressions(t *testing.T) {
	t.Parallel()
	patterns := modelPatterns(t)
	if len(patterns) < 39 {
		t.Fatalf("%d patterns, want the model's 39 and more", len(patterns))
	}
	for _, pattern := range patterns {
		matches, err := compilePattern(pattern)
		if err != nil {
			t.Fatal(err)
		}
		re := regexp.MustCompile(`\A(?:` + translate(pattern) + `)\z`)
		rapid.Check(t, func(rt *rapid.T) {
			s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z_0-9{}#.: \t\n@\\-]{0,12}`)).Draw(rt, "value")
			if got, want := matches(s), re.MatchString(s); got != want {
				rt.Fatalf("pattern %s, value %q: matcher says %v, regular expression %v", pattern, s, got, want)
			}
		})
	}
}

// Java's classes where Go's differ.
func TestPatternsAreJavas(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, value string
		want           bool
	}{
		{`[\w\s+=,.@-]+`, "a\vb", true},
		{`[\S]+`, "a\vb", false},
		{`[\S]+`, "a\u00a0b", true},
		{`.*\{####\}.*`, "code {####}", true},
		{`.*\{####\}.*`, "code\n{####}", false},
		{`.*\{####\}.*`, "code\r{####}", false},
		{`.*\{####\}.*`, "code\u2028{####}", false},
		{`(?s).*`, "a\r\nb", true},
		{`^[\S]+.*[\S]+$`, "ab", true},
		{`^[\S]+.*[\S]+$`, "a\nb", false},
		{`^[\S]+.*[\S]+$`, "ab\n", false},
		{`[A-Za-z0-9-_=.]+`, "a.b-c_d=", true},
		{`[\p{L}\p{M}\p{S}\p{N}\p{P}]+`, "Ωé1+!", true},
		{`[\p{L}\p{M}\p{S}\p{N}\p{P}]+`, "a b", false},
	}
	for _, tt := range tests {
		matches, err := compilePattern(tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := matches(tt.value); got != tt.want {
			t.Errorf("%s on %q = %v, want %v", tt.pattern, tt.value, got, tt.want)
		}
	}
}

// S177: the edges of numbers.
func TestS177NumbersAtTheirEdges(t *testing.T) {
	t.Parallel()
	const wrong = "SerializationException: NUMBER_VALUE can not be converted to an Integer"
	over := func(n string) string {
		return "InvalidParameterException: 1 validation error detected: Value '" + n + "' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 60"
	}
	under := func(n string) string {
		return "InvalidParameterException: 1 validation error detected: Value '" + n + "' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1"
	}
	for number, want := range map[string]string{
		"1": "", "60": "", "6e1": "", "60.0": "", "600e-1": "",
		"61": over("61"), "2147483647": over("2147483647"), "0": under("0"), "-0": under("0"), "-2147483648": under("-2147483648"),
		"2147483648": wrong, "-2147483649": wrong, "9223372036854775807": wrong, "-9223372036854775809": wrong,
		"1e19": wrong, "1e308": wrong, "1e309": wrong, "-1e999999999": wrong, "1.0000001": wrong, "1e-5": wrong,
	} {
		_, _, err := prepared(t)["ListUserPools"].decode([]byte(`{"MaxResults":` + number + `}`))
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", number, err)
			}
			continue
		}
		wantText(t, err, want)
	}
}
