package credentials_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"cognate/internal/servertest"
)

// newRole makes a role and gives its ARN.
func newRole(t *testing.T, s *servertest.Server, trust, policy string) string {
	t.Helper()
	arn := "arn:aws:iam::" + account + ":role/role-" + uuid.NewString()
	putRole(t, s, arn, trust, policy)
	return arn
}

// putRole makes or replaces a role as `cognate role put` does.
func putRole(t *testing.T, s *servertest.Server, arn, trust, policy string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"name": nameOf(arn), "trust": trust, "policies": []string{policy}})
	if err != nil {
		t.Fatal(err)
	}
	operate(t, s, http.MethodPut, "/_cognate/v1/roles", string(body))
}

// removeRole removes a role as `cognate role rm` does.
func removeRole(t *testing.T, s *servertest.Server, arn string) {
	t.Helper()
	operate(t, s, http.MethodDelete, "/_cognate/v1/roles/"+url.PathEscape(nameOf(arn)), "")
}

func nameOf(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// operate signs a request with the first administrator's key.
func operate(t *testing.T, s *servertest.Server, method, path, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Cognate-Control", "1")
	s.Sign(t, r, body)
	answer, err := s.HTTP.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s: %s", method, path, answer.Status, text)
	}
}
