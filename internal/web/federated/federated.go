package federated

import (
	"context"
	"crypto/rsa"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/authorization"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/federation"
	"cognate/internal/cognito/idp"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/signin"
	"cognate/internal/cognito/sso"
	"cognate/internal/cognito/threats"
	"cognate/internal/outbound/oidc"
	"cognate/internal/protocol/saml"
	"cognate/internal/store"
	"cognate/internal/web/domainhost"
)

// SignIn is the door of package signin for users from elsewhere.
type SignIn interface {
	SignInFederated(ctx context.Context, f *signin.Federated) (*signin.SignedIn, error)
}

// SAML is what a pool has of its own, and knows of its SAML providers.
type SAML interface {
	// SigningKey is the key that the pool signs its requests with.
	SigningKey(ctx context.Context, poolID string) (*rsa.PrivateKey, error)
	// Metadata is the metadata of a provider, in a copy that may still be used.
	Metadata(ctx context.Context, p *store.IdentityProvider) (*saml.Metadata, error)
}

// Config is what the doors need. All fields but Reroute are set.
type Config struct {
	Now           func() time.Time
	Directory     *directory.Directory
	Authorization *authorization.Operations
	Federation    *federation.Federation
	SignIn        SignIn
	Sessions      *sso.Sessions
	Asker         *oidc.Client
	SAML          SAML
	// Reroute has providers asked elsewhere; nil: nowhere.
	Reroute func(*oidc.Settings)
	// Unopened counts encrypted assertions that could not be opened, by provider.
	Unopened *limits.Guesses
	// Cookies sets and reads the cookies of a domain.
	Cookies Cookies
	// Fail shows the error page.
	Fail func(w http.ResponseWriter, r *http.Request, message string)
	// Began puts what every answer of a domain has on one.
	Began func(w http.ResponseWriter, r *http.Request)
	Log   *slog.Logger
}

// Doors serves the ways out and in.
type Doors struct{ Config }

// longestForm bounds the body of an answer that a browser brings, in bytes. An
// assertion has 100,000 characters at most, which the form's encoding can treble.
const longestForm = 512 << 10

// Register mounts the ways in on the mux of a domain.
func (d *Doors) Register(mux *http.ServeMux) {
	mux.HandleFunc("/oauth2/idpresponse", d.door(d.fromOAuth, http.MethodGet, http.MethodPost))
	mux.HandleFunc("/saml2/idpresponse", d.door(d.fromSAML, http.MethodPost))
	mux.HandleFunc("/saml2/logout", d.door(d.fromLogout, http.MethodPost))
}

// arrival is a browser that comes back.
type arrival struct {
	*Doors
	w      http.ResponseWriter
	r      *http.Request
	site   *domainhost.Site
	domain *directory.Domain
	form   url.Values // of the query and the body
	posted url.Values // of the body alone
}

func (d *Doors) door(serve func(ctx context.Context, a *arrival) error, methods ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		site := domainhost.From(r.Context())
		if site == nil {
			http.NotFound(w, r)
			return
		}
		d.Began(w, r)
		if !slices.Contains(methods, r.Method) {
			w.Header().Set("Allow", strings.Join(methods, ", "))
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, longestForm)
		if err := r.ParseForm(); err != nil {
			d.Fail(w, r, invalidState)
			return
		}
		a := &arrival{Doors: d, w: w, r: r, site: site, domain: site.Domain, form: r.Form, posted: r.PostForm}
		if err := serve(r.Context(), a); err != nil {
			d.Log.ErrorContext(r.Context(), "a sign-in by an identity provider failed", "path", r.URL.Path, "error", err)
			d.Fail(w, r, somethingWrong)
		}
	}
}

// What the error page says of browsers that nobody waits for.
const (
	invalidState   = "Invalid state"
	somethingWrong = "Something went wrong"
)

