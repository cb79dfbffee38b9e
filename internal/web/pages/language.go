package pages

import (
	"strings"

	"golang.org/x/text/language"
)

// English is the language of the classic pages, and of all where no other is
// asked for.
const English = "en"

// Languages are the values of the parameter lang that pages exist for
// (spec/endpoints.md §7.4), English first.
func Languages() []string {
	return []string{English, "de", "es", "fr", "id", "it", "ja", "ko", "nl", "pt-BR", "zh-CN", "zh-TW"}
}

// acceptLimit bounds the bytes of Accept-Language that are read.
const acceptLimit = 1 << 10

// Language chooses the language of a page: by the parameter lang, else by the
// cookie of the same name, else by the browser's Accept-Language. An unknown
// value of lang means English.
func Language(lang, cookie, acceptLanguage string) string {
	if lang != "" {
		if known, ok := knownLanguage(lang); ok {
			return known
		}
		return English
	}
	if known, ok := knownLanguage(cookie); ok {
		return known
	}
	if len(acceptLanguage) > acceptLimit {
		return English
	}
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(wanted) == 0 {
		return English
	}
	supported := Languages()
	tags := make([]language.Tag, len(supported))
	for i, name := range supported {
		tags[i] = language.Make(name)
	}
	_, index, confidence := language.NewMatcher(tags).Match(wanted...)
	if confidence == language.No {
		return English
	}
	return supported[index]
}

func knownLanguage(name string) (string, bool) {
	for _, known := range Languages() {
		if strings.EqualFold(known, name) {
			return known, true
		}
	}
	return "", false
}
