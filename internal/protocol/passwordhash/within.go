package passwordhash

// Within holds a stored hash that comes from another installation against bounds,
// as Parse does with a text. The error is ErrForm or ErrBounds.
func (h *Hash) Within(b Bounds) error {
	k := &h.kept
	if k.Cost < 1 || len(k.Salt) == 0 || len(k.Salt) > longestSalt || k.Size < shortestDigest || k.Size > longestDigest {
		return ErrForm
	}
	var fits bool
	switch k.Algorithm {
	case BCRYPT:
		fits = k.Cost <= b.BcryptCost
	case SCRYPT:
		if k.Memory < 1 || k.Parallel < 1 {
			return ErrForm
		}
		fits = k.Cost <= b.ScryptN && k.Memory <= b.ScryptR && k.Parallel <= b.ScryptP && k.Cost <= b.ScryptMemory/128/k.Memory
	case ARGON2ID:
		if k.Memory < 1 || k.Parallel < 1 {
			return ErrForm
		}
		fits = k.Cost <= b.Argon2Passes && k.Memory <= b.Argon2Memory && k.Parallel <= b.Argon2Threads
	case PBKDF2SHA256:
		fits = k.Cost <= b.PBKDF2Iterations
	default:
		return ErrForm
	}
	if !fits {
		return ErrBounds
	}
	return nil
}
