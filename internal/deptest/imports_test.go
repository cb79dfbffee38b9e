package deptest

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "cognate/"

// maxChain bounds the number of packages on the longest chain of imports, from a
// command to the contract.
const maxChain = 12

// layers lists the groups of packages from the top down. A package imports from
// layers below its own, and from its own group as far as sameGroup allows.
// Groups in one layer do not import one another.
var layers = [][]string{
	{"cmd"},
	{"internal/server", "internal/gateway"},
	{"internal/web"},
	{"internal/cognito"},
	{"internal/store", "internal/outbound"},
	{"internal/protocol"},
	{"internal/api", "internal/freeport"},
}

// operationPackages hold methods of the service. What two of them need is a
// package of its own below them.
var operationPackages = []string{
	"branding", "clients", "devices", "domains", "factors", "federation", "groups", "identitypools", "imports", "passkeys", "pools", "providers", "quotas",
	"resourceservers", "risk", "signin", "sts", "terms", "users", "usersessions",
}

// exempt packages start whole servers, generate code or measure.
var exempt = []string{"internal/servertest", "internal/deptest", "internal/api/gen", "internal/docgen", "test"}

// reserved says which imports belong to which groups alone.
var reserved = []struct {
	imports []string
	owners  []string
}{
	{[]string{"database/sql", "modernc.org/sqlite", "github.com/jackc/pgx", "github.com/pressly/goose"}, []string{"internal/store"}},
	{[]string{"net/smtp", "github.com/wneessen/go-mail"}, []string{"internal/outbound"}},
	{[]string{"net/http"}, []string{"cmd", "internal/server", "internal/gateway", "internal/web", "internal/outbound", "internal/protocol/sigv4", "internal/api"}},
	{[]string{"github.com/alecthomas/kong"}, []string{"cmd"}},
	{[]string{"math/rand"}, nil},
}

// under reports whether path is dir or lies in it.
func under(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, dir+"/")
}

func underAny(path string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool { return under(path, dir) })
}

// place finds the layer and group of a package, given without the module's name.
func place(path string) (layer int, group string, found bool) {
	for i, groups := range layers {
		for _, g := range groups {
			if under(path, g) {
				return i, g, true
			}
		}
	}
	return 0, "", false
}

// ours cuts the module's name off its packages' import paths.
func ours(importPath string) (string, bool) {
	return strings.CutPrefix(importPath, module)
}

// sameGroup says why a package may not import another of its group, if so.
func sameGroup(group, from, to string) string {
	if group != "internal/cognito" {
		return ""
	}
	toName := strings.TrimPrefix(to, group+"/")
	if slices.Contains(operationPackages, toName) {
		return "operation packages are imported by internal/server alone"
	}
	return ""
}

// otherDoors are those for what goes beyond the operations of the API: at a pool's
// domain a sign-in ends with a session of the browser, and the files of import jobs
// come in at addresses of their own.
var otherDoors = []string{"internal/web/federated", "internal/web/login", "internal/web/oauth", "internal/web/uploads"}

// refusal says why from may not import to, or nothing where it may.
func refusal(from, to string) string {
	fromLayer, fromGroup, ok := place(from)
	if !ok {
		return "it has no layer: give it one in internal/deptest"
	}
	toLayer, toGroup, ok := place(to)
	switch {
	case underAny(to, exempt):
		return "what is imported is for tests only"
	case !ok:
		return "what is imported has no layer: give it one in internal/deptest"
	case toLayer < fromLayer:
		return "dependencies point down only"
	case toGroup == fromGroup:
		return sameGroup(toGroup, from, to)
	case fromGroup == "internal/gateway" && slices.Contains([]string{"internal/web", "internal/cognito", "internal/store"}, toGroup):
		return "a gateway stands in front of any Cognate and has no part of one"
	case toLayer == fromLayer:
		return "groups of one layer do not know one another"
	case fromGroup == "internal/web" && toGroup == "internal/cognito" && !slices.Contains(otherDoors, from) &&
		slices.Contains(operationPackages, strings.TrimPrefix(to, toGroup+"/")):
		return "doors call operations through api.Service"
	}
	return ""
}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		from, _ := ours(p.ImportPath)
		if underAny(from, exempt) {
			continue
		}
		for _, i := range p.Imports {
			to, ok := ours(i)
			if !ok {
				continue
			}
			if why := refusal(from, to); why != "" {
				t.Errorf("%s imports %s: %s", from, to, why)
			}
		}
	}
}

