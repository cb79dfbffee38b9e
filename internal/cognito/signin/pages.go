package signin

import (
	"context"
	"maps"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/credentials"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/mfa"
	"cognate/internal/cognito/sessions"
	"cognate/internal/cognito/sso"
	"cognate/internal/cognito/threats"
	"cognate/internal/cognito/tokens"
	"cognate/internal/store"
)

// Page is a request that a page of a pool's domain makes for its user: the first
// one of a sign-in, or with Challenge an answer (endpoints.md §6.7). The pages act
// for the client, so that a SECRET_HASH is neither needed nor read.
type Page struct {
	Client *directory.Client
	// Flow of a first request: USER_PASSWORD_AUTH, for every client, or USER_AUTH,
	// for clients that list it.
	Flow      api.AuthFlowType
	Challenge api.ChallengeNameType
	Params    map[string]string // as AuthParameters or ChallengeResponses, with USERNAME
	Session   string            // of the challenge; in a first request that of ConfirmSignUp, or none

	// Standing is the session that the browser has, or nil: a new one takes its
	// place. With StepUp what it has proved counts, and only what is missing for
	// TARGET_ACR_VALUES is asked for.
	Standing *sso.Session
	StepUp   bool

	Device   string // what the browser keeps as a remembered device, or empty
	Remember bool   // the user wants this browser remembered

	Again bool // send another code instead of checking one
	Other bool // choose another second factor

	Metadata map[string]string
	Context  threats.Context

	from *Federated // of SignInFederated
}

// PageAnswer is what comes of a Page: a challenge, an unconfirmed account, or a
// complete sign-in.
type PageAnswer struct {
	Challenge api.ChallengeNameType
	Params    map[string]string
	Session   string
	Available []api.ChallengeNameType
	Done      *SignedIn
	// Confirm is the Session for ConfirmSignUp when the account waits for that. It
	// remembers whether the password was right.
	Confirm string
}

// SignedIn is a complete sign-in on a page.
type SignedIn struct {
	Session *sso.Session
	Handle  string // the value of the session's cookie
	Device  string // what the browser has to keep from now on, or empty
}

// SignInOnPage is InitiateAuth and RespondToAuthChallenge for the pages: the same
// steps behind the same gate, with a session of the browser at the end. Errors are
// those of the API. The strings named Session are for the server to keep.
func (o *Operations) SignInOnPage(ctx context.Context, p *Page) (*PageAnswer, error) {
	r := request{
		door: sessions.Pages, client: p.Client, flow: p.Flow, challenge: p.Challenge, session: p.Session,
		params: map[string]string{}, metadata: p.Metadata, context: p.Context, page: p,
	}
	maps.Copy(r.params, p.Params)
	delete(r.params, paramAccessToken)
	delete(r.params, paramDeviceKey)
	r.params[paramSecretHash] = p.Client.SecretHash(r.params[paramUsername])
	var got *answer
	var err error
	switch {
	case p.Challenge != "":
		got, err = o.respond(ctx, r)
	case p.Session != "":
		got, err = o.continueSignUp(ctx, r)
	case p.StepUp:
		r.flow = api.AuthFlowTypeUserAuth
		got, err = o.stepUp(ctx, r)
	default:
		got, err = o.initiate(ctx, r)
	}
	if err != nil {
		return nil, err
	}
	return &PageAnswer{
		Challenge: got.challenge, Params: got.params, Session: got.session, Available: got.available,
		Done: got.signedIn, Confirm: got.confirm,
	}, nil
}

// beginPassword serves the first request of USER_PASSWORD_AUTH. On the pages it may
// ask for an authentication level.
func (o *Operations) beginPassword(ctx context.Context, r *request) (*answer, error) {
	s := passwordStep{o}
	a, err := o.meet(ctx, r, s)
	if err != nil {
		return nil, err
	}
	if r.page != nil {
		if err := o.aim(ctx, a); err != nil {
			return nil, err
		}
	}
	return s.Begin(ctx, a)
}

// stepUp asks the user of a browser's session for what is missing for a level.
func (o *Operations) stepUp(ctx context.Context, r request) (*answer, error) {
	return o.watched(ctx, &r, func() (*answer, error) {
		a, err := o.meet(ctx, &r, selectStep{o})
		if err != nil {
			return nil, err
		}
		if err := o.aim(ctx, a); err != nil {
			return nil, err
		}
		if err := o.survey(ctx, a); err != nil {
			return nil, err
		}
		if len(a.proven) > 0 {
			return o.missing(ctx, a)
		}
		return selectStep{o}.Begin(ctx, a)
	})
}

// repeats reports whether a page asks for the question anew instead of answering.
func (p *Page) repeats() bool { return p != nil && (p.Again || p.Other) }

// repeated is the step that a page asks to begin anew, where that is s now.
func (p *Page) repeated(o *Operations, s step) step {
	if p.Other {
		return selectMFAStep{o}
	}
	return s
}

