package imports

import (
	"context"
	"crypto/rand"
	"math"
	"regexp"
	"strconv"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/importfiles"
	"cognate/internal/cognito/paging"
	"cognate/internal/store"
)

const (
	maxJobs = 1000 // of a pool
	// startWithin is how long a job waits for its start before it expires.
	startWithin = 24 * time.Hour
	idLetters   = 10
)

const (
	messageSucceeded = "Import Job Completed Successfully."
	messageTooMany   = "Too many users have failed or been skipped during the import."
	messageStopped   = "The job was stopped by the developer."
	messageExpired   = "The job was not started in time."
	messageInternal  = "The job failed because of an internal error."
)

// roleForm is what the ARN of a role looks like.
var roleForm = regexp.MustCompile(`^arn:[\w+=/,.@-]+:iam::\d{12}:role/.+$`)

// Operations are the operations on import jobs. All fields are set.
type Operations struct {
	DB        *store.DB
	Directory *directory.Directory
	Paging    paging.Paging
	Now       func() time.Time
	Uploads   *importfiles.Uploads
	Runner    *Runner
}

// GetCSVHeader lists the columns of a file for the pool.
func (o *Operations) GetCSVHeader(ctx context.Context, in *api.GetCSVHeaderRequest) (*api.GetCSVHeaderResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	return &api.GetCSVHeaderResponse{UserPoolId: pool.ID, CSVHeader: Header(pool)}, nil
}

// CreateUserImportJob makes a job and says where its file is to be put.
func (o *Operations) CreateUserImportJob(ctx context.Context, in *api.CreateUserImportJobRequest) (*api.CreateUserImportJobResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	if !roleForm.MatchString(in.CloudWatchLogsRoleArn) {
		return nil, api.InvalidParameterException("CloudWatchLogsRoleArn is not the ARN of a role.")
	}
	j := &store.ImportJob{
		PoolID: pool.ID, ID: newID(), CreatedAt: o.Now(), Status: api.UserImportJobStatusTypeCreated,
		Details: store.ImportDetails{Name: in.JobName, LogsRoleARN: in.CloudWatchLogsRoleArn, Algorithm: in.PasswordHashingAlgorithm},
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		if _, err := tx.LockPool(ctx, pool.ID); err != nil { // nobody else counts
			return struct{}{}, err
		}
		n, err := tx.CountImportJobs(ctx, pool.ID)
		switch {
		case err != nil:
			return struct{}{}, err
		case n >= maxJobs:
			return struct{}{}, api.LimitExceededException("User pool %s has exceeded the maximum number of import jobs.", pool.ID)
		}
		return struct{}{}, tx.InsertImportJob(ctx, j)
	})
	if err != nil {
		return nil, err
	}
	return &api.CreateUserImportJobResponse{UserImportJob: o.describe(j)}, nil
}

// newID is import- and ten characters.
func newID() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	id := make([]byte, 0, idLetters)
	var b [1]byte
	for len(id) < idLetters {
		_, _ = rand.Read(b[:]) // never fails
		if n := int(b[0] & 63); n < len(letters) {
			id = append(id, letters[n])
		}
	}
	return "import-" + string(id)
}

// DescribeUserImportJob shows a job.
func (o *Operations) DescribeUserImportJob(ctx context.Context, in *api.DescribeUserImportJobRequest) (*api.DescribeUserImportJobResponse, error) {
	if _, err := o.Directory.Pool(ctx, in.UserPoolId); err != nil {
		return nil, err
	}
	j, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.ImportJob, error) {
		return tx.ImportJob(ctx, in.UserPoolId, in.JobId)
	})
	if err != nil {
		return nil, err
	}
	return &api.DescribeUserImportJobResponse{UserImportJob: o.describe(j)}, nil
}

// ListUserImportJobs lists the jobs of a pool, the newest first.
func (o *Operations) ListUserImportJobs(ctx context.Context, in *api.ListUserImportJobsRequest) (*api.ListUserImportJobsResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	scope, limit := "ListUserImportJobs "+pool.ID, int(in.MaxResults)
	before, beforeID := time.UnixMilli(math.MaxInt64), ""
	if in.PaginationToken != "" {
		if before, beforeID, err = o.cursor(in.PaginationToken, scope); err != nil {
			return nil, err
		}
	}
	jobs, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) ([]*store.ImportJob, error) {
		return tx.ListImportJobs(ctx, pool.ID, before, beforeID, limit+1)
	})
	if err != nil {
		return nil, err
	}
	answer := &api.ListUserImportJobsResponse{UserImportJobs: []api.UserImportJobType{}}
	if len(jobs) > limit {
		jobs = jobs[:limit]
		last := jobs[limit-1]
		answer.PaginationToken = o.Paging.Encode(scope, strconv.FormatInt(last.CreatedAt.UnixMilli(), 10), last.ID)
	}
	for _, j := range jobs {
		answer.UserImportJobs = append(answer.UserImportJobs, *o.describe(j))
	}
	return answer, nil
}

