package users

import (
	"context"
	"maps"
	"slices"

	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/notices"
	"cognate/internal/store"
)

// notices tells users of what somebody with a session of theirs changed.
func (o *Operations) notices() notices.Notices {
	return notices.Notices{Messages: o.Messages, Limits: o.Limits}
}

// addressesOf keeps a user's attributes as they are before a change.
func addressesOf(u *store.User) *store.User {
	before := *u
	before.Attributes, before.Pending = slices.Clone(u.Attributes), maps.Clone(u.Pending)
	return &before
}

// tellOfMove tells whoever had a user's verified addresses before that one of them
// was changed, or will be when the new one is verified. A thief of a session does
// not read the old address.
func (o *Operations) tellOfMove(ctx context.Context, tx *store.Tx, pool *directory.Pool, before, after *store.User) error {
	changed := func(name string) bool {
		pending := after.Pending[name]
		return verified(before, name) &&
			(after.Attributes.Get(name) != before.Attributes.Get(name) || pending != "" && pending != before.Pending[name])
	}
	if !changed(attributes.Email) && !changed(attributes.PhoneNumber) {
		return nil
	}
	return o.notices().Send(ctx, tx, pool, before, messages.AddressChanged)
}
