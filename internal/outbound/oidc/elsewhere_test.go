package oidc

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
)

func TestSocialProvidersCanBeElsewhere(t *testing.T) {
	t.Parallel()
	const base = "http://localhost:7665/idp"
	for _, c := range []struct {
		kind    api.IdentityProviderTypeType
		details map[string]string // federation.md §1.2
		want    [4]string
	}{
		{api.IdentityProviderTypeTypeGoogle, map[string]string{
			"authorize_url": "https://accounts.google.com/o/oauth2/v2/auth", "token_url": "https://www.googleapis.com/oauth2/v4/token",
			"attributes_url": "https://people.googleapis.com/v1/people/me?personFields=", "oidc_issuer": "https://accounts.google.com",
		}, [4]string{base + "/o/oauth2/v2/auth", base + "/oauth2/v4/token", base + "/v1/people/me?personFields=", base + "/oauth2/v3/certs"}},
		{api.IdentityProviderTypeTypeFacebook, map[string]string{
			"authorize_url": "https://www.facebook.com/v17.0/dialog/oauth", "token_url": "https://graph.facebook.com/v17.0/oauth/access_token",
			"attributes_url": "https://graph.facebook.com/v17.0/me?fields=",
		}, [4]string{base + "/v17.0/dialog/oauth", base + "/v17.0/oauth/access_token", base + "/v17.0/me?fields=", ""}},
		{api.IdentityProviderTypeTypeSignInWithApple, map[string]string{
			"authorize_url": "https://appleid.apple.com/auth/authorize", "token_url": "https://appleid.apple.com/auth/token",
			"oidc_issuer": "https://appleid.apple.com",
		}, [4]string{base + "/auth/authorize", base + "/auth/token", "", base + "/auth/keys"}},
	} {
		s := Of("x", c.kind, c.details, nil)
		s.MoveTo(base + "/")
		if diff := cmp.Diff(c.want, [4]string{s.AuthorizeURL, s.TokenURL, s.AttributesURL, s.KeysURL}); diff != "" {
			t.Errorf("%s: %s", c.kind, diff)
		}
		if s.Issuer != c.details["oidc_issuer"] {
			t.Errorf("%s: issuer %s", c.kind, s.Issuer)
		}
	}
}
