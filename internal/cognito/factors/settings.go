package factors

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/mfa"
	"cognate/internal/store"
)

// SetUserSettings is the older way to switch text messages as a second factor on
// or off, for the token's user.
func (o *Operations) SetUserSettings(ctx context.Context, in *api.SetUserSettingsRequest) (*api.SetUserSettingsResponse, error) {
	s, err := o.bearer(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if _, err := o.setMessages(ctx, s, in.MFAOptions); err != nil {
		return nil, err
	}
	return &api.SetUserSettingsResponse{}, nil
}

// AdminSetUserSettings is SetUserSettings for administrators.
func (o *Operations) AdminSetUserSettings(ctx context.Context, in *api.AdminSetUserSettingsRequest) (*api.AdminSetUserSettingsResponse, error) {
	s, err := o.named(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	u, err := o.setMessages(ctx, s, in.MFAOptions)
	if err != nil {
		return nil, err
	}
	o.auditFactors(ctx, u)
	return &api.AdminSetUserSettingsResponse{}, nil
}

// setMessages switches text messages on when the options name them, and off when
// there are none. The other factors are out of its reach.
func (o *Operations) setMessages(ctx context.Context, s subject, options []api.MFAOptionType) (*store.User, error) {
	for _, option := range options {
		if option.DeliveryMedium != api.DeliveryMediumTypeSms || option.AttributeName != attributes.PhoneNumber {
			return nil, api.InvalidParameterException("MFAOptions can only deliver by SMS to phone_number.")
		}
	}
	on := len(options) > 0
	if on {
		if err := s.enrol(); err != nil {
			return nil, err
		}
	}
	return o.change(ctx, s, func(_ context.Context, _ *store.Tx, u *store.User) error {
		if on && !available(&s.pool.Settings.MFA, u, mfa.SMS) {
			return undeliverable(mfa.SMS)
		}
		mfa.Set(&u.MFA, mfa.SMS, on, u.MFA.Preferred == mfa.SMS)
		if u.MFA.WebAuthn && len(u.MFA.EnabledFactors) == 0 {
			return api.InvalidParameterException("Another MFA factor must be enabled for passkeys to serve as MFA.")
		}
		return nil
	})
}
