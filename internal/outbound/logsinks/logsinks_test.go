package logsinks

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"
)

const (
	group   = "arn:aws:logs:eu-west-1:123456789012:log-group:/shop/users"
	bucket3 = "arn:aws:s3:::shop-logs"
	stream  = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/shop"
)

var at = time.Date(2026, 7, 2, 12, 0, 0, 0, time.UTC)

func entries(texts ...string) []Entry {
	list := make([]Entry, len(texts))
	for i, text := range texts {
		list[i] = Entry{At: at.Add(time.Duration(i) * time.Second), Text: []byte(text)}
	}
	return list
}

func targets(t *testing.T, pairs ...string) *Targets {
	t.Helper()
	found, err := Parse(pairs)
	if err != nil {
		t.Fatal(err)
	}
	found.Now, found.NewID = func() time.Time { return at }, func() string { return "id" }
	found.Credentials = credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "secret", "")
	return found
}

func write(t *testing.T, ts *Targets, to Destination, list []Entry) error {
	t.Helper()
	sink, err := ts.Open(to)
	if err != nil {
		t.Fatal(err)
	}
	return sink.Write(t.Context(), list)
}

func TestTheLongestPatternSaysWhereAnARNGoes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one := filepath.Join(dir, "one.log")
	ts := targets(t, "*=stdout", "arn:aws:logs:*=file:"+dir+"/all/", group+"=file:"+one)
	var out bytes.Buffer
	ts.Stdout = &out
	for _, to := range []Destination{
		{group, "eu-west-1_a"}, {"arn:aws:logs:eu-west-1:123456789012:log-group:../etc:*", "eu-west-1_a"}, {stream, "eu-west-1_a"},
	} {
		for _, text := range []string{`{"n":1}`, `{"n":2}`} {
			if err := write(t, ts, to, entries(text)); err != nil {
				t.Fatal(err)
			}
		}
	}
	const want = "{\"n\":1}\n{\"n\":2}\n"
	if out.String() != want {
		t.Errorf("standard output has %q", out.String())
	}
	for _, name := range []string{one, filepath.Join(dir, "all", "logs-___etc-eu-west-1_a.log")} {
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s has %q (%v)", name, got, err)
		}
	}
}

func TestTargetsAndARNsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, pair := range []string{"", "x", "=stdout", "a*b=stdout", "*=file:", "*=stdout:x", "*=aws:ftp://x", "*=syslog", "**=stdout"} {
		if _, err := Parse([]string{pair}); err == nil {
			t.Errorf("%q is taken", pair)
		}
	}
	ts := targets(t, "arn:aws:*=stdout")
	for _, arn := range []string{
		"", "arn:aws:logs:eu-west-1:123456789012:log-group:", "arn:aws:logs:eu.evil/#:123456789012:log-group:x",
		"arn:aws:sqs:eu-west-1:123456789012:queue", "arn:aws:s3:::Shop_Logs", "arn:aws:s3:::a/b", "arn:aws-cn:s3:::shop-logs",
	} {
		if err := ts.Check(arn); err == nil {
			t.Errorf("%q is taken", arn)
		}
	}
	for _, arn := range []string{group, group + ":*", bucket3, stream} {
		if err := ts.Check(arn); err != nil {
			t.Errorf("%s: %v", arn, err)
		}
	}
}

