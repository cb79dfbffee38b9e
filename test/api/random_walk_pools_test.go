package api_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/protocol/webauthn/passkeytest"
)

// roamWord is the right answer to the custom challenges of host.custom.
const roamWord = "blue-7f3a"

const (
	passwordFlow = types.AuthFlowTypeUserPasswordAuth
	srpFlow      = types.AuthFlowTypeUserSrpAuth
	customFlow   = types.AuthFlowTypeCustomAuth
)

// newRoamer makes the pools and users of a walk.
func newRoamer(t *testing.T, r *rand.Rand) *roamer {
	t.Helper()
	h := newHost(t)
	w := &roamer{s: h.s, r: r, tokens: map[string]int{}, proofs: map[string]int{}, refused: map[string]int{}}
	usual := []types.AuthFlowType{passwordFlow, passwordFlow, passwordFlow, passwordFlow, choiceFlow, srpFlow}
	choosy := []types.AuthFlowType{choiceFlow, choiceFlow, choiceFlow, passwordFlow}
	factors := firstFactors(types.AuthFactorTypePassword, types.AuthFactorTypeEmailOtp)

	off := w.addPool(t, newApp(t, h.s, nil, nil), &place{kind: "off", flows: usual})
	for _, home := range []string{"plain", "force", "disabled", "unconfirmed", "reset"} {
		w.addUser(t, off, "off-"+home, home)
	}
	w.users = append(w.users, &roamUser{place: off, name: "nobody", home: "nobody"})

	optional := w.addPool(t, newApp(t, h.s, nil, nil), &place{kind: "optional", flows: usual})
	w.demand(t, optional, tokensOnly(types.UserPoolMfaTypeOptional))
	w.addUser(t, optional, "optional-plain", "plain")
	w.addApp(t, w.addUser(t, optional, "optional-app", "plain"))

	on := w.addPool(t, newApp(t, h.s, nil, nil), &place{kind: "on", flows: usual})
	w.demand(t, on, tokensOnly(types.UserPoolMfaTypeOptional))
	w.addApp(t, w.addUser(t, on, "on-app", "plain"))
	w.addUser(t, on, "on-bare", "bare")
	w.addUser(t, on, "on-force", "force")
	w.demand(t, on, tokensOnly(types.UserPoolMfaTypeOn))

	mail := w.addPool(t, newApp(t, h.s, phoneFirst, nil), &place{kind: "mail", flows: usual, emailFits: true})
	w.demand(t, mail, emailOnly(types.UserPoolMfaTypeOn))
	w.addUser(t, mail, "mail-plain", "plain")

	choice := w.addPool(t, newApp(t, h.s, factors, nil), &place{kind: "choice", flows: choosy, emailAlso: true})
	for _, home := range []string{"plain", "unconfirmed", "passwordless", "disabled", "force"} {
		w.addUser(t, choice, "choice-"+home, home)
	}
	both := w.addPool(t, newApp(t, h.s, factors, nil), &place{kind: "choice with MFA", flows: choosy, emailAlso: true})
	w.demand(t, both, tokensOnly(types.UserPoolMfaTypeOptional))
	w.addUser(t, both, "both-plain", "plain")
	w.addApp(t, w.addUser(t, both, "both-app", "plain"))

	levels := w.addPool(t, levelApp(t, h.s, func(c *types.WebAuthnConfigurationType) {
		c.FactorConfiguration = types.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification
	}), &place{kind: "levels", flows: choosy, emailAlso: true, mfa: types.UserPoolMfaTypeOptional})
	for _, name := range []string{"levels-plain", "levels-app"} {
		u := w.addUser(t, levels, name, "levels")
		u.key = passkeytest.New(passkeyParty, passkeyPage)
		levels.clients[0].register(t, levels.clients[0].signIn(t, name, goodPassword).AccessToken, u.key)
		if name == "levels-app" {
			w.addApp(t, u)
			wantOK(t, levels.clients[0].prefer(t, name, cip.AdminSetUserMFAPreferenceInput{WebAuthnMfaSettings: &types.WebAuthnMfaSettingsType{Enabled: true}}))
		}
		w.users = append(w.users, u)
	}

	devices := w.addPool(t, newApp(t, h.s, tracking(true, false), nil), &place{kind: "devices", flows: usual})
	w.demand(t, devices, tokensOnly(types.UserPoolMfaTypeOptional))
	for _, name := range []string{"devices-one", "devices-two"} {
		u := w.addUser(t, devices, name, "plain")
		d, _ := devices.clients[0].withDevice(t, name)
		u.phone = &d
		w.addApp(t, u)
		w.users = append(w.users, u, u) // their way is long: they come more often
	}
	w.demand(t, devices, tokensOnly(types.UserPoolMfaTypeOn))

	custom := w.addPool(t, h.custom(t, "PreSignUp", "PostConfirmation", "PreAuthentication", "PostAuthentication",
		"PreTokenGeneration", "CustomMessage").app, &place{kind: "custom", flows: []types.AuthFlowType{customFlow, customFlow, passwordFlow}})
	w.demand(t, custom, tokensOnly(types.UserPoolMfaTypeOptional))
	w.addUser(t, custom, "custom-plain", "plain")
	w.addApp(t, w.addUser(t, custom, "custom-app", "plain"))
	return w
}

