package api_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/protocol/srp/srpclient"
	"cognate/internal/servertest"
)

const (
	noDevice      = "Device does not exist."
	invalidDevice = "Invalid device key given."
)

// tracking makes a pool with a device configuration.
func tracking(challenge, prompt bool) func(*cip.CreateUserPoolInput) {
	return func(in *cip.CreateUserPoolInput) {
		in.DeviceConfiguration = &types.DeviceConfigurationType{
			ChallengeRequiredOnNewDevice: challenge, DeviceOnlyRememberedOnUserPrompt: prompt,
		}
	}
}

// phone is a device as a client keeps it.
type phone struct{ key, group, password string }

// newPhone makes up the device that a sign-in was given a key for.
func newPhone(t *testing.T, given *types.AuthenticationResultType) phone {
	t.Helper()
	if given == nil || given.NewDeviceMetadata == nil {
		t.Fatalf("no device key in %+v", given)
	}
	m := given.NewDeviceMetadata
	return phone{*m.DeviceKey, *m.DeviceGroupKey, "password of " + *m.DeviceKey}
}

func (a *app) confirmDevice(t *testing.T, accessToken *string, d phone) (*cip.ConfirmDeviceOutput, error) {
	t.Helper()
	// The top bit of the salt is set, so its encoding needs the sign byte.
	salt := []byte{0x81, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	verifier, saltText := srpclient.DeviceVerifier(d.group, d.key, d.password, salt)
	return a.s.Anonymous.ConfirmDevice(t.Context(), &cip.ConfirmDeviceInput{
		AccessToken: accessToken, DeviceKey: &d.key, DeviceName: aws.String("Ana's phone"),
		DeviceSecretVerifierConfig: &types.DeviceSecretVerifierConfigType{PasswordVerifier: &verifier, Salt: &saltText},
	})
}

// withDevice signs a user in and confirms the device.
func (a *app) withDevice(t *testing.T, username string) (phone, *types.AuthenticationResultType) {
	t.Helper()
	tokens := a.signIn(t, username, goodPassword)
	d := newPhone(t, tokens)
	_, err := a.confirmDevice(t, tokens.AccessToken, d)
	wantOK(t, err)
	return d, tokens
}

// signInWith signs in with the password and the key of a device.
func (a *app) signInWith(t *testing.T, username, key string) (*cip.InitiateAuthOutput, error) {
	t.Helper()
	return a.initiate(t, types.AuthFlowTypeUserPasswordAuth, "USERNAME", username, "PASSWORD", goodPassword, "DEVICE_KEY", key)
}

// beginDevice brings a sign-in to the DEVICE_PASSWORD_VERIFIER challenge.
func (a *app) beginDevice(t *testing.T, username string, d phone) (*srpclient.Client, *cip.RespondToAuthChallengeOutput) {
	t.Helper()
	got, err := a.signInWith(t, username, d.key)
	wantOK(t, err)
	if got.ChallengeName != types.ChallengeNameTypeDeviceSrpAuth || got.Session == nil || got.AuthenticationResult != nil {
		t.Fatalf("got %+v", got)
	}
	c := srpclient.New()
	next, err := a.respond(t, types.ChallengeNameTypeDeviceSrpAuth, got.Session, "USERNAME", username, "DEVICE_KEY", d.key, "SRP_A", c.A())
	wantOK(t, err)
	if next.ChallengeName != types.ChallengeNameTypeDevicePasswordVerifier || next.Session == nil {
		t.Fatalf("got %+v", next)
	}
	return c, next
}

// proofOf is a device's answer to DEVICE_PASSWORD_VERIFIER.
func (a *app) proofOf(t *testing.T, c *srpclient.Client, challenge map[string]string, d phone) []string {
	t.Helper()
	timestamp := srpclient.Timestamp(a.s.Now())
	signature, err := c.Sign(srpclient.Challenge{
		Name: d.group, UserID: d.key, Password: d.password,
		Salt: challenge["SALT"], B: challenge["SRP_B"], SecretBlock: challenge["SECRET_BLOCK"],
	}, timestamp)
	wantOK(t, err)
	return []string{
		"USERNAME", challenge["USERNAME"], "DEVICE_KEY", d.key, "TIMESTAMP", timestamp,
		"PASSWORD_CLAIM_SECRET_BLOCK", challenge["SECRET_BLOCK"], "PASSWORD_CLAIM_SIGNATURE", signature,
	}
}

// tryDevice signs in from a remembered device.
func (a *app) tryDevice(t *testing.T, username string, d phone) (*cip.RespondToAuthChallengeOutput, error) {
	t.Helper()
	c, challenge := a.beginDevice(t, username, d)
	return a.respond(t, types.ChallengeNameTypeDevicePasswordVerifier, challenge.Session,
		a.proofOf(t, c, challenge.ChallengeParameters, d)...)
}

func (a *app) getDevice(t *testing.T, accessToken *string, key string) (*types.DeviceType, error) {
	t.Helper()
	got, err := a.s.Anonymous.GetDevice(t.Context(), &cip.GetDeviceInput{AccessToken: accessToken, DeviceKey: &key})
	if err != nil {
		return nil, err
	}
	return got.Device, nil
}

func deviceAttributes(d *types.DeviceType) map[string]string {
	values := make(map[string]string)
	for _, attribute := range d.DeviceAttributes {
		values[*attribute.Name] = *attribute.Value
	}
	return values
}

func TestSignInFromARememberedDevice(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Start(t), tracking(true, false), nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	tokens := a.signIn(t, "ana", goodPassword)
	d := newPhone(t, tokens)
	if claim := claimsOf(t, tokens.AccessToken)["device_key"]; claim != d.key {
		t.Errorf("device_key %v, want %s", claim, d.key)
	}
	if _, has := claimsOf(t, tokens.IdToken)["device_key"]; has {
		t.Error("device_key in an ID token")
	}
	confirmed, err := a.confirmDevice(t, tokens.AccessToken, d)
	wantOK(t, err)
	if confirmed.UserConfirmationNecessary {
		t.Error("the user is to be asked")
	}
	before, err := a.getDevice(t, tokens.AccessToken, d.key)
	wantOK(t, err)

	a.s.Advance(time.Minute)
	got, err := a.tryDevice(t, "ana", d)
	wantOK(t, err)
	again := got.AuthenticationResult
	if again == nil || again.RefreshToken == nil || again.NewDeviceMetadata != nil {
		t.Fatalf("got %+v", got)
	}
	if claim := claimsOf(t, again.AccessToken)["device_key"]; claim != d.key {
		t.Errorf("device_key %v, want %s", claim, d.key)
	}
	after, err := a.getDevice(t, again.AccessToken, d.key)
	wantOK(t, err)
	if !after.DeviceLastAuthenticatedDate.After(*before.DeviceLastAuthenticatedDate) {
		t.Errorf("last authenticated %v, before %v", after.DeviceLastAuthenticatedDate, before.DeviceLastAuthenticatedDate)
	}

	// The same after SRP, with the key in the answer.
	c, challenge := a.beginSRP(t, "ana")
	answer := append(a.srpAnswer(t, c, challenge, goodPassword, a.s.Now()), "DEVICE_KEY", d.key)
	got, err = a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, answer...)
	wantOK(t, err)
	if got.ChallengeName != types.ChallengeNameTypeDeviceSrpAuth {
		t.Fatalf("got %+v", got)
	}
}

