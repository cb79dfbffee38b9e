package signin

import (
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/mfa"
	"cognate/internal/cognito/tokens"
	"cognate/internal/store"
)

// secondFactor is the row of the gate that asks for a second factor where the
// pool or the user wants one, unless the proof of a remembered device stands in.
func secondFactor(o *Operations, a *attempt, u *store.User) (step, error) {
	settings := &a.client.Pool.Settings
	if settings.Pool.MfaConfiguration == api.UserPoolMfaTypeOff || a.federated() || multiFactor(a) || a.deviceInsteadOfMFA() ||
		a.userVerified && passkeyIsMFA(a.client.Pool, u) {
		return nil, nil
	}
	d := a.decideMFA(u)
	switch {
	case d.due() && byPasskey(a): // a passkey does for both factors or for none
		return nil, errIncorrect()
	case d.refuse != "":
		return nil, errNoFactor(d.refuse)
	case d.ask != "":
		return factorStep(o, d.ask), nil
	case d.choose != nil && slices.Contains(d.choose, a.chosen):
		return factorStep(o, a.chosen), nil
	case d.choose != nil:
		return selectMFAStep{o}, nil
	case a.newFactor != "" && slices.Contains(d.setUp, a.newFactor):
		return factorStep(o, a.newFactor), nil
	case d.setUp != nil:
		return mfaSetupStep{o}, nil
	}
	return nil, nil
}

// decideMFA says which second factor comes next. On the pages a number can be added
// within the sign-in, by a user whom only that is missing; not by one who had one,
// for whom it would be no second factor any more.
func (a *attempt) decideMFA(u *store.User) mfaDecision {
	c := mfaCaseOf(&a.client.Pool.Settings, u)
	d := decideMFA(c)
	if a.page != nil && c.mode == api.UserPoolMfaTypeOn && d.refuse == mfa.SMS && slices.Contains(c.pool, mfa.SMS) &&
		!slices.Contains(c.has, mfa.SMS) && !slices.Contains(c.user, mfa.SMS) {
		return mfaDecision{setUp: []string{mfa.SMS}}
	}
	return d
}

// multiFactor reports whether a sign-in has its second factor. Custom challenges
// are no factor by themselves, so one beside them is a second one.
func multiFactor(a *attempt) bool {
	if a.flow == api.AuthFlowTypeCustomAuth {
		return slices.ContainsFunc(a.proven, func(f string) bool { return f != tokens.FactorPassword })
	}
	return len(a.proven) > 1
}

// factorStep is the step that asks for a factor.
func factorStep(o *Operations, factor string) step {
	switch factor {
	case mfa.SMS:
		return codeStep{o, smsMFA}
	case mfa.Email:
		return codeStep{o, emailOTP}
	default:
		return softwareTokenStep{o}
	}
}

// errNoFactor is the answer to users who need a factor and have no way to it.
func errNoFactor(factor string) error {
	if factor == mfa.Email {
		factor = "EMAIL_MFA"
	}
	return api.InvalidParameterException("User does not have delivery config set to turn on %s", factor)
}
