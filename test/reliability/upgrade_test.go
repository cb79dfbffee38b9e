package reliability

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	idtypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // reads and writes the dumps

	"cognate/internal/protocol/srp/srpclient"
	"cognate/internal/store"
	"cognate/internal/store/pgtest"
)

// The files of testdata/upgrade are databases as an older version left them (schema
// 16, before identity pools), with what its clients knew. They are never made anew:
// a test of upgrades is worth what its data is old.
//
//	go test ./test/reliability -run TestMakePast -past /path/to/older/cognate
var pastProgram = flag.String("past", "", "an older `program`, to write testdata/upgrade by")

var upgradeFiles = filepath.Join("testdata", "upgrade")

// schemaMark stands for the schema in the dump of PostgreSQL.
const schemaMark = "SCHEMA_OF_THE_TEST"

func pastMasterKey(t *testing.T) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "master.key")
	text := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, store.MasterKeySize))
	must(t, os.WriteFile(file, []byte(text+"\n"), 0o600))
	return file
}

func TestMakePast(t *testing.T) {
	if *pastProgram == "" {
		t.Skip("no older program is given by -past")
	}
	must(t, os.MkdirAll(upgradeFiles, 0o755))
	key, dir := pastMasterKey(t), t.TempDir()
	address, schema := pgtest.Schema(t)
	dumps := map[string]struct {
		args []string
		dump *exec.Cmd
	}{
		"sqlite":   {[]string{"--data", dir}, exec.CommandContext(t.Context(), "sqlite3", filepath.Join(dir, store.DatabaseFile), ".dump")},
		"postgres": {[]string{"--database-url", withSchema(t, address, schema)}, exec.CommandContext(t.Context(), "pg_dump", "--inserts", "--no-owner", "--schema", schema, address)},
	}
	for engine, d := range dumps {
		n := startProgram(t, *pastProgram, freeEndpoint(t), append(d.args, "--master-key-file", key, "--public-url", "http://localhost")...)
		p := makePast(t, n)
		must(t, n.cmd.Process.Signal(os.Interrupt))
		_ = n.cmd.Wait()
		known, err := json.MarshalIndent(p, "", "\t")
		must(t, err)
		must(t, os.WriteFile(filepath.Join(upgradeFiles, engine+".json"), append(known, '\n'), 0o644))
		text, err := d.dump.Output()
		must(t, err)
		must(t, os.WriteFile(filepath.Join(upgradeFiles, engine+".sql"), portable(text, schema), 0o644))
	}
}

// portable leaves out of a dump what only the program that wrote it, or its version
// of the server, understands.
func portable(dump []byte, schema string) []byte {
	var kept []string
	for line := range strings.Lines(strings.ReplaceAll(string(dump), schema, schemaMark)) {
		switch {
		case strings.TrimSpace(line) == "", regexp.MustCompile(`^(--|\\|SET |SELECT pg_catalog\.set_config|CREATE SCHEMA)`).MatchString(line):
		default:
			kept = append(kept, line)
		}
	}
	return []byte(strings.Join(kept, ""))
}

// restore gives the arguments of a server on a copy of the older database, and what
// was known of it.
func restore(t *testing.T, engine string) (args []string, p *past) {
	t.Helper()
	known, err := os.ReadFile(filepath.Join(upgradeFiles, engine+".json"))
	must(t, err)
	must(t, json.Unmarshal(known, &p))
	dump, err := os.ReadFile(filepath.Join(upgradeFiles, engine+".sql"))
	must(t, err)
	args = []string{"--master-key-file", pastMasterKey(t), "--public-url", "http://localhost"}
	if engine == "sqlite" {
		dir := t.TempDir()
		db, err := sql.Open("sqlite", filepath.Join(dir, store.DatabaseFile))
		must(t, err)
		_, err = db.ExecContext(t.Context(), string(dump))
		must(t, err)
		must(t, db.Close())
		return append(args, "--data", dir), p
	}
	address, schema := pgtest.Schema(t)
	c, err := pgx.Connect(t.Context(), address)
	must(t, err)
	_, err = c.Exec(t.Context(), strings.ReplaceAll(string(dump), schemaMark, schema), pgx.QueryExecModeSimpleProtocol)
	must(t, err)
	must(t, c.Close(t.Context()))
	return append(args, "--database-url", withSchema(t, address, schema)), p
}

func onOlderData(t *testing.T, test func(t *testing.T, args []string, p *past)) {
	t.Helper()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			args, p := restore(t, engine)
			test(t, args, p)
		})
	}
}

// Whatever was there before an upgrade is there afterwards and works, and what the
// upgrade brings works on it.
func TestAnUpgradeKeepsEverything(t *testing.T) {
	t.Parallel()
	onOlderData(t, func(t *testing.T, args []string, p *past) {
		n := startNode(t, freeEndpoint(t), args...)
		p.check(t, n)
		p.checkNew(t, n)
		n.kill()
		again := startNode(t, freeEndpoint(t), args...)
		p.signIn(t, again, "ana")
	})
}

