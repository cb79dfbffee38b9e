package api_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/servertest"
)

// minimalClient is spec/recorded.md §3.2, with the type that
// spec/newest-features.md §11.3 adds.
const minimalClient = `{"UserPoolClient":{"AllowedOAuthFlowsUserPoolClient":false,"AuthSessionValidity":3,"ClientId":"<client>","ClientName":"web","ClientType":"REGULAR","CreationDate":<time>,"EnablePropagateAdditionalUserContextData":false,"EnableTokenRevocation":true,"LastModifiedDate":<time>,"RefreshTokenValidity":30,"TokenValidityUnits":{},"UserPoolId":"<pool>"}}`

func TestAClientMadeWithANameOnlyIsTheRecordedDocument(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	made := s.Call(t, "CreateUserPoolClient", `{"UserPoolId":"`+pool+`","ClientName":"web"}`)
	if diff := cmp.Diff(minimalClient, volatile(made.Body)); made.Status != 200 || diff != "" {
		t.Errorf("created, status %d:\n%s", made.Status, diff)
	}
	id := clientID(t, made.Body)
	described := s.Call(t, "DescribeUserPoolClient", `{"UserPoolId":"`+pool+`","ClientId":"`+id+`"}`)
	if described.Body != made.Body {
		t.Errorf("described otherwise:\n%s", cmp.Diff(made.Body, described.Body))
	}
	updated := s.Call(t, "UpdateUserPoolClient", `{"UserPoolId":"`+pool+`","ClientId":"`+id+`"}`)
	if diff := cmp.Diff(minimalClient, volatile(updated.Body)); diff != "" {
		t.Errorf("after an empty update:\n%s", diff)
	}
}

func clientID(t *testing.T, body string) string {
	t.Helper()
	var out struct {
		UserPoolClient struct{ ClientId string }
	}
	if err := json.Unmarshal([]byte(body), &out); err != nil || out.UserPoolClient.ClientId == "" {
		t.Fatalf("no client in %s", body)
	}
	return out.UserPoolClient.ClientId
}

func TestAGeneratedSecretIsInEveryDescription(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	made, err := s.SDK.CreateUserPoolClient(t.Context(), &cip.CreateUserPoolClientInput{UserPoolId: &pool, ClientName: aws.String("web"), GenerateSecret: true})
	wantOK(t, err)
	secret := aws.ToString(made.UserPoolClient.ClientSecret)
	if !regexp.MustCompile(`^[0-9a-z]{51}$`).MatchString(secret) {
		t.Errorf("secret %q", secret)
	}
	described, err := s.SDK.DescribeUserPoolClient(t.Context(), &cip.DescribeUserPoolClientInput{UserPoolId: &pool, ClientId: made.UserPoolClient.ClientId})
	wantOK(t, err)
	if got := aws.ToString(described.UserPoolClient.ClientSecret); got != secret {
		t.Errorf("described with the secret %q, made with %q", got, secret)
	}
	updated, err := s.SDK.UpdateUserPoolClient(t.Context(), &cip.UpdateUserPoolClientInput{UserPoolId: &pool, ClientId: made.UserPoolClient.ClientId})
	wantOK(t, err)
	if got := aws.ToString(updated.UserPoolClient.ClientSecret); got != secret {
		t.Errorf("updated to the secret %q", got)
	}
}

func TestASuppliedSecretHasTheModelsForm(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	for _, c := range []struct {
		secret string
		ok     bool
	}{
		{strings.Repeat("s", 23), false},
		{strings.Repeat("s", 24), true},
		{strings.Repeat("s", 64), true},
		{strings.Repeat("s", 65), false},
		{strings.Repeat("s", 24) + "-", false},
		{strings.Repeat("S", 22) + "+_", true},
	} {
		answer := s.Call(t, "CreateUserPoolClient", fmt.Sprintf(`{"UserPoolId":%q,"ClientName":"web","ClientSecret":%q}`, pool, c.secret))
		switch {
		case c.ok && !strings.Contains(answer.Body, `"ClientSecret":"`+c.secret+`"`):
			t.Errorf("%d characters: %s", len(c.secret), answer.Body)
		case !c.ok && (answer.ErrorType() != "InvalidParameterException" || strings.Contains(answer.Body, c.secret)):
			t.Errorf("%d characters: %s", len(c.secret), answer.Body)
		}
	}
	both := s.Call(t, "CreateUserPoolClient", fmt.Sprintf(`{"UserPoolId":%q,"ClientName":"web","GenerateSecret":true,"ClientSecret":%q}`, pool, strings.Repeat("s", 24)))
	if both.ErrorType() != "InvalidParameterException" {
		t.Errorf("generated and supplied: %s", both.Body)
	}
}

