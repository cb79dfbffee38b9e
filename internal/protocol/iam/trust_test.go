package iam

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	ana     = "arn:aws:iam::123456789012:user/ana"
	account = "arn:aws:iam::123456789012:root"
	role    = "arn:aws:iam::123456789012:role/admin"
	session = "arn:aws:sts::123456789012:assumed-role/admin/ana"
)

func TestTrust(t *testing.T) {
	t.Parallel()
	user := Principal{AWS: []string{ana, account, "123456789012"}}
	inRole := Principal{AWS: []string{session, role, account, "123456789012"}}
	foreign := Principal{AWS: []string{"arn:aws:iam::999999999999:user/ana", "arn:aws:iam::999999999999:root", "999999999999"}}
	guest := Principal{Federated: identityPools}
	allow := func(principal string) string {
		return `{"Sid":"let","Effect":"Allow","Principal":` + principal + `,"Action":["sts:AssumeRole","sts:AssumeRoleWithWebIdentity"]}`
	}
	deny := func(principal string) string {
		return `{"Effect":"Deny","Principal":` + principal + `,"Action":"sts:AssumeRole"}`
	}
	refused := Decision{Layer: Trust, Policy: -1}
	let := func(via Via) Decision { return Decision{Allowed: true, Layer: Trust, By: "let", Via: via} }
	for _, c := range []struct {
		statements []string
		who        Principal
		want       Decision
	}{
		{[]string{allow(`{"AWS":"` + ana + `"}`)}, user, let(ViaPrincipal)},
		{[]string{allow(`{"AWS":"` + ana + `"}`)}, inRole, refused},
		{[]string{allow(`{"AWS":"` + ana + `"}`)}, foreign, refused},
		{[]string{allow(`{"AWS":["` + role + `"]}`)}, inRole, let(ViaPrincipal)},
		{[]string{allow(`{"AWS":"` + session + `"}`)}, inRole, let(ViaPrincipal)},
		{[]string{allow(`{"AWS":"` + account + `"}`)}, user, let(ViaAccount)},
		{[]string{allow(`{"AWS":"123456789012"}`)}, inRole, let(ViaAccount)},
		{[]string{allow(`{"AWS":"123456789012"}`)}, foreign, refused},
		{[]string{allow(`"*"`)}, user, let(ViaEveryone)},
		{[]string{allow(`{"AWS":"*"}`)}, foreign, let(ViaEveryone)},
		{[]string{allow(`{"AWS":["` + account + `","` + ana + `"]}`)}, user, let(ViaPrincipal)},
		{[]string{`{"Sid":"weak","Effect":"Allow","Principal":{"AWS":"` + account + `"},"Action":"sts:AssumeRole"}`, allow(`{"AWS":"` + ana + `"}`)}, user, let(ViaPrincipal)},
		{[]string{allow(`{"AWS":"` + ana + `"}`), `{"Sid":"weak","Effect":"Allow","Principal":{"AWS":"` + account + `"},"Action":"sts:AssumeRole"}`}, user, let(ViaPrincipal)},
		{[]string{allow(`{"Federated":"cognito-identity.amazonaws.com"}`)}, guest, let(ViaPrincipal)},
		{[]string{allow(`{"Federated":"graph.facebook.com"}`)}, guest, refused},
		{[]string{allow(`{"AWS":"123456789012"}`)}, guest, refused},
		// Whoever comes with a token is let in by the name of the provider alone (D2, D5).
		{[]string{allow(`"*"`)}, guest, refused},
		{[]string{allow(`{"AWS":"*"}`)}, guest, refused},
		{[]string{allow(`"*"`)}, Principal{Service: "a.example.com"}, refused},
		{[]string{allow(`"*"`)}, Principal{}, refused},
		{[]string{allow(`{"Federated":"cognito-identity.amazonaws.com"}`), deny(`"*"`)}, guest, Decision{Explicit: true, Layer: Trust, By: "2"}},
		{[]string{allow(`{"Service":"a.example.com"}`)}, Principal{Service: "a.example.com"}, let(ViaPrincipal)},
		{[]string{allow(`{"Service":"a.example.com"}`)}, Principal{Federated: "a.example.com"}, refused},
		{[]string{allow(`{"Service":"a.example.com"}`)}, Principal{}, refused},
		{[]string{allow(`"*"`), deny(`{"AWS":"` + ana + `"}`)}, user, Decision{Explicit: true, Layer: Trust, By: "2"}},
		{[]string{allow(`"*"`), deny(`{"AWS":"` + ana + `"}`)}, inRole, let(ViaEveryone)},
		{[]string{deny(`"*"`), allow(`{"AWS":"` + ana + `"}`)}, user, Decision{Explicit: true, Layer: Trust, By: "1"}},
	} {
		got := mustParse(t, Trust, c.statements...).Trusts(c.who, Request{Action: "sts:AssumeRole"})
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s, %v: %s", c.statements, c.who, diff)
		}
	}
}

