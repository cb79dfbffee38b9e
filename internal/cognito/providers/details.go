package providers

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/idp"
	"cognate/internal/outbound/oidc"
)

// Keys of ProviderDetails (federation.md §1.2).
const (
	clientID         = "client_id"
	clientSecret     = "client_secret"
	authorizeScopes  = "authorize_scopes"
	issuer           = "oidc_issuer"
	authorizeURL     = "authorize_url"
	tokenURL         = "token_url"
	tokenMethod      = "token_request_method"
	attributesURL    = "attributes_url"
	addAttributes    = "attributes_url_add_attributes"
	attributesMethod = "attributes_request_method"
	keysURL          = "jwks_uri"
	apiVersion       = "api_version"
	teamID           = "team_id"
	keyID            = "key_id"
	privateKey       = "private_key"
	signOut          = "IDPSignout"
	signing          = "RequestSigningAlgorithm"
)

// endpoints are the addresses that may be given by hand.
var endpoints = []string{authorizeURL, tokenURL, attributesURL, keysURL}

// form says which details a kind of provider has.
type form struct {
	// required must be given at first. In an update one that is left out keeps its
	// value, and so does a kept one.
	required, kept []string
	optional       []string
	// told are shown and made here. Whoever sends back what was shown may send them,
	// and they say nothing.
	told    []string
	without string // the answer to a request without the required ones
}

const (
	withoutSocial = "clientId, clientSecret and authorizeScopes are all required idp details."
	withoutApple  = "clientId, privateKey, teamId, and keyId are all required idp details."
	withoutOIDC   = "clientId, authorizeScopes, oidcIssuer and attributesRequestMethod are all required idp details."
)

var forms = map[api.IdentityProviderTypeType]form{
	api.IdentityProviderTypeTypeGoogle: {
		required: []string{clientID, clientSecret, authorizeScopes}, without: withoutSocial,
		told: []string{issuer, authorizeURL, tokenURL, tokenMethod, attributesURL, addAttributes},
	},
	api.IdentityProviderTypeTypeFacebook: {
		required: []string{clientID, clientSecret, authorizeScopes}, kept: []string{apiVersion}, without: withoutSocial,
		told: []string{authorizeURL, tokenURL, tokenMethod, attributesURL, addAttributes},
	},
	api.IdentityProviderTypeTypeLoginWithAmazon: {
		required: []string{clientID, clientSecret, authorizeScopes}, without: withoutSocial,
		told: []string{authorizeURL, tokenURL, tokenMethod, attributesURL, addAttributes},
	},
	api.IdentityProviderTypeTypeSignInWithApple: {
		required: []string{clientID, teamID, keyID, privateKey}, kept: []string{authorizeScopes}, without: withoutApple,
		told: []string{issuer, authorizeURL, tokenURL, tokenMethod, addAttributes},
	},
	api.IdentityProviderTypeTypeOidc: {
		required: []string{clientID, authorizeScopes, issuer, attributesMethod}, kept: []string{clientSecret}, without: withoutOIDC,
		optional: append([]string{addAttributes}, endpoints...),
	},
	api.IdentityProviderTypeTypeSaml: {
		optional: []string{idp.MetadataURL, idp.MetadataFile, signOut, idp.IDPInit, idp.Encrypted, signing},
		told:     []string{idp.SSORedirect, idp.SLORedirect},
	},
}

// fixed are the details that are the same for every provider of a kind.
func fixed(kind api.IdentityProviderTypeType, version string) map[string]string {
	switch kind {
	case api.IdentityProviderTypeTypeGoogle:
		return map[string]string{
			authorizeURL: "https://accounts.google.com/o/oauth2/v2/auth", tokenURL: "https://www.googleapis.com/oauth2/v4/token",
			tokenMethod: "POST", attributesURL: "https://people.googleapis.com/v1/people/me?personFields=", addAttributes: "true",
			issuer: "https://accounts.google.com",
		}
	case api.IdentityProviderTypeTypeFacebook:
		graph := "https://graph.facebook.com/" + version
		return map[string]string{
			authorizeURL: "https://www.facebook.com/" + version + "/dialog/oauth", tokenURL: graph + "/oauth/access_token",
			tokenMethod: "GET", attributesURL: graph + "/me?fields=", addAttributes: "true",
		}
	case api.IdentityProviderTypeTypeLoginWithAmazon:
		return map[string]string{
			authorizeURL: "https://www.amazon.com/ap/oa", tokenURL: "https://api.amazon.com/auth/o2/token",
			tokenMethod: "POST", attributesURL: "https://api.amazon.com/user/profile", addAttributes: "false",
		}
	case api.IdentityProviderTypeTypeSignInWithApple:
		return map[string]string{
			authorizeURL: "https://appleid.apple.com/auth/authorize", tokenURL: "https://appleid.apple.com/auth/token",
			tokenMethod: "POST", issuer: "https://appleid.apple.com", addAttributes: "false",
		}
	case api.IdentityProviderTypeTypeOidc, api.IdentityProviderTypeTypeSaml:
	}
	return nil
}

