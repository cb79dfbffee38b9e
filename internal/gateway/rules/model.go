package rules

import (
	"net/netip"
	"net/url"
	"time"

	"cognate/internal/gateway/auth"
)

// File is a rules file that was checked.
type File struct {
	// LoadBalancerARN names the gateway to applications; there is one wherever
	// users sign in.
	LoadBalancerARN string
	// PublicKeys is where applications fetch the keys of their header: below it,
	// requests for this host are answered by the gateway. nil: nowhere.
	PublicKeys   *url.URL
	IdleTimeout  time.Duration // for the next byte of a request or an answer
	TargetGroups []TargetGroup
	Listeners    []Listener
}

// Protocol is what is spoken, to browsers or to targets.
type Protocol string

// The protocols.
const (
	HTTP  Protocol = "HTTP"
	HTTPS Protocol = "HTTPS"
)

// Listener is one port.
type Listener struct {
	Line         int
	Protocol     Protocol
	Address      string // an IP address; empty: all
	Port         int
	Certificates []Certificate
	ForwardAuth  *ForwardAuth // nil: a listener of browsers
	Rules        []Rule       // by priority; the last is the default
}

// Certificate names two PEM files: a certificate with its chain, and its key.
type Certificate struct{ CertificateFile, KeyFile string }

// Rule is a rule of a listener. That of the default actions has priority 0 and no
// conditions.
type Rule struct {
	Line       int
	Priority   int
	Conditions []Condition
	Actions    []Action // in their order; the last ends the request, unless a proxy asks
}

// Authenticates reports whether an action of the rule signs users in.
func (r Rule) Authenticates() bool {
	for _, a := range r.Actions {
		if a.SignIn() {
			return true
		}
	}
	return false
}

// Action is one action. The member of its type is set, the others are nil.
type Action struct {
	Line     int
	Type     string // as in the file
	Cognito  *Cognito
	OIDC     *OIDC
	JWT      *JWT
	Forward  *Forward
	Redirect *Redirect
	Fixed    *FixedResponse
}

// SignIn reports whether the action signs users in.
func (a Action) SignIn() bool { return a.Cognito != nil || a.OIDC != nil }

// Settings are those that both actions that sign users in share.
func (a Action) Settings() auth.Settings {
	switch {
	case a.Cognito != nil:
		return a.Cognito.Settings
	case a.OIDC != nil:
		return a.OIDC.Settings
	}
	return auth.Settings{}
}

// Cognito is the configuration of authenticate-cognito (§1.2).
type Cognito struct {
	auth.Settings
	Region, PoolID string // of UserPoolArn
	ClientID       string
	Domain         string
}

// OIDC is the configuration of authenticate-oidc (§1.3).
type OIDC struct {
	auth.Settings
	Provider auth.Provider
	// UseExistingSecret takes the secret of the rules before where the file has
	// none.
	UseExistingSecret bool
}

// JWT is the configuration of jwt-validation (§8).
type JWT struct {
	KeysURL string
	Issuer  string
	Claims  []Claim
}

// Claim is one of AdditionalClaims.
type Claim struct {
	Name   string
	Format ClaimFormat
	Values []string
}

// ClaimFormat says how a claim holds its values.
type ClaimFormat string

// The formats of claims.
const (
	SingleString   ClaimFormat = "single-string"
	StringArray    ClaimFormat = "string-array"
	SpaceSeparated ClaimFormat = "space-separated-values"
)

// Forward sends requests to target groups by their weights, of which one is more
// than 0.
type Forward struct {
	Groups []WeightedGroup
	Sticky time.Duration // how long a browser stays with its group; 0: not at all
}

// WeightedGroup is a target group with its part of the requests.
type WeightedGroup struct {
	Name   string
	Weight int
}

// Redirect is the configuration of redirect. Its texts may hold #{protocol},
// #{host}, #{port}, #{path} and #{query}.
type Redirect struct {
	Protocol, Host, Port, Path, Query string
	Status                            int
}

// FixedResponse is the configuration of fixed-response.
type FixedResponse struct {
	Status            int
	ContentType, Body string
}

// TargetGroup is a set of places where an application runs.
type TargetGroup struct {
	Line     int
	Name     string
	ARN      string // for the access log; may be empty
	Protocol Protocol
	HTTP2    bool // ProtocolVersion; otherwise HTTP/1.1 is spoken
	// Roots names a PEM file of the authorities that targets may have their
	// certificates from. Without one any certificate will do, as at the original.
	Roots   string
	Targets []Target
	Sticky  time.Duration // how long a browser stays with its target; 0: not at all
	Health  HealthCheck
}

// Target is one place where an application runs.
type Target struct {
	Host string // name or IP address
	Port int
}

// HealthCheck says how targets are asked whether they work.
type HealthCheck struct {
	Enabled            bool
	Protocol           Protocol
	Port               int // 0: that of the target
	Path               string
	Interval, Timeout  time.Duration
	Healthy, Unhealthy int      // answers in a row that change what is thought
	Codes              [][2]int // ranges of statuses that are healthy
}

// Condition holds for some requests. The members of its field are set.
type Condition struct {
	Field    string
	Values   []string // patterns; exact methods
	Header   string
	Pairs    []Pair
	Networks []netip.Prefix
}

// Pair is a pattern of a query string; without a key any will do.
type Pair struct{ Key, Value string }