func TestSettingsOfAClientAreEchoedAsSent(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	for _, members := range []string{
		`"AccessTokenValidity":1,"IdTokenValidity":5,"RefreshTokenValidity":60`,
		`"AccessTokenValidity":5,"IdTokenValidity":1,"RefreshTokenValidity":120`,
		`"AccessTokenValidity":1,"IdTokenValidity":1,"RefreshTokenValidity":10,"TokenValidityUnits":{"AccessToken":"hours","IdToken":"hours","RefreshToken":"days"}`,
		`"AuthSessionValidity":15`,
		`"PreventUserExistenceErrors":"ENABLED"`,
		`"EnableTokenRevocation":false`,
		`"ReadAttributes":["nickname","email"]`,
		`"WriteAttributes":["nickname","email"]`,
		`"RefreshTokenRotation":{"Feature":"ENABLED","RetryGracePeriodSeconds":60}`,
		`"SupportedIdentityProviders":["COGNITO"]`,
		`"AllowedOAuthFlows":["code","implicit"],"AllowedOAuthFlowsUserPoolClient":true,"AllowedOAuthScopes":["phone","openid"],"CallbackURLs":["https://example.com/b","http://localhost:3000/a","myapp://example"],"DefaultRedirectURI":"https://example.com/b","LogoutURLs":["https://example.com/"]`,
		`"ExplicitAuthFlows":["ALLOW_CUSTOM_AUTH","ALLOW_USER_PASSWORD_AUTH","ALLOW_ADMIN_USER_PASSWORD_AUTH","ALLOW_USER_SRP_AUTH","ALLOW_REFRESH_TOKEN_AUTH"]`,
	} {
		answer := s.Call(t, "CreateUserPoolClient", `{"UserPoolId":"`+pool+`","ClientName":"web",`+members+`}`)
		var sent map[string]json.RawMessage
		var got struct {
			UserPoolClient map[string]json.RawMessage
		}
		if err := json.Unmarshal([]byte("{"+members+"}"), &sent); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(answer.Body), &got); err != nil {
			t.Fatal(err)
		}
		for name, want := range sent {
			if string(got.UserPoolClient[name]) != string(want) {
				t.Errorf("%s: sent %s, got %s (%s)", name, want, got.UserPoolClient[name], answer.Message())
			}
		}
	}
}

func TestAnUpdateOfAClientResetsWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	client := s.CreateClient(t, pool, func(in *cip.CreateUserPoolClientInput) {
		in.AccessTokenValidity = aws.Int32(2)
		in.EnableTokenRevocation = aws.Bool(false)
		in.PreventUserExistenceErrors = types.PreventUserExistenceErrorTypesEnabled
		in.ReadAttributes = []string{"email"}
		in.CallbackURLs = []string{"https://example.com/"}
	})
	updated := s.Call(t, "UpdateUserPoolClient", `{"UserPoolId":"`+pool+`","ClientId":"`+client+`"}`)
	want := strings.Replace(minimalClient, `"web"`, `"test"`, 1)
	if diff := cmp.Diff(want, volatile(updated.Body)); diff != "" {
		t.Error(diff)
	}
	for _, on := range []bool{true, false, true} {
		out, err := s.SDK.UpdateUserPoolClient(t.Context(), &cip.UpdateUserPoolClientInput{UserPoolId: &pool, ClientId: &client, EnableTokenRevocation: &on})
		wantOK(t, err)
		if *out.UserPoolClient.EnableTokenRevocation != on {
			t.Errorf("revocation %v, sent %v", *out.UserPoolClient.EnableTokenRevocation, on)
		}
	}
}

