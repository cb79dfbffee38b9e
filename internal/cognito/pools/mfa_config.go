package pools

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/store"
)

// GetUserPoolMfaConfig shows the second factors of a pool, and its settings for
// passkeys.
func (o *Operations) GetUserPoolMfaConfig(ctx context.Context, in *api.GetUserPoolMfaConfigRequest) (*api.GetUserPoolMfaConfigResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	config := pool.Settings.MFA
	return &config, nil
}

// SetUserPoolMfaConfig replaces the second factors of a pool and its settings for
// passkeys as a whole: what is left out is switched off.
func (o *Operations) SetUserPoolMfaConfig(ctx context.Context, in *api.SetUserPoolMfaConfigRequest) (*api.SetUserPoolMfaConfigResponse, error) {
	config, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*api.GetUserPoolMfaConfigResponse, error) {
		pool, err := lock(ctx, tx, in.UserPoolId)
		if err != nil {
			return nil, err
		}
		if err := checkBlocks(in); err != nil {
			return nil, err
		}
		if err := replaceMFA(&pool.Settings, in); err != nil {
			return nil, err
		}
		if err := check(&pool.Settings); err != nil {
			return nil, err
		}
		return &pool.Settings.MFA, o.save(ctx, tx, pool)
	})
	if err != nil {
		return nil, err
	}
	o.Directory.Forget(in.UserPoolId)
	return &api.SetUserPoolMfaConfigResponse{
		EmailMfaConfiguration:         config.EmailMfaConfiguration,
		MfaConfiguration:              config.MfaConfiguration,
		SmsMfaConfiguration:           config.SmsMfaConfiguration,
		SoftwareTokenMfaConfiguration: config.SoftwareTokenMfaConfiguration,
		WebAuthnConfiguration:         config.WebAuthnConfiguration,
	}, nil
}

// checkBlocks looks at a request by itself: factors and MFA go together. A
// request that does not say means OFF (spec/recorded.md §2.4).
func checkBlocks(in *api.SetUserPoolMfaConfigRequest) error {
	blocks := in.SmsMfaConfiguration != nil || in.SoftwareTokenMfaConfiguration != nil || in.EmailMfaConfiguration != nil
	token := in.SoftwareTokenMfaConfiguration != nil && in.SoftwareTokenMfaConfiguration.Enabled
	off := in.MfaConfiguration == "" || in.MfaConfiguration == api.UserPoolMfaTypeOff
	switch {
	case off && blocks:
		return api.InvalidParameterException("Invalid MFA configuration given, can't turn off MFA and configure an MFA together.")
	case off:
		return nil
	case !blocks && in.WebAuthnConfiguration != nil:
		return api.InvalidParameterException("Invalid MFA Configuration given. SMS MFA, Email MFA, or Software Token MFA must be enabled.")
	case in.SmsMfaConfiguration == nil && in.EmailMfaConfiguration == nil && !token:
		return api.InvalidParameterException("Invalid MFA configuration given, can't disable all MFAs with a required or optional configuration.")
	}
	return nil
}

// replaceMFA puts a checked request into the settings. The texts and the sender
// of SMS codes are settings of the pool itself, which the request may change.
func replaceMFA(settings *store.PoolSettings, in *api.SetUserPoolMfaConfigRequest) error {
	pool := &settings.Pool
	pool.MfaConfiguration = in.MfaConfiguration
	if pool.MfaConfiguration == "" {
		pool.MfaConfiguration = api.UserPoolMfaTypeOff
	}
	settings.MFA = api.GetUserPoolMfaConfigResponse{
		EmailMfaConfiguration:         in.EmailMfaConfiguration,
		MfaConfiguration:              pool.MfaConfiguration,
		SoftwareTokenMfaConfiguration: in.SoftwareTokenMfaConfiguration,
		WebAuthnConfiguration:         in.WebAuthnConfiguration,
	}
	sms := in.SmsMfaConfiguration
	if sms == nil {
		return nil
	}
	if sms.SmsConfiguration != nil {
		pool.SmsConfiguration = sms.SmsConfiguration
	}
	if sms.SmsAuthenticationMessage != "" {
		pool.SmsAuthenticationMessage = sms.SmsAuthenticationMessage
	}
	if pool.SmsConfiguration == nil {
		return errNoSMS()
	}
	settings.MFA.SmsMfaConfiguration = smsFactor(pool)
	return nil
}

