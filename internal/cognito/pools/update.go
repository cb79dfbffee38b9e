package pools

import (
	"cmp"
	"context"

	"cognate/internal/api"
	"cognate/internal/store"
)

// UpdateUserPool replaces the settings of a pool. What is left out goes back
// to its default, except the members that merge keeps.
func (o *Operations) UpdateUserPool(ctx context.Context, in *api.UpdateUserPoolRequest) (*api.UpdateUserPoolResponse, error) {
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		pool, err := lockIdle(ctx, tx, in.UserPoolId)
		if err != nil {
			return struct{}{}, err
		}
		if err := checkValidityDays(in.Policies, in.AdminCreateUserConfig); err != nil {
			return struct{}{}, err
		}
		if err := configure(&pool.Settings, merge(&pool.Settings.Pool, in)); err != nil {
			return struct{}{}, err
		}
		if pool.Settings.Sessions.Tracked && rankOf(pool.Settings.Pool.UserPoolTier) < rankEssentials {
			return struct{}{}, api.TierChangeNotAllowedException("User session tracking has to be disabled before the change of tier.")
		}
		if err := checkPages(ctx, tx, pool); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, o.save(ctx, tx, pool)
	})
	if err != nil {
		return nil, err
	}
	o.Directory.Forget(in.UserPoolId)
	return &api.UpdateUserPoolResponse{}, nil
}

// checkPages refuses a plan without managed login while a domain has it.
func checkPages(ctx context.Context, tx *store.Tx, pool *store.Pool) error {
	if rankOf(pool.Settings.Pool.UserPoolTier) >= rankEssentials {
		return nil
	}
	domains, err := tx.DomainsOfPool(ctx, pool.ID)
	if err != nil {
		return err
	}
	for _, d := range domains {
		if d.Settings.ManagedLoginVersion > 1 {
			return beyondTier(pool.Settings.Pool.UserPoolTier, "Managed Login")
		}
	}
	return nil
}

// merge gives the settings that the pool is to have: those of the request,
// and for what stays when it is left out, the pool's own. Measured of the
// service are the name, both policies, MFA, the plan and client registration
// (spec/users-and-pools.md §2.3); tags, level names, issuer and key are kept
// likewise, because losing them silently would break issued tokens.
func merge(pool *api.UserPoolType, in *api.UpdateUserPoolRequest) *api.CreateUserPoolRequest {
	s := &api.CreateUserPoolRequest{
		AccountRecoverySetting:      in.AccountRecoverySetting,
		AcrConfiguration:            in.AcrConfiguration,
		AdminCreateUserConfig:       in.AdminCreateUserConfig,
		AutoVerifiedAttributes:      in.AutoVerifiedAttributes,
		DcrConfiguration:            cmp.Or(in.DcrConfiguration, pool.DcrConfiguration),
		DeletionProtection:          in.DeletionProtection,
		DeviceConfiguration:         in.DeviceConfiguration,
		EmailConfiguration:          in.EmailConfiguration,
		EmailVerificationMessage:    in.EmailVerificationMessage,
		EmailVerificationSubject:    in.EmailVerificationSubject,
		IssuerConfiguration:         cmp.Or(in.IssuerConfiguration, pool.IssuerConfiguration),
		KeyConfiguration:            cmp.Or(in.KeyConfiguration, pool.KeyConfiguration),
		LambdaConfig:                in.LambdaConfig,
		MfaConfiguration:            cmp.Or(in.MfaConfiguration, pool.MfaConfiguration),
		Policies:                    mergePolicies(pool.Policies, in),
		PoolName:                    cmp.Or(in.PoolName, pool.Name),
		SmsAuthenticationMessage:    in.SmsAuthenticationMessage,
		SmsConfiguration:            in.SmsConfiguration,
		SmsVerificationMessage:      in.SmsVerificationMessage,
		UserAttributeUpdateSettings: in.UserAttributeUpdateSettings,
		UserPoolAddOns:              in.UserPoolAddOns,
		UserPoolTags:                in.UserPoolTags,
		UserPoolTier:                cmp.Or(in.UserPoolTier, pool.UserPoolTier),
		VerificationMessageTemplate: in.VerificationMessageTemplate,
	}
	if s.AcrConfiguration == nil {
		s.AcrConfiguration = pool.AcrConfiguration
	}
	if s.UserPoolTags == nil {
		s.UserPoolTags = pool.UserPoolTags
	}
	return s
}

// mergePolicies keeps each of the two policies that is not sent.
func mergePolicies(old *api.UserPoolPolicyType, in *api.UpdateUserPoolRequest) *api.UserPoolPolicyType {
	sent := in.Policies
	if sent == nil {
		sent = &api.UserPoolPolicyType{}
	}
	merged := &api.UserPoolPolicyType{
		PasswordPolicy: sent.PasswordPolicy,
		SignInPolicy:   cmp.Or(sent.SignInPolicy, old.SignInPolicy),
	}
	if sent.PasswordPolicy == nil {
		kept := *old.PasswordPolicy
		if in.AdminCreateUserConfig != nil && in.AdminCreateUserConfig.UnusedAccountValidityDays != nil {
			kept.TemporaryPasswordValidityDays = nil // the request's other member for it counts
		}
		merged.PasswordPolicy = &kept
	}
	return merged
}
