package signin

import (
	"context"

	"cognate/internal/store"
)

// start stores the tokens of a completed sign-in, and the record of its session
// where the pool tracks them.
func (o *Operations) start(ctx context.Context, tx *store.Tx, a *attempt, f *store.Family, digest []byte) error {
	if err := tx.InsertFamily(ctx, f, digest); err != nil {
		return err
	}
	return o.Tracker.Begin(ctx, tx, a.client.Pool, f)
}
