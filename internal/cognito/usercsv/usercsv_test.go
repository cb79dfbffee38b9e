package usercsv

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
	"cognate/internal/cognito/transfer"
	"cognate/internal/store"
)

var header = []string{"name", "nickname", "birthdate", "updated_at", "email", "email_verified", "address", "custom:plan", columnMFA, columnUsername, columnHash}

func pool() *api.UserPoolType {
	return &api.UserPoolType{Id: "eu-west-1_a", AutoVerifiedAttributes: []api.VerifiedAttributeType{api.VerifiedAttributeTypeEmail}}
}

// ana is a user whom a file can have, with other attributes where given.
func ana(pairs ...string) *transfer.User {
	values := []string{"email", "ana@example.com", "email_verified", "true"}
	u := &transfer.User{Username: "ana", UserStatus: api.UserStatusTypeConfirmed, Enabled: true}
	for list := append(values, pairs...); len(list) > 1; list = list[2:] {
		u.Attributes = append(u.Attributes, api.AttributeType{Name: list[0], Value: &list[1]})
	}
	return u
}

func TestRowsHaveTheFormOfImports(t *testing.T) {
	t.Parallel()
	w := &Writer{Pool: pool(), Header: header}
	if w.First() != "name,nickname,birthdate,updated_at,email,email_verified,address,custom:plan,cognito:mfa_enabled,cognito:username,password_hash" {
		t.Errorf("first line %s", w.First())
	}
	names := pool()
	names.UsernameAttributes = []api.UsernameAttributeType{api.UsernameAttributeTypePhoneNumber, api.UsernameAttributeTypeEmail}
	on, optional := pool(), pool()
	on.MfaConfiguration, optional.MfaConfiguration = api.UserPoolMfaTypeOn, api.UserPoolMfaTypeOptional
	texts := ana()
	texts.MFA = store.UserMFA{EnabledFactors: []string{"EMAIL_OTP", "SMS_MFA"}}
	for _, test := range []struct {
		pool *api.UserPoolType
		user *transfer.User
		want Line
	}{
		{pool(), ana(), Line{Text: ",,,,ana@example.com,true,,,false,ana,"}},
		{pool(), ana("address", `12 High Street, Springfield`, "name", `a\,b`, "nickname", `"x"`), Line{Text: `a\\,b,"x",,,ana@example.com,true,12 High Street\, Springfield,,false,ana,`}},
		{pool(), ana("birthdate", "2000-02-29", "updated_at", "17"), Line{Text: ",,02/29/2000,17,ana@example.com,true,,,false,ana,"}},
		{pool(), ana("birthdate", "02/29/2000", "identities", "[]", "sub", "s"), Line{Text: ",,02/29/2000,,ana@example.com,true,,,false,ana,"}},
		{names, ana(), Line{Text: ",,,,ana@example.com,true,,,false,ana@example.com,"}},
		{on, ana(), Line{Text: ",,,,ana@example.com,true,,,true,ana,"}},
		{optional, ana(), Line{Text: ",,,,ana@example.com,true,,,false,ana,"}},
		{optional, texts, Line{Text: ",,,,ana@example.com,true,,,true,ana,"}},
		{pool(), ana("password_hash", "x"), Line{Text: ",,,,ana@example.com,true,,,false,ana,"}},
	} {
		got, err := (&Writer{Pool: test.pool, Header: header}).Line(test.user)
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestUsersWhomAFileCannotHaveAreNamed(t *testing.T) {
	t.Parallel()
	with := func(change func(*transfer.User)) *transfer.User {
		u := ana()
		change(u)
		return u
	}
	required, names := pool(), pool()
	required.SchemaAttributes = []api.SchemaAttributeType{{Name: "sub", Required: new(true)}, {Name: "nickname", Required: new(true)}}
	names.UsernameAttributes, names.AutoVerifiedAttributes = []api.UsernameAttributeType{api.UsernameAttributeTypePhoneNumber}, nil
	for _, test := range []struct {
		pool   *api.UserPoolType
		user   *transfer.User
		reason string
	}{
		{pool(), with(func(u *transfer.User) { u.Enabled = false }), "the user is disabled, which a file cannot say"},
		{pool(), with(func(u *transfer.User) { u.UserStatus = api.UserStatusTypeExternalProvider }), "the user comes from an identity provider, and comes again at the first sign-in there"},
		{pool(), with(func(u *transfer.User) { u.Attributes = u.Attributes[:1] }), "none of the addresses that the pool verifies by itself is verified"},
		{required, ana(), "the required attribute nickname is missing"},
		{names, ana(), "the user has no address to sign in with"},
		{pool(), ana("name", "a\nb"), "the value of name has a line break or another control character"},
		{pool(), ana("name", "a\tb"), "the value of name has a line break or another control character"},
		{pool(), ana("name", " a"), "the value of name begins or ends with space"},
		{pool(), ana("name", `a\`), "the value of name ends with a backslash"},
		{pool(), ana("name", "\xff"), "the value of name is not text"},
		{pool(), ana("birthdate", "29.2.2000"), "the value of birthdate is no date"},
		{pool(), ana("updated_at", "1.5"), "the value of updated_at is not in seconds since 1970"},
		{pool(), ana("name", strings.Repeat("ä", maxRow)), "the row would be longer than 16000 characters"},
	} {
		if got, err := (&Writer{Pool: test.pool, Header: header}).Line(test.user); err == nil || err.Error() != test.reason {
			t.Errorf("%v: %q, %v", test.user.Attributes, got.Text, err)
		}
	}
}

// A spreadsheet runs nothing that stands in a file; what people sign in with is
// never changed for that.
func TestS148ExportedCellsAreNoFormulas(t *testing.T) {
	t.Parallel()
	w := &Writer{Pool: pool(), Header: header}
	for _, value := range []string{`=HYPERLINK("https://evil.example")`, "@SUM(1)", "-2+3+cmd|' /C calc'!A0", "+A1", "=", "-"} {
		want := Line{Text: "'" + value + ",,,,ana@example.com,true,,,false,ana,", Changed: []string{"name"}}
		got, err := w.Line(ana("name", value))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", value, err, diff)
		}
		u := ana()
		u.Username = value
		if _, err := w.Line(u); err == nil || err.Error() != "the value of cognito:username begins like a formula" {
			t.Errorf("user name %s: %v", value, err)
		}
	}
	for _, value := range []string{"\t=1", "\r=1", "\n=1"} { // no cell of this form has them
		if _, err := w.Line(ana("name", value)); err == nil {
			t.Errorf("%q is taken", value)
		}
	}
	for _, value := range []string{"+15555550100", "-5", "-1.5", "a=1", "'=1"} {
		if got, err := w.Line(ana("name", value)); err != nil || got.Changed != nil || !strings.HasPrefix(got.Text, value+",") {
			t.Errorf("%s: %q, %v", value, got.Text, err)
		}
	}
}
