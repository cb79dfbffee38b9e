package credentials_test

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"cognate/internal/protocol/jwt/jwttest"
	"cognate/internal/servertest"
)

// publicKey reads the key that has signed a token from a published key set.
func publicKey(t *testing.T, s *servertest.Server, address, token string) *rsa.PublicKey {
	t.Helper()
	answer, err := s.HTTP.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var set struct{ Keys []struct{ Kid, N, E string } }
	if err := json.NewDecoder(answer.Body).Decode(&set); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status, err)
	}
	decode := func(text string) []byte {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	var header struct{ Kid string }
	if err := json.Unmarshal(decode(token[:strings.IndexByte(token, '.')]), &header); err != nil {
		t.Fatal(err)
	}
	for _, k := range set.Keys {
		if k.Kid == header.Kid {
			return &rsa.PublicKey{N: new(big.Int).SetBytes(decode(k.N)), E: int(new(big.Int).SetBytes(decode(k.E)).Int64())}
		}
	}
	t.Fatalf("no key %s in %s", header.Kid, address)
	return nil
}

// No forgery of a user pool's token leads to an identity.
func TestS030ForgedLoginsAreRefused(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := newApp(t, s, allow("*", "*"), nil)
	good := *a.signIn(t).IdToken
	identity := a.identity(t, a.logins(&good))
	for _, f := range jwttest.Forgeries(t, good, publicKey(t, s, s.URL+"/"+a.pool+"/.well-known/jwks.json", good)) {
		if f.Token == "" {
			continue // not let through by the form of requests
		}
		_, err := a.open.GetId(t.Context(), &cognitoidentity.GetIdInput{IdentityPoolId: &a.identityPool, Logins: a.logins(&f.Token)})
		wantRefused(t, f.Name, err)
		_, err = a.open.GetCredentialsForIdentity(t.Context(), &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: &identity, Logins: a.logins(&f.Token)})
		wantRefused(t, f.Name, err)
	}
}

// wantRefused wants an answer about the token, and no fault of the server.
func wantRefused(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s is accepted", what)
		return
	}
	if !strings.Contains(err.Error(), "NotAuthorizedException") && !strings.Contains(err.Error(), "ValidationException") {
		t.Errorf("%s: %v", what, err)
	}
}

// No forgery of an identity pool's token leads to credentials.
func TestS030ForgedPoolTokensAreRefused(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := newApp(t, s, allow("*", "*"), func(in *cognitoidentity.CreateIdentityPoolInput) {
		in.DeveloperProviderName = aws.String("login.example.com")
	})
	made, err := s.Identity.GetOpenIdTokenForDeveloperIdentity(t.Context(), &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{
		IdentityPoolId: &a.identityPool, Logins: map[string]string{"login.example.com": "ana"},
	})
	if err != nil {
		t.Fatal(err)
	}
	client := s.STSClient(aws.AnonymousCredentials{})
	ask := func(token string) (bySTS, byPool error) {
		_, bySTS = client.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: &a.userRole, RoleSessionName: aws.String("attack"), WebIdentityToken: &token,
		})
		_, byPool = a.open.GetCredentialsForIdentity(t.Context(), &cognitoidentity.GetCredentialsForIdentityInput{
			IdentityId: made.IdentityId, Logins: map[string]string{"cognito-identity.amazonaws.com": token},
		})
		return bySTS, byPool
	}
	bySTS, byPool := ask(*made.Token)
	wantOK(t, bySTS)
	wantOK(t, byPool)
	for _, f := range jwttest.Forgeries(t, *made.Token, publicKey(t, s, s.URL+"/cognito-identity/.well-known/jwks_uri", *made.Token)) {
		if f.Token == "" {
			continue // the SDK does not send it
		}
		bySTS, byPool := ask(f.Token)
		wantRefused(t, f.Name, byPool)
		if strings.TrimSpace(f.Token) == *made.Token {
			continue // STS takes the text of a file with its line break
		}
		if bySTS == nil || !strings.Contains(bySTS.Error(), "InvalidIdentityToken") && !strings.Contains(bySTS.Error(), "ValidationError") {
			t.Errorf("%s at STS: %v", f.Name, bySTS)
		}
	}
}

