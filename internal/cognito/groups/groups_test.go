package groups

import (
	"context"
	"fmt"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/paging"
	"cognate/internal/store"
	"cognate/internal/store/storetest"
)

func TestS173APoolHasTenThousandGroups(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return time.Date(2026, 11, 13, 12, 0, 0, 0, time.UTC) }
	db := storetest.Open(t, now)
	const pool, quota = "eu-west-1_AbCdEf123", 10_000
	_, err := store.Write(t.Context(), db, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		if err := tx.InsertPool(ctx, &store.Pool{ID: pool, Region: "eu-west-1", Name: "shop"}, nil); err != nil {
			return struct{}{}, err
		}
		for i := range quota - 1 {
			if _, err := tx.InsertGroup(ctx, &store.Group{PoolID: pool, Name: fmt.Sprint("group", i)}); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	o := &Operations{DB: db, Directory: directory.New(db, now), Paging: paging.Paging{Key: db.Key("paging")}, Now: now}
	create := func(name string) error {
		_, err := o.CreateGroup(t.Context(), &api.CreateGroupRequest{UserPoolId: pool, GroupName: name})
		return err
	}
	if err := create("last"); err != nil {
		t.Errorf("group %d: %v", quota, err)
	}
	if err := create("one-more"); !api.HasCode(err, "LimitExceededException") {
		t.Errorf("group %d: %v", quota+1, err)
	}
}
