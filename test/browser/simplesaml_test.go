package browser_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/outbound/fetch"
	"cognate/internal/server"
	"cognate/internal/servertest"
	"cognate/internal/servertest/simplesaml"
)

// worker signs in at SimpleSAMLphp and nowhere else.
var worker = simplesaml.Person{Name: "ana", Password: "at work", Attributes: map[string][]string{
	"uid": {"Ana@work.example"}, "mail": {"ana@work.example"}, "first": {"Ana Lucía"}, "roles": {"buyer", "R & D"},
}}

// office is a shop whose users sign in at SimpleSAMLphp.
type office struct {
	shop
	idp *simplesaml.Provider
	tab context.Context
}

// openOffice connects the two as an administrator does, with what each shows for
// the other. trust is how the provider is to answer.
func openOffice(t *testing.T, trust simplesaml.ServiceProvider, details map[string]string) *office {
	t.Helper()
	o := &office{tab: newWindow(t)}
	s := servertest.Start(t, overTLS, servertest.Shared(t).Trusted, func(c *server.Config) {
		c.AllowNetworks, c.ProviderRoots = fetch.Loopback, servertest.Shared(t).CertPool()
	})
	o.idp = simplesaml.Start(t, func(h http.Handler) string { return s.ServeSite(t, "localhost", h) }, worker)
	details["MetadataURL"] = o.idp.MetadataURL()
	var provider *types.IdentityProviderType
	o.shop = openShopAt(t, s, "", func(in *cip.CreateUserPoolInput) {
		in.UsernameConfiguration = &types.UsernameConfigurationType{CaseSensitive: new(false)}
		in.Schema = []types.SchemaAttributeType{{Name: new("roles"), AttributeDataType: types.AttributeDataTypeString, Mutable: new(true)}}
	}, func(in *cip.CreateUserPoolClientInput) {
		made, err := s.SDK.CreateIdentityProvider(t.Context(), &cip.CreateIdentityProviderInput{
			UserPoolId: in.UserPoolId, ProviderName: new("Work"), ProviderType: types.IdentityProviderTypeTypeSaml, ProviderDetails: details,
			AttributeMapping: map[string]string{"email": "mail", "given_name": "first", "custom:roles": "roles"},
		})
		if err != nil {
			t.Fatal(err)
		}
		provider = made.IdentityProvider
		in.SupportedIdentityProviders = []string{"Work"}
	})
	signing, err := s.SDK.GetSigningCertificate(t.Context(), &cip.GetSigningCertificateInput{UserPoolId: &o.pool})
	if err != nil {
		t.Fatal(err)
	}
	trust.EntityID, trust.ACS, trust.SLO = "urn:amazon:cognito:sp:"+o.pool, o.domain+"/saml2/idpresponse", o.domain+"/saml2/logout"
	trust.Signing = *signing.Certificate
	if details["EncryptedResponses"] == "true" {
		trust.Encryption = provider.ProviderDetails["ActiveEncryptionCertificate"]
	}
	o.idp.Trust(t, trust)
	return o
}

// signIn signs in at the provider, whose page is open, and gives where it leads.
func (o *office) signIn(t *testing.T) string {
	t.Helper()
	awaitPage(o.tab, t, o.idp.URL+"/")
	fill(o.tab, t, "username", worker.Name, "password", worker.Password)
	picture(o.tab, t, "saml-provider")
	click(o.tab, t, "#submit_button")
	return awaitPage(o.tab, t, o.callback)
}

// check looks at the tokens of a sign-in.
func (o *office) check(t *testing.T, at string) {
	t.Helper()
	id, _ := o.exchange(t, at)
	list, _ := id["identities"].([]any)
	if id["cognito:username"] != "work_ana@work.example" || id["email"] != "ana@work.example" || id["given_name"] != "Ana Lucía" ||
		id["custom:roles"] != "[buyer,R+%26+D]" || len(list) != 1 {
		t.Fatalf("claims %v", id)
	}
	one, _ := list[0].(map[string]any)
	if one["userId"] != "Ana@work.example" || one["providerType"] != "SAML" || one["issuer"] != o.idp.MetadataURL() {
		t.Errorf("identity %v", one)
	}
}

// Signing in and out with a SAML provider that others wrote, in a browser: signed
// requests, signed responses, single logout from our side.
func TestSimpleSAMLphp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trust   simplesaml.ServiceProvider
		encrypt string
	}{
		"assertion signed":           {simplesaml.ServiceProvider{SignAssertion: true}, "false"},
		"response signed, encrypted": {simplesaml.ServiceProvider{SignResponse: true}, "true"},
		"both signed, encrypted":     {simplesaml.ServiceProvider{SignResponse: true, SignAssertion: true}, "true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := openOffice(t, c.trust, map[string]string{
				"EncryptedResponses": c.encrypt, "RequestSigningAlgorithm": "rsa-sha256", "IDPSignout": "true",
			})
			open(o.tab, t, o.authorize("identity_provider", "Work"))
			o.check(t, o.signIn(t))

			// Signed in here: not asked again. Signed out here: signed out there as well.
			if at := open(o.tab, t, o.authorize()); !strings.HasPrefix(at, o.callback+"?code=") {
				t.Errorf("not signed in any more: %s", at)
			}
			open(o.tab, t, o.logout())
			if at := awaitPage(o.tab, t, o.home); strings.Contains(at, "error") {
				t.Errorf("signed out to %s", at)
			}
			open(o.tab, t, o.authorize("identity_provider", "Work"))
			awaitPage(o.tab, t, o.idp.URL+"/")
			see(o.tab, t, "input[name=password]")
		})
	}
}

// The provider begins, and ends the session that it began.
func TestSimpleSAMLphpBegins(t *testing.T) {
	t.Parallel()
	o := openOffice(t, simplesaml.ServiceProvider{SignAssertion: true}, map[string]string{
		"IDPInit": "true", "IDPSignout": "true", "RequestSigningAlgorithm": "rsa-sha256",
	})
	relay := url.Values{
		"identity_provider": {"Work"}, "client_id": {o.client}, "redirect_uri": {o.callback}, "response_type": {"code"},
		"scope": {"openid email profile"},
	}
	open(o.tab, t, o.idp.Unsolicited(url.Values{
		"spentityid": {"urn:amazon:cognito:sp:" + o.pool}, "RelayState": {relay.Encode()},
	}.Encode()))
	o.check(t, o.signIn(t))

	open(o.tab, t, o.idp.SignOut())
	if at := awaitPage(o.tab, t, o.idp.URL+"/"); strings.Contains(at, "error") {
		t.Errorf("signed out to %s", at)
	}
	open(o.tab, t, o.authorize("identity_provider", "Work"))
	awaitPage(o.tab, t, o.idp.URL+"/")
	see(o.tab, t, "input[name=password]")
}
