package simplesaml

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Form is a form of a page: where it goes and what is in it.
type Form struct {
	Action string
	Fields url.Values
}

// Browser walks through the provider's pages as a browser without scripts does.
type Browser struct {
	client http.Client
	t      testing.TB
}

// NewBrowser makes one without cookies.
func NewBrowser(t testing.TB) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{client: http.Client{Jar: jar}, t: t}
}

// SignIn opens an address of the provider, signs in where it asks, and gives the
// form that it sends the person on with.
func (b *Browser) SignIn(address, name, password string) Form {
	b.t.Helper()
	form := b.Open(address)
	if _, asked := form.Fields["password"]; asked {
		form.Fields.Set("username", name)
		form.Fields.Set("password", password)
		form = b.Post(form)
	}
	return form
}

// Open gives the form of a page.
func (b *Browser) Open(address string) Form {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.form(r)
}

// Post sends a form and gives the one of the page that answers.
func (b *Browser) Post(form Form) Form {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, form.Action, strings.NewReader(form.Fields.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.form(r)
}

func (b *Browser) form(r *http.Request) Form {
	b.t.Helper()
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := html.Parse(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: %s\n%s", r.URL, answer.Status, words(page))
	}
	form := Form{Action: answer.Request.URL.String(), Fields: url.Values{}}
	found := false
	for n := range page.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch {
		case n.Data == "form" && !found:
			found = true
			if at, err := answer.Request.URL.Parse(attribute(n, "action")); err == nil && attribute(n, "action") != "?" {
				form.Action = at.String()
			}
		case n.Data == "input" && attribute(n, "name") != "" && !slices.Contains([]string{"submit", "checkbox"}, attribute(n, "type")):
			form.Fields.Set(attribute(n, "name"), attribute(n, "value"))
		}
	}
	if !found {
		b.t.Fatalf("%s: no form\n%s", answer.Request.URL, words(page))
	}
	return form
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// words are what a page says.
func words(page *html.Node) string {
	var b strings.Builder
	for n := range page.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "script" && n.Parent.Data != "style" {
			if line := strings.TrimSpace(n.Data); line != "" {
				b.WriteString(line + "\n")
			}
		}
	}
	return b.String()
}

// Leave opens an address and gives the one that it ends at.
func (b *Browser) Leave(address string) string {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusBadRequest {
		page, err := html.Parse(answer.Body)
		if err != nil {
			b.t.Fatal(err)
		}
		b.t.Fatalf("%s: %s\n%s", address, answer.Status, words(page))
	}
	return answer.Request.URL.String()
}
