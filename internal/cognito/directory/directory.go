package directory

import (
	"context"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"cognate/internal/api"
	"cognate/internal/store"
)

// Freshness is how long a compiled pool or client may be used without looking
// at the database again.
const Freshness = time.Second

// crowded is the number of kept values at which expired ones are swept out.
const crowded = 4096

// Directory finds user pools with their clients, domains and resource servers, and
// identity pools. It is safe for many goroutines.
type Directory struct {
	db  *store.DB
	now func() time.Time

	// DomainSuffix is what follows the prefix in the host names of pools' domains,
	// such as auth.example.com. It is set before the first use.
	DomainSuffix string

	mu sync.Mutex
	// forgotten counts calls of Forget: a value whose loading began before
	// one may be older than the change it announced, and is not kept.
	forgotten uint64
	pools     map[string]kept[*Pool]
	clients   map[string]kept[*Client]
	domains   map[string]kept[*Domain]
	// Lists by pool.
	domainsOf map[string]kept[[]*store.Domain]
	servers   map[string]kept[[]*store.ResourceServer]
	providers map[string]kept[[]*store.IdentityProvider]

	identityPools map[string]kept[*store.IdentityPool]
}

type kept[T any] struct {
	value T
	until time.Time
}

// New makes a directory over db. The clock is that of the machine, even where
// the service runs on one that tests advance: it only bounds the age of what
// other nodes may have changed.
func New(db *store.DB, now func() time.Time) *Directory {
	return &Directory{
		db:        db,
		now:       now,
		pools:     make(map[string]kept[*Pool]),
		clients:   make(map[string]kept[*Client]),
		domains:   make(map[string]kept[*Domain]),
		domainsOf: make(map[string]kept[[]*store.Domain]),
		servers:   make(map[string]kept[[]*store.ResourceServer]),
		providers: make(map[string]kept[[]*store.IdentityProvider]),

		identityPools: make(map[string]kept[*store.IdentityPool]),
	}
}

// Pool finds a pool by id. It answers ResourceNotFoundException when there is
// none, and when the request was signed for another Region than the pool's.
func (d *Directory) Pool(ctx context.Context, id string) (*Pool, error) {
	pool, _, err := d.pool(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := CheckRegion(ctx, &pool.Pool); err != nil {
		return nil, err
	}
	return pool, nil
}

// CheckRegion answers as if the pool did not exist when the request in ctx
// was signed for another Region.
func CheckRegion(ctx context.Context, pool *store.Pool) error {
	if request := api.RequestFrom(ctx); request.Signed && request.Region != pool.Region {
		return api.ResourceNotFoundException("User pool %s does not exist.", pool.ID)
	}
	return nil
}

// Client finds a client by its id alone, as public operations name it. It
// answers ResourceNotFoundException when there is none.
func (d *Directory) Client(ctx context.Context, clientID string) (*Client, error) {
	if client, ok := lookup(d, d.clients, clientID); ok {
		return client, nil
	}
	since := d.generation()
	row, err := store.Read(ctx, d.db, func(ctx context.Context, tx *store.Tx) (*store.Client, error) {
		return tx.ClientByID(ctx, clientID)
	})
	if err != nil {
		return nil, err
	}
	pool, until, err := d.pool(ctx, row.PoolID)
	if err != nil {
		return nil, err
	}
	client := compileClient(row, pool)
	d.keep(since, func() {
		sweep(d.clients, d.now())
		d.clients[clientID] = kept[*Client]{client, until}
	})
	return client, nil
}

// PoolClient finds a client of one pool. It answers ResourceNotFoundException
// when the pool or the client is unknown, or the client is another pool's.
func (d *Directory) PoolClient(ctx context.Context, poolID, clientID string) (*Client, error) {
	if _, err := d.Pool(ctx, poolID); err != nil {
		return nil, err
	}
	client, err := d.Client(ctx, clientID)
	if err != nil {
		return nil, err
	}
	if client.PoolID != poolID {
		return nil, api.ResourceNotFoundException("User pool client %s does not exist.", clientID)
	}
	return client, nil
}

// Forget drops everything kept about a pool, its clients, domains and resource
// servers. Whoever changes one of them calls it after the commit.
func (d *Directory) Forget(poolID string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forgotten++
	delete(d.pools, poolID)
	delete(d.domainsOf, poolID)
	delete(d.servers, poolID)
	delete(d.providers, poolID)
	for id, k := range d.clients {
		if k.value.PoolID == poolID {
			delete(d.clients, id)
		}
	}
	for name, k := range d.domains {
		if k.value.PoolID == poolID {
			delete(d.domains, name)
		}
	}
}

// User finds a user of p by user name or by another sign-in name in force. It
// answers UserNotFoundException when there is none.
func (d *Directory) User(ctx context.Context, tx *store.Tx, p *Pool, name string) (*store.User, error) {
	return tx.UserByName(ctx, p.ID, p.Fold(name))
}

// pool finds a pool whatever Region the request is for, and tells until when
// it may be used.
func (d *Directory) pool(ctx context.Context, id string) (*Pool, time.Time, error) {
	d.mu.Lock()
	k, ok := d.pools[id]
	d.mu.Unlock()
	if ok && d.now().Before(k.until) {
		return k.value, k.until, nil
	}
	if !text(id) {
		return nil, time.Time{}, api.ResourceNotFoundException("User pool %s does not exist.", id)
	}
	since, until := d.generation(), d.now().Add(Freshness)
	pool, err := store.Read(ctx, d.db, func(ctx context.Context, tx *store.Tx) (*Pool, error) {
		row, err := tx.PoolByID(ctx, id)
		if err != nil {
			return nil, err
		}
		domains, err := tx.DomainsOfPool(ctx, id)
		if err != nil {
			return nil, err
		}
		pool := d.compilePool(row, domains)
		if old, found, err := tx.OldPool(ctx, id); err != nil {
			return nil, err
		} else if found {
			pool.OldPool = old
		}
		return pool, nil
	})
	if err != nil {
		return nil, time.Time{}, err
	}
	d.keep(since, func() {
		sweep(d.pools, d.now())
		d.pools[id] = kept[*Pool]{pool, until}
	})
	return pool, until, nil
}

// text reports whether every database takes s for text. Ids of requests have
// been checked by then, but those in paths and in the issuers of tokens come
// as they are.
func text(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

func lookup[T any](d *Directory, from map[string]kept[T], id string) (T, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	k, ok := from[id]
	if !ok || !d.now().Before(k.until) {
		var none T
		return none, false
	}
	return k.value, true
}

func (d *Directory) generation() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.forgotten
}

// keep runs put unless something was forgotten since then.
func (d *Directory) keep(since uint64, put func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.forgotten == since {
		put()
	}
}

// sweep makes room: expired values go first, and all of them if that is not
// enough.
func sweep[T any](from map[string]kept[T], now time.Time) {
	if len(from) < crowded {
		return
	}
	for id, k := range from {
		if !now.Before(k.until) {
			delete(from, id)
		}
	}
	if len(from) >= crowded {
		clear(from)
	}
}
