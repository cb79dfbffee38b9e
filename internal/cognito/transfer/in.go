package transfer

import (
	"cmp"
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

// chunk is how many users one transaction adds: others wait for it.
const chunk = 500

// Put adds users to a pool. Those whose sub is there already are left as they are,
// or with update made as the row says: attributes, groups and whether they are
// enabled, unless they were changed here since. Passwords and factors of users who
// are there never change.
func (t *Transfer) Put(ctx context.Context, poolID string, rows []Row, update bool) (*Outcome, error) {
	pool, err := t.Directory.Pool(ctx, poolID)
	if err != nil {
		return nil, err
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
		done, err := store.Write(ctx, t.DB, func(ctx context.Context, tx *store.Tx) (*Outcome, error) {
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
	groups, err := tx.GroupNames(ctx, pool.ID)
	if err != nil {
		return nil, err
	}
	out := &Outcome{}
	known := make(map[string]bool, len(groups))
	for _, g := range groups {
		known[g] = true
	}
	for _, c := range part {
		err := c.groupsIn(known)
		if err == nil {
			err = t.putOne(ctx, tx, pool, c, update, out)
		}
		if refused, ok := errors.AsType[refusal](err); ok {
			out.fail(c.at, c.row, refused)
			continue
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c candidate) groupsIn(known map[string]bool) error {
	for _, g := range c.row.User.Groups {
		if !known[g] {
			return refusal{fmt.Sprintf("the pool has no group %q", g)}
		}
	}
	return nil
}

func (t *Transfer) putOne(ctx context.Context, tx *store.Tx, pool *directory.Pool, c candidate, update bool, out *Outcome) error {
	added, taken, err := tx.AddUser(ctx, c.user, c.names)
	switch {
	case err != nil:
		return err
	case taken != nil:
		return refusal{fmt.Sprintf("somebody else signs in with the %s", taken.Kind)}
	case added:
		if err := c.addBelongings(ctx, tx, t.Now()); err != nil {
			if _, refused := errors.AsType[refusal](err); !refused {
				return err
			}
			return cmp.Or(tx.DeleteUser(ctx, pool.ID, c.user.Sub), err)
		}
		out.Added++
		return nil
	case !update:
		out.Left++
		return nil
	}
	changed, err := c.update(ctx, tx, pool, t.Now())
	if changed {
		out.Updated++
	} else if err == nil {
		out.Left++
	}
	return err
}
