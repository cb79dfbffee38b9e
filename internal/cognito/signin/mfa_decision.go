package signin

import (
	"cmp"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/mfa"
	"cognate/internal/store"
)

// mfaCase is what the second factor of a sign-in depends on (auth-flows.md §8).
// Factors are those of package mfa, in its order.
type mfaCase struct {
	mode api.UserPoolMfaType
	pool []string // factors that the pool has switched on
	has  []string // factors that the user has what is needed for
	user []string // factors that the user has switched on
	// preferred is the user's preferred factor, or empty.
	preferred string
	// recovery is the factor whose address is the pool's first way to reset a
	// password, or empty. Nobody gets codes there without having asked for it:
	// one mailbox would be all it takes.
	recovery string
}

// mfaDecision says which second factor comes next. At most one member is set; the
// zero value is that none is needed.
type mfaDecision struct {
	ask    string   // this factor
	choose []string // one of these, as the user likes
	setUp  []string // one of these has to be set up first
	refuse string   // this one is needed, and there is no way to it
}

// decideMFA is the table of auth-flows.md §8.
func decideMFA(c mfaCase) mfaDecision {
	switch c.mode {
	case api.UserPoolMfaTypeOptional:
		return c.optional()
	case api.UserPoolMfaTypeOn:
		return c.required()
	default:
		return mfaDecision{}
	}
}

// optional asks those who switched a factor on. One that the pool does not have
// any more counts as off; one that the user lost the address of does not, so that
// taking the address away does not take the factor away.
func (c mfaCase) optional() mfaDecision {
	wanted := both(c.user, c.pool)
	if len(wanted) == 0 {
		return mfaDecision{}
	}
	usable := both(wanted, c.has)
	if slices.Contains(usable, c.preferred) {
		return mfaDecision{ask: c.preferred}
	}
	return oneOf(usable, wanted)
}

// required asks everybody, in the way of least surprise: what the user prefers,
// an app where there is one, messages to any address the user has.
func (c mfaCase) required() mfaDecision {
	usable := both(c.pool, c.has)
	if slices.Contains(usable, c.preferred) {
		return mfaDecision{ask: c.preferred}
	}
	usable = slices.DeleteFunc(usable, func(f string) bool {
		return f == c.recovery && !slices.Contains(c.user, f)
	})
	missing := slices.DeleteFunc(slices.Clone(c.pool), func(f string) bool {
		return f == c.recovery || slices.Contains(c.has, f)
	})
	// A number is not added within a sign-in. To those who have an address but
	// not that one, naming it would be of no use.
	onlySMS := len(missing) == 1 && missing[0] == mfa.SMS
	if len(usable) > 0 || len(missing) == 0 || onlySMS && slices.Contains(c.has, mfa.Email) {
		return oneOf(usable, c.pool)
	}
	return mfaDecision{setUp: missing}
}

func oneOf(usable, wanted []string) mfaDecision {
	switch len(usable) {
	case 0:
		return mfaDecision{refuse: append(wanted, mfa.SMS)[0]} // wanted is empty where nothing is switched on
	case 1:
		return mfaDecision{ask: usable[0]}
	default:
		return mfaDecision{choose: usable}
	}
}

// both lists what is in a and in b, in the order of package mfa.
func both(a, b []string) []string {
	var list []string
	for _, f := range mfa.All() {
		if slices.Contains(a, f) && slices.Contains(b, f) {
			list = append(list, f)
		}
	}
	return list
}

// mfaCaseOf puts together what decideMFA needs.
func mfaCaseOf(settings *store.PoolSettings, u *store.User) mfaCase {
	c := mfaCase{
		mode:      settings.Pool.MfaConfiguration,
		pool:      mfa.Enabled(&settings.MFA),
		user:      u.MFA.EnabledFactors,
		preferred: u.MFA.Preferred,
		recovery:  recoveryFactor(settings.Pool.AccountRecoverySetting),
	}
	for _, f := range mfa.All() {
		if mfa.Has(u, f) {
			c.has = append(c.has, f)
		}
	}
	return c
}

// recoveryFactor is the factor that shares its address with the first way to
// reset a password. The old setting, which is absent, excludes nothing.
func recoveryFactor(setting *api.AccountRecoverySettingType) string {
	if setting == nil || len(setting.RecoveryMechanisms) == 0 {
		return ""
	}
	first := slices.MinFunc(setting.RecoveryMechanisms, func(a, b api.RecoveryOptionType) int {
		return cmp.Compare(a.Priority, b.Priority)
	})
	switch first.Name {
	case api.RecoveryOptionNameTypeVerifiedEmail:
		return mfa.Email
	case api.RecoveryOptionNameTypeVerifiedPhoneNumber:
		return mfa.SMS
	default:
		return ""
	}
}
