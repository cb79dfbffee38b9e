package deptest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// root is the module's directory, seen from this package's.
const root = "../.."

// listed is what these tests read of `go list -json`.
type listed struct {
	ImportPath string
	Name       string
	Doc        string
	GoFiles    []string
	Imports    []string
}

var list = sync.OnceValues(func() ([]listed, error) {
	out, err := goCommand("list", "-json=ImportPath,Name,Doc,GoFiles,Imports", "./...")
	if err != nil {
		return nil, err
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
})

// goCommand runs the go command in the module's directory and returns its output.
func goCommand(args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, errors.New("go " + strings.Join(args, " ") + ": " + string(exit.Stderr))
	}
	return out, err
}

// packages returns those packages of the module that have code besides tests.
func packages(t *testing.T) []listed {
	t.Helper()
	all, err := list()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("go list knows no packages")
	}
	return all
}

func TestEveryPackageHasAComment(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if len(p.GoFiles) == 0 {
			continue
		}
		start := "Package " + p.Name + " "
		if p.Name == "main" {
			start = "Command "
		}
		if !strings.HasPrefix(p.Doc, start) {
			t.Errorf("%s: its package comment begins %q, want %q", p.ImportPath, p.Doc, start)
		}
	}
}
