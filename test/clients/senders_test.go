package clients_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

// TestS165CodesReachTheSenderEncrypted has AWS's own library, inside an ordinary
// function file, decrypt the code with the server as its key service. The code
// then confirms the user.
func TestS165CodesReachTheSenderEncrypted(t *testing.T) {
	t.Parallel()
	requireNode(t)
	dir := t.TempDir()
	modules, err := filepath.Abs("node_modules")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("testdata/sender.mjs")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "sender.mjs")
	if err := os.WriteFile(file, source, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	s := servertest.Start(t, dev, func(c *server.Config) {
		c.Functions, c.FunctionTime = []string{"sender=node:" + file}, time.Minute
	})
	pool := s.CreatePool(t, func(in *cip.CreateUserPoolInput) {
		in.AutoVerifiedAttributes = []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail}
		in.LambdaConfig = &types.LambdaConfigType{
			KMSKeyID: new("arn:aws:kms:us-east-1:123456789012:key/codes"),
			CustomEmailSender: &types.CustomEmailLambdaVersionConfigType{
				LambdaArn: new("arn:aws:lambda:us-east-1:123456789012:function:sender"), LambdaVersion: "V1_0",
			},
		}
	})
	client := s.CreateClient(t, pool, nil)
	_, err = s.Anonymous.SignUp(t.Context(), &cip.SignUpInput{
		ClientId: &client, Username: new("ana"), Password: new("Correct-Horse1!"),
		UserAttributes: []types.AttributeType{{Name: new("email"), Value: new("ana@example.com")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := sent(t, filepath.Join(dir, "ana.json"))
	if got.Source != "CustomEmailSender_SignUp" || got.Type != "customEmailSenderRequestV1" || got.Context != pool || got.Email != "ana@example.com" {
		t.Errorf("%+v", got)
	}
	if !regexp.MustCompile(`^\d{6}$`).MatchString(got.Code) {
		t.Fatalf("code %q", got.Code)
	}
	_, err = s.Anonymous.ConfirmSignUp(t.Context(), &cip.ConfirmSignUpInput{ClientId: &client, Username: new("ana"), ConfirmationCode: &got.Code})
	if err != nil {
		t.Error(err)
	}
}

type message struct{ Source, Type, Code, Context, Email string }

// sent waits for what the sender writes; it runs after the answer to the request.
func sent(t *testing.T, file string) (m message) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		text, err := os.ReadFile(file)
		if err == nil && json.Unmarshal(text, &m) == nil {
			return m
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the sender wrote nothing: %v", err)
		}
	}
}
