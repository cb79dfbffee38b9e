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
// and has to prove itself as the next step; a number is added on the pages only
// (endpoints.md §6.4).
type mfaSetupStep struct{ o *Operations }

func (mfaSetupStep) traits() traits { return traits{} }

func (s mfaSetupStep) Begin(_ context.Context, a *attempt) (*answer, error) {
	return s.o.askForFactor(a, api.ChallengeNameTypeMfaSetup, "MFAS_CAN_SETUP", s.options(a))
}

func (mfaSetupStep) options(a *attempt) []string {
	return a.decideMFA(a.user).setUp
}

func (s mfaSetupStep) Answer(ctx context.Context, a *attempt) (*answer, error) {
	if a.hidden() {
		return nil, errIncorrect() // disabled or deleted meanwhile
	}
	setup, err := mfa.ParseSetup(a.state.Data)
	if err != nil {
		return nil, fmt.Errorf("session of MFA_SETUP: %w", err)
	}
	factor, attribute, address := a.toBeSetUp()
	switch {
	case setup.Verified: // the code of the app is among the factors of the Session
	case address != "" && slices.Contains(s.options(a), factor):
		if err := a.client.Pool.Schema.CheckNew([]api.AttributeType{{Name: attribute, Value: &address}}, false); err != nil {
			return nil, err
		}
		a.newFactor, a.newAddress = factor, address
	default: // nothing was set up
		return nil, misplaced(sessions.Session, "Invalid session for the user.")
	}
	return s.o.settle(ctx, a, proof{right: true, kind: sessions.Session})
}

// toBeSetUp reads the address that an answer brings.
func (a *attempt) toBeSetUp() (factor, attribute, address string) {
	if number := a.params[attributes.PhoneNumber]; a.page != nil && number != "" {
		return mfa.SMS, attributes.PhoneNumber, number
	}
	return mfa.Email, attributes.Email, cmp.Or(a.params[paramEmail], a.params[paramAmplifyEmail])
}
