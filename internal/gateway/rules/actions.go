package rules

import (
	"cmp"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"cognate/internal/gateway/auth"
	"cognate/internal/outbound/fetch"
)

const (
	mostActions = 10
	mostExtras  = 10
	mostWeights = 5
	maxBody     = 1024 // of a fixed response
)

// The types of actions.
const (
	typeCognito  = "authenticate-cognito"
	typeOIDC     = "authenticate-oidc"
	typeJWT      = "jwt-validation"
	typeForward  = "forward"
	typeRedirect = "redirect"
	typeFixed    = "fixed-response"
)

// actions reads the actions of a rule in their order and checks how they go
// together (§1.1).
func (o object) actions(name string) []Action {
	type ordered struct {
		Action
		order int
	}
	nodes := o.list(name, mostActions)
	var read []ordered
	for _, n := range nodes {
		a, order := o.r.action(n, len(nodes) > 1)
		if order > 0 && slices.ContainsFunc(read, func(other ordered) bool { return other.order == order }) {
			o.r.fail(a.Line, "there is another action of Order %d", order)
		}
		read = append(read, ordered{a, order})
	}
	slices.SortStableFunc(read, func(a, b ordered) int { return cmp.Compare(a.order, b.order) })
	var actions []Action
	signIns, validations := 0, 0
	for i, a := range read {
		switch {
		case a.SignIn():
			signIns++
		case a.JWT != nil:
			validations++
		}
		last := i == len(read)-1
		if ends := !a.SignIn() && a.JWT == nil; ends != last && a.Type != "" && !(last && o.r.mayPass) {
			o.r.fail(a.Line, "%s: the last action of a rule, and no other, is forward, redirect or fixed-response", a.Type)
		}
		actions = append(actions, a.Action)
	}
	switch {
	case len(actions) == 0 && !o.r.mayPass:
		o.fail(name, "must not be empty")
	case signIns > 1 || validations > 1:
		o.fail(name, "a rule authenticates once")
	}
	return actions
}

func (r *reader) action(n *yaml.Node, orderNeeded bool) (Action, int) {
	o := r.object(n, "an action", "Type", "Order", "AuthenticateCognitoConfig", "AuthenticateOidcConfig", "JwtValidationConfig",
		"TargetGroupArn", "ForwardConfig", "RedirectConfig", "FixedResponseConfig")
	a := Action{Line: o.line, Type: o.required("Type")}
	if orderNeeded {
		o.require("Order")
	}
	order := o.integer("Order", 1, maxOrder, 0)
	members := map[string][]string{
		typeCognito: {"AuthenticateCognitoConfig"}, typeOIDC: {"AuthenticateOidcConfig"}, typeJWT: {"JwtValidationConfig"},
		typeForward: {"TargetGroupArn", "ForwardConfig"}, typeRedirect: {"RedirectConfig"}, typeFixed: {"FixedResponseConfig"},
	}
	if a.Type != "" && members[a.Type] == nil {
		o.fail("Type", "must be one of %s, %s, %s, %s, %s, %s", typeCognito, typeOIDC, typeJWT, typeForward, typeRedirect, typeFixed)
		return a, order
	}
	for name := range o.members {
		if name != "Type" && name != "Order" && !slices.Contains(members[a.Type], name) {
			o.fail(name, "does not belong to an action of the type %s", a.Type)
		}
	}
	switch a.Type {
	case typeCognito:
		a.Cognito = o.cognito()
	case typeOIDC:
		a.OIDC = o.oidc()
	case typeJWT:
		a.JWT = o.jwt()
	case typeForward:
		a.Forward = o.forward()
	case typeRedirect:
		a.Redirect = o.redirect()
	case typeFixed:
		a.Fixed = o.fixed()
	}
	return a, order
}

var signInMembers = []string{"SessionCookieName", "Scope", "SessionTimeout", "AuthenticationRequestExtraParams", "OnUnauthenticatedRequest"}

