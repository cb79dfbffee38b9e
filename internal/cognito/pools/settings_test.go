package pools

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/store"
)

// made configures a pool from the JSON of a CreateUserPool request.
func made(t *testing.T, request string) (*store.PoolSettings, error) {
	t.Helper()
	in := api.CreateUserPoolRequest{PoolName: "shop", UserPoolTier: api.UserPoolTierTypeEssentials}
	if err := json.Unmarshal([]byte(request), &in); err != nil {
		t.Fatal(err)
	}
	settings := &store.PoolSettings{Pool: api.UserPoolType{
		Id:                 "eu-west-1_AbCdEf123",
		SchemaAttributes:   attributes.Standard(),
		AliasAttributes:    in.AliasAttributes,
		UsernameAttributes: in.UsernameAttributes,
	}}
	return settings, configure(settings, &in)
}

// updated changes a pool by the JSON of an UpdateUserPool request.
func updated(t *testing.T, settings *store.PoolSettings, request string) error {
	t.Helper()
	var in api.UpdateUserPoolRequest
	if err := json.Unmarshal([]byte(request), &in); err != nil {
		t.Fatal(err)
	}
	if err := checkValidityDays(in.Policies, in.AdminCreateUserConfig); err != nil {
		return err
	}
	return configure(settings, merge(&settings.Pool, &in))
}

const (
	aTopic = `"SmsConfiguration":{"SnsCallerArn":"arn:aws:iam::123456789012:role/sms","ExternalId":"x"}`
	aKey   = `arn:aws:kms:eu-west-1:123456789012:key/mrk-1234`
)

func TestBadSettingsAreRefused(t *testing.T) {
	t.Parallel()
	const noSMS = "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"
	for _, c := range []struct{ name, request, message string }{
		{"alias and user name attributes", `{"AliasAttributes":["email"],"UsernameAttributes":["email"]}`, "Only one of the aliasAttributes or usernameAttributes can be set in a user pool."},
		{"phone verified without SMS", `{"AutoVerifiedAttributes":["phone_number"]}`, "SMS configuration is required when phone_number is selected for auto verification"},
		{"first factors without password", `{"Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["EMAIL_OTP"]}}}`, "Password should be configured as one of the allowed first auth factors."},
		{"SMS factor without SMS", `{"Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","SMS_OTP"]}}}`, "SMS_OTP can not be configured as AuthFactor as user pool is missing valid SMS configuration"},
		{"MFA required without SMS", `{"MfaConfiguration":"ON"}`, noSMS},
		{"MFA optional without SMS", `{"MfaConfiguration":"OPTIONAL"}`, noSMS},
		{"MFA required beside one-time codes", `{"MfaConfiguration":"ON",` + aTopic + `,"Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","EMAIL_OTP"]}}}`, "Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor if MFA is enabled"},
		{"MFA required beside passkeys", `{"MfaConfiguration":"ON",` + aTopic + `,"Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","WEB_AUTHN"]}}}`, "Cannot set WebAuthn factor configuration to SINGLE_FACTOR if MFA is required and WebAuthn is an allowed first auth factor"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := made(t, c.request)
			wantInvalid(t, err, c.message)
		})
	}
}

