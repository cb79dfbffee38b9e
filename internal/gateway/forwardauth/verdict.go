package forwardauth

import (
	"net/http"
	"strconv"
	"strings"

	"cognate/internal/gateway/auth"
)

// SetCookieHeader with a number from 0 on repeats each cookie of an answer that
// lets a request pass: many proxies can copy a header by its name, but not several
// of one name.
const SetCookieHeader = "X-Gateway-Set-Cookie-"

// mostCookies is how many of SetCookieHeader there are: a session has four pieces.
const mostCookies = 4

// envoyRemoves names headers that Envoy takes off the request when an answer with it
// lets the request pass. Headers that it was not told to send to the gateway are
// still there then.
const envoyRemoves = "X-Envoy-Auth-Headers-To-Remove"

// Pass lets the request pass. The headers for the application and the cookies for
// the browser are in w already.
func (q *Question) Pass(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if q.Kind == Answers {
		h.Set("Location", "https://"+q.Request.Host+q.Request.URL.RequestURI())
		w.WriteHeader(http.StatusFound)
		return
	}
	switch q.Kind {
	case Envoy:
		h.Set(envoyRemoves, strings.Join(q.forged(h), ","))
	default:
		for i, cookie := range h["Set-Cookie"] {
			if i < mostCookies {
				h.Set(SetCookieHeader+strconv.Itoa(i), cookie)
			}
		}
	}
	if q.Kind == Checked {
		h.Del("Set-Cookie")
	}
	w.WriteHeader(http.StatusOK)
}

// forged names the headers that could be taken for those in h and are not.
func (q *Question) forged(h http.Header) (names []string) {
	for _, name := range []string{auth.AccessTokenHeader, auth.IdentityHeader, auth.DataHeader} {
		if h[name] == nil {
			names = append(names, strings.ToLower(name))
		}
		names = append(names, strings.ReplaceAll(strings.ToLower(name), "-", "_"))
	}
	return names
}

// Writer gives what the verdict is written to.
func (q *Question) Writer(w http.ResponseWriter) http.ResponseWriter {
	if q.Kind == Checked {
		return &check{ResponseWriter: w}
	}
	return w
}

// check says 401 in place of everything that is not success. The browser is told
// the rest when its request comes to AnswerPath, so nothing of it is said here.
type check struct {
	http.ResponseWriter
	refused bool
}

// WriteHeader implements http.ResponseWriter.
func (c *check) WriteHeader(status int) {
	if status == http.StatusOK {
		c.ResponseWriter.WriteHeader(status)
		return
	}
	c.refused = true
	h := c.ResponseWriter.Header()
	clear(h)
	h.Set("Cache-Control", "no-store")
	c.ResponseWriter.WriteHeader(http.StatusUnauthorized)
}

// Write implements http.ResponseWriter.
func (c *check) Write(p []byte) (int, error) {
	if c.refused {
		return len(p), nil
	}
	return c.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (c *check) Unwrap() http.ResponseWriter { return c.ResponseWriter }
