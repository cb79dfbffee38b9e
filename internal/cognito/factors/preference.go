package factors

import (
	"context"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/mfa"
	"cognate/internal/store"
)

// SetUserMFAPreference chooses the second factors of the token's user.
func (o *Operations) SetUserMFAPreference(ctx context.Context, in *api.SetUserMFAPreferenceRequest) (*api.SetUserMFAPreferenceResponse, error) {
	s, err := o.bearer(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	wishes := wishesOf(in.SMSMfaSettings, in.SoftwareTokenMfaSettings, in.EmailMfaSettings)
	if _, err := o.prefer(ctx, s, wishes, in.WebAuthnMfaSettings); err != nil {
		return nil, err
	}
	return &api.SetUserMFAPreferenceResponse{}, nil
}

// AdminSetUserMFAPreference chooses the second factors of a user.
func (o *Operations) AdminSetUserMFAPreference(ctx context.Context, in *api.AdminSetUserMFAPreferenceRequest) (*api.AdminSetUserMFAPreferenceResponse, error) {
	s, err := o.named(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	wishes := wishesOf(in.SMSMfaSettings, in.SoftwareTokenMfaSettings, in.EmailMfaSettings)
	u, err := o.prefer(ctx, s, wishes, in.WebAuthnMfaSettings)
	if err != nil {
		return nil, err
	}
	o.auditFactors(ctx, u)
	return &api.AdminSetUserMFAPreferenceResponse{}, nil
}

// wish is what a request says of one factor.
type wish struct {
	factor        string
	on, preferred bool
}

// wishesOf lists what a request says. A factor that is left out keeps its state.
func wishesOf(sms *api.SMSMfaSettingsType, token *api.SoftwareTokenMfaSettingsType, email *api.EmailMfaSettingsType) []wish {
	var wishes []wish
	if sms != nil {
		wishes = append(wishes, wish{mfa.SMS, sms.Enabled, sms.PreferredMfa})
	}
	if token != nil {
		wishes = append(wishes, wish{mfa.SoftwareToken, token.Enabled, token.PreferredMfa})
	}
	if email != nil {
		wishes = append(wishes, wish{mfa.Email, email.Enabled, email.PreferredMfa})
	}
	return wishes
}

// checkWishes refuses contradictions within one request.
func checkWishes(wishes []wish) error {
	preferred := 0
	for _, w := range wishes {
		switch {
		case w.preferred && !w.on:
			return api.InvalidParameterException("Invalid MFA preference given, a factor must be enabled to be preferred.")
		case w.preferred:
			preferred++
		}
	}
	if preferred > 1 {
		return api.InvalidParameterException("Only one factor can be set as preferred.")
	}
	return nil
}

func (o *Operations) prefer(ctx context.Context, s subject, wishes []wish, passkeys *api.WebAuthnMfaSettingsType) (*store.User, error) {
	if err := checkWishes(wishes); err != nil {
		return nil, err
	}
	if passkeys != nil && passkeys.Enabled || slices.ContainsFunc(wishes, func(w wish) bool { return w.on }) {
		if err := s.enrol(); err != nil {
			return nil, err
		}
	}
	return o.change(ctx, s, func(_ context.Context, _ *store.Tx, u *store.User) error {
		for _, w := range wishes {
			if w.on && !available(&s.pool.Settings.MFA, u, w.factor) {
				return undeliverable(w.factor)
			}
			mfa.Set(&u.MFA, w.factor, w.on, w.preferred)
		}
		if passkeys != nil {
			if err := checkPasskeys(&s.pool.Settings.MFA, passkeys); err != nil {
				return err
			}
			u.MFA.WebAuthn = passkeys.Enabled
		}
		if u.MFA.WebAuthn && len(u.MFA.EnabledFactors) == 0 {
			// Who loses the passkey would be locked out (spec/newest-features.md §12).
			return api.InvalidParameterException("Another MFA factor must be enabled for passkeys to serve as MFA.")
		}
		return nil
	})
}

// available reports whether a user can choose a factor. While a pool has MFA off,
// it is enough that the user has what the factor needs: the choice waits for MFA
// to be switched on. Later the pool must have the factor too, or the user would
// rely on something that is never asked for.
func available(config *api.GetUserPoolMfaConfigResponse, u *store.User, factor string) bool {
	if !mfa.Has(u, factor) {
		return false
	}
	return config.MfaConfiguration == api.UserPoolMfaTypeOff || enabledIn(config, factor)
}

// undeliverable is the answer to a factor that the user has not set up.
func undeliverable(factor string) error {
	if factor == mfa.Email {
		factor = "EMAIL_MFA"
	}
	return api.InvalidParameterException("User does not have delivery config set to turn on %s", factor)
}

// checkPasskeys wants a pool where a passkey can stand for two factors.
func checkPasskeys(config *api.GetUserPoolMfaConfigResponse, s *api.WebAuthnMfaSettingsType) error {
	c := config.WebAuthnConfiguration
	if s.Enabled && (c == nil || c.FactorConfiguration != api.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification) {
		return api.InvalidParameterException("Passkeys are not configured as an MFA factor in the user pool.")
	}
	return nil
}
