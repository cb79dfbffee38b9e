package reliability

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/store/pgtest"
)

// onEachEngine gives a test a server that it may kill, and how to start it again.
func onEachEngine(t *testing.T, test func(t *testing.T, n *node, again func() *node)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		n, again := emptyNode(t)
		test(t, n, again)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		address, schema := pgtest.Schema(t)
		key, endpoint := pastMasterKey(t), freeEndpoint(t)
		again := func() *node {
			return startNode(t, endpoint, "--database-url", withSchema(t, address, schema), "--master-key-file", key, "--public-url", endpoint)
		}
		test(t, again(), again)
	})
}

// logsAt is a configuration whose two parts have to stay together.
func logsAt(poolID string, i int) *cip.SetLogDeliveryConfigurationInput {
	in := &cip.SetLogDeliveryConfigurationInput{UserPoolId: &poolID}
	for source, level := range map[types.EventSourceName]types.LogLevel{
		types.EventSourceNameUserNotification: types.LogLevelError, types.EventSourceNameUserAuthEvents: types.LogLevelInfo,
	} {
		in.LogConfigurations = append(in.LogConfigurations, types.LogConfigurationType{
			EventSource: source, LogLevel: level,
			CloudWatchLogsConfiguration: &types.CloudWatchLogsConfigurationType{LogGroupArn: aws.String(fmt.Sprintf("arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/n%d", i))},
		})
	}
	return in
}

// A setting that a server was killed at is the old one or the new one, whole, and
// one that was answered is there.
func TestLogDeliveryIsSetWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, n *node, again func() *node) {
		poolID, _ := n.makePool(t.Context(), t, &cip.CreateUserPoolClientInput{}, &cip.CreateUserPoolInput{
			UserPoolTier: types.UserPoolTierTypePlus, UserPoolAddOns: &types.UserPoolAddOnsType{AdvancedSecurityMode: types.AdvancedSecurityModeTypeAudit},
		})
		last := 0
		for round := range 4 {
			last++
			_, err := n.api.SetLogDeliveryConfiguration(t.Context(), logsAt(poolID, last))
			must(t, err)
			var setting sync.WaitGroup
			setting.Go(func() {
				for {
					if _, err := n.api.SetLogDeliveryConfiguration(context.WithoutCancel(t.Context()), logsAt(poolID, last+1)); err != nil {
						return
					}
					last++
				}
			})
			time.Sleep(time.Duration(round*7) * time.Millisecond) // the moment of the fault
			n.kill()
			setting.Wait()
			n = again()
			got, err := n.api.GetLogDeliveryConfiguration(t.Context(), &cip.GetLogDeliveryConfigurationInput{UserPoolId: &poolID})
			must(t, err)
			list := got.LogDeliveryConfiguration.LogConfigurations
			groups := map[string]int{}
			for _, c := range list {
				groups[*c.CloudWatchLogsConfiguration.LogGroupArn]++
			}
			set := func(i int) bool {
				return groups[*logsAt(poolID, i).LogConfigurations[0].CloudWatchLogsConfiguration.LogGroupArn] == 2
			}
			if len(list) != 2 || !set(last) && !set(last+1) {
				t.Errorf("after %d answered changes: %v", last, groups)
			}
			if set(last + 1) {
				last++
			}
		}
	})
}

// Keys come in pairs and with a token that they sign, whenever the server was killed.
func TestKeysAreRotatedWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, n *node, again func() *node) {
		poolID, clientID := n.makePool(t.Context(), t, &cip.CreateUserPoolClientInput{
			ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth},
		}, &cip.CreateUserPoolInput{})
		addUser(t, n, poolID, "ana")
		p := &past{Pool: poolID, Client: clientID}
		began := time.Now()
		n.operate(t, "keys", "rotate", "--pool", poolID)
		takes := time.Since(began)
		made := 2 // generations that are known of
		const rounds = 5
		for round := range rounds {
			cmd := n.command(t, "keys", "rotate", "--pool", poolID)
			must(t, cmd.Start())
			time.Sleep(takes * time.Duration(round+2) / rounds) // the moment of the fault
			n.kill()
			answered := cmd.Wait() == nil
			n = again()
			var list struct {
				Keys []struct{ ID, Use string } `json:"keys"`
			}
			must(t, json.Unmarshal(n.operate(t, "keys", "list", "--pool", poolID, "--json"), &list))
			now := len(list.Keys)
			if ids := p.keyIDs(t, n); now%2 != 0 || len(ids) != now || now < 2*made || now > 2*made+2 || answered && now != 2*made+2 {
				t.Errorf("%d keys, %d of them public, after %d (answered: %v)", now, len(ids), 2*made, answered)
			}
			made = now / 2
			tokens := p.signIn(t, n, "ana")
			_, err := n.api.GetUser(t.Context(), &cip.GetUserInput{AccessToken: tokens.AccessToken})
			must(t, err)
		}
		t.Logf("%d generations", made)
	})
}

// An identity pool that was deleted stays deleted, with everybody in it, although
// its identities go one by one later.
func TestADeletedIdentityPoolStaysDeleted(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, n *node, again func() *node) {
		ctx, root := t.Context(), n.api.Options().Credentials
		var pools []*string
		var ids []*string
		for range 2 {
			made, err := n.identities(root).CreateIdentityPool(ctx, &cognitoidentity.CreateIdentityPoolInput{IdentityPoolName: aws.String("reliability"), AllowUnauthenticatedIdentities: true})
			must(t, err)
			pools = append(pools, made.IdentityPoolId)
			var crowd sync.WaitGroup
			for range 4 {
				crowd.Go(func() {
					for range 150 {
						if _, err := n.identities(aws.AnonymousCredentials{}).GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: made.IdentityPoolId}); err != nil {
							t.Errorf("GetId: %v", err)
							return
						}
					}
				})
			}
			crowd.Wait()
			id, err := n.identities(aws.AnonymousCredentials{}).GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: made.IdentityPoolId})
			must(t, err)
			ids = append(ids, id.IdentityId)
		}
		// One answer is waited for, the other is not.
		_, err := n.identities(root).DeleteIdentityPool(ctx, &cognitoidentity.DeleteIdentityPoolInput{IdentityPoolId: pools[0]})
		must(t, err)
		var asked sync.WaitGroup
		asked.Go(func() {
			_, err = n.identities(root).DeleteIdentityPool(ctx, &cognitoidentity.DeleteIdentityPoolInput{IdentityPoolId: pools[1]})
		})
		time.Sleep(2 * time.Millisecond) // the moment of the fault
		n.kill()
		asked.Wait()
		answered := err == nil
		n = again()
		for i, pool := range pools {
			_, described := n.identities(root).DescribeIdentityPool(ctx, &cognitoidentity.DescribeIdentityPoolInput{IdentityPoolId: pool})
			_, listed := n.identities(root).ListIdentities(ctx, &cognitoidentity.ListIdentitiesInput{IdentityPoolId: pool, MaxResults: aws.Int32(10)})
			_, identity := n.identities(root).DescribeIdentity(ctx, &cognitoidentity.DescribeIdentityInput{IdentityId: ids[i]})
			gone := codeOf(described) == "ResourceNotFoundException"
			if !gone && (described != nil || i == 0 || answered) {
				t.Errorf("pool %d: %v", i, described)
			}
			if (codeOf(listed) == "ResourceNotFoundException") != gone || (codeOf(identity) == "ResourceNotFoundException") != gone {
				t.Errorf("pool %d is gone: %v, but its identities: %v, %v", i, gone, listed, identity)
			}
		}
	})
}
