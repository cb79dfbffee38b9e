package localca

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAuthorityIsKeptInTheDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	c := &clock{start}
	if _, err := Open(dir, nil, c.Now); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("opened what is not there: %v", err)
	}
	made, err := OpenOrCreate(dir, []string{"cognate"}, c.Now)
	if err != nil {
		t.Fatal(err)
	}
	again, err := OpenOrCreate(dir, []string{"sub.cognate"}, c.Now)
	if err != nil {
		t.Fatal(err)
	}
	if made.Fingerprint() != again.Fingerprint() || made.KeyHash() != again.KeyHash() {
		t.Error("a second authority was made")
	}
	leaf, err := again.issue("cognate")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := leaf.Leaf.Verify(options(made, "cognate")); err != nil {
		t.Errorf("what was read does not sign for what was made: %v", err)
	}
	root, err := os.ReadFile(RootFile(dir))
	if err != nil || !bytes.Equal(root, made.PEM()) {
		t.Errorf("the root's file holds %q, %v", root, err)
	}
	if bytes.Contains(root, []byte("KEY")) {
		t.Error("the root's file holds a key")
	}
}

// The key is for its owner alone, and one that others could read is not used.
func TestS194KeyFileIsPrivate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := OpenOrCreate(dir, nil, time.Now); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, secretFile)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenOrCreate(dir, nil, time.Now); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("opened with mode 0640: %v", err)
	}
}

func TestBadAuthoritiesAreRefused(t *testing.T) {
	t.Parallel()
	one, two := t.TempDir(), t.TempDir()
	c := &clock{start}
	for _, dir := range []string{one, two} {
		if _, err := OpenOrCreate(dir, nil, c.Now); err != nil {
			t.Fatal(err)
		}
	}
	read := func(dir string) []byte {
		text, err := os.ReadFile(filepath.Join(dir, secretFile))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	const divider = "-----BEGIN "
	mine, other := strings.Split(string(read(one)), divider), strings.Split(string(read(two)), divider)
	for name, text := range map[string]string{
		"empty": "", "no PEM": "hello", "half": string(read(one)[:900]),
		"key of another":         strings.Join([]string{"", mine[1], mine[2], other[3]}, divider),
		"root of another":        strings.Join([]string{"", other[1], mine[2], mine[3]}, divider),
		"root where issuing was": strings.Join([]string{"", mine[1], mine[1], mine[3]}, divider),
	} {
		if _, err := parse([]byte(text), c.Now); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := Open(one, []string{"example.org"}, c.Now); err == nil || !strings.Contains(err.Error(), `without "example.org"`) {
		t.Errorf("a name it was not made for: %v", err)
	}
	c.time = start.Add(authorityLife)
	if _, err := Open(one, nil, c.Now); !errors.Is(err, ErrExpired) {
		t.Errorf("after ten years: %v", err)
	}
}

func TestProcessesThatStartTogetherAgree(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	found := make([]string, 8)
	var wait sync.WaitGroup
	for i := range found {
		wait.Go(func() {
			a, err := OpenOrCreate(dir, nil, time.Now)
			if err != nil {
				t.Error(err)
				return
			}
			found[i] = a.Fingerprint()
		})
	}
	wait.Wait()
	for _, fingerprint := range found {
		if fingerprint != found[0] {
			t.Errorf("several authorities: %q", found)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Errorf("files %v, %v", left, err)
	}
}
