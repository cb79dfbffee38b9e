package api_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

func inDev(c *server.Config) {
	c.Mode = server.Dev
	c.Mail, c.SMS = nil, nil
}

// controlCall asks the control API.
func (h *host) controlCall(t *testing.T, method, path, body string, out any) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, h.s.URL+path, strings.NewReader(body))
	wantOK(t, err)
	answer, err := h.s.HTTP.Do(r)
	wantOK(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	wantOK(t, err)
	if out != nil && answer.StatusCode == http.StatusOK {
		wantOK(t, json.Unmarshal(text, out))
	}
	return answer.StatusCode
}

func TestCallsOfFunctionsAreShownInDev(t *testing.T) {
	t.Parallel()
	h := newHost(t, inDev)
	w := h.world(t)
	h.answer("UserMigration", "unknown")
	_, err := w.tryPassword(t, "ana", goodPassword)
	wantError(t, err, "UserLambdaValidationException", "UserMigration failed with error unknown.")
	var got struct {
		Calls []struct {
			Source  string `json:"triggerSource"`
			Outcome string
			Event   json.RawMessage
		}
	}
	if status := h.controlCall(t, http.MethodGet, "/_cognate/v1/functions/calls?pool="+w.pool, "", &got); status != http.StatusOK {
		t.Fatal(status)
	}
	if len(got.Calls) != 1 || got.Calls[0].Source != "UserMigration_Authentication" || got.Calls[0].Outcome != "function failed: unknown" {
		t.Fatalf("%+v", got)
	}
	if strings.Contains(string(got.Calls[0].Event), goodPassword) || !strings.Contains(string(got.Calls[0].Event), `"password":"***"`) {
		t.Errorf("event %s", got.Calls[0].Event)
	}
	for _, bad := range []string{"after=x", "timeout=2h", "timeout=-1s"} {
		if status := h.controlCall(t, http.MethodGet, "/_cognate/v1/functions/calls?"+bad, "", nil); status != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, status)
		}
	}
}

func TestTryingAFunctionChangesNothing(t *testing.T) {
	t.Parallel()
	h := newHost(t, inDev)
	w := h.world(t)
	h.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com")
	h.take()
	h.answer("PreSignUp", object{"autoConfirmUser": true})
	type result struct {
		Event, Answer map[string]any
		Error         string
	}
	try := func(body string) (got result) {
		t.Helper()
		if status := h.controlCall(t, http.MethodPost, "/_cognate/v1/functions/try", body, &got); status != http.StatusOK {
			t.Fatalf("%s: %d", body, status)
		}
		return got
	}
	got := try(`{"poolId":"` + w.pool + `","username":"ana","triggerSource":"PreSignUp_SignUp"}`)
	if got.Error != "" || got.Answer["response"].(object)["autoConfirmUser"] != true {
		t.Errorf("%+v", got)
	}
	if e := h.one(t, "PreSignUp_SignUp"); e.attributes()["email"] != "ana@example.com" {
		t.Errorf("event %s", e.raw)
	}
	for _, source := range []string{
		"PostConfirmation_ConfirmSignUp", "PreAuthentication_Authentication", "PostAuthentication_Authentication", "TokenGeneration_HostedAuth",
		"UserMigration_ForgotPassword", "CustomMessage_SignUp", "DefineAuthChallenge_Authentication", "CreateAuthChallenge_Authentication",
		"VerifyAuthChallengeResponse_Authentication",
	} {
		if got := try(`{"poolId":"` + w.pool + `","triggerSource":"` + source + `"}`); got.Error != "" || got.Event["triggerSource"] != source {
			t.Errorf("%s: %+v", source, got)
		}
	}
	for body, want := range map[string]string{
		`{"poolId":"` + w.pool + `","triggerSource":"Nonsense"}`:                                                             "InvalidParameterException: Nonsense is no trigger source.",
		`{"poolId":"` + w.pool + `","triggerSource":"InboundFederation_ExternalProvider"}`:                                   "InvalidParameterException: The pool has no function for InboundFederation.",
		`{"poolId":"` + w.pool + `","triggerSource":"PreSignUp_SignUp","username":"nobody"}`:                                 "UserNotFoundException: User does not exist.",
		`{"poolId":"` + w.pool + `","triggerSource":"PreSignUp_SignUp","event":{"triggerSource":"UserMigration_X","x":"y"}}`: "",
	} {
		if got := try(body); got.Error != want {
			t.Errorf("%s: %s", body, got.Error)
		}
	}
}

