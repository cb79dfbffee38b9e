package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

const (
	insertPiece  = `INSERT INTO import_pieces (pool_id, job_id, upload, n, created_ms, piece) VALUES ($1, $2, $3, $4, $5, $6)`
	selectPiece  = `SELECT piece FROM import_pieces WHERE pool_id = $1 AND job_id = $2 AND upload = $3 AND n = $4`
	deletePieces = `DELETE FROM import_pieces WHERE (pool_id, job_id, upload, n) IN
		(SELECT pool_id, job_id, upload, n FROM import_pieces WHERE pool_id = $1 AND job_id = $2 AND upload = $3
		ORDER BY n LIMIT CAST($4 AS BIGINT))`

	insertLog = `INSERT INTO import_log (pool_id, job_id, n, created_ms, lease_ms, entries) VALUES ($1, $2, $3, $4, 0, $5)`
	dueLog    = `SELECT job_id FROM import_log WHERE lease_ms <= $1 ORDER BY created_ms LIMIT 1`
	leaseLog  = `UPDATE import_log SET lease_ms = $1 WHERE lease_ms <= $2 AND (pool_id, job_id, n) IN
		(SELECT pool_id, job_id, n FROM import_log WHERE lease_ms <= $2 ORDER BY created_ms, pool_id, job_id, n LIMIT CAST($3 AS BIGINT))
		RETURNING pool_id, job_id, n, created_ms, entries`
	deleteLog = `DELETE FROM import_log WHERE pool_id = $1 AND job_id = $2 AND n = $3`
)

// AddImportPiece adds one piece of a file, counted from 0. The file holds what
// there is to know of people, and hashes of their passwords: it is sealed.
func (tx *Tx) AddImportPiece(ctx context.Context, j *ImportJob, upload string, n int64, piece []byte) error {
	sealed := tx.db.Seal("import_pieces", "piece", pieceRow(j.PoolID, j.ID, upload, n), piece)
	if _, err := tx.change(ctx, insertPiece, j.PoolID, j.ID, upload, n, toMS(tx.db.now()), sealed); err != nil {
		return fmt.Errorf("add a piece of the file of %s: %w", j.ID, err)
	}
	return nil
}

// ImportPiece reads one piece of the file of a job.
func (tx *Tx) ImportPiece(ctx context.Context, j *ImportJob, n int64) ([]byte, error) {
	sealed, found, err := one(ctx, tx, scanBytes, selectPiece, j.PoolID, j.ID, j.Details.Upload, n)
	if err == nil && !found {
		err = fmt.Errorf("piece %d is missing", n)
	}
	if err != nil {
		return nil, fmt.Errorf("read the file of %s: %w", j.ID, err)
	}
	return tx.db.Unseal("import_pieces", "piece", pieceRow(j.PoolID, j.ID, j.Details.Upload, n), sealed)
}

// DropImportPieces removes up to limit pieces of one upload of a job, and tells how
// many.
func (tx *Tx) DropImportPieces(ctx context.Context, poolID, jobID, upload string, limit int) (int64, error) {
	n, err := tx.change(ctx, deletePieces, poolID, jobID, upload, limit)
	if err != nil {
		return 0, fmt.Errorf("remove the file of %s: %w", jobID, err)
	}
	return n, nil
}

// ImportEntry is a line of a job's log.
type ImportEntry struct {
	Line    int64  `json:"l,omitzero"` // of the file, counted from 1; 0: about the whole job
	Outcome string `json:"o"`          // such as FAILED
	Text    string `json:"t"`
}

// ImportLog is what a job wrote to its log at one time.
type ImportLog struct {
	PoolID, JobID string
	N             int64 // counted from 0 in the job
	At            time.Time
	Entries       []ImportEntry
}

// AddImportLog adds entries to the log of a job that is saved afterwards.
func (tx *Tx) AddImportLog(ctx context.Context, j *ImportJob, entries []ImportEntry) error {
	if len(entries) == 0 {
		return nil
	}
	text, err := json.Marshal(entries)
	if err != nil {
		return fmt.Errorf("write log of %s: %w", j.ID, err)
	}
	if _, err := tx.change(ctx, insertLog, j.PoolID, j.ID, j.Details.Logged, toMS(tx.db.now()), string(text)); err != nil {
		return fmt.Errorf("write log of %s: %w", j.ID, err)
	}
	j.Details.Logged++
	return nil
}

// ImportLogsDue reports whether LeaseImportLogs would find something. It reads
// only.
func (tx *Tx) ImportLogsDue(ctx context.Context, now time.Time) (bool, error) {
	_, found, err := one(ctx, tx, scanString, dueLog, toMS(now))
	if err != nil {
		return false, fmt.Errorf("look for logs of import jobs: %w", err)
	}
	return found, nil
}

// LeaseImportLogs takes up to limit logs that wait to be delivered, in order, and
// hides them from everybody else for the length of the lease.
func (tx *Tx) LeaseImportLogs(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]ImportLog, error) {
	if !tx.writable {
		return nil, errReadOnly
	}
	logs, err := many(ctx, tx, func(s scanner) (ImportLog, error) {
		var l ImportLog
		var created int64
		var entries string
		if err := s.Scan(&l.PoolID, &l.JobID, &l.N, &created, &entries); err != nil {
			return l, err
		}
		l.At = fromMS(created)
		return l, json.Unmarshal([]byte(entries), &l.Entries)
	}, leaseLog, toMS(now.Add(lease)), toMS(now), limit)
	if err != nil {
		return nil, fmt.Errorf("lease logs of import jobs: %w", err)
	}
	slices.SortFunc(logs, func(a, b ImportLog) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.PoolID, b.PoolID), cmp.Compare(a.JobID, b.JobID), cmp.Compare(a.N, b.N))
	})
	return logs, nil
}

// DropImportLog removes a log that was delivered.
func (tx *Tx) DropImportLog(ctx context.Context, l ImportLog) error {
	if _, err := tx.change(ctx, deleteLog, l.PoolID, l.JobID, l.N); err != nil {
		return fmt.Errorf("remove log of %s: %w", l.JobID, err)
	}
	return nil
}
