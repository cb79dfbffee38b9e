package factors

import (
	"context"
	"errors"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/audit"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/mfa"
	"cognate/internal/protocol/totp"
	"cognate/internal/store"
)

// pendingKind is the kind of the tickets that hold a secret which was shown to a
// user and not proved yet.
const pendingKind = "totp-setup"

// pendingLifetime is how long such a secret waits for its first code.
const pendingLifetime = time.Hour

// AssociateSoftwareToken makes a secret for an authenticator app. With an access
// token it waits in the database until VerifySoftwareToken; with the Session of
// MFA_SETUP it travels in the new Session. An app that is registered already
// stays in force meanwhile.
func (o *Operations) AssociateSoftwareToken(ctx context.Context, in *api.AssociateSoftwareTokenRequest) (*api.AssociateSoftwareTokenResponse, error) {
	if err := checkOneProof(in.AccessToken, in.Session); err != nil {
		return nil, err
	}
	if in.Session != "" {
		return o.associateBySession(ctx, in.Session)
	}
	b, err := o.Tokens.Authenticate(ctx, *in.AccessToken)
	if err != nil {
		return nil, err
	}
	if err := checkTokens(b.Pool); err != nil {
		return nil, err
	}
	if err := mfa.CheckEnrolment(b.Pool, b.AuthTime, o.Now()); err != nil {
		return nil, err
	}
	secret := totp.NewSecret()
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (nothing, error) {
		return nothing{}, tx.PutTicket(ctx, store.Ticket{
			PoolID: b.Pool.ID, Kind: pendingKind, ID: b.User.Sub, Doc: secret, ExpiresAt: o.Now().Add(pendingLifetime),
		})
	})
	if err != nil {
		return nil, err
	}
	return &api.AssociateSoftwareTokenResponse{SecretCode: totp.Text(secret)}, nil
}

// VerifySoftwareToken registers the app whose first code it gets, in the place of
// the one before. Whoever asks was shown the secret, so tries are not counted.
func (o *Operations) VerifySoftwareToken(ctx context.Context, in *api.VerifySoftwareTokenRequest) (*api.VerifySoftwareTokenResponse, error) {
	if err := checkOneProof(in.AccessToken, in.Session); err != nil {
		return nil, err
	}
	name := ""
	if in.FriendlyDeviceName != nil {
		name = *in.FriendlyDeviceName
	}
	if in.Session != "" {
		return o.verifyBySession(ctx, in.Session, in.UserCode, name)
	}
	s, err := o.bearer(ctx, *in.AccessToken)
	if err != nil {
		return nil, err
	}
	if err := checkTokens(s.pool); err != nil {
		return nil, err
	}
	if err := s.enrol(); err != nil {
		return nil, err
	}
	_, err = o.change(ctx, s, func(ctx context.Context, tx *store.Tx, u *store.User) error {
		pending, found, err := tx.LockTicket(ctx, u.PoolID, pendingKind, u.Sub)
		if err != nil {
			return err
		}
		if !found {
			return api.SoftwareTokenMFANotFoundException("Software token MFA has not been set up.")
		}
		if err := o.register(ctx, tx, s.pool, u, pending.Doc, in.UserCode, name); err != nil {
			return err
		}
		return tx.DeleteTicket(ctx, u.PoolID, pendingKind, u.Sub)
	})
	if err != nil {
		return nil, err
	}
	return &api.VerifySoftwareTokenResponse{Status: api.VerifySoftwareTokenResponseTypeSuccess}, nil
}

// register checks the first code of an app and makes it the user's, who is
// locked and saved by the caller. The code cannot be used again.
func (o *Operations) register(ctx context.Context, tx *store.Tx, pool *directory.Pool, u *store.User, secret []byte, code, name string) error {
	now := o.Now()
	step, err := totp.Check(secret, code, now)
	if errors.Is(err, totp.ErrCode) {
		return api.EnableSoftwareTokenMFAException("Code mismatch and fail enable Software Token MFA")
	}
	if err != nil {
		return err
	}
	u.MFA.SoftwareToken = true
	err = tx.PutTOTP(ctx, store.TOTP{
		PoolID: u.PoolID, Sub: u.Sub, Secret: secret, Name: name, LastStep: step, CreatedAt: now,
	})
	if err != nil {
		return err
	}
	return o.Notices.Send(ctx, tx, pool, u, messages.FactorAdded)
}

// AdminDeleteSoftwareToken takes the app away from a user, and out of the user's
// choice of factors.
func (o *Operations) AdminDeleteSoftwareToken(ctx context.Context, in *api.AdminDeleteSoftwareTokenRequest) (*api.AdminDeleteSoftwareTokenResponse, error) {
	s, err := o.named(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	u, err := o.change(ctx, s, func(ctx context.Context, tx *store.Tx, u *store.User) error {
		if u.Status == api.UserStatusTypeUnconfirmed {
			return api.UserNotConfirmedException("User is not confirmed.")
		}
		if err := tx.DeleteTicket(ctx, u.PoolID, pendingKind, u.Sub); err != nil {
			return err
		}
		found, err := tx.DeleteTOTP(ctx, u.PoolID, u.Sub)
		if err != nil {
			return err
		}
		if !found {
			return api.ResourceNotFoundException("Software Token MFA does not exist for the user.")
		}
		u.MFA.SoftwareToken = false
		mfa.Set(&u.MFA, mfa.SoftwareToken, false, false)
		if len(u.MFA.EnabledFactors) == 0 {
			u.MFA.WebAuthn = false // it needs another factor beside it
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	o.Audit.Write(ctx, audit.Record{Action: audit.FactorRemoved, PoolID: u.PoolID, Sub: u.Sub, Object: mfa.SoftwareToken})
	return &api.AdminDeleteSoftwareTokenResponse{}, nil
}

func checkOneProof(accessToken *string, session string) error {
	if (accessToken != nil) == (session != "") {
		return api.InvalidParameterException("Only one of AccessToken or Session may be specified.")
	}
	return nil
}

// checkTokens refuses pools without authenticator apps.
func checkTokens(pool *directory.Pool) error {
	if !enabledIn(&pool.Settings.MFA, mfa.SoftwareToken) {
		return api.SoftwareTokenMFANotFoundException("Software Token MFA has not been enabled by the userPool")
	}
	return nil
}
