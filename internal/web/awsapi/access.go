package awsapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/access"
	"cognate/internal/outbound/fetch"
	"cognate/internal/protocol/sigv4"
)

// Access knows who signs requests and what they may do; *access.Access is one.
type Access interface {
	// Authenticate finds who signed a request; a *sigv4.Error refuses it.
	Authenticate(ctx context.Context, signed sigv4.Request, o sigv4.Options) (who *access.Principal, region string, err error)
	// Authorize answers nil where somebody may do something. Any error is a refusal.
	Authorize(ctx context.Context, who *access.Principal, r access.Request) error
}

// Resources knows what policies may ask about the things that a request names.
type Resources interface {
	// Tags gives the tags of a pool of a service, none where there is no such pool.
	Tags(ctx context.Context, service, poolID string) (map[string]string, error)
	// PoolOf gives the identity pool of an identity, empty where there is none.
	PoolOf(ctx context.Context, identityID string) (string, error)
}

// Origin is where a request comes from, with the words of trusted proxies
// taken into account.
type Origin struct {
	IP   netip.Addr
	TLS  bool   // the client's connection is encrypted
	Host string // as the client sent it
}

// DirectOrigin is the Origin when there are no proxies.
func DirectOrigin(r *http.Request) Origin {
	o := Origin{TLS: r.TLS != nil, Host: r.Host}
	if ap, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		o.IP = ap.Addr().Unmap().WithZone("")
	}
	return o
}

// skew is how far the date of a signature may be from the server's.
const skew = 5 * time.Minute

// authenticate finds the caller of an operation of service that must be signed, and
// the Region that was signed for, empty where none is named.
func (h *Handler) authenticate(ctx context.Context, r *http.Request, origin Origin, body []byte, service string) (*access.Principal, string, error) {
	if err := Admit(r, origin, h.AcceptAnyCredentials); err != nil {
		return nil, "", err
	}
	who, region, err := h.Access.Authenticate(ctx, Signed(r, origin, body), sigv4.Options{Service: service, Now: h.Now(), Skew: skew})
	if err != nil {
		return nil, "", signatureError(err)
	}
	return who, region, nil
}

func signatureError(err error) error {
	var refusal *sigv4.Error
	if !errors.As(err, &refusal) {
		return fmt.Errorf("find who signed: %w", err)
	}
	return &api.Error{Code: refusal.Code(), Message: refusal.Message, Status: http.StatusBadRequest}
}

// Signed gives what a signature of a request is about. The body is the request's,
// read whole.
func Signed(r *http.Request, origin Origin, body []byte) sigv4.Request {
	signed := sigv4.Request{
		Method: r.Method, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery,
		Header: r.Header, Host: origin.Host, Body: body,
	}
	if path, _, _ := strings.Cut(r.RequestURI, "?"); strings.HasPrefix(path, "/") {
		signed.Path = path // as on the request line
	}
	return signed
}

// Admit refuses requests that need a signature for the way they come: over plain
// HTTP from elsewhere, or, where any credentials are accepted, from a page of another
// site.
func Admit(r *http.Request, origin Origin, anyCredentials bool) error {
	switch {
	case anyCredentials:
		return sameSite(r, origin)
	case !origin.TLS && !origin.IP.IsLoopback():
		return api.AccessDeniedException(
			"Signed requests are accepted over https only, because a request that is overheard can be repeated.")
	}
	return nil
}

// sameSite keeps web pages of other sites from administering a developer's
// server, which accepts any credentials: the browser names the page in Origin,
// or at least says in Sec-Fetch-Site that it is a foreign one. Pages of this
// machine and of the server's own host may.
func sameSite(r *http.Request, origin Origin) error {
	pages := r.Header["Origin"]
	if len(pages) == 0 {
		switch r.Header.Get("Sec-Fetch-Site") {
		case "", "none", "same-origin":
			return nil
		}
		pages = []string{"another site"}
	}
	u, err := url.Parse(pages[0])
	if err == nil && len(pages) == 1 && (fetch.LoopbackName(u.Hostname()) || u.Host != "" && strings.EqualFold(u.Host, origin.Host)) {
		return nil
	}
	return api.AccessDeniedException("Pages of %s may not call operations that need a signature on a server that does not check signatures.", clip(pages[0]))
}
