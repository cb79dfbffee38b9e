package login

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/authorization"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/passkeys"
	"cognate/internal/cognito/signin"
	"cognate/internal/cognito/sso"
	"cognate/internal/cognito/style"
	"cognate/internal/cognito/transactions"
	"cognate/internal/store"
	"cognate/internal/web/pages"
	"cognate/internal/web/panics"
)

// SignIn is the pages' door of package signin.
type SignIn interface {
	SignInOnPage(ctx context.Context, p *signin.Page) (*signin.PageAnswer, error)
}

// Users are the operations of the API that the pages call for their users.
type Users interface {
	SignUpOnPage(ctx context.Context, in *api.SignUpRequest) (*api.SignUpResponse, error)
	ConfirmSignUp(ctx context.Context, in *api.ConfirmSignUpRequest) (*api.ConfirmSignUpResponse, error)
	ResendConfirmationCode(ctx context.Context, in *api.ResendConfirmationCodeRequest) (*api.ResendConfirmationCodeResponse, error)
	ForgotPassword(ctx context.Context, in *api.ForgotPasswordRequest) (*api.ForgotPasswordResponse, error)
	ConfirmForgotPassword(ctx context.Context, in *api.ConfirmForgotPasswordRequest) (*api.ConfirmForgotPasswordResponse, error)
}

// Apps are the operations of the API that register an authenticator app within a
// sign-in.
type Apps interface {
	AssociateSoftwareToken(ctx context.Context, in *api.AssociateSoftwareTokenRequest) (*api.AssociateSoftwareTokenResponse, error)
	VerifySoftwareToken(ctx context.Context, in *api.VerifySoftwareTokenRequest) (*api.VerifySoftwareTokenResponse, error)
}

// Looks says how the pages of a client look.
type Looks interface {
	// Style gives the style of a client's pages, nil for the provided one. False
	// means that a client of managed login has none, so that it has no pages.
	Style(ctx context.Context, client *directory.Client, version int) (*style.Style, bool, error)
	// Terms gives the links of the sign-up page in a language, or nil.
	Terms(ctx context.Context, client *directory.Client, language string) (*pages.TermsLinks, error)
}

// Config is what the pages need. All fields are set.
type Config struct {
	DB            *store.DB
	Now           func() time.Time
	Log           *slog.Logger
	Directory     *directory.Directory
	Authorization *authorization.Operations
	Sessions      *sso.Sessions
	SignIn        SignIn
	Users         Users
	Apps          Apps
	Passkeys      *passkeys.Operations
	Looks         Looks
	Pages         *pages.Renderer
	// SignOutThere gives the address at which the identity provider of a session ends
	// its own, before the browser goes on to after; empty where it is not asked.
	SignOutThere func(w http.ResponseWriter, r *http.Request, ended *store.SSOSession, after string) (location string, err error)
	// CookieKey seals what cookies say: 32 bytes, the same on every node.
	CookieKey []byte
	// Inbox is the address of the page that shows messages; empty where there is
	// none.
	Inbox string
}

// Pages serves the pages of all domains.
type Pages struct {
	Config
	transactions *transactions.Transactions
	cookies      *sealer
}

// New makes the pages.
func New(c Config) (*Pages, error) {
	cookies, err := newSealer(c.CookieKey)
	if err != nil {
		return nil, err
	}
	return &Pages{Config: c, transactions: &transactions.Transactions{DB: c.DB, Now: c.Now}, cookies: cookies}, nil
}

// action shows a page or takes its form. An error becomes the page that says so,
// see visit.fail.
type action func(ctx context.Context, v *visit) error

// route is a page. Its paths are compared without case (endpoints.md §1).
type route struct {
	show action // GET
	take action // POST; nil: there is no form
	// apart says that the page is not about an authorize request.
	apart bool
	// latest says that only managed login has the page.
	latest bool
}

