package api_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/protocol/srp/srpclient"
	"cognate/internal/servertest"
)

// withFlows sets ExplicitAuthFlows of a client.
func withFlows(flows ...types.ExplicitAuthFlowsType) func(*cip.CreateUserPoolClientInput) {
	return func(in *cip.CreateUserPoolClientInput) { in.ExplicitAuthFlows = flows }
}

func withSecret(in *cip.CreateUserPoolClientInput) { in.GenerateSecret = true }

// hiding switches PreventUserExistenceErrors on.
func hiding(in *cip.CreateUserPoolClientInput) {
	in.PreventUserExistenceErrors = types.PreventUserExistenceErrorTypesEnabled
}

func TestPasswordSignInAnswersTokens(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	answer := a.s.Call(t, "InitiateAuth", `{"AuthFlow":"USER_PASSWORD_AUTH","ClientId":"`+a.client+
		`","AuthParameters":{"USERNAME":"ana","PASSWORD":"`+goodPassword+`"}}`)
	var got map[string]map[string]any
	wantOK(t, json.Unmarshal([]byte(answer.Body), &got))
	if keys := slices.Sorted(maps.Keys(got)); !slices.Equal(keys, []string{"AuthenticationResult", "ChallengeParameters"}) {
		t.Errorf("members %v", keys)
	}
	if len(got["ChallengeParameters"]) != 0 {
		t.Errorf("ChallengeParameters %v", got["ChallengeParameters"])
	}
	result := got["AuthenticationResult"]
	want := []string{"AccessToken", "ExpiresIn", "IdToken", "RefreshToken", "TokenType"}
	if keys := slices.Sorted(maps.Keys(result)); !slices.Equal(keys, want) {
		t.Errorf("result has %v", keys)
	}
	if result["ExpiresIn"] != 3600.0 || result["TokenType"] != "Bearer" {
		t.Errorf("ExpiresIn %v, TokenType %v", result["ExpiresIn"], result["TokenType"])
	}
	access := result["AccessToken"].(string)
	wantOK(t, a.getUser(t.Context(), &access))
}

func TestAdminPasswordSignIn(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	for _, flow := range []types.AuthFlowType{types.AuthFlowTypeAdminUserPasswordAuth, types.AuthFlowTypeAdminNoSrpAuth} {
		got, err := a.adminInitiate(t, flow, "USERNAME", "ana", "PASSWORD", goodPassword)
		wantOK(t, err)
		if got.AuthenticationResult == nil || got.AuthenticationResult.RefreshToken == nil || got.ChallengeParameters == nil {
			t.Errorf("%s: %+v", flow, got)
		}
		_, err = a.adminInitiate(t, flow, "USERNAME", "ana", "PASSWORD", "Wrong-Horse1!")
		wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	}
}

// The doors have flows of their own (recorded.md §2.2).
func TestFlowsOfTheOtherDoorAreRefused(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	const refusal = "Initiate Auth method not supported."
	_, err := a.adminInitiate(t, types.AuthFlowTypeUserPasswordAuth, "USERNAME", "ana", "PASSWORD", goodPassword)
	wantError(t, err, "InvalidParameterException", refusal)
	for _, flow := range []types.AuthFlowType{types.AuthFlowTypeAdminUserPasswordAuth, types.AuthFlowTypeAdminNoSrpAuth} {
		_, err = a.initiate(t, flow, "USERNAME", "ana", "PASSWORD", goodPassword)
		wantError(t, err, "InvalidParameterException", refusal)
	}
}

