package login

import (
	"context"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/signin"
	"cognate/internal/web/pages"
)

// choose prepares the choice of a first factor. Where there is none to make, it is
// made at once: the password is asked for on the next page, a code is sent.
func (v *visit) choose(ctx context.Context) error {
	s := v.tx.Step
	s.Available = slices.DeleteFunc(slices.Clone(s.Available), func(c api.ChallengeNameType) bool {
		return c == api.ChallengeNameTypePasswordSrp // the browser does no arithmetic
	})
	s.First = true
	v.tx.Choice = s
	if len(s.Available) == 1 {
		return v.chooseFactor(ctx, s.Available[0])
	}
	return v.turn(ctx, "/login")
}

func showChoice(v *visit) (pages.View, error) {
	return &pages.Choose{Frame: v.frame(), Username: v.tx.Username, Options: v.tx.Step.Available}, nil
}

func takeChoice(ctx context.Context, v *visit) error {
	chosen := api.ChallengeNameType(v.form.Get("do"))
	if !slices.Contains(v.tx.Step.Available, chosen) {
		return v.turn(ctx, "/login")
	}
	return v.chooseFactor(ctx, chosen)
}

// chooseFactor goes on to a factor. The password's page needs nothing of the
// server.
func (v *visit) chooseFactor(ctx context.Context, chosen api.ChallengeNameType) error {
	if chosen == api.ChallengeNameTypePassword {
		next := *v.tx.Step
		next.Challenge = chosen
		v.tx.Step = &next
		return v.turn(ctx, "/login")
	}
	return v.answer(ctx, map[string]string{paramAnswer: string(chosen)})
}

func showPassword(v *visit) (pages.View, error) {
	return &pages.Password{Frame: v.frame(), Username: v.tx.Username, Forgot: v.recovers(), Others: v.otherWays()}, nil
}

// takePassword takes the password of a choice. It begins the sign-in anew, so that
// a wrong one leaves the other ways open; in a step-up, where other proofs count
// already, the Session goes on.
func takePassword(ctx context.Context, v *visit) error {
	password := v.secret("password")
	if password == "" {
		return v.turn(ctx, "/login")
	}
	if v.tx.StepUp {
		return v.answer(ctx, map[string]string{paramPassword: password})
	}
	page := &signin.Page{Flow: api.AuthFlowTypeUserAuth, Params: map[string]string{
		paramPreferred: string(api.ChallengeNameTypePassword), paramPassword: password,
	}}
	v.aim(page)
	got, err := v.ask(ctx, page)
	switch {
	case err == nil:
		return v.advance(ctx, got)
	case api.HasCode(err, "NotAuthorizedException") && v.refused(err): // try again
		return v.turn(ctx, "/login")
	}
	return v.refusedFirst(ctx, err)
}
