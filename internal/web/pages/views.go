package pages

import (
	"encoding/json"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/style"
)

// View is one page: one of the structs of this file, each with a Frame.
type View interface {
	frame() *Frame
	// route is the path of the page below the domain's, to which its form is posted.
	route() string
	// name is that of its template.
	name() string
}

// Frame is what all pages have.
type Frame struct {
	Version    int          // generation of the pages: 1 classic, 2 managed login
	Lang       string       // one of [Languages]; version 1 is in English
	Style      *style.Style // looks of the client's pages; nil: the provided ones
	ClientID   string       // of Style; empty where no client is known
	ClientName string       // name of the app, shown; empty where none is known
	Path       string       // where the domain's paths begin: "" or "/_domains/{prefix}"
	Query      string       // encoded query of the authorize request, kept by forms and links
	CSRF       string       // value of the field _csrf
	Error      *Text        // what went wrong, above the form
	Notice     *Text        // what went well, above the form
	Inbox      string       // development only: address of the page that shows messages, on pages that ask for a code
}

func (f *Frame) frame() *Frame { return f }

// FrameOf is the frame of any view, to be filled in.
func FrameOf(view View) *Frame { return view.frame() }

// Text is a sentence for the reader.
type Text struct {
	Key  string   // of the catalogue
	Args []string // put in the places {0}, {1}, …
	Raw  string   // shown as it is, in place of Key
	// Field is the name of the input that an error is about; empty: of none.
	Field string
}

// Values of the buttons named do, beside names of challenges
// ([api.ChallengeNameType]).
const (
	DoSubmit   = "submit"   // what the page is for; also meant when there is no do
	DoResend   = "resend"   // send the code again
	DoBack     = "back"     // to the step before, or to the first page
	DoSkip     = "skip"     // go on without (passkey)
	DoOther    = "other"    // choose another way
	DoProvider = "provider" // look up the provider of domain_email
	DoSwitch   = "switch"   // sign in as somebody else
)

// NameKind is what users of a pool sign in with.
type NameKind int

// Kinds of names.
const (
	Username NameKind = iota
	Email
	Phone
	EmailOrPhone
	Any // user name or an alias
)

// Provider is an identity provider other than the pool itself.
type Provider struct {
	Name string                       // as in the pool
	Type api.IdentityProviderTypeType // decides icon and class
	Href string                       // path and query to go to
}

// SignIn is the first page: name and password, or the name alone.
type SignIn struct {
	Frame
	Username        string
	NameKind        NameKind
	IdentifierFirst bool            // ask for the name alone
	Passkey         bool            // a button that goes on with a passkey: do=WEB_AUTHN
	Autofill        json.RawMessage // options of a passkey that the browser may offer in the name's field; nil: none
	Local           bool            // users of the pool itself may sign in
	Providers       []Provider
	DomainSearch    bool // ask for a company's e-mail address in place of SAML buttons: domain_email
	SignUp, Forgot  bool // links
}

// Choose asks for the first factor: do=<challenge>.
type Choose struct {
	Frame
	Username string
	Options  []api.ChallengeNameType
}

// Password asks for the password of a known name.
type Password struct {
	Frame
	Username string
	Forgot   bool // link
	Others   bool // other ways to sign in exist: do=other
}

// Code asks for a code of a first or second factor.
type Code struct {
	Frame
	Username    string
	Kind        api.ChallengeNameType // SMS_OTP, EMAIL_OTP, SMS_MFA or SOFTWARE_TOKEN_MFA
	Destination string                // masked address, empty with SOFTWARE_TOKEN_MFA
	Resend      bool                  // a new code may be asked for: do=resend
	Remember    bool                  // offer to remember this device: remember=true
	Others      bool                  // other ways exist: do=other
}

// NewPassword asks for the new password of NEW_PASSWORD_REQUIRED and for what
// attributes are missing.
type NewPassword struct {
	Frame
	Username string
	Policy   Policy
	Fields   []Field
}

// SelectMFA asks which second factor to use: do=<challenge>.
type SelectMFA struct {
	Frame
	Username string
	Options  []api.ChallengeNameType
}

// SetUpMFA asks which second factor to set up: do=<challenge>.
type SetUpMFA struct {
	Frame
	Username string
	Options  []api.ChallengeNameType
}

// SetUpTOTP shows the secret of an authenticator app and asks for its first code:
// code, device_name.
type SetUpTOTP struct {
	Frame
	Username string
	Secret   string // base32
	URI      string // otpauth://totp/…; shown as a QR code
	Others   bool   // another factor can be set up: do=other
}

// SetUpAddress asks for the address that codes shall be sent to: address.
type SetUpAddress struct {
	Frame
	Username string
	Kind     api.ChallengeNameType // SMS_MFA or EMAIL_OTP
	Address  string                // as typed before
	Others   bool
}

// SignUp makes a user.
type SignUp struct {
	Frame
	Username         string
	NameKind         NameKind
	AskUsername      bool // the name is not one of Fields
	Fields           []Field
	Policy           Policy
	PasswordOptional bool
	Terms            *TermsLinks // nil: none
}

