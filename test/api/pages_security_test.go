package api_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

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

// variants are addresses that are not the registered one but look like it.
func variants(address string) []string {
	u, _ := url.Parse(address)
	host := u.Host
	return []string{
		address + "/", address + "?", address + "?a=b", address + "#f", address + "x", address + "/..", address + "/../bye", address + "%2f", address + "%252f",
		address + ";", address + " ", " " + address, address + "\t", address + "%00", strings.ToUpper(address), strings.Replace(address, "https", "HTTPS", 1),
		strings.Replace(address, host, strings.ToUpper(host), 1), strings.Replace(address, "https:", "http:", 1), strings.Replace(address, host, host+":443", 1),
		strings.Replace(address, host, host+":8443", 1), strings.Replace(address, host, host+".", 1), strings.Replace(address, host, host+".evil.test", 1),
		strings.Replace(address, host, "evil.test", 1), strings.Replace(address, host, "user@"+host, 1), strings.Replace(address, host, host+"@evil.test", 1),
		strings.Replace(address, host, "evil.test#"+host, 1), strings.Replace(address, host, "evil.test?"+host, 1), strings.Replace(address, host, `evil.test\@`+host, 1),
		strings.Replace(address, host, "xn--pp-fka.example.com", 1), strings.Replace(address, "//", "///", 1), strings.Replace(address, "//", "/", 1),
		strings.Replace(address, "//", `\\`, 1), strings.Replace(address, "https://", "//", 1), strings.Replace(address, "https://", "", 1),
		"javascript:alert(1)", "data:text/html,x", "//evil.test", `/\evil.test`, "/bye", "evil.test", "https://", "https:evil.test",
	}
}

func TestS012OpenRedirectsAtLogout(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	const bye = "https://app.example.com/bye"
	for _, signedIn := range []bool{true, false} {
		b := w.browser(t)
		if signedIn {
			b.signInWithPassword(t, "ana", goodPassword)
			b.wantCode(t)
		}
		for _, address := range append(variants(bye), callback) {
			got := b.raw(t, http.MethodGet, "/logout", url.Values{"client_id": {w.client}, "logout_uri": {address}}, nil)
			location := got.Header.Get("Location")
			if got.StatusCode != http.StatusFound || location != w.base+"/error?error=redirect_mismatch&client_id="+w.client {
				t.Errorf("logout_uri %q: %d %s", address, got.StatusCode, location)
			}
		}
		for _, address := range append(variants(callback), bye) {
			got := b.raw(t, http.MethodGet, "/logout", w.query("redirect_uri", address), nil)
			if location := got.Header.Get("Location"); location != w.base+"/error?error=redirect_mismatch&client_id="+w.client {
				t.Errorf("redirect_uri %q: %s", address, location)
			}
		}
	}
}

func TestPagesLogout(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	b := w.browser(t)
	b.signInWithPassword(t, "ana", goodPassword)
	b.wantCode(t)
	got := b.raw(t, http.MethodGet, "/logout", url.Values{"client_id": {w.client}, "logout_uri": {"https://app.example.com/bye"}, "redirect_uri": {"https://evil.test"}}, nil)
	if location := got.Header.Get("Location"); got.StatusCode != http.StatusFound || location != "https://app.example.com/bye" {
		t.Errorf("%d %s", got.StatusCode, location)
	}
	b.start(t)
	b.wantPage(t, "/login", "")
	b.send(t, "username", "ana", "password", goodPassword)
	b.wantCode(t)
	// The other form leads back to the sign-in page, with all scopes of the client.
	b.open(t, "/logout", w.query("scope", ""))
	b.wantPage(t, "/login", "")
	if got := b.page.url.Query().Get("scope"); got != "openid email profile" {
		t.Errorf("scope %q", got)
	}
	for missing, query := range map[string]url.Values{
		"client_id": {}, "redirect_uri": {"client_id": {w.client}}, "response_type": w.query("response_type", ""),
	} {
		b.open(t, "/logout", query)
		b.wantPage(t, "/error", "Required String parameter '"+missing+"' is not present")
		if b.page.status != http.StatusBadRequest {
			t.Errorf("status %d", b.page.status)
		}
	}
	// Revokes nothing, but ends the session even when the rest is wrong.
	b.start(t)
	b.send(t, "username", "ana", "password", goodPassword)
	tokens := b.exchange(t, b.wantCode(t))
	b.open(t, "/logout", url.Values{})
	b.start(t, "prompt", "none")
	if got := b.left.Query().Get("error"); got != "login_required" {
		t.Errorf("after a bad sign-out: %s", b.left)
	}
	w.refreshOnDomain(t, tokens["refresh_token"].(string), http.StatusOK)
}

