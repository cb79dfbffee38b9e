package access

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"time"

	"cognate/internal/cognito/audit"
	"cognate/internal/store"
)

// UserSpec is what is written of a user. A policy is a document, or the ARN of one
// that is built in.
type UserSpec struct {
	Name     string            `json:"user"`
	Policies []string          `json:"policies,omitzero"`
	Boundary string            `json:"boundary,omitzero"`
	Tags     map[string]string `json:"tags,omitzero"`
}

// KeyInfo is a user's key without its secret.
type KeyInfo struct {
	ID        string    `json:"accessKeyId"`
	User      string    `json:"user"`
	ARN       string    `json:"arn"`
	Active    bool      `json:"active"`
	CreatedAt time.Time `json:"created"`
	UsedAt    time.Time `json:"lastUsed,omitzero"`
	Bounded   bool      `json:"bounded,omitzero"`
}

// NewKey is a key that was just made. The secret is shown now or never.
type NewKey struct {
	KeyInfo
	Secret string `json:"secretAccessKey"`
}

// CreateKey makes a key for a user, and the user if there is none of the name: only
// then has the specification more than the name. A user has two keys at most.
func (a *Access) CreateKey(ctx context.Context, caller *Principal, spec UserSpec) (*NewKey, error) {
	if !nameForm.MatchString(spec.Name) {
		return nil, invalid("A user's name has 1 to 64 letters, digits and characters of +=,.@_-")
	}
	if err := a.consentAbout(ctx, caller, CreateAccessKey, spec.Name); err != nil {
		return nil, err
	}
	if err := a.checkRights(spec.Policies, spec.Boundary, spec.Tags); err != nil {
		return nil, err
	}
	bounds, err := boundsOf(caller)
	if err != nil {
		return nil, err
	}
	made, err := store.Write(ctx, a.DB, func(ctx context.Context, tx *store.Tx) (*NewKey, error) {
		user, err := a.userFor(ctx, tx, spec, bounds)
		if err != nil {
			return nil, err
		}
		return a.addKey(ctx, tx, user.Name, bounds)
	})
	if err != nil {
		return nil, err
	}
	a.changed(ctx, audit.AccessKeyMade, made.ARN+" "+made.ID)
	return made, nil
}

// consentAbout asks whether a caller may do something with the user of a name, by
// the ARN that the user has: names are the same in every case, ARNs are not.
func (a *Access) consentAbout(ctx context.Context, caller *Principal, action, name string) error {
	user, err := store.Read(ctx, a.DB, func(ctx context.Context, tx *store.Tx) (*store.AccessUser, error) {
		user, _, err := tx.AccessUser(ctx, name)
		return user, err
	})
	if err != nil {
		return err
	}
	if user != nil {
		name = user.Name
	}
	return a.consent(ctx, caller, action, a.iamARN("user/"+name))
}

// userFor finds the user that a key is for, or makes it.
func (a *Access) userFor(ctx context.Context, tx *store.Tx, spec UserSpec, bounds []store.Bounds) (*store.AccessUser, error) {
	user, found, err := tx.AccessUser(ctx, spec.Name)
	if err != nil {
		return nil, err
	}
	if found {
		if spec.Policies != nil || spec.Boundary != "" || spec.Tags != nil {
			return nil, invalid("There is a user %s already. A further key has the same policies; cognate access-key policy changes them.", user.Name)
		}
		return user, nil
	}
	if len(spec.Policies) == 0 {
		return nil, invalid("There is no user %s yet: say what it may do.", spec.Name)
	}
	now := a.Now()
	user = &store.AccessUser{
		Name: spec.Name, ID: newID("AIDA"), CreatedAt: now, ModifiedAt: now,
		Settings: store.AccessUserSettings{Policies: spec.Policies, Boundary: spec.Boundary, Tags: spec.Tags, Bounds: bounds},
	}
	added, err := tx.InsertAccessUser(ctx, user)
	if err == nil && !added {
		err = invalid("The user %s was made at the same time.", spec.Name)
	}
	return user, err
}

func (a *Access) addKey(ctx context.Context, tx *store.Tx, user string, bounds []store.Bounds) (*NewKey, error) {
	keys, err := tx.AccessKeysOf(ctx, user)
	if err != nil {
		return nil, err
	}
	if len(keys) >= maxKeysOfUser {
		return nil, invalid("The user %s has %d keys, and %d at most.", user, len(keys), maxKeysOfUser)
	}
	row := store.AccessKey{
		ID: newID("AKIA"), UserName: user, Secret: newSecret(), Active: true, CreatedAt: a.Now(), Dev: a.Dev, Bounds: bounds,
	}
	added, err := tx.InsertAccessKey(ctx, row)
	if err == nil && !added {
		err = fmt.Errorf("make access key: its id %s is taken", row.ID)
	}
	if err != nil {
		return nil, err
	}
	return &NewKey{a.keyInfo(row), row.Secret}, nil
}

