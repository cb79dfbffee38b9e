package api_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/protocol/srp/srpclient"
	"cognate/internal/servertest"
)

const choiceFlow = types.AuthFlowTypeUserAuth

// choosing is a client of choice-based sign-in alone.
func choosing(in *cip.CreateUserPoolClientInput) {
	in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{
		types.ExplicitAuthFlowsTypeAllowUserAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
	}
}

// firstFactors sets AllowedFirstAuthFactors of a pool.
func firstFactors(list ...types.AuthFactorType) func(*cip.CreateUserPoolInput) {
	return func(in *cip.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{AllowedFirstAuthFactors: list}}
		in.AutoVerifiedAttributes = []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail}
		if slices.Contains(list, types.AuthFactorTypeSmsOtp) {
			in.SmsConfiguration = &types.SmsConfigurationType{SnsCallerArn: aws.String("arn:aws:iam::123456789012:role/sms"), ExternalId: aws.String("x")}
		}
	}
}

var everyFactor = firstFactors(types.AuthFactorTypePassword, types.AuthFactorTypeEmailOtp, types.AuthFactorTypeSmsOtp)

// names gives challenges sorted, because their order means nothing.
func names(list []types.ChallengeNameType) string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = string(c)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// choices begins a sign-in that must end in a choice.
func (a *app) choices(t *testing.T, pairs ...string) *cip.InitiateAuthOutput {
	t.Helper()
	got, err := a.initiate(t, choiceFlow, pairs...)
	wantOK(t, err)
	if got.ChallengeName != types.ChallengeNameTypeSelectChallenge || got.AuthenticationResult != nil || len(got.ChallengeParameters) > 0 {
		t.Fatalf("no choice: %+v", got)
	}
	return got
}

// The table of auth-flows.md §6: what a user has and what the pool allows.
func TestChoiceListsWhatTheUserCanDo(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	all := newApp(t, s, everyFactor, choosing)
	unset := newApp(t, s, nil, choosing)
	invite := func(a *app, name, temporary string, attributes ...string) {
		in := &cip.AdminCreateUserInput{UserPoolId: &a.pool, Username: &name, MessageAction: types.MessageActionTypeSuppress}
		if temporary != "" {
			in.TemporaryPassword = &temporary
		}
		for i := 0; i < len(attributes); i += 2 {
			in.UserAttributes = append(in.UserAttributes, types.AttributeType{Name: &attributes[i], Value: &attributes[i+1]})
		}
		_, err := s.SDK.AdminCreateUser(t.Context(), in)
		wantOK(t, err)
	}
	email, phone := []string{"email", "ana@example.com"}, []string{"phone_number", "+15555550123"}
	s.CreateUser(t, all.pool, "everything", goodPassword, append(slices.Clone(email), phone...)...)
	s.CreateUser(t, all.pool, "password", goodPassword)
	s.CreateUser(t, unset.pool, "everything", goodPassword, append(slices.Clone(email), phone...)...)
	invite(all, "mail", "", email...)
	invite(all, "phone", "", phone...)
	invite(all, "temporary", goodPassword, email...)
	for _, c := range []struct {
		a          *app
		name, want string
	}{
		{all, "everything", "EMAIL_OTP PASSWORD PASSWORD_SRP SMS_OTP"},
		{all, "password", "PASSWORD PASSWORD_SRP"},
		{all, "mail", "EMAIL_OTP"},
		{all, "phone", "SMS_OTP"},
		{all, "temporary", "PASSWORD PASSWORD_SRP"},
		{unset, "everything", "PASSWORD PASSWORD_SRP"},
	} {
		if got := names(c.a.choices(t, "USERNAME", c.name).AvailableChallenges); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		for _, other := range []string{"WEB_AUTHN", "NOTHING"} {
			got := c.a.choices(t, "USERNAME", c.name, "PREFERRED_CHALLENGE", other)
			if names(got.AvailableChallenges) != c.want {
				t.Errorf("%s preferring %s: %s", c.name, other, names(got.AvailableChallenges))
			}
		}
	}
}