// Good tokens in the wrong place.
func TestS121TokensOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := newApp(t, s, allow("*", "*"), nil)
	other := newApp(t, s, allow("*", "*"), nil)
	tokens := a.signIn(t)
	logins := a.logins(tokens.IdToken)
	identity := a.identity(t, logins)
	openID, err := a.open.GetOpenIdToken(t.Context(), &cognitoidentity.GetOpenIdTokenInput{IdentityId: &identity, Logins: logins})
	if err != nil {
		t.Fatal(err)
	}
	second := s.CreateClient(t, a.pool, nil)
	s.CreateUser(t, a.pool, "eve", password)
	byOtherClient, err := s.Anonymous.InitiateAuth(t.Context(), &cognitoidentityprovider.InitiateAuthInput{
		ClientId: &second, AuthFlow: "USER_PASSWORD_AUTH", AuthParameters: map[string]string{"USERNAME": "eve", "PASSWORD": password},
	})
	if err != nil {
		t.Fatal(err)
	}
	const unsupported = "Token is not from a supported provider of this identity pool."
	for _, c := range []struct {
		name    string
		logins  map[string]string
		message string
	}{
		{"access token", a.logins(tokens.AccessToken), "Invalid login token. Missing a required claim: aud"},
		{"refresh token", a.logins(tokens.RefreshToken), ""},
		{"token of the identity pool", a.logins(openID.Token), ""},
		{"token of another client", a.logins(byOtherClient.AuthenticationResult.IdToken), unsupported},
		{"token of another pool under this one's name", a.logins(other.signIn(t).IdToken), "Invalid login token. Issuer doesn't match providerName"},
		{"token of another pool", other.logins(other.signIn(t).IdToken), unsupported},
		{"own token", map[string]string{"cognito-identity.amazonaws.com": *openID.Token}, "Invalid login token. Can't pass in a Cognito token."},
		{"a good one beside a bad one", map[string]string{a.provider: *tokens.IdToken, "accounts.google.com": *tokens.IdToken}, unsupported},
	} {
		_, err := a.open.GetId(t.Context(), &cognitoidentity.GetIdInput{IdentityPoolId: &a.identityPool, Logins: c.logins})
		if err == nil {
			t.Errorf("%s is accepted", c.name)
			continue
		}
		wantCode(t, err, "NotAuthorizedException", c.message)
	}

	// At STS: tokens of user pools are for those who have made a provider of it.
	for name, token := range map[string]*string{"ID token": tokens.IdToken, "access token": tokens.AccessToken} {
		_, err := s.STSClient(aws.AnonymousCredentials{}).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: &a.userRole, RoleSessionName: aws.String("attack"), WebIdentityToken: token,
		})
		wantCode(t, err, "InvalidIdentityToken", "")
		if err == nil {
			t.Errorf("%s opens a role", name)
		}
	}
	// A token of one identity pool opens no role of another one.
	_, err = s.STSClient(aws.AnonymousCredentials{}).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &other.userRole, RoleSessionName: aws.String("attack"), WebIdentityToken: openID.Token,
	})
	wantCode(t, err, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
}

// The id of an identity is no secret of a user, and opens nothing by itself or with
// somebody else's login.
func TestS123IdentitiesOfOthersAreClosed(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := newApp(t, s, allow("*", "*"), nil)
	other := newApp(t, s, allow("*", "*"), nil)
	ana := a.identity(t, a.logins(a.signIn(t).IdToken))
	eve := a.logins(a.signIn(t).IdToken)
	eveID := a.identity(t, eve)
	foreign := other.logins(other.signIn(t).IdToken)
	const mismatch = "Logins don't match. Please include at least one valid login for this identity or identity pool."
	for _, c := range []struct {
		name    string
		logins  map[string]string
		message string
	}{
		{"nothing", nil, "Access to Identity '" + ana + "' is forbidden."},
		{"somebody else's login", eve, mismatch},
		{"a login of another app", foreign, "Token is not from a supported provider of this identity pool."},
	} {
		_, byCredentials := a.open.GetCredentialsForIdentity(t.Context(), &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: &ana, Logins: c.logins})
		wantCode(t, byCredentials, "NotAuthorizedException", c.message)
		_, byToken := a.open.GetOpenIdToken(t.Context(), &cognitoidentity.GetOpenIdTokenInput{IdentityId: &ana, Logins: c.logins})
		wantCode(t, byToken, "NotAuthorizedException", c.message)
		if c.logins != nil {
			_, byUnlink := a.open.UnlinkIdentity(t.Context(), &cognitoidentity.UnlinkIdentityInput{IdentityId: &ana, Logins: c.logins, LoginsToRemove: []string{a.provider}})
			wantCode(t, byUnlink, "NotAuthorizedException", "")
		}
	}
	// Eve is still herself, and alone.
	if got := a.identity(t, eve); got != eveID {
		t.Errorf("eve is %s, was %s", got, eveID)
	}
}

