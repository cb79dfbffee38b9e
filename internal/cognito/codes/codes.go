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

// How long codes live (spec/users-and-pools.md §25).
const (
	SignUpLifetime    = 24 * time.Hour
	AttributeLifetime = 24 * time.Hour
	ResetLifetime     = time.Hour
)

// Codes issues and redeems one-time codes.
type Codes struct {
	// Key authenticates the codes in the database; every node has the same.
	Key []byte
	Now func() time.Time
}

// record is what a ticket holds of a code.
type record struct {
	MAC    []byte `json:"m"`
	Detail string `json:"d,omitzero"`
}

// Issue makes a code of six digits and voids the one before. Subject is
// whom the code is for, see limits.Subject.
func (c *Codes) Issue(ctx context.Context, tx *store.Tx, poolID, subject string, purpose Purpose, detail string, ttl time.Duration) (string, error) {
	code, err := digits()
	if err != nil {
		return "", err
	}
	return code, c.put(ctx, tx, poolID, subject, purpose, record{MAC: c.mac(poolID, subject, purpose, detail, code), Detail: detail}, ttl)
}

// Decoy leaves the same trace as Issue, for a name that nobody has.
func (c *Codes) Decoy(ctx context.Context, tx *store.Tx, poolID, subject string, purpose Purpose, ttl time.Duration) error {
	mac := make([]byte, sha256.Size)
	rand.Read(mac) // never fails
	return c.put(ctx, tx, poolID, subject, purpose, record{MAC: mac}, ttl)
}

// Check looks whether the code is the one in force and leaves it. It gives
// the detail that the code was issued with. Without a code in force:
// ExpiredCodeException; with another one: CodeMismatchException.
func (c *Codes) Check(ctx context.Context, tx *store.Tx, poolID, subject string, purpose Purpose, code string) (string, error) {
	ticket, found, err := tx.Ticket(ctx, poolID, kind(purpose), subject)
	if err != nil {
		return "", err
	}
	return c.compare(ticket, found, purpose, code)
}

// Redeem is Check and uses the code up. A wrong code changes nothing, so the
// caller counts it and commits with store.CommitWith.
func (c *Codes) Redeem(ctx context.Context, tx *store.Tx, poolID, subject string, purpose Purpose, code string) (string, error) {
	ticket, found, err := tx.LockTicket(ctx, poolID, kind(purpose), subject)
	if err != nil {
		return "", err
	}
	detail, err := c.compare(ticket, found, purpose, code)
	if err != nil {
		return "", err
	}
	return detail, tx.DeleteTicket(ctx, poolID, kind(purpose), subject)
}

// Void ends the code in force, if there is one.
func (c *Codes) Void(ctx context.Context, tx *store.Tx, poolID, subject string, purposes ...Purpose) error {
	for _, purpose := range purposes {
		if err := tx.DeleteTicket(ctx, poolID, kind(purpose), subject); err != nil {
			return err
		}
	}
	return nil
}

func (c *Codes) compare(ticket store.Ticket, found bool, purpose Purpose, code string) (string, error) {
	if !found || !ticket.ExpiresAt.After(c.Now()) {
		return "", Expired()
	}
	var r record
	if err := json.Unmarshal(ticket.Doc, &r); err != nil {
		return "", fmt.Errorf("read %s code: %w", purpose, err)
	}
	if !hmac.Equal(r.MAC, c.mac(ticket.PoolID, ticket.ID, purpose, r.Detail, code)) {
		return "", api.CodeMismatchException("Invalid verification code provided, please try again.")
	}
	return r.Detail, nil
}

func (c *Codes) put(ctx context.Context, tx *store.Tx, poolID, subject string, purpose Purpose, r record, ttl time.Duration) error {
	doc, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write %s code: %w", purpose, err)
	}
	return tx.PutTicket(ctx, store.Ticket{
		PoolID: poolID, Kind: kind(purpose), ID: subject, Doc: doc, ExpiresAt: c.Now().Add(ttl),
	})
}

// mac binds a code to everything it is good for.
func (c *Codes) mac(poolID, subject string, purpose Purpose, detail, code string) []byte {
	h := hmac.New(sha256.New, c.Key)
	for _, part := range []string{poolID, subject, string(purpose), detail, code} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

// Expired is the answer when no code is in force.
func Expired() error {
	return api.ExpiredCodeException("Invalid code provided, please request a code again.")
}

func kind(purpose Purpose) string { return "code:" + string(purpose) }

// digits draws six decimal digits from the system's generator.
func digits() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("draw code: %w", err)
	}
	return fmt.Sprintf("%06d", n), nil
}
