package gateway

import (
	"net/http"
	"net/netip"

	"cognate/internal/gateway/auth"
	"cognate/internal/gateway/forwardauth"
	"cognate/internal/gateway/rules"
)

// asked answers another proxy's question about a request: by the rules of the
// listener, as if the request had come here.
func (g *Gateway) asked(e *exchange, w http.ResponseWriter, r *http.Request) {
	if !e.listener.ForwardAuth.Trusts(e.client.Addr()) {
		g.cfg.Log.Warn("a question was not answered: TrustedProxies does not have who asked", "client", e.client.Addr().String())
		g.page(e, w, http.StatusForbidden)
		return
	}
	q, err := forwardauth.Read(r)
	if err != nil {
		g.cfg.Log.Warn("a question was not understood", "error", err)
		g.page(e, w, http.StatusBadRequest)
		return
	}
	e.question = q
	e.client = netip.AddrPortFrom(q.Client, 0)
	w = q.Writer(w)
	// The check must not use up the code, which the answer needs.
	if path, ok := rules.CleanPath(q.Request.URL.Path); ok && path == auth.CallbackPath && q.Kind == forwardauth.Checked {
		g.page(e, w, http.StatusUnauthorized)
		return
	}
	g.routed(e, w, q.Request)
}

// pass tells the proxy that the request may go on, and who the user is.
func (g *Gateway) pass(e *exchange, w http.ResponseWriter) {
	if e.identity != nil && e.question.Kind != forwardauth.Answers {
		e.identity.Set(w.Header())
	}
	e.question.Pass(w)
}
