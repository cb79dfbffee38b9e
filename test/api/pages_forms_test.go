package api_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

// userSite is a site with one user.
func userSite(t *testing.T, s *servertest.Server, version int32, client func(*cip.CreateUserPoolClientInput)) *site {
	t.Helper()
	w := newSite(t, s, version, nil, client)
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com")
	return w
}

// raw sends one request and follows nothing.
func (b *browser) raw(t *testing.T, method, path string, query, fields url.Values) *http.Response {
	t.Helper()
	return b.do(t, method, b.base+path+"?"+query.Encode(), fields)
}

func TestS013ForgedForms(t *testing.T) {
	t.Parallel()
	for _, version := range []int32{1, 2} {
		w := userSite(t, servertest.Shared(t), version, nil)
		right := func(b *browser) url.Values {
			fields := b.form(t, "username", "").fields
			fields.Set("username", "ana")
			fields.Set("password", goodPassword)
			return fields
		}
		for name, forge := range map[string]func(b *browser, fields url.Values){
			"no token":        func(_ *browser, f url.Values) { f.Del("_csrf") },
			"empty token":     func(_ *browser, f url.Values) { f.Set("_csrf", "") },
			"another token":   func(_ *browser, f url.Values) { f.Set("_csrf", "0a1b2c3d-0000-4000-8000-000000000000") },
			"no cookies":      func(b *browser, _ url.Values) { b.http.Jar = nil },
			"another origin":  func(b *browser, _ url.Values) { b.header.Set("Origin", "https://evil.test") },
			"a sister domain": func(b *browser, _ url.Values) { b.header.Set("Origin", "http://evil.auth.localhost") },
			"cross-site":      func(b *browser, _ url.Values) { b.header.Set("Sec-Fetch-Site", "cross-site") },
			"same site only":  func(b *browser, _ url.Values) { b.header.Set("Sec-Fetch-Site", "same-site") },
			"null, cross-site": func(b *browser, _ url.Values) {
				b.header.Set("Origin", "null")
				b.header.Set("Sec-Fetch-Site", "cross-site")
			},
		} {
			b := w.browser(t)
			b.start(t)
			fields := right(b)
			forge(b, fields)
			got := b.raw(t, http.MethodPost, "/login", w.query(), fields)
			if got.StatusCode != http.StatusForbidden || slices.ContainsFunc(got.Cookies(), func(c *http.Cookie) bool { return c.Name == "cognito" }) {
				t.Errorf("version %d, %s: %d", version, name, got.StatusCode)
			}
		}
		for _, origin := range []string{"", "null", w.s.URL} { // as browsers say it about our pages
			b := w.browser(t)
			b.start(t)
			if origin != "" {
				b.header.Set("Origin", origin)
				b.header.Set("Sec-Fetch-Site", "same-origin")
			}
			if got := b.raw(t, http.MethodPost, "/login", w.query(), right(b)); got.StatusCode != http.StatusFound {
				t.Errorf("version %d, origin %q: %d", version, origin, got.StatusCode)
			}
		}
	}
}

func TestS013SessionCookieIsLax(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	b := w.browser(t)
	b.start(t)
	f := b.form(t, "username", "")
	f.fields.Set("username", "ana")
	f.fields.Set("password", goodPassword)
	got := b.raw(t, http.MethodPost, "/login", w.query(), f.fields)
	seen := map[string]bool{}
	for _, c := range got.Cookies() {
		seen[c.Name] = true
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/_domains/"+w.prefix || c.Domain != "" || c.Secure {
			t.Errorf("cookie %s", c.Raw)
		}
		if c.Name == "cognito" && c.MaxAge != 3600 {
			t.Errorf("max age %d", c.MaxAge)
		}
	}
	if !seen["cognito"] || !seen["XSRF-TOKEN"] {
		t.Errorf("cookies %v", seen)
	}
}

// What was begun in one browser is not finished in another.
func TestS014FlowsBelongToABrowser(t *testing.T) {
	t.Parallel()
	w := mfaSite(t, servertest.Shared(t), emailOnly(types.UserPoolMfaTypeOn), nil)
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com", "email_verified", "true")
	a := w.browser(t)
	a.signInWithPassword(t, "ana", goodPassword)
	code := w.s.Code(t, w.pool, "ana@example.com")
	other := w.browser(t)
	other.open(t, "/login", w.query())
	other.form(t, "username", "", "password", "") // nothing of what A reached
	fields := other.form(t).fields
	fields.Set("code", code)
	other.post(t, other.base+"/login?"+w.query().Encode(), fields)
	other.form(t, "username", "", "password", "")
	// Nor for another request in the same browser.
	a.open(t, "/login", w.query("state", "st-2"))
	a.form(t, "username", "", "password", "")
	a.open(t, "/login", w.query())
	a.send(t, "code", code)
	a.wantCode(t)
}

