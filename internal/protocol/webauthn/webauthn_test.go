package webauthn_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/protocol/webauthn"
	"cognate/internal/protocol/webauthn/passkeytest"
)

const (
	party = "example.com"
	page  = "https://app.example.com"
)

var handle = []byte("11111111-2222-7033-8444-555555555555")

// The rule of auth-flows.md §9.
func TestS080Origins(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		origin, party string
		want          bool
	}{
		{"https://example.com", party, true},
		{"https://app.example.com", party, true},
		{"https://a.b.example.com:8443", party, true},
		{"https://EXAMPLE.com", party, true},
		{"http://localhost", "localhost", true},
		{"http://localhost:3000", "localhost", true},
		{"http://app.localhost:3000", "localhost", true},
		{"http://app.localhost:3000", "app.localhost", true},
		{"https://localhost", "localhost", true},
		{"http://127.0.0.1:3000", "127.0.0.1", true},
		{"http://[::1]:3000", "::1", true},
		{"http://example.com", party, false},
		{"http://app.example.com", party, false},
		{"https://example.org", party, false},
		{"https://evilexample.com", party, false},
		{"https://example.com.evil.org", party, false},
		{"https://com", party, false},
		{"https://example.com", "app.example.com", false},
		{"https://user@example.com", party, false},
		{"https://example.com/", party, false},
		{"https://example.com/path", party, false},
		{"https://example.com?", party, false},
		{"https://example.com?q", party, false},
		{"https://example.com#", party, false},
		{"https://example.com#f", party, false},
		{"https://evil.org#.example.com", party, false},
		{"https://evil.org\\.example.com", party, false},
		{"ftp://example.com", party, false},
		{"example.com", party, false},
		{"android:apk-key-hash:abc", party, false},
		{"chrome-extension://example.com", party, false},
		{"null", party, false},
		{"", party, false},
		{"https://", "", false},
		{"https://.example.com", "", false},
	} {
		if got := webauthn.OriginAllowed(c.origin, c.party); got != c.want {
			t.Errorf("%q for %q: %v", c.origin, c.party, got)
		}
	}
}

