package triggers

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"cognate/internal/outbound/hook"
)

func journal() (*Journal, func(event string, err error)) {
	j := &Journal{Now: func() time.Time { return time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC) }}
	return j, func(event string, err error) {
		invoke := j.Around(func(context.Context, hook.Call) ([]byte, hook.Outcome, error) {
			return []byte(`{"response":{"privateChallengeParameters":{"answer":"blue"},"ok":true}}`), hook.Outcome{Target: "t", Attempts: 2}, err
		})
		_, _, _ = invoke(context.Background(), hook.Call{ARN: "f", Event: []byte(event)})
	}
}

func TestTheJournalMasksSecretsAndKeepsTheOrder(t *testing.T) {
	t.Parallel()
	j, call := journal()
	call(`{"userPoolId":"p","triggerSource":"S","request":{"password":"hunter2","b":[1,{"code":"123456"}],"a":1.50,"challengeAnswer":null}}`, nil)
	got := j.After(t.Context(), 0, "")
	if len(got) != 1 {
		t.Fatalf("%d entries", len(got))
	}
	const event = `{"userPoolId":"p","triggerSource":"S","request":{"password":"***","b":[1,{"code":"***"}],"a":1.50,"challengeAnswer":null}}`
	if e := got[0]; string(e.Event) != event || string(e.Answer) != `{"response":{"privateChallengeParameters":"***","ok":true}}` ||
		e.PoolID != "p" || e.Source != "S" || e.Attempts != 2 || e.Outcome != "answered" || e.Number != 1 {
		t.Errorf("%+v\n%s\n%s", e, e.Event, e.Answer)
	}
}

// What anybody can make long is not kept.
func TestTheJournalKeepsNoLongEvents(t *testing.T) {
	t.Parallel()
	j, call := journal()
	long := strings.Repeat("a", longestShown)
	call(`{"userPoolId":"p","triggerSource":"S","request":{"clientMetadata":{"a":"`+long+`"}}}`, nil)
	if got := j.After(t.Context(), 0, "p"); len(got) != 1 || got[0].Event != nil || got[0].Answer == nil || got[0].Source != "S" {
		t.Errorf("%+v", got)
	}
}

func TestTheJournalForgetsAndFilters(t *testing.T) {
	t.Parallel()
	j, call := journal()
	for n := range journalSize + 5 {
		call(`{"userPoolId":"p`+strconv.Itoa(n%2)+`"}`, errors.New("broken"))
	}
	if got := j.After(t.Context(), 0, ""); len(got) != journalSize || got[0].Number != 6 || got[0].Outcome != "broken" {
		t.Errorf("%d entries from %d", len(got), got[0].Number)
	}
	if got := j.After(t.Context(), journalSize, "p1"); len(got) != 2 {
		t.Errorf("%d entries", len(got))
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if got := j.After(ended, journalSize+5, ""); len(got) != 0 {
		t.Errorf("%d entries", len(got))
	}
	found := make(chan []Entry)
	go func() { found <- j.After(t.Context(), journalSize+5, "") }()
	call(`{}`, nil)
	if got := <-found; len(got) != 1 {
		t.Errorf("%d entries", len(got))
	}
}