// refreshOnDomain refreshes at the token endpoint.
func (w *site) refreshOnDomain(t *testing.T, token string, want int) {
	t.Helper()
	fields := url.Values{"grant_type": {"refresh_token"}, "client_id": {w.client}, "refresh_token": {token}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.base+"/oauth2/token", strings.NewReader(fields.Encode()))
	wantOK(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := w.s.Do(t, r); got.Status != want {
		t.Errorf("refresh: %d %s", got.Status, got.Body)
	}
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

func TestS018S023S151HeadersOfPages(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	b := w.browser(t)
	for path, query := range map[string]url.Values{
		"/login": w.query(), "/signup": w.query(), "/forgotPassword": w.query(), "/error": {"error": {"x"}}, "/confirmUser": {}, "/nowhere": {},
	} {
		got := b.open(t, path, query)
		want := map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "X-Xss-Protection": "1; mode=block",
			"Cache-Control": "no-cache, no-store, max-age=0, must-revalidate", "Pragma": "no-cache", "Expires": "0",
			"Cross-Origin-Opener-Policy": "same-origin", "Content-Type": "text/html;charset=UTF-8",
		}
		for name, value := range want {
			if got.header.Get(name) != value {
				t.Errorf("%s: %s is %q", path, name, got.header.Get(name))
			}
		}
		policy := got.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if got.header.Get("X-Amzn-Requestid") != "" || len(got.header.Get("X-Amz-Cognito-Request-Id")) != 36 || got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", path, got.header)
		}
		for _, reference := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(got.text, -1) {
			if !strings.HasPrefix(reference[1], "/_domains/"+w.prefix+"/") {
				t.Errorf("%s refers to %s", path, reference[1])
			}
		}
	}
	// The redirect with the code.
	b.start(t)
	f := b.form(t)
	f.fields.Set("username", "ana")
	f.fields.Set("password", goodPassword)
	got := b.raw(t, http.MethodPost, "/login", w.query(), f.fields)
	if !strings.Contains(got.Header.Get("Cache-Control"), "no-store") || got.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("redirect: %v", got.Header)
	}
}

// payloads are values that would do harm where they are not encoded.
func payloads() []string {
	marks := []string{
		`"><script>x()</script>`, `'><img src=x onerror=x()>`, `</title><svg onload=x()>`, `javascript:x()`, `" onfocus="x()" autofocus="`,
		`{{.CSRF}}`, `${7*7}`, `<!--`, `]]>`, `</form><form action=//evil.test>`, "\u2028", "\u202e", `\"-x()-\"`, `%3Cscript%3E`, `&lt;script&gt;`,
		`&#34;`, "`x`", `;x()//`, `<base href=//evil.test>`, `<meta http-equiv=refresh content=0>`,
	}
	var all []string
	for _, prefix := range []string{"", "a", "a b", `"`, "'", "<", "&", "ß", "\U0001F600", " "} {
		for _, m := range marks {
			all = append(all, prefix+m)
		}
	}
	return all
}

