package rules

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/gateway/auth"
)

const whole = `LoadBalancerArn: arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/my-lb/50dc6c495c0c9188
PublicKeyUrl: https://shop.example.com/keys/
LoadBalancerAttributes:
  - {Key: idle_timeout.timeout_seconds, Value: 120}
TargetGroups:
  - Name: blue
    Port: 8080
    Targets: [{Id: 10.0.0.1}, {Id: app.internal, Port: 81}]
    HealthCheckPath: /health
    HealthCheckIntervalSeconds: 10
    HealthCheckTimeoutSeconds: 3
    HealthyThresholdCount: 3
    UnhealthyThresholdCount: 4
    Matcher: {HttpCode: "200,300-302"}
  - {Name: green, Protocol: HTTPS, ProtocolVersion: HTTP2, HealthCheckEnabled: false, HealthCheckProtocol: HTTP, HealthCheckPort: 8081, TargetGroupAttributes: [{Key: stickiness.enabled, Value: true}, {Key: stickiness.lb_cookie.duration_seconds, Value: 60}]}
Listeners:
  - Protocol: HTTP
    Port: 80
    DefaultActions:
      - {Type: redirect, RedirectConfig: {Protocol: HTTPS, Port: 443, StatusCode: HTTP_301}}
  - Protocol: HTTPS
    Address: 127.0.0.1
    Port: 443
    Certificates: [{CertificateFile: a.pem, KeyFile: a.key}]
    DefaultActions:
      - {Type: fixed-response, FixedResponseConfig: {StatusCode: 404, ContentType: text/html, MessageBody: gone}}
    Rules:
      - Priority: 20
        Conditions:
          - {Field: http-header, HttpHeaderConfig: {HttpHeaderName: user-agent, Values: ["*bot*"]}}
          - {Field: query-string, QueryStringConfig: {Values: [{Key: a, Value: b}, {Value: "c*"}]}}
          - {Field: source-ip, SourceIpConfig: {Values: [10.1.2.3/8, "2001:db8::/32"]}}
          - {Field: http-request-method, HttpRequestMethodConfig: {Values: [GET, HEAD]}}
        Actions:
          - {Type: forward, Order: 2, ForwardConfig: {TargetGroups: [{TargetGroupArn: blue, Weight: 9}, {TargetGroupArn: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/green/73e2d6bc24d8a067"}], TargetGroupStickinessConfig: {Enabled: true, DurationSeconds: 3600}}}
          - Type: jwt-validation
            Order: 1
            JwtValidationConfig:
              JwksEndpoint: https://id.example.com/jwks.json
              Issuer: https://id.example.com
              AdditionalClaims: [{Name: scope, Format: space-separated-values, Values: [read, write]}]
      - Priority: 10
        Conditions:
          - {Field: host-header, Values: [shop.example.com]}
          - {Field: path-pattern, PathPatternConfig: {Values: [/a/*]}}
        Actions:
          - Type: authenticate-cognito
            Order: 1
            AuthenticateCognitoConfig:
              UserPoolArn: arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AbCdEf123
              UserPoolClientId: abc
              UserPoolDomain: shop
          - {Type: forward, Order: 2, TargetGroupArn: blue}
      - Priority: 15
        Conditions: [{Field: path-pattern, Values: [/b]}]
        Actions:
          - Type: authenticate-oidc
            Order: 10
            AuthenticateOidcConfig:
              Issuer: https://id.example.com
              AuthorizationEndpoint: https://id.example.com/authorize
              TokenEndpoint: https://id.example.com/token
              UserInfoEndpoint: https://id.example.com/me
              ClientId: c
              ClientSecret: s
              TokenEndpointAuthMethod: client_secret_post
              SessionCookieName: Mine
              Scope: openid email
              SessionTimeout: 60
              OnUnauthenticatedRequest: deny
              AuthenticationRequestExtraParams: {prompt: login, identity_provider: Google}
          - {Type: forward, Order: 20, TargetGroupArn: blue}
`

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := Parse([]byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	defaults := auth.Settings{CookieName: "AWSELBAuthSessionCookie", Scope: "openid", Timeout: 604800 * time.Second, OnUnauthenticated: auth.Authenticate}
	want := &File{
		LoadBalancerARN: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/my-lb/50dc6c495c0c9188",
		PublicKeys:      &url.URL{Scheme: "https", Host: "shop.example.com", Path: "/keys"},
		IdleTimeout:     2 * time.Minute,
		TargetGroups: []TargetGroup{
			{Line: 6, Name: "blue", Protocol: HTTP, Targets: []Target{{"10.0.0.1", 8080}, {"app.internal", 81}}, Health: HealthCheck{
				Enabled: true, Protocol: HTTP, Path: "/health", Interval: 10 * time.Second, Timeout: 3 * time.Second, Healthy: 3, Unhealthy: 4, Codes: [][2]int{{200, 200}, {300, 302}},
			}},
			{Line: 15, Name: "green", Protocol: HTTPS, HTTP2: true, Sticky: time.Minute, Health: HealthCheck{
				Protocol: HTTP, Port: 8081, Path: "/", Interval: 30 * time.Second, Timeout: 5 * time.Second, Healthy: 5, Unhealthy: 2, Codes: [][2]int{{200, 200}},
			}},
		},
		Listeners: []Listener{
			{Line: 17, Protocol: HTTP, Port: 80, Rules: []Rule{{Line: 20, Actions: []Action{{
				Line: 20, Type: "redirect", Redirect: &Redirect{"HTTPS", "#{host}", "443", "/#{path}", "#{query}", 301},
			}}}}},
			{Line: 21, Protocol: HTTPS, Address: "127.0.0.1", Port: 443, Certificates: []Certificate{{"a.pem", "a.key"}}, Rules: []Rule{
				{Line: 42, Priority: 10, Conditions: []Condition{{Field: "host-header", Values: []string{"shop.example.com"}}, {Field: "path-pattern", Values: []string{"/a/*"}}}, Actions: []Action{
					{Line: 47, Type: "authenticate-cognito", Cognito: &Cognito{defaults, "eu-west-1", "eu-west-1_AbCdEf123", "abc", "shop"}},
					{Line: 53, Type: "forward", Forward: &Forward{Groups: []WeightedGroup{{"blue", 1}}}},
				}},
				{Line: 54, Priority: 15, Conditions: []Condition{{Field: "path-pattern", Values: []string{"/b"}}}, Actions: []Action{
					{Line: 57, Type: "authenticate-oidc", OIDC: &OIDC{Settings: auth.Settings{
						CookieName: "Mine", Scope: "openid email", Timeout: time.Minute, OnUnauthenticated: auth.Deny, ExtraParams: map[string]string{"prompt": "login", "identity_provider": "Google"},
					}, Provider: auth.Provider{
						Issuer: "https://id.example.com", AuthorizationEndpoint: "https://id.example.com/authorize", TokenEndpoint: "https://id.example.com/token",
						UserInfoEndpoint: "https://id.example.com/me", ClientID: "c", ClientSecret: "s", SecretInBody: true,
					}}},
					{Line: 72, Type: "forward", Forward: &Forward{Groups: []WeightedGroup{{"blue", 1}}}},
				}},
				{Line: 28, Priority: 20, Conditions: []Condition{
					{Field: "http-header", Header: "User-Agent", Values: []string{"*bot*"}},
					{Field: "query-string", Pairs: []Pair{{"a", "b"}, {"", "c*"}}},
					{Field: "source-ip", Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}},
					{Field: "http-request-method", Values: []string{"GET", "HEAD"}},
				}, Actions: []Action{
					{Line: 36, Type: "jwt-validation", JWT: &JWT{"https://id.example.com/jwks.json", "https://id.example.com", []Claim{{"scope", SpaceSeparated, []string{"read", "write"}}}}},
					{Line: 35, Type: "forward", Forward: &Forward{Groups: []WeightedGroup{{"blue", 9}, {"green", 1}}, Sticky: time.Hour}},
				}},
				{Line: 26, Actions: []Action{{Line: 26, Type: "fixed-response", Fixed: &FixedResponse{404, "text/html", "gone"}}}},
			}},
		},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

// A change to the file above makes it wrong, and the line is told.
func TestMistakesAreToldWithTheirLines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to, want string }{
		{"UserPoolDomain: shop", "UserPoolDomain: shop\n              UserPoolDomian: shop", `line 53: AuthenticateCognitoConfig has no member "UserPoolDomian"`},
		{"UserPoolClientId: abc", "UserPoolClientId: abc\n              UserPoolClientId: abd", "line 52: AuthenticateCognitoConfig has the member UserPoolClientId twice"},
		{"SessionTimeout: 60", "SessionTimeout: 604801", "line 69: SessionTimeout: must be a number from 1 to 604800"},
		{"SessionTimeout: 60", "SessionTimeout: 0", "line 69: SessionTimeout"},
		{"OnUnauthenticatedRequest: deny", "OnUnauthenticatedRequest: Deny", "line 70: OnUnauthenticatedRequest: must be one of authenticate, allow, deny"},
		{"prompt: login", "state: login", "line 71: AuthenticationRequestExtraParams: state is the gateway's"},
		{"prompt: login", "a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1, j: 1", "line 71: AuthenticationRequestExtraParams: has 11 entries"},
		{"prompt: login", "'a b': 1", "line 71: AuthenticationRequestExtraParams: names are"},
		{"ClientSecret: s", "UseExistingClientSecret: false", "line 60: AuthenticateOidcConfig needs ClientSecret"},
		{"TokenEndpoint: https", "TokenEndpoint: http", "line 62: TokenEndpoint: must be a full address that starts with https://"},
		{"Protocol: HTTPS\n    Address", "Protocol: HTTP\n    Address", "line 47: authenticate-cognito needs a listener of HTTPS"},
		{"{Type: forward, Order: 2, TargetGroupArn: blue}", "{Type: forward, Order: 2, TargetGroupArn: red}", `line 53: there is no target group of the name "red"`},
		{"          - {Type: forward, Order: 2, TargetGroupArn: blue}\n", "", "line 47: authenticate-cognito: the last action"},
		{"Type: forward, Order: 20", "Type: forward, Order: 10", "line 72: there is another action of Order 10"},
		{"Type: forward, Order: 20", "Type: forward", "line 72: an action needs Order"},
		{"Type: forward, Order: 20", "Type: forward, Order: 9", "line 72: forward: the last action"},
		{"Type: fixed-response,", "Type: fixed,", "line 26: Type: must be one of"},
		{"StatusCode: 404", "StatusCode: 302", "line 26: StatusCode: must be 2XX"},
		{"MessageBody: gone", "MessageBody: " + strings.Repeat("x", 1025), "line 26: MessageBody"},
		{"Priority: 15", "Priority: 10", "line 54: there is another rule of priority 10"},
		{"Priority: 15", "Priority: 50001", "line 54: Priority: must be a number from 1 to 50000"},
		{"Conditions: [{Field: path-pattern, Values: [/b]}]", "Conditions: []", "line 55: Conditions: must not be empty"},
		{"Field: path-pattern, Values: [/b]", "Field: path, Values: [/b]", "line 55: Field: must be host-header"},
		{"Field: path-pattern, Values: [/b]", "Field: path-pattern, HostHeaderConfig: {Values: [/b]}", "line 55: HostHeaderConfig: does not belong"},
		{"10.1.2.3/8", "10.1.2.3", `line 32: Values: "10.1.2.3" is not a network`},
		{"Weight: 9", "Weight: 1000", "line 35: Weight: must be a number from 0 to 999"},
		{"Name: scope", "Name: exp", "line 41: Name: exp is checked in any case"},
		{"[read, write]", `["read write"]`, "line 41: Values: must not hold spaces"},
		{"Port: 80\n", "Port: 0\n", "line 18: Port: must be a number from 1 to 65535"},
		{"Protocol: HTTPS, Port: 443, ", "", "line 20: RedirectConfig leads to where the request came from"},
		{"50dc6c495c0c9188", "x", "line 1: LoadBalancerArn: must look like"},
		{"LoadBalancerArn: arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/my-lb/50dc6c495c0c9188\n", "", "line 46: authenticate-cognito needs LoadBalancerArn"},
		{"HealthCheckTimeoutSeconds: 3", "HealthCheckTimeoutSeconds: 10", "line 11: HealthCheckTimeoutSeconds: must be less"},
		{"ProtocolVersion: HTTP2", "ProtocolVersion: GRPC", "line 15: ProtocolVersion: must be one of HTTP1, HTTP2"},
		{"HealthCheckPort: 8081", "HealthCheckPort: app", "line 15: HealthCheckPort: must be a number from 1 to 65535"},
		{"stickiness.enabled", "stickiness.on", "line 15: Key: is not one that the gateway knows: there are stickiness.enabled, "},
		{"Key: stickiness.enabled", "Key: stickiness.lb_cookie.duration_seconds", "line 15: Key: is there twice"},
		{"Key: stickiness.enabled, Value: true", "Key: stickiness.type, Value: app_cookie", "line 15: Value: must be one of lb_cookie"},
		{"DurationSeconds: 3600", "DurationSeconds: 0", "line 35: DurationSeconds: must be a number from 1 to 604800"},
		{"200,300-302", "200-500", "line 14: HttpCode"},
		{"Id: app.internal", "Id: 'http://app'", "line 8: Id: must be an IP address or a host name"},
		{"Name: blue", "Name: [blue]", "line 6: Name: must be a text"},
		{"Listeners:", "Listeners: {}\nRest:", "line 16: Listeners: must be a list"},
		{"PublicKeyUrl: https://shop", "PublicKeyUrl: ftp://shop", "line 2: PublicKeyUrl: must be an address"},
	} {
		if !strings.Contains(whole, c.from) {
			t.Fatalf("%q is not in the file", c.from)
		}
		_, err := Parse([]byte(strings.Replace(whole, c.from, c.to, 1)))
		var mistakes *Error
		if !errors.As(err, &mistakes) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.to, err, c.want)
		}
	}
}

