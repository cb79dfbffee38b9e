package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/messages"
)

const (
	nextTimeout = 10 * time.Second // unless the request says otherwise
	maxTimeout  = time.Minute
)

// inboxAPI answers /_cognate/v1/inbox.
type inboxAPI struct{ inbox *messages.Inbox }

// message is the JSON form of an entry.
type message struct {
	ID          string    `json:"id"`
	MessageID   string    `json:"messageId"`
	Time        time.Time `json:"time"`
	PoolID      string    `json:"poolId"`
	ClientID    string    `json:"clientId,omitempty"`
	Username    string    `json:"username"`
	Sub         string    `json:"sub"`
	Purpose     string    `json:"purpose"`
	Medium      string    `json:"medium"`
	Destination string    `json:"destination"`
	From        string    `json:"from,omitempty"`
	ReplyTo     string    `json:"replyTo,omitempty"`
	SenderID    string    `json:"senderId,omitempty"`
	Subject     string    `json:"subject,omitempty"`
	Body        string    `json:"body"`
	Code        string    `json:"code"`
	Link        string    `json:"link,omitempty"`
}

func toMessage(e messages.Entry) message {
	return message{
		ID: strconv.FormatInt(e.Number, 10), MessageID: e.Message.ID, Time: e.Time, PoolID: e.PoolID, ClientID: e.ClientID,
		Username: e.Username, Sub: e.Sub, Purpose: string(e.Purpose), Medium: string(e.Medium), Destination: e.Destination,
		From: e.From, ReplyTo: e.ReplyTo, SenderID: e.SenderID, Subject: e.Subject, Body: e.Body, Code: e.Code, Link: e.Link,
	}
}

func (a *inboxAPI) list(w http.ResponseWriter, r *http.Request) {
	q, err := parseQuery(r.URL.RawQuery, 0)
	if err != nil {
		answerError(w, http.StatusBadRequest, err.Error())
		return
	}
	found := []message{}
	for _, e := range a.inbox.List(q.filter) {
		found = append(found, toMessage(e))
	}
	answer(w, map[string]any{"messages": found})
}

func (a *inboxAPI) next(w http.ResponseWriter, r *http.Request) {
	if e, ok := a.wait(w, r, false, nextTimeout); ok {
		answer(w, toMessage(e))
	}
}

func (a *inboxAPI) code(w http.ResponseWriter, r *http.Request) {
	e, ok := a.wait(w, r, true, 0)
	if !ok {
		return
	}
	if strings.HasPrefix(r.Header.Get("Accept"), "text/plain") {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, e.Code)
		return
	}
	answer(w, map[string]any{"code": e.Code, "message": toMessage(e)})
}

// wait gives the entry that a request asks for, of those with a code if the code
// is wanted, or answers the request and gives false.
func (a *inboxAPI) wait(w http.ResponseWriter, r *http.Request, withCode bool, timeout time.Duration) (messages.Entry, bool) {
	q, err := parseQuery(r.URL.RawQuery, timeout)
	q.filter.WithCode = withCode
	if err != nil {
		answerError(w, http.StatusBadRequest, err.Error())
		return messages.Entry{}, false
	}
	if q.timeout > 0 {
		// The server's own limits are for answers that do not wait. Not every
		// ResponseWriter has some to lift.
		c := http.NewResponseController(w)
		if err := errors.Join(c.SetWriteDeadline(time.Time{}), c.SetReadDeadline(time.Time{})); err != nil && !errors.Is(err, http.ErrNotSupported) {
			answerError(w, http.StatusInternalServerError, "cannot wait on this connection")
			return messages.Entry{}, false
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), q.timeout)
	defer cancel()
	e, ok := a.inbox.Next(ctx, q.filter)
	if !ok {
		answerError(w, http.StatusNotFound, "no such message")
	}
	return e, ok
}

func (a *inboxAPI) get(w http.ResponseWriter, r *http.Request) {
	if e, ok := a.entry(w, r); ok {
		answer(w, toMessage(e))
	}
}

// html answers the body as text for programs; as a page it is served by
// pages.body alone, in its sandbox.
func (a *inboxAPI) html(w http.ResponseWriter, r *http.Request) {
	if e, ok := a.entry(w, r); ok {
		sandboxed(w)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, e.Body)
	}
}

func (a *inboxAPI) raw(w http.ResponseWriter, r *http.Request) {
	if e, ok := a.entry(w, r); ok {
		writeSource(w, e, "message/rfc822")
	}
}

func (a *inboxAPI) clear(w http.ResponseWriter, r *http.Request) {
	q, err := parseQuery(r.URL.RawQuery, 0)
	if err != nil {
		answerError(w, http.StatusBadRequest, err.Error())
		return
	}
	answer(w, map[string]any{"deleted": a.inbox.Clear(q.filter)})
}

func (a *inboxAPI) entry(w http.ResponseWriter, r *http.Request) (messages.Entry, bool) {
	e, ok := entryOf(a.inbox, r)
	if !ok {
		answerError(w, http.StatusNotFound, "no such message")
	}
	return e, ok
}

// entryOf finds the entry that the path names.
func entryOf(inbox *messages.Inbox, r *http.Request) (messages.Entry, bool) {
	number, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return messages.Entry{}, false
	}
	return inbox.Get(number)
}

// query is what a request asks for.
type query struct {
	filter  messages.Filter
	timeout time.Duration
}

// parseQuery reads the parameters; an unknown or repeated one is an error, so
// that a misspelled filter does not select everything. A plus sign stands for
// itself, since it begins every phone number.
func parseQuery(raw string, timeout time.Duration) (query, error) {
	values, err := url.ParseQuery(strings.ReplaceAll(raw, "+", "%2B"))
	if err != nil {
		return query{}, errors.New("the query is malformed")
	}
	q := query{timeout: timeout}
	for name, all := range values {
		if len(all) != 1 {
			return query{}, fmt.Errorf("parameter %s is given more than once", name)
		}
		value := all[0]
		switch name {
		case "user":
			q.filter.User = value
		case "destination":
			q.filter.Destination = value
		case "pool":
			q.filter.PoolID = value
		case "medium":
			q.filter.Medium = api.DeliveryMediumType(strings.ToUpper(value))
			if q.filter.Medium != api.DeliveryMediumTypeEmail && q.filter.Medium != api.DeliveryMediumTypeSms {
				return query{}, errors.New("medium is EMAIL or SMS")
			}
		case "purpose":
			q.filter.Purpose = messages.Purpose(value)
		case "after":
			if q.filter.After, err = strconv.ParseInt(value, 10, 64); err != nil || q.filter.After < 0 {
				return query{}, errors.New("after is the id of a message")
			}
		case "timeout":
			if q.timeout, err = time.ParseDuration(value); err != nil || q.timeout < 0 || q.timeout > maxTimeout {
				return query{}, errors.New("timeout is a duration such as 10s or 500ms, at most 60s")
			}
		default:
			return query{}, fmt.Errorf("unknown parameter %q; known are user, destination, pool, medium, purpose, after, timeout", name)
		}
	}
	return q, nil
}

// answer writes v as JSON; a caller that is gone is nobody's error.
func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func answerError(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": text})
}
