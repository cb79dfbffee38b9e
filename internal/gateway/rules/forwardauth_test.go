package rules_test

import (
	"net/netip"
	"strings"
	"testing"

	"cognate/internal/gateway/rules"
)

const asking = `LoadBalancerArn: arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188
Listeners:
  - Protocol: HTTP
    Port: 4180
    ForwardAuth: {Hosts: [Shop.example.com]}
    DefaultActions: [{Type: authenticate-cognito, AuthenticateCognitoConfig: {UserPoolArn: "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_A", UserPoolClientId: c, UserPoolDomain: d}}]
    Rules:
      - {Priority: 1, Conditions: [{Field: path-pattern, Values: ["/free"]}], Actions: []}
`

func TestListenersForOtherProxies(t *testing.T) {
	t.Parallel()
	file, err := rules.Parse([]byte(asking))
	if err != nil {
		t.Fatal(err)
	}
	l := file.Listeners[0]
	if l.ForwardAuth == nil || !l.NamesHost("shop.example.com") || l.NamesHost("example.com") || len(l.Rules) != 2 || len(l.Rules[0].Actions) != 0 {
		t.Errorf("read %+v", l)
	}
	for address, want := range map[string]bool{"127.0.0.1": true, "::ffff:127.0.0.2": true, "::1": true, "192.0.2.1": false, "10.0.0.1": false} {
		if got := l.ForwardAuth.Trusts(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s may ask: %t", address, got)
		}
	}
	if l.ForwardAuth.Trusts(netip.Addr{}) {
		t.Error("who has no address may ask")
	}
}

func TestListenersForOtherProxiesAreRefused(t *testing.T) {
	t.Parallel()
	const end = `"/free"]}], Actions: [`
	for _, tc := range []struct{ old, put, want string }{
		{"Hosts: [Shop.example.com]", "Hosts: []", "line 3: ForwardAuth needs Hosts"},
		{"Hosts: [Shop.example.com]", "Hosts: [a/b]", `line 5: Hosts: "a/b" is not a host name`},
		{"{Hosts", "{TrustedProxies: [10.0.0.1], Hosts", `line 5: TrustedProxies: "10.0.0.1" is not a network`},
		{"{Hosts", "{Host: a, Hosts", `line 5: ForwardAuth has no member "Host"`},
		{end, end + "{Type: redirect, RedirectConfig: {StatusCode: HTTP_302, Path: /x}}", "line 8: redirect is not for a listener with ForwardAuth"},
		{end, end + "{Type: fixed-response, FixedResponseConfig: {StatusCode: 200}}", "line 8: fixed-response of a listener with ForwardAuth must be 4XX or 5XX"},
		{"    ForwardAuth: {Hosts: [Shop.example.com]}\n", "", "needs a listener of HTTPS"},
		{"    ForwardAuth: {Hosts: [Shop.example.com]}\n", "", "Actions: must not be empty"},
	} {
		_, err := rules.Parse([]byte(strings.Replace(asking, tc.old, tc.put, 1)))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", tc.put, err, tc.want)
		}
	}
}
