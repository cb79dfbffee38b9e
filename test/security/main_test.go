// Package security_test attacks the whole server from outside, as
// spec/security.md describes row by row; the number of the row is in the name
// of each test. COGNATE_TEST_DB chooses the engine.
package security_test

import (
	"encoding/json"
	"slices"
	"testing"

	"cognate/internal/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

// doc is a JSON object.
type doc = map[string]any

func encode(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// do calls an operation that must succeed.
func do(t testing.TB, s *servertest.Server, operation string, in doc) doc {
	t.Helper()
	answer := s.Call(t, operation, encode(t, in))
	if answer.Status != 200 {
		t.Fatalf("%s: %d %s", operation, answer.Status, answer.Body)
	}
	if answer.Body == "" {
		return nil
	}
	return decode(t, answer.Body)
}

func decode(t testing.TB, body string) (out doc) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		t.Fatalf("%v in %.300s", err, body)
	}
	return out
}

// refused calls an operation that must be answered with one of the exceptions.
func refused(t testing.TB, s *servertest.Server, operation string, in doc, codes ...string) servertest.Answer {
	t.Helper()
	answer := s.Call(t, operation, encode(t, in))
	if answer.Status != 400 || !slices.Contains(codes, answer.ErrorType()) {
		t.Errorf("%s: %d %.300s, want %v", operation, answer.Status, answer.Body, codes)
	}
	return answer
}

// at follows names into nested objects and gives the string there.
func at(t testing.TB, d doc, path ...string) string {
	t.Helper()
	var v any = d
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			t.Fatalf("no %v in %v", path, d)
		}
		v = m[name]
	}
	s, ok := v.(string)
	if !ok {
		t.Fatalf("no string at %v in %v", path, d)
	}
	return s
}
