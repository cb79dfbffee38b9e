package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/servertest"
)

// takeFile imports a file of users as curl and the SDK do it, and gives the job at
// its end.
func takeFile(t *testing.T, s *servertest.Server, poolID, path string) *types.UserImportJobType {
	t.Helper()
	ctx := t.Context()
	made, err := s.SDK.CreateUserImportJob(ctx, &cip.CreateUserImportJobInput{
		UserPoolId: &poolID, JobName: aws.String("back"), CloudWatchLogsRoleArn: aws.String("arn:aws:iam::123456789012:role/logs"),
	})
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	put, err := http.NewRequestWithContext(ctx, http.MethodPut, *made.UserImportJob.PreSignedUrl, file)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := s.HTTP.Do(put)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("the file was not taken: %v, %v", answer, err)
	}
	defer answer.Body.Close()
	if _, err := s.SDK.StartUserImportJob(ctx, &cip.StartUserImportJobInput{UserPoolId: &poolID, JobId: made.UserImportJob.JobId}); err != nil {
		t.Fatal(err)
	}
	for {
		job, err := s.SDK.DescribeUserImportJob(ctx, &cip.DescribeUserImportJobInput{UserPoolId: &poolID, JobId: made.UserImportJob.JobId})
		if err != nil {
			t.Fatal(err)
		}
		if job.UserImportJob.CompletionDate != nil {
			return job.UserImportJob
		}
		select { // nothing tells when a job has ended
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Every user of an exported file is one again after an import job, with the same
// attributes; the others were named.
func TestS148AnExportedCSVFileIsImportedAgain(t *testing.T) {
	withKeys(t)
	from, to := servertest.Start(t), servertest.Start(t)
	settings := func(in *cip.CreateUserPoolInput) {
		in.AutoVerifiedAttributes = []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail}
		in.Schema = []types.SchemaAttributeType{{Name: aws.String("plan"), AttributeDataType: types.AttributeDataTypeString, Mutable: aws.Bool(true)}}
	}
	poolID, target := from.CreatePool(t, settings), to.CreatePool(t, settings)
	values := map[string][]string{
		"ana":  {"name", `Ana, "the first" \, one`, "birthdate", "02/29/2000", "phone_number", "+15555550100", "address", "12 High Street, Springfield", "custom:plan", "é\u2028ü"},
		"bea":  {"updated_at", "1700000000", "gender", "-1"},
		"carl": {"name", "=1+1"},
	}
	for name, more := range values {
		from.CreateUser(t, poolID, name, testPassword, append([]string{"email", name + "@example.com", "email_verified", "true"}, more...)...)
	}
	from.CreateUser(t, poolID, "dora", testPassword, "email", "dora@example.com")
	from.CreateUser(t, poolID, "eve", testPassword, "email", "eve@example.com", "email_verified", "true")
	if _, err := from.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &poolID, Username: aws.String("eve")}); err != nil {
		t.Fatal(err)
	}

	path := filepath.Join(t.TempDir(), "users.csv")
	out := cognate(t, from, 1, "export", "--pool", poolID, "--out", path, "--format", "csv")
	for _, want := range []string{
		"left out: dora: none of the addresses that the pool verifies by itself is verified", "left out: eve: the user is disabled, which a file cannot say",
		"note: carl: name begins like a formula, and got an apostrophe in front", "3 users of " + poolID,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("nothing says %q:\n%s", want, out)
		}
	}
	cognate(t, from, 2, "export", "--pool", poolID, "--out", path, "--format", "csv", "--secrets", "plain")

	job := takeFile(t, to, target, path)
	if job.Status != types.UserImportJobStatusTypeSucceeded || job.ImportedUsers != 3 || job.FailedUsers+job.SkippedUsers != 0 {
		t.Fatalf("the job is %s: %d users, %d failed", job.Status, job.ImportedUsers, job.FailedUsers)
	}
	values["carl"] = []string{"name", "'=1+1"}
	for name, more := range values {
		got, err := to.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &target, Username: &name})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"email": name + "@example.com", "email_verified": "true"}
		for ; len(more) > 1; more = more[2:] {
			want[more[0]] = more[1]
		}
		have := map[string]string{}
		for _, a := range got.UserAttributes {
			if *a.Name != "sub" && *a.Name != "phone_number_verified" {
				have[*a.Name] = *a.Value
			}
		}
		if diff := cmp.Diff(want, have); diff != "" || got.UserStatus != types.UserStatusTypeResetRequired {
			t.Errorf("%s is %s:\n%s", name, got.UserStatus, diff)
		}
	}
}
