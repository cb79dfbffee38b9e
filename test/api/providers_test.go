package api_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/protocol/saml"
	"cognate/internal/server"
	"cognate/internal/servertest"
	"cognate/internal/testlog"
)

// makeProvider creates a provider with details in pairs.
func makeProvider(t *testing.T, s *servertest.Server, pool, name string, kind types.IdentityProviderTypeType,
	change func(*cip.CreateIdentityProviderInput), details ...string,
) (*types.IdentityProviderType, error) {
	t.Helper()
	in := &cip.CreateIdentityProviderInput{UserPoolId: &pool, ProviderName: &name, ProviderType: kind, ProviderDetails: asMap(details...)}
	if change != nil {
		change(in)
	}
	out, err := s.SDK.CreateIdentityProvider(t.Context(), in)
	if err != nil {
		return nil, err
	}
	return out.IdentityProvider, nil
}

// startDev starts a server that asks providers on this machine, over plain HTTP.
func startDev(t *testing.T) *servertest.Server {
	t.Helper()
	return servertest.Start(t, func(c *server.Config) { c.Mode = server.Dev })
}

func asMap(list ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i+1 < len(list); i += 2 {
		m[list[i]] = list[i+1]
	}
	return m
}

// discovery serves the discovery document of a provider of OpenID Connect whose
// other addresses are under path.
func discovery(t *testing.T) (issuer string, path *atomic.Value) {
	t.Helper()
	path = new(atomic.Value)
	path.Store("")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := issuer + path.Load().(string)
		_ = json.NewEncoder(w).Encode(map[string]string{
			"issuer": issuer, "authorization_endpoint": at + "/auth", "token_endpoint": at + "/token", "userinfo_endpoint": at + "/me", "jwks_uri": at + "/keys",
		})
	}))
	t.Cleanup(server.Close)
	issuer = server.URL
	return issuer, path
}

// metadataOf writes the metadata of a SAML provider; more follows its sign-on
// service.
func metadataOf(t *testing.T, entity string, more ...string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	wantOK(t, err)
	der, err := saml.NewCertificate(key, "idp", time.Now().Add(-time.Hour))
	wantOK(t, err)
	return `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + entity + `">` +
		`<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing">` +
		`<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>` + base64.StdEncoding.EncodeToString(der) +
		`</X509Certificate></X509Data></KeyInfo></KeyDescriptor>` + strings.Join(more, "") +
		`<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.com/sso"/>` +
		`</IDPSSODescriptor></EntityDescriptor>`
}

const logoutService = `<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.com/slo"/>`

