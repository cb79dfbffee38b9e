package passkeys

import (
	"context"
	"slices"
	"strconv"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/notices"
	"cognate/internal/cognito/paging"
	"cognate/internal/cognito/tokens"
	"cognate/internal/store"
)

// Operations are the API operations on passkeys. All fields are set.
type Operations struct {
	DB      *store.DB
	Now     func() time.Time
	Tokens  *tokens.Tokens
	Paging  paging.Paging
	Notices notices.Notices
}

// perUser is how many passkeys a user can have.
const perUser = 20

// nothing is the result of transactions that only change rows.
type nothing = struct{}

// settings are what a pool says about passkeys.
type settings struct {
	relyingParty string
	multiFactor  bool // a passkey of a verified user stands for all factors, if the user wants that
	verified     bool // the authenticator must verify the user
}

// settingsOf refuses pools in which nobody signs in with a passkey.
func settingsOf(p *directory.Pool) (settings, error) {
	policies := p.Config().Policies
	if policies == nil || policies.SignInPolicy == nil ||
		!slices.Contains(policies.SignInPolicy.AllowedFirstAuthFactors, api.AuthFactorTypeWebAuthn) {
		return settings{}, api.WebAuthnNotEnabledException("WebAuthn is not enabled for the user pool.")
	}
	if p.RelyingParty() == "" {
		return settings{}, errNoRelyingParty()
	}
	c := p.Settings.MFA.WebAuthnConfiguration
	s := settings{relyingParty: p.RelyingParty()}
	if c != nil {
		s.multiFactor = c.FactorConfiguration == api.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification
		s.verified = s.multiFactor || c.UserVerification == api.UserVerificationTypeRequired
	}
	return s, nil
}

func errNoRelyingParty() error {
	return api.WebAuthnConfigurationMissingException("The user pool has no relying party id.")
}

func errTooMany() error {
	return api.LimitExceededException("The user has the largest number of passkeys.")
}

// ListWebAuthnCredentials lists the passkeys of the token's user, the oldest first.
func (o *Operations) ListWebAuthnCredentials(ctx context.Context, in *api.ListWebAuthnCredentialsRequest) (*api.ListWebAuthnCredentialsResponse, error) {
	b, err := o.Tokens.Authenticate(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	scope := "ListWebAuthnCredentials " + b.Pool.ID + " " + b.User.Sub
	list, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) ([]*store.Passkey, error) {
		return tx.Passkeys(ctx, b.Pool.ID, b.User.Sub)
	})
	if err != nil {
		return nil, err
	}
	if in.NextToken != "" {
		cursor, err := o.Paging.Decode(in.NextToken, scope)
		if err != nil {
			return nil, err
		}
		list = slices.DeleteFunc(list, func(p *store.Passkey) bool { return slices.Compare(cursorOf(p), cursor) <= 0 })
	}
	size := perUser
	if in.MaxResults != nil && *in.MaxResults > 0 {
		size = int(*in.MaxResults)
	}
	answer := &api.ListWebAuthnCredentialsResponse{Credentials: []api.WebAuthnCredentialDescription{}}
	if len(list) > size {
		list = list[:size]
		answer.NextToken = o.Paging.Encode(scope, cursorOf(list[size-1])...)
	}
	for _, p := range list {
		answer.Credentials = append(answer.Credentials, describe(p))
	}
	return answer, nil
}

// cursorOf is the place of a passkey in the list.
func cursorOf(p *store.Passkey) []string {
	return []string{strconv.FormatInt(p.CreatedAt.UnixMilli(), 10), p.ID}
}

func describe(p *store.Passkey) api.WebAuthnCredentialDescription {
	d := api.WebAuthnCredentialDescription{
		CredentialId:            p.ID,
		FriendlyCredentialName:  p.Details.Name,
		RelyingPartyId:          p.Details.RelyingPartyID,
		AuthenticatorTransports: p.Details.Transports,
		CreatedAt:               api.TimeOf(p.CreatedAt),
	}
	if d.AuthenticatorTransports == nil {
		d.AuthenticatorTransports = []string{}
	}
	if p.Details.Attachment != "" {
		d.AuthenticatorAttachment = &p.Details.Attachment
	}
	return d
}

// DeleteWebAuthnCredential deletes a passkey of the token's user.
func (o *Operations) DeleteWebAuthnCredential(ctx context.Context, in *api.DeleteWebAuthnCredentialRequest) (*api.DeleteWebAuthnCredentialResponse, error) {
	b, err := o.Tokens.Authenticate(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (nothing, error) {
		return nothing{}, tx.DeletePasskey(ctx, b.Pool.ID, b.User.Sub, in.CredentialId)
	})
	if err != nil {
		return nil, err
	}
	return &api.DeleteWebAuthnCredentialResponse{}, nil
}
