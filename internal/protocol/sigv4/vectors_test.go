package sigv4_test

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cognate/internal/protocol/sigv4"
)

// The vectors are requests of AWS's published test suite for Signature
// Version 4, as signed there: the signatures are AWS's, not ours.
const (
	suiteKeyID  = "AKIDEXAMPLE"
	suiteSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	suiteToken  = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
)

var suiteTime = time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)

// readVector reads a request of testdata by hand: net/http would refuse or
// rewrite some of the paths that the suite has on purpose.
func readVector(t *testing.T, path string) sigv4.Request {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewReader(f)
	line := func() string {
		s, err := in.ReadString('\n')
		if err != nil && err != io.EOF {
			t.Fatal(err)
		}
		return strings.TrimSuffix(s, "\n")
	}
	first := line()
	method, rest, _ := strings.Cut(first, " ")
	target := strings.TrimSuffix(rest, " HTTP/1.1")
	r := sigv4.Request{Method: method, Header: http.Header{}}
	r.Path, r.RawQuery, _ = strings.Cut(target, "?")
	for {
		name, value, ok := strings.Cut(line(), ":")
		if !ok {
			break
		}
		if strings.EqualFold(name, "host") {
			r.Host = value
			continue
		}
		r.Header.Add(name, value)
	}
	body, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	r.Body = body
	return r
}

func TestS134PublishedVectorsVerify(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/vectors/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d vectors (%v), want at least 20", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			r := readVector(t, file)
			options := sigv4.Options{Service: "service", Now: suiteTime, Skew: 5 * time.Minute}
			claim, err := sigv4.Parse(r, options)
			if err != nil {
				t.Fatalf("Parse: %v", err)
			}
			if claim.AccessKeyID != suiteKeyID || claim.Region != "us-east-1" || !claim.Date.Equal(suiteTime) {
				t.Errorf("claim = %s %s %v", claim.AccessKeyID, claim.Region, claim.Date)
			}
			key := sigv4.Key{Secret: suiteSecret}
			if strings.Contains(file, "session-token") {
				key.SessionToken = suiteToken
			}
			if err := claim.Verify(key, true, suiteTime); err != nil {
				t.Errorf("Verify: %v", err)
			}
			key.Secret += "x"
			if err := claim.Verify(key, true, suiteTime); err == nil {
				t.Error("another secret verifies too")
			}
		})
	}
}