// federation.md §1.2: what each kind is described with, beside what was written.
func TestSocialProvidersAreDescribedWithTheirAddresses(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	pool := s.CreatePool(t, nil)
	keys := []string{"client_id", "c1", "client_secret", "s3cret", "authorize_scopes", "openid email"}
	for _, c := range []struct {
		kind    types.IdentityProviderTypeType
		given   []string
		added   []string
		subject string
	}{
		{types.IdentityProviderTypeTypeGoogle, keys, []string{
			"attributes_url", "https://people.googleapis.com/v1/people/me?personFields=", "attributes_url_add_attributes", "true",
			"authorize_url", "https://accounts.google.com/o/oauth2/v2/auth", "oidc_issuer", "https://accounts.google.com",
			"token_request_method", "POST", "token_url", "https://www.googleapis.com/oauth2/v4/token",
		}, "sub"},
		{types.IdentityProviderTypeTypeFacebook, append([]string{"api_version", "v18.0"}, keys...), []string{
			"attributes_url", "https://graph.facebook.com/v18.0/me?fields=", "attributes_url_add_attributes", "true",
			"authorize_url", "https://www.facebook.com/v18.0/dialog/oauth", "token_request_method", "GET",
			"token_url", "https://graph.facebook.com/v18.0/oauth/access_token",
		}, "id"},
		{types.IdentityProviderTypeTypeLoginWithAmazon, keys, []string{
			"attributes_url", "https://api.amazon.com/user/profile", "attributes_url_add_attributes", "false",
			"authorize_url", "https://www.amazon.com/ap/oa", "token_request_method", "POST", "token_url", "https://api.amazon.com/auth/o2/token",
		}, "user_id"},
		{types.IdentityProviderTypeTypeSignInWithApple, []string{"client_id", "cognate-test", "team_id", "T1", "key_id", "K1", "authorize_scopes", "email name"}, []string{
			"attributes_url_add_attributes", "false", "authorize_url", "https://appleid.apple.com/auth/authorize",
			"oidc_issuer", "https://appleid.apple.com", "token_request_method", "POST", "token_url", "https://appleid.apple.com/auth/token",
		}, "sub"},
	} {
		given := c.given
		if c.kind == types.IdentityProviderTypeTypeSignInWithApple {
			given = append([]string{"private_key", "any"}, given...)
		}
		made, err := makeProvider(t, s, pool, string(c.kind), c.kind, func(in *cip.CreateIdentityProviderInput) {
			in.AttributeMapping = map[string]string{"email": "email"}
		}, given...)
		if err != nil {
			t.Errorf("%s: %v", c.kind, err)
			continue
		}
		want := asMap(append(append([]string{}, c.given...), c.added...)...)
		described, err := s.SDK.DescribeIdentityProvider(t.Context(), &cip.DescribeIdentityProviderInput{UserPoolId: &pool, ProviderName: aws.String(string(c.kind))})
		wantOK(t, err)
		for _, got := range []*types.IdentityProviderType{made, described.IdentityProvider} {
			if diff := cmp.Diff(want, got.ProviderDetails); diff != "" {
				t.Errorf("%s: details (-want +got)\n%s", c.kind, diff)
			}
			if diff := cmp.Diff(map[string]string{"email": "email", "username": c.subject}, got.AttributeMapping); diff != "" {
				t.Errorf("%s: mapping (-want +got)\n%s", c.kind, diff)
			}
			if got.IdpIdentifiers != nil || *got.UserPoolId != pool || got.CreationDate == nil || got.LastModifiedDate == nil {
				t.Errorf("%s: %+v", c.kind, got)
			}
		}
	}
}

