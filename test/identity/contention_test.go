package identity_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/smithy-go"

	"cognate/internal/servertest"
)

// Merging, linking and unlinking at the same time end in one of the orders in which
// they could have come one after another: no login is lost, and none leads to an
// identity that is disabled.
func TestMergesAtTheSameTimeLoseNoLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), nil)
	const users = 8
	for i := range users {
		w.mustVouch(t, fmt.Sprint("u", i), "", nil)
	}
	var all sync.WaitGroup
	for i := range users {
		for _, step := range []int{1, 3} {
			all.Go(func() {
				_, err := w.signed.MergeDeveloperIdentities(t.Context(), &cognitoidentity.MergeDeveloperIdentitiesInput{
					IdentityPoolId: &w.pool, DeveloperProviderName: aws.String(developer),
					SourceUserIdentifier: aws.String(fmt.Sprint("u", i)), DestinationUserIdentifier: aws.String(fmt.Sprint("u", (i+step)%users)),
				})
				if err != nil {
					t.Errorf("merge: %v", err)
				}
			})
		}
		all.Go(func() {
			user := fmt.Sprint("u", i)
			out, err := w.signed.GetOpenIdTokenForDeveloperIdentity(t.Context(), &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{
				IdentityPoolId: &w.pool, Logins: map[string]string{developer: user},
			})
			if err != nil {
				t.Errorf("find: %v", err)
				return
			}
			_, err = w.signed.GetOpenIdTokenForDeveloperIdentity(t.Context(), &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{
				IdentityPoolId: &w.pool, IdentityId: out.IdentityId, Logins: map[string]string{developer: user + "b"},
			})
			var refused smithy.APIError
			if err != nil && !(errors.As(err, &refused) && refused.ErrorCode() == "NotAuthorizedException") { // merged meanwhile
				t.Errorf("link: %v", err)
			}
		})
	}
	all.Wait()
	list, err := w.signed.ListIdentities(t.Context(), &cognitoidentity.ListIdentitiesInput{IdentityPoolId: &w.pool, MaxResults: aws.Int32(60), HideDisabled: true})
	wantOK(t, err)
	enabled := map[string]bool{}
	for _, i := range list.Identities {
		enabled[*i.IdentityId] = true
	}
	for i := range users {
		out, err := w.signed.LookupDeveloperIdentity(t.Context(), &cognitoidentity.LookupDeveloperIdentityInput{IdentityPoolId: &w.pool, DeveloperUserIdentifier: aws.String(fmt.Sprint("u", i))})
		wantOK(t, err)
		if !enabled[*out.IdentityId] {
			t.Errorf("u%d leads to %s, which is not among %v", i, *out.IdentityId, enabled)
		}
	}
	if len(enabled) != 1 { // the merges connect everybody
		t.Errorf("%d identities are left", len(enabled))
	}
}
