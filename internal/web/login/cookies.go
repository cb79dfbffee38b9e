package login

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"cognate/internal/outbound/fetch"
	"cognate/internal/web/domainhost"
)

// Names of cookies (endpoints.md §7.1). The device's and the offer's are ours.
const (
	cookieSession   = "cognito"
	cookieFederated = "cognito-fl"
	cookieLanguage  = "lang"
	cookieBrowser   = "page-data"      // stands for this browser in the keys of transactions
	cookieDevice    = "cognito-device" // sealed: what a remembered device proves itself with
	cookieNoOffer   = "passkey-offer"  // sealed: the user who does not want a passkey for now
)

// How long browsers keep the cookies that outlive them. They cap longer times.
const (
	languageLife = 365 * 24 * time.Hour
	deviceLife   = 400 * 24 * time.Hour
	noOfferLife  = 180 * 24 * time.Hour
)

// forSession is the life of cookies that end with the browser's own session.
const forSession = 0

// NewCookie makes a cookie for what else is served at a domain, see newCookie.
func NewCookie(site *domainhost.Site, name, value string, life time.Duration) *http.Cookie {
	return newCookie(site, name, value, life)
}

// newCookie makes a host-only cookie for the domain's own paths. Over plain HTTP on
// this machine browsers would not keep one that is Secure (endpoints.md §7.1).
func newCookie(site *domainhost.Site, name, value string, life time.Duration) *http.Cookie {
	c := &http.Cookie{ //nolint:gosec // Secure is off where browsers would drop the cookie
		Name: name, Value: value, Path: "/", MaxAge: int(life / time.Second),
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if site.Path != "" {
		c.Path = site.Path
	}
	if u, err := url.Parse(site.Base); err == nil && !site.Secure && fetch.LoopbackName(u.Hostname()) {
		c.Secure = false
	}
	return c
}

func (v *visit) setCookie(name, value string, life time.Duration) {
	http.SetCookie(v.w, newCookie(v.site, name, value, life))
}

// dropCookie makes the browser forget one.
func (v *visit) dropCookie(name string) {
	c := newCookie(v.site, name, "", forSession) //nolint:gosec // as it was set
	c.MaxAge = -1
	http.SetCookie(v.w, c)
}

func (v *visit) cookie(name string) string {
	c, err := v.r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// sealer makes and opens the values of cookies that say something. They are bound
// to name and domain, and tell nobody anything (security.md S016).
type sealer struct{ aead cipher.AEAD }

// maxSealed bounds the values that are tried, in characters.
const maxSealed = 2048

func newSealer(key []byte) (*sealer, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("key of the pages' cookies: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("key of the pages' cookies: %w", err)
	}
	return &sealer{aead}, nil
}

func (s *sealer) seal(place, value string) string {
	nonce := make([]byte, s.aead.NonceSize())
	_, _ = rand.Read(nonce) // documented never to fail
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nonce, nonce, []byte(value), []byte(place)))
}

// open gives nothing for what seal did not make for the same place.
func (s *sealer) open(place, sealed string) string {
	if len(sealed) > maxSealed {
		return ""
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil || len(raw) < s.aead.NonceSize() {
		return ""
	}
	value, err := s.aead.Open(nil, raw[:s.aead.NonceSize()], raw[s.aead.NonceSize():], []byte(place))
	if err != nil {
		return ""
	}
	return string(value)
}

// place binds a sealed cookie to its name and to the domain that set it.
func (v *visit) place(name string) string {
	return name + " " + v.site.Domain.PoolID + " " + v.site.Domain.Name
}

func (v *visit) setSealed(name, value string, life time.Duration) {
	v.setCookie(name, v.p.cookies.seal(v.place(name), value), life)
}

func (v *visit) sealed(name string) string { return v.p.cookies.open(v.place(name), v.cookie(name)) }
