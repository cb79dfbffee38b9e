package main

import (
	"go/ast"
	"slices"
	"strings"

	"cognate/internal/api"
	"cognate/internal/api/identity"
	"cognate/internal/api/sts"
)

// contract is one API of the pages: its operations, and how the sources of its
// methods and tests are told from those of the others.
type contract struct {
	name, title string
	operations  map[string]*api.Operation
	packages    []string // below internal/cognito, which hold its methods; none: all others
	sdk         string   // import path of tests that call it
}

const sdkPath = "github.com/aws/aws-sdk-go-v2/service/"

// contracts lists the APIs in the order of the page. The first is the one of
// names that nothing else tells apart, such as TagResource.
var contracts = []*contract{
	{name: "cognito-idp", title: "User pools", operations: api.Operations, sdk: sdkPath + "cognitoidentityprovider"},
	{name: "cognito-identity", title: "Identity pools", operations: identity.Operations, packages: []string{"identitypools"}, sdk: sdkPath + "cognitoidentity"},
	{name: "sts", title: "Security Token Service", operations: sts.Operations, packages: []string{"sts"}, sdk: sdkPath + "sts"},
}

// key names an operation among all APIs.
func (c *contract) key(operation string) string { return c.name + "." + operation }

// ofMethod gives the API of a method of the type Operations in file.
func ofMethod(file, operation string) (*contract, bool) {
	dir, _, _ := strings.Cut(strings.TrimPrefix(file, "internal/cognito/"), "/")
	found := contracts[0]
	for _, c := range contracts[1:] {
		if slices.Contains(c.packages, dir) {
			found = c
		}
	}
	return found, found.operations[operation] != nil
}

// ofMention gives the key of an operation that a file mentions by name, or
// nothing for other names.
func ofMention(file *ast.File, name string) string {
	var found *contract
	for _, c := range contracts {
		if c.operations[name] != nil && (found == nil || c.importedBy(file)) {
			found = c
		}
	}
	if found == nil {
		return ""
	}
	return found.key(name)
}

func (c *contract) importedBy(file *ast.File) bool {
	return slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return strings.Trim(i.Path.Value, `"`) == c.sdk })
}

// findOperation gives the API of an operation that the notes name, by its name
// alone or, where two APIs have it, with the API's name before it.
func findOperation(name string) (key string, found bool) {
	for _, c := range contracts {
		bare := strings.TrimPrefix(name, c.name+".")
		if c.operations[bare] != nil {
			return c.key(bare), true
		}
	}
	return "", false
}
