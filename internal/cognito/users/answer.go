package users

import (
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/store"
)

// smsMFA is the factor that the deprecated MFAOptions tell about.
const smsMFA = "SMS_MFA"

// attributesOf lists the attributes of a user that visible lets through, sub
// first.
func attributesOf(u *store.User, visible func(name string) bool) []api.AttributeType {
	list := make([]api.AttributeType, 0, len(u.Attributes)+1)
	add := func(name, value string) {
		if visible(name) {
			list = append(list, api.AttributeType{Name: name, Value: &value})
		}
	}
	add(attributes.Sub, u.Sub)
	for _, a := range u.Attributes {
		add(a.Name, a.Value)
	}
	return list
}

func everything(string) bool { return true }

// userType is a user as lists and AdminCreateUser show it.
func userType(u *store.User, visible func(name string) bool) api.UserType {
	return api.UserType{
		Username:             u.Username,
		Attributes:           attributesOf(u, visible),
		UserCreateDate:       api.TimeOf(u.CreatedAt),
		UserLastModifiedDate: api.TimeOf(u.ModifiedAt),
		Enabled:              u.Enabled,
		UserStatus:           u.Status,
		MFAOptions:           mfaOptions(u),
	}
}

// mfaOptions is set only for users of SMS codes.
func mfaOptions(u *store.User) []api.MFAOptionType {
	if !slices.Contains(u.MFA.EnabledFactors, smsMFA) {
		return nil
	}
	return []api.MFAOptionType{{DeliveryMedium: api.DeliveryMediumTypeSms, AttributeName: attributes.PhoneNumber}}
}

// preferredMFA is absent for users without a preferred factor.
func preferredMFA(u *store.User) *string {
	if u.MFA.Preferred == "" {
		return nil
	}
	return &u.MFA.Preferred
}
