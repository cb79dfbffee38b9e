package server

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	"cognate/internal/web/oauth"
)

// identityPath is where this server answers for the issuer of identity pools.
const identityPath = "/cognito-identity"

// identityIssuer mounts the documents of the issuer of identity pools.
func (p *parts) identityIssuer(mux *http.ServeMux) error {
	paths, err := p.cfg.identityPaths()
	if err != nil {
		return err
	}
	documents := &oauth.IdentityIssuer{
		KeySet: p.identities.KeySet, Issuer: p.cfg.IdentityIssuerURL, Base: p.cfg.PublicURL + identityPath, Log: p.cfg.Log,
	}
	documents.Register(mux, paths...)
	return nil
}

// identityPaths gives the paths of that issuer: the one below the public URL, and
// its own where that is another one. The error says what is wrong with its URL.
func (c Config) identityPaths() ([]string, error) {
	u, err := url.Parse(c.IdentityIssuerURL)
	switch {
	case err != nil || !absolute(c.IdentityIssuerURL):
		return nil, fmt.Errorf("%q is not an absolute http or https URL", c.IdentityIssuerURL)
	case u.Path == identityPath:
		return []string{identityPath}, nil
	case u.Path == "":
		return []string{identityPath, ""}, nil
	case u.Path == "/" || path.Clean(u.Path) != u.Path || u.EscapedPath() != u.Path || strings.ContainsAny(u.Path, "{}"):
		return nil, fmt.Errorf("%q has a path that is not plain, or a slash at the end", c.IdentityIssuerURL)
	}
	return []string{identityPath, u.Path}, nil
}
