package gateway

import (
	"bufio"
	"html"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cognate/internal/gateway/auth"
	"cognate/internal/gateway/rules"
	"cognate/internal/outbound/fetch"
)

// serverName is how the original names itself in its own answers (§2.1, §7.1).
const serverName = "awselb/2.0"

// reasonOf is the text of a status. Two are not those of HTTP (§7.1).
func reasonOf(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "Authorization Required"
	case auth.StatusAuthenticationError:
		return "Authentication Error"
	}
	return http.StatusText(status)
}

// page answers with a status and a page that says no more.
func (g *Gateway) page(e *exchange, w http.ResponseWriter, status int) {
	title := strconv.Itoa(status) + " " + html.EscapeString(reasonOf(status))
	body := "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title + "</h1></center>\r\n</body>\r\n</html>\r\n"
	g.own(e, w)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // the client is gone
}

// sendTo sends the browser elsewhere.
func (g *Gateway) sendTo(e *exchange, w http.ResponseWriter, status int, location string) {
	e.location = location
	w.Header().Set("Location", location)
	g.page(e, w, status)
}

// own sets the headers of answers that are the gateway's (security.md S151). What
// targets answer is theirs.
func (g *Gateway) own(e *exchange, w http.ResponseWriter) {
	h := w.Header()
	h.Set("Server", serverName)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Referrer-Policy", "no-referrer") // addresses of callbacks are secrets
	if e.encrypted() && e.strict {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// encrypted reports whether the browser speaks TLS with the gateway.
func (e *exchange) encrypted() bool { return e.listener.Protocol == rules.HTTPS }

// strictHost reports whether browsers may be told to come by TLS alone: not to
// names of a developer's machine, where other programs speak plain HTTP.
func strictHost(host string) bool { return host != "" && !fetch.LoopbackName(host) }

// redirect is the action of that name.
func (g *Gateway) redirect(e *exchange, to *rules.Redirect, w http.ResponseWriter, r *http.Request) {
	protocol, defaultPort := "http", "80"
	if e.encrypted() {
		protocol, defaultPort = "https", "443"
	}
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/")
	fill := strings.NewReplacer(
		"#{protocol}", protocol, "#{host}", hostName(r.Host), "#{port}", strconv.Itoa(e.listener.Port),
		"#{path}", path, "#{query}", r.URL.RawQuery,
	)
	if to.Protocol != "#{protocol}" {
		protocol = strings.ToLower(to.Protocol)
		defaultPort = map[string]string{"http": "80", "https": "443"}[protocol]
	}
	host := fill.Replace(to.Host)
	if !plainHost(host) {
		g.page(e, w, http.StatusBadRequest)
		return
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := fill.Replace(to.Port); port != defaultPort {
		host += ":" + port
	}
	location := protocol + "://" + host + fill.Replace(to.Path)
	if query := fill.Replace(to.Query); query != "" {
		location += "?" + query
	}
	g.sendTo(e, w, to.Status, location)
}

// plainHost reports whether a text is a host and nothing that would end one early
// in an address.
func plainHost(host string) bool {
	return host != "" && !strings.ContainsAny(host, "/\\?#@ \"<>%")
}

// plainPort reports whether what a Host has behind its name is a port, if there is
// anything.
func plainPort(host string) bool {
	_, port, err := net.SplitHostPort(host)
	return err != nil || strings.Trim(port, "0123456789") == ""
}

// fixed is the action fixed-response.
func (g *Gateway) fixed(w http.ResponseWriter, f *rules.FixedResponse) {
	h := w.Header()
	h.Set("Server", serverName)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Type", f.ContentType+"; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(f.Body)))
	w.WriteHeader(f.Status)
	_, _ = io.WriteString(w, f.Body) // the client is gone
}

// recorder counts what is sent and lets clients be slow, but not for ever.
type recorder struct {
	http.ResponseWriter
	control *http.ResponseController
	e       *exchange
	now     func() time.Time
	// streams says that the connection is of HTTP/2, which ends a stream when its
	// time is up even if there is nothing to be written.
	streams bool
}

// hurry sets how long the next writing may take, or lets it take any time.
func (w *recorder) hurry(on bool) {
	var until time.Time
	if on {
		until = w.now().Add(w.e.listener.idle)
	}
	_ = w.control.SetWriteDeadline(until) // a connection without deadlines has none to keep
}

// WriteHeader notes the status. The last one counts: others announce it.
func (w *recorder) WriteHeader(status int) {
	w.e.status = status
	if !w.streams {
		w.hurry(true)
		if w.e.unread.Load() && status >= http.StatusOK {
			// Otherwise net/http waits for the rest of the body before it answers.
			w.Header().Set("Connection", "close")
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write gives up when a client takes nothing for too long.
func (w *recorder) Write(p []byte) (int, error) {
	if w.e.status == 0 {
		w.e.status = http.StatusOK
	}
	w.hurry(true)
	n, err := w.ResponseWriter.Write(p)
	if w.streams {
		w.hurry(false)
	}
	w.e.moved(n)
	w.e.sent.Add(int64(n))
	return n, err
}

// Hijack gives the connection to the proxy, which a target has upgraded.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	client, buffered, err := w.control.Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.e.status = http.StatusSwitchingProtocols
	target := w.e.upgrade
	w.e.limit(func() {
		target.Close()
		client.Close()
	})
	return client, buffered, nil
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
