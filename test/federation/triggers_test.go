package federation_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/protocol/saml/samltest"
	"cognate/internal/server"
	"cognate/internal/servertest"
)

type object = map[string]any

// event is one event as a function got it.
type event struct {
	Source   string `json:"triggerSource"`
	UserName string `json:"userName"`
	Request  object `json:"request"`
}

// function is every function of a pool.
type function struct {
	mu     sync.Mutex
	events []event
	// answers by trigger source: the response part, an error for a string, or what
	// is done first.
	answers map[string]any
}

const functionARN = "arn:aws:lambda:us-east-1:123456789012:function:all"

// ServeHTTP implements http.Handler.
func (f *function) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var e event
	var whole object
	if json.Unmarshal(body, &e) != nil || json.Unmarshal(body, &whole) != nil {
		http.Error(w, "not an event", http.StatusTeapot)
		return
	}
	f.mu.Lock()
	f.events = append(f.events, e)
	answer := f.answers[e.Source]
	f.mu.Unlock()
	if first, ok := answer.(func(event)); ok {
		first(e)
	}
	switch answer := answer.(type) {
	case string:
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		write(w, object{"errorMessage": answer, "errorType": "Error"})
	case object:
		whole["response"] = answer
		write(w, whole)
	default:
		write(w, whole)
	}
}

func (f *function) answer(source string, with any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[source] = with
}

// take gives the events so far, and their sources.
func (f *function) take() (events []event, sources string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	events, f.events = f.events, nil
	var names []string
	for _, e := range events {
		names = append(names, e.Source)
	}
	return events, strings.Join(names, " ")
}

// programmed is a site with a function for every trigger, and one provider.
func programmed(t *testing.T) (*site, *provider, *function) {
	t.Helper()
	f := &function{answers: map[string]any{}}
	target := httptest.NewServer(f)
	t.Cleanup(target.Close)
	s := servertest.Start(t, onThisMachine, func(c *server.Config) { c.Functions = []string{"all=" + target.URL} })
	w, p := newSite(t, s, func(in *cip.CreateUserPoolInput) {
		in.LambdaConfig = &types.LambdaConfigType{
			PreSignUp: new(functionARN), PostConfirmation: new(functionARN), PreAuthentication: new(functionARN), PostAuthentication: new(functionARN),
			PreTokenGeneration: new(functionARN), CustomMessage: new(functionARN), UserMigration: new(functionARN),
			DefineAuthChallenge: new(functionARN), CreateAuthChallenge: new(functionARN), VerifyAuthChallengeResponse: new(functionARN),
			InboundFederation: &types.InboundFederationLambdaType{LambdaArn: new(functionARN), LambdaVersion: types.InboundFederationLambdaVersionTypeV10},
		}
	}), serveProvider(t, s)
	p.attach(t, w, "Acme", usual)
	w.open(t, "COGNITO", "Acme")
	return w, p, f
}

const inbound = "InboundFederation_ExternalProvider"

