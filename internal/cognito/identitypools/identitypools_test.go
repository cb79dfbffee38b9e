package identitypools

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"slices"
	"sync"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/api/identity"
	"cognate/internal/cognito/access"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/identitytokens"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/paging"
	"cognate/internal/store"
	"cognate/internal/store/storetest"
)

const account = "123456789012"

// oneKey is a source of a single signing key.
type oneKey struct{}

var key = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func (oneKey) Next(context.Context) (*rsa.PrivateKey, error) { return key() }

// fixture is the operations over a database of their own, with a clock in hand.
type fixture struct {
	*Operations
	now time.Time
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{now: time.Date(2026, 11, 13, 12, 0, 0, 0, time.UTC)}
	now := func() time.Time { return f.now }
	db := storetest.Open(t, now)
	who, err := access.New(access.Config{DB: db, Now: now, AccountID: account})
	if err != nil {
		t.Fatal(err)
	}
	f.Operations = &Operations{
		DB: db, Directory: directory.New(db, now), Paging: paging.Paging{Key: make([]byte, 32)}, Now: now,
		Region: "eu-west-1", AccountID: account, Access: who,
		Tokens:         &identitytokens.Tokens{DB: db, Source: oneKey{}, Issuer: "https://pools.example", Now: now, Cores: limits.NewCores()},
		UserPoolIssuer: func(poolID string) string { return "https://cognate.example/" + poolID },
	}
	return f
}

func (f *fixture) pool(t testing.TB, roles map[string]string) string {
	t.Helper()
	made, err := f.CreateIdentityPool(t.Context(), &identity.CreateIdentityPoolInput{
		IdentityPoolName: "shop", AllowUnauthenticatedIdentities: true, DeveloperProviderName: "login.example",
	})
	if err != nil {
		t.Fatal(err)
	}
	for state, name := range roles {
		roles[state] = "arn:aws:iam::" + account + ":role/" + name
	}
	err = f.SetIdentityPoolRoles(t.Context(), &identity.SetIdentityPoolRolesInput{IdentityPoolId: made.IdentityPoolId, Roles: roles})
	if err != nil {
		t.Fatal(err)
	}
	return made.IdentityPoolId
}

