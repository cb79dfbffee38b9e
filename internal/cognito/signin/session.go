package signin

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/credentials"
	"cognate/internal/cognito/sessions"
	"cognate/internal/cognito/tokens"
)

// sealFor makes the Session that the answer to a challenge comes back with. It
// carries on what the sign-in has come to so far.
func (o *Operations) sealFor(a *attempt, challenge api.ChallengeNameType, data []byte) (string, error) {
	state := &sessions.State{
		Step:     string(challenge),
		PoolID:   a.client.PoolID,
		ClientID: a.client.ID,
		Login:    a.login,
		Username: a.presented(),
		Flow:     string(a.flow),
		Door:     a.door,
		Expires:  o.Now().Add(a.stepLife()),
		Factors:  a.proven,
		Wanted:   byte(a.wanted),
		Device:   a.claimed,
		Proved:   a.deviceProved,
		Custom:   a.custom,
		Data:     data,
	}
	if a.watching != nil {
		state.Event, state.Demand = a.watching.ID, byte(a.watching.Demand)
	}
	if a.user != nil {
		state.Sub, state.Username, state.Login = a.user.Sub, a.user.Username, ""
	}
	if a.user != nil && slices.Contains(a.proven, tokens.FactorPassword) {
		state.Password = credentials.Fingerprint(a.user.Password)
	}
	return o.Sessions.Seal(sessions.Session, state)
}

// stepLife is how long the answer to a challenge may take.
func (a *attempt) stepLife() time.Duration {
	if a.door == sessions.Pages {
		return sessions.PageLife
	}
	return a.client.AuthSessionLifetime()
}

// longestName is the longest name that a user can have, in bytes.
const longestName = 512

// presented is what a caller whom nobody knows goes by: the name as given, so
// that the answer to a challenge is recognised by it. Names too long to be
// anybody's are kept by a digest.
func (a *attempt) presented() string {
	if a.state != nil {
		return a.state.Username
	}
	name := a.params[paramUsername]
	if len(name) <= longestName {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

// companion makes the Session that goes with a SECRET_BLOCK in the flows that
// have to give one back (auth-flows.md §4). It is good for that block only.
func (o *Operations) companion(a *attempt, block *sessions.State) (string, error) {
	if !withCompanion(a.flow) {
		return "", nil
	}
	return o.sealFor(a, api.ChallengeNameTypePasswordVerifier, []byte(block.ID))
}

func withCompanion(flow api.AuthFlowType) bool {
	return flow == api.AuthFlowTypeUserAuth || flow == api.AuthFlowTypeCustomAuth
}

// checkCompanion makes sure that the answer to a SECRET_BLOCK brings the Session
// that was given out with it.
func (o *Operations) checkCompanion(r *request, block *sessions.State, kind sessions.Kind) error {
	if kind != sessions.SecretBlock || !withCompanion(r.flow) {
		return nil
	}
	if r.session == "" {
		return api.InvalidParameterException("Missing required parameter Session")
	}
	state, err := o.open(r, sessions.Session)
	if err != nil {
		return err
	}
	if state.Step != string(api.ChallengeNameTypePasswordVerifier) || string(state.Data) != block.ID {
		return misplaced(sessions.Session, "Invalid session for the user.")
	}
	return nil
}
