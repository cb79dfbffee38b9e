package api_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

// mask is how the service shows an e-mail address.
var mask = regexp.MustCompile(`"[^"*]\*\*\*@[^"*]\*\*\*"`)

// normal is an answer without what differs between two users who exist: the
// request id, the time and the letters of a masked address.
func normal(a servertest.Answer) string {
	header := a.Header.Clone()
	for _, name := range []string{"X-Amzn-Requestid", "Date"} {
		if header.Get(name) != "" {
			header.Set(name, "<"+name+">")
		}
	}
	return fmt.Sprintf("%d %v %s", a.Status, header, mask.ReplaceAllString(a.Body, `"<mask>"`))
}

// publicCall posts one of the public operations that take a user name.
func (w world) publicCall(t *testing.T, operation, name string, more ...string) servertest.Answer {
	t.Helper()
	return w.s.Call(t, operation, fmt.Sprintf(`{"ClientId":%q,"Username":%q%s}`, w.client, name, strings.Join(more, "")))
}

const (
	withCode     = `,"ConfirmationCode":"123456"`
	withPassword = `,"Password":"Correct-Horse1!"`
)

// zoo makes one user in each state, and gives the names together with one
// that nobody has.
func (w world) zoo(t *testing.T) []string {
	t.Helper()
	ctx := t.Context()
	w.withVerified(t, "known")
	w.signUp(t, "unconfirmed", "email", "u@example.com")
	w.signUp(t, "unreachable")
	w.s.CreateUser(t, w.pool, "bare", goodPassword)
	_, err := w.create(t, cip.AdminCreateUserInput{Username: new("invited"), UserAttributes: pairs("email", "i@example.com", "email_verified", "true"), MessageAction: "SUPPRESS"})
	wantOK(t, err)
	w.withVerified(t, "disabled")
	_, err = w.s.SDK.AdminDisableUser(ctx, &cip.AdminDisableUserInput{UserPoolId: &w.pool, Username: new("disabled")})
	wantOK(t, err)
	w.withVerified(t, "reset")
	_, err = w.s.SDK.AdminResetUserPassword(ctx, &cip.AdminResetUserPasswordInput{UserPoolId: &w.pool, Username: new("reset")})
	wantOK(t, err)
	return []string{"nobody", "known", "unconfirmed", "unreachable", "bare", "invited", "disabled", "reset"}
}

// Where the service itself tells users apart, its answer stands
// (spec/security.md S047): these are the only ones.
var toldApart = map[string]string{
	"ConfirmSignUp known":   `User cannot be confirmed. Current status is CONFIRMED`,
	"ConfirmSignUp bare":    `User cannot be confirmed. Current status is CONFIRMED`,
	"ConfirmSignUp invited": `User cannot be confirmed. Current status is FORCE_CHANGE_PASSWORD`,
	"ConfirmSignUp reset":   `User cannot be confirmed. Current status is RESET_REQUIRED`,
}

func TestS047AnswersDoNotTellWhetherAUserExists(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t)).hidden(t)
	names := w.zoo(t)
	steps := []struct{ operation, more, want string }{
		// Before anybody asked for a code; an unconfirmed user has one.
		{"ConfirmSignUp", withCode, `{"__type":"ExpiredCodeException","message":"Invalid code provided, please request a code again."}`},
		{"ConfirmForgotPassword", withCode + withPassword, `{"__type":"ExpiredCodeException","message":"Invalid code provided, please request a code again."}`},
		{"ResendConfirmationCode", "", `{"CodeDeliveryDetails":{"AttributeName":"email","DeliveryMedium":"EMAIL","Destination":"<mask>"}}`},
		{"ForgotPassword", "", `{"CodeDeliveryDetails":{"AttributeName":"email","DeliveryMedium":"EMAIL","Destination":"<mask>"}}`},
		// And after it.
		{"ConfirmSignUp", withCode, `{"__type":"CodeMismatchException","message":"Invalid verification code provided, please try again."}`},
		{"ConfirmForgotPassword", withCode + withPassword, `{"__type":"CodeMismatchException","message":"Invalid verification code provided, please try again."}`},
		{"ConfirmForgotPassword", withCode + `,"Password":"short1"`, `{"__type":"InvalidPasswordException","message":"Password did not conform with policy: Password not long enough"}`},
	}
	for i, step := range steps {
		reference := w.publicCall(t, step.operation, "nobody", step.more)
		if got := mask.ReplaceAllString(reference.Body, `"<mask>"`); got != step.want {
			t.Errorf("%s of a name that nobody has: %s, want %s", step.operation, got, step.want)
		}
		for _, name := range names[1:] {
			if i == 0 && name == "unconfirmed" || i == 1 && name == "reset" {
				continue // a code was sent already
			}
			got := w.publicCall(t, step.operation, name, step.more)
			if text := toldApart[step.operation+" "+name]; text != "" {
				if got.Message() != text {
					t.Errorf("%s of %s: %s", step.operation, name, got.Body)
				}
				continue
			}
			if normal(got) != normal(reference) {
				t.Errorf("%s of %s:\n%s\nof a name that nobody has:\n%s", step.operation, name, normal(got), normal(reference))
			}
		}
	}
	if n := w.s.Mailbox.Count(w.pool, "disabled"); n != 0 {
		t.Errorf("%d messages to a disabled user", n)
	}
}