func TestBadClientsAreRefusedWithTheServicesTexts(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, func(in *cip.CreateUserPoolInput) {
		in.Schema = []types.SchemaAttributeType{{Name: aws.String("email"), Required: aws.Bool(true)}}
	})
	client := s.CreateClient(t, pool, nil)
	for _, c := range []struct{ name, members, code, message string }{
		{"plain HTTP", `"CallbackURLs":["http://example.com/cb"]`, "InvalidParameterException", "http://example.com/cb cannot use the HTTP protocol."},
		{"flow without callback", `"AllowedOAuthFlows":["code"]`, "InvalidParameterException", "CallbackUrls can not be empty when code flow or implicit flow is selected"},
		{"OAuth without flows", `"AllowedOAuthFlowsUserPoolClient":true`, "InvalidParameterException", "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows."},
		{"default not listed", `"DefaultRedirectURI":"https://example.com/"`, "InvalidParameterException", "The default redirect URI https://example.com/ is not in the callback URIs list."},
		{"machine and people", `"AllowedOAuthFlows":["client_credentials","implicit"],"CallbackURLs":["https://example.com/"]`, "InvalidOAuthFlowException", "client_credentials flow can not be selected along with code flow or implicit flow."},
		{"machine without secret", `"AllowedOAuthFlows":["client_credentials"]`, "InvalidOAuthFlowException", "client_credentials flow can not be selected if client does not have a client secret."},
		{"scope of no server", `"AllowedOAuthScopes":["shop/read"]`, "ScopeDoesNotExistException", "Invalid scope requested: shop/read"},
		{"no such provider", `"SupportedIdentityProviders":["Google"]`, "InvalidParameterException", "The provider Google does not exist for User Pool " + pool + "."},
		{"short token", `"AccessTokenValidity":4,"TokenValidityUnits":{"AccessToken":"minutes"}`, "InvalidParameterException", "Invalid range for token validity."},
		{"unwritable required attribute", `"WriteAttributes":["name"]`, "InvalidParameterException", "Invalid write attributes specified while {verb} a client"},
		{"unknown attribute to read", `"ReadAttributes":["custom:none"]`, "InvalidParameterException", "Invalid read attributes specified while {verb} a client"},
		{"analytics", `"AnalyticsConfiguration":{}`, "InvalidParameterException", "Invalid analytics configuration given, either <application arn> or <application id, role arn, external id> are valid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for operation, request := range map[string]string{
				"CreateUserPoolClient": `"ClientName":"web"`,
				"UpdateUserPoolClient": `"ClientId":"` + client + `"`,
			} {
				answer := s.Call(t, operation, `{"UserPoolId":"`+pool+`",`+request+`,`+c.members+`}`)
				verb := map[string]string{"CreateUserPoolClient": "creating", "UpdateUserPoolClient": "updating"}[operation]
				message := strings.ReplaceAll(c.message, "{verb}", verb)
				if answer.Status != 400 || answer.ErrorType() != c.code || answer.Message() != message {
					t.Errorf("%s: %d %s", operation, answer.Status, answer.Body)
				}
			}
		})
	}
}

func TestS173AClientHasAHundredAddressesAndFiftyScopes(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	addresses := func(n int) string {
		var items []string
		for i := range n {
			items = append(items, fmt.Sprintf(`"https://example.com/%d"`, i))
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	for _, c := range []struct {
		member, value string
		accept        bool
	}{
		{"CallbackURLs", addresses(100), true},
		{"CallbackURLs", addresses(101), false},
		{"LogoutURLs", addresses(100), true},
		{"LogoutURLs", addresses(101), false},
		{"CallbackURLs", `["https://example.com/` + strings.Repeat("x", 1004) + `"]`, true},
		{"CallbackURLs", `["https://example.com/` + strings.Repeat("x", 1005) + `"]`, false},
		{"AllowedOAuthScopes", `["openid"` + strings.Repeat(`,"openid"`, 50) + `]`, false},
		{"AllowedOAuthScopes", `["openid"` + strings.Repeat(`,"openid"`, 49) + `]`, true},
	} {
		answer := s.Call(t, "CreateUserPoolClient", `{"UserPoolId":"`+pool+`","ClientName":"web","`+c.member+`":`+c.value+`}`)
		if c.accept != (answer.Status == 200) || !c.accept && answer.ErrorType() != "InvalidParameterException" {
			t.Errorf("%s %.60s…: %d %.200s", c.member, c.value, answer.Status, answer.Body)
		}
	}
}

func TestChoiceBasedSignInNeedsAHigherPlan(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, func(in *cip.CreateUserPoolInput) { in.UserPoolTier = types.UserPoolTierTypeLite })
	_, err := s.SDK.CreateUserPoolClient(t.Context(), &cip.CreateUserPoolClientInput{
		UserPoolId: &pool, ClientName: aws.String("web"), ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserAuth},
	})
	wantCode(t, err, "FeatureUnavailableInTierException")
}

