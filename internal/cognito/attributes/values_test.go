package attributes_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
)

func wantError(t *testing.T, err error, code, message string) {
	t.Helper()
	var e *api.Error
	if !errors.As(err, &e) || e.Code != code || e.Message != message {
		t.Errorf("got %v, want %s %q", err, code, message)
	}
}

func attrs(pairs ...string) []api.AttributeType {
	var list []api.AttributeType
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, api.AttributeType{Name: pairs[i], Value: &pairs[i+1]})
	}
	return list
}

func schema() *attributes.Schema {
	entries := attributes.Standard()
	for i := range entries {
		if entries[i].Name == "given_name" {
			entries[i].Required = new(true)
		}
	}
	custom := func(name string, kind api.AttributeDataType) api.SchemaAttributeType {
		return api.SchemaAttributeType{Name: name, AttributeDataType: kind, Mutable: new(true), Required: new(false)}
	}
	plan := custom("custom:plan", api.AttributeDataTypeString)
	plan.StringAttributeConstraints = &api.StringAttributeConstraintsType{MinLength: new("2"), MaxLength: new("4")}
	age := custom("custom:age", api.AttributeDataTypeNumber)
	age.NumberAttributeConstraints = &api.NumberAttributeConstraintsType{MinValue: new("0"), MaxValue: new("150")}
	fixed := custom("custom:fixed", api.AttributeDataTypeString)
	fixed.Mutable = new(false)
	return attributes.Compile(append(entries, plan, age, fixed,
		custom("custom:on", api.AttributeDataTypeBoolean),
		custom("custom:since", api.AttributeDataTypeDateTime),
		custom("dev:custom:note", api.AttributeDataTypeString)))
}

func TestCheckNew(t *testing.T) {
	t.Parallel()
	const prefix = "Attributes did not conform to the schema: "
	for _, c := range []struct {
		given   []api.AttributeType
		message string
	}{
		{attrs("given_name", "Ana"), ""},
		{attrs(), prefix + "given_name: The attribute is required\n"},
		{attrs("given_name", ""), prefix + "given_name: The attribute is required\n"},
		{attrs("given_name", "Ana", "custom:none", "x"), prefix + "custom:none: Attribute does not exist in the schema.\n"},
		{attrs("nonsense", "x"), prefix + "nonsense: Attribute does not exist in the schema.\ngiven_name: The attribute is required\n"},
		{attrs("given_name", "Ana", "birthdate", "2000-1-1"), prefix + "birthdate: String must be no shorter than 10 characters\n"},
		{attrs("given_name", "Ana", "birthdate", "2000-01-011"), prefix + "birthdate: String must be no longer than 10 characters\n"},
		{attrs("given_name", "Ana", "birthdate", "2000-01-01"), ""},
		{attrs("given_name", strings.Repeat("é", 2048)), ""},
		{attrs("given_name", strings.Repeat("é", 2049)), prefix + "given_name: String must be no longer than 2048 characters\n"},
		{attrs("given_name", "Ana", "custom:plan", "ab"), ""},
		{attrs("given_name", "Ana", "custom:plan", "a"), prefix + "custom:plan: String must be no shorter than 2 characters\n"},
		{attrs("given_name", "Ana", "email", "ana@example.com"), ""},
		{attrs("given_name", "Ana", "email", "ana"), "Invalid email address format."},
		{attrs("given_name", "Ana", "email", "ana@exam\u200bple.com"), "Invalid email address format."},
		{attrs("given_name", "Ana", "email", "ana@example.com\r\nBcc: x@y.z"), "Invalid email address format."},
		{attrs("given_name", "Ana", "phone_number", "+15550100"), ""},
		{attrs("given_name", "Ana", "phone_number", "15550100"), "Invalid phone number format."},
		{attrs("given_name", "Ana", "phone_number", "+1 555 0100"), "Invalid phone number format."},
		{attrs("given_name", "Ana", "phone_number", "+1234567890123456"), "Invalid phone number format."},
		{attrs("given_name", "Ana", "sub", "x"), "Cannot modify the non-mutable attribute sub"},
		{attrs("given_name", "Ana", "identities", "[]"), "Cannot modify the non-mutable attribute identities"},
		{attrs("given_name", "Ana", "given_name", "Bea"), "Duplicate attribute name given_name"},
		{attrs("given_name", "Ana", "custom:fixed", "once"), ""},
	} {
		wantInvalid(t, schema().CheckNew(c.given, true), c.message)
	}
	wantInvalid(t, schema().CheckNew(nil, false), "")
}

func TestCheckUpdate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		given   []api.AttributeType
		message string
	}{
		{attrs("nickname", "A"), ""},
		{attrs("nickname", ""), ""},
		{attrs("given_name", ""), "user.given_name: Attribute cannot be deleted.\n"},
		{attrs("custom:fixed", "x"), "user.custom:fixed: Attribute cannot be updated.\n"},
		{attrs("custom:none", "x"), "user.custom:none: Attribute does not exist in the schema.\n"},
		{attrs("cognito:user_status", "CONFIRMED"), "user.cognito:user_status: Attribute does not exist in the schema.\n"},
		{attrs("sub", "x"), "Cannot modify the non-mutable attribute sub"},
		{attrs("email", "ana"), "Invalid email address format."},
	} {
		wantInvalid(t, schema().CheckUpdate(c.given), c.message)
	}
}

