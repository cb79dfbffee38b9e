package identity_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/servertest"
)

// vouch asks for a token as the developer's server does.
func (w *world) vouch(t *testing.T, user, id string, more map[string]string) (*cognitoidentity.GetOpenIdTokenForDeveloperIdentityOutput, error) {
	t.Helper()
	in := &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{
		IdentityPoolId: &w.pool, Logins: merge(map[string]string{developer: user}, more),
	}
	if id != "" {
		in.IdentityId = &id
	}
	return w.signed.GetOpenIdTokenForDeveloperIdentity(t.Context(), in)
}

func (w *world) mustVouch(t *testing.T, user, id string, more map[string]string) string {
	t.Helper()
	out, err := w.vouch(t, user, id, more)
	wantOK(t, err)
	return *out.IdentityId
}

// said reads a token without checking it.
func said(t *testing.T, token string) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	for i, into := range []*map[string]any{&header, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		wantOK(t, err)
		wantOK(t, json.Unmarshal(raw, into))
	}
	return header, claims
}

// Row 8 of the checklist, and the claims of C2.
func TestTokensOfIdentityPools_Row8(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), classic)
	guest := w.mustGetID(t, nil)
	ofGuest, err := w.openID(t, guest, nil)
	wantOK(t, err)
	tokens := w.signIn(t, "ana")
	_, user := said(t, *tokens.IdToken)
	ana, err := w.openID(t, guest, map[string]string{w.provider: *tokens.IdToken})
	wantOK(t, err)
	vouched, err := w.vouch(t, "u:1", "", nil)
	wantOK(t, err)
	long, err := w.signed.GetOpenIdTokenForDeveloperIdentity(t.Context(), &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{
		IdentityPoolId: &w.pool, Logins: map[string]string{developer: "u:1"}, TokenDuration: aws.Int64(86400),
		PrincipalTags: map[string]string{"team": "shop"},
	})
	wantOK(t, err)
	userPool := []any{"authenticated", w.provider, w.provider + ":CognitoSignIn:" + user["sub"].(string)}
	byDeveloper := []any{"authenticated", developer, developer + ":" + w.pool + ":u:1"}
	tests := []struct {
		name, token, identity string
		methods               []any
		lifetime              float64
		tags                  any
	}{
		{"guest", *ofGuest.Token, guest, []any{"unauthenticated"}, 600, nil},
		{"user", *ana.Token, guest, userPool, 600, nil},
		{"developer's user", *vouched.Token, *vouched.IdentityId, byDeveloper, 900, nil},
		{"for a day, with tags", *long.Token, *vouched.IdentityId, byDeveloper, 86400, map[string]any{"principal_tags": map[string]any{"team": []any{"shop"}}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			header, claims := said(t, test.token)
			if header["alg"] != "RS512" {
				t.Errorf("signed by %v", header["alg"])
			}
			got := []any{
				claims["aud"], claims["sub"], claims["amr"], claims["exp"].(float64) - claims["iat"].(float64),
				claims["https://aws.amazon.com/tags"], claims["https://cognito-identity.amazonaws.com/identity-pool-arn"],
			}
			want := []any{w.pool, test.identity, test.methods, test.lifetime, test.tags, "arn:aws:cognito-identity:us-east-1:" + account + ":identitypool/" + w.pool}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBasicFlowNeedsThePoolsConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), nil)
	_, err := w.openID(t, w.mustGetID(t, nil), nil)
	wantErr(t, err, "InvalidParameterException", "Basic (classic) flow is not enabled, please use enhanced flow.")
	_, err = w.openID(t, anyShape, nil)
	wantErr(t, err, "ResourceNotFoundException", "Identity '"+anyShape+"' not found.")
}

func TestDeveloperIdentityIsFoundMadeAndLinked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), classic)
	first := w.mustVouch(t, "u1", "", nil)
	if again := w.mustVouch(t, "u1", "", nil); again != first {
		t.Errorf("u1 is %s, then %s", first, again)
	}
	if linked := w.mustVouch(t, "u2", first, nil); linked != first {
		t.Errorf("u2 was linked to %s, want %s", linked, first)
	}
	guest := w.mustGetID(t, nil)
	if linked := w.mustVouch(t, "u3", guest, w.login(t, "ana")); linked != guest {
		t.Errorf("u3 was linked to %s, want %s", linked, guest)
	}
	if ana := w.mustGetID(t, w.login(t, "ana")); ana != guest {
		t.Errorf("ana is %s, want %s", ana, guest)
	}
	if diff := cmp.Diff([]string{developer}, w.describe(t, first).Logins); diff != "" {
		t.Errorf("logins of an identity with two users of the developer: %s", diff)
	}
	_, err := w.openID(t, guest, map[string]string{developer: "u3"})
	wantErr(t, err, "ValidationException", "Please provide a valid public provider.")
}

