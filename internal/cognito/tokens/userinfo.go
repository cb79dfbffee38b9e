package tokens

import (
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// UserInfo is the JSON document about a user that an access token with some
// scopes gives: what the client may read and the scopes cover (endpoints.md §5.2).
// Unlike in ID tokens, whether an address is verified is a string.
func UserInfo(c *directory.Client, u *store.User, scopes []string) []byte {
	var o object
	o.text("sub", u.Sub)
	o.text("username", u.Username)
	flag := func(address, name string) {
		value := u.Attributes.Get(name)
		if c.Readable(name) && Covers(scopes, name) && (value != "" || u.Attributes.Get(address) != "") {
			verified := "false"
			if attributes.True(value) {
				verified = "true"
			}
			o.text(name, verified)
		}
	}
	if text := u.Attributes.Get(attributes.Identities); text != "" {
		o.text(attributes.Identities, text)
	}
	flag(attributes.Email, attributes.EmailVerified)
	flag(attributes.PhoneNumber, attributes.PhoneNumberVerified)
	for _, a := range u.Attributes {
		if a.Value == "" || !claimable(a.Name) || !c.Readable(a.Name) || !Covers(scopes, a.Name) {
			continue
		}
		if a.Name == "updated_at" {
			o.text(a.Name, a.Value)
			continue
		}
		attribute(&o, a)
	}
	return o.json()
}
