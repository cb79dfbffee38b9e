package transfer

import (
	"cmp"
	"context"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/audit"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// OldPool is where the passwords of moved users are checked until they are known
// here.
type OldPool struct {
	Endpoint     string `json:",omitempty"` // empty: that of Amazon in the Region
	Region       string `json:",omitempty"` // empty: that of PoolID
	PoolID       string
	ClientID     string
	ClientSecret string `json:",omitempty"` // is never shown
	Flow         string // USER_PASSWORD_AUTH or USER_SRP_AUTH
}

// OldPools sets and shows old pools. All fields are set.
type OldPools struct {
	DB        *store.DB
	Directory *directory.Directory
	Now       func() time.Time
	Audit     audit.Trail
	// EndpointOf is where Amazon serves a Region.
	EndpointOf func(region string) string
}

// Get shows the old pool of a pool; an empty one when it asks none.
func (o *OldPools) Get(ctx context.Context, poolID string) (*OldPool, error) {
	pool, err := o.Directory.Pool(ctx, poolID)
	if err != nil {
		return nil, err
	}
	if pool.OldPool == nil {
		return &OldPool{}, nil
	}
	return shown(&pool.OldPool.Settings), nil
}

func shown(s *store.OldPoolSettings) *OldPool {
	return &OldPool{Endpoint: s.Endpoint, Region: s.Region, PoolID: s.PoolID, ClientID: s.ClientID, Flow: s.Flow}
}

// Set tells a pool where to ask. Passwords go there: over https, or to this machine.
func (o *OldPools) Set(ctx context.Context, poolID string, old OldPool) (*OldPool, error) {
	region, _, found := strings.Cut(old.PoolID, "_")
	settings := store.OldPoolSettings{
		Region: cmp.Or(old.Region, region), PoolID: old.PoolID, ClientID: old.ClientID, ClientSecret: old.ClientSecret, Flow: old.Flow,
	}
	settings.Endpoint = cmp.Or(old.Endpoint, o.EndpointOf(settings.Region))
	switch {
	case !found || region == "" || old.ClientID == "":
		return nil, api.InvalidParameterException("The id of the old pool and of an app client there are needed.")
	case !safe(settings.Endpoint):
		return nil, api.InvalidParameterException("The address of the old pool must begin with https://, unless it is of this machine.")
	case old.Flow != string(api.AuthFlowTypeUserPasswordAuth) && old.Flow != string(api.AuthFlowTypeUserSrpAuth):
		return nil, api.InvalidParameterException("Flow must be USER_PASSWORD_AUTH or USER_SRP_AUTH.")
	}
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		if _, err := tx.LockPool(ctx, poolID); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, tx.PutOldPool(ctx, &store.OldPool{PoolID: poolID, CreatedAt: o.Now(), Settings: settings})
	})
	if err != nil {
		return nil, err
	}
	o.Directory.Forget(poolID)
	o.Audit.Write(ctx, audit.Record{Action: audit.OldPoolSet, PoolID: poolID, Object: settings.PoolID + " " + settings.Endpoint})
	return shown(&settings), nil
}

// Forget has a pool ask nowhere any more.
func (o *OldPools) Forget(ctx context.Context, poolID string) error {
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (bool, error) {
		if _, err := tx.LockPool(ctx, poolID); err != nil {
			return false, err
		}
		return tx.DeleteOldPool(ctx, poolID)
	})
	if err != nil {
		return err
	}
	o.Directory.Forget(poolID)
	o.Audit.Write(ctx, audit.Record{Action: audit.OldPoolForgotten, PoolID: poolID})
	return nil
}

// safe reports whether passwords may be sent to an address.
func safe(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	loopback := err == nil && ip.IsLoopback() || u.Hostname() == "localhost"
	return u.Scheme == "https" || u.Scheme == "http" && loopback
}
