// Package uploads is the door for the files of import jobs: PUT at a signed address,
// as curl -T does it towards the service (spec/users-and-pools.md §19). Where files
// go, and which addresses are good, is the business of cognito/importfiles; refusals are
// in the XML of the storage service that clients believe to talk to.
package uploads

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/importfiles"
)

const (
	encryptionHeader = "X-Amz-Server-Side-Encryption"
	encryption       = "aws:kms"
	// stepTime is how long a client may take for one read of the body, and for
	// taking the answer: the server's own limits are for short requests.
	stepTime = 30 * time.Second
	// slowest is the rate in bytes a second below which an upload is cut off.
	slowest = 4 << 10
)

// Door takes files. All fields are set.
type Door struct {
	// Check judges an address, and Receive keeps the body: those of importfiles.Uploads.
	Check   func(poolID, jobID string, query url.Values) error
	Receive func(ctx context.Context, poolID, jobID string, body io.Reader) error
	// Clock is that of the machine: deadlines of connections do not follow the
	// service's.
	Clock func() time.Time
	Log   *slog.Logger
}

// Register puts the door where the addresses of jobs lead.
func (d *Door) Register(mux *http.ServeMux) {
	mux.HandleFunc("PUT "+importfiles.Path+"{pool}/{job}", d.put)
}

func (d *Door) put(w http.ResponseWriter, r *http.Request) {
	pool, job := r.PathValue("pool"), r.PathValue("job")
	if err := d.Check(pool, job, r.URL.Query()); err != nil {
		d.refuse(w, r, err)
		return
	}
	if asked := r.Header.Get(encryptionHeader); asked != "" && asked != encryption {
		answer(w, http.StatusBadRequest, "InvalidArgument", "The encryption method specified is not supported")
		return
	}
	if r.ContentLength > importfiles.MaxFile {
		d.refuse(w, r, importfiles.ErrTooLarge)
		return
	}
	body := &timed{body: r.Body, c: http.NewResponseController(w), clock: d.Clock, began: d.Clock()}
	if err := d.Receive(r.Context(), pool, job, body); err != nil {
		d.refuse(w, r, err)
		return
	}
	w.Header().Set(encryptionHeader, encryption)
	w.WriteHeader(http.StatusOK)
}

// refuse answers in the words of the storage service.
func (d *Door) refuse(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, importfiles.ErrSignature):
		answer(w, http.StatusForbidden, "SignatureDoesNotMatch",
			"The request signature we calculated does not match the signature you provided. Check your key and signing method.")
	case errors.Is(err, importfiles.ErrExpired):
		answer(w, http.StatusForbidden, "AccessDenied", "Request has expired")
	case errors.Is(err, importfiles.ErrStarted), api.HasCode(err, "ResourceNotFoundException"):
		answer(w, http.StatusForbidden, "AccessDenied", "Access Denied")
	case errors.Is(err, importfiles.ErrTooLarge):
		answer(w, http.StatusBadRequest, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
	case errors.Is(err, errSlow), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, io.ErrUnexpectedEOF), r.Context().Err() != nil:
		answer(w, http.StatusBadRequest, "RequestTimeout", "Your socket connection to the server was not read from or written to within the timeout period.")
	default:
		d.Log.LogAttrs(r.Context(), slog.LevelError, "file of an import job not kept", slog.String("job", r.PathValue("job")), slog.Any("error", err))
		answer(w, http.StatusInternalServerError, "InternalError", "We encountered an internal error. Please try again.")
	}
}

// answer writes the XML of a refusal. The rest of a body is not read: the
// connection ends.
func answer(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Connection", "close")
	w.WriteHeader(status)
	type refusal struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}
	_, _ = io.WriteString(w, xml.Header) // the client may have gone
	_ = xml.NewEncoder(w).Encode(refusal{Code: code, Message: message})
}

// errSlow ends an upload that trickles.
var errSlow = errors.New("the upload is too slow")

// timed gives each read of a body time of its own, as long as the whole does not
// take too long for what has come.
type timed struct {
	body  io.Reader
	c     *http.ResponseController
	clock func() time.Time
	began time.Time
	got   int64
}

func (t *timed) Read(p []byte) (int, error) {
	now := t.clock()
	if now.Sub(t.began) > stepTime+time.Duration(t.got/slowest)*time.Second {
		return 0, errSlow
	}
	// Not every ResponseWriter has deadlines to move.
	err := errors.Join(t.c.SetReadDeadline(now.Add(stepTime)), t.c.SetWriteDeadline(now.Add(2*stepTime)))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	n, err := t.body.Read(p)
	t.got += int64(n)
	return n, err
}
