package browser_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"cognate/internal/servertest"
)

// shop is an application: a pool with a domain, and a client that has pages.
type shop struct {
	server               *servertest.Server
	pool, client, secret string
	domain               string // https://{prefix}.auth.localhost:{port}
	callback, home       string // of the application
}

// openShop makes an application on the shared server, whose users have e-mail
// addresses. Without callback it gets one of its own. The changes may alter
// the requests.
func openShop(t *testing.T, callback string, changePool func(*cip.CreateUserPoolInput), changeClient func(*cip.CreateUserPoolClientInput)) shop {
	t.Helper()
	return openShopAt(t, servertest.Shared(t), callback, changePool, changeClient)
}

func openShopAt(t *testing.T, s *servertest.Server, callback string, changePool func(*cip.CreateUserPoolInput), changeClient func(*cip.CreateUserPoolClientInput)) shop {
	t.Helper()
	if callback == "" {
		callback = serveApp(t)
	}
	at, err := url.Parse(callback)
	if err != nil {
		t.Fatal(err)
	}
	a := shop{server: s, callback: callback, home: at.Scheme + "://" + at.Host + "/"}
	a.pool = s.CreatePool(t, func(in *cip.CreateUserPoolInput) {
		in.AutoVerifiedAttributes = []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail}
		if changePool != nil {
			changePool(in)
		}
	})
	prefix := servertest.NewPrefix()
	_, err = s.SDK.CreateUserPoolDomain(t.Context(), &cip.CreateUserPoolDomainInput{
		UserPoolId: &a.pool, Domain: &prefix, ManagedLoginVersion: new(int32(2)),
	})
	if err != nil {
		t.Fatal(err)
	}
	a.domain = s.HTTPSAt(prefix + ".auth.localhost")
	in := &cip.CreateUserPoolClientInput{
		UserPoolId: &a.pool, ClientName: new("Corner shop"),
		AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode},
		AllowedOAuthScopes:         []string{"openid", "email", "profile", "aws.cognito.signin.user.admin"},
		CallbackURLs:               []string{a.callback},
		LogoutURLs:                 []string{a.home},
		SupportedIdentityProviders: []string{"COGNITO"},
		PreventUserExistenceErrors: types.PreventUserExistenceErrorTypesEnabled,
	}
	if changeClient != nil {
		changeClient(in)
	}
	made, err := s.SDK.CreateUserPoolClient(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	a.client = *made.UserPoolClient.ClientId
	if made.UserPoolClient.ClientSecret != nil {
		a.secret = *made.UserPoolClient.ClientSecret
	}
	_, err = s.SDK.CreateManagedLoginBranding(t.Context(), &cip.CreateManagedLoginBrandingInput{
		UserPoolId: &a.pool, ClientId: &a.client, UseCognitoProvidedValues: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// issuer is what the pool's tokens and discovery document name.
func (a shop) issuer() string { return a.server.PublicURL + "/" + a.pool }

// authorize is the address that begins a sign-in; more are pairs of name and
// value that are added to its query.
func (a shop) authorize(more ...string) string {
	query := url.Values{
		"response_type": {"code"}, "client_id": {a.client}, "redirect_uri": {a.callback}, "scope": {"openid email profile aws.cognito.signin.user.admin"}, "state": {"s1"},
	}
	for i := 0; i+1 < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	return a.domain + "/oauth2/authorize?" + query.Encode()
}

// logout is the address that ends the browser's session and leads back to the
// application.
func (a shop) logout() string {
	return a.domain + "/logout?" + url.Values{"client_id": {a.client}, "logout_uri": {a.home}}.Encode()
}

// exchange has the application take the tokens for the code in its callback's
// address, and gives the claims of the ID token and the access token.
func (a shop) exchange(t *testing.T, callback string) (id map[string]any, access string) {
	t.Helper()
	back, err := url.Parse(callback)
	if err != nil || !strings.HasPrefix(callback, a.callback+"?") || back.Query().Get("code") == "" {
		t.Fatalf("no code in %s", callback)
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {a.callback}, "client_id": {a.client},
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.domain+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := a.server.Do(t, r)
	var tokens struct {
		ID     string `json:"id_token"`
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(answer.Body), &tokens); err != nil || answer.Status != http.StatusOK {
		t.Fatalf("exchange the code: %d %s", answer.Status, answer.Body)
	}
	return claims(t, tokens.ID), tokens.Access
}

// serveApp serves an application with nothing but its title, at an address
// whose host is localhost, and gives its callback.
func serveApp(t *testing.T) (callback string) {
	t.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><link rel=icon href='data:,'><title>Corner shop</title>Corner shop")
	}))
	t.Cleanup(web.Close)
	return strings.Replace(web.URL, "127.0.0.1", "localhost", 1) + "/callback"
}

// open goes to an address and gives the one where that ends.
func open(tab context.Context, t *testing.T, address string) string {
	t.Helper()
	if err := chromedp.Do(tab, chromedp.Navigate(address)); err != nil {
		t.Fatalf("open %s: %v", address, err)
	}
	return location(tab, t)
}

func location(tab context.Context, t *testing.T) string {
	t.Helper()
	address, err := chromedp.Run(tab, chromedp.Location())
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// text is what a reader of the page sees.
func text(tab context.Context, t *testing.T) string {
	t.Helper()
	shown, err := chromedp.Run(tab, chromedp.Evaluate[string]("document.body.innerText"))
	if err != nil {
		t.Fatal(err)
	}
	return shown
}

// see fails the test when the page has nothing that fits the selector.
func see(tab context.Context, t *testing.T, selector string) {
	t.Helper()
	if !has(tab, t, selector) {
		t.Fatalf("no %s at %s:\n%s", selector, location(tab, t), text(tab, t))
	}
}

func has(tab context.Context, t *testing.T, selector string) bool {
	t.Helper()
	quoted, err := json.Marshal(selector)
	if err != nil {
		t.Fatal(err)
	}
	found, err := chromedp.Run(tab, chromedp.Evaluate[bool]("document.querySelector("+string(quoted)+") !== null"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// fill types into the first fields of their names; entries are pairs of name and
// text.
func fill(tab context.Context, t *testing.T, entries ...string) {
	t.Helper()
	for i := 0; i+1 < len(entries); i += 2 {
		selector := chromedp.CSS(`input[name="` + entries[i] + `"]:not([type=hidden])`)
		see(tab, t, string(selector))
		if err := chromedp.Do(tab, chromedp.Clear(selector), chromedp.SendKeys(selector, entries[i+1])); err != nil {
			t.Fatalf("fill in %s: %v", entries[i], err)
		}
	}
}

// press clicks on a button named do, waits for the page that comes of it, and
// gives its address.
func press(tab context.Context, t *testing.T, do string) string {
	t.Helper()
	return click(tab, t, `button[name=do][value="`+do+`"]`)
}

// click clicks on what leads to another page, and gives that page's address.
func click(tab context.Context, t *testing.T, selector string) string {
	t.Helper()
	see(tab, t, selector)
	if _, err := chromedp.RunResponse(tab, chromedp.Click(chromedp.CSS(selector))); err != nil {
		t.Fatalf("click on %s at %s: %v\n%s", selector, location(tab, t), err, text(tab, t))
	}
	return location(tab, t)
}

// signIn fills in the page of a name and a password, and gives where that led.
func signIn(tab context.Context, t *testing.T, username, password string) string {
	t.Helper()
	fill(tab, t, "username", username, "password", password)
	return press(tab, t, "submit")
}

// picture keeps a picture of the page in the directory COGNATE_SCREENSHOTS.
func picture(tab context.Context, t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("COGNATE_SCREENSHOTS")
	if dir == "" {
		return
	}
	image, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), image, 0o600)
	}
	if err != nil {
		t.Errorf("picture of %s: %v", name, err)
	}
}

// keepTo fails the test when a page asks for anything from elsewhere than the
// given origins (S018), or has anything in it that its own policy forbids.
func keepTo(tab context.Context, t *testing.T, origins ...string) {
	t.Helper()
	reportHits(tab, t)
	if _, err := chromedp.Call(tab, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	err := chromedp.Listen(tab, func(event any) {
		sent, ok := event.(*network.EventRequestWillBeSent)
		if !ok || strings.HasPrefix(sent.Request.URL, "data:") {
			return
		}
		for _, origin := range origins {
			if strings.HasPrefix(sent.Request.URL, strings.TrimSuffix(origin, "/")+"/") {
				return
			}
		}
		t.Errorf("%s asks for %s", sent.DocumentURL, sent.Request.URL)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// claims are those of a JWT, unverified.
func claims(t *testing.T, jwt string) (claims map[string]any) {
	t.Helper()
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no JWT", jwt)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(payload, &claims)
	}
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

// awaitPage waits until the window is at an address that begins so.
func awaitPage(tab context.Context, t *testing.T, beginning string) string {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if at := location(tab, t); strings.HasPrefix(at, beginning) {
			return at
		}
		select {
		case <-tick.C:
		case <-tab.Done():
			t.Fatalf("the window stays elsewhere than at %s", beginning)
		}
	}
}

// evaluate runs an expression whose value does not matter.
func evaluate(expression string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := chromedp.Evaluate[any](expression)(ctx, target)
		return err
	})
}
