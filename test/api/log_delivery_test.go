package api_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

const (
	logGroup  = "arn:aws:logs:us-east-1:123456789012:log-group:/shop/users"
	logBucket = "arn:aws:s3:::shop-logs"
	logStream = "arn:aws:firehose:us-east-1:123456789012:deliverystream/shop"
)

func toGroup(source types.EventSourceName, level types.LogLevel) types.LogConfigurationType {
	return types.LogConfigurationType{
		EventSource: source, LogLevel: level, CloudWatchLogsConfiguration: &types.CloudWatchLogsConfigurationType{LogGroupArn: aws.String(logGroup)},
	}
}

func setLogs(t *testing.T, s *servertest.Server, pool string, list ...types.LogConfigurationType) error {
	t.Helper()
	if list == nil {
		list = []types.LogConfigurationType{}
	}
	out, err := s.SDK.SetLogDeliveryConfiguration(t.Context(), &cip.SetLogDeliveryConfigurationInput{UserPoolId: &pool, LogConfigurations: list})
	if err == nil && len(out.LogDeliveryConfiguration.LogConfigurations) != len(list) {
		t.Errorf("%d configurations are answered, want %d", len(out.LogDeliveryConfiguration.LogConfigurations), len(list))
	}
	return err
}

// spec/users-and-pools.md §23: Set replaces, an empty list clears.
func TestLogDeliveryIsDescribedAsItWasSet(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, protected(types.AdvancedSecurityModeTypeAudit))
	if got := s.Call(t, "GetLogDeliveryConfiguration", `{"UserPoolId":"`+pool+`"}`); got.Body != `{"LogDeliveryConfiguration":{"LogConfigurations":[],"UserPoolId":"`+pool+`"}}` {
		t.Errorf("at first: %s", got.Body)
	}
	get := func() []types.LogConfigurationType {
		out, err := s.SDK.GetLogDeliveryConfiguration(t.Context(), &cip.GetLogDeliveryConfigurationInput{UserPoolId: &pool})
		wantOK(t, err)
		return out.LogDeliveryConfiguration.LogConfigurations
	}
	for _, list := range [][]types.LogConfigurationType{
		{toGroup(types.EventSourceNameUserNotification, types.LogLevelError)},
		{toGroup(types.EventSourceNameUserAuthEvents, types.LogLevelInfo), toGroup(types.EventSourceNameUserNotification, types.LogLevelError)},
		{{EventSource: types.EventSourceNameUserAuthEvents, LogLevel: types.LogLevelInfo, S3Configuration: &types.S3ConfigurationType{BucketArn: aws.String(logBucket)}}},
		{{EventSource: types.EventSourceNameUserAuthEvents, LogLevel: types.LogLevelInfo, FirehoseConfiguration: &types.FirehoseConfigurationType{StreamArn: aws.String(logStream)}}},
		{},
	} {
		wantOK(t, setLogs(t, s, pool, list...))
		if diff := cmp.Diff(list, get(), cmpopts.IgnoreUnexported(types.LogConfigurationType{}, types.CloudWatchLogsConfigurationType{},
			types.S3ConfigurationType{}, types.FirehoseConfigurationType{})); diff != "" {
			t.Error(diff)
		}
	}
}

func TestLogDeliveryThatCannotBe(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	plus, essentials := s.CreatePool(t, protected(types.AdvancedSecurityModeTypeAudit)), s.CreatePool(t, nil)
	bucket := types.LogConfigurationType{EventSource: types.EventSourceNameUserNotification, LogLevel: types.LogLevelError, S3Configuration: &types.S3ConfigurationType{BucketArn: aws.String(logBucket)}}
	two := toGroup(types.EventSourceNameUserAuthEvents, types.LogLevelInfo)
	two.S3Configuration = bucket.S3Configuration
	queue := toGroup(types.EventSourceNameUserNotification, types.LogLevelError)
	queue.CloudWatchLogsConfiguration = &types.CloudWatchLogsConfigurationType{LogGroupArn: aws.String("arn:aws:sqs:us-east-1:123456789012:queue")}
	for name, list := range map[string][]types.LogConfigurationType{
		"level of activities":            {toGroup(types.EventSourceNameUserAuthEvents, types.LogLevelError)},
		"level of errors":                {toGroup(types.EventSourceNameUserNotification, types.LogLevelInfo)},
		"errors to a bucket":             {bucket},
		"no destination":                 {{EventSource: types.EventSourceNameUserNotification, LogLevel: types.LogLevelError}},
		"two destinations":               {two},
		"one source twice":               {toGroup(types.EventSourceNameUserAuthEvents, types.LogLevelInfo), toGroup(types.EventSourceNameUserAuthEvents, types.LogLevelInfo)},
		"destination that takes no logs": {queue},
	} {
		if err := setLogs(t, s, plus, list...); err == nil {
			t.Errorf("%s: accepted", name)
		} else {
			wantCode(t, err, "InvalidParameterException")
		}
	}
	wantCode(t, setLogs(t, s, essentials, toGroup(types.EventSourceNameUserAuthEvents, types.LogLevelInfo)), "FeatureUnavailableInTierException")
	wantCode(t, setLogs(t, s, "us-east-1_unknown", toGroup(types.EventSourceNameUserNotification, types.LogLevelError)), "ResourceNotFoundException")
	_, err := s.SDK.GetLogDeliveryConfiguration(t.Context(), &cip.GetLogDeliveryConfigurationInput{UserPoolId: aws.String("us-east-1_unknown")})
	wantCode(t, err, "ResourceNotFoundException")
}