func TestS019PagesReflectParametersEncoded(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	harm := regexp.MustCompile(`(?i)<script>x|<img src=x|<svg onload|<base|<meta http-equiv|<form action=//|onfocus="x`)
	for i, p := range payloads() {
		b := w.browser(t)
		b.open(t, "/login", w.query("login_hint", p, "lang", p, "nonce", p, "state", p, "foo", p))
		b.wantPage(t, "/login", "")
		if found := harm.FindString(b.page.text); found != "" {
			t.Errorf("payload %q: %s", p, found)
		}
		if got := b.form(t, "username", "").fields.Get("username"); got != p && html.UnescapeString(got) != p {
			t.Errorf("login_hint %q became %q", p, got)
		}
		b.open(t, "/error", url.Values{"error": {p}, "error_description": {p}, "client_id": {p}})
		if found := harm.FindString(b.page.text); found != "" {
			t.Errorf("error %q: %s", p, found)
		}
		if i%10 != 0 { // a sign-in takes its time
			continue
		}
		b.open(t, "/login", w.query("state", p))
		b.send(t, "username", "ana", "password", goodPassword)
		if b.left == nil || b.left.Query().Get("state") != p {
			t.Errorf("state %q came back as %v", p, b.left)
		}
	}
	b := w.browser(t)
	for _, name := range []string{"state", "login_hint", "lang", "nonce", "foo"} {
		if got := b.raw(t, http.MethodGet, "/login", w.query(name, "a\x00b"), nil); got.StatusCode == http.StatusOK {
			t.Errorf("NUL in %s: %d", name, got.StatusCode)
		}
	}
	for _, value := range []string{"a\r\nSet-Cookie: x=y", "a\nb"} {
		for _, name := range []string{"state", "login_hint", "nonce", "scope", "prompt"} {
			got := b.raw(t, http.MethodGet, "/login", w.query(name, value), nil)
			if got.StatusCode == http.StatusOK || strings.ContainsAny(got.Header.Get("Location"), "\r\n") {
				t.Errorf("line end in %s: %d %q", name, got.StatusCode, got.Header.Get("Location"))
			}
		}
	}
}

func TestS021PagesRefuseRepeatedParameters(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	b := w.browser(t)
	for _, name := range []string{
		"client_id", "redirect_uri", "response_type", "state", "scope", "nonce", "lang", "prompt", "login_hint",
		"code_challenge", "code_challenge_method", "identity_provider", "acr_values", "max_age", "resource",
	} {
		query := w.query()
		if !query.Has(name) {
			query.Set(name, "x")
		}
		query.Add(name, query.Get(name))
		got := b.raw(t, http.MethodGet, "/login", query, nil)
		if location := got.Header.Get("Location"); got.StatusCode != http.StatusFound || !strings.Contains(location, "error=invalid_request") {
			t.Errorf("%s twice: %d %s", name, got.StatusCode, location)
		}
		b.open(t, "/login", w.query())
		fields := b.form(t).fields
		fields.Set(name, w.query().Get(name))
		if got := b.raw(t, http.MethodPost, "/login", w.query(), fields); got.StatusCode != http.StatusBadRequest {
			t.Errorf("%s in query and form: %d", name, got.StatusCode)
		}
	}
	b.open(t, "/login", w.query())
	fields := b.form(t).fields
	fields["username"] = []string{"ana", "bob"}
	if got := b.raw(t, http.MethodPost, "/login", w.query(), fields); got.StatusCode != http.StatusBadRequest {
		t.Errorf("a field twice: %d", got.StatusCode)
	}
	logout := url.Values{"client_id": {w.client}, "logout_uri": {"https://app.example.com/bye", "https://evil.test"}}
	if got := b.raw(t, http.MethodGet, "/logout", logout, nil); !strings.Contains(got.Header.Get("Location"), "/error?error=invalid_request") {
		t.Errorf("logout_uri twice: %s", got.Header.Get("Location"))
	}
}

func TestS022PagesOfPoisonedHosts(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	b := w.browser(t)
	b.header.Set("X-Forwarded-Host", "evil.test")
	b.header.Set("X-Forwarded-Proto", "https")
	b.header.Set("Forwarded", "host=evil.test")
	b.header.Set("X-Original-Url", "/error")
	b.start(t)
	b.wantPage(t, "/login", "")
	if strings.Contains(b.page.text, "evil.test") {
		t.Error("a link of the page follows a header")
	}
	b.open(t, "/forgotPassword", w.query())
	b.send(t, "username", "ana")
	if b.page == nil || strings.Contains(b.page.text, "evil.test") {
		t.Errorf("sent to %v", b.left)
	}
}

func TestS040PagesOnlyAdministratorsMakeUsers(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 2, func(in *cip.CreateUserPoolInput) {
		in.AdminCreateUserConfig = &types.AdminCreateUserConfigType{AllowAdminCreateUserOnly: true}
	}, nil)
	b := w.browser(t)
	b.start(t)
	if strings.Contains(b.page.text, "/signup") {
		t.Error("the page offers to sign up")
	}
	token := b.form(t).fields.Get("_csrf")
	if got := b.open(t, "/signup", w.query()); got.status != http.StatusForbidden || !strings.Contains(got.text, "SignUp is not permitted for this user pool") {
		t.Errorf("%d %s", got.status, got.text)
	}
	got := b.post(t, w.base+"/signup?"+w.query().Encode(), url.Values{
		"_csrf": {token}, "username": {"bob"}, "password": {goodPassword}, "requiredAttributes[email]": {"bob@example.com"},
	})
	if got.status != http.StatusForbidden {
		t.Errorf("form: %d", got.status)
	}
	if _, err := w.s.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &w.pool, Username: aws.String("bob")}); err == nil {
		t.Error("a user was made")
	}
}

