package sts

import (
	"context"

	"cognate/internal/api/sts"
	"cognate/internal/cognito/access"
)

// AssumeRole gives a session of a role to whoever signed the request, if the role
// trusts them (D4).
func (o *Operations) AssumeRole(ctx context.Context, in *sts.AssumeRoleRequest) (*sts.AssumeRoleResponse, error) {
	if in.SerialNumber != "" || in.TokenCode != "" {
		return nil, errNoDevice()
	}
	if len(in.ProvidedContexts) > 0 {
		return nil, validationError("ProvidedContexts are not supported.")
	}
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	managed, err := arns(in.PolicyArns)
	if err != nil {
		return nil, err
	}
	session, err := o.Access.Assume(ctx, access.Assumption{
		Action: "sts:AssumeRole", RoleARN: in.RoleArn, SessionName: in.RoleSessionName, Duration: seconds(in.DurationSeconds),
		Caller: access.CallerFrom(ctx), ExternalID: in.ExternalId, Policy: in.Policy, PolicyARNs: managed,
		Tags: tags, TransitiveTags: in.TransitiveTagKeys, SourceIdentity: in.SourceIdentity, Origin: access.OriginFrom(ctx),
	})
	if err != nil {
		return nil, o.refused(ctx, "sts:AssumeRole", in.RoleArn, err)
	}
	return &sts.AssumeRoleResponse{
		Credentials: credentials(session), AssumedRoleUser: roleUser(session), SourceIdentity: session.SourceIdentity,
		PackedPolicySize: packed(session, in.Policy != "" || len(in.PolicyArns)+len(tags) > 0),
	}, nil
}

func tagsOf(list []sts.Tag) (map[string]string, error) {
	tags := make(map[string]string, len(list))
	for _, t := range list {
		if _, twice := tags[t.Key]; twice {
			return nil, validationError("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		tags[t.Key] = t.Value
	}
	return tags, nil
}
