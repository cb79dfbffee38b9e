package style

import (
	"context"
	"sync"
	"time"

	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// Styles finds the styles of clients. It keeps them for as long as the directory
// keeps clients, and is safe for many goroutines.
type Styles struct {
	db  *store.DB
	now func() time.Time

	mu        sync.Mutex
	forgotten uint64 // counts calls of Forget, as Directory does
	kept      map[key]entry
}

type key struct {
	poolID, clientID string
	version          int
}

type entry struct {
	style *Style
	until time.Time
}

// crowded is the number of kept styles at which all are dropped.
const crowded = 1024

// NewStyles makes Styles over db.
func NewStyles(db *store.DB, now func() time.Time) *Styles {
	return &Styles{db: db, now: now, kept: map[key]entry{}}
}

// Forget drops what is kept about a pool. Whoever changes a style calls it after
// the commit.
func (s *Styles) Forget(poolID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgotten++
	for k := range s.kept {
		if k.poolID == poolID {
			delete(s.kept, k)
		}
	}
}

// For gives the style of a client's pages of a version. Classic pages without a
// look of their own have that of all clients.
func (s *Styles) For(ctx context.Context, client *directory.Client, version int) (*Style, error) {
	k := key{client.PoolID, client.ID, version}
	s.mu.Lock()
	e, ok := s.kept[k]
	since := s.forgotten
	s.mu.Unlock()
	if ok && s.now().Before(e.until) {
		return e.style, nil
	}
	until := s.now().Add(directory.Freshness)
	load := loadManaged
	if version == Classic {
		load = loadClassic
	}
	found, err := store.Read(ctx, s.db, func(ctx context.Context, tx *store.Tx) (*Style, error) {
		return load(ctx, tx, client.PoolID, client.ID)
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.forgotten == since {
		if len(s.kept) >= crowded {
			clear(s.kept)
		}
		s.kept[k] = entry{found, until}
	}
	return found, nil
}

func loadManaged(ctx context.Context, tx *store.Tx, poolID, clientID string) (*Style, error) {
	row, found, err := tx.BrandingOfClient(ctx, poolID, clientID)
	if err != nil {
		return nil, err
	}
	if !found {
		return &Style{Settings: Defaults(), Missing: true}, nil
	}
	all, err := settings(row.Details.Settings)
	if err != nil {
		return nil, err
	}
	made := &Style{Settings: all}
	for _, a := range row.Details.Assets {
		made.Assets = append(made.Assets, Asset{
			Category: a.Category, ColorMode: a.ColorMode, Extension: a.Extension, ResourceID: a.ResourceID,
			Hash: a.Served, ContentType: a.ContentType,
		})
	}
	return made, nil
}

func loadClassic(ctx context.Context, tx *store.Tx, poolID, clientID string) (*Style, error) {
	row, err := Customization(ctx, tx, poolID, clientID)
	if err != nil {
		return nil, err
	}
	made := &Style{Settings: Defaults()}
	if row != nil {
		made.CSS, made.LogoHash = row.Details.Filtered, row.Details.Logo
	}
	return made, nil
}

// Customization finds the look of classic pages that is in force for a client: its
// own or that of all; nil when there is none.
func Customization(ctx context.Context, tx *store.Tx, poolID, clientID string) (*store.Customization, error) {
	for _, owner := range []string{clientID, store.AllClients} {
		row, found, err := tx.Customization(ctx, poolID, owner)
		if err != nil || found {
			return row, err
		}
	}
	return nil, nil
}

// Asset gives an image of a pool as it is served; nil when there is none of that
// hash.
func (s *Styles) Asset(ctx context.Context, poolID, hash string) (content []byte, contentType string, err error) {
	a, err := store.Read(ctx, s.db, func(ctx context.Context, tx *store.Tx) (*store.Asset, error) {
		a, _, err := tx.AssetByHash(ctx, poolID, hash)
		return a, err
	})
	if err != nil || a == nil || a.ContentType == "" {
		return nil, "", err
	}
	return a.Content, a.ContentType, nil
}

// The names of a client's documents.
const (
	TermsOfUse    = "terms-of-use"
	PrivacyPolicy = "privacy-policy"
)

// Terms gives the links of a client's sign-up page; nil unless it has both
// documents (newest-features.md §8).
func (s *Styles) Terms(ctx context.Context, client *directory.Client) (*Links, error) {
	list, err := store.Read(ctx, s.db, func(ctx context.Context, tx *store.Tx) ([]*store.Terms, error) {
		return tx.TermsOfClient(ctx, client.PoolID, client.ID)
	})
	if err != nil {
		return nil, err
	}
	var links Links
	for _, t := range list {
		switch t.Name {
		case TermsOfUse:
			links.TermsOfUse = t.Details.Links
		case PrivacyPolicy:
			links.PrivacyPolicy = t.Details.Links
		}
	}
	if links.TermsOfUse == nil || links.PrivacyPolicy == nil {
		return nil, nil
	}
	return &links, nil
}