func TestS014ANewSessionAtEverySignIn(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	b := w.browser(t)
	root, err := url.Parse(w.base + "/")
	wantOK(t, err)
	planted := &http.Cookie{Name: "cognito", Value: strings.Repeat("A", 43), Path: "/_domains/" + w.prefix}
	b.http.Jar.SetCookies(root, []*http.Cookie{planted})
	seen := []string{planted.Value}
	for range 2 {
		b.start(t, "prompt", "login")
		b.send(t, "username", "ana", "password", goodPassword)
		b.wantCode(t)
		for _, c := range b.http.Jar.Cookies(root) {
			if c.Name == "cognito" {
				if slices.Contains(seen, c.Value) {
					t.Error("the session's handle is an old one")
				}
				seen = append(seen, c.Value)
			}
		}
	}
	if len(seen) != 3 {
		t.Fatalf("%d handles", len(seen))
	}
	// The first one is dead.
	b.http.Jar.SetCookies(root, []*http.Cookie{{Name: "cognito", Value: seen[1], Path: "/_domains/" + w.prefix}})
	b.start(t, "prompt", "none")
	if got := b.left.Query().Get("error"); got != "login_required" {
		t.Errorf("the session before: %s", b.left)
	}
}

// Cookies of ours cannot be made of what somebody knows about a user.
func TestS016ForgedCookies(t *testing.T) {
	t.Parallel()
	w := mfaSite(t, servertest.Shared(t), emailOnly(types.UserPoolMfaTypeOn), func(in *cip.CreateUserPoolInput) {
		in.DeviceConfiguration = &types.DeviceConfigurationType{ChallengeRequiredOnNewDevice: true}
	})
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com", "email_verified", "true")
	b := w.browser(t)
	b.signInWithPassword(t, "ana", goodPassword)
	b.send(t, "code", w.s.Code(t, w.pool, "ana@example.com"))
	b.wantCode(t)
	root, err := url.Parse(w.base + "/")
	wantOK(t, err)
	device := ""
	for _, c := range b.http.Jar.Cookies(root) {
		if c.Name == "cognito-device" {
			device = c.Value
		}
	}
	if device == "" {
		t.Fatal("the device was not remembered")
	}
	list, err := w.s.SDK.AdminListDevices(t.Context(), &cip.AdminListDevicesInput{UserPoolId: &w.pool, Username: aws.String("ana")})
	wantOK(t, err)
	key := *list.Devices[0].DeviceKey
	flipped := []byte(device)
	flipped[len(flipped)/2] ^= 1
	for _, forged := range []string{key, key + ".", key + ".ana", device[:len(device)-1], device + "A", string(flipped), "", "e30"} {
		thief := w.browser(t)
		thief.http.Jar.SetCookies(root, []*http.Cookie{
			{Name: "cognito-device", Value: forged, Path: "/_domains/" + w.prefix},
			{Name: "cognito", Value: forged, Path: "/_domains/" + w.prefix},
			{Name: "page-data", Value: forged, Path: "/_domains/" + w.prefix},
		})
		thief.signInWithPassword(t, "ana", goodPassword)
		thief.wantPage(t, "/login", "a***@e***")
	}
	b.start(t, "prompt", "login")
	b.send(t, "username", "ana", "password", goodPassword)
	b.wantCode(t)
}

func TestS017PagesAnswerFormsWith302(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	for path, fields := range map[string][]string{
		"/login":                 {"username", "ana", "password", "Wrong-Horse1!"},
		"/signup":                {"username", "bob", "password", "x"},
		"/forgotPassword":        {"username", "ana"},
		"/confirmforgotPassword": {"code", "1", "new_password", goodPassword},
		"/confirm":               {"code", "1"},
		"/resendcode":            {"do", "resend"},
	} {
		b := w.browser(t)
		b.open(t, "/login", w.query())
		form := url.Values{"_csrf": {b.form(t).fields.Get("_csrf")}}
		for i := 0; i < len(fields); i += 2 {
			form.Set(fields[i], fields[i+1])
		}
		got := b.raw(t, http.MethodPost, path, w.query(), form)
		if got.StatusCode != http.StatusFound || !strings.HasPrefix(got.Header.Get("Location"), w.base) {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.Header.Get("Location"))
		}
	}
	b := w.browser(t)
	b.start(t)
	f := b.form(t)
	f.fields.Set("username", "ana")
	f.fields.Set("password", goodPassword)
	if got := b.raw(t, http.MethodPost, "/login", w.query(), f.fields); got.StatusCode != http.StatusFound || !strings.HasPrefix(got.Header.Get("Location"), callback) {
		t.Errorf("right password: %d", got.StatusCode)
	}
}

