package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// watchedPool is a pool with threat protection in force; it is made when it is
// first measured.
type watchedPool struct {
	once             sync.Once
	err              error
	poolID, clientID string
}

// newWatched makes a user for one worker and gives the name. After a few sign-ins
// each is compared with fifty events.
func (p *watchedPool) newWatched(w *world) func(ctx context.Context, worker int) (any, error) {
	return func(ctx context.Context, worker int) (any, error) {
		p.once.Do(func() { p.err = p.make(ctx, w) })
		if p.err != nil {
			return nil, p.err
		}
		name := "watched-" + strconv.Itoa(worker)
		return name, w.permanentUser(ctx, p.poolID, name)
	}
}

func (p *watchedPool) make(ctx context.Context, w *world) error {
	pool, err := w.api.CreateUserPool(ctx, &cip.CreateUserPoolInput{
		PoolName: aws.String("watched"), UserPoolTier: types.UserPoolTierTypePlus,
		UserPoolAddOns: &types.UserPoolAddOnsType{AdvancedSecurityMode: types.AdvancedSecurityModeTypeEnforced},
	})
	if err != nil {
		return fmt.Errorf("create the watched pool: %w", err)
	}
	client, err := w.api.CreateUserPoolClient(ctx, &cip.CreateUserPoolClientInput{
		UserPoolId: pool.UserPool.Id, ClientName: aws.String("watched"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth},
	})
	if err != nil {
		return fmt.Errorf("create the watched client: %w", err)
	}
	action := func() *types.AccountTakeoverActionType {
		return &types.AccountTakeoverActionType{EventAction: types.AccountTakeoverEventActionTypeNoAction}
	}
	_, err = w.api.SetRiskConfiguration(ctx, &cip.SetRiskConfigurationInput{
		UserPoolId: pool.UserPool.Id,
		AccountTakeoverRiskConfiguration: &types.AccountTakeoverRiskConfigurationType{
			Actions: &types.AccountTakeoverActionsType{LowAction: action(), MediumAction: action(), HighAction: action()},
		},
		CompromisedCredentialsRiskConfiguration: &types.CompromisedCredentialsRiskConfigurationType{
			Actions: &types.CompromisedCredentialsActionsType{EventAction: types.CompromisedCredentialsEventActionTypeBlock},
		},
	})
	if err != nil {
		return fmt.Errorf("set the risk configuration: %w", err)
	}
	p.poolID, p.clientID = *pool.UserPool.Id, *client.UserPoolClient.ClientId
	return nil
}

// signIn is a sign-in with a password that is judged and recorded.
func (p *watchedPool) signIn(w *world) func(ctx context.Context, state any, _ int64) error {
	return func(ctx context.Context, state any, _ int64) error {
		answer, err := w.api.InitiateAuth(ctx, &cip.InitiateAuthInput{
			ClientId: &p.clientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
			AuthParameters: map[string]string{"USERNAME": state.(string), "PASSWORD": password},
		})
		if err == nil && answer.AuthenticationResult == nil {
			err = errors.New("no tokens")
		}
		return err
	}
}
