package identity_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/servertest"
)

const noMatch = "Logins don't match. Please include at least one valid login for this identity or identity pool."

func classic(in *cognitoidentity.CreateIdentityPoolInput) { in.AllowClassicFlow = aws.Bool(true) }

// Row 1 of the checklist, with the basic flow.
func TestAGuestBecomesAUserUnderTheSameID_Row1(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), classic)
	guest, second := w.mustGetID(t, nil), w.mustGetID(t, nil)
	if guest == second {
		t.Errorf("two guests are %s", guest)
	}
	_, err := w.openID(t, guest, nil)
	wantOK(t, err)
	out, err := w.openID(t, guest, w.login(t, "ana"))
	wantOK(t, err)
	if *out.IdentityId != guest {
		t.Errorf("signed in as %s, want %s", *out.IdentityId, guest)
	}
	_, err = w.openID(t, guest, nil)
	wantErr(t, err, "NotAuthorizedException", "Access to Identity '"+guest+"' is forbidden.")
	if id := w.mustGetID(t, w.login(t, "ana")); id != guest {
		t.Errorf("ana is %s, want %s", id, guest)
	}
	if diff := cmp.Diff([]string{w.provider}, w.describe(t, guest).Logins); diff != "" {
		t.Error(diff)
	}
}

func TestS120GuestsNeedThePoolsConsent(t *testing.T) {
	t.Parallel()
	const refusal = "Unauthenticated access is not supported for this identity pool."
	w := newWorld(t, servertest.Shared(t), classic)
	guest := w.mustGetID(t, nil)
	closed := newWorld(t, servertest.Shared(t), func(in *cognitoidentity.CreateIdentityPoolInput) { in.AllowUnauthenticatedIdentities = false })
	_, err := closed.getID(t, nil)
	wantErr(t, err, "NotAuthorizedException", refusal)

	// Guests of a time when they were allowed get nothing any more.
	_, err = w.signed.UpdateIdentityPool(t.Context(), &cognitoidentity.UpdateIdentityPoolInput{
		IdentityPoolId: &w.pool, IdentityPoolName: aws.String("closed"), AllowClassicFlow: aws.Bool(true),
	})
	wantOK(t, err)
	_, err = w.openID(t, guest, nil)
	wantErr(t, err, "NotAuthorizedException", refusal)
	_, err = w.public.GetCredentialsForIdentity(t.Context(), &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: &guest})
	wantErr(t, err, "NotAuthorizedException", refusal)
}

func TestAUserHasOneIdentityInAPoolByEitherNameOfTheUserPool(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), nil)
	ana := w.mustGetID(t, w.login(t, "ana"))
	if again := w.mustGetID(t, w.login(t, "ana")); again != ana {
		t.Errorf("ana is %s, then %s", ana, again)
	}
	if ben := w.mustGetID(t, w.login(t, "ben")); ben == ana {
		t.Errorf("ben is ana, %s", ben)
	}
	issuer := w.PublicURL[len("http://"):] + "/" + w.userPool // as tokens have it, without the scheme
	token := *w.signIn(t, "ana").IdToken
	if other := w.mustGetID(t, map[string]string{issuer: token}); other != ana {
		t.Errorf("by the issuer's name ana is %s, want %s", other, ana)
	}
	if both := w.mustGetID(t, map[string]string{issuer: token, w.provider: token}); both != ana {
		t.Errorf("by both names ana is %s, want %s", both, ana)
	}
	_, err := w.getID(t, map[string]string{issuer: token, w.provider: *w.signIn(t, "ben").IdToken})
	wantErr(t, err, "ResourceConflictException", "An identity can have only one login of "+w.provider+".")
}

func TestSecondLoginIsLinkedToTheIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), nil)
	second := w.secondUserPool(t)
	ana := w.mustGetID(t, w.login(t, "ana"))
	if id := w.mustGetID(t, merge(w.login(t, "ana"), second.login(t, "ana"))); id != ana {
		t.Errorf("with both logins ana is %s, want %s", id, ana)
	}
	if id := w.mustGetID(t, second.login(t, "ana")); id != ana {
		t.Errorf("with the second login ana is %s, want %s", id, ana)
	}
	logins := w.describe(t, ana).Logins
	slices.Sort(logins)
	want := []string{w.provider, second.provider}
	slices.Sort(want)
	if diff := cmp.Diff(want, logins); diff != "" {
		t.Error(diff)
	}
}

