package users

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/codes"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/messages"
	"cognate/internal/store"
)

// publicOwner finds whose sign-in name a public operation gives, and the
// subject that attempts and codes belong to. When nobody has the name, a
// client that hides existence gets no sub and the subject of the name; another
// one gets the error (spec/users-and-pools.md §8). Looking a name up costs the
// same whether somebody has it or not.
func (o *Operations) publicOwner(ctx context.Context, tx *store.Tx, client *directory.Client, name string) (sub, subject string, err error) {
	folded := client.Pool.Fold(name)
	if sub, err = tx.NameOwner(ctx, client.Pool.ID, folded); err != nil {
		return "", "", err
	}
	switch {
	case sub != "":
		return sub, limits.Subject(&store.User{Sub: sub}, ""), nil
	case client.HidesExistence():
		return "", limits.Subject(nil, folded), nil
	}
	return "", "", noSuchUser()
}

// publicUser is publicOwner and reads the user, who is nil when nobody has
// the name. A user is looked for in any case.
func (o *Operations) publicUser(ctx context.Context, tx *store.Tx, client *directory.Client, name string) (*store.User, string, error) {
	sub, subject, err := o.publicOwner(ctx, tx, client, name)
	if err != nil {
		return nil, "", err
	}
	u, err := tx.UserBySub(ctx, client.Pool.ID, cmp.Or(sub, newSub()))
	if unknown(err) {
		return nil, subject, nil
	}
	return u, subject, err
}

func noSuchUser() error {
	return api.UserNotFoundException("Username/client id combination not found.")
}

// codeRequest is somebody asking for a code.
type codeRequest struct {
	client   *directory.Client
	name     string // as submitted
	subject  string
	purpose  codes.Purpose
	channels []string // attributes it may be sent to, the preferred one first
}

func (r codeRequest) slot() codes.Slot {
	return codes.Slot{PoolID: r.client.Pool.ID, Subject: r.subject, Purpose: r.purpose}
}

// pretend answers a request for a code as if it had been sent: the same for a
// name at every call, whether nobody has it or its user gets no code. It
// leaves a decoy, so that trying codes fails as it does for a code that was
// sent.
func (o *Operations) pretend(ctx context.Context, tx *store.Tx, r codeRequest) (*api.CodeDeliveryDetailsType, error) {
	to := o.imagine(r.client.Pool, r.name, r.channels)
	if err := o.Codes.Decoy(ctx, tx, r.slot(), r.purpose.Lifetime()); err != nil {
		return nil, err
	}
	return to.details(), o.postNothing(ctx, tx, r, to)
}

// postNothing does the work of sending a code, and sends none.
func (o *Operations) postNothing(ctx context.Context, tx *store.Tx, r codeRequest, to address) error {
	if err := o.Mailer.Available(r.client.Pool, to.medium()); err != nil {
		return counted(err)
	}
	err := o.Limits.CountMessage(ctx, tx, limits.Message{PoolID: r.client.Pool.ID, Medium: to.medium(), Nobody: r.subject})
	if limits.AboutRecipient(err) {
		return nil
	}
	if err != nil {
		return counted(err)
	}
	nobody := letter{
		purpose: messages.ForgotPassword, pool: r.client.Pool, client: r.client,
		user: &store.User{Username: r.name}, to: to, secret: "000000",
	}
	if o.Messages.Available(to.medium()) != nil { // a function would send
		return nil //nolint:nilerr // nothing is sent to nobody
	}
	return o.Messages.Pretend(ctx, tx, nobody.request())
}

// hideLimit keeps a client that hides existence from learning, by the limit of
// messages to an address or its country, that somebody has it.
func hideLimit(client *directory.Client, to address, details *api.CodeDeliveryDetailsType, err error) (*api.CodeDeliveryDetailsType, error) {
	if limits.AboutRecipient(err) && client.HidesExistence() {
		return to.details(), nil
	}
	return details, counted(err)
}

// imagine makes up the address of a name that has none: the name itself where
// it is one, else a made-up one that is always the same for that name.
func (o *Operations) imagine(pool *directory.Pool, name string, channels []string) address {
	folded := pool.Fold(name)
	switch {
	case attributes.LooksLikeEmail(name) && slices.Contains(channels, attributes.Email):
		return address{attributes.Email, folded}
	case attributes.LooksLikePhone(name) && slices.Contains(channels, attributes.PhoneNumber):
		return address{attributes.PhoneNumber, folded}
	}
	mac := hmac.New(sha256.New, o.DecoyKey)
	fmt.Fprintf(mac, "%d %s %s", len(pool.ID), pool.ID, folded)
	sum := mac.Sum(nil)
	if len(channels) > 0 && channels[0] == attributes.PhoneNumber {
		return address{attributes.PhoneNumber, fmt.Sprintf("+1555555%04d", binary.BigEndian.Uint32(sum)%10_000)}
	}
	letter := func(b byte) string { return string(rune('a' + b%26)) }
	return address{attributes.Email, letter(sum[0]) + "@" + letter(sum[1])}
}

// tryDecoy is an attempt to use a code of a name that nobody has, or of a
// user who gets none. It fails as an attempt with a wrong code does.
func (o *Operations) tryDecoy(ctx context.Context, tx *store.Tx, at codes.Slot, code string) error {
	if _, err := o.Codes.Check(ctx, tx, at, code); err != nil {
		return counted(err)
	}
	return counted(codes.Expired()) // a code that was issued before the user was disabled
}

// redeem uses up the code of a user who is then locked. With a wrong code it
// touches the user no more than tryDecoy does.
func (o *Operations) redeem(ctx context.Context, tx *store.Tx, at codes.Slot, sub, code string) (*store.User, address, error) {
	if _, err := o.Codes.Check(ctx, tx, at, code); err != nil {
		return nil, address{}, counted(err)
	}
	u, err := tx.LockUser(ctx, at.PoolID, sub)
	if err != nil {
		return nil, address{}, err
	}
	detail, err := o.Codes.Redeem(ctx, tx, at, code)
	return u, addressOf(detail), counted(err)
}

// signUpChannels are the addresses that a sign-up code could go to.
func signUpChannels(config *api.UserPoolType) []string {
	var channels []string
	for _, attribute := range []string{attributes.PhoneNumber, attributes.Email} {
		if attributes.AutoVerified(config, attribute) {
			channels = append(channels, attribute)
		}
	}
	return channels
}
