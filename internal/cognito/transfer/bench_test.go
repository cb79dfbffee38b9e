package transfer

import (
	"context"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// BenchmarkPut is what taking users costs, a transaction at a time.
func BenchmarkPut(b *testing.B) {
	now := func() time.Time { return time.Date(2026, 11, 13, 12, 0, 0, 0, time.UTC) }
	db, err := store.Open(b.Context(), store.Config{Path: b.TempDir(), MasterKey: make([]byte, 32), Now: now})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	}()
	pool := &store.Pool{ID: "us-east-1_AbCdEf123", Region: "us-east-1", CreatedAt: now(), ModifiedAt: now()}
	pool.Settings.Pool = api.UserPoolType{SchemaAttributes: attributes.Standard(), AliasAttributes: []api.AliasAttributeType{api.AliasAttributeTypeEmail}}
	if _, err := store.Write(b.Context(), db, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.InsertPool(ctx, pool, nil)
	}); err != nil {
		b.Fatal(err)
	}
	t := &Transfer{DB: db, Directory: directory.New(db, now), Now: now}
	n := 0
	for b.Loop() {
		b.StopTimer()
		rows := make([]Row, chunk)
		for i := range rows {
			n++
			verifier := make([]byte, 384)
			rand.Read(verifier)
			rows[i] = Row{
				User: User{
					Username: fmt.Sprintf("user-%07d", n), Sub: uuid.NewString(), UserStatus: api.UserStatusTypeConfirmed, Enabled: true,
					UserCreateDate: api.TimeOf(now()), UserLastModifiedDate: api.TimeOf(now()),
					Attributes: []api.AttributeType{
						{Name: "email", Value: new(fmt.Sprintf("user-%07d@example.com", n))},
						{Name: "email_verified", Value: new("true")},
						{Name: "name", Value: new(fmt.Sprintf("User %d", n))},
					},
				},
				Secrets: &Secrets{Password: &Verifier{Salt: verifier[:16], Verifier: verifier}},
			}
		}
		b.StartTimer()
		out, err := t.Put(b.Context(), pool.ID, rows, false)
		if err != nil || out.Added != len(rows) {
			b.Fatal(out, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "µs/user")
}
