package identitypools

import (
	"context"
	"maps"
	"strings"

	"cognate/internal/api/identity"
	"cognate/internal/store"
)

// TagResource sets tags of the pool that an ARN names.
func (o *Operations) TagResource(ctx context.Context, in *identity.TagResourceInput) (*identity.TagResourceResponse, error) {
	err := o.changeTags(ctx, in.ResourceArn, func(tags map[string]string) { maps.Copy(tags, in.Tags) })
	if err != nil {
		return nil, err
	}
	return &identity.TagResourceResponse{}, nil
}

// UntagResource removes tags; those that are not there are passed over.
func (o *Operations) UntagResource(ctx context.Context, in *identity.UntagResourceInput) (*identity.UntagResourceResponse, error) {
	err := o.changeTags(ctx, in.ResourceArn, func(tags map[string]string) {
		for _, key := range in.TagKeys {
			delete(tags, key)
		}
	})
	if err != nil {
		return nil, err
	}
	return &identity.UntagResourceResponse{}, nil
}

// ListTagsForResource shows the tags of a pool.
func (o *Operations) ListTagsForResource(ctx context.Context, in *identity.ListTagsForResourceInput) (*identity.ListTagsForResourceResponse, error) {
	id, err := poolIn(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	pool, err := o.Directory.IdentityPool(ctx, id)
	if err != nil {
		return nil, err
	}
	if in.ResourceArn != o.arn(pool) {
		return nil, store.NoIdentityPool(id)
	}
	return &identity.ListTagsForResourceResponse{Tags: describe(pool).IdentityPoolTags}, nil
}

func (o *Operations) changeTags(ctx context.Context, arn string, body func(tags map[string]string)) error {
	id, err := poolIn(arn)
	if err != nil {
		return err
	}
	return o.change(ctx, id, func(pool *store.IdentityPool) error {
		if arn != o.arn(pool) {
			return store.NoIdentityPool(id)
		}
		tags := make(map[string]string, len(pool.Settings.Pool.IdentityPoolTags))
		maps.Copy(tags, pool.Settings.Pool.IdentityPoolTags)
		body(tags)
		pool.Settings.Pool.IdentityPoolTags = tags
		return checkTags(tags)
	})
}

// poolIn reads the id of a pool from an ARN. Pools are the only resources of the
// service that have tags.
func poolIn(arn string) (string, error) {
	const parts = 6 // arn:aws:cognito-identity:{region}:{account}:identitypool/{id}
	fields := strings.SplitN(arn, ":", parts)
	if len(fields) != parts || fields[2] != "cognito-identity" {
		return "", identity.InvalidParameterException("Invalid ARN")
	}
	id, found := strings.CutPrefix(fields[5], "identitypool/")
	if !found || id == "" {
		return "", identity.InvalidParameterException("Invalid ARN")
	}
	return id, nil
}