// A sign-in without a known device is given a key, always of the same group.
func TestEverySignInFromANewDeviceIsGivenAKey(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), tracking(false, false), nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	one, two := newPhone(t, a.signIn(t, "ana", goodPassword)), newPhone(t, a.signIn(t, "ana", goodPassword))
	if one.key == two.key || one.group != two.group || len(one.group) != 9 || one.group[0] != '-' {
		t.Errorf("%+v and %+v", one, two)
	}
	admin, err := a.adminInitiate(t, types.AuthFlowTypeAdminUserPasswordAuth, "USERNAME", "ana", "PASSWORD", goodPassword)
	wantOK(t, err)
	newPhone(t, admin.AuthenticationResult)

	off := newApp(t, a.s, nil, nil)
	off.s.CreateUser(t, off.pool, "ana", goodPassword)
	tokens := off.signIn(t, "ana", goodPassword)
	if tokens.NewDeviceMetadata != nil {
		t.Error("a pool without device tracking gives keys")
	}
	got, err := off.signInWith(t, "ana", one.key)
	wantOK(t, err)
	if got.AuthenticationResult == nil {
		t.Error("a pool without device tracking looks at device keys")
	}
	_, err = off.getDevice(t, tokens.AccessToken, one.key)
	wantCode(t, err, "InvalidUserPoolConfigurationException")
}

