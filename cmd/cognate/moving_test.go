package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/servertest"
	"cognate/internal/web/moving"
)

const (
	testPassword = "Correct-Horse1!"
	// secondSecret is one of the two of a client of richPool.
	secondSecret = "second+secret+of+the+worker"
)

// withKeys lets commands sign with the root key of the servers of this package.
func withKeys(t *testing.T) {
	t.Helper()
	t.Setenv("COGNATE_ACCESS_KEY_ID", servertest.RootAccessKeyID)
	t.Setenv("COGNATE_SECRET_ACCESS_KEY", servertest.RootSecretAccessKey)
	t.Setenv("AWS_ACCESS_KEY_ID", servertest.RootAccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", servertest.RootSecretAccessKey)
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
}

// cognate runs a command at a server, and fails the test when it does not exit
// with the code.
func cognate(t *testing.T, s *servertest.Server, code int, args ...string) string {
	t.Helper()
	var out, notes bytes.Buffer
	if got := run(append(args, "--public-url", s.URL), streams{&out, &notes}); got != code {
		t.Fatalf("cognate %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, &out, &notes)
	}
	return out.String() + notes.String()
}

// richPool makes a pool with something of every kind.
func richPool(t *testing.T, s *servertest.Server) (poolID, clientID string) {
	t.Helper()
	ctx := t.Context()
	poolID = s.CreatePool(t, func(in *cip.CreateUserPoolInput) {
		in.PoolName = aws.String("shop")
		in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail, types.AliasAttributeTypePreferredUsername}
		in.AutoVerifiedAttributes = []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail}
		in.UsernameConfiguration = &types.UsernameConfigurationType{CaseSensitive: aws.Bool(false)}
		in.Schema = []types.SchemaAttributeType{
			{Name: aws.String("plan"), AttributeDataType: types.AttributeDataTypeString, Mutable: aws.Bool(true)},
			{
				Name: aws.String("name"), AttributeDataType: types.AttributeDataTypeString, Mutable: aws.Bool(true), Required: aws.Bool(false),
				StringAttributeConstraints: &types.StringAttributeConstraintsType{MinLength: aws.String("1"), MaxLength: aws.String("99")},
			},
		}
		in.Policies = &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{
			MinimumLength: aws.Int32(10), RequireNumbers: true, TemporaryPasswordValidityDays: 3, PasswordHistorySize: aws.Int32(2),
		}}
		in.AdminCreateUserConfig = &types.AdminCreateUserConfigType{AllowAdminCreateUserOnly: true}
		in.VerificationMessageTemplate = &types.VerificationMessageTemplateType{
			DefaultEmailOption: types.DefaultEmailOptionTypeConfirmWithCode, EmailMessage: aws.String("<b>{####}</b>"), EmailSubject: aws.String("Code"),
		}
		in.UserPoolTags = map[string]string{"team": "shop"}
		in.UserPoolTier = types.UserPoolTierTypePlus
		in.UserPoolAddOns = &types.UserPoolAddOnsType{AdvancedSecurityMode: types.AdvancedSecurityModeTypeAudit}
	})
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.SDK.AddCustomAttributes(ctx, &cip.AddCustomAttributesInput{UserPoolId: &poolID, CustomAttributes: []types.SchemaAttributeType{
		{Name: aws.String("age"), AttributeDataType: types.AttributeDataTypeNumber, NumberAttributeConstraints: &types.NumberAttributeConstraintsType{MinValue: aws.String("0")}},
		{Name: aws.String("secret"), AttributeDataType: types.AttributeDataTypeString, DeveloperOnlyAttribute: aws.Bool(true)},
	}}))
	must(s.SDK.SetUserPoolMfaConfig(ctx, &cip.SetUserPoolMfaConfigInput{
		UserPoolId: &poolID, MfaConfiguration: types.UserPoolMfaTypeOptional,
		SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true},
	}))
	must(s.SDK.CreateResourceServer(ctx, &cip.CreateResourceServerInput{
		UserPoolId: &poolID, Identifier: aws.String("https://api.example.com"), Name: aws.String("api"),
		Scopes: []types.ResourceServerScopeType{{ScopeName: aws.String("read"), ScopeDescription: aws.String("reads")}},
	}))
	must(s.SDK.CreateGroup(ctx, &cip.CreateGroupInput{UserPoolId: &poolID, GroupName: aws.String("admin"), Precedence: aws.Int32(0), Description: aws.String("all")}))
	must(s.SDK.CreateGroup(ctx, &cip.CreateGroupInput{UserPoolId: &poolID, GroupName: aws.String("staff")}))
	must(s.SDK.CreateIdentityProvider(ctx, &cip.CreateIdentityProviderInput{
		UserPoolId: &poolID, ProviderName: aws.String("Google"), ProviderType: types.IdentityProviderTypeTypeGoogle,
		ProviderDetails:  map[string]string{"client_id": "g", "client_secret": "google-secret", "authorize_scopes": "openid email"},
		AttributeMapping: map[string]string{"email": "email"}, IdpIdentifiers: []string{"google.example"},
	}))
	clientID = s.CreateClient(t, poolID, func(in *cip.CreateUserPoolClientInput) {
		in.GenerateSecret = false
		in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{
			types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowUserSrpAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
		}
		in.SupportedIdentityProviders = []string{"COGNITO", "Google"}
		in.CallbackURLs = []string{"https://shop.example.com/in"}
		in.AllowedOAuthFlows = []types.OAuthFlowType{types.OAuthFlowTypeCode}
		in.AllowedOAuthScopes = []string{"openid", "https://api.example.com/read"}
		in.AllowedOAuthFlowsUserPoolClient = true
	})
	confidential := s.CreateClient(t, poolID, func(in *cip.CreateUserPoolClientInput) {
		in.GenerateSecret = true
		in.ClientName = aws.String("worker")
		in.TokenValidityUnits = &types.TokenValidityUnitsType{AccessToken: types.TimeUnitsTypeMinutes}
		in.AccessTokenValidity = aws.Int32(20)
	})
	must(s.SDK.AddUserPoolClientSecret(ctx, &cip.AddUserPoolClientSecretInput{UserPoolId: &poolID, ClientId: &confidential, ClientSecret: aws.String(secondSecret)}))
	for _, request := range [][2]string{ // the SDK does not have them yet
		{"SetUserPoolSessionConfiguration", `{"UserPoolId":"` + poolID + `","UserSessionTracking":"ENABLED","TokenSession":{"MaxPerUser":7}}`},
		{"SetUserPoolClientSessionConfiguration", `{"UserPoolId":"` + poolID + `","ClientId":"` + clientID + `","SSOSession":{"MaxValidityMinutes":5}}`},
	} {
		if answer := s.Call(t, request[0], request[1]); answer.Status != http.StatusOK {
			t.Fatalf("%s: %s", request[0], answer.Body)
		}
	}
	must(s.SDK.CreateUserPoolDomain(ctx, &cip.CreateUserPoolDomainInput{
		UserPoolId: &poolID, Domain: aws.String(servertest.NewPrefix()), ManagedLoginVersion: aws.Int32(1),
	}))
	must(s.SDK.SetUICustomization(ctx, &cip.SetUICustomizationInput{UserPoolId: &poolID, ClientId: &clientID, CSS: aws.String(".banner-customizable {\n padding: 1px;\n}")}))
	must(s.SDK.CreateManagedLoginBranding(ctx, &cip.CreateManagedLoginBrandingInput{UserPoolId: &poolID, ClientId: &confidential, UseCognitoProvidedValues: true}))
	must(s.SDK.CreateTerms(ctx, &cip.CreateTermsInput{
		UserPoolId: &poolID, ClientId: &clientID, TermsName: aws.String("privacy-policy"), TermsSource: types.TermsSourceTypeLink,
		Enforcement: types.TermsEnforcementTypeNone, Links: map[string]string{"cognito:default": "https://shop.example.com/privacy"},
	}))
	must(s.SDK.SetRiskConfiguration(ctx, &cip.SetRiskConfigurationInput{
		UserPoolId: &poolID, RiskExceptionConfiguration: &types.RiskExceptionConfigurationType{SkippedIPRangeList: []string{"192.0.2.0/24"}},
	}))
	return poolID, clientID
}

