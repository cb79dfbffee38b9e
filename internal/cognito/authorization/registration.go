package authorization

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/tokens"
	"cognate/internal/store"
)

// Error codes of dynamic registration (RFC 7591 §3.2.2, RFC 6750 §3.1).
const (
	InvalidRedirectURI    = "invalid_redirect_uri"
	InvalidClientMetadata = "invalid_client_metadata"
	InsufficientScope     = "insufficient_scope"
	AccessDenied          = "access_denied"
	TooManyRequests       = "too_many_requests"
	NotFound              = "not_found" // there is no such endpoint
)

// Metadata is what a client says of itself (RFC 7591 §2), as far as it is looked
// at: everything else is ignored and never fetched (S026).
type Metadata struct {
	RedirectURIs  []string `json:"redirect_uris,omitempty"`
	AuthMethod    string   `json:"token_endpoint_auth_method"`
	GrantTypes    []string `json:"grant_types"`
	ResponseTypes []string `json:"response_types,omitempty"`
	Scope         string   `json:"scope"`
	ClientName    string   `json:"client_name"`
}

// Registered is a client that has registered, with what was stored of it.
type Registered struct {
	ClientID string `json:"client_id"`
	IssuedAt int64  `json:"client_id_issued_at"` // seconds
	// Secret is empty for public clients; the secrets of others do not expire.
	Secret          string `json:"client_secret,omitempty"`
	SecretExpiresAt *int64 `json:"client_secret_expires_at,omitempty"`
	Metadata
}

// NewClient is a client to be made for a registration.
type NewClient struct {
	PoolID       string
	Name         string // empty: its id
	Settings     api.UserPoolClientType
	Confidential bool
	Registration string // of the store's constants
}

// Clients makes clients.
type Clients interface {
	// CheckRedirectURI says what is wrong with an address to send browsers to.
	CheckRedirectURI(address string) error
	MakeRegistered(ctx context.Context, c NewClient) (*store.Client, error)
}

// The values of metadata that are known.
const (
	grantCode    = "authorization_code"
	grantRefresh = "refresh_token"
	grantMachine = "client_credentials"

	authBasic = "client_secret_basic"
	authPost  = "client_secret_post"
	authNone  = "none"
)

// Register makes a client of a pool by dynamic registration (newest-features.md
// §11). accessToken is that of the request; without one (given is false) the
// registration is open. Its refusals are a *Refusal.
func (o *Operations) Register(ctx context.Context, pool *directory.Pool, accessToken string, given bool, m Metadata) (*Registered, error) {
	config := pool.Config().DcrConfiguration
	if config == nil || config.EnableStatus != api.StatusTypeEnabled {
		return nil, &Refusal{Code: NotFound}
	}
	how, grants := store.RegisteredOpenly, config.OpenDcrGrantTypes
	if given {
		how, grants = store.RegisteredWithToken, config.AuthenticatedGrantTypes
		if err := o.mayRegister(ctx, pool.ID, accessToken); err != nil {
			return nil, err
		}
	} else if !config.OpenDcrEnabled {
		return nil, &Refusal{Code: InvalidToken}
	}
	if len(grants) == 0 {
		return nil, &Refusal{Code: AccessDenied}
	}
	if err := o.countRegistration(ctx, pool.ID); err != nil {
		return nil, err
	}
	servers, err := o.Directory.ResourceServers(ctx, pool.ID)
	if err != nil {
		return nil, err
	}
	exists := func(scope string) bool { return tokens.BuiltInScope(scope) || directory.HasScope(servers, scope) }
	if refused := m.complete(grants, slices.DeleteFunc(slices.Clone(config.AllowedScopes), func(s string) bool { return !exists(s) })); refused != nil {
		return nil, refused
	}
	for _, address := range m.RedirectURIs {
		if err := o.Clients.CheckRedirectURI(address); err != nil {
			return nil, &Refusal{Code: InvalidRedirectURI}
		}
	}
	client, err := o.Clients.MakeRegistered(ctx, NewClient{
		PoolID: pool.ID, Name: m.ClientName, Settings: m.settings(), Confidential: m.AuthMethod != authNone, Registration: how,
	})
	if err != nil {
		return nil, registrationError(err)
	}
	return registered(client, m), nil
}

func registered(client *store.Client, m Metadata) *Registered {
	r := &Registered{ClientID: client.ID, IssuedAt: client.CreatedAt.Unix(), Metadata: m}
	r.ClientName = client.Name
	if len(client.Secrets) > 0 {
		r.Secret, r.SecretExpiresAt = client.Secrets[0].Value, new(int64(0))
	}
	return r
}

// mayRegister checks the token of a registration.
func (o *Operations) mayRegister(ctx context.Context, poolID, accessToken string) error {
	_, err := o.Tokens.AuthenticateAt(ctx, poolID, accessToken, tokens.ScopeRegister)
	refused, ok := errors.AsType[*api.Error](err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, tokens.ErrScope):
		return &Refusal{Code: InsufficientScope}
	case ok && refused.Status < 500:
		return &Refusal{Code: InvalidToken}
	}
	return err
}

