package passwords

import (
	"strings"
	"unicode/utf8"
)

// MaxLength is the greatest length of a password in characters.
const MaxLength = 256

// symbols are the characters that count as symbols anywhere in a password. A
// space counts too, unless it is first or last.
const symbols = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-"

// PolicyError is a broken rule of a policy. Its text is the message of
// InvalidPasswordException.
type PolicyError string

// The violations, in the order in which they are looked for. The last two have
// no recorded text.
const (
	NotLongEnough PolicyError = "Password did not conform with policy: Password not long enough"
	NoUppercase   PolicyError = "Password did not conform with policy: Password must have uppercase characters"
	NoLowercase   PolicyError = "Password did not conform with policy: Password must have lowercase characters"
	NoNumber      PolicyError = "Password did not conform with policy: Password must have numeric characters"
	NoSymbol      PolicyError = "Password did not conform with policy: Password must have symbol characters"
	OuterSpaces   PolicyError = "Password did not conform with policy: Password must not have leading or trailing spaces"
	TooLong       PolicyError = "Password did not conform with policy: Password too long"
)

func (v PolicyError) Error() string { return string(v) }

// Policy is what a user pool asks of passwords. The zero value asks for no more
// than one character.
type Policy struct {
	MinimumLength    int // characters
	RequireUppercase bool
	RequireLowercase bool
	RequireNumbers   bool
	RequireSymbols   bool
}

// Check returns the PolicyError of the first rule that is broken, or nil. Letters and digits
// are those of ASCII.
func (p Policy) Check(password string) error {
	length := utf8.RuneCountInString(password)
	has := classesOf(password)
	switch {
	case length < max(p.MinimumLength, 1):
		return NotLongEnough
	case p.RequireUppercase && !has.upper:
		return NoUppercase
	case p.RequireLowercase && !has.lower:
		return NoLowercase
	case p.RequireNumbers && !has.digit:
		return NoNumber
	case p.RequireSymbols && !has.symbol:
		return NoSymbol
	case isSpace(password[0]) || isSpace(password[len(password)-1]):
		return OuterSpaces
	case length > MaxLength:
		return TooLong
	}
	return nil
}

// classes says which kinds of character a password contains.
type classes struct{ upper, lower, digit, symbol bool }

func classesOf(password string) classes {
	var c classes
	for i := range len(password) { // every character that counts is a single byte
		switch b := password[i]; {
		case 'A' <= b && b <= 'Z':
			c.upper = true
		case 'a' <= b && b <= 'z':
			c.lower = true
		case '0' <= b && b <= '9':
			c.digit = true
		case b == ' ':
			c.symbol = c.symbol || i > 0 && i < len(password)-1
		case strings.IndexByte(symbols, b) >= 0:
			c.symbol = true
		}
	}
	return c
}

func isSpace(b byte) bool { return b == ' ' || '\t' <= b && b <= '\r' }
