package start

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed snippets
var snippetFiles embed.FS

// Snippet is a piece of code or configuration that works as it stands, for this
// server and its sample.
type Snippet struct {
	ID    string
	Title string
	Needs string // how to install what it uses, or empty
	Text  string
}

// snippets are the embedded files with the facts filled in. The first line of a
// file is a comment with the title, and behind a bar what it needs.
func snippets(f Facts) ([]Snippet, error) {
	names, err := fs.Glob(snippetFiles, "snippets/*")
	if err != nil {
		return nil, fmt.Errorf("list snippets: %w", err)
	}
	filled := strings.NewReplacer(
		"{{.Endpoint}}", f.Endpoint, "{{.Region}}", f.Region, "{{.UserPoolID}}", f.UserPoolID, "{{.ClientID}}", f.ClientID,
		"{{.Username}}", f.Username, "{{.Password}}", f.Password, "{{.Issuer}}", f.Issuer, "{{.Domain}}", f.Domain, "{{.DomainHost}}", f.DomainHost,
		"{{.IdentityPoolID}}", f.IdentityPoolID,
	)
	list := make([]Snippet, 0, len(names))
	for _, name := range names {
		text, err := fs.ReadFile(snippetFiles, name)
		if err != nil {
			return nil, fmt.Errorf("read snippet: %w", err)
		}
		head, body, _ := strings.Cut(filled.Replace(string(text)), "\n")
		tag, opens := strings.CutPrefix(head, "<?php ")
		if opens {
			head, body = tag, "<?php\n"+body
		}
		title, needs, _ := strings.Cut(strings.TrimLeft(head, "#/ "), " | ")
		id := strings.TrimPrefix(name, "snippets/")
		id, _, _ = strings.Cut(id[strings.IndexByte(id, '-')+1:], ".")
		list = append(list, Snippet{ID: id, Title: title, Needs: needs, Text: strings.TrimRight(body, "\n")})
	}
	return list, nil
}
