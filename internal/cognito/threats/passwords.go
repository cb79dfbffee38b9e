package threats

import (
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/protocol/breached"
)

// CheckPassword refuses a password that attackers know, where it is to be set
// and the pool or client forbids that (S064). The client is nil for what
// administrators do.
func (t *Threats) CheckPassword(pool *directory.Pool, client *directory.Client, on api.EventFilterType, password string) error {
	if ModeOf(pool) != Enforced || !refuses(configuration(pool, client), on) {
		return nil
	}
	found, err := t.known(password)
	if err == nil && found {
		err = api.InvalidPasswordException("Provided password cannot be used for security reasons.")
	}
	return err
}

// refuses reports whether known passwords are to be refused on an occasion;
// without a list of occasions it is all of them.
func refuses(config *api.RiskConfigurationType, on api.EventFilterType) bool {
	set := config.CompromisedCredentialsRiskConfiguration
	return set != nil && set.Actions != nil && set.Actions.EventAction == api.CompromisedCredentialsEventActionTypeBlock &&
		(len(set.EventFilter) == 0 || slices.Contains(set.EventFilter, on))
}

// known reports whether attackers know a password.
func (t *Threats) known(password string) (bool, error) {
	if breached.Common(password) {
		return true, nil
	}
	if t.Breached == nil {
		return false, nil
	}
	return t.Breached.Contains(password)
}
