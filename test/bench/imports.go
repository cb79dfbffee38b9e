package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

const (
	importedPeople = 200_000
	// importClients keep the server busy and leave it something over, as clients
	// do that are not a load test.
	importClients = 2
)

// measureImport prints how fast a CSV import is while clients sign up and in, and
// what they notice of it: the 99th percentile may double.
func (w *world) measureImport(ctx context.Context, duration time.Duration) error {
	fmt.Println("\n| Beside an import | p99 ms without | p99 ms with | rows/s meanwhile | goal |")
	fmt.Println("|---|---|---|---|---|")
	for _, f := range []flow{
		{name: "SignUp", prepare: stateless, do: w.signUp},
		{name: "Password sign-in", prepare: stateless, do: w.passwordSignIn},
		{name: "AdminGetUser", prepare: stateless, do: w.adminGetUser},
	} {
		alone, err := w.run(ctx, f, importClients, duration)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		job, err := w.beginImport(ctx, f.name)
		if err != nil {
			return err
		}
		began := time.Now()
		beside, err := w.run(ctx, f, importClients, duration)
		if err != nil {
			return fmt.Errorf("%s beside an import: %w", f.name, err)
		}
		shown, err := w.api.DescribeUserImportJob(ctx, job)
		if err != nil {
			return fmt.Errorf("look at the import: %w", err)
		}
		rate := float64(shown.UserImportJob.ImportedUsers) / time.Since(began).Seconds()
		if shown.UserImportJob.Status != types.UserImportJobStatusTypeInProgress {
			return fmt.Errorf("the import is %s before it was measured", shown.UserImportJob.Status)
		}
		if err := w.endImport(ctx, job); err != nil {
			return err
		}
		p99 := func(r *result) float64 { return float64(r.latency.ValueAtQuantile(99)) / 1000 }
		fmt.Printf("| %s, %d clients | %.1f | %.1f | %.0f | twice |\n", f.name, importClients, p99(alone), p99(beside), rate)
	}
	return nil
}

// beginImport starts an import into a pool of its own.
func (w *world) beginImport(ctx context.Context, prefix string) (*cip.DescribeUserImportJobInput, error) {
	pool, err := w.api.CreateUserPool(ctx, &cip.CreateUserPoolInput{
		PoolName: aws.String("import"), AutoVerifiedAttributes: []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail},
	})
	if err != nil {
		return nil, fmt.Errorf("create a pool: %w", err)
	}
	id := pool.UserPool.Id
	header, err := w.api.GetCSVHeader(ctx, &cip.GetCSVHeaderInput{UserPoolId: id})
	if err != nil {
		return nil, fmt.Errorf("ask for the header: %w", err)
	}
	made, err := w.api.CreateUserImportJob(ctx, &cip.CreateUserImportJobInput{
		UserPoolId: id, JobName: &prefix, CloudWatchLogsRoleArn: aws.String("arn:aws:iam::123456789012:role/logs"),
	})
	if err != nil {
		return nil, fmt.Errorf("create the job: %w", err)
	}
	if err := put(ctx, *made.UserImportJob.PreSignedUrl, csv(header.CSVHeader)); err != nil {
		return nil, err
	}
	job := made.UserImportJob.JobId
	if _, err := w.api.StartUserImportJob(ctx, &cip.StartUserImportJobInput{UserPoolId: id, JobId: job}); err != nil {
		return nil, fmt.Errorf("start the job: %w", err)
	}
	return &cip.DescribeUserImportJobInput{UserPoolId: id, JobId: job}, nil
}

func csv(header []string) string {
	var b strings.Builder
	b.WriteString(strings.Join(header, ",") + "\n")
	for i := range importedPeople {
		for at, column := range header {
			if at > 0 {
				b.WriteByte(',')
			}
			switch column {
			case "cognito:username":
				fmt.Fprintf(&b, "import%d", i)
			case "email":
				fmt.Fprintf(&b, "import%d@example.com", i)
			case "name":
				fmt.Fprintf(&b, "Person %d", i)
			case "email_verified":
				b.WriteString("true")
			case "cognito:mfa_enabled":
				b.WriteString("false")
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func put(ctx context.Context, url, file string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, url, strings.NewReader(file))
	if err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	if answer.StatusCode != http.StatusOK {
		err = errors.Join(err, fmt.Errorf("upload: %s", answer.Status))
	}
	return errors.Join(err, answer.Body.Close())
}

// endImport stops a job and waits until it has, so that the next may begin.
func (w *world) endImport(ctx context.Context, job *cip.DescribeUserImportJobInput) error {
	if _, err := w.api.StopUserImportJob(ctx, &cip.StopUserImportJobInput{UserPoolId: job.UserPoolId, JobId: job.JobId}); err != nil {
		return fmt.Errorf("stop the import: %w", err)
	}
	for {
		shown, err := w.api.DescribeUserImportJob(ctx, job)
		if err != nil {
			return fmt.Errorf("look at the import: %w", err)
		}
		if shown.UserImportJob.Status == types.UserImportJobStatusTypeStopped {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
}
