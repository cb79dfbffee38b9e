package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"cognate/internal/api"
)

// User is a user of a pool.
type User struct {
	PoolID, Sub, Username string
	Status                api.UserStatusType
	Enabled               bool
	CreatedAt, ModifiedAt time.Time
	// Version grows with every change; SaveUser keeps it.
	Version int64
	// Attributes are in the order they were first set; "sub" is not among them.
	Attributes Attributes
	// Pending are new values of attributes that wait for their verification.
	Pending map[string]string
	// Password is nil for a user without one.
	Password *Password
	// PasswordBlocked says that the user may not have one until an administrator
	// sets it.
	PasswordBlocked bool
	// PasswordElsewhere says that the password is known to the pool that the user
	// was moved from, and to nobody here yet.
	PasswordElsewhere bool
	// TemporaryPasswordExpiresAt is zero unless an administrator set the password.
	TemporaryPasswordExpiresAt time.Time
	MFA                        UserMFA
}

// Password is what the server keeps of a password: the SRP salt and
// verifier, or in their place what it keeps of a hash that another system made.
// The database holds it sealed.
type Password struct {
	Salt, Verifier []byte
	// Imported is in the form of package passwordhash; Salt and Verifier are
	// empty then.
	Imported []byte
}

// Equal reports whether two passwords are stored as the same bytes; none equals
// none only.
func (p *Password) Equal(other *Password) bool {
	if p == nil || other == nil {
		return p == other
	}
	return bytes.Equal(p.Salt, other.Salt) && bytes.Equal(p.Verifier, other.Verifier) && bytes.Equal(p.Imported, other.Imported)
}

// UserMFA is a user's choice of second factors.
type UserMFA struct {
	EnabledFactors []string `json:",omitzero"` // such as SMS_MFA
	Preferred      string   `json:",omitzero"`
	// SoftwareToken tells that the user has a row in totp, so that a sign-in
	// need not look.
	SoftwareToken bool `json:",omitzero"`
	// WebAuthn is the user's switch for passkeys as a second factor.
	WebAuthn bool `json:",omitzero"`
}

// Attribute is one attribute of a user.
type Attribute struct {
	Name, Value string
}

// Attributes is an ordered set of attributes.
type Attributes []Attribute

// Get is the value of an attribute, empty when it is not set.
func (a Attributes) Get(name string) string {
	if i := a.index(name); i >= 0 {
		return a[i].Value
	}
	return ""
}

// Has reports whether an attribute is set, even to nothing.
func (a Attributes) Has(name string) bool { return a.index(name) >= 0 }

// Set changes an attribute in its place, or appends it.
func (a *Attributes) Set(name, value string) {
	if i := a.index(name); i >= 0 {
		(*a)[i].Value = value
		return
	}
	*a = append(*a, Attribute{Name: name, Value: value})
}

// Delete removes an attribute; false means that it was not set.
func (a *Attributes) Delete(name string) bool {
	i := a.index(name)
	if i < 0 {
		return false
	}
	*a = slices.Delete(*a, i, i+1)
	return true
}

func (a Attributes) index(name string) int {
	return slices.IndexFunc(a, func(x Attribute) bool { return x.Name == name })
}

// userDoc is what the doc column holds. Attributes are pairs, because that
// is the shortest JSON that keeps their order.
type userDoc struct {
	Attributes  [][2]string       `json:"a,omitzero"`
	Pending     map[string]string `json:"p,omitzero"`
	TemporaryMS int64             `json:"t,omitzero"`
	Blocked     bool              `json:"b,omitzero"`
	Elsewhere   bool              `json:"e,omitzero"`
	MFA         UserMFA           `json:"m,omitzero"`
}

const userColumns = `pool_id, sub, username, status, enabled, created_ms, modified_ms, version, password, doc`

// joinedUserColumns is userColumns of the table under the alias u.
const joinedUserColumns = `u.pool_id, u.sub, u.username, u.status, u.enabled, u.created_ms, u.modified_ms, u.version, u.password, u.doc`

