package imports

import (
	"strings"
	"unicode/utf8"

	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
)

// Columns that are no attributes.
const (
	columnMFA      = "cognito:mfa_enabled"
	columnUsername = "cognito:username"
	columnHash     = "password_hash"
)

// standardColumns are the attributes of every pool in the order of GetCSVHeader.
var standardColumns = [...]string{
	"name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website",
	attributes.Email, attributes.EmailVerified, "gender", "birthdate", "zoneinfo", "locale",
	attributes.PhoneNumber, attributes.PhoneNumberVerified, "address", "updated_at",
}

// Header lists the columns that a file for the pool has.
func Header(pool *directory.Pool) []string {
	header := append([]string{}, standardColumns[:]...)
	for _, name := range pool.Schema.Names() {
		if strings.HasPrefix(name, attributes.CustomPrefix) || strings.HasPrefix(name, attributes.DeveloperPrefix) {
			header = append(header, name)
		}
	}
	return append(header, columnMFA, columnUsername, columnHash)
}

// parseHeader reads the first line of a file: every column of the pool, each once,
// in any order. The column of hashes may be left out where none are announced. The
// reason says what is wrong, for the job's log.
func parseHeader(pool *directory.Pool, line string, withHashes bool) (columns []string, reason string) {
	switch {
	case strings.HasPrefix(line, "\ufeff"):
		return nil, "The file begins with a byte order mark."
	case !utf8.ValidString(line):
		return nil, "The header is not encoded in UTF-8."
	}
	wanted := make(map[string]bool)
	for _, name := range Header(pool) {
		wanted[name] = true
	}
	columns = splitFields(line)
	for i, name := range columns {
		if !wanted[name] {
			return nil, "Column " + number(i+1) + " of the header is unknown or is there twice."
		}
		delete(wanted, name)
	}
	if !withHashes {
		delete(wanted, columnHash)
	}
	for _, name := range Header(pool) {
		if wanted[name] {
			return nil, "The header does not have the column " + name + "."
		}
	}
	return columns, ""
}