// The texts of these are our own.
func TestMoreBadSettingsAreRefused(t *testing.T) {
	t.Parallel()
	for _, request := range []string{
		`{"Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","SOFTWARE_TOKEN"]}}}`,
		`{"AutoVerifiedAttributes":["email"],` + aTopic + `,"UserAttributeUpdateSettings":{"AttributesRequireVerificationBeforeUpdate":["phone_number"]}}`,
		`{"EmailConfiguration":{"EmailSendingAccount":"DEVELOPER"}}`,
		`{"SmsConfiguration":{}}`,
		`{"SmsConfiguration":{"SnsCallerArn":""}}`,
		`{"SmsConfiguration":{"SnsCallerArn":"arn:aws:iam::123456789012:role/sms","EumsSms":{"CallerArn":"arn:aws:iam::123456789012:role/sms"}}}`,
		`{"SmsConfiguration":{"EumsSms":{"CallerArn":"arn:aws:iam::123456789012:role/sms","Region":"us-east-1"}}}`,
		`{"AccountRecoverySetting":{"RecoveryMechanisms":[{"Name":"admin_only","Priority":1},{"Name":"verified_email","Priority":2}]}}`,
		`{"AccountRecoverySetting":{"RecoveryMechanisms":[{"Name":"verified_email","Priority":1},{"Name":"verified_email","Priority":2}]}}`,
		`{"AccountRecoverySetting":{"RecoveryMechanisms":[{"Name":"verified_email","Priority":1},{"Name":"verified_phone_number","Priority":1}]}}`,
		`{"AcrConfiguration":{"Level1":{"AcrValue":"low"},"Level2":{"AcrValue":"low"}}}`,
		`{"AcrConfiguration":{"Level1":{"AcrValue":"urn:cognito:loa:3"}}}`,
		`{"KeyConfiguration":{"KeyType":"CUSTOMER_MANAGED_KEY"}}`,
		`{"KeyConfiguration":{"KeyType":"AWS_OWNED_KEY","KmsKeyArn":"` + aKey + `"}}`,
		`{"KeyConfiguration":{"KmsKeyArn":"` + aKey + `"}}`,
		`{"KeyConfiguration":{"KeyType":"CUSTOMER_MANAGED_KEY","KmsKeyArn":"arn:aws:kms:eu-west-1:123456789012:alias/mine"}}`,
		`{"LambdaConfig":{"PreTokenGeneration":"arn:aws:lambda:eu-west-1:123456789012:function:a","PreTokenGenerationConfig":{"LambdaVersion":"V1_0","LambdaArn":"arn:aws:lambda:eu-west-1:123456789012:function:b"}}}`,
		`{"LambdaConfig":{"CustomEmailSender":{"LambdaVersion":"V1_0","LambdaArn":"arn:aws:lambda:eu-west-1:123456789012:function:a"}}}`,
		`{"AdminCreateUserConfig":{"InviteMessageTemplate":{"EmailMessage":"Your password is {####}"}}}`,
		`{"AdminCreateUserConfig":{"InviteMessageTemplate":{"SMSMessage":"Welcome {username}"}}}`,
	} {
		if _, err := made(t, request); !api.HasCode(err, "InvalidParameterException") {
			t.Errorf("%s: %v", request, err)
		}
	}
}