// The gate of auth-flows.md §2: which client may use which flow, and what the
// others hear. "open" means that the gate lets pass and something later answers.
func TestExplicitAuthFlowsGate(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := newApp(t, s, nil, nil)
	const (
		open    = ""
		srp     = "USER_SRP_AUTH is not enabled for the client."
		plain   = "USER_PASSWORD_AUTH flow not enabled for this client"
		other   = "Auth flow not enabled for this client"
		custom  = "CUSTOM_AUTH is not enabled for the client."
		choice  = "USER_AUTH is not enabled for the client."
		lambdas = "Only custom auth (lambda driven) is enabled for this client."
		// What an open gate leads to in a pool without functions.
		noFunctions = "Custom auth lambda trigger is not configured for the user pool."
	)
	order := []types.AuthFlowType{
		types.AuthFlowTypeUserSrpAuth, types.AuthFlowTypeUserPasswordAuth, types.AuthFlowTypeAdminUserPasswordAuth,
		types.AuthFlowTypeRefreshTokenAuth, types.AuthFlowTypeCustomAuth, types.AuthFlowTypeUserAuth,
	}
	for _, tt := range []struct {
		listed []types.ExplicitAuthFlowsType
		want   [6]string // in the order above
	}{
		{nil, [6]string{open, plain, other, open, open, choice}},
		{[]types.ExplicitAuthFlowsType{"ALLOW_USER_SRP_AUTH"}, [6]string{open, plain, other, other, custom, choice}},
		{[]types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH"}, [6]string{srp, open, other, other, custom, choice}},
		{[]types.ExplicitAuthFlowsType{"ALLOW_ADMIN_USER_PASSWORD_AUTH"}, [6]string{srp, plain, open, other, custom, choice}},
		{[]types.ExplicitAuthFlowsType{"ALLOW_REFRESH_TOKEN_AUTH"}, [6]string{srp, plain, other, open, custom, choice}},
		{[]types.ExplicitAuthFlowsType{"ALLOW_CUSTOM_AUTH"}, [6]string{srp, plain, other, other, open, choice}},
		{[]types.ExplicitAuthFlowsType{"ALLOW_USER_AUTH"}, [6]string{srp, plain, other, other, custom, open}},
		{[]types.ExplicitAuthFlowsType{"USER_PASSWORD_AUTH"}, [6]string{open, open, other, open, open, choice}},
		{[]types.ExplicitAuthFlowsType{"ADMIN_NO_SRP_AUTH"}, [6]string{open, plain, open, open, open, choice}},
		{[]types.ExplicitAuthFlowsType{"CUSTOM_AUTH_FLOW_ONLY"}, [6]string{lambdas, lambdas, lambdas, open, open, lambdas}},
	} {
		a := pool.withClient(t, withFlows(tt.listed...))
		for i, flow := range order {
			params := []string{
				"USERNAME", "nobody", "PASSWORD", goodPassword, "SRP_A", srpclient.New().A(), "REFRESH_TOKEN", "garbage",
			}
			var err error
			if flow == types.AuthFlowTypeAdminUserPasswordAuth {
				_, err = a.adminInitiate(t, flow, params...)
			} else {
				_, err = a.initiate(t, flow, params...)
			}
			if want := tt.want[i]; want != open {
				wantError(t, err, "InvalidParameterException", want)
			} else if err == nil || strings.Contains(err.Error(), "InvalidParameterException") && !strings.Contains(err.Error(), noFunctions) {
				t.Errorf("%v, %s: %v", tt.listed, flow, err)
			}
		}
	}
}

func TestCustomAndChoiceFlowsNeedAUserName(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, withFlows("ALLOW_CUSTOM_AUTH", "ALLOW_USER_AUTH"))
	for _, flow := range []types.AuthFlowType{types.AuthFlowTypeCustomAuth, types.AuthFlowTypeUserAuth} {
		_, err := a.initiate(t, flow)
		wantError(t, err, "InvalidParameterException", "Missing required parameter USERNAME")
	}
}