const (
	insertUser = `INSERT INTO users (` + userColumns + `, email, phone_number, name, given_name, family_name, preferred_username)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`
	selectUser       = `SELECT ` + userColumns + ` FROM users WHERE pool_id = $1 AND sub = $2`
	selectUserByName = `SELECT ` + joinedUserColumns + ` FROM user_names n JOIN users u ON u.pool_id = n.pool_id AND u.sub = n.sub
		WHERE n.pool_id = $1 AND n.name = $2`
	lockUser   = `UPDATE users SET version = version + 1 WHERE pool_id = $1 AND sub = $2 RETURNING ` + userColumns
	updateUser = `UPDATE users SET username = $3, status = $4, enabled = $5, created_ms = $6, modified_ms = $7, version = version + 1,
		password = $9, doc = $10, email = $11, phone_number = $12, name = $13, given_name = $14, family_name = $15, preferred_username = $16
		WHERE pool_id = $1 AND sub = $2 AND version = $8`
	deleteUser = `DELETE FROM users WHERE pool_id = $1 AND sub = $2`
	addToCount = `INSERT INTO pool_users_count (pool_id, shard, n) VALUES ($1, $2, $3)
		ON CONFLICT (pool_id, shard) DO UPDATE SET n = pool_users_count.n + excluded.n`
)

// searchColumns are the attributes that have a column of their own, in the
// order of insertUser and updateUser.
var searchColumns = [...]string{"email", "phone_number", "name", "given_name", "family_name", "preferred_username"}

// countShards spreads the count of users over rows, so that sign-ups do not
// all wait for one.
const countShards = 16

func shardOf(sub string) int {
	h := fnv.New32a()
	h.Write([]byte(sub)) // never fails
	return int(h.Sum32() % countShards)
}

func (tx *Tx) scanUser(s scanner) (*User, error) {
	row := userRow{}
	if err := s.Scan(row.dest()...); err != nil {
		return nil, err
	}
	return row.user(tx.db)
}

// userRow is a row of userColumns on its way to a User.
type userRow struct {
	u                 User
	status, doc       string
	created, modified int64
	password          []byte
}

func (r *userRow) dest() []any {
	return []any{&r.u.PoolID, &r.u.Sub, &r.u.Username, &r.status, &r.u.Enabled, &r.created, &r.modified, &r.u.Version, &r.password, &r.doc}
}

func (r *userRow) user(db *DB) (*User, error) {
	u := &r.u
	var doc userDoc
	if err := json.Unmarshal([]byte(r.doc), &doc); err != nil {
		return nil, fmt.Errorf("read attributes of user %s: %w", u.Sub, err)
	}
	u.Status = api.UserStatusType(r.status)
	u.CreatedAt, u.ModifiedAt = fromMS(r.created), fromMS(r.modified)
	u.Attributes = make(Attributes, len(doc.Attributes))
	for i, pair := range doc.Attributes {
		u.Attributes[i] = Attribute{Name: pair[0], Value: pair[1]}
	}
	u.Pending, u.MFA, u.TemporaryPasswordExpiresAt = doc.Pending, doc.MFA, fromMS(doc.TemporaryMS)
	u.PasswordBlocked, u.PasswordElsewhere = doc.Blocked, doc.Elsewhere
	if r.password == nil {
		return u, nil
	}
	plain, err := db.Unseal("users", "password", rowID(u.PoolID, u.Sub), r.password)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", u.Sub, err)
	}
	u.Password, err = parsePassword(plain)
	return u, err
}

// userValues is the row of a user, in the order of insertUser.
func userValues(db *DB, u *User) ([]any, error) {
	doc := userDoc{
		Pending: u.Pending, MFA: u.MFA, TemporaryMS: toMS(u.TemporaryPasswordExpiresAt), Blocked: u.PasswordBlocked,
		Elsewhere: u.PasswordElsewhere,
	}
	for _, a := range u.Attributes {
		doc.Attributes = append(doc.Attributes, [2]string{a.Name, a.Value})
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("write attributes of user %s: %w", u.Sub, err)
	}
	var password []byte
	if u.Password != nil {
		plain, err := u.Password.bytes()
		if err != nil {
			return nil, fmt.Errorf("user %s: %w", u.Sub, err)
		}
		password = db.Seal("users", "password", rowID(u.PoolID, u.Sub), plain)
	}
	values := []any{
		u.PoolID, u.Sub, u.Username, string(u.Status), u.Enabled, toMS(u.CreatedAt), toMS(u.ModifiedAt), u.Version, password, string(text),
	}
	for _, column := range searchColumns {
		values = append(values, searchValue(u.Attributes, column))
	}
	return values, nil
}

