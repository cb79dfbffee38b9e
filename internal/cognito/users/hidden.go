package users

import (
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

// publicUser finds and locks the user that a public operation names, and
// gives the subject that its attempts and codes belong to. When nobody has
// the name, a client that hides existence gets no user and the subject of the
// name; another one gets the error (spec/users-and-pools.md §8).
func (o *Operations) publicUser(ctx context.Context, tx *store.Tx, client *directory.Client, name string) (*store.User, string, error) {
	u, err := o.lock(ctx, tx, client.Pool, name)
	switch {
	case err == nil:
		return u, limits.Subject(u, ""), nil
	case !unknown(err):
		return nil, "", err
	case client.HidesExistence():
		return nil, limits.Subject(nil, client.Pool.Fold(name)), nil
	}
	return nil, "", api.UserNotFoundException("Username/client id combination not found.")
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

// postNothing does the work of sending a code, and sends none: a message is
// rendered, queued and taken back within the transaction, so that unknown names
// cost what users cost (spec/security.md S048).
func (o *Operations) postNothing(ctx context.Context, tx *store.Tx, r codeRequest, to address) error {
	if err := o.Messages.Available(to.medium()); err != nil {
		return counted(err)
	}
	err := o.Limits.CountMessage(ctx, tx, r.client.Pool.ID, "nobody "+r.subject)
	if api.HasCode(err, "LimitExceededException") {
		return nil
	}
	if err != nil {
		return err
	}
	nobody := letter{
		purpose: messages.ForgotPassword, pool: r.client.Pool, client: r.client,
		user: &store.User{Username: r.name}, to: to, secret: "000000",
	}
	rendered, err := o.Messages.Render(nobody.request())
	if err != nil {
		return err
	}
	row := store.OutboxMessage{PoolID: r.client.Pool.ID, Medium: "NONE", Body: []byte(rendered.Body), NextAt: o.Now(), CreatedAt: o.Now()}
	if err := tx.Enqueue(ctx, &row); err != nil {
		return err
	}
	return tx.Done(ctx, row.PoolID, row.ID)
}

// hideLimit keeps a client that hides existence from learning, by the limit of
// messages to an address, that somebody has it.
func hideLimit(client *directory.Client, to address, details *api.CodeDeliveryDetailsType, err error) (*api.CodeDeliveryDetailsType, error) {
	if api.HasCode(err, "LimitExceededException") && client.HidesExistence() {
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
	if _, err := o.Codes.Redeem(ctx, tx, at, code); err != nil {
		return counted(err)
	}
	return counted(codes.Expired()) // a code from before the user was disabled
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