func (o *Operations) cursor(token, scope string) (time.Time, string, error) {
	cursor, err := o.Paging.Decode(token, scope)
	if err != nil {
		return time.Time{}, "", err
	}
	ms, err := strconv.ParseInt(cursor[0], 10, 64)
	return time.UnixMilli(ms), cursor[1], err
}

// StartUserImportJob lets a job run that has its file. Only one of the installation
// runs at a time.
func (o *Operations) StartUserImportJob(ctx context.Context, in *api.StartUserImportJobRequest) (*api.StartUserImportJobResponse, error) {
	if _, err := o.Directory.Pool(ctx, in.UserPoolId); err != nil {
		return nil, err
	}
	j, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.ImportJob, error) {
		// With the pool locked its settings stay what the job begins with.
		pool, err := tx.LockPool(ctx, in.UserPoolId)
		if err != nil {
			return nil, err
		}
		j, err := tx.LockImportJob(ctx, in.UserPoolId, in.JobId)
		if err != nil {
			return nil, err
		}
		if err := o.startable(pool, j); err != nil {
			return nil, err
		}
		began, err := tx.BeginImport(ctx, j.PoolID, j.ID)
		switch {
		case err != nil:
			return nil, err
		case !began:
			return nil, api.PreconditionNotMetException("Another user import job is in progress.")
		}
		j.Status, j.Details.StartedAt = api.UserImportJobStatusTypePending, o.Now()
		tx.AfterCommit(o.Runner.signal)
		return j, tx.SaveImportJob(ctx, j)
	})
	if err != nil {
		return nil, err
	}
	return &api.StartUserImportJobResponse{UserImportJob: o.describe(j)}, nil
}

func (o *Operations) startable(pool *store.Pool, j *store.ImportJob) error {
	switch {
	case expire(j, o.Now()), j.Status != api.UserImportJobStatusTypeCreated:
		return api.PreconditionNotMetException("The import job cannot be started in its current state. Current status is %s", j.Status)
	case j.Details.Upload == "":
		return api.PreconditionNotMetException("The import job has no file. Upload one before starting the job.")
	case len(pool.Settings.Pool.AutoVerifiedAttributes) == 0:
		return api.PreconditionNotMetException("The user pool has no auto verified attributes.")
	}
	return nil
}

// StopUserImportJob ends a job that was started. What it did until then stays.
func (o *Operations) StopUserImportJob(ctx context.Context, in *api.StopUserImportJobRequest) (*api.StopUserImportJobResponse, error) {
	if _, err := o.Directory.Pool(ctx, in.UserPoolId); err != nil {
		return nil, err
	}
	j, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.ImportJob, error) {
		j, err := tx.LockImportJob(ctx, in.UserPoolId, in.JobId)
		if err != nil {
			return nil, err
		}
		switch j.Status {
		case api.UserImportJobStatusTypePending, api.UserImportJobStatusTypeInProgress:
		default:
			expire(j, o.Now())
			return nil, api.PreconditionNotMetException("The import job cannot be stopped in its current state. Current status is %s", j.Status)
		}
		j.Status = api.UserImportJobStatusTypeStopping
		tx.AfterCommit(o.Runner.signal)
		return j, tx.SaveImportJob(ctx, j)
	})
	if err != nil {
		return nil, err
	}
	return &api.StopUserImportJobResponse{UserImportJob: o.describe(j)}, nil
}

// expire marks a job that was not started in time, and reports whether it did.
func expire(j *store.ImportJob, now time.Time) bool {
	end := j.CreatedAt.Add(startWithin)
	if j.Status != api.UserImportJobStatusTypeCreated || now.Before(end) {
		return false
	}
	j.Status = api.UserImportJobStatusTypeExpired
	j.Details.CompletedAt, j.Details.Message = end, messageExpired
	return true
}

// describe gives a job as the API shows it. Counts are there once it has begun.
func (o *Operations) describe(j *store.ImportJob) *api.UserImportJobType {
	expire(j, o.Now()) // before the runner comes to write it down
	d, address := &j.Details, o.Uploads.URL(j)
	shown := &api.UserImportJobType{
		JobName: d.Name, JobId: j.ID, UserPoolId: j.PoolID, PreSignedUrl: &address, Status: j.Status,
		CreationDate: api.TimeOf(j.CreatedAt), CloudWatchLogsRoleArn: d.LogsRoleARN, PasswordHashingAlgorithm: d.Algorithm,
		ImportedUsers: d.Imported, SkippedUsers: d.Skipped, FailedUsers: d.Failed, CompletionMessage: d.Message,
	}
	if !d.StartedAt.IsZero() {
		shown.StartDate = api.TimeOf(d.StartedAt)
	}
	if !d.CompletedAt.IsZero() {
		shown.CompletionDate = api.TimeOf(d.CompletedAt)
	}
	return shown
}