func TestTwoIdentitiesWhoseLoginsComeTogetherAreMerged(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	w := newWorld(t, s, classic)
	second := w.secondUserPool(t)
	older := w.mustGetID(t, w.login(t, "ana"))
	s.Advance(time.Second)
	younger := w.mustGetID(t, second.login(t, "ana"))
	s.Advance(time.Second)
	both := merge(w.login(t, "ana"), second.login(t, "ana"))
	out, err := w.openID(t, younger, both)
	wantOK(t, err)
	if *out.IdentityId != older {
		t.Errorf("merged into %s, want the older, %s", *out.IdentityId, older)
	}
	_, err = w.openID(t, younger, nil)
	wantErr(t, err, "NotAuthorizedException", "Access to Identity '"+younger+"' is forbidden.")
	for hide, want := range map[bool][]string{false: {older, younger}, true: {older}} {
		list, err := w.signed.ListIdentities(t.Context(), &cognitoidentity.ListIdentitiesInput{IdentityPoolId: &w.pool, MaxResults: aws.Int32(60), HideDisabled: hide})
		wantOK(t, err)
		var ids []string
		for _, i := range list.Identities {
			ids = append(ids, *i.IdentityId)
		}
		slices.Sort(ids)
		slices.Sort(want)
		if diff := cmp.Diff(want, ids); diff != "" {
			t.Errorf("hidden %v: %s", hide, diff)
		}
	}
	// Whoever still has the id of the one that is disabled comes to the other.
	out, err = w.openID(t, younger, second.login(t, "ana"))
	wantOK(t, err)
	if *out.IdentityId != older {
		t.Errorf("the disabled identity leads to %s, want %s", *out.IdentityId, older)
	}
	_, err = w.openID(t, younger, w.login(t, "ben"))
	wantErr(t, err, "NotAuthorizedException", noMatch)
}

func TestS123IdentitiesWithTwoUsersOfOneProviderAreNotMerged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), classic)
	second := w.secondUserPool(t)
	ana := w.mustGetID(t, merge(w.login(t, "ana"), second.login(t, "ana")))
	w.mustGetID(t, w.login(t, "ben"))
	_, err := w.getID(t, merge(w.login(t, "ben"), second.login(t, "ana")))
	wantErr(t, err, "ResourceConflictException", "An identity can have only one login of "+w.provider+".")
	_, err = w.openID(t, ana, merge(w.login(t, "ben"), second.login(t, "ana")))
	wantErr(t, err, "ResourceConflictException", "An identity can have only one login of "+w.provider+".")
}

func TestS123AnIdentityOfSomebodyElseIsNotHadByItsID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), classic)
	second := w.secondUserPool(t)
	ana := w.mustGetID(t, w.login(t, "ana"))
	for name, logins := range map[string]map[string]string{
		"a known login":    w.login(t, "ben"),
		"an unknown login": second.login(t, "ana"),
	} {
		_, err := w.openID(t, ana, logins)
		wantErr(t, err, "NotAuthorizedException", noMatch)
		_, err = w.public.GetCredentialsForIdentity(t.Context(), &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: &ana, Logins: logins})
		wantErr(t, err, "NotAuthorizedException", noMatch)
		_, err = w.public.UnlinkIdentity(t.Context(), &cognitoidentity.UnlinkIdentityInput{IdentityId: &ana, Logins: logins, LoginsToRemove: []string{w.provider}})
		wantErr(t, err, "NotAuthorizedException", noMatch)
		if diff := cmp.Diff([]string{w.provider}, w.describe(t, ana).Logins); diff != "" {
			t.Errorf("after %s: %s", name, diff)
		}
	}
}

func TestS137LoginsOfOneIdentityPoolMeanNothingInAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), classic)
	other := newWorld(t, servertest.Shared(t), classic)
	ana := w.mustGetID(t, w.login(t, "ana"))
	_, err := other.getID(t, w.login(t, "ana"))
	wantErr(t, err, "NotAuthorizedException", "Token is not from a supported provider of this identity pool.")
	_, err = w.openID(t, ana, other.login(t, "ana"))
	wantErr(t, err, "NotAuthorizedException", "Token is not from a supported provider of this identity pool.")
	_, err = w.signed.LookupDeveloperIdentity(t.Context(), &cognitoidentity.LookupDeveloperIdentityInput{IdentityPoolId: &other.pool, IdentityId: &ana})
	wantErr(t, err, "ResourceNotFoundException", "Identity '"+ana+"' not found.")
	_, err = w.signed.GetOpenIdTokenForDeveloperIdentity(t.Context(), &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{
		IdentityPoolId: &other.pool, IdentityId: &ana, Logins: map[string]string{developer: "u"},
	})
	wantErr(t, err, "ResourceNotFoundException", "Identity '"+ana+"' not found.")
}

