package signin

import (
	"context"
	"errors"

	"cognate/internal/api"
	"cognate/internal/cognito/sessions"
	"cognate/internal/cognito/tokens"
	"cognate/internal/protocol/totp"
	"cognate/internal/store"
)

const (
	paramSoftwareToken = "SOFTWARE_TOKEN_MFA_CODE"
	keyUserID          = "USER_ID_FOR_SRP"
)

// softwareTokenStep asks for the code of an authenticator app (auth-flows.md §7).
type softwareTokenStep struct{ o *Operations }

func (softwareTokenStep) traits() traits { return traits{} }

func (s softwareTokenStep) Begin(ctx context.Context, a *attempt) (*answer, error) {
	token, err := s.registered(ctx, a)
	if err != nil {
		return nil, err
	}
	session, err := s.o.sealFor(a, api.ChallengeNameTypeSoftwareTokenMfa, nil)
	if err != nil {
		return nil, err
	}
	params := map[string]string{}
	if token.Name != "" {
		params["FRIENDLY_DEVICE_NAME"] = token.Name
	}
	if a.state == nil { // straight from the first request
		params[keyUserID] = a.user.Username
	}
	return &answer{challenge: api.ChallengeNameTypeSoftwareTokenMfa, params: params, session: session}, nil
}

// Answer takes the code. A wrong one leaves the Session usable. Each time step
// counts once for a user, whatever the Session (S068).
func (s softwareTokenStep) Answer(ctx context.Context, a *attempt) (*answer, error) {
	if a.hidden() {
		return nil, errIncorrect() // disabled or deleted meanwhile
	}
	token, err := s.registered(ctx, a)
	if err != nil {
		return nil, err
	}
	at, err := totp.Check(token.Secret, a.params[paramSoftwareToken], s.o.Now())
	switch {
	case errors.Is(err, totp.ErrCode):
		return nil, s.o.wrongCode(ctx, a, errWrongToken())
	case err != nil:
		return nil, err
	case at <= token.LastStep:
		return nil, errTokenUsed()
	}
	return s.o.settle(ctx, a, proof{
		right: true, factor: tokens.FactorTOTP, kind: sessions.Session,
		change: func(ctx context.Context, tx *store.Tx, u *store.User) error {
			exhausted, err := triesUsedUp(ctx, tx, a)
			if err != nil {
				return err
			}
			if exhausted {
				return errWrongToken()
			}
			first, err := tx.UseTOTP(ctx, u.PoolID, u.Sub, at)
			if err == nil && !first {
				err = errTokenUsed()
			}
			return err
		},
	})
}

// registered reads the user's app.
func (s softwareTokenStep) registered(ctx context.Context, a *attempt) (store.TOTP, error) {
	return store.Read(ctx, s.o.DB, func(ctx context.Context, tx *store.Tx) (store.TOTP, error) {
		token, found, err := tx.TOTP(ctx, a.user.PoolID, a.user.Sub)
		if err == nil && !found {
			err = api.SoftwareTokenMFANotFoundException("Software Token MFA does not exist for the user.")
		}
		return token, err
	})
}

func errWrongToken() error { return api.CodeMismatchException("Invalid code received for user") }

func errTokenUsed() error {
	return api.ExpiredCodeException("Your software token has already been used once.")
}
