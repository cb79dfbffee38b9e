package transfer

import (
	"cognate/internal/api"
	"cognate/internal/protocol/passwordhash"
	"cognate/internal/store"
)

// Row is a user on the way, and what must not be read by others on the way.
type Row struct {
	User    User
	Secrets *Secrets `json:",omitempty"`
}

// User is what is known of a user, in the words of the API where it has some.
type User struct {
	Username             string
	Sub                  string
	UserStatus           api.UserStatusType
	Enabled              bool
	UserCreateDate       api.Time
	UserLastModifiedDate api.Time
	Attributes           []api.AttributeType
	Pending              map[string]string `json:",omitempty"` // new values that wait for their verification
	Groups               []string          `json:",omitempty"`
	MFA                  store.UserMFA     `json:",omitzero"`
	Identities           []Identity        `json:",omitempty"`
	Passkeys             []Passkey         `json:",omitempty"`
	// PasswordElsewhere says that the pool which the user comes from knows the
	// password, PasswordBlocked that the user may have none.
	PasswordElsewhere        bool     `json:",omitempty"`
	PasswordBlocked          bool     `json:",omitempty"`
	TemporaryPasswordExpires api.Time `json:",omitzero"`
}

// Identity is who a user is at an identity provider.
type Identity struct {
	ProviderName string
	Attribute    string `json:",omitempty"` // empty: the subject
	Value        string
	Own          bool `json:",omitempty"` // the user exists because of it
	DateCreated  api.Time
}

// Passkey is a WebAuthn credential; it holds nothing secret.
type Passkey struct {
	CredentialID string
	SignCount    uint32
	CreatedAt    api.Time
	Details      store.PasskeyDetails
}

// Secrets are what proves the user.
type Secrets struct {
	Password *Verifier       `json:",omitempty"`
	History  []PastPassword  `json:",omitempty"` // oldest first
	TOTP     *Authenticator  `json:",omitempty"`
	Devices  []TrustedDevice `json:",omitempty"`
}

// Verifier is the SRP verifier of a password, or what is kept of a hash that
// another system made.
type Verifier struct {
	Salt, Verifier []byte `json:",omitempty"`
	Imported       []byte `json:",omitempty"` // in the form of package passwordhash
	// Hash is the text of a hash of the Algorithm, such as BCRYPT. It takes the
	// place of the others.
	Algorithm passwordhash.Algorithm `json:",omitempty"`
	Hash      string                 `json:",omitempty"`
}

// PastPassword is one that the user may not choose again.
type PastPassword struct {
	Verifier

	CreatedAt api.Time
}

// Authenticator is a registered authenticator app.
type Authenticator struct {
	Secret    []byte
	Name      string `json:",omitempty"`
	LastStep  int64
	CreatedAt api.Time
}

// TrustedDevice is a device that the user has confirmed.
type TrustedDevice struct {
	DeviceKey  string
	Name       string `json:",omitempty"`
	Remembered bool
	Secret     Verifier
	LastIP     string `json:",omitempty"`

	CreatedAt, ModifiedAt, AuthenticatedAt api.Time
}