func TestOperationPackagesAreListed(t *testing.T) {
	t.Parallel()
	found := 0
	textFiles(t, func(path string, content []byte) {
		below, ok := strings.CutPrefix(filepath.ToSlash(path), root+"/internal/cognito/")
		if !ok || !bytes.Contains(content, []byte("\ntype Operations struct")) {
			return
		}
		found++
		// Those of authorization are for the endpoints of domains, and no door of the API has them.
		if name, _, _ := strings.Cut(below, "/"); name != "authorization" && !slices.Contains(operationPackages, name) {
			t.Errorf("%s holds operations, and operationPackages does not have it", name)
		}
	})
	if found == 0 {
		t.Error("no package with operations was found")
	}
}

func TestReservedImports(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		from, _ := ours(p.ImportPath)
		if underAny(from, exempt) {
			continue
		}
		for _, r := range reserved {
			for _, i := range p.Imports {
				if underAny(i, r.imports) && !underAny(from, r.owners) {
					t.Errorf("%s imports %s, which is for %v", from, i, r.owners)
				}
			}
		}
	}
}

func TestContractImportsStandardLibraryOnly(t *testing.T) {
	t.Parallel()
	seen := false
	for _, p := range packages(t) {
		if p.ImportPath != module+"internal/api" {
			continue
		}
		seen = true
		for _, i := range p.Imports {
			first, _, _ := strings.Cut(i, "/")
			if strings.Contains(first, ".") || strings.HasPrefix(i, module) {
				t.Errorf("internal/api imports %s", i)
			}
		}
	}
	if !seen {
		t.Error("there is no package internal/api")
	}
}

func TestProtocolIsPure(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		from, _ := ours(p.ImportPath)
		if !under(from, "internal/protocol") {
			continue
		}
		for _, i := range p.Imports {
			if slices.Contains([]string{"os", "os/exec", "net", "io/fs", "log", "log/slog", "time/tzdata"}, i) {
				t.Errorf("%s imports %s; its functions do no input or output", from, i)
			}
		}
	}
}

func TestLongestImportChain(t *testing.T) {
	t.Parallel()
	imports := map[string][]string{}
	for _, p := range packages(t) {
		from, _ := ours(p.ImportPath)
		if underAny(from, exempt) {
			continue
		}
		imports[from] = nil
		for _, i := range p.Imports {
			if to, ok := ours(i); ok {
				imports[from] = append(imports[from], to)
			}
		}
	}
	longest := map[string][]string{}
	var chain func(string) []string
	chain = func(from string) []string {
		if c, ok := longest[from]; ok {
			return c
		}
		var below []string
		for _, to := range imports[from] {
			if c := chain(to); len(c) > len(below) {
				below = c
			}
		}
		longest[from] = append([]string{from}, below...)
		return longest[from]
	}
	for from := range imports {
		if c := chain(from); len(c) > maxChain {
			t.Errorf("%d packages in a row, %d at most: %s", len(c), maxChain, strings.Join(c, " -> "))
		}
	}
}

func TestRefusalKnowsTheRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		refused  bool
	}{
		{"cmd/cognate", "internal/server", false},
		{"internal/server", "internal/cognito/signin", false},
		{"internal/server", "cmd/cognate", true},
		{"internal/web/awsapi", "internal/api", false},
		{"internal/web/awsapi", "internal/cognito/users", true},
		{"internal/cognito/signin", "internal/cognito/tokens", false},
		{"internal/cognito/signin", "internal/cognito/users", true},
		{"internal/cognito/tokens", "internal/cognito/users", true},
		{"internal/cognito/users", "internal/web/awsapi", true},
		{"internal/store", "internal/outbound/mail", true},
		{"internal/protocol/jwt", "internal/store", true},
		{"internal/outbound/kms", "internal/protocol/awscrypto", false},
		{"internal/store", "internal/api", false},
		{"internal/api", "internal/store", true},
		{"internal/server", "internal/servertest", true},
		{"internal/server", "internal/unknown", true},
	} {
		if why := refusal(c.from, c.to); (why != "") != c.refused {
			t.Errorf("refusal(%s, %s) = %q, want refused %t", c.from, c.to, why, c.refused)
		}
	}
}