func TestGoodSettingsAreDescribedAsGiven(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, request, member, want string }{
		{"the pool's own SMS Region", `{"SmsConfiguration":{"EumsSms":{"CallerArn":"arn:aws:iam::123456789012:role/sms","Region":"eu-west-1"}}}`, "SmsConfiguration", `{"EumsSms":{"CallerArn":"arn:aws:iam::123456789012:role/sms","Region":"eu-west-1"}}`},
		{"an empty topic beside the other way", `{"SmsConfiguration":{"SnsCallerArn":"","EumsSms":{"CallerArn":"arn:aws:iam::123456789012:role/sms"}}}`, "SmsConfiguration", `{"EumsSms":{"CallerArn":"arn:aws:iam::123456789012:role/sms"},"SnsCallerArn":""}`},
		{"partly given password policy", `{"Policies":{"PasswordPolicy":{"RequireNumbers":true}}}`, "Policies", `{"PasswordPolicy":{"MinimumLength":8,"RequireLowercase":false,"RequireNumbers":true,"RequireSymbols":false,"RequireUppercase":false,"TemporaryPasswordValidityDays":7},"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD"]}}`},
		{"no days for temporary passwords", `{"Policies":{"PasswordPolicy":{"MinimumLength":99,"TemporaryPasswordValidityDays":0}}}`, "AdminCreateUserConfig", `{"AllowAdminCreateUserOnly":false,"UnusedAccountValidityDays":7}`},
		{"mirrored days", `{"AdminCreateUserConfig":{"AllowAdminCreateUserOnly":true,"UnusedAccountValidityDays":30}}`, "AdminCreateUserConfig", `{"AllowAdminCreateUserOnly":true,"UnusedAccountValidityDays":30}`},
		{"mirrored text", `{"EmailVerificationSubject":"Hello","SmsVerificationMessage":"code {####}"}`, "VerificationMessageTemplate", `{"DefaultEmailOption":"CONFIRM_WITH_CODE","EmailSubject":"Hello","SmsMessage":"code {####}"}`},
		{"mirrored template", `{"VerificationMessageTemplate":{"DefaultEmailOption":"CONFIRM_WITH_LINK","EmailMessage":"code {####}"}}`, "EmailVerificationMessage", `"code {####}"`},
		{"update settings of an auto-verifying pool", `{"AutoVerifiedAttributes":["email"]}`, "UserAttributeUpdateSettings", `{"AttributesRequireVerificationBeforeUpdate":[]}`},
		{"no update settings otherwise", `{}`, "UserAttributeUpdateSettings", ``},
		{"empty recovery setting", `{"AccountRecoverySetting":{}}`, "AccountRecoverySetting", ``},
		{"empty list", `{"AutoVerifiedAttributes":[]}`, "AutoVerifiedAttributes", ``},
		{"one level named", `{"AcrConfiguration":{"Level2":{"AcrValue":"code"}}}`, "AcrConfiguration", `{"Level1":{"AcrValue":"urn:cognito:loa:1"},"Level2":{"AcrValue":"code"},"Level3":{"AcrValue":"urn:cognito:loa:3"},"Level4":{"AcrValue":"urn:cognito:loa:4"}}`},
		{"client registration without status", `{"DcrConfiguration":{}}`, "DcrConfiguration", `{"AuthenticatedGrantTypes":["code","client_credentials"],"EnableStatus":"Enabled","OpenDcrEnabled":false,"OpenDcrGrantTypes":["code"]}`},
		{"client registration refused to all", `{"DcrConfiguration":{"EnableStatus":"Disabled","AuthenticatedGrantTypes":[],"OpenDcrGrantTypes":[]}}`, "DcrConfiguration", `{"AuthenticatedGrantTypes":[],"EnableStatus":"Disabled","OpenDcrEnabled":false,"OpenDcrGrantTypes":[]}`},
		{"issuer without type", `{"IssuerConfiguration":{}}`, "IssuerConfiguration", `{"Type":"ORIGINAL"}`},
		{"key without type", `{"KeyConfiguration":{}}`, "KeyConfiguration", `{"KeyType":"AWS_OWNED_KEY"}`},
		{"own key", `{"KeyConfiguration":{"KeyType":"CUSTOMER_MANAGED_KEY","KmsKeyArn":"` + aKey + `"}}`, "KeyConfiguration", `{"KeyType":"CUSTOMER_MANAGED_KEY","KmsKeyArn":"` + aKey + `"}`},
		{"one of two function members", `{"LambdaConfig":{"PreTokenGeneration":"arn:aws:lambda:eu-west-1:123456789012:function:a"}}`, "LambdaConfig", `{"PreTokenGeneration":"arn:aws:lambda:eu-west-1:123456789012:function:a","PreTokenGenerationConfig":{"LambdaArn":"arn:aws:lambda:eu-west-1:123456789012:function:a","LambdaVersion":"V1_0"}}`},
		{"devices", `{"DeviceConfiguration":{}}`, "DeviceConfiguration", `{"ChallengeRequiredOnNewDevice":false,"DeviceOnlyRememberedOnUserPrompt":false}`},
		{"MFA with SMS and nothing auto-verified", `{"MfaConfiguration":"ON",` + aTopic + `}`, "MfaConfiguration", `"ON"`},
		{"MFA optional beside one-time codes", `{"MfaConfiguration":"OPTIONAL",` + aTopic + `,"Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","EMAIL_OTP"]}}}`, "MfaConfiguration", `"OPTIONAL"`},
		{"own texts with the default sender", `{"EmailVerificationMessage":"code {####}"}`, "EmailConfiguration", `{"EmailSendingAccount":"COGNITO_DEFAULT"}`},
		{"invitation without password in a passwordless pool", `{"Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","EMAIL_OTP"]}},"AdminCreateUserConfig":{"InviteMessageTemplate":{"EmailMessage":"Welcome {username}"}}}`, "MfaConfiguration", `"OFF"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			settings, err := made(t, c.request)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, member(t, &settings.Pool, c.member)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// member gives one member of a pool as JSON, nothing when it is absent.
func member(t *testing.T, pool *api.UserPoolType, name string) string {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(asJSON(t, pool)), &members); err != nil {
		t.Fatal(err)
	}
	return string(members[name])
}

func TestFeaturesBeyondThePlanAreNamed(t *testing.T) {
	t.Parallel()
	const beyond = "The following features need to be disabled for the "
	for _, c := range []struct{ name, request, message string }{
		{"threat protection on Essentials", `{"UserPoolAddOns":{"AdvancedSecurityMode":"ENFORCED"}}`, beyond + "ESSENTIALS pricing tier configured: Threat Protection"},
		{"audited on Lite", `{"UserPoolTier":"LITE","UserPoolAddOns":{"AdvancedSecurityMode":"AUDIT"}}`, beyond + "LITE pricing tier configured: Threat Protection"},
		{"one-time codes on Lite", `{"UserPoolTier":"LITE","Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","EMAIL_OTP"]}}}`, beyond + "LITE pricing tier configured: Passwordless Sign-In"},
		{"history on Lite", `{"UserPoolTier":"LITE","Policies":{"PasswordPolicy":{"PasswordHistorySize":1}}}`, beyond + "LITE pricing tier configured: Password History"},
		{"levels on Lite", `{"UserPoolTier":"LITE","AcrConfiguration":{"Level1":{"AcrValue":"low"}}}`, beyond + "LITE pricing tier configured: Authentication Levels"},
		{"registration on Lite", `{"UserPoolTier":"LITE","DcrConfiguration":{}}`, beyond + "LITE pricing tier configured: Dynamic Client Registration"},
		{"second version of tokens on Lite", `{"UserPoolTier":"LITE","LambdaConfig":{"PreTokenGenerationConfig":{"LambdaVersion":"V2_0","LambdaArn":"arn:aws:lambda:eu-west-1:123456789012:function:a"}}}`, beyond + "LITE pricing tier configured: Access Token Customization"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := made(t, c.request)
			wantError(t, err, "FeatureUnavailableInTierException", c.message)
		})
	}
	for _, request := range []string{
		`{"UserPoolTier":"PLUS","UserPoolAddOns":{"AdvancedSecurityMode":"ENFORCED"}}`,
		`{"UserPoolTier":"LITE","UserPoolAddOns":{"AdvancedSecurityMode":"OFF"}}`,
		`{"UserPoolTier":"LITE","DcrConfiguration":{"EnableStatus":"Disabled"}}`,
		`{"UserPoolTier":"LITE","Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD"]},"PasswordPolicy":{"PasswordHistorySize":0}}}`,
		`{"UserPoolTier":"LITE","MfaConfiguration":"ON",` + aTopic + `}`,
	} {
		if _, err := made(t, request); err != nil {
			t.Errorf("%s: %v", request, err)
		}
	}
}

func TestALitePoolShowsNoSignInPolicy(t *testing.T) {
	t.Parallel()
	settings, err := made(t, `{"UserPoolTier":"LITE"}`)
	if err != nil || settings.Pool.Policies.SignInPolicy != nil {
		t.Fatalf("%s, %v", asJSON(t, settings.Pool.Policies), err)
	}
	if err := updated(t, settings, `{"UserPoolTier":"ESSENTIALS"}`); err != nil {
		t.Fatal(err)
	}
	if got := asJSON(t, settings.Pool.Policies.SignInPolicy); got != `{"AllowedFirstAuthFactors":["PASSWORD"]}` {
		t.Errorf("after the move: %s", got)
	}
}

// Which members stay and which go back is spec/users-and-pools.md §2.3.
func TestAnEmptyUpdateKeepsAndResets(t *testing.T) {
	t.Parallel()
	settings, err := made(t, `{
		"UserPoolTier":"PLUS","DeletionProtection":"ACTIVE","MfaConfiguration":"OFF","AutoVerifiedAttributes":["email"],
		"Policies":{"PasswordPolicy":{"MinimumLength":12,"RequireLowercase":true,"TemporaryPasswordValidityDays":3},"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","EMAIL_OTP"]}},
		"UserPoolAddOns":{"AdvancedSecurityMode":"ENFORCED"},"UserPoolTags":{"team":"shop"},
		"DcrConfiguration":{"EnableStatus":"Disabled"},"AcrConfiguration":{"Level1":{"AcrValue":"low"}},"IssuerConfiguration":{"Type":"UPDATED"},
		"AdminCreateUserConfig":{"AllowAdminCreateUserOnly":true},"DeviceConfiguration":{"ChallengeRequiredOnNewDevice":true},
		"LambdaConfig":{"PreSignUp":"arn:aws:lambda:eu-west-1:123456789012:function:a"},
		"EmailVerificationMessage":"code {####}","SmsAuthenticationMessage":"code {####}",`+aTopic+`,
		"AccountRecoverySetting":{"RecoveryMechanisms":[{"Name":"admin_only","Priority":1}]}
	}`)
	if err != nil {
		t.Fatal(err)
	}
	if err := updated(t, settings, `{}`); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Name":                        `"shop"`,
		"UserPoolTier":                `"PLUS"`,
		"MfaConfiguration":            `"OFF"`,
		"Policies":                    `{"PasswordPolicy":{"MinimumLength":12,"RequireLowercase":true,"RequireNumbers":false,"RequireSymbols":false,"RequireUppercase":false,"TemporaryPasswordValidityDays":3},"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","EMAIL_OTP"]}}`,
		"UserPoolTags":                `{"team":"shop"}`,
		"DcrConfiguration":            `{"AuthenticatedGrantTypes":["code","client_credentials"],"EnableStatus":"Disabled","OpenDcrEnabled":false,"OpenDcrGrantTypes":["code"]}`,
		"IssuerConfiguration":         `{"Type":"UPDATED"}`,
		"AdminCreateUserConfig":       `{"AllowAdminCreateUserOnly":false,"UnusedAccountValidityDays":3}`,
		"DeletionProtection":          `"INACTIVE"`,
		"LambdaConfig":                `{}`,
		"EmailConfiguration":          `{"EmailSendingAccount":"COGNITO_DEFAULT"}`,
		"VerificationMessageTemplate": `{"DefaultEmailOption":"CONFIRM_WITH_CODE"}`,
		"AccountRecoverySetting":      `{"RecoveryMechanisms":[{"Name":"verified_email","Priority":1},{"Name":"verified_phone_number","Priority":2}]}`,
		"AutoVerifiedAttributes":      ``,
		"UserAttributeUpdateSettings": ``,
		"UserPoolAddOns":              ``,
		"DeviceConfiguration":         ``,
		"SmsConfiguration":            ``,
		"SmsAuthenticationMessage":    ``,
		"EmailVerificationMessage":    ``,
	} {
		if diff := cmp.Diff(want, member(t, &settings.Pool, name)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	if got := settings.Pool.AcrConfiguration["Level1"].AcrValue; got != "low" {
		t.Errorf("level 1 is named %s", got)
	}
}

func TestOnePolicyIsUpdatedWithoutTheOther(t *testing.T) {
	t.Parallel()
	const factors, length = `"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","EMAIL_OTP"]}`, `"PasswordPolicy":{"MinimumLength":12}`
	settings, err := made(t, `{"Policies":{`+factors+`}}`)
	if err != nil {
		t.Fatal(err)
	}
	if err := updated(t, settings, `{"Policies":{`+length+`}}`); err != nil {
		t.Fatal(err)
	}
	got := asJSON(t, settings.Pool.Policies)
	if !strings.Contains(got, factors) || !strings.Contains(got, `"MinimumLength":12`) {
		t.Errorf("policies %s", got)
	}
}

func TestTheLifeOfTemporaryPasswordsHasOneSource(t *testing.T) {
	t.Parallel()
	settings, err := made(t, `{"Policies":{"PasswordPolicy":{"TemporaryPasswordValidityDays":3}}}`)
	if err != nil {
		t.Fatal(err)
	}
	err = updated(t, settings, `{"Policies":{"PasswordPolicy":{"TemporaryPasswordValidityDays":3}},"AdminCreateUserConfig":{"UnusedAccountValidityDays":3}}`)
	wantInvalid(t, err, "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays")
	if err := updated(t, settings, `{"AdminCreateUserConfig":{"UnusedAccountValidityDays":30}}`); err != nil {
		t.Fatal(err)
	}
	if got := *settings.Pool.Policies.PasswordPolicy.TemporaryPasswordValidityDays; got != 30 {
		t.Errorf("the policy says %d days", got)
	}
}

func TestMFAOfAnotherFactorNeedsNoSMS(t *testing.T) {
	t.Parallel()
	settings, err := made(t, `{"MfaConfiguration":"ON",`+aTopic+`}`)
	if err != nil {
		t.Fatal(err)
	}
	if settings.MFA.SmsMfaConfiguration == nil || settings.MFA.MfaConfiguration != api.UserPoolMfaTypeOn {
		t.Errorf("MFA configuration %s", asJSON(t, settings.MFA))
	}
	err = updated(t, settings, `{}`) // SMS goes, and with it the only factor
	wantInvalid(t, err, "SMS configuration and Auto verification for phone_number are required when MFA is required/optional")

	settings.MFA.SoftwareTokenMfaConfiguration = &api.SoftwareTokenMfaConfigType{Enabled: true}
	if err := updated(t, settings, `{}`); err != nil {
		t.Error(err)
	}
	if err := updated(t, settings, `{"MfaConfiguration":"OFF"}`); err != nil {
		t.Fatal(err)
	}
	if got := asJSON(t, settings.MFA); got != `{"MfaConfiguration":"OFF"}` {
		t.Errorf("switched off: %s", got)
	}
}

func TestS036PoolIDsAreRandomOverTheWholeAlphabet(t *testing.T) {
	t.Parallel()
	var o Operations
	seen := map[string]bool{}
	used := map[rune]int{}
	const draws = 20_000
	for range draws {
		id, err := o.newID(t.Context(), "eu-west-1", nil)
		if err != nil {
			t.Fatal(err)
		}
		short, ok := strings.CutPrefix(id, "eu-west-1_")
		if !ok || len(short) != 9 || !shortID.MatchString(short) || seen[id] {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
		for _, r := range short {
			used[r]++
		}
	}
	expected := float64(draws*9) / 62
	for _, r := range idCharacters {
		// Six standard deviations: a fair draw practically never leaves them.
		if n := float64(used[r]); n < expected*0.88 || n > expected*1.12 {
			t.Errorf("%c was drawn %v times, expected about %.0f", r, n, expected)
		}
	}
}

func TestAPoolIDIsChosenInDevOnly(t *testing.T) {
	t.Parallel()
	tags := map[string]string{"cognate:id": "eu-west-1_shop"}
	dev := Operations{AllowChosenIDs: true}
	if id, err := dev.newID(t.Context(), "eu-west-1", tags); err != nil || id != "eu-west-1_shop" {
		t.Errorf("%q, %v", id, err)
	}
	var serve Operations
	if id, err := serve.newID(t.Context(), "eu-west-1", tags); err != nil || id == "eu-west-1_shop" {
		t.Errorf("outside dev: %q, %v", id, err)
	}
	for _, id := range []string{"", "shop", "eu-west-1_", "us-east-1_shop", "eu-west-1_sh op", "eu-west-1_a_b", "eu-west-1_" + strings.Repeat("a", 46)} {
		if _, err := dev.newID(t.Context(), "eu-west-1", map[string]string{"cognate:id": id}); !api.HasCode(err, "InvalidParameterException") {
			t.Errorf("%q: %v", id, err)
		}
	}
}
