package security_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"testing"

	"cognate/internal/servertest"
)

// side is a pool with everything in it that issue and test can name.
type side struct {
	name, pool, arn      string
	client               string
	confidential, secret string
	secretID             string
	only                 string // a user that only this pool has, like everything called only
	onlySub, onlyEmail   string
	access, refresh      string // of only
	device               string // of only, not confirmed
	twinAccess           string // of the user twin, whom every side has
	fresh, freshCode     string // a user who has signed up, and the code sent to confirm that
	temporary            string // a user with a temporary password
	session              string // of that user, who has to choose a password
	password, newSecret  string
}

// newSide makes a side; its passwords begin with the name.
func newSide(t testing.TB, s *servertest.Server, name string) *side {
	t.Helper()
	p := &side{
		name: name, only: "only-" + name, fresh: "fresh-" + name, temporary: "temporary-" + name,
		onlyEmail: "only-" + name + "@example.com", password: "Planted-" + name + "-Pa55word!",
	}
	made := do(t, s, "CreateUserPool", doc{
		"PoolName": name, "AutoVerifiedAttributes": []string{"email"}, "AliasAttributes": []string{"email"},
		"UserPoolTags": doc{"side": name}, "DeviceConfiguration": doc{"DeviceOnlyRememberedOnUserPrompt": true},
		"UserPoolTier": "PLUS", "UserPoolAddOns": doc{"AdvancedSecurityMode": "AUDIT"},
	})
	p.pool, p.arn = at(t, made, "UserPool", "Id"), at(t, made, "UserPool", "Arn")
	p.makeClients(t, s)
	p.makeUsers(t, s)
	p.makeGroups(t, s)
	p.signIn(t, s)
	return p
}

func (p *side) makeClients(t testing.TB, s *servertest.Server) {
	t.Helper()
	flows := []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
	p.client = at(t, do(t, s, "CreateUserPoolClient", doc{"UserPoolId": p.pool, "ClientName": "public", "ExplicitAuthFlows": flows}), "UserPoolClient", "ClientId")
	made := do(t, s, "CreateUserPoolClient", doc{"UserPoolId": p.pool, "ClientName": "confidential", "ExplicitAuthFlows": flows, "GenerateSecret": true})
	p.confidential, p.secret = at(t, made, "UserPoolClient", "ClientId"), at(t, made, "UserPoolClient", "ClientSecret")
	added := do(t, s, "AddUserPoolClientSecret", doc{"UserPoolId": p.pool, "ClientId": p.confidential})
	p.secretID, p.newSecret = at(t, added, "ClientSecretDescriptor", "ClientSecretId"), at(t, added, "ClientSecretDescriptor", "ClientSecretValue")
}

func (p *side) makeUsers(t testing.TB, s *servertest.Server) {
	t.Helper()
	s.CreateUser(t, p.pool, p.only, p.password, "email", p.onlyEmail, "email_verified", "true")
	s.CreateUser(t, p.pool, "twin", p.password, "email", "twin-"+p.name+"@example.com", "email_verified", "true")
	p.onlySub = subOf(t, s, p.pool, p.only)
	do(t, s, "SignUp", doc{
		"ClientId": p.client, "Username": p.fresh, "Password": p.password,
		"UserAttributes": []doc{{"Name": "email", "Value": p.fresh + "@example.com"}},
	})
	p.freshCode = s.Code(t, p.pool, p.fresh)
	do(t, s, "AdminCreateUser", doc{"UserPoolId": p.pool, "Username": p.temporary, "TemporaryPassword": p.password, "MessageAction": "SUPPRESS"})
}

func (p *side) makeGroups(t testing.TB, s *servertest.Server) {
	t.Helper()
	for _, group := range []string{p.only, "twins"} {
		do(t, s, "CreateGroup", doc{"UserPoolId": p.pool, "GroupName": group})
		for _, user := range []string{p.only, "twin"} {
			do(t, s, "AdminAddUserToGroup", doc{"UserPoolId": p.pool, "GroupName": group, "Username": user})
		}
	}
}

func (p *side) signIn(t testing.TB, s *servertest.Server) {
	t.Helper()
	tokens := p.enter(t, s, p.only)
	p.keep(t, tokens)
	p.twinAccess = at(t, p.enter(t, s, "twin"), "AuthenticationResult", "AccessToken")
	p.session = at(t, p.enter(t, s, p.temporary), "Session")
}

// keep takes the tokens of only from an answer.
func (p *side) keep(t testing.TB, answer doc) {
	t.Helper()
	p.access, p.refresh = at(t, answer, "AuthenticationResult", "AccessToken"), at(t, answer, "AuthenticationResult", "RefreshToken")
	p.device = at(t, answer, "AuthenticationResult", "NewDeviceMetadata", "DeviceKey")
}

// enter gives a user's password at the public door.
func (p *side) enter(t testing.TB, s *servertest.Server, user string) doc {
	t.Helper()
	return do(t, s, "InitiateAuth", doc{
		"ClientId": p.client, "AuthFlow": "USER_PASSWORD_AUTH",
		"AuthParameters": doc{"USERNAME": user, "PASSWORD": p.password},
	})
}

// picture is everything that administrators see of the side, and that its
// user's tokens and password still work.
func (p *side) picture(t testing.TB, s *servertest.Server) doc {
	t.Helper()
	pool := doc{"UserPoolId": p.pool}
	seen := doc{
		"pool":    do(t, s, "DescribeUserPool", pool)["UserPool"],
		"users":   do(t, s, "ListUsers", pool),
		"groups":  do(t, s, "ListGroups", pool),
		"clients": do(t, s, "ListUserPoolClients", pool),
		"tags":    do(t, s, "ListTagsForResource", doc{"ResourceArn": p.arn}),
		"user":    do(t, s, "GetUser", doc{"AccessToken": p.access}),
		"twin":    do(t, s, "GetUser", doc{"AccessToken": p.twinAccess}),
	}
	for _, user := range []string{p.only, "twin"} {
		seen["groups of "+user] = do(t, s, "AdminListGroupsForUser", doc{"UserPoolId": p.pool, "Username": user})
		p.enter(t, s, user)
	}
	for _, client := range []string{p.client, p.confidential} {
		in := doc{"UserPoolId": p.pool, "ClientId": client}
		seen["client "+client], seen["secrets "+client] = do(t, s, "DescribeUserPoolClient", in), do(t, s, "ListUserPoolClientSecrets", in)
	}
	do(t, s, "InitiateAuth", doc{"ClientId": p.client, "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": doc{"REFRESH_TOKEN": p.refresh, "DEVICE_KEY": p.device}})
	return seen
}

// secretHash is the SECRET_HASH of a user name.
func (p *side) secretHash(user string) string {
	mac := hmac.New(sha256.New, []byte(p.secret))
	mac.Write([]byte(user + p.confidential))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func subOf(t testing.TB, s *servertest.Server, pool, user string) string {
	t.Helper()
	answer := do(t, s, "AdminGetUser", doc{"UserPoolId": pool, "Username": user})
	for _, a := range answer["UserAttributes"].([]any) {
		if attribute := a.(map[string]any); attribute["Name"] == "sub" {
			return attribute["Value"].(string)
		}
	}
	t.Fatalf("no sub in %v", answer)
	return ""
}
