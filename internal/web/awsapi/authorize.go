package awsapi

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cognate/internal/api"
	"cognate/internal/api/identity"
	"cognate/internal/cognito/access"
	"cognate/internal/protocol/iam"
)

// asked is a request whose caller is known, and what it is about.
type asked struct {
	who      *access.Principal
	op       *operation
	in       any    // the input, a pointer to a structure of the contract
	pool     string // that the input names
	resource string // ARN that the input names
	from     access.Origin
}

const identityPools = "cognito-identity"

// everywhere are the operations that policies know no resource for
// (spec/identity-pools.md E2), beside those that name none.
var everywhere = []string{"SetPrincipalTagAttributeMap", "GetPrincipalTagAttributeMap"}

// authorize asks whether the caller may do this, and may pass on the roles that it
// names. The context that it gives tells the operation what was left out.
func (h *Handler) authorize(ctx context.Context, a asked) (context.Context, error) {
	if a.who.Unrestricted() {
		return ctx, nil
	}
	if in, ok := a.in.(*identity.DeleteIdentitiesInput); ok {
		return h.authorizeEach(ctx, a, in.IdentityIdsToDelete)
	}
	if err := checkTags(requestTags(a.in)); err != nil {
		return ctx, err
	}
	question, err := h.question(ctx, a)
	if err != nil {
		return ctx, fmt.Errorf("find what %s is about: %w", a.op.spec.Name, err)
	}
	if err := h.Access.Authorize(ctx, a.who, question); err != nil {
		return ctx, fmt.Errorf("authorize %s: %w", a.op.spec.Name, err)
	}
	return ctx, h.authorizeRoles(ctx, a)
}

// question is what has to be allowed.
func (h *Handler) question(ctx context.Context, a asked) (access.Request, error) {
	question := access.Request{Action: a.op.service.name + ":" + a.op.spec.Name, Resource: "*", Keys: inputKeys(a.in), Origin: a.from}
	service, pool := a.op.service.name, a.pool
	switch {
	case a.resource != "":
		question.Resource, pool = a.resource, poolOfARN(a.resource)
	case pool != "":
		question.Resource = h.poolARN(service, pool, a.from.Region)
	}
	if in, ok := a.in.(*identity.DescribeIdentityInput); ok {
		var err error
		if pool, err = h.poolOf(ctx, in.IdentityId); err != nil {
			return question, err
		}
	}
	if pool != "" && question.Resource != "*" && h.Resources != nil {
		tags, err := h.Resources.Tags(ctx, service, pool)
		if err != nil {
			return question, err
		}
		for _, key := range slices.Sorted(maps.Keys(tags)) { // of two that differ in case, always the same
			question.Keys.Set("aws:ResourceTag/"+key, tags[key])
		}
	}
	if service == identityPools && pool != "" {
		question.Keys.Set("cognito-identity:IdentityPoolArn", h.poolARN(service, pool, a.from.Region))
		if slices.Contains(everywhere, a.op.spec.Name) {
			question.Resource = "*"
		}
	}
	return question, nil
}

// authorizeEach asks once for each pool that identities belong to. Where the caller
// may do it to some of them, the others are the operation's to answer for.
func (h *Handler) authorizeEach(ctx context.Context, a asked, ids []string) (context.Context, error) {
	pools := make(map[string]error)
	var denied []string
	var first error
	for _, id := range ids {
		pool, err := h.poolOf(ctx, id)
		if err != nil {
			return ctx, fmt.Errorf("find what %s is about: %w", a.op.spec.Name, err)
		}
		refusal, asked := pools[pool]
		if !asked {
			question := access.Request{Action: a.op.service.name + ":" + a.op.spec.Name, Resource: "*", Keys: iam.Keys{}, Origin: a.from}
			if pool != "" {
				question.Keys.Set("cognito-identity:IdentityPoolArn", h.poolARN(identityPools, pool, a.from.Region))
			}
			refusal = h.Access.Authorize(ctx, a.who, question)
			pools[pool] = refusal
		}
		if refusal == nil {
			continue
		}
		if denied = append(denied, id); first == nil {
			first = refusal
		}
	}
	if first != nil && len(denied) == len(ids) {
		return ctx, fmt.Errorf("authorize %s: %w", a.op.spec.Name, first)
	}
	return access.WithDenied(ctx, denied), nil
}

// poolOf gives the pool of an identity, empty where there is none.
func (h *Handler) poolOf(ctx context.Context, identityID string) (string, error) {
	if h.Resources == nil {
		return "", nil
	}
	return h.Resources.PoolOf(ctx, identityID)
}

// inputKeys gives the condition keys about the tags that a request brings
// (spec/identity-pools.md E2).
func inputKeys(in any) iam.Keys {
	keys := make(iam.Keys)
	access.SetRequestTags(keys, requestTags(in))
	switch in := in.(type) {
	case *api.UntagResourceRequest:
		keys.Set("aws:TagKeys", in.TagKeys...)
	case *identity.UntagResourceInput:
		keys.Set("aws:TagKeys", in.TagKeys...)
	}
	return keys
}

// requestTags are the tags that a request brings.
func requestTags(in any) map[string]string {
	switch in := in.(type) {
	case *api.CreateUserPoolRequest:
		return in.UserPoolTags
	case *api.CreateUserPoolReplicaRequest:
		return in.UserPoolTags
	case *api.UpdateUserPoolRequest:
		return in.UserPoolTags
	case *api.TagResourceRequest:
		return in.Tags
	case *identity.CreateIdentityPoolInput:
		return in.IdentityPoolTags
	case *identity.IdentityPool: // UpdateIdentityPool
		return in.IdentityPoolTags
	case *identity.TagResourceInput:
		return in.Tags
	}
	return nil
}

// checkTags refuses tags whose keys differ in case only. Condition keys do not tell
// them apart, so a policy would judge one of them and let the others in unseen.
func checkTags(tags map[string]string) error {
	seen := make(map[string]bool, len(tags))
	for key := range tags {
		folded := strings.ToLower(key)
		if seen[folded] {
			return api.InvalidParameterException("Tag keys that differ in case only need the first administrator's key.")
		}
		seen[folded] = true
	}
	return nil
}

// poolARN names a pool by its id, which begins with its Region.
func (h *Handler) poolARN(service, id, region string) string {
	kind, separator := "userpool", "_"
	if service == identityPools {
		kind, separator = "identitypool", ":"
	}
	if before, _, ok := strings.Cut(id, separator); ok {
		region = before
	}
	return "arn:aws:" + service + ":" + region + ":" + h.AccountID + ":" + kind + "/" + id
}

// poolOfARN gives the id at the end of a pool's ARN.
func poolOfARN(arn string) string {
	_, id, _ := strings.Cut(arn, "pool/")
	return id
}
