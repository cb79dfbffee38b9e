package api_test

import (
	"maps"
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// known is what a function says of a user who may sign in.
func known(more ...string) object {
	answer := object{
		"userAttributes": object{"email": "ana@example.com", "email_verified": "true"}, "finalUserStatus": "CONFIRMED", "messageAction": "SUPPRESS",
	}
	for i := 0; i < len(more); i += 2 {
		answer[more[i]] = more[i+1]
	}
	return answer
}

// Migration inside a choice-based sign-in, in each way a password can come.
func TestUsersAreMigratedByAChosenPassword(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t, func(in *cip.CreateUserPoolInput) {
		in.LambdaConfig = &types.LambdaConfigType{UserMigration: everything().UserMigration}
	})
	w.app = w.withClient(t, func(in *cip.CreateUserPoolClientInput) {
		choosing(in)
		in.PreventUserExistenceErrors = types.PreventUserExistenceErrorTypesEnabled
	})
	h.answer("UserMigration_Authentication", known())
	const asked = "UserMigration_Authentication"

	t.Run("at once", func(t *testing.T) {
		got, err := w.initiate(t, choiceFlow, "USERNAME", "once", "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", goodPassword)
		wantOK(t, err)
		wantTokens(t, got.AuthenticationResult)
		if e := h.one(t, asked); e.Request["password"] != goodPassword || e.Name != "once" {
			t.Errorf("%s was asked about with %v", e.Name, e.Request)
		}
	})
	t.Run("asked for", func(t *testing.T) {
		got, err := w.initiate(t, choiceFlow, "USERNAME", "later", "PREFERRED_CHALLENGE", "PASSWORD")
		wantOK(t, err)
		if events := h.take(); len(events) > 0 || got.ChallengeName != types.ChallengeNameTypePassword {
			t.Fatalf("%s, after %s", got.ChallengeName, sources(events))
		}
		done, err := w.respond(t, types.ChallengeNameTypePassword, got.Session, "USERNAME", "later", "PASSWORD", goodPassword)
		wantOK(t, err)
		wantTokens(t, done.AuthenticationResult)
		h.one(t, asked)
	})
	t.Run("selected", func(t *testing.T) {
		choice := w.choices(t, "USERNAME", "selected")
		done, err := w.respondWith(t, types.ChallengeNameTypeSelectChallenge, choice.Session,
			"USERNAME", "selected", "ANSWER", "PASSWORD", "PASSWORD", goodPassword)
		wantOK(t, err)
		wantTokens(t, done.AuthenticationResult)
		e := h.one(t, asked)
		if metadata, _ := e.Request["clientMetadata"].(map[string]any); len(metadata) == 0 || e.Request["validationData"] != nil {
			t.Errorf("ClientMetadata of an answer came as %v", e.Request)
		}
	})
	t.Run("to be reset", func(t *testing.T) {
		h.answer("UserMigration_Authentication", known("finalUserStatus", "RESET_REQUIRED"))
		choice := w.choices(t, "USERNAME", "reset")
		_, err := w.respond(t, types.ChallengeNameTypePassword, choice.Session, "USERNAME", "reset", "PASSWORD", goodPassword)
		wantError(t, err, "PasswordResetRequiredException", "Password reset required for the user")
		h.one(t, asked)
	})
	t.Run("unknown", func(t *testing.T) {
		h.answer("UserMigration_Authentication", "no such user")
		choice := w.choices(t, "USERNAME", "nobody")
		_, err := w.respond(t, types.ChallengeNameTypePassword, choice.Session, "USERNAME", "nobody", "PASSWORD", goodPassword)
		wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
		h.one(t, asked)
		w.missing(t, "nobody")
		// Without a password there is nothing to ask about.
		_, err = w.initiate(t, choiceFlow, "USERNAME", "nobody", "PREFERRED_CHALLENGE", "PASSWORD_SRP", "SRP_A", "2")
		wantOK(t, err)
		if events := h.take(); len(events) > 0 {
			t.Errorf("asked: %s", sources(events))
		}
	})
}

// What a function says about the invitation of a migrated user.
func TestMigratedUsersAreToldAsTheFunctionSays(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t, func(in *cip.CreateUserPoolInput) {
		in.LambdaConfig = &types.LambdaConfigType{UserMigration: everything().UserMigration}
	})
	both := object{"email": "ana@example.com", "phone_number": "+15555550123"}
	for name, c := range map[string]struct {
		answer object
		want   string // the media, or the error
	}{
		"suppressed":  {object{"messageAction": "SUPPRESS", "desiredDeliveryMediums": []string{"EMAIL"}}, ""},
		"unsaid":      {object{}, "SMS"},
		"mail":        {object{"desiredDeliveryMediums": []string{"EMAIL"}}, "EMAIL"},
		"both":        {object{"desiredDeliveryMediums": []string{"EMAIL", "SMS"}}, "SMS EMAIL"},
		"reset":       {object{"desiredDeliveryMediums": []string{"EMAIL"}, "finalUserStatus": "RESET_REQUIRED"}, "EMAIL"},
		"no-address":  {object{"userAttributes": object{}}, ""},
		"unreachable": {object{"userAttributes": object{"email": "ana@example.com"}, "desiredDeliveryMediums": []string{"SMS"}}, "InvalidParameterException"},
		"pigeon":      {object{"desiredDeliveryMediums": []string{"PIGEON"}}, "InvalidLambdaResponseException"},
	} {
		answer := object{"userAttributes": both, "finalUserStatus": "CONFIRMED"}
		maps.Copy(answer, c.answer)
		h.answer("UserMigration_Authentication", answer)
		_, err := w.tryPassword(t, name, goodPassword)
		if strings.HasSuffix(c.want, "Exception") {
			wantCode(t, err, c.want)
			w.missing(t, name)
			continue
		}
		if answer["finalUserStatus"] == "RESET_REQUIRED" {
			wantCode(t, err, "PasswordResetRequiredException")
		} else {
			wantOK(t, err)
		}
		want := strings.Fields(c.want)
		got := map[string]bool{}
		for i := range want {
			m := h.s.Mailbox.Wait(t, w.pool, name, i+1)
			got[string(m.Medium)] = true
			if m.Purpose != "AdminCreateUser" || !strings.Contains(m.Body, name) || strings.Contains(m.Body, goodPassword) {
				t.Errorf("%s: %s: %s", name, m.Purpose, m.Body)
			}
		}
		for _, medium := range want {
			if !got[medium] {
				t.Errorf("%s: no message by %s", name, medium)
			}
		}
		if n := h.s.Mailbox.Count(w.pool, name); n != len(want) {
			t.Errorf("%s: %d messages, want %s", name, n, c.want)
		}
	}
}
