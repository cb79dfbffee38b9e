package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// SQLite looks at the value of a bare parameter in LIMIT while it plans, and
// therefore parses the statement again at every execution, which costs more
// than most statements do. Inside a CAST it does not look.
func TestNoStatementHasABareParameterAsItsLimit(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_test.go") && (strings.Contains(string(text), "LIMIT $") || strings.Contains(string(text), "LIMIT ` + s.arg")) {
			t.Errorf("%s has a LIMIT with a bare parameter", file)
		}
	}
}
