package transactions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"cognate/internal/api"
	"cognate/internal/store"
)

// Lifetime bounds a transaction, from its first page to the redirect
// (endpoints.md §6.4).
const Lifetime = 5 * time.Minute

// kind is that of the tickets which hold transactions.
const kind = "page"

// ErrOvertaken says that another request of the same browser has moved a
// transaction on meanwhile. The page of the step that is pending now is the
// answer.
var ErrOvertaken = errors.New("transactions: another request was faster")

// Transaction is the state of one. Every member but the key is the caller's to
// change between Load and Save.
type Transaction struct {
	StartedAt time.Time
	Turn      int    // counts changes
	Username  string `json:",omitempty"` // as typed last

	Step   *Step   `json:",omitempty"` // of the sign-in, unanswered
	Choice *Step   `json:",omitempty"` // the choice of first factors that Step came from
	SignUp *SignUp `json:",omitempty"` // a user who has to be confirmed
	Reset  *Reset  `json:",omitempty"` // a password that is being reset

	// Session is the id of the browser's session that this transaction made.
	// It ends in a redirect to the application as soon as nothing is offered
	// or asked any more.
	Session string `json:",omitempty"`
	Offer   bool   `json:",omitempty"` // a passkey is offered before that
	Fresh   bool   `json:",omitempty"` // the user asked to sign in as somebody else
	// ForPasskey says that the sign-in is wanted for registering a passkey.
	ForPasskey bool `json:",omitempty"`
	StepUp     bool `json:",omitempty"` // the sign-in adds to a session that the browser has
	Remember   bool `json:",omitempty"` // the user wants this browser remembered
	SignedUp   bool `json:",omitempty"` // the user's account was made or confirmed here

	Form   map[string]string `json:",omitempty"` // what was typed and is shown again; no secrets
	Error  *Message          `json:",omitempty"` // of the last form
	Notice *Message          `json:",omitempty"`
	At     string            `json:",omitempty"` // the page that says them

	poolID, id string
	stored     bool
}

// Step is a challenge of a sign-in, as signin gave it out.
type Step struct {
	Challenge api.ChallengeNameType
	Params    map[string]string       `json:",omitempty"`
	Session   string                  `json:",omitempty"`
	Available []api.ChallengeNameType `json:",omitempty"`
	// SetUp is the factor being set up, of those that MFA_SETUP names.
	SetUp  string `json:",omitempty"`
	Secret string `json:",omitempty"` // of the app being set up, in base32
	First  bool   `json:",omitempty"` // the step asks for the first factor
	Chosen bool   `json:",omitempty"` // among several second factors
}

// SignUp is a user who waits for a confirmation.
type SignUp struct {
	Username string
	// Destination is the masked address of the last code, or empty.
	Destination string                 `json:",omitempty"`
	Medium      api.DeliveryMediumType `json:",omitempty"`
	// Session is that of the answer to SignUp, or of a sign-in that waits for the
	// confirmation. It says whether the password was set, or right.
	Session string `json:",omitempty"`
}

// Reset is a password for which a code was sent.
type Reset struct {
	Username    string
	Destination string `json:",omitempty"`
}

// Message is a sentence for the reader: a key of the pages' texts, or a text.
type Message struct {
	Key string `json:",omitempty"`
	Raw string `json:",omitempty"`
}

// Transactions loads and saves them. It is safe for concurrent use.
type Transactions struct {
	DB  *store.DB
	Now func() time.Time
}

// Key gives the id of the transaction of a browser, which only that browser
// can name, for an authorize request. The language does not count: it can be
// changed on the way.
func Key(browser string, request url.Values) string {
	canonical := url.Values{}
	for name, values := range request {
		if name != "lang" {
			canonical[name] = values
		}
	}
	h := sha256.New()
	fmt.Fprintf(h, "%d %s%s", len(browser), browser, canonical.Encode())
	return hex.EncodeToString(h.Sum(nil))
}

// Load finds a transaction of a pool's pages; false means that there is none or
// that it took too long. Then it gives a new one, which is nowhere until it is
// saved.
func (t *Transactions) Load(ctx context.Context, poolID, id string) (*Transaction, bool, error) {
	fresh := &Transaction{StartedAt: t.Now().UTC(), poolID: poolID, id: id}
	ticket, found, err := t.read(ctx, poolID, id)
	if err != nil || !found {
		return fresh, false, err
	}
	got, err := parse(ticket)
	if err != nil {
		return nil, false, err
	}
	if !t.Now().Before(got.StartedAt.Add(Lifetime)) {
		return fresh, false, nil
	}
	return got, true, nil
}

func (t *Transactions) read(ctx context.Context, poolID, id string) (ticket store.Ticket, found bool, err error) {
	_, err = store.Read(ctx, t.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		ticket, found, err = tx.Ticket(ctx, poolID, kind, id)
		return struct{}{}, err
	})
	return ticket, found, err
}

func parse(ticket store.Ticket) (*Transaction, error) {
	got := &Transaction{}
	if err := json.Unmarshal(ticket.Doc, got); err != nil {
		return nil, fmt.Errorf("read a transaction: %w", err)
	}
	got.poolID, got.id, got.stored = ticket.PoolID, ticket.ID, true
	return got, nil
}

// Save keeps a transaction until its time is up. It answers ErrOvertaken, and
// keeps nothing, where another request saved it since it was loaded.
func (t *Transactions) Save(ctx context.Context, x *Transaction) error {
	_, err := store.Write(ctx, t.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		ticket, found, err := tx.LockTicket(ctx, x.poolID, kind, x.id)
		if err != nil {
			return struct{}{}, err
		}
		if found != x.stored {
			return struct{}{}, ErrOvertaken
		}
		if found {
			present, err := parse(ticket)
			if err == nil && present.Turn != x.Turn {
				err = ErrOvertaken
			}
			if err != nil {
				return struct{}{}, err
			}
		}
		next := *x
		next.Turn++
		doc, err := json.Marshal(&next)
		if err != nil {
			return struct{}{}, fmt.Errorf("write a transaction: %w", err)
		}
		return struct{}{}, tx.PutTicket(ctx, store.Ticket{
			PoolID: x.poolID, Kind: kind, ID: x.id, Doc: doc, ExpiresAt: x.StartedAt.Add(Lifetime),
		})
	})
	if err == nil {
		x.Turn++
		x.stored = true
	}
	return err
}

// End removes a transaction.
func (t *Transactions) End(ctx context.Context, x *Transaction) error {
	if !x.stored {
		return nil
	}
	_, err := store.Write(ctx, t.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.DeleteTicket(ctx, x.poolID, kind, x.id)
	})
	return err
}
