package browser_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	idtypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/chromedp/chromedp"

	"cognate/internal/servertest"
)

// modules is where scripts/setup-tests puts the JavaScript clients.
const modules = "../clients/node_modules"

// Amplify's signInWithRedirect ends with tokens in its hands, and its signOut
// with a browser that has to sign in again. It always uses https for the
// domain, also where the server's own address is plain HTTP, as it is in
// development. There the application has an identity pool, too.
func TestAmplifySignInWithRedirect(t *testing.T) {
	t.Parallel()
	script := bundle(t, "testdata/amplify.mjs")
	shared := servertest.Shared(t)
	for name, s := range map[string]*servertest.Server{
		"https":       shared,
		"development": servertest.Start(t, shared.Trusted, development),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signInWithAmplify(t, s, script)
		})
	}
}

func signInWithAmplify(t *testing.T, s *servertest.Server, script []byte) {
	t.Helper()
	tab := newWindow(t)
	var page []byte
	home := s.ServeSite(t, "localhost", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/app.js" {
			w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
			_, _ = w.Write(script)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page)
	})) + "/"
	a := openShopAt(t, s, home, nil, func(in *cip.CreateUserPoolClientInput) {
		in.LogoutURLs = []string{home}
	})
	identities := strings.HasPrefix(s.PublicURL, "http://") // in development, where roles need not be made
	page = amplifyPage(t, a, identities)
	s.CreateUser(t, a.pool, username, password, "email", "ana@example.com")

	open(tab, t, home)
	guest := app(tab, t, `session()`)
	if guest.Username != "" {
		t.Fatalf("signed in before: %+v", guest)
	}
	if _, err := chromedp.RunResponse(tab, evaluate(`app.signIn(), 0`)); err != nil {
		t.Fatal(err)
	}
	signIn(tab, t, username, password)
	first := app(tab, t, `session()`)
	if first.Username != username || first.Claims["email"] != "ana@example.com" || first.Claims["aud"] != a.client {
		t.Fatalf("session %+v at %s", first, location(tab, t))
	}
	if !slices.Contains(first.Events, "signInWithRedirect") || !slices.Contains(first.Events, "customOAuthState") {
		t.Errorf("events %q", first.Events)
	}
	if at := location(tab, t); at != home {
		t.Errorf("the application is at %s, without the code taken off", at)
	}
	if identities {
		wantCaller(t, s, guest, "guest")
		wantCaller(t, s, first, "user")
		if first.IdentityID != guest.IdentityID {
			t.Errorf("the guest %s became %s", guest.IdentityID, first.IdentityID)
		}
	}
	second := app(tab, t, `session({ forceRefresh: true })`)
	if second.Access["origin_jti"] != first.Access["origin_jti"] || second.Access["jti"] == first.Access["jti"] {
		t.Errorf("refreshed %v to %v", first.Access, second.Access)
	}

	if _, err := chromedp.RunResponse(tab, evaluate(`app.signOut(), 0`)); err != nil {
		t.Fatal(err)
	}
	awaitPage(tab, t, home)
	if got := app(tab, t, `session()`); got.Username != "" {
		t.Errorf("still signed in: %+v", got)
	}
	open(tab, t, a.authorize())
	see(tab, t, "input[name=password]")
}

// amplifySession is what the application tells of its user.
type amplifySession struct {
	Username       string
	Claims, Access map[string]any
	Events         []string
	IdentityID     string
	Credentials    struct{ AccessKeyID, SecretAccessKey, SessionToken string }
}

// wantCaller asks STS for whom the credentials of a session are.
func wantCaller(t *testing.T, s *servertest.Server, session amplifySession, role string) {
	t.Helper()
	c := session.Credentials
	got, err := s.STSClient(credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.SessionToken)).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Errorf("the credentials of the %s: %v", role, err)
		return
	}
	if want := "arn:aws:sts::123456789012:assumed-role/" + role + "/CognitoIdentityCredentials"; *got.Arn != want {
		t.Errorf("the credentials of the %s are for %s", role, *got.Arn)
	}
}

// openIdentityPool makes an identity pool for the users of a shop and for guests.
func openIdentityPool(t *testing.T, a shop) (id string) {
	t.Helper()
	made, err := a.server.Identity.CreateIdentityPool(t.Context(), &cognitoidentity.CreateIdentityPoolInput{
		IdentityPoolName: aws.String("shop"), AllowUnauthenticatedIdentities: true,
		CognitoIdentityProviders: []idtypes.CognitoIdentityProvider{{
			ProviderName: aws.String("cognito-idp.us-east-1.amazonaws.com/" + a.pool), ClientId: &a.client,
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.server.Identity.SetIdentityPoolRoles(t.Context(), &cognitoidentity.SetIdentityPoolRolesInput{
		IdentityPoolId: made.IdentityPoolId,
		Roles: map[string]string{
			"authenticated": "arn:aws:iam::123456789012:role/user", "unauthenticated": "arn:aws:iam::123456789012:role/guest",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return *made.IdentityPoolId
}

// app calls a function of the application.
func app(tab context.Context, t *testing.T, call string) (answer amplifySession) {
	t.Helper()
	text, err := chromedp.Run(tab, chromedp.Evaluate[string](`app.`+call+`.then(JSON.stringify)`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s at %s: %v", call, location(tab, t), err)
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func amplifyPage(t *testing.T, a shop, identities bool) []byte {
	t.Helper()
	pool := map[string]any{"userPoolId": a.pool, "userPoolClientId": a.client, "userPoolEndpoint": a.server.PublicURL}
	if identities {
		pool["identityPoolId"], pool["identityPoolEndpoint"], pool["allowGuestAccess"] = openIdentityPool(t, a), a.server.PublicURL, true
	}
	settings, err := json.Marshal(map[string]any{"domain": strings.TrimPrefix(a.domain, "https://"), "pool": pool})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(nil, `<!doctype html><link rel=icon href='data:,'><title>Amplify</title><script>window.settings = %s</script><script src="/app.js"></script>`, settings)
}

// bundle makes one script of a module and the clients that it imports.
func bundle(t *testing.T, file string) []byte {
	t.Helper()
	node, err := exec.LookPath("node")
	esbuild := filepath.Join(modules, "esbuild", "bin", "esbuild")
	if err == nil {
		_, err = os.Stat(esbuild)
	}
	switch {
	case err == nil:
	case os.Getenv("COGNATE_REQUIRE_CLIENTS") != "":
		t.Fatalf("%v; scripts/setup-tests installs what is missing", err)
	default:
		t.Skipf("%v; scripts/setup-tests installs what is missing", err)
	}
	path, err := filepath.Abs(modules)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile(file); err != nil { // so that go test sees its changes
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, esbuild, file, "--bundle", "--platform=browser", "--log-level=warning")
	cmd.Env = append(os.Environ(), "NODE_PATH="+path)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	script, err := cmd.Output()
	if err != nil {
		t.Fatalf("bundle %s: %v\n%s", file, err, &problems)
	}
	return script
}