func TestConfirmDeviceTakesTheKeyOfItsSignInOnce(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), tracking(false, false), nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	first, second := a.signIn(t, "ana", goodPassword), a.signIn(t, "ana", goodPassword)
	d, other := newPhone(t, first), newPhone(t, second)
	_, err := a.confirmDevice(t, first.AccessToken, other)
	wantError(t, err, "InvalidParameterException", invalidDevice)
	_, err = a.confirmDevice(t, first.AccessToken, d)
	wantOK(t, err)
	_, err = a.confirmDevice(t, first.AccessToken, d)
	wantError(t, err, "DeviceKeyExistsException", "Device key already exists.")

	for name, config := range map[string]*types.DeviceSecretVerifierConfigType{
		"none":         nil,
		"no verifier":  {Salt: aws.String("AQID")},
		"not base64":   {Salt: aws.String("AQID"), PasswordVerifier: aws.String("%%%")},
		"negative":     {Salt: aws.String("AQID"), PasswordVerifier: aws.String("gAAA")},
		"salt too":     {Salt: aws.String("gAAA"), PasswordVerifier: aws.String("AQID")},
		"zero":         {Salt: aws.String("AQID"), PasswordVerifier: aws.String("AA==")},
		"empty salt":   {Salt: aws.String(""), PasswordVerifier: aws.String("AQID")},
		"salt garbage": {Salt: aws.String("a"), PasswordVerifier: aws.String("AQID")},
	} {
		_, err := a.s.Anonymous.ConfirmDevice(t.Context(), &cip.ConfirmDeviceInput{
			AccessToken: second.AccessToken, DeviceKey: &other.key, DeviceSecretVerifierConfig: config,
		})
		if err == nil {
			t.Errorf("%s was taken", name)
		}
		wantCode(t, err, "InvalidParameterException")
	}
}

func TestDeviceIsRememberedWhenTheUserSaysSo(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), tracking(true, true), nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	tokens := a.signIn(t, "ana", goodPassword)
	d := newPhone(t, tokens)
	confirmed, err := a.confirmDevice(t, tokens.AccessToken, d)
	wantOK(t, err)
	if !confirmed.UserConfirmationNecessary {
		t.Error("the user is not to be asked")
	}
	list := func() int {
		got, err := a.s.Anonymous.ListDevices(t.Context(), &cip.ListDevicesInput{AccessToken: tokens.AccessToken})
		wantOK(t, err)
		return len(got.Devices)
	}
	status := func(to types.DeviceRememberedStatusType) {
		_, err := a.s.Anonymous.UpdateDeviceStatus(t.Context(), &cip.UpdateDeviceStatusInput{
			AccessToken: tokens.AccessToken, DeviceKey: &d.key, DeviceRememberedStatus: to,
		})
		wantOK(t, err)
	}
	// Known, and not remembered: no proof is asked for, no new key is given.
	for range 2 {
		got, err := a.signInWith(t, "ana", d.key)
		wantOK(t, err)
		if got.AuthenticationResult == nil || got.AuthenticationResult.NewDeviceMetadata != nil {
			t.Fatalf("got %+v", got)
		}
		if claim := claimsOf(t, got.AuthenticationResult.AccessToken)["device_key"]; claim != d.key {
			t.Errorf("device_key %v", claim)
		}
		if n := list(); n != 0 {
			t.Errorf("%d devices listed that are not remembered", n)
		}
		status(types.DeviceRememberedStatusTypeRemembered)
		if n := list(); n != 1 {
			t.Errorf("%d devices listed", n)
		}
		proven, err := a.tryDevice(t, "ana", d)
		wantOK(t, err)
		if proven.AuthenticationResult == nil {
			t.Fatalf("got %+v", proven)
		}
		status(types.DeviceRememberedStatusTypeNotRemembered)
	}
	_, err = a.s.Anonymous.UpdateDeviceStatus(t.Context(), &cip.UpdateDeviceStatusInput{
		AccessToken: tokens.AccessToken, DeviceKey: aws.String("us-east-1_00000000-0000-4000-8000-000000000000"),
		DeviceRememberedStatus: types.DeviceRememberedStatusTypeRemembered,
	})
	wantError(t, err, "ResourceNotFoundException", noDevice)
}

