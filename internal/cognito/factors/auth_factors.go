package factors

import (
	"context"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/mfa"
	"cognate/internal/store"
)

// GetUserAuthFactors tells what the token's user can sign in with.
func (o *Operations) GetUserAuthFactors(ctx context.Context, in *api.GetUserAuthFactorsRequest) (*api.GetUserAuthFactorsResponse, error) {
	b, err := o.Tokens.Authenticate(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	passkeys, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (int, error) {
		return tx.CountPasskeys(ctx, b.Pool.ID, b.User.Sub)
	})
	if err != nil {
		return nil, err
	}
	return &api.GetUserAuthFactorsResponse{
		Username:                  b.User.Username,
		PreferredMfaSetting:       preferred(b.User),
		UserMFASettingList:        b.User.MFA.EnabledFactors,
		ConfiguredUserAuthFactors: configured(b.Pool, b.User, passkeys),
	}, nil
}

// AdminGetUserAuthFactors tells what a user can sign in with.
func (o *Operations) AdminGetUserAuthFactors(ctx context.Context, in *api.AdminGetUserAuthFactorsRequest) (*api.AdminGetUserAuthFactorsResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	passkeys := 0
	u, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		u, err := o.Directory.User(ctx, tx, pool, in.Username)
		if err != nil {
			return nil, err
		}
		passkeys, err = tx.CountPasskeys(ctx, pool.ID, u.Sub)
		return u, err
	})
	if err != nil {
		return nil, err
	}
	return &api.AdminGetUserAuthFactorsResponse{
		Username:                  u.Username,
		PreferredMfaSetting:       preferred(u),
		UserMFASettingList:        u.MFA.EnabledFactors,
		ConfiguredUserAuthFactors: configured(pool, u, passkeys),
	}, nil
}

// preferred is absent for users without a preferred factor.
func preferred(u *store.User) *string {
	if u.MFA.Preferred == "" {
		return nil
	}
	return &u.MFA.Preferred
}

// configured lists what a user has for the factors of the pool, first and second
// ones alike (spec/newest-features.md §19).
func configured(pool *directory.Pool, u *store.User, passkeys int) []api.AuthFactorType {
	first := func(f api.AuthFactorType) bool {
		policy := pool.Config().Policies
		return policy != nil && policy.SignInPolicy != nil && slices.Contains(policy.SignInPolicy.AllowedFirstAuthFactors, f)
	}
	config := &pool.Settings.MFA
	var list []api.AuthFactorType
	if u.Password != nil {
		list = append(list, api.AuthFactorTypePassword)
	}
	if u.Attributes.Get(attributes.Email) != "" && (first(api.AuthFactorTypeEmailOtp) || enabledIn(config, mfa.Email)) {
		list = append(list, api.AuthFactorTypeEmailOtp)
	}
	if u.Attributes.Get(attributes.PhoneNumber) != "" && (first(api.AuthFactorTypeSmsOtp) || enabledIn(config, mfa.SMS)) {
		list = append(list, api.AuthFactorTypeSmsOtp)
	}
	if passkeys > 0 && first(api.AuthFactorTypeWebAuthn) {
		list = append(list, api.AuthFactorTypeWebAuthn)
	}
	if u.MFA.SoftwareToken {
		list = append(list, api.AuthFactorTypeSoftwareToken)
	}
	return list
}

func enabledIn(config *api.GetUserPoolMfaConfigResponse, factor string) bool {
	return slices.Contains(mfa.Enabled(config), factor)
}
