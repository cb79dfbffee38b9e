package domainhost

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// Site is the domain that a request is for, as its browser sees it.
type Site struct {
	Domain *directory.Domain
	// Base is the address of the domain, without a slash at its end, such as
	// https://shop.auth.example.com or http://localhost:7665/_domains/shop.
	Base string
	// Path is the path of Base: where the domain's cookies and relative links
	// begin. It is empty where the domain has a host of its own.
	Path string
	// Secure reports whether Base is https.
	Secure bool
}

type contextKey struct{}

// From gives the site of a request that a Router passed on, or nil.
func From(ctx context.Context) *Site {
	site, _ := ctx.Value(contextKey{}).(*Site)
	return site
}

// Router tells requests for domains from those for the installation. All
// fields must be set.
type Router struct {
	Addresses
	// Find finds a domain by name, as directory.Directory.Domain does.
	Find func(ctx context.Context, name string) (*directory.Domain, error)
	// Origin gives the host that the client sent and whether it came by TLS.
	Origin func(r *http.Request) (host string, tls bool)
	// Reserved reports whether no custom domain can have a host name, and Known
	// whether the installation answers for it.
	Reserved, Known func(host string) bool
	Log             *slog.Logger
}

// Wrap gives a handler that sends requests for a domain to domain, with the
// Site in their context, and those for the installation to rest. A host that
// is neither's is answered 404. Where a domain is served by path, that path is
// taken off.
func (rt *Router) Wrap(domain, rest http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hostport, tls := rt.Origin(r)
		t, err := rt.route(r, HostName(hostport), tls)
		switch {
		case errors.Is(err, errUnknownHost):
			http.Error(w, unknownHost, http.StatusNotFound)
		case api.HasCode(err, "ResourceNotFoundException"):
			http.NotFound(w, r)
		case err != nil:
			rt.Log.Error("find the domain of a request", "error", err)
			http.Error(w, "Something went wrong", http.StatusInternalServerError)
		case t.site == nil:
			rest.ServeHTTP(w, r)
		default:
			domain.ServeHTTP(w, t.request(r))
		}
	})
}

// target is the site of a request, nil for the installation, and the URL that
// it has there.
type target struct {
	site *Site
	url  *url.URL
}

// request gives a copy of r as the site's handlers see it.
func (t target) request(r *http.Request) *http.Request {
	r = r.WithContext(context.WithValue(r.Context(), contextKey{}, t.site))
	r.URL = t.url
	return r
}

// route decides where a request goes. An error of ResourceNotFoundException
// means nowhere, errUnknownHost that the host is neither's.
func (rt *Router) route(r *http.Request, host string, tls bool) (target, error) {
	ctx := r.Context()
	if prefix, ok := strings.CutSuffix(host, "."+rt.Suffix); ok {
		d, err := rt.find(ctx, prefix, store.DomainPrefix)
		return rt.byHostTarget(d, r, tls, err)
	}
	if !rt.Reserved(host) && named(host) {
		d, err := rt.find(ctx, host, store.DomainCustom)
		if !api.HasCode(err, "ResourceNotFoundException") {
			return rt.byHostTarget(d, r, tls, err)
		}
	}
	if !rt.Known(host) {
		return target{}, errUnknownHost
	}
	below, ok := strings.CutPrefix(r.URL.Path, PathPrefix)
	if !ok {
		return target{}, nil
	}
	prefix, _, _ := strings.Cut(below, "/")
	d, err := rt.find(ctx, prefix, store.DomainPrefix)
	if err != nil {
		return target{}, err
	}
	base, sitePath := rt.byPath(&d.Domain, tls)
	return aim(d, base, sitePath, PathPrefix+prefix, r.URL)
}

func (rt *Router) byHostTarget(d *directory.Domain, r *http.Request, tls bool, err error) (target, error) {
	if err != nil {
		return target{}, err
	}
	return aim(d, rt.byHost(&d.Domain, tls), "", "", r.URL)
}

// aim makes a target, taking strip off the path. Paths that mean another one
// are nowhere: what cleans them would leave the domain.
func aim(d *directory.Domain, base, sitePath, strip string, from *url.URL) (target, error) {
	u := *from
	u.Path = strings.TrimPrefix(u.Path, strip)
	if u.RawPath != "" {
		rest, ok := strings.CutPrefix(u.RawPath, strip)
		if !ok {
			return target{}, nowhere()
		}
		u.RawPath = rest
	}
	if u.Path == "" {
		u.Path = "/"
	}
	if clean := path.Clean(u.Path); u.Path != clean && (clean == "/" || u.Path != clean+"/") {
		return target{}, nowhere()
	}
	site := &Site{Domain: d, Base: base, Path: sitePath, Secure: strings.HasPrefix(base, "https:")}
	return target{site, &u}, nil
}

// find finds a domain of one kind.
func (rt *Router) find(ctx context.Context, name, kind string) (*directory.Domain, error) {
	d, err := rt.Find(ctx, name)
	if err == nil && d.Kind != kind {
		err = nowhere()
	}
	return d, err
}

// unknownHost is what clients are told that call the installation by another name
// than it has: a container's, or an address in the network at home.
const unknownHost = "Nothing is served under this host name. Call the server by the name in its --public-url, or as localhost on its own machine."

var errUnknownHost = errors.New("unknown host")

func nowhere() error { return api.ResourceNotFoundException("There is nothing here.") }

// named reports whether a host could be a custom domain's: a name with a dot,
// no address.
func named(host string) bool {
	_, err := netip.ParseAddr(host)
	return err != nil && strings.Contains(host, ".")
}

// HostName gives the name or address of a Host header in the form that names
// are compared in: lower case, without port, brackets and the last dot.
func HostName(hostport string) string {
	host := hostport
	if name, _, err := net.SplitHostPort(hostport); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}
