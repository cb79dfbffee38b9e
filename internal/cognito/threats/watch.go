package threats

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/messages"
	"cognate/internal/protocol/risk"
	"cognate/internal/store"
)

// remembered is how many events a sign-in is compared with.
const remembered = 50

// Demand is the further factor that the risk of a sign-in makes necessary.
type Demand byte

// The demands.
const (
	Nothing      Demand = iota
	IfConfigured        // where the user has a factor
	Required            // or there is no sign-in
)

// Watch is a sign-in that is being watched.
type Watch struct {
	ID     string // of the event, and of the tokens
	Demand Demand

	poolID, sub string
	username    string
	mode        Mode
	config      *api.RiskConfigurationType
	at          time.Time
	fresh       *store.AuthEvent  // not yet recorded
	notice      *messages.Message // to go with it
	barred      bool
	compromised bool
	stopped     bool     // by the gate
	suspicions  []string // that the proof itself raised
}

// Attempt is a first proof that somebody brings.
type Attempt struct {
	Client  *directory.Client
	Flow    api.AuthFlowType
	User    *store.User
	Context Context
	// Right says that the proof holds, Password is it if it is one in clear.
	Right    bool
	Password string
}

// newID gives ids that grow, so that events of one millisecond keep their order.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// Watches reports whether sign-ins of a flow are watched.
func Watches(client *directory.Client, flow api.AuthFlowType) bool {
	return ModeOfFlow(client.Pool, flow) != Off
}

// Resume goes on watching a sign-in whose first proof is recorded.
func Resume(user *store.User, id string, demand Demand) *Watch {
	return &Watch{ID: id, Demand: demand, poolID: user.PoolID, sub: user.Sub, username: user.Username}
}

// Barred reports whether requests from an address are refused whatever they
// prove.
func (t *Threats) Barred(ctx context.Context, client *directory.Client, flow api.AuthFlowType, c Context) bool {
	if ModeOfFlow(client.Pool, flow) != Enforced {
		return false
	}
	config := configuration(client.Pool, client)
	return config.RiskExceptionConfiguration != nil && len(config.RiskExceptionConfiguration.BlockedIPRangeList) > 0 &&
		blocked(config, t.origin(ctx, client, c).addr)
}

// Look judges a first proof. It reads the database and makes the notice ready,
// so it belongs outside of transactions.
func (t *Threats) Look(ctx context.Context, a Attempt) (*Watch, error) {
	from := t.origin(ctx, a.Client, a.Context)
	w := &Watch{
		ID: newID(), poolID: a.User.PoolID, sub: a.User.Sub, username: a.User.Username, at: t.Now().UTC().Truncate(time.Millisecond),
		mode: ModeOfFlow(a.Client.Pool, a.Flow), config: configuration(a.Client.Pool, a.Client),
	}
	w.fresh = w.event(api.EventTypeSignIn, a.Client, &from)
	if err := t.judge(ctx, w, &from); err != nil {
		return nil, err
	}
	if a.Right && a.Password != "" {
		found, err := t.known(ctx, a.Password)
		if err != nil {
			return nil, err
		}
		w.fresh.Doc.Event.EventRisk.CompromisedCredentialsDetected = &found
		w.compromised = found && w.mode == Enforced && refuses(w.config, api.EventFilterTypeSignIn)
	}
	if a.Right && w.mode == Enforced {
		return w, t.act(ctx, w, a)
	}
	return w, nil
}

// event begins the record of something.
func (w *Watch) event(kind api.EventType, client *directory.Client, from *origin) *store.AuthEvent {
	e := &store.AuthEvent{PoolID: w.poolID, Sub: w.sub, ID: w.ID, CreatedAt: w.at, Doc: store.AuthEventDoc{
		Event: api.AuthEventType{
			EventType: kind, EventContextData: from.describe(),
			EventRisk: &api.EventRiskType{RiskDecision: api.RiskDecisionTypeNoRisk, CompromisedCredentialsDetected: new(false)},
		},
		Device: from.device, Network: risk.Network(from.addr),
		Latitude: from.place.Latitude, Longitude: from.place.Longitude, Located: from.place.Located,
	}}
	if client != nil {
		e.Doc.ClientID = client.ID
	}
	return e
}

