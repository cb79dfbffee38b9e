package api_test

import (
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cognate/internal/protocol/srp/srpclient"
)

// custom makes a world whose functions ask for a word: two wrong answers end the
// sign-in.
func (h *host) custom(t *testing.T, but ...string) world {
	t.Helper()
	w := h.world(t, func(in *cip.CreateUserPoolInput) { in.LambdaConfig = everything(append(but, "UserMigration")...) })
	w.app = w.withClient(t, withFlows(types.ExplicitAuthFlowsTypeAllowCustomAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth))
	h.answer("DefineAuthChallenge", func(e event) any {
		rounds := e.Request["session"].([]any)
		wrong := 0
		for _, r := range rounds {
			round := r.(object)
			switch {
			case round["challengeName"] == "SRP_A" && len(rounds) == 1:
				return object{"challengeName": "PASSWORD_VERIFIER"}
			case round["challengeName"] == "CUSTOM_CHALLENGE" && round["challengeResult"] == true:
				return object{"issueTokens": true}
			case round["challengeName"] == "CUSTOM_CHALLENGE":
				wrong++
			}
		}
		return object{"challengeName": "CUSTOM_CHALLENGE", "failAuthentication": wrong > 1}
	})
	h.answer("CreateAuthChallenge", object{
		"publicChallengeParameters": object{"hint": "colour"}, "privateChallengeParameters": object{"answer": "blue-7f3a"}, "challengeMetadata": "COLOUR",
	})
	h.answer("VerifyAuthChallengeResponse", func(e event) any {
		private := e.Request["privateChallengeParameters"].(object)
		return object{"answerCorrect": private["answer"] == e.Request["challengeAnswer"]}
	})
	return w
}

func (w world) beginCustom(t *testing.T, name string) *cip.InitiateAuthOutput {
	t.Helper()
	got, err := w.beginWith(t, types.AuthFlowTypeCustomAuth, "USERNAME", name)
	wantOK(t, err)
	return got
}

func (w world) word(t *testing.T, session *string, name, word string) (*cip.RespondToAuthChallengeOutput, error) {
	t.Helper()
	return w.respondWith(t, types.ChallengeNameTypeCustomChallenge, session, "USERNAME", name, "ANSWER", word)
}

