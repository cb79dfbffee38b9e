package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

// manyUsers adds users to a pool, without passwords.
func manyUsers(t *testing.T, s *servertest.Server, poolID string, n int) {
	t.Helper()
	var rows []string
	for i := range n {
		rows = append(rows, fmt.Sprintf(`{"User":{"Username":"user-%04d","Sub":"10000000-0000-4000-8000-%012d","UserStatus":"CONFIRMED","Enabled":true,`+
			`"UserCreateDate":1.7e9,"UserLastModifiedDate":1.7e9,"Attributes":[{"Name":"email","Value":"user-%04d@example.com"}]}}`, i, i, i))
	}
	file := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(file, []byte(userLines(poolID, rows)), 0o600); err != nil {
		t.Fatal(err)
	}
	cognate(t, s, 0, "import", file, "--only", "users")
}

// asAWS stands before a server that plays Amazon Cognito. It counts the requests of
// each operation and refuses those that refuse says, as a busy service does.
type asAWS struct {
	*httptest.Server

	calls  atomic.Int64
	refuse atomic.Pointer[func(operation string, n int64) int]
}

func standBefore(t *testing.T, s *servertest.Server) *asAWS {
	t.Helper()
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	a := &asAWS{}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // as it was signed
	}}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		if f := a.refuse.Load(); f != nil {
			if status := (*f)(operation, a.calls.Add(1)); status != 0 {
				w.WriteHeader(status)
				fmt.Fprint(w, map[int]string{
					http.StatusBadRequest: `{"__type":"TooManyRequestsException","message":"Rate exceeded"}`,
					http.StatusForbidden:  `{"__type":"AccessDeniedException","message":"No longer."}`,
				}[status])
				return
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(a.Close)
	return a
}

func fromAWS(poolID string, old *asAWS, dir string, more ...string) []string {
	return append([]string{"migrate", "from-aws", "--pool", poolID, "--source-endpoint", old.URL, "--rate", "0", "--resume", filepath.Join(dir, "mark")}, more...)
}

func TestAPoolMovesFromAWSAndItsUsersFollowAsTheySignIn(t *testing.T) {
	withKeys(t)
	from, to := servertest.Start(t), servertest.Start(t)
	old, dir := standBefore(t, from), t.TempDir()
	poolID, clientID := richPool(t, from)
	fewUsers(t, from, poolID)
	manyUsers(t, from, poolID, 130)

	out := cognate(t, to, 0, fromAWS(poolID, old, dir, "--dry-run")...)
	for _, want := range []string{"CreateUserPool " + poolID, "CreateGroup admin", "CreateIdentityProvider Google", "about 133 users", "note: identity provider Google"} {
		if !strings.Contains(out, want) {
			t.Errorf("the dry run does not say %q:\n%s", want, out)
		}
	}
	if _, err := to.SDK.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &poolID}); err == nil {
		t.Error("the dry run made the pool")
	}

	// The secret that the API does not show is given by hand.
	worker := clientNamed(t, from, poolID, "worker")
	if want := "note: client worker: it has two secrets"; !strings.Contains(out, want) {
		t.Errorf("the dry run does not say %q:\n%s", want, out)
	}
	file := filepath.Join(dir, "secret")
	if err := os.WriteFile(file, []byte(secondSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cognate(t, to, 2, fromAWS(poolID, old, dir, "--client-secret", clientID+"="+file)...) // has none
	out = cognate(t, to, 0, fromAWS(poolID, old, dir, "--client-secret", worker+"="+file)...)
	if got := secretsOf(t, to, poolID, worker); len(got) != 2 || !slices.Contains(got, secondSecret) {
		t.Errorf("the worker has %d secrets", len(got))
	}
	if !strings.Contains(out, "users: 133 added, 0 changed, 0 there already, 0 failed") {
		t.Errorf("the copy says:\n%s", out)
	}
	out = cognate(t, to, 0, "migrate", "status", "--pool", poolID)
	if !strings.Contains(out, "133 users: 0 with a password here, 133 whose password is at the old pool") {
		t.Errorf("the status is %s", out)
	}

	// A wrong password is wrong here too, a right one is kept.
	if _, err := signIn(t, to, clientID, "ana", "Wrong-Horse1!"); err == nil || !strings.Contains(err.Error(), "Incorrect username or password.") {
		t.Errorf("a wrong password: %v", err)
	}
	got := mustSignIn(t, to, clientID, "ana@example.com", testPassword)
	if got.AuthenticationResult == nil {
		t.Fatalf("ana gets %s", got.ChallengeName)
	}
	user, err := to.Anonymous.GetUser(t.Context(), &cip.GetUserInput{AccessToken: got.AuthenticationResult.AccessToken})
	if err != nil {
		t.Fatal(err)
	}
	there, err := from.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &poolID, Username: aws.String("ana")})
	if err != nil {
		t.Fatal(err)
	}
	if sub := attribute(user.UserAttributes, "sub"); sub == "" || sub != attribute(there.UserAttributes, "sub") {
		t.Errorf("ana has the sub %s", sub)
	}
	if plan := attribute(user.UserAttributes, "custom:plan"); plan != "<gold> & \"more\"" {
		t.Errorf("ana's plan is %q", plan)
	}
	groups, err := to.SDK.AdminListGroupsForUser(t.Context(), &cip.AdminListGroupsForUserInput{UserPoolId: &poolID, Username: aws.String("ana")})
	if err != nil || len(groups.Groups) != 2 {
		t.Errorf("ana is in %d groups, %v", len(groups.Groups), err)
	}
	// A temporary password stays one.
	if got := mustSignIn(t, to, clientID, "carl", "Temporary-1!"); got.ChallengeName != types.ChallengeNameTypeNewPasswordRequired {
		t.Errorf("carl gets %q", got.ChallengeName)
	}
	// bob is disabled, and his password is asked for nowhere.
	if _, err := signIn(t, to, clientID, "bob", "Other-Password9"); err == nil {
		t.Error("bob is in")
	}
	// Somebody who was made since the copy follows too.
	from.CreateUser(t, poolID, "late", testPassword, "email", "late@example.com")
	if got := mustSignIn(t, to, clientID, "late", testPassword); got.AuthenticationResult == nil {
		t.Errorf("late gets %q", got.ChallengeName)
	}
	if _, err := signIn(t, to, clientID, "nobody", testPassword); err == nil {
		t.Error("nobody is in")
	}

	// Without the old pool, those who came stay, and for the others it is not a wrong
	// password.
	old.Close()
	mustSignIn(t, to, clientID, "ana", testPassword)
	mustSignIn(t, to, clientID, "late", testPassword)
	answer := to.Call(t, "InitiateAuth", fmt.Sprintf(`{"ClientId":%q,"AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"user-0001","PASSWORD":"x"}}`, clientID))
	if answer.ErrorType() != "InternalErrorException" {
		t.Errorf("while the old pool is away: %s %s", answer.ErrorType(), answer.Message())
	}
	cognate(t, to, 0, "migrate", "drain", "--pool", poolID, "--off")
	if _, err := signIn(t, to, clientID, "user-0001", "x"); err == nil || !strings.Contains(err.Error(), "Incorrect username or password.") {
		t.Errorf("after the draining: %v", err)
	}
}