func TestMissingParametersAreNamed(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	for _, tt := range []struct {
		flow    types.AuthFlowType
		params  []string
		missing string
	}{
		{types.AuthFlowTypeUserPasswordAuth, nil, "USERNAME"},
		{types.AuthFlowTypeUserPasswordAuth, []string{"USERNAME", "", "PASSWORD", "x"}, "USERNAME"},
		{types.AuthFlowTypeUserPasswordAuth, []string{"USERNAME", "ana"}, "PASSWORD"},
		{types.AuthFlowTypeUserSrpAuth, []string{"SRP_A", "ff"}, "USERNAME"},
		{types.AuthFlowTypeUserSrpAuth, []string{"USERNAME", "ana"}, "SRP_A"},
		{types.AuthFlowTypeRefreshTokenAuth, []string{"USERNAME", "ana"}, "REFRESH_TOKEN"},
		{types.AuthFlowTypeRefreshToken, nil, "REFRESH_TOKEN"},
	} {
		_, err := a.initiate(t, tt.flow, tt.params...)
		wantError(t, err, "InvalidParameterException", "Missing required parameter "+tt.missing)
	}
	_, err := a.adminInitiate(t, types.AuthFlowTypeAdminUserPasswordAuth, "USERNAME", "ana")
	wantError(t, err, "InvalidParameterException", "Missing required parameter PASSWORD")

	for _, tt := range []struct {
		challenge types.ChallengeNameType
		session   *string
		params    []string
		missing   string
	}{
		{types.ChallengeNameTypePasswordVerifier, nil, nil, "USERNAME"},
		{types.ChallengeNameTypePasswordVerifier, nil, []string{"USERNAME", "ana"}, "PASSWORD_CLAIM_SIGNATURE"},
		{types.ChallengeNameTypePasswordVerifier, nil, []string{"USERNAME", "ana", "PASSWORD_CLAIM_SIGNATURE", "x"}, "PASSWORD_CLAIM_SECRET_BLOCK"},
		{
			types.ChallengeNameTypePasswordVerifier, nil,
			[]string{"USERNAME", "ana", "PASSWORD_CLAIM_SIGNATURE", "x", "PASSWORD_CLAIM_SECRET_BLOCK", "x"},
			"TIMESTAMP",
		},
		{types.ChallengeNameTypeNewPasswordRequired, nil, []string{"USERNAME", "ana", "NEW_PASSWORD", goodPassword}, "Session"},
		{types.ChallengeNameTypeNewPasswordRequired, aws.String(strings.Repeat("x", 20)), []string{"USERNAME", "ana"}, "NEW_PASSWORD"},
		{types.ChallengeNameTypeSmsMfa, nil, []string{"USERNAME", "ana", "SMS_MFA_CODE", "123456"}, "Session"},
		{types.ChallengeNameTypeSmsMfa, aws.String(strings.Repeat("x", 20)), nil, "USERNAME"},
	} {
		_, err := a.respond(t, tt.challenge, tt.session, tt.params...)
		wantError(t, err, "InvalidParameterException", "Missing required parameter "+tt.missing)
	}
}

func TestUnknownClients(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a, b := newApp(t, s, nil, nil), newApp(t, s, nil, nil)
	message := func(id string) string { return "User pool client " + id + " does not exist." }
	unknown := *a
	unknown.client = "doesnotexist0000000000000a"
	_, err := unknown.initiate(t, types.AuthFlowTypeUserPasswordAuth, "USERNAME", "ana", "PASSWORD", "x")
	wantError(t, err, "ResourceNotFoundException", message(unknown.client))
	_, err = unknown.adminInitiate(t, types.AuthFlowTypeAdminUserPasswordAuth, "USERNAME", "ana", "PASSWORD", "x")
	wantError(t, err, "ResourceNotFoundException", message(unknown.client))
	_, err = unknown.respond(t, types.ChallengeNameTypePasswordVerifier, nil)
	wantError(t, err, "ResourceNotFoundException", message(unknown.client))
	mixed := app{s: s, pool: a.pool, client: b.client}
	_, err = mixed.adminInitiate(t, types.AuthFlowTypeAdminUserPasswordAuth, "USERNAME", "ana", "PASSWORD", "x")
	wantError(t, err, "ResourceNotFoundException", message(b.client))
	_, err = mixed.adminRespond(t, types.ChallengeNameTypePasswordVerifier, nil)
	wantError(t, err, "ResourceNotFoundException", message(b.client))
	nowhere := app{s: s, pool: "us-east-1_nowhere12", client: a.client}
	_, err = nowhere.adminInitiate(t, types.AuthFlowTypeAdminUserPasswordAuth, "USERNAME", "ana", "PASSWORD", "x")
	wantError(t, err, "ResourceNotFoundException", "User pool us-east-1_nowhere12 does not exist.")
}

