package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// NewUser is a user to be added, with the sign-in names to claim, folded by the
// caller.
type NewUser struct {
	*User
	Names []Name
}

// namesAtOnce is how many names one statement looks up.
const namesAtOnce = 256

// findNames is about many names of one pool.
var findNames = `SELECT name FROM user_names WHERE pool_id = $1 AND name IN (` + places(2, namesAtOnce) + `)`

// claims claim many names with one statement; a few sizes, so that the statements
// can stay prepared.
var claims = []struct {
	names int
	text  string
}{{256, claimText(256)}, {64, claimText(64)}, {16, claimText(16)}, {4, claimText(4)}, {1, claimText(1)}}

func places(first, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = "$" + strconv.Itoa(first+i)
	}
	return strings.Join(list, ", ")
}

func claimText(names int) string {
	rows := make([]string, names)
	for i := range rows {
		rows[i] = "(" + places(1+4*i, 4) + ")"
	}
	return `INSERT INTO user_names (pool_id, name, kind, sub) VALUES ` + strings.Join(rows, ", ") + ` ON CONFLICT DO NOTHING`
}

const (
	savePoint   = `SAVEPOINT users_added`
	backToPoint = `ROLLBACK TO SAVEPOINT users_added`
	leavePoint  = `RELEASE SAVEPOINT users_added`
)

// InsertUsers adds users of one pool with their sign-in names, in the order given.
// A user of whom a name is taken, by somebody who was there or by one before in the
// list, is not added; taken has that name at the place of the user, and nil for the
// others.
func (tx *Tx) InsertUsers(ctx context.Context, poolID string, users []NewUser) (taken []*Name, err error) {
	if _, inside := tx.conn.(*sqliteConn); inside {
		return tx.insertInTurn(ctx, poolID, users)
	}
	return tx.insertTogether(ctx, poolID, users)
}

// insertInTurn is InsertUsers where a statement costs little and a savepoint much:
// SQLite keeps a copy of every page that changes after it, and also for a statement
// that adds several rows.
func (tx *Tx) insertInTurn(ctx context.Context, poolID string, users []NewUser) ([]*Name, error) {
	taken := make([]*Name, len(users))
	added := 0
	for i, u := range users {
		if u.PoolID != poolID {
			return nil, errors.New("insert users: user of another pool")
		}
		u.Version = 1
		values, err := userValues(tx.db, u.User)
		if err != nil {
			return nil, err
		}
		if _, err := tx.change(ctx, insertUser, values...); err != nil {
			return nil, fmt.Errorf("insert user %s: %w", u.Sub, err)
		}
		if taken[i], err = tx.claimFree(ctx, poolID, u); err != nil {
			return nil, err
		}
		if taken[i] == nil {
			added++
			continue
		}
		if _, err := tx.change(ctx, deleteUser, poolID, u.Sub); err != nil { // with the names before this one
			return nil, fmt.Errorf("leave out user %s: %w", u.Sub, err)
		}
	}
	return taken, tx.countUsers(ctx, poolID, users, added)
}

// claimFree gives a user who was just added the names, up to one that is taken.
func (tx *Tx) claimFree(ctx context.Context, poolID string, u NewUser) (taken *Name, err error) {
	for i, n := range u.Names {
		claimed, err := tx.change(ctx, insertName, poolID, nameKey(n.Name), n.Kind, u.Sub)
		if err != nil {
			return nil, fmt.Errorf("claim sign-in name for %s: %w", u.Sub, err)
		}
		if claimed == 0 {
			return &u.Names[i], nil
		}
	}
	return nil, nil
}

// countUsers counts so many of the users, all in one of the rows that are added up:
// sign-ups wait less.
func (tx *Tx) countUsers(ctx context.Context, poolID string, users []NewUser, added int) error {
	if added == 0 {
		return nil
	}
	if _, err := tx.change(ctx, addToCount, poolID, shardOf(users[0].Sub), added); err != nil {
		return fmt.Errorf("count users: %w", err)
	}
	return nil
}