func TestChoiceOfAPassword(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, choosing)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	t.Run("at once", func(t *testing.T) {
		got, err := a.initiate(t, choiceFlow, "USERNAME", "ana", "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", goodPassword)
		wantOK(t, err)
		wantTokens(t, got.AuthenticationResult)
		_, err = a.initiate(t, choiceFlow, "USERNAME", "ana", "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", "Wrong-Horse1!")
		wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	})
	t.Run("asked for", func(t *testing.T) {
		got, err := a.initiate(t, choiceFlow, "USERNAME", "ana", "PREFERRED_CHALLENGE", "PASSWORD")
		wantOK(t, err)
		if got.ChallengeName != types.ChallengeNameTypePassword || got.Session == nil {
			t.Fatalf("%+v", got)
		}
		done, err := a.respond(t, types.ChallengeNameTypePassword, got.Session, "USERNAME", "ana", "PASSWORD", goodPassword)
		wantOK(t, err)
		wantTokens(t, done.AuthenticationResult)
	})
	for name, answer := range map[string][]string{
		"selected, with the password":      {"SELECT_CHALLENGE", "USERNAME", "ana", "ANSWER", "PASSWORD", "PASSWORD", goodPassword},
		"selected by the challenge's name": {"PASSWORD", "USERNAME", "ana", "PASSWORD", goodPassword},
	} {
		t.Run(name, func(t *testing.T) {
			choice := a.choices(t, "USERNAME", "ana")
			done, err := a.respond(t, types.ChallengeNameType(answer[0]), choice.Session, answer[1:]...)
			wantOK(t, err)
			wantTokens(t, done.AuthenticationResult)
			_, err = a.respond(t, types.ChallengeNameType(answer[0]), choice.Session, answer[1:]...)
			wantError(t, err, "NotAuthorizedException", "Invalid session for the user, session can only be used once.")
		})
	}
	t.Run("a wrong password spends the session", func(t *testing.T) {
		choice := a.choices(t, "USERNAME", "ana")
		_, err := a.respond(t, "PASSWORD", choice.Session, "USERNAME", "ana", "PASSWORD", "Wrong-Horse1!")
		wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
		_, err = a.respond(t, "PASSWORD", choice.Session, "USERNAME", "ana", "PASSWORD", goodPassword)
		wantError(t, err, "NotAuthorizedException", "Invalid session for the user, session can only be used once.")
	})
	t.Run("by an administrator", func(t *testing.T) {
		choice, err := a.adminInitiate(t, choiceFlow, "USERNAME", "ana")
		wantOK(t, err)
		if names(choice.AvailableChallenges) != "PASSWORD PASSWORD_SRP" {
			t.Errorf("%+v", choice)
		}
		done, err := a.adminRespond(t, "SELECT_CHALLENGE", choice.Session, "USERNAME", "ana", "ANSWER", "PASSWORD", "PASSWORD", goodPassword)
		wantOK(t, err)
		wantTokens(t, done.AuthenticationResult)
	})
}

func wantTokens(t *testing.T, got *types.AuthenticationResultType) {
	t.Helper()
	if got == nil || got.AccessToken == nil || got.IdToken == nil || got.RefreshToken == nil {
		t.Fatalf("no tokens: %+v", got)
	}
}

