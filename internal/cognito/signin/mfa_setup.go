package signin

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/mfa"
	"cognate/internal/cognito/sessions"
)

// The address to set up: Amplify spells it in capitals, the reference does not.
const (
	paramEmail        = "email"
	paramAmplifyEmail = "EMAIL"
)

// mfaSetupStep makes a user set up the second factor that the pool requires
// (auth-flows.md §7, §8, MFA_SETUP). An app is registered with the operations of
// package factors, which pass the Session on; an address comes with the answer
// and has to prove itself as the next step; a number has to be added elsewhere.
type mfaSetupStep struct{ o *Operations }

func (mfaSetupStep) traits() traits { return traits{} }

func (s mfaSetupStep) Begin(_ context.Context, a *attempt) (*answer, error) {
	return s.o.askForFactor(a, api.ChallengeNameTypeMfaSetup, "MFAS_CAN_SETUP", s.options(a))
}

func (mfaSetupStep) options(a *attempt) []string {
	return decideMFA(mfaCaseOf(&a.client.Pool.Settings, a.user)).setUp
}

func (s mfaSetupStep) Answer(ctx context.Context, a *attempt) (*answer, error) {
	if a.hidden() {
		return nil, errIncorrect() // disabled or deleted meanwhile
	}
	setup, err := mfa.ParseSetup(a.state.Data)
	if err != nil {
		return nil, fmt.Errorf("session of MFA_SETUP: %w", err)
	}
	email := cmp.Or(a.params[paramEmail], a.params[paramAmplifyEmail])
	switch {
	case setup.Verified: // the code of the app is among the factors of the Session
	case email != "" && slices.Contains(s.options(a), mfa.Email):
		if err := a.client.Pool.Schema.CheckNew([]api.AttributeType{{Name: attributes.Email, Value: &email}}, false); err != nil {
			return nil, err
		}
		a.newEmail = email
	default: // nothing was set up
		return nil, misplaced(sessions.Session, "Invalid session for the user.")
	}
	return s.o.settle(ctx, a, proof{right: true, kind: sessions.Session})
}