func TestCheckDelete(t *testing.T) {
	t.Parallel()
	wantInvalid(t, schema().CheckDelete([]string{"nickname", "custom:plan"}), "")
	wantInvalid(t, schema().CheckDelete([]string{"given_name"}), "user.given_name: Attribute cannot be deleted.\n")
	wantInvalid(t, schema().CheckDelete([]string{"custom:none"}), "user.custom:none: Attribute does not exist in the schema.\n")
	wantInvalid(t, schema().CheckDelete([]string{"custom:fixed"}), "user.custom:fixed: Attribute cannot be updated.\n")
	wantInvalid(t, schema().CheckDelete([]string{"sub"}), "Cannot modify the non-mutable attribute sub")
}

func TestS177TypedValues(t *testing.T) {
	t.Parallel()
	for name, values := range map[string]struct{ good, bad []string }{
		"custom:age": {
			[]string{"0", "150", "-0", "+7", "1.5", "149.999"},
			[]string{"-1", "151", "150.0000001", "1e2", "0x10", "NaN", "Inf", "", ".", "1.", ".5", "--1", "+-1", "1 ", "1/2", "1_0"},
		},
		"updated_at":   {[]string{"0", "253402300799", "9223372036854775808"}, []string{"-1", "soon"}},
		"custom:on":    {[]string{"true", "false", "True", "0", "1"}, []string{"yes", "2", "truefalse"}},
		"custom:since": {[]string{"2024-02-29", "2024-02-29T23:59:60Z"[:17] + "59Z", "9999-12-31T00:00:00+01:00"}, []string{"2023-02-29", "29.02.2024", "1700000000"}},
	} {
		for _, v := range values.good {
			if err := schema().CheckUpdate(attrs(name, v)); err != nil {
				t.Errorf("%s=%q: %v", name, v, err)
			}
		}
		for _, v := range values.bad {
			if v == "" {
				continue // deletes
			}
			if err := schema().CheckUpdate(attrs(name, v)); err == nil {
				t.Errorf("%s=%q was accepted", name, v)
			}
		}
	}
}

func TestMapWritesFlagsInOneSpelling(t *testing.T) {
	t.Parallel()
	got := attributes.Map(attrs("email_verified", "True", "custom:on", "True", "phone_number_verified", "0"))
	if got["email_verified"] != "true" || got["phone_number_verified"] != "false" || got["custom:on"] != "True" {
		t.Errorf("got %v", got)
	}
}

func TestCheckFlags(t *testing.T) {
	t.Parallel()
	none := func(string) string { return "" }
	wantInvalid(t, attributes.CheckFlags(attrs("email_verified", "true"), none), "Email is required to verify/un-verify an email")
	wantInvalid(t, attributes.CheckFlags(attrs("phone_number_verified", "false"), none), "Phone Number is required to verify/un-verify a phone number")
	wantInvalid(t, attributes.CheckFlags(attrs("email_verified", "true"), func(string) string { return "a@b.c" }), "")
}

func TestS042ServiceAttributesAreNeverWritable(t *testing.T) {
	t.Parallel()
	names := []string{"sub", "identities", "email_verified", "phone_number_verified", "dev:custom:note", "cognito:user_status", "custom:none"}
	for _, client := range []*api.UserPoolClientType{{}, {WriteAttributes: names[:5]}} {
		writable := attributes.Writable(schema(), client)
		for _, name := range names {
			if writable(name) {
				t.Errorf("%s is writable with list %v", name, client.WriteAttributes)
			}
		}
	}
}

func TestS043ListsOfTheClient(t *testing.T) {
	t.Parallel()
	open := &api.UserPoolClientType{}
	narrow := &api.UserPoolClientType{ReadAttributes: []string{"email"}, WriteAttributes: []string{"nickname"}}
	for _, c := range []struct {
		client      *api.UserPoolClientType
		name        string
		read, write bool
	}{
		{open, "email", true, true},
		{open, "email_verified", true, false},
		{open, "custom:plan", true, true},
		{open, "sub", true, false},
		{narrow, "email", true, false},
		{narrow, "email_verified", false, false},
		{narrow, "nickname", false, true},
		{narrow, "custom:plan", false, false},
		{narrow, "sub", true, false},
		{narrow, "identities", true, false},
	} {
		if got := attributes.Readable(schema(), c.client)(c.name); got != c.read {
			t.Errorf("%s readable: %v, want %v", c.name, got, c.read)
		}
		if got := attributes.Writable(schema(), c.client)(c.name); got != c.write {
			t.Errorf("%s writable: %v, want %v", c.name, got, c.write)
		}
	}
}

// Ids of users who are added together are beside each other, and all different.
func TestSubsMadeTogetherBeginAlike(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-70[0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	subs := attributes.NewSubs()
	seen := map[string]bool{}
	first := subs.New()
	for range 1000 {
		sub := subs.New()
		if !form.MatchString(sub) || sub[:4] != first[:4] || seen[sub] {
			t.Fatalf("sub %q after %q", sub, first)
		}
		seen[sub] = true
	}
	starts := map[string]bool{}
	for range 1000 {
		starts[attributes.NewSub()[:4]] = true
	}
	if len(starts) < 900 {
		t.Errorf("1000 subs begin in %d ways", len(starts))
	}
}