// judge scores a sign-in, and writes the score down with its reasons.
func (t *Threats) judge(ctx context.Context, w *Watch, from *origin) error {
	if skipped(w.config, from.addr) {
		w.fresh.Doc.Reasons = []string{"address is exempt"}
		return nil
	}
	list, err := store.Read(ctx, t.DB, func(ctx context.Context, tx *store.Tx) ([]*store.AuthEvent, error) {
		return tx.AuthEvents(ctx, w.poolID, w.sub, nil, remembered)
	})
	if err != nil {
		return err
	}
	doc := &w.fresh.Doc
	score := risk.Assess(risk.Attempt{At: w.at, Device: doc.Device, Network: doc.Network, Location: from.place}, history(list))
	doc.Score = score.Points
	for _, part := range score.Parts {
		doc.Reasons = append(doc.Reasons, fmt.Sprintf("%s +%d", part.Reason, part.Points))
	}
	if level := score.Level(); level != risk.None {
		doc.Event.EventRisk.RiskDecision, doc.Event.EventRisk.RiskLevel = api.RiskDecisionTypeAccountTakeover, levelNames[level]
	}
	return nil
}

var levelNames = map[risk.Level]api.RiskLevelType{
	risk.Low: api.RiskLevelTypeLow, risk.Medium: api.RiskLevelTypeMedium, risk.High: api.RiskLevelTypeHigh,
}

// history is what package risk wants to know of earlier sign-ins.
func history(list []*store.AuthEvent) []risk.Event {
	events := make([]risk.Event, 0, len(list))
	for _, e := range list {
		d := &e.Doc
		if d.Event.EventType != api.EventTypeSignIn || fromBlocked(&d.Event) {
			continue
		}
		h := risk.Event{
			At: e.CreatedAt, Device: d.Device, Network: d.Network,
			Passed: d.Event.EventResponse == api.EventResponseTypePass, Failed: failed(&d.Event),
			Location: risk.Place{Latitude: d.Latitude, Longitude: d.Longitude, Located: d.Located},
		}
		if c := d.Event.EventContextData; c != nil {
			h.Location.Country = text(c.Country)
		}
		if f := d.Event.EventFeedback; f != nil {
			h.Valid, h.Invalid = f.FeedbackValue == api.FeedbackValueTypeValid, f.FeedbackValue == api.FeedbackValueTypeInvalid
		}
		events = append(events, h)
	}
	return events
}

// fromBlocked reports whether an event was refused for its address alone. What
// comes from there says nothing about the user.
func fromBlocked(e *api.AuthEventType) bool {
	return e.EventRisk != nil && e.EventRisk.RiskDecision == api.RiskDecisionTypeBlock && len(e.ChallengeResponses) == 0
}

// failed reports whether an event ended, or stopped, with a wrong proof. A right
// one that was refused for its risk is no failure.
func failed(e *api.AuthEventType) bool {
	return e.EventResponse != api.EventResponseTypePass && slices.ContainsFunc(e.ChallengeResponses, func(c api.ChallengeResponseType) bool {
		return c.ChallengeResponse == api.ChallengeResponseFailure
	})
}

// act decides what follows from the level.
func (t *Threats) act(ctx context.Context, w *Watch, a Attempt) error {
	level := risk.LevelOf(w.fresh.Doc.Score)
	action := takeover(w.config, level)
	switch action.EventAction {
	case api.AccountTakeoverEventActionTypeBlock:
		w.barred = true
	case api.AccountTakeoverEventActionTypeMfaIfConfigured:
		w.Demand = IfConfigured
	case api.AccountTakeoverEventActionTypeMfaRequired:
		w.Demand = Required
	default: // NO_ACTION
	}
	if !action.Notify {
		return nil
	}
	var err error
	w.notice, err = t.prepare(ctx, w, a, action.EventAction)
	return err
}

// Refusal is why a sign-in with a right proof ends here; nil when it does not.
func (w *Watch) Refusal() error {
	switch {
	case w.barred:
		w.stopped = true
		return ErrBlocked()
	case w.compromised:
		w.stopped = true
		return api.PasswordResetRequiredException("Password reset required for user due to security reasons")
	}
	return nil
}

// Refuses reports whether Refusal will have something to say.
func (w *Watch) Refuses() bool { return w.barred || w.compromised }

// Stop refuses a sign-in that lacks what the risk demands.
func (w *Watch) Stop() error {
	w.stopped = true
	return ErrBlocked()
}

