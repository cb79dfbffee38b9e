package uploads

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/importfiles"
)

// put sends a file to a door whose parts answer as given.
func put(t *testing.T, check, receive error, change func(*http.Request)) (answer *httptest.ResponseRecorder, got string) {
	t.Helper()
	mux := http.NewServeMux()
	door := &Door{
		Check: func(poolID, jobID string, query url.Values) error {
			if poolID != "us-east-1_a" || jobID != "import-b" || query.Get("signature") != "c" {
				t.Errorf("asked for %s, %s, %v", poolID, jobID, query)
			}
			return check
		},
		Receive: func(_ context.Context, poolID, jobID string, body io.Reader) error {
			if poolID != "us-east-1_a" || jobID != "import-b" {
				t.Errorf("received for %s, %s", poolID, jobID)
			}
			text, err := io.ReadAll(body)
			got = string(text)
			return errors.Join(err, receive)
		},
		Clock: func() time.Time { return time.Unix(1, 0) }, Log: slog.New(slog.DiscardHandler),
	}
	door.Register(mux)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, importfiles.Path+"us-east-1_a/import-b?signature=c", strings.NewReader("a,b\n"))
	if change != nil {
		change(r)
	}
	answer = httptest.NewRecorder()
	mux.ServeHTTP(answer, r)
	return answer, got
}

func TestAFileIsTaken(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"", "aws:kms"} {
		answer, got := put(t, nil, nil, func(r *http.Request) { r.Header.Set("x-amz-server-side-encryption", header) })
		if answer.Code != http.StatusOK || got != "a,b\n" || answer.Body.Len() != 0 {
			t.Errorf("%d %s, got %q", answer.Code, answer.Body, got)
		}
	}
}

func TestRefusalsAreThoseOfTheStorageService(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name           string
		check, receive error
		change         func(*http.Request)
		status         int
		code           string
	}{
		{"forged", importfiles.ErrSignature, nil, nil, 403, "SignatureDoesNotMatch"},
		{"old", importfiles.ErrExpired, nil, nil, 403, "AccessDenied"},
		{"other encryption", nil, nil, func(r *http.Request) { r.Header.Set("x-amz-server-side-encryption", "AES256") }, 400, "InvalidArgument"},
		{"announced too large", nil, nil, func(r *http.Request) { r.ContentLength = importfiles.MaxFile + 1 }, 400, "EntityTooLarge"},
		{"too large", nil, fmt.Errorf("keep: %w", importfiles.ErrTooLarge), nil, 400, "EntityTooLarge"},
		{"started", nil, errors.Join(importfiles.ErrStarted, nil), nil, 403, "AccessDenied"},
		{"gone", nil, api.ResourceNotFoundException("gone"), nil, 403, "AccessDenied"},
		{"slow", nil, errSlow, nil, 400, "RequestTimeout"},
		{"cut off", nil, fmt.Errorf("receive: %w", io.ErrUnexpectedEOF), nil, 400, "RequestTimeout"},
		{"broken", nil, errors.New("disk: secret detail"), nil, 500, "InternalError"},
	} {
		answer, _ := put(t, test.check, test.receive, test.change)
		body := answer.Body.String()
		if answer.Code != test.status || !strings.Contains(body, "<Error><Code>"+test.code+"</Code><Message>") || strings.Contains(body, "secret") ||
			answer.Header().Get("Content-Type") != "application/xml" || answer.Header().Get("Connection") != "close" {
			t.Errorf("%s: %d %v %s", test.name, answer.Code, answer.Header(), body)
		}
	}
}

func TestOnlyPutIsServed(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		answer, _ := put(t, nil, nil, func(r *http.Request) { r.Method = method })
		if answer.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, answer.Code)
		}
	}
}

// A client may be slow, but not so slow that its connection is held for ever.
func TestUploadsThatTrickleAreCutOff(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000, 0)
	body := &timed{
		body: strings.NewReader(strings.Repeat("x", 1<<20)), c: http.NewResponseController(httptest.NewRecorder()),
		clock: func() time.Time { return now }, began: now,
	}
	read := func(n int, after time.Duration) error {
		now = now.Add(after)
		_, err := body.Read(make([]byte, n))
		return err
	}
	if err := errors.Join(read(1, 29*time.Second), read(100*slowest, time.Second), read(1, 99*time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := read(1, 31*time.Second); !errors.Is(err, errSlow) {
		t.Errorf("got %v", err)
	}
}