// States of users that decide a sign-in, for clients that tell whether a user
// exists and for those that hide it (errors.md §5).
func TestS047UserStatesAtSignIn(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	telling := newApp(t, s, nil, nil)
	hidden := telling.withClient(t, hiding)
	prepareStates(t, telling)
	const (
		incorrect   = "NotAuthorizedException: Incorrect username or password."
		noUser      = "UserNotFoundException: User does not exist."
		disabled    = "NotAuthorizedException: User is disabled."
		unconfirmed = "UserNotConfirmedException: User is not confirmed."
		reset       = "PasswordResetRequiredException: Password reset required for the user"
	)
	for _, tt := range []struct {
		user, password   string
		telling, hidden  string
		tellingFirstStep bool // by SRP the answer comes at the first step where users are told
	}{
		{"ana", "Wrong-Horse1!", incorrect, incorrect, false},
		{"nobody", goodPassword, noUser, incorrect, true},
		{"disabled", goodPassword, disabled, incorrect, true},
		{"disabled-too", "Wrong-Horse1!", disabled, incorrect, true}, // one user would be locked out
		{"unconfirmed", goodPassword, unconfirmed, unconfirmed, false},
		{"unconfirmed", "Wrong-Horse1!", unconfirmed, unconfirmed, false},
		{"reset", goodPassword, reset, reset, false},
		{"reset", "Wrong-Horse1!", reset, reset, false},
	} {
		for _, a := range []*app{telling, hidden} {
			want := tt.telling
			if a == hidden {
				want = tt.hidden
			}
			code, message, _ := strings.Cut(want, ": ")
			_, err := a.tryPassword(t, tt.user, tt.password)
			wantError(t, err, code, message)
			_, err = a.adminInitiate(t, types.AuthFlowTypeAdminUserPasswordAuth, "USERNAME", tt.user, "PASSWORD", tt.password)
			wantError(t, err, code, message)
			if a == telling && tt.tellingFirstStep {
				_, err = a.initiate(t, types.AuthFlowTypeUserSrpAuth, "USERNAME", tt.user, "SRP_A", srpclient.New().A())
			} else {
				_, err = a.trySRP(t, tt.user, tt.password)
			}
			wantError(t, err, code, message)
			telling.signIn(t, "ana", goodPassword) // or the next wrong ones would lock
		}
	}
}

// prepareStates makes the users ana, disabled, disabled-too, unconfirmed and reset.
func prepareStates(t *testing.T, a *app) {
	t.Helper()
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	for _, name := range []string{"disabled", "disabled-too"} {
		a.s.CreateUser(t, a.pool, name, goodPassword)
		_, err := a.s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &a.pool, Username: &name})
		wantOK(t, err)
	}
	a.s.CreateUser(t, a.pool, "reset", goodPassword, "email", "reset@example.com", "email_verified", "true")
	_, err := a.s.SDK.AdminResetUserPassword(t.Context(), &cip.AdminResetUserPasswordInput{UserPoolId: &a.pool, Username: aws.String("reset")})
	wantOK(t, err)
	_, err = a.s.Anonymous.SignUp(t.Context(), &cip.SignUpInput{
		ClientId: &a.client, Username: aws.String("unconfirmed"), Password: aws.String(goodPassword),
	})
	wantOK(t, err)
}

