package browser_test

import (
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognate/internal/servertest"
)

// Both generations of the pages sign a browser in, remember it and sign it out,
// at the domain's own host and by path on the installation's.
func TestSignInOnEveryKindOfPage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		version int32
		byPath  bool
		submit  string
	}{
		"managed":         {2, false, "button[value=submit]"},
		"managed by path": {2, true, "button[value=submit]"},
		"classic":         {1, false, "[name=signInSubmitButton]"},
		"classic by path": {1, true, "[name=signInSubmitButton]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tab := newWindow(t)
			s := servertest.Shared(t)
			a := openShop(t, "", nil, nil)
			prefix, _, _ := strings.Cut(strings.TrimPrefix(a.domain, "https://"), ".")
			_, err := s.SDK.UpdateUserPoolDomain(t.Context(), &cip.UpdateUserPoolDomainInput{
				UserPoolId: &a.pool, Domain: &prefix, ManagedLoginVersion: &test.version,
			})
			if err != nil {
				t.Fatal(err)
			}
			if test.byPath {
				a.domain = s.HTTPS() + "/_domains/" + prefix
			}
			s.CreateUser(t, a.pool, username, password, "email", "ana@example.com")
			keepTo(tab, t, a.domain, a.home)

			open(tab, t, a.authorize())
			fill(tab, t, "username", username, "password", password)
			picture(tab, t, "sign-in-"+strings.ReplaceAll(name, " ", "-"))
			id, _ := a.exchange(t, click(tab, t, test.submit))
			if id["email"] != "ana@example.com" {
				t.Errorf("claims %v", id)
			}
			again, _ := a.exchange(t, open(tab, t, a.authorize()))
			if again["auth_time"] != id["auth_time"] || again["origin_jti"] == id["origin_jti"] {
				t.Errorf("without asking: %v after %v", again, id)
			}
			if at := open(tab, t, a.logout()); at != a.home {
				t.Errorf("signed out to %s", at)
			}
			if at := open(tab, t, a.authorize()); !strings.HasPrefix(at, a.domain+"/login?") {
				t.Errorf("after the sign-out: %s", at)
			}
		})
	}
}
