// Command gen writes the Go form of a service model: shapes, enumerations,
// exceptions, the constraints table, the Service interface with its
// Unimplemented, and the dispatch list of the door. Run it by go generate.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
)

func main() {
	var (
		modelPath = flag.String("model", "", "service model to read (JSON)")
		out       = flag.String("out", ".", "directory of the contract package")
		pkg       = flag.String("package", "api", "name of the contract package")
		kinds     = flag.String("kinds", "", "import path of the package with Error, Shape and Time, where it is another one")
		list      dispatch
	)
	flag.StringVar(&list.file, "dispatch", "", "file for the door's dispatch list (none: not written)")
	flag.StringVar(&list.bind, "bind", "operations", "name of the function that gives the dispatch list")
	flag.StringVar(&list.contract, "contract", "cognate/internal/api", "import path of the contract package, for the dispatch list")
	flag.Parse()
	if err := run(*modelPath, *out, *pkg, *kinds, list); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// dispatch says where and how the dispatch list of a door is written.
type dispatch struct{ file, bind, contract string }

func run(modelPath, out, pkg, kinds string, list dispatch) error {
	m, err := readModel(modelPath)
	if err != nil {
		return err
	}
	for name, source := range generate(m, filepath.Base(modelPath), pkg, kinds) {
		if err := write(filepath.Join(out, name), source); err != nil {
			return err
		}
	}
	if list.file == "" {
		return nil
	}
	return write(list.file, dispatchList(m, filepath.Base(modelPath), list))
}

func write(path string, source []byte) error {
	formatted, err := format.Source(source)
	if err != nil {
		return fmt.Errorf("format %s: %w\n%s", path, err, source)
	}
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, formatted) {
		return nil
	}
	if err := os.WriteFile(path, formatted, 0o644); err != nil { //nolint:gosec // source code is world-readable
		return fmt.Errorf("write generated code: %w", err)
	}
	return nil
}
