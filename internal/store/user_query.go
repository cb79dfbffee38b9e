package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// UserColumn is what ListUsers can filter by.
type UserColumn string

// The columns of a UserQuery. ColumnEnabled takes "true" or "false".
const (
	ColumnNone              UserColumn = ""
	ColumnUsername          UserColumn = "username"
	ColumnEmail             UserColumn = "email"
	ColumnPhoneNumber       UserColumn = "phone_number"
	ColumnName              UserColumn = "name"
	ColumnGivenName         UserColumn = "given_name"
	ColumnFamilyName        UserColumn = "family_name"
	ColumnPreferredUsername UserColumn = "preferred_username"
	ColumnSub               UserColumn = "sub"
	ColumnStatus            UserColumn = "status"
	ColumnEnabled           UserColumn = "enabled"
)

// UserOp is how a UserQuery compares.
type UserOp int

// The comparisons. ColumnEnabled knows only OpEqual.
const (
	OpEqual UserOp = iota
	OpPrefix
)

// UserQuery asks for users of a pool. Without a column the newest come first;
// status and enabled likewise, the others in the order of the column.
type UserQuery struct {
	PoolID string
	Column UserColumn
	Op     UserOp
	Value  string
	After  *UserCursor // nil: from the beginning
	Limit  int         // at least 1
}

// UserCursor is the place after the last user of a page.
type UserCursor struct {
	Key       string `json:"k,omitzero"`
	CreatedMS int64  `json:"c,omitzero"`
	Sub       string `json:"s"`
}

// ListUsers answers a page of users and the cursor of the next one, nil at
// the end.
func (tx *Tx) ListUsers(ctx context.Context, q UserQuery) ([]*User, *UserCursor, error) {
	if !storable(q.Value) {
		return nil, nil, nil // no stored value has such characters
	}
	var page []*User
	for {
		// One more than asked for tells whether there is a next page.
		fetch := q.Limit - len(page) + 1
		users, err := tx.queryUsers(ctx, q, fetch)
		if err != nil {
			return nil, nil, fmt.Errorf("list users of pool %s: %w", q.PoolID, err)
		}
		for _, u := range users {
			if !q.matches(u) {
				continue
			}
			if len(page) == q.Limit {
				return page, q.cursor(page[q.Limit-1]), nil
			}
			page = append(page, u)
		}
		if len(users) < fetch {
			return page, nil, nil
		}
		q.After = q.cursor(users[len(users)-1])
	}
}

func (tx *Tx) queryUsers(ctx context.Context, q UserQuery, limit int) ([]*User, error) {
	s, err := q.statement(limit)
	if err != nil {
		return nil, err
	}
	return many(ctx, tx, tx.scanUser, s.text(), s.args...)
}

// userStatement is a query under construction; every argument gets a number.
type userStatement struct {
	where []string
	order string
	args  []any
}

func (s *userStatement) arg(v any) string {
	s.args = append(s.args, v)
	return "$" + strconv.Itoa(len(s.args))
}

func (s *userStatement) and(condition string) { s.where = append(s.where, condition) }

func (s *userStatement) text() string {
	return `SELECT ` + userColumns + ` FROM users WHERE ` + strings.Join(s.where, ` AND `) + s.order
}

