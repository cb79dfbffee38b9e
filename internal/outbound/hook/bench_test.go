package hook

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// BenchmarkHTTP is what a function over HTTP on loopback adds to a request, the
// function's own time aside.
func BenchmarkHTTP(b *testing.B) {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
	defer target.Close()
	f, err := New(Config{
		Functions: []string{"greet=" + target.URL},
		Secrets:   func(context.Context) ([][]byte, error) { return [][]byte{[]byte("secret")}, nil },
		Now:       func() time.Time { return noon },
	})
	if err != nil {
		b.Fatal(err)
	}
	event := []byte(`{"version":"1","region":"us-east-1","request":{"userAttributes":{"email":"ana@example.com"}},"response":{}}`)
	for b.Loop() {
		if _, _, err := f.Invoke(b.Context(), Call{ARN: arn, Event: event}); err != nil {
			b.Fatal(err)
		}
	}
}
