package signin

import (
	"context"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/migration"
	"cognate/internal/cognito/sessions"
	"cognate/internal/store"
)

const (
	paramPreferred = "PREFERRED_CHALLENGE"
	paramAnswer    = "ANSWER"
)

// firstFactor is a row of the table of factors that a choice-based sign-in can
// begin with (auth-flows.md §6).
type firstFactor struct {
	challenge api.ChallengeNameType
	listed    api.AuthFactorType // in the pool's SignInPolicy
	proof     string             // the parameter that it begins with; empty: nothing need come along
	step      func(o *Operations) step
	// has reports whether a user who does not pass for an unknown one can use it.
	has func(a *attempt) bool
}

// firstFactors is the table, in the order in which choices are listed.
var firstFactors = []firstFactor{
	{
		challenge: api.ChallengeNameTypePasswordSrp, listed: api.AuthFactorTypePassword, proof: paramSRPA,
		step: func(o *Operations) step { return srpStep{o} }, has: hasUsableVerifier,
	},
	{
		challenge: api.ChallengeNameTypePassword, listed: api.AuthFactorTypePassword, proof: paramPassword,
		step: func(o *Operations) step { return passwordStep{o} }, has: hasUsablePassword,
	},
	{
		challenge: api.ChallengeNameTypeWebAuthn, listed: api.AuthFactorTypeWebAuthn,
		step: func(o *Operations) step { return webAuthnStep{o} }, has: hasUsablePasskey,
	},
	{
		challenge: api.ChallengeNameTypeEmailOtp, listed: api.AuthFactorTypeEmailOtp,
		step: func(o *Operations) step { return codeStep{o, emailOTP} }, has: func(a *attempt) bool { return hasUsableAddress(a, emailOTP) },
	},
	{
		challenge: api.ChallengeNameTypeSmsOtp, listed: api.AuthFactorTypeSmsOtp,
		step: func(o *Operations) step { return codeStep{o, smsOTP} }, has: func(a *attempt) bool { return hasUsableAddress(a, smsOTP) },
	},
}

func factorNamed(name string) *firstFactor {
	i := slices.IndexFunc(firstFactors, func(f firstFactor) bool { return string(f.challenge) == name })
	if i < 0 {
		return nil
	}
	return &firstFactors[i]
}

func hasUsablePassword(a *attempt) bool {
	return (a.user.Password != nil || migration.Waits(a.client.Pool, a.user)) &&
		(a.user.Status == api.UserStatusTypeConfirmed || a.user.Status == api.UserStatusTypeForceChangePassword)
}

// hasUsableVerifier leaves out passwords that came as a hash: they have to be
// given in clear once (spec/newest-features.md §14).
func hasUsableVerifier(a *attempt) bool { return hasUsablePassword(a) && hasVerifier(a.user) }

// hasUsableAddress does not ask for a verified address: a right code verifies it.
func hasUsableAddress(a *attempt, kind codeKind) bool {
	return a.user.Attributes.Get(kind.attribute) != "" && !mfaActive(a) &&
		(a.user.Status == api.UserStatusTypeConfirmed || a.user.Status == api.UserStatusTypeUnconfirmed || imported(a.user))
}

// entersByCode reports whether the pool lets the user begin with a one-time code.
func (a *attempt) entersByCode() bool {
	return a.poolAllows(api.AuthFactorTypeEmailOtp) && hasUsableAddress(a, emailOTP) ||
		a.poolAllows(api.AuthFactorTypeSmsOtp) && hasUsableAddress(a, smsOTP)
}

func hasUsablePasskey(a *attempt) bool {
	return len(a.passkeys) > 0 && a.user.Status == api.UserStatusTypeConfirmed && (!mfaActive(a) || passkeyIsMFA(a.client.Pool, a.user))
}

// choose serves the first request of USER_AUTH.
func (o *Operations) choose(ctx context.Context, r *request) (*answer, error) {
	if err := choiceInTier(r); err != nil {
		return nil, err
	}
	if r.session != "" {
		if got, err := o.afterSignUp(ctx, r); got != nil || err != nil {
			return got, err
		}
	}
	var s step = selectStep{o}
	f := factorNamed(r.params[paramPreferred])
	if f != nil {
		s = f.step(o)
	}
	a, err := o.meet(ctx, r, s)
	if err != nil {
		return nil, err
	}
	if err := o.aim(ctx, a); err != nil {
		return nil, err
	}
	if len(a.proven) > 0 { // a step-up: what is missing is asked for
		return o.missing(ctx, a)
	}
	if f == nil || f.listed != api.AuthFactorTypePassword || !slices.Contains(o.available(a), f.challenge) {
		if err := o.survey(ctx, a); err != nil { // a password does not depend on it
			return nil, err
		}
	}
	if f == nil || !slices.Contains(o.available(a), f.challenge) {
		return selectStep{o}.Begin(ctx, a)
	}
	return o.ask(ctx, a, f)
}

