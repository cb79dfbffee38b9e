package clients

import (
	"slices"
	"strings"

	"cognate/internal/api"
)

// flowOrder is the order in which the service lists the flows of a client
// (spec/users-and-pools.md §15), whatever the order they were given in.
var flowOrder = [...]api.ExplicitAuthFlowsType{
	api.ExplicitAuthFlowsTypeAdminNoSrpAuth,
	api.ExplicitAuthFlowsTypeCustomAuthFlowOnly,
	api.ExplicitAuthFlowsTypeUserPasswordAuth,
	api.ExplicitAuthFlowsTypeAllowUserAuth,
	api.ExplicitAuthFlowsTypeAllowCustomAuth,
	api.ExplicitAuthFlowsTypeAllowUserPasswordAuth,
	api.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth,
	api.ExplicitAuthFlowsTypeAllowUserSrpAuth,
	api.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
	api.ExplicitAuthFlowsTypeAllowClientTokenAuth,
}

func orderedFlows(given []api.ExplicitAuthFlowsType) []api.ExplicitAuthFlowsType {
	var ordered []api.ExplicitAuthFlowsType
	for _, flow := range flowOrder {
		if slices.Contains(given, flow) {
			ordered = append(ordered, flow)
		}
	}
	return ordered
}

// checkFlows follows spec/auth-flows.md §2 and spec/newest-features.md §6.
func checkFlows(s *subject) error {
	flows := s.client.ExplicitAuthFlows
	legacy := func(flow api.ExplicitAuthFlowsType) bool { return !strings.HasPrefix(string(flow), "ALLOW_") }
	if slices.ContainsFunc(flows, legacy) && !slices.ContainsFunc(flows[len(flows)-1:], legacy) {
		return api.InvalidParameterException("ExplicitAuthFlows with the ALLOW_ prefix can not be used together with those without it.")
	}
	if slices.Contains(flows, api.ExplicitAuthFlowsTypeAllowClientTokenAuth) {
		if len(flows) > 1 {
			return api.InvalidParameterException("ALLOW_CLIENT_TOKEN_AUTH can not be used together with other ExplicitAuthFlows.")
		}
		if !s.confidential {
			return api.InvalidParameterException("ALLOW_CLIENT_TOKEN_AUTH can not be selected if client does not have a client secret.")
		}
	}
	if slices.Contains(flows, api.ExplicitAuthFlowsTypeAllowUserAuth) && s.pool.UserPoolTier == api.UserPoolTierTypeLite {
		return api.FeatureUnavailableInTierException("The following features need to be disabled for the %s pricing tier configured: Choice-Based Sign-In", s.pool.UserPoolTier)
	}
	return nil
}

// checkRotation keeps the flow that cannot rotate off rotating clients
// (spec/newest-features.md §16).
func checkRotation(s *subject) error {
	rotation := s.client.RefreshTokenRotation
	if rotation == nil || rotation.Feature != api.FeatureTypeEnabled {
		return nil
	}
	if slices.Contains(s.client.ExplicitAuthFlows, api.ExplicitAuthFlowsTypeAllowRefreshTokenAuth) {
		return api.InvalidParameterException("ALLOW_REFRESH_TOKEN_AUTH can not be selected if refresh token rotation is enabled.")
	}
	return nil
}
