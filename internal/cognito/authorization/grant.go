package authorization

import (
	"context"
	"net/url"
	"strconv"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/sso"
	"cognate/internal/cognito/tokens"
	"cognate/internal/cognito/triggers"
	"cognate/internal/store"
)

// Grant answers a request with a session: it gives the address that the browser
// is sent to, with a code or with tokens (endpoints.md §3.5). It belongs behind
// Decide or SignedIn having answered Complete. Its refusals are a *Refusal.
func (o *Operations) Grant(ctx context.Context, r *Request, session *sso.Session) (string, error) {
	if r.Client.OpenlyRegistered() && !r.Confirmed {
		return "", r.Refuse(InteractionRequired, "")
	}
	if r.Implicit() {
		return o.grantTokens(ctx, r, session)
	}
	code, err := o.newCode(ctx, r, session)
	if err != nil {
		return "", err
	}
	location := r.answer("code=" + code)
	if r.HasState {
		location += "&state=" + url.QueryEscape(r.State)
	}
	return location, nil
}

// grantTokens serves the implicit grant: tokens at once, and none to refresh them.
func (o *Operations) grantTokens(ctx context.Context, r *Request, session *sso.Session) (string, error) {
	if tokens.Unreadable(r.Scopes, r.Client.Readable) != "" {
		return "", r.Refuse(InvalidRequest, "")
	}
	begun, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*start, error) {
		if err := o.Sessions.Used(ctx, tx, session.SSOSession); err != nil {
			return nil, err
		}
		return o.begin(ctx, tx, r.Client, codeFor(r, session), false)
	})
	if err != nil {
		return "", asRefusal(err, r)
	}
	pair, err := o.mint(ctx, r.Client, begun, r.Nonce)
	if err != nil {
		return "", asRefusal(err, r)
	}
	parameters := ""
	if pair.ID != "" {
		parameters = "id_token=" + pair.ID + "&"
	}
	parameters += "access_token=" + pair.Access + "&expires_in=" + strconv.Itoa(int(pair.ExpiresIn)) + "&token_type=Bearer"
	if r.HasState {
		parameters += "&state=" + url.QueryEscape(r.State)
	}
	return r.answer(parameters), nil
}

// asRefusal sends what was refused further down to the client, in the words that
// it was refused with; faults stay faults.
func asRefusal(err error, r *Request) error {
	if code, description, ok := inOAuthTerms(err); ok {
		if code == InvalidGrant {
			code = InvalidRequest // which an authorize endpoint knows
		}
		return r.Refuse(code, description)
	}
	return err
}

// start is a family of tokens that has just begun, with what its tokens are made
// of.
type start struct {
	family       *store.Family
	user         *store.User
	groups       []*store.Group
	scopes       []string
	refreshToken string // empty: there is none
}

// begin starts a family for a user, within the transaction that uses up what the
// user has proved before.
func (o *Operations) begin(ctx context.Context, tx *store.Tx, client *directory.Client, c *code, refreshable bool) (*start, error) {
	read := tx.UserBySub
	if client.Pool.TracksSessions() { // so that sign-ins at one time are counted one by one
		read = tx.LockUser
	}
	user, err := read(ctx, client.PoolID, c.Sub)
	switch {
	case api.HasCode(err, "UserNotFoundException"):
		return nil, &Refusal{Code: InvalidGrant}
	case err != nil:
		return nil, err
	case !user.Enabled:
		return nil, &Refusal{Code: InvalidGrant}
	}
	family, refreshToken, err := o.Tokens.NewFamily(client, c.Sub, tokens.SignIn{
		Factors: c.Factors,
		OAuth:   &tokens.OAuth{Scopes: c.Scopes, Resource: c.Resource, SSOID: c.SSOID, AuthAt: c.AuthAt, Level: c.Level},
	})
	if err != nil {
		return nil, err
	}
	if c.EventID != "" && family.ID != family.EventID {
		family.EventID = c.EventID
	}
	s := &start{family: family, user: user, scopes: c.Scopes}
	var digest []byte
	if refreshable {
		s.refreshToken, digest = refreshToken, tokens.Digest(refreshToken)
	}
	if err := tx.InsertFamily(ctx, family, digest); err != nil {
		return nil, err
	}
	if err := o.Tracker.Begin(ctx, tx, client.Pool, family); err != nil {
		return nil, err
	}
	s.groups, err = tx.AllGroupsOfUser(ctx, user.PoolID, user.Sub)
	return s, err
}

// mint makes the first tokens of a family, after asking the pool's function.
func (o *Operations) mint(ctx context.Context, client *directory.Client, s *start, nonce string) (*tokens.Pair, error) {
	on := triggers.Of(client, s.user, nil)
	override, err := o.Triggers.PreTokenGeneration(ctx, on, triggers.TokensOfHostedSignIn, s.groups, s.scopes)
	if err != nil {
		return nil, err
	}
	return o.Tokens.Mint(ctx, tokens.Grant{
		Client: client, User: s.user, Groups: s.groups, Family: s.family, At: o.Now(), Override: override, Nonce: nonce,
	})
}
