package signin

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/audit"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/sessions"
	"cognate/internal/cognito/tokens"
	"cognate/internal/protocol/webauthn"
	"cognate/internal/store"
)

const paramCredential = "CREDENTIAL"

// webAuthnStep proves the possession of a passkey (auth-flows.md §9). The
// challenge travels in the Session, so it is bound to user, client and time, and
// spent with it.
type webAuthnStep struct{ o *Operations }

func (webAuthnStep) traits() traits { return traits{} }

// multiFactorPasskeys reports whether the pool takes a passkey of a verified user
// for two factors.
func multiFactorPasskeys(p *directory.Pool) bool {
	c := p.Settings.MFA.WebAuthnConfiguration
	return c != nil && c.FactorConfiguration == api.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification
}

func verification(p *directory.Pool) webauthn.Verification {
	c := p.Settings.MFA.WebAuthnConfiguration
	if multiFactorPasskeys(p) || c != nil && c.UserVerification == api.UserVerificationTypeRequired {
		return webauthn.Required
	}
	return webauthn.Preferred
}

func (s webAuthnStep) Begin(_ context.Context, a *attempt) (*answer, error) {
	options := webauthn.RequestOptions{
		RelyingPartyID: a.client.Pool.RelyingParty(),
		Challenge:      webauthn.NewChallenge(),
		Verification:   verification(a.client.Pool),
	}
	for _, p := range a.passkeys {
		options.Allow = append(options.Allow, webauthn.Descriptor{ID: p.ID, Transports: p.Details.Transports})
	}
	if a.unfit() { // the same made-up passkey each time (S049)
		id := base64.RawURLEncoding.EncodeToString(s.o.decoy(a, "credential id"))
		options.Allow = []webauthn.Descriptor{{ID: id, Transports: []string{"internal"}}}
	}
	text, err := options.JSON()
	if err != nil {
		return nil, err
	}
	session, err := s.o.sealFor(a, api.ChallengeNameTypeWebAuthn, []byte(options.Challenge))
	if err != nil {
		return nil, err
	}
	return &answer{
		challenge: api.ChallengeNameTypeWebAuthn, session: session,
		params: map[string]string{"CREDENTIAL_REQUEST_OPTIONS": text},
	}, nil
}

func (s webAuthnStep) Answer(ctx context.Context, a *attempt) (*answer, error) {
	if err := a.require(paramCredential); err != nil {
		return nil, err
	}
	if err := s.o.survey(ctx, a); err != nil {
		return nil, err
	}
	key, use, err := s.check(a)
	if err != nil {
		return nil, err
	}
	if key == nil {
		return s.o.settle(ctx, a, proof{kind: sessions.Session})
	}
	a.userVerified = use.UserVerified
	copied := false
	answer, err := s.o.settle(ctx, a, proof{
		right: true, factor: factorOf(key), kind: sessions.Session,
		change: func(ctx context.Context, tx *store.Tx, _ *store.User) error {
			used := *key
			used.SignCount, used.Details.BackupState = use.SignCount, use.BackupState
			rose, err := tx.UsePasskey(ctx, &used)
			if err != nil || rose {
				return err
			}
			// Unless the passkey was deleted meanwhile, there is a copy of the
			// authenticator (S085).
			list, err := tx.Passkeys(ctx, a.client.PoolID, a.user.Sub)
			if err != nil {
				return err
			}
			copied = slices.ContainsFunc(list, func(p *store.Passkey) bool { return p.ID == key.ID })
			if copied && a.watching != nil {
				a.watching.Suspect("the counter of the passkey went back")
			}
			return store.CommitWith(errIncorrect())
		},
	})
	if copied {
		s.o.Audit.Write(ctx, audit.Record{Action: audit.PasskeyCounterBack, PoolID: a.client.PoolID, Sub: a.user.Sub, Object: key.ID})
	}
	return answer, err
}

// check verifies the answer. Without a key it proves nothing.
func (s webAuthnStep) check(a *attempt) (*store.Passkey, webauthn.Use, error) {
	assertion, err := webauthn.ParseAssertion([]byte(a.params[paramCredential]))
	if errors.Is(err, webauthn.ErrMalformed) || a.unfit() {
		return nil, webauthn.Use{}, nil
	}
	if err != nil {
		return nil, webauthn.Use{}, err
	}
	i := slices.IndexFunc(a.passkeys, func(p *store.Passkey) bool { return p.ID == assertion.CredentialID() })
	if i < 0 {
		return nil, webauthn.Use{}, nil
	}
	key := a.passkeys[i]
	id, err := base64.RawURLEncoding.DecodeString(key.ID)
	if err != nil {
		return nil, webauthn.Use{}, fmt.Errorf("id of a stored passkey: %w", err)
	}
	var use webauthn.Use
	s.o.Cores.Do(func() {
		use, err = assertion.Verify(webauthn.Ceremony{
			RelyingPartyID: key.Details.RelyingPartyID,
			Challenge:      string(a.state.Data),
			UserHandle:     []byte(a.user.Sub),
			Apps:           a.client.Pool.PasskeyOrigins(),
			Verified:       verification(a.client.Pool) == webauthn.Required,
		}, webauthn.Credential{
			ID: id, PublicKey: key.Details.PublicKey, SignCount: key.SignCount, AAGUID: key.Details.AAGUID,
			AttestationFormat: key.Details.AttestationFormat, BackupEligible: key.Details.BackupEligible,
		})
	})
	switch {
	case err == nil:
		return key, use, nil
	case errors.Is(err, webauthn.ErrOrigin), errors.Is(err, webauthn.ErrRelyingParty),
		errors.Is(err, webauthn.ErrUnsupported), errors.Is(err, webauthn.ErrRefused):
		return nil, webauthn.Use{}, nil
	}
	return nil, webauthn.Use{}, err
}

// factorOf tells passkeys of the device itself from those of another one.
func factorOf(p *store.Passkey) string {
	if p.Details.Attachment == "cross-platform" {
		return tokens.FactorRoaming
	}
	return tokens.FactorPlatform
}

// passkeyIsMFA reports whether a passkey of a verified user stands for both
// factors: the pool has to want it, and the user too
// (newest-features.md §12).
func passkeyIsMFA(p *directory.Pool, u *store.User) bool {
	return multiFactorPasskeys(p) && u.MFA.WebAuthn
}

// TakesPasskeys reports whether a passkey could sign a user in: alone, or for all
// factors where more than one is asked for.
func TakesPasskeys(p *directory.Pool, u *store.User) bool {
	return multiFactorPasskeys(p) || !decideMFA(mfaCaseOf(&p.Settings, u)).due()
}

// byPasskey reports whether a passkey is all that was proven.
func byPasskey(a *attempt) bool {
	return len(a.proven) == 1 && (a.proven[0] == tokens.FactorPlatform || a.proven[0] == tokens.FactorRoaming)
}