func TestS123DeveloperLoginsDoNotTakeIdentitiesOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), nil)
	one, two := w.mustVouch(t, "u1", "", nil), w.mustVouch(t, "u2", "", nil)
	ana := w.mustGetID(t, w.login(t, "ana"))
	tests := []struct {
		name, user, id string
		more           map[string]string
		code           string
	}{
		{"user of another identity", "u1", two, nil, "DeveloperUserAlreadyRegisteredException"},
		{"user and login of two identities", "u1", "", w.login(t, "ana"), "ResourceConflictException"},
		{"login of another identity", "u1", one, w.login(t, "ana"), "ResourceConflictException"},
		{"second user of a public provider", "u9", ana, w.login(t, "ben"), "ResourceConflictException"},
		{"unknown identity", "u1", anyShape, nil, "ResourceNotFoundException"},
		{"bad token besides", "u9", "", map[string]string{w.provider: "x"}, "NotAuthorizedException"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := w.vouch(t, test.user, test.id, test.more)
			wantErr(t, err, test.code, "")
		})
	}
	for _, logins := range []map[string]string{{}, {"other.example": "u1"}, w.login(t, "ana")} {
		_, err := w.signed.GetOpenIdTokenForDeveloperIdentity(t.Context(), &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{IdentityPoolId: &w.pool, Logins: logins})
		wantErr(t, err, "InvalidParameterException", "Please provide a login of the developer provider of the identity pool.")
	}
	_, err := w.public.GetOpenIdTokenForDeveloperIdentity(t.Context(), &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{
		IdentityPoolId: &w.pool, Logins: map[string]string{developer: "u1"},
	})
	wantErr(t, err, "MissingAuthenticationTokenException", "")
}

func TestLookupDeveloperIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), nil)
	id := w.mustVouch(t, "a", "", nil)
	for _, user := range []string{"c", "b", "d", "e"} {
		w.mustVouch(t, user, id, nil)
	}
	other := w.mustVouch(t, "z", "", nil)
	lookup := func(in cognitoidentity.LookupDeveloperIdentityInput) (*cognitoidentity.LookupDeveloperIdentityOutput, error) {
		in.IdentityPoolId = &w.pool
		return w.signed.LookupDeveloperIdentity(t.Context(), &in)
	}
	out, err := lookup(cognitoidentity.LookupDeveloperIdentityInput{DeveloperUserIdentifier: aws.String("c")})
	wantOK(t, err)
	if *out.IdentityId != id || !slices.Equal(out.DeveloperUserIdentifierList, []string{"c"}) {
		t.Errorf("found %s, %v", *out.IdentityId, out.DeveloperUserIdentifierList)
	}
	var users []string
	in := cognitoidentity.LookupDeveloperIdentityInput{IdentityId: &id, MaxResults: aws.Int32(2)}
	for {
		page, err := lookup(in)
		wantOK(t, err)
		users = append(users, page.DeveloperUserIdentifierList...)
		if in.NextToken = page.NextToken; in.NextToken == nil {
			break
		}
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "d", "e"}, users); diff != "" {
		t.Error(diff)
	}
	_, err = lookup(cognitoidentity.LookupDeveloperIdentityInput{IdentityId: &id, DeveloperUserIdentifier: aws.String("c")})
	wantOK(t, err)
	_, err = lookup(cognitoidentity.LookupDeveloperIdentityInput{IdentityId: &other, DeveloperUserIdentifier: aws.String("c")})
	wantErr(t, err, "ResourceConflictException", "")
	_, err = lookup(cognitoidentity.LookupDeveloperIdentityInput{})
	wantErr(t, err, "InvalidParameterException", "")
	_, err = lookup(cognitoidentity.LookupDeveloperIdentityInput{DeveloperUserIdentifier: aws.String("nobody")})
	wantErr(t, err, "ResourceNotFoundException", "Developer user identifier 'nobody' not found.")
	_, err = lookup(cognitoidentity.LookupDeveloperIdentityInput{IdentityId: &id, NextToken: aws.String("x")})
	wantErr(t, err, "InvalidParameterException", "")
}

func (w *world) mergeUsers(t *testing.T, source, destination string) (string, error) {
	t.Helper()
	out, err := w.signed.MergeDeveloperIdentities(t.Context(), &cognitoidentity.MergeDeveloperIdentitiesInput{
		IdentityPoolId: &w.pool, DeveloperProviderName: aws.String(developer), SourceUserIdentifier: &source, DestinationUserIdentifier: &destination,
	})
	if err != nil {
		return "", err
	}
	return *out.IdentityId, nil
}

