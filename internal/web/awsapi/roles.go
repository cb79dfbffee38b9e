package awsapi

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"cognate/internal/api"
	"cognate/internal/api/identity"
	"cognate/internal/cognito/access"
	"cognate/internal/protocol/iam"
)

// authorizeRoles asks for iam:PassRole for every role that a request hands to the
// service (spec/identity-pools.md E1).
func (h *Handler) authorizeRoles(ctx context.Context, a asked) error {
	service := a.op.service.name
	for _, arn := range passedRoles(a.in) {
		err := h.Access.Authorize(ctx, a.who, access.Request{
			Action: "iam:PassRole", Resource: arn, Origin: a.from,
			Keys: iam.Keys{"iam:passedtoservice": {service + ".amazonaws.com"}},
		})
		if service == identityPools && api.HasCode(err, "AccessDeniedException") {
			return identity.NotAuthorizedException("Access to Role '%s' is forbidden.", arn).Because(err)
		}
		if err != nil {
			return fmt.Errorf("authorize %s to pass on a role: %w", a.op.spec.Name, err)
		}
	}
	return nil
}

// passedRoles lists the ARNs of roles in an input, without those that are empty.
func passedRoles(in any) []string {
	var list []string
	switch in := in.(type) {
	case *api.CreateUserPoolRequest:
		list = smsRoles(in.SmsConfiguration)
	case *api.UpdateUserPoolRequest:
		list = smsRoles(in.SmsConfiguration)
	case *api.SetUserPoolMfaConfigRequest:
		if in.SmsMfaConfiguration != nil {
			list = smsRoles(in.SmsMfaConfiguration.SmsConfiguration)
		}
	case *api.CreateGroupRequest:
		list = []string{in.RoleArn}
	case *api.UpdateGroupRequest:
		list = []string{in.RoleArn}
	case *api.CreateUserImportJobRequest:
		list = []string{in.CloudWatchLogsRoleArn}
	case *api.CreateUserPoolClientRequest:
		list = analyticsRoles(in.AnalyticsConfiguration)
	case *api.UpdateUserPoolClientRequest:
		list = analyticsRoles(in.AnalyticsConfiguration)
	case *identity.SetIdentityPoolRolesInput:
		list = slices.Collect(maps.Values(in.Roles))
		for _, mapping := range in.RoleMappings {
			if mapping.RulesConfiguration == nil {
				continue
			}
			for _, rule := range mapping.RulesConfiguration.Rules {
				list = append(list, rule.RoleARN)
			}
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return slices.DeleteFunc(list, func(arn string) bool { return arn == "" })
}

func smsRoles(c *api.SmsConfigurationType) []string {
	if c == nil {
		return nil
	}
	var list []string
	if c.SnsCallerArn != nil {
		list = append(list, *c.SnsCallerArn)
	}
	if c.EumsSms != nil {
		list = append(list, c.EumsSms.CallerArn)
	}
	return list
}

func analyticsRoles(c *api.AnalyticsConfigurationType) []string {
	if c == nil {
		return nil
	}
	return []string{c.RoleArn}
}
