package identity_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	"github.com/google/uuid"

	"cognate/internal/api/identity"
	"cognate/internal/servertest"
)

// operate makes or changes entries of the installation, as the commands do, with the
// first administrator's key. It reads the answer into out.
func operate(t *testing.T, s *servertest.Server, method, path string, body, out any) {
	t.Helper()
	text, err := json.Marshal(body)
	wantOK(t, err)
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(string(text)))
	wantOK(t, err)
	r.Header.Set("X-Cognate-Control", "1")
	s.Sign(t, r, string(text))
	answer := s.Do(t, r)
	if answer.Status != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, answer.Status, answer.Body)
	}
	wantOK(t, json.Unmarshal([]byte(answer.Body), out))
}

// withPolicy is a client that signs with a key of a new user who has the policy.
func (w *world) withPolicy(t *testing.T, statements ...string) *cognitoidentity.Client {
	t.Helper()
	var key struct {
		ID     string `json:"accessKeyId"`
		Secret string `json:"secretAccessKey"`
	}
	operate(t, w.Server, http.MethodPost, "/_cognate/v1/access-keys", map[string]any{
		"user": "u-" + uuid.NewString(), "policies": []string{`{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`},
	}, &key)
	return w.IdentityClient(credentials.NewStaticCredentialsProvider(key.ID, key.Secret, ""))
}

func (w *world) arn() string {
	return "arn:aws:cognito-identity:us-east-1:" + account + ":identitypool/" + w.pool
}

// Row 10 of the checklist.
func TestS133RequestsSignedSixMinutesAgo_Row10(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Start(t), nil)
	body := []byte(`{"IdentityPoolId":"` + w.pool + `"}`)
	operation := identity.Operations["DescribeIdentityPool"]
	for minutes, text := range map[time.Duration]string{
		-6: `^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$`,
		6:  `^Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z \(\d{8}T\d{6}Z \+ 5 min\.\)$`,
	} {
		r := w.request(t, operation, body, w.Now().Add(minutes*time.Minute))
		answer := w.Do(t, r)
		if answer.ErrorType() != "InvalidSignatureException" || !regexp.MustCompile(text).MatchString(answer.Message()) {
			t.Errorf("signed for %d minutes from now: %s", minutes, answer.Body)
		}
	}
	for _, minutes := range []time.Duration{-4, 0, 4} {
		if answer := w.Do(t, w.request(t, operation, body, w.Now().Add(minutes*time.Minute))); answer.Status != http.StatusOK {
			t.Errorf("signed for %d minutes from now: %s", minutes, answer.Body)
		}
	}
}

// Roles can only be handed to a pool by whoever may pass them on (recorded.md §2.6).
func TestS136RolesOfAPoolNeedPassRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), nil)
	client := w.withPolicy(t, `{"Effect":"Allow","Action":"cognito-identity:SetIdentityPoolRoles","Resource":"`+w.arn()+`"}`,
		`{"Effect":"Allow","Action":"iam:PassRole","Resource":"`+roleARN("app-*")+`"}`)
	set := func(standard, byRule string) error {
		in := &cognitoidentity.SetIdentityPoolRolesInput{IdentityPoolId: &w.pool, Roles: map[string]string{"authenticated": roleARN(standard)}}
		in.RoleMappings = map[string]types.RoleMapping{w.provider + ":" + w.client: byRules(rule("level", types.MappingRuleMatchTypeEquals, "gold", byRule))}
		_, err := client.SetIdentityPoolRoles(t.Context(), in)
		return err
	}
	wantOK(t, set("app-user", "app-gold"))
	wantErr(t, set("admin", "app-gold"), "NotAuthorizedException", "Access to Role '"+roleARN("admin")+"' is forbidden.")
	wantErr(t, set("app-user", "admin"), "NotAuthorizedException", "Access to Role '"+roleARN("admin")+"' is forbidden.")
}