// addPool adds a pool with a client that lists every flow, one that lists plain
// passwords only, and one that hides who exists.
func (w *roamer) addPool(t *testing.T, a *app, p *place) *place {
	t.Helper()
	every := withFlows(
		types.ExplicitAuthFlowsTypeAllowUserSrpAuth, types.ExplicitAuthFlowsTypeAllowUserPasswordAuth,
		types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
		types.ExplicitAuthFlowsTypeAllowUserAuth, types.ExplicitAuthFlowsTypeAllowCustomAuth)
	narrow := a.withClient(t, withFlows(types.ExplicitAuthFlowsTypeAllowUserPasswordAuth))
	hidden := a.withClient(t, func(in *cip.CreateUserPoolClientInput) {
		every(in)
		hiding(in)
		withSecret(in)
	})
	p.pool, p.narrow = a.pool, narrow.client
	if p.mfa == "" {
		p.mfa = types.UserPoolMfaTypeOff
	}
	first := a.withClient(t, func(in *cip.CreateUserPoolClientInput) {
		every(in)
		in.AccessTokenValidity = aws.Int32(24) // hours: the clock runs fast
	})
	p.clients = []*app{first, hidden, narrow}
	w.places = append(w.places, p)
	return p
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func (w *roamer) demand(t *testing.T, p *place, mfa cip.SetUserPoolMfaConfigInput) {
	t.Helper()
	p.clients[0].setMFA(t, mfa)
	p.mfa = mfa.MfaConfiguration
}

// addUser adds a user in the state that home names.
func (w *roamer) addUser(t *testing.T, p *place, name, home string) *roamUser {
	t.Helper()
	u := &roamUser{place: p, name: name, home: home, status: "confirmed", password: goodPassword}
	email := []string{"email", name + "@example.com", "email_verified", "true"}
	if home == "bare" || p.kind == "on" {
		email = nil
	}
	switch home {
	case "unconfirmed", "passwordless":
		in := &cip.SignUpInput{ClientId: &p.clients[0].client, Username: &name, UserAttributes: pairs(email[:2]...), Password: &u.password}
		if home == "passwordless" {
			in.Password, u.password = nil, ""
		}
		_, err := w.s.Anonymous.SignUp(t.Context(), in)
		wantOK(t, err)
		u.status = "unconfirmed"
	default:
		w.s.CreateUser(t, p.pool, name, goodPassword, email...)
	}
	switch home {
	case "force":
		w.setPassword(t, u, false)
	case "reset":
		_, err := w.s.SDK.AdminResetUserPassword(t.Context(), &cip.AdminResetUserPasswordInput{UserPoolId: &p.pool, Username: &name})
		wantOK(t, err)
		u.status = "reset"
	}
	got, err := w.s.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &p.pool, Username: aws.String(name)})
	wantOK(t, err)
	u.sub = valueOf(got.UserAttributes, "sub")
	if u.sub == "" {
		t.Fatalf("%s has no sub", name)
	}
	w.users = append(w.users, u)
	return u
}

// addApp gives a user an authenticator app and switches it on.
func (w *roamer) addApp(t *testing.T, u *roamUser) {
	t.Helper()
	a := u.place.clients[0]
	u.app = a.enrol(t, a.signIn(t, u.name, u.password).AccessToken)
	u.lastStep = u.app.last
	wantOK(t, a.prefer(t, u.name, tokenPreferred))
}

// dropApp takes a user's app away, with an operation that the SDK does not know.
func (w *roamer) dropApp(t *testing.T, u *roamUser) error {
	t.Helper()
	got := w.s.Call(t, "AdminDeleteSoftwareToken", `{"UserPoolId":"`+u.place.pool+`","Username":"`+u.name+`"}`)
	if got.Status != 200 {
		return errors.New(got.Body)
	}
	return nil
}
