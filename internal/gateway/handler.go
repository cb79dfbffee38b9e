package gateway

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"cognate/internal/gateway/auth"
	"cognate/internal/gateway/bearer"
	"cognate/internal/gateway/forwardauth"
	"cognate/internal/gateway/rules"
)

// exchange is a request with what became of it, for the proxy and the access log.
type exchange struct {
	listener *listener
	client   netip.AddrPort
	began    time.Time

	strict   bool // the host may be told to come by TLS alone
	rule     *rule
	done     []string // actions that were carried out
	reason   auth.Reason
	location string // where the gateway sends the browser

	question         *forwardauth.Question // of another proxy; nil: the browser came here
	group            *group
	target           *target
	identity         *auth.Identity
	passed, answered time.Time // to and by the target
	targetStatus     int
	upgrade          io.ReadWriteCloser // the target's side of a connection that was upgraded

	status int
	// What follows is also for the goroutines that copy, which may outlive the answer.
	sent     atomic.Int64
	received atomic.Int64
	unread   atomic.Bool                // some of the body may still come
	stalled  atomic.Bool                // the client stopped in the middle
	silence  atomic.Pointer[time.Timer] // see limit
}

// answer answers a request on a port.
func (g *Gateway) answer(l *listener, w http.ResponseWriter, r *http.Request) {
	e := &exchange{listener: l, began: g.cfg.Now()}
	e.client, _ = netip.ParseAddrPort(r.RemoteAddr)
	recorded := &recorder{ResponseWriter: w, control: http.NewResponseController(w), e: e, now: g.cfg.Now, streams: r.ProtoMajor == 2}
	recorded.hurry(false) // of the request before on this connection
	defer recorded.hurry(true)
	if r.Body != nil && r.Body != http.NoBody {
		body := &patientBody{r.Body, recorded.control, e, g.cfg.Now}
		e.unread.Store(true)
		body.wait() // also where nobody reads it
		r.Body = body
	}
	// Where two readers could take the length of a request for different ones,
	// nothing that follows it is read (RFC 9112 §6.1).
	if r.ProtoMajor == 1 && (len(r.TransferEncoding) > 0 || !r.ProtoAtLeast(1, 1)) {
		w.Header().Set("Connection", "close")
	}
	defer g.finish(e, r)
	g.route(e, recorded, r)
}

// route finds out whose the request is: the gateway's own, or a rule's.
func (g *Gateway) route(e *exchange, w http.ResponseWriter, r *http.Request) {
	if kid, ok := publicKeyID(e.listener.file.PublicKeys, r); ok {
		g.publicKey(e, w, r.Method, kid)
		return
	}
	if e.listener.ForwardAuth != nil {
		g.asked(e, w, r)
		return
	}
	g.routed(e, w, r)
}

// routed finds the rule for a request of a browser.
func (g *Gateway) routed(e *exchange, w http.ResponseWriter, r *http.Request) {
	host := hostName(r.Host)
	path, ok := requestPath(r)
	if !ok || host != "" && !plainHost(host) || !plainPort(r.Host) {
		g.page(e, w, http.StatusBadRequest)
		return
	}
	asked := auth.Request{Header: r.Header, URI: r.URL.RequestURI()}
	if e.listener.knows(host) {
		asked.Host = publicHost(r.Host, e.listener.Port)
		e.strict = strictHost(host)
	}
	if path == auth.CallbackPath && len(e.listener.actions) > 0 {
		g.callback(e, w, r, asked)
		return
	}
	q := &rules.Request{
		Method: r.Method, Host: host, Path: path, Query: rules.ReadQuery(r.URL.RawQuery), Header: r.Header, Source: e.client.Addr(),
	}
	found := e.listener.ruleFor(q)
	for other := range rules.OtherReadings(path) {
		q.Path = other
		if e.listener.ruleFor(q) != found { // which one the application means is open
			g.page(e, w, http.StatusBadRequest)
			return
		}
	}
	if found != nil {
		e.rule = found
		g.carryOut(e, found, w, r, asked)
	}
}

// carryOut does the actions of a rule until one answers.
func (g *Gateway) carryOut(e *exchange, to *rule, w http.ResponseWriter, r *http.Request, asked auth.Request) {
	for _, s := range to.steps {
		switch {
		case s.signIn != nil:
			if !g.outcome(r.Context(), e, g.auth.Decide(r.Context(), s.signIn, asked), w) {
				return
			}
		case s.validate != nil:
			if !g.validated(e, s.validate, w, r) {
				return
			}
		case s.forward != nil:
			e.done = append(e.done, "forward")
			g.forward(e, s.forward, w, r)
		case s.redirect != nil:
			e.done = append(e.done, "redirect")
			g.redirect(e, s.redirect, w, r)
		case s.fixed != nil:
			e.done = append(e.done, "fixed-response")
			g.fixed(w, s.fixed)
		}
	}
	if e.question != nil && !to.answers() {
		g.pass(e, w)
	}
}

