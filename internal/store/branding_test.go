package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/store"
)

func newClient(t *testing.T, db *testDB, id string) {
	t.Helper()
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertClient(ctx, &store.Client{PoolID: poolID, ID: id, Name: id, CreatedAt: start, ModifiedAt: start})
	})
}

func asset(content, contentType string) *store.Asset {
	sum := sha256.Sum256([]byte(content))
	return &store.Asset{Hash: hex.EncodeToString(sum[:]), ContentType: contentType, Content: []byte(content)}
}

// useAssets puts images and says that owner has them.
func useAssets(t *testing.T, db *testDB, owner, clientID string, assets ...*store.Asset) {
	t.Helper()
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		var hashes []string
		for _, a := range assets {
			if err := tx.PutAsset(ctx, poolID, a); err != nil {
				return err
			}
			hashes = append(hashes, a.Hash)
		}
		return tx.UseAssets(ctx, poolID, owner, clientID, hashes)
	})
}

func assetOf(t *testing.T, db *testDB, pool, hash string) *store.Asset {
	t.Helper()
	return read(t, db, func(ctx context.Context, tx *store.Tx) (*store.Asset, error) {
		a, _, err := tx.AssetByHash(ctx, pool, hash)
		return a, err
	})
}

func TestImagesStayAsLongAsSomebodyHasThem(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertPool(t, db, "us-east-1_Other1234")
		newClient(t, db, "web")
		one, two := asset("one\x00\xff", "image/png"), asset("two", "image/jpeg")
		useAssets(t, db, "a", "web", one, two)
		useAssets(t, db, "b", "", two)
		wantEqual(t, assetOf(t, db, poolID, one.Hash), one)
		wantEqual(t, assetOf(t, db, "us-east-1_Other1234", one.Hash), nil)
		wantEqual(t, assetOf(t, db, poolID, "a\x00b"), nil)

		useAssets(t, db, "a", "web", two)
		wantEqual(t, assetOf(t, db, poolID, one.Hash), nil)
		useAssets(t, db, "b", "")
		wantEqual(t, assetOf(t, db, poolID, two.Hash), two)

		// What a deleted client had goes with the next change.
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteClient(ctx, poolID, "web") })
		useAssets(t, db, "b", "")
		wantEqual(t, assetOf(t, db, poolID, two.Hash), nil)

		useAssets(t, db, "b", "", one)
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeletePool(ctx, poolID) })
		wantEqual(t, assetOf(t, db, poolID, one.Hash), nil)
	})
}

// The same bytes may be an original first and what is served later, but are never
// taken back.
func TestAnOriginalMayBecomeServable(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		original, served := asset("x", ""), asset("x", "image/png")
		useAssets(t, db, "a", "", original)
		wantEqual(t, assetOf(t, db, poolID, original.Hash), original)
		useAssets(t, db, "a", "", served)
		wantEqual(t, assetOf(t, db, poolID, original.Hash), served)
		useAssets(t, db, "b", "", original)
		wantEqual(t, assetOf(t, db, poolID, original.Hash), served)
		useAssets(t, db, "b", "", asset("x", "text/html"))
		wantEqual(t, assetOf(t, db, poolID, original.Hash), served)
	})
}

func branding(id, clientID string) *store.Branding {
	return &store.Branding{
		PoolID: poolID, ID: id, ClientID: clientID, CreatedAt: start, ModifiedAt: start,
		Details: store.BrandingDetails{
			Settings: json.RawMessage(`{"categories":{"form":{"displayGraphics":false}}}`),
			Assets: []store.BrandingAsset{{
				Category: api.AssetCategoryTypeFormLogo, ColorMode: api.ColorSchemeModeTypeDark, Extension: api.AssetExtensionTypePng,
				ResourceID: "r", Original: "o", Served: "s", ContentType: "image/png",
			}},
		},
	}
}

func addBranding(t *testing.T, db *testDB, b *store.Branding) (added bool) {
	t.Helper()
	write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		added, err = tx.InsertBranding(ctx, b)
		return err
	})
	return added
}

func TestAClientHasOneStyle(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		newClient(t, db, "web")
		newClient(t, db, "app")
		wantEqual(t, addBranding(t, db, branding("b1", "web")), true)
		wantEqual(t, addBranding(t, db, branding("b2", "web")), false)
		wantEqual(t, addBranding(t, db, branding("b3", "app")), true)
		wantEqual(t, read(t, db, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.CountBrandings(ctx, poolID) }), 2)

		changed := branding("b1", "web")
		changed.ModifiedAt, changed.Details = start.Add(time.Minute), store.BrandingDetails{Provided: true}
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			before, err := tx.LockBranding(ctx, poolID, "b1")
			if err != nil {
				return err
			}
			wantEqual(t, before, branding("b1", "web"))
			return tx.SaveBranding(ctx, changed)
		})
		got := read(t, db, func(ctx context.Context, tx *store.Tx) (*store.Branding, error) {
			b, _, err := tx.BrandingOfClient(ctx, poolID, "web")
			return b, err
		})
		wantEqual(t, got, changed)

		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteClient(ctx, poolID, "web") })
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteBranding(ctx, poolID, "b3") })
		for name, body := range map[string]func(ctx context.Context, tx *store.Tx) error{
			"save":   func(ctx context.Context, tx *store.Tx) error { return tx.SaveBranding(ctx, changed) },
			"delete": func(ctx context.Context, tx *store.Tx) error { return tx.DeleteBranding(ctx, poolID, "b1") },
			"lock": func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.LockBranding(ctx, poolID, "b1")
				return err
			},
		} {
			t.Log(name)
			wantCode(t, tryWrite(t, db, body), "ResourceNotFoundException", "Managed login branding b1 does not exist.")
		}
	})
}

