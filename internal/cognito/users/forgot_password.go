package users

import (
	"context"
	"errors"

	"cognate/internal/api"
	"cognate/internal/cognito/codes"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/migration"
	"cognate/internal/cognito/threats"
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
	if err := o.migrate(ctx, client, in); err != nil {
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
		if err == nil {
			from := threats.PublicContext(in.UserContextData)
			err = o.Threats.Note(ctx, tx, api.EventTypeForgotPassword, client, u, from, api.EventResponseTypePass)
		}
		return hideLimit(client, to, details, err)
	})
	if err != nil {
		return nil, err
	}
	return &api.ForgotPasswordResponse{CodeDeliveryDetails: details}, nil
}

// migrate looks for a user whom nobody here knows. Where existence is hidden,
// whatever goes wrong leaves the user unknown.
func (o *Operations) migrate(ctx context.Context, client *directory.Client, in *api.ForgotPasswordRequest) error {
	if !triggers.Has(client.Pool, triggers.UserMigration) {
		return nil
	}
	owner, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (string, error) {
		owner, err := tx.NameOwner(ctx, client.Pool.ID, client.Pool.Fold(in.Username))
		if err != nil || owner != "" {
			return owner, err
		}
		subject := limits.Subject(nil, client.Pool.Fold(in.Username))
		return "", o.Limits.Count(ctx, tx, client.Pool.ID, subject, limits.ForgotPassword)
	})
	if err != nil || owner != "" {
		return err
	}
	m := migration.Migration{DB: o.DB, Now: o.Now, Triggers: o.Triggers, Credentials: o.Credentials, Mailer: o.Mailer, Limits: o.Limits}
	_, err = m.Run(ctx, migration.Request{
		Client: client, Name: in.Username, Metadata: in.ClientMetadata, Migration: triggers.Migration{Source: triggers.ToReset},
	})
	if _, ok := errors.AsType[*api.Error](err); ok && client.HidesExistence() {
		return nil
	}
	return err
}
