package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cognate/internal/api"
)

// Passkey is a WebAuthn credential of a user.
type Passkey struct {
	PoolID, Sub string
	ID          string // credential id, base64url without padding; unique in the pool
	// SignCount is the signature counter at the last use, or at registration.
	SignCount uint32
	CreatedAt time.Time
	Details   PasskeyDetails
}

// PasskeyDetails is everything about a passkey that is only read with it.
type PasskeyDetails struct {
	PublicKey         []byte   `json:"key"` // COSE form
	RelyingPartyID    string   `json:"rp"`
	Name              string   `json:"name,omitzero"` // for people
	Transports        []string `json:"transports,omitzero"`
	Attachment        string   `json:"attachment,omitzero"` // platform, cross-platform or empty
	AAGUID            []byte   `json:"aaguid,omitzero"`
	AttestationFormat string   `json:"fmt,omitzero"`
	// BackupEligible never changes; BackupState is that of the last use.
	BackupEligible bool `json:"be,omitzero"`
	BackupState    bool `json:"bs,omitzero"`
}

const passkeyColumns = `pool_id, id, sub, sign_count, created_ms, doc`

const (
	insertPasskey  = `INSERT INTO passkeys (` + passkeyColumns + `) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`
	selectPasskeys = `SELECT ` + passkeyColumns + ` FROM passkeys WHERE pool_id = $1 AND sub = $2 ORDER BY created_ms, id`
	countPasskeys  = `SELECT COUNT(*) FROM passkeys WHERE pool_id = $1 AND sub = $2`
	// A counter that does not rise is a sign of a copy, unless the authenticator
	// has none and always says 0.
	usePasskey = `UPDATE passkeys SET sign_count = $4, doc = $5 WHERE pool_id = $1 AND id = $2 AND sub = $3
		AND (sign_count < $4 OR sign_count = 0 AND $4 = 0)`
	deletePasskey = `DELETE FROM passkeys WHERE pool_id = $1 AND id = $2 AND sub = $3`
)

func scanPasskey(s scanner) (*Passkey, error) {
	var p Passkey
	var created int64
	var doc string
	if err := s.Scan(&p.PoolID, &p.ID, &p.Sub, &p.SignCount, &created, &doc); err != nil {
		return nil, err
	}
	p.CreatedAt = fromMS(created)
	if err := json.Unmarshal([]byte(doc), &p.Details); err != nil {
		return nil, fmt.Errorf("read passkey %s: %w", p.ID, err)
	}
	return &p, nil
}

// InsertPasskey adds a passkey; false means that the pool has one with that id.
func (tx *Tx) InsertPasskey(ctx context.Context, p *Passkey) (bool, error) {
	doc, err := json.Marshal(p.Details)
	if err != nil {
		return false, fmt.Errorf("write passkey %s: %w", p.ID, err)
	}
	n, err := tx.change(ctx, insertPasskey, p.PoolID, p.ID, p.Sub, int64(p.SignCount), toMS(p.CreatedAt), string(doc))
	if err != nil {
		return false, fmt.Errorf("insert passkey %s: %w", p.ID, err)
	}
	return n == 1, nil
}

// Passkeys are those of a user, the oldest first.
func (tx *Tx) Passkeys(ctx context.Context, poolID, sub string) ([]*Passkey, error) {
	list, err := many(ctx, tx, scanPasskey, selectPasskeys, poolID, sub)
	if err != nil {
		return nil, fmt.Errorf("list passkeys of user %s: %w", sub, err)
	}
	return list, nil
}

// CountPasskeys tells how many passkeys a user has.
func (tx *Tx) CountPasskeys(ctx context.Context, poolID, sub string) (int, error) {
	n, _, err := one(ctx, tx, func(s scanner) (n int, err error) { return n, s.Scan(&n) }, countPasskeys, poolID, sub)
	if err != nil {
		return 0, fmt.Errorf("count passkeys of user %s: %w", sub, err)
	}
	return n, nil
}

// UsePasskey records a use, with the counter that the authenticator gave. False
// means that the counter did not rise as it has to, or that the passkey is gone;
// nothing is recorded then.
func (tx *Tx) UsePasskey(ctx context.Context, p *Passkey) (bool, error) {
	doc, err := json.Marshal(p.Details)
	if err != nil {
		return false, fmt.Errorf("write passkey %s: %w", p.ID, err)
	}
	n, err := tx.change(ctx, usePasskey, p.PoolID, p.ID, p.Sub, int64(p.SignCount), string(doc))
	if err != nil {
		return false, fmt.Errorf("record use of passkey %s: %w", p.ID, err)
	}
	return n == 1, nil
}

// DeletePasskey removes a passkey of a user; ResourceNotFoundException when the
// user has none with that id.
func (tx *Tx) DeletePasskey(ctx context.Context, poolID, sub, id string) error {
	if !storable(id) {
		return noPasskey()
	}
	n, err := tx.change(ctx, deletePasskey, poolID, id, sub)
	switch {
	case err != nil:
		return fmt.Errorf("delete passkey %s: %w", id, err)
	case n == 0:
		return noPasskey()
	}
	return nil
}

func noPasskey() error { return api.ResourceNotFoundException("Credential does not exist.") }
