package clients

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"cognate/internal/api"
)

// checkRedirects looks at every address that a browser may be sent to
// (spec/endpoints.md §3.3, S002).
func checkRedirects(s *subject) error {
	for _, list := range []struct {
		member string
		urls   []string
	}{
		{"CallbackURLs", s.client.CallbackURLs},
		{"LogoutURLs", s.client.LogoutURLs},
	} {
		for _, address := range list.urls {
			if err := checkRedirect(list.member, address); err != nil {
				return err
			}
		}
	}
	uri := s.client.DefaultRedirectURI
	if uri != "" && !slices.Contains(s.client.CallbackURLs, uri) {
		return api.InvalidParameterException("The default redirect URI %s is not in the callback URIs list.", uri)
	}
	return nil
}

func checkRedirect(member, address string) error {
	parsed, err := url.Parse(address)
	switch {
	case err != nil || parsed.Scheme == "" || strings.ContainsAny(address, "\\\"<>`{}|^"):
		return api.InvalidParameterException("%s is not a valid URL in %s.", address, member)
	case strings.Contains(address, "#"):
		return api.InvalidParameterException("%s can not contain a fragment.", address)
	case strings.Contains(address, "*"):
		return api.InvalidParameterException("%s can not contain a wildcard.", address)
	}
	switch strings.ToLower(parsed.Scheme) {
	case "https":
		return checkHost(parsed, member, address)
	case "http":
		if !loopback(parsed.Hostname()) {
			return api.InvalidParameterException("%s cannot use the HTTP protocol.", address)
		}
		return checkHost(parsed, member, address)
	case "javascript", "data", "file", "vbscript", "blob", "about", "filesystem", "view-source", "ftp", "ws", "wss":
		return api.InvalidParameterException("%s uses a scheme that is not allowed in %s.", address, member)
	default:
		// An app's own scheme; but "localhost:3000" is an address that lacks one.
		if parsed.Opaque != "" && parsed.Opaque[0] >= '0' && parsed.Opaque[0] <= '9' {
			return api.InvalidParameterException("%s is not a valid URL in %s.", address, member)
		}
		return nil
	}
}

// checkHost wants a host, and no name and password in front of it that could
// hide it from a reader.
func checkHost(parsed *url.URL, member, address string) error {
	if parsed.Hostname() == "" || parsed.User != nil || parsed.Opaque != "" {
		return api.InvalidParameterException("%s is not a valid URL in %s.", address, member)
	}
	return nil
}

// loopback reports whether host is one of the three names of this machine.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip == netip.AddrFrom4([4]byte{127, 0, 0, 1}) || ip == netip.IPv6Loopback())
}
