package federation

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// federation.md §6.2: several values become one text, and §10 row 7.
func TestValuesOfProvidersBecomeText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		said any
		want string
	}{
		{"Ana Ng", "Ana Ng"},
		{"", ""},
		{true, "true"},
		{float64(42), "42"},
		{[]string{"a", "b"}, "[a,b]"},
		{[]any{"site admins", "x&y~z", "a.b-c*d_e"}, "[site+admins,x%26y%7Ez,a.b-c*d_e]"},
		{map[string]any{"formatted": "Road 1"}, `{"formatted":"Road 1"}`},
	} {
		if got, err := Text(c.said); err != nil || got != c.want {
			t.Errorf("%v: %q, %v, want %q", c.said, got, err, c.want)
		}
	}
}

// client is one that may write everything but the nickname, in a pool with an
// immutable custom attribute.
func client(t *testing.T, sensitive bool) *directory.Client {
	t.Helper()
	yes, no := true, false
	pool := &directory.Pool{Schema: attributes.Compile([]api.SchemaAttributeType{
		{Name: "email", AttributeDataType: api.AttributeDataTypeString, Mutable: &yes, Required: &yes},
		{Name: "email_verified", AttributeDataType: api.AttributeDataTypeBoolean, Mutable: &yes},
		{Name: "name", AttributeDataType: api.AttributeDataTypeString, Mutable: &yes},
		{Name: "nickname", AttributeDataType: api.AttributeDataTypeString, Mutable: &yes},
		{Name: "custom:badge", AttributeDataType: api.AttributeDataTypeString, Mutable: &no},
	})}
	pool.Settings.Pool.UsernameConfiguration = &api.UsernameConfigurationType{CaseSensitive: sensitive}
	return directory.ForTest(pool, &store.Client{Settings: api.UserPoolClientType{WriteAttributes: []string{"email", "name", "custom:badge"}}})
}

func TestMappingSkipsWhatTheClientMayNotWrite(t *testing.T) {
	t.Parallel()
	mapping := map[string]string{
		"username": "sub", "email": "mail", "email_verified": "mail_ok", "name": "cn", "nickname": "nick", "custom:badge": "badge",
	}
	said := map[string]any{"sub": "42", "mail": "ana@example.com", "mail_ok": true, "nick": "annie", "badge": "", "other": "x"}
	got, err := mapped(client(t, true), mapping, said)
	want := map[string]string{"email": "ana@example.com", "email_verified": "true", "custom:badge": ""}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestMappingRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mapping map[string]string
		said    map[string]any
		want    string
	}{
		{map[string]string{"custom:gone": "x"}, map[string]any{"x": "1"}, "Invalid user attributes: custom:gone: Attribute does not exist in the schema."},
		{map[string]string{"name": "x"}, map[string]any{"x": strings.Repeat("ä", 2049)}, "Invalid user attributes: name: String must be no longer than 2048 characters"},
	} {
		if _, err := mapped(client(t, true), c.mapping, c.said); err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%v: %v, want %s", c.mapping, err, c.want)
		}
	}
}

// federation.md §6.3 to §6.5.
func TestProfilesFollowTheProvider(t *testing.T) {
	t.Parallel()
	pool := client(t, true).Pool
	for name, c := range map[string]struct {
		had, said, want map[string]string
		err             string
	}{
		"absent values stay":                   {had: map[string]string{"name": "Ana"}, want: map[string]string{"name": "Ana"}},
		"a blank value clears":                 {had: map[string]string{"name": "Ana"}, said: map[string]string{"name": ""}, want: map[string]string{}},
		"an address is not verified by itself": {said: map[string]string{"email": "a@x.test"}, want: map[string]string{"email": "a@x.test", "email_verified": "false"}},
		"unless the provider says so":          {said: map[string]string{"email": "a@x.test", "email_verified": "true"}, want: map[string]string{"email": "a@x.test", "email_verified": "true"}},
		"and loses that again": {
			had:  map[string]string{"email": "a@x.test", "email_verified": "true"},
			said: map[string]string{"email": "a@x.test"}, want: map[string]string{"email": "a@x.test", "email_verified": "false"},
		},
		"an immutable value fails even if it is the same": {
			had: map[string]string{"custom:badge": "7"}, said: map[string]string{"custom:badge": "7"}, err: "user.custom:badge: Attribute cannot be updated.",
		},
		"a required one cannot go": {
			had: map[string]string{"email": "a@x.test"}, said: map[string]string{"email": ""}, err: "Invalid user attributes: email: Required attribute cannot be deleted",
		},
	} {
		u := &store.User{}
		for k, v := range c.had {
			u.Attributes.Set(k, v)
		}
		_, err := apply(pool, u, c.said, false)
		if c.err != "" {
			if err == nil || !strings.HasSuffix(err.Error(), c.err) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		got := map[string]string{}
		for _, a := range u.Attributes {
			got[a.Name] = a.Value
		}
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

// federation.md §6.1 and §10 row 1.
func TestNamesOfProfiles(t *testing.T) {
	t.Parallel()
	if got := Username(client(t, true).Pool, "MySAML", "TestUser@example.com"); got != "MySAML_TestUser@example.com" {
		t.Error(got)
	}
	if got := Username(client(t, false).Pool, "MySAML", "TestUser@example.com"); got != "mysaml_testuser@example.com" {
		t.Error(got)
	}
}
