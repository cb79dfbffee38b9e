package credentials_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"

	"cognate/internal/servertest"
)

// A token shows who somebody was when it was made. Used again later, it does not bring
// back what has been taken apart since.
func TestS123ReplayedTokensBringNothingBack(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := newApp(t, s, allow("*", "*"), func(in *cognitoidentity.CreateIdentityPoolInput) {
		in.DeveloperProviderName = aws.String("login.example.com")
	})
	issue := func(user string) *cognitoidentity.GetOpenIdTokenForDeveloperIdentityOutput {
		t.Helper()
		made, err := s.Identity.GetOpenIdTokenForDeveloperIdentity(t.Context(), &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{
			IdentityPoolId: &a.identityPool, Logins: map[string]string{"login.example.com": user},
		})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	use := func(identity *string, logins map[string]string) error {
		_, err := a.open.GetCredentialsForIdentity(t.Context(), &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: identity, Logins: logins})
		return err
	}
	own := func(token *string) map[string]string {
		return map[string]string{"cognito-identity.amazonaws.com": *token}
	}

	// Merged into another identity: the old one is gone for good.
	source, destination := issue("old"), issue("new")
	_, err := s.Identity.MergeDeveloperIdentities(t.Context(), &cognitoidentity.MergeDeveloperIdentitiesInput{
		IdentityPoolId: &a.identityPool, DeveloperProviderName: aws.String("login.example.com"),
		SourceUserIdentifier: aws.String("old"), DestinationUserIdentifier: aws.String("new"),
	})
	wantOK(t, err)
	wantCode(t, use(source.IdentityId, own(source.Token)), "NotAuthorizedException", "")
	wantCode(t, use(destination.IdentityId, own(source.Token)), "NotAuthorizedException", "")
	wantOK(t, use(destination.IdentityId, own(destination.Token)))

	// Deleted.
	gone := issue("gone")
	_, err = s.Identity.DeleteIdentities(t.Context(), &cognitoidentity.DeleteIdentitiesInput{IdentityIdsToDelete: []string{*gone.IdentityId}})
	wantOK(t, err)
	wantCode(t, use(gone.IdentityId, own(gone.Token)), "ResourceNotFoundException", "")

	// Unlinked by its user, who is somebody new from then on.
	logins := a.logins(a.signIn(t).IdToken)
	before := a.identity(t, logins)
	_, err = a.open.UnlinkIdentity(t.Context(), &cognitoidentity.UnlinkIdentityInput{IdentityId: &before, Logins: logins, LoginsToRemove: []string{a.provider}})
	wantOK(t, err)
	wantCode(t, use(&before, logins), "NotAuthorizedException", "")
	after := a.identity(t, logins)
	if after == before {
		t.Error("an unlinked login leads to its old identity")
	}
	got, err := a.open.GetCredentialsForIdentity(t.Context(), &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: &before, Logins: logins})
	if err != nil || *got.IdentityId != after {
		t.Errorf("the old identity with its former login: %v, %v", got, err)
	}
}