// PASSWORD_SRP gives a Session beside the SECRET_BLOCK and wants both back, unlike
// USER_SRP_AUTH (auth-flows.md §4).
func TestChoiceOfSRP(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, choosing)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	begin := map[string]func(t *testing.T, c *srpclient.Client) (map[string]string, *string){
		"at once": func(t *testing.T, c *srpclient.Client) (map[string]string, *string) {
			got, err := a.initiate(t, choiceFlow, "USERNAME", "ana", "PREFERRED_CHALLENGE", "PASSWORD_SRP", "SRP_A", c.A())
			wantOK(t, err)
			return got.ChallengeParameters, got.Session
		},
		"asked for": func(t *testing.T, c *srpclient.Client) (map[string]string, *string) {
			got, err := a.initiate(t, choiceFlow, "USERNAME", "ana", "PREFERRED_CHALLENGE", "PASSWORD_SRP")
			wantOK(t, err)
			asked, err := a.respond(t, "PASSWORD_SRP", got.Session, "USERNAME", "ana", "SRP_A", c.A())
			wantOK(t, err)
			return asked.ChallengeParameters, asked.Session
		},
		"selected": func(t *testing.T, c *srpclient.Client) (map[string]string, *string) {
			asked, err := a.respond(t, "SELECT_CHALLENGE", a.choices(t, "USERNAME", "ana").Session, "USERNAME", "ana", "ANSWER", "PASSWORD_SRP", "SRP_A", c.A())
			wantOK(t, err)
			return asked.ChallengeParameters, asked.Session
		},
	}
	for name, begin := range begin {
		t.Run(name, func(t *testing.T) {
			c := srpclient.New()
			challenge, session := begin(t, c)
			if session == nil {
				t.Fatal("no Session")
			}
			answer := a.srpAnswer(t, c, challenge, goodPassword, a.s.Now())
			_, err := a.respond(t, "PASSWORD_VERIFIER", nil, answer...)
			wantError(t, err, "InvalidParameterException", "Missing required parameter Session")
			_, other := begin(t, srpclient.New())
			_, err = a.respond(t, "PASSWORD_VERIFIER", other, answer...)
			wantError(t, err, "NotAuthorizedException", "Invalid session for the user.")
			done, err := a.respond(t, "PASSWORD_VERIFIER", session, answer...)
			wantOK(t, err)
			wantTokens(t, done.AuthenticationResult)
			_, err = a.respond(t, "PASSWORD_VERIFIER", session, answer...)
			wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
		})
	}
}

// A code by e-mail has eight digits as the first factor; it verifies the address.
func TestChoiceOfACode(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), everyFactor, choosing)
	for _, c := range []struct {
		challenge, param, attribute, address, flag, medium, masked, factor string
		digits                                                             int
	}{
		{"EMAIL_OTP", "EMAIL_OTP_CODE", "email", "eve@example.com", "email_verified", "EMAIL", "e***@e***", "email_otp", 8},
		{"SMS_OTP", "SMS_OTP_CODE", "phone_number", "+15555550123", "phone_number_verified", "SMS", "+*******0123", "sms", 6},
	} {
		t.Run(c.challenge, func(t *testing.T) {
			name := "user-" + c.medium
			a.s.CreateUser(t, a.pool, name, goodPassword, c.attribute, c.address)
			got, err := a.initiate(t, choiceFlow, "USERNAME", name, "PREFERRED_CHALLENGE", c.challenge)
			wantOK(t, err)
			want := map[string]string{"CODE_DELIVERY_DELIVERY_MEDIUM": c.medium, "CODE_DELIVERY_DESTINATION": c.masked}
			if diff := cmp.Diff(want, got.ChallengeParameters); diff != "" || string(got.ChallengeName) != c.challenge || !slices.Contains(got.AvailableChallenges, got.ChallengeName) {
				t.Errorf("%s %+v %s", got.ChallengeName, got.AvailableChallenges, diff)
			}
			message := a.s.Mailbox.Wait(t, a.pool, name, 1)
			if len(message.Code) != c.digits || message.Destination != c.address {
				t.Errorf("code %q to %s", message.Code, message.Destination)
			}
			answer := func(code string) (*cip.RespondToAuthChallengeOutput, error) {
				return a.respond(t, types.ChallengeNameType(c.challenge), got.Session, "USERNAME", name, c.param, code)
			}
			_, err = answer("")
			wantError(t, err, "InvalidParameterException", "Missing required parameter "+c.param)
			_, err = answer(otherCode(message.Code))
			wantError(t, err, "CodeMismatchException", "Invalid code or auth state for the user.")
			done, err := answer(message.Code) // the session stayed usable
			wantOK(t, err)
			wantTokens(t, done.AuthenticationResult)
			claims := claimsOf(t, done.AuthenticationResult.IdToken)
			if claims[c.flag] != true || claims["acr"] != "urn:cognito:loa:2" {
				t.Errorf("claims %v", claims)
			}
			if diff := cmp.Diff([]any{c.factor}, claims["amr"]); diff != "" {
				t.Error(diff)
			}
			_, err = answer(message.Code)
			wantError(t, err, "NotAuthorizedException", "Invalid session for the user, session can only be used once.")
		})
	}
}

