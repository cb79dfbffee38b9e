package access

import (
	"context"
	"sync"
	"time"
)

// Freshness is how long a compiled entry may be used without looking at the
// database again.
const Freshness = time.Second

// crowded is the number of kept entries at which room is made.
const crowded = 4096

// entries keeps compiled entries of one kind by name. The zero value is ready.
type entries[T any] struct {
	mu sync.Mutex
	// forgotten counts calls of forget: an entry whose loading began before one
	// may be older than the change that it announced, and is not kept.
	forgotten uint64
	kept      map[string]kept[T]
}

type kept[T any] struct {
	value T
	until time.Time
}

// find gives the entry of a name, loaded where it is not fresh.
func (e *entries[T]) find(ctx context.Context, name string, now time.Time, load func(context.Context) (T, bool, error)) (T, bool, error) {
	e.mu.Lock()
	k, ok := e.kept[name]
	since := e.forgotten
	e.mu.Unlock()
	if ok && now.Before(k.until) {
		return k.value, true, nil
	}
	value, found, err := load(ctx)
	if err != nil || !found {
		return value, false, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.forgotten == since {
		if e.kept == nil || len(e.kept) >= crowded {
			e.kept = make(map[string]kept[T])
		}
		e.kept[name] = kept[T]{value, now.Add(Freshness)}
	}
	return value, true, nil
}

// forget drops everything: changes are rare, and one may bear on many entries.
func (e *entries[T]) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.forgotten++
	e.kept = nil
}