// importedMark stands where the length of a salt would, before an imported hash.
const importedMark = 255

// bytes is the form that is sealed: the salt's length in a byte, salt, verifier.
func (p *Password) bytes() ([]byte, error) {
	if p.Imported != nil {
		return slices.Concat([]byte{importedMark}, p.Imported), nil
	}
	if len(p.Salt) >= importedMark {
		return nil, errors.New("write password: salt too long")
	}
	return slices.Concat([]byte{byte(len(p.Salt))}, p.Salt, p.Verifier), nil
}

func parsePassword(b []byte) (*Password, error) {
	if len(b) > 0 && b[0] == importedMark {
		return &Password{Imported: b[1:]}, nil
	}
	if len(b) == 0 || len(b) < 1+int(b[0]) {
		return nil, errors.New("read password: malformed")
	}
	end := 1 + int(b[0])
	return &Password{Salt: b[1:end:end], Verifier: b[end:]}, nil
}

func noUser() error { return api.UserNotFoundException("User does not exist.") }

// InsertUser adds a user and sets its version. Sign-in names are set by SetNames.
func (tx *Tx) InsertUser(ctx context.Context, u *User) error {
	u.Version = 1
	values, err := userValues(tx.db, u)
	if err != nil {
		return err
	}
	if _, err := tx.change(ctx, insertUser, values...); err != nil {
		return fmt.Errorf("insert user %s: %w", u.Sub, err)
	}
	return tx.countUser(ctx, u.PoolID, u.Sub, 1)
}

func (tx *Tx) countUser(ctx context.Context, poolID, sub string, by int64) error {
	if _, err := tx.change(ctx, addToCount, poolID, shardOf(sub), by); err != nil {
		return fmt.Errorf("count user %s: %w", sub, err)
	}
	return nil
}

// UserBySub answers UserNotFoundException when there is no such user.
func (tx *Tx) UserBySub(ctx context.Context, poolID, sub string) (*User, error) {
	if !storable(sub) {
		return nil, noUser()
	}
	return foundUser(one(ctx, tx, tx.scanUser, selectUser, poolID, sub))
}

// UserByName finds the user who signs in with a name, folded by the caller;
// UserNotFoundException when nobody does.
func (tx *Tx) UserByName(ctx context.Context, poolID, name string) (*User, error) {
	if !storable(name) {
		return nil, noUser()
	}
	return foundUser(one(ctx, tx, tx.scanUser, selectUserByName, poolID, nameKey(name)))
}

// LockUser is UserBySub, and nobody else changes the user until the
// transaction ends.
func (tx *Tx) LockUser(ctx context.Context, poolID, sub string) (*User, error) {
	return foundUser(changeOne(ctx, tx, tx.scanUser, lockUser, poolID, sub))
}

func foundUser(u *User, found bool, err error) (*User, error) {
	if err != nil {
		return nil, fmt.Errorf("load user: %w", err)
	}
	if !found {
		return nil, noUser()
	}
	return u, nil
}

// SaveUser writes a user that was read, better locked, in this transaction.
func (tx *Tx) SaveUser(ctx context.Context, u *User) error {
	values, err := userValues(tx.db, u)
	if err != nil {
		return err
	}
	n, err := tx.change(ctx, updateUser, values...)
	if err == nil && n == 0 {
		err = errStale
	}
	if err != nil {
		return fmt.Errorf("save user %s: %w", u.Sub, err)
	}
	u.Version++
	return nil
}

// DeleteUser removes a user with names, memberships, password history and
// token families. Rows of attempts stay: they guard the name as well.
func (tx *Tx) DeleteUser(ctx context.Context, poolID, sub string) error {
	n, err := tx.change(ctx, deleteUser, poolID, sub)
	if err != nil {
		return fmt.Errorf("delete user %s: %w", sub, err)
	}
	if n == 0 {
		return noUser()
	}
	return tx.countUser(ctx, poolID, sub, -1)
}
