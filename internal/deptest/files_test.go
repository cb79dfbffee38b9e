package deptest

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// forbidden are words that tie a file to one machine or one mirror. They are
// written in two halves here, because this file is searched too.
var forbidden = []string{
	"/wor" + "k/",
	"/roo" + "t/",
	"/hom" + "e/",
	"/User" + "s/",
	"proxy.gol" + "ang.org",
	"sum.gol" + "ang.org",
	"npm" + "js.org",
	"npm" + "js.com",
	"yarn" + "pkg.com",
	"deb.deb" + "ian.org",
	"py" + "pi.org",
}

// notOurs are directories of downloaded, built or stored things.
var notOurs = []string{".git", ".cache", "node_modules", "bin", "cognate-data"}

// textFiles calls f with each file of the tree that is text. Reading them here
// also makes go test run these tests again when any of them changed.
func textFiles(t *testing.T, f func(path string, content []byte)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(notOurs, entry.Name()):
			return filepath.SkipDir
		case entry.IsDir() || !entry.Type().IsRegular() || entry.Name() == ".git": // a file in a linked work tree
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !bytes.ContainsRune(content[:min(len(content), 8000)], 0) {
			f(path, content)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestNoFileNamesAMachine(t *testing.T) {
	t.Parallel()
	files := 0
	textFiles(t, func(path string, content []byte) {
		files++
		for _, word := range forbidden {
			before, _, found := bytes.Cut(content, []byte(word))
			if found {
				t.Errorf("%s:%d mentions %s", path, 1+bytes.Count(before, []byte("\n")), word)
			}
		}
	})
	if files < 20 {
		t.Errorf("only %d files were read", files)
	}
}

func TestGoFilesStaySmall(t *testing.T) {
	t.Parallel()
	textFiles(t, func(path string, content []byte) {
		name := filepath.Base(path)
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") ||
			strings.HasSuffix(name, "_gen.go") || strings.HasSuffix(name, ".gen.go") {
			return
		}
		if lines := bytes.Count(content, []byte("\n")); lines > maxLines {
			t.Errorf("%s has %d lines, %d at most: which second thing lives in it?", path, lines, maxLines)
		}
	})
}

// maxLines bounds hand-written files that are not tests.
const maxLines = 700
