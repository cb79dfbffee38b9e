package tokens

import (
	"encoding/json"
	"slices"
	"strings"

	"cognate/internal/store"
)

// Override is what a function wants otherwise in a pair of tokens
// (triggers.md §3, PreTokenGeneration). What it may not change is left alone.
type Override struct {
	ID, Access ClaimChanges
	// Scopes are those of the access token.
	AddScopes, SuppressScopes []string
	// Groups takes the place of the user's groups and roles; nil keeps them.
	Groups *GroupChange
}

// ClaimChanges are the changes to one token. Suppressing comes last.
type ClaimChanges struct {
	Set      map[string]json.RawMessage
	Suppress []string
}

// GroupChange is a whole set of groups and roles.
type GroupChange struct {
	Groups, Roles []string
	Preferred     string // empty: none
}

const (
	claimGroups    = "cognito:groups"
	claimRoles     = "cognito:roles"
	claimPreferred = "cognito:preferred_role"
	claimAudience  = "aud"
)

// fixedClaims say who the user is, who made the token for whom, and how the user
// signed in. Nothing but the service sets them (S034).
var fixedClaims = []string{
	"username", "sub", "identities", "client_id", "event_id", "device_key", "version", "acr", "amr", "at_hash",
	"auth_time", "azp", "exp", "iat", "iss", "jti", "nbf", "nonce", "origin_jti", "token_use", "scope", claimAudience,
}

const (
	cognitoPrefix = "cognito:"
	devPrefix     = "dev:"
)

// settable reports whether a function may set a claim.
func settable(name string) bool {
	return name != "" && !strings.HasPrefix(name, cognitoPrefix) && !strings.HasPrefix(name, devPrefix) && !slices.Contains(fixedClaims, name)
}

// suppressible reports whether a function may remove a claim.
func suppressible(name string) bool {
	return name == claimGroups || strings.HasPrefix(name, devPrefix) || settable(name)
}

// apply makes the changes to the claims of a token. clientID is the only
// audience that may be set, and only in an access token; empty elsewhere.
func (c ClaimChanges) apply(o *object, clientID string) {
	names := make([]string, 0, len(c.Set))
	for name := range c.Set {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		value := c.Set[name]
		audience := name == claimAudience && clientID != "" && string(value) == `"`+clientID+`"`
		if settable(name) || audience {
			o.drop(name)
			o.raw(name, value)
		}
	}
	for _, name := range c.Suppress {
		if !suppressible(name) {
			continue
		}
		o.drop(name)
		if name == claimGroups { // the roles come with the groups
			o.drop(claimRoles)
			o.drop(claimPreferred)
		}
	}
}

// drop removes a claim. Its value stays behind unused.
func (o *object) drop(name string) {
	o.claims = slices.DeleteFunc(o.claims, func(c claim) bool { return c.name == name })
}

// scopes gives the scope claim.
func (v *Override) scopes(granted []string) string {
	scopes := slices.Clone(granted)
	for _, s := range v.AddScopes {
		if s != "" && !strings.ContainsAny(s, " \t\r\n") && !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	scopes = slices.DeleteFunc(scopes, func(s string) bool { return slices.Contains(v.SuppressScopes, s) })
	return strings.Join(scopes, " ")
}

// Roles are the groups and roles of a user as tokens tell them.
type Roles struct {
	Groups, Roles []string
	Preferred     string // empty: none
}

// RolesOf gives them from the user's groups, best precedence first. The preferred
// role is that of the lowest precedence, unless groups that share it disagree
// (tokens.md §5).
func RolesOf(groups []*store.Group) Roles {
	var r Roles
	var best *int32
	agreed := true
	for _, group := range groups {
		r.Groups = append(r.Groups, group.Name)
		role := group.Settings.RoleArn
		if role == "" {
			continue
		}
		if !slices.Contains(r.Roles, role) {
			r.Roles = append(r.Roles, role)
		}
		precedence := group.Settings.Precedence
		switch {
		case r.Preferred == "" || lower(precedence, best):
			r.Preferred, best, agreed = role, precedence, true
		case !lower(best, precedence) && role != r.Preferred:
			agreed = false
		}
	}
	if !agreed {
		r.Preferred = ""
	}
	return r
}