func clientNamed(t *testing.T, s *servertest.Server, poolID, name string) string {
	t.Helper()
	got, err := s.SDK.ListUserPoolClients(t.Context(), &cip.ListUserPoolClientsInput{UserPoolId: &poolID})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range got.UserPoolClients {
		if *c.ClientName == name {
			return *c.ClientId
		}
	}
	t.Fatalf("no client %s", name)
	return ""
}

// secretsOf asks a server as cognate export does.
func secretsOf(t *testing.T, s *servertest.Server, poolID, clientID string) []string {
	t.Helper()
	a := administration{PublicURL: s.URL, Region: "us-east-1"}
	values, err := poolServer{&a}.ClientSecrets(t.Context(), poolID, clientID)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func attribute(list []types.AttributeType, name string) string {
	at := slices.IndexFunc(list, func(a types.AttributeType) bool { return *a.Name == name })
	if at < 0 {
		return ""
	}
	return *list[at].Value
}

func TestACopyGoesOnWhereItWasInterruptedAndTakesChangesAlong(t *testing.T) {
	withKeys(t)
	from, to := servertest.Start(t), servertest.Start(t)
	old, dir := standBefore(t, from), t.TempDir()
	poolID, _ := richPool(t, from)
	manyUsers(t, from, poolID, 150)

	// Throttled now and then, which is waited for; and an end at the third page.
	pages := 0
	broken := func(operation string, n int64) int {
		if operation == "ListUsers" {
			pages++
		}
		switch {
		case pages > 2:
			return http.StatusForbidden
		case operation == "ListGroups" && n%2 == 0:
			return http.StatusBadRequest
		}
		return 0
	}
	old.refuse.Store(&broken)
	cognate(t, to, 1, fromAWS(poolID, old, dir, "--no-factors")...)
	text, err := os.ReadFile(filepath.Join(dir, "mark"))
	if err != nil {
		t.Fatal(err)
	}
	var kept mark
	if err := json.Unmarshal(text, &kept); err != nil || kept.Users != 120 || kept.Token == "" {
		t.Fatalf("the mark is %s, %v", text, err)
	}
	whole := func(string, int64) int { return 0 }
	old.refuse.Store(&whole)
	out := cognate(t, to, 0, fromAWS(poolID, old, dir, "--no-factors")...)
	if !strings.Contains(out, "users: 30 added, 0 changed, 0 there already") {
		t.Errorf("the second run says:\n%s", out)
	}
	if _, err := os.Stat(filepath.Join(dir, "mark")); !os.IsNotExist(err) {
		t.Errorf("the mark is left: %v", err)
	}

	from.Advance(1e9)
	if _, err := from.SDK.AdminUpdateUserAttributes(t.Context(), &cip.AdminUpdateUserAttributesInput{
		UserPoolId: &poolID, Username: aws.String("user-0007"), UserAttributes: []types.AttributeType{{Name: aws.String("name"), Value: aws.String("Seven")}},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := from.SDK.AdminAddUserToGroup(t.Context(), &cip.AdminAddUserToGroupInput{UserPoolId: &poolID, Username: aws.String("user-0008"), GroupName: aws.String("staff")}); err != nil {
		t.Fatal(err)
	}
	out = cognate(t, to, 0, fromAWS(poolID, old, dir, "--no-factors", "--update")...)
	if !strings.Contains(out, "users: 0 added, 2 changed, 148 there already") {
		t.Errorf("the run with changes says:\n%s", out)
	}
}

func TestPasswordsAreShownToTheOldPoolBySRPToo(t *testing.T) {
	withKeys(t)
	from, to := servertest.Start(t), servertest.Start(t)
	old, dir := standBefore(t, from), t.TempDir()
	poolID := from.CreatePool(t, nil)
	from.CreateClient(t, poolID, func(in *cip.CreateUserPoolClientInput) {
		in.GenerateSecret = true
		in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserSrpAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth}
	})
	from.CreateUser(t, poolID, "ana", testPassword)
	out := cognate(t, to, 0, fromAWS(poolID, old, dir)...)
	if !strings.Contains(out, "authFlowType: 'USER_PASSWORD_AUTH'") {
		t.Errorf("nothing is said about SRP:\n%s", out)
	}
	plain := to.CreateClient(t, poolID, func(in *cip.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth}
	})
	if _, err := signIn(t, to, plain, "ana", "Wrong-Horse1!"); err == nil {
		t.Error("a wrong password is right")
	}
	mustSignIn(t, to, plain, "ana", testPassword)
}

func TestUsersWhoAreToResetTheirPasswordsAreSentThere(t *testing.T) {
	withKeys(t)
	from, to := servertest.Start(t), servertest.Start(t)
	old, dir := standBefore(t, from), t.TempDir()
	poolID, clientID := richPool(t, from)
	fewUsers(t, from, poolID)
	cognate(t, to, 0, fromAWS(poolID, old, dir, "--passwords", "reset")...)
	_, err := signIn(t, to, clientID, "ana", testPassword)
	if err == nil || !strings.Contains(err.Error(), "PasswordResetRequiredException") {
		t.Errorf("ana hears %v", err)
	}
	if _, err := to.Anonymous.ForgotPassword(t.Context(), &cip.ForgotPasswordInput{ClientId: &clientID, Username: aws.String("ana")}); err != nil {
		t.Fatal(err)
	}
	if _, err := to.Anonymous.ConfirmForgotPassword(t.Context(), &cip.ConfirmForgotPasswordInput{
		ClientId: &clientID, Username: aws.String("ana"), ConfirmationCode: aws.String(to.Code(t, poolID, "Ana")), Password: aws.String("New-Password99"),
	}); err != nil {
		t.Fatal(err)
	}
	mustSignIn(t, to, clientID, "ana", "New-Password99")
}
