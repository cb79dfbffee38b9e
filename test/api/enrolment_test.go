package api_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/protocol/webauthn/passkeytest"
	"cognate/internal/server"
	"cognate/internal/servertest"
	"cognate/internal/testlog"
)

// logbook keeps the lines of a server's log.
type logbook struct{ testlog.Log }

// audits gives the records of audit so far: action, sub and object.
func (l *logbook) audits(t *testing.T) []string {
	t.Helper()
	var list []string
	for line := range strings.Lines(l.String()) {
		var r struct{ Msg, Action, Sub, Object string }
		wantOK(t, json.Unmarshal([]byte(line), &r))
		if r.Msg == "audit" {
			list = append(list, strings.TrimSpace(r.Action+" "+r.Sub+" "+r.Object))
		}
	}
	return list
}

// keepLog makes a server write its log into the book.
func keepLog(l *logbook) servertest.Option {
	return func(c *server.Config) { c.Log = slog.New(slog.NewJSONHandler(l, nil)) }
}

func (a *app) tag(t *testing.T, key, value string) error {
	t.Helper()
	arn := arnOf(a.pool)
	_, err := a.s.SDK.TagResource(t.Context(), &cip.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{key: value}})
	return err
}

const (
	strictTag = "cognate:strict-enrolment"
	tooOld    = "Sign in again to add a factor."
)

// Both settings of the tag, by the clock: a factor is added by a sign-in of the
// last five minutes, or of any age.
func TestS069S087FactorsOfAnOldSignIn(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{false, true} {
		s := servertest.Start(t)
		a := newApp(t, s, func(in *cip.CreateUserPoolInput) {
			firstFactors(types.AuthFactorTypePassword, types.AuthFactorTypeWebAuthn)(in)
			in.SmsConfiguration = &types.SmsConfigurationType{SnsCallerArn: new("arn:aws:iam::123456789012:role/sms"), ExternalId: new("x")}
		}, nil)
		_, err := s.SDK.SetUserPoolMfaConfig(t.Context(), &cip.SetUserPoolMfaConfigInput{
			UserPoolId: &a.pool, MfaConfiguration: types.UserPoolMfaTypeOptional,
			SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true},
			SmsMfaConfiguration: &types.SmsMfaConfigType{SmsConfiguration: &types.SmsConfigurationType{
				SnsCallerArn: new("arn:aws:iam::123456789012:role/sms"), ExternalId: new("x"),
			}},
			WebAuthnConfiguration: &types.WebAuthnConfigurationType{RelyingPartyId: new(passkeyParty)},
		})
		wantOK(t, err)
		if strict {
			wantOK(t, a.tag(t, strictTag, "on"))
		}
		s.CreateUser(t, a.pool, "ana", goodPassword, "email", "ana@example.com", "email_verified", "true", "phone_number", "+15555550123")
		tokens := a.signIn(t, "ana", goodPassword)

		s.Advance(4 * time.Minute) // the clock runs on meanwhile
		key := a.enrol(t, tokens.AccessToken)
		a.register(t, tokens.AccessToken, passkeytest.New(passkeyParty, passkeyPage))
		answer, err := passkeytest.New(passkeyParty, passkeyPage).Create(a.creationOptions(t, tokens.AccessToken))
		wantOK(t, err)
		s.Mailbox.Wait(t, a.pool, "ana", 2) // a notice for each

		s.Advance(61 * time.Second)
		refreshed, err := a.initiate(t, types.AuthFlowTypeRefreshTokenAuth, "REFRESH_TOKEN", *tokens.RefreshToken)
		wantOK(t, err)
		for name, token := range map[string]*string{"first": tokens.AccessToken, "refreshed": refreshed.AuthenticationResult.AccessToken} {
			for operation, call := range map[string]func() error{
				"AssociateSoftwareToken": func() error { _, err := a.associate(t, token, nil); return err },
				"VerifySoftwareToken":    func() error { _, err := a.verifyToken(t, token, nil, key.next(t)); return err },
				"StartWebAuthnRegistration": func() error {
					_, err := s.Anonymous.StartWebAuthnRegistration(t.Context(), &cip.StartWebAuthnRegistrationInput{AccessToken: token})
					return err
				},
				"CompleteWebAuthnRegistration": func() error { return a.complete(t, token, answer) },
				"SetUserMFAPreference": func() error {
					_, err := s.Anonymous.SetUserMFAPreference(t.Context(), &cip.SetUserMFAPreferenceInput{
						AccessToken: token, SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: true},
					})
					return err
				},
				"SetUserSettings": func() error {
					_, err := s.Anonymous.SetUserSettings(t.Context(), &cip.SetUserSettingsInput{
						AccessToken: token, MFAOptions: []types.MFAOptionType{{AttributeName: new("phone_number"), DeliveryMedium: types.DeliveryMediumTypeSms}},
					})
					return err
				},
			} {
				switch err := call(); {
				case strict:
					wantError(t, err, "NotAuthorizedException", tooOld)
				case err != nil && strings.Contains(err.Error(), tooOld):
					t.Errorf("%s with the %s token: %v", operation, name, err)
				}
			}
			// Taking factors away needs no more than before.
			_, err := s.Anonymous.SetUserMFAPreference(t.Context(), &cip.SetUserMFAPreferenceInput{
				AccessToken: token, SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: false},
			})
			wantOK(t, err)
		}
	}
}