// errors.md §15 and recorded.md §2.4.
func TestProvidersThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	pool := s.CreatePool(t, func(in *cip.CreateUserPoolInput) {
		in.Schema = []types.SchemaAttributeType{
			{Name: aws.String("short"), AttributeDataType: types.AttributeDataTypeString, StringAttributeConstraints: &types.StringAttributeConstraintsType{MaxLength: aws.String("99")}},
			{Name: aws.String("token"), AttributeDataType: types.AttributeDataTypeString, StringAttributeConstraints: &types.StringAttributeConstraintsType{MaxLength: aws.String("2048")}},
		}
	})
	issuer, _ := discovery(t)
	dead := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(dead.Close)
	social := []string{"client_id", "c1", "client_secret", "s", "authorize_scopes", "email"}
	oidc := []string{"client_id", "c1", "client_secret", "s", "authorize_scopes", "openid", "oidc_issuer", issuer, "attributes_request_method", "GET"}
	with := func(list []string, more ...string) []string { return append(append([]string{}, list...), more...) }
	_, err := makeProvider(t, s, pool, "Taken", types.IdentityProviderTypeTypeOidc, nil, oidc...)
	wantOK(t, err)
	file := metadataOf(t, "urn:idp")
	for _, c := range []struct {
		name    string
		kind    types.IdentityProviderTypeType
		details []string
		mapping []string
		code    string
		message string
	}{
		{"Taken", "OIDC", oidc, nil, "DuplicateProviderException", "Taken already exists in user pool " + pool},
		{"Other", "Google", social, nil, "", "Provider Other cannot be of type Google."},
		{"Google", "OIDC", oidc, nil, "", "Provider Google cannot be of type OIDC."},
		{"COGNITO", "OIDC", oidc, nil, "", "Provider COGNITO cannot be of type OIDC."},
		{"Google", "Google", social[:4], nil, "", "clientId, clientSecret and authorizeScopes are all required idp details."},
		{"Facebook", "Facebook", with(social[:4], "authorize_scopes", ""), nil, "", "clientId, clientSecret and authorizeScopes are all required idp details."},
		{"SignInWithApple", "SignInWithApple", []string{"client_id", "c", "team_id", "t", "key_id", "k"}, nil, "", "clientId, privateKey, teamId, and keyId are all required idp details."},
		{"Acme", "OIDC", oidc[:8], nil, "", "clientId, authorizeScopes, oidcIssuer and attributesRequestMethod are all required idp details."},
		{"Acme", "OIDC", with(oidc, "oidc_issuer", "http://idp.example.com"), nil, "", "OIDC endpoint must start with https://"},
		{"Acme", "OIDC", with(oidc, "attributes_request_method", "PUT"), nil, "", "1 validation error detected: Value 'PUT' at 'attributesRequestMethod' failed to satisfy constraint: Member must satisfy enum value set: [POST, GET]"},
		{"Acme", "OIDC", with(oidc, "oidc_issuer", dead.URL), nil, "", "Unable to contact well-known endpoint"},
		{"Acme", "OIDC", with(oidc, "oidc_issuer", issuer+"/other"), nil, "", "Unable to contact well-known endpoint"},
		{"Acme", "OIDC", with(oidc, "colour", "red"), nil, "", "colour is not a valid key for OIDC identity provider details."},
		{"Acme", "SAML", nil, nil, "", "At least one of the MetadataURL or MetadataFile should be provided."},
		{"Acme", "SAML", []string{"MetadataURL", issuer, "MetadataFile", file}, nil, "", "Only one of the MetadataURL or MetadataFile should be provided."},
		{"Acme", "SAML", []string{"MetadataURL", dead.URL + "/metadata"}, nil, "", "Error retrieving metadata from " + dead.URL + "/metadata"},
		{"Acme", "SAML", []string{"MetadataURL", "http://169.254.169.254/latest"}, nil, "", "Error retrieving metadata from http://169.254.169.254/latest"},
		{"Acme", "SAML", []string{"MetadataFile", file, "ActiveEncryptionCertificate", "x"}, nil, "", "ActiveEncryptionCertificate is not a valid key for SAML identity provider details."},
		{"Acme", "SAML", []string{"MetadataFile", file}, []string{"username", "uid"}, "", "Invalid user attributes: username: Attribute does not exist in the schema."},
		{"Acme", "OIDC", oidc, []string{"colour", "c"}, "", "Invalid user attributes: colour: Attribute does not exist in the schema."},
		{"Acme", "OIDC", oidc, []string{"identities", "c"}, "", "Invalid user attributes: identities: Attribute does not exist in the schema."},
	} {
		_, err := makeProvider(t, s, pool, c.name, c.kind, func(in *cip.CreateIdentityProviderInput) {
			if c.mapping != nil {
				in.AttributeMapping = asMap(c.mapping...)
			}
			if in.ProviderDetails == nil {
				in.ProviderDetails = map[string]string{}
			}
		}, c.details...)
		code := c.code
		if code == "" {
			code = "InvalidParameterException"
		}
		wantError(t, err, code, c.message)
	}
	for _, c := range []struct {
		kind    types.IdentityProviderTypeType
		details []string
		change  func(*cip.CreateIdentityProviderInput)
	}{
		{"OIDC", with(oidc, "authorize_scopes", "email"), nil},
		{"OIDC", with(oidc, "authorize_url", issuer+"/a"), nil},
		{"OIDC", with(oidc, "oidc_issuer", "https://idp.example.com:8443"), nil},
		{"SAML", []string{"MetadataFile", "<not-metadata/>"}, nil},
		{"SAML", []string{"MetadataFile", file, "IDPInit", "yes"}, nil},
		{"SAML", []string{"MetadataFile", file, "RequestSigningAlgorithm", "rsa-sha1"}, nil},
		{"OIDC", oidc, func(in *cip.CreateIdentityProviderInput) { in.AttributeMapping = asMap("username", "email") }},
		{"OIDC", oidc, func(in *cip.CreateIdentityProviderInput) { in.AttributeMapping = asMap("name", "access_token") }},
		{"OIDC", oidc, func(in *cip.CreateIdentityProviderInput) { in.AttributeMapping = asMap("custom:short", "id_token") }},
		{"OIDC", oidc, func(in *cip.CreateIdentityProviderInput) { in.AttributeMapping = asMap("name", "") }},
	} {
		_, err := makeProvider(t, s, pool, "Acme", c.kind, c.change, c.details...)
		wantCode(t, err, "InvalidParameterException")
	}
	_, err = makeProvider(t, s, pool, "Acme", "OIDC", func(in *cip.CreateIdentityProviderInput) {
		in.AttributeMapping = asMap("custom:token", "id_token")
	}, oidc...)
	wantOK(t, err)
	_, err = makeProvider(t, s, unknownPool, "Acme", "OIDC", nil, oidc...)
	wantError(t, err, "ResourceNotFoundException", "User pool "+unknownPool+" does not exist.")
}

