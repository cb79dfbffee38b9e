package api_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cognate/internal/servertest"
)

const (
	offAndFactor  = "Invalid MFA configuration given, can't turn off MFA and configure an MFA together."
	onWithoutAny  = "Invalid MFA configuration given, can't disable all MFAs with a required or optional configuration."
	passkeysOnly  = "Invalid MFA Configuration given. SMS MFA, Email MFA, or Software Token MFA must be enabled."
	weakFirst     = "Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor if MFA is enabled"
	singlePasskey = "Cannot set WebAuthn factor configuration to SINGLE_FACTOR if MFA is required and WebAuthn is an allowed first auth factor"
	defaultSender = "Cannot set EmailMfaConfiguration when user pool EmailConfiguration contains an EmailSendingAccount of COGNITO_DEFAULT"
	noSender      = "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"
)

var (
	tokenFactor = &types.SoftwareTokenMfaConfigType{Enabled: true}
	smsFactor   = &types.SmsMfaConfigType{SmsConfiguration: smsSender()}
	emailFactor = &types.EmailMfaConfigType{Message: aws.String("Code {####}"), Subject: aws.String("Sign in")}
	passkeys    = &types.WebAuthnConfigurationType{RelyingPartyId: aws.String("example.com"), UserVerification: types.UserVerificationTypePreferred}
)

func smsSender() *types.SmsConfigurationType {
	return &types.SmsConfigurationType{SnsCallerArn: aws.String("arn:aws:iam::123456789012:role/sms"), ExternalId: aws.String("x")}
}

// ownSender gives a pool a sender of its own, which codes by e-mail need.
func ownSender(in *cip.CreateUserPoolInput) {
	in.EmailConfiguration = &types.EmailConfigurationType{
		EmailSendingAccount: types.EmailSendingAccountTypeDeveloper,
		SourceArn:           aws.String("arn:aws:ses:us-east-1:123456789012:identity/sender@example.com"),
	}
}

func withFirstFactors(factors ...types.AuthFactorType) func(*cip.CreateUserPoolInput) {
	return func(in *cip.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{AllowedFirstAuthFactors: factors}}
		in.SmsConfiguration = smsSender()
	}
}

// setMFA replaces the MFA configuration of a pool.
func setMFA(t *testing.T, s *servertest.Server, in cip.SetUserPoolMfaConfigInput) (*cip.SetUserPoolMfaConfigOutput, error) {
	t.Helper()
	return s.SDK.SetUserPoolMfaConfig(t.Context(), &in)
}

func mfaConfig(t *testing.T, s *servertest.Server, pool string) *cip.GetUserPoolMfaConfigOutput {
	t.Helper()
	got, err := s.SDK.GetUserPoolMfaConfig(t.Context(), &cip.GetUserPoolMfaConfigInput{UserPoolId: &pool})
	wantOK(t, err)
	return got
}

var ignoreResult = cmp.Options{
	cmpopts.IgnoreFields(cip.GetUserPoolMfaConfigOutput{}, "ResultMetadata"),
	cmpopts.IgnoreUnexported(
		cip.GetUserPoolMfaConfigOutput{}, types.SoftwareTokenMfaConfigType{}, types.SmsMfaConfigType{}, types.SmsConfigurationType{},
		types.EmailMfaConfigType{}, types.WebAuthnConfigurationType{},
	),
}

