package reliability

import (
	"context"
	"errors"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"cognate/internal/store"
	"cognate/internal/store/pgtest"
)

// Two processes on one PostgreSQL are one service: what one wrote, the other
// knows, and what one revoked, the other refuses (S033).
func TestTwoNodesOnOneDatabaseServeTheSamePool_S033(t *testing.T) {
	t.Parallel()
	url, schema := pgtest.Schema(t)
	key := filepath.Join(t.TempDir(), "master.key")
	if _, err := store.LoadOrCreateMasterKey(key); err != nil {
		t.Fatal(err)
	}
	mail := startMailServer(t)
	start := func() *node {
		endpoint := freeEndpoint(t)
		return startNode(t, endpoint, "--database-url", withSchema(t, url, schema), "--master-key-file", key,
			"--public-url", endpoint, "--issuer-url", "http://localhost/{userPoolId}", "--smtp-url", mail.url)
	}
	first, second := start(), start()
	ctx := t.Context()
	_, clientID := first.makePool(ctx, t, &cip.CreateUserPoolClientInput{
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{
			types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
		},
	}, &cip.CreateUserPoolInput{AutoVerifiedAttributes: []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail}})

	_, err := first.api.SignUp(ctx, &cip.SignUpInput{
		ClientId: &clientID, Username: aws.String("ana"), Password: aws.String("Correct-Horse1!"),
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String("ana@example.com")}},
	})
	must(t, err)
	_, err = second.api.ConfirmSignUp(ctx, &cip.ConfirmSignUpInput{
		ClientId: &clientID, Username: aws.String("ana"), ConfirmationCode: aws.String(mail.code(t)),
	})
	must(t, err)
	signedIn, err := first.api.InitiateAuth(ctx, &cip.InitiateAuthInput{
		ClientId: &clientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": "ana", "PASSWORD": "Correct-Horse1!"},
	})
	must(t, err)
	tokens := signedIn.AuthenticationResult
	for _, n := range []*node{first, second} {
		_, err := n.api.GetUser(ctx, &cip.GetUserInput{AccessToken: tokens.AccessToken})
		must(t, err)
	}
	_, err = second.api.RevokeToken(ctx, &cip.RevokeTokenInput{ClientId: &clientID, Token: tokens.RefreshToken})
	must(t, err)
	for _, n := range []*node{first, second} {
		refused(ctx, t, n, clientID, tokens)
	}
}

func refused(ctx context.Context, t *testing.T, n *node, clientID string, tokens *types.AuthenticationResultType) {
	t.Helper()
	_, err := n.api.GetUser(ctx, &cip.GetUserInput{AccessToken: tokens.AccessToken})
	wantError(t, err, "NotAuthorizedException", "Access Token has been revoked")
	_, err = n.api.InitiateAuth(ctx, &cip.InitiateAuthInput{
		ClientId: &clientID, AuthFlow: types.AuthFlowTypeRefreshTokenAuth,
		AuthParameters: map[string]string{"REFRESH_TOKEN": *tokens.RefreshToken},
	})
	wantError(t, err, "NotAuthorizedException", "Refresh Token has been revoked")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err error, code, message string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code || e.ErrorMessage() != message {
		t.Errorf("got %v, want %s: %s", err, code, message)
	}
}

var keyShown = regexp.MustCompile(`AWS_ACCESS_KEY_ID=(\S+)\s+AWS_SECRET_ACCESS_KEY=(\S+)\n`)

// Nodes that are started at once on an empty database make one installation of it:
// one of them shows the first administrator's key, and all take it.
func TestNodesMakeOneInstallationTogether(t *testing.T) {
	t.Parallel()
	url, schema := pgtest.Schema(t)
	key := filepath.Join(t.TempDir(), "master.key")
	_, err := store.LoadOrCreateMasterKey(key)
	must(t, err)
	path, err := binary()
	must(t, err)
	var nodes []*node
	for range 4 {
		nodes = append(nodes, launchWith(t, nil, path, freeEndpoint(t), "--database-url", withSchema(t, url, schema), "--master-key-file", key, "--public-url", "http://localhost"))
	}
	for _, n := range nodes {
		n.waitReady(t)
	}
	// What a process wrote before it was ready arrives a moment later.
	var shown []string
	for deadline := time.Now().Add(10 * time.Second); len(shown) == 0 && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		for _, n := range nodes {
			for _, m := range keyShown.FindAllStringSubmatch(n.log.String(), -1) {
				shown = append(shown, m[1], m[2])
			}
		}
	}
	if len(shown) != 2 {
		t.Fatalf("keys are shown: %q", shown)
	}
	for _, n := range nodes {
		options := n.api.Options()
		options.Credentials = credentials.NewStaticCredentialsProvider(shown[0], shown[1], "")
		_, err := cip.New(options).ListUserPools(t.Context(), &cip.ListUserPoolsInput{MaxResults: aws.Int32(1)})
		must(t, err)
	}
}