func TestProvidersOfOpenIDConnectAreDescribedWithWhatTheyPublish(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	pool := s.CreatePool(t, nil)
	issuer, path := discovery(t)
	given := []string{"client_id", "c1", "client_secret", "s3cret", "authorize_scopes", "openid email", "oidc_issuer", issuer, "attributes_request_method", "POST"}
	made, err := makeProvider(t, s, pool, "Acme", types.IdentityProviderTypeTypeOidc, func(in *cip.CreateIdentityProviderInput) {
		in.IdpIdentifiers = []string{"acme.example", "acme"}
	}, given...)
	wantOK(t, err)
	want := asMap(append(given, "attributes_url_add_attributes", "false", "authorize_url", issuer+"/auth", "token_url", issuer+"/token",
		"attributes_url", issuer+"/me", "jwks_uri", issuer+"/keys")...)
	if diff := cmp.Diff(want, made.ProviderDetails); diff != "" {
		t.Errorf("details (-want +got)\n%s", diff)
	}
	byIdentifier, err := s.SDK.GetIdentityProviderByIdentifier(t.Context(), &cip.GetIdentityProviderByIdentifierInput{UserPoolId: &pool, IdpIdentifier: aws.String("acme")})
	wantOK(t, err)
	if *byIdentifier.IdentityProvider.ProviderName != "Acme" {
		t.Errorf("by identifier: %s", *byIdentifier.IdentityProvider.ProviderName)
	}
	_, err = s.SDK.GetIdentityProviderByIdentifier(t.Context(), &cip.GetIdentityProviderByIdentifierInput{UserPoolId: &pool, IdpIdentifier: aws.String("nobody")})
	wantCode(t, err, "ResourceNotFoundException")
	_, err = makeProvider(t, s, pool, "Second", types.IdentityProviderTypeTypeOidc, func(in *cip.CreateIdentityProviderInput) {
		in.IdpIdentifiers = []string{"acme"}
	}, given...)
	wantCode(t, err, "DuplicateProviderException")

	// What was shown can be sent back, and discovery goes on.
	path.Store("/v2")
	update := func(details map[string]string) (*types.IdentityProviderType, error) {
		out, err := s.SDK.UpdateIdentityProvider(t.Context(), &cip.UpdateIdentityProviderInput{UserPoolId: &pool, ProviderName: aws.String("Acme"), ProviderDetails: details})
		if err != nil {
			return nil, err
		}
		return out.IdentityProvider, nil
	}
	delete(want, "client_secret")
	again, err := update(want)
	wantOK(t, err)
	if again.ProviderDetails["token_url"] != issuer+"/v2/token" || again.ProviderDetails["client_secret"] != "s3cret" || len(again.IdpIdentifiers) != 2 {
		t.Errorf("sent back: %v, %v", again.ProviderDetails, again.IdpIdentifiers)
	}
	byHand := asMap("authorize_url", issuer+"/x/auth", "token_url", issuer+"/x/token", "attributes_url", issuer+"/x/me", "jwks_uri", issuer+"/x/keys", "client_secret", "new")
	manual, err := update(byHand)
	wantOK(t, err)
	if manual.ProviderDetails["token_url"] != issuer+"/x/token" || manual.ProviderDetails["cognate:manual"] != "" {
		t.Errorf("by hand: %v", manual.ProviderDetails)
	}
}

