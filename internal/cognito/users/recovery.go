package users

import (
	"cmp"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// recoveryChannels lists the attributes that a pool recovers passwords
// through, the preferred one first (spec/users-and-pools.md §8). None: only an
// administrator helps.
func recoveryChannels(config *api.UserPoolType) []string {
	setting := config.AccountRecoverySetting
	if setting == nil || len(setting.RecoveryMechanisms) == 0 {
		return []string{attributes.PhoneNumber, attributes.Email}
	}
	byPriority := slices.SortedStableFunc(slices.Values(setting.RecoveryMechanisms), func(a, b api.RecoveryOptionType) int {
		return cmp.Compare(a.Priority, b.Priority)
	})
	var channels []string
	for _, mechanism := range byPriority {
		switch mechanism.Name {
		case api.RecoveryOptionNameTypeVerifiedEmail:
			channels = append(channels, attributes.Email)
		case api.RecoveryOptionNameTypeVerifiedPhoneNumber:
			channels = append(channels, attributes.PhoneNumber)
		case api.RecoveryOptionNameTypeAdminOnly:
			return nil
		}
	}
	return channels
}

// checkRecovery refuses pools where only an administrator resets passwords.
func checkRecovery(pool *directory.Pool) error {
	if recoveryChannels(pool.Config()) == nil {
		return api.NotAuthorizedException("Contact administrator to reset password.")
	}
	return nil
}

// recoveryAddress is where the code that resets the user's password goes.
// Only a verified address will do, and not one that also receives the user's
// second factor, unless the pool has the old setting that allows it.
func recoveryAddress(config *api.UserPoolType, u *store.User, channels []string) (address, error) {
	legacy := config.AccountRecoverySetting == nil
	for _, attribute := range channels {
		if verified(u, attribute) && (legacy || !secondFactor(u, attribute)) {
			return current(u, attribute), nil
		}
	}
	return address{}, api.InvalidParameterException(
		"Cannot reset password for the user as there is no registered/verified email or phone_number")
}

// secondFactor reports whether the user's second factor arrives at the
// address: the preferred one, or without a preference any that is on.
func secondFactor(u *store.User, attribute string) bool {
	factor := "EMAIL_OTP"
	if attribute == attributes.PhoneNumber {
		factor = smsMFA
	}
	if u.MFA.Preferred != "" {
		return u.MFA.Preferred == factor
	}
	return slices.Contains(u.MFA.EnabledFactors, factor)
}

// checkResettable refuses users whose password is not theirs to reset. Users
// who are not confirmed yet may, if they have a verified address.
func checkResettable(u *store.User) error {
	if !u.Enabled {
		return api.NotAuthorizedException("User is disabled.")
	}
	own := []api.UserStatusType{api.UserStatusTypeConfirmed, api.UserStatusTypeResetRequired, api.UserStatusTypeUnconfirmed}
	if !u.PasswordBlocked && slices.Contains(own, u.Status) {
		return nil
	}
	return api.NotAuthorizedException("User password cannot be reset in the current state.")
}
