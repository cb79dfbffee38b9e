package imagefile

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	svgNamespace   = "http://www.w3.org/2000/svg"
	xlinkNamespace = "http://www.w3.org/1999/xlink"

	maxElements = 10000
	maxDepth    = 64
	maxUses     = 128
)

var (
	errDoctype = errors.New("a document type with declarations is not allowed")
	errUse     = errors.New("an element that is used must not use others")
)

// cleanSVG writes a drawing with the allowed elements, attributes and values of
// content alone. What is not allowed is left out with all that is in it. Refused is
// what is not well formed or not a drawing, what declares entities, and what is
// made to grow when it is shown.
func cleanSVG(content []byte) ([]byte, error) {
	decoder := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))))
	c := svgCleaner{decoder: decoder, users: map[string]bool{}}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := c.take(token); err != nil {
			return nil, err
		}
	}
	if !c.rooted {
		return nil, errKind
	}
	if len(c.uses) > maxUses || slices.ContainsFunc(c.uses, func(id string) bool { return c.users[id] }) {
		return nil, errUse
	}
	if c.out.WriteByte('\n'); c.out.Len() > MaxBytes {
		return nil, ErrSize
	}
	return c.out.Bytes(), nil
}

type svgCleaner struct {
	decoder  *xml.Decoder
	out      bytes.Buffer
	rooted   bool
	open     []string // names of open elements
	ids      []string // theirs
	elements int
	uses     []string        // ids that are drawn again somewhere
	users    map[string]bool // ids of elements that draw others again
}

func (c *svgCleaner) take(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		return c.start(t)
	case xml.EndElement:
		c.out.WriteString("</" + c.open[len(c.open)-1] + ">")
		c.open, c.ids = c.open[:len(c.open)-1], c.ids[:len(c.ids)-1]
	case xml.CharData:
		return c.text(t)
	case xml.Directive:
		if bytes.ContainsAny(t, "[<%") {
			return errDoctype
		}
	}
	return nil // comments and instructions are left out
}

func (c *svgCleaner) start(t xml.StartElement) error {
	name := t.Name.Local
	ours := t.Name.Space == svgNamespace || t.Name.Space == ""
	if len(c.open) == 0 && (c.rooted || !ours || name != "svg") {
		return errKind
	}
	if c.elements++; c.elements > maxElements || len(c.open) >= maxDepth {
		return ErrSize
	}
	if !ours || !svgElements[name] {
		return c.skip()
	}
	c.open, c.ids = append(c.open, name), append(c.ids, "")
	c.out.WriteString("<" + name)
	if !c.rooted {
		c.rooted = true
		c.out.WriteString(` xmlns="` + svgNamespace + `"`)
	}
	return c.attributes(name, t.Attr)
}

// skip leaves out what is in the element that has just begun. Decoder.Skip does
// not bound the depth.
func (c *svgCleaner) skip() error {
	for depth := 1; depth > 0; {
		token, err := c.decoder.Token()
		if err != nil {
			return err
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
			if c.elements++; c.elements > maxElements {
				return ErrSize
			}
		case xml.EndElement:
			depth--
		}
	}
	return nil
}

func (c *svgCleaner) attributes(element string, list []xml.Attr) error {
	written := map[string]bool{}
	for _, a := range list {
		name := a.Name.Local
		ours := a.Name.Space == "" || a.Name.Space == xlinkNamespace && name == "href"
		if !ours || !svgAttributes[name] || written[name] || !allowedValue(name, a.Value) {
			continue
		}
		written[name] = true
		if name == "id" {
			c.ids[len(c.ids)-1] = a.Value
		}
		if name == "href" && element == "use" {
			c.uses = append(c.uses, strings.TrimPrefix(a.Value, "#"))
		}
		c.out.WriteString(" " + name + `="`)
		if err := xml.EscapeText(&c.out, []byte(a.Value)); err != nil {
			return fmt.Errorf("write attribute: %w", err)
		}
		c.out.WriteByte('"')
	}
	if element == "use" {
		for _, id := range c.ids {
			c.users[id] = id != ""
		}
	}
	c.out.WriteByte('>')
	return nil
}

// text writes what is between tags, where it is shown or a stylesheet.
func (c *svgCleaner) text(t xml.CharData) error {
	if len(c.open) == 0 {
		return nil
	}
	switch c.open[len(c.open)-1] {
	case "style":
		if !allowedStyle(string(t)) {
			return nil
		}
	case "text", "tspan", "textPath", "title", "desc":
	default:
		return nil
	}
	if err := xml.EscapeText(&c.out, t); err != nil {
		return fmt.Errorf("write text: %w", err)
	}
	return nil
}

// allowedValue checks the value of an allowed attribute. Addresses lead to other
// parts of the same drawing only.
func allowedValue(name, value string) bool {
	if name == "href" {
		return len(value) > 1 && value[0] == '#'
	}
	return allowedStyle(value)
}

// allowedStyle reports whether a piece of a stylesheet or the value of a property
// loads nothing. Anything that could hide something else is refused as well.
func allowedStyle(text string) bool {
	text = strings.ToLower(text)
	if strings.ContainsAny(text, `\@<`) || strings.Contains(text, "/*") || strings.Contains(text, "expression") ||
		strings.Contains(text, "binding") || strings.Contains(text, "behavior") || strings.Contains(text, "script:") {
		return false
	}
	for rest := text; ; {
		_, after, found := strings.Cut(rest, "(")
		if !found {
			return true
		}
		before := rest[:len(rest)-len(after)-1]
		function := before[strings.LastIndexFunc(before, func(r rune) bool { return (r < 'a' || r > 'z') && r != '-' && (r < '0' || r > '9') })+1:]
		if function == "url" && !strings.HasPrefix(strings.TrimLeft(after, ` "'`), "#") || function != "url" && !svgFunctions[function] {
			return false
		}
		rest = after
	}
}
