package server

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"cognate/internal/store"
)

// rootKey is the first administrator's key.
type rootKey struct {
	id, secret string
	made       bool // by this start: it has to be shown now or never
}

// openRootKey gives the key from the settings, or the stored one, or makes it.
// Two nodes that start together on one database agree on one key: the insert
// decides. The settings win over a stored key, which stays for later starts
// without them.
func openRootKey(ctx context.Context, db *store.DB, cfg Config) (rootKey, error) {
	if cfg.RootAccessKeyID != "" {
		return rootKey{id: cfg.RootAccessKeyID, secret: cfg.RootSecretAccessKey}, nil
	}
	fresh := store.AccessKey{ID: newAccessKeyID(), Root: true, Secret: newSecretAccessKey(), Active: true, CreatedAt: cfg.Now()}
	return store.Write(ctx, db, func(ctx context.Context, tx *store.Tx) (rootKey, error) {
		first, err := tx.ClaimRootKey(ctx, fresh)
		if err != nil {
			return rootKey{}, fmt.Errorf("open the root access key: %w", err)
		}
		return rootKey{id: first.ID, secret: first.Secret, made: first.ID == fresh.ID}, nil
	})
}

// newAccessKeyID has the form of AWS's: AKIA and 16 characters.
func newAccessKeyID() string { return "AKIA" + rand.Text()[:16] }

func newSecretAccessKey() string {
	var b [30]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.StdEncoding.EncodeToString(b[:])
}
