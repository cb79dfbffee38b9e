package invitations

import (
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/store"
)

// Attribute is the attribute that holds the address of a medium.
func Attribute(medium api.DeliveryMediumType) string {
	if medium == api.DeliveryMediumTypeSms {
		return attributes.PhoneNumber
	}
	return attributes.Email
}

// Media are those asked for that the user can be reached by; when none was asked
// for, a text message or else an e-mail. A user without an address gets none.
// InvalidParameterException is the answer to media of which the user has no
// address.
func Media(u *store.User, asked []api.DeliveryMediumType) ([]api.DeliveryMediumType, error) {
	var media []api.DeliveryMediumType
	for _, medium := range []api.DeliveryMediumType{api.DeliveryMediumTypeSms, api.DeliveryMediumTypeEmail} {
		wanted := slices.Contains(asked, medium) || len(asked) == 0 && len(media) == 0
		if wanted && u.Attributes.Get(Attribute(medium)) != "" {
			media = append(media, medium)
		}
	}
	switch {
	case len(media) > 0:
		return media, nil
	case slices.Contains(asked, api.DeliveryMediumTypeEmail):
		return nil, api.InvalidParameterException("Cannot specify EMAIL as delivery medium without providing email")
	case slices.Contains(asked, api.DeliveryMediumTypeSms):
		return nil, api.InvalidParameterException("Cannot specify SMS as delivery medium without providing phone_number")
	}
	return nil, nil
}