func TestAdministratorsSeeAndChangeDevices(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), tracking(false, false), nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	d, _ := a.withDevice(t, "ana")
	keys := map[string]bool{d.key: true}
	for range 2 {
		more, _ := a.withDevice(t, "ana")
		keys[more.key] = true
	}
	ctx, sdk, ana := t.Context(), a.s.SDK, aws.String("ana")
	got, err := sdk.AdminGetDevice(ctx, &cip.AdminGetDeviceInput{UserPoolId: &a.pool, Username: ana, DeviceKey: &d.key})
	wantOK(t, err)
	values := deviceAttributes(got.Device)
	for name, want := range map[string]string{
		"device_status": "valid", "device_name": "Ana's phone", "dev:device_remembered_status": "remembered",
		"dev:device_owner": "ana." + a.pool,
	} {
		if values[name] != want {
			t.Errorf("%s is %q, want %q", name, values[name], want)
		}
	}
	if values["last_ip_used"] == "" || got.Device.DeviceCreateDate == nil || got.Device.DeviceLastModifiedDate == nil {
		t.Errorf("device %+v", got.Device)
	}

	var token *string
	seen := make(map[string]bool)
	for pages := 0; pages == 0 || token != nil; pages++ {
		page, err := sdk.AdminListDevices(ctx, &cip.AdminListDevicesInput{UserPoolId: &a.pool, Username: ana, Limit: aws.Int32(2), PaginationToken: token})
		wantOK(t, err)
		for _, device := range page.Devices {
			seen[*device.DeviceKey] = true
		}
		token = page.PaginationToken
		if pages > 3 {
			t.Fatal("the pages do not end")
		}
	}
	for key := range keys {
		if !seen[key] || len(seen) != len(keys) {
			t.Fatalf("listed %v, want %v", seen, keys)
		}
	}

	_, err = sdk.AdminUpdateDeviceStatus(ctx, &cip.AdminUpdateDeviceStatusInput{
		UserPoolId: &a.pool, Username: ana, DeviceKey: &d.key, DeviceRememberedStatus: types.DeviceRememberedStatusTypeNotRemembered,
	})
	wantOK(t, err)
	signedIn, err := a.signInWith(t, "ana", d.key)
	wantOK(t, err)
	if signedIn.AuthenticationResult == nil {
		t.Errorf("a device that is not remembered was asked for a proof: %+v", signedIn)
	}
	_, err = sdk.AdminForgetDevice(ctx, &cip.AdminForgetDeviceInput{UserPoolId: &a.pool, Username: ana, DeviceKey: &d.key})
	wantOK(t, err)
	_, err = sdk.AdminGetDevice(ctx, &cip.AdminGetDeviceInput{UserPoolId: &a.pool, Username: ana, DeviceKey: &d.key})
	wantError(t, err, "ResourceNotFoundException", noDevice)
	_, err = sdk.AdminForgetDevice(ctx, &cip.AdminForgetDeviceInput{UserPoolId: &a.pool, Username: ana, DeviceKey: &d.key})
	wantError(t, err, "ResourceNotFoundException", noDevice)
	_, err = sdk.AdminListDevices(ctx, &cip.AdminListDevicesInput{UserPoolId: &a.pool, Username: aws.String("nobody")})
	wantError(t, err, "ResourceNotFoundException", "User does not exist.")
}

// Clients drop a key for which the answer says so, and try again.
func TestUnknownDeviceKeyInAnAnswer(t *testing.T) {
	t.Parallel()
	for _, hiding := range []types.PreventUserExistenceErrorTypes{types.PreventUserExistenceErrorTypesEnabled, types.PreventUserExistenceErrorTypesLegacy} {
		a := newApp(t, servertest.Shared(t), tracking(false, false), func(in *cip.CreateUserPoolClientInput) {
			in.PreventUserExistenceErrors = hiding
		})
		a.s.CreateUser(t, a.pool, "ana", goodPassword)
		d, tokens := a.withDevice(t, "ana")
		_, err := a.s.Anonymous.ForgetDevice(t.Context(), &cip.ForgetDeviceInput{AccessToken: tokens.AccessToken, DeviceKey: &d.key})
		wantOK(t, err)

		// Named in the first request, it is of no account.
		c := srpclient.New()
		begun, err := a.initiate(t, types.AuthFlowTypeUserSrpAuth, "USERNAME", "ana", "SRP_A", c.A(), "DEVICE_KEY", d.key)
		wantOK(t, err)
		answer := a.srpAnswer(t, c, begun.ChallengeParameters, goodPassword, a.s.Now())
		for range 2 {
			_, err = a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, append(answer, "DEVICE_KEY", d.key)...)
			wantError(t, err, "ResourceNotFoundException", noDevice)
		}
		got, err := a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, answer...)
		wantOK(t, err)
		newPhone(t, got.AuthenticationResult)

		_, err = a.signInWith(t, "ana", d.key)
		wantError(t, err, "ResourceNotFoundException", noDevice)
		if hiding == types.PreventUserExistenceErrorTypesEnabled {
			_, err = a.signInWith(t, "nobody", d.key)
			wantError(t, err, "ResourceNotFoundException", noDevice)
		}
	}
}

