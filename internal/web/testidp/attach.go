package testidp

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cognate/internal/api"
	"cognate/internal/outbound/oidc"
)

// ClientID is the client_id of social providers that are the built-in ones
// (federation.md §11).
const ClientID = "cognate-test"

// social are the kinds that have a type of their own.
var social = map[api.IdentityProviderTypeType]Kind{
	api.IdentityProviderTypeTypeGoogle: Google, api.IdentityProviderTypeTypeFacebook: Facebook,
	api.IdentityProviderTypeTypeLoginWithAmazon: Amazon, api.IdentityProviderTypeTypeSignInWithApple: Apple,
}

// Reroute has a social provider with that ClientID asked here. Others are left alone.
func (p *Providers) Reroute(s *oidc.Settings) {
	if kind, ok := social[s.Type]; ok && s.ClientID == ClientID {
		s.MoveTo(p.URL(kind))
	}
}

// Kinds are all kinds.
func Kinds() []Kind { return slices.Clone(kinds) }

// Attachment is the request that attaches a provider of the server at a public
// address to a pool. Without a name it gets the usual one; social providers have
// no other.
func Attachment(publicURL string, kind Kind, poolID, name string) (*api.CreateIdentityProviderRequest, error) {
	r := &api.CreateIdentityProviderRequest{UserPoolId: poolID, ProviderName: name, ProviderDetails: map[string]string{}}
	r.AttributeMapping = map[string]string{"email": "email"}
	set := func(to map[string]string, pairs ...string) {
		for i := 0; i+1 < len(pairs); i += 2 {
			to[pairs[i]] = pairs[i+1]
		}
	}
	claims := []string{"email_verified", "email_verified", "given_name", "given_name", "family_name", "family_name", "name", "name"}
	at := strings.TrimRight(publicURL, "/") + "/_cognate/idp/" + string(kind)
	usual := ""
	switch kind {
	case Google:
		r.ProviderType = api.IdentityProviderTypeTypeGoogle
		set(r.ProviderDetails, "authorize_scopes", "openid email profile")
		set(r.AttributeMapping, claims...)
	case Facebook:
		r.ProviderType = api.IdentityProviderTypeTypeFacebook
		set(r.ProviderDetails, "authorize_scopes", "public_profile,email", "api_version", "v17.0")
		set(r.AttributeMapping, "given_name", "first_name", "family_name", "last_name", "name", "name")
	case Amazon:
		r.ProviderType = api.IdentityProviderTypeTypeLoginWithAmazon
		set(r.ProviderDetails, "authorize_scopes", "profile postal_code")
		set(r.AttributeMapping, "name", "name")
	case Apple:
		r.ProviderType = api.IdentityProviderTypeTypeSignInWithApple
		key, err := appleKey()
		if err != nil {
			return nil, err
		}
		set(r.ProviderDetails, "authorize_scopes", "email name", "team_id", "COGNATE000", "key_id", "COGNATE000", "private_key", key)
		set(r.AttributeMapping, "email_verified", "email_verified", "given_name", "firstName", "family_name", "lastName")
	case OIDC:
		r.ProviderType, usual = api.IdentityProviderTypeTypeOidc, "TestOIDC"
		set(r.ProviderDetails, "authorize_scopes", "openid email profile", "oidc_issuer", at, "attributes_request_method", "GET")
		set(r.AttributeMapping, claims...)
	case SAML:
		r.ProviderType, usual = api.IdentityProviderTypeTypeSaml, "TestSAML"
		set(r.ProviderDetails, "MetadataURL", at+"/metadata", "IDPSignout", "true")
		set(r.AttributeMapping, claims...)
	default:
		return nil, fmt.Errorf("there is no provider %s; there are %v", kind, kinds)
	}
	if kind != SAML {
		set(r.ProviderDetails, "client_id", ClientID)
	}
	if kind != SAML && kind != Apple {
		set(r.ProviderDetails, "client_secret", ClientID)
	}
	if usual == "" {
		usual = string(r.ProviderType)
	}
	if r.ProviderName == "" {
		r.ProviderName = usual
	}
	return r, nil
}

// appleKey makes the key of a client at Sign in with Apple.
func appleKey() (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", fmt.Errorf("make a private_key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("make a private_key: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}

// Service is what attaching takes.
type Service interface {
	CreateIdentityProvider(ctx context.Context, in *api.CreateIdentityProviderRequest) (*api.CreateIdentityProviderResponse, error)
	DescribeUserPoolClient(ctx context.Context, in *api.DescribeUserPoolClientRequest) (*api.DescribeUserPoolClientResponse, error)
	UpdateUserPoolClient(ctx context.Context, in *api.UpdateUserPoolClientRequest) (*api.UpdateUserPoolClientResponse, error)
}

// Offer adds providers to those that a client offers. The rest of the client stays.
func Offer(ctx context.Context, s Service, poolID, clientID string, providers ...string) error {
	got, err := s.DescribeUserPoolClient(ctx, &api.DescribeUserPoolClientRequest{UserPoolId: poolID, ClientId: clientID})
	if err != nil {
		return fmt.Errorf("ask for app client %s: %w", clientID, err)
	}
	offered := map[string]bool{}
	for _, name := range slices.Concat(got.UserPoolClient.SupportedIdentityProviders, providers) {
		offered[name] = true
	}
	got.UserPoolClient.SupportedIdentityProviders = slices.Sorted(maps.Keys(offered))
	// An update sets everything. The two structures name what they share alike.
	text, err := json.Marshal(got.UserPoolClient)
	if err != nil {
		return fmt.Errorf("write app client %s: %w", clientID, err)
	}
	update := &api.UpdateUserPoolClientRequest{}
	if err := json.Unmarshal(text, update); err != nil {
		return fmt.Errorf("write app client %s: %w", clientID, err)
	}
	if _, err := s.UpdateUserPoolClient(ctx, update); err != nil {
		return fmt.Errorf("change app client %s: %w", clientID, err)
	}
	return nil
}