// The trust policies of roles for identity pools, as identity-pools.md B4 has them.
func TestTrustOfIdentityPools(t *testing.T) {
	t.Parallel()
	p := mustParse(t, Trust, `{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{
		"StringEquals":{"cognito-identity.amazonaws.com:aud":"us-east-1:pool"},
		"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":"authenticated"}}}`)
	who := Principal{Federated: identityPools}
	for _, c := range []struct {
		action, aud string
		amr         []string
		want        bool
	}{
		{"sts:AssumeRoleWithWebIdentity", "us-east-1:pool", []string{"authenticated", "graph.facebook.com"}, true},
		{"sts:AssumeRoleWithWebIdentity", "us-east-1:pool", []string{"unauthenticated"}, false},
		{"sts:AssumeRoleWithWebIdentity", "us-east-1:pool", nil, false},
		{"sts:AssumeRoleWithWebIdentity", "us-east-1:other", []string{"authenticated"}, false},
		{"sts:AssumeRole", "us-east-1:pool", []string{"authenticated"}, false},
		{"sts:TagSession", "us-east-1:pool", []string{"authenticated"}, false},
	} {
		keys := Keys{"cognito-identity.amazonaws.com:aud": {c.aud}, "cognito-identity.amazonaws.com:amr": c.amr}
		if got := p.Trusts(who, Request{Action: c.action, Context: keys}).Allowed; got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	if got := p.Trusts(Principal{}, Request{Action: "sts:AssumeRole"}).Reason("sts:AssumeRole"); got != "because no resource-based policy allows the sts:AssumeRole action" {
		t.Error(got)
	}
}

func TestRolesForIdentityPoolsNameThePool(t *testing.T) {
	t.Parallel()
	for condition, ok := range map[string]bool{
		``: false,
		`,"Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"p"}}`:              true,
		`,"Condition":{"StringLike":{"Cognito-Identity.amazonaws.com:AUD":["p*","q"]}}`:         true,
		`,"Condition":{"StringNotEquals":{"cognito-identity.amazonaws.com:aud":"p"}}`:           false,
		`,"Condition":{"StringEqualsIfExists":{"cognito-identity.amazonaws.com:aud":"p"}}`:      false,
		`,"Condition":{"ForAllValues:StringEquals":{"cognito-identity.amazonaws.com:aud":"p"}}`: false,
		`,"Condition":{"StringLike":{"cognito-identity.amazonaws.com:aud":["p*","*?*"]}}`:       false,
		`,"Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":""}}`:               false,
		`,"Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"*"}}`:              true,
		`,"Condition":{"Null":{"cognito-identity.amazonaws.com:aud":"false"}}`:                  false,
		`,"Condition":{"StringEquals":{"cognito-identity.amazonaws.com:sub":"p"}}`:              false,
	} {
		p := mustParse(t, Trust, `{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":"sts:AssumeRoleWithWebIdentity"`+condition+`}`)
		if err := p.CheckAudience(); (err == nil) != ok {
			t.Errorf("%s: %v", condition, err)
		}
	}
	others := mustParse(t, Trust, `{"Effect":"Allow","Principal":{"Federated":"graph.facebook.com","AWS":"*"},"Action":"sts:AssumeRole"}`)
	if err := others.CheckAudience(); err != nil {
		t.Error(err)
	}
}
