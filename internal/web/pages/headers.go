package pages

import "net/http"

// SetHeaders sets what every HTML answer of a domain carries
// (spec/endpoints.md §1; S018, S150, S151). Strict-Transport-Security and the
// request id are the domain's own. nonce admits the page's scripts and
// stylesheets, from this origin or none.
//
// There is no form-action: Chromium applies it to every redirect after a form
// was posted, and a sign-in ends at the client's address, which may redirect to
// anywhere.
func SetHeaders(h http.Header, nonce string) {
	h.Set("Content-Type", "text/html;charset=UTF-8")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'nonce-"+nonce+"'; style-src 'nonce-"+nonce+"'; img-src 'self'; "+
		"base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'")
	h.Set("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate")
	h.Set("Pragma", "no-cache")
	h.Set("Expires", "0")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-XSS-Protection", "1; mode=block")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), "+
		"publickey-credentials-get=(self), publickey-credentials-create=(self)")
}
