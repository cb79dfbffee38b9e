package rules

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const (
	// MaxSize bounds a rules file, in bytes.
	MaxSize = 1 << 20

	mostGroups    = 1000
	mostTargets   = 1000
	mostListeners = 50
	mostRules     = 1000
	mostValues    = 100
	maxOrder      = 50000 // of actions, and of rules by priority
	maxWeight     = 999

	defaultIdle = 60 // seconds
	maxIdle     = 4000
)

// Parse reads a rules file. The error is of type *Error, or about YAML.
func Parse(file []byte) (*File, error) {
	if len(file) > MaxSize {
		return nil, fmt.Errorf("the file is longer than %d bytes", MaxSize)
	}
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(file))
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, &Error{[]Problem{{1, "the file is empty"}}}
	} else if err != nil {
		return nil, fmt.Errorf("not YAML: %w", err)
	}
	r := &reader{}
	var second yaml.Node
	if err := decoder.Decode(&second); err == nil {
		r.fail(second.Line, "the file has a second document")
	} else if !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("not YAML: %w", err)
	}
	f := r.file(document.Content[0])
	if err := r.err(); err != nil {
		return nil, err
	}
	return f, nil
}

func (r *reader) file(n *yaml.Node) *File {
	o := r.object(n, "the file", "LoadBalancerArn", "PublicKeyUrl", "LoadBalancerAttributes", "TargetGroups", "Listeners")
	f := &File{LoadBalancerARN: o.balancer(), PublicKeys: o.publicKeys(), IdleTimeout: o.idleTimeout()}
	for _, n := range o.list("TargetGroups", mostGroups) {
		g := r.targetGroup(n)
		if slices.ContainsFunc(f.TargetGroups, func(other TargetGroup) bool { return other.Name == g.Name }) {
			r.fail(g.Line, "there is another target group of the name %q", g.Name)
		}
		f.TargetGroups = append(f.TargetGroups, g)
	}
	for _, n := range o.list("Listeners", mostListeners) {
		l := r.listener(n)
		if slices.ContainsFunc(f.Listeners, func(other Listener) bool { return other.Port == l.Port && other.Address == l.Address }) {
			r.fail(l.Line, "there is another listener at this address")
		}
		f.Listeners = append(f.Listeners, l)
	}
	if o.require("Listeners") && len(f.Listeners) == 0 {
		o.fail("Listeners", "must not be empty")
	}
	r.together(f)
	return f
}

// together checks what concerns parts that stand far from each other.
func (r *reader) together(f *File) {
	f.eachAction(func(l *Listener, a *Action) {
		if (a.SignIn() || a.JWT != nil) && l.Protocol != HTTPS && l.ForwardAuth == nil {
			r.fail(a.Line, "%s needs a listener of HTTPS", a.Type)
		}
		if a.SignIn() && f.LoadBalancerARN == "" {
			r.fail(a.Line, "%s needs LoadBalancerArn at the top of the file: applications know the gateway by it", a.Type)
		}
		if a.Forward == nil {
			return
		}
		for _, g := range a.Forward.Groups {
			if !slices.ContainsFunc(f.TargetGroups, func(group TargetGroup) bool { return group.Name == g.Name }) {
				r.fail(a.Line, "there is no target group of the name %q", g.Name)
			}
		}
	})
}

func (f *File) eachAction(call func(*Listener, *Action)) {
	for i := range f.Listeners {
		l := &f.Listeners[i]
		for _, rule := range l.Rules {
			for j := range rule.Actions {
				call(l, &rule.Actions[j])
			}
		}
	}
}

// balancerARN is the form of signer (§5.1).
var balancerARN = regexp.MustCompile(`^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:loadbalancer/app/[A-Za-z0-9-]{1,32}/[0-9a-f]{16}$`)

func (o object) balancer() string {
	arn := o.text("LoadBalancerArn")
	if arn != "" && !balancerARN.MatchString(arn) {
		o.fail("LoadBalancerArn", "must look like arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/my-gateway/50dc6c495c0c9188")
	}
	return arn
}

func (o object) publicKeys() *url.URL {
	text := o.text("PublicKeyUrl")
	if text == "" {
		return nil
	}
	u, err := url.Parse(strings.TrimSuffix(text, "/"))
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		o.fail("PublicKeyUrl", "must be an address that starts with https:// or http://, without a query")
		return nil
	}
	return u
}

