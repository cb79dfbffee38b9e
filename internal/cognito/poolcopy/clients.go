package poolcopy

import (
	"context"
	"encoding/json"
	"fmt"

	"cognate/internal/api"
)

// Disclosure is what an API may do besides, where it belongs to somebody who may
// read everything.
type Disclosure interface {
	// ClientSecrets gives the values of a client's secrets, the oldest first.
	ClientSecrets(ctx context.Context, poolID, clientID string) ([]string, error)
}

// secondSecret reads the secret of a client that DescribeUserPoolClient does not
// show. The API has no value of it for anybody (newest-features.md §7).
func (r *reader) secondSecret(ctx context.Context, id, name, shown string) error {
	var got api.ListUserPoolClientSecretsResponse
	in := &api.ListUserPoolClientSecretsRequest{UserPoolId: r.poolID, ClientId: id}
	if err := r.from.Call(ctx, "ListUserPoolClientSecrets", in, &got); r.skip("second secret of client "+name, err) {
		return nil
	} else if err != nil {
		return fmt.Errorf("list the secrets of client %s: %w", id, err)
	}
	if len(got.ClientSecrets) < 2 {
		return nil
	}
	open, ok := r.from.(Disclosure)
	if !ok {
		r.note("client "+name, "it has two secrets, and the API shows one of them: give the other with --client-secret %s=FILE, or have its programs use the one that DescribeUserPoolClient shows", id)
		return nil
	}
	values, err := open.ClientSecrets(ctx, r.poolID, id)
	if err != nil {
		return fmt.Errorf("read the secrets of client %s: %w", id, err)
	}
	for _, value := range values {
		if value != shown {
			return r.add(SecondSecret(r.poolID, id, value))
		}
	}
	return nil
}

func (r *reader) add(s *Step, err error) error {
	if err == nil {
		r.steps = append(r.steps, *s)
	}
	return err
}

// SecondSecret is the step that gives a client another secret beside its first.
func SecondSecret(poolID, clientID, value string) (*Step, error) {
	input, err := json.Marshal(&api.AddUserPoolClientSecretRequest{UserPoolId: poolID, ClientId: clientID})
	if err != nil {
		return nil, fmt.Errorf("write the request for a second secret: %w", err)
	}
	return &Step{Call: "AddUserPoolClientSecret", Name: clientID, Input: input, Secrets: map[string]string{"ClientSecret": value}}, nil
}

// defaultSSOMinutes is what a client has that never set how long it takes a
// browser's session over (newest-features.md §4.3).
const defaultSSOMinutes = 60

// sessions reads whether sessions are tracked, and what clients say about them. The
// settings of clients count only, and can only be set, where they are.
func (r *reader) sessions(ctx context.Context) error {
	var got api.GetUserPoolSessionConfigurationResponse
	in := &api.GetUserPoolSessionConfigurationRequest{UserPoolId: r.poolID}
	if err := r.from.Call(ctx, "GetUserPoolSessionConfiguration", in, &got); r.skip("tracking of sessions", err) {
		return nil
	} else if err != nil {
		return fmt.Errorf("read how pool %s tracks sessions: %w", r.poolID, err)
	}
	if got.UserSessionTracking != api.UserSessionTrackingTypeEnabled {
		return nil
	}
	set := &api.SetUserPoolSessionConfigurationRequest{
		UserPoolId: r.poolID, UserSessionTracking: got.UserSessionTracking, TokenSession: got.TokenSession,
	}
	if err := r.step("SetUserPoolSessionConfiguration", "", "", set, nil); err != nil {
		return err
	}
	for _, id := range r.clientIDs {
		if err := r.clientSessions(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) clientSessions(ctx context.Context, id string) error {
	var got api.GetUserPoolClientSessionConfigurationResponse
	in := &api.GetUserPoolClientSessionConfigurationRequest{UserPoolId: r.poolID, ClientId: id}
	if err := r.from.Call(ctx, "GetUserPoolClientSessionConfiguration", in, &got); r.skip("sessions of client "+id, err) {
		return nil
	} else if err != nil {
		return fmt.Errorf("read the session settings of client %s: %w", id, err)
	}
	if got.SSOSession == nil || got.SSOSession.MaxValidityMinutes == defaultSSOMinutes {
		return nil
	}
	set := &api.SetUserPoolClientSessionConfigurationRequest{UserPoolId: r.poolID, ClientId: id, SSOSession: got.SSOSession}
	return r.step("SetUserPoolClientSessionConfiguration", "", id, set, nil)
}
