package clients_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"cognate/internal/freeport"
)

// What `cognate dev` prints can be pasted: the call of the AWS CLI (where that
// is installed) and the five lines of JavaScript work as they are.
func TestPrintedExamplesWork(t *testing.T) {
	t.Parallel()
	node := requireNode(t)
	banner, _ := startDev(t)

	if _, err := exec.LookPath("aws"); err == nil {
		call := regexp.MustCompile(`(?m)^  (AWS_ACCESS_KEY_ID=.*)$`).FindStringSubmatch(banner)
		if call == nil {
			t.Fatalf("no call of the AWS CLI in:\n%s", banner)
		}
		out, err := exec.CommandContext(t.Context(), "sh", "-c", call[1]).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "ana@example.com") {
			t.Errorf("%s\n%v\n%s", call[1], err, out)
		}
	}
	lines := regexp.MustCompile(`(?m)^  (import [\s\S]*?AccessToken\);)$`).FindStringSubmatch(banner)
	if lines == nil {
		t.Fatalf("no JavaScript in:\n%s", banner)
	}
	script := strings.ReplaceAll(lines[1], "\n  ", "\n")
	if n := strings.Count(script, "\n") + 1; n != 5 {
		t.Errorf("the JavaScript has %d lines, want five:\n%s", n, script)
	}
	run := exec.CommandContext(t.Context(), node, "--input-type=module", "--eval", script)
	out, err := run.Output()
	if err != nil || !regexp.MustCompile(`^eyJ\S+\.\S+\.\S+\n$`).Match(out) {
		t.Errorf("%s\n%v\n%s", script, err, out)
	}
}

// startDev starts the real program and gives what it printed, and the directory that
// it lies in.
func startDev(t *testing.T) (banner, directory string) {
	t.Helper()
	directory = t.TempDir()
	binary := filepath.Join(directory, "cognate")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "cognate/cmd/cognate")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	port, err := freeport.Pick(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprint("127.0.0.1:", port)
	cmd := exec.CommandContext(t.Context(), binary, "dev", "--memory", "--listen", address, "--public-url", "http://"+address)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() })
	var printed strings.Builder
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		printed.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), "Stop with") {
			return printed.String(), directory
		}
	}
	t.Fatalf("the program ended after:\n%s", printed.String())
	return "", ""
}