// orConfirm is the answer when a sign-in cannot go on for now. On the pages an
// account that waits for its confirmation gets there, and back.
func (o *Operations) orConfirm(a *attempt, p proof, refusal error) (*answer, error) {
	if a.page == nil || a.user == nil || !api.HasCode(refusal, "UserNotConfirmedException") {
		return nil, refusal
	}
	state := &sessions.State{
		Step: sessions.SigningUp, PoolID: a.client.PoolID, ClientID: a.client.ID, Sub: a.user.Sub, Username: a.user.Username,
		Flow: string(api.AuthFlowTypeUserAuth), Door: sessions.Pages, Expires: o.Now().Add(sessions.PageLife),
	}
	if p.right && p.factor == tokens.FactorPassword {
		state.Password = credentials.Fingerprint(a.user.Password)
	}
	session, err := o.Sessions.Seal(sessions.Session, state)
	return &answer{confirm: session}, err
}

// continueSignUp signs in with the Session of a confirmed sign-up. A password that
// was set or right before counts; so does the code, as the first factor where the
// pool lets users begin with one, or as the second where the pool has it.
func (o *Operations) continueSignUp(ctx context.Context, r request) (*answer, error) {
	return o.watched(ctx, &r, func() (*answer, error) {
		state, unusable := o.open(&r, sessions.Session)
		switch {
		case unusable != nil:
			return nil, unusable
		case state.Step != sessions.SignedUp:
			return nil, misplaced(sessions.Session, "Invalid session provided for the user.")
		}
		r.flow = api.AuthFlowType(state.Flow)
		a, err := o.resume(ctx, &r, signedUpStep{}, state, sessions.Session)
		if err != nil {
			return nil, err
		}
		if err := o.admit(ctx, a); err != nil {
			return nil, err
		}
		a.proven = nil // of a sign-in, nothing is proven yet
		if err := o.preAuthentication(ctx, a); err != nil {
			return nil, err
		}
		first, rest := o.provedBySignUp(a, state)
		if a.unfit() || first == "" {
			return nil, api.NotAuthorizedException("Sign in to continue.")
		}
		a.asked, a.proven = true, rest
		return o.settle(ctx, a, proof{right: true, factor: first, kind: sessions.Session})
	})
}

// provedBySignUp is what a sign-up counts for: one factor, and another one if there
// are two; none if the user has to begin anew.
func (o *Operations) provedBySignUp(a *attempt, state *sessions.State) (first string, rest []string) {
	kind := emailOTP
	if slices.Contains(state.Factors, smsOTP.factor) {
		kind = smsOTP
	}
	settings := &a.client.Pool.Settings
	if len(state.Password) > 0 {
		asSecond := mfa.SMS
		if kind == emailOTP {
			asSecond = mfa.Email
		}
		if settings.Pool.MfaConfiguration != api.UserPoolMfaTypeOff && slices.Contains(mfa.Enabled(&settings.MFA), asSecond) {
			return tokens.FactorPassword, state.Factors
		}
		return tokens.FactorPassword, nil
	}
	f := factorNamed(string(kind.challenge))
	if a.user == nil || !a.poolAllows(f.listed) || !f.has(a) {
		return "", nil
	}
	return kind.factor, nil
}

// browserSession is a conclusion: a session of the browser.
type browserSession struct {
	o       *Operations
	session *store.SSOSession
	handle  string
	device  *keptDevice // to be remembered; nil: none
}

func (o *Operations) newBrowserSession(ctx context.Context, a *attempt, factors []string) *browserSession {
	sub := ""
	if a.user != nil {
		sub = a.user.Sub
	}
	b := &browserSession{o: o}
	provider, upstream, level := sso.LocalProvider, "", tokens.Level(0)
	if from := a.page.from; from != nil {
		provider, upstream, level = from.Provider, from.Upstream, from.Level
	}
	b.session, b.handle = o.Browsers.New(ctx, a.client, sub, provider, factors)
	b.session.Upstream, b.session.Level = upstream, int64(level)
	if a.watching != nil {
		b.session.EventID = a.watching.ID
	}
	b.device = o.toBeRemembered(ctx, a, factors)
	return b
}

func (b *browserSession) begin(ctx context.Context, tx *store.Tx, a *attempt, d *decision) error {
	if old := a.page.Standing; old != nil {
		if _, err := tx.EndSSOSession(ctx, old.PoolID, old.ID); err != nil {
			return err
		}
	}
	if err := b.o.Browsers.Begin(ctx, tx, b.session); err != nil {
		return err
	}
	if b.device != nil {
		_, err := tx.InsertDevice(ctx, b.device.row)
		return err
	}
	if a.device == nil || !a.deviceProved {
		return nil
	}
	_, err := tx.UseDevice(ctx, a.device.PoolID, a.device.Sub, a.device.ID, b.session.LastIP, b.session.AuthAt)
	return err
}

func (b *browserSession) answer(ctx context.Context, a *attempt, d decision) (*answer, error) {
	if err := b.o.postAuthentication(ctx, a, d); err != nil {
		return nil, err
	}
	done := &SignedIn{Session: &sso.Session{SSOSession: b.session, User: d.user}, Handle: b.handle}
	if b.device != nil {
		done.Device = b.device.secret
	}
	return &answer{signedIn: done}, nil
}