// A developer's token is good for its identity and its pool, until it ends.
func TestS123DeveloperTokensAreBound(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	own := func(in *cognitoidentity.CreateIdentityPoolInput) {
		in.DeveloperProviderName = aws.String("login.example.com")
	}
	a, other := newApp(t, s, allow("*", "*"), own), newApp(t, s, allow("*", "*"), own)
	issue := func(a *app, user string) *cognitoidentity.GetOpenIdTokenForDeveloperIdentityOutput {
		t.Helper()
		made, err := s.Identity.GetOpenIdTokenForDeveloperIdentity(t.Context(), &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{
			IdentityPoolId: &a.identityPool, Logins: map[string]string{"login.example.com": user},
		})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	use := func(identity, token *string) error {
		_, err := a.open.GetCredentialsForIdentity(t.Context(), &cognitoidentity.GetCredentialsForIdentityInput{
			IdentityId: identity, Logins: map[string]string{"cognito-identity.amazonaws.com": *token},
		})
		return err
	}
	ana, bob, foreign := issue(a, "ana"), issue(a, "bob"), issue(other, "ana")
	wantOK(t, use(ana.IdentityId, ana.Token))
	wantCode(t, use(bob.IdentityId, ana.Token), "NotAuthorizedException", "")
	wantCode(t, use(ana.IdentityId, foreign.Token), "NotAuthorizedException", "")
	wantCode(t, use(foreign.IdentityId, ana.Token), "NotAuthorizedException", "")

	// A login that the developer has taken away.
	_, err := s.Identity.UnlinkDeveloperIdentity(t.Context(), &cognitoidentity.UnlinkDeveloperIdentityInput{
		IdentityId: bob.IdentityId, IdentityPoolId: &a.identityPool, DeveloperProviderName: aws.String("login.example.com"), DeveloperUserIdentifier: aws.String("bob"),
	})
	wantOK(t, err)
	wantCode(t, use(bob.IdentityId, bob.Token), "NotAuthorizedException", "")

	s.Advance(15 * time.Minute)
	err = use(ana.IdentityId, ana.Token)
	wantCode(t, err, "NotAuthorizedException", "")
	if err != nil && !strings.Contains(err.Error(), "Invalid login token. Token expired: ") {
		t.Error(err)
	}
}

// Credentials end with their hour, their role, and by what the role may do.
func TestS125CredentialsEnd(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	a := newApp(t, s, allow("*", "cognito-idp:DescribeUserPool"), nil)
	_, c := a.user(t)
	wantOK(t, a.describe(t, a.as(c)))

	putRole(t, s, a.userRole, trust(a.identityPool, "authenticated"), allow("*", "cognito-idp:ListUsers"))
	wantCode(t, a.describe(t, a.as(c)), "AccessDeniedException", "")
	putRole(t, s, a.userRole, trust(a.identityPool, "authenticated"), allow("*", "cognito-idp:DescribeUserPool"))
	wantOK(t, a.describe(t, a.as(c)))

	s.Advance(time.Hour + time.Second)
	wantCode(t, a.describe(t, a.as(c)), "ExpiredTokenException", "The security token included in the request is expired")

	_, c = a.user(t)
	wantOK(t, a.describe(t, a.as(c)))
	removeRole(t, s, a.userRole)
	wantCode(t, a.describe(t, a.as(c)), "UnrecognizedClientException", "")
	// A role of the same name is another one.
	putRole(t, s, a.userRole, trust(a.identityPool, "authenticated"), allow("*", "cognito-idp:DescribeUserPool"))
	wantCode(t, a.describe(t, a.as(c)), "UnrecognizedClientException", "")
}

// The parts of credentials belong together.
func TestS125CredentialsAreNotMixed(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := newApp(t, s, allow("*", "cognito-idp:DescribeUserPool"), nil)
	_, ana := a.user(t)
	_, eve := a.user(t)
	change := func(text string) string {
		if strings.HasSuffix(text, "A") {
			return text[:len(text)-1] + "B"
		}
		return text[:len(text)-1] + "A"
	}
	const unknown = "UnrecognizedClientException"
	for _, c := range []struct {
		name, code string
		forged     aws.Credentials
	}{
		{"without the token", unknown, aws.Credentials{AccessKeyID: ana.AccessKeyID, SecretAccessKey: ana.SecretAccessKey}},
		{"the token of another", unknown, aws.Credentials{AccessKeyID: eve.AccessKeyID, SecretAccessKey: eve.SecretAccessKey, SessionToken: ana.SessionToken}},
		{"the secret of another", "InvalidSignatureException", aws.Credentials{AccessKeyID: ana.AccessKeyID, SecretAccessKey: eve.SecretAccessKey, SessionToken: ana.SessionToken}},
		{"a changed token", unknown, aws.Credentials{AccessKeyID: ana.AccessKeyID, SecretAccessKey: ana.SecretAccessKey, SessionToken: change(ana.SessionToken)}},
		{"a changed key", unknown, aws.Credentials{AccessKeyID: change(ana.AccessKeyID), SecretAccessKey: ana.SecretAccessKey, SessionToken: ana.SessionToken}},
		{"a token of nothing", unknown, aws.Credentials{AccessKeyID: ana.AccessKeyID, SecretAccessKey: ana.SecretAccessKey, SessionToken: "AAAA"}},
		{"the root key with a token", unknown, aws.Credentials{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: servertest.RootSecretAccessKey, SessionToken: ana.SessionToken}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wantCode(t, a.describe(t, a.as(c.forged)), c.code, "")
		})
	}
}

