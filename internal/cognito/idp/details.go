package idp

import (
	"slices"

	"cognate/internal/api"
	"cognate/internal/protocol/saml"
	"cognate/internal/store"
)

// ManualEndpoints is a detail of providers of OpenID Connect, of ours and never
// shown: with the value true their addresses were given by hand, otherwise they come
// from discovery.
const ManualEndpoints = "cognate:manual"

// Details of SAML providers (federation.md §1.2).
const (
	MetadataURL   = "MetadataURL"
	MetadataFile  = "MetadataFile"
	IDPInit       = "IDPInit"
	SSORedirect   = "SSORedirectBindingURI"
	SLORedirect   = "SLORedirectBindingURI"
	Encrypted     = "EncryptedResponses"
	EncryptionKey = "ActiveEncryptionCertificate"
)

// True is how details say yes.
const True = "true"

// Tell puts into the details of a SAML provider what its metadata says, and reports
// whether that was new.
func Tell(details map[string]string, md *saml.Metadata) bool {
	if details[SSORedirect] == md.SSORedirect && details[SLORedirect] == md.SLORedirect {
		return false
	}
	details[SSORedirect] = md.SSORedirect
	delete(details, SLORedirect)
	if md.SLORedirect != "" {
		details[SLORedirect] = md.SLORedirect
	}
	return true
}

// OnlySAML reports whether every name, as clients have them, is one of the SAML
// providers among all.
func OnlySAML(names []string, all []*store.IdentityProvider) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		return !slices.ContainsFunc(all, func(p *store.IdentityProvider) bool {
			return p.Name == name && p.Type == api.IdentityProviderTypeTypeSaml
		})
	})
}