// countRegistration keeps one network from filling a pool with clients.
func (o *Operations) countRegistration(ctx context.Context, poolID string) error {
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, o.Limits.CountRegistration(ctx, tx, poolID)
	})
	return registrationError(err)
}

func registrationError(err error) error {
	refused, ok := errors.AsType[*api.Error](err)
	switch {
	case api.HasCode(err, "LimitExceededException"):
		return &Refusal{Code: TooManyRequests}
	case ok && refused.Status < 500:
		return &Refusal{Code: InvalidClientMetadata, Description: refused.Message}
	}
	return err
}

// complete fills in the defaults of metadata and refuses what the pool does not
// allow: grants are those of its configuration, custom the scopes that it adds to
// those of OpenID Connect.
func (m *Metadata) complete(grants []api.OAuthFlowType, custom []string) *Refusal {
	bad := &Refusal{Code: InvalidClientMetadata}
	if m.AuthMethod == "" {
		m.AuthMethod = authBasic
	}
	if len(m.GrantTypes) == 0 {
		m.GrantTypes = []string{grantCode}
	}
	if !slices.Contains([]string{authBasic, authPost, authNone}, m.AuthMethod) || m.ClientName != "" && !nameForm(m.ClientName) {
		return bad
	}
	machine := slices.Contains(m.GrantTypes, grantMachine)
	switch {
	case machine && (len(m.GrantTypes) > 1 || m.AuthMethod == authNone || !slices.Contains(grants, api.OAuthFlowTypeClientCredentials)):
		return bad
	case machine && (len(m.ResponseTypes) > 0 || len(m.RedirectURIs) > 0):
		return bad
	case machine:
		return m.restrict(custom, custom)
	case !slices.Contains(m.GrantTypes, grantCode) || !slices.Contains(grants, api.OAuthFlowTypeCode):
		return bad
	case slices.ContainsFunc(m.GrantTypes, func(g string) bool { return g != grantCode && g != grantRefresh }):
		return bad
	case len(m.ResponseTypes) > 1 || len(m.ResponseTypes) == 1 && m.ResponseTypes[0] != responseCode:
		return bad
	case len(m.RedirectURIs) == 0 || len(m.RedirectURIs) > 100 || slices.ContainsFunc(m.RedirectURIs, tooLong):
		return &Refusal{Code: InvalidRedirectURI}
	}
	m.ResponseTypes = []string{responseCode}
	usual := []string{tokens.ScopeOpenID, tokens.ScopeEmail, tokens.ScopePhone, tokens.ScopeProfile}
	return m.restrict(usual, append(slices.Clone(usual), custom...))
}

// restrict cuts the scopes asked for to those allowed; without any asked for, the
// client gets the usual ones.
func (m *Metadata) restrict(usual, allowed []string) *Refusal {
	asked := strings.Fields(m.Scope)
	if len(asked) == 0 {
		asked = usual
	}
	machine := slices.Contains(m.GrantTypes, grantMachine)
	var granted []string
	for _, scope := range asked {
		// Registration is never handed on.
		if slices.Contains(allowed, scope) && scope != tokens.ScopeRegister && (!machine || tokens.MachineScope(scope)) && !slices.Contains(granted, scope) {
			granted = append(granted, scope)
		}
	}
	if len(granted) == 0 {
		return &Refusal{Code: InvalidClientMetadata}
	}
	m.Scope = strings.Join(granted, " ")
	return nil
}

// settings are those of the client (newest-features.md §11.3).
func (m *Metadata) settings() api.UserPoolClientType {
	s := api.UserPoolClientType{
		AllowedOAuthFlowsUserPoolClient: new(true),
		AllowedOAuthFlows:               []api.OAuthFlowType{api.OAuthFlowTypeCode},
		AllowedOAuthScopes:              strings.Fields(m.Scope),
		CallbackURLs:                    m.RedirectURIs,
		ExplicitAuthFlows:               []api.ExplicitAuthFlowsType{api.ExplicitAuthFlowsTypeAllowUserAuth, api.ExplicitAuthFlowsTypeAllowRefreshTokenAuth},
		PreventUserExistenceErrors:      api.PreventUserExistenceErrorTypesEnabled,
	}
	if slices.Contains(m.GrantTypes, grantMachine) {
		s.AllowedOAuthFlows = []api.OAuthFlowType{api.OAuthFlowTypeClientCredentials}
		s.ExplicitAuthFlows = []api.ExplicitAuthFlowsType{api.ExplicitAuthFlowsTypeAllowClientTokenAuth}
	}
	return s
}

func tooLong(address string) bool { return address == "" || utf8.RuneCountInString(address) > 1024 }

var namePattern = regexp.MustCompile(`^[\w\s+=,.@-]{1,128}$`)

// nameForm reports whether a name is one that the API would take as ClientName.
func nameForm(name string) bool { return namePattern.MatchString(name) }
