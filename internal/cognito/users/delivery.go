package users

import (
	"context"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/codes"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/messages"
	"cognate/internal/store"
)

// address is where a code goes: an attribute of the user and its value.
type address struct {
	attribute, value string
}

// medium is how messages reach the address.
func (a address) medium() api.DeliveryMediumType {
	if a.attribute == attributes.PhoneNumber {
		return api.DeliveryMediumTypeSms
	}
	return api.DeliveryMediumTypeEmail
}

// details is what a caller may know about the address.
func (a address) details() *api.CodeDeliveryDetailsType {
	return messages.Details(a.medium(), a.value)
}

// detail binds a code to the address it was sent to.
func (a address) detail() string { return a.attribute + " " + a.value }

// addressOf is the reverse of detail.
func addressOf(detail string) address {
	attribute, value, _ := strings.Cut(detail, " ")
	return address{attribute: attribute, value: value}
}

// current is the user's address of that attribute; its value may be empty.
func current(u *store.User, attribute string) address {
	return address{attribute: attribute, value: u.Attributes.Get(attribute)}
}

// verified reports whether the user proved to own the address.
func verified(u *store.User, attribute string) bool {
	return u.Attributes.Get(attribute) != "" && attributes.True(u.Attributes.Get(attributes.VerifiedFlag(attribute)))
}

// signUpAddress is where the code of a sign-up goes; ok is false when the pool
// verifies no address that the user has. The telephone comes before the e-mail,
// but where sign-ups are hidden only the address counts that is the user name:
// nobody must learn from another one whether a code is sent.
func signUpAddress(pool *directory.Pool, u *store.User) (to address, ok bool) {
	if name := pool.HiddenName(); name != "" {
		to = current(u, name)
		return to, to.value != ""
	}
	for _, attribute := range []string{attributes.PhoneNumber, attributes.Email} {
		to = current(u, attribute)
		if to.value != "" && attributes.AutoVerified(pool.Config(), attribute) {
			return to, true
		}
	}
	return address{}, false
}

// letter is a message to a user.
type letter struct {
	purpose messages.Purpose
	pool    *directory.Pool
	client  *directory.Client // nil for what administrators do
	user    *store.User
	to      address
	secret  string // the code or temporary password
	out     *outgoing
}

func (l letter) request() messages.Request {
	r := messages.Request{
		Pool: l.pool.Config(), Purpose: l.purpose, Medium: l.to.medium(), Destination: l.to.value,
		Sub: l.user.Sub, Username: l.user.Username, Secret: l.secret,
	}
	if l.client != nil {
		r.ClientID = l.client.ID
	}
	r.SignInName = attributes.AddressAsName(l.pool.Config(), l.user, l.to.attribute)
	return r
}

// sendCode issues a code and sends it; the one before is void. Without a way
// to deliver it: CodeDeliveryFailureException. Too many messages, administrators
// aside: LimitExceededException. Nothing is issued then.
func (o *Operations) sendCode(ctx context.Context, tx *store.Tx, at codes.Slot, l letter) (*api.CodeDeliveryDetailsType, error) {
	if err := o.Mailer.Available(l.pool, l.to.medium()); err != nil {
		return nil, err
	}
	if l.client != nil {
		err := o.Limits.CountMessage(ctx, tx, limits.Message{PoolID: l.pool.ID, Medium: l.to.medium(), Address: l.to.value})
		if err != nil {
			return nil, err
		}
	}
	code, err := o.Codes.Issue(ctx, tx, at, l.to.detail(), at.Purpose.Lifetime())
	if err != nil {
		return nil, err
	}
	l.secret = code
	return l.to.details(), o.send(ctx, tx, l)
}

// undeliverable turns CodeDeliveryFailureException into what the models of
// those operations have that know no such exception: the pool's sender is not
// allowed to send (spec/errors.md §5).
func undeliverable(medium api.DeliveryMediumType, err error) error {
	switch {
	case !api.HasCode(err, "CodeDeliveryFailureException"):
		return err
	case medium == api.DeliveryMediumTypeSms:
		return api.InvalidSmsRoleAccessPolicyException("Role does not have permission to publish with SNS").Because(err)
	default:
		return api.InvalidEmailRoleAccessPolicyException("Cognito is not allowed to use your email identity").Because(err)
	}
}
