package iam

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestLayers(t *testing.T) {
	t.Parallel()
	var (
		allow   = mustParse(t, Identity, allowAll)
		deny    = mustParse(t, Identity, denyAll)
		neither = mustParse(t, Identity, `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`)
		some    = mustParse(t, Session, `{"Effect":"Deny","Action":"s3:*","Resource":"*"}`, `{"Effect":"Allow","Action":"cognito-idp:*","Resource":"*"}`)
		trust   = mustParse(t, Trust, `{"Effect":"Allow","Principal":"*","Action":"sts:*"}`)
	)
	const action = "cognito-idp:ListUsers"
	for name, c := range map[string]struct {
		policies Policies
		want     Decision
		reason   string
	}{
		"nothing": {
			Policies{},
			Decision{Policy: -1},
			"because no identity-based policy allows the cognito-idp:ListUsers action",
		},
		"allowed":           {Policies{Identity: []*Policy{allow}}, Decision{Allowed: true, By: "Everything"}, ""},
		"allowed by second": {Policies{Identity: []*Policy{neither, allow}}, Decision{Allowed: true, Policy: 1, By: "Everything"}, ""},
		"denied": {
			Policies{Identity: []*Policy{allow, neither, deny}},
			Decision{Explicit: true, Policy: 2, By: "Nothing"},
			"with an explicit deny in an identity-based policy",
		},
		"boundary allows":   {Policies{Identity: []*Policy{allow}, Boundary: allow}, Decision{Allowed: true, By: "Everything"}, ""},
		"boundary alone":    {Policies{Boundary: allow}, Decision{Policy: -1}, "because no identity-based policy allows the cognito-idp:ListUsers action"},
		"boundary does not": {Policies{Identity: []*Policy{allow}, Boundary: neither}, Decision{Layer: Boundary, Policy: -1}, "because no permissions boundary allows the cognito-idp:ListUsers action"},
		"boundary denies":   {Policies{Identity: []*Policy{neither}, Boundary: deny}, Decision{Explicit: true, Layer: Boundary, By: "Nothing"}, "with an explicit deny in a permissions boundary"},
		"session allows":    {Policies{Identity: []*Policy{allow}, Session: []*Policy{some}}, Decision{Allowed: true, By: "Everything"}, ""},
		"session alone":     {Policies{Session: []*Policy{some}}, Decision{Policy: -1}, "because no identity-based policy allows the cognito-idp:ListUsers action"},
		"session does not":  {Policies{Identity: []*Policy{allow}, Session: []*Policy{neither}}, Decision{Layer: Session, Policy: -1}, "because no session policy allows the cognito-idp:ListUsers action"},
		"one of the session": {
			Policies{Identity: []*Policy{allow}, Session: []*Policy{neither, some}}, Decision{Allowed: true, By: "Everything"}, "",
		},
		"session denies": {
			Policies{Identity: []*Policy{allow}, Boundary: allow, Session: []*Policy{some, deny}},
			Decision{Explicit: true, Layer: Session, Policy: 1, By: "Nothing"},
			"with an explicit deny in a session policy",
		},
		"a deny in the session goes before a missing boundary": {
			Policies{Identity: []*Policy{allow}, Boundary: neither, Session: []*Policy{deny}},
			Decision{Explicit: true, Layer: Session, By: "Nothing"},
			"with an explicit deny in a session policy",
		},
		"trust policies are about something else": {Policies{Identity: []*Policy{trust}}, Decision{Policy: -1}, "because no identity-based policy allows the cognito-idp:ListUsers action"},
	} {
		got := c.policies.Decide(listUsers(nil))
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if reason := got.Reason(action); reason != c.reason {
			t.Errorf("%s: %q, want %q", name, reason, c.reason)
		}
	}
	// Of the actions that trust policies speak of, too.
	for _, p := range []Policies{{Identity: []*Policy{trust}}, {Identity: []*Policy{allow}, Boundary: trust}, {Identity: []*Policy{allow}, Session: []*Policy{trust}}} {
		if p.Decide(Request{Action: "sts:AssumeRole", Resource: "*"}).Allowed {
			t.Errorf("a trust policy says what %+v may do", p)
		}
	}
}

