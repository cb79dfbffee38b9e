package pages

import (
	"encoding/json"

	"cognate/internal/api"
)

// shown is a page of the gallery.
type shown struct {
	name string
	view View
}

const publicKey = `{"challenge":"AAAA","rp":{"id":"localhost","name":"x"},"user":{"id":"AAAA","name":"ana","displayName":"ana"},"pubKeyCredParams":[{"type":"public-key","alg":-7}]}`

func exampleProviders() []Provider {
	return []Provider{
		{Name: "Google", Type: api.IdentityProviderTypeTypeGoogle, Href: "/oauth2/authorize?identity_provider=Google"},
		{Name: "SignInWithApple", Type: api.IdentityProviderTypeTypeSignInWithApple, Href: "/oauth2/authorize?identity_provider=SignInWithApple"},
		{Name: "Mustermann-Werke", Type: api.IdentityProviderTypeTypeSaml, Href: "/oauth2/authorize?identity_provider=Mustermann-Werke"},
	}
}

func exampleFields() []Field {
	return []Field{
		{Name: "email", Value: "ana@example.com", Required: true},
		{Name: "given_name", Required: true},
		{Name: "phone_number", Value: "0171 555", Required: true, Error: &Text{Raw: "Invalid phone number format."}},
		{Name: "birthdate"},
		{Name: "custom:team"},
	}
}

// everyPage is what the gallery shows of one generation of the pages: each view,
// with and without what may be on it.
func everyPage(version int) []shown {
	wrong := &Text{Raw: "Incorrect username or password.", Field: "password"}
	code := &Text{Raw: "Invalid verification code provided, please try again.", Field: "code"}
	strong := Policy{MinLength: 8, Upper: true, Lower: true, Digit: true, Symbol: true}
	const ana, mail, phone = "ana@example.com", "a***@e***", "+*******0100"
	all := []shown{
		{"sign-in", &SignIn{Local: true, SignUp: true, Forgot: true, Providers: exampleProviders()}},
		{"sign-in-plain", &SignIn{Local: true, Forgot: true, NameKind: Email}},
		{"sign-in-wrong", &SignIn{Frame: Frame{Error: wrong}, Username: ana, Local: true, SignUp: true, Forgot: true, NameKind: EmailOrPhone}},
		{"sign-in-providers", &SignIn{Providers: exampleProviders()[:2]}},
		{"sign-in-search", &SignIn{Local: true, DomainSearch: true, Forgot: true}},
		{"code-email", &Code{Username: ana, Kind: api.ChallengeNameTypeEmailOtp, Destination: mail, Resend: true, Others: true, Frame: Frame{Inbox: "/_cognate/inbox"}}},
		{"code-sms-wrong", &Code{Username: ana, Kind: api.ChallengeNameTypeSmsMfa, Destination: phone, Resend: true, Remember: true, Frame: Frame{Error: code}}},
		{"code-app", &Code{Username: ana, Kind: api.ChallengeNameTypeSoftwareTokenMfa, Remember: true, Others: true}},
		{"new-password", &NewPassword{Username: ana, Policy: strong, Fields: exampleFields()[1:2]}},
		{"select-mfa", &SelectMFA{Username: ana, Options: []api.ChallengeNameType{"SOFTWARE_TOKEN_MFA", "SMS_MFA", "EMAIL_OTP"}}},
		{"set-up-mfa", &SetUpMFA{Username: ana, Options: []api.ChallengeNameType{"SOFTWARE_TOKEN_MFA", "SMS_MFA"}}},
		{"set-up-totp", &SetUpTOTP{
			Username: ana, Secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSW",
			URI:    "otpauth://totp/Example:ana%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSW&issuer=Example",
			Others: true,
		}},
		{"set-up-phone", &SetUpAddress{Username: ana, Kind: api.ChallengeNameTypeSmsMfa}},
		{"set-up-email", &SetUpAddress{Username: ana, Kind: api.ChallengeNameTypeEmailOtp, Others: true}},
		{"sign-up", &SignUp{
			AskUsername: true, Fields: exampleFields(), Policy: strong,
			Terms: &TermsLinks{TermsOfUse: "https://example.com/terms", PrivacyPolicy: "https://example.com/privacy"},
		}},
		{"sign-up-short", &SignUp{Fields: exampleFields()[:1], Policy: Policy{MinLength: 12}, PasswordOptional: true}},
		{"confirm", &Confirm{Username: ana, Destination: mail, Medium: api.DeliveryMediumTypeEmail, Frame: Frame{Notice: &Text{Key: "notice.code"}}}},
		{"confirm-unsent", &Confirm{Username: ana}},
		{"forgot", &Forgot{}},
		{"reset", &Reset{Username: ana, Destination: mail, Policy: strong}},
		{"select-account", &SelectAccount{Username: ana}},
		{"ask-to-continue", &AskToContinue{Username: ana, RedirectHost: "127.0.0.1"}},
		{"error", &Error{Code: "redirect_mismatch", Restart: "/login"}},
		{"error-message", &Error{Message: "Required String parameter 'redirect_uri' is not present"}},
		{"confirmed", &ConfirmedUser{OK: true}},
		{"confirmed-not", &ConfirmedUser{Message: &Text{Raw: "Invalid verification code provided, please try again."}}},
		{"signed-out", &SignedOut{}},
	}
	if version == 1 {
		return all
	}
	return append(all,
		shown{"sign-in-first", &SignIn{Local: true, IdentifierFirst: true, Passkey: true, SignUp: true, NameKind: Email}},
		shown{"choose", &Choose{Username: ana, Options: []api.ChallengeNameType{"PASSWORD", "WEB_AUTHN", "EMAIL_OTP", "SMS_OTP"}}},
		shown{"password", &Password{Username: ana, Forgot: true, Others: true}},
		shown{"passkey-get", &PasskeyGet{Username: ana, Options: json.RawMessage(publicKey), Others: true, Frame: Frame{Error: wrong}}},
		shown{"passkey-add", &PasskeyAdd{Username: ana, Options: json.RawMessage(publicKey), Offer: true}},
		shown{"unavailable", &Unavailable{}},
	)
}
