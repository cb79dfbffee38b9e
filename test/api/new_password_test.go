package api_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/protocol/srp/srpclient"
	"cognate/internal/servertest"
)

const temporaryPassword = "Temporary-1!"

// invite makes a user with a temporary password.
func (a *app) invite(t *testing.T, username string, attributes ...string) {
	t.Helper()
	in := &cip.AdminCreateUserInput{
		UserPoolId: &a.pool, Username: &username, TemporaryPassword: aws.String(temporaryPassword),
		MessageAction: types.MessageActionTypeSuppress,
	}
	for i := 0; i+1 < len(attributes); i += 2 {
		in.UserAttributes = append(in.UserAttributes, types.AttributeType{Name: &attributes[i], Value: &attributes[i+1]})
	}
	_, err := a.s.SDK.AdminCreateUser(t.Context(), in)
	wantOK(t, err)
}

// challenged signs in with the temporary password and gives the challenge.
func (a *app) challenged(t *testing.T, username string) *cip.InitiateAuthOutput {
	t.Helper()
	got, err := a.initiate(t, types.AuthFlowTypeUserPasswordAuth, "USERNAME", username, "PASSWORD", temporaryPassword)
	wantOK(t, err)
	if got.ChallengeName != types.ChallengeNameTypeNewPasswordRequired || got.Session == nil || got.AuthenticationResult != nil {
		t.Fatalf("got %+v", got)
	}
	return got
}

// choose answers NEW_PASSWORD_REQUIRED.
func (a *app) choose(t *testing.T, session *string, username, password string, more ...string) (*cip.RespondToAuthChallengeOutput, error) {
	t.Helper()
	return a.respond(t, types.ChallengeNameTypeNewPasswordRequired, session,
		append([]string{"USERNAME", username, "NEW_PASSWORD", password}, more...)...)
}

func TestNewPasswordRequired(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.invite(t, "ana", "email", "ana@example.com", "email_verified", "true", "name", "Ana")
	began := a.challenged(t, "ana")
	if keys := slices.Sorted(maps.Keys(began.ChallengeParameters)); !slices.Equal(keys, []string{"USER_ID_FOR_SRP", "requiredAttributes", "userAttributes"}) {
		t.Errorf("parameters %v", keys)
	}
	if began.ChallengeParameters["USER_ID_FOR_SRP"] != "ana" || began.ChallengeParameters["requiredAttributes"] != "[]" {
		t.Errorf("parameters %v", began.ChallengeParameters)
	}
	if got, want := began.ChallengeParameters["userAttributes"], `{"email":"ana@example.com","email_verified":"true","name":"Ana"}`; got != want {
		t.Errorf("userAttributes %s, want %s", got, want)
	}
	if n := len(*began.Session); n < 20 || n > 2048 {
		t.Errorf("session of %d characters", n)
	}
	got, err := a.choose(t, began.Session, "ana", goodPassword)
	wantOK(t, err)
	if got.AuthenticationResult == nil || aws.ToString(got.AuthenticationResult.TokenType) != "Bearer" || got.ChallengeParameters == nil {
		t.Fatalf("got %+v", got)
	}
	wantOK(t, a.getUser(t.Context(), got.AuthenticationResult.AccessToken))
	user, err := a.s.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &a.pool, Username: aws.String("ana")})
	wantOK(t, err)
	if user.UserStatus != types.UserStatusTypeConfirmed {
		t.Errorf("status %s", user.UserStatus)
	}
	a.signIn(t, "ana", goodPassword)
	_, err = a.tryPassword(t, "ana", temporaryPassword)
	wantError(t, err, "NotAuthorizedException", incorrect)
}

// By SRP the challenge follows the proof, and lacks USER_ID_FOR_SRP
// (auth-flows.md §7).
func TestNewPasswordRequiredAfterSRP(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.invite(t, "ana")
	got, err := a.trySRP(t, "ana", temporaryPassword)
	wantOK(t, err)
	if got.ChallengeName != types.ChallengeNameTypeNewPasswordRequired || got.Session == nil || got.AuthenticationResult != nil {
		t.Fatalf("got %+v", got)
	}
	if keys := slices.Sorted(maps.Keys(got.ChallengeParameters)); !slices.Equal(keys, []string{"requiredAttributes", "userAttributes"}) {
		t.Errorf("parameters %v", keys)
	}
	done, err := a.choose(t, got.Session, "ana", goodPassword)
	wantOK(t, err)
	if done.AuthenticationResult == nil {
		t.Error("no tokens")
	}
}

