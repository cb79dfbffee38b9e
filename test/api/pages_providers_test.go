package api_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"html"
	"math/big"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

// samlCertificate is one for the key of a SAML provider.
var samlCertificate = sync.OnceValues(func() ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	return x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
})

// samlMetadata describes a SAML provider that nobody asks anything.
func samlMetadata(t *testing.T, name string) string {
	t.Helper()
	certificate, err := samlCertificate()
	wantOK(t, err)
	return fmt.Sprintf(`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://%[1]s.example.net">`+
		`<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing">`+
		`<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>%[2]s</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`+
		`<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://%[1]s.example.net/sso"/>`+
		`</IDPSSODescriptor></EntityDescriptor>`, name, base64.StdEncoding.EncodeToString(certificate))
}

// addSAML gives a site a SAML provider with identifiers.
func (w *site) addSAML(t *testing.T, name string, identifiers ...string) {
	t.Helper()
	_, err := w.s.SDK.CreateIdentityProvider(t.Context(), &cip.CreateIdentityProviderInput{
		UserPoolId: &w.pool, ProviderName: &name, ProviderType: types.IdentityProviderTypeTypeSaml,
		ProviderDetails: map[string]string{"MetadataFile": samlMetadata(t, strings.ToLower(name))}, IdpIdentifiers: identifiers,
	})
	wantOK(t, err)
}

// takeFrom makes a client of the site that takes users from providers.
func (w *site) takeFrom(t *testing.T, version int32, providers ...string) *site {
	t.Helper()
	other := *w
	other.app = w.withClient(t, func(in *cip.CreateUserPoolClientInput) {
		in.SupportedIdentityProviders = providers
		in.AllowedOAuthFlowsUserPoolClient, in.AllowedOAuthFlows = true, []types.OAuthFlowType{types.OAuthFlowTypeCode}
		in.AllowedOAuthScopes, in.CallbackURLs = []string{"openid", "email"}, []string{callback}
	})
	other.style(t, other.client, version)
	return &other
}

// What the first page offers of SAML providers (endpoints.md §6.2).
func TestPagesOfferSAMLProviders(t *testing.T) {
	t.Parallel()
	for _, version := range []int32{1, 2} {
		w := newSite(t, servertest.Shared(t), version, nil, nil)
		w.addSAML(t, "Plain")
		w.addSAML(t, "North", "north.example.com")
		w.addSAML(t, "South", "south.example.com", "example.org")
		for _, c := range []struct {
			providers []string
			buttons   string // names of providers with a button
			search    bool
		}{
			{[]string{"COGNITO"}, "", false},
			{[]string{"COGNITO", "Plain"}, "Plain", false},
			{[]string{"COGNITO", "Plain", "North"}, "Plain North", false},
			{[]string{"COGNITO", "North", "South"}, "North South", true},
			{[]string{"COGNITO", "North"}, "North", true},
		} {
			client := w.takeFrom(t, version, c.providers...)
			b := client.browser(t)
			b.start(t)
			search := c.search && version == 1 // managed login asks its style
			for _, name := range []string{"Plain", "North", "South"} {
				address := "/_domains/" + w.prefix + "/oauth2/authorize?" + client.query("identity_provider", name).Encode()
				shown := strings.Contains(html.UnescapeString(b.page.text), address)
				if want := strings.Contains(c.buttons, name) && !search; shown != want {
					t.Errorf("version %d, %v: button of %s shown: %v", version, c.providers, name, shown)
				}
			}
			if got := strings.Contains(b.page.text, `name="domain_email"`); got != search {
				t.Errorf("version %d, %v: asks for an address: %v", version, c.providers, got)
			}
		}
	}
}

// The domain of an address leads to the provider that has it as an identifier.
func TestPagesFindAProviderByDomain(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 1, nil, nil)
	w.addSAML(t, "North", "north.example.com")
	w.addSAML(t, "South", "south.example.com", "example.org")
	client := w.takeFrom(t, 1, "COGNITO", "North", "South")
	b := client.browser(t)
	b.start(t)
	b.send(t, "domain_email", "ana@nowhere.example.com", "do", "provider")
	b.wantPage(t, "/login", "errorMessage-customizable")
	fields := b.form(t, "domain_email", "").fields
	for address, identifier := range map[string]string{
		"ana@north.example.com": "north.example.com", "ana@EXAMPLE.org": "example.org", "ana@evil@south.example.com": "south.example.com",
	} {
		fields.Set("domain_email", address)
		got := b.raw(t, "POST", "/login", client.query(), fields)
		location, err := url.Parse(got.Header.Get("Location"))
		wantOK(t, err)
		if want := client.query("idp_identifier", identifier).Encode(); location.Path != "/_domains/"+w.prefix+"/oauth2/authorize" || location.Query().Encode() != want {
			t.Errorf("%s leads to %s", address, location)
		}
	}
}

// Managed login asks for an address in place of buttons where its style says so.
func TestAStyleLooksSAMLProvidersUpByDomain(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 2, nil, nil)
	w.addSAML(t, "North", "north.example.com")
	client := w.takeFrom(t, 2, "COGNITO", "North")
	style := func(value string) {
		client.updateStyle(t, func(in *cip.UpdateManagedLoginBrandingInput) {
			in.Settings = settingsFrom(t, `{"categories":{"auth":{"federation":{"interfaceStyle":"`+value+`"}}}}`)
		})
	}
	b := client.browser(t)
	for value, search := range map[string]bool{"SEARCH_INPUT": true, "BUTTON_LIST": false} {
		style(value)
		b.start(t)
		if asks, button := strings.Contains(b.page.text, `name="domain_email"`), strings.Contains(b.page.text, "identity_provider=North"); asks != search || button == search {
			t.Errorf("%s: asks for an address: %v, shows a button: %v", value, asks, button)
		}
	}
	style("SEARCH_INPUT")
	b.start(t)
	f := b.form(t, "domain_email", "")
	f.fields.Set("domain_email", "ana@north.example.com")
	f.fields.Set("do", "provider")
	got := b.do(t, "POST", b.at(t, f.action), f.fields)
	if to := got.Header.Get("Location"); !strings.Contains(to, "/oauth2/authorize?") || !strings.Contains(to, "idp_identifier=north.example.com") {
		t.Errorf("an address leads to %s", to)
	}
}
