package users

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/codes"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/triggers"
	"cognate/internal/store"
)

// ForgotPassword sends a code that allows to set a new password.
func (o *Operations) ForgotPassword(ctx context.Context, in *api.ForgotPasswordRequest) (*api.ForgotPasswordResponse, error) {
	client, err := o.client(ctx, in.ClientId, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	pool := client.Pool
	if err := checkRecovery(pool); err != nil {
		return nil, err
	}
	// Unknown users would be looked for by the migration function; refusing
	// only those would tell them apart.
	if err := triggers.Require(pool, triggers.UserMigration); err != nil {
		return nil, err
	}
	channels := recoveryChannels(pool.Config())
	details, err := mailing(ctx, o, in.ClientMetadata, func(ctx context.Context, tx *store.Tx, out *outgoing) (*api.CodeDeliveryDetailsType, error) {
		u, subject, err := o.publicUser(ctx, tx, client, in.Username)
		if err != nil {
			return nil, err
		}
		request := codeRequest{client: client, name: in.Username, subject: subject, purpose: codes.Reset, channels: channels}
		if err := o.Limits.Count(ctx, tx, pool.ID, subject, limits.ForgotPassword); err != nil {
			return nil, err
		}
		if u == nil {
			return o.pretend(ctx, tx, request)
		}
		err = checkResettable(u)
		var to address
		if err == nil {
			to, err = recoveryAddress(pool.Config(), u, channels)
		}
		switch {
		case err != nil && client.HidesExistence():
			return o.pretend(ctx, tx, request)
		case err != nil:
			return nil, counted(err)
		}
		details, err := o.sendCode(ctx, tx, request.slot(), letter{out: out, purpose: messages.ForgotPassword, pool: pool, client: client, user: u, to: to})
		return hideLimit(client, to, details, err)
	})
	if err != nil {
		return nil, err
	}
	return &api.ForgotPasswordResponse{CodeDeliveryDetails: details}, nil
}
