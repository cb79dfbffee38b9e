package testidp

import (
	"maps"
	"strings"
)

// Kind is one of the providers.
type Kind string

// The kinds, as they stand in addresses.
const (
	Google   Kind = "google"
	Facebook Kind = "facebook"
	Amazon   Kind = "amazon"
	Apple    Kind = "apple"
	OIDC     Kind = "oidc"
	SAML     Kind = "saml"
)

var kinds = []Kind{Google, Facebook, Amazon, Apple, OIDC, SAML}

// title is what people call a provider.
func (k Kind) title() string {
	return map[Kind]string{
		Google: "Google", Facebook: "Facebook", Amazon: "Login with Amazon", Apple: "Sign in with Apple", OIDC: "OpenID Connect", SAML: "SAML",
	}[k]
}

// Person is somebody who has an account at a provider.
type Person struct {
	Subject       string   `json:"subject"`
	Email         string   `json:"email,omitzero"`
	EmailVerified bool     `json:"emailVerified"`
	GivenName     string   `json:"givenName,omitzero"`
	FamilyName    string   `json:"familyName,omitzero"`
	Groups        []string `json:"groups,omitzero"`
}

func (p Person) name() string { return strings.TrimSpace(p.GivenName + " " + p.FamilyName) }

// people have an account everywhere.
var people = []Person{
	{Subject: "100001", Email: "ana@example.com", EmailVerified: true, GivenName: "Ana", FamilyName: "Ng", Groups: []string{"staff", "site admins"}},
	{Subject: "100002", Email: "ben@example.com", EmailVerified: true, GivenName: "Ben", FamilyName: "Okafor", Groups: []string{"staff"}},
	{Subject: "100003", Email: "chen@example.org", EmailVerified: false, GivenName: "Chen", FamilyName: "Li"},
}

// Choice is who signs in next, and what goes wrong.
type Choice struct {
	Person  Person         `json:"person"`
	Claims  map[string]any `json:"claims,omitzero"` // further ones, or others in the place of the person's
	Failure Failure        `json:"failure,omitzero"`
	// Of SAML: what is signed, and whether the assertion is encrypted; nil as the
	// pool expects it.
	Sign    Signing `json:"sign,omitzero"`
	Encrypt *bool   `json:"encrypt,omitzero"`
}

// Signing is what the SAML provider signs; empty: the assertion.
type Signing string

// What can be signed.
const (
	SignAssertion Signing = "assertion"
	SignResponse  Signing = "response"
	SignBoth      Signing = "both"
)

// person is the one whom a choice comes to, with its failure at work.
func (c *Choice) person() Person {
	p := c.Person
	switch c.Failure {
	case NoEmail:
		p.Email = ""
	case UnverifiedEmail:
		p.EmailVerified = false
	case OtherSubject:
		p.Subject += "-other"
	default: // it is not about the person
	}
	return p
}

// attributes are what a provider of a kind says of somebody, by its own names.
func (c *Choice) attributes(kind Kind) map[string]any {
	p := c.person()
	said := map[string]any{}
	put := func(name string, value any, there bool) {
		if there {
			said[name] = value
		}
	}
	switch kind {
	case Facebook:
		put("id", p.Subject, true)
		put("first_name", p.GivenName, p.GivenName != "")
		put("last_name", p.FamilyName, p.FamilyName != "")
		put("name", p.name(), p.name() != "")
		put("email", p.Email, p.Email != "")
	case Amazon:
		put("user_id", p.Subject, true)
		put("name", p.name(), p.name() != "")
		put("email", p.Email, p.Email != "")
		put("postal_code", "98101", true)
	default:
		put("sub", p.Subject, kind != SAML) // whose NameID it is
		put("email", p.Email, p.Email != "")
		put("email_verified", p.EmailVerified, p.Email != "")
		if kind != Apple { // which tells the name in a form field, once
			put("given_name", p.GivenName, p.GivenName != "")
			put("family_name", p.FamilyName, p.FamilyName != "")
			put("name", p.name(), p.name() != "")
		}
		put("groups", p.Groups, len(p.Groups) > 0 && (kind == OIDC || kind == SAML))
	}
	maps.Copy(said, c.Claims)
	return said
}

// givesIDToken reports whether a provider tells who somebody is by an ID token.
func (k Kind) givesIDToken() bool { return k == Google || k == Apple || k == OIDC }
