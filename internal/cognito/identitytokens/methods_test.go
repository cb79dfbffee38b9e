package identitytokens

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Subjects are chosen by others: nothing in them names a provider, nor hides one.
func TestAccountProviders(t *testing.T) {
	t.Parallel()
	const oidc, saml = "arn:aws:iam::123456789012:oidc-provider/id.example.com:8443/a", "arn:aws:iam::123456789012:saml-provider/corp"
	for subject := range map[string]bool{
		"ana": true, "": true, ":OIDC:": true, ":SAML:x:OIDC:": true, "x:oidc-provider/other:OIDC:y": true, ":saml-provider/other:SAML:": true,
	} {
		methods := Authenticated(
			UserPoolLogin("cognito-idp.us-east-1.amazonaws.com/us-east-1_a", subject), OIDCLogin(oidc, subject), SAMLLogin(saml, subject),
			SocialLogin("accounts.google.com", "app", subject), DeveloperLogin("login.shop", "us-east-1:1", subject), OIDCLogin(oidc, "second"))
		if diff := cmp.Diff([]string{oidc, saml}, AccountProviders(methods)); diff != "" {
			t.Errorf("subject %q: %s", subject, diff)
		}
	}
	if got := AccountProviders(Guest()); got != nil {
		t.Errorf("a guest: %v", got)
	}
}
