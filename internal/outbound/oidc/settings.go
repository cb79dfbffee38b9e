package oidc

import (
	"net/url"
	"slices"
	"strings"

	"cognate/internal/api"
)

// Settings say how a provider is asked. They come from its ProviderDetails.
type Settings struct {
	Name         string // in the pool
	Type         api.IdentityProviderTypeType
	ClientID     string
	ClientSecret string
	Scopes       string // as authorize_scopes
	Issuer       string // empty for providers that give no ID token

	AuthorizeURL, TokenURL, AttributesURL, KeysURL string
	// Discover says that the four addresses come from the issuer's discovery
	// document.
	Discover bool
	// AttributesMethod is how the attributes are asked for: GET or POST.
	AttributesMethod string
	// Attributes are those to name in AttributesURL, where the provider wants that.
	Attributes []string
	AddNames   bool

	// Of Sign in with Apple, in the place of the client secret.
	TeamID, KeyID, PrivateKey string
}

// Of reads the settings of a provider.
func Of(name string, kind api.IdentityProviderTypeType, details map[string]string, mapping map[string]string) Settings {
	s := Settings{
		Name: name, Type: kind, ClientID: details["client_id"], ClientSecret: details["client_secret"], Scopes: details["authorize_scopes"],
		Issuer: details["oidc_issuer"], AuthorizeURL: details["authorize_url"], TokenURL: details["token_url"],
		AttributesURL: details["attributes_url"], KeysURL: details["jwks_uri"], AttributesMethod: details["attributes_request_method"],
		AddNames: details["attributes_url_add_attributes"] == "true",
		TeamID:   details["team_id"], KeyID: details["key_id"], PrivateKey: details["private_key"],
	}
	if s.AttributesMethod == "" {
		s.AttributesMethod = "GET"
	}
	if subject := SubjectOf(kind); subject != "" {
		s.Attributes = append(s.Attributes, subject)
	}
	for _, source := range mapping {
		if source != "access_token" && source != "id_token" && !slices.Contains(s.Attributes, source) {
			s.Attributes = append(s.Attributes, source)
		}
	}
	slices.Sort(s.Attributes)
	return s
}

// SubjectOf is the name of the attribute that identifies a user at a kind of
// provider; empty for SAML.
func SubjectOf(kind api.IdentityProviderTypeType) string {
	switch kind {
	case api.IdentityProviderTypeTypeFacebook:
		return "id"
	case api.IdentityProviderTypeTypeLoginWithAmazon:
		return "user_id"
	case api.IdentityProviderTypeTypeSaml:
		return ""
	default:
		return "sub"
	}
}

// Well-known addresses of the social providers (federation.md §1.2). They answer
// ID tokens of these two issuers.
const (
	googleKeys = "https://www.googleapis.com/oauth2/v3/certs"
	appleKeys  = "https://appleid.apple.com/auth/keys"
)

// keysURL is where the keys of ID tokens are; empty for providers that give none.
func (s *Settings) keysURL() string {
	switch {
	case s.KeysURL != "":
		return s.KeysURL
	case s.Type == api.IdentityProviderTypeTypeGoogle:
		return googleKeys
	case s.Type == api.IdentityProviderTypeTypeSignInWithApple:
		return appleKeys
	}
	return ""
}

// Authorization is what a browser is sent to a provider with.
type Authorization struct {
	RedirectURI, State, Nonce string
	LoginHint, Prompt         string // passed on to providers of OpenID Connect; Prompt to all
	ACRValues                 string
}

// URL is the address to send a browser to.
func (s *Settings) URL(a Authorization) string {
	query := url.Values{
		"client_id": {s.ClientID}, "redirect_uri": {a.RedirectURI}, "response_type": {"code"}, "state": {a.State},
	}
	set := func(name, value string) {
		if value != "" {
			query.Set(name, value)
		}
	}
	set("scope", s.scope())
	set("prompt", a.Prompt)
	switch s.Type {
	case api.IdentityProviderTypeTypeOidc:
		set("nonce", a.Nonce)
		set("login_hint", a.LoginHint)
		set("acr_values", a.ACRValues)
	case api.IdentityProviderTypeTypeGoogle:
		set("nonce", a.Nonce)
	case api.IdentityProviderTypeTypeSignInWithApple:
		set("nonce", a.Nonce)
		if s.Scopes != "" { // Apple insists on it
			set("response_mode", "form_post")
		}
	default: // the others know none of these
	}
	separator := "?"
	if strings.Contains(s.AuthorizeURL, "?") {
		separator = "&"
	}
	return s.AuthorizeURL + separator + query.Encode()
}

// scope is authorize_scopes with the separator that the provider knows.
func (s *Settings) scope() string {
	fields := strings.FieldsFunc(s.Scopes, func(r rune) bool { return r == ' ' || r == ',' })
	if s.Type == api.IdentityProviderTypeTypeFacebook {
		return strings.Join(fields, ",")
	}
	return strings.Join(fields, " ")
}

// givesIDToken reports whether the provider identifies users by an ID token.
func (s *Settings) givesIDToken() bool {
	return s.Type != api.IdentityProviderTypeTypeFacebook && s.Type != api.IdentityProviderTypeTypeLoginWithAmazon
}
