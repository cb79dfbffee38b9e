package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

var (
	// ErrUnreachable is wrapped by errors of calls that brought no usable answer.
	ErrUnreachable = errors.New("oidc: the identity provider gave no answer")
	// ErrUnknownKey says that a token's key is not among the provider's.
	ErrUnknownKey = errors.New("oidc: the identity provider has no such key")
)

const (
	// keysAge is how long the keys of an issuer are used without asking again. A
	// token that was handed over is checked at every call, unlike one of a sign-in.
	keysAge = time.Minute
	// placeAge is how long it is remembered where they are.
	placeAge = time.Hour
	// mostIssuers bounds what is remembered.
	mostIssuers = 512
)

// KeySets has the keys that tokens are checked with which come by themselves,
// without the sign-in that they are from. It keeps them for a minute; a key that it
// has not is asked for at once, though no more than once a second for an issuer.
type KeySets struct {
	Client *Client

	mu   sync.Mutex
	kept map[Source]*keptKeys
}

// Source is where keys come from.
type Source struct {
	Issuer  string
	KeysURL string // empty: the issuer's discovery document says where
}

type keptKeys struct {
	place   string // of the key set
	placeAt time.Time
	set     *jose.JSONWebKeySet
	at      time.Time
}

// Key gives the public key of an id that fits an algorithm. The errors are
// ErrUnknownKey and ErrUnreachable, wrapped.
func (k *KeySets) Key(ctx context.Context, from Source, id, algorithm string) (any, error) {
	now := k.Client.now()
	kept := k.of(from)
	if kept.set != nil && now.Sub(kept.at) < keysAge {
		if key := keyIn(kept.set, id, algorithm); key != nil {
			return key, nil
		}
	}
	if id == "" {
		return nil, ErrUnknownKey
	}
	fresh, err := k.read(ctx, from, kept)
	if err != nil {
		return nil, err
	}
	if key := keyIn(fresh.set, id, algorithm); key != nil {
		return key, nil
	}
	return nil, ErrUnknownKey
}

func (k *KeySets) of(from Source) keptKeys {
	k.mu.Lock()
	defer k.mu.Unlock()
	if kept := k.kept[from]; kept != nil {
		return *kept
	}
	return keptKeys{}
}

// read asks for the keys, and where they are if that was long ago.
func (k *KeySets) read(ctx context.Context, from Source, kept keptKeys) (keptKeys, error) {
	now := k.Client.now()
	if from.KeysURL != "" {
		kept.place = from.KeysURL
	} else if kept.place == "" || now.Sub(kept.placeAt) >= placeAge {
		place, err := k.Client.keysPlace(ctx, from.Issuer)
		if err != nil {
			return keptKeys{}, err
		}
		kept.place, kept.placeAt = place, now
	}
	set, err := k.Client.keys(ctx, kept.place)
	if err != nil {
		return keptKeys{}, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	kept.set, kept.at = set, now
	k.keep(from, kept)
	return kept, nil
}

func (k *KeySets) keep(from Source, kept keptKeys) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil || len(k.kept) >= mostIssuers {
		k.kept = make(map[Source]*keptKeys)
	}
	k.kept[from] = &kept
}

// keysPlace reads of a discovery document what a bare token needs: that it is the
// issuer's, and where the keys are. Issuers of machines have no more than that.
func (c *Client) keysPlace(ctx context.Context, issuer string) (string, error) {
	address := strings.TrimSuffix(issuer, "/") + "/.well-known/openid-configuration"
	got, err := c.flights.share(ctx, address, func(ctx context.Context) (*answer, error) {
		return c.get(ctx, address, http.Header{})
	})
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	var d Discovery
	switch err := json.Unmarshal(got.body, &d); {
	case got.status != http.StatusOK:
		return "", fmt.Errorf("%w: %s: status %d", ErrUnreachable, address, got.status)
	case err != nil:
		return "", fmt.Errorf("%w: %s: %w", ErrUnreachable, address, err)
	case strings.TrimSuffix(d.Issuer, "/") != strings.TrimSuffix(issuer, "/"):
		return "", fmt.Errorf("%w: %s: the issuer is %q", ErrUnreachable, address, d.Issuer)
	}
	if err := c.Permits(d.Keys); err != nil {
		return "", fmt.Errorf("%w: %s: %w", ErrUnreachable, address, err)
	}
	return d.Keys, nil
}

// keyIn finds a key by its id, if it is one for signatures of this algorithm.
func keyIn(set *jose.JSONWebKeySet, id, algorithm string) any {
	if id == "" {
		return nil
	}
	for _, key := range set.Key(id) {
		public := key.Public()
		if public.Valid() && (public.Use == "" || public.Use == "sig") && (public.Algorithm == "" || public.Algorithm == algorithm) {
			return public.Key
		}
	}
	return nil
}
