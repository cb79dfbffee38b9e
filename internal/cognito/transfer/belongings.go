package transfer

import (
	"cmp"
	"context"
	"slices"
	"time"

	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// addBelongings gives a new user what the row brings. A refusal says that
// somebody else has it.
func (c candidate) addBelongings(ctx context.Context, tx *store.Tx, now time.Time) error {
	poolID, sub := c.user.PoolID, c.user.Sub
	for _, g := range c.row.User.Groups {
		if _, err := tx.AddMember(ctx, poolID, g, sub, now); err != nil {
			return err
		}
	}
	for _, i := range c.row.User.Identities {
		added, err := tx.InsertUserIdentity(ctx, &store.UserIdentity{
			PoolID: poolID, Provider: i.ProviderName, Attribute: cmp.Or(i.Attribute, store.SubjectAttribute), Value: i.Value, Sub: sub, Own: i.Own,
			CreatedAt: i.DateCreated.Time,
		})
		if err != nil {
			return err
		}
		if !added {
			return refusal{"somebody else has the identity at " + i.ProviderName}
		}
	}
	for _, k := range c.row.User.Passkeys {
		added, err := tx.InsertPasskey(ctx, &store.Passkey{
			PoolID: poolID, Sub: sub, ID: k.CredentialID, SignCount: k.SignCount, CreatedAt: k.CreatedAt.Time, Details: k.Details,
		})
		if err != nil {
			return err
		}
		if !added {
			return refusal{"somebody else has the passkey"}
		}
	}
	return c.addSecrets(ctx, tx)
}

func (c candidate) addSecrets(ctx context.Context, tx *store.Tx) error {
	poolID, sub, s := c.user.PoolID, c.user.Sub, c.row.Secrets
	if s == nil {
		return nil
	}
	for _, p := range s.History {
		if err := tx.AddPasswordHistory(ctx, poolID, sub, *p.stored(), p.CreatedAt.Time, mostOf); err != nil {
			return err
		}
	}
	if a := s.TOTP; a != nil {
		app := store.TOTP{PoolID: poolID, Sub: sub, Secret: a.Secret, Name: a.Name, LastStep: a.LastStep, CreatedAt: a.CreatedAt.Time}
		if err := tx.PutTOTP(ctx, app); err != nil {
			return err
		}
	}
	for _, d := range s.Devices {
		_, err := tx.InsertDevice(ctx, &store.Device{
			PoolID: poolID, Sub: sub, ID: d.DeviceKey, Name: d.Name, Remembered: d.Remembered, Secret: *d.Secret.stored(), LastIP: d.LastIP,
			CreatedAt: d.CreatedAt.Time, ModifiedAt: d.ModifiedAt.Time, AuthenticatedAt: d.AuthenticatedAt.Time,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// update makes a user who is there already as the row says, and reports whether
// that changed anything.
func (c candidate) update(ctx context.Context, tx *store.Tx, pool *directory.Pool, now time.Time) (bool, error) {
	u, err := tx.LockUser(ctx, pool.ID, c.user.Sub)
	if err != nil {
		return false, err
	}
	if u.ModifiedAt.After(c.user.ModifiedAt) {
		return false, nil // changed here since
	}
	waits := u.Password == nil && c.user.Password == nil
	same := slices.Equal(u.Attributes, c.user.Attributes) && u.Enabled == c.user.Enabled && (!waits || u.Status == c.user.Status)
	if same {
		return c.updateGroups(ctx, tx, now)
	}
	before := attributes.SignInNames(pool.Config(), u)
	u.Attributes, u.Enabled, u.ModifiedAt = c.user.Attributes, c.user.Enabled, c.user.ModifiedAt
	if waits {
		u.Status = c.user.Status
	}
	taken, _, err := tx.SetNames(ctx, pool.ID, u.Sub, attributes.SignInNames(pool.Config(), u))
	if err != nil {
		return false, err
	}
	if taken != nil {
		if _, _, err := tx.SetNames(ctx, pool.ID, u.Sub, before); err != nil {
			return false, err
		}
		return false, refusal{"somebody else signs in with the " + taken.Kind}
	}
	if _, err := c.updateGroups(ctx, tx, now); err != nil {
		return false, err
	}
	return true, tx.SaveUser(ctx, u)
}

// updateGroups puts a user into the groups of the row, and into no others.
func (c candidate) updateGroups(ctx context.Context, tx *store.Tx, now time.Time) (changed bool, err error) {
	have, err := tx.AllGroupsOfUser(ctx, c.user.PoolID, c.user.Sub)
	if err != nil {
		return false, err
	}
	for _, g := range have {
		if slices.Contains(c.row.User.Groups, g.Name) {
			continue
		}
		if _, err := tx.RemoveMember(ctx, g.PoolID, g.Name, c.user.Sub); err != nil {
			return false, err
		}
		changed = true
	}
	for _, name := range c.row.User.Groups {
		added, err := tx.AddMember(ctx, c.user.PoolID, name, c.user.Sub, now)
		if err != nil {
			return false, err
		}
		changed = changed || added
	}
	return changed, nil
}
