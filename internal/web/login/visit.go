package login

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/authorization"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/sso"
	"cognate/internal/cognito/style"
	"cognate/internal/cognito/threats"
	"cognate/internal/cognito/transactions"
	"cognate/internal/web/domainhost"
	"cognate/internal/web/pages"
)

// The generations of the pages.
const (
	classic = 1
	managed = 2
)

// visit is one request for a page, and what is known of it so far.
type visit struct {
	p       *Pages
	w       http.ResponseWriter
	r       *http.Request
	site    *domainhost.Site
	version int
	here    string // the page, as pageOf names it
	csrf    string
	lang    string

	query url.Values // once read
	form  url.Values // of a POST

	// Of pages about an authorize request:
	request *authorization.Request
	client  *directory.Client
	style   *style.Style
	tx      *transactions.Transaction
	begun   bool         // the transaction was there before this request
	session *sso.Session // that the browser has; nil: none in force
}

// visit begins to answer a request.
func (p *Pages) visit(w http.ResponseWriter, r *http.Request) *visit {
	v := &visit{p: p, w: w, r: r, site: domainhost.From(r.Context()), version: classic, here: pageOf(r.URL.Path), lang: pages.English}
	v.csrf = SetXSRF(w, r)
	// A plan without managed login has the classic pages, whatever the domain says.
	if v.site.Domain.Settings.ManagedLoginVersion == managed && v.site.Domain.Pool.Config().UserPoolTier != api.UserPoolTierTypeLite {
		v.version = managed
	}
	return v
}

// read reads query, language and form.
func (v *visit) read() error {
	var err error
	if v.query, err = url.ParseQuery(v.r.URL.RawQuery); err != nil {
		v.query = url.Values{}
		return &refusal{status: http.StatusBadRequest, code: authorization.InvalidRequest}
	}
	for name, values := range v.query {
		if !clean(name) || !clean(strings.Join(values, "")) {
			v.query = url.Values{}
			return &refusal{status: http.StatusBadRequest, code: authorization.InvalidRequest}
		}
	}
	v.chooseLanguage()
	if v.r.Method != http.MethodPost {
		return nil
	}
	if v.form, err = readForm(v.w, v.r); err != nil {
		return &refusal{status: http.StatusBadRequest, code: authorization.InvalidRequest}
	}
	return nil
}

// chooseLanguage reads what the classic pages do not know: lang, its cookie and
// the browser's languages (endpoints.md §7.4).
func (v *visit) chooseLanguage() {
	if v.version == classic {
		return
	}
	wanted := ""
	if values := v.query["lang"]; len(values) == 1 {
		wanted = values[0]
	}
	v.lang = pages.Language(wanted, v.cookie(cookieLanguage), v.r.Header.Get("Accept-Language"))
	if wanted != "" {
		v.setCookie(cookieLanguage, v.lang, languageLife)
	}
}

// load finds out what the request is about: the authorize request, the client's
// style, the browser's session and its transaction.
func (v *visit) load(ctx context.Context) error {
	var err error
	if v.request, err = v.p.Authorization.Check(ctx, v.site.Domain, v.site.Base, v.query); err != nil {
		return err
	}
	v.client = v.request.Client
	style, there, err := v.p.Looks.Style(ctx, v.client, v.version)
	if err != nil {
		return err
	}
	if !there {
		return errUnavailable
	}
	v.style = style
	if v.session, err = v.standing(ctx); err != nil {
		return err
	}
	browser := v.browserID()
	if v.version == managed {
		v.setCookie(cookieBrowser, browser, forSession)
	}
	v.tx, v.begun, err = v.p.transactions.Load(ctx, v.client.PoolID, transactions.Key(browser, v.query))
	return err
}

// standing gives the session of the browser, unless it is from before the domain
// changed its pages (endpoints.md §2).
func (v *visit) standing(ctx context.Context) (*sso.Session, error) {
	session, err := v.p.Sessions.Find(ctx, v.site.Domain.Pool, v.cookie(cookieSession))
	if session == nil || err != nil || session.CreatedAt.Before(v.site.Domain.Settings.PagesSince) {
		return nil, err
	}
	return session, nil
}

// checkForm refuses forms that none of our pages in this browser sent, and those
// of a transaction that is over. A script that drives the classic form need not
// have asked for the page first.
func (v *visit) checkForm() error {
	switch {
	case !v.genuine():
		return &refusal{status: http.StatusForbidden, code: authorization.InvalidRequest, restart: true}
	case !v.begun && v.version == managed:
		return &refusal{status: http.StatusBadRequest, message: somethingWentWrong, restart: true}
	}
	v.tx.Error, v.tx.Notice = nil, nil
	return nil
}

// begin makes sure that the transaction of a page is there when its form comes.
func (v *visit) begin(ctx context.Context) error {
	if v.begun {
		return nil
	}
	err := v.p.transactions.Save(ctx, v.tx)
	if errors.Is(err, transactions.ErrOvertaken) { // by the same page in another window
		return nil
	}
	return err
}

// turn keeps the transaction and goes on to a page, which says what there is to say.
func (v *visit) turn(ctx context.Context, path string) error {
	v.tx.At = pageOf(path)
	if err := v.p.transactions.Save(ctx, v.tx); err != nil {
		return err
	}
	v.redirect(v.address(path))
	return nil
}

// address is that of a page about the same request.
func (v *visit) address(path string) string {
	if len(v.query) == 0 {
		return v.site.Base + path
	}
	return v.site.Base + path + "?" + v.query.Encode()
}

// redirect answers with 302, which makes browsers ask with GET, so that a form is
// never sent on (security.md S017).
func (v *visit) redirect(location string) {
	h := v.w.Header()
	pages.SetHeaders(h, "")
	h.Del("Content-Security-Policy")
	h.Del("Content-Type")
	h.Set("Location", location)
	v.w.WriteHeader(http.StatusFound)
}

func (v *visit) write(status int, page pages.View) { v.p.Pages.Write(v.w, status, page) }

// show renders a page of a transaction, which lasts from its first page on.
func (v *visit) show(ctx context.Context, page pages.View) error {
	if err := v.begin(ctx); err != nil {
		return err
	}
	v.write(http.StatusOK, page)
	return nil
}

// frame is what all pages have.
func (v *visit) frame() pages.Frame {
	f := pages.Frame{
		Version: v.version, Lang: v.lang, Style: v.style, Path: v.site.Path, Query: v.query.Encode(), CSRF: v.csrf,
	}
	if v.client != nil {
		f.ClientID, f.ClientName = v.client.ID, v.client.Name
	}
	if v.tx != nil && v.tx.At == v.here {
		f.Error, f.Notice = shown(v.tx.Error), shown(v.tx.Notice)
	}
	return f
}

// asking is the frame of pages that ask for a code; where messages only go to the
// inbox of a developer, they say where that is.
func (v *visit) asking() pages.Frame {
	f := v.frame()
	f.Inbox = v.p.Inbox
	return f
}

// context is where a request says to come from, for threat protection.
func (v *visit) context() threats.Context {
	data := v.form.Get("cognitoAsfData")
	return threats.PublicContext(userContext(data))
}

// userContext is the member of the API's requests that says the same.
func userContext(data string) *api.UserContextDataType {
	if data == "" {
		return nil
	}
	return &api.UserContextDataType{EncodedData: &data}
}
