package usersessions

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/sso"
	"cognate/internal/store"
)

// SetUserPoolSessionConfiguration says whether a pool tracks sessions, and how
// many a user may have. A lower number ends sessions at the next sign-in only.
// Switching tracking off drops the records and leaves the tokens alone.
func (o *Operations) SetUserPoolSessionConfiguration(ctx context.Context, in *api.SetUserPoolSessionConfigurationRequest) (*api.SetUserPoolSessionConfigurationResponse, error) {
	wanted := store.PoolSessions{
		Tracked:    in.UserSessionTracking == api.UserSessionTrackingTypeEnabled,
		MaxPerUser: in.TokenSession.MaxPerUser,
	}
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		pool, err := lock(ctx, tx, in.UserPoolId)
		if err != nil {
			return struct{}{}, err
		}
		if pool.Settings.Sessions.Tracked && !wanted.Tracked {
			if err := tx.DropUserSessions(ctx, pool.ID); err != nil {
				return struct{}{}, err
			}
		}
		wanted.LongestSSOMinutes = pool.Settings.Sessions.LongestSSOMinutes
		pool.Settings.Sessions, pool.ModifiedAt = wanted, o.Now()
		return struct{}{}, tx.SavePool(ctx, pool)
	})
	if err != nil {
		return nil, err
	}
	o.Directory.Forget(in.UserPoolId)
	return &api.SetUserPoolSessionConfigurationResponse{
		UserPoolId: in.UserPoolId, UserSessionTracking: in.UserSessionTracking, TokenSession: in.TokenSession,
	}, nil
}

// lock finds a pool for a change of these settings, which the lowest plan does
// not have.
func lock(ctx context.Context, tx *store.Tx, poolID string) (*store.Pool, error) {
	pool, err := tx.LockPool(ctx, poolID)
	if err != nil {
		return nil, err
	}
	if err := directory.CheckRegion(ctx, pool); err != nil {
		return nil, err
	}
	if pool.Settings.Pool.UserPoolTier == api.UserPoolTierTypeLite {
		return nil, api.FeatureUnavailableInTierException(
			"The following features need to be disabled for the %s pricing tier configured: Session Tracking", pool.Settings.Pool.UserPoolTier)
	}
	return pool, nil
}

// GetUserPoolSessionConfiguration shows what SetUserPoolSessionConfiguration
// has set, or the defaults.
func (o *Operations) GetUserPoolSessionConfiguration(ctx context.Context, in *api.GetUserPoolSessionConfigurationRequest) (*api.GetUserPoolSessionConfigurationResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	status := api.UserSessionTrackingTypeDisabled
	if pool.TracksSessions() {
		status = api.UserSessionTrackingTypeEnabled
	}
	return &api.GetUserPoolSessionConfigurationResponse{
		UserPoolId:          pool.ID,
		UserSessionTracking: status,
		TokenSession:        &api.UserPoolTokenSessionConfigType{MaxPerUser: int32(pool.MaxSessions())},
	}, nil
}

// SetUserPoolClientSessionConfiguration says for how long a client may take a
// browser's session over without asking the user. The pool has to track
// sessions.
func (o *Operations) SetUserPoolClientSessionConfiguration(ctx context.Context, in *api.SetUserPoolClientSessionConfigurationRequest) (*api.SetUserPoolClientSessionConfigurationResponse, error) {
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		pool, err := lock(ctx, tx, in.UserPoolId)
		if err != nil {
			return struct{}{}, err
		}
		client, err := tx.LockClient(ctx, pool.ID, in.ClientId)
		if err != nil {
			return struct{}{}, err
		}
		if !pool.Settings.Sessions.Tracked {
			return struct{}{}, api.InvalidParameterException("User session tracking is not enabled for the user pool.")
		}
		client.SSOMinutes, client.ModifiedAt = &in.SSOSession.MaxValidityMinutes, o.Now()
		if err := tx.SaveClient(ctx, client); err != nil {
			return struct{}{}, err
		}
		// Browsers' sessions are kept for as long as any client wants them.
		if longest := &pool.Settings.Sessions.LongestSSOMinutes; in.SSOSession.MaxValidityMinutes > *longest {
			*longest = in.SSOSession.MaxValidityMinutes
			return struct{}{}, tx.SavePool(ctx, pool)
		}
		return struct{}{}, nil
	})
	if err != nil {
		return nil, err
	}
	o.Directory.Forget(in.UserPoolId)
	return &api.SetUserPoolClientSessionConfigurationResponse{
		UserPoolId: in.UserPoolId, ClientId: in.ClientId, SSOSession: in.SSOSession,
	}, nil
}

// GetUserPoolClientSessionConfiguration shows what
// SetUserPoolClientSessionConfiguration has set, or the default.
func (o *Operations) GetUserPoolClientSessionConfiguration(ctx context.Context, in *api.GetUserPoolClientSessionConfigurationRequest) (*api.GetUserPoolClientSessionConfigurationResponse, error) {
	client, err := o.Directory.PoolClient(ctx, in.UserPoolId, in.ClientId)
	if err != nil {
		return nil, err
	}
	minutes := int32(sso.DefaultMinutes)
	if client.SSOMinutes != nil {
		minutes = *client.SSOMinutes
	}
	return &api.GetUserPoolClientSessionConfigurationResponse{
		UserPoolId: in.UserPoolId, ClientId: client.ID, SSOSession: &api.ClientSSOSessionConfigType{MaxValidityMinutes: minutes},
	}, nil
}
