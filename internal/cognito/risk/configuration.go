package risk

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/threats"
	"cognate/internal/cognito/triggers"
	"cognate/internal/store"
)

// SetRiskConfiguration replaces the configuration of a pool, or that of one
// client, which then takes the place of the pool's. A request without any
// configuration goes back to none: a client then inherits the pool's again.
func (o *Operations) SetRiskConfiguration(ctx context.Context, in *api.SetRiskConfigurationRequest) (*api.SetRiskConfigurationResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	if err := threats.CheckEnabled(pool); err != nil {
		return nil, err
	}
	if err := o.check(pool, in); err != nil {
		return nil, err
	}
	var wanted *api.RiskConfigurationType
	if in.AccountTakeoverRiskConfiguration != nil || in.CompromisedCredentialsRiskConfiguration != nil || in.RiskExceptionConfiguration != nil {
		wanted = &api.RiskConfigurationType{
			AccountTakeoverRiskConfiguration:        in.AccountTakeoverRiskConfiguration,
			CompromisedCredentialsRiskConfiguration: in.CompromisedCredentialsRiskConfiguration,
			RiskExceptionConfiguration:              in.RiskExceptionConfiguration,
			LastModifiedDate:                        api.TimeOf(o.Now()),
		}
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, save(ctx, tx, in.UserPoolId, in.ClientId, wanted)
	})
	if err != nil {
		return nil, err
	}
	o.Directory.Forget(in.UserPoolId)
	return &api.SetRiskConfigurationResponse{RiskConfiguration: shown(wanted, in.UserPoolId, in.ClientId)}, nil
}

// check refuses what could not work: ranges that are none, and notices that
// nobody could send.
func (o *Operations) check(pool *directory.Pool, in *api.SetRiskConfigurationRequest) error {
	if e := in.RiskExceptionConfiguration; e != nil {
		for _, ranges := range [][]string{e.BlockedIPRangeList, e.SkippedIPRangeList} {
			if err := threats.CheckRanges(ranges); err != nil {
				return api.InvalidParameterException("Invalid IP range: %v", err)
			}
		}
	}
	if !notifies(in.AccountTakeoverRiskConfiguration) || triggers.Has(pool, triggers.CustomEmailSender) {
		return nil
	}
	return o.Messages.Available(api.DeliveryMediumTypeEmail)
}

func notifies(c *api.AccountTakeoverRiskConfigurationType) bool {
	if c == nil || c.Actions == nil {
		return false
	}
	for _, action := range []*api.AccountTakeoverActionType{c.Actions.LowAction, c.Actions.MediumAction, c.Actions.HighAction} {
		if action != nil && action.Notify {
			return true
		}
	}
	return false
}

// save stores a configuration with its pool or client.
func save(ctx context.Context, tx *store.Tx, poolID, clientID string, wanted *api.RiskConfigurationType) error {
	if clientID == "" {
		pool, err := tx.LockPool(ctx, poolID)
		if err != nil {
			return err
		}
		pool.Settings.Risk = wanted
		return tx.SavePool(ctx, pool)
	}
	client, err := tx.LockClient(ctx, poolID, clientID)
	if err != nil {
		return err
	}
	client.Risk = wanted
	return tx.SaveClient(ctx, client)
}

// DescribeRiskConfiguration shows the configuration of a pool, or the one that
// is in force for a client: its own or the pool's.
func (o *Operations) DescribeRiskConfiguration(ctx context.Context, in *api.DescribeRiskConfigurationRequest) (*api.DescribeRiskConfigurationResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	if err := threats.CheckEnabled(pool); err != nil {
		return nil, err
	}
	config := pool.Settings.Risk
	if in.ClientId == "" {
		return &api.DescribeRiskConfigurationResponse{RiskConfiguration: shown(config, pool.ID, "")}, nil
	}
	client, err := o.Directory.PoolClient(ctx, in.UserPoolId, in.ClientId)
	if err != nil {
		return nil, err
	}
	if client.Risk != nil {
		config = client.Risk
	}
	return &api.DescribeRiskConfigurationResponse{RiskConfiguration: shown(config, pool.ID, client.ID)}, nil
}

// shown is a configuration, or the lack of one, with whose it is.
func shown(config *api.RiskConfigurationType, poolID, clientID string) *api.RiskConfigurationType {
	answer := api.RiskConfigurationType{}
	if config != nil {
		answer = *config
	}
	answer.UserPoolId, answer.ClientId = poolID, clientID
	return &answer
}
