package users

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/protocol/filter"
	"cognate/internal/store"
)

// usersPerPage is the most users of one answer, and the number when the
// request names none.
const usersPerPage = 60

// ListUsers lists the users of a pool, the newest first unless a filter gives
// another order (spec/users-and-pools.md §10).
func (o *Operations) ListUsers(ctx context.Context, in *api.ListUsersRequest) (*api.ListUsersResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	visible, err := requested(pool, in.AttributesToGet)
	if err != nil {
		return nil, err
	}
	text := ""
	if in.Filter != nil {
		text = *in.Filter
	}
	query, some, err := userQuery(pool.ID, text)
	if err != nil {
		return nil, err
	}
	if in.Limit != nil && *in.Limit > 0 {
		query.Limit = int(*in.Limit)
	}
	scope := "ListUsers " + pool.ID + " " + text
	if in.PaginationToken != "" {
		if query.After, err = o.userCursor(in.PaginationToken, scope); err != nil {
			return nil, err
		}
	}
	answer := &api.ListUsersResponse{Users: []api.UserType{}}
	if !some {
		return answer, nil
	}
	var next *store.UserCursor
	page, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (page []*store.User, err error) {
		page, next, err = tx.ListUsers(ctx, query)
		return page, err
	})
	if err != nil {
		return nil, err
	}
	for _, u := range page {
		if err := checkRequested(u, in.AttributesToGet); err != nil {
			return nil, err
		}
		answer.Users = append(answer.Users, userType(u, visible))
	}
	if next != nil {
		answer.PaginationToken = o.Paging.Encode(scope, next.Key, strconv.FormatInt(next.CreatedMS, 10), next.Sub)
	}
	return answer, nil
}

// userQuery turns a filter into a query; some is false when no user can
// match.
func userQuery(poolID, text string) (q store.UserQuery, some bool, err error) {
	f, err := filter.Parse(text)
	if err != nil {
		return q, false, api.InvalidParameterException("%s", err.Error())
	}
	q = store.UserQuery{PoolID: poolID, Limit: usersPerPage, Value: f.Value}
	if f.Op == filter.Prefix {
		q.Op = store.OpPrefix
	}
	switch f.Attribute {
	case "":
		return q, true, nil
	case filter.Status:
		enabled, disabled := f.Match("Enabled"), f.Match("Disabled")
		q.Op = store.OpEqual
		if enabled != disabled {
			q.Column, q.Value = store.ColumnEnabled, strconv.FormatBool(enabled)
		}
		return q, enabled || disabled, nil
	case filter.UserStatus:
		q.Column, q.Value = store.ColumnStatus, strings.ToUpper(f.Value)
	case filter.Username:
		q.Column = store.ColumnUsername
	case filter.Sub:
		q.Column = store.ColumnSub
	case filter.Email:
		q.Column = store.ColumnEmail
	case filter.PhoneNumber:
		q.Column = store.ColumnPhoneNumber
	case filter.Name:
		q.Column = store.ColumnName
	case filter.GivenName:
		q.Column = store.ColumnGivenName
	case filter.FamilyName:
		q.Column = store.ColumnFamilyName
	case filter.PreferredUsername:
		q.Column = store.ColumnPreferredUsername
	default:
		return q, false, fmt.Errorf("filter by %s: no such column", f.Attribute)
	}
	return q, true, nil
}

func (o *Operations) userCursor(token, scope string) (*store.UserCursor, error) {
	parts, err := o.Paging.Decode(token, scope)
	if err != nil {
		return nil, err
	}
	if len(parts) != 3 {
		return nil, fmt.Errorf("read pagination token: %d parts", len(parts))
	}
	created, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("read pagination token: %w", err)
	}
	return &store.UserCursor{Key: parts[0], CreatedMS: created, Sub: parts[2]}, nil
}

// requested compiles AttributesToGet; none asks for all.
func requested(pool *directory.Pool, names []string) (func(name string) bool, error) {
	if len(names) == 0 {
		return everything, nil
	}
	for _, name := range names {
		if _, ok := pool.Schema.Lookup(name); !ok {
			return nil, notRequestable()
		}
	}
	return func(name string) bool { return slices.Contains(names, name) }, nil
}

// checkRequested refuses a list in which a user lacks an attribute that was
// asked for, as the service documents.
func checkRequested(u *store.User, names []string) error {
	for _, name := range names {
		if name != attributes.Sub && !u.Attributes.Has(name) {
			return notRequestable()
		}
	}
	return nil
}

func notRequestable() error {
	return api.InvalidParameterException("One or more requested attributes do not exist.")
}