// The JSON of users-and-pools.md §14 and auth-flows.md §9, key by key.
func TestOptionsAreThoseOfTheService(t *testing.T) {
	t.Parallel()
	created, err := webauthn.CreationOptions{
		RelyingPartyID: "auth.example.com", UserHandle: []byte("id"), UserName: "testuser", Challenge: "Y2g",
		Verification: webauthn.Preferred, Exclude: []webauthn.Descriptor{{ID: "b2xk"}},
	}.JSON()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"authenticatorSelection":{"requireResidentKey":true,"residentKey":"required","userVerification":"preferred"},` +
		`"challenge":"Y2g","excludeCredentials":[{"id":"b2xk","type":"public-key"}],` +
		`"pubKeyCredParams":[{"alg":-7,"type":"public-key"},{"alg":-257,"type":"public-key"}],` +
		`"rp":{"id":"auth.example.com","name":"auth.example.com"},"timeout":60000,` +
		`"user":{"displayName":"testuser","id":"aWQ","name":"testuser"}}`
	if diff := cmp.Diff(want, string(created)); diff != "" {
		t.Error(diff)
	}
	asked, err := webauthn.RequestOptions{
		RelyingPartyID: "auth.example.com", Challenge: "Y2g", Verification: webauthn.Required,
		Allow: []webauthn.Descriptor{{ID: "b2xk", Transports: []string{"internal"}}},
	}.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var got, expected any
	if err := json.Unmarshal([]byte(asked), &got); err != nil {
		t.Fatal(err)
	}
	text := `{"challenge":"Y2g","timeout":180000,"rpId":"auth.example.com",` +
		`"allowCredentials":[{"type":"public-key","id":"b2xk","transports":["internal"]}],"userVerification":"required"}`
	if err := json.Unmarshal([]byte(text), &expected); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Error(diff)
	}
}

func TestS081ChallengesDoNotRepeat(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 10_000 {
		c := webauthn.NewChallenge()
		raw, err := base64.RawURLEncoding.DecodeString(c)
		if err != nil || len(raw) != 32 || seen[c] {
			t.Fatalf("challenge %q", c)
		}
		seen[c] = true
	}
}

// register runs a registration whose answer may be changed.
func register(t *testing.T, a *passkeytest.Authenticator, verified bool) (*webauthn.Credential, error) {
	t.Helper()
	challenge := webauthn.NewChallenge()
	options, err := webauthn.CreationOptions{RelyingPartyID: party, UserHandle: handle, UserName: "ana", Challenge: challenge}.JSON()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := a.Create(options)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := webauthn.ParseRegistration(answer)
	if err != nil {
		return nil, err
	}
	return parsed.Verify(webauthn.Ceremony{RelyingPartyID: party, Challenge: challenge, UserHandle: handle, Verified: verified})
}

// use runs an assertion.
func use(t *testing.T, a *passkeytest.Authenticator, k webauthn.Credential, verified bool) (webauthn.Use, error) {
	t.Helper()
	challenge := webauthn.NewChallenge()
	options, err := webauthn.RequestOptions{RelyingPartyID: party, Challenge: challenge}.JSON()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := a.Get([]byte(options))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := webauthn.ParseAssertion(answer)
	if err != nil {
		return webauthn.Use{}, err
	}
	if parsed.CredentialID() != a.ID() {
		t.Errorf("credential %s, want %s", parsed.CredentialID(), a.ID())
	}
	return parsed.Verify(webauthn.Ceremony{RelyingPartyID: party, Challenge: challenge, UserHandle: handle, Verified: verified}, k)
}

func TestBothAlgorithms(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]*passkeytest.Authenticator{"ES256": passkeytest.New(party, page), "RS256": passkeytest.NewRSA(party, page)} {
		a.Flags, a.Counter = passkeytest.UserPresent|passkeytest.BackupEligible, 7
		k, err := register(t, a, false)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if string(k.ID) != string(a.Passkey.ID) || k.SignCount != 7 || !k.BackupEligible || k.BackupState || k.Attachment != "platform" || k.AttestationFormat != "none" {
			t.Errorf("%s: %+v", name, k)
		}
		a.Counter, a.Flags = 8, a.Flags|passkeytest.BackedUp|passkeytest.UserVerified
		got, err := use(t, a, *k, false)
		if diff := cmp.Diff(webauthn.Use{SignCount: 8, BackupState: true, UserVerified: true}, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

// flaws are changes to an answer that must make it fail, in either ceremony.
var flaws = map[string]struct {
	change func(a *passkeytest.Authenticator)
	want   error
}{
	"S080 another origin":     {func(a *passkeytest.Authenticator) { a.Origin = "https://example.org" }, webauthn.ErrOrigin},
	"S080 plain http":         {func(a *passkeytest.Authenticator) { a.Origin = "http://app.example.com" }, webauthn.ErrOrigin},
	"S080 an app's origin":    {func(a *passkeytest.Authenticator) { a.Origin = "android:apk-key-hash:x" }, webauthn.ErrOrigin},
	"S080 another party":      {func(a *passkeytest.Authenticator) { a.PartyID = "example.org" }, webauthn.ErrRelyingParty},
	"S080 a subdomain's hash": {func(a *passkeytest.Authenticator) { a.PartyID = "app.example.com" }, webauthn.ErrRelyingParty},
	"S080 in a frame":         {edit("crossOrigin", true), webauthn.ErrOrigin},
	"S080 below another page": {edit("topOrigin", "https://evil.org"), webauthn.ErrOrigin},
	"S080 of no type":         {edit("type", ""), webauthn.ErrRefused},
	"S080 payment":            {edit("type", "payment.get"), webauthn.ErrRefused},
	"S081 another challenge":  {edit("challenge", webauthn.NewChallenge()), webauthn.ErrRefused},
	"S081 no challenge":       {edit("challenge", ""), webauthn.ErrRefused},
	"S082 user not present":   {func(a *passkeytest.Authenticator) { a.Flags = passkeytest.UserVerified }, webauthn.ErrRefused},
	"S082 user not verified":  {func(a *passkeytest.Authenticator) { a.Flags = passkeytest.UserPresent }, webauthn.ErrRefused},
	"S085 backed up, not eligible": {
		func(a *passkeytest.Authenticator) { a.Flags |= passkeytest.BackedUp }, webauthn.ErrRefused,
	},
}

func edit(key string, value any) func(a *passkeytest.Authenticator) {
	return func(a *passkeytest.Authenticator) { a.Edit = func(data map[string]any) { data[key] = value } }
}

func TestS080S081S082S085FlawsInARegistration(t *testing.T) {
	t.Parallel()
	for name, flaw := range flaws {
		a := passkeytest.New(party, page)
		flaw.change(a)
		if _, err := register(t, a, true); !errors.Is(err, flaw.want) {
			t.Errorf("%s: %v, want %v", name, err, flaw.want)
		}
	}
	a := passkeytest.New(party, page)
	edit("type", "webauthn.get")(a)
	if _, err := register(t, a, true); !errors.Is(err, webauthn.ErrRefused) {
		t.Errorf("S080 the other ceremony: %v", err)
	}
	a = passkeytest.New(party, page)
	a.Flags = passkeytest.UserPresent
	if _, err := register(t, a, false); err != nil {
		t.Errorf("S082 verification that is only preferred: %v", err)
	}
}

func TestS080S081S082S084S085FlawsInAnAssertion(t *testing.T) {
	t.Parallel()
	more := map[string]struct {
		change func(a *passkeytest.Authenticator)
		want   error
	}{
		"S080 the other ceremony":    {edit("type", "webauthn.create"), webauthn.ErrRefused},
		"S084 another user's handle": {func(a *passkeytest.Authenticator) { a.UserHandle = []byte("someone else") }, webauthn.ErrRefused},
		"S084 another key": {func(a *passkeytest.Authenticator) {
			id := a.Passkey.ID
			a.Passkey = passkeytest.New(party, page).Passkey
			a.Passkey.ID = id
		}, webauthn.ErrRefused},
		"S085 eligible for backup now": {func(a *passkeytest.Authenticator) { a.Flags |= passkeytest.BackupEligible }, webauthn.ErrRefused},
	}
	maps.Copy(more, flaws)
	for name, flaw := range more {
		a := passkeytest.New(party, page)
		k, err := register(t, a, true)
		if err != nil {
			t.Fatal(err)
		}
		flaw.change(a)
		if _, err := use(t, a, *k, true); !errors.Is(err, flaw.want) {
			t.Errorf("%s: %v, want %v", name, err, flaw.want)
		}
	}
}

// Keys of algorithms that were not offered are refused, whatever the page asked
// its authenticator for.
func TestS083OtherAlgorithms(t *testing.T) {
	t.Parallel()
	a := passkeytest.New(party, page)
	options, err := webauthn.CreationOptions{RelyingPartyID: party, UserHandle: handle, UserName: "ana", Challenge: "AAAA"}.JSON()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := a.Create(options)
	if err != nil {
		t.Fatal(err)
	}
	var whole map[string]any
	if err := json.Unmarshal(answer, &whole); err != nil {
		t.Fatal(err)
	}
	response := whole["response"].(map[string]any)
	object, err := base64.RawURLEncoding.DecodeString(response["attestationObject"].(string))
	if err != nil {
		t.Fatal(err)
	}
	// In the COSE key the algorithm is 3: -7, that is 03 26. 03 38 22 would be
	// ES384 (-35); 03 27 is EdDSA (-8).
	at := strings.LastIndex(string(object), "\x03\x26")
	if at < 0 {
		t.Fatal("no algorithm in the key")
	}
	object[at+1] = 0x27
	response["attestationObject"] = base64.RawURLEncoding.EncodeToString(object)
	changed, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := webauthn.ParseRegistration(changed)
	if err != nil {
		return // refused even earlier
	}
	if _, err := parsed.Verify(webauthn.Ceremony{RelyingPartyID: party, Challenge: "AAAA", UserHandle: handle}); err == nil {
		t.Error("a key for EdDSA was accepted")
	}
}

func TestS086LongAnswersAreRefusedUnread(t *testing.T) {
	t.Parallel()
	long := []byte(`{"id":"` + strings.Repeat("A", 64<<10) + `"}`)
	if _, err := webauthn.ParseRegistration(long); !errors.Is(err, webauthn.ErrMalformed) {
		t.Error(err)
	}
	if _, err := webauthn.ParseAssertion(long); !errors.Is(err, webauthn.ErrMalformed) {
		t.Error(err)
	}
}

// FuzzS086Answers feeds both parsers. Nothing panics, and nothing but the answer of the
// authenticator verifies.
func FuzzS086Answers(f *testing.F) {
	a := passkeytest.New(party, page)
	challenge := webauthn.NewChallenge()
	options, err := webauthn.CreationOptions{RelyingPartyID: party, UserHandle: handle, UserName: "ana", Challenge: challenge}.JSON()
	if err != nil {
		f.Fatal(err)
	}
	created, err := a.Create(options)
	if err != nil {
		f.Fatal(err)
	}
	got, err := a.Get(options)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(created)
	f.Add(got)
	f.Add([]byte("{}"))
	c := webauthn.Ceremony{RelyingPartyID: party, Challenge: webauthn.NewChallenge(), UserHandle: handle}
	f.Fuzz(func(t *testing.T, answer []byte) {
		if r, err := webauthn.ParseRegistration(answer); err == nil {
			if _, err := r.Verify(c); err == nil {
				t.Error("a registration for another challenge was accepted")
			}
		}
		if s, err := webauthn.ParseAssertion(answer); err == nil {
			if _, err := s.Verify(c, webauthn.Credential{}); err == nil {
				t.Error("an assertion of no key was accepted")
			}
		}
	})
}
