package threats

import (
	"context"
	"errors"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/outbound/passwordranges"
	"cognate/internal/protocol/breached"
)

// CheckPassword refuses a password that attackers know, where it is to be set
// and the pool or client forbids that (S064). The client is nil for what
// administrators do. It belongs outside of transactions, for others may be asked.
func (t *Threats) CheckPassword(ctx context.Context, pool *directory.Pool, client *directory.Client, on api.EventFilterType, password string) error {
	if ModeOf(pool) != Enforced || !refuses(configuration(pool, client), on) {
		return nil
	}
	found, err := t.known(ctx, password)
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

// known reports whether attackers know a password. A service that cannot be asked
// has no say: nobody is kept out because it is down.
func (t *Threats) known(ctx context.Context, password string) (bool, error) {
	if breached.Common(password) {
		return true, nil
	}
	if t.Breached != nil {
		if found, err := t.Breached.Contains(password); err != nil || found {
			return found, err
		}
	}
	if t.Ask == nil {
		return false, nil
	}
	found, err := t.Ask(ctx, password)
	switch {
	case errors.Is(err, passwordranges.ErrResting):
		return false, nil // the log has it already
	case err != nil:
		t.Log.WarnContext(ctx, "the service that knows breached passwords was not asked", "error", err)
		return false, nil
	}
	return found, nil
}
