package directory

import (
	"context"
	"slices"
	"strings"

	"cognate/internal/api"
	"cognate/internal/store"
)

// Domain is a domain with the pool that it belongs to.
type Domain struct {
	store.Domain
	Pool *Pool
}

// Domain finds a domain of any pool by its name: the prefix alone or the whole
// host name, in lower case. It answers ResourceNotFoundException when there is
// none.
func (d *Directory) Domain(ctx context.Context, name string) (*Domain, error) {
	if domain, ok := lookup(d, d.domains, name); ok {
		return domain, nil
	}
	since := d.generation()
	row, err := store.Read(ctx, d.db, func(ctx context.Context, tx *store.Tx) (*store.Domain, error) {
		return tx.DomainByName(ctx, name)
	})
	if err != nil {
		return nil, err
	}
	pool, until, err := d.pool(ctx, row.PoolID)
	if err != nil {
		return nil, err
	}
	domain := &Domain{Domain: *row, Pool: pool}
	d.keep(since, func() {
		sweep(d.domains, d.now())
		d.domains[name] = kept[*Domain]{domain, until}
	})
	return domain, nil
}

// DomainsOf lists the domains of a pool, the custom one first, whatever Region
// the request is for. The first is the one that links and documents name.
func (d *Directory) DomainsOf(ctx context.Context, poolID string) ([]*store.Domain, error) {
	return listOf(ctx, d, d.domainsOf, poolID, (*store.Tx).DomainsOfPool)
}

// ResourceServers lists the resource servers of a pool by identifier, whatever
// Region the request is for.
func (d *Directory) ResourceServers(ctx context.Context, poolID string) ([]*store.ResourceServer, error) {
	return listOf(ctx, d, d.servers, poolID, (*store.Tx).ResourceServersOfPool)
}

// HasScope reports whether one of the resource servers has a custom scope, as
// clients name it: the identifier, a slash and the scope's name, which has no
// slash of its own. A scope that none has any more is inactive
// (spec/endpoints.md §3.4).
func HasScope(servers []*store.ResourceServer, scope string) bool {
	slash := strings.LastIndexByte(scope, '/')
	if slash < 0 {
		return false
	}
	identifier, name := scope[:slash], scope[slash+1:]
	return slices.ContainsFunc(servers, func(server *store.ResourceServer) bool {
		return server.Identifier == identifier &&
			slices.ContainsFunc(server.Settings.Scopes, func(s api.ResourceServerScopeType) bool { return s.ScopeName == name })
	})
}

// listOf gives a list that is kept by pool.
func listOf[T any](ctx context.Context, d *Directory, from map[string]kept[[]T], poolID string,
	load func(*store.Tx, context.Context, string) ([]T, error),
) ([]T, error) {
	if list, ok := lookup(d, from, poolID); ok {
		return list, nil
	}
	if !text(poolID) {
		return nil, nil
	}
	since, until := d.generation(), d.now().Add(Freshness)
	list, err := store.Read(ctx, d.db, func(ctx context.Context, tx *store.Tx) ([]T, error) {
		return load(tx, ctx, poolID)
	})
	if err != nil {
		return nil, err
	}
	d.keep(since, func() {
		sweep(from, d.now())
		from[poolID] = kept[[]T]{list, until}
	})
	return list, nil
}
