package signin

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/sessions"
	"cognate/internal/cognito/tokens"
	"cognate/internal/store"
)

// conclusion is what a complete sign-in comes to: tokens at the doors of the API,
// a session of the browser on the pages.
type conclusion interface {
	// begin stores it, in the transaction that completes the sign-in.
	begin(ctx context.Context, tx *store.Tx, a *attempt, d *decision) error
	// answer gives it to the caller, after the transaction.
	answer(ctx context.Context, a *attempt, d decision) (*answer, error)
}

// conclusion prepares what the sign-in comes to if nothing more is to be proved.
func (o *Operations) conclusion(ctx context.Context, a *attempt, factors []string) (conclusion, error) {
	if a.door == sessions.Pages {
		return o.newBrowserSession(ctx, a, factors), nil
	}
	return o.newTokens(a, factors)
}

// newFamily is a conclusion: tokens of a new family.
type newFamily struct {
	o            *Operations
	family       *store.Family
	refreshToken string
	digest       []byte
	deviceKey    string // for a device that the pool does not know
}

func (o *Operations) newTokens(a *attempt, factors []string) (*newFamily, error) {
	sub := ""
	if a.user != nil {
		sub = a.user.Sub
	}
	family, refreshToken, err := o.Tokens.NewFamily(a.client, sub, tokens.SignIn{
		Factors:       factors,
		AdminPassword: a.flow == api.AuthFlowTypeAdminUserPasswordAuth || a.flow == api.AuthFlowTypeAdminNoSrpAuth,
	})
	if err != nil {
		return nil, err
	}
	a.bindEvent(family)
	return &newFamily{o, family, refreshToken, tokens.Digest(refreshToken), a.client.Pool.NewDeviceKey()}, nil
}

func (n *newFamily) begin(ctx context.Context, tx *store.Tx, a *attempt, d *decision) (err error) {
	if d.device, err = n.o.bindDevice(ctx, tx, a, n.family, n.deviceKey); err != nil {
		return err
	}
	return n.o.start(ctx, tx, a, n.family, n.digest)
}

func (n *newFamily) answer(ctx context.Context, a *attempt, d decision) (*answer, error) {
	override, err := n.o.changesToTokens(ctx, a, d)
	if err != nil {
		return nil, err
	}
	pair, err := n.o.Tokens.Mint(ctx, tokens.Grant{
		Client: a.client, User: d.user, Groups: d.groups, Family: n.family, At: n.family.AuthAt, Override: override,
	})
	if err != nil {
		return nil, err
	}
	if err := n.o.postAuthentication(ctx, a, d); err != nil {
		return nil, err
	}
	done := tokenAnswer(pair, n.refreshToken)
	done.tokens.NewDeviceMetadata = d.device
	return done, nil
}

func tokenAnswer(pair *tokens.Pair, refreshToken string) *answer {
	result := &api.AuthenticationResultType{
		AccessToken: &pair.Access,
		ExpiresIn:   pair.ExpiresIn,
		TokenType:   new("Bearer"),
	}
	if pair.ID != "" { // a sign-in at the domain without openid has none
		result.IdToken = &pair.ID
	}
	if refreshToken != "" {
		result.RefreshToken = &refreshToken
	}
	return &answer{params: map[string]string{}, tokens: result}
}