// role puts a role that a trust policy of these statements lets others into.
func (f *fixture) role(t testing.TB, name, trust string, policies ...string) {
	t.Helper()
	_, err := store.Write(t.Context(), f.DB, func(ctx context.Context, tx *store.Tx) (bool, error) {
		return tx.InsertRole(ctx, &store.Role{Name: name, ID: "AROA" + name, Settings: store.RoleSettings{
			Path: "/", MaxSession: 3600, Policies: policies,
			Trust: `{"Version":"2012-10-17","Statement":[` + trust + `]}`,
		}})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// trusting is a statement that lets the identities of a pool in, by the first member
// of amr and for some actions.
func trusting(pool, method, actions string) string {
	return `{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":` + actions + `,"Condition":{
		"StringEquals":{"cognito-identity.amazonaws.com:aud":"` + pool + `"},
		"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":"` + method + `"}}}`
}

const (
	assuming     = `"sts:AssumeRoleWithWebIdentity"`
	andTagging   = `["sts:AssumeRoleWithWebIdentity","sts:TagSession"]`
	doEverything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
)

func (f *fixture) guest(t testing.TB, pool string) string {
	t.Helper()
	out, err := f.GetId(t.Context(), &identity.GetIdInput{IdentityPoolId: pool})
	if err != nil {
		t.Fatal(err)
	}
	return out.IdentityId
}

func (f *fixture) vouch(t *testing.T, pool string, tags map[string]string) (id, token string) {
	t.Helper()
	out, err := f.GetOpenIdTokenForDeveloperIdentity(t.Context(), &identity.GetOpenIdTokenForDeveloperIdentityInput{
		IdentityPoolId: pool, Logins: map[string]string{"login.example": "ana"}, PrincipalTags: tags,
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.IdentityId, *out.Token
}

func (f *fixture) credentials(t *testing.T, id, token string) (*identity.Credentials, error) {
	t.Helper()
	in := &identity.GetCredentialsForIdentityInput{IdentityId: id}
	if token != "" {
		in.Logins = map[string]string{"cognito-identity.amazonaws.com": token}
	}
	out, err := f.GetCredentialsForIdentity(t.Context(), in)
	if err != nil {
		return nil, err
	}
	return out.Credentials, nil
}

// principal is who signs with credentials.
func (f *fixture) principal(t *testing.T, c *identity.Credentials) *access.Principal {
	t.Helper()
	_, who, known, err := f.Access.Key(t.Context(), *c.AccessKeyId, *c.SessionToken)
	if err != nil || !known {
		t.Fatalf("credentials are known: %v, %v", known, err)
	}
	return who
}

func (f *fixture) may(t *testing.T, who *access.Principal, action string) bool {
	t.Helper()
	err := f.Access.Authorize(t.Context(), who, access.Request{Action: action, Resource: "*"})
	if err != nil && !api.HasCode(err, "AccessDeniedException") {
		t.Fatal(err)
	}
	return err == nil
}

func wantCode(t *testing.T, err error, code, message string) {
	t.Helper()
	if !api.HasCode(err, code) || message != "" && err.Error() != code+": "+message {
		t.Errorf("error is %v, want %s: %s", err, code, message)
	}
}

const misconfigured = "Invalid identity pool configuration. Check assigned IAM roles for this pool."

// Row 9 of the checklist: what guests may do is bounded whatever their role says.
func TestS124GuestsAreScopedDown_Row9(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	pool := f.pool(t, map[string]string{"authenticated": "all", "unauthenticated": "all"})
	f.role(t, "all", trusting(pool, "*authenticated", assuming), doEverything)
	asGuest, err := f.credentials(t, f.guest(t, pool), "")
	if err != nil {
		t.Fatal(err)
	}
	guest := f.principal(t, asGuest)
	id, token := f.vouch(t, pool, nil)
	user := f.principal(t, must(f.credentials(t, id, token))(t))
	for action, want := range map[string][2]bool{ // of guests, of users
		"cognito-idp:ListUserPools":          {true, true},
		"dynamodb:GetItem":                   {true, true},
		"rum:PutRumEvents":                   {true, true},
		"ec2:RunInstances":                   {false, true},
		"iam:CreateUser":                     {false, true},
		"cognito-identity:ListIdentityPools": {false, false}, // closed to every web identity (B5)
	} {
		if got := [2]bool{f.may(t, guest, action), f.may(t, user, action)}; got != want {
			t.Errorf("%s: guest and user may: %v, want %v", action, got, want)
		}
	}
	if !asGuest.Expiration.Equal(f.now.Add(time.Hour)) {
		t.Errorf("credentials of %s end at %s", f.now, asGuest.Expiration.Time)
	}
	if want := "arn:aws:sts::" + account + ":assumed-role/all/CognitoIdentityCredentials"; guest.ARN != want {
		t.Errorf("principal %s, want %s", guest.ARN, want)
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestSessionsKnowTheirIdentity(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	pool := f.pool(t, map[string]string{"authenticated": "own"})
	f.role(t, "own", trusting(pool, "authenticated", assuming),
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::files/${cognito-identity.amazonaws.com:sub}/*"}]}`)
	id, token := f.vouch(t, pool, nil)
	who := f.principal(t, must(f.credentials(t, id, token))(t))
	for resource, want := range map[string]bool{"arn:aws:s3:::files/" + id + "/a": true, "arn:aws:s3:::files/" + pool + "/a": false} {
		if err := f.Access.Authorize(t.Context(), who, access.Request{Action: "s3:GetObject", Resource: resource}); (err == nil) != want {
			t.Errorf("%s: %v", resource, err)
		}
	}
}

// Row 6 of the checklist, and the other ways in which a role does not fit.
func TestRolesThatDoNotLetThePoolIn_Row6(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	other := f.pool(t, nil)
	tags := map[string]string{"team": "shop"}
	tests := []struct {
		name  string
		trust func(pool string) string // nil: there is no role
		tags  map[string]string
		want  bool
	}{
		{"trusting", func(pool string) string { return trusting(pool, "authenticated", assuming) }, nil, true},
		{"trusting with tags", func(pool string) string { return trusting(pool, "authenticated", andTagging) }, tags, true},
		{"tags without TagSession", func(pool string) string { return trusting(pool, "authenticated", assuming) }, tags, false},
		{"trusting another pool", func(string) string { return trusting(other, "authenticated", assuming) }, nil, false},
		{"trusting guests", func(pool string) string { return trusting(pool, "unauthenticated", assuming) }, nil, false},
		{"trusting the developer's provider", func(pool string) string { return trusting(pool, "login.example", assuming) }, nil, true},
		{"trusting another user of it", func(pool string) string { return trusting(pool, "login.example:*:ben", assuming) }, nil, false},
		{"not for web identities", func(string) string {
			return `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + account + `:root"},"Action":"sts:AssumeRole"}`
		}, nil, false},
		{"missing", nil, nil, false},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			name := string(rune('a' + i))
			pool := f.pool(t, map[string]string{"authenticated": name})
			if test.trust != nil {
				f.role(t, name, test.trust(pool))
			}
			id, token := f.vouch(t, pool, test.tags)
			switch c, err := f.credentials(t, id, token); {
			case !test.want:
				wantCode(t, err, "InvalidIdentityPoolConfigurationException", misconfigured)
			case err != nil:
				t.Error(err)
			case test.tags != nil:
				if who := f.principal(t, c); who.Tags["team"] != "shop" {
					t.Errorf("tags of the session: %v", who.Tags)
				}
			}
		})
	}
	guests := f.pool(t, map[string]string{"authenticated": "a"})
	_, err := f.credentials(t, f.guest(t, guests), "")
	wantCode(t, err, "InvalidIdentityPoolConfigurationException", misconfigured)
}

// A user pool has two names in Logins: chance is not to decide which of two mappings
// counts.
func TestAProviderHasOneRoleMapping(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const client = "1234567890abcdefghijklmnop"
	made, err := f.CreateIdentityPool(t.Context(), &identity.CreateIdentityPoolInput{
		IdentityPoolName: "shop", CognitoIdentityProviders: []identity.CognitoIdentityProvider{
			{ProviderName: "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a", ClientId: client},
			{ProviderName: "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a", ClientId: "another"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	byToken := identity.RoleMapping{
		Type: identity.RoleMappingTypeToken, AmbiguousRoleResolution: identity.AmbiguousRoleResolutionTypeDeny,
	}
	in := &identity.SetIdentityPoolRolesInput{IdentityPoolId: made.IdentityPoolId, RoleMappings: map[string]identity.RoleMapping{
		"cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a:" + client: byToken, "cognate.example/eu-west-1_a:another": byToken,
	}}
	if err := f.SetIdentityPoolRoles(t.Context(), in); err != nil {
		t.Errorf("one for each client: %v", err)
	}
	in.RoleMappings["cognate.example/eu-west-1_a:"+client] = byToken
	wantCode(t, f.SetIdentityPoolRoles(t.Context(), in), "InvalidParameterException", "A user pool and client have two role mappings, by different names.")
}

func TestCustomRoleIsTheDefaultOneWithoutMappings(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	pool := f.pool(t, map[string]string{"authenticated": "user", "unauthenticated": "guest"})
	f.role(t, "user", trusting(pool, "authenticated", assuming))
	f.role(t, "guest", trusting(pool, "unauthenticated", assuming))
	id, token := f.vouch(t, pool, nil)
	for role, want := range map[string]bool{"user": true, "guest": false, "none": false} {
		arn := "arn:aws:iam::" + account + ":role/" + role
		_, err := f.GetCredentialsForIdentity(t.Context(), &identity.GetCredentialsForIdentityInput{
			IdentityId: id, CustomRoleArn: arn, Logins: map[string]string{"cognito-identity.amazonaws.com": token},
		})
		if want && err != nil {
			t.Error(err)
		}
		if !want {
			wantCode(t, err, "NotAuthorizedException", "Access to Role '"+arn+"' is forbidden.")
		}
		_, err = f.GetCredentialsForIdentity(t.Context(), &identity.GetCredentialsForIdentityInput{IdentityId: f.guest(t, pool), CustomRoleArn: arn})
		if (err == nil) != (role == "guest") {
			t.Errorf("guest with %s: %v", role, err)
		}
	}
}

func TestDevelopersTokensAreForOneIdentityWhileItsUserIsLinked(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	pool, other := f.pool(t, map[string]string{"authenticated": "user"}), f.pool(t, map[string]string{"authenticated": "user"})
	f.role(t, "user", `{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":`+assuming+`}`)
	id, token := f.vouch(t, pool, nil)
	elsewhere, foreign := f.vouch(t, other, nil)
	guest := f.guest(t, pool)
	forGuest := must(f.Tokens.Mint(t.Context(), identitytokens.Token{
		PoolID: pool, IdentityID: guest, Methods: identitytokens.Guest(),
	}, time.Hour))(t)
	const noMatch = "Logins don't match. Please include at least one valid login for this identity or identity pool."
	for name, try := range map[string][2]string{
		"token of another identity":     {guest, token},
		"token of another pool":         {id, foreign},
		"identity of another pool":      {elsewhere, token},
		"token of a guest as an user's": {guest, forGuest},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.credentials(t, try[0], try[1])
			wantCode(t, err, "NotAuthorizedException", noMatch)
		})
	}
	_, err := f.credentials(t, id, token+"x")
	wantCode(t, err, "NotAuthorizedException", "Invalid login token. Couldn't verify signed token.")
	_, err = f.GetCredentialsForIdentity(t.Context(), &identity.GetCredentialsForIdentityInput{
		IdentityId: id, Logins: map[string]string{"cognito-identity.amazonaws.com": token, "accounts.google.com": "x"},
	})
	wantCode(t, err, "NotAuthorizedException", noMatch)
	if _, err := f.credentials(t, id, token); err != nil {
		t.Error(err)
	}
	f.now = f.now.Add(15 * time.Minute)
	_, err = f.credentials(t, id, token)
	wantCode(t, err, "NotAuthorizedException", "Invalid login token. Token expired: 1794572100 >= 1794572100")

	_, token = f.vouch(t, pool, nil)
	_, _ = f.vouchAs(t, pool, "ben", id)
	err = f.UnlinkDeveloperIdentity(t.Context(), &identity.UnlinkDeveloperIdentityInput{
		IdentityPoolId: pool, IdentityId: id, DeveloperProviderName: "login.example", DeveloperUserIdentifier: "ana",
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.credentials(t, id, token)
	wantCode(t, err, "NotAuthorizedException", noMatch)
}

// After a merge, tokens of the identity that was disabled open neither.
func TestDevelopersTokensEndWithAMerge(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	pool := f.pool(t, map[string]string{"authenticated": "user"})
	f.role(t, "user", trusting(pool, "authenticated", assuming))
	id, token := f.vouch(t, pool, nil)
	other, _ := f.vouchAs(t, pool, "ben", "")
	_, err := f.MergeDeveloperIdentities(t.Context(), &identity.MergeDeveloperIdentitiesInput{
		IdentityPoolId: pool, DeveloperProviderName: "login.example", SourceUserIdentifier: "ana", DestinationUserIdentifier: "ben",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{id, other} {
		_, err := f.credentials(t, target, token)
		wantCode(t, err, "NotAuthorizedException", "")
	}
	_, again := f.vouch(t, pool, nil)
	if _, err := f.credentials(t, other, again); err != nil {
		t.Error(err)
	}
}

func (f *fixture) vouchAs(t *testing.T, pool, user, id string) (string, string) {
	t.Helper()
	out, err := f.GetOpenIdTokenForDeveloperIdentity(t.Context(), &identity.GetOpenIdTokenForDeveloperIdentityInput{
		IdentityPoolId: pool, IdentityId: id, Logins: map[string]string{"login.example": user},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.IdentityId, *out.Token
}

func TestPoolsHaveAQuota(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Quota = 2
	f.pool(t, nil)
	f.pool(t, nil)
	_, err := f.CreateIdentityPool(t.Context(), &identity.CreateIdentityPoolInput{IdentityPoolName: "third"})
	wantCode(t, err, "LimitExceededException", "Account has exceeded the maximum number of identity pools.")
	elsewhere := api.WithRequest(t.Context(), &api.RequestInfo{Signed: true, Region: "us-east-1"})
	if _, err := f.CreateIdentityPool(elsewhere, &identity.CreateIdentityPoolInput{IdentityPoolName: "third"}); err != nil {
		t.Errorf("in another Region: %v", err)
	}
}

// The clock is read between reading a pool and writing it, so a change that is made
// when it is read is one by another request.
func TestPoolThatIsChangedMeanwhile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	pool := f.pool(t, nil)
	arn := "arn:aws:cognito-identity:eu-west-1:" + account + ":identitypool/" + pool
	clock, changes := f.Now, 0
	meanwhile := func() time.Time {
		if changes++; changes == 1 {
			other := *f.Operations
			other.Now = clock
			_, err := other.TagResource(t.Context(), &identity.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"by": "another"}})
			if err != nil {
				t.Error(err)
			}
		}
		return f.now
	}
	f.Now = meanwhile
	_, err := f.UpdateIdentityPool(t.Context(), &identity.IdentityPool{IdentityPoolId: pool, IdentityPoolName: "mine"})
	wantCode(t, err, "ConcurrentModificationException", "IdentityPool '"+pool+"' was changed by another request.")
	changes = 0
	err = f.SetIdentityPoolRoles(t.Context(), &identity.SetIdentityPoolRolesInput{IdentityPoolId: pool, Roles: map[string]string{}})
	wantCode(t, err, "ConcurrentModificationException", "")

	changes = 0 // tags do not mind others' changes
	if _, err := f.TagResource(t.Context(), &identity.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"mine": "too"}}); err != nil {
		t.Error(err)
	}
	out, err := f.DescribeIdentityPool(t.Context(), &identity.DescribeIdentityPoolInput{IdentityPoolId: pool})
	if err != nil || out.IdentityPoolName != "shop" || len(out.IdentityPoolTags) != 2 {
		t.Errorf("described %v, %v", out, err)
	}
}

// Expired credentials, and those that were tampered with, are nobody's (S125).
func TestS125CredentialsEndWithTheirRole(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	pool := f.pool(t, map[string]string{"unauthenticated": "guest"})
	f.role(t, "guest", trusting(pool, "unauthenticated", assuming), doEverything)
	c := must(f.credentials(t, f.guest(t, pool), ""))(t)
	found, _, _, err := f.Access.Key(t.Context(), *c.AccessKeyId, *c.SessionToken)
	if err != nil || found.Secret != *c.SecretKey || !found.Expires.Equal(f.now.Add(time.Hour)) {
		t.Errorf("key %v, %v", found, err)
	}
	token := []byte(*c.SessionToken)
	slices.Reverse(token)
	if _, _, known, _ := f.Access.Key(t.Context(), *c.AccessKeyId, string(token)); known {
		t.Error("a token that was tampered with is known")
	}
	_, err = store.Write(t.Context(), f.DB, func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.DeleteRole(ctx, "guest") })
	if err != nil {
		t.Fatal(err)
	}
	f.Access.Forget()
	if _, _, known, _ := f.Access.Key(t.Context(), *c.AccessKeyId, *c.SessionToken); known {
		t.Error("a session outlives its role")
	}
}

// A client that is listed twice is checked at its pool if either entry says so.
func TestServerSideTokenCheckOfOneEntryCountsForTheClient(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const name, sameName, client = "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a", "cognate.example/eu-west-1_a", "1234567890abcdefghijklmnop"
	for _, checks := range [][2]*bool{{new(true), nil}, {new(true), new(false)}, {nil, new(true)}, {new(false), nil}} {
		pool := &store.IdentityPool{}
		pool.Settings.Pool.CognitoIdentityProviders = []identity.CognitoIdentityProvider{
			{ProviderName: name, ClientId: client, ServerSideTokenCheck: checks[0]},
			{ProviderName: sameName, ClientId: client, ServerSideTokenCheck: checks[1]},
		}
		want := checks[0] != nil && *checks[0] || checks[1] != nil && *checks[1]
		for _, key := range []string{name, sameName} {
			p := f.providersOf(pool)[key]
			if p == nil || p.clients[client] != want {
				t.Errorf("entries that say %v: by %s the provider is %+v, want a check: %v", checks, key, p, want)
			}
		}
	}
}
