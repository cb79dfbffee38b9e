package oidc

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
)

// Google's People API is asked for what the ID token does not have, and for nothing
// else.
func TestGoogleIsAskedForMappedFieldsOnly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mapping map[string]string
		want    []string
	}{
		"what the ID token has": {map[string]string{"email": "email", "name": "name", "username": "sub"}, nil},
		"more than that":        {map[string]string{"email": "email", "phone_number": "phoneNumbers", "birthdate": "birthdays"}, []string{"birthdays", "phoneNumbers"}},
	} {
		s := Of("Google", api.IdentityProviderTypeTypeGoogle, nil, c.mapping)
		if diff := cmp.Diff(c.want, s.fields()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	facebook := Of("Facebook", api.IdentityProviderTypeTypeFacebook, nil, map[string]string{"email": "email"})
	if diff := cmp.Diff([]string{"email", "id"}, facebook.fields()); diff != "" {
		t.Error(diff)
	}
}

func TestAPersonOfGoogleBecomesAttributes(t *testing.T) {
	t.Parallel()
	said, err := object([]byte(`{"resourceName":"people/1","etag":"x",
		"names":[{"displayName":"Ana Ng","metadata":{"primary":true}},{"displayName":"Annie"}],
		"phoneNumbers":[{"value":"+15550100"}],"birthdays":[{"date":{"year":1990,"month":2,"day":3}}],"genders":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"names": "Ana Ng", "phoneNumbers": "+15550100", "birthdays": "1990-02-03"}
	if diff := cmp.Diff(want, people(said)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
