package limits

import (
	"crypto/sha256"
	"encoding/hex"

	"cognate/internal/store"
)

// Subject names whom attempts and codes are counted for: a digest of the
// user's sub, or of the folded name when nobody has it, so that both leave
// the same traces (DESIGN.md §6).
func Subject(user *store.User, foldedName string) string {
	if user != nil {
		return digest("sub", user.Sub)
	}
	return digest("name", foldedName)
}

func digest(kind, value string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + value))
	return hex.EncodeToString(sum[:])
}
