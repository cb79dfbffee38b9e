package identities

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/store"
)

// Identity is a user's identity at a provider, as the attribute has it.
type Identity struct {
	UserID       string  `json:"userId"` // the subject there
	ProviderName string  `json:"providerName"`
	ProviderType string  `json:"providerType"`
	Issuer       *string `json:"issuer"`      // entity id of a SAML provider
	Primary      bool    `json:"primary"`     // the user exists because of it
	DateCreated  int64   `json:"dateCreated"` // milliseconds since 1970
}

// New makes the identity of a user at a provider. issuer is empty but for SAML.
func New(provider *store.IdentityProvider, subject, issuer string, primary bool, at time.Time) Identity {
	i := Identity{
		UserID: subject, ProviderName: provider.Name, ProviderType: string(provider.Type), Primary: primary, DateCreated: at.UnixMilli(),
	}
	if provider.Type == api.IdentityProviderTypeTypeSaml {
		i.Issuer = &issuer
	}
	return i
}

// Of reads the identities of a user; none for users who have none.
func Of(u *store.User) ([]Identity, error) {
	text := u.Attributes.Get(attributes.Identities)
	if text == "" {
		return nil, nil
	}
	var list []Identity
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("read identities of user %s: %w", u.Sub, err)
	}
	return list, nil
}

// Set writes the identities of a user, who loses the attribute with the last one.
func Set(u *store.User, list []Identity) error {
	if len(list) == 0 {
		u.Attributes.Delete(attributes.Identities)
		return nil
	}
	text, err := encode(list)
	if err != nil {
		return fmt.Errorf("write identities of user %s: %w", u.Sub, err)
	}
	u.Attributes.Set(attributes.Identities, string(text))
	return nil
}

// Claim is the value of the claim `identities`: the attribute with strings in the
// place of booleans and numbers. There is none for users without identities.
func Claim(u *store.User) (json.RawMessage, error) {
	list, err := Of(u)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	type claim struct {
		DateCreated  string  `json:"dateCreated"`
		UserID       string  `json:"userId"`
		ProviderName string  `json:"providerName"`
		ProviderType string  `json:"providerType"`
		Issuer       *string `json:"issuer"`
		Primary      string  `json:"primary"`
	}
	claims := make([]claim, len(list))
	for n, i := range list {
		claims[n] = claim{
			strconv.FormatInt(i.DateCreated, 10), i.UserID, i.ProviderName, i.ProviderType, i.Issuer, strconv.FormatBool(i.Primary),
		}
	}
	return encode(claims)
}

// encode writes JSON without HTML escapes, which the service does not use.
func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
