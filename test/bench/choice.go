package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/document"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/protocol/webauthn/passkeytest"
)

// choicePool is a pool of choice-based sign-in with passkeys; it is made when it
// is first measured.
type choicePool struct {
	once             sync.Once
	err              error
	poolID, clientID string
}

// chooser is a user of a choicePool for one worker; the key is there if the user
// was asked to have one.
type chooser struct {
	pool *choicePool
	name string
	key  *passkeytest.Authenticator
}

const passkeyParty = "bench.example.com"

// newChooser makes a user, with a passkey or without.
func (p *choicePool) newChooser(w *world, passkey bool) func(ctx context.Context, worker int) (any, error) {
	return func(ctx context.Context, worker int) (any, error) {
		p.once.Do(func() { p.err = p.make(ctx, w) })
		if p.err != nil {
			return nil, p.err
		}
		c := &chooser{pool: p, name: "choice-" + strconv.Itoa(worker)}
		if err := w.permanentUser(ctx, p.poolID, c.name); err != nil || !passkey {
			return c, err
		}
		return c, c.register(ctx, w)
	}
}

func (p *choicePool) make(ctx context.Context, w *world) error {
	pool, err := w.api.CreateUserPool(ctx, &cip.CreateUserPoolInput{
		PoolName: aws.String("choice"),
		Policies: &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{
			AllowedFirstAuthFactors: []types.AuthFactorType{types.AuthFactorTypePassword, types.AuthFactorTypeWebAuthn},
		}},
	})
	if err != nil {
		return fmt.Errorf("create the pool of choices: %w", err)
	}
	_, err = w.api.SetUserPoolMfaConfig(ctx, &cip.SetUserPoolMfaConfigInput{
		UserPoolId: pool.UserPool.Id, WebAuthnConfiguration: &types.WebAuthnConfigurationType{RelyingPartyId: aws.String(passkeyParty)},
	})
	if err != nil {
		return fmt.Errorf("name the relying party: %w", err)
	}
	client, err := w.api.CreateUserPoolClient(ctx, &cip.CreateUserPoolClientInput{
		UserPoolId: pool.UserPool.Id, ClientName: aws.String("choice"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth},
	})
	if err != nil {
		return fmt.Errorf("create the client of choices: %w", err)
	}
	p.poolID, p.clientID = *pool.UserPool.Id, *client.UserPoolClient.ClientId
	return nil
}

func (c *chooser) begin(ctx context.Context, w *world, pairs map[string]string) (*cip.InitiateAuthOutput, error) {
	pairs["USERNAME"] = c.name
	return w.api.InitiateAuth(ctx, &cip.InitiateAuthInput{ClientId: &c.pool.clientID, AuthFlow: types.AuthFlowTypeUserAuth, AuthParameters: pairs})
}

func (c *chooser) byPassword(ctx context.Context, w *world) (*types.AuthenticationResultType, error) {
	answer, err := c.begin(ctx, w, map[string]string{"PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": password})
	if err != nil {
		return nil, err
	}
	if answer.AuthenticationResult == nil {
		return nil, errors.New("no tokens")
	}
	return answer.AuthenticationResult, nil
}

func (c *chooser) register(ctx context.Context, w *world) error {
	tokens, err := c.byPassword(ctx, w)
	if err != nil {
		return err
	}
	started, err := w.api.StartWebAuthnRegistration(ctx, &cip.StartWebAuthnRegistrationInput{AccessToken: tokens.AccessToken})
	if err != nil {
		return err
	}
	var options, credential any
	if err := started.CredentialCreationOptions.UnmarshalSmithyDocument(&options); err != nil {
		return fmt.Errorf("read creation options: %w", err)
	}
	text, err := json.Marshal(options)
	if err != nil {
		return fmt.Errorf("read creation options: %w", err)
	}
	c.key = passkeytest.New(passkeyParty, "https://"+passkeyParty)
	made, err := c.key.Create(text)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(made, &credential); err != nil {
		return fmt.Errorf("read the new passkey: %w", err)
	}
	_, err = w.api.CompleteWebAuthnRegistration(ctx, &cip.CompleteWebAuthnRegistrationInput{
		AccessToken: tokens.AccessToken, Credential: document.NewLazyDocument(credential),
	})
	return err
}

// choicePassword is a sign-in by choice with a password.
func (w *world) choicePassword(ctx context.Context, state any, _ int64) error {
	_, err := state.(*chooser).byPassword(ctx, w)
	return err
}

// passkeySignIn is a sign-in by choice with a passkey.
func (w *world) passkeySignIn(ctx context.Context, state any, _ int64) error {
	c := state.(*chooser)
	asked, err := c.begin(ctx, w, map[string]string{"PREFERRED_CHALLENGE": "WEB_AUTHN"})
	if err != nil {
		return err
	}
	assertion, err := c.key.Get([]byte(asked.ChallengeParameters["CREDENTIAL_REQUEST_OPTIONS"]))
	if err != nil {
		return err
	}
	answer, err := w.api.RespondToAuthChallenge(ctx, &cip.RespondToAuthChallengeInput{
		ClientId: &c.pool.clientID, ChallengeName: types.ChallengeNameTypeWebAuthn, Session: asked.Session,
		ChallengeResponses: map[string]string{"USERNAME": c.name, "CREDENTIAL": string(assertion)},
	})
	if err == nil && answer.AuthenticationResult == nil {
		err = errors.New("no tokens")
	}
	return err
}
