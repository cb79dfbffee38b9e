package threats

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/logs"
	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/triggers"
	"cognate/internal/protocol/breached"
	"cognate/internal/protocol/risk"
	"cognate/internal/store"
)

// Threats watches and judges. DB, Now, Messages, Triggers, PublicURL, Key and
// Log are set. It is safe for concurrent use.
type Threats struct {
	DB        *store.DB
	Now       func() time.Time
	Messages  *messages.Messages
	Triggers  *triggers.Triggers
	PublicURL string // where the links of notices lead
	Key       []byte // signs feedback tokens; the same on every node
	// Breached is the operator's list of passwords; nil: only the built-in one.
	Breached *breached.File
	// Ask asks the operator's range API, where the lists do not know a password;
	// nil: there is none. It fails when the service does, with
	// passwordranges.ErrResting for some time after that.
	Ask func(ctx context.Context, password string) (bool, error)
	// Log gets a line for each password that could not be asked about.
	Log *slog.Logger
	// Logs is told of every event that is recorded; nil: nobody is.
	Logs *logs.Logs
	// Locate says where an address is; nil: nobody knows.
	Locate func(addr netip.Addr) (risk.Place, bool)
}

// Mode is what a pool wants.
type Mode int

// The modes.
const (
	Off      Mode = iota // nothing is looked at
	Audit                // events are kept
	Enforced             // and acted upon
)

// ModeOf is the mode for everything but custom sign-ins.
func ModeOf(pool *directory.Pool) Mode {
	if addOns := pool.Config().UserPoolAddOns; addOns != nil {
		switch addOns.AdvancedSecurityMode {
		case api.AdvancedSecurityModeTypeAudit:
			return Audit
		case api.AdvancedSecurityModeTypeEnforced:
			return Enforced
		default: // OFF
		}
	}
	return Off
}

// ModeOfFlow is the mode for sign-ins of a flow. Custom ones have a switch of
// their own.
func ModeOfFlow(pool *directory.Pool, flow api.AuthFlowType) Mode {
	if flow != api.AuthFlowTypeCustomAuth {
		return ModeOf(pool)
	}
	addOns := pool.Config().UserPoolAddOns
	if addOns == nil || addOns.AdvancedSecurityAdditionalFlows == nil {
		return Off
	}
	switch addOns.AdvancedSecurityAdditionalFlows.CustomAuthMode {
	case api.AdvancedSecurityEnabledModeTypeAudit:
		return Audit
	case api.AdvancedSecurityEnabledModeTypeEnforced:
		return Enforced
	}
	return Off
}

// CheckEnabled answers UserPoolAddOnNotEnabledException for a pool without
// threat protection.
func CheckEnabled(pool *directory.Pool) error {
	if ModeOf(pool) == Off && ModeOfFlow(pool, api.AuthFlowTypeCustomAuth) == Off {
		return api.UserPoolAddOnNotEnabledException("User pool add-ons not enabled")
	}
	return nil
}

// configuration is the one in force: the client's, or else the pool's. A client
// is nil for what concerns the whole pool.
func configuration(pool *directory.Pool, client *directory.Client) *api.RiskConfigurationType {
	switch {
	case client != nil && client.Risk != nil:
		return client.Risk
	case pool.Settings.Risk != nil:
		return pool.Settings.Risk
	}
	return &api.RiskConfigurationType{}
}

// takeover is what a level leads to, and the notice that goes with it.
func takeover(config *api.RiskConfigurationType, level risk.Level) api.AccountTakeoverActionType {
	nothing := api.AccountTakeoverActionType{EventAction: api.AccountTakeoverEventActionTypeNoAction}
	set := config.AccountTakeoverRiskConfiguration
	if set == nil || set.Actions == nil {
		return nothing
	}
	action := map[risk.Level]*api.AccountTakeoverActionType{
		risk.Low: set.Actions.LowAction, risk.Medium: set.Actions.MediumAction, risk.High: set.Actions.HighAction,
	}[level]
	if action == nil {
		return nothing
	}
	return *action
}

// ranges are the addresses that are exceptions.
func blocked(config *api.RiskConfigurationType, addr netip.Addr) bool {
	return config.RiskExceptionConfiguration != nil && within(config.RiskExceptionConfiguration.BlockedIPRangeList, addr)
}

func skipped(config *api.RiskConfigurationType, addr netip.Addr) bool {
	return config.RiskExceptionConfiguration != nil && within(config.RiskExceptionConfiguration.SkippedIPRangeList, addr)
}

func within(ranges []string, addr netip.Addr) bool {
	return addr.IsValid() && slices.ContainsFunc(ranges, func(text string) bool {
		prefix, err := netip.ParsePrefix(text)
		return err == nil && prefix.Contains(addr)
	})
}

// CheckRanges refuses texts that are not ranges in CIDR notation.
func CheckRanges(ranges []string) error {
	for _, text := range ranges {
		if _, err := netip.ParsePrefix(text); err != nil {
			return fmt.Errorf("%q is not a range of addresses in CIDR notation: %w", text, err)
		}
	}
	return nil
}

// ErrBlocked is the answer to a sign-in that is refused for its risk.
func ErrBlocked() error {
	return api.NotAuthorizedException("Unable to login because of security reasons.")
}
