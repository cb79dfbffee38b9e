package browser_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"cognate/internal/servertest"
)

const (
	username = "ana"
	password = "Correct-Horse1!"
)

//go:embed page.js
var script string

// A browser registers a passkey and signs in with it; when its authenticator no
// longer verifies the user, or the page is another site's, it does not.
func TestPasskeyInChromium(t *testing.T) {
	t.Parallel()
	tab := newWindow(t)
	s := servertest.Start(t)
	pool, client := passkeyPool(t, s)
	s.CreateUser(t, pool, username, password)
	signedIn, err := s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		ClientId: &client, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": username, "PASSWORD": password},
	})
	if err != nil {
		t.Fatal(err)
	}
	token := *signedIn.AuthenticationResult.AccessToken

	page := servePage(t)
	if err := chromedp.Do(tab, chromedp.Navigate(page)); err != nil {
		t.Fatal(err)
	}
	authenticator := addAuthenticator(tab, t)
	id := run(tab, t, "register", s.URL, token)
	list, err := s.Anonymous.ListWebAuthnCredentials(t.Context(), &cip.ListWebAuthnCredentialsInput{AccessToken: &token})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Credentials) != 1 || aws.ToString(list.Credentials[0].CredentialId) != id || aws.ToString(list.Credentials[0].RelyingPartyId) != "localhost" {
		t.Errorf("passkeys %+v, want %s", list.Credentials, id)
	}
	for range 2 { // the authenticator counts
		access := run(tab, t, "signIn", s.URL, client, username)
		user, err := s.Anonymous.GetUser(t.Context(), &cip.GetUserInput{AccessToken: &access})
		if err != nil || aws.ToString(user.Username) != username {
			t.Errorf("signed in as %+v, %v", user, err)
		}
	}
	// The browser itself does not make a second passkey on the same authenticator.
	if text := fails(tab, t, "register", s.URL, token); !strings.Contains(text, "InvalidStateError") && !strings.Contains(text, "already registered") {
		t.Errorf("a second registration: %s", text)
	}
	bad := true
	if _, err := chromedp.Call(tab, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: authenticator, IsBadUV: &bad}); err != nil {
		t.Fatal(err)
	}
	if text := fails(tab, t, "signIn", s.URL, client, username); !strings.Contains(text, "Incorrect username or password.") {
		t.Errorf("without verification: %s", text)
	}
	if _, err := chromedp.Call(tab, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: authenticator, IsBogusSignature: &bad}); err != nil {
		t.Fatal(err)
	}
	if text := fails(tab, t, "signIn", s.URL, client, username); !strings.Contains(text, "Incorrect username or password.") {
		t.Errorf("with a wrong signature: %s", text)
	}
}

// passkeyPool makes a pool whose relying party is this machine and which wants
// the user verified.
func passkeyPool(t *testing.T, s *servertest.Server) (pool, client string) {
	t.Helper()
	pool = s.CreatePool(t, func(in *cip.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{
			AllowedFirstAuthFactors: []types.AuthFactorType{types.AuthFactorTypePassword, types.AuthFactorTypeWebAuthn},
		}}
	})
	_, err := s.SDK.SetUserPoolMfaConfig(t.Context(), &cip.SetUserPoolMfaConfigInput{
		UserPoolId: &pool,
		WebAuthnConfiguration: &types.WebAuthnConfigurationType{
			RelyingPartyId: aws.String("localhost"), UserVerification: types.UserVerificationTypeRequired,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return pool, s.CreateClient(t, pool, func(in *cip.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, types.ExplicitAuthFlowsTypeAllowUserAuth)
	})
}

// servePage serves the script at an address whose host is localhost.
func servePage(t *testing.T) string {
	t.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><title>passkeys</title><script>"+script+"</script>")
	}))
	t.Cleanup(web.Close)
	return strings.Replace(web.URL, "127.0.0.1", "localhost", 1)
}

// addAuthenticator plugs in an authenticator of the machine itself, whose user is
// always there and verified.
func addAuthenticator(tab context.Context, t *testing.T) webauthn.AuthenticatorID {
	t.Helper()
	if _, err := chromedp.Call(tab, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	added, err := chromedp.Call(tab, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return added.AuthenticatorID
}

// run calls a function of the page and waits for its result.
func run(tab context.Context, t *testing.T, function string, arguments ...string) string {
	t.Helper()
	result, err := chromedp.Run(tab, chromedp.Evaluate[string](expression(t, function, arguments), chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", function, err)
	}
	return result
}

// fails is run for calls that must fail; it gives the error's text.
func fails(tab context.Context, t *testing.T, function string, arguments ...string) string {
	t.Helper()
	code := expression(t, function, arguments) + `.then(() => "", (error) => error.name + ": " + error.message)`
	text, err := chromedp.Run(tab, chromedp.Evaluate[string](code, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", function, err)
	}
	if text == "" {
		t.Errorf("%s succeeded", function)
	}
	return text
}

func expression(t *testing.T, function string, arguments []string) string {
	t.Helper()
	quoted, err := json.Marshal(arguments)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s(...%s)", function, quoted)
}
