package server

import (
	"context"
	"fmt"

	"cognate/internal/api"
	"cognate/internal/cognito/access"
	"cognate/internal/cognito/audit"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// openAccess makes what knows who may do what.
func (s *Server) openAccess() (*access.Access, error) {
	a, err := access.New(access.Config{
		DB: s.db, Now: s.cfg.Now, AccountID: s.cfg.AccountID, Dev: s.cfg.Mode == Dev,
		Audit: audit.Trail{Log: s.cfg.Log},
		Root:  access.RootKey{ID: s.root.id, Secret: s.root.secret},
	})
	if err != nil {
		return nil, fmt.Errorf("prepare access: %w", err)
	}
	return a, nil
}

// resources knows what policies ask about pools and identities.
type resources struct {
	db        *store.DB
	directory *directory.Directory
}

// Tags implements awsapi.Resources.
func (r resources) Tags(ctx context.Context, service, poolID string) (map[string]string, error) {
	var tags map[string]string
	var err error
	if service == "cognito-identity" {
		tags, err = r.identityPoolTags(ctx, poolID)
	} else {
		tags, err = r.userPoolTags(ctx, poolID)
	}
	if api.HasCode(err, "ResourceNotFoundException") {
		return nil, nil // the operation answers so, if it is allowed
	}
	return tags, err
}

func (r resources) userPoolTags(ctx context.Context, id string) (map[string]string, error) {
	pool, err := r.directory.Pool(ctx, id)
	if err != nil {
		return nil, err
	}
	return pool.Config().UserPoolTags, nil
}

func (r resources) identityPoolTags(ctx context.Context, id string) (map[string]string, error) {
	return store.Read(ctx, r.db, func(ctx context.Context, tx *store.Tx) (map[string]string, error) {
		pool, err := tx.IdentityPool(ctx, id)
		if err != nil {
			return nil, err
		}
		return pool.Settings.Pool.IdentityPoolTags, nil
	})
}

// PoolOf implements awsapi.Resources.
func (r resources) PoolOf(ctx context.Context, identityID string) (string, error) {
	id, err := store.Read(ctx, r.db, func(ctx context.Context, tx *store.Tx) (string, error) {
		i, err := tx.Identity(ctx, identityID)
		if err != nil {
			return "", err
		}
		return i.PoolID, nil
	})
	if api.HasCode(err, "ResourceNotFoundException") {
		return "", nil
	}
	return id, err
}
