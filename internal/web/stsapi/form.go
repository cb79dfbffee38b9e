package stsapi

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"cognate/internal/api"
)

const (
	bodyLimit = 512 << 10 // bytes: a SAML assertion of 100,000 characters, escaped, with room
	// mostParameters bounds a form: 50 tags are 100 of them.
	mostParameters = 512
	// deepest is how many names a parameter may be made of; the model has four.
	deepest = 6
	// greatestIndex bounds the number of an element of a list.
	greatestIndex = 1000
)

// parameter is a node of the tree that the names of a form make:
// Tags.member.1.Key is four levels down.
type parameter struct {
	value string
	given bool // it has a value, be it empty
	parts map[string]*parameter
}

// part gives a child, or nil.
func (p *parameter) part(name string) *parameter {
	if p == nil {
		return nil
	}
	return p.parts[name]
}

// text gives the value of a child, or "".
func (p *parameter) text(name string) string {
	if child := p.part(name); child != nil {
		return child.value
	}
	return ""
}

func malformed(format string, args ...any) *api.Error {
	return api.NewError("MalformedQueryString", http.StatusBadRequest, format, args)
}

// IsQuery reports whether a request speaks the query protocol: a form by POST that
// is not marked as JSON, or an Action in the address.
func IsQuery(r *http.Request) bool {
	if r.Header.Get("X-Amz-Target") != "" {
		return false
	}
	if r.Method == http.MethodPost && isForm(r.Header["Content-Type"]) {
		return true
	}
	return strings.HasPrefix(r.URL.RawQuery, "Action=") || strings.Contains(r.URL.RawQuery, "&Action=")
}

func isForm(types []string) bool {
	if len(types) != 1 {
		return false
	}
	name, _, err := mime.ParseMediaType(types[0])
	return name == "application/x-www-form-urlencoded" && (err == nil || errors.Is(err, mime.ErrInvalidMediaParameter))
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Method != http.MethodPost && r.ContentLength == 0 {
		return nil, nil
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		w.Header().Set("Connection", "close") // the rest is not read
		return nil, api.NewError("RequestEntityTooLarge", http.StatusRequestEntityTooLarge, "The request is larger than %d bytes", []any{bodyLimit})
	case err != nil:
		return nil, malformed("The request could not be read").Because(err)
	}
	return data, nil
}

// readForm puts the parameters of the address and of the body into one tree. Those
// of a signature are not among them. One that comes twice is refused, as it would be
// open which of them counts.
func readForm(rawQuery, body string) (*parameter, error) {
	root := &parameter{}
	count := 0
	for _, source := range [...]string{rawQuery, body} {
		for pair := range strings.SplitSeq(source, "&") {
			if pair == "" {
				continue
			}
			if count++; count > mostParameters {
				return nil, malformed("There are more than %d parameters", mostParameters)
			}
			if err := root.add(pair); err != nil {
				return nil, err
			}
		}
	}
	return root, nil
}

func (p *parameter) add(pair string) error {
	rawName, rawValue, _ := strings.Cut(pair, "=")
	name, err := url.QueryUnescape(rawName)
	if err != nil {
		return malformed("The name of a parameter could not be decoded").Because(err)
	}
	if strings.HasPrefix(name, "X-Amz-") {
		return nil
	}
	value, err := url.QueryUnescape(rawValue)
	if err != nil || !utf8.ValidString(value) || !utf8.ValidString(name) {
		return malformed("The value of a parameter could not be decoded").Because(err)
	}
	names := strings.Split(name, ".")
	if len(names) > deepest {
		return malformed("A parameter has more than %d names", deepest)
	}
	for _, one := range names {
		next := p.parts[one]
		if next == nil {
			if p.parts == nil {
				p.parts = make(map[string]*parameter)
			}
			next = &parameter{}
			p.parts[one] = next
		}
		p = next
	}
	if p.given {
		return malformed("A parameter is given twice")
	}
	p.value, p.given = value, true
	return nil
}

// index reads the number of an element of a list, which counts from 1.
func index(name string) (int, bool) {
	if name == "" || name[0] < '1' || name[0] > '9' {
		return 0, false
	}
	n, err := strconv.Atoi(name)
	return n, err == nil && n <= greatestIndex
}
