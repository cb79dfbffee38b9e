package signin

import (
	"context"
	"errors"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/credentials"
	"cognate/internal/cognito/sessions"
	"cognate/internal/cognito/threats"
	"cognate/internal/cognito/tokens"
	"cognate/internal/store"
)

// challenge is a row of the table of challenges that can be answered
// (auth-flows.md §7).
type challenge struct {
	kind  sessions.Kind           // what carries the state
	after []api.ChallengeNameType // other challenges whose Session it answers
	needs []string                // parameters, beside USERNAME
	step  func(o *Operations) step
}

var afterChoice = []api.ChallengeNameType{api.ChallengeNameTypeSelectChallenge}

var challenges = map[api.ChallengeNameType]challenge{
	api.ChallengeNameTypePasswordVerifier: {
		kind:  sessions.SecretBlock,
		needs: []string{paramSignature, paramSecretBlock, paramTimestamp},
		step:  func(o *Operations) step { return srpStep{o} },
	},
	api.ChallengeNameTypeNewPasswordRequired: {
		kind:  sessions.Session,
		needs: []string{paramNewPassword},
		step:  func(o *Operations) step { return newPasswordStep{o} },
	},
	api.ChallengeNameTypeSelectChallenge: {
		kind:  sessions.Session,
		after: []api.ChallengeNameType{api.ChallengeNameTypeWebAuthn},
		needs: []string{paramAnswer},
		step:  func(o *Operations) step { return selectStep{o} },
	},
	api.ChallengeNameTypePassword: {
		kind:  sessions.Session,
		after: afterChoice,
		needs: []string{paramPassword},
		step:  chosen(api.ChallengeNameTypePassword),
	},
	api.ChallengeNameTypePasswordSrp: {
		kind:  sessions.Session,
		after: afterChoice,
		needs: []string{paramSRPA},
		step:  chosen(api.ChallengeNameTypePasswordSrp),
	},
	api.ChallengeNameTypeWebAuthn: {
		kind:  sessions.Session,
		after: afterChoice,
		step:  chosen(api.ChallengeNameTypeWebAuthn),
	},
	api.ChallengeNameTypeSmsOtp: {
		kind:  sessions.Session,
		needs: []string{smsOTP.param},
		step:  func(o *Operations) step { return codeStep{o, smsOTP} },
	},
	api.ChallengeNameTypeCustomChallenge: {
		kind:  sessions.Session,
		needs: []string{paramAnswer},
		step:  func(o *Operations) step { return customStep{o} },
	},
	api.ChallengeNameTypeSelectMfaType: {
		kind:  sessions.Session,
		needs: []string{paramAnswer},
		step:  func(o *Operations) step { return selectMFAStep{o} },
	},
	api.ChallengeNameTypeMfaSetup: {
		kind: sessions.Session,
		step: func(o *Operations) step { return mfaSetupStep{o} },
	},
	api.ChallengeNameTypeSoftwareTokenMfa: {
		kind:  sessions.Session,
		needs: []string{paramSoftwareToken},
		step:  func(o *Operations) step { return softwareTokenStep{o} },
	},
	api.ChallengeNameTypeSmsMfa: {
		kind:  sessions.Session,
		needs: []string{smsMFA.param},
		step:  func(o *Operations) step { return codeStep{o, smsMFA} },
	},
	api.ChallengeNameTypeEmailOtp: {
		kind:  sessions.Session,
		needs: []string{emailOTP.param},
		step:  func(o *Operations) step { return codeStep{o, emailOTP} },
	},
	api.ChallengeNameTypeDeviceSrpAuth: {
		kind:  sessions.Session,
		needs: []string{paramDeviceKey, paramSRPA},
		step:  func(o *Operations) step { return deviceStep{o} },
	},
	api.ChallengeNameTypeDevicePasswordVerifier: {
		kind:  sessions.Session,
		needs: []string{paramDeviceKey, paramSignature, paramSecretBlock, paramTimestamp},
		step:  func(o *Operations) step { return deviceVerifierStep{o} },
	},
}

// respond serves an answer to a challenge.
func (o *Operations) respond(ctx context.Context, r request) (*answer, error) {
	return o.watched(ctx, &r, func() (*answer, error) { return o.take(ctx, r) })
}