func TestCustomAuth(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.custom(t)
	h.s.CreateUser(t, w.pool, "ana", goodPassword)
	h.take()
	begun := w.beginCustom(t, "ana")
	if diff := cmp.Diff(map[string]string{"USERNAME": "ana", "hint": "colour"}, begun.ChallengeParameters); diff != "" || begun.ChallengeName != "CUSTOM_CHALLENGE" {
		t.Fatalf("%s %s", begun.ChallengeName, diff)
	}
	events := h.take()
	if got := sources(events); got != "PreAuthentication_Authentication DefineAuthChallenge_Authentication CreateAuthChallenge_Authentication" {
		t.Fatal(got)
	}
	for _, e := range events[1:] {
		if diff := cmp.Diff(any([]any{}), e.Request["session"], cmpopts.EquateEmpty()); diff != "" || e.Request["clientMetadata"] != nil {
			t.Errorf("%s: %s %v", e.Kind, diff, e.Request["clientMetadata"])
		}
	}
	second, err := w.word(t, begun.Session, "ana", "red")
	wantOK(t, err)
	events = h.take()
	if got := sources(events); got != "VerifyAuthChallengeResponse_Authentication DefineAuthChallenge_Authentication CreateAuthChallenge_Authentication" {
		t.Fatal(got)
	}
	round := object{"challengeName": "CUSTOM_CHALLENGE", "challengeResult": false, "challengeMetadata": "COLOUR"}
	if diff := cmp.Diff(any([]any{round}), events[1].Request["session"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(any(object{"later": "yes"}), events[0].Request["clientMetadata"]); diff != "" {
		t.Error(diff)
	}
	if _, err = w.word(t, begun.Session, "ana", "blue-7f3a"); err == nil {
		t.Error("the first session was good for a second answer")
	}
	done, err := w.word(t, second.Session, "ana", "blue-7f3a")
	wantOK(t, err)
	if done.AuthenticationResult == nil || done.AuthenticationResult.RefreshToken == nil {
		t.Fatal("no tokens")
	}
	if got := sources(h.take()); got != "VerifyAuthChallengeResponse_Authentication DefineAuthChallenge_Authentication "+
		"TokenGeneration_Authentication PostAuthentication_Authentication" {
		t.Error(got)
	}
}

func TestCustomAuthEnds(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.custom(t)
	h.s.CreateUser(t, w.pool, "ana", goodPassword)
	begun := w.beginCustom(t, "ana")
	second, err := w.word(t, begun.Session, "ana", "red")
	wantOK(t, err)
	_, err = w.word(t, second.Session, "ana", "green")
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	_, err = w.word(t, second.Session, "ana", "blue-7f3a")
	wantError(t, err, "NotAuthorizedException", "Invalid session for the user.")
}

func TestCustomAuthAfterSRP(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.custom(t)
	h.s.CreateUser(t, w.pool, "ana", goodPassword)
	try := func(password string) (*cip.RespondToAuthChallengeOutput, error) {
		c := srpclient.New()
		begun, err := w.beginWith(t, types.AuthFlowTypeCustomAuth, "USERNAME", "ana", "CHALLENGE_NAME", "SRP_A", "SRP_A", c.A())
		wantOK(t, err)
		if begun.ChallengeName != "PASSWORD_VERIFIER" || begun.Session == nil {
			t.Fatalf("%s, session %v", begun.ChallengeName, begun.Session)
		}
		h.take()
		return w.respondWith(t, types.ChallengeNameTypePasswordVerifier, begun.Session, w.srpAnswer(t, c, begun.ChallengeParameters, password, h.s.Now())...)
	}
	_, err := try("Wrong-Horse1!")
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	proved, err := try(goodPassword)
	wantOK(t, err)
	events := h.take()
	if got := sources(events); got != "DefineAuthChallenge_Authentication CreateAuthChallenge_Authentication" {
		t.Fatal(got)
	}
	if diff := cmp.Diff(any([]any{
		object{"challengeName": "SRP_A", "challengeResult": true, "challengeMetadata": nil},
		object{"challengeName": "PASSWORD_VERIFIER", "challengeResult": true, "challengeMetadata": nil},
	}), events[0].Request["session"]); diff != "" {
		t.Error(diff)
	}
	done, err := w.word(t, proved.Session, "ana", "blue-7f3a")
	wantOK(t, err)
	if done.AuthenticationResult == nil {
		t.Error("no tokens")
	}
}

func TestCustomAuthMayIssueTokensRightAfterSRP(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.custom(t)
	h.s.CreateUser(t, w.pool, "ana", goodPassword)
	h.answer("DefineAuthChallenge", func(e event) any {
		if len(e.Request["session"].([]any)) == 1 {
			return object{"challengeName": "PASSWORD_VERIFIER"}
		}
		return object{"issueTokens": true}
	})
	c := srpclient.New()
	begun, err := w.beginWith(t, types.AuthFlowTypeCustomAuth, "USERNAME", "ana", "CHALLENGE_NAME", "SRP_A", "SRP_A", c.A())
	wantOK(t, err)
	answers := w.srpAnswer(t, c, begun.ChallengeParameters, goodPassword, h.s.Now())
	done, err := w.respondWith(t, types.ChallengeNameTypePasswordVerifier, begun.Session, answers...)
	wantOK(t, err)
	if done.AuthenticationResult == nil {
		t.Fatal("no tokens")
	}
	if _, err := w.respondWith(t, types.ChallengeNameTypePasswordVerifier, begun.Session, answers...); err == nil {
		t.Error("the proof was good twice")
	}
}

// TestS072PrivateParametersStayHere looks for them in everything that a client
// gets.
func TestS072PrivateParametersStayHere(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.custom(t)
	h.s.CreateUser(t, w.pool, "ana", goodPassword)
	answer := h.s.Call(t, "InitiateAuth", `{"AuthFlow":"CUSTOM_AUTH","ClientId":"`+w.client+`","AuthParameters":{"USERNAME":"ana"}}`)
	if answer.Status != 200 || strings.Contains(answer.Body, "blue-7f3a") || strings.Contains(answer.Body, "COLOUR") {
		t.Errorf("%d %s", answer.Status, answer.Body)
	}
}

func TestS072CustomAuthFailsClosed(t *testing.T) {
	t.Parallel()
	const missing = "Custom auth lambda trigger is not configured for the user pool."
	t.Run("missing functions", func(t *testing.T) {
		t.Parallel()
		h := newHost(t)
		for _, name := range []string{"DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse"} {
			w := h.custom(t, name)
			h.s.CreateUser(t, w.pool, "ana", goodPassword)
			begun, err := w.beginWith(t, types.AuthFlowTypeCustomAuth, "USERNAME", "ana")
			if name == "VerifyAuthChallengeResponse" {
				wantOK(t, err)
				_, err = w.word(t, begun.Session, "ana", "blue-7f3a")
			}
			wantError(t, err, "InvalidParameterException", missing)
		}
	})
	t.Run("failing functions", func(t *testing.T) {
		t.Parallel()
		for _, name := range []string{"DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse"} {
			h := newHost(t)
			w := h.custom(t)
			h.s.CreateUser(t, w.pool, "ana", goodPassword)
			begun := w.beginCustom(t, "ana")
			h.answer(name, "broken")
			_, err := w.word(t, begun.Session, "ana", "red")
			wantError(t, err, "UserLambdaValidationException", name+" failed with error broken.")
			// The session is spent by that, as recorded of the service.
			h.answer(name, nil)
			_, err = w.word(t, begun.Session, "ana", "blue-7f3a")
			wantError(t, err, "NotAuthorizedException", "Invalid session for the user.")
		}
	})
	t.Run("undecided functions", func(t *testing.T) {
		t.Parallel()
		h := newHost(t)
		w := h.custom(t)
		h.s.CreateUser(t, w.pool, "ana", goodPassword)
		for _, answer := range []any{
			object{},
			object{"issueTokens": false, "failAuthentication": false},
			object{"challengeName": ""},
			object{"issueTokens": "true"},
			object{"challengeName": "NO_SUCH_CHALLENGE"},
			object{"challengeName": "NEW_PASSWORD_REQUIRED"},
			object{"challengeName": "PASSWORD_VERIFIER"},
			raw("null"),
		} {
			h.answer("DefineAuthChallenge", answer)
			_, err := w.beginWith(t, types.AuthFlowTypeCustomAuth, "USERNAME", "ana")
			wantError(t, err, "InvalidLambdaResponseException", "Unrecognizable lambda output")
		}
		h.answer("DefineAuthChallenge", object{"issueTokens": true, "failAuthentication": true})
		_, err := w.beginWith(t, types.AuthFlowTypeCustomAuth, "USERNAME", "ana")
		wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	})
	t.Run("answers to verify", func(t *testing.T) {
		t.Parallel()
		h := newHost(t)
		w := h.custom(t)
		h.s.CreateUser(t, w.pool, "ana", goodPassword)
		for _, answer := range []any{object{}, object{"answerCorrect": nil}, object{"answerCorrect": "true"}, object{"answerCorrect": 1}} {
			begun := w.beginCustom(t, "ana")
			h.answer("VerifyAuthChallengeResponse", answer)
			_, err := w.word(t, begun.Session, "ana", "blue-7f3a")
			wantError(t, err, "InvalidLambdaResponseException", "Unrecognizable lambda output")
		}
	})
	t.Run("endless rounds", func(t *testing.T) {
		t.Parallel()
		h := newHost(t)
		w := h.custom(t)
		h.s.CreateUser(t, w.pool, "ana", goodPassword)
		h.answer("DefineAuthChallenge", object{"challengeName": "CUSTOM_CHALLENGE"})
		session := w.beginCustom(t, "ana").Session
		for rounds := 1; ; rounds++ {
			got, err := w.word(t, session, "ana", "red")
			if err != nil {
				wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
				break
			}
			if rounds > 50 {
				t.Fatal("no end in sight")
			}
			session = got.Session
		}
	})
}

func TestCustomAuthForUnknownUsers(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.custom(t)
	_, err := w.beginWith(t, types.AuthFlowTypeCustomAuth, "USERNAME", "nobody")
	wantError(t, err, "UserNotFoundException", "User does not exist.")
	if got := sources(h.take()); got != "" {
		t.Error(got)
	}
	hidden := world{w.withClient(t, func(in *cip.CreateUserPoolClientInput) {
		withFlows(types.ExplicitAuthFlowsTypeAllowCustomAuth)(in)
		hiding(in)
	})}
	begun := hidden.beginCustom(t, "nobody")
	for _, e := range h.take() {
		if e.Request["userNotFound"] != true || len(e.attributes()) != 0 {
			t.Errorf("%s: %v", e.Kind, e.Request)
		}
	}
	// A right answer helps nobody in.
	_, err = hidden.word(t, begun.Session, "nobody", "blue-7f3a")
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	if got := sources(h.take()); strings.Contains(got, "TokenGeneration") {
		t.Error(got)
	}
}

// withTOTP gives a user of the world an authenticator app as the second factor.
func (w world) withTOTP(t *testing.T, name string) *authenticator {
	t.Helper()
	w.setMFA(t, cip.SetUserPoolMfaConfigInput{
		MfaConfiguration: types.UserPoolMfaTypeOptional, SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true},
	})
	w.s.CreateUser(t, w.pool, name, goodPassword)
	plain := w.withClient(t, nil)
	key := plain.enrol(t, plain.signIn(t, name, goodPassword).AccessToken)
	wantOK(t, w.prefer(t, name, cip.AdminSetUserMFAPreferenceInput{
		SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true, PreferredMfa: true},
	}))
	return key
}

