package reliability

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/store"
	"cognate/internal/store/pgtest"
)

// importing is a job under way.
type importing struct {
	pool, job string
	people    int
}

// beginImport starts a job that adds many people.
func beginImport(t *testing.T, n *node, people int) *importing {
	t.Helper()
	i := &importing{people: people}
	i.pool, _ = n.makePool(t.Context(), t, &cip.CreateUserPoolClientInput{}, &cip.CreateUserPoolInput{
		AutoVerifiedAttributes: []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail},
	})
	header, err := n.api.GetCSVHeader(t.Context(), &cip.GetCSVHeaderInput{UserPoolId: &i.pool})
	must(t, err)
	var file strings.Builder
	file.WriteString(strings.Join(header.CSVHeader, ",") + "\n")
	for p := range people {
		for at, column := range header.CSVHeader {
			if at > 0 {
				file.WriteByte(',')
			}
			file.WriteString(map[string]string{
				"cognito:username": fmt.Sprintf("user%d", p), "email": fmt.Sprintf("user%d@example.com", p), "email_verified": "true", "cognito:mfa_enabled": "false",
			}[column])
		}
		file.WriteByte('\n')
	}
	made, err := n.api.CreateUserImportJob(t.Context(), &cip.CreateUserImportJobInput{
		UserPoolId: &i.pool, JobName: aws.String("move"), CloudWatchLogsRoleArn: aws.String("arn:aws:iam::123456789012:role/logs"),
	})
	must(t, err)
	i.job = *made.UserImportJob.JobId
	at, err := url.Parse(*made.UserImportJob.PreSignedUrl)
	must(t, err)
	at.Host = n.endpoint[len("http://"):] // the public name need not lead here
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, at.String(), strings.NewReader(file.String()))
	must(t, err)
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("upload: %s", answer.Status)
	}
	_, err = n.api.StartUserImportJob(t.Context(), &cip.StartUserImportJobInput{UserPoolId: &i.pool, JobId: &i.job})
	must(t, err)
	return i
}

// reaches waits until a job has added so many people or has ended, and tells
// whether it goes on.
func (i *importing) reaches(t *testing.T, n *node, imported int64) (job *types.UserImportJobType, running bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		out, err := n.api.DescribeUserImportJob(t.Context(), &cip.DescribeUserImportJobInput{UserPoolId: &i.pool, JobId: &i.job})
		must(t, err)
		job = out.UserImportJob
		running = job.Status == types.UserImportJobStatusTypePending || job.Status == types.UserImportJobStatusTypeInProgress
		if !running || job.ImportedUsers >= imported {
			return job, running
		}
	}
	t.Fatalf("the job does not get on: %+v", job)
	return nil, false
}

// check looks for everybody: each there once, and none met a copy of itself.
func (i *importing) check(t *testing.T, n *node) {
	t.Helper()
	job, _ := i.reaches(t, n, int64(i.people)+1)
	if job.Status != types.UserImportJobStatusTypeSucceeded || job.ImportedUsers != int64(i.people) || job.SkippedUsers != 0 || job.FailedUsers != 0 {
		t.Errorf("the job is %s with %d imported, %d skipped, %d failed", job.Status, job.ImportedUsers, job.SkippedUsers, job.FailedUsers)
	}
	found := map[string]int{}
	pages := cip.NewListUsersPaginator(n.api, &cip.ListUsersInput{UserPoolId: &i.pool, AttributesToGet: []string{"email"}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		must(t, err)
		for _, u := range page.Users {
			found[*u.Username]++
		}
	}
	for p := range i.people {
		if name := fmt.Sprintf("user%d", p); found[name] != 1 {
			t.Errorf("%s is there %d times", name, found[name])
		}
	}
	pool, err := n.api.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &i.pool})
	must(t, err)
	if len(found) != i.people || int(pool.UserPool.EstimatedNumberOfUsers) != i.people {
		t.Errorf("%d users are there, %d are counted", len(found), pool.UserPool.EstimatedNumberOfUsers)
	}
}

// A server that is killed again and again during an import goes on where it was:
// no record is repeated or left out.
func TestAnImportSurvivesKillNine(t *testing.T) {
	t.Parallel()
	const people, kills = 12_000, 4
	dir, endpoint := t.TempDir(), freeEndpoint(t)
	if _, err := store.LoadOrCreateMasterKey(filepath.Join(dir, "master.key")); err != nil {
		t.Fatal(err)
	}
	args := []string{"--data", dir, "--public-url", endpoint}
	n := startNode(t, endpoint, args...)
	i := beginImport(t, n, people)
	killed := 0
	for k := range int64(kills) {
		if _, running := i.reaches(t, n, 1+k*people/(kills+1)); !running {
			break
		}
		n.kill()
		killed++
		n = startNode(t, endpoint, args...)
	}
	if killed < 2 {
		t.Errorf("only %d times was the server killed during the import", killed)
	}
	i.check(t, n)
}

// With several nodes, another one takes the import over.
func TestAnImportIsTakenOverFromAKilledNode(t *testing.T) {
	t.Parallel()
	const people = 20_000
	url, schema := pgtest.Schema(t)
	key := filepath.Join(t.TempDir(), "master.key")
	if _, err := store.LoadOrCreateMasterKey(key); err != nil {
		t.Fatal(err)
	}
	args := []string{"--database-url", withSchema(t, url, schema), "--master-key-file", key}
	one, two := freeEndpoint(t), freeEndpoint(t)
	first := startNode(t, one, append(args, "--public-url", one)...)
	i := beginImport(t, first, people)
	if _, running := i.reaches(t, first, 1); !running {
		t.Fatal("the import was over before it could be interrupted")
	}
	first.kill()
	second := startNode(t, two, append(args, "--public-url", one)...)
	i.check(t, second)
}
