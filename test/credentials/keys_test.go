package credentials_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

// read gets a document that is for everybody.
func read(t *testing.T, s *servertest.Server, path string) (text []byte, header http.Header) {
	t.Helper()
	answer, err := s.HTTP.Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, err = io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(path, answer.Status, err)
	}
	return text, answer.Header
}

// keyIDs are those of the key set of identity pools.
func keyIDs(t *testing.T, s *servertest.Server) (ids []string) {
	t.Helper()
	text, _ := read(t, s, "/cognito-identity/.well-known/jwks_uri")
	var set struct{ Keys []struct{ Kid string } }
	if err := json.Unmarshal(text, &set); err != nil {
		t.Fatal(err)
	}
	for _, k := range set.Keys {
		ids = append(ids, k.Kid)
	}
	return ids
}

// The operator replaces the key of identity pools as those of user pools: quietly, or
// at once with everything that the old one has signed.
func TestS035KeysOfIdentityPoolsAreReplaced(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	a := newApp(t, s, allow("*", "*"), nil)
	guest := a.identity(t, nil)
	token := func() *string {
		t.Helper()
		got, err := a.open.GetOpenIdToken(t.Context(), &cognitoidentity.GetOpenIdTokenInput{IdentityId: &guest})
		if err != nil {
			t.Fatal(err)
		}
		return got.Token
	}
	use := func(token *string) error {
		_, err := s.STSClient(aws.AnonymousCredentials{}).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: &a.guestRole, RoleSessionName: aws.String("test"), WebIdentityToken: token,
		})
		return err
	}
	rotate := func(compromised string) {
		operate(t, s, http.MethodPost, "/_cognate/v1/keys", `{"pool":"cognito-identity.amazonaws.com","compromised":`+compromised+`}`)
	}
	old := token()
	first := keyIDs(t, s)
	rotate("false")
	both := keyIDs(t, s)
	if len(first) != 1 || len(both) != 2 || both[0] != first[0] {
		t.Fatalf("keys %v, then %v", first, both)
	}
	wantOK(t, use(old))
	publicKey(t, s, s.URL+"/cognito-identity/.well-known/jwks_uri", *token())

	rotate("true")
	if left := keyIDs(t, s); len(left) != 1 || left[0] == both[0] || left[0] == both[1] {
		t.Errorf("keys %v after a theft, before %v", left, both)
	}
	wantCode(t, use(old), "InvalidIdentityToken", "")
	wantOK(t, use(token()))
}

// The issuer may be the service's own name, or a path of this server; trust policies
// and documents stay where they are (identity-pools.md §C1).
func TestTheIdentityIssuerIsASetting(t *testing.T) {
	t.Parallel()
	for _, issuer := range []string{"https://cognito-identity.amazonaws.com", "https://id.example.com/pools"} {
		s := servertest.Start(t, func(c *server.Config) { c.IdentityIssuerURL = issuer })
		a := newApp(t, s, allow("*", "cognito-idp:DescribeUserPool"), nil)
		paths := []string{"/cognito-identity"}
		if issuer == "https://id.example.com/pools" {
			paths = append(paths, "/pools")
		}
		for _, path := range paths {
			text, _ := read(t, s, path+"/.well-known/openid-configuration")
			var got map[string]any
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			want := map[string]any{
				"issuer": issuer, "authorization_endpoint": issuer, "jwks_uri": s.PublicURL + "/cognito-identity/.well-known/jwks_uri",
				"id_token_signing_alg_values_supported": []any{"RS512"}, "response_types_supported": []any{"id_token"}, "subject_types_supported": []any{"public"},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if _, header := read(t, s, path+"/.well-known/jwks_uri"); header.Get("Cache-Control") != "max-age=2592000" {
				t.Errorf("%s: %v", path, header)
			}
		}
		guest := a.identity(t, nil)
		got, err := a.open.GetOpenIdToken(t.Context(), &cognitoidentity.GetOpenIdTokenInput{IdentityId: &guest})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := s.STSClient(aws.AnonymousCredentials{}).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: &a.guestRole, RoleSessionName: aws.String("test"), WebIdentityToken: got.Token,
		})
		if err != nil {
			t.Fatal(err)
		}
		if *answer.SubjectFromWebIdentityToken != guest || *answer.Audience != a.identityPool || *answer.Provider != "cognito-identity.amazonaws.com" {
			t.Errorf("answered %s, %s, %s", *answer.SubjectFromWebIdentityToken, *answer.Audience, *answer.Provider)
		}
		if left := answer.Credentials.Expiration.Sub(s.Now()); left < 59*time.Minute {
			t.Errorf("credentials for %v", left)
		}
	}
}

// An issuer that could not be served is refused at the start.
func TestIdentityIssuersThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, issuer := range []string{"cognito", "ftp://id.example.com", "https://id.example.com/", "https://id.example.com/a/", "https://id.example.com/{a}", "https://id.example.com/a/../b", "https://id.example.com/a?b"} {
		_, err := server.New(t.Context(), server.Config{Mode: server.Dev, Memory: true, IdentityIssuerURL: issuer})
		if err == nil {
			t.Errorf("%s is accepted", issuer)
		}
	}
}
