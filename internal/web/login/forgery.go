package login

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"cognate/internal/web/domainhost"
)

// CookieXSRF holds the value that forms have to bring along as _csrf
// (endpoints.md §6.3).
const CookieXSRF = "XSRF-TOKEN"

// fieldXSRF is the field of forms that has the same value.
const fieldXSRF = "_csrf"

// SetXSRF sets the cookie XSRF-TOKEN, which every answer of a domain brings
// (endpoints.md §7.1), and gives its value. A browser keeps the one it has, so that
// forms in several windows work side by side.
func SetXSRF(w http.ResponseWriter, r *http.Request) string {
	value, known := tokenOf(r)
	if !known {
		value = uuid.NewString()
	}
	http.SetCookie(w, newCookie(domainhost.From(r.Context()), CookieXSRF, value, forSession))
	return value
}

// tokenOf gives the value that a browser has, if it is well formed.
func tokenOf(r *http.Request) (string, bool) {
	c, err := r.Cookie(CookieXSRF)
	if err != nil {
		return "", false
	}
	id, err := uuid.Parse(c.Value)
	return c.Value, err == nil && id.String() == c.Value
}

// browserLength is that of the value of page-data before encoding.
const browserLength = 24

// browserID gives what stands for this browser in the keys of transactions. Scripts
// that drive the classic form keep no other cookie than XSRF-TOKEN, so that has to
// do there; in managed login it is a value that is on no page.
func (v *visit) browserID() string {
	if v.version == classic {
		return v.csrf
	}
	given := v.cookie(cookieBrowser)
	if raw, err := base64.RawURLEncoding.Strict().DecodeString(given); err == nil && len(raw) == browserLength {
		return given
	}
	raw := make([]byte, browserLength)
	_, _ = rand.Read(raw) // documented never to fail
	return base64.RawURLEncoding.EncodeToString(raw)
}

// genuine reports whether a form was sent by one of our pages in this browser: its
// field has the cookie's value, and the browser says nothing else about where the
// form came from (security.md S013).
//
// The pages send no referrer, for which browsers call their own origin null; what
// they say in Sec-Fetch-Site decides then.
func (v *visit) genuine() bool {
	value, known := tokenOf(v.r)
	if !known || subtle.ConstantTimeCompare([]byte(v.form.Get(fieldXSRF)), []byte(value)) != 1 {
		return false
	}
	switch v.r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return false
	}
	switch origin := v.r.Header.Get("Origin"); origin {
	case "", "null":
		return true
	default:
		return strings.EqualFold(origin, originOf(v.site.Base))
	}
}

// originOf is scheme, host and port of an address.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
