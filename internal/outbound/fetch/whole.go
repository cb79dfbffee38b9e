package fetch

import (
	"bytes"
	"io"
	"net/http"
)

// Whole reads each answer before its caller, an AWS SDK, sees it. The SDK closes
// the body of its request as soon as it has the head of the answer; when the
// server was so quick that the transport is not yet done with that body, the
// transport drops the connection, and the rest of a long answer with it.
type Whole struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (w Whole) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := w.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}