// Every row of recorded.md §2.4 that is about the MFA configuration, and the
// rules of users-and-pools.md §13.
func TestSetUserPoolMfaConfigRefusals(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	const (
		off      = types.UserPoolMfaTypeOff
		optional = types.UserPoolMfaTypeOptional
		on       = types.UserPoolMfaTypeOn
	)
	disabled := &types.SoftwareTokenMfaConfigType{Enabled: false}
	single := &types.WebAuthnConfigurationType{FactorConfiguration: types.WebAuthnFactorConfigurationTypeSingleFactor}
	multi := &types.WebAuthnConfigurationType{FactorConfiguration: types.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification}
	emailOTP := withFirstFactors(types.AuthFactorTypePassword, types.AuthFactorTypeEmailOtp)
	smsOTP := withFirstFactors(types.AuthFactorTypePassword, types.AuthFactorTypeSmsOtp)
	webAuthn := withFirstFactors(types.AuthFactorTypePassword, types.AuthFactorTypeWebAuthn)
	lite := func(in *cip.CreateUserPoolInput) { ownSender(in); in.UserPoolTier = types.UserPoolTierTypeLite }
	emailRecovery := func(in *cip.CreateUserPoolInput) {
		ownSender(in)
		in.AccountRecoverySetting = &types.AccountRecoverySettingType{RecoveryMechanisms: []types.RecoveryOptionType{
			{Name: types.RecoveryOptionNameTypeVerifiedEmail, Priority: aws.Int32(1)},
		}}
	}
	for name, tt := range map[string]struct {
		pool   func(*cip.CreateUserPoolInput)
		in     cip.SetUserPoolMfaConfigInput
		code   string // empty: InvalidParameterException
		want   string // empty: accepted
		ourOwn bool   // the wording
	}{
		"off with an app":                     {in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: off, SoftwareTokenMfaConfiguration: tokenFactor}, want: offAndFactor},
		"off with an app switched off":        {in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: off, SoftwareTokenMfaConfiguration: disabled}, want: offAndFactor},
		"off with e-mail":                     {in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: off, EmailMfaConfiguration: emailFactor}, want: offAndFactor},
		"off with SMS":                        {in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: off, SmsMfaConfiguration: smsFactor}, want: offAndFactor},
		"nothing said, with an app":           {in: cip.SetUserPoolMfaConfigInput{SoftwareTokenMfaConfiguration: tokenFactor}, want: offAndFactor},
		"off with passkeys":                   {in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: off, WebAuthnConfiguration: passkeys}},
		"optional alone":                      {in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: optional}, want: onWithoutAny},
		"on alone":                            {in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: on}, want: onWithoutAny},
		"on with an app switched off":         {in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: on, SoftwareTokenMfaConfiguration: disabled}, want: onWithoutAny},
		"on with passkeys only":               {in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: on, WebAuthnConfiguration: multi}, want: passkeysOnly},
		"optional with passkeys only":         {in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: optional, WebAuthnConfiguration: single}, want: passkeysOnly},
		"on after EMAIL_OTP":                  {pool: emailOTP, in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: on, SoftwareTokenMfaConfiguration: tokenFactor}, want: weakFirst},
		"on after SMS_OTP":                    {pool: smsOTP, in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: on, SoftwareTokenMfaConfiguration: tokenFactor}, want: weakFirst},
		"optional after EMAIL_OTP":            {pool: emailOTP, in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: optional, SoftwareTokenMfaConfiguration: tokenFactor}},
		"on after passkeys, absent":           {pool: webAuthn, in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: on, SoftwareTokenMfaConfiguration: tokenFactor}, want: singlePasskey},
		"on after passkeys, single":           {pool: webAuthn, in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: on, SoftwareTokenMfaConfiguration: tokenFactor, WebAuthnConfiguration: single}, want: singlePasskey},
		"on after passkeys, multi":            {pool: webAuthn, in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: on, SoftwareTokenMfaConfiguration: tokenFactor, WebAuthnConfiguration: multi}},
		"optional after passkeys, single":     {pool: webAuthn, in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: optional, SoftwareTokenMfaConfiguration: tokenFactor, WebAuthnConfiguration: single}},
		"e-mail with the default sender":      {in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: optional, EmailMfaConfiguration: emailFactor}, want: defaultSender},
		"e-mail with a sender of its own":     {pool: ownSender, in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: on, EmailMfaConfiguration: emailFactor}},
		"SMS without a sender":                {in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: on, SmsMfaConfiguration: &types.SmsMfaConfigType{}}, want: noSender},
		"SMS with a sender":                   {in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: on, SmsMfaConfiguration: smsFactor}},
		"e-mail where only e-mail recovers":   {pool: emailRecovery, in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: on, EmailMfaConfiguration: emailFactor}, want: "refused", ourOwn: true},
		"e-mail on the plan without it":       {pool: lite, in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: on, EmailMfaConfiguration: emailFactor}, code: "FeatureUnavailableInTierException", want: "refused", ourOwn: true},
		"passkeys on the plan without them":   {pool: lite, in: cip.SetUserPoolMfaConfigInput{WebAuthnConfiguration: passkeys}, code: "FeatureUnavailableInTierException", want: "refused", ourOwn: true},
		"an app on the plan with the fewest":  {pool: lite, in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: on, SoftwareTokenMfaConfiguration: tokenFactor}},
		"an app switched off beside messages": {in: cip.SetUserPoolMfaConfigInput{MfaConfiguration: on, SoftwareTokenMfaConfiguration: disabled, SmsMfaConfiguration: smsFactor}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := s.CreatePool(t, tt.pool)
			before := mfaConfig(t, s, pool)
			tt.in.UserPoolId = &pool
			_, err := setMFA(t, s, tt.in)
			if tt.want == "" {
				wantOK(t, err)
				return
			}
			code := tt.code
			if code == "" {
				code = "InvalidParameterException"
			}
			if tt.ourOwn {
				wantCode(t, err, code)
			} else {
				wantError(t, err, code, tt.want)
			}
			if diff := cmp.Diff(before, mfaConfig(t, s, pool), ignoreResult); diff != "" {
				t.Errorf("a refused request changed the pool: %s", diff)
			}
		})
	}
	t.Run("unknown pool", func(t *testing.T) {
		t.Parallel()
		unknown := "us-east-1_Unknown99"
		_, err := setMFA(t, s, cip.SetUserPoolMfaConfigInput{UserPoolId: &unknown})
		wantCode(t, err, "ResourceNotFoundException")
		_, err = s.SDK.GetUserPoolMfaConfig(t.Context(), &cip.GetUserPoolMfaConfigInput{UserPoolId: &unknown})
		wantCode(t, err, "ResourceNotFoundException")
	})
}