// newest-features.md §10.4; the SDK does not know the member yet.
func TestLevelsAreMappedForOpenIDConnectOnly(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	pool := s.CreatePool(t, nil)
	issuer, _ := discovery(t)
	_, err := makeProvider(t, s, pool, "Acme", types.IdentityProviderTypeTypeOidc, nil,
		"client_id", "c1", "authorize_scopes", "openid", "oidc_issuer", issuer, "attributes_request_method", "GET")
	wantOK(t, err)
	_, err = makeProvider(t, s, pool, "Saml", types.IdentityProviderTypeTypeSaml, nil, "MetadataFile", metadataOf(t, "urn:idp"))
	wantOK(t, err)
	update := func(name, levels string) servertest.Answer {
		return s.Call(t, "UpdateIdentityProvider", `{"UserPoolId":"`+pool+`","ProviderName":"`+name+`","AcrMapping":`+levels+`}`)
	}
	const levels = `{"Level1":"urn:low","Level3":"urn:high"}`
	if got := update("Acme", levels); !strings.HasPrefix(got.Body, `{"IdentityProvider":{"AcrMapping":`+levels) {
		t.Errorf("OIDC: %s", got.Body)
	}
	if got := update("Saml", levels); got.ErrorType() != "InvalidParameterException" {
		t.Errorf("SAML: %s", got.Body)
	}
	if got := update("Acme", `{"Level5":"urn:x"}`); got.ErrorType() != "InvalidParameterException" {
		t.Errorf("a fifth level: %s", got.Body)
	}
	if got := update("Acme", `{}`); got.Status != 200 || strings.Contains(got.Body, "AcrMapping") {
		t.Errorf("none any more: %s", got.Body)
	}
}

func TestS116ASecretIsAskedForAgainWhereEndpointsChange(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	pool := s.CreatePool(t, nil)
	issuer, _ := discovery(t)
	other, _ := discovery(t)
	byHand := func(at string) []string {
		return []string{"authorize_url", at + "/a", "token_url", at + "/t", "attributes_url", at + "/u", "jwks_uri", at + "/k"}
	}
	_, err := makeProvider(t, s, pool, "Acme", types.IdentityProviderTypeTypeOidc, nil,
		"client_id", "c1", "client_secret", "s3cret", "authorize_scopes", "openid", "oidc_issuer", issuer, "attributes_request_method", "GET")
	wantOK(t, err)
	update := func(details ...string) error {
		_, err := s.SDK.UpdateIdentityProvider(t.Context(), &cip.UpdateIdentityProviderInput{UserPoolId: &pool, ProviderName: aws.String("Acme"), ProviderDetails: asMap(details...)})
		return err
	}
	wantOK(t, update("authorize_scopes", "openid email")) // no endpoint: the secret stays
	wantCode(t, update("oidc_issuer", other), "InvalidParameterException")
	wantCode(t, update(byHand(other)...), "InvalidParameterException")
	wantOK(t, update(append(byHand(issuer), "client_secret", "s3cret")...))
	wantCode(t, update(append(byHand(issuer)[:6], "jwks_uri", other+"/k")...), "InvalidParameterException")
	wantCode(t, update("authorize_scopes", "openid"), "InvalidParameterException") // back to discovery
	wantOK(t, update("oidc_issuer", other, "client_secret", "new"))
	got, err := s.SDK.DescribeIdentityProvider(t.Context(), &cip.DescribeIdentityProviderInput{UserPoolId: &pool, ProviderName: aws.String("Acme")})
	wantOK(t, err)
	if d := got.IdentityProvider.ProviderDetails; d["token_url"] != other+"/token" || d["client_secret"] != "new" || d["authorize_scopes"] != "openid email" {
		t.Errorf("in the end: %v", d)
	}
}