func TestS047UnknownNamesAreToldInLegacyMode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t))
	for operation, more := range map[string]string{
		"ConfirmSignUp": withCode, "ResendConfirmationCode": "", "ForgotPassword": "", "ConfirmForgotPassword": withCode + withPassword,
	} {
		got := w.publicCall(t, operation, "nobody", more)
		if want := `{"__type":"UserNotFoundException","message":"Username/client id combination not found."}`; got.Status != 400 || got.Body != want {
			t.Errorf("%s: %d %s", operation, got.Status, got.Body)
		}
	}
}

func TestS047MadeUpDestinationsAreStable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), caseInsensitive, func(in *cip.CreateUserPoolInput) {
		in.AliasAttributes = []types.AliasAttributeType{"email"}
	}).hidden(t)
	again := map[string]string{}
	for _, name := range []string{"nobody", "noone", "Zoe@Bank.example", "amy@shop.example"} {
		first, second := w.publicCall(t, "ForgotPassword", name), w.publicCall(t, "ForgotPassword", name)
		resent := w.publicCall(t, "ResendConfirmationCode", name)
		if first.Body != second.Body || first.Body != resent.Body {
			t.Errorf("%s: %s, then %s, then %s", name, first.Body, second.Body, resent.Body)
		}
		again[name] = first.Body
	}
	if upper := w.publicCall(t, "ForgotPassword", "NOBODY"); upper.Body != again["nobody"] {
		t.Errorf("NOBODY gets %s, nobody %s", upper.Body, again["nobody"])
	}
	if !strings.Contains(again["Zoe@Bank.example"], `"z***@b***"`) || !strings.Contains(again["amy@shop.example"], `"a***@s***"`) {
		t.Errorf("address as name: %s", again)
	}
	other := newWorld(t, servertest.Shared(t)).hidden(t)
	different := 0
	for _, name := range []string{"nobody", "noone", "somebody", "anybody", "everybody"} {
		if w.publicCall(t, "ForgotPassword", name).Body != other.publicCall(t, "ForgotPassword", name).Body {
			different++
		}
	}
	if different == 0 {
		t.Error("destinations are the same in every pool")
	}
}

func TestS049LimitsCountUnknownNamesAlike(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Start(t)).hidden(t)
	names := w.zoo(t)
	for _, step := range []struct {
		operation, more string
		allowed         int
	}{
		{"ResendConfirmationCode", "", 5},
		{"ForgotPassword", "", 5},
		{"ConfirmSignUp", withCode, 15},
		{"ConfirmForgotPassword", withCode + withPassword, 20},
	} {
		for _, name := range names {
			for range step.allowed {
				if got := w.publicCall(t, step.operation, name, step.more); got.ErrorType() == "LimitExceededException" {
					t.Fatalf("%s of %s is limited too early", step.operation, name)
				}
			}
			got := w.publicCall(t, step.operation, name, step.more)
			if got.Body != `{"__type":"LimitExceededException","message":"Attempt limit exceeded, please try after some time."}` {
				t.Errorf("%s of %s, once more: %s", step.operation, name, got.Body)
			}
		}
	}
}