// federation.md §8: which functions hear of a federated user, in which order, and
// what they hear.
func TestFederatedSignInsCallFunctions(t *testing.T) {
	t.Parallel()
	w, p, f := programmed(t)
	p.says("sub", "Ab-7", "email", "ana@example.com", "email_verified", true, "secret", "not mapped")
	id, _, refresh := w.tokens(t, w.browser(t).leave(t, "Acme").comeBack(t, p).wantCode(t))
	events, sources := f.take()
	if want := inbound + " PreSignUp_ExternalProvider PostConfirmation_ConfirmSignUp TokenGeneration_HostedAuth"; sources != want {
		t.Fatalf("first sign-in: %s, want %s", sources, want)
	}
	for _, e := range events {
		if e.UserName != "acme_ab-7" {
			t.Errorf("%s: user %q", e.Source, e.UserName)
		}
	}
	said, _ := events[0].Request["attributes"].(object)
	tokenResponse, _ := said["tokenResponse"].(object)
	idToken, _ := said["idToken"].(object)
	userInfo, _ := said["userInfo"].(object)
	if events[0].Request["providerName"] != "Acme" || events[0].Request["providerType"] != "OIDC" || tokenResponse["token_type"] != "Bearer" ||
		idToken["secret"] != "not mapped" || userInfo["sub"] != "Ab-7" || len(said) != 3 {
		t.Errorf("inbound: %v", events[0].Request)
	}
	attributes, _ := events[1].Request["userAttributes"].(object)
	for name := range attributes {
		if _, mapped := usual[name]; !mapped && !strings.HasPrefix(name, "cognito:") {
			t.Errorf("PreSignUp sees %s", name)
		}
	}
	if attributes["email"] != "ana@example.com" || attributes["email_verified"] != "true" {
		t.Errorf("PreSignUp: %v", attributes)
	}
	confirmed, _ := events[2].Request["userAttributes"].(object)
	if confirmed["sub"] != id["sub"] || confirmed["cognito:user_status"] != "EXTERNAL_PROVIDER" || confirmed["identities"] == nil {
		t.Errorf("PostConfirmation: %v", confirmed)
	}

	w.signIn(t, p, "Acme")
	if _, sources := f.take(); sources != inbound+" PreAuthentication_Authentication PostAuthentication_Authentication TokenGeneration_HostedAuth" {
		t.Errorf("later: %s", sources)
	}
	_, err := w.s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		ClientId: &w.client, AuthFlow: types.AuthFlowTypeRefreshTokenAuth, AuthParameters: map[string]string{"REFRESH_TOKEN": refresh},
	})
	wantOK(t, err)
	if _, sources := f.take(); sources != "TokenGeneration_RefreshTokens" {
		t.Errorf("refresh: %s", sources)
	}
}

// What functions throw reaches the app, and stops what comes after them.
func TestFunctionsRefuseFederatedSignIns(t *testing.T) {
	t.Parallel()
	w, p, f := programmed(t)
	refused := func(source, description, sources string) {
		t.Helper()
		f.answer(source, "not <today>")
		w.browser(t).leave(t, "Acme").comeBack(t, p).wantError(t, source, "invalid_request", description)
		if _, got := f.take(); got != sources {
			t.Errorf("%s: events %s, want %s", source, got, sources)
		}
		f.answer(source, nil)
	}
	refused(inbound, "InboundFederation failed with error not <today>.", inbound)
	refused("PreSignUp_ExternalProvider", "PreSignUp failed with error not <today>.", inbound+" PreSignUp_ExternalProvider")
	w.nobody(t)
	f.answer(inbound, object{"userAttributesToMap": object{"email": 7}})
	got := w.browser(t).leave(t, "Acme").comeBack(t, p)
	if _, query := got.location(t); query.Get("error") != "invalid_request" || query.Has("code") {
		t.Errorf("an answer that is none: %v", query)
	}
	f.answer(inbound, nil)
	w.nobody(t)
	w.signIn(t, p, "Acme")
	f.take()
	refused("PreAuthentication_Authentication", "PreAuthentication failed with error not <today>.", inbound+" PreAuthentication_Authentication")
	refused("PostAuthentication_Authentication", "PostAuthentication failed with error not <today>.", inbound+" PreAuthentication_Authentication PostAuthentication_Authentication")
	w.signIn(t, p, "Acme")
}

