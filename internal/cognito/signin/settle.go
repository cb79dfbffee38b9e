package signin

import (
	"context"
	"errors"

	"cognate/internal/api"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/sessions"
	"cognate/internal/store"
)

// proof is what a step found out about an answer.
type proof struct {
	right  bool
	factor string        // what a right answer proves, in the vocabulary of amr; empty: nothing new
	kind   sessions.Kind // of the string that the answer uses up
	// change is what a right answer alters. It gets the user locked and saves it.
	change func(ctx context.Context, tx *store.Tx, u *store.User) error
	device *store.Device // that a right answer proves, as it was checked
}

// decision is what the transaction of settle came to.
type decision struct {
	next   step // nil: the sign-in is complete
	user   *store.User
	groups []*store.Group
	device *api.NewDeviceMetadataType // given to a device that the pool does not know
	holds  bool                       // the proof is as good as it was
}

// settle records an answer in one transaction, and then goes on: to the next
// step, or to what a complete sign-in gives. It is the only way from a proof to
// tokens, and to a session of a browser.
func (o *Operations) settle(ctx context.Context, a *attempt, p proof) (*answer, error) {
	if err := o.foregone(ctx, a); err != nil {
		return o.orConfirm(a, p, err)
	}
	if err := o.watch(ctx, a, &p); err != nil {
		return nil, err
	}
	factors := a.with(p.factor)
	end, err := o.conclusion(ctx, a, factors)
	if err != nil {
		return nil, err
	}
	d, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (decision, error) {
		d, err := o.record(ctx, tx, a, p)
		err = o.note(ctx, tx, a, p, d, err)
		if err != nil || d.next != nil {
			return d, err
		}
		return d, end.begin(ctx, tx, a, &d)
	})
	if err != nil {
		return nil, err
	}
	if a.watching != nil {
		a.watching.Recorded()
	}
	if err := o.postConfirmation(ctx, a, d.user); err != nil {
		return nil, err
	}
	if d.next != nil {
		a.user, a.proven, a.settled = d.user, factors, true
		return d.next.Begin(ctx, a)
	}
	return end.answer(ctx, a, d)
}

// foregone gives the answers that do not depend on the proof, in their place in
// the order of checks: the lock, then functions that would be asked first, then
// the user's state (auth-flows.md §5).
func (o *Operations) foregone(ctx context.Context, a *attempt) error {
	if a.counted && o.Lockout.Locked(a.failures) {
		return limits.ErrLocked()
	}
	if err := o.preAuthentication(ctx, a); err != nil {
		return err
	}
	if a.hidden() || a.passesForUnknown() {
		return nil
	}
	if _, err := confirmed(o, a, a.user); err != nil && !a.confirms {
		return err
	}
	_, err := notToBeReset(o, a, a.user)
	return err
}

// passesForUnknown reports whether a user without a password has to look like
// nobody: one who was imported, at a client that hides existence, and has no
// other way in.
func (a *attempt) passesForUnknown() bool {
	return imported(a.user) && a.client.HidesExistence() && !a.entersByCode()
}

// record is the transaction of settle up to the new family: the string is spent,
// and the failure counted or the gate passed.
func (o *Operations) record(ctx context.Context, tx *store.Tx, a *attempt, p proof) (decision, error) {
	if a.state != nil && !a.settled {
		first, err := tx.SpendOnce(ctx, a.state.PoolID, spentKind, a.state.ID, a.state.Expires)
		if err != nil {
			return decision{}, err
		}
		if !first {
			return decision{}, errSpent(p.kind)
		}
	}
	user, err := o.proven(ctx, tx, a, p)
	if err != nil {
		return decision{}, err
	}
	if holds, err := a.confirmDevice(ctx, tx, p.device); err != nil {
		return decision{}, err
	} else if !holds {
		user = nil
	}
	if user == nil {
		return decision{}, o.recordFailure(ctx, tx, a)
	}
	if p.change != nil {
		if err := p.change(ctx, tx, user); err != nil {
			return decision{}, err
		}
	}
	after := *a
	after.proven = a.with(p.factor)
	next, err := o.gate(&after, user)
	switch {
	case err != nil && p.change == nil:
		return decision{holds: true}, spend(err)
	case err != nil:
		return decision{holds: true}, err
	case next != nil:
		return decision{next: next, user: user, holds: true}, o.stillUnlocked(ctx, tx, a)
	}
	if err := o.Lockout.Succeed(ctx, tx, a.client.PoolID, a.subject); err != nil && (a.counted || !isAnswer(err)) {
		return decision{}, err
	}
	groups, err := tx.AllGroupsOfUser(ctx, user.PoolID, user.Sub)
	return decision{user: user, groups: groups, holds: true}, err
}

// proven reads the user again and tells whether the proof still holds: nil when
// it does not. The user is locked for a step that changes it, and where sign-ins
// of one user have to be counted.
func (o *Operations) proven(ctx context.Context, tx *store.Tx, a *attempt, p proof) (*store.User, error) {
	if !p.right || a.hidden() {
		return nil, nil
	}
	read := tx.UserBySub
	if p.change != nil || a.client.Pool.TracksSessions() {
		read = tx.LockUser
	}
	user, err := read(ctx, a.user.PoolID, a.user.Sub)
	if unknown(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !a.user.Password.Equal(user.Password) {
		return nil, nil
	}
	return user, nil
}

// recordFailure counts a wrong answer and keeps the count.
func (o *Operations) recordFailure(ctx context.Context, tx *store.Tx, a *attempt) error {
	if a.counted {
		if err := o.Lockout.Fail(ctx, tx, a.client.PoolID, a.subject); err != nil {
			return err
		}
	}
	return store.CommitWith(errIncorrect())
}

// stillUnlocked refuses a right answer that arrives during a lock begun by
// others.
func (o *Operations) stillUnlocked(ctx context.Context, tx *store.Tx, a *attempt) error {
	if !a.counted {
		return nil
	}
	return o.Lockout.Check(ctx, tx, a.client.PoolID, a.subject)
}

// spend keeps a string used up although the answer is a refusal.
func spend(err error) error {
	if isAnswer(err) {
		return store.CommitWith(err)
	}
	return err
}

// isAnswer reports whether err is meant for the caller.
func isAnswer(err error) bool {
	var answer *api.Error
	return errors.As(err, &answer)
}
