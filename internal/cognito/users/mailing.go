package users

import (
	"context"

	"cognate/internal/cognito/triggers"
	"cognate/internal/store"
)

// outgoing is what an operation sends: the messages that functions have to see
// first, and the ClientMetadata that those get.
type outgoing struct {
	triggers.Post
	metadata map[string]string
}

// mailing runs a transaction that sends messages. Functions that take part in
// them are called when it has committed, so that what it did stays done when one
// fails.
func mailing[T any](ctx context.Context, o *Operations, metadata map[string]string, body func(ctx context.Context, tx *store.Tx, out *outgoing) (T, error)) (T, error) {
	out := &outgoing{metadata: metadata}
	result, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (T, error) {
		return body(ctx, tx, out)
	})
	if err != nil {
		return result, err
	}
	return result, o.Mailer.Flush(ctx, &out.Post)
}

// send queues a letter, or leaves it to be sent when functions have seen it.
// Nobody, administrators included, sends to countries that are not allowed.
func (o *Operations) send(ctx context.Context, tx *store.Tx, l letter) error {
	if err := o.Limits.Deliverable(l.to.medium(), l.to.value); err != nil {
		return err
	}
	return o.Mailer.Send(ctx, tx, &l.out.Post, triggers.Letter{On: l.occasion(), Request: l.request()})
}

// occasion is the letter's for functions. What administrators do names no client.
func (l letter) occasion() triggers.Occasion {
	return triggers.Occasion{Pool: l.pool, Client: l.client, Username: l.user.Username, User: l.user, Metadata: l.out.metadata}
}
