package passwords

import "crypto/rand"

// generatedLength is the length of a generated password under policies that
// allow it: about 70 bits.
const generatedLength = 12

// Characters for generated passwords. People type these from a message, so
// look-alikes are left out, as are symbols that HTML would have to escape or that
// could be taken for the end of a sentence.
const (
	upperChoice  = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	lowerChoice  = "abcdefghijkmnopqrstuvwxyz"
	digitChoice  = "23456789"
	symbolChoice = "!@#$%^*?_+=-"
)

// Generate returns a random password of all four classes which conforms to the
// policy.
func Generate(p Policy) string {
	length := min(max(p.MinimumLength, generatedLength), MaxLength)
	password := make([]byte, 0, length)
	for _, class := range [...]string{upperChoice, lowerChoice, digitChoice, symbolChoice} {
		password = append(password, class[randomBelow(len(class))])
	}
	const all = upperChoice + lowerChoice + digitChoice + symbolChoice
	for len(password) < length {
		password = append(password, all[randomBelow(len(all))])
	}
	for i := len(password) - 1; i > 0; i-- { // the classes must not show by position
		j := randomBelow(i + 1)
		password[i], password[j] = password[j], password[i]
	}
	return string(password)
}

// randomBelow returns a uniform number from 0 to n-1; n is at most 256.
func randomBelow(n int) int {
	var b [1]byte
	for limit := 256 - 256%n; ; { // above the limit small numbers would be favoured
		_, _ = rand.Read(b[:]) // documented never to fail: it ends the program instead
		if int(b[0]) < limit {
			return int(b[0]) % n
		}
	}
}
