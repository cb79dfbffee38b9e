package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

// A user who was confirmed elsewhere signs in (endpoints.md §6.5).
func TestPagesConfirmedElsewhere(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 2, nil, nil)
	b := w.browser(t)
	b.open(t, "/signup", w.query())
	b.send(t, "username", "ana", "password", goodPassword, "requiredAttributes[email]", "ana@example.com")
	code := w.s.Code(t, w.pool, "ana")
	_, err := w.s.Anonymous.ConfirmSignUp(t.Context(), &cip.ConfirmSignUpInput{ClientId: &w.client, Username: aws.String("ana"), ConfirmationCode: &code})
	wantOK(t, err)
	b.send(t, "code", code)
	b.wantPage(t, "/login", "Current status is CONFIRMED")
	b.send(t, "username", "ana", "password", goodPassword)
	b.wantCode(t)
	b.open(t, "/confirm", w.query()) // nothing waits for that any more
	b.wantPage(t, "/login", "")
}

// What a form came to is said on its own page only.
func TestPagesSayThingsInTheirPlace(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	b := w.browser(t)
	b.signInWithPassword(t, "ana", "Wrong-Horse1!")
	b.wantPage(t, "/login", "Incorrect username or password.")
	for _, path := range []string{"/signup", "/forgotPassword"} {
		if page := b.open(t, path, w.query()); strings.Contains(page.text, "Incorrect username or password.") {
			t.Errorf("%s says what is the matter with a sign-in", path)
		}
	}
	b.open(t, "/oauth2/login", w.query())
	b.wantPage(t, "/oauth2/login", "Incorrect username or password.")
}

// A code that is sent ten times at once signs in once.
func TestS015OneOfManyParallelFormsWins(t *testing.T) {
	t.Parallel()
	w := mfaSite(t, servertest.Shared(t), emailOnly(types.UserPoolMfaTypeOn), nil)
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com", "email_verified", "true")
	b := w.browser(t)
	b.signInWithPassword(t, "ana", goodPassword)
	f := b.form(t, "code", "")
	f.fields.Set("code", w.s.Code(t, w.pool, "ana@example.com"))
	address := b.at(t, f.action)
	var all sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for range 10 {
		all.Go(func() {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(f.fields.Encode()))
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			got, err := b.http.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			defer got.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			if strings.HasPrefix(got.Header.Get("Location"), callback+"?code=") {
				won++
			} else if got.StatusCode >= 500 {
				t.Errorf("status %d", got.StatusCode)
			}
		})
	}
	all.Wait()
	if won != 1 {
		t.Errorf("%d of 10 forms signed in", won)
	}
}

func TestPagesOfOneGenerationOnly(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 1, nil)
	b := w.browser(t)
	if got := b.open(t, "/passkeys/add", w.query()); got.status != http.StatusNotFound {
		t.Errorf("/passkeys/add on classic pages: %d", got.status)
	}
	b.open(t, "/login", w.query("lang", "de", "prompt", "none")) // neither means anything here
	b.wantPage(t, "/login", "")
	if !strings.Contains(b.page.text, `<html lang="en"`) || b.page.status != http.StatusOK {
		t.Errorf("%d\n%s", b.page.status, b.page.text)
	}
}

func TestPagesFormsOfWrongKinds(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	b := w.browser(t)
	b.open(t, "/login", w.query())
	fields := b.form(t, "username", "").fields
	fields.Set("username", "ana")
	fields.Set("password", goodPassword)
	for kind, body := range map[string]string{
		"application/json":                  `{"username":"ana"}`,
		"text/plain":                        fields.Encode(),
		"multipart/form-data; boundary=x":   "--x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nana\r\n--x--",
		"":                                  fields.Encode(),
		"application/x-www-form-urlencoded": fields.Encode() + "&credential=" + strings.Repeat("a", 70_000),
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.base+"/login?"+w.query().Encode(), strings.NewReader(body))
		wantOK(t, err)
		if kind != "" {
			r.Header.Set("Content-Type", kind)
		}
		got, err := b.http.Do(r)
		wantOK(t, err)
		if got.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: %d", kind, got.StatusCode)
		}
		_ = got.Body.Close()
	}
}

func TestPagesNamesOfTheWrongForm(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 2, func(in *cip.CreateUserPoolInput) {
		in.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
	}, nil)
	b := w.browser(t)
	b.signInWithPassword(t, "ana", goodPassword)
	b.wantPage(t, "/login", "Username should be an email.")
	b.open(t, "/signup", w.query())
	if f := b.form(t, "username", ""); f.fields.Has("requiredAttributes[email]") {
		t.Error("the address is asked for twice")
	}
	b.send(t, "username", "ana@example.com", "password", goodPassword)
	b.send(t, "code", w.s.Code(t, w.pool, "ana@example.com"))
	b.wantCode(t)
	b.open(t, "/login", w.query())
	b.wantPage(t, "/login", "ana@example.com") // signed in as
}

// identity_provider names the pool itself or another provider of the client.
func TestPagesWithANamedProvider(t *testing.T) {
	t.Parallel()
	w := userSite(t, servertest.Shared(t), 2, nil)
	b := w.browser(t)
	b.open(t, "/login", w.query("identity_provider", "COGNITO"))
	b.send(t, "username", "ana", "password", goodPassword)
	b.wantCode(t)
	got := b.raw(t, http.MethodGet, "/login", w.query("identity_provider", "Nobody"), nil)
	if location, err := url.Parse(got.Header.Get("Location")); err != nil || location.Query().Get("error") != "invalid_request" || !strings.HasPrefix(location.String(), callback) {
		t.Errorf("an unknown provider: %s", location)
	}
}
