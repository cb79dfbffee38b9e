package codes

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/big"
	"time"

	"cognate/internal/api"
	"cognate/internal/store"
)

// Purpose says what a code is good for.
type Purpose string

// The purposes of codes. A code for one attribute does not verify another.
const (
	SignUp      Purpose = "sign-up"
	Reset       Purpose = "reset"
	Email       Purpose = "email"
	PhoneNumber Purpose = "phone_number"
)

// Lifetime is how long a code of the purpose is in force
// (spec/users-and-pools.md §25).
func (p Purpose) Lifetime() time.Duration {
	if p == Reset {
		return time.Hour
	}
	return 24 * time.Hour
}

// Codes issues and redeems one-time codes.
type Codes struct {
	// Key authenticates the codes in the database; every node has the same.
	Key []byte
	Now func() time.Time
}

// Slot is the place for one code: a new code replaces the one that is there.
type Slot struct {
	PoolID  string
	Subject string // whom the code is for, see limits.Subject
	Purpose Purpose
}

// record is what a ticket holds of a code.
type record struct {
	MAC    []byte `json:"m"`
	Detail string `json:"d,omitzero"`
}

// Issue makes a code of six digits that is in force for ttl, and voids the one
// before.
func (c *Codes) Issue(ctx context.Context, tx *store.Tx, at Slot, detail string, ttl time.Duration) (string, error) {
	code, err := digits()
	if err != nil {
		return "", err
	}
	return code, c.put(ctx, tx, at, record{MAC: c.mac(at, detail, code), Detail: detail}, ttl)
}

// Decoy leaves the same trace as Issue, for a name that nobody has.
func (c *Codes) Decoy(ctx context.Context, tx *store.Tx, at Slot, ttl time.Duration) error {
	mac := make([]byte, sha256.Size)
	rand.Read(mac) // never fails
	return c.put(ctx, tx, at, record{MAC: mac}, ttl)
}

// Check looks whether the code is the one in force and leaves it. It gives
// the detail that the code was issued with. Without a code in force:
// ExpiredCodeException; with another one: CodeMismatchException.
func (c *Codes) Check(ctx context.Context, tx *store.Tx, at Slot, code string) (string, error) {
	ticket, found, err := tx.Ticket(ctx, at.PoolID, at.kind(), at.Subject)
	if err != nil {
		return "", err
	}
	return c.compare(at, ticket, found, code)
}

// Redeem is Check and uses the code up. A wrong code changes nothing, so the
// caller counts it and commits with store.CommitWith.
func (c *Codes) Redeem(ctx context.Context, tx *store.Tx, at Slot, code string) (string, error) {
	ticket, found, err := tx.LockTicket(ctx, at.PoolID, at.kind(), at.Subject)
	if err != nil {
		return "", err
	}
	detail, err := c.compare(at, ticket, found, code)
	if err != nil {
		return "", err
	}
	return detail, tx.DeleteTicket(ctx, at.PoolID, at.kind(), at.Subject)
}

// Void ends the code in force, if there is one.
func (c *Codes) Void(ctx context.Context, tx *store.Tx, at Slot) error {
	return tx.DeleteTicket(ctx, at.PoolID, at.kind(), at.Subject)
}

// VoidAll ends the codes in force for a subject, whatever they are good for.
func (c *Codes) VoidAll(ctx context.Context, tx *store.Tx, poolID, subject string) error {
	for _, purpose := range []Purpose{SignUp, Reset, Email, PhoneNumber} {
		if err := c.Void(ctx, tx, Slot{PoolID: poolID, Subject: subject, Purpose: purpose}); err != nil {
			return err
		}
	}
	return nil
}

func (c *Codes) compare(at Slot, ticket store.Ticket, found bool, code string) (string, error) {
	if !found || !ticket.ExpiresAt.After(c.Now()) {
		return "", Expired()
	}
	var r record
	if err := json.Unmarshal(ticket.Doc, &r); err != nil {
		return "", fmt.Errorf("read %s code: %w", at.Purpose, err)
	}
	if !hmac.Equal(r.MAC, c.mac(at, r.Detail, code)) {
		return "", api.CodeMismatchException("Invalid verification code provided, please try again.")
	}
	return r.Detail, nil
}

func (c *Codes) put(ctx context.Context, tx *store.Tx, at Slot, r record, ttl time.Duration) error {
	doc, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write %s code: %w", at.Purpose, err)
	}
	return tx.PutTicket(ctx, store.Ticket{
		PoolID: at.PoolID, Kind: at.kind(), ID: at.Subject, Doc: doc, ExpiresAt: c.Now().Add(ttl),
	})
}

// mac binds a code to everything it is good for.
func (c *Codes) mac(at Slot, detail, code string) []byte {
	h := hmac.New(sha256.New, c.Key)
	for _, part := range []string{at.PoolID, at.Subject, string(at.Purpose), detail, code} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

// Expired is the answer when no code is in force.
func Expired() error {
	return api.ExpiredCodeException("Invalid code provided, please request a code again.")
}

func (s Slot) kind() string { return "code:" + string(s.Purpose) }

// digits draws six decimal digits from the system's generator.
func digits() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("draw code: %w", err)
	}
	return fmt.Sprintf("%06d", n), nil
}
