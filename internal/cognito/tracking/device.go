package tracking

import (
	"strings"

	"github.com/mileusna/useragent"
)

// Unknown stands for what could not be found out.
const Unknown = "unknown"

// maxDevice bounds a description, in bytes; the API allows as many characters.
const maxDevice = 1024

// describe says in a few words which program on which system a User-Agent header
// names, such as "Chrome 125 / macOS 15.0".
func describe(userAgent string) string {
	agent := useragent.Parse(userAgent)
	major, _, _ := strings.Cut(agent.Version, ".")
	program := strings.TrimSpace(agent.Name + " " + major)
	system := strings.TrimSpace(agent.OS + " " + agent.OSVersion)
	text := Unknown
	switch {
	case agent.Name != "" && system != "":
		text = program + " / " + system
	case agent.Name != "":
		text = program
	case system != "":
		text = system
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	if len(text) > maxDevice {
		text = strings.ToValidUTF8(text[:maxDevice], "")
	}
	return text
}
