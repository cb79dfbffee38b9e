package passkeys

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/mfa"
	"cognate/internal/protocol/webauthn"
	"cognate/internal/store"
)

const (
	challengeKind = "passkey-registration" // of tickets
	challengeLife = 5 * time.Minute
)

// pending is what the database keeps of a challenge: whom it was made for.
type pending struct {
	Sub      string `json:"sub"`
	ClientID string `json:"client"`
}

// StartWebAuthnRegistration gives the options that a browser or app makes a
// passkey with.
func (o *Operations) StartWebAuthnRegistration(ctx context.Context, in *api.StartWebAuthnRegistrationRequest) (*api.StartWebAuthnRegistrationResponse, error) {
	b, err := o.Tokens.Authenticate(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if err := mfa.CheckEnrolment(b.Pool, b.AuthTime, o.Now()); err != nil {
		return nil, err
	}
	text, err := o.Start(ctx, Owner{Client: b.Client, User: b.User})
	if err != nil {
		return nil, err
	}
	return &api.StartWebAuthnRegistrationResponse{CredentialCreationOptions: text}, nil
}

// Start gives the options for a user who has proved to be that one at a client:
// by an access token, or by the session of a browser.
func (o *Operations) Start(ctx context.Context, b Owner) (json.RawMessage, error) {
	s, err := settingsOf(b.Client.Pool)
	if err != nil {
		return nil, err
	}
	options := webauthn.CreationOptions{
		RelyingPartyID: s.relyingParty, UserHandle: []byte(b.User.Sub), UserName: b.User.Username,
		Challenge: webauthn.NewChallenge(), Verification: webauthn.Preferred,
	}
	if s.verified {
		options.Verification = webauthn.Required
	}
	doc, err := json.Marshal(pending{Sub: b.User.Sub, ClientID: b.Client.ID})
	if err != nil {
		return nil, fmt.Errorf("write passkey challenge: %w", err)
	}
	known, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) ([]*store.Passkey, error) {
		known, err := tx.Passkeys(ctx, b.Client.PoolID, b.User.Sub)
		if err != nil {
			return nil, err
		}
		if len(known) >= perUser {
			return nil, errTooMany()
		}
		return known, tx.PutTicket(ctx, store.Ticket{
			PoolID: b.Client.PoolID, Kind: challengeKind, ID: options.Challenge, Doc: doc, ExpiresAt: o.Now().Add(challengeLife),
		})
	})
	if err != nil {
		return nil, err
	}
	for _, p := range known {
		if p.Details.RelyingPartyID == s.relyingParty {
			options.Exclude = append(options.Exclude, webauthn.Descriptor{ID: p.ID})
		}
	}
	return options.JSON()
}

// Owner is whom a passkey is made for, and the client by which.
type Owner struct {
	Client *directory.Client
	User   *store.User
	// ForAll lets the passkey stand for all factors from now on, where the pool has
	// that. At the API the user says so with SetUserMFAPreference; the pages have no
	// other place for it, and a passkey that signs nobody in would be of no use.
	ForAll bool
}

