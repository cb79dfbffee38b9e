package pools

import (
	"context"
	"maps"
	"strings"

	"cognate/internal/api"
	"cognate/internal/store"
)

// TagResource sets tags of the pool that an ARN names.
func (o *Operations) TagResource(ctx context.Context, in *api.TagResourceRequest) (*api.TagResourceResponse, error) {
	err := o.changeTags(ctx, in.ResourceArn, func(tags map[string]string) error {
		maps.Copy(tags, in.Tags)
		if len(tags) > maxTags {
			return api.InvalidParameterException("A user pool can have at most %d tags.", maxTags)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.TagResourceResponse{}, nil
}

// UntagResource removes tags; those that are not there are passed over.
func (o *Operations) UntagResource(ctx context.Context, in *api.UntagResourceRequest) (*api.UntagResourceResponse, error) {
	err := o.changeTags(ctx, in.ResourceArn, func(tags map[string]string) error {
		for _, key := range in.TagKeys {
			delete(tags, key)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.UntagResourceResponse{}, nil
}

// ListTagsForResource shows the tags of a pool.
func (o *Operations) ListTagsForResource(ctx context.Context, in *api.ListTagsForResourceRequest) (*api.ListTagsForResourceResponse, error) {
	id, err := o.poolOf(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	pool, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Pool, error) {
		return load(ctx, tx, id)
	})
	if err != nil {
		return nil, err
	}
	if in.ResourceArn != pool.Settings.Pool.Arn {
		return nil, api.ResourceNotFoundException("User pool %s does not exist.", id)
	}
	return &api.ListTagsForResourceResponse{Tags: pool.Settings.Pool.UserPoolTags}, nil
}

func (o *Operations) changeTags(ctx context.Context, arn string, change func(tags map[string]string) error) error {
	id, err := o.poolOf(arn)
	if err != nil {
		return err
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		pool, err := lock(ctx, tx, id)
		if err != nil {
			return struct{}{}, err
		}
		if arn != pool.Settings.Pool.Arn {
			return struct{}{}, api.ResourceNotFoundException("User pool %s does not exist.", id)
		}
		if err := change(pool.Settings.Pool.UserPoolTags); err != nil {
			return struct{}{}, err
		}
		if err := checkOwnTags(&pool.Settings.Pool); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, o.save(ctx, tx, pool)
	})
	if err == nil {
		o.Directory.Forget(id)
	}
	return err
}

// poolOf reads the pool's id from an ARN. Pools are the only resources of the
// service that have tags.
func (o *Operations) poolOf(arn string) (string, error) {
	const parts = 6 // arn:aws:cognito-idp:{region}:{account}:userpool/{id}
	fields := strings.SplitN(arn, ":", parts)
	if len(fields) != parts || fields[2] != "cognito-idp" {
		return "", api.InvalidParameterException("Invalid ARN")
	}
	id, found := strings.CutPrefix(fields[5], "userpool/")
	if !found || id == "" {
		return "", api.InvalidParameterException("Invalid ARN")
	}
	return id, nil
}