// otherCode is a code of the same length that is wrong.
func otherCode(code string) string {
	if code[0] == '0' {
		return "1" + code[1:]
	}
	return "0" + code[1:]
}

// After five wrong codes the right one fails as well, in the same words.
func TestS065NoCodeWinsAfterFiveWrongOnes(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), everyFactor, choosing)
	a.s.CreateUser(t, a.pool, "ana", goodPassword, "email", "ana@example.com")
	for _, tries := range []int{4, 5, 6} {
		got, err := a.initiate(t, choiceFlow, "USERNAME", "ana", "PREFERRED_CHALLENGE", "EMAIL_OTP")
		wantOK(t, err)
		code := a.s.Mailbox.Wait(t, a.pool, "ana", tries-3).Code
		for range tries {
			_, err := a.respond(t, "EMAIL_OTP", got.Session, "USERNAME", "ana", "EMAIL_OTP_CODE", otherCode(code))
			wantError(t, err, "CodeMismatchException", "Invalid code or auth state for the user.")
		}
		_, err = a.respond(t, "EMAIL_OTP", got.Session, "USERNAME", "ana", "EMAIL_OTP_CODE", code)
		if tries < 5 {
			wantOK(t, err)
		} else {
			wantError(t, err, "CodeMismatchException", "Invalid code or auth state for the user.")
		}
	}
}

// A user who registered without a password signs in with the session of the
// confirmation, and later with a code.
func TestSignUpWithoutPasswordSignsInAtOnce(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), everyFactor, choosing)
	signUp := func(t *testing.T, name string) (session *string, code string) {
		made, err := a.s.Anonymous.SignUp(t.Context(), &cip.SignUpInput{
			ClientId: &a.client, Username: &name,
			UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String(name + "@example.com")}},
		})
		wantOK(t, err)
		if made.Session == nil {
			t.Error("SignUp gave no Session")
		}
		return made.Session, a.s.Code(t, a.pool, name)
	}
	confirm := func(t *testing.T, name, code string, session *string) *cip.ConfirmSignUpOutput {
		done, err := a.s.Anonymous.ConfirmSignUp(t.Context(), &cip.ConfirmSignUpInput{ClientId: &a.client, Username: &name, ConfirmationCode: &code, Session: session})
		wantOK(t, err)
		return done
	}
	signIn := func(t *testing.T, session *string, name string) (*cip.InitiateAuthOutput, error) {
		return a.s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
			ClientId: &a.client, AuthFlow: choiceFlow, Session: session, AuthParameters: map[string]string{"USERNAME": name},
		})
	}
	t.Run("once", func(t *testing.T) {
		session, code := signUp(t, "ana")
		confirmed := confirm(t, "ana", code, session)
		if confirmed.Session == nil {
			t.Fatal("ConfirmSignUp gave no Session")
		}
		_, err := signIn(t, session, "ana")
		wantError(t, err, "NotAuthorizedException", "Invalid session provided for the user.")
		_, err = signIn(t, confirmed.Session, "bo")
		wantError(t, err, "NotAuthorizedException", "Invalid session for the user.")
		got, err := signIn(t, confirmed.Session, "ana")
		wantOK(t, err)
		wantTokens(t, got.AuthenticationResult)
		_, err = signIn(t, confirmed.Session, "ana")
		wantError(t, err, "NotAuthorizedException", "Invalid session for the user, session can only be used once.")
	})
	t.Run("not with a session of another client", func(t *testing.T) {
		_, code := signUp(t, "cleo")
		confirmed := confirm(t, "cleo", code, nil)
		_, err := a.withClient(t, choosing).s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
			ClientId: aws.String(a.withClient(t, choosing).client), AuthFlow: choiceFlow, Session: confirmed.Session,
			AuthParameters: map[string]string{"USERNAME": "cleo"},
		})
		wantError(t, err, "NotAuthorizedException", "Invalid session for the user.")
	})
	t.Run("an unconfirmed user by a code", func(t *testing.T) {
		signUp(t, "dan")
		choice := a.choices(t, "USERNAME", "dan")
		if names(choice.AvailableChallenges) != "EMAIL_OTP" {
			t.Errorf("%v", choice.AvailableChallenges)
		}
		asked, err := a.respond(t, "SELECT_CHALLENGE", choice.Session, "USERNAME", "dan", "ANSWER", "EMAIL_OTP")
		wantOK(t, err)
		done, err := a.respond(t, "EMAIL_OTP", asked.Session, "USERNAME", "dan", "EMAIL_OTP_CODE", a.s.Mailbox.Wait(t, a.pool, "dan", 2).Code)
		wantOK(t, err)
		wantTokens(t, done.AuthenticationResult)
		user, err := a.s.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &a.pool, Username: aws.String("dan")})
		wantOK(t, err)
		if user.UserStatus != types.UserStatusTypeConfirmed {
			t.Errorf("status %s", user.UserStatus)
		}
	})
}

