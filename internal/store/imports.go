package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"cognate/internal/api"
)

// ImportJob is a job that adds users from a file.
type ImportJob struct {
	PoolID, ID string
	CreatedAt  time.Time
	Status     api.UserImportJobStatusType
	Details    ImportDetails
}

// ImportDetails is what is only read with the job.
type ImportDetails struct {
	Name        string
	LogsRoleARN string
	Algorithm   api.PasswordHashingAlgorithmType `json:",omitzero"`
	StartedAt   time.Time                        `json:",omitzero"`
	CompletedAt time.Time                        `json:",omitzero"`
	Message     string                           `json:",omitzero"` // of the completion

	Imported, Skipped, Failed int64

	Upload string `json:",omitzero"` // whose pieces the file is; empty: there is none
	Size   int64  `json:",omitzero"` // of the file, in bytes
	Lines  int64  `json:",omitzero"` // of the file

	Offset int64 `json:",omitzero"` // how many bytes of the file are done
	Line   int64 `json:",omitzero"` // how many lines are done
	Logged int64 `json:",omitzero"` // how many times the log was written to
}

const importColumns = `pool_id, id, created_ms, status, doc`

const (
	insertImport = `INSERT INTO import_jobs (` + importColumns + `) VALUES ($1, $2, $3, $4, $5)`
	selectImport = `SELECT ` + importColumns + ` FROM import_jobs WHERE pool_id = $1 AND id = $2`
	lockImport   = `UPDATE import_jobs SET status = status WHERE pool_id = $1 AND id = $2 RETURNING ` + importColumns
	updateImport = `UPDATE import_jobs SET status = $3, doc = $4 WHERE pool_id = $1 AND id = $2`
	countImports = `SELECT COUNT(*) FROM import_jobs WHERE pool_id = $1`
	listImports  = `SELECT ` + importColumns + ` FROM import_jobs WHERE pool_id = $1 AND (created_ms, id) < ($2, $3)
		ORDER BY created_ms DESC, id DESC LIMIT CAST($4 AS BIGINT)`
	staleImports = `SELECT ` + importColumns + ` FROM import_jobs WHERE status = $1 AND created_ms <= $2 ORDER BY created_ms LIMIT 100`

	beginRunning  = `INSERT INTO import_running (slot, pool_id, job_id, owner, lease_ms) VALUES (1, $1, $2, '', 0) ON CONFLICT DO NOTHING`
	endRunning    = `DELETE FROM import_running WHERE slot = 1 AND pool_id = $1 AND job_id = $2`
	selectRunning = `SELECT pool_id FROM import_running WHERE slot = 1 AND pool_id = $1`
	dueRunning    = `SELECT job_id FROM import_running WHERE slot = 1 AND (owner = $1 OR lease_ms <= $2)`
	leaseRunning  = `UPDATE import_running SET owner = $1, lease_ms = $2 WHERE slot = 1 AND (owner = $1 OR lease_ms <= $3) RETURNING pool_id, job_id`
	voidRunning   = `UPDATE import_running SET lease_ms = 0 WHERE slot = 1 AND ($1 = '' OR owner = $1)`
)

func scanImport(s scanner) (*ImportJob, error) {
	var j ImportJob
	var created int64
	var status, doc string
	if err := s.Scan(&j.PoolID, &j.ID, &created, &status, &doc); err != nil {
		return nil, err
	}
	j.CreatedAt, j.Status = fromMS(created), api.UserImportJobStatusType(status)
	if err := json.Unmarshal([]byte(doc), &j.Details); err != nil {
		return nil, fmt.Errorf("read import job %s: %w", j.ID, err)
	}
	return &j, nil
}

func (j *ImportJob) doc() (string, error) {
	doc, err := json.Marshal(j.Details)
	if err != nil {
		return "", fmt.Errorf("write import job %s: %w", j.ID, err)
	}
	return string(doc), nil
}

// InsertImportJob adds a job.
func (tx *Tx) InsertImportJob(ctx context.Context, j *ImportJob) error {
	doc, err := j.doc()
	if err != nil {
		return err
	}
	if _, err := tx.change(ctx, insertImport, j.PoolID, j.ID, toMS(j.CreatedAt), string(j.Status), doc); err != nil {
		return fmt.Errorf("insert import job %s: %w", j.ID, err)
	}
	return nil
}

// ImportJob answers ResourceNotFoundException when the pool has no such job.
func (tx *Tx) ImportJob(ctx context.Context, poolID, id string) (*ImportJob, error) {
	return foundImport(id)(one(ctx, tx, scanImport, selectImport, poolID, id))
}

// LockImportJob is ImportJob, and nobody else changes the job until the
// transaction ends.
func (tx *Tx) LockImportJob(ctx context.Context, poolID, id string) (*ImportJob, error) {
	return foundImport(id)(changeOne(ctx, tx, scanImport, lockImport, poolID, id))
}

