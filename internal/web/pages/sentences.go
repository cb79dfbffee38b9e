package pages

import "strings"

// known is what the pages know of a sentence: the key of its translation, and
// the input that it is about. Empty: neither.
type known struct{ key, field string }

// apiSentences are texts of the API that people meet on pages. In English they
// are shown as the API has them (spec/endpoints.md §8.2).
var apiSentences = map[string]known{
	"An account with the given email already exists.":                       {"api.exists", "requiredAttributes[email]"},
	"An account with the given phone_number already exists.":                {"api.exists", "requiredAttributes[phone_number]"},
	"Attempt limit exceeded, please try after some time.":                   {"api.limit", ""},
	"Code mismatch and fail enable Software Token MFA":                      {"api.code", "code"},
	"Incorrect username or password.":                                       {"api.incorrect", "password"},
	"Invalid code or auth state for the user.":                              {"api.code", "code"},
	"Invalid code provided, please request a code again.":                   {"api.code_expired", "code"},
	"Invalid code received for user":                                        {"api.code", "code"},
	"Invalid email address format.":                                         {"api.email", "requiredAttributes[email]"},
	"Invalid phone number format.":                                          {"api.phone", "requiredAttributes[phone_number]"},
	"Invalid session for the user, session can only be used once.":          {"error.expired", ""},
	"Invalid session for the user, session is expired.":                     {"error.expired", ""},
	"Invalid session for the user.":                                         {"error.expired", ""},
	"Invalid verification code provided, please try again.":                 {"api.code", "code"},
	"Password attempts exceeded":                                            {"api.attempts", "password"},
	"Provided password cannot be used for security reasons.":                {"api.password_unsafe", "new_password"},
	"SignUp is not permitted for this user pool":                            {"api.no_sign_up", ""},
	"Temporary password has expired and must be reset by an administrator.": {"api.temporary", ""},
	"Too many requests":                                                     {"api.limit", ""},
	"Unable to login because of security reasons.":                          {"api.blocked", ""},
	"User account already exists":                                           {"api.exists", "username"},
	"User already exists":                                                   {"api.exists", "username"},
	"User is disabled.":                                                     {"api.disabled", ""},
	"User is not confirmed.":                                                {"api.unconfirmed", ""},
	"Username should be a phone number.":                                    {"api.phone", "username"},
	"Your software token has already been used once.":                       {"api.code", "code"},
	"Username should be an email.":                                          {"api.email", "username"},
}

// policySentence begins what the API says about passwords that are too weak.
const policySentence = "Password did not conform with policy: "

// keyFields are the inputs that texts of the catalogue are about.
var keyFields = map[string]string{
	"error.name": "username", "error.passwords": "confirm_password", "error.provider": "domain_email",
}

func sentence(raw string) known {
	if strings.HasPrefix(raw, policySentence) {
		return known{"api.password", "new_password"}
	}
	return apiSentences[raw]
}

// Say is a text that the controller chose, in the language of the page where it
// is known in it.
func (s *screen) Say(t *Text) string {
	if t.Raw == "" {
		return s.texts.text(t.Key, t.Args)
	}
	if key := sentence(t.Raw).key; key != "" && s.Language() != English {
		return s.texts.text(key, nil)
	}
	return t.Raw
}

// blames says whether an error is about the input of a name.
func (t *Text) blames(name string) bool {
	field := t.Field
	if field == "" {
		field = keyFields[t.Key]
	}
	if field == "" && t.Raw != "" {
		field = sentence(t.Raw).field
	}
	// A new user's password is named as one that exists.
	return field == name || field == "new_password" && name == "password"
}
