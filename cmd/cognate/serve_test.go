package main

import (
	"bytes"
	"strings"
	"testing"
)

// The first administrator's key is made once, so the start that makes it shows it,
// even where that start then fails for something else.
func TestAFirstStartThatFailsShowsTheKeyItMade(t *testing.T) {
	dir := t.TempDir()
	start := func() string {
		var out, notes bytes.Buffer
		if code := run([]string{"serve", "--data", dir, "--listen", "127.0.0.1:0", "--function", "greet=nonsense:1"}, streams{&out, &notes}); code != 1 {
			t.Fatalf("exit code %d, want 1\n%s%s", code, &out, &notes)
		}
		return out.String()
	}
	if got := start(); !strings.Contains(got, "AWS_ACCESS_KEY_ID=AKIA") || !strings.Contains(got, "AWS_SECRET_ACCESS_KEY=") {
		t.Errorf("the first start says %q", got)
	}
	if got := start(); got != "" {
		t.Errorf("the second start says %q", got)
	}
}