var poolARN = regexp.MustCompile(`^arn:aws[a-z-]*:cognito-idp:([a-z0-9-]+):[0-9]{12}:userpool/([a-z0-9-]+_[0-9A-Za-z]+)$`)

func (o object) cognito() *Cognito {
	o.require("AuthenticateCognitoConfig")
	c, _ := o.child("AuthenticateCognitoConfig", append([]string{"UserPoolArn", "UserPoolClientId", "UserPoolDomain"}, signInMembers...)...)
	parsed := &Cognito{ClientID: c.required("UserPoolClientId"), Domain: strings.ToLower(c.required("UserPoolDomain")), Settings: c.signIn()}
	if m := poolARN.FindStringSubmatch(c.required("UserPoolArn")); m != nil {
		parsed.Region, parsed.PoolID = m[1], m[2]
	} else if c.has("UserPoolArn") {
		c.fail("UserPoolArn", "must look like arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEf123")
	}
	if parsed.Domain != "" && !hostName.MatchString(parsed.Domain) {
		c.fail("UserPoolDomain", "must be a prefix or a host name")
	}
	return parsed
}

func (o object) oidc() *OIDC {
	o.require("AuthenticateOidcConfig")
	c, _ := o.child("AuthenticateOidcConfig", append([]string{
		"Issuer", "AuthorizationEndpoint", "TokenEndpoint", "UserInfoEndpoint",
		"ClientId", "ClientSecret", "UseExistingClientSecret", "TokenEndpointAuthMethod",
	}, signInMembers...)...)
	parsed := &OIDC{Settings: c.signIn(), UseExistingSecret: c.boolean("UseExistingClientSecret", false)}
	parsed.Provider = auth.Provider{
		Issuer:                c.address("Issuer"),
		AuthorizationEndpoint: c.address("AuthorizationEndpoint"),
		TokenEndpoint:         c.address("TokenEndpoint"),
		UserInfoEndpoint:      c.address("UserInfoEndpoint"),
		ClientID:              c.required("ClientId"),
		ClientSecret:          c.text("ClientSecret"),
		SecretInBody:          c.oneOf("TokenEndpointAuthMethod", "client_secret_basic", "client_secret_post") == "client_secret_post",
	}
	if parsed.Provider.ClientSecret == "" && !parsed.UseExistingSecret {
		c.require("ClientSecret")
	}
	return parsed
}

// address is a full address of https, or of http on this machine.
func (o object) address(name string) string {
	text := o.required(name)
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" ||
		u.Scheme != "https" && (u.Scheme != "http" || !fetch.LoopbackName(u.Hostname())) {
		o.fail(name, "must be a full address that starts with https://")
	}
	return text
}

var (
	cookieName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
	extraName  = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
)

// signIn reads what both actions that sign users in have (§1.2).
func (o object) signIn() auth.Settings {
	s := auth.Settings{
		CookieName:        cmp.Or(o.text("SessionCookieName"), auth.DefaultCookieName),
		Scope:             cmp.Or(o.text("Scope"), auth.DefaultScope),
		Timeout:           time.Duration(o.integer("SessionTimeout", 1, int(auth.MaxTimeout/time.Second), int(auth.MaxTimeout/time.Second))) * time.Second,
		OnUnauthenticated: auth.OnUnauthenticated(o.oneOf("OnUnauthenticatedRequest", string(auth.Authenticate), string(auth.Allow), string(auth.Deny))),
		ExtraParams:       o.extraParams(),
	}
	if !cookieName.MatchString(s.CookieName) {
		o.fail("SessionCookieName", "must be 1 to 64 letters, digits, underscores, dots and hyphens")
	}
	return s
}