// Depart sends a browser to the provider of an authorize request: it gives the
// address, and sets the cookie that has to come back.
func (d *Doors) Depart(w http.ResponseWriter, r *http.Request, request *authorization.Request) (location string, err error) {
	ctx, site := r.Context(), domainhost.From(r.Context())
	provider, err := d.Directory.Provider(ctx, request.Client.PoolID, request.Provider)
	if err != nil {
		return "", err
	}
	if provider == nil {
		return "", request.Refuse(authorization.InvalidRequest, "Identity provider does not exist")
	}
	leaving := federation.Departure{
		Provider: provider.Name, Domain: request.Domain.Name, ClientID: request.Client.ID, Query: request.Query.Encode(), Nonce: request.Nonce,
	}
	if leaving.Nonce == "" {
		leaving.Nonce = newNonce()
	}
	if provider.Type == api.IdentityProviderTypeTypeSaml {
		return d.departSAML(ctx, w, site, request, provider, leaving)
	}
	settings := d.settings(provider)
	if settings.Discover {
		found, err := d.Asker.Discover(ctx, settings.Issuer)
		if err != nil {
			return "", refusal(request, provider, &oidc.Error{Description: "The identity provider could not be reached"})
		}
		settings.AuthorizeURL = found.Authorize
	}
	state := federation.NewState()
	cookie, err := d.Federation.Depart(ctx, request.Client.PoolID, state, leaving)
	if err != nil {
		return "", err
	}
	d.Cookies.SetState(w, site, cookie)
	return settings.URL(oidc.Authorization{
		RedirectURI: site.Base + "/oauth2/idpresponse", State: state, Nonce: leaving.Nonce, LoginHint: request.LoginHint,
		Prompt: passedOn(request.Prompt), ACRValues: strings.Join(federation.LevelsThere(request.Client.Pool, provider, request.ACRValues), " "),
	}), nil
}

// passedOn is the prompt of a request as providers get it (endpoints.md §3.1).
func passedOn(prompt []string) string {
	if slices.Contains(prompt, authorization.PromptNone) {
		return ""
	}
	return strings.Join(prompt, " ")
}

// settings are how a provider of OpenID Connect or a social one is asked.
func (d *Doors) settings(p *store.IdentityProvider) oidc.Settings {
	s := oidc.Of(p.Name, p.Type, p.Settings.Details, p.Settings.AttributeMapping)
	if d.Reroute != nil {
		d.Reroute(&s)
	}
	s.Discover = p.Type == api.IdentityProviderTypeTypeOidc && p.Settings.Details[idp.ManualEndpoints] != idp.True
	return s
}

// fromOAuth serves /oauth2/idpresponse.
func (d *Doors) fromOAuth(ctx context.Context, a *arrival) error {
	back, request, provider, err := a.takeUp(ctx, a.form.Get("state"))
	if err != nil || back == nil {
		return err
	}
	if provider.Type == api.IdentityProviderTypeTypeSaml {
		a.Fail(a.w, a.r, invalidState)
		return nil
	}
	settings := d.settings(provider)
	if issuer := a.form.Get("iss"); issuer != "" && settings.Issuer != "" && issuer != settings.Issuer { // RFC 9207, S115
		return a.refuse(ctx, request, provider, &oidc.Error{Description: "Bad issuer " + bounded(issuer)})
	}
	if code := a.form.Get("error"); code != "" {
		a.sendBack(request.Refuse(authorization.AccessDenied, denial(a.form)))
		return nil
	}
	got, err := d.Asker.Exchange(ctx, settings, oidc.Redemption{
		Code: a.form.Get("code"), RedirectURI: a.site.Base + "/oauth2/idpresponse", Nonce: back.Nonce, User: a.form.Get("user"),
	})
	if err != nil {
		return a.refuse(ctx, request, provider, err)
	}
	vouched := map[string]any{"tokenResponse": got.Token}
	if got.IDToken != nil {
		vouched["idToken"] = got.IDToken
	}
	if got.UserInfo != nil {
		vouched["userInfo"] = got.UserInfo
	}
	return a.enter(ctx, request, &federation.Verified{
		Provider: provider, Subject: got.Subject, Said: got.Said, Vouched: vouched, ACR: got.ACR, AMR: got.AMR,
	}, "")
}

// longestDenial bounds what a provider says to the app, in bytes.
const longestDenial = 512

func denial(form url.Values) string {
	text := form.Get("error_description")
	if text == "" {
		text = form.Get("error")
	}
	return bounded(text)
}

func bounded(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), longestDenial)], "")
}

// takeUp finds out what a browser comes back to. No departure means that the error
// page has been shown.
func (a *arrival) takeUp(ctx context.Context, state string) (*federation.Departure, *authorization.Request, *store.IdentityProvider, error) {
	back, err := a.Federation.Return(ctx, a.domain.PoolID, a.domain.Name, state, a.Cookies.State(a.r))
	a.Cookies.DropState(a.w, a.site)
	if errors.Is(err, federation.ErrNoDeparture) {
		a.Fail(a.w, a.r, invalidState)
		return nil, nil, nil, nil
	}
	if err != nil {
		return nil, nil, nil, err
	}
	request, provider, err := a.again(ctx, back.Query, back.Provider)
	if request == nil {
		return nil, nil, nil, err
	}
	if request.Nonce == "" {
		request.Nonce = back.Nonce // which the app's ID token has as well (federation.md §2)
	}
	return back, request, provider, err
}

