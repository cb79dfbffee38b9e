package forwardauth

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/textproto"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// The addresses that proxies ask at.
const (
	// Path is for proxies that give an answer other than success to the browser, as
	// Traefik and Caddy do.
	Path = "/forward-auth"
	// CheckPath is for proxies that only tell success from 401, as nginx does.
	// Whatever the browser has to be told, it says 401.
	CheckPath = "/forward-auth/check"
	// AnswerPath is where such a proxy sends the browser's request after a 401, to be
	// answered. A request that may pass after all is sent back to where it came from.
	AnswerPath = "/forward-auth/answer"
	// EnvoyPath stands before the path of the request, which otherwise is as the
	// browser sent it.
	EnvoyPath = "/forward-auth/envoy"
)

// Kind is what a proxy does with the verdict.
type Kind uint8

// The kinds of questions.
const (
	Relayed Kind = iota // it gives it to the browser: Path
	Envoy               // the same: EnvoyPath
	Checked             // CheckPath
	Answers             // AnswerPath
)

// Question is what a proxy asks.
type Question struct {
	Kind Kind
	// Request is the browser's, without its body.
	Request *http.Request
	// Client is the browser's address; the zero Addr when the proxy does not say.
	Client netip.Addr
}

// ErrQuestion says that a request is none that a proxy asks with.
var ErrQuestion = errors.New("not a question of a proxy")

// hopByHop are headers about the connection of the proxy, not the browser's.
var hopByHop = []string{"Connection", "Upgrade", "Te", "Trailer", "Transfer-Encoding", "Content-Length"}

// Read finds out which request a proxy asks about. The caller has checked that it
// is a proxy who asks: everything here is believed.
func Read(r *http.Request) (*Question, error) {
	q := &Question{Client: client(r.Header)}
	method, host, uri := r.Method, r.Host, ""
	switch {
	case r.URL.Path == Path || r.URL.Path == CheckPath || r.URL.Path == AnswerPath:
		q.Kind = map[string]Kind{Path: Relayed, CheckPath: Checked, AnswerPath: Answers}[r.URL.Path]
		for name, to := range map[string]*string{"Method": &method, "Host": &host, "Uri": &uri} {
			said := r.Header["X-Forwarded-"+name]
			if len(said) != 1 || said[0] == "" {
				return nil, fmt.Errorf("%w: it has %d headers X-Forwarded-%s", ErrQuestion, len(said), name)
			}
			*to = said[0]
		}
	case strings.HasPrefix(r.URL.EscapedPath(), EnvoyPath+"/"):
		q.Kind, uri = Envoy, strings.TrimPrefix(r.URL.RequestURI(), EnvoyPath)
	default:
		return nil, fmt.Errorf("%w: there is nothing at %.100q", ErrQuestion, r.URL.Path)
	}
	if !strings.HasPrefix(uri, "/") {
		return nil, fmt.Errorf("%w: the address %.100q does not begin with a slash", ErrQuestion, uri)
	}
	address, err := url.ParseRequestURI(uri)
	if err == nil && strings.HasPrefix(uri, "//") { // a path, which is not a host
		if address, err = url.ParseRequestURI("http://host" + uri); err == nil {
			address.Scheme, address.Host = "", ""
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrQuestion, err)
	}
	if !httpguts.ValidHostHeader(host) || strings.ContainsAny(host, "/\\?#@, ") || !httpguts.ValidHeaderFieldName(method) {
		return nil, fmt.Errorf("%w: method %.20q, host %.100q", ErrQuestion, method, host)
	}
	q.Request = r.Clone(r.Context())
	q.Request.Method, q.Request.Host, q.Request.URL, q.Request.RequestURI = method, host, address, uri
	q.Request.Body, q.Request.ContentLength, q.Request.TransferEncoding = http.NoBody, 0, nil
	for _, name := range hopByHop {
		q.Request.Header.Del(name)
	}
	return q, nil
}

// client is the address that the proxy itself added to X-Forwarded-For: the last.
func client(h http.Header) netip.Addr {
	lines := h["X-Forwarded-For"]
	if len(lines) == 0 {
		return netip.Addr{}
	}
	last := lines[len(lines)-1]
	last = textproto.TrimString(last[strings.LastIndexByte(last, ',')+1:])
	if address, err := netip.ParseAddr(last); err == nil {
		return address
	}
	at, err := netip.ParseAddrPort(last)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr()
}
