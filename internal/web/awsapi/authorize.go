package awsapi

import (
	"context"
	"fmt"
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
// names.
func (h *Handler) authorize(ctx context.Context, a asked) error {
	if a.who.Unrestricted() {
		return nil
	}
	list, err := h.questions(ctx, a)
	if err != nil {
		return fmt.Errorf("find what %s is about: %w", a.op.spec.Name, err)
	}
	for _, question := range list {
		if err := h.Access.Authorize(ctx, a.who, question); err != nil {
			return fmt.Errorf("authorize %s: %w", a.op.spec.Name, err)
		}
	}
	return h.authorizeRoles(ctx, a)
}

// questions are what has to be allowed: one thing, but for requests about
// identities of several pools.
func (h *Handler) questions(ctx context.Context, a asked) ([]access.Request, error) {
	question := access.Request{Action: a.op.service.name + ":" + a.op.spec.Name, Resource: "*", Keys: inputKeys(a.in), Origin: a.from}
	service, pool := a.op.service.name, a.pool
	switch {
	case a.resource != "":
		question.Resource, pool = a.resource, poolOfARN(a.resource)
	case pool != "":
		question.Resource = h.poolARN(service, pool, a.from.Region)
	case service == identityPools:
		return h.aboutIdentities(ctx, question, identitiesOf(a.in))
	}
	if pool != "" && h.Resources != nil {
		tags, err := h.Resources.Tags(ctx, service, pool)
		if err != nil {
			return nil, err
		}
		for key, value := range tags {
			question.Keys.Set("aws:ResourceTag/"+key, value)
		}
	}
	if service == identityPools && pool != "" {
		question.Keys.Set("cognito-identity:IdentityPoolArn", h.poolARN(service, pool, a.from.Region))
		if slices.Contains(everywhere, a.op.spec.Name) {
			question.Resource = "*"
		}
	}
	return []access.Request{question}, nil
}

// aboutIdentities asks once for each pool that identities belong to.
func (h *Handler) aboutIdentities(ctx context.Context, question access.Request, ids []string) ([]access.Request, error) {
	var list []access.Request
	var seen []string
	for _, id := range ids {
		pool := ""
		if h.Resources != nil {
			var err error
			if pool, err = h.Resources.PoolOf(ctx, id); err != nil {
				return nil, err
			}
		}
		if slices.Contains(seen, pool) {
			continue
		}
		seen = append(seen, pool)
		q := question
		q.Keys = iam.Keys{}
		if pool != "" {
			q.Keys.Set("cognito-identity:IdentityPoolArn", h.poolARN(identityPools, pool, question.Origin.Region))
		}
		list = append(list, q)
	}
	if list == nil {
		list = append(list, question)
	}
	return list, nil
}

// identitiesOf gives the identities that a request names without their pool.
func identitiesOf(in any) []string {
	switch in := in.(type) {
	case *identity.DescribeIdentityInput:
		return []string{in.IdentityId}
	case *identity.DeleteIdentitiesInput:
		return in.IdentityIdsToDelete
	}
	return nil
}

// inputKeys gives the condition keys about the tags that a request brings
// (spec/identity-pools.md E2).
func inputKeys(in any) iam.Keys {
	keys := make(iam.Keys)
	switch in := in.(type) {
	case *api.CreateUserPoolRequest:
		access.SetRequestTags(keys, in.UserPoolTags)
	case *api.CreateUserPoolReplicaRequest:
		access.SetRequestTags(keys, in.UserPoolTags)
	case *api.UpdateUserPoolRequest:
		access.SetRequestTags(keys, in.UserPoolTags)
	case *api.TagResourceRequest:
		access.SetRequestTags(keys, in.Tags)
	case *api.UntagResourceRequest:
		keys.Set("aws:TagKeys", in.TagKeys...)
	case *identity.CreateIdentityPoolInput:
		access.SetRequestTags(keys, in.IdentityPoolTags)
	case *identity.IdentityPool: // UpdateIdentityPool
		access.SetRequestTags(keys, in.IdentityPoolTags)
	case *identity.TagResourceInput:
		access.SetRequestTags(keys, in.Tags)
	case *identity.UntagResourceInput:
		keys.Set("aws:TagKeys", in.TagKeys...)
	}
	return keys
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
