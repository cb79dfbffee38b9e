package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

// oldPool plays the pool that users come from: every sign-in there gets the same
// answer.
type oldPool struct {
	*httptest.Server

	status    int
	answer    string
	meanwhile func() // what happens while it is asked
	asked     atomic.Int64
}

func startOldPool(t *testing.T) *oldPool {
	t.Helper()
	o := &oldPool{}
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		o.asked.Add(1)
		if o.meanwhile != nil {
			o.meanwhile()
		}
		w.WriteHeader(o.status)
		fmt.Fprint(w, o.answer)
	}))
	t.Cleanup(o.Close)
	return o
}

// waiting makes a pool with one user whose password is at the old pool, and a client
// that shows passwords. more is of the user.
func (o *oldPool) waiting(t *testing.T, s *servertest.Server, status, more string) (poolID, clientID string) {
	t.Helper()
	poolID = s.CreatePool(t, nil)
	clientID = s.CreateClient(t, poolID, func(in *cip.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowUserSrpAuth}
	})
	told := fmt.Sprintf(`{"Endpoint":%q,"PoolID":"us-east-1_Before001","ClientID":"c","Flow":"USER_PASSWORD_AUTH"}`, o.URL)
	user := `{"User":{"Username":"ana","Sub":"10000000-0000-4000-8000-000000000001","UserStatus":"` + status + `","Enabled":true,"UserCreateDate":1.7e9,` +
		`"UserLastModifiedDate":1.7e9,"PasswordElsewhere":true,"Attributes":[{"Name":"email","Value":"ana@example.com"}]` + more + `}}`
	for _, request := range [][3]string{
		{http.MethodPut, "/_cognate/v1/old-pool?pool=" + poolID, told}, {http.MethodPost, "/_cognate/v1/users?pool=" + poolID, user},
	} {
		if status, text, _ := move(t, s, request[0], request[1], request[2], true); status != http.StatusOK || strings.Contains(text, "Reason") {
			t.Fatalf("%s: %d %s", request[1], status, text)
		}
	}
	return poolID, clientID
}

func enter(t *testing.T, s *servertest.Server, clientID string) servertest.Answer {
	t.Helper()
	return s.Call(t, "InitiateAuth", fmt.Sprintf(
		`{"ClientId":%q,"AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"ana","PASSWORD":"Correct-Horse1!"}}`, clientID))
}

// What the old pool makes of a password decides, and nothing else that it says: who
// is refused for another reason is not told that the password was wrong, nor locked
// out for it.
func TestWhatTheOldPoolSaysIsTakenForWhatItIs(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	refused := func(code, message string) string { return `{"__type":"` + code + `","message":"` + message + `"}` }
	const away = "InternalErrorException Something went wrong"
	const wrong = "NotAuthorizedException Incorrect username or password."
	for answer, want := range map[string]string{
		refused("NotAuthorizedException", "Incorrect username or password."):         wrong,
		refused("UserNotFoundException", "User does not exist."):                     wrong,
		refused("UserNotConfirmedException", "User is not confirmed."):               wrong,
		refused("PasswordResetRequiredException", "Password reset required"):         wrong,
		refused("NotAuthorizedException", "Password attempts exceeded"):              "NotAuthorizedException Password attempts exceeded",
		refused("NotAuthorizedException", "Unable to verify secret hash for client"): away,
		refused("ResourceNotFoundException", "User pool client c does not exist."):   away,
		refused("InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled"):  away,
		`{"ChallengeName":"SOFTWARE_TOKEN_MFA","Session":"s"}`:                       "",
		`{"ChallengeName":"MFA_SETUP","Session":"s"}`:                                "",
		`{"ChallengeName":"NEW_PASSWORD_REQUIRED","Session":"s"}`:                    "NEW_PASSWORD_REQUIRED",
	} {
		o := startOldPool(t)
		if o.status, o.answer = http.StatusOK, answer; strings.Contains(answer, "__type") {
			o.status = http.StatusBadRequest
		}
		_, clientID := o.waiting(t, s, "CONFIRMED", "")
		rounds := 1
		if want == away {
			rounds = 7 // as wrong passwords they would lock the user out
		}
		for range rounds {
			got := enter(t, s, clientID)
			heard := strings.TrimSpace(got.ErrorType() + " " + got.Message())
			if strings.Contains(got.Body, "NEW_PASSWORD_REQUIRED") {
				heard = "NEW_PASSWORD_REQUIRED"
			}
			if heard != want {
				t.Errorf("%s: %s", answer, got.Body)
			}
		}
		if want != "" && want != "NEW_PASSWORD_REQUIRED" {
			continue
		}
		before := o.asked.Load()
		if got := enter(t, s, clientID); got.Status != http.StatusOK || o.asked.Load() != before {
			t.Errorf("%s: the password was not kept: %s", answer, got.Body)
		}
	}
}

