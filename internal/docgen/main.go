// Command docgen writes the pages of docs/ that are made from the code and
// its tests: compatibility.md (which operation, flow, endpoint and trigger
// works, and the tests that prove it) and security-coverage.md (which attack
// of the security checklist has a test). What the code cannot know, such as
// differences from AWS, stands in docs/compatibility.yaml; a row there that
// names a missing test is an error.
package main

//go:generate go run . -root ../..

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("root", ".", "root of the repository")
	flag.Parse()
	if err := run(*root); err != nil {
		fmt.Fprintln(os.Stderr, "docgen:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	tree, err := readTree(root)
	if err != nil {
		return err
	}
	notes, err := readNotes(filepath.Join(root, "docs", "compatibility.yaml"))
	if err != nil {
		return err
	}
	compatibility, err := compatibilityPage(tree, notes)
	if err != nil {
		return err
	}
	for name, page := range map[string][]byte{
		"compatibility.md":     compatibility,
		"security-coverage.md": securityPage(tree),
	} {
		path := filepath.Join(root, "docs", name)
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, page) {
			continue
		}
		if err := os.WriteFile(path, page, 0o644); err != nil { //nolint:gosec // documentation is world-readable
			return fmt.Errorf("write page: %w", err)
		}
	}
	return nil
}
