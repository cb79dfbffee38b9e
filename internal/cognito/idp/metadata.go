package idp

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/audit"
	"cognate/internal/cognito/signingkeys"
	"cognate/internal/protocol/saml"
	"cognate/internal/store"
)

// SAML has the keys of pools for SAML, and the metadata of their providers. All
// fields but Plain are set.
type SAML struct {
	DB   *store.DB
	Now  func() time.Time
	Keys signingkeys.Source
	// Fetch reads the document at a provider's address.
	Fetch func(ctx context.Context, address string) ([]byte, error)
	// Plain takes metadata with addresses of plain http on this machine.
	Plain bool
	Audit audit.Trail
	Log   *slog.Logger
}

// Times of metadata by URL (federation.md §3.2).
const (
	refreshAfter = 6 * time.Hour
	retryAfter   = 5 * time.Minute
	graceAfter   = 24 * time.Hour // for a copy that is due and cannot be fetched
)

// Obtain reads the metadata of a provider as its details say, to be kept. The
// answer to an administrator is an InvalidParameterException.
func (s *SAML) Obtain(ctx context.Context, p *store.IdentityProvider) (*saml.Metadata, *store.ProviderMetadata, error) {
	now := s.Now().UTC().Truncate(time.Millisecond)
	kept := &store.ProviderMetadata{PoolID: p.PoolID, Name: p.Name, FetchedAt: now}
	address := p.Settings.Details[MetadataURL]
	if address == "" {
		md, err := s.parse([]byte(p.Settings.Details[MetadataFile]), now)
		if err == nil {
			err = md.CheckCertificates(now)
		}
		if refused, ok := errors.AsType[*saml.Error](err); ok {
			return nil, nil, api.InvalidParameterException("Error parsing metadata file: %s", refused.Reason)
		}
		kept.Document = p.Settings.Details[MetadataFile]
		return md, kept, err
	}
	document, md, err := s.download(ctx, address, now)
	if err == nil { // later on an expired certificate does not matter
		err = md.CheckCertificates(now)
	}
	if err != nil {
		s.Log.InfoContext(ctx, "the metadata of an identity provider was refused", "pool", p.PoolID, "provider", p.Name, "error", err)
		return nil, nil, api.InvalidParameterException("Error retrieving metadata from %s", address)
	}
	kept.Document = string(document)
	kept.NextAt, kept.Until = lifetime(md, now)
	return md, kept, nil
}

// download fetches metadata and checks it.
func (s *SAML) download(ctx context.Context, address string, now time.Time) ([]byte, *saml.Metadata, error) {
	document, err := s.Fetch(ctx, address)
	if err != nil {
		return nil, nil, fmt.Errorf("fetch metadata: %w", err)
	}
	md, err := s.parse(document, now)
	return document, md, err
}

func (s *SAML) parse(document []byte, now time.Time) (*saml.Metadata, error) {
	md, err := saml.ParseMetadata(document, now)
	if err != nil {
		return nil, err
	}
	if md.Loopback && !s.Plain {
		return nil, &saml.Error{Reason: "SAML metadata is invalid.", Err: errors.New("a location is not https")}
	}
	return md, nil
}

// lifetime tells when a document that was fetched now is due again, and until when
// it may be used if nothing newer comes.
func lifetime(md *saml.Metadata, now time.Time) (next, until time.Time) {
	next = now.Add(refreshAfter)
	if md.CacheDuration > 0 && now.Add(md.CacheDuration).Before(next) {
		next = now.Add(md.CacheDuration)
	}
	if !md.ValidUntil.IsZero() && md.ValidUntil.Before(next) {
		next = md.ValidUntil
	}
	if soonest := now.Add(retryAfter); next.Before(soonest) {
		next = soonest
	}
	until = next.Add(graceAfter)
	if md.ValidUntil.After(until) {
		until = md.ValidUntil
	}
	return next, until
}

// Metadata is the metadata of a provider, in the last good copy. Errors of type
// *saml.Error mean that there is none that may be used.
func (s *SAML) Metadata(ctx context.Context, p *store.IdentityProvider) (*saml.Metadata, error) {
	kept, err := s.kept(ctx, p)
	switch {
	case err != nil:
		return nil, err
	case !kept.Until.IsZero() && !s.Now().Before(kept.Until):
		if kept, err = s.late(ctx, kept); err != nil {
			return nil, err
		}
	}
	// As of the time when it was found valid: that it is out of date is a matter of
	// Until.
	return saml.ParseMetadata([]byte(kept.Document), kept.FetchedAt)
}

// EntityID is what a provider calls itself, by the last good copy of its metadata
// however old that is.
func (s *SAML) EntityID(ctx context.Context, p *store.IdentityProvider) (string, error) {
	kept, err := s.kept(ctx, p)
	if err != nil {
		return "", err
	}
	md, err := saml.ParseMetadata([]byte(kept.Document), kept.FetchedAt)
	if err != nil {
		return "", err
	}
	return md.EntityID, nil
}

// kept reads the last good copy.
func (s *SAML) kept(ctx context.Context, p *store.IdentityProvider) (*store.ProviderMetadata, error) {
	return store.Read(ctx, s.DB, func(ctx context.Context, tx *store.Tx) (*store.ProviderMetadata, error) {
		m, found, err := tx.ProviderMetadata(ctx, p.PoolID, p.Name)
		if err == nil && !found { // deleted just now
			err = &saml.Error{Reason: "The identity provider has no metadata."}
		}
		return m, err
	})
}