func TestNewPasswordThroughTheAdminDoor(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.invite(t, "ana")
	began, err := a.adminInitiate(t, types.AuthFlowTypeAdminUserPasswordAuth, "USERNAME", "ana", "PASSWORD", temporaryPassword)
	wantOK(t, err)
	answer := []string{"USERNAME", "ana", "NEW_PASSWORD", goodPassword}
	_, err = a.respond(t, types.ChallengeNameTypeNewPasswordRequired, began.Session, answer...)
	wantError(t, err, "NotAuthorizedException", "Invalid session for the user.") // the other door
	got, err := a.adminRespond(t, types.ChallengeNameTypeNewPasswordRequired, began.Session, answer...)
	wantOK(t, err)
	if got.AuthenticationResult == nil {
		t.Error("no tokens")
	}
}

func TestNewPasswordMayEqualTheTemporaryOne(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.invite(t, "ana")
	_, err := a.choose(t, a.challenged(t, "ana").Session, "ana", temporaryPassword)
	wantOK(t, err)
}

// Answers that are refused for what they say leave the session usable.
func TestNewPasswordIsCheckedAndTheSessionStays(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{
			MinimumLength: aws.Int32(8), RequireNumbers: true, PasswordHistorySize: aws.Int32(3),
		}}
	}, nil)
	a.invite(t, "ana")
	session := a.challenged(t, "ana").Session
	_, err := a.choose(t, session, "ana", "short1")
	wantError(t, err, "InvalidPasswordException", "Password did not conform with policy: Password not long enough")
	_, err = a.choose(t, session, "ana", "longenough")
	wantError(t, err, "InvalidPasswordException", "Password did not conform with policy: Password must have numeric characters")
	_, err = a.choose(t, session, "ana", temporaryPassword)
	wantCode(t, err, "PasswordHistoryPolicyViolationException")
	_, err = a.choose(t, session, "ana", goodPassword)
	wantOK(t, err)
	_, err = a.choose(t, session, "ana", "Another-Horse2!")
	wantError(t, err, "NotAuthorizedException", "Invalid session for the user, session can only be used once.")
}

func TestNewPasswordCompletesAttributes(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		in.Schema = []types.SchemaAttributeType{
			{Name: aws.String("email"), Required: aws.Bool(true), Mutable: aws.Bool(true), AttributeDataType: types.AttributeDataTypeString},
			{Name: aws.String("family_name"), Required: aws.Bool(true), Mutable: aws.Bool(false), AttributeDataType: types.AttributeDataTypeString},
			{Name: aws.String("plan"), AttributeDataType: types.AttributeDataTypeString, Mutable: aws.Bool(true)},
		}
	}, func(in *cip.CreateUserPoolClientInput) {
		in.WriteAttributes = []string{"email", "family_name", "name", "nickname"}
	})
	a.invite(t, "ana", "email", "ana@example.com")
	began := a.challenged(t, "ana")
	if got := began.ChallengeParameters["requiredAttributes"]; got != `["userAttributes.family_name"]` {
		t.Errorf("requiredAttributes %s", got)
	}
	var shown map[string]string
	wantOK(t, json.Unmarshal([]byte(began.ChallengeParameters["userAttributes"]), &shown))
	if shown["email"] != "ana@example.com" || shown["sub"] != "" {
		t.Errorf("userAttributes %v", shown)
	}
	if value, ok := shown["family_name"]; !ok || value != "" {
		t.Errorf("the missing attribute is shown as %q, %v", value, ok)
	}
	for _, tt := range []struct {
		attributes    []string
		code, message string
	}{
		{nil, "InvalidParameterException", "Invalid attributes given, family_name is missing"},
		{[]string{"family_name", ""}, "InvalidParameterException", "Invalid attributes given, family_name is missing"},
		{[]string{"family_name", "A", "email", "new@example.com"}, "NotAuthorizedException", "Cannot modify an already provided email"},
		{[]string{"family_name", "A", "email", "ana@example.com"}, "NotAuthorizedException", "Cannot modify an already provided email"},
		{[]string{"family_name", "A", "email_verified", "true"}, "NotAuthorizedException", "Cannot modify the non-mutable attribute email_verified"},
		{[]string{"family_name", "A", "phone_number_verified", "false"}, "NotAuthorizedException", "Cannot modify the non-mutable attribute phone_number_verified"},
		{[]string{"family_name", "A", "custom:plan", "gold"}, "NotAuthorizedException", "A client attempted to write unauthorized attribute"},
		{[]string{"family_name", "A", "website", "w"}, "NotAuthorizedException", "A client attempted to write unauthorized attribute"},
	} {
		var params []string
		for i := 0; i < len(tt.attributes); i += 2 {
			params = append(params, "userAttributes."+tt.attributes[i], tt.attributes[i+1])
		}
		_, err := a.choose(t, began.Session, "ana", goodPassword, params...)
		wantError(t, err, tt.code, tt.message)
	}
	for _, bad := range []string{"sub", "identities", "no_such", "custom:no_such", ""} {
		_, err := a.choose(t, began.Session, "ana", goodPassword, "userAttributes.family_name", "A", "userAttributes."+bad, "x")
		wantCode(t, err, "InvalidParameterException")
	}
	got, err := a.choose(t, began.Session, "ana", goodPassword, "userAttributes.family_name", "Arden", "userAttributes.name", "Ana")
	wantOK(t, err)
	claims := claimsOf(t, got.AuthenticationResult.IdToken)
	if claims["family_name"] != "Arden" || claims["name"] != "Ana" || claims["email"] != "ana@example.com" {
		t.Errorf("claims %v", claims)
	}
}

