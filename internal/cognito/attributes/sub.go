package attributes

import (
	"crypto/rand"

	"github.com/google/uuid"
)

// NewSub makes the permanent id of a user: the shape of a UUID, its third group
// 70xx (spec/tokens.md §12), the rest random.
func NewSub() string { return NewSubs().New() }

// Subs makes the ids of users who are added together. They begin alike, so that
// these users are beside each other in every index by sub, and adding them changes
// few of its pages.
type Subs struct{ start [2]byte }

// NewSubs chooses the beginning.
func NewSubs() Subs {
	var s Subs
	rand.Read(s.start[:]) // never fails
	return s
}

// New makes an id. It has 104 random bits of its own.
func (s Subs) New() string {
	var id uuid.UUID
	rand.Read(id[len(s.start):]) // never fails
	copy(id[:], s.start[:])
	id[6] = 0x70
	return id.String()
}
