package pools

import (
	"regexp"
	"slices"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/protocol/webauthn"
	"cognate/internal/store"
)

// maxTags is the number of tags of a pool (spec/users-and-pools.md §20).
const maxTags = 50

// checkValidityDays refuses the two settings for the life of temporary
// passwords in one request.
func checkValidityDays(policies *api.UserPoolPolicyType, config *api.AdminCreateUserConfigType) error {
	inPolicy := policies != nil && policies.PasswordPolicy != nil && policies.PasswordPolicy.TemporaryPasswordValidityDays != nil
	if inPolicy && config != nil && config.UnusedAccountValidityDays != nil {
		return api.InvalidParameterException("Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays")
	}
	return nil
}

// check looks at a pool's settings as a whole.
func check(settings *store.PoolSettings) error {
	pool := &settings.Pool
	if err := checkTier(settings); err != nil {
		return err
	}
	for _, step := range []func(*api.UserPoolType) error{
		checkSignInNames,
		checkVerification,
		checkFirstFactors,
		checkMessaging,
		checkInvitation,
		checkFunctions,
		checkRecovery,
		checkLevels,
		checkKey,
		checkTags,
	} {
		if err := step(pool); err != nil {
			return err
		}
	}
	return checkMFA(pool, &settings.MFA)
}

func checkSignInNames(pool *api.UserPoolType) error {
	if len(pool.AliasAttributes) > 0 && len(pool.UsernameAttributes) > 0 {
		return api.InvalidParameterException("Only one of the aliasAttributes or usernameAttributes can be set in a user pool.")
	}
	if !slices.Contains(pool.AliasAttributes, api.AliasAttributeTypePreferredUsername) {
		return nil
	}
	for _, a := range pool.SchemaAttributes {
		if a.Name == "preferred_username" && a.Required != nil && *a.Required {
			return api.InvalidParameterException("preferred_username can not be both a required attribute and an alias attribute.")
		}
	}
	return nil
}

func checkVerification(pool *api.UserPoolType) error {
	if slices.Contains(pool.AutoVerifiedAttributes, api.VerifiedAttributeTypePhoneNumber) && pool.SmsConfiguration == nil {
		return api.InvalidParameterException("SMS configuration is required when phone_number is selected for auto verification")
	}
	if pool.UserAttributeUpdateSettings == nil {
		return nil
	}
	for _, name := range pool.UserAttributeUpdateSettings.AttributesRequireVerificationBeforeUpdate {
		if !slices.Contains(pool.AutoVerifiedAttributes, name) {
			return api.InvalidParameterException("Attribute %s requires verification before update and therefore has to be auto verified.", name)
		}
	}
	return nil
}

func checkFirstFactors(pool *api.UserPoolType) error {
	if pool.Policies.SignInPolicy == nil {
		return nil
	}
	factors := pool.Policies.SignInPolicy.AllowedFirstAuthFactors
	if !slices.Contains(factors, api.AuthFactorTypePassword) {
		return api.InvalidParameterException("Password should be configured as one of the allowed first auth factors.")
	}
	if slices.Contains(factors, api.AuthFactorTypeSoftwareToken) {
		return api.InvalidParameterException("SOFTWARE_TOKEN can not be configured as one of the allowed first auth factors.")
	}
	if slices.Contains(factors, api.AuthFactorTypeSmsOtp) && pool.SmsConfiguration == nil {
		return api.InvalidParameterException("SMS_OTP can not be configured as AuthFactor as user pool is missing valid SMS configuration")
	}
	return nil
}

// checkRequiredMFA refuses first factors that a required second one cannot
// follow.
func checkRequiredMFA(factors []api.AuthFactorType, passkeys *api.WebAuthnConfigurationType) error {
	if slices.Contains(factors, api.AuthFactorTypeEmailOtp) || slices.Contains(factors, api.AuthFactorTypeSmsOtp) {
		return api.InvalidParameterException("Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor if MFA is enabled")
	}
	verifies := passkeys != nil &&
		passkeys.FactorConfiguration == api.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification
	if slices.Contains(factors, api.AuthFactorTypeWebAuthn) && !verifies {
		return api.InvalidParameterException("Cannot set WebAuthn factor configuration to SINGLE_FACTOR if MFA is required and WebAuthn is an allowed first auth factor")
	}
	return nil
}

// checkMessaging looks at the senders (spec/users-and-pools.md §2.3,
// spec/newest-features.md §18).
func checkMessaging(pool *api.UserPoolType) error {
	if c := pool.EmailConfiguration; c.EmailSendingAccount == api.EmailSendingAccountTypeDeveloper && c.SourceArn == "" {
		return api.InvalidParameterException("SourceArn is required when EmailSendingAccount is DEVELOPER.")
	}
	sms := pool.SmsConfiguration
	if sms == nil {
		return nil
	}
	byTopic := sms.SnsCallerArn != nil && *sms.SnsCallerArn != ""
	if byTopic == (sms.EumsSms != nil) {
		return api.InvalidParameterException("Exactly one of SnsCallerArn and EumsSms must be given in SmsConfiguration.")
	}
	if sms.EumsSms != nil && sms.EumsSms.Region != "" && sms.EumsSms.Region != regionOf(pool) {
		return api.InvalidParameterException("Region of EumsSms must be the Region of the user pool.")
	}
	return nil
}

