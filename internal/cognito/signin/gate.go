package signin

import (
	"cognate/internal/api"
	"cognate/internal/store"
)

// afterFirstFactor is what stands between a first proof and tokens, in the order
// of auth-flows.md §5. A row refuses, or names the step that has to come next, or
// lets pass. Every sign-in goes through all rows after each proof.
var afterFirstFactor = []func(o *Operations, a *attempt, u *store.User) (step, error){
	enabled,
	local,
	confirmed,
	notToBeReset,
	notRefused,
	passwordChosen,
	levelReached,
	factorForRisk,
	secondFactor,
	customDecides,
	deviceProved,
}

// gate decides what follows a proof: a further step, tokens (no step), or a
// refusal. The user is as the transaction sees it.
func (o *Operations) gate(a *attempt, u *store.User) (step, error) {
	for _, row := range afterFirstFactor {
		if next, err := row(o, a, u); next != nil || err != nil {
			return next, err
		}
	}
	return nil, nil
}

func enabled(_ *Operations, a *attempt, u *store.User) (step, error) {
	switch {
	case u.Enabled:
		return nil, nil
	case a.client.HidesExistence():
		return nil, errIncorrect()
	}
	return nil, errDisabled()
}

// local refuses users whom only an external provider vouches for.
func local(_ *Operations, a *attempt, u *store.User) (step, error) {
	if u.Status == api.UserStatusTypeExternalProvider && !a.federated() {
		return nil, errIncorrect()
	}
	return nil, nil
}

func confirmed(_ *Operations, _ *attempt, u *store.User) (step, error) {
	if u.Status == api.UserStatusTypeUnconfirmed {
		return nil, api.UserNotConfirmedException("User is not confirmed.")
	}
	return nil, nil
}

// notToBeReset refuses users who have to set a new password by way of
// ForgotPassword. An imported user has none yet, may use a one-time code instead,
// and passes for an unknown one where that is hidden.
func notToBeReset(_ *Operations, a *attempt, u *store.User) (step, error) {
	switch {
	case u.Status != api.UserStatusTypeResetRequired, imported(u) && a.confirms:
		return nil, nil
	case imported(u) && a.client.HidesExistence():
		return nil, errIncorrect()
	}
	return nil, api.PasswordResetRequiredException("Password reset required for the user")
}

// imported reports whether a user came by an import, without a password, and has
// not signed in since.
func imported(u *store.User) bool {
	return u.Status == api.UserStatusTypeResetRequired && u.Password == nil
}

// passwordChosen asks users with a temporary password for one of their own.
func passwordChosen(o *Operations, a *attempt, u *store.User) (step, error) {
	if a.federated() { // no password is in play
		return nil, nil
	}
	if u.Status != api.UserStatusTypeForceChangePassword {
		return nil, nil
	}
	if end := u.TemporaryPasswordExpiresAt; !end.IsZero() && !o.Now().Before(end) {
		return nil, api.NotAuthorizedException("Temporary password has expired and must be reset by an administrator.")
	}
	return newPasswordStep{o}, nil
}