// Trust policies look at the pool, the state, the way of signing in, and the identity.
func TestS124TrustPoliciesAreObeyed(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := newApp(t, s, allow("*", "cognito-idp:DescribeUserPool"), nil)
	logins := a.logins(a.signIn(t).IdToken)
	identity := a.identity(t, logins)
	when := func(condition map[string]any) string {
		return document(map[string]any{
			"Effect": "Allow", "Principal": map[string]any{"Federated": "cognito-identity.amazonaws.com"},
			"Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition,
		})
	}
	is := func(key, value string) map[string]any {
		return map[string]any{"StringEquals": map[string]any{"cognito-identity.amazonaws.com:aud": a.identityPool, "cognito-identity.amazonaws.com:" + key: value}}
	}
	signedInBy := func(pattern string) map[string]any {
		return map[string]any{
			"StringEquals":           map[string]any{"cognito-identity.amazonaws.com:aud": a.identityPool},
			"ForAnyValue:StringLike": map[string]any{"cognito-identity.amazonaws.com:amr": pattern},
		}
	}
	for _, c := range []struct {
		name  string
		trust string
		open  bool
	}{
		{"the pool", when(is("aud", a.identityPool)), true},
		{"another pool", when(map[string]any{"StringEquals": map[string]any{"cognito-identity.amazonaws.com:aud": "us-east-1:00000000-0000-4000-8000-000000000000"}}), false},
		{"the identity", when(is("sub", identity)), true},
		{"another identity", when(is("sub", "us-east-1:00000000-0000-4000-8000-000000000000")), false},
		{"guests", when(signedInBy("unauthenticated")), false},
		{"the user pool", when(signedInBy(a.provider)), true},
		{"users of the user pool", when(signedInBy(a.provider + ":CognitoSignIn:*")), true},
		{"users of another one", when(signedInBy("cognito-idp.us-east-1.amazonaws.com/us-east-1_Other*")), false},
	} {
		putRole(t, s, a.userRole, c.trust, allow("*", "cognito-idp:DescribeUserPool"))
		_, err := a.open.GetCredentialsForIdentity(t.Context(), &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: &identity, Logins: logins})
		if c.open {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		wantCode(t, err, "InvalidIdentityPoolConfigurationException", "Invalid identity pool configuration. Check assigned IAM roles for this pool.")
	}
}
