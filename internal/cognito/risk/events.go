package risk

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/threats"
	"cognate/internal/store"
)

const pageSize = 60 // without MaxResults

// Who gave feedback.
const (
	byAdmin = "Admin"
	byUser  = "User"
)

// AdminListUserAuthEvents lists what was tried in a user's name, newest first.
func (o *Operations) AdminListUserAuthEvents(ctx context.Context, in *api.AdminListUserAuthEventsRequest) (*api.AdminListUserAuthEventsResponse, error) {
	pool, user, err := o.user(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	scope := "AdminListUserAuthEvents " + pool.ID + " " + user.Sub
	after, err := o.cursor(in.NextToken, scope)
	if err != nil {
		return nil, err
	}
	limit := pageSize
	if in.MaxResults != nil && *in.MaxResults > 0 {
		limit = int(*in.MaxResults)
	}
	list, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) ([]*store.AuthEvent, error) {
		return tx.AuthEvents(ctx, pool.ID, user.Sub, after, limit+1)
	})
	if err != nil {
		return nil, err
	}
	answer := &api.AdminListUserAuthEventsResponse{AuthEvents: []api.AuthEventType{}}
	if len(list) > limit {
		list = list[:limit]
		last := list[limit-1]
		answer.NextToken = o.Paging.Encode(scope, strconv.FormatInt(last.CreatedAt.UnixMilli(), 10), last.ID)
	}
	for _, e := range list {
		shown := e.Doc.Event
		shown.EventId, shown.CreationDate = &e.ID, api.TimeOf(e.CreatedAt)
		answer.AuthEvents = append(answer.AuthEvents, shown)
	}
	return answer, nil
}

// cursor reads a pagination token; nil for the first page.
func (o *Operations) cursor(token, scope string) (*store.AuthEvent, error) {
	if token == "" {
		return nil, nil
	}
	parts, err := o.Paging.Decode(token, scope)
	if err != nil {
		return nil, err
	}
	if len(parts) != 2 {
		return nil, fmt.Errorf("pagination token of events has %d parts", len(parts))
	}
	ms, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("pagination token of events: %w", err)
	}
	return &store.AuthEvent{CreatedAt: time.UnixMilli(ms), ID: parts[1]}, nil
}

// user finds a user of a pool with threat protection.
func (o *Operations) user(ctx context.Context, poolID, name string) (*directory.Pool, *store.User, error) {
	pool, err := o.Directory.Pool(ctx, poolID)
	if err != nil {
		return nil, nil, err
	}
	if err := threats.CheckEnabled(pool); err != nil {
		return nil, nil, err
	}
	user, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		return o.Directory.User(ctx, tx, pool, name)
	})
	return pool, user, err
}

// AdminUpdateAuthEventFeedback says whether an event was the user. Later
// sign-ins are judged by it.
func (o *Operations) AdminUpdateAuthEventFeedback(ctx context.Context, in *api.AdminUpdateAuthEventFeedbackRequest) (*api.AdminUpdateAuthEventFeedbackResponse, error) {
	_, user, err := o.user(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	if err := o.feedback(ctx, user, in.EventId, in.FeedbackValue, byAdmin); err != nil {
		return nil, err
	}
	return &api.AdminUpdateAuthEventFeedbackResponse{}, nil
}

// UpdateAuthEventFeedback is the same for those who have the token of a notice.
// Without it nothing is told about users and events.
func (o *Operations) UpdateAuthEventFeedback(ctx context.Context, in *api.UpdateAuthEventFeedbackRequest) (*api.UpdateAuthEventFeedbackResponse, error) {
	user, err := o.addressee(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := o.feedback(ctx, user, in.EventId, in.FeedbackValue, byUser); err != nil {
		return nil, err
	}
	return &api.UpdateAuthEventFeedbackResponse{}, nil
}

// CheckFeedback answers as UpdateAuthEventFeedback would about the token, and
// changes nothing.
func (o *Operations) CheckFeedback(ctx context.Context, in *api.UpdateAuthEventFeedbackRequest) error {
	_, err := o.addressee(ctx, in)
	return err
}

// addressee is the user whom the notice with the token went to.
func (o *Operations) addressee(ctx context.Context, in *api.UpdateAuthEventFeedbackRequest) (*store.User, error) {
	pool, user, err := o.user(ctx, in.UserPoolId, in.Username)
	if err != nil && !api.HasCode(err, "UserNotFoundException") {
		return nil, err
	}
	sub := ""
	if user != nil {
		sub = user.Sub
	}
	if err := o.Threats.CheckFeedbackToken(in.FeedbackToken, pool.ID, sub, in.EventId); errors.Is(err, threats.ErrFeedbackToken) || user == nil {
		return nil, api.NotAuthorizedException("Invalid feedback token.")
	}
	return user, nil
}

// feedback notes what an event was. The latest word counts.
func (o *Operations) feedback(ctx context.Context, user *store.User, id string, value api.FeedbackValueType, provider string) error {
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		e, found, err := tx.LockAuthEvent(ctx, user.PoolID, user.Sub, id)
		if err != nil {
			return struct{}{}, err
		}
		if !found {
			return struct{}{}, api.ResourceNotFoundException("Event %s does not exist.", id)
		}
		e.Doc.Event.EventFeedback = &api.EventFeedbackType{FeedbackValue: value, Provider: provider, FeedbackDate: api.TimeOf(o.Now())}
		return struct{}{}, tx.SaveAuthEvent(ctx, e)
	})
	return err
}
