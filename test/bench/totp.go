package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/uuid"

	"cognate/internal/api"
	"cognate/internal/protocol/srp"
	"cognate/internal/protocol/totp"
	"cognate/internal/store"
)

// tokenUsers have an authenticator app each. A code counts once, so one user
// signs in three times at a stretch and then once in 30 seconds.
const tokenUsers = 5000

// tokenPool is a pool that asks for the codes of an app. Its users share a
// secret, which costs the server the same.
type tokenPool struct {
	poolID, clientID string
	secret           []byte
	last             [tokenUsers]atomic.Int64 // step of each user's last code
}

// make makes the pool through the API.
func (p *tokenPool) make(ctx context.Context, w *world) error {
	pool, err := w.api.CreateUserPool(ctx, &cip.CreateUserPoolInput{PoolName: aws.String("tokens")})
	if err != nil {
		return fmt.Errorf("create the pool of apps: %w", err)
	}
	p.poolID = *pool.UserPool.Id
	_, err = w.api.SetUserPoolMfaConfig(ctx, &cip.SetUserPoolMfaConfigInput{
		UserPoolId: &p.poolID, MfaConfiguration: types.UserPoolMfaTypeOn,
		SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true},
	})
	if err != nil {
		return fmt.Errorf("ask for apps: %w", err)
	}
	client, err := w.api.CreateUserPoolClient(ctx, &cip.CreateUserPoolClientInput{
		UserPoolId: &p.poolID, ClientName: aws.String("tokens"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{
			types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
		},
	})
	if err != nil {
		return fmt.Errorf("create the client of apps: %w", err)
	}
	p.clientID = *client.UserPoolClient.ClientId
	return nil
}

// load puts the users and their apps straight into the database.
func (p *tokenPool) load(ctx context.Context, db *store.DB) error {
	p.secret = totp.NewSecret()
	subs := make([]string, 0, tokenUsers)
	if _, err := db.BulkLoadUsers(ctx, p.poolID, p.people(&subs)); err != nil {
		return fmt.Errorf("load users with an app: %w", err)
	}
	_, err := store.Write(ctx, db, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		for _, sub := range subs {
			if err := tx.PutTOTP(ctx, store.TOTP{PoolID: p.poolID, Sub: sub, Secret: p.secret, CreatedAt: time.Now()}); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	return err
}

func (p *tokenPool) people(subs *[]string) iter.Seq2[*store.User, []store.Name] {
	short, created := p.poolID[len("us-east-1_"):], time.Now().Add(-time.Hour)
	return func(yield func(*store.User, []store.Name) bool) {
		for i := range tokenUsers {
			salt := srp.NewSalt()
			u := &store.User{
				PoolID: p.poolID, Sub: uuid.NewString(), Username: username(i), Status: api.UserStatusTypeConfirmed,
				Enabled: true, CreatedAt: created, ModifiedAt: created,
				Password: &store.Password{Salt: salt, Verifier: srp.Verifier(short, username(i), password, salt)},
				MFA:      store.UserMFA{SoftwareToken: true},
			}
			*subs = append(*subs, u.Sub)
			if !yield(u, []store.Name{{Name: u.Username, Kind: store.NameUsername}}) {
				return
			}
		}
	}
}

// code is a code of the user that the server has not seen.
func (p *tokenPool) code(user int) (string, error) {
	now := totp.StepAt(time.Now())
	step := max(p.last[user].Load()+1, now-1)
	if step > now+1 {
		return "", errors.New("every code of this time is used: measure for a shorter time")
	}
	p.last[user].Store(step)
	return totp.Code(p.secret, step)
}

// tokenSignIn is a sign-in by password and the code of an app.
func (w *world) tokenSignIn(ctx context.Context, _ any, n int64) error {
	p, user := &w.tokens, int(n)%tokenUsers
	code, err := p.code(user)
	if err != nil {
		return err
	}
	begun, err := w.api.InitiateAuth(ctx, &cip.InitiateAuthInput{
		ClientId: &p.clientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": username(user), "PASSWORD": password},
	})
	if err != nil {
		return err
	}
	answer, err := w.api.RespondToAuthChallenge(ctx, &cip.RespondToAuthChallengeInput{
		ClientId: &p.clientID, ChallengeName: types.ChallengeNameTypeSoftwareTokenMfa, Session: begun.Session,
		ChallengeResponses: map[string]string{"USERNAME": username(user), "SOFTWARE_TOKEN_MFA_CODE": code},
	})
	if err == nil && answer.AuthenticationResult == nil {
		err = errors.New("no tokens")
	}
	return err
}
