package signin

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/sessions"
	"cognate/internal/protocol/srp"
	"cognate/internal/store"
)

// deviceStep asks a remembered device to begin the proof of its secret: its
// answer is the public value of the exchange (auth-flows.md §13.1).
type deviceStep struct{ o *Operations }

// A device's secret has 40 random bytes: there is nothing to guess, and wrong
// proofs do not lock the user's password.
func (deviceStep) traits() traits { return traits{} }

func (s deviceStep) Begin(_ context.Context, a *attempt) (*answer, error) {
	session, err := s.o.sealFor(a, api.ChallengeNameTypeDeviceSrpAuth, nil)
	if err != nil {
		return nil, err
	}
	return &answer{challenge: api.ChallengeNameTypeDeviceSrpAuth, params: map[string]string{}, session: session}, nil
}

// Answer goes on to the verifier. Nothing is proven yet; the Session is used up.
func (s deviceStep) Answer(ctx context.Context, a *attempt) (*answer, error) {
	if a.hidden() || !a.remembered() {
		return nil, errIncorrect() // disabled or deleted meanwhile, or not remembered any more
	}
	public, err := publicOf(a)
	if err != nil {
		return nil, err
	}
	_, err = store.Write(ctx, s.o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		first, err := tx.SpendOnce(ctx, a.state.PoolID, spentKind, a.state.ID, a.state.Expires)
		if err == nil && !first {
			err = errSpent(sessions.Session)
		}
		return struct{}{}, err
	})
	if err != nil {
		return nil, err
	}
	return deviceVerifierStep(s).challenge(a, public)
}

// deviceVerifierStep proves that the caller holds the secret of the device. The
// exchange is that of a password; its state is in SECRET_BLOCK, and the Session
// that goes with it names the one block that it takes.
type deviceVerifierStep struct{ o *Operations }

func (deviceVerifierStep) traits() traits { return traits{} }

// Begin is there for the table of steps: a verifier follows a public value only.
func (s deviceVerifierStep) Begin(ctx context.Context, a *attempt) (*answer, error) {
	return deviceStep(s).Begin(ctx, a)
}

func (s deviceVerifierStep) challenge(a *attempt, public []byte) (*answer, error) {
	exchange, data, err := s.o.beginSRP(a.device.Secret.Verifier, public)
	if err != nil {
		return nil, err
	}
	state := &sessions.State{
		Step:     string(api.ChallengeNameTypeDevicePasswordVerifier),
		PoolID:   a.client.PoolID,
		ClientID: a.client.ID,
		Sub:      a.user.Sub,
		Door:     a.door,
		Expires:  s.o.Now().Add(a.client.AuthSessionLifetime()),
		Device:   a.device.ID,
		Data:     data,
	}
	block, err := s.o.Sessions.Seal(sessions.SecretBlock, state)
	if err != nil {
		return nil, err
	}
	session, err := s.o.sealFor(a, api.ChallengeNameTypeDevicePasswordVerifier, []byte(state.ID))
	if err != nil {
		return nil, err
	}
	return &answer{
		challenge: api.ChallengeNameTypeDevicePasswordVerifier,
		session:   session,
		params: map[string]string{
			paramUsername:  a.user.Username,
			paramDeviceKey: a.device.ID,
			"SALT":         srp.SaltHex(a.device.Secret.Salt),
			"SRP_B":        exchange.PublicHex(),
			"SECRET_BLOCK": block,
		},
	}, nil
}

func (s deviceVerifierStep) Answer(ctx context.Context, a *attempt) (*answer, error) {
	if a.hidden() || !a.remembered() {
		return nil, errIncorrect()
	}
	if err := s.o.timely(a); err != nil {
		return nil, err
	}
	block, err := s.o.Sessions.Open(sessions.SecretBlock, a.params[paramSecretBlock])
	if err != nil || block.ID != string(a.state.Data) || block.Device != a.device.ID {
		return nil, errIncorrect()
	}
	right, err := s.o.checkSRP(a, block.Data, srpSubject{a.client.Pool.DeviceGroupKey(), a.device.ID, a.device.Secret.Verifier})
	if err != nil {
		return nil, err
	}
	return s.o.settle(ctx, a, proof{right: right, kind: sessions.Session, device: a.device})
}