// fewUsers makes users of different kinds; ana has everything.
func fewUsers(t *testing.T, s *servertest.Server, poolID string) {
	t.Helper()
	ctx := t.Context()
	s.CreateUser(t, poolID, "Ana", testPassword, "email", "ana@example.com", "email_verified", "true", "custom:plan", "<gold> & \"more\"", "name", "Ana \u2028 é")
	s.CreateUser(t, poolID, "bob", "Other-Password9", "email", "bob@example.com")
	if _, err := s.SDK.AdminCreateUser(ctx, &cip.AdminCreateUserInput{
		UserPoolId: &poolID, Username: aws.String("carl"), TemporaryPassword: aws.String("Temporary-1!"), MessageAction: types.MessageActionTypeSuppress,
	}); err != nil {
		t.Fatal(err)
	}
	for _, group := range []string{"admin", "staff"} {
		if _, err := s.SDK.AdminAddUserToGroup(ctx, &cip.AdminAddUserToGroupInput{UserPoolId: &poolID, Username: aws.String("ana"), GroupName: &group}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.SDK.AdminDisableUser(ctx, &cip.AdminDisableUserInput{UserPoolId: &poolID, Username: aws.String("bob")}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SDK.AdminLinkProviderForUser(ctx, &cip.AdminLinkProviderForUserInput{
		UserPoolId:      &poolID,
		DestinationUser: &types.ProviderUserIdentifierType{ProviderName: aws.String("Cognito"), ProviderAttributeValue: aws.String("carl")},
		SourceUser:      &types.ProviderUserIdentifierType{ProviderName: aws.String("Google"), ProviderAttributeName: aws.String("Cognito_Subject"), ProviderAttributeValue: aws.String("118")},
	}); err != nil {
		t.Fatal(err)
	}
}

func signIn(t *testing.T, s *servertest.Server, clientID, username, password string) (*cip.InitiateAuthOutput, error) {
	t.Helper()
	return s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		ClientId: &clientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": username, "PASSWORD": password},
	})
}

func mustSignIn(t *testing.T, s *servertest.Server, clientID, username, password string) *cip.InitiateAuthOutput {
	t.Helper()
	got, err := signIn(t, s, clientID, username, password)
	if err != nil {
		t.Fatalf("sign in %s: %v", username, err)
	}
	return got
}

func lines(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

func TestAPoolThatWasExportedAndImportedIsTheSame(t *testing.T) {
	withKeys(t)
	from, to := servertest.Start(t), servertest.Start(t)
	poolID, clientID := richPool(t, from)
	fewUsers(t, from, poolID)
	dir := t.TempDir()
	first, again := filepath.Join(dir, "first"), filepath.Join(dir, "again")

	cognate(t, from, 0, "export", "--pool", poolID, "--out", first)
	sealed, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"google-secret", "Verifier", `"ClientSecret":"`, secondSecret} {
		if bytes.Contains(sealed, []byte(secret)) {
			t.Errorf("the sealed file shows %s", secret)
		}
	}
	out := cognate(t, to, 0, "import", first)
	if !strings.Contains(out, "users: 3 added, 0 changed, 0 there already, 0 failed") {
		t.Errorf("import says:\n%s", out)
	}
	if got := mustSignIn(t, to, clientID, "ANA@example.com", testPassword); got.AuthenticationResult == nil {
		t.Errorf("ana gets %s", got.ChallengeName)
	}
	if got := mustSignIn(t, to, clientID, "carl", "Temporary-1!"); got.ChallengeName != types.ChallengeNameTypeNewPasswordRequired {
		t.Errorf("carl gets %s", got.ChallengeName)
	}

	// What both export in plain is the same, to the byte.
	cognate(t, from, 0, "export", "--pool", poolID, "--out", first, "--secrets", "plain")
	cognate(t, to, 0, "export", "--pool", poolID, "--out", again, "--secrets", "plain")
	if diff := cmp.Diff(lines(t, first), lines(t, again)); diff != "" {
		t.Errorf("the export of the copy differs:\n%s", diff)
	}
	if !slices.ContainsFunc(lines(t, again), func(l string) bool { return strings.Contains(l, secondSecret) }) {
		t.Error("the second secret of a client is lost")
	}
	// A second import changes nothing.
	out = cognate(t, to, 0, "import", first, "--update")
	if !strings.Contains(out, "0 made,") || !strings.Contains(out, "users: 0 added, 0 changed, 3 there already") {
		t.Errorf("the second import says:\n%s", out)
	}
}

// Requests are taken before the first user, so one that comes later would be lost.
func TestARequestBehindTheUsersIsNotLostSilently(t *testing.T) {
	withKeys(t)
	from, to := servertest.Start(t), servertest.Start(t)
	poolID := from.CreatePool(t, nil)
	from.CreateClient(t, poolID, nil)
	from.CreateUser(t, poolID, "ana", testPassword)
	file := filepath.Join(t.TempDir(), "pool")
	cognate(t, from, 0, "export", "--pool", poolID, "--out", file, "--secrets", "none")
	all := lines(t, file)
	at := slices.IndexFunc(all, func(l string) bool { return strings.Contains(l, "CreateUserPoolClient") })
	moved := append(slices.Delete(slices.Clone(all), at, at+1), all[at])
	if err := os.WriteFile(file, []byte(strings.Join(moved, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := cognate(t, to, 1, "import", file); !strings.Contains(out, fmt.Sprintf("line %d is a request behind the first user", len(all))) {
		t.Errorf("import says:\n%s", out)
	}
}

func TestAConfidentialClientStaysOneWithoutItsSecret(t *testing.T) {
	withKeys(t)
	from, to := servertest.Start(t), servertest.Start(t)
	poolID := from.CreatePool(t, nil)
	clientID := from.CreateClient(t, poolID, func(in *cip.CreateUserPoolClientInput) { in.GenerateSecret = true })
	from.CreateUser(t, poolID, "ana", testPassword)
	if _, err := from.SDK.AddUserPoolClientSecret(t.Context(), &cip.AddUserPoolClientSecretInput{UserPoolId: &poolID, ClientId: &clientID}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pool")
	if out := cognate(t, from, 0, "export", "--pool", poolID, "--out", file, "--secrets", "none"); !strings.Contains(out, "3 settings and 1 users") {
		t.Errorf("export says:\n%s", out)
	}
	cognate(t, to, 0, "import", file)
	if got := secretsOf(t, to, poolID, clientID); len(got) != 1 {
		t.Errorf("the client has %d secrets", len(got))
	}
	secret := func(s *servertest.Server) string {
		t.Helper()
		got, err := s.SDK.DescribeUserPoolClient(t.Context(), &cip.DescribeUserPoolClientInput{UserPoolId: &poolID, ClientId: &clientID})
		if err != nil {
			t.Fatal(err)
		}
		return aws.ToString(got.UserPoolClient.ClientSecret)
	}
	if before, after := secret(from), secret(to); after == "" || after == before {
		t.Errorf("the secret is %q, was %q", after, before)
	}
}

// The whole of 100,000 users takes part in the long tests only.
func TestManyUsersMakeTheRoundTrip(t *testing.T) {
	withKeys(t)
	n := 3000
	if os.Getenv("COGNATE_TEST_LONG") != "" {
		n = 100_000
	}
	from, to := servertest.Start(t), servertest.Start(t)
	poolID := from.CreatePool(t, nil)
	verifier := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 384))
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf(`{"User":{"Username":"user-%06d","Sub":"%08x-0000-4000-8000-%012d","UserStatus":"CONFIRMED","Enabled":true,`+
			`"UserCreateDate":1.7e9,"UserLastModifiedDate":1.7e9,"Attributes":[{"Name":"email","Value":"user-%06d@example.com"}]},`+
			`"Secrets":{"Password":{"Salt":"AAECAwQFBgcICQoLDA0ODw==","Verifier":%q}}}`, i, uint32(i)*2654435761, i, i, verifier)
	}
	dir := t.TempDir()
	made, first, again := filepath.Join(dir, "made"), filepath.Join(dir, "first"), filepath.Join(dir, "again")
	if err := os.WriteFile(made, []byte(userLines(poolID, rows)), 0o600); err != nil {
		t.Fatal(err)
	}
	cognate(t, from, 0, "import", made, "--only", "users")
	cognate(t, from, 0, "export", "--pool", poolID, "--out", first, "--secrets", "plain")
	out := cognate(t, to, 0, "import", first)
	if want := fmt.Sprintf("users: %d added, 0 changed, 0 there already, 0 failed", n); !strings.Contains(out, want) {
		t.Errorf("import says:\n%s", out)
	}
	cognate(t, to, 0, "export", "--pool", poolID, "--out", again, "--secrets", "plain")
	one, two := lines(t, first), lines(t, again)
	if len(one) < n || !slices.Equal(one, two) {
		t.Errorf("%d lines became %d", len(one), len(two))
	}
	for _, line := range one[len(one)-n:] {
		if !strings.Contains(line, verifier) {
			t.Fatalf("a user without a verifier: %s", line)
		}
	}
}

// What an earlier export left when it was killed lends the new one no rights.
func TestExportsAreReadByTheirOwnerOnly(t *testing.T) {
	t.Parallel()
	c := &exportCommand{Out: filepath.Join(t.TempDir(), "pool")}
	if err := os.WriteFile(c.Out+".part", []byte("left"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, finish, err := c.create(streams{})
	if err != nil {
		t.Fatal(err)
	}
	if err := finish(nil); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(c.Out)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 0 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestSecretsAreBoundToWhatTheyBelongTo(t *testing.T) {
	withKeys(t)
	from, to := servertest.Start(t), servertest.Start(t)
	poolID := from.CreatePool(t, nil)
	from.CreateUser(t, poolID, "ana", testPassword)
	file := filepath.Join(t.TempDir(), "pool")
	cognate(t, from, 0, "export", "--pool", poolID, "--out", file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	forged := bytes.Replace(text, []byte(`"Username":"ana"`), []byte(`"Username":"eve"`), 1)
	if bytes.Equal(text, forged) {
		t.Fatal("the file has no ana")
	}
	if err := os.WriteFile(file, forged, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := cognate(t, to, 1, "import", file); !strings.Contains(out, "sealed secrets do not open") {
		t.Errorf("import says:\n%s", out)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file + ".key"); err != nil {
		t.Fatal(err)
	}
	cognate(t, to, 1, "import", file)
}

// userLines makes a file of users with passwords that bcrypt has hashed.
func userLines(poolID string, users []string) string {
	header, _ := json.Marshal(poolLine{Export: &poolHeader{Format: poolFormat, UserPoolId: poolID, Secrets: secretsPlain}})
	return string(header) + "\n" + strings.Join(users, "\n") + "\n"
}

func TestS148RowsOfAnImportAreTakenWholeOrNotAtAll(t *testing.T) {
	withKeys(t)
	s := servertest.Start(t)
	poolID := s.CreatePool(t, func(in *cip.CreateUserPoolInput) {
		in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail}
	})
	row := func(sub, name, rest, attributes string) string {
		return fmt.Sprintf(`{"User":{"Username":%q,"Sub":%q,"UserStatus":"CONFIRMED","Enabled":true,"UserCreateDate":1.7e9,"UserLastModifiedDate":1.7e9,"Attributes":[%s]%s}}`,
			name, sub, attributes, rest)
	}
	email := `{"Name":"email","Value":"a@example.com"},{"Name":"email_verified","Value":"true"}`
	file := filepath.Join(t.TempDir(), "pool")
	text := userLines(poolID, []string{
		row("s1", "good", "", email),
		row("s2", "alias-taken", "", email),
		row("s3", "no group", "", ""),
		row("s4", "unknown-attribute", "", `{"Name":"custom:none","Value":"x"}`),
		row("s5", "in-no-group", `,"Groups":["ghosts"]`, ""),
		row("s6", "formula", "", `{"Name":"name","Value":"=HYPERLINK(\"x\")"}`),
		row("s7", "zero", "", `{"Name":"name","Value":"a\u0000b"}`),
		row("s8", "flag-alone", "", `{"Name":"email_verified","Value":"true"}`),
		row("../s9", "odd-sub", "", ""),
		row("s10", "sub", "", `{"Name":"sub","Value":"x"}`),
		strings.Replace(row("s11", "status", "", ""), "CONFIRMED", "ROOT", 1),
	})
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out := cognate(t, s, 1, "import", file, "--only", "users")
	if !strings.Contains(out, "users: 2 added, 0 changed, 0 there already, 9 failed") {
		t.Errorf("import says:\n%s", out)
	}
	for _, line := range []string{"line 3, alias-taken: somebody else signs in with the email", `line 6, in-no-group: the pool has no group "ghosts"`} {
		if !strings.Contains(out, line) {
			t.Errorf("no line %q in\n%s", line, out)
		}
	}
	listed, err := s.SDK.ListUsers(t.Context(), &cip.ListUsersInput{UserPoolId: &poolID})
	if err != nil || len(listed.Users) != 2 {
		t.Fatalf("%d users, %v", len(listed.Users), err)
	}
}

func TestS172HashesInOwnImportsAreBounded(t *testing.T) {
	withKeys(t)
	s := servertest.Start(t)
	poolID := s.CreatePool(t, nil)
	clientID := s.CreateClient(t, poolID, func(in *cip.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth}
	})
	row := func(name, algorithm, hash string) string {
		return fmt.Sprintf(`{"User":{"Username":%q,"Sub":%q,"UserStatus":"CONFIRMED","Enabled":true,"UserCreateDate":1.7e9,"UserLastModifiedDate":1.7e9,"Attributes":[]},"Secrets":{"Password":{"Algorithm":%q,"Hash":%q}}}`,
			name, name, algorithm, hash)
	}
	file := filepath.Join(t.TempDir(), "pool")
	text := userLines(poolID, []string{
		// U*U of John the Ripper's vectors.
		row("bcrypt", "BCRYPT", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
		row("costly", "BCRYPT", "$2a$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
		row("pbkdf2", "PBKDF2_SHA256", "$pbkdf2-sha256$1000001$c2FsdHNhbHRzYWx0$ZGlnZXN0ZGlnZXN0ZGlnZXN0ZGlnZXN0"),
		row("none", "MD5", "5f4dcc3b5aa765d61d8327deb882cf99"),
		`{"User":{"Username":"stored","Sub":"stored","UserStatus":"CONFIRMED","Enabled":true,"UserCreateDate":1.7e9,"UserLastModifiedDate":1.7e9,"Attributes":[]},"Secrets":{"Password":{"Imported":"eyJhIjoiQkNSWVBUIiwidiI6OTcsImMiOjMxLCJzIjoiQUFBQSIsIm4iOjIzLCJvIjoiQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQT0ifQ=="}}}`,
	})
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out := cognate(t, s, 1, "import", file, "--only", "users")
	if !strings.Contains(out, "users: 1 added, 0 changed, 0 there already, 4 failed") {
		t.Errorf("import says:\n%s", out)
	}
	for _, line := range []string{
		"costly: the parameters of a password hash exceed the limits for BCRYPT", "pbkdf2: the parameters of a password hash exceed the limits for PBKDF2_SHA256",
		"none: a password hash is not one made by MD5",
	} {
		if !strings.Contains(out, line) {
			t.Errorf("no line %q in\n%s", line, out)
		}
	}
	if got := mustSignIn(t, s, clientID, "bcrypt", "U*U"); got.AuthenticationResult == nil {
		t.Errorf("bcrypt gets %s", got.ChallengeName)
	}
}

// Pages come in order while the next one is read, up to one that fails; and whoever
// has enough gets no more.
func TestPagesOfUsersEndWithTheErrorOfOne(t *testing.T) {
	withKeys(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next := map[string]string{"": "a", "a": "b", "b": "c"}[r.URL.Query().Get("after")]
		if next == "c" {
			http.Error(w, "broken", http.StatusInternalServerError)
			return
		}
		w.Header().Set(moving.NextHeader, next)
		_, _ = io.WriteString(w, "before "+next) // the client would notice
	}))
	defer server.Close()
	users := poolServer{&administration{PublicURL: server.URL, Region: "us-east-1"}}
	var got []string
	for lines, err := range users.usersPages(t.Context(), "us-east-1_AbCdEf123", 1) {
		got = append(got, fmt.Sprintf("%s %t", lines, err == nil))
	}
	if want := []string{"before a true", "before b true", " false"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, err := range users.usersPages(t.Context(), "us-east-1_AbCdEf123", 1) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	for _, err := range users.usersPages(canceled(t), "us-east-1_AbCdEf123", 1) {
		if err == nil {
			t.Error("a page after the end of the context")
		}
	}
}

func canceled(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// A server that goes away in the middle of the settings ends the command, which says
// so, and does not blame each of the settings that are left.
func TestAnImportEndsWithItsServer(t *testing.T) {
	withKeys(t)
	from := servertest.Start(t)
	poolID, _ := richPool(t, from)
	file := filepath.Join(t.TempDir(), "file")
	cognate(t, from, 0, "export", "--pool", poolID, "--out", file, "--secrets", "plain")
	var lost atomic.Int64
	going := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("X-Amz-Target") {
		case "AWSCognitoIdentityProviderService.DescribeUserPool":
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"__type":"ResourceNotFoundException","message":"User pool does not exist."}`)
		case "AWSCognitoIdentityProviderService.CreateUserPool":
			fmt.Fprint(w, `{}`)
		default:
			lost.Add(1)
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(going.Close)
	var out, notes bytes.Buffer
	if got := run([]string{"import", file, "--public-url", going.URL}, streams{&out, &notes}); got != exitUnreachable || lost.Load() != 1 {
		t.Errorf("exit code %d after %d lost requests, want %d after 1\n%s%s", got, lost.Load(), exitUnreachable, &out, &notes)
	}
	if text := out.String() + notes.String(); !strings.Contains(text, "settings: 1 made") || !strings.Contains(text, "no server answers") {
		t.Errorf("the command says:\n%s", text)
	}
}