// A server that is killed at any moment of its first start after an upgrade starts
// again as if nothing had been.
func TestAnUpgradeSurvivesKillNine(t *testing.T) {
	t.Parallel()
	onOlderData(t, func(t *testing.T, args []string, p *past) {
		path, err := binary()
		must(t, err)
		for at := 20 * time.Millisecond; at <= 200*time.Millisecond; at += 20 * time.Millisecond {
			n := launch(t, path, freeEndpoint(t), args...)
			time.Sleep(at) // the moment of the fault
			n.kill()
		}
		n := startNode(t, freeEndpoint(t), args...)
		p.check(t, n)
	})
}

// Nodes of the new version that are started at once upgrade the database once.
func TestNodesUpgradeOneDatabaseTogether(t *testing.T) {
	t.Parallel()
	args, p := restore(t, "postgres")
	path, err := binary()
	must(t, err)
	var nodes []*node
	for range 3 {
		nodes = append(nodes, launch(t, path, freeEndpoint(t), args...))
	}
	for _, n := range nodes {
		n.waitReady(t)
	}
	p.check(t, nodes[0])
	for _, n := range nodes {
		p.signIn(t, n, "ana")
	}
}

func (p *past) check(t *testing.T, n *node) {
	t.Helper()
	ctx := t.Context()
	for name, now := range p.describe(t, n) {
		if diff := cmp.Diff(decoded(t, p.Described[name]), decoded(t, now)); diff != "" {
			t.Errorf("%s is another (-before +after):\n%s", name, diff)
		}
	}
	if diff := cmp.Diff(p.KeyIDs, p.keyIDs(t, n)); diff != "" {
		t.Errorf("other signing keys:\n%s", diff)
	}
	p.signIn(t, n, "ana")
	p.signIn(t, n, "ana@example.com")
	p.checkSRP(t, n)
	p.checkFactors(t, n)

	must(t, p.refresh(t, n, p.Refresh))
	wantError(t, p.refresh(t, n, p.Revoked), "NotAuthorizedException", "Refresh Token has been revoked")
	_, err := p.initiate(t, n, types.AuthFlowTypeUserPasswordAuth, "USERNAME", p.DeletedUser, "PASSWORD", pastPassword)
	wantError(t, err, "UserNotFoundException", "User does not exist.")
	_, err = p.initiate(t, n, types.AuthFlowTypeUserPasswordAuth, "USERNAME", "ana", "PASSWORD", "Wrong-Horse1!")
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	_, err = n.api.InitiateAuth(ctx, &cip.InitiateAuthInput{ClientId: &p.Site, AuthFlow: types.AuthFlowTypeUserPasswordAuth, AuthParameters: map[string]string{
		"USERNAME": "ana", "PASSWORD": pastPassword, "SECRET_HASH": p.secretHash("ana"),
	}})
	must(t, err)

	if got := p.token(t, n, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {p.SiteRefresh}}); got["access_token"] == nil {
		t.Errorf("the site's refresh token gives %v", got)
	}
	p.signInOnPage(t, n)
	if _, err := n.api.AdminLinkProviderForUser(ctx, &cip.AdminLinkProviderForUserInput{
		UserPoolId:      &p.Pool,
		DestinationUser: &types.ProviderUserIdentifierType{ProviderName: aws.String("Cognito"), ProviderAttributeValue: aws.String("ben")},
		SourceUser: &types.ProviderUserIdentifierType{
			ProviderName: aws.String("acme"), ProviderAttributeName: aws.String("Cognito_Subject"), ProviderAttributeValue: aws.String("acme-7"),
		},
	}); err == nil {
		t.Error("an identity that is linked to ana was linked to ben")
	}
}

func decoded(t *testing.T, text json.RawMessage) (v map[string]any) {
	t.Helper()
	must(t, json.Unmarshal(text, &v))
	return v
}

func (p *past) checkSRP(t *testing.T, n *node) {
	t.Helper()
	c := srpclient.New()
	begun, err := p.initiate(t, n, types.AuthFlowTypeUserSrpAuth, "USERNAME", "ana", "SRP_A", c.A())
	must(t, err)
	_, name, _ := strings.Cut(p.Pool, "_")
	got := p.prove(t, n, types.ChallengeNameTypePasswordVerifier, nil, c, begun.ChallengeParameters, srpclient.Challenge{
		Name: name, UserID: begun.ChallengeParameters["USER_ID_FOR_SRP"], Password: pastPassword,
	})
	if got.AuthenticationResult == nil {
		t.Errorf("SRP comes to %s", got.ChallengeName)
	}
}

// prove answers a challenge of SRP.
func (p *past) prove(t *testing.T, n *node, name types.ChallengeNameType, session *string, c *srpclient.Client, given map[string]string, ch srpclient.Challenge, more ...string) *cip.RespondToAuthChallengeOutput {
	t.Helper()
	ch.Salt, ch.B, ch.SecretBlock = given["SALT"], given["SRP_B"], given["SECRET_BLOCK"]
	at := srpclient.Timestamp(time.Now())
	signature, err := c.Sign(ch, at)
	must(t, err)
	user := given["USER_ID_FOR_SRP"]
	if user == "" {
		user = given["USERNAME"]
	}
	return p.respond(t, n, name, session, append(more, "USERNAME", user, "TIMESTAMP", at,
		"PASSWORD_CLAIM_SECRET_BLOCK", ch.SecretBlock, "PASSWORD_CLAIM_SIGNATURE", signature)...)
}

