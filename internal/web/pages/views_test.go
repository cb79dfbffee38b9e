package pages_test

import (
	"encoding/json"

	"cognate/internal/api"
	"cognate/internal/web/pages"
)

// shown is a page of the gallery.
type shown struct {
	name string
	view pages.View
}

var (
	strongPolicy = pages.Policy{MinLength: 8, Upper: true, Lower: true, Digit: true, Symbol: true}
	providers    = []pages.Provider{
		{Name: "Google", Type: api.IdentityProviderTypeTypeGoogle, Href: "/oauth2/authorize?identity_provider=Google"},
		{Name: "SignInWithApple", Type: api.IdentityProviderTypeTypeSignInWithApple, Href: "/oauth2/authorize?identity_provider=SignInWithApple"},
		{Name: "Mustermann-Werke", Type: api.IdentityProviderTypeTypeSaml, Href: "/oauth2/authorize?identity_provider=Mustermann-Werke"},
	}
	fields = []pages.Field{
		{Name: "email", Value: "ana@example.com", Required: true},
		{Name: "given_name", Required: true},
		{Name: "phone_number", Value: "0171 555", Required: true, Error: &pages.Text{Raw: "Invalid phone number format."}},
		{Name: "birthdate"},
		{Name: "custom:team"},
	}
	publicKey = json.RawMessage(`{"challenge":"AAAA","rp":{"id":"localhost","name":"x"},"user":{"id":"AAAA","name":"ana","displayName":"ana"},"pubKeyCredParams":[{"type":"public-key","alg":-7}]}`)
)

// everyPage is what the gallery shows of one generation of the pages: each view,
// with and without what may be on it.
func everyPage(version int) []shown {
	wrong := &pages.Text{Raw: "Incorrect username or password.", Field: "password"}
	code := &pages.Text{Raw: "Invalid verification code provided, please try again.", Field: "code"}
	const ana, mail, phone = "ana@example.com", "a***@e***", "+*******0100"
	all := []shown{
		{"sign-in", &pages.SignIn{Local: true, SignUp: true, Forgot: true, Providers: providers}},
		{"sign-in-plain", &pages.SignIn{Local: true, Forgot: true, NameKind: pages.Email}},
		{"sign-in-wrong", &pages.SignIn{Frame: pages.Frame{Error: wrong}, Username: ana, Local: true, SignUp: true, Forgot: true, NameKind: pages.EmailOrPhone}},
		{"sign-in-providers", &pages.SignIn{Providers: providers[:2]}},
		{"sign-in-search", &pages.SignIn{Local: true, DomainSearch: true, Forgot: true}},
		{"code-email", &pages.Code{Username: ana, Kind: api.ChallengeNameTypeEmailOtp, Destination: mail, Resend: true, Others: true, Frame: pages.Frame{Inbox: "/_cognate/inbox"}}},
		{"code-sms-wrong", &pages.Code{Username: ana, Kind: api.ChallengeNameTypeSmsMfa, Destination: phone, Resend: true, Remember: true, Frame: pages.Frame{Error: code}}},
		{"code-app", &pages.Code{Username: ana, Kind: api.ChallengeNameTypeSoftwareTokenMfa, Remember: true, Others: true}},
		{"new-password", &pages.NewPassword{Username: ana, Policy: strongPolicy, Fields: fields[1:2]}},
		{"select-mfa", &pages.SelectMFA{Username: ana, Options: []api.ChallengeNameType{"SOFTWARE_TOKEN_MFA", "SMS_MFA", "EMAIL_OTP"}}},
		{"set-up-mfa", &pages.SetUpMFA{Username: ana, Options: []api.ChallengeNameType{"SOFTWARE_TOKEN_MFA", "SMS_MFA"}}},
		{"set-up-totp", &pages.SetUpTOTP{
			Username: ana, Secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSW",
			URI:    "otpauth://totp/Example:ana%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSW&issuer=Example",
			Others: true,
		}},
		{"set-up-phone", &pages.SetUpAddress{Username: ana, Kind: api.ChallengeNameTypeSmsMfa}},
		{"set-up-email", &pages.SetUpAddress{Username: ana, Kind: api.ChallengeNameTypeEmailOtp, Others: true}},
		{"sign-up", &pages.SignUp{
			AskUsername: true, Fields: fields, Policy: strongPolicy,
			Terms: &pages.TermsLinks{TermsOfUse: "https://example.com/terms", PrivacyPolicy: "https://example.com/privacy"},
		}},
		{"sign-up-short", &pages.SignUp{Fields: fields[:1], Policy: pages.Policy{MinLength: 12}, PasswordOptional: true}},
		{"confirm", &pages.Confirm{Username: ana, Destination: mail, Medium: api.DeliveryMediumTypeEmail, Frame: pages.Frame{Notice: &pages.Text{Key: "notice.code"}}}},
		{"confirm-unsent", &pages.Confirm{Username: ana}},
		{"forgot", &pages.Forgot{}},
		{"reset", &pages.Reset{Username: ana, Destination: mail, Policy: strongPolicy}},
		{"select-account", &pages.SelectAccount{Username: ana}},
		{"ask-to-continue", &pages.AskToContinue{Username: ana, RedirectHost: "127.0.0.1"}},
		{"error", &pages.Error{Code: "redirect_mismatch", Restart: "/login"}},
		{"error-message", &pages.Error{Message: "Required String parameter 'redirect_uri' is not present"}},
		{"confirmed", &pages.ConfirmedUser{OK: true}},
		{"confirmed-not", &pages.ConfirmedUser{Message: &pages.Text{Raw: "Invalid verification code provided, please try again."}}},
		{"signed-out", &pages.SignedOut{}},
	}
	if version == 1 {
		return all
	}
	return append(all,
		shown{"sign-in-first", &pages.SignIn{Local: true, IdentifierFirst: true, Passkey: true, SignUp: true, NameKind: pages.Email}},
		shown{"choose", &pages.Choose{Username: ana, Options: []api.ChallengeNameType{"PASSWORD", "WEB_AUTHN", "EMAIL_OTP", "SMS_OTP"}}},
		shown{"password", &pages.Password{Username: ana, Forgot: true, Others: true}},
		shown{"passkey-get", &pages.PasskeyGet{Username: ana, Options: publicKey, Others: true, Frame: pages.Frame{Error: wrong}}},
		shown{"passkey-add", &pages.PasskeyAdd{Username: ana, Options: publicKey, Offer: true}},
		shown{"unavailable", &pages.Unavailable{}},
	)
}