func TestUserPoolMfaConfigIsReplacedAsAWhole(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, ownSender)
	if diff := cmp.Diff(&cip.GetUserPoolMfaConfigOutput{MfaConfiguration: "OFF"}, mfaConfig(t, s, pool), ignoreResult); diff != "" {
		t.Errorf("a pool made with a name: %s", diff)
	}
	set, err := setMFA(t, s, cip.SetUserPoolMfaConfigInput{
		UserPoolId: &pool, MfaConfiguration: "ON", SoftwareTokenMfaConfiguration: tokenFactor, EmailMfaConfiguration: emailFactor,
		SmsMfaConfiguration:   &types.SmsMfaConfigType{SmsConfiguration: smsSender(), SmsAuthenticationMessage: aws.String("{####} it is")},
		WebAuthnConfiguration: passkeys,
	})
	wantOK(t, err)
	want := &cip.GetUserPoolMfaConfigOutput{
		MfaConfiguration: "ON", SoftwareTokenMfaConfiguration: tokenFactor, EmailMfaConfiguration: emailFactor,
		SmsMfaConfiguration:   &types.SmsMfaConfigType{SmsConfiguration: smsSender(), SmsAuthenticationMessage: aws.String("{####} it is")},
		WebAuthnConfiguration: passkeys,
	}
	shown := &cip.GetUserPoolMfaConfigOutput{
		MfaConfiguration: set.MfaConfiguration, SoftwareTokenMfaConfiguration: set.SoftwareTokenMfaConfiguration,
		EmailMfaConfiguration: set.EmailMfaConfiguration, SmsMfaConfiguration: set.SmsMfaConfiguration,
		WebAuthnConfiguration: set.WebAuthnConfiguration,
	}
	for name, got := range map[string]*cip.GetUserPoolMfaConfigOutput{"answer": shown, "read again": mfaConfig(t, s, pool)} {
		if diff := cmp.Diff(want, got, ignoreResult); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	described, err := s.SDK.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &pool})
	wantOK(t, err)
	if p := described.UserPool; p.MfaConfiguration != "ON" || aws.ToString(p.SmsAuthenticationMessage) != "{####} it is" || p.SmsConfiguration == nil {
		t.Errorf("described: %s %v %v", p.MfaConfiguration, p.SmsAuthenticationMessage, p.SmsConfiguration)
	}

	// What is left out goes; the sender of SMS is a setting of the pool and stays.
	_, err = setMFA(t, s, cip.SetUserPoolMfaConfigInput{UserPoolId: &pool, MfaConfiguration: "OPTIONAL", SoftwareTokenMfaConfiguration: tokenFactor})
	wantOK(t, err)
	want = &cip.GetUserPoolMfaConfigOutput{MfaConfiguration: "OPTIONAL", SoftwareTokenMfaConfiguration: tokenFactor}
	if diff := cmp.Diff(want, mfaConfig(t, s, pool), ignoreResult); diff != "" {
		t.Errorf("replaced: %s", diff)
	}
	// An update that does not speak of MFA leaves it alone.
	_, err = s.SDK.UpdateUserPool(t.Context(), &cip.UpdateUserPoolInput{UserPoolId: &pool, SmsConfiguration: smsSender()})
	wantOK(t, err)
	if diff := cmp.Diff(want, mfaConfig(t, s, pool), ignoreResult); diff != "" {
		t.Errorf("after UpdateUserPool: %s", diff)
	}
	// The pool alone in a request: MFA off, factors dropped.
	_, err = setMFA(t, s, cip.SetUserPoolMfaConfigInput{UserPoolId: &pool})
	wantOK(t, err)
	if diff := cmp.Diff(&cip.GetUserPoolMfaConfigOutput{MfaConfiguration: "OFF"}, mfaConfig(t, s, pool), ignoreResult); diff != "" {
		t.Errorf("switched off: %s", diff)
	}
}

func TestUpdateUserPoolKeepsFactorsUsable(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, ownSender)
	_, err := setMFA(t, s, cip.SetUserPoolMfaConfigInput{UserPoolId: &pool, MfaConfiguration: "ON", EmailMfaConfiguration: emailFactor})
	wantOK(t, err)
	// Without EmailConfiguration the sender goes back to the default one.
	_, err = s.SDK.UpdateUserPool(t.Context(), &cip.UpdateUserPoolInput{UserPoolId: &pool})
	wantError(t, err, "InvalidParameterException", defaultSender)

	pool = s.CreatePool(t, func(in *cip.CreateUserPoolInput) {
		in.MfaConfiguration, in.SmsConfiguration = types.UserPoolMfaTypeOn, smsSender()
	})
	want := &cip.GetUserPoolMfaConfigOutput{MfaConfiguration: "ON", SmsMfaConfiguration: smsFactor}
	if diff := cmp.Diff(want, mfaConfig(t, s, pool), ignoreResult); diff != "" {
		t.Errorf("created with MFA on: %s", diff)
	}
	_, err = s.SDK.UpdateUserPool(t.Context(), &cip.UpdateUserPoolInput{UserPoolId: &pool})
	wantError(t, err, "InvalidParameterException", noSender)
}
