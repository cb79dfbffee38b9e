package webauthn

import (
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
	"net/url"
	"strings"
)

// OriginAllowed reports whether a ceremony of a relying party may happen at an
// origin: a page of the host that the id names or of a subdomain, on any port,
// over https, or over plain http where the host is the machine itself
// (auth-flows.md §9). Both ceremonies use this one rule.
func OriginAllowed(origin, relyingPartyID string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" ||
		strings.HasSuffix(origin, "?") || strings.HasSuffix(origin, "#") {
		return false
	}
	host := strings.ToLower(u.Hostname())
	party := strings.ToLower(relyingPartyID)
	if party == "" || host != party && !strings.HasSuffix(host, "."+party) {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && loopback(host)
}

// NativeOrigin reports whether a text has the form that native apps give as their
// origin: the digest of the certificate that signed an Android app, as 32 bytes in
// base64url. Apps of Apple's systems give an https origin of the relying party.
func NativeOrigin(text string) bool {
	for _, prefix := range []string{"android:apk-key-hash:", "android:apk-key-hash-sha256:"} {
		if digest, ok := strings.CutPrefix(text, prefix); ok {
			b, err := base64.RawURLEncoding.Strict().DecodeString(digest)
			return err == nil && len(b) == sha256.Size
		}
	}
	return false
}

// loopback reports whether a host is this machine by its name.
func loopback(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
