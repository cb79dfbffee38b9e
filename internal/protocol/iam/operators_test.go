package iam

import (
	"slices"
	"strings"
	"testing"
)

// holds decides by one Allow and one Deny with the same condition, which have to
// agree on whether it holds.
func holds(t *testing.T, operator, values string, keys Keys) bool {
	t.Helper()
	allow := Policies{Identity: []*Policy{mustParse(t, Identity, conditioned("Allow", operator, "aws:Key", values))}}
	deny := Policies{Identity: []*Policy{mustParse(t, Identity, allowAll, conditioned("Deny", operator, "aws:Key", values))}}
	allowed, denied := allow.Decide(listUsers(keys)).Allowed, deny.Decide(listUsers(keys)).Explicit
	if allowed != denied {
		t.Errorf("%s %s on %q: an Allow applies: %v, a Deny: %v", operator, values, keys, allowed, denied)
	}
	return allowed
}

type operatorCase struct {
	operator string
	values   string // of the policy
	meet     []string
	fail     []string
}

// operatorCases say of every operator which values of a request meet a condition
// and which do not.
var operatorCases = []operatorCase{
	{"StringEquals", `["a","b*"]`, []string{"a", "b*"}, []string{"A", "bc", "", "a "}},
	{"StringNotEquals", `["a","b*"]`, []string{"A", "bc", ""}, []string{"a", "b*"}},
	{"StringEqualsIgnoreCase", `"Straße"`, []string{"straße", "STRAßE", "Straße"}, []string{"strasse", ""}},
	{"StringNotEqualsIgnoreCase", `"a"`, []string{"b", ""}, []string{"a", "A"}},
	{"StringLike", `["a*c?","x"]`, []string{"acd", "abbbcd", "a*c?", "x", "acé"}, []string{"ac", "abcde", "Acd", "xx", ""}},
	{"StringNotLike", `["a*c?","x"]`, []string{"ac", "abcde", "xx"}, []string{"acd", "x"}},

	{"NumericEquals", `["10","2.50"]`, []string{"10", "10.0", "1e1", "2.5"}, []string{"11", "-10"}},
	{"NumericEquals", `10`, []string{"10"}, []string{"11"}},
	{"NumericNotEquals", `"10"`, []string{"11", "-10"}, []string{"10", "10.0"}},
	{"NumericLessThan", `"10"`, []string{"9.99", "-100"}, []string{"10", "11"}},
	{"NumericLessThanEquals", `"10"`, []string{"9", "10"}, []string{"10.01"}},
	{"NumericGreaterThan", `"10"`, []string{"10.01", "100"}, []string{"10", "9"}},
	{"NumericGreaterThanEquals", `["10","20"]`, []string{"10", "15", "20"}, []string{"9"}},

	{"DateEquals", `"2026-11-21T12:00:00Z"`, []string{"2026-11-21T13:00:00+01:00", "1795262400"}, []string{"2026-11-21", "1795262401"}},
	{"DateNotEquals", `"2026-11-21"`, []string{"2026-11-22"}, []string{"2026-11-21T00:00Z"}},
	{"DateLessThan", `"2026-11"`, []string{"2026-10-31T23:59:59.999Z", "2026"}, []string{"2026-11-01T00:00:00Z"}},
	{"DateLessThanEquals", `"2026"`, []string{"2026-01-01T00:00:00Z", "2025"}, []string{"2026-01-01T00:00:01Z"}},
	{"DateGreaterThan", `"1795262400"`, []string{"2026-11-21T12:00:01Z"}, []string{"2026-11-21T12:00:00Z"}},
	{"DateGreaterThanEquals", `1795262400`, []string{"2026-11-21T12:00:00Z", "2027"}, []string{"2026-11-21T11:59:59Z"}},

	{"Bool", `"true"`, []string{"true", "True"}, []string{"false"}},
	{"Bool", `false`, []string{"false", "FALSE"}, []string{"true"}},

	{"BinaryEquals", `["AP8=","YWJj"]`, []string{"\x00\xff", "abc"}, []string{"YWJj", "ab", ""}},

	{
		"IpAddress", `["203.0.113.0/24","2001:db8::/32","198.51.100.7"]`,
		[]string{"203.0.113.255", "::ffff:203.0.113.1", "2001:db8:1::2", "198.51.100.7"},
		[]string{"203.0.114.0", "2001:db9::1", "198.51.100.8", "::1"},
	},
	{"IpAddress", `"203.0.113.77/24"`, []string{"203.0.113.1"}, []string{"203.0.112.1"}},
	{"NotIpAddress", `["203.0.113.0/24","2001:db8::/32"]`, []string{"203.0.114.0", "::1"}, []string{"203.0.113.9", "2001:db8::1"}},

	{
		"ArnEquals", `"arn:aws:iam::123456789012:role/*"`,
		[]string{"arn:aws:iam::123456789012:role/a", "arn:aws:iam::123456789012:role/a:b/c"},
		[]string{"arn:aws:iam::999999999999:role/a", "arn:aws:iam::123456789012:user/a"},
	},
	{
		"ArnLike", `["arn:aws:iam::*:role/ad?in","arn:*:sts:*:*:assumed-role/x/*"]`,
		[]string{"arn:aws:iam::1:role/admin", "arn:aws-cn:sts:::assumed-role/x/y"},
		[]string{"arn:aws:iam::1:role/addmin", "arn:aws:iam:x:1:role/admin", "arn:aws:iam::1:2:role/admin"},
	},
	{"ArnNotEquals", `"arn:aws:iam::1:role/*"`, []string{"arn:aws:iam::2:role/a"}, []string{"arn:aws:iam::1:role/a"}},
	{"ArnNotLike", `"arn:aws:iam::*:role/a"`, []string{"arn:aws:iam::2:role/b"}, []string{"arn:aws:iam::2:role/a"}},
}

