package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/protocol/srp/srpclient"
)

func stateless(context.Context, int) (any, error) { return struct{}{}, nil }

// flows lists what is measured. Floors: what the cryptography of the flow
// costs by itself.
func (w *world) flows() []flow {
	choice, watched, domain, identity := new(choicePool), new(watchedPool), new(domainOf), new(identityPool)
	return []flow{
		{name: "SignUp", prepare: stateless, do: w.signUp, floor: func(f *floor) time.Duration { return f.verifier }, goal: "–"},
		{name: "SRP sign-in", prepare: w.newSRP, do: w.srpSignIn, floor: func(f *floor) time.Duration { return f.srp + 2*f.signature }, goal: "≤ 1.25 of its floor"},
		{name: "Password sign-in", prepare: stateless, do: w.passwordSignIn, floor: func(f *floor) time.Duration { return f.verifier + 2*f.signature }, goal: "≤ 1.3 of its floor"},
		{name: "Password sign-in, threat protection", prepare: watched.newWatched(w), do: watched.signIn(w), floor: func(f *floor) time.Duration { return f.verifier + 2*f.signature }, goal: "–"},
		{name: "TOTP sign-in", prepare: stateless, do: w.tokenSignIn, floor: func(f *floor) time.Duration { return f.verifier + 2*f.signature }, goal: "–"},
		{name: "Device sign-in", prepare: new(devicePool).newDevice(w), do: w.deviceSignIn, floor: func(f *floor) time.Duration { return f.verifier + f.srp + 2*f.signature }, goal: "–"},
		{name: "USER_AUTH, password", prepare: choice.newChooser(w, false), do: w.choicePassword, floor: func(f *floor) time.Duration { return f.verifier + 2*f.signature }, goal: "–"},
		{name: "Passkey sign-in", prepare: choice.newChooser(w, true), do: w.passkeySignIn, floor: func(f *floor) time.Duration { return 2 * f.signature }, goal: "–"},
		{name: "Refresh", prepare: w.signedIn, do: w.refresh, floor: func(f *floor) time.Duration { return 2 * f.signature }, goal: "≤ 1.2 of its floor"},
		{name: "GetUser", prepare: w.signedIn, do: w.getUser, goal: "≤ 0.4 signatures"},
		{name: "Sign-in page", prepare: domain.newStranger(w), do: domain.firstPage, goal: "≤ 5 ms"},
		{name: "Authorize with a session", prepare: domain.newVisitor(w), do: domain.authorize, goal: "–"},
		{name: "Code exchange", prepare: domain.newCodes(w), do: domain.exchangeNext, floor: func(f *floor) time.Duration { return 2 * f.signature }, goal: "≤ 1.3 of its floor"},
		{name: "client_credentials", prepare: domain.newVisitor(w), do: domain.clientCredentials, floor: func(f *floor) time.Duration { return f.signature }, goal: "≤ 1.3 of its floor"},
		{name: "userInfo", prepare: domain.newVisitor(w), do: domain.userInfo, goal: "≤ 0.4 signatures"},
		{name: "AdminGetUser", prepare: stateless, do: w.adminGetUser, goal: "≤ 0.3 signatures"},
		{name: "GetId, known identity", prepare: identity.newUser(w), do: identity.knownID, goal: "one read"},
		{name: "GetCredentialsForIdentity", prepare: identity.newUser(w), do: identity.credentials, floor: func(f *floor) time.Duration { return f.check }, goal: "≤ 0.5 signatures beyond its floor"},
		{name: "GetOpenIdToken", prepare: identity.newUser(w), do: identity.openID, floor: func(f *floor) time.Duration { return f.check + f.signature }, goal: "–"},
		{name: "AdminGetUser by a role of 50 statements", prepare: identity.newUser(w), do: w.bySession, goal: "–"},
		{name: "ListUsers(60)", prepare: stateless, do: w.listUsers(""), goal: "–"},
		{name: "ListUsers(60), e-mail prefix", prepare: stateless, do: w.listUsers(`email ^= "user-00000"`), goal: "–"},
	}
}

func (w *world) signer(n int64) string { return username(int(n) % min(signers, w.users)) }

