package access

import (
	"time"

	"cognate/internal/protocol/iam"
)

// Kind says what a principal is.
type Kind uint8

// The kinds of principals.
const (
	Root          Kind = iota + 1 // the first administrator's key
	User                          // an access key of a user
	AssumedRole                   // a session of a role
	SessionOfUser                 // GetSessionToken with the key of a user
	SessionOfRoot                 // GetSessionToken with the first administrator's key
)

// Principal is who signed a request. It is not changed once it was made.
type Principal struct {
	Kind        Kind
	ARN         string // as errors and GetCallerIdentity name it
	UserID      string // AIDA…, AROA…:session, or the account of the root key
	Account     string
	AccessKeyID string

	UserName string // of User and SessionOfUser

	RoleName    string // of AssumedRole, with RoleARN and SessionName
	RoleARN     string
	SessionName string
	Federated   string // the provider that vouched for the session, empty for AssumeRole
	WebIdentity bool   // the session comes of a token of an OpenID or identity pool provider

	// Tags are those of the user, or of the role with the session's over them.
	Tags           map[string]string
	TransitiveTags []string // keys of Tags that go on to further sessions
	SourceIdentity string
	Keys           iam.Keys // condition keys of the session, such as cognito-identity.amazonaws.com:sub

	Issued, Expires time.Time // of temporary credentials, else zero

	// Unchecked is true for credentials that Cognate has not made, which dev takes
	// for the first administrator's.
	Unchecked bool

	rights rights
}

// Temporary reports whether the principal's credentials expire.
func (p *Principal) Temporary() bool { return p.Kind >= AssumedRole }

// root reports whether nothing is refused to the principal.
func (p *Principal) root() bool { return p.Kind == Root || p.Kind == SessionOfRoot }

// rights is what decides about a principal's actions.
type rights struct {
	policies iam.Policies
	bounds   []bound
}

// bound is the rights that a writer of entries had: an action needs its consent,
// judged with the writer's own condition keys.
type bound struct {
	keys     iam.Keys
	policies iam.Policies
}