func TestSignInNamesFindTheUser(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail, types.AliasAttributeTypePreferredUsername}
		in.UsernameConfiguration = &types.UsernameConfigurationType{CaseSensitive: aws.Bool(false)}
	}, nil)
	a.s.CreateUser(t, a.pool, "Ana", goodPassword, "email", "ana@example.com", "email_verified", "true", "preferred_username", "annie")
	a.s.CreateUser(t, a.pool, "ben", goodPassword, "email", "ben@example.com")
	for _, name := range []string{"Ana", "ANA", "ana@example.com", "ANA@Example.com", "annie"} {
		got := a.signIn(t, name, goodPassword)
		if username := claimsOf(t, got.AccessToken)["username"]; !strings.EqualFold(username.(string), "ana") {
			t.Errorf("%s: username %v", name, username)
		}
		bySRP, err := a.trySRP(t, name, goodPassword)
		wantOK(t, err)
		if bySRP.AuthenticationResult == nil {
			t.Errorf("%s: no tokens by SRP", name)
		}
	}
	// An address that nobody has verified is no name.
	_, err := a.tryPassword(t, "ben@example.com", goodPassword)
	wantError(t, err, "UserNotFoundException", "User does not exist.")
}

func TestEmailAsUserName(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		in.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
	}, nil)
	a.s.CreateUser(t, a.pool, "ana@example.com", goodPassword)
	got, err := a.trySRP(t, "ana@example.com", goodPassword)
	wantOK(t, err)
	access, id := claimsOf(t, got.AuthenticationResult.AccessToken), claimsOf(t, got.AuthenticationResult.IdToken)
	if access["username"] != access["sub"] || id["cognito:username"] != id["sub"] {
		t.Errorf("user names %v and %v are not the sub %v", access["username"], id["cognito:username"], id["sub"])
	}
	if id["email"] != "ana@example.com" {
		t.Errorf("email is %v", id["email"])
	}
	a.signIn(t, access["sub"].(string), goodPassword)
}

// A function that cannot be called makes sign-in fail; it is not skipped. A wrong
// password stays a wrong password.
func TestSignInFailsClosed(t *testing.T) {
	t.Parallel()
	function := aws.String("arn:aws:lambda:us-east-1:123456789012:function:f")
	for name, config := range map[string]*types.LambdaConfigType{
		"PreAuthentication":  {PreAuthentication: function},
		"PostAuthentication": {PostAuthentication: function},
		"PreTokenGeneration": {PreTokenGeneration: function},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) { in.LambdaConfig = config }, nil)
			a.s.CreateUser(t, a.pool, "ana", goodPassword)
			message := name + " invocation failed due to error ResourceNotFoundException."
			_, err := a.tryPassword(t, "ana", goodPassword)
			wantError(t, err, "UnexpectedLambdaException", message)
			_, err = a.trySRP(t, "ana", goodPassword)
			wantError(t, err, "UnexpectedLambdaException", message)
			_, err = a.adminInitiate(t, types.AuthFlowTypeAdminUserPasswordAuth, "USERNAME", "ana", "PASSWORD", goodPassword)
			wantError(t, err, "UnexpectedLambdaException", message)
		})
	}
	t.Run("migration of unknown users", func(t *testing.T) {
		t.Parallel()
		a := newApp(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
			in.LambdaConfig = &types.LambdaConfigType{UserMigration: function}
		}, nil)
		a.s.CreateUser(t, a.pool, "ana", goodPassword)
		a.signIn(t, "ana", goodPassword)
		_, err := a.tryPassword(t, "nobody", goodPassword)
		wantError(t, err, "UnexpectedLambdaException", "UserMigration invocation failed due to error ResourceNotFoundException.")
		_, err = a.withClient(t, hiding).tryPassword(t, "nobody", goodPassword)
		wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	})
	t.Run("optional MFA nobody uses", func(t *testing.T) {
		t.Parallel()
		a := newApp(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
			in.MfaConfiguration = types.UserPoolMfaTypeOptional
			in.SmsConfiguration = &types.SmsConfigurationType{
				SnsCallerArn: aws.String("arn:aws:iam::123456789012:role/sms"), ExternalId: aws.String("x"),
			}
		}, nil)
		a.s.CreateUser(t, a.pool, "ana", goodPassword)
		a.signIn(t, "ana", goodPassword)
	})
}

