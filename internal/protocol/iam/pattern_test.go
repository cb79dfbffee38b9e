package iam

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// reference is the meaning of wildcards, by a regular expression.
func reference(text string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(text)
	quoted = strings.ReplaceAll(quoted, `\*`, `.*`)
	return regexp.MustCompile(`(?s)\A` + strings.ReplaceAll(quoted, `\?`, `.`) + `\z`)
}

func TestWildcardsAgreeWithTheReference(t *testing.T) {
	t.Parallel()
	letters := rapid.SampledFrom([]rune("ab*?é*"))
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOfN(letters, 0, 12).Draw(t, "text"))
		value := string(rapid.SliceOfN(rapid.SampledFrom([]rune("aabé*")), 0, 16).Draw(t, "value"))
		if got, want := match(marked(text, wildcards), value), reference(text).MatchString(value); got != want {
			t.Fatalf("match(%q, %q) = %v, want %v", text, value, got, want)
		}
	})
}

// Patterns that make backtracking matchers run for ever.
func TestWildcardsDoNotExplode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, value string
		want        bool
	}{
		{strings.Repeat("*a", 3000) + "b", strings.Repeat("a", 6000), false},
		{strings.Repeat("*?a", 2000) + "*", strings.Repeat("a", 6000), true},
		{strings.Repeat("*", 6000) + "b", strings.Repeat("a", 6000), false},
		{"*" + strings.Repeat("a", 3000) + "b", strings.Repeat("a", 6000), false},
		{strings.Repeat("?", 6000), strings.Repeat("é", 6000), true},
	} {
		if got := match(marked(c.text, wildcards), c.value); got != c.want {
			t.Errorf("match(%.20s…, %.20s…) = %v", c.text, c.value, got)
		}
	}
}

func TestVariables(t *testing.T) {
	t.Parallel()
	keys := Keys{
		"aws:username":          {"ana"},
		"aws:PrincipalTag/Team": {"blue sky"},
		"aws:star":              {"*"},
		"aws:nested":            {"${aws:username}"},
		"aws:empty":             {""},
		"aws:many":              {"a", "b"},
		"aws:bytes":             {"\xff\xfe"},
		"aws:none":              {},
	}
	for _, c := range []struct {
		text  string
		meet  []string
		fails []string
	}{
		{"a/${aws:username}/*", []string{"a/ana/", "a/ana/x"}, []string{"a/eva/x", "a/${aws:username}/x"}},
		{"${AWS:UserName}", []string{"ana"}, []string{"ANA"}},
		{"${aws:PrincipalTag/team}-${aws:username}", []string{"blue sky-ana"}, []string{"blue sky-"}},
		{"${aws:star}", []string{"*"}, []string{"a", "", "**"}},
		{"x${aws:nested}", []string{"x${aws:username}"}, []string{"xana"}},
		{"x${aws:empty}y", []string{"xy"}, []string{"xay"}},
		{"x${aws:missing}", nil, []string{"x", "x${aws:missing}", "xana"}},
		{"x${aws:many}", nil, []string{"xa", "xb", "xab"}},
		{"x${aws:bytes}", nil, []string{"x", "xab", "x\xff\xfe"}},
		{"x${aws:missing, 'any'}", []string{"xany"}, []string{"x", "xana"}},
		{"x${aws:none,'*'}", []string{"x*"}, []string{"x", "xy"}},
		{"x${aws:missing, ''}", []string{"x"}, []string{"xy"}},
		{"x${aws:missing, '$'}{aws:username}", []string{"x${aws:username}"}, []string{"xana"}},
		{"x${aws:username, 'any'}", []string{"xana"}, []string{"xany"}},
		{"x${aws:many, 'any'}", nil, []string{"xany", "xa"}},
		{"${*}${?}${$}", []string{"*?$"}, []string{"abc", "*?"}},
		{"${$}{aws:username}", []string{"${aws:username}"}, []string{"ana"}},
		{"$x{y}$", []string{"$x{y}$"}, []string{"x"}},
	} {
		p, err := compile(c.text, wildcards|variables)
		if err != nil {
			t.Errorf("compile(%s): %v", c.text, err)
			continue
		}
		e := newEvaluation(Request{Context: keys})
		for _, value := range c.meet {
			if p.matches(e, value) != matches {
				t.Errorf("%s does not match %q", c.text, value)
			}
		}
		for _, value := range c.fails {
			if p.matches(e, value) == matches {
				t.Errorf("%s matches %q", c.text, value)
			}
		}
	}
}

// Variables are variables in the version of 2012 alone.
func TestVariablesNeedTheirVersion(t *testing.T) {
	t.Parallel()
	const statement = `{"Effect":"Allow","Action":"*","Resource":"arn:aws:x:::${aws:username}"}`
	keys := Keys{"aws:username": {"ana"}}
	for version, resource := range map[string]string{"2012-10-17": "arn:aws:x:::ana", "2008-10-17": "arn:aws:x:::${aws:username}"} {
		p, err := Parse([]byte(`{"Version":"`+version+`","Statement":`+statement+`}`), Identity)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []string{"arn:aws:x:::ana", "arn:aws:x:::${aws:username}"} {
			d := Policies{Identity: []*Policy{p}}.Decide(Request{Action: "x:y", Resource: r, Context: keys})
			if d.Allowed != (r == resource) {
				t.Errorf("version %s, resource %s: %+v", version, r, d)
			}
		}
	}
}

func TestKeysCompareInAnyCase(t *testing.T) {
	t.Parallel()
	keys := Keys{"aws:PrincipalTag/Team": {"blue"}}
	keys.Set("AWS:SourceIp", "::1")
	for _, name := range []string{"aws:principaltag/team", "AWS:PRINCIPALTAG/TEAM", "aws:PrincipalTag/Team"} {
		if values, ok := keys.Values(name); !ok || values[0] != "blue" {
			t.Errorf("Values(%s) = %v, %v", name, values, ok)
		}
	}
	if values, ok := keys.Values("aws:sourceip"); !ok || values[0] != "::1" {
		t.Errorf("Values(aws:sourceip) = %v, %v", values, ok)
	}
	if _, ok := keys.Values("aws:principaltag/teams"); ok {
		t.Error("a key that is not there was found")
	}
	twice := Keys{"aws:PrincipalTag/team": {"b"}, "aws:PrincipalTag/Team": {"a"}}
	for range 50 {
		if values := newEvaluation(Request{Context: twice}).values("aws:principaltag/team"); values[0] != "b" {
			t.Fatal("which of two keys counts depends on chance")
		}
		if values, _ := twice.Values("aws:principaltag/TEAM"); values[0] != "b" {
			t.Fatal("which of two keys counts depends on chance")
		}
	}
}
