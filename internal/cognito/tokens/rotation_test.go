package tokens

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"testing"
	"time"

	"cognate/internal/store"
)

// The next keys are published before they sign, and the ones before stay until
// what they signed is over.
func TestS035KeysTakeOverWhenTheirTimeComes(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	key := func(id, use string, signs, until time.Duration) store.SigningKey {
		k := store.SigningKey{ID: id, Use: use, Private: der, SignsAt: start.Add(signs)}
		if until != 0 {
			k.Until = start.Add(until)
		}
		return k
	}
	rows := []store.SigningKey{
		key("id-1", store.KeyUseID, -time.Hour, 26*time.Hour), key("access-1", store.KeyUseAccess, -time.Hour, 26*time.Hour),
		key("id-2", store.KeyUseID, time.Hour, 0), key("access-2", store.KeyUseAccess, time.Hour, 0),
	}
	for _, c := range []struct {
		after      time.Duration
		id, access string
		until      time.Duration
	}{
		{0, "id-1", "access-1", time.Hour},
		{time.Hour, "id-2", "access-2", 26 * time.Hour},
	} {
		keys, err := parseKeys(rows, start.Add(c.after))
		if err != nil {
			t.Fatal(err)
		}
		if keys.id.kid != c.id || keys.access.kid != c.access || !keys.until.Equal(start.Add(c.until)) {
			t.Errorf("after %v: %s and %s sign until %v", c.after, keys.id.kid, keys.access.kid, keys.until)
		}
		if len(keys.uses) != 4 {
			t.Errorf("after %v: %d keys are known", c.after, len(keys.uses))
		}
	}
}