func TestCustomAuthMixesWithASecondFactor(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.custom(t)
	key := w.withTOTP(t, "ana")
	c := srpclient.New()
	begun, err := w.beginWith(t, types.AuthFlowTypeCustomAuth, "USERNAME", "ana", "CHALLENGE_NAME", "SRP_A", "SRP_A", c.A())
	wantOK(t, err)
	factor, err := w.respondWith(t, types.ChallengeNameTypePasswordVerifier, begun.Session, w.srpAnswer(t, c, begun.ChallengeParameters, goodPassword, h.s.Now())...)
	wantOK(t, err)
	if factor.ChallengeName != types.ChallengeNameTypeSoftwareTokenMfa {
		t.Fatalf("after the password: %s", factor.ChallengeName)
	}
	h.take()
	custom, err := w.respondWith(t, types.ChallengeNameTypeSoftwareTokenMfa, factor.Session, "USERNAME", "ana", "SOFTWARE_TOKEN_MFA_CODE", key.next(t))
	wantOK(t, err)
	if custom.ChallengeName != types.ChallengeNameTypeCustomChallenge {
		t.Fatalf("after the code: %s", custom.ChallengeName)
	}
	var names []any
	for _, r := range h.take()[0].Request["session"].([]any) {
		names = append(names, r.(object)["challengeName"])
	}
	if diff := cmp.Diff([]any{"SRP_A", "PASSWORD_VERIFIER", "SOFTWARE_TOKEN_MFA"}, names); diff != "" {
		t.Error(diff)
	}
	done, err := w.word(t, custom.Session, "ana", "blue-7f3a")
	wantOK(t, err)
	if done.AuthenticationResult == nil {
		t.Error("no tokens")
	}
}

