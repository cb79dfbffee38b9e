package signin

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/mfa"
	"cognate/internal/cognito/tokens"
	"cognate/internal/store"
)

// Parameters that ask for an authentication level (newest-features.md §10.3).
const (
	paramTargets     = "TARGET_ACR_VALUES"
	paramMaxAge      = "MAX_AGE"
	paramAccessToken = "ACCESS_TOKEN"
)

// aim sets the level that a first request asks for, and takes over what its access
// token has proven already, unless that is too long ago.
func (o *Operations) aim(ctx context.Context, a *attempt) error {
	targets, err := a.targets()
	if err != nil || targets == nil {
		return err
	}
	maxAge, limited, err := a.maxAge()
	if err != nil {
		return err
	}
	if err := o.survey(ctx, a); err != nil {
		return err
	}
	var fresh []string
	if a.page != nil && a.page.StepUp {
		if fresh, err = o.standing(a, maxAge, limited); err != nil {
			return err
		}
	}
	if token := a.params[paramAccessToken]; token != "" {
		bearer, err := o.Tokens.Authenticate(ctx, token)
		if err != nil {
			return err
		}
		if a.user == nil || bearer.Pool.ID != a.client.PoolID || bearer.User.Sub != a.user.Sub {
			return api.NotAuthorizedException("Access Token does not belong to the user.")
		}
		if !limited || o.Now().Sub(bearer.AuthTime) < maxAge { // so that 0 never holds
			fresh = bearer.Factors
		}
	}
	for _, target := range targets {
		if len(fresh) > 0 && tokens.LevelOf(fresh) >= target {
			return api.InvalidParameterException("The access token has the requested authentication level already.")
		}
		reaching := *a
		reaching.wanted, reaching.proven = target, fresh
		if len(o.available(&reaching)) > 0 || len(reaching.closing(a.user)) > 0 {
			a.wanted, a.proven = target, fresh
			return nil
		}
	}
	return api.InvalidParameterException("User cannot reach any of the requested authentication levels.")
}

// standing is what the browser's session has proved of the user, which takes the
// part of an access token on the pages (endpoints.md §7.2).
func (o *Operations) standing(a *attempt, maxAge time.Duration, limited bool) ([]string, error) {
	s := a.page.Standing
	switch {
	case s == nil:
		return nil, nil
	case a.user == nil || s.PoolID != a.client.PoolID || s.Sub != a.user.Sub:
		return nil, api.NotAuthorizedException("The session does not belong to the user.")
	case limited && s.Age(o.Now()) >= maxAge:
		return nil, nil
	}
	return s.Factors, nil
}

// targets reads the levels asked for, most wanted first; nil when none is.
func (a *attempt) targets() ([]tokens.Level, error) {
	names := strings.Fields(a.params[paramTargets])
	if len(names) == 0 {
		if a.params[paramAccessToken] != "" {
			return nil, api.InvalidParameterException("Missing required parameter %s", paramTargets)
		}
		return nil, nil
	}
	var list []tokens.Level
	for _, name := range names {
		if l := tokens.LevelNamed(a.client.Pool.Config(), name); l != 0 {
			list = append(list, l)
		}
	}
	if list == nil {
		return nil, api.InvalidParameterException("None of the requested authentication levels is known.")
	}
	return list, nil
}

func (a *attempt) maxAge() (age time.Duration, limited bool, err error) {
	text := a.params[paramMaxAge]
	if text == "" {
		return 0, false, nil
	}
	seconds, err := strconv.ParseInt(text, 10, 32)
	if err != nil || seconds < 0 {
		return 0, false, api.InvalidParameterException("Invalid %s value.", paramMaxAge)
	}
	return time.Duration(seconds) * time.Second, true, nil
}

// proves gives the factors that a challenge can prove.
func proves(challenge api.ChallengeNameType) []string {
	switch challenge {
	case api.ChallengeNameTypePassword, api.ChallengeNameTypePasswordSrp:
		return []string{tokens.FactorPassword}
	case api.ChallengeNameTypeWebAuthn:
		return []string{tokens.FactorPlatform, tokens.FactorRoaming}
	case api.ChallengeNameTypeEmailOtp:
		return []string{tokens.FactorEmail}
	case api.ChallengeNameTypeSmsOtp, api.ChallengeNameTypeSmsMfa:
		return []string{tokens.FactorSMS}
	case api.ChallengeNameTypeSoftwareTokenMfa:
		return []string{tokens.FactorTOTP}
	default:
		return nil
	}
}

