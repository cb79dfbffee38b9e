package users

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/store"
)

// GetUser shows the token's user what the client may read.
func (o *Operations) GetUser(ctx context.Context, in *api.GetUserRequest) (*api.GetUserResponse, error) {
	bearer, err := o.Tokens.Authenticate(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	u := bearer.User
	return &api.GetUserResponse{
		Username:            u.Username,
		UserAttributes:      attributesOf(u, bearer.Client.Readable),
		MFAOptions:          mfaOptions(u),
		PreferredMfaSetting: preferredMFA(u),
		UserMFASettingList:  u.MFA.EnabledFactors,
	}, nil
}

// AdminGetUser shows a user with all attributes.
func (o *Operations) AdminGetUser(ctx context.Context, in *api.AdminGetUserRequest) (*api.AdminGetUserResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	u, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		return o.Directory.User(ctx, tx, pool, in.Username)
	})
	if err != nil {
		return nil, err
	}
	return &api.AdminGetUserResponse{
		Username:             u.Username,
		UserAttributes:       attributesOf(u, everything),
		UserCreateDate:       api.TimeOf(u.CreatedAt),
		UserLastModifiedDate: api.TimeOf(u.ModifiedAt),
		Enabled:              u.Enabled,
		UserStatus:           u.Status,
		MFAOptions:           mfaOptions(u),
		PreferredMfaSetting:  preferredMFA(u),
		UserMFASettingList:   u.MFA.EnabledFactors,
	}, nil
}
