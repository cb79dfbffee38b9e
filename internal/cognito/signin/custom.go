package signin

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/mfa"
	"cognate/internal/cognito/sessions"
	"cognate/internal/cognito/tokens"
	"cognate/internal/cognito/triggers"
	"cognate/internal/store"
)

// maxRounds bounds the challenges of one custom sign-in, so that functions which
// never decide end (S072).
const maxRounds = 30

const (
	paramChallengeName = "CHALLENGE_NAME"
	challengeSRPA      = "SRP_A"
	customKind         = "custom" // of the tickets that keep custom sign-ins
)

func errNoCustomAuth() error {
	return api.InvalidParameterException("Custom auth lambda trigger is not configured for the user pool.")
}

// customStep lets the pool's functions decide: one says what comes next, one makes
// challenges, one checks answers (auth-flows.md §11). What they say between two
// requests stays in the database, so that private parameters never leave, and is
// good for one answer.
type customStep struct{ o *Operations }

// customState is what a custom sign-in keeps.
type customState struct {
	Rounds   []triggers.Round  `json:"r,omitzero"`
	Private  map[string]string `json:"p,omitzero"`
	Metadata *string           `json:"m,omitzero"`
}

func (customStep) traits() traits { return traits{} }

// beginCustom serves the first request of CUSTOM_AUTH.
func (o *Operations) beginCustom(ctx context.Context, r *request) (*answer, error) {
	if !triggers.Has(r.client.Pool, triggers.DefineAuthChallenge) {
		return nil, errNoCustomAuth()
	}
	withSRP := r.params[paramChallengeName] == challengeSRPA
	if withSRP {
		if err := r.require(paramSRPA); err != nil {
			return nil, err
		}
	}
	s := customStep{o}
	a, err := o.meet(ctx, r, s)
	if err != nil {
		return nil, err
	}
	if err := o.Triggers.PreAuthentication(ctx, a.occasion(), a.metadata); err != nil {
		return nil, err
	}
	if !a.unfit() {
		for _, row := range []func(*Operations, *attempt, *store.User) (step, error){confirmed, notToBeReset} {
			if _, err := row(o, a, a.user); err != nil {
				return nil, err
			}
		}
	}
	if withSRP {
		return s.next(ctx, a, customState{Rounds: []triggers.Round{{Challenge: challengeSRPA, Right: true}}})
	}
	return s.next(ctx, a, customState{})
}

// customDecides is the row of the gate that lets no custom sign-in pass before
// the functions say so. A remembered device is asked for its proof after that
// (auth-flows.md §11), and they are not asked again.
func customDecides(o *Operations, a *attempt, _ *store.User) (step, error) {
	if a.flow != api.AuthFlowTypeCustomAuth || a.issue || a.deviceProved {
		return nil, nil
	}
	return customStep{o}, nil
}

// Begin goes on after a challenge of the service's own was answered rightly.
func (s customStep) Begin(ctx context.Context, a *attempt) (*answer, error) {
	var state customState
	if a.state != nil {
		var err error
		if state, _, err = s.load(ctx, a, false); err != nil {
			return nil, err
		}
		state.passed(a)
	}
	return s.next(ctx, a, state)
}

// passed adds the rounds of the service's own challenges that were answered
// since the functions were last asked.
func (c *customState) passed(a *attempt) {
	add := func(name api.ChallengeNameType) {
		c.Rounds = append(c.Rounds, triggers.Round{Challenge: string(name), Right: true})
	}
	const password = api.ChallengeNameTypePasswordVerifier
	if slices.Contains(a.proven, tokens.FactorPassword) && !slices.ContainsFunc(c.Rounds, func(r triggers.Round) bool { return r.Challenge == string(password) }) {
		add(password)
	}
	switch step := api.ChallengeNameType(a.state.Step); step {
	case api.ChallengeNameTypeSmsMfa, api.ChallengeNameTypeEmailOtp, api.ChallengeNameTypeSoftwareTokenMfa:
		add(step)
	default: // the other steps are no rounds
	}
}

// Answer has an answer checked. The Session is used up before any function runs,
// so that an answer is tried once, whatever comes of it.
func (s customStep) Answer(ctx context.Context, a *attempt) (*answer, error) {
	state, found, err := s.load(ctx, a, true)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, misplaced(sessions.Session, "Invalid session for the user.")
	}
	if !triggers.Has(a.client.Pool, triggers.VerifyAuthChallengeResponse) {
		return nil, errNoCustomAuth()
	}
	right, err := s.o.Triggers.VerifyAuthChallengeResponse(ctx, a.occasion(), state.Private, a.params[paramAnswer])
	if err != nil {
		return nil, err
	}
	state.Rounds = append(state.Rounds, triggers.Round{
		Challenge: string(api.ChallengeNameTypeCustomChallenge), Right: right, Metadata: state.Metadata,
	})
	return s.next(ctx, a, state)
}

