package security_test

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"cognate/internal/testlog"
)

// logs keeps what a server logs.
type logs struct{ testlog.Log }

// logger is as serve makes it where no terminal is, with everything logged.
func (l *logs) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// call calls an operation that must succeed over a connection of its own.
func (w wire) call(t *testing.T, operation string, in doc) doc {
	t.Helper()
	answers, _ := w.say(t, call(operation, encode(t, in), lastRequest))
	if len(answers) != 1 || answers[0].StatusCode != http.StatusOK {
		t.Fatalf("%s: %v", operation, answers)
	}
	return decode(t, bodyOf(t, answers[0]))
}

func bodyOf(t *testing.T, answer *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// scrape reads the page of metrics.
func (w wire) scrape(t *testing.T) string {
	t.Helper()
	w.address = w.metrics
	answers, _ := w.say(t, "GET /metrics HTTP/1.1\r\nHost: "+w.metrics+"\r\n"+lastRequest+"\r\n")
	if len(answers) != 1 || answers[0].StatusCode != http.StatusOK {
		t.Fatalf("metrics: %v", answers)
	}
	return strings.ReplaceAll(bodyOf(t, answers[0]), "\r", "")
}
