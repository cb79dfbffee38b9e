package userpools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cognate/internal/api"
)

// other plays the other side: answers by operation, of which the last one stays.
type other struct {
	mu      sync.Mutex
	answers map[string][]string // status, space, body
	asked   []string            // operation and body
}

func (o *other) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), api.TargetPrefix+".")
	var body json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusTeapot)
		return
	}
	o.asked = append(o.asked, operation+" "+string(body))
	list := o.answers[operation]
	if len(list) > 1 {
		o.answers[operation] = list[1:]
	}
	var status int
	answer := `{"__type":"UnknownOperationException"}`
	if status = http.StatusBadRequest; len(list) > 0 {
		if _, err := fmt.Sscan(list[0], &status); err != nil {
			http.Error(w, err.Error(), http.StatusTeapot)
			return
		}
		_, answer, _ = strings.Cut(list[0], " ")
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(answer))
}

// serve gives a Service that talks to the other side, and the waits it makes.
func serve(t *testing.T, o *other) (*Service, *[]time.Duration) {
	t.Helper()
	server := httptest.NewServer(o)
	t.Cleanup(server.Close)
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	var waits []time.Duration
	return &Service{
		Endpoint: server.URL, Region: "eu-west-1", HTTP: server.Client(), Now: func() time.Time { return now },
		Wait: func(ctx context.Context, d time.Duration) error {
			waits = append(waits, d)
			now = now.Add(d)
			return ctx.Err()
		},
	}, &waits
}

const busyAnswer = `400 {"__type":"com.amazonaws.cognito#TooManyRequestsException","message":"Rate exceeded"}`

func TestBusyServicesAreAskedAgainAfterAWhile(t *testing.T) {
	t.Parallel()
	o := &other{answers: map[string][]string{"DescribeUserPool": {busyAnswer, `500 {"__type":"InternalErrorException"}`, `200 {"UserPool":{"Name":"shop"}}`}}}
	s, waits := serve(t, o)
	var got api.DescribeUserPoolResponse
	if err := s.Call(t.Context(), "DescribeUserPool", &api.DescribeUserPoolRequest{UserPoolId: "p"}, &got); err != nil {
		t.Fatal(err)
	}
	if got.UserPool.Name != "shop" || !slices.Equal(*waits, []time.Duration{200 * time.Millisecond, 400 * time.Millisecond}) {
		t.Errorf("pool %v after %v", got.UserPool, *waits)
	}

	o.answers["DescribeUserPool"] = []string{busyAnswer}
	s.Attempts = 3
	if err := s.Call(t.Context(), "DescribeUserPool", &api.DescribeUserPoolRequest{UserPoolId: "p"}, &got); !api.HasCode(err, "TooManyRequestsException") {
		t.Errorf("always busy: %v", err)
	}
	if len(o.asked) != 6 {
		t.Errorf("%d calls", len(o.asked))
	}
}

func TestRefusalsAreNotTriedAgain(t *testing.T) {
	t.Parallel()
	o := &other{answers: map[string][]string{"GetUser": {`400 {"__type":"NotAuthorizedException","message":"No."}`}, "ListGroups": {"200 <html>"}}}
	s, waits := serve(t, o)
	err := s.Call(t.Context(), "GetUser", &api.GetUserRequest{}, nil)
	if refused, ok := errors.AsType[*api.Error](err); !ok || refused.Code != "NotAuthorizedException" || refused.Message != "No." || len(*waits) != 0 {
		t.Errorf("%v after %v", err, *waits)
	}
	s.Attempts = 1
	var groups api.ListGroupsResponse
	if err := s.Call(t.Context(), "ListGroups", &api.ListGroupsRequest{}, &groups); !errors.Is(err, ErrUnreachable) {
		t.Errorf("another language: %v", err)
	}
}

