package notices

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/messages"
	"cognate/internal/store"
)

// Notices sends notices.
type Notices struct {
	Messages *messages.Messages
	Limits   limits.SelfService
}

// Send sends a notice to the user's verified e-mail address, if there is one.
// Functions that send the messages of a pool know no such message, so those pools
// send none. Too many messages to the address end the notices, not the operation.
func (n Notices) Send(ctx context.Context, tx *store.Tx, pool *directory.Pool, u *store.User, purpose messages.Purpose) error {
	const medium = api.DeliveryMediumTypeEmail
	to := u.Attributes.Get(attributes.Email)
	if to == "" || !attributes.True(u.Attributes.Get(attributes.EmailVerified)) || !n.sends(pool, medium) {
		return nil
	}
	err := n.Limits.CountMessage(ctx, tx, limits.Message{PoolID: pool.ID, Medium: medium, Address: to})
	if err == nil {
		err = n.Messages.Send(ctx, tx, messages.Request{
			Pool: pool.Config(), Purpose: purpose, Medium: medium, Destination: to, Sub: u.Sub, Username: u.Username,
		})
	}
	if api.HasCode(err, "LimitExceededException") {
		err = nil
	}
	return err
}

// sends reports whether the server itself sends the messages of a pool.
func (n Notices) sends(pool *directory.Pool, medium api.DeliveryMediumType) bool {
	functions := pool.Config().LambdaConfig
	return n.Messages.Available(medium) == nil && (functions == nil || functions.CustomEmailSender == nil)
}
