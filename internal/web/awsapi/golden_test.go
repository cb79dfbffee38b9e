package awsapi_test

import (
	"bytes"
	"flag"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the responses in testdata/*.txtar")

var volatile = []struct {
	pattern *regexp.Regexp
	name    string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`), "<uuid>"},
	{regexp.MustCompile(`(?m)^Date: .*$`), "Date: <time>"},
}

// TestWire compares whole exchanges, byte by byte, over a connection.
func TestWire(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no exchanges in testdata: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if len(archive.Files) != 2 || archive.Files[0].Name != "request" || archive.Files[1].Name != "response" {
				t.Fatalf("%s has not one request and one response", file)
			}
			door := open(t)
			if strings.Contains(string(archive.Comment), "dev:") {
				door = open(t, dev)
			}
			got := exchange(t, door, archive.Files[0].Data)
			if *update {
				archive.Files[1].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(archive.Files[1].Data), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// exchange sends a request as it stands, with the line ends of HTTP and the
// length of its body, and gives the response in lines.
func exchange(t *testing.T, d *door, request []byte) string {
	t.Helper()
	s := httptest.NewServer(d)
	defer s.Close()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	head, body, _ := bytes.Cut(request, []byte("\n\n"))
	body = bytes.TrimSuffix(body, []byte("\n"))
	raw := strings.ReplaceAll(string(head), "\n", "\r\n") +
		"\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + string(body)
	if _, err := io.WriteString(conn, raw); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(answer), "\r\n", "\n")
	for _, v := range volatile {
		text = v.pattern.ReplaceAllString(text, v.name)
	}
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text
}
