package users

import (
	"context"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/identities"
	"cognate/internal/store"
)

// mapped reports whether an identity provider of the user writes an attribute at
// every sign-in. Whether such an address is verified is the provider's to say, and
// no code proves it (federation.md §6.5).
func mapped(ctx context.Context, tx *store.Tx, u *store.User, attribute string) (bool, error) {
	list, err := identities.Of(u)
	if err != nil {
		return false, err
	}
	for _, i := range list {
		p, found, err := tx.IdentityProvider(ctx, u.PoolID, i.ProviderName)
		if err != nil {
			return false, err
		}
		if found && p.Settings.AttributeMapping[attribute] != "" {
			return true, nil
		}
	}
	return false, nil
}

// checkUnmapped refuses to have a mapped address verified.
func checkUnmapped(ctx context.Context, tx *store.Tx, u *store.User, attribute string) error {
	is, err := mapped(ctx, tx, u, attribute)
	if err == nil && is {
		err = api.InvalidParameterException("The %s of the user comes from an identity provider and cannot be verified.", attribute)
	}
	return err
}

// withoutMapped leaves those of the changed addresses that a code can verify. A
// mapped one does not wait for a code: it is current, and not verified.
func withoutMapped(ctx context.Context, tx *store.Tx, u *store.User, changed []string) ([]string, error) {
	var failed error
	left := slices.DeleteFunc(changed, func(attribute string) bool {
		is, err := mapped(ctx, tx, u, attribute)
		if err != nil {
			failed = err
		}
		if value := u.Pending[attribute]; is && value != "" {
			u.Attributes.Set(attribute, value)
			u.Attributes.Set(attributes.VerifiedFlag(attribute), "false")
			delete(u.Pending, attribute)
		}
		return is
	})
	return left, failed
}