// Confirm asks for the code that confirms a new user; the button of a new code
// posts to /resendcode.
type Confirm struct {
	Frame
	Username    string
	Destination string                 // masked; empty where no code was sent yet
	Medium      api.DeliveryMediumType // EMAIL or SMS; may be empty
}

// Forgot asks whose password shall be reset.
type Forgot struct {
	Frame
	Username string
	NameKind NameKind
}

// Reset asks for the code sent and a new password: code, new_password,
// confirm_password.
type Reset struct {
	Frame
	Username    string
	Destination string // masked
	Policy      Policy
}

// PasskeyGet asks the browser for a passkey: credential.
type PasskeyGet struct {
	Frame
	Username string
	Options  json.RawMessage // PublicKeyCredentialRequestOptionsJSON
	Others   bool            // do=other
}

// PasskeyAdd makes a passkey: credential.
type PasskeyAdd struct {
	Frame
	Username    string
	Options     json.RawMessage // PublicKeyCredentialCreationOptionsJSON
	Offer       bool            // after a sign-in, which goes on with do=skip; else with ContinueURL
	ContinueURL string          // client's address to go on to without a passkey
}

// SelectAccount asks whether to go on as the user who is signed in: do=submit or
// do=switch.
type SelectAccount struct {
	Frame
	Username string
}

// AskToContinue asks whether to sign in to an app that registered itself
// (newest-features.md §11): do=submit or do=switch.
type AskToContinue struct {
	Frame
	Username     string
	RedirectHost string // host of its redirect URI
}

// Error is the page of /error and of requests that can go nowhere else.
type Error struct {
	Frame
	Message string // shown as it is; empty: a sentence for Code
	Code    string // error code, such as redirect_mismatch
	// Restart leads to the beginning: path and query, or empty.
	Restart string
}

// Unavailable says that the client has no style and hence no pages (version 2).
type Unavailable struct{ Frame }

// ConfirmedUser is the answer of a link in a mail.
type ConfirmedUser struct {
	Frame
	OK      bool
	Message *Text // reason, when not OK
}

// SignedOut is shown after signing out where there is nowhere to go on to.
type SignedOut struct{ Frame }

// Policy is what a new password must have.
type Policy struct {
	MinLength                   int
	Upper, Lower, Digit, Symbol bool
}

// Field is an input for an attribute of the user, named requiredAttributes[Name].
type Field struct {
	Name     string // of the attribute, as email or custom:team
	Value    string
	Required bool
	Error    *Text
}

// TermsLinks are the addresses of the terms' documents in the page's language.
type TermsLinks struct{ TermsOfUse, PrivacyPolicy string }

func (*SignIn) route() string        { return "/login" }
func (*Choose) route() string        { return "/login" }
func (*Password) route() string      { return "/login" }
func (*Code) route() string          { return "/login" }
func (*NewPassword) route() string   { return "/login" }
func (*SelectMFA) route() string     { return "/login" }
func (*SetUpMFA) route() string      { return "/login" }
func (*SetUpTOTP) route() string     { return "/login" }
func (*SetUpAddress) route() string  { return "/login" }
func (*SignUp) route() string        { return "/signup" }
func (*Confirm) route() string       { return "/confirm" }
func (*Forgot) route() string        { return "/forgotPassword" }
func (*Reset) route() string         { return "/confirmforgotPassword" }
func (*PasskeyGet) route() string    { return "/login" }
func (*PasskeyAdd) route() string    { return "/passkeys/add" }
func (*SelectAccount) route() string { return "/login" }
func (*AskToContinue) route() string { return "/login" }
func (*Error) route() string         { return "" }
func (*Unavailable) route() string   { return "" }
func (*ConfirmedUser) route() string { return "" }
func (*SignedOut) route() string     { return "" }

func (*SignIn) name() string        { return "sign_in" }
func (*Choose) name() string        { return "choose" }
func (*Password) name() string      { return "password" }
func (*Code) name() string          { return "code" }
func (*NewPassword) name() string   { return "new_password" }
func (*SelectMFA) name() string     { return "select_mfa" }
func (*SetUpMFA) name() string      { return "set_up_mfa" }
func (*SetUpTOTP) name() string     { return "set_up_totp" }
func (*SetUpAddress) name() string  { return "set_up_address" }
func (*SignUp) name() string        { return "sign_up" }
func (*Confirm) name() string       { return "confirm" }
func (*Forgot) name() string        { return "forgot" }
func (*Reset) name() string         { return "reset" }
func (*PasskeyGet) name() string    { return "passkey_get" }
func (*PasskeyAdd) name() string    { return "passkey_add" }
func (*SelectAccount) name() string { return "select_account" }
func (*AskToContinue) name() string { return "ask_to_continue" }
func (*Error) name() string         { return "error" }
func (*Unavailable) name() string   { return "unavailable" }
func (*ConfirmedUser) name() string { return "confirmed_user" }
func (*SignedOut) name() string     { return "signed_out" }

// address is the path and query of a page of the same request.
func (f *Frame) address(path string) string {
	if f.Query == "" {
		return f.Path + path
	}
	// Spaces as %20: a plus sign becomes a reference in an attribute, which
	// scripts that read the classic form do not expect.
	return f.Path + path + "?" + strings.ReplaceAll(f.Query, "+", "%20")
}