func TestDeviceChallengesTakeOneAnswerEach(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Start(t), tracking(true, false), nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	d, _ := a.withDevice(t, "ana")
	other, _ := a.withDevice(t, "ana")
	const (
		asking  = types.ChallengeNameTypeDeviceSrpAuth
		proving = types.ChallengeNameTypeDevicePasswordVerifier
	)

	// A wrong proof uses the challenge up.
	c, challenge := a.beginDevice(t, "ana", d)
	stranger := d
	stranger.password = "another password"
	_, err := a.respond(t, proving, challenge.Session, a.proofOf(t, c, challenge.ChallengeParameters, stranger)...)
	wantError(t, err, "NotAuthorizedException", incorrect)
	_, err = a.respond(t, proving, challenge.Session, a.proofOf(t, c, challenge.ChallengeParameters, d)...)
	wantError(t, err, "NotAuthorizedException", "Invalid session for the user, session can only be used once.")

	// So does a right one.
	c, challenge = a.beginDevice(t, "ana", d)
	proof := a.proofOf(t, c, challenge.ChallengeParameters, d)
	_, err = a.respond(t, proving, challenge.Session, proof...)
	wantOK(t, err)
	_, err = a.respond(t, proving, challenge.Session, proof...)
	wantError(t, err, "NotAuthorizedException", "Invalid session for the user, session can only be used once.")

	// The block belongs to its Session, the key to its sign-in.
	c, challenge = a.beginDevice(t, "ana", d)
	_, foreign := a.beginDevice(t, "ana", d)
	_, err = a.respond(t, proving, foreign.Session, a.proofOf(t, c, challenge.ChallengeParameters, d)...)
	wantError(t, err, "NotAuthorizedException", incorrect)
	swapped := a.proofOf(t, c, challenge.ChallengeParameters, other)
	_, err = a.respond(t, proving, challenge.Session, swapped...)
	wantError(t, err, "InvalidParameterException", invalidDevice)
	_, err = a.respond(t, proving, nil, a.proofOf(t, c, challenge.ChallengeParameters, d)...)
	wantError(t, err, "InvalidParameterException", "Missing required parameter Session")
	_, err = a.respond(t, asking, challenge.Session, "USERNAME", "ana", "DEVICE_KEY", d.key, "SRP_A", c.A())
	wantError(t, err, "NotAuthorizedException", "Invalid session provided for the user.")
	_, err = a.respond(t, asking, challenge.Session, "USERNAME", "ana", "DEVICE_KEY", d.key)
	wantError(t, err, "InvalidParameterException", "Missing required parameter SRP_A")
	a.s.Advance(4 * time.Minute)
	_, err = a.respond(t, proving, challenge.Session, a.proofOf(t, c, challenge.ChallengeParameters, d)...)
	wantError(t, err, "NotAuthorizedException", "Invalid session for the user, session is expired.")
}

func TestRefreshIsTiedToTheDevice(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), tracking(false, false), nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	tokens := a.signIn(t, "ana", goodPassword)
	d := newPhone(t, tokens)
	admin, err := a.adminInitiate(t, types.AuthFlowTypeAdminUserPasswordAuth, "USERNAME", "ana", "PASSWORD", goodPassword)
	wantOK(t, err)
	other := newPhone(t, admin.AuthenticationResult)
	const refused = "Invalid Refresh Token."

	for _, c := range []struct {
		token *string
		key   string
	}{{tokens.RefreshToken, d.key}, {admin.AuthenticationResult.RefreshToken, other.key}} {
		_, err = a.refresh(t, c.token)
		wantError(t, err, "NotAuthorizedException", refused)
		_, err = a.refresh(t, c.token, "DEVICE_KEY", "us-east-1_00000000-0000-4000-8000-000000000000")
		wantError(t, err, "NotAuthorizedException", refused)
		again, err := a.refresh(t, c.token, "DEVICE_KEY", c.key)
		wantOK(t, err)
		if claim := claimsOf(t, again.AccessToken)["device_key"]; claim != c.key {
			t.Errorf("device_key %v", claim)
		}
		_, err = a.exchange(t, c.token)
		wantError(t, err, "NotAuthorizedException", refused)
		_, err = a.s.Anonymous.GetTokensFromRefreshToken(t.Context(), &cip.GetTokensFromRefreshTokenInput{
			ClientId: &a.client, RefreshToken: c.token, DeviceKey: &c.key,
		})
		wantOK(t, err)
	}
}