// leadsToWanted reports whether a challenge proves something that is missing for
// the level wanted, and the user can prove the rest as a second factor. Without
// a wish every challenge will do.
func (a *attempt) leadsToWanted(challenge api.ChallengeNameType) bool {
	return a.wanted == 0 || a.leadsWith(proves(challenge), a.seconds(a.user))
}

func (a *attempt) leadsWith(factors, rest []string) bool {
	for _, way := range a.wanted.Ways() {
		missing := slices.DeleteFunc(slices.Clone(way), func(f string) bool { return slices.Contains(a.proven, f) })
		before := len(missing)
		missing = slices.DeleteFunc(missing, func(f string) bool { return slices.Contains(factors, f) })
		if len(missing) == before {
			continue
		}
		if !slices.ContainsFunc(missing, func(f string) bool { return !slices.Contains(rest, f) }) {
			return true
		}
	}
	return false
}

// seconds lists what the user can prove as a second factor, in the vocabulary of
// amr. Of those who have to pass for unknown, what the pool has.
func (a *attempt) seconds(u *store.User) []string {
	var list []string
	for _, f := range a.secondFactors(u) {
		list = append(list, proves(api.ChallengeNameType(f))...)
	}
	return list
}

// secondFactors lists the second factors that are on for the user.
func (a *attempt) secondFactors(u *store.User) []string {
	settings := &a.client.Pool.Settings
	on := mfa.Enabled(&settings.MFA)
	if u == nil || a.hidden() {
		return on
	}
	return slices.DeleteFunc(on, func(f string) bool {
		return !mfa.Has(u, f) || settings.Pool.MfaConfiguration != api.UserPoolMfaTypeOn && !slices.Contains(u.MFA.EnabledFactors, f)
	})
}

// closing lists the second factors any of which brings the sign-in to the level
// wanted.
func (a *attempt) closing(u *store.User) []string {
	if a.wanted == 0 || u == nil || a.hidden() || len(a.proven) == 0 {
		return nil
	}
	return slices.DeleteFunc(a.secondFactors(u), func(f string) bool {
		return !a.leadsWith(proves(api.ChallengeNameType(f)), nil)
	})
}

// missing begins a step-up: it asks for what the access token has not proven.
func (o *Operations) missing(ctx context.Context, a *attempt) (*answer, error) {
	closing, preferred := a.closing(a.user), a.params[paramPreferred]
	if slices.Contains(closing, preferred) {
		return factorStep(o, preferred).Begin(ctx, a)
	}
	if f := factorNamed(preferred); f != nil && slices.Contains(o.available(a), f.challenge) {
		return o.ask(ctx, a, f)
	}
	switch len(closing) {
	case 0:
		if list := o.available(a); len(list) == 1 { // no choice
			return o.ask(ctx, a, factorNamed(string(list[0])))
		}
		return selectStep{o}.Begin(ctx, a)
	case 1:
		return factorStep(o, closing[0]).Begin(ctx, a)
	default:
		return selectMFAStep{o}.Begin(ctx, a)
	}
}

// levelReached is the row of the gate that asks for further factors until a
// sign-in has the level that it was begun for.
func levelReached(o *Operations, a *attempt, u *store.User) (step, error) {
	if a.wanted == 0 || tokens.LevelOf(a.proven) >= a.wanted {
		return nil, nil
	}
	closing := a.closing(u)
	switch {
	case len(closing) == 0: // what would have been enough is gone
		return nil, errIncorrect()
	case slices.Contains(closing, a.chosen):
		return factorStep(o, a.chosen), nil
	case len(closing) == 1:
		return factorStep(o, closing[0]), nil
	}
	return selectMFAStep{o}, nil
}

// mfaActive reports whether a second factor stands between the user's first one
// and tokens.
func mfaActive(a *attempt) bool {
	return decideMFA(mfaCaseOf(&a.client.Pool.Settings, a.user)).due()
}

// due reports whether there is anything to do.
func (d mfaDecision) due() bool {
	return d.ask != "" || d.choose != nil || d.setUp != nil || d.refuse != ""
}
