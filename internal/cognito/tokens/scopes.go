package tokens

import (
	"slices"

	"cognate/internal/cognito/attributes"
)

// Scopes that need no resource server (endpoints.md §3.4). SelfServiceScope is one
// more.
const (
	ScopeOpenID   = "openid"
	ScopeEmail    = "email"
	ScopePhone    = "phone"
	ScopeProfile  = "profile"
	ScopeRegister = "aws.cognito/dcr/register" // registering clients (newest-features.md §11)
)

// BuiltInScope reports whether a scope is the service's own.
func BuiltInScope(scope string) bool {
	switch scope {
	case ScopeOpenID, ScopeEmail, ScopePhone, ScopeProfile, SelfServiceScope, ScopeRegister:
		return true
	}
	return false
}

// MachineScope reports whether a machine may have a scope of its client: a custom
// one, or that to register clients.
func MachineScope(scope string) bool { return !BuiltInScope(scope) || scope == ScopeRegister }

// profileAttributes are the standard attributes that come with profile
// (endpoints.md §5.2).
var profileAttributes = []string{
	"name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
	"website", "gender", "birthdate", "zoneinfo", "locale", "updated_at",
}

// Covers reports whether scopes let a client see an attribute of the user: openid
// alone all of them, beside others those of the others (endpoints.md §3.4).
func Covers(scopes []string, attribute string) bool {
	email, phone, profile := slices.Contains(scopes, ScopeEmail), slices.Contains(scopes, ScopePhone), slices.Contains(scopes, ScopeProfile)
	if !email && !phone && !profile {
		return true
	}
	switch attribute {
	case attributes.Email, attributes.EmailVerified:
		return email
	case attributes.PhoneNumber, attributes.PhoneNumberVerified:
		return phone
	}
	return profile
}

// Unreadable gives an attribute that openid scopes cover by name and the client
// may not read, or nothing (endpoints.md §3.4, the attribute-permission trap).
func Unreadable(scopes []string, readable func(attribute string) bool) string {
	if !slices.Contains(scopes, ScopeOpenID) {
		return ""
	}
	for _, of := range []struct {
		scope string
		names []string
	}{
		{ScopeEmail, []string{attributes.Email, attributes.EmailVerified}},
		{ScopePhone, []string{attributes.PhoneNumber, attributes.PhoneNumberVerified}},
		{ScopeProfile, profileAttributes},
	} {
		if !slices.Contains(scopes, of.scope) {
			continue
		}
		if i := slices.IndexFunc(of.names, func(name string) bool { return !readable(name) }); i >= 0 {
			return of.names[i]
		}
	}
	return ""
}