// Challenge makes an entry in the list of an event.
func Challenge(name api.ChallengeName, right bool) []api.ChallengeResponseType {
	response := api.ChallengeResponseFailure
	if right {
		response = api.ChallengeResponseSuccess
	}
	return []api.ChallengeResponseType{{ChallengeName: name, ChallengeResponse: response}}
}

// Record writes down what has become of a sign-in, in the transaction that does
// it: the event itself the first time, and later what was added. An event that
// is gone, with its user, stays gone.
func (t *Threats) Record(ctx context.Context, tx *store.Tx, w *Watch, response api.EventResponseType, more []api.ChallengeResponseType) error {
	if w.fresh == nil {
		e, found, err := tx.LockAuthEvent(ctx, w.poolID, w.sub, w.ID)
		if err != nil || !found {
			return err
		}
		w.put(&e.Doc, response, more)
		t.tell(ctx, tx, w, e)
		return tx.SaveAuthEvent(ctx, e)
	}
	e := *w.fresh // the transaction may run again
	checked := *e.Doc.Event.EventRisk
	e.Doc.Event.EventRisk = &checked
	w.put(&e.Doc, response, more)
	t.tell(ctx, tx, w, &e)
	if err := tx.InsertAuthEvent(ctx, &e); err != nil || w.notice == nil {
		return err
	}
	notice := *w.notice
	return t.Messages.Enqueue(ctx, tx, &notice)
}

// tell hands an event to the pool's log once it is recorded.
func (t *Threats) tell(ctx context.Context, tx *store.Tx, w *Watch, e *store.AuthEvent) {
	requestID, username := api.RequestFrom(ctx).RequestID, w.username
	tx.AfterCommit(func() { t.Logs.Happened(e, username, requestID) })
}

func (w *Watch) put(doc *store.AuthEventDoc, response api.EventResponseType, more []api.ChallengeResponseType) {
	e := &doc.Event
	e.EventResponse = response
	e.ChallengeResponses = append(slices.Clone(e.ChallengeResponses), more...)
	if w.stopped && !w.compromised && e.EventRisk != nil {
		e.EventRisk.RiskDecision = api.RiskDecisionTypeBlock
	}
	if len(w.suspicions) > 0 && e.EventRisk != nil {
		doc.Reasons = append(slices.Clone(doc.Reasons), w.suspicions...)
		e.EventRisk.RiskDecision, e.EventRisk.RiskLevel = api.RiskDecisionTypeAccountTakeover, api.RiskLevelTypeHigh
	}
}

// Suspect notes that the proof of a sign-in, which is refused for that, looks
// stolen. It may be called again when the transaction runs again.
func (w *Watch) Suspect(reason string) {
	if !slices.Contains(w.suspicions, reason) {
		w.suspicions = append(w.suspicions, reason)
	}
}

// Recorded goes on after the first record was committed.
func (w *Watch) Recorded() { w.fresh, w.notice = nil, nil }

// RecordBarred writes down that a request was refused for its address.
func (t *Threats) RecordBarred(ctx context.Context, a Attempt) error {
	from := t.origin(ctx, a.Client, a.Context)
	w := &Watch{
		ID: newID(), poolID: a.User.PoolID, sub: a.User.Sub, username: a.User.Username,
		at: t.Now().UTC().Truncate(time.Millisecond), stopped: true,
	}
	w.fresh = w.event(api.EventTypeSignIn, a.Client, &from)
	w.fresh.Doc.Reasons = []string{"address is blocked"}
	_, err := store.Write(ctx, t.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, t.Record(ctx, tx, w, api.EventResponseTypeFail, nil)
	})
	return err
}

// Note records something else than a sign-in, in the transaction that does it.
// Pools that do not watch pay nothing.
func (t *Threats) Note(ctx context.Context, tx *store.Tx, kind api.EventType, client *directory.Client, u *store.User, c Context, response api.EventResponseType) error {
	if ModeOf(client.Pool) == Off {
		return nil
	}
	from := t.origin(ctx, client, c)
	w := &Watch{ID: newID(), poolID: u.PoolID, sub: u.Sub, username: u.Username, at: t.Now().UTC().Truncate(time.Millisecond)}
	w.fresh = w.event(kind, client, &from)
	return t.Record(ctx, tx, w, response, nil)
}