func TestUnlinkedLoginIsSomebodyNewAndTheLastOneClosesTheIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), classic)
	second := w.secondUserPool(t)
	ana := w.mustGetID(t, merge(w.login(t, "ana"), second.login(t, "ana")))
	unlink := func(logins map[string]string, names ...string) error {
		_, err := w.public.UnlinkIdentity(t.Context(), &cognitoidentity.UnlinkIdentityInput{IdentityId: &ana, Logins: logins, LoginsToRemove: names})
		return err
	}
	wantErr(t, unlink(map[string]string{}, w.provider), "NotAuthorizedException", noMatch)
	wantErr(t, unlink(w.login(t, "ana"), "accounts.google.com"), "ResourceNotFoundException", "The identity has no login of 'accounts.google.com'.")
	wantErr(t, unlink(w.login(t, "ana"), developer), "ValidationException", "Please provide a valid public provider.")
	wantOK(t, unlink(w.login(t, "ana"), second.provider))
	if id := w.mustGetID(t, second.login(t, "ana")); id == ana {
		t.Error("the unlinked login still leads to the identity")
	}
	wantOK(t, unlink(w.login(t, "ana"), w.provider))
	for _, logins := range []map[string]string{nil, w.login(t, "ana")} {
		_, err := w.openID(t, ana, logins)
		wantErr(t, err, "NotAuthorizedException", "")
	}
	if id := w.mustGetID(t, w.login(t, "ana")); id == ana {
		t.Error("the closed identity was opened")
	}
}

func TestIdentitiesAreListedByPagesAndDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), nil)
	var want []string
	for range 5 {
		want = append(want, w.mustGetID(t, nil))
	}
	ana := w.mustGetID(t, w.login(t, "ana"))
	want = append(want, ana)
	list := func() (ids []string) {
		in := &cognitoidentity.ListIdentitiesInput{IdentityPoolId: &w.pool, MaxResults: aws.Int32(4)}
		for {
			page, err := w.signed.ListIdentities(t.Context(), in)
			wantOK(t, err)
			if len(page.Identities) > 4 || *page.IdentityPoolId != w.pool {
				t.Errorf("page of %d of pool %s", len(page.Identities), *page.IdentityPoolId)
			}
			for _, i := range page.Identities {
				ids = append(ids, *i.IdentityId)
			}
			if in.NextToken = page.NextToken; in.NextToken == nil {
				return ids
			}
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, list()); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	out, err := w.signed.DeleteIdentities(t.Context(), &cognitoidentity.DeleteIdentitiesInput{IdentityIdsToDelete: append(want[:0:0], ana, anyShape)})
	wantOK(t, err)
	if len(out.UnprocessedIdentityIds) != 0 {
		t.Errorf("not processed: %v", out.UnprocessedIdentityIds)
	}
	if diff := cmp.Diff(slices.DeleteFunc(want, func(id string) bool { return id == ana }), list()); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	_, err = w.signed.DescribeIdentity(t.Context(), &cognitoidentity.DescribeIdentityInput{IdentityId: &ana})
	wantErr(t, err, "ResourceNotFoundException", "Identity '"+ana+"' not found.")
	if id := w.mustGetID(t, w.login(t, "ana")); id == ana {
		t.Error("a deleted identity came back")
	}
}

// Many sign-ins of one user at the same time make one identity.
func TestOneOfManyFirstCallsMakesTheIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), nil)
	login := w.login(t, "ana")
	answers := make(chan string)
	const callers = 20
	for range callers {
		go func() {
			out, err := w.public.GetId(t.Context(), &cognitoidentity.GetIdInput{IdentityPoolId: &w.pool, Logins: login})
			if err != nil {
				answers <- fmt.Sprint(err)
				return
			}
			answers <- *out.IdentityId
		}()
	}
	found := map[string]int{}
	for range callers {
		found[<-answers]++
	}
	if len(found) != 1 {
		t.Errorf("answers: %v", found)
	}
}
