package attributes

import "strings"

// RunsInSheets reports whether a spreadsheet would take a value for a formula
// (security.md S148). Numbers with a sign, and so telephone numbers, are values to
// it.
func RunsInSheets(value string) bool {
	if value == "" || strings.IndexByte("=+-@\t\r", value[0]) < 0 {
		return false
	}
	if value[0] != '+' && value[0] != '-' {
		return true
	}
	return len(value) == 1 || strings.Trim(value[1:], "0123456789.") != ""
}
