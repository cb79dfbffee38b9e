package identitypools

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"cognate/internal/api"
	"cognate/internal/cognito/access"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/identitytokens"
	"cognate/internal/cognito/paging"
	"cognate/internal/cognito/webidentity"
	"cognate/internal/outbound/remotests"
	"cognate/internal/store"
)

// DefaultQuota is how many identity pools an account has in one Region unless the
// installation allows more (spec/identity-pools.md A3).
const DefaultQuota = 1000

// Operations are the operations on identity pools. All fields but STS and the last two
// must be set.
type Operations struct {
	DB        *store.DB
	Directory *directory.Directory
	Paging    paging.Paging
	Now       func() time.Time
	Region    string // of requests that name none
	AccountID string // 12 digits, used in ARNs

	Access   *access.Access
	Verifier *webidentity.Verifier  // of tokens from outside
	Tokens   *identitytokens.Tokens // of the pools' own

	// STS is asked for sessions in the place of Access, if it is set.
	STS *remotests.Client

	// UserPoolIssuer gives the issuer of a user pool of this installation.
	UserPoolIssuer func(poolID string) string

	// AllowChosenIDs lets a new pool's tag cognate:id choose its id. For dev only.
	AllowChosenIDs bool
	// Quota replaces DefaultQuota when it is not 0.
	Quota int64
}

// region is where the request creates and lists pools.
func (o *Operations) region(ctx context.Context) string {
	if region := api.RequestFrom(ctx).Region; region != "" {
		return region
	}
	return o.Region
}

// newID makes the id of a pool or an identity. It is not to be guessed: whoever
// knows that of a guest can act as the guest.
func newID(region string) string { return region + ":" + uuid.NewString() }

func (o *Operations) arn(pool *store.IdentityPool) string {
	return fmt.Sprintf("arn:aws:cognito-identity:%s:%s:identitypool/%s", pool.Region, o.AccountID, pool.ID)
}

// load reads a pool from the database, for a change that save writes.
func (o *Operations) load(ctx context.Context, id string) (*store.IdentityPool, error) {
	pool, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.IdentityPool, error) {
		return tx.IdentityPool(ctx, id)
	})
	if err != nil {
		return nil, err
	}
	return pool, directory.CheckIdentityRegion(ctx, pool)
}

// save writes a changed pool that load gave. It answers
// ConcurrentModificationException when somebody else changed the pool meanwhile.
func (o *Operations) save(ctx context.Context, pool *store.IdentityPool) error {
	pool.Name = pool.Settings.Pool.IdentityPoolName
	pool.ModifiedAt = o.Now()
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.UpdateIdentityPool(ctx, pool)
	})
	o.Directory.ForgetIdentityPool(pool.ID)
	return err
}

// changeAttempts is how often a change of a part of a pool is tried anew when others
// change the pool at the same time.
const changeAttempts = 10

// change changes a part of a pool, whatever others change in it.
func (o *Operations) change(ctx context.Context, id string, body func(*store.IdentityPool) error) error {
	var err error
	for range changeAttempts {
		var pool *store.IdentityPool
		if pool, err = o.load(ctx, id); err != nil {
			return err
		}
		if err := body(pool); err != nil {
			return err
		}
		if err = o.save(ctx, pool); !api.HasCode(err, "ConcurrentModificationException") {
			return err
		}
	}
	return fmt.Errorf("change identity pool %s: %w", id, err)
}

// accountOf reads the account from the ARN of a thing of IAM; empty for anything
// else.
func accountOf(arn, kind string) string {
	const parts = 6 // arn:aws:iam::{account}:{kind}/{name}
	fields := strings.SplitN(arn, ":", parts)
	if len(fields) != parts || fields[0] != "arn" || fields[2] != "iam" || fields[3] != "" {
		return ""
	}
	if name, ok := strings.CutPrefix(fields[5], kind+"/"); !ok || name == "" {
		return ""
	}
	return fields[4]
}
