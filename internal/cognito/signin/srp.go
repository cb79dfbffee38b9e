package signin

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"cognate/internal/api"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/sessions"
	"cognate/internal/cognito/tokens"
	"cognate/internal/protocol/srp"
	"cognate/internal/store"
)

const (
	paramSRPA        = "SRP_A"
	paramSignature   = "PASSWORD_CLAIM_SIGNATURE"
	paramSecretBlock = "PASSWORD_CLAIM_SECRET_BLOCK"
	paramTimestamp   = "TIMESTAMP"
)

// claimSkew is how far the TIMESTAMP of a proof may be from the server's clock.
const claimSkew = 5 * time.Minute

// srpStep proves a password without sending it (auth-flows.md §13). All state of
// the exchange travels in SECRET_BLOCK.
type srpStep struct{ o *Operations }

func (srpStep) traits() traits { return traits{counted: true} }

// identity is what the exchange is about: the values stored for a user, or made
// up for a name.
type identity struct {
	id       string // USER_ID_FOR_SRP
	salt     []byte
	verifier []byte
}

// identify gives the identity for an attempt. Users without a usable password get
// the same kind of made-up values as names that nobody has.
func (s srpStep) identify(a *attempt) (identity, error) {
	if !a.hidden() && hasVerifier(a.user) {
		return identity{a.user.Username, a.user.Password.Salt, a.user.Password.Verifier}, nil
	}
	made, err := srp.Simulate(s.o.DecoyKey, a.client.PoolID, a.login)
	if err != nil {
		return identity{}, err
	}
	made.ID[6] = 0x70 // the form of a sub (tokens.md §12)
	return identity{uuid.UUID(made.ID).String(), made.Salt, made.Verifier}, nil
}

func (s srpStep) Begin(_ context.Context, a *attempt) (*answer, error) {
	public, err := srp.ParsePublic(a.params[paramSRPA])
	if err != nil {
		return nil, api.InvalidParameterException("Invalid SRP_A value.")
	}
	who, err := s.identify(a)
	if err != nil {
		return nil, err
	}
	secret := srp.NewSecret()
	var exchange *srp.Server
	s.o.Cores.Do(func() { exchange, err = srp.NewServer(who.verifier, secret) })
	if err != nil {
		return nil, fmt.Errorf("begin an SRP exchange: %w", err)
	}
	validation, err := a.validationText()
	if err != nil {
		return nil, err
	}
	state := &sessions.State{
		Custom:     a.custom,
		Validation: validation,
		Step:       string(api.ChallengeNameTypePasswordVerifier),
		PoolID:     a.client.PoolID,
		ClientID:   a.client.ID,
		Username:   who.id,
		Login:      a.login,
		Flow:       string(a.flow),
		Door:       a.door,
		Device:     a.claimed,
		Factors:    a.proven,
		Wanted:     byte(a.wanted),
		Expires:    s.o.Now().Add(a.client.AuthSessionLifetime()),
		Data:       exchangeData(public, exchange.Public(), secret),
	}
	if a.user != nil {
		state.Sub = a.user.Sub
	}
	block, err := s.o.Sessions.Seal(sessions.SecretBlock, state)
	if err != nil {
		return nil, err
	}
	session, err := s.o.companion(a, state)
	if err != nil {
		return nil, err
	}
	return &answer{
		challenge: api.ChallengeNameTypePasswordVerifier,
		session:   session,
		params: map[string]string{
			paramUsername:     who.id,
			"USER_ID_FOR_SRP": who.id,
			"SALT":            srp.SaltHex(who.salt),
			"SRP_B":           exchange.PublicHex(),
			"SECRET_BLOCK":    block,
		},
	}, nil
}

func (s srpStep) Answer(ctx context.Context, a *attempt) (*answer, error) {
	if s.o.Lockout.Locked(a.failures) {
		return nil, limits.ErrLocked() // without the work of checking
	}
	at, err := srp.ParseTimestamp(a.params[paramTimestamp])
	if err != nil {
		return nil, api.InvalidParameterException("TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
	}
	if age := s.o.Now().Sub(at); age.Abs() > claimSkew {
		return nil, errIncorrect()
	}
	right, err := s.check(a)
	if err != nil {
		return nil, err
	}
	return s.o.settle(ctx, a, proof{right: right, factor: tokens.FactorPassword, kind: sessions.SecretBlock})
}

// check verifies the signature. It costs the same for every user and name.
func (s srpStep) check(a *attempt) (bool, error) {
	who, err := s.identify(a)
	if err != nil {
		return false, err
	}
	clientPublic, public, secret, err := splitExchange(a.state.Data)
	if err != nil {
		return false, err
	}
	block, err := base64.StdEncoding.DecodeString(a.params[paramSecretBlock])
	if err != nil {
		return false, fmt.Errorf("decode an opened SECRET_BLOCK: %w", err)
	}
	s.o.Cores.Do(func() {
		var exchange *srp.Server
		if exchange, err = srp.ResumeServer(who.verifier, secret, public); err != nil {
			return
		}
		err = exchange.VerifyClaim(clientPublic, srp.Claim{
			Name:        a.client.Pool.ShortName(),
			UserID:      a.state.Username,
			SecretBlock: block,
			Timestamp:   a.params[paramTimestamp],
		}, a.params[paramSignature])
	})
	switch {
	case err == nil:
		return hasVerifier(a.user), nil // a made-up verifier proves nothing
	case errors.Is(err, srp.ErrSignature), errors.Is(err, srp.ErrDegenerate):
		return false, nil
	}
	return false, fmt.Errorf("check an SRP proof: %w", err)
}

// hasVerifier is false also for a password that came as a hash: until it was given
// in clear there is nothing to prove it against.
func hasVerifier(u *store.User) bool {
	return u != nil && u.Password != nil && u.Password.Imported == nil
}

// groupElement is the length of a public value, in bytes.
const groupElement = 384

// exchangeData is the part of SECRET_BLOCK that belongs to this step: A, B, b.
func exchangeData(clientPublic, public, secret []byte) []byte {
	data := make([]byte, 0, 2*groupElement+srp.SecretSize)
	return append(append(append(data, clientPublic...), public...), secret...)
}

func splitExchange(data []byte) (clientPublic, public, secret []byte, err error) {
	if len(data) != 2*groupElement+srp.SecretSize {
		return nil, nil, nil, fmt.Errorf("state of an SRP exchange has %d bytes", len(data))
	}
	return data[:groupElement], data[groupElement : 2*groupElement], data[2*groupElement:], nil
}