func TestActionsAndResources(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		statement        string
		action, resource string
		want             bool
	}{
		{`"Action":"cognito-idp:ListUsers","Resource":"*"`, "cognito-idp:ListUsers", pool, true},
		{`"Action":"COGNITO-IDP:listusers","Resource":"*"`, "cognito-idp:ListUsers", pool, true},
		{`"Action":"cognito-idp:List*","Resource":"*"`, "cognito-idp:ListUsers", pool, true},
		{`"Action":"cognito-idp:List?sers","Resource":"*"`, "cognito-idp:ListUsers", pool, true},
		{`"Action":"*:List*","Resource":"*"`, "cognito-idp:ListUsers", pool, true},
		{`"Action":"cognito-idp:List","Resource":"*"`, "cognito-idp:ListUsers", pool, false},
		{`"Action":"cognito-identity:*","Resource":"*"`, "cognito-idp:ListUsers", pool, false},
		{`"Action":["s3:*","cognito-idp:ListUsers"],"Resource":"*"`, "cognito-idp:ListUsers", pool, true},
		{`"NotAction":"cognito-idp:Delete*","Resource":"*"`, "cognito-idp:ListUsers", pool, true},
		{`"NotAction":["cognito-idp:Delete*","cognito-idp:L*"],"Resource":"*"`, "cognito-idp:ListUsers", pool, false},
		{`"Action":"*","Resource":"` + pool + `"`, "cognito-idp:ListUsers", pool, true},
		{`"Action":"*","Resource":"` + pool + `"`, "cognito-idp:ListUsers", otherPool, false},
		{`"Action":"*","Resource":"` + pool + `"`, "cognito-idp:ListUserPools", "*", false},
		{`"Action":"*","Resource":"*"`, "cognito-idp:ListUserPools", "*", true},
		{`"Action":"*","Resource":"arn:aws:cognito-idp:*:123456789012:userpool/us-east-1_a*"`, "cognito-idp:ListUsers", pool, true},
		{`"Action":"*","Resource":"arn:aws:COGNITO-IDP:*"`, "cognito-idp:ListUsers", pool, false},
		{`"Action":"*","NotResource":"` + otherPool + `"`, "cognito-idp:ListUsers", pool, true},
		{`"Action":"*","NotResource":["` + otherPool + `","` + pool + `"]`, "cognito-idp:ListUsers", pool, false},
		{`"Action":"*","NotResource":"arn:aws:x:::${aws:missing}"`, "cognito-idp:ListUsers", pool, false},
	} {
		p := Policies{Identity: []*Policy{mustParse(t, Identity, `{"Effect":"Allow",`+c.statement+`}`)}}
		if got := p.Decide(Request{Action: c.action, Resource: c.resource}).Allowed; got != c.want {
			t.Errorf("%s: %s on %s: %v", c.statement, c.action, c.resource, got)
		}
	}
	deny := Policies{Identity: []*Policy{mustParse(t, Identity, allowAll, `{"Effect":"Deny","Action":"*","NotResource":"arn:aws:x:::${aws:missing}"}`)}}
	if !deny.Decide(listUsers(nil)).Explicit {
		t.Error("a Deny of all but a resource that cannot be named does not apply")
	}
}

// Of drawn policies and requests.
var (
	drawnActions    = []string{"cognito-idp:ListUsers", "cognito-idp:DeleteUserPool", "s3:GetObject"}
	drawnStatements = rapid.Custom(func(t *rapid.T) string {
		one := func(label string, from ...string) string { return rapid.SampledFrom(from).Draw(t, label) }
		return `{"Effect":"` + one("effect", "Allow", "Deny") + `",` +
			one("action", `"Action":"*"`, `"Action":"cognito-idp:List*"`, `"Action":["s3:*","cognito-idp:DeleteUserPool"]`, `"NotAction":"s3:*"`) + `,` +
			one("resource", `"Resource":"*"`, `"Resource":"`+pool+`"`, `"NotResource":"`+otherPool+`"`, `"Resource":"arn:aws:cognito-idp:*:*:userpool/${aws:PrincipalTag/pool}"`) +
			one("condition", ``, `,"Condition":{"StringEquals":{"aws:PrincipalTag/team":["a","b"]}}`,
				`,"Condition":{"StringNotEqualsIfExists":{"aws:PrincipalTag/team":"a"}}`,
				`,"Condition":{"Null":{"aws:PrincipalTag/team":"true"}}`,
				`,"Condition":{"ForAllValues:StringLike":{"aws:TagKeys":"t*"},"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`) + `}`
	})
	drawnRequests = rapid.Custom(func(t *rapid.T) Request {
		keys := Keys{}
		for key, values := range map[string][]string{
			"aws:PrincipalTag/team": {"a", "c"}, "aws:PrincipalTag/pool": {"us-east-1_abcdef", "*"},
			"aws:SourceIp": {"10.0.0.1", "::1"}, "aws:TagKeys": {"team", "x"},
		} {
			if v := rapid.SampledFrom(append(values, "")).Draw(t, key); v != "" {
				keys[key] = []string{v}
			}
		}
		return Request{
			Action:   rapid.SampledFrom(drawnActions).Draw(t, "action"),
			Resource: rapid.SampledFrom([]string{pool, otherPool, "*"}).Draw(t, "resource"), Context: keys,
		}
	})
)

