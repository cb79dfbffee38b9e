package cssfilter

import (
	"slices"
	"strings"
)

var description = strings.Fields("padding-top padding-bottom display font-size color")

const suffix = "-customizable"

// classes lists the properties of each class, and those of its states
// (endpoints.md §11.1). The service lists none for redirect; its own template
// aligns it.
var classes = map[string][]string{
	"background":             strings.Fields("background-color"),
	"banner":                 strings.Fields("padding background-color"),
	"errorMessage":           strings.Fields("margin padding font-size width background border color box-sizing"),
	"idpButton":              strings.Fields("height width text-align margin-bottom color background-color border-color"),
	"idpButton:hover":        strings.Fields("color background-color"),
	"idpDescription":         description,
	"inputField":             strings.Fields("width height color background-color border"),
	"inputField:focus":       strings.Fields("border-color outline"),
	"label":                  strings.Fields("font-weight color"),
	"legalText":              strings.Fields("color font-size"),
	"logo":                   strings.Fields("max-width max-height background-color"),
	"passwordCheck-notValid": strings.Fields("color"),
	"passwordCheck-valid":    strings.Fields("color"),
	"redirect":               strings.Fields("text-align color"),
	"socialButton":           strings.Fields("height text-align width margin-bottom"),
	"submitButton":           strings.Fields("font-size font-weight margin width height color background-color"),
	"submitButton:hover":     strings.Fields("color background-color"),
	"textDescription":        description,
}

// propertiesOf gives the properties that a selector may have.
func propertiesOf(selector string) ([]string, bool) {
	name, dotted := strings.CutPrefix(selector, ".")
	name, state, _ := strings.Cut(name, ":")
	name, ok := strings.CutSuffix(name, suffix)
	if !dotted || !ok {
		return nil, false
	}
	if state != "" || strings.HasSuffix(selector, ":") {
		name += ":" + state
	}
	list, ok := classes[name]
	return list, ok
}

// properties says what words each property takes.
var properties = map[string]func(words []string) bool{
	"background":       single(either(color, "none")),
	"background-color": single(color),
	"border":           line,
	"border-color":     upTo4(color),
	"box-sizing":       single(oneOf("border-box content-box")),
	"color":            single(color),
	"display":          single(oneOf("block inline inline-block none")),
	"font-size":        single(either(length, "xx-small x-small small medium large x-large xx-large smaller larger")),
	"font-weight":      single(either(weight, "normal bold bolder lighter")),
	"height":           single(either(length, "auto")),
	"margin":           upTo4(either(length, "auto")),
	"margin-bottom":    single(either(length, "auto")),
	"max-height":       single(either(length, "none")),
	"max-width":        single(either(length, "none")),
	"outline":          line,
	"padding":          upTo4(length),
	"padding-bottom":   single(length),
	"padding-top":      single(length),
	"text-align":       single(oneOf("left right center justify start end")),
	"width":            single(either(length, "auto")),
}

func single(ok func(string) bool) func([]string) bool {
	return func(words []string) bool { return len(words) == 1 && ok(words[0]) }
}

func upTo4(ok func(string) bool) func([]string) bool {
	return func(words []string) bool {
		return len(words) <= 4 && !slices.ContainsFunc(words, func(w string) bool { return !ok(w) })
	}
}

func oneOf(list string) func(string) bool {
	allowed := strings.Fields(list)
	return func(word string) bool { return slices.Contains(allowed, word) }
}

// either is what ok takes, and the words of a list.
func either(ok func(string) bool, list string) func(string) bool {
	listed := oneOf(list)
	return func(word string) bool { return ok(word) || listed(word) }
}

var (
	lineWidths = oneOf("thin medium thick")
	lineStyles = oneOf("none hidden dotted dashed solid double groove ridge inset outset auto")
)

// line is the value of a border or outline: width, style and colour, each at most
// once and in any order.
func line(words []string) bool {
	widths, styles, colors := 0, 0, 0
	for _, w := range words {
		switch {
		case length(w) && !strings.HasSuffix(w, "%") || lineWidths(w):
			widths++
		case lineStyles(w):
			styles++
		case color(w):
			colors++
		default:
			return false
		}
	}
	return widths <= 1 && styles <= 1 && colors <= 1
}