// Of somebody who is refused whatever the password is, the old pool hears nothing.
func TestAnOldPoolIsNotAskedInVain(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for name, test := range map[string]struct{ status, more, want string }{
		"unconfirmed": {"UNCONFIRMED", "", "User is not confirmed."},
		"to reset":    {"RESET_REQUIRED", "", "Password reset required for the user"},
		"disabled":    {"CONFIRMED", `,"Enabled":false`, "User is disabled."},
		"no password": {"CONFIRMED", `,"PasswordBlocked":true`, "Incorrect username or password."},
	} {
		o := startOldPool(t)
		o.status, o.answer = http.StatusOK, `{"ChallengeName":"MFA_SETUP","Session":"s"}`
		_, clientID := o.waiting(t, s, test.status, test.more)
		if got := enter(t, s, clientID); got.Message() != test.want || o.asked.Load() != 0 {
			t.Errorf("%s: %s after %d questions", name, got.Body, o.asked.Load())
		}
	}
}

// signedIn is what a pool says of somebody whose password was right: the tokens, and
// to the question after them who that is.
func signedIn(sub string) string {
	return `{"AuthenticationResult":{"AccessToken":"t"},"Username":"ana","UserAttributes":[{"Name":"sub","Value":"` + sub + `"}]}`
}

// A name can be somebody else's by now at the old pool, whose password lets nobody in
// here.
func TestAnOldPoolVouchesForTheSameUserOnly(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for sub, status := range map[string]int{
		"10000000-0000-4000-8000-000000000001": http.StatusOK, "10000000-0000-4000-8000-000000000002": http.StatusBadRequest,
	} {
		o := startOldPool(t)
		o.status, o.answer = http.StatusOK, signedIn(sub)
		_, clientID := o.waiting(t, s, "CONFIRMED", "")
		if got := enter(t, s, clientID); got.Status != status {
			t.Errorf("%s: %s", sub, got.Body)
		}
	}
}

// A password that was set here while the old pool was asked stays.
func TestAPasswordThatIsSetMeanwhileIsKept(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	o := startOldPool(t)
	o.status, o.answer = http.StatusOK, `{"ChallengeName":"MFA_SETUP","Session":"s"}`
	poolID, clientID := o.waiting(t, s, "CONFIRMED", "")
	o.meanwhile = func() {
		_, err := s.SDK.AdminSetUserPassword(t.Context(), &cip.AdminSetUserPasswordInput{
			UserPoolId: &poolID, Username: aws.String("ana"), Password: aws.String("Another-Horse1!"), Permanent: true,
		})
		if err != nil {
			t.Error(err)
		}
	}
	for range 2 {
		if got := enter(t, s, clientID); got.Message() != "Incorrect username or password." {
			t.Errorf("with the password of the old pool: %s", got.Body)
		}
	}
	if n := o.asked.Load(); n != 1 {
		t.Errorf("the old pool was asked %d times", n)
	}
	_, err := s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		ClientId: &clientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": "ana", "PASSWORD": "Another-Horse1!"},
	})
	if err != nil {
		t.Errorf("with the password of here: %v", err)
	}
}