// A form that goes with an earlier page changes nothing: the page of the pending
// step is shown again.
func TestS015TheServerKnowsTheStep(t *testing.T) {
	t.Parallel()
	w := mfaSite(t, servertest.Shared(t), emailOnly(types.UserPoolMfaTypeOn), nil)
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com", "email_verified", "true")
	b := w.browser(t)
	b.start(t)
	first := b.form(t)
	token := first.fields.Get("_csrf")
	b.send(t, "username", "ana", "password", goodPassword)
	b.wantPage(t, "/login", "a***@e***")
	for name, form := range map[string]url.Values{
		"first page again": {"username": {"ana"}, "password": {goodPassword}},
		"account page":     {"do": {"submit"}},
		"empty":            {},
		"choice":           {"do": {"PASSWORD"}},
		"passkey":          {"credential": {"{}"}},
		"other":            {"do": {"other"}},
		"new password":     {"new_password": {goodPassword}, "confirm_password": {goodPassword}},
	} {
		form.Set("_csrf", token)
		b.post(t, w.base+"/login?"+w.query().Encode(), form)
		if b.page == nil {
			t.Fatalf("%s: sent to %s", name, b.left)
		}
		b.wantPage(t, "/login", "a***@e***")
	}
	for _, path := range []string{"/confirm", "/confirmforgotPassword", "/resendcode"} {
		b.post(t, w.base+path+"?"+w.query().Encode(), url.Values{"_csrf": {token}, "do": {"skip"}, "code": {"1"}, "new_password": {goodPassword}})
		if b.page == nil {
			t.Fatalf("%s: sent to %s", path, b.left)
		}
	}
	b.open(t, "/login", w.query())
	b.send(t, "code", w.s.Code(t, w.pool, "ana@example.com"))
	b.wantCode(t)
}

// As scripts in the field do it: one GET, regular expressions, one cookie.
func TestPagesClassicFormByAScript(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 1, nil)
	address := w.base + "/login?" + w.query().Encode()
	got := w.s.Do(t, newRequest(t, http.MethodGet, address, nil))
	action := regexp.MustCompile(`<form name="cognitoSignInForm" method="POST" action="([^"]+)"|action="([^"]+)"[^>]*name="cognitoSignInForm"`).FindStringSubmatch(got.Body)
	token := regexp.MustCompile(`name="_csrf" value="([^"]+)"`).FindStringSubmatch(got.Body)
	cookie := regexp.MustCompile(`XSRF-TOKEN=([^;]+)`).FindStringSubmatch(strings.Join(got.Header.Values("Set-Cookie"), "\n"))
	if action == nil || token == nil || cookie == nil || token[1] != cookie[1] {
		t.Fatalf("form %v, token %v, cookie %v\n%s", action, token, cookie, got.Body)
	}
	for _, part := range []string{`name="username"`, `name="password" type="password"`, `id="signInFormUsername"`, `id="signInFormPassword"`, `name="signInSubmitButton"`, `name="cognitoAsfData" value=""`} {
		if !strings.Contains(got.Body, part) {
			t.Errorf("the form has no %s", part)
		}
	}
	form := url.Values{"_csrf": {token[1]}, "username": {"ana"}, "password": {goodPassword}, "cognitoAsfData": {""}, "signInSubmitButton": {"Sign in"}}
	r := newRequest(t, http.MethodPost, address, form)
	r.Header.Set("Cookie", "XSRF-TOKEN="+cookie[1])
	signedIn := w.s.HTTP
	noFollow := *signedIn
	noFollow.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := noFollow.Do(r)
	wantOK(t, err)
	defer answer.Body.Close()
	if location := answer.Header.Get("Location"); answer.StatusCode != http.StatusFound || !strings.HasPrefix(location, callback+"?code=") {
		t.Errorf("%d %s", answer.StatusCode, location)
	}
	// Others make the token up themselves and never ask for the page.
	own := "11111111-2222-4333-8444-555555555555"
	form.Set("_csrf", own)
	r = newRequest(t, http.MethodPost, address, form)
	r.Header.Set("Cookie", "XSRF-TOKEN="+own)
	answer, err = noFollow.Do(r)
	wantOK(t, err)
	defer answer.Body.Close()
	if location := answer.Header.Get("Location"); answer.StatusCode != http.StatusFound || !strings.HasPrefix(location, callback+"?code=") {
		t.Errorf("made up: %d %s", answer.StatusCode, location)
	}
	form.Set("password", "Wrong-Horse1!")
	r = newRequest(t, http.MethodPost, address, form)
	r.Header.Set("Cookie", "XSRF-TOKEN="+own)
	answer, err = noFollow.Do(r)
	wantOK(t, err)
	defer answer.Body.Close()
	if location := answer.Header.Get("Location"); answer.StatusCode != http.StatusFound || !strings.HasPrefix(location, w.base+"/login?") {
		t.Errorf("wrong password: %d %s", answer.StatusCode, location)
	}
	r = newRequest(t, http.MethodGet, answer.Header.Get("Location"), nil)
	r.Header.Set("Cookie", "XSRF-TOKEN="+own)
	if page := w.s.Do(t, r); !strings.Contains(page.Body, "errorMessage-customizable") || !strings.Contains(page.Body, "Incorrect username or password.") {
		t.Errorf("no error on the page: %s", page.Body)
	}
}

func newRequest(t *testing.T, method, address string, form url.Values) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	wantOK(t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}