func TestOwnTagsHaveTheirValues(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	app := "android:apk-key-hash:" + base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	for _, c := range []struct {
		tag, value string
		accept     bool
	}{
		{strictTag, "on", true},
		{strictTag, "yes", false},
		{"cognate:passkey-origins", app, true},
		{"cognate:passkey-origins:beta", app + " " + app, true},
		{"cognate:passkey-origins", "https://example.org", false},
		{"cognate:passkey-origins", app + " *", false},
		{"cognate:passkey-origins:x", "android:apk-key-hash:AAAA", false},
	} {
		err := a.tag(t, c.tag, c.value)
		if c.accept {
			wantOK(t, err)
		} else {
			wantCode(t, err, "InvalidParameterException")
		}
	}
}

func TestS069AdministratorsAreAudited(t *testing.T) {
	t.Parallel()
	log := &logbook{}
	s := servertest.Start(t, keepLog(log))
	a, _ := withToken(t, s)
	sub := world{a}.attribute(t, "ana", "sub")
	wantOK(t, a.prefer(t, "ana", cip.AdminSetUserMFAPreferenceInput{SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true}}))
	if got := s.Call(t, "AdminDeleteSoftwareToken", `{"UserPoolId":"`+a.pool+`","Username":"ana"}`); got.Status != 200 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	want := "factors-set " + sub + " SOFTWARE_TOKEN_MFA, factor-removed " + sub + " SOFTWARE_TOKEN_MFA"
	if got := strings.Join(log.audits(t), ", "); !strings.HasSuffix(got, want) {
		t.Errorf("audited: %s", got)
	}
}

// Apps on Android name the certificate they are signed with as their origin.
func TestS080OriginsOfNativeApps(t *testing.T) {
	t.Parallel()
	a := passkeyApp(t, servertest.Shared(t), nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	token := a.signIn(t, "ana", goodPassword).AccessToken
	origin := "android:apk-key-hash:" + base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
	other := "android:apk-key-hash:" + base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{8}, 32))
	key := passkeytest.New(passkeyParty, origin)
	try := func() error {
		answer, err := key.Create(a.creationOptions(t, token))
		wantOK(t, err)
		return a.complete(t, token, answer)
	}
	wantCode(t, try(), "WebAuthnOriginNotAllowedException")
	wantOK(t, a.tag(t, "cognate:passkey-origins", other))
	wantCode(t, try(), "WebAuthnOriginNotAllowedException")
	wantOK(t, a.tag(t, "cognate:passkey-origins:app", origin))
	wantOK(t, try())
	got, err := a.tryPasskey(t, "ana", key)
	wantOK(t, err)
	wantTokens(t, got)
	key.Origin = "https://app.example.com" // pages go on
	_, err = a.tryPasskey(t, "ana", key)
	wantOK(t, err)
	key.Origin = strings.ToUpper(origin)
	_, err = a.tryPasskey(t, "ana", key)
	wantRefused(t, err)
}

// A counter that goes back is refused, and written down twice.
func TestS085ACopiedPasskeyIsWrittenDown(t *testing.T) {
	t.Parallel()
	log := &logbook{}
	s := servertest.Start(t, keepLog(log))
	a := newApp(t, s, func(in *cip.CreateUserPoolInput) {
		firstFactors(types.AuthFactorTypePassword, types.AuthFactorTypeWebAuthn)(in)
		protected(types.AdvancedSecurityModeTypeAudit)(in)
	}, func(in *cip.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, types.ExplicitAuthFlowsTypeAllowUserAuth)
	})
	a.passkeySettings(t, nil)
	s.CreateUser(t, a.pool, "ana", goodPassword)
	key := passkeytest.New(passkeyParty, passkeyPage)
	key.Counter = 5
	a.register(t, a.signIn(t, "ana", goodPassword).AccessToken, key)
	key.Counter = 6
	_, err := a.tryPasskey(t, "ana", key)
	wantOK(t, err)
	if got := log.audits(t); len(got) > 0 {
		t.Errorf("audited: %s", got)
	}
	key.Counter = 5
	_, err = a.tryPasskey(t, "ana", key)
	wantRefused(t, err)
	wantEvents(t, a.events(t, "ana")[:1], "SignIn Fail AccountTakeover High Password=Failure")
	id := base64.RawURLEncoding.EncodeToString(key.Passkey.ID)
	if got, want := strings.Join(log.audits(t), ", "), "passkey-counter-back "+(world{a}).attribute(t, "ana", "sub")+" "+id; got != want {
		t.Errorf("audited %q, want %q", got, want)
	}
}
