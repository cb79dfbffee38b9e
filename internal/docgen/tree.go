package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"cognate/internal/api"
)

// tree is what the sources tell.
type tree struct {
	operations map[string]string   // operation → file of its method
	tests      map[string]string   // test function (and script) → file
	calls      map[string][]string // operation → black-box tests that call it
}

func readTree(root string) (*tree, error) {
	t := &tree{operations: map[string]string{}, tests: map[string]string{}, calls: map[string][]string{}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != root):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		file, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return t.read(path, filepath.ToSlash(file))
	})
	for _, tests := range t.calls {
		slices.Sort(tests)
	}
	return t, err
}

func (t *tree) read(path, file string) error {
	parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("parse: %w", err)
	}
	for _, decl := range parsed.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		name := f.Name.Name
		switch {
		case strings.HasSuffix(file, "_test.go") && f.Recv == nil && isTest(name):
			t.tests[name] = file
			if strings.HasPrefix(file, "test/") {
				t.recordCalls(name, f)
			}
		case strings.HasPrefix(file, "internal/cognito/") && receiver(f) == "Operations" && api.Operations[name] != nil:
			t.operations[name] = file
		}
	}
	return nil
}

func isTest(name string) bool {
	return strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz")
}

// receiver names the type a method belongs to.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) != 1 {
		return ""
	}
	typ := f.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if ident, ok := typ.(*ast.Ident); ok {
		return ident.Name
	}
	return ""
}

// recordCalls notes which operations a test calls by a method of that name.
func (t *tree) recordCalls(test string, f *ast.FuncDecl) {
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if ok && api.Operations[selector.Sel.Name] != nil && !slices.Contains(t.calls[selector.Sel.Name], test) {
			t.calls[selector.Sel.Name] = append(t.calls[selector.Sel.Name], test)
		}
		return true
	})
}