// choiceInTier refuses pools whose plan has no choice-based sign-in.
func choiceInTier(r *request) error {
	if tier := r.client.Pool.Config().UserPoolTier; tier == api.UserPoolTierTypeLite {
		return api.FeatureUnavailableInTierException(
			"The following features need to be disabled for the %s pricing tier configured: Choice-Based Sign-In", tier)
	}
	return nil
}

// ask begins with a factor. One whose proof has to come along, and did not, is
// asked for by its name.
func (o *Operations) ask(ctx context.Context, a *attempt, f *firstFactor) (*answer, error) {
	if f.proof == "" || a.params[f.proof] != "" {
		got, err := f.step(o).Begin(ctx, a)
		if got != nil && got.challenge == f.challenge && f.challenge != api.ChallengeNameTypeWebAuthn {
			got.available = o.available(a)
		}
		return got, err
	}
	session, err := o.sealFor(a, f.challenge, nil)
	if err != nil {
		return nil, err
	}
	return &answer{challenge: f.challenge, params: map[string]string{}, session: session}, nil
}

// survey reads what the choice depends on beside the user.
func (o *Operations) survey(ctx context.Context, a *attempt) error {
	rp := a.client.Pool.RelyingParty()
	if rp == "" || !a.poolAllows(api.AuthFactorTypeWebAuthn) {
		return nil
	}
	sub := ""
	if a.user != nil {
		sub = a.user.Sub
	}
	list, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) ([]*store.Passkey, error) {
		return tx.Passkeys(ctx, a.client.PoolID, sub)
	})
	a.passkeys = slices.DeleteFunc(list, func(p *store.Passkey) bool { return p.Details.RelyingPartyID != rp })
	return err
}

// available lists the challenges that the user can begin with now.
func (o *Operations) available(a *attempt) []api.ChallengeNameType {
	if a.unfit() {
		return o.imagined(a)
	}
	var list []api.ChallengeNameType
	for _, f := range firstFactors {
		if a.poolAllows(f.listed) && f.has(a) && a.leadsToWanted(f.challenge) {
			list = append(list, f.challenge)
		}
	}
	return list
}

// imagined lists challenges for a name that nobody has: what users of the pool
// may have, always the same for one name.
func (o *Operations) imagined(a *attempt) []api.ChallengeNameType {
	var list []api.ChallengeNameType
	on := a.client.Pool.Config().MfaConfiguration == api.UserPoolMfaTypeOn
	for _, f := range firstFactors {
		if !a.poolAllows(f.listed) || !a.leadsToWanted(f.challenge) {
			continue
		}
		switch f.listed {
		case api.AuthFactorTypePassword:
		case api.AuthFactorTypeWebAuthn:
			if a.client.Pool.RelyingParty() == "" || on && !multiFactorPasskeys(a.client.Pool) || o.decoy(a, "passkey")[0]%4 != 0 {
				continue
			}
		case api.AuthFactorTypeSmsOtp:
			if on || o.decoy(a, "phone")[0]%2 != 0 && slices.Contains(list, api.ChallengeNameTypeEmailOtp) {
				continue
			}
		default:
			if on {
				continue
			}
		}
		list = append(list, f.challenge)
	}
	return list
}

// poolAllows reports whether the pool lets a sign-in begin with a factor. A pool
// that was never told allows passwords.
func (a *attempt) poolAllows(f api.AuthFactorType) bool {
	policies := a.client.Pool.Config().Policies
	if policies == nil || policies.SignInPolicy == nil || len(policies.SignInPolicy.AllowedFirstAuthFactors) == 0 {
		return f == api.AuthFactorTypePassword
	}
	return slices.Contains(policies.SignInPolicy.AllowedFirstAuthFactors, f)
}

// selectStep lets the user choose a factor.
type selectStep struct{ o *Operations }

