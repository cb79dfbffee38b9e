package signin

import (
	"cmp"
	"context"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/threats"
	"cognate/internal/store"
)

// admit refuses requests from addresses that the pool or client blocks, whoever
// they are about (users-and-pools.md §22).
func (o *Operations) admit(ctx context.Context, a *attempt) error {
	if !o.Threats.Barred(ctx, a.client, a.flow, a.context) {
		return nil
	}
	if !a.hidden() {
		if err := o.Threats.RecordBarred(ctx, threats.Attempt{Client: a.client, Flow: a.flow, User: a.user, Context: a.context}); err != nil {
			return err
		}
	}
	return threats.ErrBlocked()
}

// watch has a first proof judged where the pool wants that, or takes up the
// judgement of an earlier request. It stays outside of the transaction.
func (o *Operations) watch(ctx context.Context, a *attempt, p *proof) error {
	switch {
	case a.watching != nil || a.hidden():
		return nil
	case !threats.Watches(a.client, a.flow):
		return nil
	}
	first := threats.Attempt{Client: a.client, Flow: a.flow, User: a.user, Context: a.context, Right: p.right}
	if a.plaintext {
		first.Password = a.params[paramPassword]
	}
	var err error
	if a.watching, err = o.Threats.Look(ctx, first); err != nil {
		return err
	}
	if a.watching.Refuses() {
		p.change = nil // refused by the gate, so that nothing is to change
	}
	return nil
}

// bindEvent makes the tokens of a sign-in carry the id of its event.
func (a *attempt) bindEvent(f *store.Family) {
	if a.watching == nil {
		return
	}
	if f.ID == f.EventID {
		f.ID = a.watching.ID
	}
	f.EventID = a.watching.ID
}

// note records what a transaction of settle came to. An answer that does not
// commit takes the record with it.
func (o *Operations) note(ctx context.Context, tx *store.Tx, a *attempt, p proof, d decision, outcome error) error {
	if a.watching == nil || outcome != nil && !isAnswer(outcome) {
		return outcome
	}
	response := api.EventResponseTypePass
	switch {
	case outcome != nil:
		response = api.EventResponseTypeFail
	case d.next != nil:
		response = api.EventResponseTypeInProgress
	}
	var more []api.ChallengeResponseType
	if right := p.right && d.holds; !right || p.factor != "" {
		more = threats.Challenge(a.challengeKind(), right)
	}
	if err := o.Threats.Record(ctx, tx, a.watching, response, more); err != nil {
		return err
	}
	return outcome
}

// noteWrongCode records a wrong code, after which the sign-in may go on.
func (o *Operations) noteWrongCode(ctx context.Context, tx *store.Tx, a *attempt) error {
	if a.watching == nil {
		return nil
	}
	response := api.EventResponseTypeInProgress
	if a.state == nil || a.state.Event == "" {
		response = api.EventResponseTypeFail
	}
	return o.Threats.Record(ctx, tx, a.watching, response, threats.Challenge(a.challengeKind(), false))
}

// noteEnd records that functions ended a sign-in. It gives the answer for the
// caller.
func (o *Operations) noteEnd(ctx context.Context, a *attempt, answer error) error {
	if err := o.watch(ctx, a, &proof{}); err != nil || a.watching == nil {
		return cmp.Or(err, answer)
	}
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		err := o.Threats.Record(ctx, tx, a.watching, api.EventResponseTypeFail, threats.Challenge(a.challengeKind(), false))
		return struct{}{}, cmp.Or(err, store.CommitWith(answer))
	})
	return err
}

// challengeKind is what events call the proof of an attempt.
func (a *attempt) challengeKind() api.ChallengeName {
	if len(a.proven) == 0 {
		return api.ChallengeNamePassword
	}
	return api.ChallengeNameMfa
}

// notRefused is the row of the gate that refuses sign-ins for their risk, or for
// a password that is known to attackers.
func notRefused(_ *Operations, a *attempt, _ *store.User) (step, error) {
	if a.watching == nil {
		return nil, nil
	}
	return nil, a.watching.Refusal()
}

// demand is the further factor that the risk of the sign-in makes necessary.
func (a *attempt) demand() threats.Demand {
	if a.watching == nil {
		return threats.Nothing
	}
	return a.watching.Demand
}

// factorForRisk is the row of the gate that asks for a second factor because of
// the risk: one that the user has, even if it is not switched on. The proof of a
// device does not stand in. Nobody may set a factor up at this moment.
func factorForRisk(o *Operations, a *attempt, u *store.User) (step, error) {
	demand := a.demand()
	if demand == threats.Nothing || multiFactor(a) {
		return nil, nil
	}
	d := decideMFA(a.mfaCase(u))
	switch {
	case d.ask != "":
		return factorStep(o, d.ask), nil
	case slices.Contains(d.choose, a.chosen):
		return factorStep(o, a.chosen), nil
	case d.choose != nil:
		return selectMFAStep{o}, nil
	case demand == threats.Required:
		return nil, a.watching.Stop()
	}
	return nil, nil
}

// mfaCase is mfaCaseOf for an attempt: a risk makes the pool one that wants a
// second factor, if it has any.
func (a *attempt) mfaCase(u *store.User) mfaCase {
	c := mfaCaseOf(&a.client.Pool.Settings, u)
	if a.demand() != threats.Nothing && c.mode == api.UserPoolMfaTypeOptional {
		c.mode = api.UserPoolMfaTypeOn
	}
	return c
}
