package style

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
	"cognate/internal/store/storetest"
)

const poolID = "eu-west-1_Abc123def"

// fixture is Styles over a database of its own, with a clock in hand and the
// clients web and app.
type fixture struct {
	*Styles
	db        *store.DB
	directory *directory.Directory
	now       time.Time
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	start := time.Date(2026, 11, 13, 12, 0, 0, 0, time.UTC)
	db := storetest.Open(t, func() time.Time { return start })
	f := &fixture{db: db, now: start}
	now := func() time.Time { return f.now }
	f.directory, f.Styles = directory.New(db, now), NewStyles(db, now)
	f.write(t, func(ctx context.Context, tx *store.Tx) error {
		err := tx.InsertPool(ctx, &store.Pool{ID: poolID, Region: "eu-west-1", Name: "shop", CreatedAt: start, ModifiedAt: start}, nil)
		for _, id := range []string{"web", "app"} {
			if err == nil {
				err = tx.InsertClient(ctx, &store.Client{PoolID: poolID, ID: id, Name: id, CreatedAt: start, ModifiedAt: start})
			}
		}
		return err
	})
	return f
}

func (f *fixture) write(t *testing.T, body func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	_, err := store.Write(t.Context(), f.db, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, body(ctx, tx)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) styleOf(t *testing.T, clientID string, version int) *Style {
	t.Helper()
	client, err := f.directory.Client(t.Context(), clientID)
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.For(t.Context(), client, version)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func wantEqual[T any](t *testing.T, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
}

func TestAStyleOfManagedLogin(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	wantEqual(t, f.styleOf(t, "web", ManagedLogin), &Style{Settings: Defaults(), Missing: true})
	f.write(t, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.InsertBranding(ctx, &store.Branding{PoolID: poolID, ID: "b", ClientID: "web", Details: store.BrandingDetails{
			Settings: json.RawMessage(`{"componentClasses":{"buttons":{"borderRadius":3}}}`),
			Assets: []store.BrandingAsset{{
				Category: api.AssetCategoryTypeFormLogo, ColorMode: api.ColorSchemeModeTypeDark, Extension: api.AssetExtensionTypePng,
				Original: "o", Served: "s", ContentType: "image/png",
			}},
		}})
		return err
	})
	wantEqual(t, f.styleOf(t, "web", ManagedLogin).Missing, true) // kept
	f.now = f.now.Add(time.Second)
	want := &Style{Settings: Defaults(), Assets: []Asset{{
		Category: api.AssetCategoryTypeFormLogo, ColorMode: api.ColorSchemeModeTypeDark, Extension: api.AssetExtensionTypePng,
		Hash: "s", ContentType: "image/png",
	}}}
	want.Settings.ComponentClasses.Buttons.BorderRadius = 3
	got := f.styleOf(t, "web", ManagedLogin)
	wantEqual(t, got, want)
	wantEqual(t, f.styleOf(t, "app", ManagedLogin).Missing, true)
	wantEqual(t, len(got.Of(api.AssetCategoryTypeFormLogo, true)), 1)
	wantEqual(t, len(got.Of(api.AssetCategoryTypeFormLogo, false)), 0)

	f.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteBranding(ctx, poolID, "b") })
	f.Forget(poolID)
	wantEqual(t, f.styleOf(t, "web", ManagedLogin).Missing, true)
}

func TestTheLookOfAllIsForClientsWithoutTheirOwn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	wantEqual(t, f.styleOf(t, "web", Classic), &Style{Settings: Defaults()})
	save := func(client, css, logo string) {
		t.Helper()
		f.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.SaveCustomization(ctx, &store.Customization{PoolID: poolID, ClientID: client, Details: store.CustomizationDetails{Filtered: css, Logo: logo}})
		})
		f.Forget(poolID)
	}
	save(store.AllClients, "all", "logo")
	save("web", "own", "")
	wantEqual(t, f.styleOf(t, "web", Classic), &Style{Settings: Defaults(), CSS: "own"})
	wantEqual(t, f.styleOf(t, "app", Classic), &Style{Settings: Defaults(), CSS: "all", LogoHash: "logo"})
}

func TestOriginalsAreNotServed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.write(t, func(ctx context.Context, tx *store.Tx) error {
		for _, a := range []*store.Asset{{Hash: "original", Content: []byte("<svg>")}, {Hash: "clean", ContentType: "image/png", Content: []byte("x")}} {
			if err := tx.PutAsset(ctx, poolID, a); err != nil {
				return err
			}
		}
		return tx.UseAssets(ctx, poolID, "b", "", []string{"original", "clean"})
	})
	for hash, want := range map[string]string{"original": "", "clean": "x", "other": ""} {
		content, contentType, err := f.Asset(t.Context(), poolID, hash)
		if err != nil || string(content) != want || (contentType == "") != (want == "") {
			t.Errorf("%s: %q, %q, %v", hash, content, contentType, err)
		}
	}
}

func TestTermsAreShownWhenThereAreBoth(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	client, err := f.directory.Client(t.Context(), "web")
	if err != nil {
		t.Fatal(err)
	}
	add := func(id, clientID, name string) {
		t.Helper()
		f.write(t, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.InsertTerms(ctx, &store.Terms{PoolID: poolID, ID: id, ClientID: clientID, Name: name, Details: store.TermsDetails{Links: map[string]string{"cognito:default": "https://example.com/" + id}}})
			return err
		})
	}
	want := func(want *Links) {
		t.Helper()
		got, err := f.Terms(t.Context(), client)
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, got, want)
	}
	want(nil)
	add("1", "web", "terms-of-use")
	add("2", "app", "privacy-policy")
	want(nil)
	add("3", "web", "privacy-policy")
	want(&Links{
		TermsOfUse:    map[string]string{"cognito:default": "https://example.com/1"},
		PrivacyPolicy: map[string]string{"cognito:default": "https://example.com/3"},
	})
}

func TestLinksAreInTheLanguageOfThePage(t *testing.T) {
	t.Parallel()
	links := Links{
		TermsOfUse:    map[string]string{"cognito:default": "t", "cognito:portuguese-brazil": "t pt"},
		PrivacyPolicy: map[string]string{"cognito:default": "p", "cognito:english": "p en"},
	}
	for language, want := range map[string][2]string{"pt-BR": {"t pt", "p"}, "en": {"t", "p en"}, "xx": {"t", "p"}, "": {"t", "p"}} {
		if terms, privacy := links.In(language); terms != want[0] || privacy != want[1] {
			t.Errorf("%s: %q, %q, want %q", language, terms, privacy, want)
		}
	}
}