func (q UserQuery) statement(limit int) (*userStatement, error) {
	s := &userStatement{}
	s.and(`pool_id = ` + s.arg(q.PoolID))
	switch q.Column {
	case ColumnNone, ColumnEnabled:
		if q.Column == ColumnEnabled {
			s.and(map[bool]string{true: `enabled`, false: `NOT enabled`}[q.Value == "true"])
		}
		if q.After != nil {
			s.and(`(created_ms, sub) < (` + s.arg(q.After.CreatedMS) + `, ` + s.arg(q.After.Sub) + `)`)
		}
		s.order = ` ORDER BY created_ms DESC, sub DESC`
	case ColumnStatus:
		q.compare(s)
		if q.After != nil {
			s.and(`(status, created_ms, sub) < (` + s.arg(q.After.Key) + `, ` + s.arg(q.After.CreatedMS) + `, ` + s.arg(q.After.Sub) + `)`)
		}
		s.order = ` ORDER BY status DESC, created_ms DESC, sub DESC`
	case ColumnSub:
		q.compare(s)
		if q.After != nil {
			s.and(`sub > ` + s.arg(q.After.Sub))
		}
		s.order = ` ORDER BY sub`
	case ColumnUsername, ColumnEmail, ColumnPhoneNumber, ColumnName, ColumnGivenName, ColumnFamilyName, ColumnPreferredUsername:
		q.compare(s)
		if q.After != nil {
			s.and(`(` + string(q.Column) + `, sub) > (` + s.arg(q.After.Key) + `, ` + s.arg(q.After.Sub) + `)`)
		}
		s.order = ` ORDER BY ` + string(q.Column) + `, sub`
	default:
		return nil, fmt.Errorf("no column %q to search", q.Column)
	}
	s.order += ` LIMIT CAST(` + s.arg(limit) + ` AS BIGINT)`
	return s, nil
}

// compare adds the filter. A prefix is a range: LIKE differs between engines
// and would need its argument escaped.
func (q UserQuery) compare(s *userStatement) {
	column, value := string(q.Column), searchKey(q.Value)
	if q.Op == OpEqual {
		s.and(column + ` = ` + s.arg(value))
		return
	}
	// Also tells the planner that the partial index serves.
	s.and(column + ` >= ` + s.arg(value))
	if end, bounded := prefixEnd(value); bounded {
		s.and(column + ` < ` + s.arg(end))
	}
}

// prefixEnd is the first string after all that begin with prefix, in byte
// order; false when there is none. Bytewise order of UTF-8 is that of code
// points, so it is the prefix with its last character replaced by the next.
func prefixEnd(prefix string) (string, bool) {
	for prefix != "" {
		last, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch {
		case last == utf8.MaxRune:
			continue // no character follows: the one before it counts on
		case last == 0xD7FF:
			return prefix + "\uE000", true // surrogates are not characters
		}
		return prefix + string(last+1), true
	}
	return "", false
}

// matches is the filter itself where the columns hold only a beginning.
func (q UserQuery) matches(u *User) bool {
	if len(q.Value) <= maxKey {
		return true
	}
	value := u.searchText(q.Column)
	if q.Op == OpPrefix {
		return strings.HasPrefix(value, q.Value)
	}
	return value == q.Value
}

func (q UserQuery) cursor(u *User) *UserCursor {
	c := &UserCursor{Sub: u.Sub}
	switch q.Column {
	case ColumnNone, ColumnEnabled:
		c.CreatedMS = toMS(u.CreatedAt)
	case ColumnStatus:
		c.Key, c.CreatedMS = string(u.Status), toMS(u.CreatedAt)
	case ColumnSub:
	default:
		c.Key = searchKey(u.searchText(q.Column))
	}
	return c
}

func (u *User) searchText(c UserColumn) string {
	switch c {
	case ColumnUsername:
		return u.Username
	case ColumnSub:
		return u.Sub
	case ColumnStatus:
		return string(u.Status)
	}
	return u.Attributes.Get(string(c))
}

// searchKey is the beginning of a value that fits an index, cut between
// characters.
func searchKey(value string) string {
	if len(value) <= maxKey {
		return value
	}
	end := maxKey
	for !utf8.RuneStart(value[end]) {
		end--
	}
	return value[:end]
}

// searchValue is what a search column holds: nil when the attribute is not
// set, or is not text that can be searched for.
func searchValue(a Attributes, name string) *string {
	if !a.Has(name) || !storable(a.Get(name)) {
		return nil
	}
	value := searchKey(a.Get(name))
	return &value
}
