package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

// event is one event as a function got it.
type event struct {
	raw  string
	Name string            `json:"userName"`
	From map[string]string `json:"callerContext"`
	Kind string            `json:"triggerSource"`

	Version string         `json:"version"`
	Request map[string]any `json:"request"`
}

// attributes gives request.userAttributes.
func (e event) attributes() map[string]any {
	values, _ := e.Request["userAttributes"].(map[string]any)
	return values
}

// host runs the functions of a pool: one HTTP target for all triggers. By default
// a function gives its event back.
type host struct {
	s      *servertest.Server
	mu     sync.Mutex
	events []event
	// answers by what the trigger source begins with: the response part, or a
	// function's error for a string, or anything at all for raw.
	answers map[string]any
}

// raw is a whole body.
type raw string

const functionARN = "arn:aws:lambda:us-east-1:123456789012:function:all"

// newHost starts a server whose functions the test plays.
func newHost(t *testing.T, options ...servertest.Option) *host {
	t.Helper()
	h := &host{answers: map[string]any{}}
	target := httptest.NewServer(h)
	t.Cleanup(target.Close)
	options = append(options, func(c *server.Config) { c.Functions = []string{"all=" + target.URL} })
	h.s = servertest.Start(t, options...)
	return h
}

func (h *host) answer(source string, with any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answers[source] = with
}

// ServeHTTP implements http.Handler.
func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	e := event{raw: string(body)}
	var whole map[string]any
	if json.Unmarshal(body, &e) != nil || json.Unmarshal(body, &whole) != nil {
		http.Error(w, "not an event", http.StatusTeapot)
		return
	}
	h.mu.Lock()
	h.events = append(h.events, e)
	var with any
	best := -1
	for source, a := range h.answers {
		if strings.HasPrefix(e.Kind, source) && len(source) > best {
			with, best = a, len(source)
		}
	}
	h.mu.Unlock()
	if f, ok := with.(func(event) any); ok {
		with = f(e)
	}
	switch with := with.(type) {
	case nil:
		_, _ = w.Write(body)
	case raw:
		_, _ = io.WriteString(w, string(with))
	case string:
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		_ = json.NewEncoder(w).Encode(map[string]string{"errorMessage": with, "errorType": "Error"})
	default:
		whole["response"] = with
		_ = json.NewEncoder(w).Encode(whole)
	}
}

// take gives the events so far and forgets them.
func (h *host) take() []event {
	h.mu.Lock()
	defer h.mu.Unlock()
	events := h.events
	h.events = nil
	return events
}

// sources are the trigger sources of events, in their order.
func sources(events []event) string {
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return strings.Join(kinds, " ")
}

// one takes the only event.
func (h *host) one(t *testing.T, kind string) event {
	t.Helper()
	events := h.take()
	if sources(events) != kind {
		t.Fatalf("events: %q, want %q", sources(events), kind)
	}
	return events[0]
}

// everything is a configuration with a function for each trigger but the named.
func everything(but ...string) *types.LambdaConfigType {
	c := &types.LambdaConfigType{}
	for name, field := range map[string]**string{
		"PreSignUp": &c.PreSignUp, "PostConfirmation": &c.PostConfirmation, "PreAuthentication": &c.PreAuthentication,
		"PostAuthentication": &c.PostAuthentication, "PreTokenGeneration": &c.PreTokenGeneration, "UserMigration": &c.UserMigration,
		"CustomMessage": &c.CustomMessage, "DefineAuthChallenge": &c.DefineAuthChallenge, "CreateAuthChallenge": &c.CreateAuthChallenge,
		"VerifyAuthChallengeResponse": &c.VerifyAuthChallengeResponse,
	} {
		if !contains(but, name) {
			*field = aws.String(functionARN)
		}
	}
	return c
}

func contains(list []string, s string) bool {
	return slices.Contains(list, s)
}

// world makes a pool on the host with a function for everything.
func (h *host) world(t *testing.T, change ...func(*cip.CreateUserPoolInput)) world {
	t.Helper()
	return newWorld(t, h.s, append([]func(*cip.CreateUserPoolInput){func(in *cip.CreateUserPoolInput) { in.LambdaConfig = everything() }}, change...)...)
}

// object is a response part.
type object = map[string]any