// again checks an authorize request as it is now: clients and providers change. No
// request means that the browser has been sent elsewhere.
func (a *arrival) again(ctx context.Context, query, name string) (*authorization.Request, *store.IdentityProvider, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		a.Fail(a.w, a.r, invalidState)
		return nil, nil, nil //nolint:nilerr // told on the page
	}
	request, err := a.Authorization.Check(ctx, a.domain, a.site.Base, values)
	if refused, ok := errors.AsType[*authorization.Refusal](err); ok {
		a.sendBack(refused)
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	provider, err := a.Directory.Provider(ctx, a.domain.PoolID, name)
	switch {
	case err != nil:
		return nil, nil, err
	case provider == nil || !slices.Contains(request.Client.Config().SupportedIdentityProviders, name): // taken away (S099)
		a.sendBack(request.Refuse(authorization.InvalidRequest, "Identity provider does not exist"))
		return nil, nil, nil
	}
	return request, provider, nil
}

// enter signs a user in whom a provider vouches for, and sends the browser back to
// the app. upstream is the session at the provider.
func (a *arrival) enter(ctx context.Context, request *authorization.Request, v *federation.Verified, upstream string) error {
	who, err := a.Federation.Arrive(ctx, request.Client, v)
	if err != nil {
		return a.refuse(ctx, request, v.Provider, err)
	}
	standing, err := a.Sessions.Find(ctx, a.domain.Pool, a.Cookies.Session(a.r))
	if err != nil {
		return err
	}
	done, err := a.SignIn.SignInFederated(ctx, &signin.Federated{
		Client: request.Client, Provider: v.Provider.Name, Upstream: upstream, User: who.User, New: who.New, Change: who.Change,
		Factors: who.Factors, Level: who.Level, Standing: standing, Context: threats.Context{},
	})
	if err != nil {
		return a.refuse(ctx, request, v.Provider, err)
	}
	a.Cookies.SetSession(a.w, a.site, done.Handle, sso.Life(request.Client.Pool))
	next, err := a.Authorization.SignedIn(ctx, request, done.Session)
	if err != nil {
		return a.refuse(ctx, request, v.Provider, err)
	}
	if next == authorization.AskToContinue {
		a.redirect(a.site.Base + "/login?" + request.Query.Encode())
		return nil
	}
	location, err := a.Authorization.Grant(ctx, request, done.Session)
	if err != nil {
		return a.refuse(ctx, request, v.Provider, err)
	}
	a.redirect(location)
	return nil
}

// refuse sends what went wrong to the app, in words. Faults are logged, and the app
// hears of a server_error.
func (a *arrival) refuse(ctx context.Context, request *authorization.Request, provider *store.IdentityProvider, err error) error {
	refused := refusal(request, provider, err)
	if known, ok := errors.AsType[*authorization.Refusal](refused); ok {
		a.sendBack(known)
		return nil
	}
	a.Log.ErrorContext(ctx, "a sign-in by an identity provider failed", "provider", provider.Name, "error", err)
	a.sendBack(request.Refuse(authorization.ServerError, ""))
	return nil
}

// refusal puts an error into the terms of OAuth (federation.md §9).
func refusal(request *authorization.Request, provider *store.IdentityProvider, err error) error {
	isSAML := provider.Type == api.IdentityProviderTypeTypeSaml
	if known, ok := errors.AsType[*authorization.Refusal](err); ok {
		return known
	}
	if said, ok := errors.AsType[*oidc.Error](err); ok {
		return request.Refuse(authorization.InvalidRequest, said.Description)
	}
	if said, ok := errors.AsType[*saml.Error](err); ok {
		return request.Refuse(authorization.ServerError, "Invalid SAML response received: "+said.Reason)
	}
	said, ok := errors.AsType[*api.Error](err)
	switch {
	case !ok:
		return err
	case isSAML && said.Code == "InvalidParameterException":
		return request.Refuse(authorization.ServerError, "Error in SAML response processing: "+said.Message)
	}
	return request.Refuse(authorization.InvalidRequest, said.Message)
}

func (a *arrival) sendBack(refused *authorization.Refusal) { a.redirect(refused.Location) }

// redirect answers with a 302; after a POST as well, as the service does.
func (a *arrival) redirect(location string) {
	a.w.Header().Set("Location", location)
	a.w.WriteHeader(http.StatusFound)
}