func TestLooksOfClassicPages(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		newClient(t, db, "web")
		css := ".label-customizable{color:red}/* \x00 */"
		look := func(client string) *store.Customization {
			return &store.Customization{
				PoolID: poolID, ClientID: client, CreatedAt: start, ModifiedAt: start,
				Details: store.CustomizationDetails{CSS: &css, Filtered: "x", Logo: "hash"},
			}
		}
		save := func(c *store.Customization) {
			t.Helper()
			write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.SaveCustomization(ctx, c) })
		}
		of := func(client string) *store.Customization {
			t.Helper()
			return read(t, db, func(ctx context.Context, tx *store.Tx) (*store.Customization, error) {
				c, _, err := tx.Customization(ctx, poolID, client)
				return c, err
			})
		}
		wantEqual(t, of("web"), nil)
		save(look("web"))
		save(look(store.AllClients))
		wantEqual(t, of("web"), look("web"))

		later := look("web")
		later.CreatedAt, later.ModifiedAt = start.Add(time.Hour), start.Add(time.Hour)
		later.Details = store.CustomizationDetails{Logo: "other"}
		save(later)
		later.CreatedAt = start
		wantEqual(t, of("web"), later)

		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteClient(ctx, poolID, "web") })
		wantEqual(t, of("web"), nil)
		wantEqual(t, of(store.AllClients), look(store.AllClients))
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.DeleteCustomization(ctx, poolID, store.AllClients)
		})
		wantEqual(t, of(store.AllClients), nil)
	})
}

func TestTermsOfClients(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		newClient(t, db, "web")
		newClient(t, db, "app")
		terms := func(id, client, name string) *store.Terms {
			return &store.Terms{
				PoolID: poolID, ID: id, ClientID: client, Name: name, CreatedAt: start, ModifiedAt: start,
				Details: store.TermsDetails{
					Source: api.TermsSourceTypeLink, Enforcement: api.TermsEnforcementTypeNone, Links: map[string]string{"cognito:default": "https://example.com"},
				},
			}
		}
		add := func(x *store.Terms) (added bool) {
			t.Helper()
			write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
				added, err = tx.InsertTerms(ctx, x)
				return err
			})
			return added
		}
		wantEqual(t, add(terms("t2", "web", "terms-of-use")), true)
		wantEqual(t, add(terms("t1", "web", "privacy-policy")), true)
		wantEqual(t, add(terms("t3", "web", "terms-of-use")), false)
		wantEqual(t, add(terms("t3", "app", "terms-of-use")), true)
		wantEqual(t, read(t, db, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.CountTerms(ctx, poolID) }), 3)
		list := func(after string, limit int) []*store.Terms {
			t.Helper()
			return read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.Terms, error) {
				return tx.ListTerms(ctx, poolID, after, limit)
			})
		}
		wantEqual(t, list("", 2), []*store.Terms{terms("t1", "web", "privacy-policy"), terms("t2", "web", "terms-of-use")})
		wantEqual(t, list("t2", 2), []*store.Terms{terms("t3", "app", "terms-of-use")})
		of := read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.Terms, error) {
			return tx.TermsOfClient(ctx, poolID, "web")
		})
		wantEqual(t, of, list("", 2))

		changed := terms("t3", "app", "privacy-policy")
		changed.ModifiedAt, changed.Details.Links = start.Add(time.Minute), map[string]string{"cognito:default": "https://example.org"}
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.SaveTerms(ctx, changed) })
		wantEqual(t, read(t, db, func(ctx context.Context, tx *store.Tx) (*store.Terms, error) { return tx.Terms(ctx, poolID, "t3") }), changed)

		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteTerms(ctx, poolID, "t3") })
		wantCode(t, tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.SaveTerms(ctx, changed) }),
			"ResourceNotFoundException", "Terms t3 does not exist.")
		wantCode(t, tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteTerms(ctx, poolID, "t3") }),
			"ResourceNotFoundException", "Terms t3 does not exist.")
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteClient(ctx, poolID, "web") })
		wantEqual(t, len(list("", 9)), 0)
	})
}
