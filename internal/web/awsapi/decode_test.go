package awsapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
)

// prepared gives every operation of the contract, ready to decode.
func prepared(t testing.TB) map[string]*operation {
	t.Helper()
	s := UserPools(struct{ api.Unimplemented }{})
	list := s.operations
	byName := make(map[string]*operation, len(list))
	if err := s.prepare(newPlanner()); err != nil {
		t.Fatal(err)
	}
	for i := range list {
		byName[list[i].spec.Name] = &list[i]
	}
	return byName
}

// read decodes body as the input of an operation.
func read[In any](t *testing.T, operation, body string) (*In, error) {
	t.Helper()
	in, _, err := prepared(t)[operation].decode([]byte(body))
	if err != nil {
		return nil, err
	}
	return in.(*In), nil
}

func wantText(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", want)
	}
	if got := err.Error(); got != want {
		t.Errorf("error %q\nwant  %q", got, want)
	}
}

func TestDecodeFillsEveryKindOfMember(t *testing.T) {
	t.Parallel()
	_, err := read[api.CreateUserPoolRequest](t, "CreateUserPool", ` {
		"Unknown": {"a": [1, -2.5e3, true, null, "x"], "b": {}},
		"PoolName": "r\u00e9 \ud83d\ude00\n",
		"Policies": {"PasswordPolicy": {"MinimumLength": 1.2e1, "RequireNumbers": true, "PasswordHistorySize": 0}},
		"AliasAttributes": ["email", "phone_number"], "UsernameAttributes": [],
		"Schema": [{"Name": "a", "StringAttributeConstraints": {}}, {"Name": "b", "Required": true}],
		"UserPoolTags": {"k": "v", "gone": null, "empty": ""},
		"EmailVerificationMessage": null,
		"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": true} }
	`)
	if err == nil {
		t.Fatal("the pool name has characters outside its pattern, but was accepted")
	}
	got, err := read[api.CreateUserPoolRequest](t, "CreateUserPool", `{
		"Unknown": {"a": [1, -2.5e3, true, null, "x"], "b": {}},
		"PoolName": "p\u006fol",
		"Policies": {"PasswordPolicy": {"MinimumLength": 1.2e1, "RequireNumbers": true, "PasswordHistorySize": 0}},
		"AliasAttributes": ["email", "phone_number"], "UsernameAttributes": [],
		"Schema": [{"Name": "\ud83d\ude00", "StringAttributeConstraints": {}}, {"Name": "b", "Required": true}],
		"UserPoolTags": {"k": "v", "gone": null, "empty": ""},
		"EmailVerificationMessage": null,
		"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": true}}`)
	if err != nil {
		t.Fatal(err)
	}
	want := &api.CreateUserPoolRequest{}
	if err := json.Unmarshal([]byte(`{
		"PoolName": "pool",
		"Policies": {"PasswordPolicy": {"MinimumLength": 12, "RequireNumbers": true, "PasswordHistorySize": 0}},
		"AliasAttributes": ["email", "phone_number"], "UsernameAttributes": [],
		"Schema": [{"Name": "😀", "StringAttributeConstraints": {}}, {"Name": "b", "Required": true}],
		"UserPoolTags": {"k": "v", "empty": ""},
		"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": true}}`), want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeKeepsDocumentsAndFiles(t *testing.T) {
	t.Parallel()
	in, err := read[api.CreateManagedLoginBrandingRequest](t, "CreateManagedLoginBranding", `{"UserPoolId":"eu-west-1_a","ClientId":"c",
		"Settings": { "a":[1,{"b":"\\u0000"}] },
		"Assets":[{"Category":"FAVICON_ICO","ColorMode":"LIGHT","Extension":"ICO","Bytes":"AAEC/w=="}]}`)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(in.Settings); got != `{ "a":[1,{"b":"\\u0000"}] }` {
		t.Errorf("Settings = %s", got)
	}
	if diff := cmp.Diff([]byte{0, 1, 2, 255}, in.Assets[0].Bytes); diff != "" {
		t.Error(diff)
	}
}

// S170: documents that readers disagree about.
func TestS170MalformedDocumentsAreRefused(t *testing.T) {
	t.Parallel()
	nested := func(n int) string { return strings.Repeat(`[`, n) + strings.Repeat(`]`, n) }
	tests := map[string]string{
		` `:                                "",
		`{`:                                "Unexpected end-of-input",
		`{"ClientId":"a"`:                  "Unexpected end-of-input",
		`{"ClientId":"a`:                   "Unexpected end-of-input",
		`{"ClientId"`:                      "Unexpected end-of-input",
		`{"X":"\u12`:                       "Unexpected end-of-input",
		`{"X":tru`:                         "Unexpected end-of-input",
		`{} {}`:                            "Unexpected character ('{' (code 123))",
		`{}x`:                              "Unexpected character ('x' (code 120))",
		`{"X":1,}`:                         "Unexpected character ('}' (code 125))",
		`{,"X":1}`:                         "Unexpected character (',' (code 44))",
		`{"X" 1}`:                          "Unexpected character ('1' (code 49))",
		`{X:1}`:                            "Unexpected character ('X' (code 88))",
		`{'X':1}`:                          "Unexpected character (''' (code 39))",
		`{"X":01}`:                         "Unexpected character ('1' (code 49))",
		`{"X":+1}`:                         "Unexpected character ('+' (code 43))",
		`{"X":.5}`:                         "Unexpected character ('.' (code 46))",
		`{"X":1.}`:                         "Unexpected character ('}' (code 125))",
		`{"X":1e}`:                         "Unexpected character ('}' (code 125))",
		`{"X":NaN}`:                        "Unexpected character ('N' (code 78))",
		`{"X":nul}`:                        "Unexpected character ('}' (code 125))",
		`{"X":[1,]}`:                       "Unexpected character (']' (code 93))",
		`{"X":"\x"}`:                       "Unexpected character ('x' (code 120))",
		`{"X":"\u00g0"}`:                   "Unexpected character ('g' (code 103))",
		"{\"X\":\"a\nb\"}":                 "Unexpected character (code 10)",
		"\xef\xbb\xbf{}":                   "Unexpected character (code 239)",
		"{\"X\":\"\xff\"}":                 "Invalid UTF-8 byte 0xff",
		"{\"X\":\"\xc0\x80\"}":             "Invalid UTF-8 byte 0xc0",
		"{\"X\":\"\xed\xa0\x80\"}":         "Invalid UTF-8 byte 0xed",
		"{\"X\xff\":1}":                    "Invalid UTF-8 byte 0xff",
		`{"X":"\ud800"}`:                   "Incomplete surrogate pair",
		`{"X":"\udc00\ud800"}`:             "Incomplete surrogate pair",
		`{"X":"\ud800\u0041"}`:             "Incomplete surrogate pair",
		`{"ClientId":"a","ClientId":"a"}`:  "Duplicate field 'ClientId'",
		`{"ClientId":null,"ClientId":"a"}`: "Duplicate field 'ClientId'",
		`{"X":1,"\u0058":2}`:               "Duplicate field 'X'",
		`{"X":{"a":1,"a":2}}`:              "Duplicate field 'a'",
		`{"AuthParameters":{"USERNAME":"a","USERNAME":"b"}}`:    "Duplicate field 'USERNAME'",
		`{"AuthParameters":{"USERNAME":null,"USERNAME":"b"}}`:   "Duplicate field 'USERNAME'",
		`{"UserContextData":{"IpAddress":"a","IpAddress":"b"}}`: "Duplicate field 'IpAddress'",
		`{"X":` + nested(32) + `}`:                              "Document nesting depth (33) exceeds the maximum allowed (32)",
		`[]`:                                                    "Start of list found where not expected",
		`"x"`:                                                   "Expected structure or null",
		`null`:                                                  "Expected structure or null",
	}
	delete(tests, " ")
	for body, want := range tests {
		_, err := read[api.InitiateAuthRequest](t, "InitiateAuth", body)
		if err == nil {
			t.Errorf("%q was accepted", body)
			continue
		}
		wantText(t, err, "SerializationException: "+want)
	}
	if _, err := read[api.InitiateAuthRequest](t, "InitiateAuth", `{"ClientId":"a","AuthFlow":"USER_AUTH","X":`+nested(31)+`}`); err != nil {
		t.Errorf("32 levels: %v", err)
	}
}

func TestNamesAreExact(t *testing.T) {
	t.Parallel()
	_, err := read[api.InitiateAuthRequest](t, "InitiateAuth", `{"clientId":"a","CLIENTID":"b","AuthFlow":"USER_AUTH"}`)
	wantText(t, err, "InvalidParameterException: 1 validation error detected: Value null at 'clientId' failed to satisfy constraint: Member must not be null")
}

// spec/errors.md §2: wrong JSON types.
func TestWrongTypes(t *testing.T) {
	t.Parallel()
	const (
		structure = "Start of structure or map found where not expected."
		list      = "Start of list found where not expected"
	)
	tests := []struct{ operation, body, want string }{
		{"InitiateAuth", `{"ClientId":1}`, "NUMBER_VALUE can not be converted to a String"},
		{"InitiateAuth", `{"ClientId":-1.5e2}`, "NUMBER_VALUE can not be converted to a String"},
		{"InitiateAuth", `{"ClientId":true}`, "TRUE_VALUE can not be converted to a String"},
		{"InitiateAuth", `{"ClientId":false}`, "FALSE_VALUE can not be converted to a String"},
		{"InitiateAuth", `{"ClientId":{}}`, structure},
		{"InitiateAuth", `{"ClientId":[]}`, list},
		{"InitiateAuth", `{"AuthFlow":0}`, "NUMBER_VALUE can not be converted to a String"},
		{"InitiateAuth", `{"AuthParameters":{"USERNAME":1}}`, "NUMBER_VALUE can not be converted to a String"},
		{"InitiateAuth", `{"AuthParameters":{"USERNAME":{}}}`, structure},
		{"InitiateAuth", `{"AuthParameters":[]}`, list},
		{"InitiateAuth", `{"AuthParameters":"x"}`, "Expected map or null"},
		{"InitiateAuth", `{"UserContextData":"x"}`, "Expected structure or null"},
		{"InitiateAuth", `{"UserContextData":[]}`, list},
		{"SignUp", `{"UserAttributes":{}}`, structure},
		{"SignUp", `{"UserAttributes":"x"}`, "Expected list or null"},
		{"SignUp", `{"UserAttributes":[[]]}`, list},
		{"SignUp", `{"UserAttributes":["x"]}`, "Expected structure or null"},
		{"ListUserPools", `{"MaxResults":"1"}`, "STRING_VALUE can not be converted to an Integer"},
		{"ListUserPools", `{"MaxResults":1.5}`, "NUMBER_VALUE can not be converted to an Integer"},
		{"ListUserPools", `{"MaxResults":2147483648}`, "NUMBER_VALUE can not be converted to an Integer"},
		{"ListUserPools", `{"MaxResults":1e400}`, "NUMBER_VALUE can not be converted to an Integer"},
		{"ListUserPools", `{"MaxResults":9223372036854775808}`, "NUMBER_VALUE can not be converted to an Integer"},
		{"ListUserPools", `{"MaxResults":{}}`, structure},
		{"ListUserPools", `{"MaxResults":true}`, "TRUE_VALUE can not be converted to an Integer"},
		{"AdminSetUserPassword", `{"Permanent":"true"}`, "STRING_VALUE can not be converted to a Boolean"},
		{"AdminSetUserPassword", `{"Permanent":1}`, "NUMBER_VALUE can not be converted to a Boolean"},
		{"SetUICustomization", `{"ImageFile":1}`, "NUMBER_VALUE can not be converted to a Blob"},
		{"SetUICustomization", `{"ImageFile":"###"}`, "STRING_VALUE can not be converted to a Blob"},
	}
	for _, tt := range tests {
		_, _, err := prepared(t)[tt.operation].decode([]byte(tt.body))
		if err == nil {
			t.Errorf("%s %s was accepted", tt.operation, tt.body)
			continue
		}
		wantText(t, err, "SerializationException: "+tt.want)
	}
}

// Every operation answers an empty body with the members it cannot do without,
// in the model's order.
func TestEmptyBodyListsRequiredMembers(t *testing.T) {
	t.Parallel()
	byName := prepared(t)
	if len(byName) != 140 {
		t.Fatalf("%d operations, want 140", len(byName))
	}
	model := requiredMembers(t)
	for name, o := range byName {
		for _, body := range []string{"", "{}", "\n"} {
			_, _, err := o.decode([]byte(body))
			required := model[name]
			if len(required) == 0 {
				if err != nil {
					t.Errorf("%s %q: %v", name, body, err)
				}
				continue
			}
			entries := make([]string, len(required))
			for i, member := range required {
				entries[i] = fmt.Sprintf("Value null at '%s%s' failed to satisfy constraint: Member must not be null", strings.ToLower(member[:1]), member[1:])
			}
			noun := "errors"
			if len(entries) == 1 {
				noun = "error"
			}
			wantText(t, err, fmt.Sprintf("InvalidParameterException: %d validation %s detected: %s", len(entries), noun, strings.Join(entries, "; ")))
		}
	}
}

// requiredMembers reads the pinned model, not the generated table.
func requiredMembers(t *testing.T) map[string][]string {
	t.Helper()
	var model struct {
		Operations map[string]struct{ Input struct{ Shape string } }
		Shapes     map[string]struct {
			Required []string
			Members  json.RawMessage
		}
	}
	readModel(t, &model)
	required := make(map[string][]string)
	for name, o := range model.Operations {
		shape := model.Shapes[o.Input.Shape]
		order := memberOrder(t, shape.Members)
		required[name] = slices.DeleteFunc(order, func(m string) bool { return !slices.Contains(shape.Required, m) })
	}
	return required
}

func memberOrder(t *testing.T, members json.RawMessage) []string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(members))
	var order []string
	depth := 0
	for {
		token, err := d.Token()
		if err == io.EOF {
			return order
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token {
		case json.Delim('{'):
			depth++
		case json.Delim('}'):
			depth--
		default:
			if depth == 1 {
				order = append(order, token.(string))
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"ClientId":"a","AuthFlow":"USER_AUTH","AuthParameters":{"USERNAME":"é"}}`, `{"PoolName":"a","Schema":[{"Name":"x"}]}`,
		`{"UserPoolId":"a_b","UserPoolTags":{"a":"b"},"CallbackURLs":["x"]}`, `{"a":[{"b":null}],"a":1}`, `{"X":"\ud83d\ude00\u0000"}`, benchBody(),
		`{"PoolName":"a","Schema":[{"name":"x"}]}`, // a name that is exact at the top and not below
	} {
		f.Add(seed)
	}
	byName := prepared(f)
	subjects := []*operation{byName["InitiateAuth"], byName["CreateUserPool"], byName["UpdateUserPoolClient"], byName["CreateManagedLoginBranding"], byName["SetUserPoolMfaConfig"]}
	f.Fuzz(func(t *testing.T, body string) {
		for _, o := range subjects {
			_, value, err := o.decode([]byte(body))
			if err != nil {
				if !api.HasCode(err, "SerializationException") && !api.HasCode(err, "InvalidParameterException") {
					t.Fatalf("%s: %v", o.spec.Name, err)
				}
				if !utf8.ValidString(err.Error()) {
					t.Fatalf("%s: the message is not UTF-8: %q", o.spec.Name, err)
				}
			}
			if !api.HasCode(err, "SerializationException") && strings.TrimSpace(body) != "" {
				if problem := strictProblem(body); problem != "" {
					t.Fatalf("%s accepts a document with %s: %q", o.spec.Name, problem, body)
				}
			}
			if err == nil {
				agree(t, o, body, value)
			}
		}
	})
}

// strictProblem names what a careful reader refuses in a document.
func strictProblem(body string) string {
	if !json.Valid([]byte(body)) {
		return "a syntax error"
	}
	if !utf8.ValidString(body) {
		return "invalid UTF-8"
	}
	d := json.NewDecoder(strings.NewReader(body))
	var names []map[string]bool
	var isKey []bool
	for {
		token, err := d.Token()
		if err != nil {
			return ""
		}
		top := len(names) - 1
		switch token {
		case json.Delim('{'), json.Delim('['):
			if top >= 0 && names[top] != nil {
				isKey[top] = true
			}
			var set map[string]bool
			if token == json.Delim('{') {
				set = map[string]bool{}
			}
			names, isKey = append(names, set), append(isKey, true)
			if len(names) > maxDepth {
				return "too many levels"
			}
		case json.Delim('}'), json.Delim(']'):
			names, isKey = names[:top], isKey[:top]
		default:
			if top < 0 || names[top] == nil {
				continue
			}
			if isKey[top] {
				name := token.(string)
				if names[top][name] && !strings.Contains(name, "\ufffd") {
					return "a member twice"
				}
				names[top][name] = true
			}
			isKey[top] = !isKey[top]
		}
	}
}

// agree compares with what the standard library reads, where names are exact
// and there are no nulls in maps.
func agree(t *testing.T, o *operation, body string, got reflect.Value) {
	t.Helper()
	want := reflect.New(o.input)
	if json.Unmarshal([]byte(body), want.Interface()) != nil || strings.Contains(body, "null") {
		return
	}
	again, err := json.Marshal(got.Interface())
	if err != nil {
		t.Fatal(err)
	}
	std, err := json.Marshal(want.Elem().Interface())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again, std) && !foldsNames(body, o) {
		t.Fatalf("%s\nread as %s\nstd has %s", body, again, std)
	}
}

// foldsNames reports whether the standard library may have taken a member of
// another spelling for a known one, at any depth.
func foldsNames(body string, o *operation) bool {
	names := make(map[*node]bool)
	memberNames(o.plan, names)
	for text := range strings.SplitSeq(body, `"`) {
		for n := range names {
			for i := range n.members {
				if strings.EqualFold(text, n.members[i].name) && text != n.members[i].name {
					return true
				}
			}
		}
	}
	return strings.Contains(body, `\u`)
}

// memberNames finds the structures that a value of n is made of.
func memberNames(n *node, found map[*node]bool) {
	if n == nil || found[n] {
		return
	}
	found[n] = true
	memberNames(n.elem, found)
	for i := range n.members {
		memberNames(n.members[i].node, found)
	}
}

func benchBody() string {
	return `{"AuthFlow":"USER_SRP_AUTH","ClientId":"1h57kf5cpq17m0eml12EXAMPLE","AuthParameters":{"USERNAME":"7c1cb1b9-0c4b-4b3a-8f0e-1f6a8b5f3c1d","SRP_A":"` +
		strings.Repeat("a5", 384) + `","SECRET_HASH":"oT5ZgPLWJS/2PqOlO5xHD7ZK9HzM0y7R7Qm3tWwXhAk="},"ClientMetadata":{}}`
}

func BenchmarkDecodeInitiateAuth(b *testing.B) {
	o := prepared(b)["InitiateAuth"]
	body := []byte(benchBody())
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := o.decode(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeCreateUserPool(b *testing.B) {
	o := prepared(b)["CreateUserPool"]
	body := []byte(`{"PoolName":"bench","Policies":{"PasswordPolicy":{"MinimumLength":8,"RequireNumbers":true}},"AutoVerifiedAttributes":["email"],` +
		`"Schema":[{"Name":"tenant","AttributeDataType":"String","Mutable":true,"StringAttributeConstraints":{"MinLength":"0","MaxLength":"256"}}],` +
		`"EmailVerificationMessage":"` + strings.Repeat("Hello ", 100) + `{####}","UserPoolTags":{"team":"a"}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := o.decode(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPrepare(b *testing.B) {
	for b.Loop() {
		prepared(b)
	}
}
