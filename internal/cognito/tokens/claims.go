package tokens

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// common adds what both tokens of a sign-in carry. The order of additions
// matters only among claims of one bucket; see object.
func (g *Grant) common(o *object, issuer string, lifetime int64) {
	o.text("sub", g.User.Sub)
	if names := g.roleClaims().Groups; len(names) > 0 {
		o.texts(claimGroups, names)
	}
	o.text("iss", issuer)
	if g.Family.ID != g.Family.EventID {
		o.text("origin_jti", g.Family.ID)
	}
	o.text("event_id", g.Family.EventID)
	o.number("auth_time", g.Family.AuthAt.Unix())
	o.number("exp", g.At.Unix()+lifetime)
	o.number("iat", g.At.Unix())
	o.text("jti", uuid.NewString())
	if g.doc.ACR != "" {
		o.text("acr", g.doc.ACR)
	}
	if len(g.doc.AMR) > 0 {
		o.texts("amr", g.doc.AMR)
	}
}

// accessClaims is the payload of an access token (tokens.md §4).
func (g *Grant) accessClaims(issuer string) []byte {
	var o object
	o.text("token_use", store.KeyUseAccess)
	o.text("client_id", g.Client.ID)
	o.text("scope", g.Override.scopes(g.doc.scopes()))
	g.common(&o, issuer, int64(g.Client.AccessTokenLifetime().Seconds()))
	o.text("username", g.User.Username)
	if g.Family.DeviceKey != "" {
		o.text("device_key", g.Family.DeviceKey)
	}
	audience := g.Client.ID
	if g.doc.OAuth {
		o.number("version", oauthVersion)
		if g.doc.Resource != "" {
			o.text(claimAudience, g.doc.Resource)
			audience = "" // bound to the resource: a function cannot change that
		}
	}
	g.Override.Access.apply(&o, audience)
	return o.json()
}

// oauthVersion is the version of access tokens from a pool's domain.
const oauthVersion = 2

// machineClaims is the payload of an access token for a client itself.
func machineClaims(c *directory.Client, issuer string, now int64, scopes []string, v Override) []byte {
	// A function adds no scope that means a user (S008).
	v.AddScopes = slices.DeleteFunc(slices.Clone(v.AddScopes), func(s string) bool { return !MachineScope(s) })
	var o object
	o.text("token_use", store.KeyUseAccess)
	o.text("sub", c.ID)
	o.text("client_id", c.ID)
	o.text("iss", issuer)
	o.number("version", oauthVersion)
	o.text("scope", v.scopes(scopes))
	o.number("auth_time", now)
	o.number("exp", now+int64(c.AccessTokenLifetime().Seconds()))
	o.number("iat", now)
	o.text("jti", uuid.NewString())
	v.Access.apply(&o, c.ID)
	return o.json()
}

// idClaims is the payload of an ID token (tokens.md §5): who the user is, as
// far as the client may read it and the scopes of the sign-in go.
func (g *Grant) idClaims(issuer, access string) []byte {
	var o object
	if g.doc.OAuth {
		o.text("at_hash", halfHash(access))
		if g.Nonce != "" {
			o.text("nonce", g.Nonce)
		}
	}
	g.roles(&o)
	o.text("token_use", store.KeyUseID)
	o.text("aud", g.Client.ID)
	g.common(&o, issuer, int64(g.Client.IDTokenLifetime().Seconds()))
	o.text("cognito:username", g.User.Username)
	if g.identities != nil {
		o.raw(attributes.Identities, g.identities)
	}
	g.flag(&o, attributes.Email, attributes.EmailVerified)
	g.flag(&o, attributes.PhoneNumber, attributes.PhoneNumberVerified)
	for _, a := range g.User.Attributes {
		if a.Value != "" && claimable(a.Name) && g.shows(a.Name) {
			attribute(&o, a)
		}
	}
	g.Override.ID.apply(&o, "")
	return o.json()
}

// halfHash is the at_hash of an access token: the left half of its digest
// (OpenID Connect Core §3.1.3.6).
func halfHash(access string) string {
	d := sha256.Sum256([]byte(access))
	return base64.RawURLEncoding.EncodeToString(d[:len(d)/2])
}

// shows reports whether an attribute belongs in the ID token.
func (g *Grant) shows(name string) bool {
	return g.Client.Readable(name) && (!g.doc.OAuth || Covers(g.doc.Scopes, name))
}

// flag adds whether an address is verified, also when only the address is set.
func (g *Grant) flag(o *object, address, name string) {
	value := g.User.Attributes.Get(name)
	if g.shows(name) && (value != "" || g.User.Attributes.Get(address) != "") {
		o.flag(name, attributes.True(value))
	}
}

// roles adds the roles of the user's groups.
func (g *Grant) roles(o *object) {
	r := g.roleClaims()
	if len(r.Roles) > 0 {
		o.texts(claimRoles, r.Roles)
	}
	if r.Preferred != "" {
		o.text(claimPreferred, r.Preferred)
	}
}

// roleClaims are the groups and roles of the tokens: the user's, or those that a
// function has put in their place.
func (g *Grant) roleClaims() Roles {
	if change := g.Override.Groups; change != nil {
		return Roles(*change)
	}
	return RolesOf(g.Groups)
}

// lower reports whether precedence a wins over b; without one a group loses.
func lower(a, b *int32) bool { return a != nil && (b == nil || *a < *b) }

// standardClaims are the attributes that become claims under their own names.
// No other name does, so that no attribute can pass for a claim of the service
// (S034).
var standardClaims = []string{
	"name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
	"website", "email", "gender", "birthdate", "zoneinfo", "locale", "phone_number", "address", "updated_at",
}

func claimable(name string) bool {
	return slices.Contains(standardClaims, name) || strings.HasPrefix(name, attributes.CustomPrefix)
}

// attribute adds an attribute as a claim: a string, apart from the two that
// OpenID Connect defines otherwise (Core §5.1).
func attribute(o *object, a store.Attribute) {
	switch a.Name {
	case "address":
		var formatted object
		formatted.text("formatted", a.Value)
		o.raw(a.Name, formatted.json())
	case "updated_at":
		if seconds, err := strconv.ParseInt(a.Value, 10, 64); err == nil {
			o.number(a.Name, seconds)
			return
		}
		o.text(a.Name, a.Value)
	default:
		o.text(a.Name, a.Value)
	}
}