// piped is a server whose pools log into a pipe, and the reader at its end, which
// waits for the next entry.
func piped(t *testing.T) (*servertest.Server, func() map[string]any) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	pipe, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pipe.Close() })
	s := servertest.Start(t, func(c *server.Config) { c.LogTargets = []string{logGroup + "=file:" + path} })
	lines := bufio.NewScanner(pipe)
	return s, func() map[string]any {
		t.Helper()
		if !lines.Scan() {
			t.Fatalf("no further entry: %v", lines.Err())
		}
		var entry map[string]any
		if err := json.Unmarshal(lines.Bytes(), &entry); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		return entry
	}
}

func TestActivityOfUsersIsLogged(t *testing.T) {
	t.Parallel()
	s, next := piped(t)
	a := newApp(t, s, protected(types.AdvancedSecurityModeTypeAudit), nil)
	s.CreateUser(t, a.pool, "ben", goodPassword)
	wantOK(t, setLogs(t, s, a.pool, toGroup(types.EventSourceNameUserAuthEvents, types.LogLevelInfo)))
	_, err := a.from(t, home, firefox, "ben", "wrong Password 1!")
	wantCode(t, err, "NotAuthorizedException")
	a.settles(t, home, firefox, "ben")
	listed := a.events(t, "ben") // the latest first
	for i, want := range []struct {
		response  string
		challenge string
	}{{"Fail", "Password:Failure"}, {"Pass", "Password:Success"}} {
		entry := next()
		message, _ := entry["message"].(map[string]any)
		if entry["eventSource"] != "USER_ACTIVITY" || entry["logLevel"] != "INFO" || message == nil {
			t.Fatalf("entry %v", entry)
		}
		for member, want := range map[string]any{
			"userName": "ben", "userPoolId": a.pool, "clientId": a.client, "eventType": "SignIn", "ipAddress": home,
			"eventResponse": want.response, "eventId": *listed[1-i].EventId,
		} {
			if message[member] != want {
				t.Errorf("%s is %v, want %v", member, message[member], want)
			}
		}
		if diff := cmp.Diff([]any{want.challenge}, message["challenges"]); diff != "" {
			t.Error(diff)
		}
	}
}

func TestErrorsOfDeliveryAreLogged(t *testing.T) {
	t.Parallel()
	s, next := piped(t)
	pool := s.CreatePool(t, nil)
	wantOK(t, setLogs(t, s, pool, toGroup(types.EventSourceNameUserNotification, types.LogLevelError)))
	s.Mailbox.Refuse(errors.New("mailbox full"))
	_, err := s.SDK.AdminCreateUser(t.Context(), &cip.AdminCreateUserInput{
		UserPoolId: &pool, Username: aws.String("cleo"), DesiredDeliveryMediums: []types.DeliveryMediumType{types.DeliveryMediumTypeEmail},
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String("cleo@example.com")}},
	})
	wantOK(t, err)
	entry := next()
	message, _ := entry["message"].(map[string]any)
	if entry["eventSource"] != "USER_NOTIFICATION" || entry["logLevel"] != "ERROR" ||
		message["details"] != "The EMAIL message to c***@e*** could not be delivered (attempt 1): mailbox full" {
		t.Errorf("entry %v", entry)
	}
	if diff := cmp.Diff(map[string]any{"userPoolId": pool}, entry["logSourceId"]); diff != "" {
		t.Error(diff)
	}
}

// A server that ends in good order hands over what it was told last.
func TestTheLastEntriesOfAServerAreDelivered(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	t.Run("server", func(t *testing.T) { // its end is that of the server
		s := servertest.Start(t, func(c *server.Config) { c.LogTargets = []string{logGroup + "=file:" + path} })
		a := newApp(t, s, protected(types.AdvancedSecurityModeTypeAudit), nil)
		s.CreateUser(t, a.pool, "ben", goodPassword)
		wantOK(t, setLogs(t, s, a.pool, toGroup(types.EventSourceNameUserAuthEvents, types.LogLevelInfo)))
		for range 5 {
			a.signIn(t, "ben", goodPassword)
		}
	})
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte(`"eventResponse":"Pass"`)); n != 5 {
		t.Errorf("%d entries, want 5:\n%s", n, text)
	}
}