// An address given here is not verified, and becomes a name only where
// unverified ones do.
func TestNewPasswordWithAnAddress(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail, types.AliasAttributeTypePreferredUsername}
	}, nil)
	a.s.CreateUser(t, a.pool, "ben", goodPassword, "preferred_username", "benny")
	a.invite(t, "ana")
	session := a.challenged(t, "ana").Session
	_, err := a.choose(t, session, "ana", goodPassword, "userAttributes.preferred_username", "benny")
	wantCode(t, err, "AliasExistsException")
	got, err := a.choose(t, session, "ana", goodPassword, "userAttributes.email", "ana@example.com", "userAttributes.preferred_username", "annie")
	wantOK(t, err)
	claims := claimsOf(t, got.AuthenticationResult.IdToken)
	if claims["email"] != "ana@example.com" || claims["email_verified"] != false {
		t.Errorf("claims %v", claims)
	}
	a.signIn(t, "annie", goodPassword)
	_, err = a.tryPassword(t, "ana@example.com", goodPassword)
	wantError(t, err, "UserNotFoundException", "User does not exist.")
}

func TestS054TemporaryPasswordsExpire(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Start(t), func(in *cip.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{
			MinimumLength: aws.Int32(8), TemporaryPasswordValidityDays: 2,
		}}
	}, nil)
	a.invite(t, "ana")
	a.s.Advance(48*time.Hour - time.Minute)
	a.challenged(t, "ana")
	a.s.Advance(2 * time.Minute)
	const expired = "Temporary password has expired and must be reset by an administrator."
	_, err := a.tryPassword(t, "ana", temporaryPassword)
	wantError(t, err, "NotAuthorizedException", expired)
	_, err = a.trySRP(t, "ana", temporaryPassword)
	wantError(t, err, "NotAuthorizedException", expired)
	_, err = a.tryPassword(t, "ana", "Wrong-Horse1!") // only the right one is told
	wantError(t, err, "NotAuthorizedException", incorrect)
}

// A temporary password gives a session that serves one purpose.
func TestS054TemporaryPasswordsGiveNoTokens(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.invite(t, "ana")
	session := a.challenged(t, "ana").Session
	err := a.getUser(t.Context(), session)
	wantError(t, err, "NotAuthorizedException", "Invalid Access Token")
	_, err = a.initiate(t, types.AuthFlowTypeRefreshTokenAuth, "REFRESH_TOKEN", *session)
	wantError(t, err, "NotAuthorizedException", "Invalid Refresh Token.")
	// A new temporary password ends what the old one proved.
	_, err = a.s.SDK.AdminSetUserPassword(t.Context(), &cip.AdminSetUserPasswordInput{
		UserPoolId: &a.pool, Username: aws.String("ana"), Password: aws.String("Temporary-2!"),
	})
	wantOK(t, err)
	_, err = a.choose(t, session, "ana", goodPassword)
	wantError(t, err, "NotAuthorizedException", "Invalid session for the user.")
}

