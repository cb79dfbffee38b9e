package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// OnUnauthenticated says what becomes of requests without a session (§3).
type OnUnauthenticated string

// The ways to deal with requests without a session.
const (
	Authenticate OnUnauthenticated = "authenticate"
	Allow        OnUnauthenticated = "allow"
	Deny         OnUnauthenticated = "deny"
)

// The defaults of §1.2.
const (
	DefaultCookieName = "AWSELBAuthSessionCookie"
	DefaultScope      = "openid"
	MaxTimeout        = 604800 * time.Second
)

// Settings are those of an action that its two types share (§1.2, §1.3).
type Settings struct {
	CookieName        string
	Scope             string
	Timeout           time.Duration     // of a session, at most MaxTimeout
	ExtraParams       map[string]string // of the authorization request
	OnUnauthenticated OnUnauthenticated
	Signer            string // ARN of the load balancer, for the application
}

// Provider is where users sign in, and as which client.
type Provider struct {
	Issuer                string // exactly as in ID tokens
	AuthorizationEndpoint string
	TokenEndpoint         string
	UserInfoEndpoint      string
	ClientID              string
	ClientSecret          string
	// SecretInBody sends client id and secret in the form, not as HTTP Basic.
	SecretInBody bool
	// Keys verifies the signature of ID tokens. nil is for providers whose keys are
	// not known: their tokens come over TLS from the provider itself (OpenID
	// Connect Core §3.1.3.7).
	Keys Keys
}

// Source gives the provider of an action. Its methods may be called at the same
// time.
type Source interface {
	// Provider gives the provider as it is now.
	Provider(ctx context.Context) (*Provider, error)
	// Session names whose sessions are the action's, and asks nobody: users who are
	// signed in do not depend on that.
	Session() (issuer, client string)
	// Refused is told that the token endpoint did not take the client secret of a
	// provider that it gave.
	Refused(*Provider)
	// Name tells it from other sources. It is the same after a restart and at other
	// gateways with the same rules.
	Name() string
}

// Action is one authenticate action of the rules.
type Action struct {
	Settings
	Source Source
	id     string
}

// NewAction makes an action.
func NewAction(s Settings, source Source) *Action {
	a := &Action{Settings: s, Source: source}
	identity := []string{source.Name(), s.CookieName, s.Scope, s.Timeout.String()}
	for _, name := range slices.Sorted(maps.Keys(s.ExtraParams)) {
		identity = append(identity, name, s.ExtraParams[name])
	}
	text, _ := json.Marshal(identity) //nolint:errchkjson // texts have a form in JSON
	sum := sha256.Sum256(text)
	a.id = base64.RawURLEncoding.EncodeToString(sum[:12])
	return a
}

// ID is what the state of a sign-in names the action by: the same for the same
// settings, at every gateway.
func (a *Action) ID() string { return a.id }

// Fixed is a provider that the rules spell out.
type Fixed struct{ P Provider }

// Provider gives the provider.
func (f *Fixed) Provider(context.Context) (*Provider, error) { return &f.P, nil }

// Session gives issuer and client.
func (f *Fixed) Session() (issuer, client string) { return f.P.Issuer, f.P.ClientID }

// Refused does nothing: the rules would have to change.
func (f *Fixed) Refused(*Provider) {}

// Name is the provider's addresses with the client.
func (f *Fixed) Name() string {
	text, _ := json.Marshal([]string{f.P.Issuer, f.P.AuthorizationEndpoint, f.P.TokenEndpoint, f.P.UserInfoEndpoint, f.P.ClientID}) //nolint:errchkjson // texts have a form in JSON
	return string(text)
}