// shownTo is a page without what differs each time, and without the name.
func shownTo(b *browser, name string) string {
	if b.page == nil {
		return b.left.String()
	}
	text := regexp.MustCompile(`nonce="[^"]*"|name="_csrf" value="[^"]*"`).ReplaceAllString(b.page.text, "")
	text = regexp.MustCompile(`[a-z]\*{3}@[a-z]\*{3}`).ReplaceAllString(text, "ADDRESS")
	return b.page.url.Path + strings.ReplaceAll(text, name, "NAME")
}

func TestS047PagesTellNobodyWhoExists(t *testing.T) {
	t.Parallel()
	for _, choose := range []bool{false, true} {
		client := byChoice
		if !choose {
			client = nil
		}
		w := newSite(t, servertest.Shared(t), 2, func(in *cip.CreateUserPoolInput) {
			if choose {
				firstFactors(types.AuthFactorTypePassword, types.AuthFactorTypeEmailOtp)(in)
			}
		}, client)
		w.s.CreateUser(t, w.pool, "known", goodPassword, "email", "known@example.com", "email_verified", "true")
		w.s.CreateUser(t, w.pool, "disabled", goodPassword, "email", "disabled@example.com", "email_verified", "true")
		_, err := w.s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &w.pool, Username: aws.String("disabled")})
		wantOK(t, err)
		walks := map[string]func(b *browser, name string){
			"wrong password": func(b *browser, name string) {
				b.open(t, "/login", w.query())
				if choose {
					b.send(t, "username", name)
					b.send(t, "do", "PASSWORD")
					b.send(t, "password", "Wrong-Horse1!")
					return
				}
				b.send(t, "username", name, "password", "Wrong-Horse1!")
			},
			"forgotten password": func(b *browser, name string) {
				b.open(t, "/forgotPassword", w.query())
				b.send(t, "username", name)
			},
			"wrong code of a reset": func(b *browser, name string) {
				b.open(t, "/forgotPassword", w.query())
				b.send(t, "username", name)
				b.send(t, "code", "000000", "new_password", "Another-Horse2!")
			},
		}
		if choose {
			walks["choice"] = func(b *browser, name string) {
				b.open(t, "/login", w.query())
				b.send(t, "username", name)
			}
			walks["wrong code"] = func(b *browser, name string) {
				b.open(t, "/login", w.query())
				b.send(t, "username", name)
				b.send(t, "do", "EMAIL_OTP")
				b.send(t, "code", "00000000")
			}
		}
		for walk, steps := range walks {
			pages := map[string]string{}
			for _, name := range []string{"known", "disabled", "nobody"} {
				b := w.browser(t)
				steps(b, name)
				pages[name] = shownTo(b, name)
			}
			for name, text := range pages {
				if diff := cmp.Diff(pages["known"], text); diff != "" {
					t.Errorf("%s of %s (choice %v) differs: %s", walk, name, choose, diff)
				}
			}
		}
	}
}