// With existence hidden, a name that nobody has gets a choice like a user's, the
// same each time, and its answers fail as a user's wrong ones do.
func TestS047ChoicesOfUnknownNames(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), everyFactor, func(in *cip.CreateUserPoolClientInput) { choosing(in); hiding(in) })
	a.s.CreateUser(t, a.pool, "ana", goodPassword, "email", "ana@example.com")
	first := a.choices(t, "USERNAME", "nobody")
	for range 3 {
		if diff := cmp.Diff(first.AvailableChallenges, a.choices(t, "USERNAME", "nobody").AvailableChallenges); diff != "" {
			t.Error(diff)
		}
	}
	if !slices.Contains(first.AvailableChallenges, types.ChallengeNameTypePasswordSrp) {
		t.Errorf("%v", first.AvailableChallenges)
	}
	for _, name := range []string{"ana", "nobody"} {
		_, err := a.initiate(t, choiceFlow, "USERNAME", name, "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", "Wrong-Horse1!")
		wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
		_, err = a.respond(t, "SELECT_CHALLENGE", a.choices(t, "USERNAME", name).Session, "USERNAME", name, "ANSWER", "PASSWORD", "PASSWORD", "Wrong-Horse1!")
		wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
		c := srpclient.New()
		asked, err := a.initiate(t, choiceFlow, "USERNAME", name, "PREFERRED_CHALLENGE", "PASSWORD_SRP", "SRP_A", c.A())
		wantOK(t, err)
		_, err = a.respond(t, "PASSWORD_VERIFIER", asked.Session, a.srpAnswer(t, c, asked.ChallengeParameters, "Wrong-Horse1!", a.s.Now())...)
		wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
		code, err := a.initiate(t, choiceFlow, "USERNAME", name, "PREFERRED_CHALLENGE", "EMAIL_OTP")
		wantOK(t, err)
		if code.ChallengeName != types.ChallengeNameTypeEmailOtp || code.ChallengeParameters["CODE_DELIVERY_DESTINATION"] == "" {
			t.Fatalf("%s: %+v", name, code)
		}
		for range 6 {
			_, err = a.respond(t, "EMAIL_OTP", code.Session, "USERNAME", name, "EMAIL_OTP_CODE", "00000000")
			wantError(t, err, "CodeMismatchException", "Invalid code or auth state for the user.")
		}
	}
	if n := a.s.Mailbox.Count(a.pool, "nobody"); n != 0 {
		t.Errorf("%d messages to nobody", n)
	}
	legacy := a.withClient(t, choosing)
	_, err := legacy.initiate(t, choiceFlow, "USERNAME", "nobody")
	wantError(t, err, "UserNotFoundException", "User does not exist.")
}

