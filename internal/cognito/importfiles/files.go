package importfiles

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"cognate/internal/api"
	"cognate/internal/store"
)

// Path is below which files are put, with the pool and the job behind it.
const Path = "/_cognate/imports/"

const (
	// uploadWithin is how long the address of a new job is good.
	uploadWithin = 15 * time.Minute
	// MaxFile is the largest file in bytes (spec/users-and-pools.md §19).
	MaxFile = 100 << 20
	// pieceSize is short enough for one transaction beside others.
	pieceSize = 256 << 10
	// piecesAtOnce is how many pieces one transaction removes.
	piecesAtOnce = 16
	// cleanUp bounds removing the pieces of an upload that was cut off.
	cleanUp = 10 * time.Second
)

// What Check and Receive say to a file that is not taken.
var (
	ErrSignature = errors.New("the address was not made by this server")
	ErrExpired   = errors.New("the address has expired")
	ErrTooLarge  = errors.New("the file is larger than allowed")
	ErrStarted   = errors.New("the job takes no file any more")
)

// Uploads is where the files of jobs come in. All fields but the last are set.
type Uploads struct {
	DB        *store.DB
	Now       func() time.Time
	Key       []byte // signs addresses; the same on every node
	PublicURL string

	// MaxFile replaces the constant of that name when it is not 0.
	MaxFile int64
}

// URL is the address that takes the file of a job. It is the same whenever it is
// asked for.
func (u *Uploads) URL(j *store.ImportJob) string {
	expires := j.CreatedAt.Add(uploadWithin).Unix()
	query := url.Values{"expires": {strconv.FormatInt(expires, 10)}, "signature": {hex.EncodeToString(u.sign(j.PoolID, j.ID, expires))}}
	return u.PublicURL + Path + j.PoolID + "/" + j.ID + "?" + query.Encode()
}

func (u *Uploads) sign(poolID, jobID string, expires int64) []byte {
	mac := hmac.New(sha256.New, u.Key)
	fmt.Fprintf(mac, "%s\n%s\n%d", poolID, jobID, expires) // never fails
	return mac.Sum(nil)
}

// Check judges the address of a request: nil, ErrSignature or ErrExpired.
func (u *Uploads) Check(poolID, jobID string, query url.Values) error {
	expires, err := strconv.ParseInt(query.Get("expires"), 10, 64)
	if err != nil {
		return ErrSignature
	}
	given, err := hex.DecodeString(query.Get("signature"))
	switch {
	case err != nil, !hmac.Equal(given, u.sign(poolID, jobID, expires)):
		return ErrSignature
	case u.Now().Unix() >= expires:
		return ErrExpired
	}
	return nil
}

// Receive reads the file of a job whose address was checked, and keeps it in the
// place of one that was there. Besides ErrTooLarge and ErrStarted the error may be
// one of reading, ResourceNotFoundException, or one of the database.
func (u *Uploads) Receive(ctx context.Context, poolID, jobID string, body io.Reader) error {
	job := &store.ImportJob{PoolID: poolID, ID: jobID}
	file, err := u.keep(ctx, job, body)
	useless := file.upload
	if err == nil {
		var before string
		if before, err = u.adopt(ctx, job, file); err == nil {
			useless = before
		}
	}
	if useless != "" {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUp)
		defer cancel()
		err = errors.Join(err, Drop(ctx, u.DB, job, useless))
	}
	return err
}

// file is what became of a body.
type file struct {
	upload      string
	size, lines int64
}

// keep writes a body down in pieces, each in a transaction of its own.
func (u *Uploads) keep(ctx context.Context, job *store.ImportJob, body io.Reader) (file, error) {
	f := file{upload: uuid.NewString()}
	piece := make([]byte, pieceSize)
	last := byte('\n')
	for n := int64(0); ; n++ {
		size, ended, err := fill(piece, body)
		if err != nil {
			return f, fmt.Errorf("receive the file of %s: %w", job.ID, err)
		}
		if f.size += int64(size); f.size > cmp.Or(u.MaxFile, MaxFile) {
			return f, ErrTooLarge
		}
		if got := piece[:size]; len(got) > 0 {
			f.lines += int64(bytes.Count(got, []byte{'\n'}))
			last = got[len(got)-1]
			if err := u.keepPiece(ctx, job, f.upload, n, got); err != nil {
				return f, err
			}
		}
		if ended {
			break
		}
	}
	if last != '\n' {
		f.lines++
	}
	return f, nil
}