func TestSAMLProvidersByFileAndByAddress(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	pool := s.CreatePool(t, nil)
	file := metadataOf(t, "urn:file")
	made, err := makeProvider(t, s, pool, "ByFile", types.IdentityProviderTypeTypeSaml, nil, "MetadataFile", file, "EncryptedResponses", "false")
	wantOK(t, err)
	encryption := made.ProviderDetails["ActiveEncryptionCertificate"]
	want := asMap("ActiveEncryptionCertificate", encryption, "EncryptedResponses", "false", "MetadataFile", file, "SSORedirectBindingURI", "https://idp.example.com/sso")
	if diff := cmp.Diff(want, made.ProviderDetails); diff != "" || made.AttributeMapping != nil {
		t.Errorf("details (-want +got)\n%s\nmapping %v", diff, made.AttributeMapping)
	}
	checkCertificate(t, s, encryption)

	var served atomic.Value
	served.Store(metadataOf(t, "urn:url", logoutService))
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, served.Load()) }))
	t.Cleanup(site.Close)
	details := []string{"MetadataURL", site.URL + "/metadata", "IDPSignout", "true", "IDPInit", "true", "RequestSigningAlgorithm", "rsa-sha256"}
	made, err = makeProvider(t, s, pool, "ByURL", types.IdentityProviderTypeTypeSaml, nil, details...)
	wantOK(t, err)
	own := made.ProviderDetails["ActiveEncryptionCertificate"]
	want = asMap(append(details, "ActiveEncryptionCertificate", own, "SSORedirectBindingURI", "https://idp.example.com/sso", "SLORedirectBindingURI", "https://idp.example.com/slo")...)
	if diff := cmp.Diff(want, made.ProviderDetails); diff != "" || own == encryption {
		t.Errorf("details (-want +got)\n%s\nthe same certificate as another provider: %t", diff, own == encryption)
	}

	update := func(details ...string) (map[string]string, error) {
		out, err := s.SDK.UpdateIdentityProvider(t.Context(), &cip.UpdateIdentityProviderInput{UserPoolId: &pool, ProviderName: aws.String("ByURL"), ProviderDetails: asMap(details...)})
		if err != nil {
			return nil, err
		}
		return out.IdentityProvider.ProviderDetails, nil
	}
	served.Store("<nothing/>")
	_, err = update("IDPSignout", "false")
	wantError(t, err, "InvalidParameterException", "Error retrieving metadata from "+site.URL+"/metadata")
	served.Store(metadataOf(t, "urn:url"))
	got, err := update("IDPSignout", "false")
	wantOK(t, err)
	want = asMap("MetadataURL", site.URL+"/metadata", "IDPSignout", "false", "ActiveEncryptionCertificate", own, "SSORedirectBindingURI", "https://idp.example.com/sso")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("updated (-want +got)\n%s", diff)
	}
	got, err = update("MetadataFile", file)
	wantOK(t, err)
	if got["MetadataURL"] != "" || got["MetadataFile"] != file {
		t.Errorf("by file: %v", got)
	}
}

// checkCertificate looks at a certificate as it is shown.
func checkCertificate(t *testing.T, s *servertest.Server, text string) *x509.Certificate {
	t.Helper()
	der, err := base64.StdEncoding.DecodeString(text)
	wantOK(t, err)
	c, err := x509.ParseCertificate(der)
	wantOK(t, err)
	if key, ok := c.PublicKey.(*rsa.PublicKey); !ok || key.N.BitLen() < 2048 {
		t.Errorf("key %T", c.PublicKey)
	}
	if years := c.NotAfter.Sub(s.Now()).Hours() / 24 / 365; years < 9.9 || years > 10.1 {
		t.Errorf("good for %.2f years", years)
	}
	return c
}

// federation.md §3.1: ten years, a new certificate each year with the same key.
func TestTheSigningCertificateIsRenewedWithItsKey(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	pool := s.CreatePool(t, nil)
	get := func() *x509.Certificate {
		out, err := s.SDK.GetSigningCertificate(t.Context(), &cip.GetSigningCertificateInput{UserPoolId: &pool})
		wantOK(t, err)
		return checkCertificate(t, s, *out.Certificate)
	}
	made, err := makeProvider(t, s, pool, "Acme", types.IdentityProviderTypeTypeSaml, nil, "MetadataFile", metadataOf(t, "urn:idp"))
	wantOK(t, err)
	first := get()
	if !get().Equal(first) {
		t.Error("the certificate is another one at once")
	}
	s.Advance(366 * 24 * time.Hour)
	second := get()
	if second.Equal(first) || !second.PublicKey.(*rsa.PublicKey).Equal(first.PublicKey) {
		t.Error("not a new certificate of the same key")
	}
	described, err := s.SDK.DescribeIdentityProvider(t.Context(), &cip.DescribeIdentityProviderInput{UserPoolId: &pool, ProviderName: aws.String("Acme")})
	wantOK(t, err)
	if described.IdentityProvider.ProviderDetails["ActiveEncryptionCertificate"] == made.ProviderDetails["ActiveEncryptionCertificate"] {
		t.Error("the certificate to encrypt for is the old one")
	}
	_, err = s.SDK.GetSigningCertificate(t.Context(), &cip.GetSigningCertificateInput{UserPoolId: aws.String(unknownPool)})
	wantError(t, err, "ResourceNotFoundException", "User pool "+unknownPool+" does not exist.")
}

