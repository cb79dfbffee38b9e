package keyset

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	// largest and mostKeys bound a key set (load-balancer-auth.md §8).
	largest  = 150 << 10
	mostKeys = 10
	// maxAge is how long a key set is believed, and how long a key that the issuer
	// took back is good.
	maxAge = 5 * time.Minute
	// minAge is how long the set is not asked for again because of unknown keys or
	// after a failure.
	minAge = 5 * time.Second
	// maxStale is how long a key set is believed that cannot be read again.
	maxStale = time.Hour

	leastBits, mostBits = 2048, 8192
)

// ErrUnknown says that the set was read and has no such key.
var ErrUnknown = errors.New("key set: no such key")

// Set is the key set at one address. It is safe for many goroutines.
type Set struct {
	URL  string
	HTTP *http.Client //nolint:forbidigo // one of internal/outbound
	Now  func() time.Time

	loading sync.Mutex // held while the set is read

	mu    sync.Mutex
	keys  map[string]*rsa.PublicKey
	read  time.Time // when keys were
	tried time.Time
	err   error // of the last try
}

// Key finds the RSA key of an id. The error is ErrUnknown, or says why the set
// cannot be read.
func (s *Set) Key(ctx context.Context, id string) (*rsa.PublicKey, error) {
	key, age := s.find(id)
	switch {
	case key != nil && age < maxAge:
		return key, nil
	case key == nil || age >= maxStale:
		s.loading.Lock()
		s.reload(ctx)
		s.loading.Unlock()
	case s.loading.TryLock(): // the others go on with what there is
		s.reload(ctx)
		s.loading.Unlock()
	}
	if key, age = s.find(id); key != nil && age < maxStale {
		return key, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	return nil, ErrUnknown
}

// find gives a key, or nil, and the age of the set.
func (s *Set) find(id string) (*rsa.PublicKey, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys[id], s.Now().Sub(s.read)
}

// reload reads the set, unless that was tried a moment ago.
func (s *Set) reload(ctx context.Context) {
	s.mu.Lock()
	now := s.Now()
	due := s.tried.IsZero() || now.Sub(s.tried) >= minAge
	s.mu.Unlock()
	if !due {
		return
	}
	// The request of one caller serves all who wait, so its end is not theirs.
	keys, err := s.load(context.WithoutCancel(ctx))
	s.mu.Lock()
	defer s.mu.Unlock()
	// Counted from the end: those who waited for an issuer that hangs share its error,
	// else each of them would wait for all before.
	s.tried, s.err = s.Now(), err
	if err == nil {
		s.keys, s.read = keys, now
	}
}

// load reads the set. Keys for other uses and of other kinds are passed over.
func (s *Set) load(ctx context.Context) (map[string]*rsa.PublicKey, error) {
	const patience = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	request.Header.Set("Accept", "application/json")
	answer, err := s.HTTP.Do(request)
	if err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, largest+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("key set: %w", err)
	case answer.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("key set: %s answered %s", s.URL, answer.Status)
	case len(body) > largest:
		return nil, fmt.Errorf("key set: longer than %d bytes", largest)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	if len(set.Keys) > mostKeys {
		return nil, fmt.Errorf("key set: more than %d keys", mostKeys)
	}
	keys := map[string]*rsa.PublicKey{}
	for _, text := range set.Keys {
		if id, key := usable(text); key != nil {
			keys[id] = key
		}
	}
	return keys, nil
}

func usable(text []byte) (string, *rsa.PublicKey) {
	var key jose.JSONWebKey
	if key.UnmarshalJSON(text) != nil || key.Use != "" && key.Use != "sig" || key.Algorithm != "" && key.Algorithm != "RS256" {
		return "", nil
	}
	public, ok := key.Key.(*rsa.PublicKey)
	if !ok || public.N.BitLen() < leastBits || public.N.BitLen() > mostBits {
		return "", nil
	}
	return key.KeyID, public
}
