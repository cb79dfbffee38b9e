package deptest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading  = regexp.MustCompile(`(?m)^#{1,6} +(.*?) *$`)
	fence    = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	codeSpan = regexp.MustCompile("`[^`\n]*`")
	notInID  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// Every link from a page to a file or a heading of the repository leads there.
func TestLinksOfPagesResolve(t *testing.T) {
	t.Parallel()
	links := 0
	textFiles(t, func(path string, content []byte) {
		if filepath.Ext(path) != ".md" {
			return
		}
		text := codeSpan.ReplaceAllString(fence.ReplaceAllString(string(content), ""), "")
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			target := found[1]
			if strings.Contains(target, ":") { // elsewhere
				continue
			}
			links++
			if err := resolve(path, target); err != nil {
				t.Errorf("%s links to %s: %v", path, target, err)
			}
		}
	})
	if links < 50 {
		t.Errorf("only %d links were followed", links)
	}
}

// Every page of the manual is listed in its table of contents.
func TestEveryPageIsInTheTableOfContents(t *testing.T) {
	t.Parallel()
	contents, err := os.ReadFile(filepath.Join(root, "docs", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if name := filepath.Base(page); name != "README.md" && !strings.Contains(string(contents), "]("+name+")") {
			t.Errorf("docs/README.md does not list %s", name)
		}
	}
}

func resolve(from, target string) error {
	file, anchor, _ := strings.Cut(target, "#")
	path := from
	if file != "" {
		path = filepath.Join(filepath.Dir(from), filepath.FromSlash(file))
	}
	if _, err := os.Stat(path); err != nil {
		return err
	}
	if anchor == "" {
		return nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for _, h := range heading.FindAllStringSubmatch(fence.ReplaceAllString(string(content), ""), -1) {
		if anchorOf(h[1]) == anchor {
			return nil
		}
	}
	return fmt.Errorf("%s has no such heading", path)
}

// anchorOf is the name that a heading gets where Markdown is shown.
func anchorOf(heading string) string {
	return strings.ReplaceAll(notInID.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}
