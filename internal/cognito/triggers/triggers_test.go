package triggers

import (
	"errors"
	"strings"
	"testing"

	"cognate/internal/api"
	"cognate/internal/outbound/hook"
)

func TestSDKVersion(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		"aws-sdk-js/2.6.4 callback":                         "aws-sdk-js-2.6.4",
		"aws-sdk-go-v2/1.47.6 ua/2.1 os/linux lang/go#1.26": "aws-sdk-go-v2-1.47.6",
		"Boto3/1.34.0 md/Botocore#1.34.0":                   "aws-sdk-unknown-unknown",
		"":                                                  "aws-sdk-unknown-unknown",
		"Mozilla/5.0 aws-sdk-js/3.1169.0 ua/2.1 os/other":       "aws-sdk-js-3.1169.0",
		"aws-sdk-" + strings.Repeat("x", 10) + "/not-a-version": "aws-sdk-unknown-unknown",
	} {
		if got := sdkVersion(agent); got != want {
			t.Errorf("%q: %s, want %s", agent, got, want)
		}
	}
}

func TestErrorsOfFunctionsAreTheServices(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err           error
		code, message string
	}{
		{&hook.FunctionError{Message: "no"}, "UserLambdaValidationException", "CreateAuthChallenge failed with error no."},
		{&hook.CallError{Code: "AccessDeniedException"}, "UnexpectedLambdaException", "CreateAuthChallenge invocation failed due to error AccessDeniedException."},
		{
			&hook.CallError{Code: "Socket timeout while invoking Lambda function"},
			"UnexpectedLambdaException", "CreateAuthChallenge invocation failed due to error Socket timeout while invoking Lambda function.",
		},
		{hook.ErrUnusable, "InvalidLambdaResponseException", "Unrecognizable lambda output"},
	} {
		got, ok := errors.AsType[*api.Error](refused(CreateAuthChallenge, c.err))
		if !ok || got.Code != c.code || got.Message != c.message || !errors.Is(got, c.err) {
			t.Errorf("%v: %v", c.err, got)
		}
	}
	if err := refused(PreSignUp, hook.ErrInWrite); !errors.Is(err, hook.ErrInWrite) || api.HasCode(err, "UnexpectedLambdaException") {
		t.Errorf("a mistake in the program became an answer: %v", err)
	}
}

func TestS162MessagesOfFunctionsAreBounded(t *testing.T) {
	t.Parallel()
	if got := printable(strings.Repeat("é", messageLimit)); len(got) > messageLimit+3 || strings.Contains(got, "\xc3\xef") {
		t.Errorf("%d bytes", len(got))
	}
	if got := printable("a\xffb"); got != "a\uFFFDb" {
		t.Errorf("%q", got)
	}
}
