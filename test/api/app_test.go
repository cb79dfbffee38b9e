package api_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/protocol/srp/srpclient"
	"cognate/internal/servertest"
)

// goodPassword is allowed by the default policy.
const goodPassword = "Correct-Horse1!"

// app is an application: a pool of its own and a client.
type app struct {
	s      *servertest.Server
	pool   string
	client string
	secret string // of the client, empty for a public one
}

// newApp makes a pool and a client; the functions may alter the requests.
func newApp(t *testing.T, s *servertest.Server, pool func(*cip.CreateUserPoolInput), client func(*cip.CreateUserPoolClientInput)) *app {
	t.Helper()
	a := &app{s: s, pool: s.CreatePool(t, pool)}
	return a.withClient(t, client)
}

// withClient is the same pool seen through a further client.
func (a *app) withClient(t *testing.T, change func(*cip.CreateUserPoolClientInput)) *app {
	t.Helper()
	b := *a
	b.client = a.s.CreateClient(t, a.pool, change)
	described, err := a.s.SDK.DescribeUserPoolClient(t.Context(), &cip.DescribeUserPoolClientInput{UserPoolId: &a.pool, ClientId: &b.client})
	wantOK(t, err)
	b.secret = aws.ToString(described.UserPoolClient.ClientSecret)
	return &b
}

func (a *app) shortName() string { return a.pool[strings.Index(a.pool, "_")+1:] }

// secretHash is SECRET_HASH for a name.
func (a *app) secretHash(name string) string {
	mac := hmac.New(sha256.New, []byte(a.secret))
	mac.Write([]byte(name + a.client))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// params makes a map of names and values, and adds the SECRET_HASH over the
// user name where the client has a secret.
func (a *app) params(pairs ...string) map[string]string {
	m := make(map[string]string)
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	if a.secret != "" && m["USERNAME"] != "" && m["SECRET_HASH"] == "" {
		m["SECRET_HASH"] = a.secretHash(m["USERNAME"])
	}
	return m
}

func (a *app) initiate(t *testing.T, flow types.AuthFlowType, pairs ...string) (*cip.InitiateAuthOutput, error) {
	t.Helper()
	return a.s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		ClientId: &a.client, AuthFlow: flow, AuthParameters: a.params(pairs...),
	})
}

func (a *app) adminInitiate(t *testing.T, flow types.AuthFlowType, pairs ...string) (*cip.AdminInitiateAuthOutput, error) {
	t.Helper()
	return a.s.SDK.AdminInitiateAuth(t.Context(), &cip.AdminInitiateAuthInput{
		UserPoolId: &a.pool, ClientId: &a.client, AuthFlow: flow, AuthParameters: a.params(pairs...),
	})
}

func (a *app) respond(t *testing.T, challenge types.ChallengeNameType, session *string, pairs ...string) (*cip.RespondToAuthChallengeOutput, error) {
	t.Helper()
	return a.s.Anonymous.RespondToAuthChallenge(t.Context(), &cip.RespondToAuthChallengeInput{
		ClientId: &a.client, ChallengeName: challenge, Session: session, ChallengeResponses: a.params(pairs...),
	})
}

func (a *app) adminRespond(t *testing.T, challenge types.ChallengeNameType, session *string, pairs ...string) (*cip.AdminRespondToAuthChallengeOutput, error) {
	t.Helper()
	return a.s.SDK.AdminRespondToAuthChallenge(t.Context(), &cip.AdminRespondToAuthChallengeInput{
		UserPoolId: &a.pool, ClientId: &a.client, ChallengeName: challenge, Session: session, ChallengeResponses: a.params(pairs...),
	})
}

// tryPassword signs in with a plain password.
func (a *app) tryPassword(t *testing.T, username, password string) (*types.AuthenticationResultType, error) {
	t.Helper()
	got, err := a.initiate(t, types.AuthFlowTypeUserPasswordAuth, "USERNAME", username, "PASSWORD", password)
	if err != nil {
		return nil, err
	}
	return got.AuthenticationResult, nil
}

// signIn signs in with a plain password and must succeed.
func (a *app) signIn(t *testing.T, username, password string) *types.AuthenticationResultType {
	t.Helper()
	got, err := a.tryPassword(t, username, password)
	wantOK(t, err)
	if got == nil {
		t.Fatal("a challenge came instead of tokens")
	}
	return got
}

// srpAnswer is what a client sends for a PASSWORD_VERIFIER challenge.
func (a *app) srpAnswer(t *testing.T, c *srpclient.Client, challenge map[string]string, password string, at time.Time) []string {
	t.Helper()
	timestamp := srpclient.Timestamp(at)
	signature, err := c.Sign(srpclient.Challenge{
		Name: a.shortName(), UserID: challenge["USER_ID_FOR_SRP"], Password: password,
		Salt: challenge["SALT"], B: challenge["SRP_B"], SecretBlock: challenge["SECRET_BLOCK"],
	}, timestamp)
	wantOK(t, err)
	return []string{
		"USERNAME", challenge["USER_ID_FOR_SRP"], "TIMESTAMP", timestamp,
		"PASSWORD_CLAIM_SECRET_BLOCK", challenge["SECRET_BLOCK"], "PASSWORD_CLAIM_SIGNATURE", signature,
	}
}

// beginSRP asks for a PASSWORD_VERIFIER challenge.
func (a *app) beginSRP(t *testing.T, username string) (*srpclient.Client, map[string]string) {
	t.Helper()
	c := srpclient.New()
	got, err := a.initiate(t, types.AuthFlowTypeUserSrpAuth, "USERNAME", username, "SRP_A", c.A())
	wantOK(t, err)
	return c, got.ChallengeParameters
}

// trySRP signs in with SRP.
func (a *app) trySRP(t *testing.T, username, password string) (*cip.RespondToAuthChallengeOutput, error) {
	t.Helper()
	c, challenge := a.beginSRP(t, username)
	return a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, a.srpAnswer(t, c, challenge, password, a.s.Now())...)
}

func (a *app) getUser(ctx context.Context, accessToken *string) error {
	_, err := a.s.Anonymous.GetUser(ctx, &cip.GetUserInput{AccessToken: accessToken})
	return err
}

// claimsOf decodes a token without checking it.
func claimsOf(t *testing.T, token *string) map[string]any {
	t.Helper()
	var claims map[string]any
	wantOK(t, json.Unmarshal(payload(t, token), &claims))
	return claims
}

func payload(t *testing.T, token *string) []byte {
	t.Helper()
	parts := strings.Split(aws.ToString(token), ".")
	if len(parts) != 3 {
		t.Fatalf("token has %d segments", len(parts))
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	wantOK(t, err)
	return raw
}
