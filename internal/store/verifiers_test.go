package store_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"testing"

	"cognate/internal/protocol/srp"
	"cognate/internal/store"
)

// Whoever has a verifier and its salt can try passwords on machines of their
// own. A copy of the database gives neither, in no spelling, and does not even
// show who has the same password.
func TestS062ACopyOfTheDatabaseHoldsNoVerifier(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		if db.Engine() == "sqlite" && db.cfg.Memory {
			t.Skip("there is nothing to copy")
		}
		newPool(t, db)
		salt := srp.NewSalt()
		same := store.Password{Salt: salt, Verifier: srp.Verifier("AbCdEf123", "ana", "Correct-Horse1!", salt)}
		old := store.Password{Salt: srp.NewSalt()}
		old.Verifier = srp.Verifier("AbCdEf123", "ana", "Earlier-Horse1!", old.Salt)
		for _, name := range []string{"ana", "bea"} {
			u := newUser(name, name)
			u.Password = &same
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				if err := tx.InsertUser(ctx, u); err != nil {
					return err
				}
				if err := tx.AddPasswordHistory(ctx, poolID, name, old, start, 5); err != nil {
					return err
				}
				return tx.AddPasswordHistory(ctx, poolID, name, same, start, 5)
			})
		}
		stolen := dump(t, db)
		if !bytes.Contains(stolen, []byte(poolID)) {
			t.Fatal("the dump shows nothing")
		}
		for what, secret := range map[string][]byte{
			"salt": salt, "verifier": same.Verifier, "earlier salt": old.Salt, "earlier verifier": old.Verifier,
		} {
			for form, text := range map[string][]byte{
				"raw": secret, "hexadecimal": []byte(hex.EncodeToString(secret)),
				"base64": []byte(base64.RawStdEncoding.EncodeToString(secret)), "base64 for URLs": []byte(base64.RawURLEncoding.EncodeToString(secret)),
			} {
				if bytes.Contains(stolen, text) {
					t.Errorf("the %s is readable, %s", what, form)
				}
			}
		}
		// With the key it is there, so the search above had something to find.
		u := read(t, db, func(ctx context.Context, tx *store.Tx) (*store.User, error) { return tx.UserBySub(ctx, poolID, "ana") })
		if !bytes.Equal(u.Password.Verifier, same.Verifier) {
			t.Error("the verifier did not come back")
		}
		sealed := read(t, db, func(ctx context.Context, tx *store.Tx) ([][]byte, error) {
			return tx.Blobs(ctx, `SELECT password FROM users UNION ALL SELECT password FROM password_history`)
		})
		seen := make(map[string]bool)
		for _, s := range sealed {
			if seen[string(s)] || len(s) < len(same.Verifier) {
				t.Errorf("sealed password of %d bytes, seen before: %v", len(s), seen[string(s)])
			}
			seen[string(s)] = true
		}
		if len(sealed) != 6 { // two users with a history of two each
			t.Errorf("%d sealed passwords", len(sealed))
		}
	})
}