// late fetches metadata whose time is over, where the background work has not come
// to it yet. Nobody asks more often than every few minutes.
func (s *SAML) late(ctx context.Context, kept *store.ProviderMetadata) (*store.ProviderMetadata, error) {
	now := s.Now()
	outdated := &saml.Error{Reason: "The metadata of the identity provider is out of date."}
	claimed, err := store.Write(ctx, s.DB, func(ctx context.Context, tx *store.Tx) (bool, error) {
		m, found, err := tx.ProviderMetadata(ctx, kept.PoolID, kept.Name)
		if err != nil || !found || m.NextAt.IsZero() || now.Before(m.NextAt) {
			return false, err
		}
		m.NextAt = now.Add(retryAfter)
		return true, tx.PutProviderMetadata(ctx, m)
	})
	if err != nil {
		return nil, err
	}
	if !claimed {
		return nil, outdated
	}
	fresh, err := s.refresh(ctx, kept)
	if err != nil {
		return nil, err
	}
	if fresh == nil {
		return nil, outdated
	}
	return fresh, nil
}

// refresh fetches metadata anew. A document that cannot be fetched, is not valid or
// is of another provider changes nothing (S103); nil is the answer then.
func (s *SAML) refresh(ctx context.Context, old *store.ProviderMetadata) (*store.ProviderMetadata, error) {
	now := s.Now().UTC().Truncate(time.Millisecond)
	address, err := store.Read(ctx, s.DB, func(ctx context.Context, tx *store.Tx) (string, error) {
		p, found, err := tx.IdentityProvider(ctx, old.PoolID, old.Name)
		if err != nil || !found {
			return "", err
		}
		return p.Settings.Details[MetadataURL], nil
	})
	if err != nil || address == "" {
		return nil, err
	}
	fresh := &store.ProviderMetadata{PoolID: old.PoolID, Name: old.Name, FetchedAt: now}
	document, md, err := s.download(ctx, address, now)
	var before *saml.Metadata
	if err == nil {
		before, err = saml.ParseMetadata([]byte(old.Document), old.FetchedAt)
	}
	if err == nil && md.EntityID != before.EntityID {
		err = fmt.Errorf("entityID has changed from %q to %q", before.EntityID, md.EntityID)
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s.Log.WarnContext(ctx, "the metadata of an identity provider could not be refreshed",
			"pool", old.PoolID, "provider", old.Name, "used_until", old.Until, "error", err)
		return nil, nil //nolint:nilnil // told in the log; the old copy stays
	}
	fresh.Document = string(document)
	fresh.NextAt, fresh.Until = lifetime(md, now)
	replaced, err := store.Write(ctx, s.DB, func(ctx context.Context, tx *store.Tx) (bool, error) {
		return replace(ctx, tx, old, fresh, md)
	})
	if err != nil || !replaced {
		return nil, err
	}
	if keys := fingerprints(md.Signing); keys != fingerprints(before.Signing) {
		s.Audit.Write(ctx, audit.Record{Action: audit.ProviderKeysChanged, PoolID: old.PoolID, Object: old.Name + " " + keys})
	}
	return fresh, nil
}

// replace keeps new metadata in the place of old, unless the provider was deleted or
// changed meanwhile.
func replace(ctx context.Context, tx *store.Tx, old, fresh *store.ProviderMetadata, md *saml.Metadata) (bool, error) {
	m, found, err := tx.ProviderMetadata(ctx, old.PoolID, old.Name)
	if err != nil || !found || !m.FetchedAt.Equal(old.FetchedAt) {
		return false, err
	}
	p, found, err := tx.IdentityProvider(ctx, old.PoolID, old.Name)
	if err != nil || !found {
		return false, err
	}
	if Tell(p.Settings.Details, md) {
		err := tx.SaveIdentityProvider(ctx, p)
		if api.HasCode(err, "ConcurrentModificationException") {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, tx.PutProviderMetadata(ctx, fresh)
}

// fingerprints names certificates, whatever their order.
func fingerprints(list []*x509.Certificate) string {
	names := make([]string, len(list))
	for i, c := range list {
		sum := sha256.Sum256(c.Raw)
		names[i] = "sha256:" + hex.EncodeToString(sum[:])
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// The background work: how often it looks, and how many documents it fetches at a
// time.
const (
	lookEvery = time.Minute
	batch     = 64
	parallel  = 8
)

// Run refreshes metadata until ctx ends. Any number of nodes may do so on the same
// database.
func (s *SAML) Run(ctx context.Context) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		if err := s.RefreshDue(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// RefreshDue fetches the metadata that is due by the injected clock.
func (s *SAML) RefreshDue(ctx context.Context) error {
	for {
		now := s.Now()
		due, err := store.Write(ctx, s.DB, func(ctx context.Context, tx *store.Tx) ([]*store.ProviderMetadata, error) {
			return tx.ClaimProviderMetadata(ctx, now, now.Add(retryAfter), batch)
		})
		if err != nil {
			return err
		}
		if err := s.refreshAll(ctx, due); err != nil || len(due) < batch {
			return err
		}
	}
}

func (s *SAML) refreshAll(ctx context.Context, due []*store.ProviderMetadata) error {
	var running sync.WaitGroup
	errs := make([]error, len(due))
	free := make(chan struct{}, parallel)
	for i, m := range due {
		free <- struct{}{}
		running.Go(func() {
			_, errs[i] = s.refresh(ctx, m)
			<-free
		})
	}
	running.Wait()
	return errors.Join(errs...)
}