func TestS073SessionsOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := newApp(t, s, nil, nil)
	otherClient, otherPool := a.withClient(t, nil), newApp(t, s, nil, nil)
	for _, x := range []*app{a, otherPool} {
		x.invite(t, "ana")
		x.invite(t, "ben")
	}
	session := a.challenged(t, "ana").Session
	const invalid = "Invalid session for the user."
	_, err := otherClient.choose(t, session, "ana", goodPassword)
	wantError(t, err, "NotAuthorizedException", invalid)
	_, err = otherPool.choose(t, session, "ana", goodPassword)
	wantError(t, err, "NotAuthorizedException", invalid)
	_, err = a.choose(t, session, "ben", goodPassword)
	wantError(t, err, "NotAuthorizedException", invalid)
	_, err = a.choose(t, session, "nobody", goodPassword)
	wantError(t, err, "NotAuthorizedException", invalid)
	for i := 0; i < len(*session); i += 17 { // all of them: internal/cognito/sessions
		changed := []byte(*session)
		if changed[i]++; changed[i] > 'y' {
			changed[i] = 'A'
		}
		_, err = a.choose(t, aws.String(string(changed)), "ana", goodPassword)
		wantError(t, err, "NotAuthorizedException", invalid)
	}
	_, err = a.choose(t, aws.String(strings.Repeat("x", 20)), "ana", goodPassword)
	wantError(t, err, "NotAuthorizedException", invalid)
	_, err = a.choose(t, session, "ana", goodPassword)
	wantOK(t, err)
}

func TestS073SessionsExpire(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Start(t), nil, nil)
	a.invite(t, "ana")
	session := a.challenged(t, "ana").Session
	a.s.Advance(3 * time.Minute)
	_, err := a.choose(t, session, "ana", goodPassword)
	wantError(t, err, "NotAuthorizedException", "Invalid session for the user, session is expired.")
}

// A session answers its own challenge and no other.
func TestS067AnswersToOtherChallengesAreRefused(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.invite(t, "ana")
	session := a.challenged(t, "ana").Session
	for _, challenge := range types.ChallengeNameType("").Values() {
		if challenge == types.ChallengeNameTypeNewPasswordRequired {
			continue
		}
		_, err := a.respond(t, challenge, session, "USERNAME", "ana", "ANSWER", "PASSWORD", "PASSWORD", temporaryPassword,
			"SMS_MFA_CODE", "123456", "SOFTWARE_TOKEN_MFA_CODE", "123456", "EMAIL_OTP_CODE", "12345678", "SMS_OTP_CODE", "123456", "DEVICE_KEY", "none", "SRP_A", srpclient.New().A(),
			"PASSWORD_CLAIM_SIGNATURE", "x", "PASSWORD_CLAIM_SECRET_BLOCK", *session, "TIMESTAMP", srpclient.Timestamp(a.s.Now()))
		if challenge == types.ChallengeNameTypePasswordVerifier {
			wantError(t, err, "NotAuthorizedException", incorrect)
			continue
		}
		wantError(t, err, "NotAuthorizedException", "Invalid session provided for the user.")
	}
	_, verifier := a.beginSRP(t, "ana")
	_, err := a.choose(t, aws.String(verifier["SECRET_BLOCK"]), "ana", goodPassword)
	wantError(t, err, "NotAuthorizedException", "Invalid session for the user.")
	_, err = a.choose(t, session, "ana", goodPassword)
	wantOK(t, err)
}

func TestS053DisabledDuringASignIn(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	hidden := a.withClient(t, hiding)
	a.invite(t, "ana")
	session, hiddenSession := a.challenged(t, "ana").Session, hidden.challenged(t, "ana").Session
	_, err := a.s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &a.pool, Username: aws.String("ana")})
	wantOK(t, err)
	_, err = a.choose(t, session, "ana", goodPassword)
	wantError(t, err, "NotAuthorizedException", "User is disabled.")
	_, err = hidden.choose(t, hiddenSession, "ana", goodPassword)
	wantError(t, err, "NotAuthorizedException", incorrect)
	_, err = a.s.SDK.AdminDeleteUser(t.Context(), &cip.AdminDeleteUserInput{UserPoolId: &a.pool, Username: aws.String("ana")})
	wantOK(t, err)
	_, err = a.choose(t, session, "ana", goodPassword)
	wantCode(t, err, "UserNotFoundException")
	_, err = hidden.choose(t, hiddenSession, "ana", goodPassword)
	wantError(t, err, "NotAuthorizedException", incorrect)
}

func TestUserNameOfAnAnswerMayBeAnAlias(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail}
	}, withSecret)
	a.invite(t, "ana", "email", "ana@example.com", "email_verified", "true")
	session := a.challenged(t, "ana@example.com").Session
	_, err := a.choose(t, session, "ana@example.com", goodPassword)
	wantOK(t, err)
}