// insertTogether is InsertUsers for the price of few statements.
func (tx *Tx) insertTogether(ctx context.Context, poolID string, users []NewUser) (taken []*Name, err error) {
	taken = make([]*Name, len(users))
	if _, err := tx.change(ctx, savePoint); err != nil {
		return nil, fmt.Errorf("insert users: %w", err)
	}
	// Mostly no name is taken, and then nothing needs to be looked up.
	done, err := tx.insertFree(ctx, poolID, users, taken)
	if err != nil {
		return nil, err
	}
	if !done {
		if _, err := tx.change(ctx, backToPoint); err != nil {
			return nil, fmt.Errorf("insert users: %w", err)
		}
		if err := tx.findTaken(ctx, poolID, users, taken); err != nil {
			return nil, err
		}
		if done, err = tx.insertFree(ctx, poolID, users, taken); err != nil {
			return nil, err
		}
	}
	if _, err := tx.change(ctx, leavePoint); err != nil {
		return nil, fmt.Errorf("insert users: %w", err)
	}
	if !done { // somebody took one since they were looked up
		return nil, fmt.Errorf("claim sign-in names: %w", errStale)
	}
	return taken, nil
}

// findTaken fills in which users cannot have their names.
func (tx *Tx) findTaken(ctx context.Context, poolID string, users []NewUser, taken []*Name) error {
	known, err := tx.knownNames(ctx, poolID, users)
	if err != nil {
		return err
	}
	for i, u := range users {
		if at := slices.IndexFunc(u.Names, func(n Name) bool { return known[nameKey(n.Name)] }); at >= 0 {
			taken[i] = &u.Names[at]
			continue
		}
		for _, n := range u.Names {
			known[nameKey(n.Name)] = true
		}
	}
	return nil
}

// knownNames tells which of the names that users want somebody has.
func (tx *Tx) knownNames(ctx context.Context, poolID string, users []NewUser) (map[string]bool, error) {
	var wanted []any
	for _, u := range users {
		for _, n := range u.Names {
			wanted = append(wanted, nameKey(n.Name))
		}
	}
	known := make(map[string]bool, len(wanted))
	for chunk := range slices.Chunk(wanted, namesAtOnce) {
		args := append([]any{poolID}, chunk...)
		for len(args) <= namesAtOnce { // one text for all: the last name again
			args = append(args, chunk[len(chunk)-1])
		}
		found, err := many(ctx, tx, scanString, findNames, args...)
		if err != nil {
			return nil, fmt.Errorf("look up sign-in names: %w", err)
		}
		for _, name := range found {
			known[name] = true
		}
	}
	return known, nil
}

// insertFree adds the users of whom no name is known to be taken, and reports
// whether they got all of their names.
func (tx *Tx) insertFree(ctx context.Context, poolID string, users []NewUser, taken []*Name) (bool, error) {
	b := newBulkBatch(tx.db, poolID)
	for i, u := range users {
		if taken[i] != nil {
			continue
		}
		if err := b.add(u.User, u.Names); err != nil {
			return false, err
		}
	}
	if len(b.users) == 0 {
		return true, nil
	}
	if err := tx.conn.load(ctx, copyBatch{table: "users", columns: userTable, rows: b.users}); err != nil {
		return false, fmt.Errorf("insert users: %w", err)
	}
	// One order for everybody, as in SetNames.
	slices.SortFunc(b.names, func(x, y []any) int { return strings.Compare(x[1].(string), y[1].(string)) })
	claimed, err := tx.claimAll(ctx, b.names)
	if err != nil {
		return false, fmt.Errorf("claim sign-in names: %w", err)
	}
	if claimed != int64(len(b.names)) {
		return false, nil
	}
	return true, tx.countUsers(ctx, poolID, users, len(b.users))
}

func (tx *Tx) claimAll(ctx context.Context, names [][]any) (claimed int64, err error) {
	for _, c := range claims {
		for len(names) >= c.names {
			n, err := tx.change(ctx, c.text, slices.Concat(names[:c.names]...)...)
			if err != nil {
				return claimed, err
			}
			claimed, names = claimed+n, names[c.names:]
		}
	}
	return claimed, nil
}
