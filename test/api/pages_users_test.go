package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/servertest"
)

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

// Forms give users the attributes that their page asks for and no others (S042); what
// the service keeps comes from no form, and so into no claim (S034).
func TestS042S034PagesTakeOnlyWhatTheyAskFor(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 2, func(in *cip.CreateUserPoolInput) {
		in.Schema = append(in.Schema, types.SchemaAttributeType{
			Name: aws.String("role"), AttributeDataType: types.AttributeDataTypeString, Mutable: aws.Bool(true),
		})
	}, nil)
	sneaked := []string{"custom:role", "role", "email_verified", "sub", "identities", "cognito:groups", "cognito:user_status", "name"}
	add := func(fields url.Values) {
		for _, name := range sneaked {
			fields.Set("requiredAttributes["+name+"]", "true")
			fields.Set(name, "true")
		}
	}
	b := w.browser(t)
	b.open(t, "/signup", w.query())
	f := b.form(t, "password", "")
	f.fields.Set("username", "eve")
	f.fields.Set("password", goodPassword)
	f.fields.Set("confirm_password", goodPassword)
	f.fields.Set("requiredAttributes[email]", "eve@example.com")
	add(f.fields)
	b.post(t, b.at(t, f.action), f.fields)
	b.wantPage(t, "/confirm", "")
	user, err := w.s.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &w.pool, Username: aws.String("eve")})
	wantOK(t, err)
	for _, a := range user.UserAttributes {
		if name := aws.ToString(a.Name); name != "sub" && name != "email" && (name != "email_verified" || aws.ToString(a.Value) != "false") || aws.ToString(a.Value) == "true" {
			t.Errorf("the sign-up wrote %s=%s", name, aws.ToString(a.Value))
		}
	}
	b.send(t, "code", w.s.Code(t, w.pool, "eve"))
	claims := b.idToken(t)
	for _, name := range []string{"custom:role", "role", "identities", "cognito:groups", "name"} {
		if value, there := claims[name]; there {
			t.Errorf("claim %s=%v", name, value)
		}
	}

	// So it is where a new password and missing attributes are asked for.
	_, err = w.s.SDK.AdminCreateUser(t.Context(), &cip.AdminCreateUserInput{
		UserPoolId: &w.pool, Username: aws.String("invited"), TemporaryPassword: aws.String(goodPassword), MessageAction: types.MessageActionTypeSuppress,
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String("invited@example.com")}},
	})
	wantOK(t, err)
	b = w.browser(t)
	b.signInWithPassword(t, "invited", goodPassword)
	f = b.form(t, "new_password", "")
	f.fields.Set("new_password", "Another-Horse2!")
	f.fields.Set("confirm_password", "Another-Horse2!")
	add(f.fields)
	b.post(t, b.at(t, f.action), f.fields)
	b.wantCode(t)
	user, err = w.s.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &w.pool, Username: aws.String("invited")})
	wantOK(t, err)
	for _, a := range user.UserAttributes {
		if aws.ToString(a.Value) == "true" {
			t.Errorf("the new password wrote %s", aws.ToString(a.Name))
		}
	}
}