// smsFactor shows the settings of the pool that SMS codes are sent with.
func smsFactor(pool *api.UserPoolType) *api.SmsMfaConfigType {
	return &api.SmsMfaConfigType{
		SmsAuthenticationMessage: pool.SmsAuthenticationMessage,
		SmsConfiguration:         pool.SmsConfiguration,
	}
}

func errNoSMS() error {
	return api.InvalidParameterException("SMS configuration and Auto verification for phone_number are required when MFA is required/optional")
}

// configureMFA keeps the MFA configuration in step with the settings of the
// pool that are part of it. Switching MFA on here brings SMS codes, where the
// pool can send them; while it is on, factors stay as they were chosen.
func configureMFA(settings *store.PoolSettings) {
	pool, mfa := &settings.Pool, &settings.MFA
	wasOn := mfa.MfaConfiguration == api.UserPoolMfaTypeOn || mfa.MfaConfiguration == api.UserPoolMfaTypeOptional
	left := wasOn && mfa.SmsMfaConfiguration == nil && (mfa.SoftwareTokenMfaConfiguration != nil || mfa.EmailMfaConfiguration != nil)
	mfa.MfaConfiguration = pool.MfaConfiguration
	mfa.SmsMfaConfiguration = nil
	if pool.MfaConfiguration == api.UserPoolMfaTypeOff {
		mfa.SoftwareTokenMfaConfiguration, mfa.EmailMfaConfiguration = nil, nil
		return
	}
	if pool.SmsConfiguration != nil && !left {
		mfa.SmsMfaConfiguration = smsFactor(pool)
	}
}

// checkMFA wants a second factor for a pool with MFA on, a sender for codes by
// e-mail, and first factors that a required second one can follow
// (spec/errors.md §13).
func checkMFA(pool *api.UserPoolType, mfa *api.GetUserPoolMfaConfigResponse) error {
	if pool.MfaConfiguration == api.UserPoolMfaTypeOff {
		return nil
	}
	if mfa.SmsMfaConfiguration == nil && mfa.SoftwareTokenMfaConfiguration == nil && mfa.EmailMfaConfiguration == nil {
		return errNoSMS()
	}
	if mfa.EmailMfaConfiguration != nil {
		if err := checkEmailMFA(pool); err != nil {
			return err
		}
	}
	if pool.MfaConfiguration != api.UserPoolMfaTypeOn || pool.Policies.SignInPolicy == nil {
		return nil
	}
	return checkRequiredMFA(pool.Policies.SignInPolicy.AllowedFirstAuthFactors, mfa.WebAuthnConfiguration)
}

// checkEmailMFA wants a sender of the pool's own, and another way to reset a
// password than the mailbox that codes come to.
func checkEmailMFA(pool *api.UserPoolType) error {
	if pool.EmailConfiguration.EmailSendingAccount != api.EmailSendingAccountTypeDeveloper {
		return api.InvalidParameterException("Cannot set EmailMfaConfiguration when user pool EmailConfiguration contains an EmailSendingAccount of COGNITO_DEFAULT")
	}
	if r := pool.AccountRecoverySetting; r != nil && len(r.RecoveryMechanisms) == 1 &&
		r.RecoveryMechanisms[0].Name == api.RecoveryOptionNameTypeVerifiedEmail {
		return api.InvalidParameterException("Cannot set EmailMfaConfiguration when verified_email is the only account recovery mechanism.")
	}
	return nil
}