func TestMergeDeveloperIdentities(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), nil)
	second := w.secondUserPool(t)
	source := w.mustVouch(t, "src", "", w.login(t, "ana"))
	destination := w.mustVouch(t, "dst", "", second.login(t, "ana"))
	conflicting := w.mustVouch(t, "bad", "", w.login(t, "ben"))
	kept, err := w.mergeUsers(t, "src", "dst")
	wantOK(t, err)
	if kept != destination {
		t.Errorf("merged into %s, want %s", kept, destination)
	}
	for name, id := range map[string]string{
		"the source user": w.mustVouch(t, "src", "", nil), "the source's login": w.mustGetID(t, w.login(t, "ana")),
		"the destination user": w.mustVouch(t, "dst", "", nil), "merging again": must(w.mergeUsers(t, "src", "dst"))(t),
	} {
		if id != destination {
			t.Errorf("%s leads to %s, want %s", name, id, destination)
		}
	}
	_, err = w.vouch(t, "new", source, nil)
	wantErr(t, err, "NotAuthorizedException", "Access to Identity '"+source+"' is forbidden.")
	_, err = w.mergeUsers(t, "bad", "dst")
	wantErr(t, err, "ResourceConflictException", "An identity can have only one login of "+w.provider+".")
	if id := w.mustVouch(t, "bad", "", nil); id != conflicting {
		t.Errorf("the user who could not be merged is %s, want %s", id, conflicting)
	}
	_, err = w.mergeUsers(t, "nobody", "dst")
	wantErr(t, err, "ResourceNotFoundException", "Developer user identifier 'nobody' not found.")
	_, err = w.signed.MergeDeveloperIdentities(t.Context(), &cognitoidentity.MergeDeveloperIdentitiesInput{
		IdentityPoolId: &w.pool, DeveloperProviderName: aws.String("other.example"), SourceUserIdentifier: aws.String("src"), DestinationUserIdentifier: aws.String("dst"),
	})
	wantErr(t, err, "InvalidParameterException", "other.example is not the developer provider of the identity pool.")
}

func must(id string, err error) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		wantOK(t, err)
		return id
	}
}

func TestAnIdentityHasAtMost20Logins(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), nil)
	second := w.secondUserPool(t)
	full := w.mustVouch(t, "u0", "", w.login(t, "ana"))
	for i := 1; i < 19; i++ {
		w.mustVouch(t, fmt.Sprint("u", i), full, nil)
	}
	w.mustVouch(t, "other", "", nil)
	_, err := w.vouch(t, "u20", full, nil)
	wantErr(t, err, "ResourceConflictException", "An identity can have at most 20 logins.")
	_, err = w.mergeUsers(t, "other", "u0")
	wantErr(t, err, "ResourceConflictException", "An identity can have at most 20 logins.")
	_, err = w.getID(t, merge(w.login(t, "ana"), second.login(t, "ana")))
	wantErr(t, err, "LimitExceededException", "An identity can have at most 20 logins.")
}

func TestUnlinkDeveloperIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), nil)
	id, other := w.mustVouch(t, "u1", "", nil), w.mustVouch(t, "u9", "", nil)
	w.mustVouch(t, "u2", id, nil)
	unlink := func(id, user string) error {
		_, err := w.signed.UnlinkDeveloperIdentity(t.Context(), &cognitoidentity.UnlinkDeveloperIdentityInput{
			IdentityPoolId: &w.pool, IdentityId: &id, DeveloperProviderName: aws.String(developer), DeveloperUserIdentifier: &user,
		})
		return err
	}
	wantErr(t, unlink(id, "u9"), "ResourceConflictException", "")
	wantErr(t, unlink(id, "nobody"), "ResourceNotFoundException", "Developer user identifier 'nobody' not found.")
	wantErr(t, unlink(anyShape, "u1"), "ResourceNotFoundException", "Identity '"+anyShape+"' not found.")
	wantOK(t, unlink(id, "u1"))
	if now := w.mustVouch(t, "u1", "", nil); now == id {
		t.Error("the unlinked user still leads to the identity")
	}
	if now := w.mustVouch(t, "u2", "", nil); now != id {
		t.Error("the other user does not lead to the identity")
	}
	wantOK(t, unlink(id, "u2"))
	_, err := w.vouch(t, "u3", id, nil)
	wantErr(t, err, "NotAuthorizedException", "Access to Identity '"+id+"' is forbidden.")
	if w.mustVouch(t, "u9", "", nil) != other {
		t.Error("another identity changed")
	}
}
