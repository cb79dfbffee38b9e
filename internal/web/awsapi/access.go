package awsapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/protocol/sigv4"
)

// Caller is who signed a request.
type Caller struct {
	AccessKeyID string
	ARN         string // printed when access is denied
	Root        bool   // the installation's first administrator
}

// Key is an access key and whose it is.
type Key struct {
	sigv4.Key
	Caller Caller
}

// Keys finds access keys. ok is false when there is none of that id; an error
// means that it could not be found out, which refuses the request.
type Keys interface {
	AccessKey(ctx context.Context, id string) (key Key, ok bool, err error)
}

// Authorizer decides whether a caller may do something. action is such as
// cognito-idp:AdminGetUser; resource is the ARN of the pool, or * when a
// request names none. Any error is a refusal; Denied makes the usual one.
type Authorizer interface {
	Authorize(ctx context.Context, caller Caller, action, resource string) error
}

// RootOnly is the Authorizer of installations without policies: the first
// administrator may do everything, others nothing.
type RootOnly struct{}

// Authorize implements Authorizer.
func (RootOnly) Authorize(_ context.Context, caller Caller, action, resource string) error {
	if caller.Root {
		return nil
	}
	return Denied(caller, action, resource)
}

// Denied is the answer when no policy allows an action (spec/identity-pools.md E4).
func Denied(caller Caller, action, resource string) *api.Error {
	return api.AccessDeniedException("User: %s is not authorized to perform: %s on resource: %s because no identity-based policy allows the %s action",
		caller.ARN, action, resource, action)
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

// signer is what the credentials of a request say.
type signer struct {
	caller Caller
	region string // the Region signed for, "" when none is named
}

// authenticate finds the caller of an operation of service that must be signed.
func (h *Handler) authenticate(ctx context.Context, r *http.Request, origin Origin, body []byte, service string) (signer, error) {
	signed := Signed(r, origin, body)
	if err := Admit(r, origin, h.AcceptAnyCredentials); err != nil {
		return signer{}, err
	}
	if h.AcceptAnyCredentials {
		id, region, _ := sigv4.Scope(signed)
		return signer{caller: Caller{AccessKeyID: id, Root: true}, region: region}, nil
	}
	return h.verify(ctx, signed, service)
}

func (h *Handler) verify(ctx context.Context, signed sigv4.Request, service string) (signer, error) {
	now := h.Now()
	claim, err := sigv4.Parse(signed, sigv4.Options{Service: service, Now: now, Skew: skew})
	if err != nil {
		return signer{}, signatureError(err)
	}
	key, known, err := h.Keys.AccessKey(ctx, claim.AccessKeyID)
	if err != nil {
		return signer{}, fmt.Errorf("find access key %q: %w", clip(claim.AccessKeyID), err)
	}
	if err := claim.Verify(key.Key, known, now); err != nil {
		return signer{}, signatureError(err)
	}
	key.Caller.AccessKeyID = claim.AccessKeyID
	return signer{caller: key.Caller, region: claim.Region}, nil
}

func signatureError(err error) error {
	var refusal *sigv4.Error
	if !errors.As(err, &refusal) {
		return err
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
	if err == nil && len(pages) == 1 && (isLocalName(u.Hostname()) || u.Host != "" && strings.EqualFold(u.Host, origin.Host)) {
		return nil
	}
	return api.AccessDeniedException("Pages of %s may not call operations that need a signature on a server that does not check signatures.", clip(pages[0]))
}

// isLocalName reports whether host is this machine by its form alone.
func isLocalName(host string) bool {
	if host = strings.ToLower(host); host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// authorize asks whether the caller may do this.
func (h *Handler) authorize(ctx context.Context, caller Caller, o *operation, pool, resource, region string) error {
	if h.AcceptAnyCredentials {
		return nil
	}
	switch {
	case resource != "":
	case pool != "":
		resource = h.poolARN(o.service.name, pool, region)
	default:
		resource = "*"
	}
	if err := h.Authorizer.Authorize(ctx, caller, o.service.name+":"+o.spec.Name, resource); err != nil {
		return fmt.Errorf("authorize %s: %w", o.spec.Name, err)
	}
	return nil
}

// poolARN names a pool by its id, which begins with its Region.
func (h *Handler) poolARN(service, id, region string) string {
	kind, separator := "userpool", "_"
	if service == "cognito-identity" {
		kind, separator = "identitypool", ":"
	}
	if before, _, ok := strings.Cut(id, separator); ok {
		region = before
	}
	return "arn:aws:" + service + ":" + region + ":" + h.AccountID + ":" + kind + "/" + id
}