func TestRotationIsTiedToTheDevice(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), tracking(false, false), rotating(0))
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	d, tokens := a.withDevice(t, "ana")
	_, err := a.exchange(t, tokens.RefreshToken)
	wantError(t, err, "NotAuthorizedException", "Invalid Refresh Token.")
	got, err := a.s.Anonymous.GetTokensFromRefreshToken(t.Context(), &cip.GetTokensFromRefreshTokenInput{
		ClientId: &a.client, RefreshToken: tokens.RefreshToken, DeviceKey: &d.key,
	})
	wantOK(t, err)
	_, err = a.exchange(t, got.AuthenticationResult.RefreshToken)
	wantError(t, err, "NotAuthorizedException", "Invalid Refresh Token.")
}

// Nothing that is one user's device opens anything of another user.
func TestS052DevicesOfAnotherUser(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), tracking(true, false), nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	a.s.CreateUser(t, a.pool, "ben", goodPassword)
	d, _ := a.withDevice(t, "ana")
	_, ben := a.withDevice(t, "ben")
	ctx := t.Context()
	_, err := a.getDevice(t, ben.AccessToken, d.key)
	wantError(t, err, "ResourceNotFoundException", noDevice)
	_, err = a.s.Anonymous.ForgetDevice(ctx, &cip.ForgetDeviceInput{AccessToken: ben.AccessToken, DeviceKey: &d.key})
	wantError(t, err, "ResourceNotFoundException", noDevice)
	_, err = a.s.Anonymous.UpdateDeviceStatus(ctx, &cip.UpdateDeviceStatusInput{
		AccessToken: ben.AccessToken, DeviceKey: &d.key, DeviceRememberedStatus: types.DeviceRememberedStatusTypeNotRemembered,
	})
	wantError(t, err, "ResourceNotFoundException", noDevice)
	_, err = a.confirmDevice(t, ben.AccessToken, d)
	wantError(t, err, "InvalidParameterException", invalidDevice)
	_, err = a.s.SDK.AdminForgetDevice(ctx, &cip.AdminForgetDeviceInput{UserPoolId: &a.pool, Username: aws.String("ben"), DeviceKey: &d.key})
	wantError(t, err, "ResourceNotFoundException", noDevice)
	list, err := a.s.Anonymous.ListDevices(ctx, &cip.ListDevicesInput{AccessToken: ben.AccessToken})
	wantOK(t, err)
	if len(list.Devices) != 1 || *list.Devices[0].DeviceKey == d.key {
		t.Errorf("ben's devices: %+v", list.Devices)
	}
	// Ana's is as it was.
	got, err := a.tryDevice(t, "ana", d)
	wantOK(t, err)
	if got.AuthenticationResult == nil {
		t.Errorf("got %+v", got)
	}
}

// A stolen key is worth nothing: not with another user, not without the
// secret, not after the device was forgotten.
func TestS071StolenDeviceKey(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), tracking(true, false), nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	a.s.CreateUser(t, a.pool, "ben", goodPassword)
	d, tokens := a.withDevice(t, "ana")
	benPhone, _ := a.withDevice(t, "ben")
	_, err := a.signInWith(t, "ben", d.key)
	wantError(t, err, "ResourceNotFoundException", noDevice)

	thief := d
	thief.password = benPhone.password
	_, err = a.tryDevice(t, "ana", thief)
	wantError(t, err, "NotAuthorizedException", incorrect)

	// Ben's sign-in cannot be finished with Ana's device.
	c, challenge := a.beginDevice(t, "ben", benPhone)
	_, err = a.respond(t, types.ChallengeNameTypeDevicePasswordVerifier, challenge.Session, a.proofOf(t, c, challenge.ChallengeParameters, d)...)
	wantError(t, err, "InvalidParameterException", invalidDevice)

	// Forgetting works at once, also in the middle of a sign-in.
	c, challenge = a.beginDevice(t, "ana", d)
	_, err = a.s.Anonymous.ForgetDevice(t.Context(), &cip.ForgetDeviceInput{AccessToken: tokens.AccessToken, DeviceKey: &d.key})
	wantOK(t, err)
	_, err = a.respond(t, types.ChallengeNameTypeDevicePasswordVerifier, challenge.Session, a.proofOf(t, c, challenge.ChallengeParameters, d)...)
	wantError(t, err, "InvalidParameterException", invalidDevice)
	_, err = a.signInWith(t, "ana", d.key)
	wantError(t, err, "ResourceNotFoundException", noDevice)
	_, err = a.refresh(t, tokens.RefreshToken, "DEVICE_KEY", d.key)
	wantError(t, err, "NotAuthorizedException", "Invalid Refresh Token.")
	// An access token that is left over does not bring it back.
	_, err = a.confirmDevice(t, tokens.AccessToken, thief)
	wantError(t, err, "InvalidParameterException", invalidDevice)
}