const defaultVersion = "v17.0" // of Facebook's API

var versionForm = regexp.MustCompile(`^v\d{1,3}\.\d{1,2}$`)

// details are those that a provider has after a request which gave some, where it
// had others before.
func (o *Operations) details(kind api.IdentityProviderTypeType, given, before map[string]string) (map[string]string, error) {
	f := forms[kind]
	details := make(map[string]string)
	for _, key := range slices.Sorted(maps.Keys(given)) {
		switch {
		case slices.Contains(f.told, key):
		case slices.Contains(f.required, key), slices.Contains(f.kept, key), slices.Contains(f.optional, key):
			if given[key] != "" {
				details[key] = given[key]
			}
		default:
			return nil, api.InvalidParameterException("%s is not a valid key for %s identity provider details.", key, kind)
		}
	}
	for _, key := range slices.Concat(f.required, f.kept) {
		if _, sent := given[key]; !sent && before[key] != "" {
			details[key] = before[key]
		}
	}
	for _, key := range f.required {
		if details[key] == "" {
			return nil, api.InvalidParameterException("%s", f.without)
		}
	}
	if err := o.checkDetails(kind, details, before); err != nil {
		return nil, err
	}
	maps.Copy(details, fixed(kind, details[apiVersion]))
	return details, nil
}

// checkDetails looks at what only kinds of providers have.
func (o *Operations) checkDetails(kind api.IdentityProviderTypeType, details, before map[string]string) error {
	switch kind {
	case api.IdentityProviderTypeTypeFacebook:
		if details[apiVersion] == "" {
			details[apiVersion] = defaultVersion
		}
		if !versionForm.MatchString(details[apiVersion]) {
			return api.InvalidParameterException("api_version %s is not of the form v17.0.", details[apiVersion])
		}
	case api.IdentityProviderTypeTypeSignInWithApple:
		if o.TestClient != "" && details[clientID] == o.TestClient {
			return nil
		}
		if _, err := oidc.ParseAppleKey(details[privateKey]); err != nil {
			return api.InvalidParameterException("private_key is not a key of Apple's, in PEM form.")
		}
	case api.IdentityProviderTypeTypeSaml:
		return checkSAML(details, before)
	case api.IdentityProviderTypeTypeOidc:
		return o.checkOIDC(details)
	case api.IdentityProviderTypeTypeGoogle, api.IdentityProviderTypeTypeLoginWithAmazon:
	}
	return nil
}

// checkSAML settles where the metadata comes from, and the switches.
func checkSAML(details, before map[string]string) error {
	if details[idp.MetadataURL] == "" && details[idp.MetadataFile] == "" { // as it was
		for _, key := range []string{idp.MetadataURL, idp.MetadataFile} {
			if before[key] != "" {
				details[key] = before[key]
			}
		}
	}
	switch {
	case details[idp.MetadataURL] == "" && details[idp.MetadataFile] == "":
		return api.InvalidParameterException("At least one of the MetadataURL or MetadataFile should be provided.")
	case details[idp.MetadataURL] != "" && details[idp.MetadataFile] != "":
		return api.InvalidParameterException("Only one of the MetadataURL or MetadataFile should be provided.")
	case details[signing] != "" && details[signing] != "rsa-sha256":
		return notIn(details[signing], "requestSigningAlgorithm", "rsa-sha256")
	}
	for _, key := range []string{signOut, idp.IDPInit, idp.Encrypted} {
		value, given := details[key]
		if !given {
			continue
		}
		details[key] = strings.ToLower(value)
		if details[key] != idp.True && details[key] != "false" {
			return notIn(value, strings.ToLower(key[:1])+key[1:], "true, false")
		}
	}
	return nil
}

func notIn(value, member, set string) error {
	return api.InvalidParameterException("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: "+
		"Member must satisfy enum value set: [%s]", value, member, set)
}

// checkOIDC looks at the form of what a provider of OpenID Connect has.
func (o *Operations) checkOIDC(details map[string]string) error {
	if method := details[attributesMethod]; method != "GET" && method != "POST" {
		return notIn(method, "attributesRequestMethod", "POST, GET")
	}
	if !slices.Contains(strings.Fields(details[authorizeScopes]), "openid") {
		return api.InvalidParameterException("authorize_scopes must contain openid.")
	}
	switch details[addAttributes] {
	case "":
		details[addAttributes] = "false"
	case "true", "false":
	default:
		return notIn(details[addAttributes], "attributesUrlAddAttributes", "true, false")
	}
	for _, key := range append([]string{issuer}, endpoints...) {
		address := details[key]
		if address == "" {
			continue
		}
		err := o.Asker.Permits(address)
		switch {
		case err == nil:
		case !strings.HasPrefix(address, "https://"):
			return api.InvalidParameterException("OIDC endpoint must start with https://")
		default:
			return api.InvalidParameterException("Invalid %s: %s", key, err)
		}
	}
	return nil
}
