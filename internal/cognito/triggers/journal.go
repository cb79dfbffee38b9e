package triggers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"cognate/internal/outbound/hook"
)

// Journal remembers the latest calls of functions, for those who write them. It
// is kept in memory, by each node for itself.
type Journal struct {
	Now func() time.Time

	mu      sync.Mutex
	entries []Entry
	last    int64
	arrived chan struct{} // closed at the next call; nil: nobody waits
}

// journalSize is how many calls are remembered.
const journalSize = 1000

// Entry is one call. Secrets in the event and the answer are masked.
type Entry struct {
	Number       int64           `json:"number"` // grows by one with each call
	Time         time.Time       `json:"time"`
	PoolID       string          `json:"poolId"`
	Source       string          `json:"triggerSource"`
	Function     string          `json:"function"`
	Target       string          `json:"target"`
	Attempts     int             `json:"attempts"`
	Milliseconds float64         `json:"milliseconds"`
	Outcome      string          `json:"outcome"` // "answered", or the error
	Event        json.RawMessage `json:"event"`   // null when it is too long to be remembered
	Answer       json.RawMessage `json:"answer,omitzero"`
}

// Invoker calls a function, as hook.Functions does.
type Invoker = func(ctx context.Context, c hook.Call) ([]byte, hook.Outcome, error)

// Around gives a caller of functions whose calls are remembered.
func (j *Journal) Around(invoke Invoker) Invoker {
	return func(ctx context.Context, c hook.Call) ([]byte, hook.Outcome, error) {
		answer, done, err := invoke(ctx, c)
		j.add(c, answer, done, err)
		return answer, done, err
	}
}

func (j *Journal) add(c hook.Call, answer []byte, done hook.Outcome, err error) {
	var of struct {
		PoolID string `json:"userPoolId"`
		Source string `json:"triggerSource"`
	}
	_ = json.Unmarshal(c.Event, &of) // an event of ours, or what somebody tries out
	e := Entry{
		Time: j.Now(), PoolID: of.PoolID, Source: of.Source, Function: c.ARN, Target: done.Target, Attempts: done.Attempts,
		Milliseconds: float64(done.Took.Microseconds()) / 1000, Outcome: "answered", Event: mask(c.Event), Answer: mask(answer),
	}
	if err != nil {
		e.Outcome = err.Error()
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	e.Number = j.last
	if len(j.entries) == journalSize {
		j.entries = slices.Delete(j.entries, 0, 1)
	}
	j.entries = append(j.entries, e)
	if j.arrived != nil {
		close(j.arrived)
		j.arrived = nil
	}
}

// After gives the calls since the one of a number, of one pool if it is named,
// oldest first. When there are none it waits for one until ctx ends.
func (j *Journal) After(ctx context.Context, number int64, poolID string) []Entry {
	for {
		found, arrived := j.since(number, poolID)
		if len(found) > 0 {
			return found
		}
		select {
		case <-ctx.Done():
			return []Entry{}
		case <-arrived:
		}
	}
}

func (j *Journal) since(number int64, poolID string) ([]Entry, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var found []Entry
	for _, e := range j.entries {
		if e.Number > number && (poolID == "" || e.PoolID == poolID) {
			found = append(found, e)
		}
	}
	if j.arrived == nil {
		j.arrived = make(chan struct{})
	}
	return found, j.arrived
}

// secretMembers are what the journal does not show.
var secretMembers = []string{"password", "code", "challengeAnswer", "privateChallengeParameters", "tokenResponse"}

// longestShown bounds what is remembered of an event or an answer, in bytes.
const longestShown = 16 << 10

// mask copies JSON with secrets replaced; nil when it is none, or too long.
func mask(b []byte) json.RawMessage {
	if len(b) > longestShown {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var out bytes.Buffer
	if err := maskValue(d, &out); err != nil {
		return nil
	}
	return out.Bytes()
}

// maskValue copies one value, members in their order.
func maskValue(d *json.Decoder, out *bytes.Buffer) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	opening, ok := t.(json.Delim)
	if !ok {
		return put(out, t)
	}
	out.WriteByte(byte(opening))
	for first := true; d.More(); first = false {
		if !first {
			out.WriteByte(',')
		}
		if opening == '[' {
			if err := maskValue(d, out); err != nil {
				return err
			}
			continue
		}
		if err := maskMember(d, out); err != nil {
			return err
		}
	}
	closing, err := d.Token()
	if err != nil {
		return err
	}
	out.WriteString(fmt.Sprint(closing))
	return nil
}

func maskMember(d *json.Decoder, out *bytes.Buffer) error {
	name, err := d.Token()
	if err != nil {
		return err
	}
	if err := put(out, name); err != nil {
		return err
	}
	out.WriteByte(':')
	text, _ := name.(string)
	if !slices.Contains(secretMembers, text) {
		return maskValue(d, out)
	}
	var secret json.RawMessage
	if err := d.Decode(&secret); err != nil {
		return err
	}
	if bytes.Equal(secret, []byte("null")) {
		return put(out, nil)
	}
	return put(out, "***")
}

func put(out *bytes.Buffer, v any) error {
	text, err := encode(v)
	if err != nil {
		return err
	}
	out.Write(text)
	return nil
}
