package users

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/triggers"
	"cognate/internal/store"
)

// preSignUp asks the pool's function about a user who is to be created, and
// verifies the addresses that it vouches for. It reports whether the function
// confirms the user.
func (o *Operations) preSignUp(ctx context.Context, on triggers.Occasion, source string, validation []api.AttributeType) (confirm bool, err error) {
	got, err := o.Triggers.PreSignUp(ctx, on, source, validation)
	if err != nil {
		return false, err
	}
	for attribute, verified := range map[string]bool{attributes.Email: got.VerifyEmail, attributes.PhoneNumber: got.VerifyPhone} {
		if !verified {
			continue
		}
		if on.User.Attributes.Get(attribute) == "" {
			return false, api.InvalidLambdaResponseException("Cannot auto-verify %s of a user who has none.", attribute)
		}
		on.User.Attributes.Set(attributes.VerifiedFlag(attribute), "true")
	}
	return got.Confirm, nil
}

// postConfirmation tells the pool's function about a user confirmed by the
// sign-up itself.
func (o *Operations) postConfirmation(ctx context.Context, on triggers.Occasion, u *store.User) error {
	if u.Status != api.UserStatusTypeConfirmed {
		return nil
	}
	return o.Triggers.PostConfirmation(ctx, on, triggers.AfterSignUp)
}
