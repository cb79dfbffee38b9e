package browser_test

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/chromedp/chromedp"

	"cognate/internal/servertest"
)

// A stranger's page cannot sign the browser in as the stranger, by a form with
// the right name and password: not from another site, which the cookies do not
// reach, nor from a neighbour below the same suffix, which they do. Nor can it
// sign the user out by an image.
func TestS013StrangersPagesNeitherSignInNorOut(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := openShop(t, "", nil, nil)
	s.CreateUser(t, a.pool, "mallory", password, "email", "mallory@example.com")
	s.CreateUser(t, a.pool, username, password, "email", "ana@example.com")
	for name, evil := range map[string]string{
		"other site": serveStranger(t, a),
		"neighbour":  s.ServeSite(t, "stranger.auth.localhost", stranger(a)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tab := newWindow(t)
			open(tab, t, a.authorize())
			see(tab, t, "input[name=password]") // the browser has all cookies now
			for _, token := range []string{"", csrf(t, a)} {
				open(tab, t, evil+"/form?token="+token)
				answer, err := chromedp.RunResponse(tab, chromedp.Click("button"))
				if err != nil {
					t.Fatal(err)
				}
				if answer.Status != http.StatusForbidden {
					t.Errorf("a form with the token %q: %d, at %s", token, answer.Status, location(tab, t))
				}
			}
			if at := open(tab, t, a.authorize("prompt", "none")); !strings.Contains(at, "error=login_required") {
				t.Fatalf("somebody is signed in: %s", at)
			}

			open(tab, t, a.authorize())
			if at := signIn(tab, t, username, password); !strings.HasPrefix(at, a.callback+"?code=") {
				t.Fatalf("signed in to %s", at)
			}
			open(tab, t, evil+"/image")
			if _, err := chromedp.Run(tab, chromedp.Evaluate[any]("new Promise((done) => { if (document.images[0].complete) done(); document.images[0].onerror = done; }).then(() => 0)", chromedp.EvalAwaitPromise)); err != nil {
				t.Fatal(err)
			}
			at := open(tab, t, a.authorize("prompt", "none"))
			if name == "other site" && !strings.HasPrefix(at, a.callback+"?code=") {
				t.Errorf("signed out by an image: %s", at)
			}
		})
	}
}

// csrf is the token of a form that the stranger asked for.
func csrf(t *testing.T, a shop) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.Replace(a.authorize(), "/oauth2/authorize?", "/login?", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	body := servertest.Shared(t).Do(t, r).Body
	_, token, ok := strings.Cut(body, `name="_csrf" value="`)
	token, _, ended := strings.Cut(token, `"`)
	if !ok || !ended {
		t.Fatalf("no _csrf in\n%s", body)
	}
	return token
}

func serveStranger(t *testing.T, a shop) string {
	t.Helper()
	site := httptest.NewServer(stranger(a))
	t.Cleanup(site.Close)
	return site.URL
}

// stranger is a site with a form that signs Mallory in, and an image that signs
// out.
func stranger(a shop) http.Handler {
	login := strings.Replace(a.authorize(), "/oauth2/authorize?", "/login?", 1)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.URL.Path == "/image" {
			_, _ = fmt.Fprintf(w, `<!doctype html><link rel=icon href="data:,"><img src="%s">`, html.EscapeString(a.logout()))
			return
		}
		_, _ = fmt.Fprintf(w, `<!doctype html><link rel=icon href="data:,"><form method="post" action="%s">`+
			`<input name="_csrf" value="%s"><input name="username" value="mallory"><input name="password" value="%s"><button>win a prize</button></form>`,
			html.EscapeString(login), html.EscapeString(r.URL.Query().Get("token")), html.EscapeString(password))
	})
}

// No page of a domain asks anybody else for anything, and the application that
// the sign-in leads to is not told where its user comes from.
func TestS018PagesKeepToThemselves(t *testing.T) {
	t.Parallel()
	tab := newWindow(t)
	referrers := make(chan string, 16)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		referrers <- r.Referer()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,">here`)
	}))
	t.Cleanup(app.Close)
	a := openShop(t, strings.Replace(app.URL, "127.0.0.1", "localhost", 1)+"/callback", nil, nil)
	servertest.Shared(t).CreateUser(t, a.pool, username, password, "email", "ana@example.com")
	keepTo(tab, t, a.domain, a.home)
	query := a.authorize()[strings.IndexByte(a.authorize(), '?'):]
	for _, path := range []string{
		"/login" + query, "/signup" + query, "/confirm" + query, "/forgotPassword" + query, "/confirmforgotPassword" + query,
		"/passkeys/add" + query, "/error?error=redirect_mismatch&client_id=" + a.client, "/logout", "/confirmUser?client_id=" + a.client,
		"/nothing", "/oauth2/authorize?client_id=none",
	} {
		open(tab, t, a.domain+path)
		if text(tab, t) == "" {
			t.Errorf("%s shows nothing", path)
		}
	}
	open(tab, t, a.authorize())
	signIn(tab, t, username, password)
	if from := <-referrers; from != "" {
		t.Errorf("the application hears of %s", from)
	}
}

// After the sign-out, going back shows nobody's name.
func TestS150BackButtonAfterSignOutShowsNothing(t *testing.T) {
	t.Parallel()
	tab := newWindow(t)
	a := openShop(t, "", func(in *cip.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{
			AllowedFirstAuthFactors: []types.AuthFactorType{types.AuthFactorTypePassword, types.AuthFactorTypeWebAuthn},
		}}
	}, nil)
	const name = "ana-private-name"
	servertest.Shared(t).CreateUser(t, a.pool, name, password, "email", "ana@example.com")
	query := a.authorize()[strings.IndexByte(a.authorize(), '?'):]
	for _, path := range []string{"/login", "/passkeys/add"} {
		open(tab, t, a.authorize())
		signIn(tab, t, name, password)
		open(tab, t, a.domain+path+query)
		if !strings.Contains(text(tab, t), name) {
			t.Fatalf("%s does not say who is signed in:\n%s", location(tab, t), text(tab, t))
		}
		open(tab, t, a.logout())
		// A page that the browser has kept is there at once and loads nothing.
		soon, cancel := context.WithTimeout(tab, 10*time.Second)
		err := chromedp.Do(soon, chromedp.NavigateBack())
		cancel()
		if err != nil {
			t.Errorf("going back to %s loads nothing: %v", path, err)
		}
		if shown := text(tab, t); strings.Contains(shown, name) || has(tab, t, `input[value="`+name+`"]`) {
			t.Errorf("back at %s:\n%s", location(tab, t), shown)
		}
	}
}