func TestWhatIsNoYAML(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                           "line 1: the file is empty",
		"a: [1":                      "line 1",
		"a: b\n  c: d\n":             "line 2",
		"[]":                         "line 1: the file must be a mapping",
		"Listeners: []\n---\na: b":   "second document",
		strings.Repeat("#", 1<<20+1): "longer than",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %s", text, err, want)
		}
	}
}

// Anchors save words; a file cannot grow without bound by them.
func TestAnchors(t *testing.T) {
	t.Parallel()
	text := strings.Replace(whole, "AuthenticateCognitoConfig:\n", "AuthenticateCognitoConfig: &shop\n", 1)
	text = strings.Replace(text, "Type: authenticate-oidc\n            Order: 10\n", "Type: authenticate-cognito\n            Order: 10\n            AuthenticateCognitoConfig: *shop\n", 1)
	from, to := strings.Index(text, "            AuthenticateOidcConfig"), strings.Index(text, "          - {Type: forward, Order: 20")
	f, err := Parse([]byte(text[:from] + text[to:]))
	if err != nil {
		t.Fatal(err)
	}
	first, second := f.Listeners[1].Rules[0].Actions[0].Cognito, f.Listeners[1].Rules[1].Actions[0].Cognito
	if diff := cmp.Diff(first, second); diff != "" || first.PoolID != "eu-west-1_AbCdEf123" {
		t.Errorf("the alias differs: %s", diff)
	}
	bomb := "LoadBalancerAttributes: &a [{Key: k, Value: *b}]\nTargetGroups: &b [" + strings.Repeat("*b, ", 900) + "]\n"
	if _, err := Parse([]byte(bomb)); err == nil {
		t.Error("a file of aliases of itself was read")
	}
}

