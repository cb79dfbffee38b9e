package moving

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/transfer"
	"cognate/internal/store"
	"cognate/internal/store/storetest"
)

const poolID = "us-east-1_AbCdEf123"

// newDoor gives a door to a pool with one user.
func newDoor(t *testing.T) *Door {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }
	db := storetest.Open(t, now)
	_, err := store.Write(t.Context(), db, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		pool := &store.Pool{ID: poolID, Region: "us-east-1", Name: "shop", Settings: store.PoolSettings{Pool: api.UserPoolType{SchemaAttributes: attributes.Standard()}}}
		if err := tx.InsertPool(ctx, pool, nil); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, tx.InsertUser(ctx, &store.User{
			PoolID: poolID, Sub: attributes.NewSub(), Username: "ana", Status: api.UserStatusTypeConfirmed, Enabled: true,
			CreatedAt: now(), ModifiedAt: now(),
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return &Door{Users: &transfer.Transfer{DB: db, Directory: directory.New(db, now), Now: now}, Log: slog.New(slog.DiscardHandler)}
}

// broken is a connection that takes nothing any more.
type broken struct{ *httptest.ResponseRecorder }

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestAPageOfUsersThatBreaksOffDoesNotEndWell(t *testing.T) {
	t.Parallel()
	d, r := newDoor(t), httptest.NewRequest(http.MethodGet, "/_cognate/v1/users?pool="+poolID, nil)
	w := httptest.NewRecorder()
	d.giveUsers(w, r)
	if w.Code != http.StatusOK || strings.Count(w.Body.String(), "\n") != 1 || !strings.Contains(w.Body.String(), `"Username":"ana"`) {
		t.Fatalf("the page is %d %s", w.Code, w.Body)
	}
	defer func() {
		if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // as net/http does
			t.Errorf("a page that could not be sent ended with %v", p)
		}
	}()
	d.giveUsers(broken{httptest.NewRecorder()}, r)
}
