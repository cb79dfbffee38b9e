package pools

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/paging"
	"cognate/internal/store"
	"cognate/internal/store/storetest"
)

// stock hands out the keys it holds.
type stock struct{ keys []*rsa.PrivateKey }

func (s *stock) Next(context.Context) (*rsa.PrivateKey, error) {
	if len(s.keys) == 0 {
		return nil, errors.New("no key left")
	}
	key := s.keys[0]
	s.keys = s.keys[1:]
	return key, nil
}

func newOperations(t *testing.T, keys *stock) *Operations {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 11, 13, 12, 0, 0, 123456789, time.UTC) }
	db := storetest.Open(t, now)
	return &Operations{
		DB: db, Directory: directory.New(db, now), Paging: paging.Paging{Key: db.Key("paging")},
		Keys: keys, Now: now, Region: "eu-west-1", AccountID: "123456789012",
	}
}

func newKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestAPoolIsMadeWithTwoKeys(t *testing.T) {
	t.Parallel()
	first, second := newKey(t), newKey(t)
	o := newOperations(t, &stock{[]*rsa.PrivateKey{first, second}})
	made, err := o.CreateUserPool(t.Context(), &api.CreateUserPoolRequest{PoolName: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	if id := made.UserPool.Id; id[:10] != "eu-west-1_" || made.UserPool.Arn != "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/"+id {
		t.Errorf("id %s, ARN %s", id, made.UserPool.Arn)
	}
	keys, err := store.Read(t.Context(), o.DB, func(ctx context.Context, tx *store.Tx) ([]store.SigningKey, error) {
		return tx.SigningKeys(ctx, made.UserPool.Id, time.Now())
	})
	if err != nil || len(keys) != 2 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	for _, key := range keys {
		want := map[string]*rsa.PrivateKey{"id": first, "access": second}[key.Use]
		private, err := x509.ParsePKCS8PrivateKey(key.Private)
		if err != nil || want == nil || !want.Equal(private) {
			t.Errorf("key for %s: %v", key.Use, err)
			continue
		}
		public, err := x509.ParsePKIXPublicKey(key.Public)
		if err != nil || !want.PublicKey.Equal(public) {
			t.Errorf("public key for %s: %v", key.Use, err)
		}
	}
	if keys[0].ID == keys[1].ID || keys[0].Use == keys[1].Use {
		t.Errorf("keys %s (%s) and %s (%s)", keys[0].ID, keys[0].Use, keys[1].ID, keys[1].Use)
	}
}

func TestWithoutAKeyThereIsNoPool(t *testing.T) {
	t.Parallel()
	o := newOperations(t, &stock{})
	_, err := o.CreateUserPool(t.Context(), &api.CreateUserPoolRequest{PoolName: "shop"})
	if _, known := errors.AsType[*api.Error](err); err == nil || known {
		t.Errorf("answer %v", err)
	}
	listed, err := o.ListUserPools(t.Context(), &api.ListUserPoolsRequest{MaxResults: 60})
	if err != nil || len(listed.UserPools) != 0 {
		t.Errorf("listed %v, %v", listed, err)
	}
}

func TestS173ARegionHasAsManyPoolsAsItsQuota(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	o := newOperations(t, &stock{[]*rsa.PrivateKey{key, key, key, key, key, key, key, key}})
	o.Quota = 2
	create := func(region string) error {
		ctx := api.WithRequest(t.Context(), &api.RequestInfo{Region: region, Signed: true})
		_, err := o.CreateUserPool(ctx, &api.CreateUserPoolRequest{PoolName: "shop"})
		return err
	}
	for range 2 {
		if err := create("eu-west-1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := create("eu-west-1"); !api.HasCode(err, "LimitExceededException") {
		t.Errorf("the third: %v", err)
	}
	if err := create("us-east-1"); err != nil {
		t.Errorf("in another Region: %v", err)
	}
}

func TestAChosenIDIsTakenOnce(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	o := newOperations(t, &stock{[]*rsa.PrivateKey{key, key, key, key}})
	o.AllowChosenIDs = true
	in := &api.CreateUserPoolRequest{PoolName: "shop", UserPoolTags: map[string]string{"cognate:id": "eu-west-1_shop"}}
	if made, err := o.CreateUserPool(t.Context(), in); err != nil || made.UserPool.Id != "eu-west-1_shop" {
		t.Fatalf("%v, %v", made, err)
	}
	_, err := o.CreateUserPool(t.Context(), in)
	wantInvalid(t, err, "User pool eu-west-1_shop already exists.")
}
