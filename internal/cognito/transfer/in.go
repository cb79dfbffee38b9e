package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// Outcome is what became of rows.
type Outcome struct {
	Added, Updated int
	// Left are users who are there already and were left as they are.
	Left   int
	Failed []Failure `json:",omitempty"`
}

// Failure is a row that was not taken. No part of it was.
type Failure struct {
	Row      int // counted from 0
	Username string
	Reason   string
}

// many is how many users are worth preparing the database for.
const many = 1000

// chunk is how many users one transaction adds. Others wait for it, a second
// perhaps; but each transaction writes a page of every index for almost every user,
// and of the same pages once only.
const chunk = 10_000

// Put adds users to a pool. Those whose sub is there already are left as they are,
// or with update made as the row says: attributes, groups and whether they are
// enabled, unless they were changed here since. Passwords and factors of users who
// are there never change.
func (t *Transfer) Put(ctx context.Context, poolID string, rows []Row, update bool) (*Outcome, error) {
	pool, err := t.Directory.Pool(ctx, poolID)
	if err != nil {
		return nil, err
	}
	if len(rows) >= many {
		done, err := t.DB.Loading(ctx, store.LargeLoad)
		if err != nil {
			return nil, err
		}
		defer done()
	}
	var candidates []candidate
	out := &Outcome{}
	for i := range rows {
		u, err := userOf(pool, &rows[i])
		if err != nil {
			out.fail(i, &rows[i], err)
			continue
		}
		candidates = append(candidates, candidate{at: i, row: &rows[i], user: u, names: attributes.SignInNames(pool.Config(), u)})
	}
	for part := range slices.Chunk(candidates, chunk) {
		done, err := store.WriteMuch(ctx, t.DB, func(ctx context.Context, tx *store.Tx) (*Outcome, error) {
			return t.put(ctx, tx, pool, part, update)
		})
		if err != nil {
			return out, err
		}
		out.add(done)
	}
	return out, nil
}

// candidate is a user who may come in.
type candidate struct {
	at    int // the place of the row
	row   *Row
	user  *store.User
	names []store.Name
}

func (o *Outcome) fail(at int, r *Row, err error) {
	reason := err.Error()
	if known, ok := errors.AsType[*api.Error](err); ok {
		reason = known.Message
	}
	o.Failed = append(o.Failed, Failure{Row: at, Username: r.User.Username, Reason: reason})
}

func (o *Outcome) add(other *Outcome) {
	o.Added += other.Added
	o.Updated += other.Updated
	o.Left += other.Left
	o.Failed = append(o.Failed, other.Failed...)
}

// refusal is why a row is not taken; other errors end the work.
type refusal struct{ reason string }

func (r refusal) Error() string { return r.reason }

func (t *Transfer) put(ctx context.Context, tx *store.Tx, pool *directory.Pool, part []candidate, update bool) (*Outcome, error) {
	out := &Outcome{}
	part, err := withGroups(ctx, tx, pool.ID, part, out)
	if err != nil {
		return nil, err
	}
	fresh, known, err := parted(ctx, tx, pool.ID, part)
	if err != nil {
		return nil, err
	}
	if err := t.add(ctx, tx, fresh, out); err != nil {
		return nil, err
	}
	if !update {
		out.Left += len(known)
		return out, nil
	}
	for _, c := range known {
		changed, err := c.update(ctx, tx, pool, t.Now())
		if refused, ok := errors.AsType[refusal](err); ok {
			out.fail(c.at, c.row, refused)
			continue
		}
		if err != nil {
			return nil, err
		}
		if changed {
			out.Updated++
		} else {
			out.Left++
		}
	}
	return out, nil
}

// withGroups leaves out those who are in groups that the pool does not have.
func withGroups(ctx context.Context, tx *store.Tx, poolID string, part []candidate, out *Outcome) ([]candidate, error) {
	groups, err := tx.GroupNames(ctx, poolID)
	if err != nil {
		return nil, err
	}
	have := make(map[string]bool, len(groups))
	for _, g := range groups {
		have[g] = true
	}
	var kept []candidate
	for _, c := range part {
		at := slices.IndexFunc(c.row.User.Groups, func(g string) bool { return !have[g] })
		if at >= 0 {
			out.fail(c.at, c.row, refusal{fmt.Sprintf("the pool has no group %q", c.row.User.Groups[at])})
			continue
		}
		kept = append(kept, c)
	}
	return kept, nil
}

// parted tells who is new and who is there already, in the pool or earlier in the
// list.
func parted(ctx context.Context, tx *store.Tx, poolID string, part []candidate) (fresh, known []candidate, err error) {
	subs := make([]string, len(part))
	for i, c := range part {
		subs[i] = c.user.Sub
	}
	if len(subs) == 0 {
		return nil, nil, nil
	}
	there, err := tx.SubsThere(ctx, poolID, subs)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range part {
		if there[c.user.Sub] {
			known = append(known, c)
			continue
		}
		there[c.user.Sub] = true
		fresh = append(fresh, c)
	}
	return fresh, known, nil
}

// add adds users who are new, unless somebody has one of their names.
func (t *Transfer) add(ctx context.Context, tx *store.Tx, fresh []candidate, out *Outcome) error {
	if len(fresh) == 0 {
		return nil
	}
	users := make([]store.NewUser, len(fresh))
	for i, c := range fresh {
		users[i] = store.NewUser{User: c.user, Names: c.names}
	}
	taken, err := tx.InsertUsers(ctx, fresh[0].user.PoolID, users)
	if err != nil {
		return err
	}
	for i, c := range fresh {
		if taken[i] != nil {
			out.fail(c.at, c.row, refusal{"somebody else signs in with the " + taken[i].Kind})
			continue
		}
		err := c.addBelongings(ctx, tx, t.Now())
		if refused, ok := errors.AsType[refusal](err); ok {
			out.fail(c.at, c.row, refused)
			err = tx.DeleteUser(ctx, c.user.PoolID, c.user.Sub)
		} else if err == nil {
			out.Added++
		}
		if err != nil {
			return err
		}
	}
	return nil
}