func TestUseExistingClientSecret(t *testing.T) {
	t.Parallel()
	parse := func(text string) *File {
		f, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	secretless := strings.Replace(whole, "ClientSecret: s", "UseExistingClientSecret: true", 1)
	if err := parse(secretless).TakeSecrets(nil); err == nil || !strings.Contains(err.Error(), "line 57: UseExistingClientSecret") {
		t.Errorf("at the start: %v", err)
	}
	next := parse(secretless)
	if err := next.TakeSecrets(parse(whole)); err != nil {
		t.Fatal(err)
	}
	next.eachOIDC(func(_ int, o *OIDC) {
		if o.Provider.ClientSecret != "s" {
			t.Errorf("secret %q", o.Provider.ClientSecret)
		}
	})
	elsewhere := parse(strings.Replace(secretless, "https://id.example.com/token", "https://other.example.com/token", 1))
	if err := elsewhere.TakeSecrets(parse(whole)); err == nil {
		t.Error("the secret goes to another token endpoint")
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	q := &Request{
		Method: "GET", Host: "shop.example.com", Path: "/a/b", Query: url.Values{"Color": {"Red", "Blue"}},
		Header: http.Header{"User-Agent": {"SomeBot/1"}}, Source: netip.MustParseAddr("::ffff:10.2.3.4"),
	}
	for want, conditions := range map[bool][]Condition{
		true: {
			{Field: "host-header", Values: []string{"x", "SHOP.*.com"}},
			{Field: "host-header", Values: []string{"s?op.example.com"}},
			{Field: "path-pattern", Values: []string{"/a/*"}},
			{Field: "path-pattern", Values: []string{"/?/b"}},
			{Field: "path-pattern", Values: []string{"*"}},
			{Field: "http-request-method", Values: []string{"POST", "GET"}},
			{Field: "http-header", Header: "User-Agent", Values: []string{"*bot*"}},
			{Field: "query-string", Pairs: []Pair{{"color", "blue"}}},
			{Field: "query-string", Pairs: []Pair{{"", "r*"}}},
			{Field: "source-ip", Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
		},
		false: {
			{Field: "host-header", Values: []string{"example.com"}},
			{Field: "path-pattern", Values: []string{"/A/*"}},
			{Field: "path-pattern", Values: []string{"/a"}},
			{Field: "http-request-method", Values: []string{"get"}},
			{Field: "http-header", Header: "User-Agent", Values: []string{"bot"}},
			{Field: "http-header", Header: "X-None", Values: []string{"*"}},
			{Field: "query-string", Pairs: []Pair{{"size", "*"}}},
			{Field: "source-ip", Networks: []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16")}},
			{Field: "unheard-of"},
		},
	} {
		for _, c := range conditions {
			if got := (Rule{Conditions: []Condition{c}}).Matches(q); got != want {
				t.Errorf("%+v holds: %t", c, got)
			}
		}
	}
	both := Rule{Conditions: []Condition{{Field: "path-pattern", Values: []string{"/a/*"}}, {Field: "http-request-method", Values: []string{"PUT"}}}}
	if both.Matches(q) {
		t.Error("one condition of two is enough")
	}
}

// Browsers are sent back only to hosts that a rule names (security.md S022).
func TestS022PatternsThatNameHosts(t *testing.T) {
	t.Parallel()
	for host, patterns := range map[string]struct{ name, pass []string }{
		"shop.example.com": {[]string{"shop.example.com", "SHOP.example.com", "*.example.com", "s?op.example.com"}, []string{"*", "*.com", "*.*", "shop.*.com", "shop.example.*", "shop.exampl?.com", "*.example.org"}},
		"shop":             {[]string{"shop"}, []string{"*", "sho?", "s*p"}},
	} {
		holds := func(pattern string) bool {
			l := Listener{Rules: []Rule{{Conditions: []Condition{{Field: "host-header", Values: []string{pattern}}}}}}
			return l.NamesHost(host)
		}
		for _, pattern := range patterns.name {
			if !holds(pattern) {
				t.Errorf("%s does not name %s", pattern, host)
			}
		}
		for _, pattern := range patterns.pass {
			if holds(pattern) {
				t.Errorf("%s names %s", pattern, host)
			}
		}
	}
}

func TestCleanPath(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"/": "/", "/a//b///c": "/a/b/c", "//a": "/a", "/a/..b/c.": "/a/..b/c.", "/a;b/c": "/a;b/c", "/...": "/..."} {
		if got, ok := CleanPath(in); !ok || got != want {
			t.Errorf("%s: %s %t, want %s", in, got, ok, want)
		}
	}
	for _, in := range []string{"/..", "/a/../b", "/a/./b", "/./", "/a/..;/b", "/a/.;x/b", `/a\..\b`, `/a/..\b`} {
		if got, ok := CleanPath(in); ok {
			t.Errorf("%s passes as %s", in, got)
		}
	}
}
