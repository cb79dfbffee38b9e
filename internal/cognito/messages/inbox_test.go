package messages

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func put(t *testing.T, b *Inbox, messages ...Message) {
	t.Helper()
	for _, m := range messages {
		if err := b.Deliver(t.Context(), &m); err != nil {
			t.Fatal(err)
		}
	}
}

func TestInboxIsBounded(t *testing.T) {
	t.Parallel()
	var b Inbox
	for i := range inboxSize + 5 {
		put(t, &b, Message{ID: strconv.Itoa(i)})
	}
	all := b.List(Filter{})
	if len(all) != 1000 || all[0].Number != 1005 || all[999].Number != 6 {
		t.Errorf("%d entries, numbers %d to %d", len(all), all[len(all)-1].Number, all[0].Number)
	}
	if _, ok := b.Get(5); ok {
		t.Error("the oldest entries are still there")
	}
}

// The same message again: after a failure behind the inbox, and after Clear.
func TestInboxKeepsAMessageOnce(t *testing.T) {
	t.Parallel()
	var b Inbox
	down := transportFunc(func(context.Context, *Message) error { return errors.New("down") })
	for range 3 {
		if err := b.Before(down).Deliver(t.Context(), &Message{ID: "m"}); err == nil {
			t.Error("the error of the next transport is lost")
		}
	}
	if n := len(b.List(Filter{})); n != 1 {
		t.Errorf("%d entries", n)
	}
	if n := b.Clear(Filter{}); n != 1 {
		t.Errorf("%d cleared", n)
	}
	put(t, &b, Message{ID: "m"}, Message{ID: "n"})
	if all := b.List(Filter{}); len(all) != 1 || all[0].ID != "n" || all[0].Number != 2 {
		t.Errorf("entries after clear: %+v", all)
	}
}

func TestInboxNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b Inbox
		put(t, &b, Message{ID: "1", Username: "ana"}, Message{ID: "2", Username: "ana"}, Message{ID: "3", Username: "ana"})
		if e, ok := b.Next(t.Context(), Filter{User: "ana"}); !ok || e.Number != 3 {
			t.Errorf("newest: %d %v", e.Number, ok)
		}
		if e, ok := b.Next(t.Context(), Filter{User: "ana", After: 1}); !ok || e.Number != 2 {
			t.Errorf("after 1: %d %v", e.Number, ok)
		}
		if e, ok := b.Next(t.Context(), Filter{User: "ana", After: 1000}); !ok || e.Number != 1 {
			t.Errorf("after a number of an earlier process: %d %v", e.Number, ok)
		}
		start := time.Now()
		time.AfterFunc(time.Second, func() { put(t, &b, Message{ID: "4", Username: "bob"}) })
		time.AfterFunc(3*time.Second, func() { put(t, &b, Message{ID: "5", Username: "ana"}) })
		if e, ok := b.Next(t.Context(), Filter{User: "ana", After: 3}); !ok || e.Number != 5 || time.Since(start) != 3*time.Second {
			t.Errorf("waited %s for %d %v", time.Since(start), e.Number, ok)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if _, ok := b.Next(ctx, Filter{User: "carol"}); ok || ctx.Err() == nil {
			t.Error("ended before the time was over")
		}
	})
}

func TestInboxLogsCodes(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	b := Inbox{Log: slog.New(slog.NewTextHandler(&log, nil))}
	put(t, &b, Message{ID: "1", Username: "ana", Purpose: SignUp, Destination: "ana@example.com", Code: "123456"})
	for _, want := range []string{"purpose=SignUp", "user=ana", "destination=ana@example.com", "code=123456"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log %q lacks %s", log.String(), want)
		}
	}
}