func TestEveryOperator(t *testing.T) {
	t.Parallel()
	for _, c := range operatorCases {
		for _, name := range []string{c.operator, c.operator + "IfExists", "ForAnyValue:" + c.operator, "ForAllValues:" + c.operator} {
			for _, value := range c.meet {
				if !holds(t, name, c.values, Keys{"aws:Key": {value}}) {
					t.Errorf("%s %s does not hold of %q", name, c.values, value)
				}
			}
			for _, value := range c.fail {
				if value == "" && strings.HasPrefix(name, "ForAllValues:") {
					continue // no value at all: TestKeysWithoutValues
				}
				if holds(t, name, c.values, Keys{"aws:Key": {value}}) {
					t.Errorf("%s %s holds of %q", name, c.values, value)
				}
			}
		}
	}
	for name := range operators {
		if name != "Null" && !slices.ContainsFunc(operatorCases, func(c operatorCase) bool { return c.operator == name }) {
			t.Errorf("no case is about %s", name)
		}
	}
}

// Missing keys: positive operators do not hold and negated ones do; suffix and
// prefixes decide otherwise (identity-pools.md E3).
func TestKeysWithoutValues(t *testing.T) {
	t.Parallel()
	for name, op := range operators {
		if op.null {
			continue
		}
		values := `"a"`
		for _, c := range operatorCases {
			if c.operator == name {
				values = c.values
			}
		}
		for _, keys := range []Keys{nil, {}, {"aws:Key": nil}, {"aws:Key": {}}, {"aws:Other": {"a"}}} {
			for written, want := range map[string]bool{
				name:                                op.negated,
				name + "IfExists":                   true,
				"ForAllValues:" + name:              true,
				"ForAllValues:" + name + "IfExists": true,
				"ForAnyValue:" + name:               false,
				"ForAnyValue:" + name + "IfExists":  false,
			} {
				if got := holds(t, written, values, keys); got != want {
					t.Errorf("%s on %v: %v, want %v", written, keys, got, want)
				}
			}
		}
		if !holds(t, "ForAllValues:"+name, values, Keys{"aws:Key": {""}}) {
			t.Errorf("ForAllValues:%s does not hold of an empty value", name)
		}
	}
}

func TestSeveralValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		operator string
		values   []string
		want     bool
	}{
		{"StringEquals", []string{"x", "a"}, true},
		{"StringEquals", []string{"x", "y"}, false},
		{"StringNotEquals", []string{"x", "a"}, false},
		{"StringNotEquals", []string{"x", "y"}, true},
		{"ForAllValues:StringEquals", []string{"a", "b"}, true},
		{"ForAllValues:StringEquals", []string{"a", "x"}, false},
		{"ForAllValues:StringNotEquals", []string{"x", "y"}, true},
		{"ForAllValues:StringNotEquals", []string{"a", "x"}, false},
		{"ForAnyValue:StringEquals", []string{"x", "b"}, true},
		{"ForAnyValue:StringEquals", []string{"x", "y"}, false},
		{"ForAnyValue:StringNotEquals", []string{"a", "x"}, true},
		{"ForAnyValue:StringNotEquals", []string{"a", "b"}, false},
	} {
		if got := holds(t, c.operator, `["a","b"]`, Keys{"aws:Key": c.values}); got != c.want {
			t.Errorf("%s a, b on %q: %v, want %v", c.operator, c.values, got, c.want)
		}
	}
}