// outcome does what the sign-in action decided and reports whether the request
// passes.
func (g *Gateway) outcome(ctx context.Context, e *exchange, o auth.Outcome, w http.ResponseWriter) bool {
	e.reason, e.identity = o.Reason, o.Identity
	if o.Err != nil {
		level := slog.LevelInfo // whoever makes up cookies can have these lines
		if o.Status >= http.StatusInternalServerError {
			level = slog.LevelWarn
		}
		g.cfg.Log.Log(ctx, level, "sign-in failed", "reason", string(o.Reason), "status", o.Status, "error", o.Err)
	}
	for _, c := range o.Cookies {
		http.SetCookie(w, c)
	}
	if o.Passes() {
		if o.Identity != nil {
			e.done = append(e.done, "authenticate")
		}
		return true
	}
	if o.Location != "" {
		g.sendTo(e, w, o.Status, o.Location)
	} else {
		g.page(e, w, o.Status)
	}
	return false
}

func (g *Gateway) callback(e *exchange, w http.ResponseWriter, r *http.Request, asked auth.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		g.page(e, w, http.StatusMethodNotAllowed)
		return
	}
	g.outcome(r.Context(), e, g.auth.Callback(r.Context(), func(id string) *auth.Action { return e.listener.actions[id] }, asked), w)
}

func (g *Gateway) validated(e *exchange, v *bearer.Validator, w http.ResponseWriter, r *http.Request) bool {
	err := v.Check(r.Context(), r.Header)
	switch {
	case err == nil:
		e.done = append(e.done, "jwt-validation")
		return true
	case errors.Is(err, bearer.ErrToken):
		g.cfg.Log.Debug("token refused", "error", err)
		w.Header().Set("WWW-Authenticate", "Bearer")
		g.page(e, w, http.StatusUnauthorized)
	default:
		g.cfg.Log.Warn("tokens cannot be checked", "error", err)
		g.page(e, w, http.StatusInternalServerError)
	}
	return false
}

// requestPath gives the path that rules are held against. ok is false for requests
// for something else than a path: a connection, the server as a whole, and addresses
// such as http:admin, which net/http passes on as they are; nor for those with a
// space, which ends the address on the line that the target reads (HTTP/2 has no such
// line).
func requestPath(r *http.Request) (path string, ok bool) {
	path = cmp.Or(r.URL.Path, "/") // of an address that names a host alone
	if r.Method == http.MethodConnect || r.URL.Opaque != "" || path[0] != '/' || strings.Contains(r.URL.RawQuery, " ") {
		return "", false
	}
	return rules.CleanPath(path)
}

// hostName is a Host without its port, in lower case.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
}

// publicHost is how the browser reaches the gateway: the port that it names stays,
// unless the listener is on the usual one. A gateway whose port is another outside,
// behind a container's, sees that one here.
func publicHost(host string, listening int) string {
	host = strings.ToLower(host)
	name, port, err := net.SplitHostPort(host)
	if err != nil || (listening != 443 && port != "443") {
		return host
	}
	if strings.Contains(name, ":") {
		return "[" + name + "]"
	}
	return name
}

// publicKeyID finds the id in a request for a key of the header (§5.2).
func publicKeyID(base *url.URL, r *http.Request) (string, bool) {
	if base == nil || hostName(r.Host) != hostName(base.Host) {
		return "", false
	}
	return strings.CutPrefix(r.URL.Path, base.Path+"/")
}

// publicKey gives the key of an id. Whoever asks may have it.
func (g *Gateway) publicKey(e *exchange, w http.ResponseWriter, method, id string) {
	if method != http.MethodGet && method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		g.page(e, w, http.StatusMethodNotAllowed)
		return
	}
	key, ok := g.ring.Load().PublicKey(id, g.cfg.Now())
	if !ok {
		g.page(e, w, http.StatusNotFound)
		return
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		g.cfg.Log.Error("public key cannot be written", "error", err)
		g.page(e, w, http.StatusInternalServerError)
		return
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	_, _ = w.Write(text) // the client is gone
}

// version names what is spoken in the words of the access log.
func version(s *tls.ConnectionState) (suite, protocol string) {
	if s == nil {
		return "-", "-"
	}
	return tls.CipherSuiteName(s.CipherSuite), strings.Replace(tls.VersionName(s.Version), "TLS 1.", "TLSv1.", 1)
}
