package attributes

import (
	"strings"
	"unicode/utf8"
)

// LooksLikeEmail reports whether text has the form of an e-mail address:
// something, one "@", a domain, no blank or control character.
func LooksLikeEmail(text string) bool {
	at := strings.LastIndexByte(text, '@')
	if at < 1 || at == len(text)-1 || len(text) > MaxValueLength {
		return false
	}
	local, domain := text[:at], text[at+1:]
	if strings.ContainsAny(text, "<>,;\"()[]\\") || strings.ContainsRune(local, '@') {
		return false
	}
	if strings.HasPrefix(domain, ".") || strings.HasSuffix(domain, ".") || strings.Contains(domain, "..") {
		return false
	}
	return utf8.ValidString(text) && strings.IndexFunc(text, blankOrControl) < 0
}

// blankOrControl finds what cannot stand in an address, among it the marks
// that are invisible or change the direction of writing.
func blankOrControl(r rune) bool {
	switch {
	case r <= ' ', r >= 0x7f && r <= 0xa0, r == 0xad:
		return true
	case r >= 0x2000 && r <= 0x200f, r >= 0x2028 && r <= 0x202f, r >= 0x205f && r <= 0x206f:
		return true
	case r == 0x1680, r == 0x180e, r == 0x3000, r == 0xfeff, r == 0xfffd:
		return true
	}
	return false
}

// LooksLikePhone reports whether text has the form of E.164: "+" and up to
// 15 digits.
func LooksLikePhone(text string) bool {
	digits, ok := strings.CutPrefix(text, "+")
	return ok && len(digits) <= 15 && allDigits(digits)
}

func allDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}
