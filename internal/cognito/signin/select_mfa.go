package signin

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/mfa"
	"cognate/internal/cognito/sessions"
)

// selectMFAStep lets a user with several second factors choose one (auth-flows.md
// §7, SELECT_MFA_TYPE).
type selectMFAStep struct{ o *Operations }

func (selectMFAStep) traits() traits { return traits{} }

func (s selectMFAStep) Begin(_ context.Context, a *attempt) (*answer, error) {
	return s.o.askForFactor(a, api.ChallengeNameTypeSelectMfaType, "MFAS_CAN_CHOOSE", s.options(a))
}

// Answer goes on to the factor that was chosen. That proves nothing yet.
func (s selectMFAStep) Answer(ctx context.Context, a *attempt) (*answer, error) {
	if a.hidden() {
		return nil, errIncorrect() // disabled or deleted meanwhile
	}
	a.chosen = a.params[paramAnswer]
	if a.chosen == "EMAIL_MFA" {
		a.chosen = mfa.Email
	}
	if !slices.Contains(s.options(a), a.chosen) {
		return nil, api.InvalidParameterException("Invalid MFA type selected.")
	}
	return s.o.settle(ctx, a, proof{right: true, kind: sessions.Session})
}

func (selectMFAStep) options(a *attempt) []string {
	if closing := a.closing(a.user); len(closing) > 0 {
		return closing
	}
	return decideMFA(a.mfaCase(a.user)).choose
}

// askForFactor is a challenge that shows a list of factors.
func (o *Operations) askForFactor(a *attempt, challenge api.ChallengeNameType, key string, factors []string) (*answer, error) {
	list, err := json.Marshal(factors)
	if err != nil {
		return nil, fmt.Errorf("list factors: %w", err)
	}
	session, err := o.sealFor(a, challenge, nil)
	if err != nil {
		return nil, err
	}
	return &answer{
		challenge: challenge, session: session,
		params: map[string]string{key: string(list), keyUserID: a.user.Username},
	}, nil
}
