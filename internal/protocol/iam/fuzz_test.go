package iam

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzPolicy reads arbitrary documents. What is taken decides as it explains, is
// refused as a whole by one Deny, and what is refused says so in words.
func FuzzPolicy(f *testing.F) {
	for _, seed := range []string{
		allowAll, denyAll,
		`{"Effect":"Allow","NotAction":"s3:*","NotResource":"arn:aws:x:::${aws:username, 'a'}"}`,
		conditioned("Allow", "ForAnyValue:StringLikeIfExists", "aws:TagKeys", `["a*","${*}"]`),
		conditioned("Deny", "NotIpAddress", "aws:SourceIp", `"10.0.0.0/8"`),
		conditioned("Allow", "DateLessThan", "aws:CurrentTime", `"2026-11-21T00:00:00Z"`),
		conditioned("Allow", "ArnLike", "aws:PrincipalArn", `"arn:aws:iam::*:user/?"`),
		conditioned("Allow", "Null", "aws:TokenIssueTime", `true`),
	} {
		f.Add(document(seed), uint8(Identity))
	}
	f.Add(document(`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}`), uint8(Trust))
	request := Request{Action: "cognito-idp:ListUsers", Resource: pool, Context: Keys{
		"aws:username": {"ana"}, "aws:TagKeys": {"a", "b"}, "aws:SourceIp": {"::1"}, "aws:CurrentTime": {"2026-11-21T00:00:00Z"},
		"aws:PrincipalArn": {ana},
	}}
	f.Fuzz(func(t *testing.T, data []byte, use uint8) {
		p, err := Parse(data, Use(use%4))
		if err != nil {
			if refused, ok := errors.AsType[*SyntaxError](err); !ok || refused.Message == "" {
				t.Fatalf("refused without words: %v", err)
			}
			return
		}
		if p.use == Trust {
			checkFindings(t, p.Trusts(Principal{AWS: []string{ana}}, request), p.ExplainTrust(Principal{AWS: []string{ana}}, request))
			return
		}
		checkFindings(t, Policies{Identity: []*Policy{p}}.Decide(request), p.Explain(request))
		deny := mustParse(t, Identity, denyAll)
		for _, policies := range []Policies{
			{Identity: []*Policy{p, deny}},
			{Identity: []*Policy{p}, Boundary: deny},
			{Identity: []*Policy{p}, Session: []*Policy{p, deny}},
		} {
			if d := policies.Decide(request); d.Allowed || !d.Explicit {
				t.Fatalf("a Deny was overruled: %+v", d)
			}
		}
	})
}

// checkFindings compares a decision with what is said of each statement.
func checkFindings(t *testing.T, d Decision, findings []Finding) {
	t.Helper()
	var allowed, denied bool
	for _, finding := range findings {
		allowed = allowed || finding.Applies && !finding.Deny
		denied = denied || finding.Applies && finding.Deny
		if finding.Applies == (finding.Why != "") {
			t.Fatalf("a reason and none: %+v", finding)
		}
	}
	if d.Explicit != denied || d.Allowed != (allowed && !denied) {
		t.Fatalf("decided %+v on %+v", d, findings)
	}
}

// FuzzPolicyVariables puts arbitrary values into variables. A value stands for
// itself alone, whatever is in it.
func FuzzPolicyVariables(f *testing.F) {
	f.Add("ana", "ana")
	f.Add("*", "eva")
	f.Add("${aws:username}", "ana")
	f.Add("a?", "ab")
	f.Add("\xff", "anything")
	policies := Policies{Identity: []*Policy{mustParse(f, Identity,
		`{"Effect":"Allow","Action":"*","Resource":"arn:aws:x:::home/${aws:username}/*"}`)}}
	f.Fuzz(func(t *testing.T, value, other string) {
		for _, name := range []string{value, other} {
			r := Request{Action: "x:y", Resource: "arn:aws:x:::home/" + name + "/file", Context: Keys{"aws:username": {value}}}
			want := utf8.ValidString(value) && len(value) <= maxValue && strings.HasPrefix(name+"/file", value+"/")
			if got := policies.Decide(r).Allowed; got != want {
				t.Fatalf("the variable is %q, the name %q: %v", value, name, got)
			}
		}
	})
}

// FuzzPolicyText compiles arbitrary texts with variables. A text without any
// compares as the reference does, byte by byte where it has no wildcards.
func FuzzPolicyText(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Add("${aws:a, 'x'}*", "x")
	f.Add("${$}${*}${", "$*")
	f.Fuzz(func(t *testing.T, text, value string) {
		if !utf8.ValidString(text) || !utf8.ValidString(value) {
			return
		}
		p, err := compile(text, wildcards|variables)
		if err != nil {
			return
		}
		got := p.matches(newEvaluation(Request{}), value)
		if !strings.Contains(text, "${") && (got == matches) != reference(text).MatchString(value) {
			t.Fatalf("%q on %q: %v", text, value, got)
		}
	})
}