func TestDefineAuthChallengeMayNameASecondFactor(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.custom(t)
	key := w.withTOTP(t, "ana")
	h.answer("DefineAuthChallenge", func(e event) any {
		switch len(e.Request["session"].([]any)) {
		case 0:
			return object{"challengeName": "CUSTOM_CHALLENGE"}
		case 1:
			return object{"challengeName": "SOFTWARE_TOKEN_MFA"}
		}
		return object{"issueTokens": true}
	})
	begun := w.beginCustom(t, "ana")
	factor, err := w.word(t, begun.Session, "ana", "blue-7f3a")
	wantOK(t, err)
	if factor.ChallengeName != types.ChallengeNameTypeSoftwareTokenMfa {
		t.Fatalf("challenge %s", factor.ChallengeName)
	}
	h.take()
	done, err := w.respondWith(t, types.ChallengeNameTypeSoftwareTokenMfa, factor.Session, "USERNAME", "ana", "SOFTWARE_TOKEN_MFA_CODE", key.next(t))
	wantOK(t, err)
	if done.AuthenticationResult == nil {
		t.Errorf("no tokens but %s", done.ChallengeName)
	}
	rounds := h.take()[0].Request["session"].([]any)
	if len(rounds) != 2 || rounds[0].(object)["challengeName"] != "CUSTOM_CHALLENGE" || rounds[1].(object)["challengeName"] != "SOFTWARE_TOKEN_MFA" {
		t.Errorf("rounds %v", rounds)
	}
}
