package users

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/codes"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/threats"
	"cognate/internal/store"
)

// ResendConfirmationCode sends a new code for a sign-up; the one before is
// void.
func (o *Operations) ResendConfirmationCode(ctx context.Context, in *api.ResendConfirmationCodeRequest) (*api.ResendConfirmationCodeResponse, error) {
	client, err := o.client(ctx, in.ClientId, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	channels := signUpChannels(client.Pool.Config())
	if len(channels) == 0 {
		return nil, cannotResend()
	}
	details, err := mailing(ctx, o, in.ClientMetadata, func(ctx context.Context, tx *store.Tx, out *outgoing) (*api.CodeDeliveryDetailsType, error) {
		u, subject, err := o.publicUser(ctx, tx, client, in.Username)
		if err != nil {
			return nil, err
		}
		request := codeRequest{client: client, name: in.Username, subject: subject, purpose: codes.SignUp, channels: channels}
		if err := o.Limits.Count(ctx, tx, client.Pool.ID, subject, limits.ResendCode); err != nil {
			return nil, err
		}
		if u == nil {
			return o.pretend(ctx, tx, request)
		}
		to, ok := signUpAddress(client.Pool, u)
		if err := checkResendable(u, ok); err != nil {
			if client.HidesExistence() {
				return o.pretend(ctx, tx, request)
			}
			return nil, counted(err)
		}
		details, err := o.sendCode(ctx, tx, request.slot(), letter{out: out, purpose: messages.ResendCode, pool: client.Pool, client: client, user: u, to: to})
		if err == nil {
			from := threats.PublicContext(in.UserContextData)
			err = o.Threats.Note(ctx, tx, api.EventTypeResendCode, client, u, from, api.EventResponseTypePass)
		}
		return hideLimit(client, to, details, err)
	})
	if err != nil {
		return nil, err
	}
	return &api.ResendConfirmationCodeResponse{CodeDeliveryDetails: details}, nil
}

func checkResendable(u *store.User, hasAddress bool) error {
	switch {
	case !u.Enabled:
		return api.NotAuthorizedException("User is disabled.")
	case u.Status != api.UserStatusTypeUnconfirmed:
		return api.InvalidParameterException("User is already confirmed.")
	case !hasAddress:
		return cannotResend()
	}
	return nil
}

func cannotResend() error {
	return api.NotAuthorizedException("Cannot resend codes. Auto verification not turned on.")
}
