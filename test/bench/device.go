package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/protocol/srp/srpclient"
)

// devicePool is a pool that remembers devices; it is made when it is first
// measured.
type devicePool struct {
	once             sync.Once
	err              error
	poolID, clientID string
}

// device is a remembered device and its user, for one worker.
type device struct {
	pool                         *devicePool
	user, key, group, passphrase string
	client                       *srpclient.Client
}

// newDevice makes a user and confirms a device.
func (p *devicePool) newDevice(w *world) func(ctx context.Context, worker int) (any, error) {
	return func(ctx context.Context, worker int) (any, error) {
		p.once.Do(func() { p.err = p.make(ctx, w) })
		if p.err != nil {
			return nil, p.err
		}
		d := &device{pool: p, user: "device-" + strconv.Itoa(worker), client: srpclient.New()}
		if err := w.permanentUser(ctx, p.poolID, d.user); err != nil {
			return nil, err
		}
		answer, err := d.begin(ctx, w)
		if err != nil {
			return nil, err
		}
		given := answer.AuthenticationResult
		if given == nil || given.NewDeviceMetadata == nil {
			return nil, errors.New("no device key")
		}
		d.key, d.group, d.passphrase = *given.NewDeviceMetadata.DeviceKey, *given.NewDeviceMetadata.DeviceGroupKey, "a secret of this device"
		verifier, salt := srpclient.DeviceVerifier(d.group, d.key, d.passphrase, []byte("sixteen byte salt"))
		_, err = w.api.ConfirmDevice(ctx, &cip.ConfirmDeviceInput{
			AccessToken: given.AccessToken, DeviceKey: &d.key,
			DeviceSecretVerifierConfig: &types.DeviceSecretVerifierConfigType{PasswordVerifier: &verifier, Salt: &salt},
		})
		return d, err
	}
}

func (p *devicePool) make(ctx context.Context, w *world) error {
	pool, err := w.api.CreateUserPool(ctx, &cip.CreateUserPoolInput{
		PoolName: aws.String("devices"), DeviceConfiguration: &types.DeviceConfigurationType{ChallengeRequiredOnNewDevice: true},
	})
	if err != nil {
		return fmt.Errorf("create the pool of devices: %w", err)
	}
	client, err := w.api.CreateUserPoolClient(ctx, &cip.CreateUserPoolClientInput{
		UserPoolId: pool.UserPool.Id, ClientName: aws.String("devices"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{
			types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
		},
	})
	if err != nil {
		return fmt.Errorf("create the client of devices: %w", err)
	}
	p.poolID, p.clientID = *pool.UserPool.Id, *client.UserPoolClient.ClientId
	return nil
}

// permanentUser makes a user with the password of all, unless there is one.
func (w *world) permanentUser(ctx context.Context, poolID, name string) error {
	_, err := w.api.AdminCreateUser(ctx, &cip.AdminCreateUserInput{
		UserPoolId: &poolID, Username: &name, MessageAction: types.MessageActionTypeSuppress,
	})
	var exists *types.UsernameExistsException
	if err != nil && !errors.As(err, &exists) {
		return err
	}
	_, err = w.api.AdminSetUserPassword(ctx, &cip.AdminSetUserPasswordInput{
		UserPoolId: &poolID, Username: &name, Password: aws.String(password), Permanent: true,
	})
	return err
}

func (d *device) begin(ctx context.Context, w *world) (*cip.InitiateAuthOutput, error) {
	parameters := map[string]string{"USERNAME": d.user, "PASSWORD": password}
	if d.key != "" {
		parameters["DEVICE_KEY"] = d.key
	}
	return w.api.InitiateAuth(ctx, &cip.InitiateAuthInput{
		ClientId: &d.pool.clientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth, AuthParameters: parameters,
	})
}

// deviceSignIn is a sign-in by password from a remembered device.
func (w *world) deviceSignIn(ctx context.Context, state any, _ int64) error {
	d := state.(*device)
	begun, err := d.begin(ctx, w)
	if err != nil {
		return err
	}
	challenge, err := w.api.RespondToAuthChallenge(ctx, &cip.RespondToAuthChallengeInput{
		ClientId: &d.pool.clientID, ChallengeName: types.ChallengeNameTypeDeviceSrpAuth, Session: begun.Session,
		ChallengeResponses: map[string]string{"USERNAME": d.user, "DEVICE_KEY": d.key, "SRP_A": d.client.A()},
	})
	if err != nil {
		return err
	}
	p := challenge.ChallengeParameters
	timestamp := srpclient.Timestamp(time.Now())
	signature, err := d.client.Sign(srpclient.Challenge{
		Name: d.group, UserID: d.key, Password: d.passphrase, Salt: p["SALT"], B: p["SRP_B"], SecretBlock: p["SECRET_BLOCK"],
	}, timestamp)
	if err != nil {
		return err
	}
	answer, err := w.api.RespondToAuthChallenge(ctx, &cip.RespondToAuthChallengeInput{
		ClientId: &d.pool.clientID, ChallengeName: types.ChallengeNameTypeDevicePasswordVerifier, Session: challenge.Session,
		ChallengeResponses: map[string]string{
			"USERNAME": d.user, "DEVICE_KEY": d.key, "TIMESTAMP": timestamp,
			"PASSWORD_CLAIM_SECRET_BLOCK": p["SECRET_BLOCK"], "PASSWORD_CLAIM_SIGNATURE": signature,
		},
	})
	if err == nil && answer.AuthenticationResult == nil {
		err = errors.New("no tokens")
	}
	return err
}
