package pages

import (
	"net/http"

	"cognate/internal/web/domainhost"
)

// SetHeaders sets what every HTML answer of a domain carries
// (spec/endpoints.md §1; S018, S150, S151). nonce admits the page's scripts and
// stylesheets, from this origin or none.
//
// There is no form-action: Chromium applies it to every redirect after a form
// was posted, and a sign-in ends at the client's address, which may redirect to
// anywhere.
func SetHeaders(h http.Header, nonce string) {
	domainhost.SetHeaders(h)
	h.Set("Content-Type", "text/html;charset=UTF-8")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'nonce-"+nonce+"'; style-src 'nonce-"+nonce+"'; img-src 'self'; "+
		"base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), "+
		"publickey-credentials-get=(self), publickey-credentials-create=(self)")
}