func foundImport(id string) func(*ImportJob, bool, error) (*ImportJob, error) {
	return func(j *ImportJob, found bool, err error) (*ImportJob, error) {
		switch {
		case err != nil:
			return nil, fmt.Errorf("load import job %s: %w", id, err)
		case !found:
			return nil, api.ResourceNotFoundException("User import job %s does not exist.", id)
		}
		return j, nil
	}
}

// SaveImportJob writes a job that was locked in this transaction.
func (tx *Tx) SaveImportJob(ctx context.Context, j *ImportJob) error {
	doc, err := j.doc()
	if err != nil {
		return err
	}
	if _, err := tx.change(ctx, updateImport, j.PoolID, j.ID, string(j.Status), doc); err != nil {
		return fmt.Errorf("save import job %s: %w", j.ID, err)
	}
	return nil
}

// CountImportJobs tells how many jobs a pool has had.
func (tx *Tx) CountImportJobs(ctx context.Context, poolID string) (int64, error) {
	n, _, err := one(ctx, tx, scanInt, countImports, poolID)
	if err != nil {
		return 0, fmt.Errorf("count import jobs: %w", err)
	}
	return n, nil
}

// ListImportJobs lists the jobs of a pool that are older than the one given, the
// newest first.
func (tx *Tx) ListImportJobs(ctx context.Context, poolID string, before time.Time, beforeID string, limit int) ([]*ImportJob, error) {
	jobs, err := many(ctx, tx, scanImport, listImports, poolID, toMS(before), beforeID, limit)
	if err != nil {
		return nil, fmt.Errorf("list import jobs: %w", err)
	}
	return jobs, nil
}

// StaleImportJobs gives some of the jobs that were made before a time and never
// started, the oldest first.
func (tx *Tx) StaleImportJobs(ctx context.Context, madeBefore time.Time) ([]*ImportJob, error) {
	jobs, err := many(ctx, tx, scanImport, staleImports, string(api.UserImportJobStatusTypeCreated), toMS(madeBefore))
	if err != nil {
		return nil, fmt.Errorf("find import jobs that were not started: %w", err)
	}
	return jobs, nil
}

// BeginImport makes a job the one that runs; false means that another one does.
func (tx *Tx) BeginImport(ctx context.Context, poolID, id string) (bool, error) {
	n, err := tx.change(ctx, beginRunning, poolID, id)
	if err != nil {
		return false, fmt.Errorf("begin import job %s: %w", id, err)
	}
	return n == 1, nil
}

// EndImport lets another job run.
func (tx *Tx) EndImport(ctx context.Context, poolID, id string) error {
	if _, err := tx.change(ctx, endRunning, poolID, id); err != nil {
		return fmt.Errorf("end import job %s: %w", id, err)
	}
	return nil
}

// Importing reports whether a job of the pool runs.
func (tx *Tx) Importing(ctx context.Context, poolID string) (bool, error) {
	_, found, err := one(ctx, tx, scanString, selectRunning, poolID)
	if err != nil {
		return false, fmt.Errorf("look for a running import job: %w", err)
	}
	return found, nil
}

// ImportDue reports whether LeaseImport would find something. It reads only.
func (tx *Tx) ImportDue(ctx context.Context, owner string, now time.Time) (bool, error) {
	_, found, err := one(ctx, tx, scanString, dueRunning, owner, toMS(now))
	if err != nil {
		return false, fmt.Errorf("look for an import job: %w", err)
	}
	return found, nil
}

// LeaseImport takes the running job, or keeps it, for the length of the lease, and
// answers it locked. It is nil when none runs, or when it is somebody else's.
func (tx *Tx) LeaseImport(ctx context.Context, owner string, now time.Time, lease time.Duration) (*ImportJob, error) {
	type key struct{ poolID, id string }
	k, found, err := changeOne(ctx, tx, func(s scanner) (k key, err error) {
		err = s.Scan(&k.poolID, &k.id)
		return k, err
	}, leaseRunning, owner, toMS(now.Add(lease)), toMS(now))
	if err != nil {
		return nil, fmt.Errorf("lease import job: %w", err)
	}
	if !found {
		return nil, nil
	}
	return tx.LockImportJob(ctx, k.poolID, k.id)
}

// VoidImportLease ends the lease of an owner, or of whoever has it where the owner
// is empty.
func (tx *Tx) VoidImportLease(ctx context.Context, owner string) error {
	if _, err := tx.change(ctx, voidRunning, owner); err != nil {
		return fmt.Errorf("end the lease of an import job: %w", err)
	}
	return nil
}

// pieceRow names one piece of a file, for sealing.
func pieceRow(poolID, jobID, upload string, n int64) string {
	return rowID(poolID, jobID, upload, strconv.FormatInt(n, 10))
}
