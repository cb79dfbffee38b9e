package tokens

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// The factors of a sign-in, in the vocabulary of the amr claim
// (newest-features.md §10.1).
const (
	FactorPassword = "pwd"
	FactorTOTP     = "otp"
	FactorSMS      = "sms"
	FactorEmail    = "email_otp"
	FactorPlatform = "swk" // a passkey of the device itself
	FactorRoaming  = "hwk" // a passkey of another device, such as a security key
	// FactorFederated stands for whatever an external provider has asked for.
	FactorFederated = "fed"
)

// SignIn says how a user has signed in; it is kept with the family and decides
// claims that a refresh does not change.
type SignIn struct {
	Factors []string // completed factors, at least one
	// AdminPassword marks the sign-in by an administrator who sent the user's
	// password.
	AdminPassword bool
	// OAuth is set for sign-ins at the pool's domain, nil for those by the API.
	OAuth *OAuth
}

// OAuth is what a request at the pool's domain was granted.
type OAuth struct {
	Scopes   []string
	Resource string // aud of the access tokens, or empty
	// SSOID is the browser's session that the tokens come from, AuthAt when its user
	// last signed in.
	SSOID  string
	AuthAt time.Time
	// Level is what an external provider vouches for; 0: that of the factors.
	Level Level
}

// familyDoc is what a family's row keeps beside its columns.
type familyDoc struct {
	ACR           string   `json:"acr,omitzero"`
	AMR           []string `json:"amr,omitzero"`
	AdminPassword bool     `json:"admin,omitzero"`
	OAuth         bool     `json:"oauth,omitzero"`
	Scopes        []string `json:"scopes,omitzero"`   // of OAuth
	Resource      string   `json:"resource,omitzero"` // of OAuth
}

// scopes are those of the access tokens of a family.
func (d *familyDoc) scopes() []string {
	if d.OAuth {
		return d.Scopes
	}
	return []string{SelfServiceScope}
}

// openID reports whether a family has ID tokens.
func (d *familyDoc) openID() bool { return !d.OAuth || slices.Contains(d.Scopes, ScopeOpenID) }

// readDoc reads what is kept with a family.
func readDoc(family *store.Family) (familyDoc, error) {
	var doc familyDoc
	if len(family.Doc) == 0 {
		return doc, nil
	}
	if err := json.Unmarshal(family.Doc, &doc); err != nil {
		return doc, fmt.Errorf("read token family %s: %w", family.ID, err)
	}
	return doc, nil
}

// level is the authentication level of a sign-in.
func (how *SignIn) level() Level {
	if how.OAuth != nil && how.OAuth.Level > 0 {
		return how.OAuth.Level
	}
	return LevelOf(how.Factors)
}

// NewFamily starts the tokens of a sign-in. The caller stores the family together
// with the digest of the first refresh token.
func (t *Tokens) NewFamily(c *directory.Client, sub string, how SignIn) (*store.Family, string, error) {
	description := familyDoc{
		ACR:           how.level().Name(c.Pool.Config()),
		AMR:           amr(how.Factors),
		AdminPassword: how.AdminPassword,
	}
	if how.OAuth != nil {
		description.OAuth, description.Scopes, description.Resource = true, how.OAuth.Scopes, how.OAuth.Resource
	}
	doc, err := json.Marshal(description)
	if err != nil {
		return nil, "", fmt.Errorf("describe a sign-in: %w", err)
	}
	now := t.Now().UTC().Truncate(time.Millisecond)
	family := &store.Family{
		PoolID:    c.PoolID,
		ID:        uuid.NewString(),
		Sub:       sub,
		ClientID:  c.ID,
		EventID:   uuid.NewString(),
		CreatedAt: now,
		AuthAt:    now,
		ExpiresAt: now.Add(c.RefreshTokenLifetime()),
		Doc:       doc,
	}
	if how.OAuth != nil {
		family.SSOID, family.AuthAt = how.OAuth.SSOID, how.OAuth.AuthAt
	}
	if !originated(c) {
		// Tokens that carry no origin_jti are found by their event_id.
		family.ID = family.EventID
	}
	return family, newRefreshToken(), nil
}

// originated reports whether the tokens of a client carry origin_jti
// (tokens.md §11).
func originated(c *directory.Client) bool {
	rotates, _ := c.Rotation()
	return rotates || c.TokenRevocation()
}
