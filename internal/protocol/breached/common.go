package breached

import (
	_ "embed"
	"iter"
	"strings"
	"sync"
)

//go:embed words.txt
var wordsText string

// endings are what people put behind a word, longest first where one ends in
// another.
var endings = []string{
	"", "1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "01", "02", "03", "07", "10", "11", "12", "13", "21", "22", "23", "69", "77", "88", "99", "00",
	"123", "1234", "12345", "123456", "111", "321", "007", "666", "777", "000", "2000", "2010",
	"2015", "2016", "2017", "2018", "2019", "2020", "2021", "2022", "2023", "2024", "2025", "2026", "2027",
	"!", "!!", "!!!", ".", "?", "@", "#", "$", "*", "_", "-",
	"1!", "12!", "123!", "1234!", "12345!", "01!", "11!", "!1", "!12", "!123", "!1234", "@1", "@12", "@123", "@1234", "@12345", "#1", "#12", "#123", "#1234",
	"$1", "$123", "_1", "_123", "-1", "-123", "1@", "123@", "1#", "123#", "1$", "123$", "1.", "123.", "1?", "123?", "1*", "123*",
	"2020!", "2021!", "2022!", "2023!", "2024!", "2025!", "2026!", "2027!", "@2020", "@2021", "@2022", "@2023", "@2024", "@2025", "@2026", "@2027",
}

// plain undoes the digits and symbols that stand for letters.
var plain = strings.NewReplacer("@", "a", "4", "a", "3", "e", "1", "i", "!", "i", "0", "o", "$", "s", "5", "s", "7", "t")

var words = sync.OnceValue(func() map[string]struct{} {
	set := make(map[string]struct{})
	for word := range strings.FieldsSeq(wordsText) {
		set[word] = struct{}{}
	}
	return set
})

// Common reports whether a password is on the built-in list.
func Common(password string) bool {
	for word := range stems(password) {
		if _, ok := words()[word]; ok {
			return true
		}
		if _, ok := words()[plain.Replace(word)]; ok {
			return true
		}
	}
	return false
}

// stems gives what is left of a password without each ending it has, in lower
// case. Capitals count at the beginning or throughout, as people set them.
func stems(password string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, ending := range endings {
			stem, ok := strings.CutSuffix(password, ending)
			if !ok || stem == "" {
				continue
			}
			lower := strings.ToLower(stem)
			if stem != lower && stem != strings.ToUpper(stem) && stem[1:] != lower[1:] {
				continue
			}
			if !yield(lower) {
				return
			}
		}
	}
}
