package idp

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/audit"
	"cognate/internal/protocol/saml"
	"cognate/internal/store"
	"cognate/internal/store/storetest"
)

const poolID = "eu-west-1_AbCdEf123"

// keys makes keys.
type keys struct{}

func (keys) Next(context.Context) (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) }

// world is a SAML with a clock to move and a provider to serve.
type world struct {
	*SAML
	t       *testing.T
	now     time.Time
	serve   string // nothing: the provider is down
	fetches int
	log     bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	now := func() time.Time { return w.now }
	db := storetest.Open(t, now)
	log := slog.New(slog.NewTextHandler(&w.log, nil))
	w.SAML = &SAML{DB: db, Now: now, Keys: keys{}, Audit: audit.Trail{Log: log}, Log: log, Fetch: func(context.Context, string) ([]byte, error) {
		w.fetches++
		if w.serve == "" {
			return nil, errors.New("connection refused")
		}
		return []byte(w.serve), nil
	}}
	_, err := store.Write(t.Context(), db, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.InsertPool(ctx, &store.Pool{ID: poolID, Region: "eu-west-1", Name: "shop"}, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// add keeps a provider whose metadata is at an address.
func (w *world) add() *store.IdentityProvider {
	w.t.Helper()
	p := &store.IdentityProvider{PoolID: poolID, Name: "Acme", Type: api.IdentityProviderTypeTypeSaml, CreatedAt: w.now, ModifiedAt: w.now}
	p.Settings.Details = map[string]string{MetadataURL: "https://idp.example.com/metadata"}
	_, kept, err := w.Obtain(w.t.Context(), p)
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = store.Write(w.t.Context(), w.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		if err := tx.InsertIdentityProvider(ctx, p); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, tx.PutProviderMetadata(ctx, kept)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// refreshed lets the background work look and tells how often it fetched.
func (w *world) refreshed() int {
	w.t.Helper()
	before := w.fetches
	if err := w.RefreshDue(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	return w.fetches - before
}

// signOn is where the metadata that is in use sends browsers, or why there is none.
func (w *world) signOn(p *store.IdentityProvider) string {
	w.t.Helper()
	md, err := w.Metadata(w.t.Context(), p)
	if refused, ok := errors.AsType[*saml.Error](err); ok {
		return refused.Reason
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimPrefix(md.SSORedirect, "https://idp.example.com/")
}

// document writes metadata; attributes are those of its root.
func (w *world) document(entity, path, attributes string) string {
	w.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		w.t.Fatal(err)
	}
	der, err := saml.NewCertificate(key, "idp", w.now.Add(-time.Hour))
	if err != nil {
		w.t.Fatal(err)
	}
	return fmt.Sprintf(`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="%s" %s>`+
		`<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing">`+
		`<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>%s</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`+
		`<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.com/%s"/>`+
		`</IDPSSODescriptor></EntityDescriptor>`, entity, attributes, base64.StdEncoding.EncodeToString(der), path)
}

// federation.md §3.2: every six hours.
func TestMetadataIsFetchedAnewInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve = w.document("urn:acme", "one", "")
	p := w.add()
	w.serve = w.document("urn:acme", "two", "")
	w.now = w.now.Add(6*time.Hour - time.Second)
	if n := w.refreshed(); n != 0 || w.signOn(p) != "one" {
		t.Errorf("before its time: %d fetches, %s", n, w.signOn(p))
	}
	w.now = w.now.Add(time.Second)
	if n := w.refreshed(); n != 1 || w.signOn(p) != "two" {
		t.Errorf("at its time: %d fetches, %s", n, w.signOn(p))
	}
	if n := w.refreshed(); n != 0 {
		t.Errorf("at once again: %d fetches", n)
	}
	shown, err := store.Read(t.Context(), w.DB, func(ctx context.Context, tx *store.Tx) (*store.IdentityProvider, error) {
		p, _, err := tx.IdentityProvider(ctx, poolID, p.Name)
		return p, err
	})
	if err != nil || shown.Settings.Details[SSORedirect] != "https://idp.example.com/two" || shown.ModifiedAt != p.ModifiedAt {
		t.Errorf("%v, shown as %v", err, shown)
	}
	if log := w.log.String(); strings.Count(log, "provider-keys-changed") != 1 || !strings.Contains(log, "Acme sha256:") {
		t.Errorf("the change of keys is not on record: %s", log)
	}
}

func TestMetadataEndsWithItsOwnTime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		attributes string
		due        time.Duration
	}{
		"said to be valid for two hours": {`validUntil="2026-11-21T14:00:00Z"`, 2 * time.Hour},
		"said to be kept for one hour":   {`cacheDuration="PT1H"`, time.Hour},
		"said to be kept for a second":   {`cacheDuration="PT1S"`, 5 * time.Minute},
		"said to be kept for a week":     {`cacheDuration="P7D"`, 6 * time.Hour},
		"said to be valid for a year":    {`validUntil="2027-11-21T12:00:00Z"`, 6 * time.Hour},
	} {
		w := newWorld(t)
		w.serve = w.document("urn:acme", "one", c.attributes)
		w.add()
		w.now = w.now.Add(c.due - time.Millisecond)
		early := w.refreshed()
		w.now = w.now.Add(time.Millisecond)
		if late := w.refreshed(); early != 0 || late != 1 {
			t.Errorf("%s: %d fetches before %s, %d after", name, early, c.due, late)
		}
	}
}

// The last good copy lives on, for a day after it was due.
func TestMetadataThatCannotBeFetchedLivesOnForADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve = w.document("urn:acme", "one", `validUntil="2026-11-21T15:00:00Z"`) // due at its end
	p := w.add()
	w.serve = ""
	w.now = w.now.Add(3 * time.Hour)
	for i := range 3 {
		if n := w.refreshed(); n != 1 {
			t.Fatalf("try %d: %d fetches", i, n)
		}
		if n := w.refreshed(); n != 0 {
			t.Fatalf("at once after try %d: %d fetches", i, n)
		}
		w.now = w.now.Add(5 * time.Minute)
	}
	w.now = time.Date(2026, 11, 22, 14, 59, 59, 0, time.UTC)
	if got := w.signOn(p); got != "one" {
		t.Errorf("within a day: %s", got)
	}
	w.now = w.now.Add(time.Second)
	const outdated = "The metadata of the identity provider is out of date."
	if got := w.signOn(p); got != outdated {
		t.Errorf("after a day: %s", got)
	}
	before := w.fetches
	w.serve = w.document("urn:acme", "two", "")
	if got := w.signOn(p); got != outdated || w.fetches != before { // sign-ins do not ask more often than the background work
		t.Errorf("at once again: %s after %d fetches", got, w.fetches-before)
	}
	w.now = w.now.Add(5 * time.Minute)
	if got := w.signOn(p); got != "two" {
		t.Errorf("once the provider is back: %s", got)
	}
}

func TestMetadataLivesUntilItsOwnEndIfThatIsLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve = w.document("urn:acme", "one", `validUntil="2026-12-01T12:00:00Z"`)
	p := w.add()
	w.serve = ""
	w.now = time.Date(2026, 12, 1, 11, 59, 59, 0, time.UTC)
	if got := w.signOn(p); got != "one" {
		t.Errorf("within its time: %s", got)
	}
	w.now = w.now.Add(time.Second)
	if got := w.signOn(p); got == "one" {
		t.Error("used after its time")
	}
}

func TestS103NewMetadataThatIsNotTheProvidersIsNotTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve = w.document("urn:acme", "one", "")
	p := w.add()
	good := w.serve
	for name, bad := range map[string]string{
		"another entity":       w.document("urn:evil", "evil", ""),
		"not XML":              "503 Service Unavailable",
		"without certificates": strings.Replace(strings.Replace(good, "<KeyDescriptor", "<!--", 1), "</KeyDescriptor>", "-->", 1),
		"expired":              w.document("urn:acme", "evil", `validUntil="2026-11-20T12:00:00Z"`),
		"over plain http":      strings.Replace(w.document("urn:acme", "evil", ""), "https://idp", "http://idp", 1),
		"on this machine":      strings.Replace(w.document("urn:acme", "evil", ""), "https://idp.example.com", "http://localhost", 1),
		"a bomb":               `<!DOCTYPE x [<!ENTITY a "aaaa">]>` + good,
	} {
		w.now = w.now.Add(6 * time.Hour)
		w.serve = bad
		if n := w.refreshed(); n != 1 || w.signOn(p) != "one" {
			t.Errorf("%s: %d fetches, then %s", name, n, w.signOn(p))
		}
		w.now, w.serve = w.now.Add(5*time.Minute), good
		if w.refreshed(); w.signOn(p) != "one" {
			t.Errorf("after %s: %s", name, w.signOn(p))
		}
	}
	if strings.Contains(w.log.String(), "provider-keys-changed") {
		t.Error("keys were changed")
	}
}

// A document of a provider that was changed meanwhile is not kept.
func TestALateAnswerDoesNotReplaceNewMetadata(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve = w.document("urn:acme", "one", "")
	p := w.add()
	stale := w.document("urn:acme", "stale", "")
	fresh := w.document("urn:acme", "fresh", "")
	w.now = w.now.Add(6 * time.Hour)
	w.Fetch = func(ctx context.Context, _ string) ([]byte, error) {
		_, err := store.Write(ctx, w.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			return struct{}{}, tx.PutProviderMetadata(ctx, &store.ProviderMetadata{PoolID: poolID, Name: "Acme", Document: fresh, FetchedAt: w.now})
		})
		return []byte(stale), err
	}
	if err := w.RefreshDue(t.Context()); err != nil || w.signOn(p) != "fresh" {
		t.Errorf("%v, %s", err, w.signOn(p))
	}
}
