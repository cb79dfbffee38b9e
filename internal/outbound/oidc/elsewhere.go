package oidc

import (
	"net/url"
	"strings"
)

// MoveTo has a social provider asked at another place, with the paths of the real
// one: base stands for its scheme and hosts. What the provider says of itself, such as
// the issuer, stays.
func (s *Settings) MoveTo(base string) {
	s.KeysURL = s.keysURL()
	for _, address := range []*string{&s.AuthorizeURL, &s.TokenURL, &s.AttributesURL, &s.KeysURL} {
		if u, err := url.Parse(*address); err == nil && u.Host != "" {
			*address = strings.TrimRight(base, "/") + strings.TrimPrefix(*address, u.Scheme+"://"+u.Host)
		}
	}
}