func (w *world) signUp(ctx context.Context, _ any, n int64) error {
	_, err := w.api.SignUp(ctx, &cip.SignUpInput{
		ClientId: &w.clientID, Username: aws.String(fmt.Sprintf("new-%d", n)), Password: aws.String(password),
		UserAttributes: []types.AttributeType{{Name: aws.String("name"), Value: aws.String("New Person")}},
	})
	return err
}

func (w *world) newSRP(context.Context, int) (any, error) { return srpclient.New(), nil }

func (w *world) srpSignIn(ctx context.Context, state any, n int64) error {
	client := state.(*srpclient.Client)
	begun, err := w.api.InitiateAuth(ctx, &cip.InitiateAuthInput{
		ClientId: &w.clientID, AuthFlow: types.AuthFlowTypeUserSrpAuth,
		AuthParameters: map[string]string{"USERNAME": w.signer(n), "SRP_A": client.A()},
	})
	if err != nil {
		return err
	}
	p := begun.ChallengeParameters
	timestamp := srpclient.Timestamp(time.Now())
	signature, err := client.Sign(srpclient.Challenge{
		Name: w.poolID[len("us-east-1_"):], UserID: p["USER_ID_FOR_SRP"], Password: password,
		Salt: p["SALT"], B: p["SRP_B"], SecretBlock: p["SECRET_BLOCK"],
	}, timestamp)
	if err != nil {
		return err
	}
	answer, err := w.api.RespondToAuthChallenge(ctx, &cip.RespondToAuthChallengeInput{
		ClientId: &w.clientID, ChallengeName: types.ChallengeNameTypePasswordVerifier,
		ChallengeResponses: map[string]string{
			"USERNAME": p["USER_ID_FOR_SRP"], "PASSWORD_CLAIM_SECRET_BLOCK": p["SECRET_BLOCK"],
			"PASSWORD_CLAIM_SIGNATURE": signature, "TIMESTAMP": timestamp,
		},
	})
	if err == nil && answer.AuthenticationResult == nil {
		err = errors.New("no tokens")
	}
	return err
}

func (w *world) initiate(ctx context.Context, user string) (*types.AuthenticationResultType, error) {
	answer, err := w.api.InitiateAuth(ctx, &cip.InitiateAuthInput{
		ClientId: &w.clientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": user, "PASSWORD": password},
	})
	if err != nil {
		return nil, err
	}
	if answer.AuthenticationResult == nil {
		return nil, errors.New("no tokens")
	}
	return answer.AuthenticationResult, nil
}

func (w *world) passwordSignIn(ctx context.Context, _ any, n int64) error {
	_, err := w.initiate(ctx, w.signer(n))
	return err
}

func (w *world) signedIn(ctx context.Context, client int) (any, error) {
	return w.initiate(ctx, username(client))
}

func (w *world) refresh(ctx context.Context, state any, _ int64) error {
	_, err := w.api.InitiateAuth(ctx, &cip.InitiateAuthInput{
		ClientId: &w.clientID, AuthFlow: types.AuthFlowTypeRefreshTokenAuth,
		AuthParameters: map[string]string{"REFRESH_TOKEN": *state.(*types.AuthenticationResultType).RefreshToken},
	})
	return err
}

func (w *world) getUser(ctx context.Context, state any, _ int64) error {
	_, err := w.api.GetUser(ctx, &cip.GetUserInput{AccessToken: state.(*types.AuthenticationResultType).AccessToken})
	return err
}

func (w *world) adminGetUser(ctx context.Context, _ any, n int64) error {
	_, err := w.api.AdminGetUser(ctx, &cip.AdminGetUserInput{UserPoolId: &w.poolID, Username: aws.String(username(int(n) % w.users))})
	return err
}

func (w *world) listUsers(filter string) func(context.Context, any, int64) error {
	return func(ctx context.Context, _ any, _ int64) error {
		in := &cip.ListUsersInput{UserPoolId: &w.poolID, Limit: aws.Int32(60)}
		if filter != "" {
			in.Filter = &filter
		}
		page, err := w.api.ListUsers(ctx, in)
		if err == nil && len(page.Users) == 0 {
			err = errors.New("no users")
		}
		return err
	}
}
