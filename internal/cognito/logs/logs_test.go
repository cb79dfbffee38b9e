package logs

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
	"cognate/internal/outbound/logsinks"
	"cognate/internal/store"
)

const (
	group = "arn:aws:logs:eu-west-1:123456789012:log-group:shop"
	pool  = "eu-west-1_a"
)

// sink keeps what it is given, or refuses it.
type sink struct {
	refuse  int // how many batches it does not take
	batches [][]string
}

func (s *sink) Write(_ context.Context, entries []logsinks.Entry) error {
	if s.refuse > 0 {
		s.refuse--
		return errors.New("not now")
	}
	var batch []string
	for _, e := range entries {
		batch = append(batch, string(e.Text))
	}
	s.batches = append(s.batches, batch)
	return nil
}

// running is a delivery whose clock and goroutine the test is.
type running struct {
	*delivery
	now time.Time
}

func run(t *testing.T, to *sink) *running {
	t.Helper()
	r := &running{now: time.Date(2026, 7, 2, 12, 0, 0, 0, time.UTC)}
	l := New(Config{
		Wanted: func(_ context.Context, id string) ([]api.LogConfigurationType, error) {
			if id != pool {
				return nil, api.ResourceNotFoundException("User pool %s does not exist.", id)
			}
			return []api.LogConfigurationType{{
				EventSource: api.EventSourceNameUserNotification, LogLevel: api.LogLevelError,
				CloudWatchLogsConfiguration: &api.CloudWatchLogsConfigurationType{LogGroupArn: group},
			}}, nil
		},
		Now: func() time.Time { return r.now }, Log: slog.New(slog.DiscardHandler),
		Open: func(d logsinks.Destination) (logsinks.Sink, error) {
			if d != (logsinks.Destination{ARN: group, Stream: pool}) {
				t.Errorf("entries for %v", d)
			}
			return to, nil
		},
	})
	r.delivery = newDelivery(t.Context(), l)
	t.Cleanup(r.stop)
	return r
}

// take adds everything that was told.
func (r *running) take() {
	for len(r.queue) > 0 {
		r.add(<-r.queue)
	}
}

// turn flushes once and waits for what that began.
func (r *running) turn() {
	r.flush()
	for _, l := range r.lanes {
		for l.busy > 0 {
			r.finish(<-r.done)
		}
	}
}

func (r *running) wantCounts(t *testing.T, delivered, dropped int64) {
	t.Helper()
	if d, lost := r.Counts(); d != delivered || lost != dropped {
		t.Errorf("%d delivered and %d dropped, want %d and %d", d, lost, delivered, dropped)
	}
}

func TestEntriesGoWhereThePoolSays(t *testing.T) {
	t.Parallel()
	to := &sink{}
	r := run(t, to)
	r.NotDelivered(pool, "no mail server")
	r.NotDelivered("eu-west-1_gone", "no mail server")
	r.Happened(&store.AuthEvent{PoolID: pool}, "ana", "") // nobody wants to know that
	r.take()
	r.turn()
	want := [][]string{{`{"eventTimestamp":"1782993600000","eventSource":"USER_NOTIFICATION","logLevel":"ERROR",` +
		`"message":{"details":"no mail server"},"logSourceId":{"userPoolId":"eu-west-1_a"}}`}}
	if diff := cmp.Diff(want, to.batches); diff != "" {
		t.Error(diff)
	}
	r.wantCounts(t, 1, 0)
	r.flush()
	if len(r.lanes) != 0 {
		t.Error("a lane without entries is kept")
	}
}

func TestABatchIsTriedAgainAndGivenUpInTheEnd(t *testing.T) {
	t.Parallel()
	to := &sink{refuse: 3}
	r := run(t, to)
	r.NotDelivered(pool, "first")
	r.take()
	for range 3 {
		r.turn()
		r.turn() // too early to try again
		r.now = r.now.Add(time.Minute)
	}
	r.NotDelivered(pool, "second")
	r.take()
	r.turn()
	if len(to.batches) != 1 || len(to.batches[0]) != 2 { // what came meanwhile goes along
		t.Errorf("after three failures: %v", to.batches)
	}
	r.wantCounts(t, 2, 0)

	to.refuse = 1000
	r.NotDelivered(pool, "third")
	r.take()
	for range attempts {
		r.turn()
		r.now = r.now.Add(time.Minute)
	}
	r.wantCounts(t, 2, 1)
	if to.refuse != 1000-attempts {
		t.Errorf("%d attempts, want %d", 1000-to.refuse, attempts)
	}
}

