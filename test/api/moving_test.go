package api_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

// move sends a request to the door by which pools are moved.
func move(t *testing.T, s *servertest.Server, method, path, body string, signed bool) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if signed {
		s.Sign(t, r, body)
	}
	answer, err := s.HTTP.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(bytes.TrimSpace(text)), answer.Header
}

func TestS190WhereOperatorsMovePoolsThereIsNothingForOthers(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	poolID := s.CreatePool(t, nil)
	for _, request := range [][2]string{
		{http.MethodGet, "/_cognate/v1/users?pool=" + poolID},
		{http.MethodPost, "/_cognate/v1/users?pool=" + poolID},
		{http.MethodPut, "/_cognate/v1/old-pool?pool=" + poolID},
		{http.MethodGet, "/_cognate/v1/old-pool?pool=" + poolID},
		{http.MethodDelete, "/_cognate/v1/old-pool?pool=" + poolID},
		{http.MethodGet, "/_cognate/v1/client-secrets?client=x&pool=" + poolID},
		{http.MethodPost, "/_cognate/v1/create?id=us-east-1_Chosen001"},
	} {
		if status, text, _ := move(t, s, request[0], request[1], "", false); status != http.StatusNotFound {
			t.Errorf("%s %s: %d %s", request[0], request[1], status, text)
		}
	}
	if status, text, _ := move(t, s, http.MethodGet, "/_cognate/v1/users?pool="+poolID, "", true); status != http.StatusOK || text != "" {
		t.Errorf("signed: %d %s", status, text)
	}
	if status, _, _ := move(t, s, http.MethodGet, "/_cognate/v1/users?pool=us-east-1_Nothing99", "", true); status != http.StatusBadRequest {
		t.Errorf("a pool that does not exist: %d", status)
	}
}

func TestOnlyPoolsAndClientsGetAnIDThatIsChosen(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	create := func(operation, id, body string) (int, string) {
		t.Helper()
		r := s.NewRequest(t, operation, body)
		r.URL.Path, r.URL.RawQuery = "/_cognate/v1/create", "id="+id
		s.Sign(t, r, body)
		answer := s.Do(t, r)
		return answer.Status, answer.Message()
	}
	if status, message := create("CreateUserPool", "us-east-1_Moved0001", `{"PoolName":"moved"}`); status != http.StatusOK {
		t.Fatalf("a pool: %d %s", status, message)
	}
	for id, want := range map[string]string{
		"us-east-1_Moved0001": "User pool us-east-1_Moved0001 already exists.",
		"eu-west-1_Moved0001": "The id must be us-east-1_ followed by letters and digits, at most 55 characters in all.",
		"us-east-1_a%27b":     "The id must be us-east-1_ followed by letters and digits, at most 55 characters in all.",
	} {
		if status, message := create("CreateUserPool", id, `{"PoolName":"moved"}`); status != http.StatusBadRequest || message != want {
			t.Errorf("%s: %d %s", id, status, message)
		}
	}
	client := `{"UserPoolId":"us-east-1_Moved0001","ClientName":"web"}`
	if status, message := create("CreateUserPoolClient", "moved1client", client); status != http.StatusOK {
		t.Fatalf("a client: %d %s", status, message)
	}
	if status, message := create("CreateUserPoolClient", "moved1client", client); status != http.StatusBadRequest || message != "User pool client moved1client already exists." {
		t.Errorf("the client again: %d %s", status, message)
	}
	if status, _ := create("CreateGroup", "x", `{"UserPoolId":"us-east-1_Moved0001","GroupName":"g"}`); status != http.StatusBadRequest {
		t.Errorf("a group with an id: %d", status)
	}
}

// old makes a pool whose users move, and gives what the new one is told about it.
func old(t *testing.T, s *servertest.Server, flow string) (poolID, told string) {
	t.Helper()
	poolID = s.CreatePool(t, nil)
	clientID := s.CreateClient(t, poolID, func(in *cip.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{
			types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowUserSrpAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
		}
	})
	return poolID, fmt.Sprintf(`{"Endpoint":%q,"PoolID":%q,"ClientID":%q,"Flow":%q}`, s.URL, poolID, clientID, flow)
}

