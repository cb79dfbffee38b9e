package store_test

import (
	"context"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/store"
)

func newProvider(name string, identifiers ...string) *store.IdentityProvider {
	return &store.IdentityProvider{
		PoolID: poolID, Name: name, Type: api.IdentityProviderTypeTypeOidc, CreatedAt: start, ModifiedAt: start, Version: 1,
		Settings: store.ProviderSettings{
			Details: map[string]string{"client_secret": "s3cret"}, AttributeMapping: map[string]string{"email": "mail"}, Identifiers: identifiers,
		},
	}
}

func insertProvider(t testing.TB, db *testDB, p *store.IdentityProvider) error {
	t.Helper()
	_, err := store.Write(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.InsertIdentityProvider(ctx, p)
	})
	return err
}

func TestIdentityProvidersHaveUniqueNamesAndIdentifiers(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		acme := newProvider("Acme", "acme.example", "acme.test")
		if err := insertProvider(t, db, acme); err != nil {
			t.Fatal(err)
		}
		for _, twice := range []*store.IdentityProvider{newProvider("Acme"), newProvider("Other", "acme.test")} {
			if err := insertProvider(t, db, twice); !api.HasCode(err, "DuplicateProviderException") {
				t.Errorf("%s: %v", twice.Name, err)
			}
		}
		list := read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.IdentityProvider, error) {
			return tx.IdentityProviders(ctx, poolID)
		})
		wantEqual(t, list, []*store.IdentityProvider{acme})

		changed := *acme
		changed.Settings.Identifiers = []string{"acme.example"}
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.SaveIdentityProvider(ctx, &changed) })
		if err := insertProvider(t, db, newProvider("Other", "acme.test")); err != nil {
			t.Errorf("an identifier that was given up: %v", err)
		}
		_, err := store.Write(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			return struct{}{}, tx.SaveIdentityProvider(ctx, acme)
		})
		if !api.HasCode(err, "ConcurrentModificationException") {
			t.Errorf("a change of what was changed since: %v", err)
		}

		m := &store.ProviderMetadata{PoolID: poolID, Name: "Acme", Document: "<a/>", FetchedAt: start, NextAt: start.Add(time.Hour), Until: start.Add(2 * time.Hour)}
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.PutProviderMetadata(ctx, m) })
		m.Document = "<b/>"
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.PutProviderMetadata(ctx, m) })
		wantEqual(t, read(t, db, func(ctx context.Context, tx *store.Tx) (*store.ProviderMetadata, error) {
			got, _, err := tx.ProviderMetadata(ctx, poolID, "Acme")
			return got, err
		}), m)

		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.DeleteIdentityProvider(ctx, poolID, "Acme")
			return err
		})
		_, found, err := readMetadata(t, db)
		if err != nil || found {
			t.Errorf("metadata of a deleted provider: %v, %v", found, err)
		}
	})
}

func readMetadata(t testing.TB, db *testDB) (*store.ProviderMetadata, bool, error) {
	t.Helper()
	found := false
	m, err := store.Read(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) (*store.ProviderMetadata, error) {
		m, ok, err := tx.ProviderMetadata(ctx, poolID, "Acme")
		found = ok
		return m, err
	})
	return m, found, err
}

func TestAnIdentityBelongsToOneUser(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"))
		insertUser(t, db, newUser("s2", "bob"))
		identity := func(sub, attribute, value string, own bool) *store.UserIdentity {
			return &store.UserIdentity{
				PoolID: poolID, Provider: "Acme", Attribute: attribute, Value: value, Sub: sub, Own: own, CreatedAt: start,
			}
		}
		mine, linked := identity("s1", store.SubjectAttribute, "42", true), identity("s1", "email", "ana@example.com", false)
		for _, c := range []struct {
			i    *store.UserIdentity
			want bool
		}{{mine, true}, {linked, true}, {identity("s2", store.SubjectAttribute, "42", false), false}} {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				added, err := tx.InsertUserIdentity(ctx, c.i)
				wantEqual(t, added, c.want)
				return err
			})
		}
		wantEqual(t, read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.UserIdentity, error) {
			return tx.UserIdentities(ctx, poolID, "s1")
		}), []*store.UserIdentity{mine, linked})
		wantEqual(t, read(t, db, func(ctx context.Context, tx *store.Tx) ([]string, error) {
			return tx.LinkAttributes(ctx, poolID, "Acme")
		}), []string{"email"})
		wantEqual(t, read(t, db, func(ctx context.Context, tx *store.Tx) (*store.UserIdentity, error) {
			got, _, err := tx.UserIdentity(ctx, poolID, "Acme", "email", "ana@example.com")
			return got, err
		}), linked)
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			deleted, err := tx.DeleteUserIdentity(ctx, linked)
			wantEqual(t, deleted, true)
			return err
		})
	})
}

func TestAPoolHasOneCertificateForAPurpose(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		first := &store.PoolCertificate{PoolID: poolID, Purpose: store.SAMLSigning, Private: []byte("key"), Certificate: []byte("one"), CreatedAt: start}
		second := &store.PoolCertificate{PoolID: poolID, Purpose: store.SAMLSigning, Private: []byte("other"), Certificate: []byte("two"), CreatedAt: start}
		for _, c := range []*store.PoolCertificate{first, second} {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				got, err := tx.AddPoolCertificate(ctx, c)
				wantEqual(t, got, first)
				return err
			})
		}
		renewed := *first
		renewed.Certificate, renewed.CreatedAt = []byte("three"), start.Add(time.Hour)
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.RenewPoolCertificate(ctx, &renewed) })
		wantEqual(t, read(t, db, func(ctx context.Context, tx *store.Tx) (*store.PoolCertificate, error) {
			got, _, err := tx.PoolCertificate(ctx, poolID, store.SAMLSigning)
			return got, err
		}), &renewed)
	})
}

func TestMetadataThatIsDueIsClaimedOnce(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		for name, next := range map[string]time.Time{"Due": start, "Later": start.Add(time.Hour), "Text": {}} {
			if err := insertProvider(t, db, newProvider(name)); err != nil {
				t.Fatal(err)
			}
			m := &store.ProviderMetadata{PoolID: poolID, Name: name, Document: "<a/>", FetchedAt: start.Add(-time.Hour), NextAt: next}
			write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.PutProviderMetadata(ctx, m) })
		}
		claim := func(now time.Time, limit int) (names []string) {
			t.Helper()
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				list, err := tx.ClaimProviderMetadata(ctx, now, now.Add(5*time.Minute), limit)
				for _, m := range list {
					if m.NextAt != now.Add(5*time.Minute) || m.Document != "<a/>" {
						t.Errorf("claimed: %+v", m)
					}
					names = append(names, m.Name)
				}
				return err
			})
			return names
		}
		wantEqual(t, claim(start.Add(-time.Millisecond), 9), nil)
		wantEqual(t, claim(start, 9), []string{"Due"})
		wantEqual(t, claim(start, 9), nil)
		wantEqual(t, claim(start.Add(time.Hour), 1), []string{"Due"})
		wantEqual(t, claim(start.Add(time.Hour), 1), []string{"Later"})
	})
}