// cloud plays the services, as far as their own SDK looks.
type cloud struct {
	mu    sync.Mutex
	calls []string
	fail  int  // records that Firehose does not take the first time
	empty bool // there is no log group yet
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/") {
		http.Error(w, "not signed", http.StatusForbidden)
		return
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	switch operation {
	case "CreateLogGroup":
		c.calls = append(c.calls, operation+" "+string(body))
		c.empty = false
		fmt.Fprint(w, `{}`)
	case "CreateLogStream":
		c.calls = append(c.calls, operation+" "+string(body))
		if c.empty {
			w.Header().Set("X-Amzn-Errortype", "ResourceNotFoundException")
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"__type":"ResourceNotFoundException","message":"The specified log group does not exist."}`)
			return
		}
		w.Header().Set("X-Amzn-Errortype", "ResourceAlreadyExistsException")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type":"ResourceAlreadyExistsException","message":"it is there"}`)
	case "PutLogEvents":
		c.calls = append(c.calls, operation+" "+string(body))
		fmt.Fprint(w, `{}`)
	case "PutRecordBatch":
		var in struct{ Records []struct{ Data string } }
		_ = json.Unmarshal(body, &in)
		call, answers := operation, []string{}
		for _, record := range in.Records {
			data, _ := base64.StdEncoding.DecodeString(record.Data)
			call += " " + string(data)
			if c.fail > 0 {
				answers = append(answers, `{"ErrorCode":"ServiceUnavailableException","ErrorMessage":"slow down"}`)
			} else {
				answers = append(answers, `{"RecordId":"1"}`)
			}
		}
		c.calls = append(c.calls, call)
		fmt.Fprintf(w, `{"FailedPutCount":%d,"RequestResponses":[%s]}`, min(c.fail, len(in.Records)), strings.Join(answers, ","))
		c.fail = 0
	default:
		c.calls = append(c.calls, r.Method+" "+r.URL.Path+" "+string(body))
	}
}

func TestServicesOfAWSTakeEntriesThroughTheirSDK(t *testing.T) {
	t.Parallel()
	c := &cloud{fail: 2}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	ts := targets(t, "*=aws:"+server.URL)
	for _, arn := range []string{group, stream, bucket3} {
		late := entries("one", "two")
		late[0], late[1] = late[1], late[0] // told in another order than they happened
		if err := write(t, ts, Destination{arn, "eu-west-1_a"}, late); err != nil {
			t.Errorf("%s: %v", arn, err)
		}
	}
	want := []string{
		`CreateLogStream {"logGroupName":"/shop/users","logStreamName":"eu-west-1_a"}`,
		`PutLogEvents {"logEvents":[{"message":"one","timestamp":1782993600000},{"message":"two","timestamp":1782993601000}],"logGroupName":"/shop/users","logStreamName":"eu-west-1_a"}`,
		"PutRecordBatch two\n one\n", "PutRecordBatch two\n one\n",
		"PUT /shop-logs/eu-west-1_a/2026/07/02/20260702T120000Z-id.json ",
	}
	got := c.calls
	if n := len(got); n > 0 && strings.HasPrefix(got[n-1], "PUT") {
		if !strings.Contains(got[n-1], "two\none\n") {
			t.Errorf("the object is %q", got[n-1])
		}
		got[n-1] = want[4]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The service makes the groups of import jobs; a group that somebody named has to be
// there.
func TestGroupsOfImportJobsAreMade(t *testing.T) {
	t.Parallel()
	c := &cloud{empty: true}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	ts := targets(t, "*=aws:"+server.URL)
	if err := write(t, ts, Destination{group, "s"}, entries("one")); err == nil || !strings.Contains(err.Error(), "create log stream") {
		t.Errorf("a group that is missing: %v", err)
	}
	c.calls = nil
	of := "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/cognito/userpools/eu-west-1_a/shop"
	if err := write(t, ts, Destination{of, "import-a"}, entries("one")); err != nil {
		t.Fatal(err)
	}
	names := `"logGroupName":"/aws/cognito/userpools/eu-west-1_a/shop"`
	want := []string{
		`CreateLogStream {` + names + `,"logStreamName":"import-a"}`, `CreateLogGroup {` + names + `}`, `CreateLogStream {` + names + `,"logStreamName":"import-a"}`,
		`PutLogEvents {"logEvents":[{"message":"one","timestamp":1782993600000}],` + names + `,"logStreamName":"import-a"}`,
	}
	if diff := cmp.Diff(want, c.calls); diff != "" {
		t.Error(diff)
	}
}

func TestLongLogsGoInSeveralRequests(t *testing.T) {
	t.Parallel()
	c := &cloud{}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	ts := targets(t, "*=aws:"+server.URL)
	long := strings.Repeat("x", 300<<10)
	if err := write(t, ts, Destination{group, "s"}, entries(long, long, long, long, long)); err != nil {
		t.Fatal(err)
	}
	if len(c.calls) != 3 { // the stream, and two batches of at most a megabyte
		t.Errorf("%d requests, want 3", len(c.calls))
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	sink, err := ts.Open(Destination{group, "s"})
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Write(gone, entries("late")); err == nil {
		t.Error("written although there was no time")
	}
}
