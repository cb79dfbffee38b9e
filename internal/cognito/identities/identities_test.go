package identities

import (
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/store"
)

// federation.md §7.2 and tokens.md §5 give both forms.
func TestIdentitiesHaveTwoForms(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1642699117273)
	google := &store.IdentityProvider{Name: "Google", Type: api.IdentityProviderTypeTypeGoogle}
	acme := &store.IdentityProvider{Name: "Acme", Type: api.IdentityProviderTypeTypeSaml}
	u := &store.User{Sub: "s1"}
	if err := Set(u, []Identity{New(google, "1234567890", "", true, at), New(acme, "ana<&>", "urn:acme", false, at)}); err != nil {
		t.Fatal(err)
	}
	want := `[{"userId":"1234567890","providerName":"Google","providerType":"Google","issuer":null,"primary":true,"dateCreated":1642699117273},` +
		`{"userId":"ana<&>","providerName":"Acme","providerType":"SAML","issuer":"urn:acme","primary":false,"dateCreated":1642699117273}]`
	if got := u.Attributes.Get(attributes.Identities); got != want {
		t.Errorf("attribute\n got %s\nwant %s", got, want)
	}
	claim, err := Claim(u)
	want = `[{"dateCreated":"1642699117273","userId":"1234567890","providerName":"Google","providerType":"Google","issuer":null,"primary":"true"},` +
		`{"dateCreated":"1642699117273","userId":"ana<&>","providerName":"Acme","providerType":"SAML","issuer":"urn:acme","primary":"false"}]`
	if err != nil || string(claim) != want {
		t.Errorf("claim\n got %s\nwant %s, %v", claim, want, err)
	}
	if err := Set(u, nil); err != nil || u.Attributes.Has(attributes.Identities) {
		t.Errorf("without any: %v, %v", u.Attributes, err)
	}
	if claim, err := Claim(u); claim != nil || err != nil {
		t.Errorf("claim without any: %s, %v", claim, err)
	}
}