// take is respond. A challenge without a row was never given out, so no session
// fits it.
func (o *Operations) take(ctx context.Context, r request) (*answer, error) {
	c, known := challenges[r.challenge]
	if !known {
		c.kind = sessions.Session
	}
	if c.kind == sessions.Session && r.session == "" {
		return nil, api.InvalidParameterException("Missing required parameter Session")
	}
	if r.page.repeats() {
		c.needs = nil
	}
	if err := r.require(append([]string{paramUsername}, c.needs...)...); err != nil {
		return nil, err
	}
	state, unusable := o.open(&r, c.kind)
	canonical := ""
	if state != nil {
		canonical = state.Username
	}
	if err := r.client.CheckSecretHash(r.params[paramSecretHash], r.params[paramUsername], canonical); err != nil {
		return nil, err
	}
	if unusable != nil {
		return nil, unusable
	}
	if !known || state.Step != string(r.challenge) && !slices.Contains(c.after, api.ChallengeNameType(state.Step)) {
		return nil, misplaced(c.kind, "Invalid session provided for the user.")
	}
	r.flow = api.AuthFlowType(state.Flow)
	if err := o.checkCompanion(&r, state, c.kind); err != nil {
		return nil, err
	}
	s := c.step(o)
	a, err := o.resume(ctx, &r, s, state, c.kind)
	if err != nil {
		return nil, err
	}
	if err := o.admit(ctx, a); err != nil {
		return nil, err
	}
	if err := o.claimLater(ctx, a); err != nil {
		return nil, err
	}
	if r.page.repeats() {
		return r.page.repeated(o, s).Begin(ctx, a)
	}
	return s.Answer(ctx, a)
}

// open reads the string that carries the state of a sign-in, and makes sure that
// it belongs to this pool, client and door.
func (o *Operations) open(r *request, kind sessions.Kind) (*sessions.State, error) {
	text := r.session
	if kind == sessions.SecretBlock {
		text = r.params[paramSecretBlock]
	}
	state, err := o.Sessions.Open(kind, text)
	switch {
	case err != nil && !errors.Is(err, sessions.ErrForged) && !errors.Is(err, sessions.ErrExpired):
		return nil, err
	case state == nil || state.PoolID != r.client.PoolID || state.ClientID != r.client.ID || state.Door != r.door:
		return nil, misplaced(kind, "Invalid session for the user.")
	case err != nil:
		return state, misplaced(kind, "Invalid session for the user, session is expired.")
	}
	return state, nil
}

// misplaced is the answer to a string that does not fit. A SECRET_BLOCK has one
// for all cases, that of a wrong password.
func misplaced(kind sessions.Kind, message string) error {
	if kind == sessions.SecretBlock {
		return errIncorrect()
	}
	return api.NotAuthorizedException("%s", message)
}

// resume finds the user that an opened string is about, and makes sure that the
// request means the same one.
func (o *Operations) resume(ctx context.Context, r *request, s step, state *sessions.State, kind sessions.Kind) (*attempt, error) {
	a := &attempt{request: r, traits: s.traits(), state: state, login: state.Login, custom: state.Custom, proven: state.Factors, wanted: tokens.Level(state.Wanted)}
	named := ""
	_, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		var err error
		if state.Sub != "" {
			if a.user, err = tx.UserBySub(ctx, state.PoolID, state.Sub); err != nil && !unknown(err) {
				return struct{}{}, err
			}
		}
		if kind == sessions.Session {
			if _, a.spent, err = tx.Ticket(ctx, state.PoolID, spentKind, state.ID); err != nil {
				return struct{}{}, err
			}
		}
		if named, err = o.named(ctx, tx, a, kind); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, o.readFailures(ctx, tx, a, true)
	})
	if a.user != nil && state.Event != "" {
		a.watching = threats.Resume(a.user, state.Event, threats.Demand(state.Demand))
	}
	switch {
	case err != nil:
		return nil, err
	case named != state.Username:
		return nil, misplaced(kind, "Invalid session for the user.")
	case a.spent:
		return nil, errSpent(kind)
	case a.user != nil && !credentials.Same(state.Password, a.user.Password):
		return nil, misplaced(kind, "Invalid session for the user.")
	case a.client.HidesExistence():
		return a, nil
	case a.user == nil:
		return nil, errNoUser()
	case !a.user.Enabled:
		return nil, errDisabled()
	}
	return a, nil
}

// named gives the canonical name of the user that USERNAME means. After SRP it
// has to be the canonical name itself; other challenges take any name the user
// signs in with (auth-flows.md §7).
func (o *Operations) named(ctx context.Context, tx *store.Tx, a *attempt, kind sessions.Kind) (string, error) {
	pool, given := a.client.Pool, a.params[paramUsername]
	if pool.Fold(given) == pool.Fold(a.state.Username) {
		return a.state.Username, nil
	}
	if kind == sessions.SecretBlock {
		return "", nil
	}
	user, err := o.Directory.User(ctx, tx, pool, given)
	if unknown(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if user.Sub != a.state.Sub {
		return "", nil
	}
	return a.state.Username, nil
}

// spentKind is the kind of the tickets that mark strings as used.
const spentKind = sessions.SpentKind

func errSpent(kind sessions.Kind) error {
	return misplaced(kind, "Invalid session for the user, session can only be used once.")
}