func TestClientsAreListedPageByPage(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	made := map[string]bool{}
	for range 5 { // names need not differ
		made[s.CreateClient(t, pool, nil)] = true
	}
	var token *string
	for pages := 1; ; pages++ {
		out, err := s.SDK.ListUserPoolClients(t.Context(), &cip.ListUserPoolClientsInput{UserPoolId: &pool, MaxResults: aws.Int32(2), NextToken: token})
		wantOK(t, err)
		for _, c := range out.UserPoolClients {
			if !made[*c.ClientId] || *c.ClientName != "test" || *c.UserPoolId != pool {
				t.Errorf("entry %+v", c)
			}
			delete(made, *c.ClientId)
		}
		if token = out.NextToken; token == nil {
			if pages != 3 || len(made) > 0 {
				t.Errorf("%d pages; not listed: %v", pages, made)
			}
			break
		}
	}
	first, err := s.SDK.ListUserPoolClients(t.Context(), &cip.ListUserPoolClientsInput{UserPoolId: &pool, MaxResults: aws.Int32(2)})
	wantOK(t, err)
	other := s.CreatePool(t, nil)
	_, err = s.SDK.ListUserPoolClients(t.Context(), &cip.ListUserPoolClientsInput{UserPoolId: &other, NextToken: first.NextToken})
	wantError(t, err, "InvalidParameterException", "Invalid pagination token")

	all := s.Call(t, "ListUserPoolClients", `{"UserPoolId":"`+pool+`","ClientType":"REGULAR"}`)
	if n := strings.Count(all.Body, `"ClientId"`); n != 5 || strings.Contains(all.Body, "ClientType") {
		t.Errorf("ordinary clients: %s", all.Body)
	}
	if none := s.Call(t, "ListUserPoolClients", `{"UserPoolId":"`+pool+`","ClientType":"DCR"}`); none.Body != `{"UserPoolClients":[]}` {
		t.Errorf("registered clients: %s", none.Body)
	}
}

func TestADeletedClientIsUnknown(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	client := s.CreateClient(t, pool, nil)
	gone := s.Call(t, "DeleteUserPoolClient", `{"UserPoolId":"`+pool+`","ClientId":"`+client+`"}`)
	if gone.Status != 200 || gone.Body != "" {
		t.Errorf("%d %q", gone.Status, gone.Body)
	}
	unknown := "User pool client " + client + " does not exist."
	_, err := s.SDK.DescribeUserPoolClient(t.Context(), &cip.DescribeUserPoolClientInput{UserPoolId: &pool, ClientId: &client})
	wantError(t, err, "ResourceNotFoundException", unknown)
	_, err = s.SDK.DeleteUserPoolClient(t.Context(), &cip.DeleteUserPoolClientInput{UserPoolId: &pool, ClientId: &client})
	wantError(t, err, "ResourceNotFoundException", unknown)
}

func TestS137AClientOfAnotherPoolIsUnknown(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	own, other := s.CreatePool(t, nil), s.CreatePool(t, nil)
	client := s.CreateClient(t, own, func(in *cip.CreateUserPoolClientInput) { in.GenerateSecret = true })
	for operation, members := range map[string]string{
		"DescribeUserPoolClient":     ``,
		"UpdateUserPoolClient":       ``,
		"DeleteUserPoolClient":       ``,
		"AddUserPoolClientSecret":    ``,
		"ListUserPoolClientSecrets":  ``,
		"DeleteUserPoolClientSecret": `,"ClientSecretId":"x"`,
	} {
		answer := s.Call(t, operation, `{"UserPoolId":"`+other+`","ClientId":"`+client+`"`+members+`}`)
		if answer.ErrorType() != "ResourceNotFoundException" || answer.Message() != "User pool client "+client+" does not exist." {
			t.Errorf("%s: %s", operation, answer.Body)
		}
	}
}

