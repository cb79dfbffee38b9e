package federation

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"cognate/internal/store"
)

// Departure is a browser on its way to a provider, and what it is to come back to.
type Departure struct {
	Provider  string // by its name in the pool
	Domain    string // where the sign-in began
	ClientID  string
	Query     string // of the authorize request
	Nonce     string // that the provider has to repeat
	RequestID string // of a SAML request
	// After is where a browser goes that was only signed out at the provider.
	After string `json:",omitzero"`

	Cookie string // digest of the browser's cookie
}

const (
	departureKind = "idp"           // of tickets
	departureLife = 5 * time.Minute // federation.md §2
)

// ErrNoDeparture says that nobody waits for what a browser brings back: its state is
// unknown, used or too old, or belongs to another browser or domain.
var ErrNoDeparture = errors.New("federation: no such departure")

// NewState makes the state of a departure, which the provider returns.
func NewState() string { return newSecret() }

// Depart remembers a departure by its state. It gives the value of the cookie that
// the browser has to show when it comes back (endpoints.md §7.3).
func (f *Federation) Depart(ctx context.Context, poolID, state string, d Departure) (cookie string, err error) {
	cookie = newSecret()
	d.Cookie = digest(cookie)
	doc, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("remember a departure: %w", err)
	}
	_, err = store.Write(ctx, f.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.PutTicket(ctx, store.Ticket{
			PoolID: poolID, Kind: departureKind, ID: digest(state), Doc: doc, ExpiresAt: f.Now().Add(departureLife),
		})
	})
	return cookie, err
}

// Return takes a departure up, once. The cookie is that of the browser.
func (f *Federation) Return(ctx context.Context, poolID, domain, state, cookie string) (*Departure, error) {
	if len(state) != len(newSecret()) {
		return nil, ErrNoDeparture
	}
	ticket, found, err := f.take(ctx, poolID, digest(state))
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, ErrNoDeparture
	}
	var d Departure
	if err := json.Unmarshal(ticket.Doc, &d); err != nil {
		return nil, fmt.Errorf("read a departure: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(d.Cookie), []byte(digest(cookie))) != 1 || d.Domain != domain {
		return nil, ErrNoDeparture
	}
	return &d, nil
}

func (f *Federation) take(ctx context.Context, poolID, id string) (ticket store.Ticket, found bool, err error) {
	ticket, err = store.Write(ctx, f.DB, func(ctx context.Context, tx *store.Tx) (store.Ticket, error) {
		var ticket store.Ticket
		ticket, found, err = tx.TakeTicket(ctx, poolID, departureKind, id)
		return ticket, err
	})
	return ticket, found, err
}

// assertionKind marks assertions that were used (security.md S095).
const assertionKind = "saml-assertion"

// Spend uses an assertion of a provider up, for as long as it can be good; false
// means that it was used before, on this node or another.
func (f *Federation) Spend(ctx context.Context, poolID, provider, assertion string, until time.Time) (bool, error) {
	return store.Write(ctx, f.DB, func(ctx context.Context, tx *store.Tx) (bool, error) {
		return tx.SpendOnce(ctx, poolID, assertionKind, digest(provider+"\x00"+assertion), until)
	})
}

func newSecret() string { return rand.Text() + rand.Text() }

func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