// A claimed device key, which stands in every access token, frees nobody from
// the lock-out.
func TestS051ClaimedDeviceKeyIsNoExemption(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Start(t), tracking(true, false), nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	d, _ := a.withDevice(t, "ana")
	for range 5 {
		_, err := a.initiate(t, types.AuthFlowTypeUserPasswordAuth, "USERNAME", "ana", "PASSWORD", "Wrong-Horse1!", "DEVICE_KEY", d.key)
		wantError(t, err, "NotAuthorizedException", incorrect)
	}
	_, err := a.signInWith(t, "ana", d.key)
	wantError(t, err, "NotAuthorizedException", "Password attempts exceeded")
}

// A disabled user's device opens nothing, and a deleted user has none.
func TestS053DevicesOfDisabledAndDeletedUsers(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), tracking(true, false), func(in *cip.CreateUserPoolClientInput) {
		in.PreventUserExistenceErrors = types.PreventUserExistenceErrorTypesLegacy
	})
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	d, tokens := a.withDevice(t, "ana")
	c, challenge := a.beginDevice(t, "ana", d)
	ctx, ana := t.Context(), aws.String("ana")
	_, err := a.s.SDK.AdminDisableUser(ctx, &cip.AdminDisableUserInput{UserPoolId: &a.pool, Username: ana})
	wantOK(t, err)
	_, err = a.respond(t, types.ChallengeNameTypeDevicePasswordVerifier, challenge.Session, a.proofOf(t, c, challenge.ChallengeParameters, d)...)
	wantError(t, err, "NotAuthorizedException", "User is disabled.")
	_, err = a.getDevice(t, tokens.AccessToken, d.key)
	wantCode(t, err, "NotAuthorizedException")
	_, err = a.refresh(t, tokens.RefreshToken, "DEVICE_KEY", d.key)
	wantCode(t, err, "NotAuthorizedException")

	_, err = a.s.SDK.AdminDeleteUser(ctx, &cip.AdminDeleteUserInput{UserPoolId: &a.pool, Username: ana})
	wantOK(t, err)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	_, err = a.signInWith(t, "ana", d.key)
	wantError(t, err, "ResourceNotFoundException", noDevice)
}

// The proof of a remembered device stands in for the second factor, where the
// pool asks for one on new devices only; the key alone never does.
func TestS067RememberedDeviceInsteadOfMFA(t *testing.T) {
	t.Parallel()
	for _, challenge := range []bool{true, false} {
		a := withMFA(t, servertest.Start(t), tracking(challenge, false), tokensOnly(types.UserPoolMfaTypeOptional))
		a.s.CreateUser(t, a.pool, "ana", goodPassword)
		tokens := a.signIn(t, "ana", goodPassword)
		app := a.enrol(t, tokens.AccessToken)
		wantOK(t, a.prefer(t, "ana", tokenPreferred))

		// A new device: the second factor comes first, then a key.
		got := a.awaits(t, "ana", types.ChallengeNameTypeSoftwareTokenMfa)
		done, err := a.answerToken(t, got.Session, app.next(t))
		wantOK(t, err)
		d := newPhone(t, done.AuthenticationResult)
		_, err = a.confirmDevice(t, done.AuthenticationResult.AccessToken, d)
		wantOK(t, err)

		session, next := "", types.ChallengeNameType("")
		begin := func() {
			t.Helper()
			got, err := a.signInWith(t, "ana", d.key)
			wantOK(t, err)
			if got.AuthenticationResult != nil {
				t.Fatal("tokens for the key alone")
			}
			session, next = aws.ToString(got.Session), got.ChallengeName
		}
		begin()
		if !challenge { // the second factor is asked all the same, then the device
			if next != types.ChallengeNameTypeSoftwareTokenMfa {
				t.Fatalf("got %s", next)
			}
			_, err := a.respond(t, next, &session, "USERNAME", "ana", "SOFTWARE_TOKEN_MFA_CODE", "000000", "DEVICE_KEY", "us-east-1_00000000-0000-4000-8000-000000000000")
			wantError(t, err, "InvalidParameterException", invalidDevice)
			after, err := a.respond(t, next, &session, "USERNAME", "ana", "SOFTWARE_TOKEN_MFA_CODE", app.next(t), "DEVICE_KEY", d.key)
			wantOK(t, err)
			if after.ChallengeName != types.ChallengeNameTypeDeviceSrpAuth {
				t.Errorf("got %+v", after)
			}
			continue
		}
		if next != types.ChallengeNameTypeDeviceSrpAuth {
			t.Fatalf("got %s", next)
		}
		// The challenge cannot be turned into another one.
		_, err = a.answerToken(t, &session, app.next(t))
		wantError(t, err, "NotAuthorizedException", "Invalid session provided for the user.")
		proven, err := a.tryDevice(t, "ana", d)
		wantOK(t, err)
		if proven.AuthenticationResult == nil {
			t.Fatalf("got %+v", proven)
		}

		// Forgotten, or not remembered any more, it is a new device again.
		_, err = a.s.Anonymous.UpdateDeviceStatus(t.Context(), &cip.UpdateDeviceStatusInput{
			AccessToken: proven.AuthenticationResult.AccessToken, DeviceKey: &d.key,
			DeviceRememberedStatus: types.DeviceRememberedStatusTypeNotRemembered,
		})
		wantOK(t, err)
		begin()
		if next != types.ChallengeNameTypeSoftwareTokenMfa {
			t.Errorf("a device that is not remembered passes for one: %s", next)
		}
	}
}

