package signin

import (
	"context"
	"encoding/json"
	"fmt"

	"cognate/internal/api"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/migration"
	"cognate/internal/cognito/tokens"
	"cognate/internal/cognito/triggers"
	"cognate/internal/store"
)

// occasion is what functions are told about an attempt. They get the
// ClientMetadata of answers, but not that of a first request
// (triggers.md §4).
func (a *attempt) occasion() triggers.Occasion {
	on := triggers.Occasion{Pool: a.client.Pool, Client: a.client, Username: a.presented()}
	if !a.hidden() {
		on.Username, on.User = a.user.Username, a.user
	}
	if a.state != nil {
		on.Metadata = a.metadata
	}
	return on
}

// validation is the ClientMetadata of the first request, which one function gets
// under that name.
func (a *attempt) validation() (map[string]string, error) {
	if a.state == nil {
		return a.metadata, nil
	}
	if a.state.Validation == "" {
		return nil, nil
	}
	var data map[string]string
	if err := json.Unmarshal([]byte(a.state.Validation), &data); err != nil {
		return nil, fmt.Errorf("read the metadata of a sign-in: %w", err)
	}
	return data, nil
}

// validationText keeps that metadata for an answer to come, if a function will
// want it.
func (a *attempt) validationText() (string, error) {
	if a.state != nil {
		return a.state.Validation, nil
	}
	if len(a.metadata) == 0 || !triggers.Has(a.client.Pool, triggers.PreAuthentication) {
		return "", nil
	}
	text, err := json.Marshal(a.metadata)
	if err != nil {
		return "", fmt.Errorf("keep the metadata of a sign-in: %w", err)
	}
	if len(text) > longestValidation {
		return "", api.InvalidParameterException("ClientMetadata is too long.")
	}
	return string(text), nil
}

// longestValidation is how much of that fits into SECRET_BLOCK beside the rest, in
// bytes.
const longestValidation = 8 << 10

// preAuthentication asks the pool's function before the first proof of a sign-in
// counts. Custom sign-ins have asked at their beginning.
func (o *Operations) preAuthentication(ctx context.Context, a *attempt) error {
	if len(a.proven) > 0 || a.flow == api.AuthFlowTypeCustomAuth || a.asked || a.newcomer() {
		return nil
	}
	data, err := a.validation()
	if err != nil {
		return err
	}
	return o.Triggers.PreAuthentication(ctx, a.occasion(), data)
}

// changesToTokens asks the pool's function what to change in the tokens of a
// sign-in.
func (o *Operations) changesToTokens(ctx context.Context, a *attempt, d decision) (tokens.Override, error) {
	source := triggers.TokensOfSignIn
	switch {
	case a.deviceProved:
		source = triggers.TokensOfDevice
	case a.state != nil && a.state.Step == string(api.ChallengeNameTypeNewPasswordRequired):
		source = triggers.TokensOfNewPassword
	}
	on := a.occasion()
	on.User = d.user
	return o.Triggers.PreTokenGeneration(ctx, on, source, d.groups, []string{tokens.SelfServiceScope})
}

// postAuthentication tells the pool's function that the user is in.
func (o *Operations) postAuthentication(ctx context.Context, a *attempt, d decision) error {
	if a.newcomer() {
		return nil
	}
	on := a.occasion()
	on.User = d.user
	var newDevice *bool
	if a.client.Pool.Config().DeviceConfiguration != nil {
		newDevice = new(d.device != nil)
	}
	return o.Triggers.PostAuthentication(ctx, on, newDevice)
}

// postConfirmation tells the pool's function about a user whom an answer
// confirmed.
func (o *Operations) postConfirmation(ctx context.Context, a *attempt, now *store.User) error {
	if a.user == nil || now == nil || a.user.Status != api.UserStatusTypeUnconfirmed || now.Status != api.UserStatusTypeConfirmed {
		return nil
	}
	on := a.occasion()
	on.User = now
	return o.Triggers.PostConfirmation(ctx, on, triggers.AfterSignUp)
}

// migrate looks for the user of a sign-in with a plain password whom nobody here
// knows. Where existence is hidden, whatever goes wrong leaves the user unknown.
func (o *Operations) migrate(ctx context.Context, a *attempt) error {
	if a.user != nil || !a.plaintext || a.params[paramPassword] == "" || !migration.Possible(a.client.Pool) {
		return nil
	}
	if o.Lockout.Locked(a.failures) {
		return limits.ErrLocked()
	}
	m := migration.Migration{
		DB: o.DB, Now: o.Now, Triggers: o.Triggers, Credentials: o.Credentials, Mailer: o.Mailer, Limits: o.Limits, OldPools: o.OldPools,
	}
	data, err := a.validation()
	if err != nil {
		return err
	}
	user, err := m.Run(ctx, migration.Request{
		Client: a.client, Name: a.params[paramUsername], Metadata: a.occasion().Metadata,
		Migration: triggers.Migration{Source: triggers.ToSignIn, Password: a.params[paramPassword], Validation: data},
	})
	switch {
	case isAnswer(err) && a.client.HidesExistence():
		return nil
	case err != nil || user == nil:
		return err
	}
	a.user = user
	_, err = store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, o.readFailures(ctx, tx, a, true)
	})
	return err
}
