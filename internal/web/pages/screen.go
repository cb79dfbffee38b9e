package pages

import (
	"html/template"
	"slices"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/style"
)

// screen is what a template sees: the view, and what is worked out for it.
type screen struct {
	*Frame
	View     View
	Nonce    string
	Looks    *style.Settings
	page     *template.Template
	texts    catalogue
	language string
	files    assets
}

// T is the text of a key, with args in its places.
func (s *screen) T(key string, args ...string) string { return s.texts.text(key, args) }

// Language is that of the texts.
func (s *screen) Language() string { return s.language }

// Dir is the direction of the language.
func (s *screen) Dir() string {
	if dir := s.texts["dir"]; dir != "" {
		return dir
	}
	return "ltr"
}

// Action is the address that the page's form is posted to.
func (s *screen) Action() string { return s.address(s.View.route()) }

// To is the address of another page of the same request.
func (s *screen) To(path string) string { return s.address(path) }

// AppAddress is an address of the app, whatever its scheme: those of native apps
// are their own. What a browser would run or show as this domain's is left out.
func (s *screen) AppAddress(address string) template.URL {
	scheme, _, ok := strings.Cut(address, ":")
	switch scheme = strings.ToLower(scheme); {
	case !ok, strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyz0123456789+-.") != "":
		return ""
	case slices.Contains([]string{"javascript", "data", "vbscript", "blob", "filesystem", "about", "file", "view-source"}, scheme):
		return ""
	}
	return template.URL(address) //nolint:gosec // encoded for its place by the template; the scheme is checked here
}

// Asset is the address of an embedded file.
func (s *screen) Asset(name string) string { return s.Path + s.files.address(name) }

// StyleSheet is the address of the stylesheet of the client's style; empty where
// a classic page has none.
func (s *screen) StyleSheet() string {
	has := s.Style != nil && s.ClientID != ""
	switch {
	case s.Version == classic && (!has || s.Style.CSS == ""):
		return ""
	case s.Version == classic:
		return s.Path + assetsPath + classicPath + s.ClientID + "/" + contentName([]byte(s.Style.CSS), ".css")
	case !has:
		return s.Asset(defaultStyle)
	}
	return s.Path + assetsPath + stylesPath + s.ClientID + "/" + contentName(stylesheet(s.Style), ".css")
}

// Label is what an attribute of the user is called.
func (s *screen) Label(attribute string) string {
	if text, ok := s.texts["attribute."+attribute]; ok {
		return text
	}
	return strings.TrimPrefix(attribute, "custom:")
}

// Option is what a challenge is called where it can be chosen.
func (s *screen) Option(challenge api.ChallengeNameType) string {
	return s.T("option." + string(challenge))
}

// NameLabel is what the name to sign in with is called.
func (s *screen) NameLabel(kind NameKind) string {
	switch kind {
	case Email:
		return s.T("name.email")
	case Phone:
		return s.T("name.phone")
	case EmailOrPhone:
		return s.T("name.email_or_phone")
	case Username, Any:
	}
	return s.T("name.username")
}

// Parts are the ways to sign in, from the top down: local, providers, search.
func (s *screen) Parts() []string {
	view, ok := s.View.(*SignIn)
	if !ok {
		return nil
	}
	var parts []string
	add := func(method style.MethodType) {
		if method == style.TypeUsernamePassword {
			if view.Local && !slices.Contains(parts, "local") {
				parts = append(parts, "local")
			}
			return
		}
		if view.DomainSearch && !slices.Contains(parts, "search") {
			parts = append(parts, "search")
		}
		if len(view.Providers) > 0 && !slices.Contains(parts, "providers") {
			parts = append(parts, "providers")
		}
	}
	for _, group := range s.Looks.Categories.Auth.AuthMethodOrder {
		for _, method := range group {
			add(method.Type)
		}
	}
	add(style.TypeUsernamePassword)
	add(style.TypeFederated)
	return parts
}

// CodeLead says where the code asked for is.
func (s *screen) CodeLead() string {
	view, ok := s.View.(*Code)
	switch {
	case !ok:
		return ""
	case view.Kind == api.ChallengeNameTypeSoftwareTokenMfa:
		return s.T("code.lead_app")
	case view.Destination == "":
		return s.T("code.lead_sent")
	case view.Kind == api.ChallengeNameTypeEmailOtp:
		return s.T("code.lead_email", view.Destination)
	}
	return s.T("code.lead_sms", view.Destination)
}

// ConfirmLead says where the code of a new user is.
func (s *screen) ConfirmLead() string {
	if view, ok := s.View.(*Confirm); ok && view.Destination != "" {
		return s.T("confirm.lead", view.Destination)
	}
	return s.T("confirm.lead_unsent")
}

// IsSMS says whether codes shall go to a phone.
func (s *screen) IsSMS() bool {
	view, ok := s.View.(*SetUpAddress)
	return ok && (view.Kind == api.ChallengeNameTypeSmsMfa || view.Kind == api.ChallengeNameTypeSmsOtp)
}

// TermsSentence is the sentence with links to the terms.
func (s *screen) TermsSentence(t *TermsLinks) (template.HTML, error) {
	var use, privacy strings.Builder
	link := func(out *strings.Builder, address, text string) error {
		return s.page.ExecuteTemplate(out, "outside", map[string]string{"href": address, "text": text})
	}
	if err := link(&use, t.TermsOfUse, s.T("sign_up.terms_use")); err != nil {
		return "", err
	}
	if err := link(&privacy, t.PrivacyPolicy, s.T("sign_up.terms_privacy")); err != nil {
		return "", err
	}
	sentence := template.HTMLEscapeString(s.T("sign_up.terms"))
	sentence = strings.NewReplacer("{terms}", use.String(), "{privacy}", privacy.String()).Replace(sentence)
	return template.HTML(sentence), nil //nolint:gosec // its parts are encoded
}

// ErrorText says what was wrong with a request.
func (s *screen) ErrorText() string {
	view, ok := s.View.(*Error)
	switch {
	case !ok:
		return ""
	case view.Message != "":
		return view.Message
	}
	switch view.Code {
	case "redirect_mismatch":
		return s.T("error.redirect") + " (redirect_mismatch)"
	case "invalid_client":
		return s.T("error.client") + " (invalid_client)"
	}
	return view.Code
}