// CompleteWebAuthnRegistration adds the passkey that was made. Its challenge is
// used up, whatever comes of it.
func (o *Operations) CompleteWebAuthnRegistration(ctx context.Context, in *api.CompleteWebAuthnRegistrationRequest) (*api.CompleteWebAuthnRegistrationResponse, error) {
	b, err := o.Tokens.Authenticate(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if err := mfa.CheckEnrolment(b.Pool, b.AuthTime, o.Now()); err != nil {
		return nil, err
	}
	return &api.CompleteWebAuthnRegistrationResponse{}, o.Complete(ctx, Owner{Client: b.Client, User: b.User}, in.Credential)
}

// Complete adds a passkey that was made with the options of Start for the same
// owner.
func (o *Operations) Complete(ctx context.Context, b Owner, credential json.RawMessage) error {
	s, err := settingsOf(b.Client.Pool)
	switch {
	case api.HasCode(err, "WebAuthnConfigurationMissingException"): // not in this operation's model
		return api.WebAuthnRelyingPartyMismatchException("The user pool has no relying party id.")
	case err != nil:
		return err
	}
	registration, err := webauthn.ParseRegistration(credential)
	if err != nil {
		return refusal(err)
	}
	if err := o.take(ctx, b, registration.Challenge()); err != nil {
		return err
	}
	made, err := registration.Verify(webauthn.Ceremony{
		RelyingPartyID: s.relyingParty, Challenge: registration.Challenge(), UserHandle: []byte(b.User.Sub), Verified: s.verified,
		Apps: b.Client.Pool.PasskeyOrigins(),
	})
	if err != nil {
		return refusal(err)
	}
	return o.add(ctx, b, s, made)
}

// take uses up the challenge that was made for the token's user and client.
func (o *Operations) take(ctx context.Context, b Owner, challenge string) error {
	notFound := api.WebAuthnChallengeNotFoundException("The challenge was not found.")
	if _, err := base64.RawURLEncoding.DecodeString(challenge); err != nil || challenge == "" {
		return notFound
	}
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (nothing, error) {
		ticket, found, err := tx.LockTicket(ctx, b.Client.PoolID, challengeKind, challenge)
		if err != nil {
			return nothing{}, err
		}
		if !found {
			return nothing{}, notFound
		}
		var p pending
		if err := json.Unmarshal(ticket.Doc, &p); err != nil {
			return nothing{}, fmt.Errorf("read passkey challenge: %w", err)
		}
		switch {
		case p.Sub != b.User.Sub:
			return nothing{}, notFound
		case p.ClientID != b.Client.ID:
			return nothing{}, api.WebAuthnClientMismatchException("The challenge was made for another client.")
		}
		return nothing{}, tx.DeleteTicket(ctx, b.Client.PoolID, challengeKind, challenge)
	})
	return err
}

// add stores a passkey.
func (o *Operations) add(ctx context.Context, b Owner, s settings, made *webauthn.Credential) error {
	key := &store.Passkey{
		PoolID: b.Client.PoolID, Sub: b.User.Sub, ID: base64.RawURLEncoding.EncodeToString(made.ID),
		SignCount: made.SignCount, CreatedAt: o.Now(),
		Details: store.PasskeyDetails{
			PublicKey: made.PublicKey, RelyingPartyID: s.relyingParty, Name: nameFor(made), Transports: made.Transports,
			Attachment: made.Attachment, AAGUID: made.AAGUID, AttestationFormat: made.AttestationFormat,
			BackupEligible: made.BackupEligible, BackupState: made.BackupState,
		},
	}
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (nothing, error) {
		u, err := tx.LockUser(ctx, b.Client.PoolID, b.User.Sub) // so that nobody adds beyond the limit meanwhile
		if err != nil {
			return nothing{}, err
		}
		n, err := tx.CountPasskeys(ctx, b.Client.PoolID, b.User.Sub)
		if err != nil {
			return nothing{}, err
		}
		if n >= perUser {
			return nothing{}, errTooMany()
		}
		added, err := tx.InsertPasskey(ctx, key)
		switch {
		case err != nil:
			return nothing{}, err
		case !added:
			return nothing{}, api.InvalidParameterException("The credential is registered already.")
		}
		if b.ForAll && s.multiFactor && !u.MFA.WebAuthn {
			u.MFA.WebAuthn, u.ModifiedAt = true, o.Now()
			if err := tx.SaveUser(ctx, u); err != nil {
				return nothing{}, err
			}
		}
		return nothing{}, o.Notices.Send(ctx, tx, b.Client.Pool, u, messages.FactorAdded)
	})
	if api.HasCode(err, "UserNotFoundException") { // not in this operation's model
		return api.NotAuthorizedException("Access Token has been revoked")
	}
	return err
}

// nameFor is what a passkey is called until there is a way to rename it.
func nameFor(c *webauthn.Credential) string {
	if c.Attachment == "cross-platform" {
		return "Security key"
	}
	return "Passkey"
}

// refusal chooses the exception for what is wrong with a registration.
func refusal(err error) error {
	switch {
	case errors.Is(err, webauthn.ErrMalformed):
		return api.InvalidParameterException("The credential is not well formed.").Because(err)
	case errors.Is(err, webauthn.ErrOrigin):
		return api.WebAuthnOriginNotAllowedException("The origin is not allowed.").Because(err)
	case errors.Is(err, webauthn.ErrRelyingParty):
		return api.WebAuthnRelyingPartyMismatchException("The credential is for another relying party.").Because(err)
	case errors.Is(err, webauthn.ErrUnsupported):
		return api.WebAuthnCredentialNotSupportedException("The credential is not supported.").Because(err)
	case errors.Is(err, webauthn.ErrRefused):
		return api.InvalidParameterException("The credential could not be verified.").Because(err)
	}
	return err
}