func TestChoiceIsRefused(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	a := newApp(t, s, everyFactor, choosing)
	s.CreateUser(t, a.pool, "ana", goodPassword)
	s.CreateUser(t, a.pool, "bo", goodPassword, "email", "bo@example.com")
	t.Run("other challenges' sessions", func(t *testing.T) {
		choice := a.choices(t, "USERNAME", "ana")
		for _, challenge := range []types.ChallengeNameType{"EMAIL_OTP", "SMS_OTP", "NEW_PASSWORD_REQUIRED", "SMS_MFA", "SOFTWARE_TOKEN_MFA", "SELECT_MFA_TYPE", "MFA_SETUP", "CUSTOM_CHALLENGE"} {
			_, err := a.respond(t, challenge, choice.Session, "USERNAME", "ana", "ANSWER", "x", "EMAIL_OTP_CODE", "1", "SMS_OTP_CODE", "1",
				"NEW_PASSWORD", "x", "SMS_MFA_CODE", "1", "SOFTWARE_TOKEN_MFA_CODE", "1")
			wantError(t, err, "NotAuthorizedException", "Invalid session provided for the user.")
		}
		code, err := a.initiate(t, choiceFlow, "USERNAME", "bo", "PREFERRED_CHALLENGE", "EMAIL_OTP")
		wantOK(t, err)
		for _, challenge := range []types.ChallengeNameType{"SELECT_CHALLENGE", "PASSWORD", "PASSWORD_SRP", "SMS_OTP", "WEB_AUTHN"} {
			_, err := a.respond(t, challenge, code.Session, "USERNAME", "bo", "ANSWER", "PASSWORD", "PASSWORD", goodPassword, "SRP_A", srpclient.New().A(), "SMS_OTP_CODE", "1", "CREDENTIAL", "{}")
			wantError(t, err, "NotAuthorizedException", "Invalid session provided for the user.")
		}
	})
	t.Run("factors that were not offered", func(t *testing.T) {
		choice := a.choices(t, "USERNAME", "ana")
		for _, answer := range []string{"EMAIL_OTP", "SMS_OTP", "WEB_AUTHN", "NEW_PASSWORD_REQUIRED", "x"} {
			_, err := a.respond(t, "SELECT_CHALLENGE", choice.Session, "USERNAME", "ana", "ANSWER", answer)
			wantCode(t, err, "InvalidParameterException")
		}
	})
	t.Run("missing parameters", func(t *testing.T) {
		choice := a.choices(t, "USERNAME", "ana")
		_, err := a.respond(t, "SELECT_CHALLENGE", choice.Session, "USERNAME", "ana")
		wantError(t, err, "InvalidParameterException", "Missing required parameter ANSWER")
		_, err = a.respond(t, "SELECT_CHALLENGE", nil, "USERNAME", "ana", "ANSWER", "PASSWORD")
		wantError(t, err, "InvalidParameterException", "Missing required parameter Session")
		_, err = a.initiate(t, choiceFlow)
		wantError(t, err, "InvalidParameterException", "Missing required parameter USERNAME")
	})
	t.Run("another user, client or door", func(t *testing.T) {
		choice := a.choices(t, "USERNAME", "ana")
		_, err := a.respond(t, "PASSWORD", choice.Session, "USERNAME", "bo", "PASSWORD", goodPassword)
		wantError(t, err, "NotAuthorizedException", "Invalid session for the user.")
		_, err = a.withClient(t, choosing).respond(t, "PASSWORD", choice.Session, "USERNAME", "ana", "PASSWORD", goodPassword)
		wantError(t, err, "NotAuthorizedException", "Invalid session for the user.")
		_, err = a.adminRespond(t, "PASSWORD", choice.Session, "USERNAME", "ana", "PASSWORD", goodPassword)
		wantError(t, err, "NotAuthorizedException", "Invalid session for the user.")
	})
	t.Run("too late", func(t *testing.T) {
		choice := a.choices(t, "USERNAME", "ana")
		s.Advance(3*time.Minute + time.Second)
		_, err := a.respond(t, "PASSWORD", choice.Session, "USERNAME", "ana", "PASSWORD", goodPassword)
		wantError(t, err, "NotAuthorizedException", "Invalid session for the user, session is expired.")
	})
	t.Run("Lite", func(t *testing.T) {
		b := newApp(t, s, nil, choosing)
		s.CreateUser(t, b.pool, "ana", goodPassword)
		_, err := s.SDK.UpdateUserPool(t.Context(), &cip.UpdateUserPoolInput{UserPoolId: &b.pool, UserPoolTier: types.UserPoolTierTypeLite})
		wantOK(t, err)
		_, err = b.initiate(t, choiceFlow, "USERNAME", "ana")
		wantCode(t, err, "FeatureUnavailableInTierException")
		_, err = b.adminInitiate(t, choiceFlow, "USERNAME", "ana")
		wantCode(t, err, "FeatureUnavailableInTierException")
	})
}
