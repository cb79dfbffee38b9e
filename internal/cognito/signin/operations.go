package signin

import (
	"context"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/audit"
	"cognate/internal/cognito/credentials"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/migration"
	"cognate/internal/cognito/sessions"
	"cognate/internal/cognito/sso"
	"cognate/internal/cognito/threats"
	"cognate/internal/cognito/tokens"
	"cognate/internal/cognito/tracking"
	"cognate/internal/cognito/triggers"
	"cognate/internal/store"
)

// Operations are the API operations of signing in and out. All fields are set.
type Operations struct {
	DB          *store.DB
	Now         func() time.Time
	Directory   *directory.Directory
	Credentials *credentials.Credentials
	Tokens      *tokens.Tokens
	Sessions    *sessions.Sealer
	Lockout     limits.Lockout
	Tracker     *tracking.Tracker
	Browsers    *sso.Sessions
	Guesses     *limits.Guesses
	Cores       limits.Cores
	Messages    *messages.Messages
	Mailer      *triggers.Mailer
	Triggers    *triggers.Triggers
	Limits      limits.SelfService
	Threats     *threats.Threats
	Audit       audit.Trail
	OldPools    *migration.OldPools // nil: passwords are checked here alone
	// DecoyKey makes the salts and user ids shown for names that nobody has; it
	// must be the same on every node and stay the same.
	DecoyKey []byte
}

// request is one call of a sign-in operation, whichever door it came through.
type request struct {
	door      sessions.Door
	client    *directory.Client
	flow      api.AuthFlowType      // of a first request, later that of the session
	challenge api.ChallengeNameType // of an answer
	params    map[string]string     // AuthParameters or ChallengeResponses
	session   string
	metadata  map[string]string // ClientMetadata
	context   threats.Context   // where it says to come from
	page      *Page             // that makes the request, if one does
}

// Parameters that both kinds of request have.
const (
	paramUsername   = "USERNAME"
	paramSecretHash = "SECRET_HASH"
)

// require answers InvalidParameterException for the first parameter that is
// missing.
func (r *request) require(names ...string) error {
	for _, name := range names {
		if r.params[name] == "" {
			return api.InvalidParameterException("Missing required parameter %s", name)
		}
	}
	return nil
}

// answer is what a caller gets: a challenge, or tokens.
type answer struct {
	challenge api.ChallengeNameType
	params    map[string]string
	session   string
	tokens    *api.AuthenticationResultType
	available []api.ChallengeNameType // what the user can choose from
	signedIn  *SignedIn               // instead of tokens, on the pages
	confirm   string                  // Session of an account to be confirmed, on the pages
}

// response is the answer in the form of the API, which the four operations share.
func (a *answer) response() *api.InitiateAuthResponse {
	return &api.InitiateAuthResponse{
		AuthenticationResult: a.tokens,
		AvailableChallenges:  a.available,
		ChallengeName:        a.challenge,
		ChallengeParameters:  a.params,
		Session:              a.session,
	}
}

// InitiateAuth begins a sign-in or refreshes tokens.
func (o *Operations) InitiateAuth(ctx context.Context, in *api.InitiateAuthRequest) (*api.InitiateAuthResponse, error) {
	client, err := o.Directory.Client(ctx, in.ClientId)
	if err != nil {
		return nil, err
	}
	got, err := o.initiate(ctx, request{
		door: sessions.Public, client: client, flow: in.AuthFlow, params: in.AuthParameters, session: in.Session, metadata: in.ClientMetadata,
		context: threats.PublicContext(in.UserContextData),
	})
	if err != nil {
		return nil, err
	}
	return got.response(), nil
}

// AdminInitiateAuth is InitiateAuth for administrators.
func (o *Operations) AdminInitiateAuth(ctx context.Context, in *api.AdminInitiateAuthRequest) (*api.AdminInitiateAuthResponse, error) {
	client, err := o.Directory.PoolClient(ctx, in.UserPoolId, in.ClientId)
	if err != nil {
		return nil, err
	}
	got, err := o.initiate(ctx, request{
		door: sessions.Admin, client: client, flow: in.AuthFlow, params: in.AuthParameters, session: in.Session, metadata: in.ClientMetadata,
		context: threats.AdminContext(in.ContextData),
	})
	if err != nil {
		return nil, err
	}
	return (*api.AdminInitiateAuthResponse)(got.response()), nil
}

// RespondToAuthChallenge answers a challenge of a sign-in.
func (o *Operations) RespondToAuthChallenge(ctx context.Context, in *api.RespondToAuthChallengeRequest) (*api.RespondToAuthChallengeResponse, error) {
	client, err := o.Directory.Client(ctx, in.ClientId)
	if err != nil {
		return nil, err
	}
	got, err := o.respond(ctx, request{
		door: sessions.Public, client: client, challenge: in.ChallengeName, params: in.ChallengeResponses, session: in.Session, metadata: in.ClientMetadata,
		context: threats.PublicContext(in.UserContextData),
	})
	if err != nil {
		return nil, err
	}
	return (*api.RespondToAuthChallengeResponse)(got.response()), nil
}

// AdminRespondToAuthChallenge is RespondToAuthChallenge for administrators.
func (o *Operations) AdminRespondToAuthChallenge(ctx context.Context, in *api.AdminRespondToAuthChallengeRequest) (*api.AdminRespondToAuthChallengeResponse, error) {
	client, err := o.Directory.PoolClient(ctx, in.UserPoolId, in.ClientId)
	if err != nil {
		return nil, err
	}
	got, err := o.respond(ctx, request{
		door: sessions.Admin, client: client, challenge: in.ChallengeName, params: in.ChallengeResponses, session: in.Session, metadata: in.ClientMetadata,
		context: threats.AdminContext(in.ContextData),
	})
	if err != nil {
		return nil, err
	}
	return (*api.AdminRespondToAuthChallengeResponse)(got.response()), nil
}
