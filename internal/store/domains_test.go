package store_test

import (
	"context"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/store"
)

func addDomain(t *testing.T, db *testDB, d *store.Domain) (added bool) {
	t.Helper()
	write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		added, err = tx.InsertDomain(ctx, d)
		return err
	})
	return added
}

func domainsOf(t *testing.T, db *testDB, pool string) []*store.Domain {
	t.Helper()
	return read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.Domain, error) {
		return tx.DomainsOfPool(ctx, pool)
	})
}

func prefixDomain(pool, name string) *store.Domain {
	return &store.Domain{
		Name: name, PoolID: pool, Kind: store.DomainPrefix, CreatedAt: start, ModifiedAt: start,
		Settings: store.DomainSettings{ManagedLoginVersion: 2, PagesSince: start},
	}
}

func customDomain(pool, name string) *store.Domain {
	d := prefixDomain(pool, name)
	d.Kind = store.DomainCustom
	d.Settings.Certificate = &api.CustomDomainConfigType{CertificateArn: "arn:aws:acm:us-east-1:123456789012:certificate/one"}
	d.Settings.Routing = &api.RoutingType{Failover: &api.FailoverType{SecondaryRegion: "eu-west-1", PrimaryRoute53HealthCheckId: "check"}}
	return d
}

func TestDomainsAreReadBackAsWritten(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		prefix, custom := prefixDomain(poolID, "shop"), customDomain(poolID, "login.example.com")
		addDomain(t, db, prefix)
		addDomain(t, db, custom)
		wantEqual(t, domainsOf(t, db, poolID), []*store.Domain{custom, prefix})

		prefix.ModifiedAt = start.Add(time.Hour)
		prefix.Settings = store.DomainSettings{ManagedLoginVersion: 1, PagesSince: start.Add(time.Hour)}
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateDomain(ctx, prefix) })
		byName := read(t, db, func(ctx context.Context, tx *store.Tx) (*store.Domain, error) { return tx.DomainByName(ctx, "shop") })
		wantEqual(t, byName, prefix)

		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeletePool(ctx, poolID) })
		wantEqual(t, len(domainsOf(t, db, poolID)), 0)
	})
}

func TestADomainHasOneOwnerAndAPoolOneOfEachKind(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertPool(t, db, "us-east-1_Other")
		wantEqual(t, addDomain(t, db, prefixDomain(poolID, "shop")), true)
		wantEqual(t, addDomain(t, db, prefixDomain("us-east-1_Other", "shop")), false)
		wantEqual(t, addDomain(t, db, prefixDomain(poolID, "store")), false)
		wantEqual(t, addDomain(t, db, customDomain(poolID, "shop.example.com")), true)
		wantEqual(t, addDomain(t, db, customDomain(poolID, "store.example.com")), false)

		err := tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.UpdateDomain(ctx, prefixDomain("us-east-1_Other", "shop"))
		})
		wantCode(t, err, "ResourceNotFoundException", "Domain shop does not exist.")
		for _, c := range []struct {
			pool string
			want bool
		}{{"us-east-1_Other", false}, {poolID, true}, {poolID, false}} {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				deleted, err := tx.DeleteDomain(ctx, c.pool, "shop")
				wantEqual(t, deleted, c.want)
				return err
			})
		}
		for _, name := range []string{"none", "a\x00b", "\xff"} {
			err := tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.DomainByName(ctx, name)
				return err
			})
			wantCode(t, err, "ResourceNotFoundException", "Domain "+name+" does not exist.")
		}
	})
}
