package login

import (
	"context"
	"net/url"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/web/pages"
)

const paramCanSetUp = "MFAS_CAN_SETUP"

// prepareSetUp chooses the factor to be set up where there is only one.
func (v *visit) prepareSetUp(ctx context.Context) error {
	options, err := v.factors(paramCanSetUp)
	if err != nil || len(options) != 1 {
		return err
	}
	return v.setUp(ctx, options[0])
}

// setUp begins to set up a factor. An app gets its secret at once.
func (v *visit) setUp(ctx context.Context, factor api.ChallengeNameType) error {
	s := v.tx.Step
	s.SetUp = string(factor)
	if factor != api.ChallengeNameTypeSoftwareTokenMfa || s.Secret != "" {
		return nil
	}
	got, err := v.p.Apps.AssociateSoftwareToken(ctx, &api.AssociateSoftwareTokenRequest{Session: s.Session})
	if err != nil {
		return err
	}
	s.Secret, s.Session = got.SecretCode, got.Session
	return nil
}

func showSetUp(v *visit) (pages.View, error) {
	options, err := v.factors(paramCanSetUp)
	if err != nil {
		return nil, err
	}
	s, others := v.tx.Step, len(options) > 1
	switch factor := api.ChallengeNameType(s.SetUp); factor {
	case "":
		return &pages.SetUpMFA{Frame: v.frame(), Username: v.tx.Username, Options: options}, nil
	case api.ChallengeNameTypeSoftwareTokenMfa:
		return &pages.SetUpTOTP{
			Frame: v.frame(), Username: v.tx.Username, Secret: s.Secret, URI: v.appAddress(s.Secret), Others: others,
		}, nil
	default:
		return &pages.SetUpAddress{Frame: v.frame(), Username: v.tx.Username, Kind: factor, Address: v.tx.Form["address"], Others: others}, nil
	}
}

// appAddress is what an authenticator app reads from the QR code: the secret, and
// the names that it shows it by.
func (v *visit) appAddress(secret string) string {
	issuer := v.client.Name
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + v.tx.Username}
	return u.String() + "?" + url.Values{"secret": {secret}, "issuer": {issuer}}.Encode()
}

func takeSetUp(ctx context.Context, v *visit) error {
	options, err := v.factors(paramCanSetUp)
	if err != nil {
		return err
	}
	do := api.ChallengeNameType(v.form.Get("do"))
	s := v.tx.Step
	switch {
	case do == pages.DoOther && len(options) > 1:
		s.SetUp = ""
	case slices.Contains(options, do):
		if err := v.setUp(ctx, do); err != nil {
			return v.refusedStep(ctx, err)
		}
	case s.SetUp == string(api.ChallengeNameTypeSoftwareTokenMfa) && v.code() != "":
		return v.verifyApp(ctx)
	case s.SetUp != "" && v.form.Has("address"):
		return v.setUpAddress(ctx)
	}
	return v.turn(ctx, "/login")
}

// verifyApp takes the first code of an app, and answers the challenge with it.
func (v *visit) verifyApp(ctx context.Context) error {
	s := v.tx.Step
	in := &api.VerifySoftwareTokenRequest{Session: s.Session, UserCode: v.code()}
	if name := v.field("device_name", maxName); name != "" {
		in.FriendlyDeviceName = &name
	}
	got, err := v.p.Apps.VerifySoftwareToken(ctx, in)
	if err != nil {
		return v.refusedStep(ctx, err)
	}
	s.Session = got.Session
	return v.answer(ctx, map[string]string{})
}

// setUpAddress answers the challenge with an address, which has to prove itself
// next.
func (v *visit) setUpAddress(ctx context.Context) error {
	address := v.field("address", maxAttribute)
	v.tx.Form = map[string]string{"address": address}
	param := attributes.Email
	if v.tx.Step.SetUp == string(api.ChallengeNameTypeSmsMfa) {
		param = attributes.PhoneNumber
	}
	if address == "" {
		return v.turn(ctx, "/login")
	}
	return v.answer(ctx, map[string]string{param: address})
}
