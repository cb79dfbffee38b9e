package access

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

// S190: to those who have no key there is nothing at the addresses of operators.
func TestS190EntriesAreNotThereForStrangers(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for _, by := range []key{{}, {id: "AKIAAAAAAAAAAAAAAAAA", secret: "x"}, {id: servertest.RootAccessKeyID, secret: "wrong"}} {
		for _, path := range []string{"access-keys", "access-keys/AKIAAAAAAAAAAAAAAAAA", "access-users/x", "roles", "roles/x", "account-providers"} {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch} {
				if answer := by.control(t, s, method, path, nil, nil); answer.Status != http.StatusNotFound {
					t.Errorf("%s %s by %q: %d %s", method, path, by.id, answer.Status, answer.Body)
				}
			}
		}
	}
	if answer := root.control(t, s, http.MethodPatch, "roles", nil, nil); answer.Status != http.StatusNotFound {
		t.Errorf("a method that is not there: %d", answer.Status)
	}
}

// S136: who may make keys gives others no more than he has.
func TestS136KeysOfKeysReachNoFurther(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	mine, _ := createPool(t, s.SDK, nil)
	foreign, foreignARN := createPool(t, s.SDK, nil)
	lead := user(t, s, root, "team-lead", statement("Allow", "cognate:*", "*", ""), statement("Allow", "cognito-idp:*", "arn:aws:cognito-idp:*:*:userpool/"+mine, ""))
	everything := statement("Allow", "*", "*", "")
	made := user(t, s, lead, "made-by-lead", everything)
	describe := func(by key, pool string) error {
		_, err := by.userPools(s).DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &pool})
		return err
	}
	wantOK(t, describe(made, mine))
	wantDenied(t, describe(made, foreign), userARN("made-by-lead"), "cognito-idp:DescribeUserPool", foreignARN)
	nobody := user(t, s, root, "no-operator", statement("Allow", "cognito-idp:*", "*", ""))
	answer := nobody.control(t, s, http.MethodPost, "access-keys", map[string]any{"user": "x", "policies": []string{everything}}, nil)
	if answer.Status != http.StatusForbidden || !strings.Contains(answer.Body, "is not authorized to perform: cognate:CreateAccessKey on resource: arn:aws:iam::123456789012:user/x") {
		t.Errorf("%d %s", answer.Status, answer.Body)
	}
	// Where the request comes from counts here as elsewhere.
	for name, network := range map[string]string{"near": "127.0.0.0/8", "far": "192.0.2.0/24"} {
		by := user(t, s, root, name, statement("Allow", "cognate:ListRoles", "*", `{"IpAddress":{"aws:SourceIp":"`+network+`"}}`))
		want := map[string]int{"near": http.StatusOK, "far": http.StatusForbidden}[name]
		if answer := by.control(t, s, http.MethodGet, "roles", nil, nil); answer.Status != want {
			t.Errorf("roles from %s: %d %s", network, answer.Status, answer.Body)
		}
	}
	// The keys to other endpoints of operators are policies, too.
	for by, want := range map[key]int{nobody: http.StatusNotFound, root: http.StatusOK} {
		if answer := by.control(t, s, http.MethodGet, "keys?pool="+mine, nil, nil); answer.Status != want {
			t.Errorf("signing keys: %d, want %d", answer.Status, want)
		}
	}
}

