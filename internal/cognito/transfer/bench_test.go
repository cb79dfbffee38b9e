package transfer

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

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
			rows[i] = exported(n, now())
		}
		b.StartTimer()
		out, err := t.Put(b.Context(), pool.ID, rows, false)
		if err != nil || out.Added != len(rows) {
			b.Fatal(out, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "µs/user")
}

// exported is the nth user of a file as an export writes it: sorted by sub, so that
// everything else is at random.
func exported(n int, now time.Time) Row {
	verifier := make([]byte, 384)
	rand.Read(verifier)
	name := hex.EncodeToString(verifier[:6])
	made := now.Add(-time.Duration(binary.BigEndian.Uint32(verifier[6:])) * time.Millisecond)
	return Row{
		User: User{
			Username: name, Sub: fmt.Sprintf("%08x-0000-70aa-8000-%012x", n<<8, verifier[:6]), UserStatus: api.UserStatusTypeConfirmed, Enabled: true,
			UserCreateDate: api.TimeOf(made), UserLastModifiedDate: api.TimeOf(made),
			Attributes: []api.AttributeType{
				{Name: "email", Value: new(name + "@example.com")},
				{Name: "email_verified", Value: new("true")},
				{Name: "name", Value: new("User " + name)},
			},
		},
		Secrets: &Secrets{Password: &Verifier{Salt: verifier[:16], Verifier: verifier}},
	}
}