// An operator of one pool reaches no identity of another one.
func TestS137OperatorsOfOnePoolReachNoIdentityOfAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), nil)
	other := newWorld(t, servertest.Shared(t), nil)
	client := w.withPolicy(t, `{"Effect":"Allow","Action":"cognito-identity:*","Resource":"`+w.arn()+`"}`,
		`{"Effect":"Allow","Action":["cognito-identity:DescribeIdentity","cognito-identity:DeleteIdentities"],"Resource":"*",
			"Condition":{"StringEquals":{"cognito-identity:IdentityPoolArn":"`+w.arn()+`"}}}`)
	mine, theirs := w.mustGetID(t, nil), other.mustVouch(t, "u1", "", nil)
	describe := func(id string) error {
		_, err := client.DescribeIdentity(t.Context(), &cognitoidentity.DescribeIdentityInput{IdentityId: &id})
		return err
	}
	remove := func(ids ...string) error {
		_, err := client.DeleteIdentities(t.Context(), &cognitoidentity.DeleteIdentitiesInput{IdentityIdsToDelete: ids})
		return err
	}
	wantOK(t, describe(mine))
	wantErr(t, describe(theirs), "AccessDeniedException", "")
	wantErr(t, remove(theirs), "AccessDeniedException", "")
	wantOK(t, describe(mine)) // nothing of a request that is refused is done
	wantOK(t, remove(mine, theirs))
	other.describe(t, theirs)
	_, err := w.signed.DescribeIdentity(t.Context(), &cognitoidentity.DescribeIdentityInput{IdentityId: &mine})
	wantErr(t, err, "ResourceNotFoundException", "")

	_, err = client.ListIdentities(t.Context(), &cognitoidentity.ListIdentitiesInput{IdentityPoolId: &w.pool, MaxResults: aws.Int32(1)})
	wantOK(t, err)
	_, err = client.ListIdentities(t.Context(), &cognitoidentity.ListIdentitiesInput{IdentityPoolId: &other.pool, MaxResults: aws.Int32(1)})
	wantErr(t, err, "AccessDeniedException", "")
	// Through their own pool neither.
	_, err = client.LookupDeveloperIdentity(t.Context(), &cognitoidentity.LookupDeveloperIdentityInput{IdentityPoolId: &w.pool, IdentityId: &theirs})
	wantErr(t, err, "ResourceNotFoundException", "Identity '"+theirs+"' not found.")
	_, err = client.UnlinkDeveloperIdentity(t.Context(), &cognitoidentity.UnlinkDeveloperIdentityInput{
		IdentityPoolId: &w.pool, IdentityId: &theirs, DeveloperProviderName: aws.String(developer), DeveloperUserIdentifier: aws.String("u1"),
	})
	wantErr(t, err, "ResourceNotFoundException", "Identity '"+theirs+"' not found.")
	_, err = client.GetOpenIdTokenForDeveloperIdentity(t.Context(), &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{
		IdentityPoolId: &w.pool, IdentityId: &theirs, Logins: map[string]string{developer: "u1"},
	})
	wantErr(t, err, "ResourceNotFoundException", "Identity '"+theirs+"' not found.")
}

// A user pool can also be an OpenID provider of the account. Its users are then called
// by the issuer, and are others than those of the user pool.
func TestUserPoolAsAnOpenIDProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t, startDev(t), nil)
	issuer := w.PublicURL + "/" + w.userPool
	var provider struct {
		ARN string `json:"arn"`
	}
	operate(t, w.Server, http.MethodPut, "/_cognate/v1/account-providers", map[string]any{"url": issuer, "clientIds": []string{w.client}}, &provider)
	pool := w.newPool(t, func(in *cognitoidentity.CreateIdentityPoolInput) {
		in.OpenIdConnectProviderARNs = []string{provider.ARN}
	})
	name := strings.TrimPrefix(issuer, "http://")
	get := func(key, token string) (string, error) {
		out, err := w.public.GetId(t.Context(), &cognitoidentity.GetIdInput{IdentityPoolId: &pool, Logins: map[string]string{key: token}})
		if err != nil {
			return "", err
		}
		return *out.IdentityId, nil
	}
	ana, err := get(name, *w.signIn(t, "ana").IdToken)
	wantOK(t, err)
	if logins := w.describe(t, ana).Logins; len(logins) != 1 || logins[0] != name {
		t.Errorf("logins %v, want %s", logins, name)
	}
	_, err = get(name, *w.signInTo(t, w.other, "ana").IdToken)
	wantErr(t, err, "NotAuthorizedException", unsupported)
	_, err = get(w.provider, *w.signIn(t, "ana").IdToken)
	wantErr(t, err, "NotAuthorizedException", unsupported)
}