func TestS009SecretsRotateWithoutAGap(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	s.CreateUser(t, pool, "ana", "Correct-horse-9")
	made, err := s.SDK.CreateUserPoolClient(t.Context(), &cip.CreateUserPoolClientInput{
		UserPoolId: &pool, ClientName: aws.String("web"), GenerateSecret: true,
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth},
	})
	wantOK(t, err)
	client, old := *made.UserPoolClient.ClientId, *made.UserPoolClient.ClientSecret
	signIn := func(secret string) error {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte("ana" + client))
		_, err := s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
			ClientId: &client, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
			AuthParameters: map[string]string{"USERNAME": "ana", "PASSWORD": "Correct-horse-9", "SECRET_HASH": base64.StdEncoding.EncodeToString(mac.Sum(nil))},
		})
		return err
	}
	added, err := s.SDK.AddUserPoolClientSecret(t.Context(), &cip.AddUserPoolClientSecretInput{UserPoolId: &pool, ClientId: &client})
	wantOK(t, err)
	second := added.ClientSecretDescriptor
	if !regexp.MustCompile("^"+client+`--\d+$`).MatchString(*second.ClientSecretId) || len(aws.ToString(second.ClientSecretValue)) != 51 || second.ClientSecretCreateDate == nil {
		t.Errorf("descriptor %s, %s", *second.ClientSecretId, aws.ToString(second.ClientSecretValue))
	}
	wantOK(t, signIn(old))
	wantOK(t, signIn(*second.ClientSecretValue))
	_, err = s.SDK.AddUserPoolClientSecret(t.Context(), &cip.AddUserPoolClientSecretInput{UserPoolId: &pool, ClientId: &client})
	wantCode(t, err, "LimitExceededException")

	listed := s.Call(t, "ListUserPoolClientSecrets", `{"UserPoolId":"`+pool+`","ClientId":"`+client+`"}`)
	want := `{"ClientSecrets":[{"ClientSecretCreateDate":<time>,"ClientSecretId":"<id>"},{"ClientSecretCreateDate":<time>,"ClientSecretId":"<id>"}]}`
	if diff := cmp.Diff(want, regexp.MustCompile(client+`--\d+`).ReplaceAllString(volatile(listed.Body), "<id>")); diff != "" {
		t.Error(diff)
	}
	described, err := s.SDK.DescribeUserPoolClient(t.Context(), &cip.DescribeUserPoolClientInput{UserPoolId: &pool, ClientId: &client})
	wantOK(t, err)
	if *described.UserPoolClient.ClientSecret != old {
		t.Error("described with the newer secret")
	}

	secrets, err := s.SDK.ListUserPoolClientSecrets(t.Context(), &cip.ListUserPoolClientSecretsInput{UserPoolId: &pool, ClientId: &client})
	wantOK(t, err)
	remove := func(id *string) error {
		_, err := s.SDK.DeleteUserPoolClientSecret(t.Context(), &cip.DeleteUserPoolClientSecretInput{UserPoolId: &pool, ClientId: &client, ClientSecretId: id})
		return err
	}
	wantOK(t, remove(secrets.ClientSecrets[0].ClientSecretId))
	wantError(t, signIn(old), "NotAuthorizedException", "Unable to verify secret hash for client "+client)
	wantOK(t, signIn(*second.ClientSecretValue))
	wantCode(t, remove(secrets.ClientSecrets[0].ClientSecretId), "ResourceNotFoundException")
	wantCode(t, remove(second.ClientSecretId), "InvalidParameterException")
	wantOK(t, signIn(*second.ClientSecretValue))
}

func TestAnOwnSecretIsNotAnsweredWhenAdded(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	client := s.CreateClient(t, pool, func(in *cip.CreateUserPoolClientInput) { in.GenerateSecret = true })
	own := strings.Repeat("s", 24)
	added, err := s.SDK.AddUserPoolClientSecret(t.Context(), &cip.AddUserPoolClientSecretInput{UserPoolId: &pool, ClientId: &client, ClientSecret: &own})
	wantOK(t, err)
	if added.ClientSecretDescriptor.ClientSecretValue != nil {
		t.Error("the value is answered")
	}
	open := s.CreateClient(t, pool, nil)
	_, err = s.SDK.AddUserPoolClientSecret(t.Context(), &cip.AddUserPoolClientSecretInput{UserPoolId: &pool, ClientId: &open})
	wantCode(t, err, "InvalidParameterException")
}

// atOnce runs call n times at the same time and gives the errors.
func atOnce(n int, call func() error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = call() })
	}
	wg.Wait()
	return errs
}

func TestAClientNeverGetsAThirdSecretInARace(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	client := s.CreateClient(t, pool, func(in *cip.CreateUserPoolClientInput) { in.GenerateSecret = true })
	added := 0
	for _, err := range atOnce(8, func() error {
		_, err := s.SDK.AddUserPoolClientSecret(t.Context(), &cip.AddUserPoolClientSecretInput{UserPoolId: &pool, ClientId: &client})
		return err
	}) {
		if err == nil {
			added++
			continue
		}
		wantCode(t, err, "LimitExceededException")
	}
	out, err := s.SDK.ListUserPoolClientSecrets(t.Context(), &cip.ListUserPoolClientSecretsInput{UserPoolId: &pool, ClientId: &client})
	wantOK(t, err)
	if added != 1 || len(out.ClientSecrets) != 2 {
		t.Errorf("%d were added, there are %d", added, len(out.ClientSecrets))
	}
	removed := 0
	for _, err := range atOnce(2, func() error {
		id := out.ClientSecrets[0].ClientSecretId
		_, err := s.SDK.DeleteUserPoolClientSecret(t.Context(), &cip.DeleteUserPoolClientSecretInput{UserPoolId: &pool, ClientId: &client, ClientSecretId: id})
		return err
	}) {
		if err == nil {
			removed++
		}
	}
	if removed != 1 {
		t.Errorf("%d removals of one secret succeeded", removed)
	}
}
