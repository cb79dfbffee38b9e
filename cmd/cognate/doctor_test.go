package main

import (
	"bytes"
	"regexp"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

// The command against a server that verifies signatures. Not parallel: it sets the
// environment.
func TestS055DoctorFindsRolesThatUsersWrite(t *testing.T) {
	s := servertest.Start(t)
	pool := s.CreatePool(t, func(in *cip.CreateUserPoolInput) {
		in.Schema = []types.SchemaAttributeType{{Name: new("role"), AttributeDataType: types.AttributeDataTypeString, Mutable: new(true)}}
	})
	client := s.CreateClient(t, pool, nil)
	doctor := func(args ...string) (code int, out string) {
		var std, errors bytes.Buffer
		code = run(append([]string{"doctor", "--public-url", s.URL}, args...), streams{&std, &errors})
		return code, std.String() + errors.String()
	}
	if code, out := doctor("--security"); code != exitFailed || !regexp.MustCompile(`set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`).MatchString(out) {
		t.Errorf("without credentials: %d %s", code, out)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", servertest.RootAccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", servertest.RootSecretAccessKey)
	if code, out := doctor("--security"); code != exitFailed ||
		!regexp.MustCompile(`(?m)^critical `+pool+` client `+client+` writable-claim: .*custom:role`).MatchString(out) ||
		!regexp.MustCompile(`(?m)^cognate: there are critical findings$`).MatchString(out) {
		t.Errorf("%d %s", code, out)
	}
	_, err := s.SDK.UpdateUserPoolClient(t.Context(), &cip.UpdateUserPoolClientInput{
		UserPoolId: &pool, ClientId: &client, WriteAttributes: []string{"email"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if code, out := doctor("--security", "--json"); code != 0 ||
		!regexp.MustCompile(`"rule":"user-existence","severity":"warning","poolId":"`+pool+`","clientId":"`+client+`"`).MatchString(out) {
		t.Errorf("%d %s", code, out)
	}
}

func TestTriggerCommandsAskAServerOfProduction(t *testing.T) {
	s := servertest.Start(t)
	pool := s.CreatePool(t, nil)
	trigger := func(args ...string) (code int, out string) {
		var std, errors bytes.Buffer
		code = run(append([]string{"trigger"}, append(args, "--public-url", s.URL)...), streams{&std, &errors})
		return code, std.String() + errors.String()
	}
	if code, out := trigger("log"); code != exitFailed || !regexp.MustCompile(`nothing to show`).MatchString(out) {
		t.Errorf("without a key: %d %s", code, out)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", servertest.RootAccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", servertest.RootSecretAccessKey)
	if code, out := trigger("log"); code != 0 || out != "" {
		t.Errorf("%d %s", code, out)
	}
	if code, out := trigger("invoke", "PreSignUp_SignUp", "--pool", pool); code != exitFailed || !regexp.MustCompile(`has no function`).MatchString(out) {
		t.Errorf("%d %s", code, out)
	}
}