// next asks what comes now, and does it.
func (s customStep) next(ctx context.Context, a *attempt, state customState) (*answer, error) {
	if !triggers.Has(a.client.Pool, triggers.DefineAuthChallenge) {
		return nil, errNoCustomAuth()
	}
	verdict, err := s.o.Triggers.DefineAuthChallenge(ctx, a.occasion(), state.Rounds)
	if err != nil {
		return nil, err
	}
	switch {
	case verdict.Fail || len(state.Rounds) >= maxRounds && !verdict.Tokens:
		return nil, s.o.noteEnd(ctx, a, errIncorrect())
	case verdict.Tokens:
		a.issue = true
		return s.o.settle(ctx, a, proof{right: true, kind: sessions.Session})
	case verdict.Challenge == string(api.ChallengeNameTypeCustomChallenge):
		return s.challenge(ctx, a, state)
	}
	return s.builtIn(ctx, a, state, verdict.Challenge)
}

// challenge has a challenge made, and asks it.
func (s customStep) challenge(ctx context.Context, a *attempt, state customState) (*answer, error) {
	if !triggers.Has(a.client.Pool, triggers.CreateAuthChallenge) {
		return nil, errNoCustomAuth()
	}
	made, err := s.o.Triggers.CreateAuthChallenge(ctx, a.occasion(), state.Rounds)
	if err != nil {
		return nil, err
	}
	state.Private, state.Metadata = made.Private, made.Metadata
	if a.custom, err = s.keep(ctx, a, state); err != nil {
		return nil, err
	}
	session, err := s.o.sealFor(a, api.ChallengeNameTypeCustomChallenge, nil)
	if err != nil {
		return nil, err
	}
	params := map[string]string{}
	maps.Copy(params, made.Public)
	params[paramUsername] = a.presented()
	if !a.hidden() {
		params[paramUsername] = a.user.Username
	}
	return &answer{challenge: api.ChallengeNameTypeCustomChallenge, params: params, session: session}, nil
}

// builtIn asks for a proof of the service's own.
func (s customStep) builtIn(ctx context.Context, a *attempt, state customState, name string) (*answer, error) {
	var next step
	switch name {
	case string(api.ChallengeNameTypePasswordVerifier):
		if a.state == nil && a.params[paramSRPA] != "" {
			next = srpStep{s.o}
		}
	case mfa.SMS, mfa.Email, mfa.SoftwareToken:
		if !a.unfit() {
			next = factorStep(s.o, name)
		}
	}
	if next == nil {
		return nil, api.InvalidLambdaResponseException("Unrecognizable lambda output")
	}
	var err error
	if a.custom, err = s.keep(ctx, a, state); err != nil {
		return nil, err
	}
	return next.Begin(ctx, a)
}

// keep stores the state until its answer and gives its id.
func (s customStep) keep(ctx context.Context, a *attempt, state customState) (string, error) {
	doc, err := json.Marshal(state)
	if err != nil {
		return "", fmt.Errorf("keep a custom sign-in: %w", err)
	}
	id := rand.Text()
	_, err = store.Write(ctx, s.o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.PutTicket(ctx, store.Ticket{
			PoolID: a.client.PoolID, Kind: customKind, ID: id, Doc: doc, ExpiresAt: s.o.Now().Add(a.client.AuthSessionLifetime()),
		})
	})
	return id, err
}

// load reads the state that a Session belongs to, and removes it if it is used
// up by that.
func (s customStep) load(ctx context.Context, a *attempt, use bool) (state customState, found bool, err error) {
	if a.state.Custom == "" {
		return state, false, nil
	}
	read := func(ctx context.Context, tx *store.Tx) (ticket store.Ticket, err error) {
		get := tx.Ticket
		if use {
			get = tx.TakeTicket
		}
		ticket, found, err = get(ctx, a.state.PoolID, customKind, a.state.Custom)
		return ticket, err
	}
	var ticket store.Ticket
	if use {
		ticket, err = store.Write(ctx, s.o.DB, read)
	} else {
		ticket, err = store.Read(ctx, s.o.DB, read)
	}
	if err != nil || !found {
		return state, false, err
	}
	if err := json.Unmarshal(ticket.Doc, &state); err != nil {
		return state, false, fmt.Errorf("read a custom sign-in: %w", err)
	}
	return state, true, nil
}