func (o object) extraParams() map[string]string {
	const name = "AuthenticationRequestExtraParams"
	if !o.has(name) {
		return nil
	}
	n := o.r.follow(o.members[name])
	if n == nil || n.Kind != yaml.MappingNode {
		o.fail(name, "must be a mapping")
		return nil
	}
	params := map[string]string{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, line := n.Content[i].Value, n.Content[i].Line
		value, ok := o.r.scalar(n.Content[i+1])
		switch {
		case !ok || !extraName.MatchString(key):
			o.r.fail(line, "%s: names are letters, digits, underscores and hyphens, values are texts", name)
		case slices.Contains([]string{"client_id", "redirect_uri", "response_type", "scope", "state"}, key):
			o.r.fail(line, "%s: %s is the gateway's to say", name, key)
		default:
			params[key] = value
		}
	}
	if len(params) > mostExtras {
		o.fail(name, "has %d entries, at most %d may be", len(params), mostExtras)
	}
	return params
}

const (
	maxJWTText    = 256
	mostClaims    = 10
	mostClaimVals = 10
)

func (o object) jwt() *JWT {
	o.require("JwtValidationConfig")
	c, _ := o.child("JwtValidationConfig", "JwksEndpoint", "Issuer", "AdditionalClaims")
	parsed := &JWT{KeysURL: c.address("JwksEndpoint"), Issuer: c.required("Issuer")}
	for name, text := range map[string]string{"JwksEndpoint": parsed.KeysURL, "Issuer": parsed.Issuer} {
		if len(text) > maxJWTText {
			c.fail(name, "has more than %d characters", maxJWTText)
		}
	}
	for _, n := range c.list("AdditionalClaims", mostClaims) {
		parsed.Claims = append(parsed.Claims, o.r.claim(n))
	}
	return parsed
}

func (r *reader) claim(n *yaml.Node) Claim {
	o := r.object(n, "an entry of AdditionalClaims", "Name", "Format", "Values")
	o.require("Format")
	c := Claim{
		Name:   o.required("Name"),
		Format: ClaimFormat(o.oneOf("Format", string(SingleString), string(StringArray), string(SpaceSeparated))),
		Values: o.texts("Values", mostClaimVals),
	}
	if slices.Contains([]string{"iss", "exp", "nbf", "iat"}, c.Name) {
		o.fail("Name", "%s is checked in any case", c.Name)
	}
	if o.require("Values") && len(c.Values) == 0 {
		o.fail("Values", "must not be empty")
	}
	for _, v := range c.Values {
		if len(v) > maxJWTText {
			o.fail("Values", "one has more than %d characters", maxJWTText)
		}
		if c.Format == SpaceSeparated && strings.Contains(v, " ") {
			o.fail("Values", "must not hold spaces")
		}
	}
	return c
}

// groupOf gives the name of a target group by its name or ARN.
func groupOf(text string) string {
	if _, rest, ok := strings.Cut(text, ":targetgroup/"); ok {
		name, _, _ := strings.Cut(rest, "/")
		return name
	}
	return text
}

func (o object) forward() *Forward {
	single, several := o.has("TargetGroupArn"), o.has("ForwardConfig")
	if single == several {
		o.r.fail(o.line, "forward needs one of TargetGroupArn and ForwardConfig")
		return &Forward{}
	}
	if single {
		return &Forward{Groups: []WeightedGroup{{groupOf(o.required("TargetGroupArn")), 1}}}
	}
	c, _ := o.child("ForwardConfig", "TargetGroups", "TargetGroupStickinessConfig")
	c.require("TargetGroups")
	f, total := &Forward{}, 0
	if s, ok := c.child("TargetGroupStickinessConfig", "Enabled", "DurationSeconds"); ok && s.boolean("Enabled", false) {
		s.require("DurationSeconds")
		f.Sticky = time.Duration(s.integer("DurationSeconds", 1, maxSticky, maxSticky)) * time.Second
	}
	for _, n := range c.list("TargetGroups", mostWeights) {
		g := o.r.object(n, "an entry of TargetGroups", "TargetGroupArn", "Weight")
		weighted := WeightedGroup{groupOf(g.required("TargetGroupArn")), g.integer("Weight", 0, maxWeight, 1)}
		total += weighted.Weight
		f.Groups = append(f.Groups, weighted)
	}
	if total == 0 {
		o.fail("ForwardConfig", "needs a target group whose Weight is more than 0")
	}
	return f
}

