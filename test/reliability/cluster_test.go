package reliability

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/store"
	"cognate/internal/store/pgtest"
)

// settles is how long a change at one node may take to count at another: a second,
// as docs/operating.md says, and what a busy machine takes for the requests.
const settles = 10 * time.Second

// startPair starts two nodes on one database.
func startPair(t *testing.T, args ...string) (first, second *node) {
	t.Helper()
	address, schema := pgtest.Schema(t)
	key := filepath.Join(t.TempDir(), "master.key")
	_, err := store.LoadOrCreateMasterKey(key)
	must(t, err)
	args = append([]string{"--database-url", withSchema(t, address, schema), "--master-key-file", key, "--public-url", "http://localhost"}, args...)
	start := func() *node { return startNode(t, freeEndpoint(t), append(args, "--data", t.TempDir())...) }
	return start(), start()
}

func writeFile(t *testing.T, text string) (name string) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

func policyOf(action string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"*"}]}`
}

// within waits until a node does what was asked for at another one.
func within(t *testing.T, what string, done func() bool) {
	t.Helper()
	began := time.Now()
	for !done() {
		if time.Since(began) > settles {
			t.Errorf("%s: not within %s", what, settles)
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("%s: after %s", what, time.Since(began).Round(10*time.Millisecond))
}

// Keys and what they may do are those of the database: a new one counts everywhere
// at once, and one that is taken away nowhere after a second.
func TestAccessKeysCountAtEveryNode(t *testing.T) {
	t.Parallel()
	first, second := startPair(t)
	poolID, _ := first.makePool(t.Context(), t, &cip.CreateUserPoolClientInput{}, &cip.CreateUserPoolInput{})
	var key struct{ AccessKeyID, SecretAccessKey string }
	out := first.operate(t, "access-key", "create", "--user", "ci", "--json", "--policy", writeFile(t, policyOf("cognito-idp:DescribeUserPool")))
	must(t, json.Unmarshal(out, &key))
	options := second.api.Options()
	options.Credentials = credentials.NewStaticCredentialsProvider(key.AccessKeyID, key.SecretAccessKey, "")
	ci := cip.New(options)
	describe := func() error {
		_, err := ci.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &poolID})
		return err
	}
	list := func() error {
		_, err := ci.ListUsers(t.Context(), &cip.ListUsersInput{UserPoolId: &poolID})
		return err
	}
	must(t, describe())
	if code := codeOf(list()); code != "AccessDeniedException" {
		t.Errorf("what the policy does not allow: %q", code)
	}
	first.operate(t, "access-key", "policy", "--user", "ci", "--policy", writeFile(t, policyOf("cognito-idp:ListUsers")))
	within(t, "a policy is replaced", func() bool { return list() == nil && codeOf(describe()) == "AccessDeniedException" })
	first.operate(t, "access-key", "rm", key.AccessKeyID)
	within(t, "a key is removed", func() bool { return codeOf(list()) == "UnrecognizedClientException" })
}

func codeOf(err error) string {
	var e interface{ ErrorCode() string }
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return ""
}

// Rates are those of the installation, not of each node.
func TestQuotasAreCountedOverAllNodes(t *testing.T) {
	t.Parallel()
	first, second := startPair(t, "--quotas", "aws")
	poolID, _ := first.makePool(t.Context(), t, &cip.CreateUserPoolClientInput{}, &cip.CreateUserPoolInput{})
	const seconds, rate = 6, 30 // ListUsers
	var passed atomic.Int64
	var all sync.WaitGroup
	end := time.Now().Add(seconds * time.Second)
	for _, n := range []*node{first, second} {
		all.Go(func() {
			for time.Now().Before(end) {
				_, err := n.api.ListUsers(t.Context(), &cip.ListUsersInput{UserPoolId: &poolID})
				if err == nil {
					passed.Add(1)
				} else if codeOf(err) != "TooManyRequestsException" {
					t.Errorf("ListUsers: %v", err)
					return
				}
			}
		})
	}
	all.Wait()
	// Nodes by themselves would let through twice as many. Each bucket begins full,
	// and they hear of one another once a second.
	if n := passed.Load(); n < rate || n > (seconds+5)*rate {
		t.Errorf("%d requests passed in %d seconds at %d a second", n, seconds, rate)
	}
	t.Logf("%d requests passed", passed.Load())
}

// What is set at one node is done at the other: limits, and where logs go.
func TestSettingsOfOneNodeCountAtTheOther(t *testing.T) {
	t.Parallel()
	logs := filepath.Join(t.TempDir(), "logs") + string(filepath.Separator)
	first, second := startPair(t, "--log-target", "arn:aws:logs:*=file:"+logs)
	poolID, clientID := first.makePool(t.Context(), t, &cip.CreateUserPoolClientInput{
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth},
	}, &cip.CreateUserPoolInput{
		UserPoolTier: types.UserPoolTierTypePlus, UserPoolAddOns: &types.UserPoolAddOnsType{AdvancedSecurityMode: types.AdvancedSecurityModeTypeAudit},
	})
	addUser(t, first, poolID, "ana")
	signIn := func() {
		_, err := second.api.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
			ClientId: &clientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth, AuthParameters: map[string]string{"USERNAME": "ana", "PASSWORD": pastPassword},
		})
		must(t, err)
	}
	signIn() // the node knows the pool now
	_, err := first.api.SetLogDeliveryConfiguration(t.Context(), &cip.SetLogDeliveryConfigurationInput{UserPoolId: &poolID, LogConfigurations: []types.LogConfigurationType{{
		EventSource: types.EventSourceNameUserAuthEvents, LogLevel: types.LogLevelInfo,
		CloudWatchLogsConfiguration: &types.CloudWatchLogsConfigurationType{LogGroupArn: aws.String("arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/pair")},
	}}})
	must(t, err)
	entries := func() (n int) {
		files, err := filepath.Glob(logs + "*")
		must(t, err)
		for _, f := range files {
			text, err := os.ReadFile(f)
			must(t, err)
			n += strings.Count(string(text), `"eventType":"SignIn"`)
		}
		return n
	}
	within(t, "a sign-in at the other node is logged", func() bool { signIn(); return entries() > 0 })

	limit := `"LimitDefinition":{"LimitClass":"API_CATEGORY","Attributes":{"Category":"UserRead"}}`
	if status, body := first.post(t, "UpdateProvisionedLimit", `{`+limit+`,"RequestedLimitValue":130}`); status != 200 {
		t.Fatalf("UpdateProvisionedLimit: %d %s", status, body)
	}
	within(t, "a limit is raised", func() bool {
		_, body := second.post(t, "GetProvisionedLimit", `{`+limit+`}`)
		return strings.Contains(body, `"ProvisionedLimitValue":130`)
	})
}

func addUser(t *testing.T, n *node, poolID, name string) {
	t.Helper()
	_, err := n.api.AdminCreateUser(t.Context(), &cip.AdminCreateUserInput{UserPoolId: &poolID, Username: &name, MessageAction: types.MessageActionTypeSuppress})
	must(t, err)
	_, err = n.api.AdminSetUserPassword(t.Context(), &cip.AdminSetUserPasswordInput{UserPoolId: &poolID, Username: &name, Password: aws.String(pastPassword), Permanent: true})
	must(t, err)
}

// Whoever moves in from another pool signs in at any node, and once the password is
// kept the old pool is asked by none.
func TestPeopleOfAnOldPoolSignInAtEveryNode(t *testing.T) {
	t.Parallel()
	dir, old := t.TempDir(), freeEndpoint(t)
	_, err := store.LoadOrCreateMasterKey(filepath.Join(dir, "master.key"))
	must(t, err)
	left := startNode(t, old, "--data", dir, "--public-url", old)
	poolID, clientID := left.makePool(t.Context(), t, &cip.CreateUserPoolClientInput{
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth},
	}, &cip.CreateUserPoolInput{})
	const people = 4
	for i := range people {
		addUser(t, left, poolID, fmt.Sprintf("user%d", i))
	}
	first, second := startPair(t)
	first.operate(t, "migrate", "from-aws", "--pool", poolID, "--source-endpoint", old, "--rate", "1000", "--resume", filepath.Join(t.TempDir(), "resume"))
	signIn := func(n *node, user int) error {
		_, err := n.api.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
			ClientId: &clientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
			AuthParameters: map[string]string{"USERNAME": fmt.Sprintf("user%d", user), "PASSWORD": pastPassword},
		})
		return err
	}
	nodes := []*node{first, second}
	for i := range people - 1 {
		must(t, signIn(nodes[i%2], i))
	}
	left.kill()
	for i := range people - 1 {
		must(t, signIn(nodes[1-i%2], i))
	}
	for _, n := range nodes {
		if code := codeOf(signIn(n, people-1)); code != "InternalErrorException" {
			t.Errorf("the old pool is away and says of somebody who waits: %q", code)
		}
	}
	startNode(t, old, "--data", dir, "--public-url", old)
	must(t, signIn(second, people-1))
	must(t, signIn(first, people-1))
}
