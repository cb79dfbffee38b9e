package groups

import (
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/paging"
	"cognate/internal/store"
)

// Quotas (spec/users-and-pools.md §25).
const (
	maxGroups        = 10_000
	maxGroupsPerUser = 100
)

// defaultPage is the size of a page when the request names none, or 0.
const defaultPage = 60

// Operations are the operations on groups. All fields must be set.
type Operations struct {
	DB        *store.DB
	Directory *directory.Directory
	Paging    paging.Paging
	Now       func() time.Time
}

// page is one page of a list: where it begins, how long it may be, and what
// its tokens are good for.
type page struct {
	paging paging.Paging
	scope  string
	after  string
	limit  int
}

// newPage reads the paging members of a request for the list that scope names.
func (o *Operations) newPage(limit *int32, token string, scope ...string) (page, error) {
	p := page{paging: o.Paging, scope: strings.Join(scope, "\n"), limit: defaultPage}
	if limit != nil && *limit > 0 {
		p.limit = int(*limit)
	}
	var err error
	p.after, err = o.Paging.After(token, p.scope)
	return p, err
}

// cut takes one entry more than a page has and gives the page and the token of
// the next, empty at the end. Key is what the list is sorted by.
func cut[T any](p page, found []T, key func(T) string) ([]T, string) {
	if len(found) <= p.limit {
		return found, ""
	}
	found = found[:p.limit]
	return found, p.paging.Encode(p.scope, key(found[p.limit-1]))
}

// describe gives the group as the API shows it.
func describe(g *store.Group) *api.GroupType {
	shown := g.Settings
	shown.GroupName = g.Name
	shown.UserPoolId = g.PoolID
	shown.CreationDate = api.TimeOf(g.CreatedAt)
	shown.LastModifiedDate = api.TimeOf(g.ModifiedAt)
	return &shown
}

func describeAll(groups []*store.Group) []api.GroupType {
	shown := make([]api.GroupType, 0, len(groups))
	for _, g := range groups {
		shown = append(shown, *describe(g))
	}
	return shown
}