var routes = map[string]route{
	"/login":                 {show: showSignIn, take: takeSignIn},
	"/signup":                {show: showSignUp, take: takeSignUp},
	"/confirm":               {show: showConfirm, take: takeConfirm},
	"/resendcode":            {show: toConfirm, take: takeResend},
	"/confirmuser":           {show: showConfirmUser, apart: true},
	"/forgotpassword":        {show: showForgot, take: takeForgot},
	"/confirmforgotpassword": {show: showReset, take: takeReset},
	"/passkeys/add":          {show: showPasskeyAdd, take: takePasskeyAdd, latest: true},
	"/logout":                {show: signOut, apart: true},
	"/error":                 {show: showError, apart: true},
}

// pageOf is the form in which paths are compared, and the name of a page in routes.
func pageOf(path string) string {
	path = strings.ToLower(strings.TrimSuffix(path, "/"))
	if page, alias := aliases[path]; alias {
		return page
	}
	return path
}

// aliases are other paths of pages, seen in the field (endpoints.md §1).
var aliases = map[string]string{"/oauth2/login": "/login", "/oauth2/logout": "/logout"}

// ServeHTTP answers a request that domainhost has found the domain of.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := p.visit(w, r)
	page, ok := routes[v.here]
	if !ok || page.latest && v.version == classic {
		v.failed(http.StatusNotFound, "")
		return
	}
	if err := p.serve(r.Context(), v, page); err != nil {
		v.fail(r.Context(), err)
	}
}

// serve answers a request. A panic becomes an error (security.md S197).
func (p *Pages) serve(ctx context.Context, v *visit, page route) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = panics.AsError(cause)
		}
	}()
	var act action
	switch v.r.Method {
	case http.MethodGet, http.MethodHead:
		act = page.show
	case http.MethodPost:
		act = page.take
	}
	if act == nil {
		allow := "GET, HEAD"
		if page.take != nil {
			allow += ", POST"
		}
		v.w.Header().Set("Allow", allow)
		v.failed(http.StatusMethodNotAllowed, "")
		return nil
	}
	if err := v.read(); err != nil {
		return err
	}
	if page.apart {
		return act(ctx, v)
	}
	if err := v.load(ctx); err != nil {
		return err
	}
	if v.r.Method == http.MethodPost {
		if err := v.checkForm(); err != nil {
			return err
		}
	}
	return act(ctx, v)
}

// refusal is an error that has a page of its own.
type refusal struct {
	status  int
	message string // shown as it is; empty: a sentence for code
	code    string
	restart bool // a link leads to the first page
}

func (r *refusal) Error() string {
	return fmt.Sprintf("page refused with %d: %s%s", r.status, r.message, r.code)
}

// errUnavailable says that the client has no pages.
var errUnavailable = errors.New("the client has no style")

// fail answers with the page for an error. Only faults of the service are logged.
func (v *visit) fail(ctx context.Context, err error) {
	if refused, ok := errors.AsType[*authorization.Refusal](err); ok && refused.Location != "" {
		v.redirect(refused.Location)
		return
	}
	if refused, ok := errors.AsType[*refusal](err); ok {
		restart := ""
		if refused.restart {
			restart = v.address("/login")
		}
		v.write(refused.status, &pages.Error{Frame: v.frame(), Message: refused.message, Code: refused.code, Restart: restart})
		return
	}
	switch {
	case errors.Is(err, errUnavailable):
		v.write(http.StatusForbidden, &pages.Unavailable{Frame: v.frame()})
	case errors.Is(err, transactions.ErrOvertaken):
		v.redirect(v.address("/login"))
	default:
		v.p.Log.LogAttrs(ctx, slog.LevelError, "page failed", slog.String("path", v.r.URL.Path), slog.Any("error", err))
		v.failed(http.StatusInternalServerError, somethingWentWrong)
	}
}

// Fail shows the error page to a browser that came back from elsewhere.
func (p *Pages) Fail(w http.ResponseWriter, r *http.Request, message string) {
	p.visit(w, r).failed(http.StatusBadRequest, message)
}

// somethingWentWrong is what managed login says when a transaction took too long,
// and when the service has a fault (endpoints.md §6.4).
const somethingWentWrong = "Something went wrong"

func (v *visit) failed(status int, message string) {
	v.write(status, &pages.Error{Frame: v.frame(), Message: message})
}