func (o object) redirect() *Redirect {
	o.require("RedirectConfig")
	c, _ := o.child("RedirectConfig", "Protocol", "Host", "Port", "Path", "Query", "StatusCode")
	c.require("StatusCode")
	status := http.StatusMovedPermanently
	if c.oneOf("StatusCode", "HTTP_301", "HTTP_302") == "HTTP_302" {
		status = http.StatusFound
	}
	parsed := &Redirect{
		Protocol: c.oneOf("Protocol", "#{protocol}", string(HTTP), string(HTTPS)),
		Host:     cmp.Or(c.text("Host"), "#{host}"), Port: cmp.Or(c.text("Port"), "#{port}"),
		Path: cmp.Or(c.text("Path"), "/#{path}"), Query: "#{query}", Status: status,
	}
	if _, ok := c.members["Query"]; ok { // an empty one leaves the query out
		parsed.Query = c.text("Query")
	}
	if port, err := strconv.Atoi(parsed.Port); parsed.Port != "#{port}" && (err != nil || port < 1 || port > 65535) {
		c.fail("Port", "must be a number from 1 to 65535 or #{port}")
	}
	if !strings.HasPrefix(parsed.Path, "/") || strings.HasPrefix(parsed.Path, "//") {
		c.fail("Path", "must start with one slash")
	}
	if *parsed == (Redirect{"#{protocol}", "#{host}", "#{port}", "/#{path}", "#{query}", status}) {
		o.r.fail(c.line, "RedirectConfig leads to where the request came from")
	}
	return parsed
}

func (o object) fixed() *FixedResponse {
	o.require("FixedResponseConfig")
	c, _ := o.child("FixedResponseConfig", "StatusCode", "ContentType", "MessageBody")
	c.require("StatusCode")
	f := &FixedResponse{
		Status:      c.integer("StatusCode", 200, 599, 200),
		ContentType: c.oneOf("ContentType", "text/plain", "text/css", "text/html", "application/javascript", "application/json"),
		Body:        c.text("MessageBody"),
	}
	if f.Status >= 300 && f.Status < 400 {
		c.fail("StatusCode", "must be 2XX, 4XX or 5XX")
	}
	if len(f.Body) > maxBody {
		c.fail("MessageBody", "has more than %d bytes", maxBody)
	}
	return f
}

// TakeSecrets fills in the client secrets that actions take over from the rules
// before (UseExistingClientSecret); before is nil at the start, when there are none.
func (f *File) TakeSecrets(before *File) error {
	known := map[[3]string]string{}
	if before != nil {
		before.eachOIDC(func(_ int, o *OIDC) { known[o.secretOf()] = o.Provider.ClientSecret })
	}
	r := &reader{}
	f.eachOIDC(func(line int, o *OIDC) {
		if o.Provider.ClientSecret != "" {
			return
		}
		secret, ok := known[o.secretOf()]
		if !ok {
			r.fail(line, "UseExistingClientSecret: the rules before have no secret of client %s", o.Provider.ClientID)
		}
		o.Provider.ClientSecret = secret
	})
	return r.err()
}

// secretOf is what a secret belongs to. It is for the token endpoint it was given
// with and must not be sent to another.
func (o *OIDC) secretOf() [3]string {
	return [3]string{o.Provider.Issuer, o.Provider.TokenEndpoint, o.Provider.ClientID}
}

func (f *File) eachOIDC(call func(line int, o *OIDC)) {
	f.eachAction(func(_ *Listener, a *Action) {
		if a.OIDC != nil {
			call(a.Line, a.OIDC)
		}
	})
}
