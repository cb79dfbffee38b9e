package federated

import (
	"crypto/rand"
	"net/http"
	"time"

	"cognate/internal/web/domainhost"
)

// Cookies makes cookies for a domain's own paths (endpoints.md §7.1).
type Cookies struct {
	// New makes one with the attributes that all have.
	New func(site *domainhost.Site, name, value string, life time.Duration) *http.Cookie
}

const (
	cookieSession = "cognito"
	cookieState   = "csrf-state"        // of the browser while it is away
	cookieLegacy  = "csrf-state-legacy" // the same for browsers that know no SameSite
	stateLife     = 5 * time.Minute
)

// SetSession gives a browser its session.
func (c Cookies) SetSession(w http.ResponseWriter, site *domainhost.Site, handle string, life time.Duration) {
	http.SetCookie(w, c.New(site, cookieSession, handle, life))
}

// Session is the session that a browser has, or empty.
func (Cookies) Session(r *http.Request) string { return value(r, cookieSession) }

// SetState marks a browser that leaves. A provider may bring it back by a POST of
// its own page, which takes SameSite=None, and that takes Secure.
func (c Cookies) SetState(w http.ResponseWriter, site *domainhost.Site, state string) {
	c.putState(w, site, state, stateLife)
}

// DropState removes the mark.
func (c Cookies) DropState(w http.ResponseWriter, site *domainhost.Site) {
	c.putState(w, site, "", -time.Second)
}

func (c Cookies) putState(w http.ResponseWriter, site *domainhost.Site, state string, life time.Duration) {
	cookie := c.New(site, cookieState, state, life) //nolint:gosec // the provider's page, which posts, is another site
	cookie.Secure, cookie.SameSite = true, http.SameSiteNoneMode
	http.SetCookie(w, cookie)
	legacy := c.New(site, cookieLegacy, state, life) //nolint:gosec // for browsers that know no SameSite
	legacy.SameSite = http.SameSiteDefaultMode
	http.SetCookie(w, legacy)
}

// State is the mark of a browser that comes back, or empty.
func (Cookies) State(r *http.Request) string {
	if state := value(r, cookieState); state != "" {
		return state
	}
	return value(r, cookieLegacy)
}

func value(r *http.Request, name string) string {
	cookie, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

func newNonce() string { return rand.Text() }
