package browser_test

import (
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"

	"cognate/internal/servertest"
)

// A user signs up with a code from an e-mail, sets up the authenticator app
// that the pool insists on, adds a passkey when asked, signs out, and comes
// back with the passkey alone. The application gets tokens both times, and no
// page asks anybody else for anything.
func TestWalkFromSignUpToPasskey(t *testing.T) {
	t.Parallel()
	tab := newWindow(t)
	s := servertest.Shared(t)
	a := openShop(t, "", func(in *cip.CreateUserPoolInput) {
		in.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
		in.Policies = &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{
			AllowedFirstAuthFactors: []types.AuthFactorType{types.AuthFactorTypePassword, types.AuthFactorTypeWebAuthn},
		}}
	}, func(in *cip.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth}
	})
	_, err := s.SDK.SetUserPoolMfaConfig(t.Context(), &cip.SetUserPoolMfaConfigInput{
		UserPoolId: &a.pool, MfaConfiguration: types.UserPoolMfaTypeOn,
		SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true},
		WebAuthnConfiguration: &types.WebAuthnConfigurationType{
			UserVerification: types.UserVerificationTypeRequired, FactorConfiguration: types.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	keepTo(tab, t, a.domain, a.home)
	addAuthenticator(tab, t)

	const email = "ana@example.com"
	open(tab, t, a.authorize())
	picture(tab, t, "walk-01-sign-in")
	click(tab, t, `a[href*="/signup"]`)
	fill(tab, t, "username", email, "password", password, "confirm_password", password)
	picture(tab, t, "walk-02-sign-up")
	press(tab, t, "submit")
	picture(tab, t, "walk-03-confirm")
	fill(tab, t, "code", s.Code(t, a.pool, email))
	press(tab, t, "submit")

	see(tab, t, "#secret-key")
	picture(tab, t, "walk-04-authenticator-app")
	secret, err := chromedp.Run(tab, chromedp.TextContent("#secret-key", chromedp.NodeReady))
	if err != nil {
		t.Fatal(err)
	}
	code, err := totp.GenerateCode(strings.Join(strings.Fields(secret), ""), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	fill(tab, t, "code", code)
	press(tab, t, "submit")

	see(tab, t, "form[data-passkey=create]")
	picture(tab, t, "walk-05-passkey-offer")
	back := click(tab, t, "[data-start]")
	first, _ := a.exchange(t, back)
	if first["email"] != email || first["email_verified"] != true {
		t.Errorf("claims %v", first)
	}
	if back := open(tab, t, a.logout()); back != a.home {
		t.Errorf("signed out to %s, want %s", back, a.home)
	}
	open(tab, t, a.authorize())
	fill(tab, t, "username", email)
	picture(tab, t, "walk-06-name")
	// The authenticator answers at once; the page goes on by itself.
	back = press(tab, t, "WEB_AUTHN")
	if !strings.HasPrefix(back, a.callback) {
		back = awaitPage(tab, t, a.callback)
	}
	second, _ := a.exchange(t, back)
	if second["sub"] != first["sub"] || second["origin_jti"] == first["origin_jti"] {
		t.Errorf("signed in as %v with the passkey, was %v", second, first)
	}
}
