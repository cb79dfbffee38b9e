package pages

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"cognate/internal/api"
	"cognate/internal/cognito/style"
)

func classicSignIn(t *testing.T, change func(*SignIn)) string {
	t.Helper()
	view := &SignIn{
		Frame: Frame{
			Version: classic, CSRF: "1a2b3c4d-0000-4000-8000-000000000000", ClientID: "client",
			Query: "client_id=client&response_type=code&scope=openid+email&redirect_uri=https%3A%2F%2Fexample.com%2Fcb",
		},
		Local: true, Forgot: true, SignUp: true,
	}
	if change != nil {
		change(view)
	}
	return rendered(t, newRenderer(t), view)
}

// Scripts in the field find the form with expressions like these (spec/endpoints.md
// §6.3).
func TestClassicFormIsAsScriptsExpectIt(t *testing.T) {
	t.Parallel()
	page := classicSignIn(t, nil)
	for name, expression := range map[string]string{
		"containers": `class="modal-content background-customizable modal-content-mobile visible-(?:md visible-lg|xs visible-sm)"`,
		"forms":      `<form action="/login\?[^"]*" method="POST" name="cognitoSignInForm"`,
		"tokens":     `name="_csrf" value="1a2b3c4d-0000-4000-8000-000000000000"`,
		"devices":    `name="cognitoAsfData" value=""`,
		"names":      `<input id="signInFormUsername" name="username" type="text" class="[^"]*\binputField-customizable"`,
		"passwords":  `<input id="signInFormPassword" name="password" type="password" class="[^"]*\binputField-customizable"`,
		"buttons":    `<input name="signInSubmitButton" type="Submit" value="Sign in" class="[^"]*\bsubmitButton-customizable" aria-label="submit"`,
	} {
		if found := regexp.MustCompile(expression).FindAllString(page, -1); len(found) != 2 {
			t.Errorf("%s: %q", name, found)
		}
	}
	action := regexp.MustCompile(`action="([^"]*)" method="POST" name="cognitoSignInForm"`).FindStringSubmatch(page)[1]
	const want = "/login?client_id=client&response_type=code&scope=openid%20email&redirect_uri=https%3A%2F%2Fexample.com%2Fcb"
	// Some scripts know no other reference than &amp;.
	if got := strings.ReplaceAll(action, "&amp;", "&"); got != want || html.UnescapeString(action) != want {
		t.Errorf("the form goes to %s, want %s", got, want)
	}
	if strings.Contains(page, "errorMessage-customizable") {
		t.Error("an error is shown before anything was sent")
	}
}

func TestClassicErrorsAreWhereScriptsLook(t *testing.T) {
	t.Parallel()
	page := classicSignIn(t, func(v *SignIn) { v.Error = &Text{Raw: "Incorrect username or password."} })
	if !regexp.MustCompile(`<p class="errorMessage-customizable" role="alert">Incorrect username or password\.</p>`).MatchString(page) {
		t.Error(page)
	}
}

func TestClassicProvidersHaveTheirNames(t *testing.T) {
	t.Parallel()
	page := classicSignIn(t, func(v *SignIn) {
		v.Providers = []Provider{
			{Name: "Google", Type: api.IdentityProviderTypeTypeGoogle, Href: "/oauth2/authorize?identity_provider=Google"},
			{Name: "Corp", Type: api.IdentityProviderTypeTypeSaml, Href: "/oauth2/authorize?identity_provider=Corp"},
		}
	})
	for _, want := range []string{
		`<a name="GoogleButton" class="btn idpButton-customizable socialButton-customizable" href="/oauth2/authorize?identity_provider=Google">`,
		`<a name="CorpButton" class="btn idpButton-customizable" href="/oauth2/authorize?identity_provider=Corp">`,
	} {
		if strings.Count(page, want) != 2 {
			t.Errorf("the page lacks %s", want)
		}
	}
}

// The stylesheet and logo of SetUICustomization, and nothing of managed login.
func TestClassicPagesHaveTheirOwnStyle(t *testing.T) {
	t.Parallel()
	looks := &style.Style{Settings: style.Defaults(), CSS: ".banner-customizable{background-color:#123456}", LogoHash: "abc123"}
	page := classicSignIn(t, func(v *SignIn) { v.Style = looks })
	if !strings.Contains(page, `<img class="logo-customizable" src="/_pages/image/abc123"`) {
		t.Error("the logo is missing")
	}
	if want := `href="/_pages/classic/client/` + contentName([]byte(looks.CSS), ".css") + `"`; !strings.Contains(page, want) {
		t.Errorf("the page lacks %s", want)
	}
	if strings.Contains(page, "/_pages/style/") || strings.Contains(classicSignIn(t, nil), "/_pages/classic/") {
		t.Error("the page has a stylesheet that is not its own")
	}
}

// Every class that a client may style is on some classic page.
func TestClassicPagesHaveEveryClass(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	var all strings.Builder
	for name, view := range filled(func(f *Frame) { f.Style = &style.Style{LogoHash: "abc"} }) {
		if strings.HasPrefix(name, "v1") {
			all.WriteString(rendered(t, r, view))
		}
	}
	all.Write(r.assets.files[strings.TrimPrefix(r.assets.address("pages.js"), assetsPath)].plain) // passwordCheck-valid
	for _, class := range []string{
		"background", "banner", "errorMessage", "idpButton", "idpDescription", "inputField", "label", "legalText", "logo",
		"passwordCheck-valid", "passwordCheck-notValid", "redirect", "socialButton", "submitButton", "textDescription",
	} {
		if !strings.Contains(all.String(), class+"-customizable") {
			t.Errorf("no page has %s-customizable", class)
		}
	}
}
