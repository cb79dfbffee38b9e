package authorization

import (
	"context"
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/sso"
	"cognate/internal/cognito/tokens"
)

// parameters are those that mean something at the authorize endpoint; each may
// come once (S021). What else a query has is carried on and not looked at.
var parameters = []string{
	"response_type", "client_id", "redirect_uri", "state", "identity_provider", "idp_identifier", "scope",
	"code_challenge", "code_challenge_method", "nonce", "lang", "login_hint", "prompt", "acr_values", "max_age", "resource",
}

var clientIDForm = regexp.MustCompile(`^[\w+]{1,128}$`)

// Check reads an authorize request to a domain, whose URL is base, and judges it
// in the order of endpoints.md §3.2. Its refusals are a *Refusal; other errors
// are faults of the service.
func (o *Operations) Check(ctx context.Context, domain *directory.Domain, base string, query url.Values) (*Request, error) {
	r := &Request{Domain: domain, Base: base, Query: query, ResponseType: query.Get("response_type")}
	if err := o.checkClient(ctx, r); err != nil {
		return nil, err
	}
	// From here on the address belongs to the client, and refusals go there.
	for _, name := range parameters {
		if err := r.checkForm(name); err != nil {
			return nil, err
		}
	}
	r.State, r.HasState = query.Get("state"), query.Has("state")
	r.Nonce, r.LoginHint, r.Lang = query.Get("nonce"), query.Get("login_hint"), query.Get("lang")
	if err := r.checkGrant(); err != nil {
		return nil, err
	}
	servers, err := o.Directory.ResourceServers(ctx, r.Client.PoolID)
	if err != nil {
		return nil, err
	}
	for _, step := range []func() *Refusal{
		func() *Refusal {
			return r.checkScopes(func(scope string) bool { return directory.HasScope(servers, scope) })
		},
		r.checkPKCE, r.checkPages, r.checkResource,
	} {
		if refused := step(); refused != nil {
			return nil, refused
		}
	}
	if err := o.checkProvider(ctx, r); err != nil {
		return nil, err
	}
	return r, nil
}

// checkClient finds the client and its address. Until both are known to belong
// together no browser is sent anywhere but to the error page (S001).
func (o *Operations) checkClient(ctx context.Context, r *Request) error {
	clientID := r.Query.Get("client_id")
	for _, name := range []string{"client_id", "redirect_uri"} {
		if len(r.Query[name]) > 1 {
			return errorPage(r.Base, InvalidRequest, "", "")
		}
	}
	if clientID == "" {
		return missing(r.Base, "client_id", r.Query)
	}
	if !clientIDForm.MatchString(clientID) {
		return errorPage(r.Base, InvalidClient, "Client does not exist", clientID)
	}
	client, err := o.Directory.PoolClient(ctx, r.Domain.PoolID, clientID)
	switch {
	case api.HasCode(err, "ResourceNotFoundException"):
		return errorPage(r.Base, InvalidClient, "Client does not exist", clientID)
	case err != nil:
		return err
	case len(client.Config().SupportedIdentityProviders) == 0: // nobody could sign in
		return errorPage(r.Base, InvalidRequest, "", clientID)
	}
	r.Client, r.RedirectURI = client, r.Query.Get("redirect_uri")
	if r.RedirectURI == "" {
		if r.RedirectURI = defaultRedirect(client); r.RedirectURI == "" {
			return missing(r.Base, "redirect_uri", r.Query)
		}
	}
	if !slices.Contains(client.Config().CallbackURLs, r.RedirectURI) {
		return errorPage(r.Base, RedirectMismatch, "", clientID)
	}
	return nil
}

// defaultRedirect is the address of a client for requests that name none; empty
// when there is no such (endpoints.md §3.3).
func defaultRedirect(client *directory.Client) string {
	config := client.Config()
	switch {
	case len(config.SupportedIdentityProviders) != 1:
		return ""
	case len(config.CallbackURLs) == 1:
		return config.CallbackURLs[0]
	}
	return config.DefaultRedirectURI
}

// checkForm refuses a parameter that comes twice, and values that are no text or
// would break a header or a line of a log (S019).
func (r *Request) checkForm(name string) error {
	values := r.Query[name]
	if len(values) == 0 {
		return nil
	}
	if len(values) > 1 || !utf8.ValidString(values[0]) || strings.ContainsAny(values[0], "\r\n\x00") {
		if name != "state" {
			r.State, r.HasState = single(r.Query["state"])
		}
		return r.Refuse(InvalidRequest, "")
	}
	return nil
}

// single gives the one value of a parameter that is fit to be sent back.
func single(values []string) (string, bool) {
	if len(values) != 1 || !utf8.ValidString(values[0]) || strings.ContainsAny(values[0], "\r\n\x00") {
		return "", false
	}
	return values[0], true
}

func (r *Request) checkGrant() error {
	if !OAuthEnabled(r.Client) {
		return r.Refuse(InvalidRequest, "Client is not enabled for OAuth2.0 flows")
	}
	var needed api.OAuthFlowType
	switch r.ResponseType {
	case responseCode:
		needed = api.OAuthFlowTypeCode
	case responseToken:
		needed = api.OAuthFlowTypeImplicit
	default:
		return r.Refuse(InvalidRequest, "")
	}
	if !allowed(r.Client, needed) {
		return r.Refuse(UnauthorizedClient, "")
	}
	return nil
}

