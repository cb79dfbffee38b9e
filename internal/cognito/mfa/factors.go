package mfa

import (
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/store"
)

// The second factors, as UserMFASettingList and the names of challenges spell
// them.
const (
	SMS           = "SMS_MFA"
	SoftwareToken = "SOFTWARE_TOKEN_MFA"
	Email         = "EMAIL_OTP"
)

// All lists the factors in the order of every list that shows them.
func All() []string { return []string{SMS, SoftwareToken, Email} }

// Enabled lists the factors that a pool has switched on.
func Enabled(config *api.GetUserPoolMfaConfigResponse) []string {
	var on []string
	if config.MfaConfiguration == api.UserPoolMfaTypeOff {
		return nil
	}
	if config.SmsMfaConfiguration != nil {
		on = append(on, SMS)
	}
	if config.SoftwareTokenMfaConfiguration != nil && config.SoftwareTokenMfaConfiguration.Enabled {
		on = append(on, SoftwareToken)
	}
	if config.EmailMfaConfiguration != nil {
		on = append(on, Email)
	}
	return on
}

// Attribute is where the codes of a factor go; empty for an app.
func Attribute(factor string) string {
	switch factor {
	case SMS:
		return attributes.PhoneNumber
	case Email:
		return attributes.Email
	default:
		return ""
	}
}

// Has reports whether a user has what a factor needs: a registered app, or an
// address that codes can go to.
func Has(u *store.User, factor string) bool {
	if factor == SoftwareToken {
		return u.MFA.SoftwareToken
	}
	return u.Attributes.Get(Attribute(factor)) != ""
}

// Set switches a factor on or off in a user's settings and makes it the
// preferred one or not. A factor that is off is not preferred.
func Set(u *store.UserMFA, factor string, on, preferred bool) {
	var enabled []string
	for _, f := range All() {
		if f == factor && on || f != factor && slices.Contains(u.EnabledFactors, f) {
			enabled = append(enabled, f)
		}
	}
	u.EnabledFactors = enabled
	switch {
	case on && preferred:
		u.Preferred = factor
	case u.Preferred == factor:
		u.Preferred = ""
	}
}
