package signin

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/sessions"
	"cognate/internal/cognito/sso"
	"cognate/internal/cognito/threats"
	"cognate/internal/cognito/tokens"
	"cognate/internal/store"
)

// Federated is the sign-in of a user whom an external provider vouches for
// (federation.md §7, §8).
type Federated struct {
	Client   *directory.Client
	Provider string // by its name in the pool
	Upstream string // the session there, as the caller likes
	User     *store.User
	New      bool // the profile was made for this sign-in
	// Factors are those that the provider vouches for, at least one, and Level the
	// authentication level; 0: that of the factors.
	Factors []string
	Level   tokens.Level
	// Change brings the profile up to date. It gets the user locked.
	Change   func(ctx context.Context, tx *store.Tx, u *store.User) error
	Standing *sso.Session // that the browser has, or nil
	Context  threats.Context
}

// SignInFederated begins the session of a browser for a user whom a provider vouches
// for. The provider's word is the only factor; second ones are its business.
func (o *Operations) SignInFederated(ctx context.Context, f *Federated) (*SignedIn, error) {
	r := &request{
		door: sessions.Pages, client: f.Client, params: map[string]string{paramUsername: f.User.Username}, context: f.Context,
		page: &Page{Client: f.Client, Standing: f.Standing, from: f},
	}
	a := &attempt{request: r, user: f.User}
	first, rest := f.Factors[0], f.Factors[1:]
	if err := o.admit(ctx, a); err != nil {
		return nil, err
	}
	if !f.User.Enabled {
		return nil, errDisabled()
	}
	if err := o.preAuthentication(ctx, a); err != nil {
		return nil, err
	}
	a.asked, a.proven = true, rest
	got, err := o.settle(ctx, a, proof{right: true, factor: first, change: f.Change})
	if err != nil {
		return nil, err
	}
	if got.signedIn == nil { // the gate would have to ask a page
		return nil, api.NotAuthorizedException("The user cannot sign in by an external provider.")
	}
	return got.signedIn, nil
}

// federated reports whether an external provider vouches for the user.
func (a *attempt) federated() bool { return a.page != nil && a.page.from != nil }

// newcomer reports whether the profile was made for this sign-in, about which
// functions have heard already.
func (a *attempt) newcomer() bool { return a.federated() && a.page.from.New }
