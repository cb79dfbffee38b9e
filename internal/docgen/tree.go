package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// tree is what the sources tell.
type tree struct {
	operations map[string]string   // key of an operation → file of its method
	tests      map[string]string   // test function (and script) → file
	calls      map[string][]string // key of an operation → black-box tests that call it

	packages map[string]map[string]function // test package → its functions
}

func readTree(root string) (*tree, error) {
	t := &tree{operations: map[string]string{}, tests: map[string]string{}, calls: map[string][]string{}, packages: map[string]map[string]function{}}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && name != root):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		file, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		return t.read(name, filepath.ToSlash(file))
	})
	t.credit()
	return t, err
}

func (t *tree) read(source, file string) error {
	parsed, err := parser.ParseFile(token.NewFileSet(), source, nil, parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("parse: %w", err)
	}
	for _, decl := range parsed.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		name := f.Name.Name
		if strings.HasPrefix(file, "test/") {
			t.functionsOf(file)[name] = mentions(parsed, f)
		}
		switch {
		case strings.HasSuffix(file, "_test.go") && f.Recv == nil && isTest(name):
			t.tests[name] = file
		case strings.HasPrefix(file, "internal/cognito/") && receiver(f) == "Operations":
			if c, ok := ofMethod(file, name); ok {
				t.operations[c.key(name)] = file
			}
		}
	}
	return nil
}

// functionsOf gives the functions of the package that a file belongs to.
func (t *tree) functionsOf(file string) map[string]function {
	dir := path.Dir(file)
	if t.packages[dir] == nil {
		t.packages[dir] = map[string]function{}
	}
	return t.packages[dir]
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

// function is what one function of a test package mentions.
type function struct {
	operations []string // their keys, mentioned by method or by name
	functions  []string // of the same package
}

// mentions collects what a function mentions. A method value counts like a
// call, and so does an operation's name as text, which raw requests use.
func mentions(file *ast.File, f *ast.FuncDecl) function {
	var m function
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if key := ofMention(file, n.Sel.Name); key != "" {
				m.operations = append(m.operations, key)
			} else {
				m.functions = append(m.functions, n.Sel.Name)
			}
		case *ast.BasicLit:
			if key := ofMention(file, strings.Trim(n.Value, `"`)); key != "" {
				m.operations = append(m.operations, key)
			}
		case *ast.Ident:
			m.functions = append(m.functions, n.Name)
		}
		return true
	})
	return m
}

// credit gives each operation the tests that mention it, themselves or by
// way of other functions of their package. Those that are called after it come
// first, then those that mention it themselves and are about few operations.
func (t *tree) credit() {
	type tie struct{ unnamed, steps, operations int }
	ties := map[string]map[string]tie{}
	for _, functions := range t.packages {
		for name := range functions {
			if !isTest(name) {
				continue
			}
			reached := reach(functions, name)
			for operation, steps := range reached {
				if ties[operation] == nil {
					ties[operation] = map[string]tie{}
				}
				unnamed := 1
				if _, method, _ := strings.Cut(operation, "."); strings.Contains(name, method) {
					unnamed = 0
				}
				ties[operation][name] = tie{unnamed, steps, len(reached)}
			}
		}
	}
	for operation, tests := range ties {
		t.calls[operation] = slices.SortedFunc(maps.Keys(tests), func(a, b string) int {
			return cmp.Or(
				cmp.Compare(tests[a].unnamed, tests[b].unnamed),
				cmp.Compare(tests[a].steps, tests[b].steps),
				cmp.Compare(tests[a].operations, tests[b].operations),
				strings.Compare(a, b))
		})
	}
}

// reach gives the operations that a function mentions, and over how many other
// functions.
func reach(functions map[string]function, from string) map[string]int {
	operations, seen := map[string]int{}, map[string]bool{from: true}
	next := []string{from}
	for steps := 0; len(next) > 0; steps++ {
		level := next
		next = nil
		for _, name := range level {
			f := functions[name]
			for _, o := range f.operations {
				if _, found := operations[o]; !found {
					operations[o] = steps
				}
			}
			for _, called := range f.functions {
				if !seen[called] {
					seen[called] = true
					next = append(next, called)
				}
			}
		}
	}
	return operations
}