func TestS074SecretHash(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	public := newApp(t, s, func(in *cip.CreateUserPoolInput) {
		in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail}
	}, nil)
	a := public.withClient(t, withSecret)
	s.CreateUser(t, a.pool, "ana", goodPassword, "email", "ana@example.com", "email_verified", "true")
	// A good hash: over the name as sent, or over the canonical one.
	tokens := a.signIn(t, "ana", goodPassword)
	a.signIn(t, "ana@example.com", goodPassword)
	_, err := a.initiate(t, types.AuthFlowTypeUserPasswordAuth, "USERNAME", "ana@example.com", "PASSWORD", goodPassword,
		"SECRET_HASH", a.secretHash("ana"))
	wantOK(t, err)
	got, err := a.trySRP(t, "ana@example.com", goodPassword)
	wantOK(t, err)
	if got.AuthenticationResult == nil {
		t.Fatal("no tokens by SRP")
	}

	const absent = "-"
	missing := "Client " + a.client + " is configured with secret but SECRET_HASH was not received"
	wrong := "Unable to verify secret hash for client " + a.client
	for _, tt := range []struct{ hash, message string }{
		{absent, missing},
		{"", missing},
		{"x", wrong},
		{a.secretHash("ben"), wrong},
		{strings.TrimRight(a.secretHash("ana"), "="), wrong},
		{strings.ToLower(a.secretHash("ana")), wrong},
		{a.secret, wrong},
	} {
		for flow, params := range map[types.AuthFlowType][]string{
			types.AuthFlowTypeUserPasswordAuth:      {"USERNAME", "ana", "PASSWORD", goodPassword},
			types.AuthFlowTypeUserSrpAuth:           {"USERNAME", "ana", "SRP_A", srpclient.New().A()},
			types.AuthFlowTypeRefreshTokenAuth:      {"REFRESH_TOKEN", *tokens.RefreshToken},
			types.AuthFlowTypeAdminUserPasswordAuth: {"USERNAME", "ana", "PASSWORD", goodPassword},
		} {
			m := make(map[string]string)
			for i := 0; i < len(params); i += 2 {
				m[params[i]] = params[i+1]
			}
			if tt.hash != absent {
				m["SECRET_HASH"] = tt.hash
			}
			var err error
			if flow == types.AuthFlowTypeAdminUserPasswordAuth {
				_, err = s.SDK.AdminInitiateAuth(t.Context(), &cip.AdminInitiateAuthInput{
					UserPoolId: &a.pool, ClientId: &a.client, AuthFlow: flow, AuthParameters: m,
				})
			} else {
				_, err = s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
					ClientId: &a.client, AuthFlow: flow, AuthParameters: m,
				})
			}
			wantError(t, err, "NotAuthorizedException", tt.message)
		}
	}
	// In answers to challenges as well.
	c, challenge := a.beginSRP(t, "ana")
	answer := a.srpAnswer(t, c, challenge, goodPassword, s.Now())
	_, err = a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, append(answer, "SECRET_HASH", "x")...)
	wantError(t, err, "NotAuthorizedException", wrong)
	bare := *a
	bare.secret = ""
	_, err = bare.respond(t, types.ChallengeNameTypePasswordVerifier, nil, answer...)
	wantError(t, err, "NotAuthorizedException", missing)
	_, err = a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, answer...)
	wantOK(t, err) // neither used the challenge up

	_, err = public.initiate(t, types.AuthFlowTypeUserPasswordAuth, "USERNAME", "ana", "PASSWORD", goodPassword, "SECRET_HASH", "x")
	wantError(t, err, "InvalidParameterException",
		"App client "+public.client+" is not configured for secret but secret hash was received")
}

func TestS074EitherSecretOfAClientServes(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, withSecret)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	added, err := a.s.SDK.AddUserPoolClientSecret(t.Context(), &cip.AddUserPoolClientSecretInput{UserPoolId: &a.pool, ClientId: &a.client})
	wantOK(t, err)
	second := *a
	second.secret = aws.ToString(added.ClientSecretDescriptor.ClientSecretValue)
	a.signIn(t, "ana", goodPassword)
	second.signIn(t, "ana", goodPassword)
}