// Whoever tells never waits: what there is no room for is counted.
func TestNobodyWaitsForALog(t *testing.T) {
	t.Parallel()
	r := run(t, &sink{refuse: 1000})
	for range queued + 5 {
		r.NotDelivered(pool, "x")
	}
	r.wantCounts(t, 0, 5)
	r.take()
	for range 7 {
		r.NotDelivered(pool, "x")
	}
	r.take()
	r.finish(<-r.done) // the batch that filled up
	r.wantCounts(t, 0, 5+7)
	var none *Logs
	none.NotDelivered(pool, "x")
	none.Happened(nil, "", "")
}

func TestTheLastEntriesAreDeliveredAtTheEnd(t *testing.T) {
	t.Parallel()
	to := &sink{}
	r := run(t, to)
	for range 1200 {
		r.NotDelivered(pool, "x")
	}
	r.drain()
	r.wantCounts(t, 1200, 0)
	if len(to.batches) != 3 || len(to.batches[0]) != batchSize {
		t.Errorf("%d batches", len(to.batches))
	}
}

// What waits for a second attempt has it at the end, and is counted when that fails.
func TestTheEndIsALastAttempt(t *testing.T) {
	t.Parallel()
	for refuse, want := range map[int][2]int64{1: {2, 0}, 1000: {0, 2}} {
		to := &sink{refuse: refuse}
		r := run(t, to)
		r.NotDelivered(pool, "first")
		r.take()
		r.turn()
		r.NotDelivered(pool, "second")
		r.drain()
		r.wantCounts(t, want[0], want[1])
		if refuse == 1000 && to.refuse != 998 {
			t.Errorf("%d attempts, want 2", 1000-to.refuse)
		}
	}
}

// The members of a message about an activity, as exports of the service have them.
func TestActivitiesHaveTheFormOfTheService(t *testing.T) {
	t.Parallel()
	e := &store.AuthEvent{PoolID: pool, Sub: "sub", ID: "event", CreatedAt: time.Date(2024, 7, 17, 17, 25, 55, 0, time.UTC), Doc: store.AuthEventDoc{
		ClientID: "client", Event: api.AuthEventType{
			EventType: api.EventTypeSignIn, EventResponse: api.EventResponseTypePass,
			EventRisk:          &api.EventRiskType{RiskDecision: api.RiskDecisionTypeNoRisk, CompromisedCredentialsDetected: new(false)},
			EventContextData:   &api.EventContextDataType{IpAddress: new("192.0.2.1"), DeviceName: new("Firefox, Linux"), City: new("Bremen"), Country: new("Germany")},
			ChallengeResponses: []api.ChallengeResponseType{{ChallengeName: api.ChallengeNamePassword, ChallengeResponse: api.ChallengeResponseSuccess}},
		},
	}}
	got, err := encode(record{pool, api.EventSourceNameUserAuthEvents, e.CreatedAt, activityOf(e, "ana", "request")})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"eventTimestamp":"1721237155000","eventSource":"USER_ACTIVITY","logLevel":"INFO","message":{"version":"1","eventId":"event",
		"eventType":"SignIn","userSub":"sub","userName":"ana","userPoolId":"eu-west-1_a","clientId":"client","creationDate":"Wed Jul 17 17:25:55 UTC 2024",
		"eventResponse":"Pass","riskLevel":"","riskDecision":"PASS","challenges":["Password:Success"],"deviceName":"Firefox, Linux","ipAddress":"192.0.2.1",
		"requestId":"request","idpName":"","compromisedCredentialDetected":"false","city":"Bremen","country":"Germany","eventFeedbackValue":"",
		"eventFeedbackDate":"","eventFeedbackProvider":"","hasContextData":"false"},"logSourceId":{"userPoolId":"eu-west-1_a"}}`
	var a, b any
	if json.Unmarshal(got.Text, &a) != nil || json.Unmarshal([]byte(want), &b) != nil {
		t.Fatal("not JSON")
	}
	if diff := cmp.Diff(b, a); diff != "" {
		t.Error(diff)
	}
}
