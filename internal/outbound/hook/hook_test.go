package hook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/freeport"
)

const arn = "arn:aws:lambda:us-east-1:123456789012:function:greet"

var noon = time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)

// functions makes Functions with one pair; change may alter the settings.
func functions(t *testing.T, pair string, change func(*Config)) *Functions {
	t.Helper()
	c := Config{
		Functions: []string{pair},
		Environ:   os.Environ,
		Secrets:   func(context.Context) ([][]byte, error) { return [][]byte{[]byte("secret")}, nil },
		Now:       func() time.Time { return noon },
		Endpoint:  "http://localhost:7665",

		AttemptTime: time.Minute, // programs start slowly on a busy machine
	}
	if pair == "" {
		c.Functions = nil
	}
	if change != nil {
		change(&c)
	}
	f, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func invoke(t *testing.T, f *Functions, event string) (string, Outcome, error) {
	t.Helper()
	answer, done, err := f.Invoke(t.Context(), Call{ARN: arn, Region: "eu-west-1", RequestID: "r1", Event: []byte(event)})
	return string(answer), done, err
}

// file writes a handler that every user of the machine may read.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func wantFunctionError(t *testing.T, err error, message string) {
	t.Helper()
	if failure, ok := errors.AsType[*FunctionError](err); !ok || failure.Message != message {
		t.Errorf("got %v, want the function's error %q", err, message)
	}
}

func wantCallError(t *testing.T, err error, code string) {
	t.Helper()
	if failure, ok := errors.AsType[*CallError](err); !ok || failure.Code != code {
		t.Errorf("got %v, want the code %q", err, code)
	}
}

func TestWithoutATargetNothingIsCalled(t *testing.T) {
	t.Parallel()
	_, _, err := invoke(t, functions(t, "", nil), `{}`)
	wantCallError(t, err, "ResourceNotFoundException")
}

