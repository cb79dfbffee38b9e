package control

import (
	"net/http"

	"cognate/internal/cognito/messages"
)

// Register mounts the inbox page and the control API on mux. Hosts are host
// names, without ports, by which this server may be called beside localhost
// and the loopback addresses.
func Register(mux *http.ServeMux, inbox *messages.Inbox, hosts ...string) {
	g := newGuard(hosts)
	p := &pages{inbox: inbox}
	mux.Handle("GET /_cognate/{$}", g.page(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/_cognate/inbox", http.StatusSeeOther)
	}))
	mux.Handle("GET /_cognate/inbox", g.page(p.list))
	mux.Handle("GET /_cognate/inbox/{id}", g.page(p.detail))
	mux.Handle("GET /_cognate/inbox/{id}/html", g.page(p.body))
	mux.Handle("GET /_cognate/inbox/{id}/source", g.page(p.source))
	mux.Handle("POST /_cognate/inbox/clear", g.change(p.clear))
	mux.Handle("GET /_cognate/assets/{name}", g.page(asset))

	a := &inboxAPI{inbox: inbox}
	mux.Handle("GET /_cognate/v1/inbox", g.api(a.list))
	mux.Handle("DELETE /_cognate/v1/inbox", g.api(a.clear))
	mux.Handle("GET /_cognate/v1/inbox/next", g.api(a.next))
	mux.Handle("GET /_cognate/v1/inbox/code", g.api(a.code))
	mux.Handle("GET /_cognate/v1/inbox/{id}", g.api(a.get))
	mux.Handle("GET /_cognate/v1/inbox/{id}/html", g.api(a.html))
	mux.Handle("GET /_cognate/v1/inbox/{id}/raw", g.api(a.raw))
}
