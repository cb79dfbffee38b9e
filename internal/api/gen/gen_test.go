package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The small model has one of everything that decides how a member looks in Go.
func TestSmallModelGivesTheGoldenCode(t *testing.T) {
	t.Parallel()
	m, err := readModel("testdata/small.json")
	if err != nil {
		t.Fatal(err)
	}
	files := generate(m, "small.json", "small", "cognate/internal/api")
	files["operations_gen.go"] = dispatchList(m, "small.json", dispatch{file: "door/operations_gen.go", bind: "operations", contract: "cognate/internal/api"})
	for name, source := range files {
		got, err := format.Source(source)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		golden := filepath.Join("testdata", name+".golden")
		if *update {
			if err := os.WriteFile(golden, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s differs from its golden file (-want +got):\n%s", name, diff)
		}
	}
}

func TestEveryModelGivesCodeThatTypeChecks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ model, kinds string }{
		{"cognito-idp.json", "cognate/internal/api"},
		{"cognito-identity.json", "cognate/internal/api"},
		{"sts.json", "cognate/internal/api"},
	} {
		t.Run(test.model, func(t *testing.T) {
			t.Parallel()
			m, err := readModel(filepath.Join("..", "model", test.model))
			if err != nil {
				t.Fatal(err)
			}
			if err := typeCheck(generate(m, test.model, "contract", test.kinds)); err != nil {
				t.Error(err)
			}
		})
	}
}

func typeCheck(files map[string][]byte) error {
	fset := token.NewFileSet()
	var parsed []*ast.File
	for name, source := range files {
		f, err := parser.ParseFile(fset, name, source, 0)
		if err != nil {
			return fmt.Errorf("parse %s: %w", name, err)
		}
		parsed = append(parsed, f)
	}
	conf := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	_, err := conf.Check("contract", fset, parsed, nil)
	return err
}

// Generated code is committed: what is in the tree is what the model gives.
func TestCommittedCodeIsUpToDate(t *testing.T) {
	t.Parallel()
	for _, contract := range []struct{ model, dir, pkg, kinds string }{
		{"cognito-idp.json", "..", "api", ""},
		{"cognito-identity.json", "../identity", "identity", "cognate/internal/api"},
		{"sts.json", "../sts", "sts", "cognate/internal/api"},
	} {
		m, err := readModel(filepath.Join("..", "model", contract.model))
		if err != nil {
			t.Fatal(err)
		}
		for name, source := range generate(m, contract.model, contract.pkg, contract.kinds) {
			want, err := format.Source(source)
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(contract.dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s of %s is not what `make generate` writes", name, contract.pkg)
			}
		}
	}
}