// RotateKey makes a second key for the user of a key. The first one stays, unless
// it is to be replaced at once.
func (a *Access) RotateKey(ctx context.Context, caller *Principal, id string, replace bool) (*NewKey, error) {
	old, err := a.keyRow(ctx, caller, RotateAccessKey, id)
	if err != nil {
		return nil, err
	}
	bounds := old.Bounds
	if caller.AccessKeyID != old.ID {
		added, err := boundsOf(caller)
		if err != nil {
			return nil, err
		}
		bounds = together(added, bounds)
	}
	if len(bounds) > maxBounds {
		return nil, invalid("The rights of this key come through %d others: make the user a key instead.", len(bounds))
	}
	made, err := store.Write(ctx, a.DB, func(ctx context.Context, tx *store.Tx) (*NewKey, error) {
		_, found, err := tx.AccessKey(ctx, id)
		if replace && err == nil {
			_, found, err = tx.DeleteAccessKey(ctx, id)
		}
		if err != nil {
			return nil, err
		}
		if !found { // removed since it was looked at, perhaps to shut out who holds it
			return nil, noSuchKey(id)
		}
		return a.addKey(ctx, tx, old.UserName, bounds)
	})
	if err != nil {
		return nil, err
	}
	if replace {
		a.changed(ctx, audit.AccessKeyRemoved, id)
	}
	a.changed(ctx, audit.AccessKeyMade, made.ARN+" "+made.ID)
	return made, nil
}

// Keys lists the keys of all users.
func (a *Access) Keys(ctx context.Context, caller *Principal) ([]KeyInfo, error) {
	if err := a.consent(ctx, caller, ListAccessKeys, "*"); err != nil {
		return nil, err
	}
	rows, err := store.Read(ctx, a.DB, func(ctx context.Context, tx *store.Tx) ([]store.AccessKey, error) { return tx.AccessKeys(ctx) })
	if err != nil {
		return nil, err
	}
	list := make([]KeyInfo, 0, len(rows))
	for _, row := range rows {
		list = append(list, a.keyInfo(row))
	}
	return list, nil
}

// DeleteKey removes a key. With its last key a user goes, too.
func (a *Access) DeleteKey(ctx context.Context, caller *Principal, id string) error {
	if _, err := a.keyRow(ctx, caller, DeleteAccessKey, id); err != nil {
		return err
	}
	_, err := store.Write(ctx, a.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		none := struct{}{}
		user, found, err := tx.DeleteAccessKey(ctx, id)
		if err != nil || !found {
			return none, err
		}
		left, err := tx.AccessKeysOf(ctx, user)
		if err != nil || len(left) > 0 {
			return none, err
		}
		return none, tx.DeleteAccessUser(ctx, user)
	})
	if err == nil {
		a.changed(ctx, audit.AccessKeyRemoved, id)
	}
	return err
}

// keyRow finds the key of a user that a caller wants to do something with. Callers
// who may not are told so whether there is such a key or not.
func (a *Access) keyRow(ctx context.Context, caller *Principal, action, id string) (store.AccessKey, error) {
	row, err := store.Read(ctx, a.DB, func(ctx context.Context, tx *store.Tx) (store.AccessKey, error) {
		row, _, err := tx.AccessKey(ctx, id)
		return row, err
	})
	if err != nil {
		return row, err
	}
	resource := "*"
	if row.UserName != "" {
		resource = a.iamARN("user/" + row.UserName)
	}
	if err := a.consent(ctx, caller, action, resource); err != nil {
		return row, err
	}
	if row.UserName == "" {
		return row, noSuchKey(id)
	}
	return row, nil
}

func noSuchKey(id string) error { return invalid("There is no access key %s of a user.", id) }

// PutUser replaces the policies, the boundary and the tags of a user.
func (a *Access) PutUser(ctx context.Context, caller *Principal, spec UserSpec) error {
	if !nameForm.MatchString(spec.Name) {
		return invalid("There is no user %s.", spec.Name)
	}
	if err := a.consentAbout(ctx, caller, PutUser, spec.Name); err != nil {
		return err
	}
	if err := a.checkRights(spec.Policies, spec.Boundary, spec.Tags); err != nil {
		return err
	}
	bounds, err := boundsOf(caller)
	if err != nil {
		return err
	}
	name, err := store.Write(ctx, a.DB, func(ctx context.Context, tx *store.Tx) (string, error) {
		user, found, err := tx.AccessUser(ctx, spec.Name)
		if err != nil {
			return "", err
		}
		if !found {
			return "", invalid("There is no user %s.", spec.Name)
		}
		user.ModifiedAt = a.Now()
		user.Settings = store.AccessUserSettings{Policies: spec.Policies, Boundary: spec.Boundary, Tags: spec.Tags, Bounds: bounds}
		_, err = tx.SaveAccessUser(ctx, user)
		return user.Name, err
	})
	if err == nil {
		a.changed(ctx, audit.AccessUserSet, a.iamARN("user/"+name)) // as it was made, in its own case
	}
	return err
}

func (a *Access) keyInfo(k store.AccessKey) KeyInfo {
	return KeyInfo{
		ID: k.ID, User: k.UserName, ARN: a.iamARN("user/" + k.UserName), Active: k.Active, CreatedAt: k.CreatedAt, UsedAt: k.UsedAt,
		Bounded: len(k.Bounds) > 0,
	}
}

// newID has the form of AWS's ids: four letters for the kind, and 16 characters.
func newID(kind string) string { return kind + rand.Text()[:16] }

func newSecret() string {
	var b [secretSize]byte
	_, _ = rand.Read(b[:]) // documented never to fail
	return base64.StdEncoding.EncodeToString(b[:])
}
