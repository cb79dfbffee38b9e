package testidp

import (
	"bytes"
	"crypto/rand"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

//go:embed assets
var assets embed.FS

var templates = template.Must(template.ParseFS(assets, "assets/*.html"))

// policy allows our own style sheet, and no script. It has no form-action: browsers
// hold all redirects behind a form to it, and these end at pools and at apps.
const policy = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"

// view is what the templates see.
type view struct {
	Kind  Kind
	Title string
	Nonce string // of the script of a page that sends itself

	Visit    string
	ClientID string
	Scope    string
	Host     string // where the browser goes back to
	Asked    bool   // by a pool; else the SAML provider begins
	People   []Person
	Chosen   int    // among them; after the last one: somebody invented
	Invented Person // what the fields of somebody invented begin with
	Claims   string
	Failures []option
	Choice   Choice
	Shown    []shown
	Error    string

	To     string // where a form goes
	Fields url.Values

	Pool, Status string
	Base         string
	Kinds        []Kind
	Sessions     []samlSession
}

// option is one of a list to choose from.
type option struct {
	Value Failure
	Label string
}

// shown is a part of what will be sent.
type shown struct{ Title, Text string }

func style(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, assets, "assets/style.css")
}

// found gives the visit that a request is about, or answers it.
func (p *Providers) found(w http.ResponseWriter, r *http.Request) *visit {
	v := p.peek(p.pending, r.FormValue("visit"), visitLife)
	if v == nil || string(v.kind) != r.PathValue("kind") {
		fail(w, http.StatusNotFound, "This sign-in was begun too long ago. Begin again in the app.")
		return nil
	}
	return v
}

// showChoice asks who signs in, and what goes wrong.
func (p *Providers) showChoice(w http.ResponseWriter, r *http.Request) {
	v := p.found(w, r)
	if v == nil {
		return
	}
	page := p.choices(v, r.FormValue("visit"))
	if i, err := strconv.Atoi(r.FormValue("edit")); err == nil && i >= 0 && i < len(people) {
		page.Chosen, page.Invented = len(people), people[i]
	}
	render(w, http.StatusOK, "choose.html", page)
}

func (p *Providers) choices(v *visit, name string) view {
	page := view{
		Kind: v.kind, Title: v.kind.title(), Visit: name, ClientID: v.clientID, Scope: v.scope, Host: hostOf(v.redirectURI),
		Asked: v.saml == nil || v.saml.id != "", People: people,
		Invented: Person{Subject: "200001", Email: "dana@example.com", EmailVerified: true, GivenName: "Dana", FamilyName: "Cruz"},
	}
	for _, f := range v.kind.Failures() {
		page.Failures = append(page.Failures, option{f, f.label()})
	}
	return page
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}

// takeChoice shows what would be sent for a choice.
func (p *Providers) takeChoice(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, longestDecision)
	v := p.found(w, r)
	if v == nil {
		return
	}
	page := p.choices(v, r.FormValue("visit"))
	choice, err := readChoice(r)
	if err == nil {
		err = choice.check(v.kind)
	}
	chosen := *v
	chosen.choice = choice
	if err == nil {
		err = p.prepare(r.Context(), &chosen)
	}
	if err != nil {
		page.Chosen, page.Error, page.Choice = len(people), err.Error(), choice
		page.Invented, page.Claims = choice.Person, r.FormValue("claims")
		render(w, http.StatusBadRequest, "choose.html", page)
		return
	}
	page.Choice, page.Shown = choice, p.preview(&chosen)
	page.Visit = p.keep(p.chosen, &chosen)
	render(w, http.StatusOK, "preview.html", page)
}