func TestOperatorsSeeAndChangeEntries(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	first := user(t, s, root, "ci", statement("Allow", "cognito-idp:ListUserPools", "*", ""))
	list := func(by key) error {
		_, err := by.userPools(s).ListUserPools(t.Context(), &cip.ListUserPoolsInput{MaxResults: aws.Int32(1)})
		return err
	}
	wantOK(t, list(first))
	var rotated struct{ AccessKeyID, SecretAccessKey string }
	root.control(t, s, http.MethodPost, "access-keys/"+first.id, map[string]bool{"replace": true}, &rotated)
	second := key{id: rotated.AccessKeyID, secret: rotated.SecretAccessKey}
	wantOK(t, list(second))
	wantCode(t, list(first), "UnrecognizedClientException")

	var keys struct {
		Keys []struct {
			AccessKeyID, User, ARN string
			LastUsed               time.Time
		}
	}
	answer := root.control(t, s, http.MethodGet, "access-keys", nil, &keys)
	if len(keys.Keys) != 1 || keys.Keys[0].AccessKeyID != second.id || keys.Keys[0].ARN != userARN("ci") || keys.Keys[0].LastUsed.IsZero() {
		t.Errorf("%s", answer.Body)
	}
	if strings.Contains(answer.Body, second.secret) || strings.Contains(strings.ToLower(answer.Body), "secret") {
		t.Error("a list of keys has secrets")
	}
	root.control(t, s, http.MethodPut, "access-users/ci", map[string]any{"policies": []string{statement("Deny", "*", "*", "")}}, new(struct{}))
	wantCode(t, list(second), "AccessDeniedException")
	root.control(t, s, http.MethodDelete, "access-keys/"+second.id, nil, new(struct{}))
	wantCode(t, list(second), "UnrecognizedClientException")

	misspelled := root.control(t, s, http.MethodPost, "access-keys", map[string]any{"user": "x", "policies": []string{statement("Allow", "*", "*", "")}, "bounds": "x"}, nil)
	if misspelled.Status != http.StatusBadRequest {
		t.Errorf("a member that is not known: %d %s", misspelled.Status, misspelled.Body)
	}
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

// A key takes on a role by the SDK's own provider, works with it, and stops when the
// session ends or the role is gone.
func TestSessionsOfRoles_S125(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	pool, poolARN := createPool(t, s.SDK, map[string]string{"stage": "test"})
	ci := user(t, s, root, "ci", statement("Allow", "sts:AssumeRole", "*", ""))
	role := putRole(t, s, "support", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}]}`,
		"arn:aws:iam::aws:policy/AmazonCognitoReadOnly", statement("Deny", "cognito-idp:*", "*", `{"StringEquals":{"aws:ResourceTag/stage":"prod"}}`))
	client := s.STSClient(credentials.NewStaticCredentialsProvider(ci.id, ci.secret, ""))
	provider := stscreds.NewAssumeRoleProvider(client, role, func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName, o.Duration = "night-shift", time.Hour })
	c, err := provider.Retrieve(t.Context())
	wantOK(t, err)
	session := key{c.AccessKeyID, c.SecretAccessKey, c.SessionToken}
	const arn = "arn:aws:sts::123456789012:assumed-role/support/night-shift"
	who, err := s.STSClient(credentials.StaticCredentialsProvider{Value: session.credentials()}).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	wantOK(t, err)
	if *who.Arn != arn {
		t.Errorf("the session is %s", *who.Arn)
	}
	describe := func(by key) error {
		_, err := by.userPools(s).DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &pool})
		return err
	}
	wantOK(t, describe(session))
	_, err = session.userPools(s).DeleteUserPool(t.Context(), &cip.DeleteUserPoolInput{UserPoolId: &pool})
	wantDenied(t, err, arn, "cognito-idp:DeleteUserPool", poolARN)
	_, err = s.SDK.TagResource(t.Context(), &cip.TagResourceInput{ResourceArn: &poolARN, Tags: map[string]string{"stage": "prod"}})
	wantOK(t, err)
	err = describe(session)
	wantDenied(t, err, arn, "cognito-idp:DescribeUserPool", poolARN)
	if !strings.HasSuffix(err.Error(), "with an explicit deny in an identity-based policy") {
		t.Errorf("the refusal is %v", err)
	}
	_, err = s.SDK.UntagResource(t.Context(), &cip.UntagResourceInput{ResourceArn: &poolARN, TagKeys: []string{"stage"}})
	wantOK(t, err)

	for name, broken := range map[string]key{
		"no token": {session.id, session.secret, ""}, "other token": {session.id, session.secret, session.token[:len(session.token)-8] + "AAAAAAA="},
		"long-term key with the token": {ci.id, ci.secret, session.token},
	} {
		t.Run(name, func(t *testing.T) { wantCode(t, describe(broken), "UnrecognizedClientException") })
	}
	wantCode(t, describe(key{session.id, "x", session.token}), "InvalidSignatureException")
	s.Advance(59 * time.Minute)
	wantOK(t, describe(session))
	s.Advance(time.Minute)
	wantCode(t, describe(session), "ExpiredTokenException")

	c, err = provider.Retrieve(t.Context())
	wantOK(t, err)
	session = key{c.AccessKeyID, c.SecretAccessKey, c.SessionToken}
	wantOK(t, describe(session))
	root.control(t, s, http.MethodDelete, "roles/support", nil, new(struct{}))
	wantCode(t, describe(session), "UnrecognizedClientException")
}

// In dev any credentials do; those that Cognate made are held to what they may do.
func TestDevVerifiesItsOwnCredentials(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, func(c *server.Config) { c.Mode, c.RootAccessKeyID, c.RootSecretAccessKey = server.Dev, "", "" })
	anybody := key{id: "test", secret: "test"}
	limited := user(t, s, anybody, "ci", statement("Allow", "cognito-idp:ListUserPools", "*", ""))
	list := func(by key) error {
		_, err := by.userPools(s).ListUserPools(t.Context(), &cip.ListUserPoolsInput{MaxResults: aws.Int32(1)})
		return err
	}
	create := func(by key) error {
		_, err := by.userPools(s).CreateUserPool(t.Context(), &cip.CreateUserPoolInput{PoolName: aws.String("x")})
		return err
	}
	wantOK(t, create(anybody))
	wantOK(t, create(key{"ASIAFROMSOMEWHEREELS", "x", "a token from somewhere else"}))
	wantOK(t, list(limited))
	wantDenied(t, create(limited), userARN("ci"), "cognito-idp:CreateUserPool", "*")
	wantCode(t, list(key{id: limited.id, secret: "wrong"}), "InvalidSignatureException")
}