// The source of tokens says how a sign-in ended: with the proof of a device, or
// without.
func TestTokensAfterADeviceHaveTheirSource(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t, tracking(false, false), func(in *cip.CreateUserPoolInput) { in.LambdaConfig = everything("UserMigration") })
	h.s.CreateUser(t, w.pool, "ana", goodPassword)
	h.take()
	d, _ := w.withDevice(t, "ana")
	if got := sources(h.take()); got != signInSources {
		t.Errorf("without a device: %s", got)
	}
	for _, claim := range []any{"yes", 2.0} {
		h.answer("TokenGeneration_AuthenticateDevice", object{"claimsOverrideDetails": object{"claimsToAddOrOverride": object{"by_device": claim}}})
		done, err := w.tryDevice(t, "ana", d)
		if claim != "yes" { // of the wrong type: the answer is read for this source too
			wantError(t, err, "InvalidLambdaResponseException", "Unrecognizable lambda output")
			continue
		}
		wantOK(t, err)
		if got := sources(h.take()); got != "PreAuthentication_Authentication TokenGeneration_AuthenticateDevice PostAuthentication_Authentication" {
			t.Error(got)
		}
		if got := claimsOf(t, done.AuthenticationResult.IdToken)["by_device"]; got != "yes" {
			t.Errorf("claim %v", got)
		}
	}
}

// A custom sign-in that the functions are content with ends with the proof of a
// remembered device, and asks nothing twice.
func TestRememberedDeviceAfterACustomChallenge(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.custom(t)
	in := &cip.UpdateUserPoolInput{UserPoolId: &w.pool, LambdaConfig: everything("UserMigration")}
	in.DeviceConfiguration = &types.DeviceConfigurationType{}
	_, err := h.s.SDK.UpdateUserPool(t.Context(), in)
	wantOK(t, err)
	h.s.CreateUser(t, w.pool, "ana", goodPassword)
	begun := w.beginCustom(t, "ana")
	first, err := w.word(t, begun.Session, "ana", "blue-7f3a")
	wantOK(t, err)
	d := newPhone(t, first.AuthenticationResult)
	_, err = w.confirmDevice(t, first.AuthenticationResult.AccessToken, d)
	wantOK(t, err)

	begun, err = w.beginWith(t, types.AuthFlowTypeCustomAuth, "USERNAME", "ana", "DEVICE_KEY", d.key)
	wantOK(t, err)
	second, err := w.word(t, begun.Session, "ana", "blue-7f3a")
	wantOK(t, err)
	if second.ChallengeName != types.ChallengeNameTypeDeviceSrpAuth {
		t.Fatalf("got %+v", second)
	}
	h.take()
	c := srpclient.New()
	challenge, err := w.respond(t, types.ChallengeNameTypeDeviceSrpAuth, second.Session, "USERNAME", "ana", "DEVICE_KEY", d.key, "SRP_A", c.A())
	wantOK(t, err)
	last, err := w.respond(t, types.ChallengeNameTypeDevicePasswordVerifier, challenge.Session, w.proofOf(t, c, challenge.ChallengeParameters, d)...)
	wantOK(t, err)
	if last.AuthenticationResult == nil || last.AuthenticationResult.NewDeviceMetadata != nil {
		t.Fatalf("got %s, %+v", last.ChallengeName, last.AuthenticationResult)
	}
	if got := sources(h.take()); got != "TokenGeneration_AuthenticateDevice PostAuthentication_Authentication" {
		t.Error(got)
	}
}
