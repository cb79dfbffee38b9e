package factors

import (
	"context"
	"errors"
	"fmt"

	"cognate/internal/api"
	"cognate/internal/cognito/credentials"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/mfa"
	"cognate/internal/cognito/sessions"
	"cognate/internal/cognito/tokens"
	"cognate/internal/protocol/totp"
	"cognate/internal/store"
)

// setup is a sign-in that waits for an authenticator app (spec/auth-flows.md §8,
// MFA_SETUP): first AssociateSoftwareToken, then VerifySoftwareToken, and with the
// Session of that the answer to the challenge.
type setup struct {
	state  *sessions.State
	data   mfa.Setup
	client *directory.Client
}

func errSession(message string) error { return api.NotAuthorizedException("%s", message) }

// openSetup reads a Session that was given out with MFA_SETUP, or by one of the
// two operations since.
func (o *Operations) openSetup(ctx context.Context, session string) (*setup, error) {
	state, err := o.Sessions.Open(sessions.Session, session)
	switch {
	case errors.Is(err, sessions.ErrExpired):
		return nil, errSession("Invalid session for the user, session is expired.")
	case errors.Is(err, sessions.ErrForged):
		return nil, errSession("Invalid session for the user.")
	case err != nil:
		return nil, err
	case state.Step != string(api.ChallengeNameTypeMfaSetup) || state.Sub == "":
		return nil, errSession("Invalid session for the user.")
	}
	client, err := o.Directory.PoolClient(ctx, state.PoolID, state.ClientID)
	if err != nil {
		return nil, err
	}
	if err := checkTokens(client.Pool); err != nil {
		return nil, err
	}
	data, err := mfa.ParseSetup(state.Data)
	if err != nil {
		return nil, fmt.Errorf("session of MFA_SETUP: %w", err)
	}
	return &setup{state: state, data: data, client: client}, nil
}

// associateBySession writes nothing: the secret travels in the new Session.
func (o *Operations) associateBySession(ctx context.Context, session string) (*api.AssociateSoftwareTokenResponse, error) {
	s, err := o.openSetup(ctx, session)
	if err != nil {
		return nil, err
	}
	if s.data.Verified {
		return nil, errUsed()
	}
	_, err = store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (nothing, error) {
		_, spent, err := tx.Ticket(ctx, s.state.PoolID, sessions.SpentKind, s.state.ID)
		if err == nil && spent {
			err = errUsed()
		}
		if err != nil {
			return nothing{}, err
		}
		u, err := tx.UserBySub(ctx, s.state.PoolID, s.state.Sub)
		if err != nil {
			return nothing{}, gone(err)
		}
		return nothing{}, s.mayEnrol(u)
	})
	if err != nil {
		return nil, err
	}
	if s.data.Secret == nil {
		s.state.Expires = o.Now().Add(s.client.AuthSessionLifetime())
	} // or else asking again and again would keep a proof alive for ever
	secret := totp.NewSecret()
	s.state.Data = mfa.Setup{Secret: secret}.Bytes()
	next, err := o.Sessions.Seal(sessions.Session, s.state)
	if err != nil {
		return nil, err
	}
	return &api.AssociateSoftwareTokenResponse{SecretCode: totp.Text(secret), Session: next}, nil
}

// verifyBySession registers the app and uses the Session up. A wrong code leaves
// it usable. The code counts as a factor of the sign-in.
func (o *Operations) verifyBySession(ctx context.Context, session, code, name string) (*api.VerifySoftwareTokenResponse, error) {
	s, err := o.openSetup(ctx, session)
	switch {
	case err != nil:
		return nil, err
	case s.data.Verified:
		return nil, errUsed()
	case s.data.Secret == nil:
		return nil, api.SoftwareTokenMFANotFoundException("Software token MFA has not been set up.")
	}
	who := subject{pool: s.client.Pool, lock: func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		u, err := tx.LockUser(ctx, s.state.PoolID, s.state.Sub)
		return u, gone(err)
	}}
	_, err = o.change(ctx, who, func(ctx context.Context, tx *store.Tx, u *store.User) error {
		first, err := tx.SpendOnce(ctx, s.state.PoolID, sessions.SpentKind, s.state.ID, s.state.Expires)
		if err == nil && !first {
			err = errUsed()
		}
		if err != nil {
			return err
		}
		if err := s.mayEnrol(u); err != nil {
			return err
		}
		return o.register(ctx, tx, s.client.Pool, u, s.data.Secret, code, name)
	})
	if err != nil {
		return nil, err
	}
	s.state.Data = mfa.Setup{Verified: true}.Bytes()
	s.state.Factors = append(s.state.Factors, tokens.FactorTOTP)
	s.state.Expires = o.Now().Add(s.client.AuthSessionLifetime())
	next, err := o.Sessions.Seal(sessions.Session, s.state)
	if err != nil {
		return nil, err
	}
	return &api.VerifySoftwareTokenResponse{Status: api.VerifySoftwareTokenResponseTypeSuccess, Session: next}, nil
}

// mayEnrol refuses users who were disabled or given another password since, and a
// second app by way of a sign-in: MFA_SETUP is for those who have none (S069).
func (s *setup) mayEnrol(u *store.User) error {
	switch {
	case !u.Enabled, !credentials.Same(s.state.Password, u.Password):
		return errSession("Invalid session for the user.")
	case u.MFA.SoftwareToken:
		return errUsed()
	}
	return nil
}

// gone is the answer when the user of a Session was deleted.
func gone(err error) error {
	if api.HasCode(err, "UserNotFoundException") {
		return errSession("Invalid session for the user.")
	}
	return err
}

func errUsed() error {
	return errSession("Invalid session for the user, session can only be used once.")
}