func TestNull(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values string
		keys   Keys
		want   bool
	}{
		{`"true"`, nil, true},
		{`"true"`, Keys{"aws:Key": {}}, true},
		{`"true"`, Keys{"aws:key": {"x"}}, false},
		{`"false"`, nil, false},
		{`false`, Keys{"AWS:KEY": {"x"}}, true},
		{`["true","false"]`, nil, true},
	} {
		if got := holds(t, "Null", c.values, c.keys); got != c.want {
			t.Errorf("Null %s on %v: %v, want %v", c.values, c.keys, got, c.want)
		}
	}
}

// What cannot be compared meets no condition of an Allow, and every negated one
// of a Deny.
func TestWhatCannotBeCompared(t *testing.T) {
	t.Parallel()
	for operator, c := range map[string]struct{ values, got string }{
		"NumericNotEquals":         {`"1"`, "one"},
		"NumericLessThan":          {`"1"`, "0x0"},
		"NumericGreaterThanEquals": {`"1"`, "Inf"},
		"NumericLessThanEquals":    {`"1"`, "NaN"},
		"DateNotEquals":            {`"2026"`, "yesterday"},
		"DateGreaterThan":          {`"2026"`, "99999999999999999999"},
		"Bool":                     {`"false"`, "no"},
		"NotIpAddress":             {`"10.0.0.0/8"`, "10.0.0"},
		"IpAddress":                {`"0.0.0.0/0"`, "localhost"},
		"ArnNotLike":               {`"arn:aws:iam::1:role/a"`, "role/b"},
		"ArnEquals":                {`"arn:*:*:*:*:*"`, "*"},
		"StringNotEquals":          {`"${aws:Missing}"`, "a"},
		"StringEquals":             {`"${aws:Missing}"`, "a"},
		"StringNotLike":            {`"x${aws:Many}"`, "a"},
	} {
		keys := Keys{"aws:Key": {c.got}, "aws:Many": {"a", "b"}}
		allow := mustParse(t, Identity, conditioned("Allow", operator, "aws:Key", c.values))
		deny := mustParse(t, Identity, allowAll, conditioned("Deny", operator, "aws:Key", c.values))
		if (Policies{Identity: []*Policy{allow}}).Decide(listUsers(keys)).Allowed {
			t.Errorf("%s %s allows on %q", operator, c.values, c.got)
		}
		if denied := (Policies{Identity: []*Policy{deny}}).Decide(listUsers(keys)).Explicit; denied != operators[operator].negated {
			t.Errorf("%s %s denies on %q: %v", operator, c.values, c.got, denied)
		}
	}
}

// Values that are too long to be compared refuse.
func TestLongValues(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", maxValue+1)
	for _, operator := range []string{"StringLike", "StringNotLike", "StringEquals", "ForAllValues:StringLike", "ForAnyValue:StringNotLike", "StringLikeIfExists"} {
		allow := mustParse(t, Identity, conditioned("Allow", operator, "aws:Key", `["a*","b"]`))
		deny := mustParse(t, Identity, allowAll, conditioned("Deny", operator, "aws:Key", `["a*","b"]`))
		request := listUsers(Keys{"aws:Key": {long}})
		if (Policies{Identity: []*Policy{allow}}).Decide(request).Allowed || !(Policies{Identity: []*Policy{deny}}).Decide(request).Explicit {
			t.Errorf("%s: a long value does not refuse", operator)
		}
	}
	if !holds(t, "StringLike", `"a*"`, Keys{"aws:Key": {long[1:]}}) {
		t.Error("the longest value is not compared")
	}
	variable := mustParse(t, Identity, conditioned("Allow", "StringNotEquals", "aws:Key", `"x${aws:Long}"`))
	if (Policies{Identity: []*Policy{variable}}).Decide(listUsers(Keys{"aws:Key": {"a"}, "aws:Long": {long}})).Allowed {
		t.Error("a long value is put into a variable")
	}
}

// All operators and all keys of a statement have to hold.
func TestConditionsAreJoinedByAnd(t *testing.T) {
	t.Parallel()
	p := Policies{Identity: []*Policy{mustParse(t, Identity, `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{
		"StringEquals":{"aws:A":"1","aws:B":"2"},"Bool":{"aws:C":"true"}}}`)}}
	full := Keys{"aws:A": {"1"}, "aws:B": {"2"}, "aws:C": {"true"}}
	if !p.Decide(listUsers(full)).Allowed {
		t.Error("refused although all conditions hold")
	}
	for key := range full {
		keys := Keys{"aws:A": {"1"}, "aws:B": {"2"}, "aws:C": {"true"}}
		keys[key] = []string{"0"}
		if p.Decide(listUsers(keys)).Allowed {
			t.Errorf("allowed although %s does not fit", key)
		}
	}
}