func checkRecovery(pool *api.UserPoolType) error {
	if pool.AccountRecoverySetting == nil {
		return nil
	}
	options := pool.AccountRecoverySetting.RecoveryMechanisms
	for i, option := range options {
		if option.Name == api.RecoveryOptionNameTypeAdminOnly && len(options) > 1 {
			return api.InvalidParameterException("Account Recovery Setting cannot use admin_only setting with any other recovery mechanisms.")
		}
		for _, earlier := range options[:i] {
			if earlier.Name == option.Name || earlier.Priority == option.Priority {
				return api.InvalidParameterException("Account Recovery Setting has duplicate names or priorities.")
			}
		}
	}
	return nil
}

// checkLevels wants four different names, defaults included.
func checkLevels(pool *api.UserPoolType) error {
	levelOf := make(map[string]string, len(pool.AcrConfiguration))
	for level, named := range pool.AcrConfiguration {
		if other, taken := levelOf[named.AcrValue]; taken {
			return api.InvalidParameterException("AcrValue must be unique: %s and %s have the same value.", min(level, other), max(level, other))
		}
		levelOf[named.AcrValue] = level
	}
	return nil
}

// kmsKey matches the ARN of a key, not of an alias.
var kmsKey = regexp.MustCompile(`^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$`)

// checkKey follows spec/newest-features.md §3.
func checkKey(pool *api.UserPoolType) error {
	c := pool.KeyConfiguration
	switch {
	case c == nil:
		return nil
	case c.KeyType == "":
		return api.InvalidParameterException("KeyType is required when KmsKeyArn is given.")
	case c.KeyType == api.EncryptionKeyTypeCustomerManagedKey && c.KmsKeyArn == "":
		return api.InvalidParameterException("KmsKeyArn is required when KeyType is CUSTOMER_MANAGED_KEY.")
	case c.KeyType == api.EncryptionKeyTypeAwsOwnedKey && c.KmsKeyArn != "":
		return api.InvalidParameterException("KmsKeyArn can not be given when KeyType is AWS_OWNED_KEY.")
	case c.KmsKeyArn != "" && !kmsKey.MatchString(c.KmsKeyArn):
		return api.InvalidParameterException("KmsKeyArn must be the ARN of a KMS key.")
	default:
		return nil
	}
}

func checkTags(pool *api.UserPoolType) error {
	if len(pool.UserPoolTags) > maxTags {
		return api.UserPoolTaggingException("A user pool can have at most %d tags.", maxTags)
	}
	return checkOwnTags(pool)
}

// checkOwnTags refuses values of Cognate's own tags that would mean nothing.
func checkOwnTags(pool *api.UserPoolType) error {
	if value, set := pool.UserPoolTags[directory.StrictEnrolmentTag]; set && value != directory.StrictEnrolmentOn {
		return api.InvalidParameterException("The tag %s can only be %s.", directory.StrictEnrolmentTag, directory.StrictEnrolmentOn)
	}
	for tag, value := range pool.UserPoolTags {
		if !directory.ListsPasskeyOrigins(tag) {
			continue
		}
		for origin := range strings.FieldsSeq(value) {
			if !webauthn.NativeOrigin(origin) {
				return api.InvalidParameterException("The tag %s has %s, which is not the origin of a native app.", tag, origin)
			}
		}
	}
	if value, set := pool.UserPoolTags[directory.CodeReplayTag]; set && value != directory.CodeReplayRevokes {
		return api.InvalidParameterException("The tag %s can only be %s.", directory.CodeReplayTag, directory.CodeReplayRevokes)
	}
	return checkSignUpExistence(pool)
}

// checkSignUpExistence refuses the tag that hides existence at sign-up where it
// would hide nothing: whoever chooses a user name sees whether a code comes to an
// address of theirs.
func checkSignUpExistence(pool *api.UserPoolType) error {
	value, set := pool.UserPoolTags[directory.SignUpExistenceTag]
	switch {
	case !set:
		return nil
	case value != directory.SignUpHidden:
		return api.InvalidParameterException("The tag %s can only be %s.", directory.SignUpExistenceTag, directory.SignUpHidden)
	case len(pool.UsernameAttributes) != 1 || !attributes.AutoVerified(pool, string(pool.UsernameAttributes[0])):
		return api.InvalidParameterException("The tag %s needs a pool with one username attribute that is verified automatically.",
			directory.SignUpExistenceTag)
	}
	return nil
}
