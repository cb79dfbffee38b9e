package authorization

import (
	"net/url"
	"slices"
	"time"

	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/tokens"
)

// The values of response_type.
const (
	responseCode  = "code"
	responseToken = "token"
)

// The values of prompt that mean something here (endpoints.md §3.1).
const (
	PromptNone  = "none"
	PromptLogin = "login"
)

// Request is an authorize request that may be answered: Check has found nothing
// against it.
type Request struct {
	Client *directory.Client
	Domain *directory.Domain
	Base   string // URL of the domain without a slash at its end

	ResponseType string // "code" or "token"
	RedirectURI  string // one of the client's, also where the request left it out
	State        string
	HasState     bool
	Scopes       []string // to be granted, in the order they were asked for

	CodeChallenge string // empty: no PKCE
	Nonce         string
	Resource      string // aud of the access token, or empty
	LoginHint     string
	Lang          string
	Prompt        []string
	// ACRValues are the names of levels that the pool knows, most wanted first.
	ACRValues []string
	MaxAge    *time.Duration
	// Provider is where the user has to come from: "" anywhere, sso.LocalProvider
	// the pool itself, or the name of an identity provider.
	Provider string

	// Query is the request as it came; it is carried on to the pages.
	Query url.Values

	// Confirmed says that the user has been shown a page which names the client
	// and the host of its address, and has chosen to go on. Only the handler of
	// that page sets it.
	Confirmed bool
}

// Implicit reports whether tokens are asked for instead of a code.
func (r *Request) Implicit() bool { return r.ResponseType == responseToken }

// Asks reports whether prompt has a value.
func (r *Request) Asks(prompt string) bool { return slices.Contains(r.Prompt, prompt) }

// OpenID reports whether an ID token is asked for.
func (r *Request) OpenID() bool { return slices.Contains(r.Scopes, tokens.ScopeOpenID) }

// level is the lowest of the levels that will do; 0 when none is asked for.
func (r *Request) level() tokens.Level {
	var least tokens.Level
	for _, name := range r.ACRValues {
		if l := tokens.LevelNamed(r.Client.Pool.Config(), name); l != 0 && (least == 0 || l < least) {
			least = l
		}
	}
	return least
}
