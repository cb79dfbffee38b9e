package pools

import (
	"slices"
	"strings"

	"cognate/internal/api"
	"cognate/internal/store"
)

// gated is a feature that lower plans do not have (spec/users-and-pools.md
// §2.5, spec/newest-features.md §20).
type gated struct {
	name string // as it stands in the message
	from int    // rank of the lowest plan with it
	used func(*api.UserPoolType) bool
}

// The ranks of the plans.
const (
	rankLite = iota
	rankEssentials
	rankPlus
)

func rankOf(tier api.UserPoolTierType) int {
	switch tier {
	case api.UserPoolTierTypeLite:
		return rankLite
	case api.UserPoolTierTypePlus:
		return rankPlus
	default:
		return rankEssentials
	}
}

// features lists what the settings of a pool can switch on. The names of the
// first two are recorded (spec/recorded.md §2.4), the others are ours.
func features() []gated {
	return []gated{
		{"Threat Protection", rankPlus, func(p *api.UserPoolType) bool { return threatProtection(p.UserPoolAddOns) }},
		{"Passwordless Sign-In", rankEssentials, func(p *api.UserPoolType) bool {
			policy := p.Policies.SignInPolicy
			return policy != nil && slices.ContainsFunc(policy.AllowedFirstAuthFactors, func(f api.AuthFactorType) bool {
				return f != api.AuthFactorTypePassword
			})
		}},
		{"Password History", rankEssentials, func(p *api.UserPoolType) bool {
			size := p.Policies.PasswordPolicy.PasswordHistorySize
			return size != nil && *size > 0
		}},
		{"Access Token Customization", rankEssentials, func(p *api.UserPoolType) bool {
			c := p.LambdaConfig.PreTokenGenerationConfig
			return c != nil && c.LambdaVersion != api.PreTokenGenerationLambdaVersionTypeV10
		}},
		{"Authentication Levels", rankEssentials, func(p *api.UserPoolType) bool {
			for level, name := range levels(nil) {
				if p.AcrConfiguration[level] != name {
					return true
				}
			}
			return false
		}},
		{"Dynamic Client Registration", rankEssentials, func(p *api.UserPoolType) bool {
			return p.DcrConfiguration != nil && p.DcrConfiguration.EnableStatus == api.StatusTypeEnabled
		}},
	}
}

// threatProtection reports whether advanced security watches or acts.
func threatProtection(addOns *api.UserPoolAddOnsType) bool {
	if addOns == nil {
		return false
	}
	extra := addOns.AdvancedSecurityAdditionalFlows
	return addOns.AdvancedSecurityMode != api.AdvancedSecurityModeTypeOff || extra != nil && extra.CustomAuthMode != ""
}

// checkTier refuses settings beyond the plan.
func checkTier(settings *store.PoolSettings) error {
	pool := &settings.Pool
	var beyond []string
	for _, feature := range features() {
		if rankOf(pool.UserPoolTier) < feature.from && feature.used(pool) {
			beyond = append(beyond, feature.name)
		}
	}
	if rankOf(pool.UserPoolTier) < rankPlus && slices.ContainsFunc(settings.Logs, func(c api.LogConfigurationType) bool {
		return c.EventSource == api.EventSourceNameUserAuthEvents
	}) {
		beyond = append(beyond, "User Activity Logs")
	}
	if rankOf(pool.UserPoolTier) < rankEssentials {
		if settings.MFA.EmailMfaConfiguration != nil {
			beyond = append(beyond, "Email MFA")
		}
		if settings.MFA.WebAuthnConfiguration != nil {
			beyond = append(beyond, "Passkeys")
		}
	}
	if len(beyond) > 0 {
		return beyondTier(pool.UserPoolTier, beyond...)
	}
	return nil
}

// beyondTier refuses features that a plan does not have.
func beyondTier(tier api.UserPoolTierType, features ...string) error {
	return api.FeatureUnavailableInTierException("The following features need to be disabled for the %s pricing tier configured: %s",
		tier, strings.Join(features, ", "))
}
