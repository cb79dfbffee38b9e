package pools

import (
	"cmp"
	"maps"

	"cognate/internal/api"
	"cognate/internal/store"
)

// Defaults of a pool made with a name only (spec/recorded.md §3.1).
const (
	defaultMinimumLength = 8
	defaultTemporaryDays = 7
)

// configure sets every changeable setting of a pool from s and checks the
// outcome. Members that cannot change after creation are left alone, but the
// checks look at them.
func configure(settings *store.PoolSettings, s *api.CreateUserPoolRequest) error {
	pool := &settings.Pool
	pool.Name = s.PoolName
	pool.UserPoolTier = s.UserPoolTier
	pool.Policies = policies(s)
	pool.DeletionProtection = cmp.Or(s.DeletionProtection, api.DeletionProtectionTypeInactive)
	pool.MfaConfiguration = cmp.Or(s.MfaConfiguration, api.UserPoolMfaTypeOff)
	pool.LambdaConfig = functions(s.LambdaConfig)
	pool.AutoVerifiedAttributes = orAbsent(s.AutoVerifiedAttributes)
	pool.UserAttributeUpdateSettings = updateSettings(s)
	pool.DeviceConfiguration = s.DeviceConfiguration
	pool.EmailConfiguration = email(s.EmailConfiguration)
	pool.SmsConfiguration = s.SmsConfiguration
	pool.SmsAuthenticationMessage = s.SmsAuthenticationMessage
	pool.AdminCreateUserConfig = adminCreateUser(s, pool.Policies.PasswordPolicy)
	pool.UserPoolAddOns = s.UserPoolAddOns
	pool.AccountRecoverySetting = recovery(s.AccountRecoverySetting)
	pool.AcrConfiguration = levels(s.AcrConfiguration)
	pool.DcrConfiguration = registration(s.DcrConfiguration)
	pool.IssuerConfiguration = issuer(s.IssuerConfiguration)
	pool.KeyConfiguration = key(s.KeyConfiguration)
	pool.UserPoolTags = s.UserPoolTags
	if pool.UserPoolTags == nil {
		pool.UserPoolTags = map[string]string{}
	}
	setVerificationTexts(pool, s)
	configureMFA(settings)
	return check(settings)
}

// policies completes the password and sign-in policies. A password policy
// that is given partly has its absent switches off (spec/users-and-pools.md
// §2.1).
func policies(s *api.CreateUserPoolRequest) *api.UserPoolPolicyType {
	given := s.Policies
	if given == nil {
		given = &api.UserPoolPolicyType{}
	}
	password := api.PasswordPolicyType{RequireLowercase: true, RequireNumbers: true, RequireSymbols: true, RequireUppercase: true}
	if given.PasswordPolicy != nil {
		password = *given.PasswordPolicy
	}
	if password.MinimumLength == nil {
		password.MinimumLength = new(int32(defaultMinimumLength))
	}
	if password.TemporaryPasswordValidityDays == nil && s.AdminCreateUserConfig != nil {
		password.TemporaryPasswordValidityDays = s.AdminCreateUserConfig.UnusedAccountValidityDays
	}
	if days := password.TemporaryPasswordValidityDays; days == nil || *days == 0 {
		password.TemporaryPasswordValidityDays = new(int32(defaultTemporaryDays))
	}
	return &api.UserPoolPolicyType{PasswordPolicy: &password, SignInPolicy: signInPolicy(given.SignInPolicy, s.UserPoolTier)}
}

// signInPolicy gives the first factors. The plan without choice-based sign-in
// has no such policy: there a password is the only way anyhow.
func signInPolicy(given *api.SignInPolicyType, tier api.UserPoolTierType) *api.SignInPolicyType {
	passwordOnly := given == nil || len(given.AllowedFirstAuthFactors) == 0 ||
		(len(given.AllowedFirstAuthFactors) == 1 && given.AllowedFirstAuthFactors[0] == api.AuthFactorTypePassword)
	switch {
	case passwordOnly && tier == api.UserPoolTierTypeLite:
		return nil
	case passwordOnly:
		return &api.SignInPolicyType{AllowedFirstAuthFactors: []api.AuthFactorType{api.AuthFactorTypePassword}}
	default:
		return given
	}
}