// drawPolicies draws the policies of a caller, and the documents' statements.
func drawPolicies(t *rapid.T) (identity, boundary, session []string) {
	some := func(label string) []string { return rapid.SliceOfN(drawnStatements, 1, 4).Draw(t, label) }
	identity = some("identity")
	if rapid.Bool().Draw(t, "has boundary") {
		boundary = some("boundary")
	}
	if rapid.Bool().Draw(t, "has session policy") {
		session = some("session")
	}
	return identity, boundary, session
}

func assemble(t testing.TB, identity, boundary, session []string) Policies {
	p := Policies{Identity: []*Policy{mustParse(t, Identity, identity...)}}
	if boundary != nil {
		p.Boundary = mustParse(t, Boundary, boundary...)
	}
	if session != nil {
		p.Session = []*Policy{mustParse(t, Session, session...)}
	}
	return p
}

func TestAnExplicitDenyAlwaysWins(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		identity, boundary, session := drawPolicies(r)
		request := drawnRequests.Draw(r, "request")
		deny := `{"Effect":"Deny","Action":"` + request.Action + `","Resource":"*"}`
		layers := []*[]string{&identity, &boundary, &session}
		layer := layers[rapid.IntRange(0, 2).Draw(r, "layer")]
		*layer = slices.Insert(*layer, rapid.IntRange(0, len(*layer)).Draw(r, "position"), deny)
		if d := assemble(t, identity, boundary, session).Decide(request); d.Allowed || !d.Explicit {
			r.Fatalf("%+v", d)
		}
	})
}

// More is never less: an Allow that is added, to any layer that is there, refuses
// nothing. Less is never more: a boundary or a session policy that is added
// allows nothing, and neither does a Deny.
func TestAccessGrowsWithAllowsOnly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		identity, boundary, session := drawPolicies(r)
		request := drawnRequests.Draw(r, "request")
		before := assemble(t, identity, boundary, session).Decide(request)
		added := drawnStatements.Draw(r, "added")
		allows := added[:len(`{"Effect":"Allow"`)] == `{"Effect":"Allow"`
		layers := []*[]string{&identity, &boundary, &session}
		layer := layers[rapid.IntRange(0, 2).Draw(r, "layer")]
		isNew := *layer == nil
		*layer = slices.Insert(*layer, rapid.IntRange(0, len(*layer)).Draw(r, "position"), added)
		after := assemble(t, identity, boundary, session).Decide(request)
		switch {
		case allows && !isNew && before.Allowed && !after.Allowed:
			r.Fatalf("an Allow took access away: %+v, then %+v", before, after)
		case (!allows || isNew) && !before.Allowed && after.Allowed:
			r.Fatalf("a restriction gave access: %+v, then %+v", before, after)
		}
	})
}

// The order of statements, and which of an identity's policies they are in, makes
// no difference to the answer.
func TestOrderMakesNoDifference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		identity, boundary, session := drawPolicies(r)
		request := drawnRequests.Draw(r, "request")
		want := assemble(t, identity, boundary, session).Decide(request)
		shuffled := assemble(t, rapid.Permutation(identity).Draw(r, "order"), boundary, session)
		apart := assemble(t, identity, boundary, session)
		apart.Identity = nil
		for _, s := range identity {
			apart.Identity = append(apart.Identity, mustParse(t, Identity, s))
		}
		for _, p := range []Policies{shuffled, apart} {
			if got := p.Decide(request); got.Allowed != want.Allowed || got.Explicit != want.Explicit || got.Layer != want.Layer {
				r.Fatalf("%+v, want %+v", got, want)
			}
		}
	})
}

// otherContext is a Context of another type than Keys.
type otherContext struct{ keys Keys }

func (c otherContext) Values(key string) ([]string, bool) { return c.keys.Values(key) }

func TestContextsOfEveryTypeDecideAlike(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		identity, boundary, session := drawPolicies(r)
		request := drawnRequests.Draw(r, "request")
		want := assemble(t, identity, boundary, session).Decide(request)
		request.Context = otherContext{request.Context.(Keys)}
		if got := assemble(t, identity, boundary, session).Decide(request); got != want {
			r.Fatalf("%+v, want %+v", got, want)
		}
	})
}
