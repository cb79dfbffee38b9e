package signin

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/sessions"
	"cognate/internal/cognito/threats"
	"cognate/internal/cognito/tokens"
	"cognate/internal/store"
)

// step is one proof in a sign-in. Steps have no state of their own.
type step interface {
	// traits says what the step needs done for it.
	traits() traits
	// Begin asks for the proof. A step whose proof comes with the first
	// request goes straight to Answer. Begin writes nothing.
	Begin(ctx context.Context, a *attempt) (*answer, error)
	// Answer checks the proof in the request and hands the outcome to settle.
	Answer(ctx context.Context, a *attempt) (*answer, error)
}

type traits struct {
	counted   bool // wrong answers count for the lock-out, and a lock refuses answers
	plaintext bool // the first request carries a password in clear, so that unknown users could be migrated
	confirms  bool // a right answer may confirm the account
}

// attempt is a sign-in under way: a request, and what is known so far of who
// makes it.
type attempt struct {
	*request
	traits
	state      *sessions.State // what the string of an answer says; nil in a first request
	user       *store.User     // nil when nobody has the name
	login      string          // of a first request: the name as typed, folded
	subject    string          // for the lock-out
	failures   store.Attempts  // if counted and an answer is being given
	spent      bool            // the string was used before
	proven     []string        // factors, in the vocabulary of amr
	wanted     tokens.Level    // the authentication level asked for, or 0
	chosen     string          // the second factor that the user has selected just now
	newFactor  string          // the second factor to be set up by a message to newAddress
	newAddress string

	passkeys     []*store.Passkey // of the user, for the pool's relying party; if looked up
	userVerified bool             // by the passkey of this answer

	claimed      string        // key of the device that the caller claims to use
	device       *store.Device // that device, if it is the user's; as last read
	deviceProved bool

	watching *threats.Watch // what threat protection says; nil where it is off

	custom  string // where a custom sign-in is kept
	issue   bool   // the functions of a custom sign-in want tokens
	settled bool   // the string of the answer is used up already
	asked   bool   // the function before a sign-in has been asked already
}

// with gives the factors proven so far, and one more unless it is empty or
// among them.
func (a *attempt) with(factor string) []string {
	if factor == "" || slices.Contains(a.proven, factor) {
		return a.proven
	}
	return append(slices.Clone(a.proven), factor)
}

// maxLogin bounds a folded name inside SECRET_BLOCK, in bytes. Nobody has a
// longer name, so a digest does as well.
const maxLogin = 1024

func boundedLogin(folded string) string {
	if len(folded) <= maxLogin {
		return folded
	}
	sum := sha256.Sum256([]byte(folded))
	return hex.EncodeToString(sum[:])
}

// meet finds out who makes a first request: it looks the name up, checks the
// SECRET_HASH, and decides what an unknown or disabled user hears.
func (o *Operations) meet(ctx context.Context, r *request, s step) (*attempt, error) {
	a := &attempt{request: r, traits: s.traits()}
	folded := r.client.Pool.Fold(r.params[paramUsername])
	a.login = boundedLogin(folded)
	_, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		user, err := tx.UserByName(ctx, r.client.PoolID, folded)
		if err != nil && !unknown(err) {
			return struct{}{}, err
		}
		a.user = user
		// A proof that comes along is an answer already.
		return struct{}{}, o.readFailures(ctx, tx, a, a.plaintext)
	})
	if err != nil {
		return nil, err
	}
	if err := o.introduce(ctx, a); err != nil {
		return nil, err
	}
	return a, o.claimFirst(ctx, a)
}

// readFailures fills in what the lock-out knows of an attempt.
func (o *Operations) readFailures(ctx context.Context, tx *store.Tx, a *attempt, answering bool) error {
	a.subject = limits.Subject(a.user, a.login)
	if !a.counted || !answering {
		return nil
	}
	var err error
	a.failures, err = o.Lockout.Attempts(ctx, tx, a.client.PoolID, a.subject)
	return err
}

// introduce checks the SECRET_HASH and the address of a request, and refuses unknown
// and disabled users where the client does not hide whether a user exists.
func (o *Operations) introduce(ctx context.Context, a *attempt) error {
	canonical := ""
	if a.user != nil {
		canonical = a.user.Username
	}
	if err := a.client.CheckSecretHash(a.params[paramSecretHash], a.params[paramUsername], canonical); err != nil {
		return err
	}
	if err := o.admit(ctx, a); err != nil {
		return err
	}
	if err := o.migrate(ctx, a); err != nil { // a function could know the user
		return err
	}
	switch {
	case a.client.HidesExistence():
		return nil
	case a.user == nil && a.plaintext && a.client.Pool.OldPool != nil:
		return nil // perhaps somebody there: the guess counts
	case a.user == nil:
		return errNoUser()
	case !a.user.Enabled:
		return errDisabled()
	}
	return nil
}

// hidden reports whether the user has to pass for one who does not exist. Where
// sign-ups are hidden that includes users who are not confirmed: whoever knows
// their passwords may have made them only to see whether that was possible. Users
// of external providers exist for those alone (federation.md §2).
func (a *attempt) hidden() bool {
	return a.user == nil || a.user.Status == api.UserStatusTypeExternalProvider && !a.federated() || !a.user.Enabled && a.client.HidesExistence() ||
		a.user.Status == api.UserStatusTypeUnconfirmed && !a.confirms && a.client.HidesSignUps()
}

// unfit reports whether the user has to pass for one who does not exist for as
// long as nothing is proven: a hidden one, or an imported one without a password
// at a client that hides existence.
func (a *attempt) unfit() bool { return a.hidden() || a.passesForUnknown() }

// decoy gives bytes that are always the same for a name that nobody has, and
// tell nothing about it.
func (o *Operations) decoy(a *attempt, purpose string) []byte {
	mac := hmac.New(sha256.New, o.DecoyKey)
	for _, part := range []string{a.client.PoolID, a.presentedFolded(), purpose} {
		fmt.Fprintf(mac, "%d %s", len(part), part)
	}
	return mac.Sum(nil)
}

// presentedFolded is the name that a caller goes by, folded.
func (a *attempt) presentedFolded() string { return a.client.Pool.Fold(a.presented()) }

func errNoUser() error    { return api.UserNotFoundException("User does not exist.") }
func errDisabled() error  { return api.NotAuthorizedException("User is disabled.") }
func errIncorrect() error { return api.NotAuthorizedException("Incorrect username or password.") }

// unknown reports whether err says that nobody has the name.
func unknown(err error) bool { return api.HasCode(err, "UserNotFoundException") }