const idleTimeout = "idle_timeout.timeout_seconds"

func (o object) idleTimeout() time.Duration {
	attributes := o.attributes("LoadBalancerAttributes", idleTimeout)
	return time.Duration(attributes[idleTimeout].integer("Value", 1, maxIdle, defaultIdle)) * time.Second
}

// attributes reads a list of pairs of Key and Value. Those that are not there are
// objects without members.
func (o object) attributes(name string, known ...string) map[string]object {
	read := map[string]object{}
	for _, key := range known {
		read[key] = object{r: o.r, line: o.line}
	}
	for _, n := range o.list(name, len(known)) {
		a := o.r.object(n, "an entry of "+name, "Key", "Value")
		key := a.required("Key")
		a.require("Value")
		switch {
		case !slices.Contains(known, key):
			a.fail("Key", "is not one that the gateway knows: there are %s", strings.Join(known, ", "))
		case read[key].has("Key"):
			a.fail("Key", "is there twice")
		default:
			read[key] = a
		}
	}
	return read
}

var groupName = regexp.MustCompile(`^[A-Za-z0-9-]{1,32}$`)

func (r *reader) targetGroup(n *yaml.Node) TargetGroup {
	o := r.object(n, "a target group", "Name", "TargetGroupArn", "Protocol", "ProtocolVersion", "Port", "CertificateAuthorityFile", "Targets", "TargetGroupAttributes",
		"HealthCheckEnabled", "HealthCheckProtocol", "HealthCheckPort", "HealthCheckPath", "HealthCheckIntervalSeconds", "HealthCheckTimeoutSeconds",
		"HealthyThresholdCount", "UnhealthyThresholdCount", "Matcher")
	g := TargetGroup{
		Line: o.line, Name: o.required("Name"), ARN: o.text("TargetGroupArn"),
		Protocol: Protocol(o.oneOf("Protocol", string(HTTP), string(HTTPS))),
		HTTP2:    o.oneOf("ProtocolVersion", "HTTP1", "HTTP2") == "HTTP2",
		Roots:    o.text("CertificateAuthorityFile"),
	}
	g.Health, g.Sticky = o.health(g.Protocol), o.sticky()
	if g.Name != "" && !groupName.MatchString(g.Name) {
		o.fail("Name", "must be 1 to 32 letters, digits and hyphens")
	}
	if g.Roots != "" && g.Protocol != HTTPS {
		o.fail("CertificateAuthorityFile", "is for the protocol HTTPS")
	}
	port := o.integer("Port", 1, 65535, 0)
	for _, n := range o.list("Targets", mostTargets) {
		t := r.object(n, "a target", "Id", "Port")
		target := Target{Host: t.required("Id"), Port: t.integer("Port", 1, 65535, port)}
		if _, err := netip.ParseAddr(target.Host); err != nil && target.Host != "" && !hostName.MatchString(target.Host) {
			t.fail("Id", "must be an IP address or a host name")
		}
		if target.Port == 0 {
			t.require("Port")
		}
		g.Targets = append(g.Targets, target)
	}
	return g
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?$`)

const (
	stickyEnabled = "stickiness.enabled"
	stickyType    = "stickiness.type"
	stickyTime    = "stickiness.lb_cookie.duration_seconds"

	defaultSticky = 86400  // seconds
	maxSticky     = 604800 // seconds
)

// sticky reads how long browsers stay with a target of the group. Of the ways to
// keep them there is the load balancer's own cookie.
func (o object) sticky() time.Duration {
	attributes := o.attributes("TargetGroupAttributes", stickyEnabled, stickyType, stickyTime)
	attributes[stickyType].oneOf("Value", "lb_cookie")
	seconds := attributes[stickyTime].integer("Value", 1, maxSticky, defaultSticky)
	if !attributes[stickyEnabled].boolean("Value", false) {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// health reads how targets of a protocol are checked.
func (o object) health(protocol Protocol) HealthCheck {
	h := HealthCheck{
		Enabled:   o.boolean("HealthCheckEnabled", true),
		Protocol:  protocol,
		Path:      cmp.Or(o.text("HealthCheckPath"), "/"),
		Interval:  time.Duration(o.integer("HealthCheckIntervalSeconds", 5, 300, 30)) * time.Second,
		Timeout:   time.Duration(o.integer("HealthCheckTimeoutSeconds", 2, 120, 5)) * time.Second,
		Healthy:   o.integer("HealthyThresholdCount", 2, 10, 5),
		Unhealthy: o.integer("UnhealthyThresholdCount", 2, 10, 2),
		Codes:     [][2]int{{200, 200}},
	}
	if o.has("HealthCheckProtocol") {
		h.Protocol = Protocol(o.oneOf("HealthCheckProtocol", string(HTTP), string(HTTPS)))
	}
	if o.has("HealthCheckPort") && o.text("HealthCheckPort") != "traffic-port" {
		h.Port = o.integer("HealthCheckPort", 1, 65535, 0)
	}
	if _, err := url.ParseRequestURI(h.Path); err != nil || h.Path[0] != '/' {
		o.fail("HealthCheckPath", "must be a path")
	}
	if h.Timeout >= h.Interval {
		o.fail("HealthCheckTimeoutSeconds", "must be less than HealthCheckIntervalSeconds")
	}
	if m, ok := o.child("Matcher", "HttpCode"); ok {
		h.Codes = m.codes()
	}
	return h
}

// codes reads statuses such as 200,202 or 200-299.
func (o object) codes() (codes [][2]int) {
	for part := range strings.SplitSeq(o.required("HttpCode"), ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.Atoi(first)
		to, otherErr := strconv.Atoi(last)
		if err != nil || otherErr != nil || from < 200 || to > 499 || from > to {
			o.fail("HttpCode", "must be statuses from 200 to 499, such as 200,202 or 200-299")
			return nil
		}
		codes = append(codes, [2]int{from, to})
	}
	return codes
}

func (r *reader) listener(n *yaml.Node) Listener {
	o := r.object(n, "a listener", "Protocol", "Address", "Port", "Certificates", "ForwardAuth", "DefaultActions", "Rules")
	l := Listener{Line: o.line, Address: o.text("Address"), ForwardAuth: o.forwardAuth()}
	r.mayPass = l.ForwardAuth != nil
	o.require("Protocol")
	l.Protocol = Protocol(o.oneOf("Protocol", string(HTTP), string(HTTPS)))
	o.require("Port")
	l.Port = o.integer("Port", 1, 65535, 0)
	if _, err := netip.ParseAddr(l.Address); err != nil && l.Address != "" {
		o.fail("Address", "must be an IP address")
	}
	for _, n := range o.list("Certificates", mostValues) {
		c := r.object(n, "a certificate", "CertificateFile", "KeyFile")
		l.Certificates = append(l.Certificates, Certificate{c.required("CertificateFile"), c.required("KeyFile")})
	}
	if l.Protocol == HTTP && len(l.Certificates) > 0 {
		o.fail("Certificates", "are for the protocol HTTPS")
	}
	for _, n := range o.list("Rules", mostRules) {
		rule := r.rule(n)
		if slices.ContainsFunc(l.Rules, func(other Rule) bool { return other.Priority == rule.Priority }) {
			r.fail(rule.Line, "there is another rule of priority %d", rule.Priority)
		}
		l.Rules = append(l.Rules, rule)
	}
	slices.SortStableFunc(l.Rules, func(a, b Rule) int { return cmp.Compare(a.Priority, b.Priority) })
	if o.require("DefaultActions") {
		l.Rules = append(l.Rules, Rule{Line: o.lineOf("DefaultActions"), Actions: o.actions("DefaultActions")})
	}
	if l.ForwardAuth != nil {
		r.asked(l)
	}
	return l
}

func (r *reader) rule(n *yaml.Node) Rule {
	o := r.object(n, "a rule", "Priority", "Conditions", "Actions")
	rule := Rule{Line: o.line}
	o.require("Priority")
	rule.Priority = o.integer("Priority", 1, maxOrder, 0)
	if o.require("Conditions") {
		for _, n := range o.list("Conditions", mostValues) {
			rule.Conditions = append(rule.Conditions, r.condition(n))
		}
		if len(rule.Conditions) == 0 {
			o.fail("Conditions", "must not be empty")
		}
	}
	if o.require("Actions") {
		rule.Actions = o.actions("Actions")
	}
	return rule
}
