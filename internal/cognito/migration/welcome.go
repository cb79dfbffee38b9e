package migration

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/invitations"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/triggers"
	"cognate/internal/store"
)

// untold stands where an invitation tells a temporary password. Migrated users
// have none: they keep the password they typed, which is not sent about, or
// choose another.
const untold = "********"

// welcomeMedia are how the user is told, as the function asks.
func welcomeMedia(u *store.User, got *triggers.Migrated) ([]api.DeliveryMediumType, error) {
	if got.Suppress {
		return nil, nil
	}
	return invitations.Media(u, got.Media)
}

// welcome invites the user. The sign-in does not depend on it, so that a failure
// goes to the log only.
func (m *Migration) welcome(ctx context.Context, on triggers.Occasion, media []api.DeliveryMediumType) {
	for _, medium := range media {
		if err := m.invite(ctx, on, medium); err != nil {
			m.Triggers.Log.WarnContext(ctx, "a migrated user was not told", "pool", on.Pool.ID, "medium", medium, "error", err)
		}
	}
}

func (m *Migration) invite(ctx context.Context, on triggers.Occasion, medium api.DeliveryMediumType) error {
	config, address := on.Pool.Config(), invitations.Attribute(medium)
	request := messages.Request{
		Pool: config, Purpose: messages.AdminCreateUser, Medium: medium, Destination: on.User.Attributes.Get(address),
		Sub: on.User.Sub, Username: on.User.Username, SignInName: attributes.AddressAsName(config, on.User, address), Secret: untold,
	}
	if on.Client != nil {
		request.ClientID = on.Client.ID
	}
	if err := m.Mailer.Available(on.Pool, medium); err != nil {
		return err
	}
	post := new(triggers.Post)
	_, err := store.Write(ctx, m.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		err := m.Limits.CountMessage(ctx, tx, limits.Message{PoolID: on.Pool.ID, Medium: medium, Address: request.Destination})
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, m.Mailer.Send(ctx, tx, post, triggers.Letter{On: on, Request: request})
	})
	if err != nil {
		return err
	}
	return m.Mailer.Flush(ctx, post)
}
