package reliability

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	idtypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"cognate/internal/store"
	"cognate/internal/store/pgtest"
)

// command is one of operators against a node; keys of the old pool of a migration are
// the same.
func (n *node) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := binary()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), path, append(args, "--public-url", n.endpoint)...)
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+rootID, "AWS_SECRET_ACCESS_KEY="+rootSecret,
		"COGNATE_ACCESS_KEY_ID="+rootID, "COGNATE_SECRET_ACCESS_KEY="+rootSecret)
	return cmd
}

// operate runs a command of operators against a node and gives what it prints.
func (n *node) operate(t *testing.T, args ...string) (out []byte) {
	t.Helper()
	cmd := n.command(t, args...)
	said := new(bytes.Buffer)
	cmd.Stderr = said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s%s", args, err, out, said)
	}
	return out
}

// post calls an operation that no released SDK has.
func (n *node) post(t *testing.T, operation, body string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, n.endpoint+"/", strings.NewReader(body))
	must(t, err)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	keys, err := n.api.Options().Credentials.Retrieve(t.Context())
	must(t, err)
	hash := sha256.Sum256([]byte(body))
	must(t, v4.NewSigner().SignHTTP(t.Context(), keys, r, hex.EncodeToString(hash[:]), "cognito-idp", "us-east-1", time.Now()))
	got, err := http.DefaultClient.Do(r)
	must(t, err)
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	must(t, err)
	return got.StatusCode, string(text)
}

// putRole makes the role that users of an identity pool take on, with one policy.
func (n *node) putRole(t *testing.T, identityPool, action string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		must(t, os.WriteFile(file, []byte(text), 0o600))
		return file
	}
	n.operate(t, "role", "put", "users",
		"--trust", write("trust.json", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},`+
			`"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"`+identityPool+`"}}}]}`),
		"--policy", write("policy.json", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"`+action+`","Resource":"*"}]}`))
}

func (n *node) identities(c aws.CredentialsProvider) *cognitoidentity.Client {
	return cognitoidentity.New(cognitoidentity.Options{Region: "us-east-1", BaseEndpoint: &n.endpoint, RetryMaxAttempts: 1, Credentials: c})
}

// describe calls a node with temporary credentials.
func (n *node) describe(t *testing.T, c *idtypes.Credentials, poolID string) error {
	t.Helper()
	options := n.api.Options()
	options.Credentials = credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretKey, *c.SessionToken)
	_, err := cip.New(options).DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &poolID})
	return err
}

// What one node gives out, the other one knows: identities, tokens of the pool,
// credentials; and what an operator changes at one node counts at the other.
func TestCredentialsOfOneNodeAreThoseOfTheOther(t *testing.T) {
	t.Parallel()
	url, schema := pgtest.Schema(t)
	key := filepath.Join(t.TempDir(), "master.key")
	if _, err := store.LoadOrCreateMasterKey(key); err != nil {
		t.Fatal(err)
	}
	start := func() *node {
		endpoint := freeEndpoint(t)
		return startNode(t, endpoint, "--database-url", withSchema(t, url, schema), "--master-key-file", key, "--public-url", endpoint,
			"--issuer-url", "http://localhost/{userPoolId}", "--identity-issuer-url", "http://localhost/cognito-identity")
	}
	first, second := start(), start()
	ctx := t.Context()
	poolID, clientID := first.makePool(ctx, t, &cip.CreateUserPoolClientInput{
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth},
	}, &cip.CreateUserPoolInput{})
	provider := "cognito-idp.us-east-1.amazonaws.com/" + poolID
	root := first.api.Options().Credentials
	made, err := first.identities(root).CreateIdentityPool(ctx, &cognitoidentity.CreateIdentityPoolInput{
		IdentityPoolName: aws.String("reliability"), AllowClassicFlow: aws.Bool(true),
		CognitoIdentityProviders: []idtypes.CognitoIdentityProvider{{ProviderName: &provider, ClientId: &clientID}},
	})
	must(t, err)
	first.putRole(t, *made.IdentityPoolId, "cognito-idp:DescribeUserPool")
	role := "arn:aws:iam::123456789012:role/users"
	_, err = second.identities(root).SetIdentityPoolRoles(ctx, &cognitoidentity.SetIdentityPoolRolesInput{
		IdentityPoolId: made.IdentityPoolId, Roles: map[string]string{"authenticated": role},
	})
	must(t, err)

	_, err = first.api.AdminCreateUser(ctx, &cip.AdminCreateUserInput{UserPoolId: &poolID, Username: aws.String("ana"), MessageAction: types.MessageActionTypeSuppress})
	must(t, err)
	_, err = first.api.AdminSetUserPassword(ctx, &cip.AdminSetUserPasswordInput{UserPoolId: &poolID, Username: aws.String("ana"), Password: aws.String("Correct-Horse1!"), Permanent: true})
	must(t, err)
	signedIn, err := first.api.InitiateAuth(ctx, &cip.InitiateAuthInput{
		ClientId: &clientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": "ana", "PASSWORD": "Correct-Horse1!"},
	})
	must(t, err)
	logins := map[string]string{provider: *signedIn.AuthenticationResult.IdToken}
	var ids []string
	nodes := []*node{first, second}
	for _, n := range nodes {
		got, err := n.identities(aws.AnonymousCredentials{}).GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: made.IdentityPoolId, Logins: logins})
		must(t, err)
		ids = append(ids, *got.IdentityId)
	}
	if ids[0] != ids[1] {
		t.Errorf("one user is %s here and %s there", ids[0], ids[1])
	}
	for i, n := range nodes {
		other := nodes[1-i]
		got, err := n.identities(aws.AnonymousCredentials{}).GetCredentialsForIdentity(ctx, &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: &ids[0], Logins: logins})
		must(t, err)
		must(t, other.describe(t, got.Credentials, poolID))

		token, err := n.identities(aws.AnonymousCredentials{}).GetOpenIdToken(ctx, &cognitoidentity.GetOpenIdTokenInput{IdentityId: &ids[0], Logins: logins})
		must(t, err)
		_, err = sts.New(sts.Options{Region: "us-east-1", BaseEndpoint: &other.endpoint, RetryMaxAttempts: 1}).AssumeRoleWithWebIdentity(ctx,
			&sts.AssumeRoleWithWebIdentityInput{RoleArn: &role, RoleSessionName: aws.String("test"), WebIdentityToken: token.Token})
		must(t, err)
	}

	// Another node keeps what it knows of a role for a second.
	got, err := first.identities(aws.AnonymousCredentials{}).GetCredentialsForIdentity(ctx, &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: &ids[0], Logins: logins})
	must(t, err)
	second.putRole(t, *made.IdentityPoolId, "cognito-idp:ListUsers")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if err := first.describe(t, got.Credentials, poolID); err != nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("a policy that was taken away still permits at the other node")
		}
	}
}
