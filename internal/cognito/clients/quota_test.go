package clients

import (
	"context"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/paging"
	"cognate/internal/store"
	"cognate/internal/store/storetest"
)

func TestS173APoolHasAsManyClientsAsItsQuota(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return time.Date(2026, 11, 13, 12, 0, 0, 0, time.UTC) }
	db := storetest.Open(t, now)
	const pool = "eu-west-1_AbCdEf123"
	_, err := store.Write(t.Context(), db, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		row := &store.Pool{ID: pool, Region: "eu-west-1", Name: "shop"}
		row.Settings.Pool.SchemaAttributes = attributes.Standard()
		return struct{}{}, tx.InsertPool(ctx, row, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	o := &Operations{DB: db, Directory: directory.New(db, now), Paging: paging.Paging{Key: db.Key("paging")}, Now: now, Quota: 2}
	create := func() error {
		_, err := o.CreateUserPoolClient(t.Context(), &api.CreateUserPoolClientRequest{UserPoolId: pool, ClientName: "web"})
		return err
	}
	for range 2 {
		if err := create(); err != nil {
			t.Fatal(err)
		}
	}
	if err := create(); !api.HasCode(err, "LimitExceededException") {
		t.Errorf("the third: %v", err)
	}
}