func TestS053PagesOfDisabledAndDeletedUsers(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 2, firstFactors(types.AuthFactorTypePassword, types.AuthFactorTypeEmailOtp), byChoice)
	end := map[string]func(name string) error{
		"disabled": func(name string) error {
			_, err := w.s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &w.pool, Username: &name})
			return err
		},
		"deleted": func(name string) error {
			_, err := w.s.SDK.AdminDeleteUser(t.Context(), &cip.AdminDeleteUserInput{UserPoolId: &w.pool, Username: &name})
			return err
		},
	}
	for name, act := range end {
		w.s.CreateUser(t, w.pool, name, goodPassword, "email", name+"@example.com")
		signedIn, under, coded := w.browser(t), w.browser(t), w.browser(t)
		signedIn.start(t)
		signedIn.send(t, "username", name)
		signedIn.send(t, "do", "PASSWORD")
		signedIn.send(t, "password", goodPassword)
		signedIn.wantCode(t)
		coded.start(t)
		coded.send(t, "username", name)
		coded.send(t, "do", "PASSWORD")
		coded.send(t, "password", goodPassword)
		unspent := coded.wantCode(t)
		under.start(t)
		under.send(t, "username", name)
		under.send(t, "do", "EMAIL_OTP")
		code := w.s.Mailbox.Wait(t, w.pool, name, 1).Code
		wantOK(t, act(name))
		signedIn.start(t, "prompt", "none")
		if got := signedIn.left.Query().Get("error"); got != "login_required" {
			t.Errorf("%s: the session is alive: %s", name, signedIn.left)
		}
		signedIn.open(t, "/login", w.query())
		if strings.Contains(signedIn.page.text, name) {
			t.Errorf("%s: the page knows the user", name)
		}
		under.send(t, "code", code)
		if under.page == nil {
			t.Errorf("%s: signed in with a code: %s", name, under.left)
		}
		fields := url.Values{"grant_type": {"authorization_code"}, "client_id": {w.client}, "code": {unspent}, "redirect_uri": {callback}}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.base+"/oauth2/token", strings.NewReader(fields.Encode()))
		wantOK(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if got := w.s.Do(t, r); got.Status != http.StatusBadRequest || !strings.Contains(got.Body, "invalid_grant") {
			t.Errorf("%s: the code is good: %d %s", name, got.Status, got.Body)
		}
	}
}

func TestS149CookiesBelongToOneDomain(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := userSite(t, s, 2, nil)
	other := userSite(t, s, 2, nil)
	b := a.browser(t)
	b.signInWithPassword(t, "ana", goodPassword)
	b.wantCode(t)
	// The same browser at another domain of the same host.
	at := &browser{site: other, http: b.http, header: http.Header{}}
	at.start(t, "prompt", "none")
	if got := at.left.Query().Get("error"); got != "login_required" {
		t.Errorf("another domain: %s", at.left)
	}
	// Carried over by hand, a cookie means nothing there.
	from, err := url.Parse(a.base + "/")
	wantOK(t, err)
	to, err := url.Parse(other.base + "/")
	wantOK(t, err)
	var moved []*http.Cookie
	for _, c := range b.http.Jar.Cookies(from) {
		moved = append(moved, &http.Cookie{Name: c.Name, Value: c.Value, Path: "/_domains/" + other.prefix})
	}
	at.http.Jar.SetCookies(to, moved)
	at.start(t, "prompt", "none")
	if got := at.left.Query().Get("error"); got != "login_required" {
		t.Errorf("carried over: %s", at.left)
	}
	// A change of the pages ends the sessions.
	b.start(t, "prompt", "none")
	b.wantCode(t)
	version := int32(1)
	_, err = s.SDK.UpdateUserPoolDomain(t.Context(), &cip.UpdateUserPoolDomainInput{Domain: &a.prefix, UserPoolId: &a.pool, ManagedLoginVersion: &version})
	wantOK(t, err)
	b.start(t)
	b.wantPage(t, "/login", "")
	b.form(t, "username", "", "password", "")
}