// readChoice reads the form.
func readChoice(r *http.Request) (Choice, error) {
	field := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	c := Choice{Failure: Failure(field("failure")), Sign: Signing(field("sign"))}
	if choice := field("encrypt"); choice != "" {
		c.Encrypt = new(choice == "yes")
	}
	if i, err := strconv.Atoi(field("person")); err == nil && i >= 0 && i < len(people) {
		c.Person = people[i]
	} else {
		c.Person = Person{
			Subject: field("subject"), Email: field("email"), EmailVerified: field("email_verified") != "",
			GivenName: field("given_name"), FamilyName: field("family_name"),
		}
		for group := range strings.SplitSeq(field("groups"), ",") {
			if group = strings.TrimSpace(group); group != "" {
				c.Person.Groups = append(c.Person.Groups, group)
			}
		}
	}
	if text := field("claims"); text != "" {
		if err := json.Unmarshal([]byte(text), &c.Claims); err != nil {
			return c, errors.New("the further claims have to be a JSON object")
		}
	}
	return c, nil
}

// preview is what the answer to a visit says.
func (p *Providers) preview(v *visit) []shown {
	switch {
	case v.kind == SAML:
		return []shown{{"What the response says", v.response.plain}, {"As it is sent", v.response.sealed}}
	case v.choice.Failure == Denied:
		return []shown{{"Answer", "error=access_denied"}}
	}
	var list []shown
	if v.idToken != "" {
		parts := strings.Split(v.idToken, ".")
		list = append(list, shown{"ID token", decoded(parts[0]) + "\n" + decoded(parts[1])})
	}
	if v.kind != Apple {
		fields := []string{"names", "emailAddresses"}
		if v.kind == Facebook {
			fields = []string{"id", "email", "name", "first_name", "last_name"}
		}
		list = append(list, shown{"Profile", indentedJSON(v.profile(fields))})
	}
	if v.idToken != "" {
		list = append(list, shown{"ID token as it is sent", v.idToken})
	}
	return list
}

// send goes back with what was shown.
func (p *Providers) send(w http.ResponseWriter, r *http.Request) {
	v := p.take(p.chosen, r.PostFormValue("visit"))
	if v == nil || string(v.kind) != r.PathValue("kind") {
		fail(w, http.StatusNotFound, "This was sent already, or is too old. Begin again in the app.")
		return
	}
	p.goBack(w, r, v)
}

// home shows how the providers are attached, and what the SAML provider can begin.
func (p *Providers) home(w http.ResponseWriter, _ *http.Request) {
	page := view{Base: p.base, Kinds: kinds}
	p.mu.Lock()
	for _, session := range p.sessions {
		page.Sessions = append(page.Sessions, session)
	}
	p.mu.Unlock()
	slices.SortFunc(page.Sessions, func(a, b samlSession) int { return b.At.Compare(a.At) })
	render(w, http.StatusOK, "home.html", page)
}

// post shows a page that sends a form to somewhere else by itself, or without
// scripts at the press of a button.
func (p *Providers) post(w http.ResponseWriter, to string, fields url.Values) {
	page := view{To: to, Fields: fields, Nonce: rand.Text(), Host: hostOf(to)}
	renderWith(w, http.StatusOK, "post.html", page, policy+"; script-src 'nonce-"+page.Nonce+"'")
}

func fail(w http.ResponseWriter, status int, why string) {
	render(w, status, "failed.html", view{Error: why})
}

func render(w http.ResponseWriter, status int, name string, page view) {
	renderWith(w, status, name, page, policy)
}

func renderWith(w http.ResponseWriter, status int, name string, page view, policy string) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, page); err != nil {
		http.Error(w, "The page could not be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	// Browsers call the origin of a form null under no-referrer, and then it looks
	// like one of another site.
	h.Set("Referrer-Policy", "same-origin")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
}

func indentedJSON(v any) string {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(text)
}

// decoded is a part of a JWT for people to read.
func decoded(part string) string {
	text, err := base64.RawURLEncoding.DecodeString(part)
	var b bytes.Buffer
	if err != nil || json.Indent(&b, text, "", "  ") != nil {
		return part
	}
	return b.String()
}