// updateSettings is described once the pool verifies an attribute by itself,
// and otherwise only when it was given.
func updateSettings(s *api.CreateUserPoolRequest) *api.UserAttributeUpdateSettingsType {
	settings := s.UserAttributeUpdateSettings
	if settings == nil && len(s.AutoVerifiedAttributes) == 0 {
		return nil
	}
	if settings == nil || settings.AttributesRequireVerificationBeforeUpdate == nil {
		return &api.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: []api.VerifiedAttributeType{}}
	}
	return settings
}

func email(given *api.EmailConfigurationType) *api.EmailConfigurationType {
	var c api.EmailConfigurationType
	if given != nil {
		c = *given
	}
	c.EmailSendingAccount = cmp.Or(c.EmailSendingAccount, api.EmailSendingAccountTypeCognitoDefault)
	return &c
}

// adminCreateUser mirrors the life of temporary passwords, which the password
// policy holds since it took the setting over.
func adminCreateUser(s *api.CreateUserPoolRequest, policy *api.PasswordPolicyType) *api.AdminCreateUserConfigType {
	var c api.AdminCreateUserConfigType
	if s.AdminCreateUserConfig != nil {
		c = *s.AdminCreateUserConfig
	}
	c.UnusedAccountValidityDays = policy.TemporaryPasswordValidityDays
	return &c
}

// recovery gives the default order, or nothing for an empty setting: that
// selects the old behaviour and is not described (spec/users-and-pools.md
// §2.1).
func recovery(given *api.AccountRecoverySettingType) *api.AccountRecoverySettingType {
	switch {
	case given == nil:
		return &api.AccountRecoverySettingType{RecoveryMechanisms: []api.RecoveryOptionType{
			{Name: api.RecoveryOptionNameTypeVerifiedEmail, Priority: 1},
			{Name: api.RecoveryOptionNameTypeVerifiedPhoneNumber, Priority: 2},
		}}
	case len(given.RecoveryMechanisms) == 0:
		return nil
	default:
		return given
	}
}

// levels completes the names of the four authentication levels; all are
// always described (spec/newest-features.md §10.1).
func levels(given map[string]api.AcrLevelConfigType) map[string]api.AcrLevelConfigType {
	named := map[string]api.AcrLevelConfigType{
		"Level1": {AcrValue: "urn:cognito:loa:1"},
		"Level2": {AcrValue: "urn:cognito:loa:2"},
		"Level3": {AcrValue: "urn:cognito:loa:3"},
		"Level4": {AcrValue: "urn:cognito:loa:4"},
	}
	maps.Copy(named, given)
	return named
}

// registration completes the configuration of dynamic client registration:
// given without a status it is switched on (spec/newest-features.md §11.1).
func registration(given *api.DcrConfigurationType) *api.DcrConfigurationType {
	if given == nil {
		return nil
	}
	c := *given
	c.EnableStatus = cmp.Or(c.EnableStatus, api.StatusTypeEnabled)
	if c.AuthenticatedGrantTypes == nil {
		c.AuthenticatedGrantTypes = []api.OAuthFlowType{api.OAuthFlowTypeCode, api.OAuthFlowTypeClientCredentials}
	}
	if c.OpenDcrGrantTypes == nil {
		c.OpenDcrGrantTypes = []api.OAuthFlowType{api.OAuthFlowTypeCode}
	}
	return &c
}

func issuer(given *api.IssuerConfigurationType) *api.IssuerConfigurationType {
	if given == nil {
		return nil
	}
	return &api.IssuerConfigurationType{Type: cmp.Or(given.Type, api.IssuerTypeOriginal)}
}

func key(given *api.KeyConfigurationType) *api.KeyConfigurationType {
	if given == nil {
		return nil
	}
	c := *given
	if c.KmsKeyArn == "" {
		c.KeyType = cmp.Or(c.KeyType, api.EncryptionKeyTypeAwsOwnedKey)
	}
	return &c
}

// orAbsent makes an empty list an absent one.
func orAbsent[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}