// OAuthEnabled reports whether a client may use the endpoints at all.
func OAuthEnabled(client *directory.Client) bool {
	on := client.Config().AllowedOAuthFlowsUserPoolClient
	return on != nil && *on
}

// checkScopes settles what is granted: what was asked for, all of which the
// client must have, or else everything the client has; without the custom
// scopes that no resource server has any more (endpoints.md §3.4, S008).
func (r *Request) checkScopes(exists func(scope string) bool) *Refusal {
	allowed := r.Client.Config().AllowedOAuthScopes
	asked := strings.Fields(r.Query.Get("scope"))
	if len(asked) == 0 {
		asked = allowed
	} else if beyondOpenID(asked) {
		return r.Refuse(InvalidRequest, InvalidScope)
	}
	for _, scope := range asked {
		if !slices.Contains(allowed, scope) {
			return r.Refuse(InvalidRequest, InvalidScope)
		}
		if !slices.Contains(r.Scopes, scope) && (tokens.BuiltInScope(scope) || exists(scope)) {
			r.Scopes = append(r.Scopes, scope)
		}
	}
	return nil
}

// beyondOpenID reports whether scopes of OpenID Connect were asked for without
// openid itself.
func beyondOpenID(scopes []string) bool {
	return !slices.Contains(scopes, tokens.ScopeOpenID) &&
		slices.ContainsFunc(scopes, func(s string) bool {
			return s == tokens.ScopeEmail || s == tokens.ScopePhone || s == tokens.ScopeProfile
		})
}

// challengeLength is that of SHA-256 in base64url.
const challengeLength = 43

// checkPKCE takes S256 and nothing else (S003). It does not apply to the implicit
// grant. Clients of open registration have to use it (S026).
func (r *Request) checkPKCE() *Refusal {
	if r.Implicit() {
		return nil
	}
	challenge, method := r.Query.Get("code_challenge"), r.Query.Get("code_challenge_method")
	if challenge == "" && method == "" && !r.Client.OpenlyRegistered() {
		return nil
	}
	if method != "S256" || len(challenge) != challengeLength {
		return r.Refuse(InvalidRequest, "")
	}
	if _, err := base64.RawURLEncoding.Strict().DecodeString(challenge); err != nil {
		return r.Refuse(InvalidRequest, "")
	}
	r.CodeChallenge = challenge
	return nil
}

// managed reports whether the domain has managed login. A plan without it has the
// classic pages, whatever the domain says.
func (r *Request) managed() bool {
	return r.Domain.Settings.ManagedLoginVersion >= 2 && r.Client.Pool.Config().UserPoolTier != api.UserPoolTierTypeLite
}

// checkPages reads what only managed login knows: prompt, acr_values and max_age.
func (r *Request) checkPages() *Refusal {
	if !r.managed() {
		return nil
	}
	r.Prompt = strings.Fields(r.Query.Get("prompt"))
	if r.Asks(PromptNone) && len(r.Prompt) > 1 {
		return r.Refuse(InvalidRequest, "")
	}
	if text := r.Query.Get("max_age"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 32)
		if err != nil || seconds < 0 {
			return r.Refuse(InvalidRequest, "")
		}
		r.MaxAge = new(time.Duration(seconds) * time.Second)
	}
	config := r.Client.Pool.Config()
	for name := range strings.FieldsSeq(r.Query.Get("acr_values")) {
		if tokens.LevelNamed(config, name) != 0 {
			r.ACRValues = append(r.ACRValues, name)
		}
	}
	return nil
}

// checkResource takes one URL of an allowed scheme (endpoints.md §3.1).
func (r *Request) checkResource() *Refusal {
	text := r.Query.Get("resource")
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	bad := err != nil || u.Scheme == "" || strings.Contains(text, "#") || !strings.Contains(text, "://") ||
		u.Scheme == "http" && u.Hostname() != "localhost" || u.Scheme == "https" && u.Host == ""
	if bad {
		return r.Refuse(InvalidRequest, "")
	}
	r.Resource = text
	return nil
}

// checkProvider finds out where the user has to come from: the provider that the
// request names, or that has the identifier in it, or the client's only one.
func (o *Operations) checkProvider(ctx context.Context, r *Request) error {
	offered := r.Client.Config().SupportedIdentityProviders
	name, identifier := r.Query.Get("identity_provider"), r.Query.Get("idp_identifier")
	switch {
	case name == "" && identifier == "":
		// The classic pages show one button instead (endpoints.md §3.2).
		if len(offered) == 1 && !local(offered[0]) && r.managed() {
			r.Provider = offered[0]
		}
		return nil
	case name == "":
		found, err := o.Directory.ProviderIdentified(ctx, r.Client.PoolID, identifier)
		if err != nil {
			return err
		}
		if found != nil {
			name = found.Name
		}
	}
	if !slices.Contains(offered, name) {
		return r.Refuse(InvalidRequest, "Identity provider does not exist")
	}
	r.Provider = name
	return nil
}

// local reports whether a provider is the pool itself.
func local(provider string) bool { return provider == sso.LocalProvider }
