package audit

import (
	"context"
	"log/slog"

	"cognate/internal/api"
)

// Record is one act.
type Record struct {
	Action string // see the constants
	PoolID string
	Sub    string // the user it is about
	Object string // what exactly, if that is not clear: a factor, the id of a passkey
}

// The actions.
const (
	FactorsSet          = "factors-set"           // an administrator chose a user's second factors
	FactorRemoved       = "factor-removed"        // an administrator took one away
	PasskeyCounterBack  = "passkey-counter-back"  // a sign-in was refused because a passkey seems to be copied
	ProviderSet         = "provider-set"          // an identity provider was made or changed
	ProviderRemoved     = "provider-removed"      // an identity provider was deleted
	IdentityLinked      = "identity-linked"       // an administrator linked a user to an identity at a provider
	IdentityUnlinked    = "identity-unlinked"     // an administrator removed such a link
	OldPoolSet          = "old-pool-set"          // passwords that are not known here are checked elsewhere
	OldPoolForgotten    = "old-pool-forgotten"    // and no longer
	PasswordBlocked     = "password-blocked"      // an administrator took a user's password away
	AccessKeyMade       = "access-key-made"       // and perhaps a user for it
	AccessKeyRemoved    = "access-key-removed"    // and its user with the last one
	AccessUserSet       = "access-user-set"       // what a user of access keys may do was replaced
	RoleSet             = "role-set"              // a role was made or changed
	RoleRemoved         = "role-removed"          // a role was deleted
	TrustSet            = "trust-set"             // a provider of the installation was made or changed
	TrustRemoved        = "trust-removed"         // a provider of the installation was deleted
	ProviderKeysChanged = "provider-keys-changed" // new metadata of a SAML provider has other certificates
)

// Trail takes records. The log is set.
type Trail struct{ Log *slog.Logger }

// Write writes a record, with who asked for the act.
func (t Trail) Write(ctx context.Context, r Record) {
	by := api.RequestFrom(ctx)
	t.Log.LogAttrs(ctx, slog.LevelInfo, "audit",
		slog.String("action", r.Action), slog.String("pool", r.PoolID), slog.String("sub", r.Sub), slog.String("object", r.Object),
		slog.String("operation", by.Operation), slog.String("access_key", by.AccessKeyID), slog.String("source", by.SourceIP),
		slog.String("request_id", by.RequestID))
}
