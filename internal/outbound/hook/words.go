package hook

import (
	"errors"
	"strings"
)

// splitWords splits a command as a POSIX shell splits words, quotes and
// backslashes included. Nothing else of a shell happens: no variables, no
// patterns, no operators.
func splitWords(s string) ([]string, error) {
	var words []string
	var word strings.Builder
	open := false
	var quote byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote == '\'' && c != '\'', quote == '"' && c != '"' && c != '\\':
			word.WriteByte(c)
		case quote != 0 && c == quote:
			quote = 0
		case c == '\\':
			i++
			if i == len(s) {
				return nil, errors.New("command ends with a backslash")
			}
			if quote == '"' && !strings.ContainsRune("$`\"\\", rune(s[i])) {
				word.WriteByte('\\')
			}
			word.WriteByte(s[i])
			open = true
		case c == '\'' || c == '"':
			quote, open = c, true
		case c == ' ' || c == '\t' || c == '\n':
			if open {
				words = append(words, word.String())
				word.Reset()
				open = false
			}
		default:
			word.WriteByte(c)
			open = true
		}
	}
	if quote != 0 {
		return nil, errors.New("command has a quote that is not closed")
	}
	if open {
		words = append(words, word.String())
	}
	return words, nil
}