// fill reads until a piece is full or the body has ended. Unlike io.ReadFull it tells
// that end from io.ErrUnexpectedEOF, which a body gives whose client has gone.
func fill(piece []byte, body io.Reader) (size int, ended bool, err error) {
	for size < len(piece) && err == nil {
		var n int
		n, err = body.Read(piece[size:])
		size += n
	}
	if errors.Is(err, io.EOF) {
		return size, true, nil
	}
	return size, false, err
}

// keepPiece adds one piece while the job still waits for its file.
func (u *Uploads) keepPiece(ctx context.Context, job *store.ImportJob, upload string, n int64, piece []byte) error {
	_, err := store.Write(ctx, u.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		known, err := tx.ImportJob(ctx, job.PoolID, job.ID)
		if err != nil {
			return struct{}{}, err
		}
		if known.Status != api.UserImportJobStatusTypeCreated {
			return struct{}{}, ErrStarted
		}
		return struct{}{}, tx.AddImportPiece(ctx, job, upload, n, piece)
	})
	return err
}

// adopt makes a complete file the job's, and tells which upload it had before.
func (u *Uploads) adopt(ctx context.Context, job *store.ImportJob, f file) (before string, err error) {
	return store.Write(ctx, u.DB, func(ctx context.Context, tx *store.Tx) (string, error) {
		known, err := tx.LockImportJob(ctx, job.PoolID, job.ID)
		if err != nil {
			return "", err
		}
		if known.Status != api.UserImportJobStatusTypeCreated {
			return "", ErrStarted
		}
		before := known.Details.Upload
		known.Details.Upload, known.Details.Size, known.Details.Lines = f.upload, f.size, f.lines
		return before, tx.SaveImportJob(ctx, known)
	})
}

// Drop removes an upload of a job, some pieces at a time.
func Drop(ctx context.Context, db *store.DB, job *store.ImportJob, upload string) error {
	for {
		n, err := store.Write(ctx, db, func(ctx context.Context, tx *store.Tx) (int64, error) {
			return tx.DropImportPieces(ctx, job.PoolID, job.ID, upload, piecesAtOnce)
		})
		if err != nil || n < piecesAtOnce {
			return err
		}
	}
}

// Reader reads the file of a job from the database, from an offset in bytes on. It
// holds one piece at a time, and lives as long as ctx.
func Reader(ctx context.Context, db *store.DB, job *store.ImportJob, offset int64) io.Reader {
	return &pieces{ctx: ctx, db: db, job: job, offset: offset}
}

type pieces struct {
	ctx    context.Context //nolint:containedctx // of the one reading
	db     *store.DB
	job    *store.ImportJob
	offset int64
	rest   []byte
}

func (p *pieces) Read(into []byte) (int, error) {
	if len(p.rest) == 0 {
		if p.offset >= p.job.Details.Size {
			return 0, io.EOF
		}
		piece, err := store.Read(p.ctx, p.db, func(ctx context.Context, tx *store.Tx) ([]byte, error) {
			return tx.ImportPiece(ctx, p.job, p.offset/pieceSize)
		})
		if err != nil {
			return 0, err
		}
		skip := p.offset % pieceSize
		if skip >= int64(len(piece)) {
			return 0, fmt.Errorf("read the file of %s: piece %d is too short", p.job.ID, p.offset/pieceSize)
		}
		p.rest = piece[skip:]
	}
	n := copy(into, p.rest)
	p.rest, p.offset = p.rest[n:], p.offset+int64(n)
	return n, nil
}
