package signin

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/migration"
	"cognate/internal/cognito/tokens"
	"cognate/internal/store"
)

const paramPassword = "PASSWORD"

// passwordStep takes a password in clear, which comes with the first request.
type passwordStep struct{ o *Operations }

func (passwordStep) traits() traits { return traits{counted: true, plaintext: true} }

func (s passwordStep) Begin(ctx context.Context, a *attempt) (*answer, error) {
	return s.Answer(ctx, a)
}

// asksOldPool reports whether another pool has to say if the password is right. Of
// users who are refused whatever it is nobody is asked.
func (s passwordStep) asksOldPool(a *attempt) bool {
	return a.user != nil && a.user.Enabled && !a.hidden() && a.user.Status != api.UserStatusTypeUnconfirmed &&
		s.o.OldPools != nil && migration.Waits(a.client.Pool, a.user)
}

func (s passwordStep) Answer(ctx context.Context, a *attempt) (*answer, error) {
	if s.o.Lockout.Locked(a.failures) {
		return nil, limits.ErrLocked() // without the work of comparing
	}
	if s.asksOldPool(a) {
		user, err := s.o.OldPools.Adopt(ctx, a.client.Pool, a.user, a.params[paramPassword])
		if err != nil && !unknown(err) { // unknown: deleted meanwhile, which settle finds out
			return nil, err
		}
		if err == nil {
			a.user = user
		}
	}
	name, stored := a.login, (*store.Password)(nil)
	if a.user != nil {
		name, stored = a.user.Username, a.user.Password
	}
	right, err := s.o.Credentials.Matches(a.client.Pool, name, stored, a.params[paramPassword])
	if err != nil {
		return nil, err // nothing was guessed
	}
	if right && stored.Imported != nil {
		user, still, err := s.o.Credentials.Adopt(ctx, a.client.Pool, a.user, a.params[paramPassword])
		switch {
		case unknown(err): // deleted meanwhile
			right = false
		case err != nil:
			return nil, err
		default:
			a.user, right = user, still
		}
	}
	return s.o.settle(ctx, a, proof{right: right, factor: tokens.FactorPassword})
}
