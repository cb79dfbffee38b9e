package rolechoice

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPrincipalTags(t *testing.T) {
	t.Parallel()
	said := `{"aud":"client-1","sub":"u-1","email":"ana@example.com","cognito:groups":["a"],"many":["a","b"],"level":3,"ok":true,"none":null,"empty":""}`
	for _, c := range []struct {
		name string
		maps map[string]TagMap
		want map[string]string
	}{
		{"inactive", nil, map[string]string{}},
		{"of another provider", map[string]TagMap{oidcARN: {UseDefaults: true}}, map[string]string{}},
		{"defaults", map[string]TagMap{provider: {UseDefaults: true}}, map[string]string{"client": "client-1", "username": "u-1"}},
		{"defaults beside a map", map[string]TagMap{provider: {UseDefaults: true, Tags: map[string]string{"mail": "email"}}}, map[string]string{"client": "client-1", "username": "u-1"}},
		{
			"a map",
			map[string]TagMap{provider: {Tags: map[string]string{
				"mail": "email", "group": "cognito:groups", "level": "level", "ok": "ok", // these four are there
				"several": "many", "nothing": "none", "absent": "absent", "empty": "empty",
			}}},
			map[string]string{"mail": "ana@example.com", "group": "a", "level": "3", "ok": "true"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := PrincipalTags(c.maps, []Login{UserPool(provider, client, claims(t, said))})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDefaultTagsOfAssertions(t *testing.T) {
	t.Parallel()
	maps := map[string]TagMap{samlARN: {UseDefaults: true}}
	name := "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"
	got, err := PrincipalTags(maps, []Login{SAML(samlARN, "ana@office", map[string]any{name: []string{"Ana"}})})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"client": "ana@office", "username": "Ana"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTagsOfSeveralLogins(t *testing.T) {
	t.Parallel()
	maps := map[string]TagMap{
		"accounts.google.com": {Tags: map[string]string{"who": "sub", "mail": "email"}},
		provider:              {Tags: map[string]string{"who": "sub", "team": "custom:team"}},
	}
	google := Social("accounts.google.com", map[string]any{"sub": "g", "email": "ana@example.com"})
	user := UserPool(provider, client, map[string]any{"sub": "u", "custom:team": "ops"})
	for _, logins := range [][]Login{{google, user}, {user, google}} {
		got, err := PrincipalTags(maps, logins)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"who": "g", "mail": "ana@example.com", "team": "ops"}, got); diff != "" {
			t.Error(diff)
		}
	}
}

// A value that no tag can have is an error: to leave it out could open what a
// policy closes to those who have the tag.
func TestValuesThatNoTagCanHave(t *testing.T) {
	t.Parallel()
	for value, good := range map[string]bool{
		"a b_.:/=+-@é": true, strings.Repeat("é", 256): true,
		strings.Repeat("a", 257): false, "o'brien": false, "a,b": false, "a\nb": false, "a\x00": false, "*": false, "\xff": false,
	} {
		_, err := PrincipalTags(map[string]TagMap{oidcARN: {Tags: map[string]string{"t": "c"}}}, []Login{OIDC(oidcARN, map[string]any{"c": value})})
		if good && err != nil {
			t.Errorf("%q: %v", value, err)
		}
		if !good {
			check(t, "", err, misconfiguredAnswer)
		}
	}
}

func TestCheckTags(t *testing.T) {
	t.Parallel()
	many := map[string]string{}
	for i := range 50 {
		many[fmt.Sprint("tag", i)] = "v"
	}
	if err := CheckTags(many); err != nil {
		t.Error(err)
	}
	many["one more"] = "v"
	for _, tags := range []map[string]string{many, {"": "v"}, {strings.Repeat("k", 129): "v"}, {"k*": "v"}} {
		if CheckTags(tags) == nil {
			t.Errorf("%d tags are accepted", len(tags))
		}
	}
}