func TestCallsKeepTheirPace(t *testing.T) {
	t.Parallel()
	s, waits := serve(t, &other{answers: map[string][]string{"GetUser": {"200 {}"}}})
	s.Interval = 100 * time.Millisecond
	for range 3 {
		if err := s.Call(t.Context(), "GetUser", &api.GetUserRequest{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(*waits, []time.Duration{100 * time.Millisecond, 100 * time.Millisecond}) {
		t.Errorf("waits %v", *waits)
	}
}

func TestCallsAtTheSameTimeKeepTheirPaceToo(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, &other{answers: map[string][]string{"GetUser": {"200 {}"}}})
	s.Interval = 100 * time.Millisecond
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	s.Now = func() time.Time { return now } // nobody has waited yet when the last one comes
	var mu sync.Mutex
	var waits []time.Duration
	s.Wait = func(_ context.Context, d time.Duration) error {
		mu.Lock()
		defer mu.Unlock()
		waits = append(waits, d)
		return nil
	}
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			if err := s.Call(t.Context(), "GetUser", &api.GetUserRequest{}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	slices.Sort(waits)
	if !slices.Equal(waits, []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 300 * time.Millisecond}) {
		t.Errorf("waits %v", waits)
	}
}

// hanging never answers the first request.
type hanging struct{ asked int }

func (h *hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	if h.asked++; h.asked == 1 {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	w := httptest.NewRecorder()
	_, _ = w.WriteString("{}")
	return w.Result(), nil
}

func TestACallThatHangsIsMadeAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		side := &hanging{}
		s := &Service{
			Endpoint: "https://idp.example.com", HTTP: &http.Client{Transport: side}, Now: time.Now,
			Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		}
		if err := s.Call(t.Context(), "GetUser", &api.GetUserRequest{}, nil); err != nil || side.asked != 2 {
			t.Errorf("%v after %d attempts", err, side.asked)
		}
	})
}

func TestWhatASignInSaysAboutAPassword(t *testing.T) {
	t.Parallel()
	refused := func(code string) string { return `400 {"__type":"` + code + `","message":"m"}` }
	asked := func(challenge string) string { return `200 {"ChallengeName":"` + challenge + `","Session":"s"}` }
	saying := func(message string) string {
		return `400 {"__type":"NotAuthorizedException","message":"` + message + `"}`
	}
	for answer, want := range map[string]string{
		saying("Incorrect username or password."):                                       "wrong",
		saying("User is disabled."):                                                     "wrong",
		saying("Temporary password has expired and must be reset by an administrator."): "wrong",
		saying("Unable to verify secret hash for client c"):                             "error", // it has another secret by now
		saying("Client c is configured with secret but SECRET_HASH was not received"):   "error",
		saying("Password attempts exceeded"):                                            "error",
		saying("Unable to login because of security reasons."):                          "error", // all checks come from one network
		refused("TooManyRequestsException"):                                             "error",
		refused("UserLambdaValidationException"):                                        "error",
		refused("NotAuthorizedException"):                                               "wrong",
		refused("UserNotFoundException"):                                                "wrong",
		refused("UserNotConfirmedException"):                                            "wrong",
		refused("PasswordResetRequiredException"):                                       "wrong",
		refused("ResourceNotFoundException"):                                            "error", // the client is gone
		refused("InvalidParameterException"):                                            "error", // the flow is off
		asked("SMS_MFA"):                                                                "right",
		asked("SOFTWARE_TOKEN_MFA"):                                                     "right",
		asked("MFA_SETUP"):                                                              "right",
		asked("NEW_PASSWORD_REQUIRED"):                                                  "right, must change",
		asked("CUSTOM_CHALLENGE"):                                                       "error", // says nothing about the password
		asked("PASSWORD_VERIFIER"):                                                      "error",
		`200 {"AuthenticationResult":{"AccessToken":"a","RefreshToken":"r"}}`:           "right, known",
	} {
		o := &other{answers: map[string][]string{
			"InitiateAuth": {answer}, "GetUser": {`200 {"Username":"ana","UserAttributes":[{"Name":"sub","Value":"s1"}]}`}, "RevokeToken": {"200 {}"},
		}}
		s, _ := serve(t, o)
		l := &Login{Service: s, PoolID: "eu-west-1_AbCdEf123", ClientID: "c", ClientSecret: "secret", Flow: api.AuthFlowTypeUserPasswordAuth}
		out, err := l.Check(t.Context(), "ana", "Correct-Horse1!")
		got := "wrong"
		switch {
		case err != nil:
			got = "error"
		case out.Known != nil:
			got = "right, known"
		case out.MustChange:
			got = "right, must change"
		case out.Right:
			got = "right"
		}
		if got != want {
			t.Errorf("%s: %s, want %s (%v)", answer, got, want, err)
		}
		if !strings.Contains(o.asked[0], `"SECRET_HASH":"`) {
			t.Errorf("without SECRET_HASH: %s", o.asked[0])
		}
		if want == "right, known" && !strings.HasPrefix(o.asked[len(o.asked)-1], "RevokeToken") {
			t.Errorf("the session there is left: %v", o.asked)
		}
	}
}
