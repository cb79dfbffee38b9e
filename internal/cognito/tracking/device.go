package tracking

import (
	"strings"
	"unicode"

	"github.com/mileusna/useragent"
)

// Unknown stands for what could not be found out.
const Unknown = "unknown"

// maxDevice bounds a description, in bytes; the API allows as many characters.
const maxDevice = 1024

// Describe says in a few words which program on which system a User-Agent header
// names, such as "Chrome 125 / macOS 15.0".
func Describe(userAgent string) string {
	agent := useragent.Parse(userAgent)
	major, _, _ := strings.Cut(agent.Version, ".")
	program := strings.TrimSpace(agent.Name + " " + major)
	system := strings.TrimSpace(agent.OS + " " + agent.OSVersion)
	var text string
	switch {
	case agent.Name != "" && system != "":
		text = program + " / " + system
	case agent.Name != "":
		text = program
	default:
		text = system
	}
	if text = printable(text); text == "" {
		return Unknown
	}
	return text
}

// printable drops control characters and what is no text, and cuts off what is
// too long.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, text)
	text = text[:min(len(text), maxDevice)]
	return strings.TrimSpace(strings.ToValidUTF8(text, ""))
}
