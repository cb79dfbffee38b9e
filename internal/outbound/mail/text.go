package mail

import (
	"html"
	"strings"
)

// breaks are the elements that begin a new line in plain text.
var breaks = map[string]bool{
	"br": true, "p": true, "div": true, "tr": true, "li": true, "ul": true, "ol": true, "table": true, "hr": true,
	"h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "blockquote": true,
}

// unseen are the elements whose content is not text for the reader.
var unseen = map[string]bool{"style": true, "script": true, "head": true, "title": true}

// PlainText makes the plain-text alternative of an HTML mail: words, line
// breaks, and the address behind each link. It reads any input without fail;
// what is not a tag stays text, since templates are often plain sentences.
func PlainText(body string) string {
	var out strings.Builder
	var link string
	for body != "" {
		open := strings.IndexByte(body, '<')
		if open < 0 || !strings.Contains(body[open:], ">") {
			out.WriteString(html.UnescapeString(body))
			break
		}
		out.WriteString(html.UnescapeString(body[:open]))
		tag, rest, _ := strings.Cut(body[open+1:], ">")
		name := tagName(tag)
		switch {
		case name == "" && !strings.HasPrefix(tag, "!"):
			out.WriteByte('<') // such as "a < b": not a tag
			body = body[open+1:]
			continue
		case unseen[name]:
			rest = afterElement(rest, name)
		case name == "a":
			link = attribute(tag, "href")
		case name == "/a" && link != "":
			out.WriteString(" (" + link + ")")
			link = ""
		case breaks[strings.TrimPrefix(name, "/")]:
			out.WriteByte('\n')
		}
		body = rest
	}
	return tidy(out.String())
}

// tagName is the lower-case name in the text between < and >, with its slash,
// or "" if that text is no tag.
func tagName(tag string) string {
	end := strings.IndexAny(tag, " \t\r\n/")
	if strings.HasPrefix(tag, "/") {
		end = strings.IndexAny(tag[1:], " \t\r\n/")
		if end >= 0 {
			end++
		}
	}
	if end >= 0 {
		tag = tag[:end]
	}
	name := strings.ToLower(tag)
	if first := strings.TrimPrefix(name, "/"); first == "" || first[0] < 'a' || first[0] > 'z' {
		return ""
	}
	return name
}

// afterElement skips to behind the closing tag of name.
func afterElement(body, name string) string {
	at := strings.Index(strings.ToLower(body), "</"+name)
	if at < 0 {
		return ""
	}
	_, rest, _ := strings.Cut(body[at:], ">")
	return rest
}

// attribute is the unescaped value of one quoted attribute of a tag.
func attribute(tag, name string) string {
	at := strings.Index(strings.ToLower(tag), " "+name+"=")
	if at < 0 {
		return ""
	}
	value := tag[at+len(name)+2:]
	if value == "" || value[0] != '"' && value[0] != '\'' {
		return ""
	}
	value, _, _ = strings.Cut(value[1:], value[:1])
	return html.UnescapeString(value)
}

// tidy trims each line and keeps at most one empty line between others.
func tidy(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" && (len(lines) == 0 || lines[len(lines)-1] == "") {
			continue
		}
		lines = append(lines, line)
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}