func TestUnknownUsersOfAnOldPoolFollowAsTheySignIn(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for _, flow := range []string{"USER_PASSWORD_AUTH", "USER_SRP_AUTH"} {
		from, told := old(t, s, flow)
		s.CreateUser(t, from, "ana", "Correct-Horse1!", "email", "ana@example.com", "email_verified", "true")
		to := s.CreatePool(t, nil)
		clientID := s.CreateClient(t, to, func(in *cip.CreateUserPoolClientInput) {
			in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowUserAuth}
		})
		if status, text, _ := move(t, s, http.MethodPut, "/_cognate/v1/old-pool?pool="+to, told, true); status != http.StatusOK {
			t.Fatalf("%d %s", status, text)
		}
		signIn := func(password string) error {
			_, err := s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
				ClientId: &clientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth, AuthParameters: map[string]string{"USERNAME": "ana", "PASSWORD": password},
			})
			return err
		}
		if err := signIn("Wrong-Horse1!"); err == nil {
			t.Errorf("%s: a wrong password is right", flow)
		}
		if err := signIn("Correct-Horse1!"); err != nil {
			t.Errorf("%s: %v", flow, err)
		}
		one, err := s.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &from, Username: aws.String("ana")})
		if err != nil {
			t.Fatal(err)
		}
		two, err := s.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &to, Username: aws.String("ana")})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range one.UserAttributes {
			if got := movedValue(two.UserAttributes, *a.Name); got != *a.Value {
				t.Errorf("%s: %s is %q, was %q", flow, *a.Name, got, *a.Value)
			}
		}
		// From now on the old pool is not asked: its password may change.
		if _, err := s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &from, Username: aws.String("ana")}); err != nil {
			t.Fatal(err)
		}
		if err := signIn("Correct-Horse1!"); err != nil {
			t.Errorf("%s: the second time: %v", flow, err)
		}
	}
}

func movedValue(list []types.AttributeType, name string) string {
	for _, a := range list {
		if *a.Name == name {
			return *a.Value
		}
	}
	return ""
}

// Guesses at passwords of an old pool count here, whoever looks at them in the end.
func TestS051GuessesAtAnOldPoolAreCountedHere(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	from, told := old(t, s, "USER_PASSWORD_AUTH")
	s.CreateUser(t, from, "ana", "Correct-Horse1!")
	to := s.CreatePool(t, nil)
	clientID := s.CreateClient(t, to, func(in *cip.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth}
	})
	if status, text, _ := move(t, s, http.MethodPut, "/_cognate/v1/old-pool?pool="+to, told, true); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	var last string
	for range 8 {
		answer := s.Call(t, "InitiateAuth", fmt.Sprintf(
			`{"ClientId":%q,"AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"ana","PASSWORD":"Wrong-Horse1!"}}`, clientID))
		last = answer.Message()
	}
	if last != "Password attempts exceeded" {
		t.Errorf("the last guess hears %q", last)
	}
}

func TestPasswordsGoToAnOldPoolEncrypted(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	to := s.CreatePool(t, nil)
	for _, body := range []string{
		`{"Endpoint":"http://192.0.2.1","PoolID":"us-east-1_AbCdEf123","ClientID":"c","Flow":"USER_PASSWORD_AUTH"}`,
		`{"Endpoint":"https://user:secret@example.com","PoolID":"us-east-1_AbCdEf123","ClientID":"c","Flow":"USER_PASSWORD_AUTH"}`,
		`{"PoolID":"us-east-1_AbCdEf123","ClientID":"c","Flow":"CUSTOM_AUTH"}`,
		`{"PoolID":"nothing","ClientID":"c","Flow":"USER_PASSWORD_AUTH"}`,
	} {
		if status, text, _ := move(t, s, http.MethodPut, "/_cognate/v1/old-pool?pool="+to, body, true); status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", body, status, text)
		}
	}
	told := `{"PoolID":"us-east-1_AbCdEf123","ClientID":"c","ClientSecret":"kept","Flow":"USER_SRP_AUTH"}`
	if status, text, _ := move(t, s, http.MethodPut, "/_cognate/v1/old-pool?pool="+to, told, true); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	_, text, _ := move(t, s, http.MethodGet, "/_cognate/v1/old-pool?pool="+to, "", true)
	if want := `{"Endpoint":"https://cognito-idp.us-east-1.amazonaws.com","Region":"us-east-1","PoolID":"us-east-1_AbCdEf123","ClientID":"c","Flow":"USER_SRP_AUTH"}`; text != want {
		t.Errorf("shown is %s", text)
	}
}

// Bodies of users are long and are read before their signature can be checked: who has
// no key cannot keep operators from sending theirs.
func TestS190UploadsOfOthersDoNotHoldUpThoseOfOperators(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	poolID := s.CreatePool(t, nil)
	const held = 8 // more than are read at a time
	for range held {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() }) // the server may have closed it
		fmt.Fprintf(conn, "POST /_cognate/v1/users?pool=%s HTTP/1.1\r\nHost: %s\r\nContent-Length: 1000000\r\n"+
			"Authorization: AWS4-HMAC-SHA256 Credential=AKIAQQQQQQQQQQQQQQQQ/20261121/us-east-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n{",
			poolID, strings.TrimPrefix(s.URL, "http://"))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/_cognate/v1/users?pool="+poolID, strings.NewReader("\n"))
	if err != nil {
		t.Fatal(err)
	}
	s.Sign(t, r, "\n")
	answer, err := s.HTTP.Do(r)
	if err != nil {
		t.Fatalf("an operator's request: %v", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("an operator's request: %s", answer.Status)
	}
}