func TestProvidersAreListedAndDeleted(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	pool := s.CreatePool(t, nil)
	for _, kind := range []types.IdentityProviderTypeType{"LoginWithAmazon", "Google", "Facebook"} {
		_, err := makeProvider(t, s, pool, string(kind), kind, nil, "client_id", "c", "client_secret", "s", "authorize_scopes", "email")
		wantOK(t, err)
	}
	var names []string
	pages := cip.NewListIdentityProvidersPaginator(s.SDK, &cip.ListIdentityProvidersInput{UserPoolId: &pool, MaxResults: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		wantOK(t, err)
		for _, p := range page.Providers {
			if string(p.ProviderType) != *p.ProviderName || p.CreationDate == nil || p.LastModifiedDate == nil {
				t.Errorf("%+v", p)
			}
			names = append(names, *p.ProviderName)
		}
	}
	if diff := cmp.Diff([]string{"Facebook", "Google", "LoginWithAmazon"}, names); diff != "" {
		t.Error(diff)
	}
	client := s.CreateClient(t, pool, func(in *cip.CreateUserPoolClientInput) { in.SupportedIdentityProviders = []string{"COGNITO", "Google"} })
	remove := func() error {
		_, err := s.SDK.DeleteIdentityProvider(t.Context(), &cip.DeleteIdentityProviderInput{UserPoolId: &pool, ProviderName: aws.String("Google")})
		return err
	}
	wantOK(t, remove())
	wantError(t, remove(), "ResourceNotFoundException", "Identity provider Google does not exist.")
	_, err := s.SDK.DescribeIdentityProvider(t.Context(), &cip.DescribeIdentityProviderInput{UserPoolId: &pool, ProviderName: aws.String("Google")})
	wantError(t, err, "ResourceNotFoundException", "Identity provider Google does not exist.")
	_, err = s.SDK.UpdateIdentityProvider(t.Context(), &cip.UpdateIdentityProviderInput{UserPoolId: &pool, ProviderName: aws.String("Google")})
	wantError(t, err, "ResourceNotFoundException", "Identity provider Google does not exist.")
	_, err = s.SDK.UpdateUserPoolClient(t.Context(), &cip.UpdateUserPoolClientInput{UserPoolId: &pool, ClientId: &client, SupportedIdentityProviders: []string{"COGNITO", "Google"}})
	wantError(t, err, "InvalidParameterException", "The provider Google does not exist for User Pool "+pool+".")
	if got := s.Call(t, "ListIdentityProviders", `{"UserPoolId":"`+unknownPool+`"}`); got.ErrorType() != "ResourceNotFoundException" {
		t.Errorf("list of an unknown pool: %s", got.Body)
	}
	if got := s.Call(t, "ListIdentityProviders", `{"UserPoolId":"`+s.CreatePool(t, nil)+`"}`); got.Body != `{"Providers":[]}` {
		t.Errorf("list of nothing: %s", got.Body)
	}
}

// federation.md §3.6.
func TestProvidersThatBeginByThemselvesGoWithSAMLOnly(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	pool := s.CreatePool(t, nil)
	for name, initiated := range map[string]string{"Begins": "true", "Waits": "false"} {
		_, err := makeProvider(t, s, pool, name, types.IdentityProviderTypeTypeSaml, nil, "MetadataFile", metadataOf(t, "urn:"+name), "IDPInit", initiated)
		wantOK(t, err)
	}
	client := func(names ...string) (*string, error) {
		out, err := s.SDK.CreateUserPoolClient(t.Context(), &cip.CreateUserPoolClientInput{UserPoolId: &pool, ClientName: aws.String("app"), SupportedIdentityProviders: names})
		if err != nil {
			return nil, err
		}
		return out.UserPoolClient.ClientId, nil
	}
	_, err := client("Begins", "COGNITO")
	wantCode(t, err, "InvalidParameterException")
	_, err = client("Begins", "Waits")
	wantOK(t, err)
	_, err = client("Waits", "COGNITO")
	wantOK(t, err)
	_, err = s.SDK.UpdateIdentityProvider(t.Context(), &cip.UpdateIdentityProviderInput{
		UserPoolId: &pool, ProviderName: aws.String("Waits"), ProviderDetails: map[string]string{"IDPInit": "true"},
	})
	wantCode(t, err, "InvalidParameterException")
}

// federation.md §7.2: identities at SAML providers name the entity.
func TestLinkedSAMLIdentitiesNameTheirIssuer(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	pool := s.CreatePool(t, nil)
	s.CreateUser(t, pool, "ana", goodPassword)
	_, err := makeProvider(t, s, pool, "Acme", types.IdentityProviderTypeTypeSaml, func(in *cip.CreateIdentityProviderInput) {
		in.AttributeMapping = map[string]string{"email": "mail"}
	}, "MetadataFile", metadataOf(t, "urn:acme"))
	wantOK(t, err)
	link := func(attribute, value string) error {
		_, err := s.SDK.AdminLinkProviderForUser(t.Context(), &cip.AdminLinkProviderForUserInput{
			UserPoolId:      &pool,
			DestinationUser: &types.ProviderUserIdentifierType{ProviderName: aws.String("Cognito"), ProviderAttributeValue: aws.String("ana")},
			SourceUser:      &types.ProviderUserIdentifierType{ProviderName: aws.String("Acme"), ProviderAttributeName: &attribute, ProviderAttributeValue: &value},
		})
		return err
	}
	wantOK(t, link("email", "ana@acme.example"))
	got := s.Call(t, "AdminGetUser", `{"UserPoolId":"`+pool+`","Username":"ana"}`)
	const want = `[{\"userId\":\"ana@acme.example\",\"providerName\":\"Acme\",\"providerType\":\"SAML\",\"issuer\":\"urn:acme\",\"primary\":false,\"dateCreated\":`
	if !strings.Contains(got.Body, want) {
		t.Errorf("got %s\nwant in it %s", got.Body, want)
	}
	wantOK(t, link("Cognito_Subject", strings.Repeat("x", 2048)))
	wantCode(t, link("Cognito_Subject", strings.Repeat("x", 2049)), "InvalidParameterException")
	wantCode(t, link("Cognito_Subject", "a\x00b"), "InvalidParameterException")
}

// Metadata is fetched from where an administrator says, and from nowhere that this
// leads to inside.
func TestS160MetadataThatLeadsInside(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	pool := s.CreatePool(t, nil)
	document := metadataOf(t, "urn:acme")
	mux := http.NewServeMux()
	mux.HandleFunc("/metadata", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, document) })
	mux.HandleFunc("/inside", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/latest", http.StatusFound)
	})
	mux.HandleFunc("/private", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://10.0.0.1/", http.StatusFound)
	})
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
	})
	mux.HandleFunc("/big", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, strings.Replace(document, "<IDPSSO", strings.Repeat(" ", 1<<20)+"<IDPSSO", 1))
	})
	mux.HandleFunc("/jump/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.PathValue("n"))
		to := fmt.Sprint("/jump/", n-1)
		if n == 1 {
			to = "/metadata"
		}
		http.Redirect(w, r, to, http.StatusFound)
	})
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)
	for path, good := range map[string]bool{
		"/metadata": true, "/jump/20": true, "/jump/21": false, "/inside": false, "/private": false, "/file": false, "/big": false, "/nothing": false,
	} {
		name := strings.ReplaceAll(strings.TrimPrefix(path, "/"), "/", "-")
		_, err := makeProvider(t, s, pool, name, types.IdentityProviderTypeTypeSaml, nil, "MetadataURL", site.URL+path)
		if good && err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if !good {
			wantError(t, err, "InvalidParameterException", "Error retrieving metadata from "+site.URL+path)
		}
	}
}

func TestSecretsOfProvidersAreNotLogged(t *testing.T) {
	t.Parallel()
	var log testlog.Log
	s := servertest.Start(t, func(c *server.Config) {
		c.Mode, c.Log = server.Dev, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	pool := s.CreatePool(t, nil)
	issuer, _ := discovery(t)
	for _, at := range []string{issuer, issuer + "/other"} { // the second is refused
		_, _ = makeProvider(t, s, pool, "Acme", types.IdentityProviderTypeTypeOidc, nil,
			"client_id", "c1", "client_secret", "hush-hush", "authorize_scopes", "openid", "oidc_issuer", at, "attributes_request_method", "GET")
	}
	_, _ = makeProvider(t, s, pool, "SignInWithApple", types.IdentityProviderTypeTypeSignInWithApple, nil,
		"client_id", "c1", "team_id", "T", "key_id", "K", "private_key", "hush-hush")
	if got := log.String(); strings.Contains(got, "hush-hush") || !strings.Contains(got, "provider-set") {
		t.Errorf("log:\n%s", got)
	}
}
