package attributes

import (
	"crypto/rand"

	"github.com/google/uuid"
)

// NewSub makes the permanent id of a user: the shape of a UUID, its third group
// 70xx (spec/tokens.md §12), the rest random.
func NewSub() string {
	var id uuid.UUID
	rand.Read(id[:]) // never fails
	id[6] = 0x70
	return id.String()
}
