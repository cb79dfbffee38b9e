package gateway

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// The load balancer's cookies that keep a browser with a target and with a target
// group. For scripts of other origins each has a second one, of the same value.
const (
	targetCookie = "AWSALB"
	groupCookie  = "AWSALBTG"
	corsCookie   = "CORS" // follows the name
)

// stay is what such a cookie holds, sealed.
type stay struct {
	With  string `json:"w"` // address of a target, or name of a group
	Until int64  `json:"u"` // seconds since 1970
}

// groupFor gives the group that the browser is to stay with, or the next.
func (g *Gateway) groupFor(e *exchange, to *split, w http.ResponseWriter, r *http.Request) *group {
	if to.sticky == 0 {
		return to.pick()
	}
	picked := to.group(g.staysWith(r, groupCookie, groupCookie))
	if picked == nil {
		picked = to.pick()
	}
	g.keep(e, w, groupCookie, groupCookie, picked.Name, to.sticky)
	return picked
}

// group gives the one of a name that requests go to, or nil.
func (s *split) group(name string) *group {
	i := slices.IndexFunc(s.shares, func(one share) bool { return one.weight > 0 && one.group.Name == name })
	if i < 0 {
		return nil
	}
	return s.shares[i].group
}

// targetFor gives the target that the browser is to stay with, while that is well,
// or the next; nil: the group has none.
func (g *Gateway) targetFor(e *exchange, w http.ResponseWriter, r *http.Request) *target {
	if e.group.Sticky == 0 {
		return e.group.pick()
	}
	purpose := targetCookie + " " + e.group.Name
	picked := e.group.target(g.staysWith(r, targetCookie, purpose))
	if picked == nil {
		picked = e.group.pick()
	}
	if picked != nil {
		g.keep(e, w, targetCookie, purpose, picked.address, e.group.Sticky)
	}
	return picked
}

// target gives the one at an address, if it is well, or nil.
func (g *group) target(address string) *target {
	i := slices.IndexFunc(g.targets, func(t *target) bool { return t.address == address && t.well() })
	if i < 0 {
		return nil
	}
	return g.targets[i]
}

// staysWith reads a cookie of keep; empty: there is none that is still good.
func (g *Gateway) staysWith(r *http.Request, name, purpose string) string {
	for _, c := range slices.Concat(r.CookiesNamed(name), r.CookiesNamed(name+corsCookie)) {
		sealed, err := base64.StdEncoding.DecodeString(c.Value)
		if err != nil {
			continue
		}
		plain, err := g.ring.Load().Open(purpose, sealed)
		var s stay
		if err == nil && json.Unmarshal(plain, &s) == nil && g.cfg.Now().Unix() < s.Until {
			return s.With
		}
	}
	return ""
}

// keep has the browser stay, for a time that begins anew with each answer.
func (g *Gateway) keep(e *exchange, w http.ResponseWriter, name, purpose, with string, duration time.Duration) {
	until := g.cfg.Now().Add(duration)
	plain, err := json.Marshal(stay{with, until.Unix()})
	if err != nil {
		g.cfg.Log.Error("cookie cannot be written", "error", err)
		return
	}
	c := &http.Cookie{ //nolint:gosec // without SameSite, as at the original
		Name: name, Value: base64.StdEncoding.EncodeToString(g.ring.Load().Seal(purpose, plain)),
		Path: "/", Expires: until.UTC(), HttpOnly: true, Secure: e.encrypted(),
	}
	http.SetCookie(w, c)
	if c.Secure { // browsers take SameSite=None only with it
		c.Name, c.SameSite = name+corsCookie, http.SameSiteNoneMode
		http.SetCookie(w, c)
	}
}
