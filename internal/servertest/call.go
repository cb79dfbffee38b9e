package servertest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"cognate/internal/api"
)

// Answer is an HTTP answer read whole.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// ErrorType gives the __type of an error answer, or nothing.
func (a Answer) ErrorType() string {
	var e struct {
		Type string `json:"__type"`
	}
	_ = json.Unmarshal([]byte(a.Body), &e) // not JSON: no type
	return e.Type
}

// Message gives the message of an error answer, or nothing.
func (a Answer) Message() string {
	var e struct {
		Message string `json:"message"`
	}
	_ = json.Unmarshal([]byte(a.Body), &e)
	return e.Message
}

// Call posts a body to an operation as it is, signed with the root key when
// the operation needs a signature.
func (s *Server) Call(t testing.TB, operation, body string) Answer {
	t.Helper()
	r := s.NewRequest(t, operation, body)
	if o := api.Operations[operation]; o != nil && o.Access == api.Signed {
		s.Sign(t, r, body)
	}
	return s.Do(t, r)
}

// NewRequest makes the unsigned request of a call.
func (s *Server) NewRequest(t testing.TB, operation, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/", bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", api.TargetPrefix+"."+operation)
	return r
}

// Sign signs a request with the root key at the server's time.
func (s *Server) Sign(t testing.TB, r *http.Request, body string) {
	t.Helper()
	sum := sha256.Sum256([]byte(body))
	err := v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: RootAccessKeyID, SecretAccessKey: RootSecretAccessKey},
		r, hex.EncodeToString(sum[:]), "cognito-idp", s.Region, s.Now())
	if err != nil {
		t.Fatal(err)
	}
}

// Do sends a request and reads the answer.
func (s *Server) Do(t testing.TB, r *http.Request) Answer {
	t.Helper()
	answer, err := s.HTTP.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Answer{answer.StatusCode, answer.Header, string(body)}
}
