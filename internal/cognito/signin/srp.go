package signin

import (
	"context"

	"github.com/google/uuid"

	"cognate/internal/api"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/sessions"
	"cognate/internal/cognito/tokens"
	"cognate/internal/protocol/srp"
	"cognate/internal/store"
)

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
	public, err := publicOf(a)
	if err != nil {
		return nil, err
	}
	who, err := s.identify(a)
	if err != nil {
		return nil, err
	}
	exchange, data, err := s.o.beginSRP(who.verifier, public)
	if err != nil {
		return nil, err
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
		Data:       data,
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
	if err := s.o.timely(a); err != nil {
		return nil, err
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
	right, err := s.o.checkSRP(a, a.state.Data, srpSubject{a.client.Pool.ShortName(), a.state.Username, who.verifier})
	return right && hasVerifier(a.user), err // a made-up verifier proves nothing
}

// hasVerifier is false also for a password that came as a hash: until it was given
// in clear there is nothing to prove it against.
func hasVerifier(u *store.User) bool {
	return u != nil && u.Password != nil && u.Password.Imported == nil
}