// newest-features.md §13: a map that is not empty takes the place of everything that
// the provider said, before the mapping.
func TestInboundFederationReplacesAttributes(t *testing.T) {
	t.Parallel()
	w, p, f := programmed(t)
	p.says("email", "ana@example.com", "email_verified", true, "name", "Ana")
	f.answer(inbound, object{"userAttributesToMap": object{"email": "other@example.com", "nickname": "not mapped"}})
	w.signIn(t, p, "Acme")
	_, values := w.user(t, "acme_42")
	delete(values, "sub")
	delete(values, "identities")
	if diff := cmp.Diff(map[string]string{"email": "other@example.com", "email_verified": "false"}, values); diff != "" {
		t.Error(diff)
	}
	f.answer(inbound, object{"userAttributesToMap": object{}})
	id, _ := w.signIn(t, p, "Acme")
	if id["email"] != "ana@example.com" || id["name"] != "Ana" || id["email_verified"] != true {
		t.Errorf("an empty map: %v", id)
	}
	// It cannot choose who it is.
	f.answer(inbound, object{"userAttributesToMap": object{"sub": "43", "username": "acme_43", "email": "x@example.com"}})
	if again, _ := w.signIn(t, p, "Acme"); again["sub"] != id["sub"] {
		t.Errorf("signed in as %v", again)
	}
}

// federation.md §7.4: a function may link the newcomer to a user, and the sign-in
// goes on as that user.
func TestPreSignUpLinksToALocalUser(t *testing.T) {
	t.Parallel()
	w, p, f := programmed(t)
	w.s.CreateUser(t, w.pool, "ana", "Correct-Horse1!", "email", "ana@example.com", "email_verified", "true")
	_, local := w.user(t, "ana")
	f.take()
	f.answer("PreSignUp_ExternalProvider", func(e event) {
		_, subject, _ := strings.Cut(e.UserName, "_")
		_, err := w.s.SDK.AdminLinkProviderForUser(t.Context(), &cip.AdminLinkProviderForUserInput{
			UserPoolId:      &w.pool,
			DestinationUser: &types.ProviderUserIdentifierType{ProviderName: new("Cognito"), ProviderAttributeValue: new("ana")},
			SourceUser:      &types.ProviderUserIdentifierType{ProviderName: new("Acme"), ProviderAttributeName: new("Cognito_Subject"), ProviderAttributeValue: &subject},
		})
		if err != nil {
			t.Error(err)
		}
	})
	p.says("sub", "7", "email", "ana@example.com", "email_verified", true)
	id, _ := w.signIn(t, p, "Acme")
	if id["sub"] != local["sub"] || id["cognito:username"] != "ana" {
		t.Errorf("signed in as %v", id)
	}
	if _, sources := f.take(); sources != inbound+" PreSignUp_ExternalProvider PreAuthentication_Authentication PostAuthentication_Authentication TokenGeneration_HostedAuth" {
		t.Errorf("events %s", sources)
	}
	users, err := w.s.SDK.ListUsers(t.Context(), &cip.ListUsersInput{UserPoolId: &w.pool})
	wantOK(t, err)
	if len(users.Users) != 1 {
		t.Errorf("%d users", len(users.Users))
	}
}

// A SAML provider's attributes reach the function as they were said.
func TestInboundFederationOfSAML(t *testing.T) {
	t.Parallel()
	w, _, f := programmed(t)
	c := attachSAML(t, w, "Corp", nil)
	w.open(t, "Corp")
	left := w.browser(t).leaveSAML(t, c)
	answer := c.says(left.request, "ana")
	answer.Attributes = append(answer.Attributes, samltest.Attribute{Name: "roles", Values: []string{"buyer", "R & D"}}, samltest.Attribute{Name: "none"})
	left.bring(t, w, c.raw(t, answer), left.relayState).wantCode(t)
	events, sources := f.take()
	if !strings.HasPrefix(sources, inbound+" PreSignUp_ExternalProvider ") {
		t.Fatalf("events %s", sources)
	}
	said, _ := events[0].Request["attributes"].(object)
	response, _ := said["samlResponse"].(object)
	want := object{"mail": "ana@corp.example", "name": "Ana", "roles": []any{"buyer", "R & D"}, "none": ""}
	if diff := cmp.Diff(want, response); events[0].Request["providerType"] != "SAML" || len(said) != 1 || diff != "" {
		t.Errorf("inbound %v\n%s", events[0].Request, diff)
	}
}
