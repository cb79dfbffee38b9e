package tokens

import (
	"time"

	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/limits"
	"cognate/internal/store"
)

// SelfServiceScope is the scope of every token from an API sign-in. The
// operations on the token's own user ask for it.
const SelfServiceScope = "aws.cognito.signin.user.admin"

// Tokens makes and checks tokens. It is safe for concurrent use; the exported
// fields are set before the first use.
type Tokens struct {
	DB        *store.DB
	Directory *directory.Directory
	Issuer    func(poolID string) string // gives the iss of a pool's tokens
	Now       func() time.Time
	Cores     limits.Cores // bounds the signatures made at a time

	keys keyCache
}