func TestTheMoreExactNameWins(t *testing.T) {
	t.Parallel()
	var targets []string
	for _, name := range []string{"greet", arn, arn + ":live"} {
		target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"from":"`+name+`"}`)
		}))
		defer target.Close()
		targets = append(targets, name+"="+target.URL)
	}
	for _, c := range []struct {
		called string
		pairs  int
		want   string
	}{
		{arn + ":live", 3, arn + ":live"},
		{arn + ":live", 2, arn},
		{arn + ":live", 1, "greet"},
		{arn, 3, arn},
		{arn, 1, "greet"},
	} {
		f := functions(t, "", func(o *Config) { o.Functions = targets[:c.pairs] })
		answer, _, err := f.Invoke(t.Context(), Call{ARN: c.called, Event: []byte(`{}`)})
		if err != nil || string(answer) != `{"from":"`+c.want+`"}` {
			t.Errorf("%s with %d pairs: %s, %v", c.called, c.pairs, answer, err)
		}
	}
}

func TestSettingsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"greet", "=https://example.com", "greet=", "greet=ftp://example.com", "greet=https://", "greet=http://example.com/x",
		"greet=http://10.0.0.1/", "greet=lambda:", "greet=exec:", "greet=exec:no-such-command-here", "greet=exec:'", "greet=node:/no/such/file.js",
	} {
		if _, err := New(Config{Functions: []string{bad}, Secrets: func(context.Context) ([][]byte, error) { return nil, nil }, Now: time.Now}); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

func TestS164SignatureVector(t *testing.T) {
	t.Parallel()
	// printf '1748779200.{"a":1}' | openssl dgst -sha256 -hmac secret
	const want = "t=1748779200" +
		",v1=1201bbe4c13f5a68601d54592a1cd7099091e4d6d5c02d754b7535915252b99c" +
		",v1=ed000ad83d8c1f6301599f0ac312746abff858410857a624fafed2eaa712f452"
	if got := Sign([][]byte{[]byte("secret"), []byte("older")}, noon, []byte(`{"a":1}`)); got != want {
		t.Errorf("got %s", got)
	}
}

func TestHTTPSendsTheEventSigned(t *testing.T) {
	t.Parallel()
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for name, want := range map[string]string{
			"Content-Type":         "application/json",
			"X-Cognate-Function":   arn,
			"X-Cognate-Request-Id": "r1",
			"X-Cognate-Signature":  Sign([][]byte{[]byte("secret")}, noon, []byte(`{"n":1}`)),
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
		_, _ = w.Write(body)
	}))
	defer target.Close()
	answer, done, err := invoke(t, functions(t, "greet="+target.URL, nil), `{"n":1}`)
	if err != nil || answer != `{"n":1}` || done.Attempts != 1 || done.Target != target.URL {
		t.Errorf("%s, %+v, %v", answer, done, err)
	}
}

// TestS162HTTPAnswers is the table of what an HTTP target may answer.
func TestS162HTTPAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		status   int
		header   string
		body     string
		attempts int
		check    func(t *testing.T, err error)
	}{
		{"object", 200, "", ` {"response":{}}`, 1, nil},
		{"null", 200, "", `null`, 1, unusable},
		{"nothing", 200, "", ``, 1, unusable},
		{"list", 200, "", `[{}]`, 1, unusable},
		{"garbage", 200, "", `{"response"`, 1, unusable},
		{"two objects", 200, "", `{} {}`, 1, unusable},
		{"20 MB", 200, "", `{"a":"` + strings.Repeat("x", 20<<20) + `"}`, 1, unusable},
		{"no content", 204, "", ``, 1, unusable},
		{"redirect", 307, "", ``, 1, unusable},
		{"error header", 200, "Unhandled", `{"errorMessage":"no"}`, 1, failedWith("no")},
		{"error header without a message", 200, "Unhandled", `{}`, 1, unusable},
		{"400", 400, "", `{"errorMessage":"not you","errorType":"Error"}`, 1, failedWith("not you")},
		{"404 without a message", 404, "", `not found`, 1, unusable},
		{"500", 500, "", `{"errorMessage":"no"}`, 3, func(t *testing.T, err error) { wantCallError(t, err, "ServiceException") }},
		{"503", 503, "", ``, 3, func(t *testing.T, err error) { wantCallError(t, err, "ServiceException") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if c.header != "" {
					w.Header().Set("X-Amz-Function-Error", c.header)
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			defer target.Close()
			answer, done, err := invoke(t, functions(t, "greet="+target.URL, nil), `{}`)
			if done.Attempts != c.attempts {
				t.Errorf("%d attempts, want %d", done.Attempts, c.attempts)
			}
			if c.check == nil {
				if err != nil || answer != c.body {
					t.Errorf("%s, %v", answer, err)
				}
				return
			}
			if answer != "" {
				t.Error("an answer beside the error")
			}
			c.check(t, err)
		})
	}
}

func unusable(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, ErrUnusable) {
		t.Errorf("got %v, want ErrUnusable", err)
	}
}

func failedWith(message string) func(*testing.T, error) {
	return func(t *testing.T, err error) { wantFunctionError(t, err, message) }
}

func TestATargetThatHangsIsCalledThreeTimes(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	end := make(chan struct{})
	target := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		calls.Add(1)
		<-end
	}))
	defer target.Close()
	defer close(end)
	f := functions(t, "greet="+target.URL, func(c *Config) { c.AttemptTime = 500 * time.Millisecond })
	_, done, err := invoke(t, f, `{}`)
	wantCallError(t, err, "Socket timeout while invoking Lambda function")
	if done.Attempts != 3 || calls.Load() != 3 {
		t.Errorf("%d attempts, %d calls", done.Attempts, calls.Load())
	}
}

func TestASecondAttemptMaySucceed(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) == 1 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = io.WriteString(w, `{}`)
	}))
	defer target.Close()
	_, done, err := invoke(t, functions(t, "greet="+target.URL, nil), `{}`)
	if err != nil || done.Attempts != 2 {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestARefusedConnectionIsTriedAgain(t *testing.T) {
	t.Parallel()
	port, err := freeport.Pick(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, done, err := invoke(t, functions(t, fmt.Sprint("greet=http://127.0.0.1:", port), nil), `{}`)
	wantCallError(t, err, "ServiceException")
	if done.Attempts != 3 {
		t.Errorf("%d attempts", done.Attempts)
	}
}

func TestS160PrivateAddressesAreNotCalled(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"https://10.0.0.1/", "https://169.254.169.254/latest", "https://[fd00:ec2::254]/", "https://0.0.0.0/"} {
		_, done, err := invoke(t, functions(t, "greet="+to, nil), `{}`)
		wantCallError(t, err, "AccessDeniedException")
		if done.Attempts != 1 {
			t.Errorf("%s: %d attempts", to, done.Attempts)
		}
	}
}

func TestNothingIsCalledInsideATransaction(t *testing.T) {
	t.Parallel()
	f := functions(t, "greet=https://example.com", func(c *Config) { c.InWrite = func(context.Context) bool { return true } })
	if _, _, err := invoke(t, f, `{}`); !errors.Is(err, ErrInWrite) {
		t.Errorf("got %v", err)
	}
}

func TestAsynchronousCallsNeedNoAnswer(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 202, 204} {
		target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		_, _, err := functions(t, "greet="+target.URL, nil).Invoke(t.Context(), Call{ARN: arn, Event: []byte(`{}`), Async: true})
		if err != nil {
			t.Errorf("%d: %v", status, err)
		}
		target.Close()
	}
}

// lambdaEndpoint plays the Lambda Invoke API.
func lambdaEndpoint(t *testing.T, serve func(w http.ResponseWriter, kind string, event []byte)) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/2015-03-31/functions/"+arn+"/invocations") {
			t.Errorf("path %s", r.URL.Path)
		}
		if !strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/lambda/aws4_request") {
			t.Errorf("signed with %s", r.Header.Get("Authorization"))
		}
		body, _ := io.ReadAll(r.Body)
		serve(w, r.Header.Get("X-Amz-Invocation-Type"), body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestLambdaEndpoint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		serve    func(w http.ResponseWriter)
		attempts int
		check    func(*testing.T, error)
	}{
		{"answer", func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"response":{}}`) }, 1, nil},
		{"thrown", func(w http.ResponseWriter) {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
			_, _ = io.WriteString(w, `{"errorMessage":"not today","errorType":"Error","trace":[]}`)
		}, 1, failedWith("not today")},
		{"unknown", awsError(404, "ResourceNotFoundException"), 1, func(t *testing.T, err error) { wantCallError(t, err, "ResourceNotFoundException") }},
		{"denied", awsError(403, "AccessDeniedException"), 1, func(t *testing.T, err error) { wantCallError(t, err, "AccessDeniedException") }},
		{"conflict", awsError(409, "ResourceConflictException"), 1, func(t *testing.T, err error) { wantCallError(t, err, "ResourceConflictException") }},
		{"broken", awsError(500, "ServiceException"), 3, func(t *testing.T, err error) { wantCallError(t, err, "ServiceException") }},
		{"null", func(w http.ResponseWriter) { _, _ = io.WriteString(w, `null`) }, 1, unusable},
		{"20 MB", func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", strconv.Itoa(20<<20))
			_, _ = w.Write(bytes.Repeat([]byte("x"), 20<<20))
		}, 1, unusable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := lambdaEndpoint(t, func(w http.ResponseWriter, kind string, event []byte) {
				if kind != "RequestResponse" || string(event) != `{"n":1}` {
					t.Errorf("%s %s", kind, event)
				}
				c.serve(w)
			})
			answer, done, err := invoke(t, functions(t, "", func(o *Config) { o.LambdaEndpoint = url }), `{"n":1}`)
			if done.Attempts != c.attempts {
				t.Errorf("%d attempts", done.Attempts)
			}
			if c.check != nil {
				c.check(t, err)
				return
			}
			if err != nil || answer != `{"response":{}}` {
				t.Errorf("%s, %v", answer, err)
			}
		})
	}
}