// The choice may come with a password, whose failures count.
func (selectStep) traits() traits { return traits{counted: true} }

// Begin lists the choices. Users without any are told why.
func (s selectStep) Begin(_ context.Context, a *attempt) (*answer, error) {
	list := s.o.available(a)
	if len(list) == 0 {
		return nil, nothingToChoose(s.o, a)
	}
	session, err := s.o.sealFor(a, api.ChallengeNameTypeSelectChallenge, nil)
	if err != nil {
		return nil, err
	}
	return &answer{challenge: api.ChallengeNameTypeSelectChallenge, params: map[string]string{}, session: session, available: list}, nil
}

func nothingToChoose(o *Operations, a *attempt) error {
	if a.user != nil {
		if _, err := confirmed(o, a, a.user); err != nil {
			return err
		}
		if _, err := notToBeReset(o, a, a.user); err != nil {
			return err
		}
	}
	return errIncorrect()
}

// Answer begins with the factor that was chosen. A passkey's answer may come
// under the name of the choice as well.
func (s selectStep) Answer(ctx context.Context, a *attempt) (*answer, error) {
	if a.state.Step == string(api.ChallengeNameTypeWebAuthn) {
		if a.params[paramAnswer] != a.state.Step {
			return nil, misplaced(sessions.Session, "Invalid session provided for the user.")
		}
		return webAuthnStep{s.o}.Answer(ctx, a)
	}
	f := factorNamed(a.params[paramAnswer])
	if f == nil {
		return nil, errNotOffered()
	}
	return chosenStep{s.o, f}.Answer(ctx, a)
}

// chosenStep begins with one factor of the choice, by the challenge's own name.
type chosenStep struct {
	o *Operations
	f *firstFactor
}

func (s chosenStep) traits() traits { return s.f.step(s.o).traits() }

// Begin asks for the factor.
func (s chosenStep) Begin(ctx context.Context, a *attempt) (*answer, error) {
	return s.o.ask(ctx, a, s.f)
}

// Answer is the first request of the factor's own step, or the answer to it.
func (s chosenStep) Answer(ctx context.Context, a *attempt) (*answer, error) {
	if a.state.Step == string(api.ChallengeNameTypeWebAuthn) {
		return s.f.step(s.o).Answer(ctx, a)
	}
	a.traits = s.traits()
	if err := s.o.migrate(ctx, a); err != nil { // with the password comes the time to ask
		return nil, err
	}
	if err := s.o.survey(ctx, a); err != nil {
		return nil, err
	}
	switch list := s.o.available(a); {
	case len(list) == 0:
		return nil, nothingToChoose(s.o, a)
	case !slices.Contains(list, s.f.challenge):
		return nil, errNotOffered()
	}
	return s.o.ask(ctx, a, s.f)
}

func errNotOffered() error {
	return api.InvalidParameterException("The selected challenge is not available.")
}

func chosen(name api.ChallengeNameType) func(o *Operations) step {
	return func(o *Operations) step { return chosenStep{o, factorNamed(string(name))} }
}

// afterSignUp signs in at once with the session of ConfirmSignUp: the code of the
// sign-up proved what a one-time code would. It gives no answer where the pool
// does not let users begin with such a code.
func (o *Operations) afterSignUp(ctx context.Context, r *request) (*answer, error) {
	state, unusable := o.open(r, sessions.Session)
	if state != nil && state.Step != sessions.SignedUp {
		return nil, misplaced(sessions.Session, "Invalid session provided for the user.")
	}
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
	a, err := o.resume(ctx, r, signedUpStep{}, state, sessions.Session)
	if err != nil {
		return nil, err
	}
	kind := emailOTP
	if slices.Contains(state.Factors, smsOTP.factor) {
		kind = smsOTP
	}
	f := factorNamed(string(kind.challenge))
	if a.unfit() || !a.poolAllows(f.listed) || !f.has(a) {
		return nil, nil //nolint:nilnil // the ordinary way goes on
	}
	return o.settle(ctx, a, proof{right: true, factor: kind.factor, kind: sessions.Session})
}

// signedUpStep stands for the code of a sign-up, which was given already.
type signedUpStep struct{}

func (signedUpStep) traits() traits                                   { return traits{} }
func (signedUpStep) Begin(context.Context, *attempt) (*answer, error) { return nil, errNotOffered() }

func (signedUpStep) Answer(context.Context, *attempt) (*answer, error) { return nil, errNotOffered() }
