package seal

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/google/uuid"
)

const (
	// periodLength is how long a key pair signs.
	periodLength = 24 * time.Hour
	// keptPeriods is how many past key pairs are still given out. Tokens live for
	// minutes; the rest is for whoever looks at one later.
	keptPeriods = 7
)

// period counts key pairs since 1970.
type period int64

// SigningKey is a key pair for the header of applications.
type SigningKey struct {
	ID  string // a UUID
	Key *ecdsa.PrivateKey
}

// SigningKey gives the key pair that signs at a time. It changes once a day.
func (r *Ring) SigningKey(now time.Time) SigningKey { return r.pairs(periodOf(now))[0] }

// PublicKey finds a key pair's public half by its id: that of now, those of the
// last days and, for gateways whose clocks are ahead, the next.
func (r *Ring) PublicKey(id string, now time.Time) (*ecdsa.PublicKey, bool) {
	current := periodOf(now)
	for p := current + 1; p >= current-keptPeriods; p-- {
		for _, pair := range r.pairs(p) {
			if pair.ID == id {
				return &pair.Key.PublicKey, true
			}
		}
	}
	return nil, false
}

func periodOf(now time.Time) period { return period(now.Unix() / int64(periodLength/time.Second)) }

// pairs are the key pairs of a period, made when they are first asked for.
func (r *Ring) pairs(p period) []SigningKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	if made, ok := r.signing[p]; ok {
		return made
	}
	pairs := make([]SigningKey, len(r.keys))
	for i, k := range r.keys {
		pairs[i] = k.pair(p)
	}
	for old := range r.signing {
		if old < p-2*keptPeriods {
			delete(r.signing, old)
		}
	}
	r.signing[p] = pairs
	return pairs
}

// pair makes the key pair of a period, the same at every gateway.
func (k key) pair(p period) SigningKey {
	for try := 0; ; try++ { // one in 2^32 texts is not a private key of P-256
		info := fmt.Sprintf("cognate gateway signing key %d %d", p, try)
		material := must(hkdf.Key(sha256.New, k.root, nil, info, 32+16))
		private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), material[:32])
		if err != nil {
			continue
		}
		id := uuid.UUID(material[32:])
		id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // version 8, RFC 9562 §5.8
		return SigningKey{id.String(), private}
	}
}