func awsError(status int, code string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("X-Amzn-ErrorType", code)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"Message":"no"}`)
	}
}

func TestLambdaEndpointTakesSendersAsEvents(t *testing.T) {
	t.Parallel()
	url := lambdaEndpoint(t, func(w http.ResponseWriter, kind string, _ []byte) {
		if kind != "Event" {
			t.Errorf("kind %s", kind)
		}
		w.WriteHeader(http.StatusAccepted)
	})
	_, _, err := functions(t, "greet=lambda:"+url, nil).Invoke(t.Context(), Call{ARN: arn, Region: "eu-west-1", Event: []byte(`{}`), Async: true})
	if err != nil {
		t.Error(err)
	}
}

func TestSplitWords(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`a b`:              "a|b",
		`  a   'b c'  "d"`: "a|b c|d",
		`a\ b "c\"d" 'e\'`: `a b|c"d|e\`,
		`a "$HOME" *.go;x`: "a|$HOME|*.go;x",
		`a '' ""`:          "a||",
		`"a\b"`:            `a\b`,
	} {
		words, err := splitWords(in)
		if got := strings.Join(words, "|"); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", in, got, err, want)
		}
	}
	for _, bad := range []string{`'a`, `"a`, `a\`} {
		if _, err := splitWords(bad); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

// need skips tests of runtimes that the machine does not have, unless they are
// required.
func need(t *testing.T, command string) {
	t.Helper()
	if _, err := exec.LookPath(command); err != nil {
		if os.Getenv("COGNATE_REQUIRE_"+strings.ToUpper(command)) != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

func pid(t *testing.T, answer string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(answer, `{"pid":`), "}"))
	if err != nil {
		t.Fatalf("%s: %v", answer, err)
	}
	return n
}