func TestServeHasNoControlOfFunctions(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for method, path := range map[string]string{http.MethodGet: "/_cognate/v1/functions/calls", http.MethodPost: "/_cognate/v1/functions/try"} {
		if status := h.controlCall(t, method, path, "{}", nil); status != http.StatusNotFound && status != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", path, status)
		}
	}
	if answer := h.s.Call(t, "InitiateAuth", `{}`); answer.Status != http.StatusBadRequest {
		t.Errorf("%d", answer.Status)
	}
	r := h.s.NewRequest(t, "x", `{"CiphertextBlob":""}`)
	r.Header.Set("X-Amz-Target", "TrentService.Decrypt")
	if answer := h.s.Do(t, r); answer.ErrorType() != "UnknownOperationException" {
		t.Errorf("the key service of dev is there: %d %s", answer.Status, answer.Body)
	}
}

func TestAFunctionThatHangs(t *testing.T) {
	t.Parallel()
	end := make(chan struct{})
	h := newHost(t, func(c *server.Config) { c.FunctionTime = 500 * time.Millisecond })
	t.Cleanup(func() { close(end) })
	w := h.world(t)
	h.answer("PreSignUp", func(event) any { <-end; return nil })
	_, err := w.trySignUp(t, "ana")
	wantError(t, err, "UnexpectedLambdaException", "PreSignUp invocation failed due to error Socket timeout while invoking Lambda function.")
	if n := len(h.take()); n != 3 {
		t.Errorf("called %d times", n)
	}
	w.missing(t, "ana")
}

func TestCustomSendersNeedAKeyService(t *testing.T) {
	h := newHost(t)
	w := h.world(t, func(in *cip.CreateUserPoolInput) {
		in.LambdaConfig = &types.LambdaConfigType{
			KMSKeyID:          new("arn:aws:kms:us-east-1:123456789012:key/codes"),
			CustomEmailSender: &types.CustomEmailLambdaVersionConfigType{LambdaArn: new(functionARN), LambdaVersion: "V1_0"},
		}
	})
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	_, err := w.trySignUp(t, "ana", "email", "ana@example.com")
	wantError(t, err, "CodeDeliveryFailureException", "Unable to deliver message to user")
	if got := sources(h.take()); got != "" || h.s.Mailbox.Count(w.pool, "ana") != 0 {
		t.Errorf("sent all the same: %s", got)
	}
}

// operatorCall asks a server of production, with a signature of the key.
func (h *host) operatorCall(t *testing.T, secret, method, path, body string) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, h.s.URL+path, strings.NewReader(body))
	wantOK(t, err)
	sum := sha256.Sum256([]byte(body))
	who := aws.Credentials{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: secret}
	if secret != "" {
		wantOK(t, v4.NewSigner().SignHTTP(t.Context(), who, r, hex.EncodeToString(sum[:]), "cognito-idp", "us-east-1", h.s.Now()))
	}
	answer, err := h.s.HTTP.Do(r)
	wantOK(t, err)
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	wantOK(t, err)
	return answer.StatusCode, string(read)
}

// In production the calls are shown to those whose key opens the API, and to others
// nothing is there.
func TestS190CallsOfFunctionsAreShownToOperators(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t)
	h.answer("UserMigration", "unknown")
	_, err := w.tryPassword(t, "ana", goodPassword)
	wantCode(t, err, "UserLambdaValidationException")
	calls, try := "/_cognate/v1/functions/calls", "/_cognate/v1/functions/try"
	ask := `{"poolId":"` + w.pool + `","triggerSource":"PreSignUp_SignUp"}`
	const secret = servertest.RootSecretAccessKey

	status, text := h.operatorCall(t, secret, http.MethodGet, calls+"?pool="+w.pool, "")
	if status != http.StatusOK || !strings.Contains(text, "UserMigration_Authentication") || strings.Contains(text, goodPassword) {
		t.Errorf("%d %s", status, text)
	}
	h.take()
	if status, text := h.operatorCall(t, secret, http.MethodPost, try, ask); status != http.StatusOK || !strings.Contains(text, `"answer":`) {
		t.Errorf("%d %s", status, text)
	}
	h.one(t, "PreSignUp_SignUp")
	for name, c := range map[string][3]string{
		"unsigned":     {"", http.MethodGet, calls},
		"unsigned try": {"", http.MethodPost, try},
		"another key":  {"another-secret-of-some-length", http.MethodPost, try},
		"method":       {secret, http.MethodPost, calls},
		"secrets":      {secret, http.MethodGet, "/_cognate/v1/functions/secrets"},
		"inbox":        {secret, http.MethodGet, "/_cognate/v1/inbox"},
	} {
		if status, text := h.operatorCall(t, c[0], c[1], c[2], ask); status != http.StatusNotFound || text != "404 page not found\n" {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	if events := h.take(); len(events) > 0 {
		t.Errorf("called: %s", sources(events))
	}
}