func (p *past) respond(t *testing.T, n *node, name types.ChallengeNameType, session *string, parameters ...string) *cip.RespondToAuthChallengeOutput {
	t.Helper()
	got, err := n.api.RespondToAuthChallenge(t.Context(), &cip.RespondToAuthChallengeInput{
		ClientId: &p.Client, ChallengeName: name, Session: session, ChallengeResponses: pairs(parameters),
	})
	must(t, err)
	return got
}

// checkFactors signs ben in with his authenticator and cleo with her device.
func (p *past) checkFactors(t *testing.T, n *node) {
	t.Helper()
	p.checkFactorOfApp(t, n)
	device, err := p.initiate(t, n, types.AuthFlowTypeUserPasswordAuth, "USERNAME", "cleo", "PASSWORD", pastPassword, "DEVICE_KEY", p.Device.Key)
	must(t, err)
	if device.ChallengeName != types.ChallengeNameTypeDeviceSrpAuth {
		t.Fatalf("cleo is asked for %q", device.ChallengeName)
	}
	c := srpclient.New()
	next := p.respond(t, n, device.ChallengeName, device.Session, "USERNAME", "cleo", "DEVICE_KEY", p.Device.Key, "SRP_A", c.A())
	got := p.prove(t, n, next.ChallengeName, next.Session, c, next.ChallengeParameters, srpclient.Challenge{
		Name: p.Device.Group, UserID: p.Device.Key, Password: p.Device.Password,
	}, "DEVICE_KEY", p.Device.Key)
	if got.AuthenticationResult == nil {
		t.Errorf("cleo's device comes to %s", got.ChallengeName)
	}
}

func (p *past) checkFactorOfApp(t *testing.T, n *node) {
	t.Helper()
	asked, err := p.initiate(t, n, types.AuthFlowTypeUserPasswordAuth, "USERNAME", "ben", "PASSWORD", pastPassword)
	must(t, err)
	if asked.ChallengeName != types.ChallengeNameTypeSoftwareTokenMfa {
		t.Fatalf("ben is asked for %q", asked.ChallengeName)
	}
	if got := p.respond(t, n, asked.ChallengeName, asked.Session, "USERNAME", "ben", "SOFTWARE_TOKEN_MFA_CODE", p.code(t, 0)); got.AuthenticationResult == nil {
		t.Errorf("ben's code comes to %s", got.ChallengeName)
	}
}

// checkNew uses what came with the schema after 16.
func (p *past) checkNew(t *testing.T, n *node) {
	t.Helper()
	ctx := t.Context()
	provider := "cognito-idp.us-east-1.amazonaws.com/" + p.Pool
	root := n.api.Options().Credentials
	made, err := n.identities(root).CreateIdentityPool(ctx, &cognitoidentity.CreateIdentityPoolInput{
		IdentityPoolName: aws.String("upgraded"), CognitoIdentityProviders: []idtypes.CognitoIdentityProvider{{ProviderName: &provider, ClientId: &p.Client}},
	})
	must(t, err)
	n.putRole(t, *made.IdentityPoolId, "cognito-idp:DescribeUserPool")
	_, err = n.identities(root).SetIdentityPoolRoles(ctx, &cognitoidentity.SetIdentityPoolRolesInput{
		IdentityPoolId: made.IdentityPoolId, Roles: map[string]string{"authenticated": "arn:aws:iam::123456789012:role/users"},
	})
	must(t, err)
	logins := map[string]string{provider: *p.signIn(t, n, "ana").IdToken}
	id, err := n.identities(aws.AnonymousCredentials{}).GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: made.IdentityPoolId, Logins: logins})
	must(t, err)
	given, err := n.identities(aws.AnonymousCredentials{}).GetCredentialsForIdentity(ctx, &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: id.IdentityId, Logins: logins})
	must(t, err)
	must(t, n.describe(t, given.Credentials, p.Pool))

	_, err = n.api.SetLogDeliveryConfiguration(ctx, &cip.SetLogDeliveryConfigurationInput{UserPoolId: &p.Pool, LogConfigurations: []types.LogConfigurationType{{
		EventSource: types.EventSourceNameUserNotification, LogLevel: types.LogLevelError,
		CloudWatchLogsConfiguration: &types.CloudWatchLogsConfigurationType{LogGroupArn: aws.String("arn:aws:logs:us-east-1:123456789012:log-group:upgraded")},
	}}})
	must(t, err)
	beginImport(t, n, 50).check(t, n)
	file := filepath.Join(t.TempDir(), "pool.export")
	n.operate(t, "export", "--pool", p.Pool, "--out", file)
	if info, err := os.Stat(file); err != nil || info.Size() == 0 {
		t.Errorf("export: %v %v", info, err)
	}
}