func TestS150SignOutClearsTheCache(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	b := w.browser(t)
	b.signInWithPassword(t, "ana", goodPassword)
	b.wantCode(t)
	got := b.raw(t, http.MethodGet, "/logout", url.Values{"client_id": {w.client}, "logout_uri": {"https://app.example.com/bye"}}, nil)
	if got.Header.Get("Clear-Site-Data") != `"cache"` || !strings.Contains(got.Header.Get("Cache-Control"), "no-store") {
		t.Errorf("%v", got.Header)
	}
	gone := map[string]bool{}
	for _, c := range got.Cookies() {
		gone[c.Name] = c.MaxAge < 0
	}
	if !gone["cognito"] || !gone["page-data"] {
		t.Errorf("cookies %v", gone)
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

func TestPagesPathsHaveNoCase(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	b := w.browser(t)
	for _, path := range []string{"/login", "/Login", "/LOGIN", "/oauth2/login", "/forgotpassword", "/ForgotPassword", "/signup", "/SignUp"} {
		if got := b.open(t, path, w.query()); got.status != http.StatusOK {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	for method, path := range map[string]string{http.MethodPut: "/login", http.MethodPost: "/logout", http.MethodDelete: "/signup"} {
		if got := b.raw(t, method, path, w.query(), nil); got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") == "" {
			t.Errorf("%s %s: %d", method, path, got.StatusCode)
		}
	}
	if got := b.open(t, "/nowhere", nil); got.status != http.StatusNotFound {
		t.Errorf("/nowhere: %d", got.status)
	}
}

func TestPagesErrors(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, func(in *cip.CreateUserPoolClientInput) {
		in.CallbackURLs = append(in.CallbackURLs, callback+"/other") // none of them is the default
	})
	b := w.browser(t)
	for want, query := range map[string]url.Values{
		"redirect_mismatch": w.query("redirect_uri", "https://evil.test"),
		"invalid_client":    w.query("client_id", "nobody"),
		"Required String parameter 'client_id' is not present":    w.query("client_id", ""),
		"Required String parameter 'redirect_uri' is not present": w.query("redirect_uri", ""),
	} {
		for _, path := range []string{"/login", "/oauth2/authorize", "/signup", "/forgotPassword", "/passkeys/add"} {
			b.open(t, path, query)
			b.wantPage(t, "/error", "An error was encountered with the requested page.")
			b.wantPage(t, "/error", want)
			if b.page.status != http.StatusBadRequest {
				t.Errorf("%s: %d", want, b.page.status)
			}
		}
	}
}

func TestPagesLanguage(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	b := w.browser(t)
	lang := func() string { return regexp.MustCompile(`<html lang="([^"]+)"`).FindStringSubmatch(b.page.text)[1] }
	b.open(t, "/login", w.query())
	if lang() != "en" {
		t.Errorf("without a wish: %s", lang())
	}
	b.open(t, "/login", w.query("lang", "de"))
	if lang() != "de" {
		t.Errorf("lang=de: %s", lang())
	}
	b.open(t, "/login", w.query())
	if lang() != "de" {
		t.Errorf("by the cookie: %s", lang())
	}
	b.open(t, "/login", w.query("lang", "xx"))
	if lang() != "en" {
		t.Errorf("lang=xx: %s", lang())
	}
	other := w.browser(t)
	other.header.Set("Accept-Language", "fr-CA,fr;q=0.9")
	b = other
	b.open(t, "/login", w.query())
	if lang() != "fr" {
		t.Errorf("by the browser's: %s", lang())
	}
}

// A client that registered itself never completes without a page that names it and
// where it is (newest-features.md §11.3).
func TestS026PagesAskBeforeStrangers(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w := userSite(t, s, 2, nil)
	answer := w.s.Call(t, "UpdateUserPool", fmt.Sprintf(`{"UserPoolId":%q,"AutoVerifiedAttributes":["email"],"DcrConfiguration":{"EnableStatus":"Enabled","OpenDcrEnabled":true}}`, w.pool))
	if answer.Status != http.StatusOK {
		t.Fatalf("%d %s", answer.Status, answer.Body)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.base+"/oauth2/register",
		strings.NewReader(`{"redirect_uris":["https://stranger.example.net/cb"],"client_name":"Stranger","token_endpoint_auth_method":"none"}`))
	wantOK(t, err)
	r.Header.Set("Content-Type", "application/json")
	made := w.s.Do(t, r)
	var client struct {
		ID string `json:"client_id"`
	}
	wantOK(t, json.Unmarshal([]byte(made.Body), &client))
	_, challenge := pkce()
	query := []string{
		"client_id", client.ID, "redirect_uri", "https://stranger.example.net/cb", "scope", "openid", "code_challenge", challenge, "code_challenge_method", "S256",
	}
	b := w.browser(t)
	b.signInWithPassword(t, "ana", goodPassword) // at a client of the pool's own
	b.wantCode(t)
	b.start(t, query...)
	b.wantPage(t, "/login", "stranger.example.net")
	b.wantPage(t, "/login", "Stranger")
	b.send(t, "do", "submit")
	if b.left == nil || b.left.Host != "stranger.example.net" || b.left.Query().Get("code") == "" {
		t.Fatalf("sent to %v", b.left)
	}
	fresh := w.browser(t)
	fresh.start(t, query...)
	fresh.send(t, "username", "ana")
	fresh.send(t, "password", goodPassword)
	fresh.wantPage(t, "/login", "stranger.example.net")
	fresh.send(t, "do", "submit")
	if fresh.left == nil || fresh.left.Query().Get("code") == "" {
		t.Fatalf("sent to %v", fresh.left)
	}
}
