package directory

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/store"
)

// IdentityPool finds an identity pool by id, to be read only. It answers
// ResourceNotFoundException when there is none, and when the request was signed
// for another Region than the pool's.
func (d *Directory) IdentityPool(ctx context.Context, id string) (*store.IdentityPool, error) {
	pool, ok := lookup(d, d.identityPools, id)
	if !ok {
		since, until := d.generation(), d.now().Add(Freshness)
		var err error
		pool, err = store.Read(ctx, d.db, func(ctx context.Context, tx *store.Tx) (*store.IdentityPool, error) {
			return tx.IdentityPool(ctx, id)
		})
		if err != nil {
			return nil, err
		}
		d.keep(since, func() {
			sweep(d.identityPools, d.now())
			d.identityPools[id] = kept[*store.IdentityPool]{pool, until}
		})
	}
	return pool, CheckIdentityRegion(ctx, pool)
}

// CheckIdentityRegion answers as if the identity pool did not exist when the
// request in ctx was signed for another Region.
func CheckIdentityRegion(ctx context.Context, pool *store.IdentityPool) error {
	if request := api.RequestFrom(ctx); request.Signed && request.Region != pool.Region {
		return store.NoIdentityPool(pool.ID)
	}
	return nil
}

// ForgetIdentityPool drops what is kept about an identity pool. Whoever changes one
// calls it after the commit.
func (d *Directory) ForgetIdentityPool(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forgotten++
	delete(d.identityPools, id)
}
