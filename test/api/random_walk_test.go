package api_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/protocol/srp/srpclient"
	"cognate/internal/protocol/totp"
	"cognate/internal/protocol/webauthn/passkeytest"
)

// The settings of the walk: its seed, and whether it is ten times as long.
const (
	seedVariable = "COGNATE_TEST_SEED"
	longVariable = "COGNATE_TEST_LONG"
)

// TestS067RandomWalksNeverYieldTokensWithoutTheirProofs_S015 walks ten thousand
// steps through all flows and challenges of pools of every kind, with users in
// every state, with strings of other steps, users, clients, pools and doors. A model keeps what was
// proven on the way to each string; tokens come only where that is enough.
func TestS067RandomWalksNeverYieldTokensWithoutTheirProofs_S015(t *testing.T) {
	t.Parallel()
	steps, seed := 10_000, uint64(time.Now().UnixNano())
	if os.Getenv(longVariable) == "1" {
		steps *= 10
	}
	if text := os.Getenv(seedVariable); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		wantOK(t, err)
	}
	w := newRoamer(t, rand.New(rand.NewPCG(seed, 67)))
	taken := 0
	for ; taken < steps && !t.Failed(); taken++ {
		w.step(t)
	}
	t.Logf("%d steps gave tokens %v for %v and refused %v", taken, w.tokens, w.proofs, w.refused)
	for _, p := range w.places {
		if !t.Failed() && w.tokens[p.kind] == 0 {
			t.Errorf("no sign-in at %s came to tokens", p.kind)
		}
	}
	for _, proof := range []string{"pwd", "otp", "email_otp", "swk", "word", "device", "new", "step-up"} {
		rare := proof == "step-up" && steps == 10_000 // some eight in a short walk
		if !t.Failed() && !rare && w.proofs[proof] == 0 {
			t.Errorf("no sign-in had %s", proof)
		}
	}
	if t.Failed() {
		t.Logf("%s=%d walks this way again", seedVariable, seed)
	}
}

func (w *roamer) step(t *testing.T) {
	t.Helper()
	switch n := w.r.IntN(100); {
	case n < 26 || len(w.nodes) == 0:
		w.initiateAny(t)
	case n < 34:
		w.setUpApp(t)
	case n < 38:
		w.refreshAny(t)
	case n < 41:
		w.administer(t)
	case n < 46:
		w.s.Advance(time.Duration(w.r.IntN(40)) * time.Second)
	case n < 49:
		w.s.Advance(16 * time.Minute) // ends locks, and sessions
	default:
		w.answerAny(t)
	}
}

func (w *roamer) rarely() bool { return w.r.IntN(15) == 0 }

// initiateAny begins a sign-in.
func (w *roamer) initiateAny(t *testing.T) {
	t.Helper()
	u := pick(w.r, w.users)
	n := &node{user: u, client: pick(w.r, u.place.clients), admin: w.r.IntN(4) == 0, generation: u.generation}
	if w.rarely() {
		n.client = pick(w.r, pick(w.r, w.places).clients)
	}
	n.flow = pick(w.r, u.place.flows)
	if w.rarely() {
		n.flow = pick(w.r, types.AuthFlowType("").Values())
	}
	if n.flow == types.AuthFlowTypeUserPasswordAuth && n.admin && !w.rarely() {
		n.flow = types.AuthFlowTypeAdminUserPasswordAuth
	}
	password := w.passwordOf(u)
	pairs := []string{"USERNAME", u.name}
	given := ""
	preferred := pick(w.r, []string{"", "PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "WEB_AUTHN", "SOFTWARE_TOKEN_MFA"})
	if w.r.IntN(4) != 0 || n.flow != choiceFlow {
		pairs = append(pairs, "PASSWORD", password)
		if password == u.password && (n.flow != choiceFlow || preferred == "PASSWORD") && n.flow != types.AuthFlowTypeCustomAuth &&
			n.flow != types.AuthFlowTypeUserSrpAuth {
			given = "pwd"
		}
	}
	if u.key != nil && w.r.IntN(3) == 0 {
		preferred = "WEB_AUTHN"
	}
	if preferred != "" {
		pairs = append(pairs, "PREFERRED_CHALLENGE", preferred)
	}
	if n.flow == types.AuthFlowTypeUserSrpAuth || w.r.IntN(4) == 0 {
		n.srp = srpclient.New()
		pairs = append(pairs, "SRP_A", n.srp.A())
		if n.flow == types.AuthFlowTypeCustomAuth {
			pairs = append(pairs, "CHALLENGE_NAME", "SRP_A")
		}
	}
	if d := pick(w.r, w.users).phone; d != nil && w.r.IntN(2) == 0 {
		pairs = append(pairs, "DEVICE_KEY", d.key)
	} else if u.phone != nil && w.r.IntN(2) == 0 {
		pairs = append(pairs, "DEVICE_KEY", u.phone.key)
	}
	if n.flow == choiceFlow && w.r.IntN(2) == 0 {
		pairs = append(pairs, w.stepUp(n)...)
	}
	pairs = w.without(pairs)
	n.withSRP = slices.Contains(pairs, "CHALLENGE_NAME")
	got, err := w.sendFirst(t, n, pairs)
	if err != nil {
		w.refusal(t, err)
		return
	}
	if n.client.client == u.place.narrow && n.flow != types.AuthFlowTypeUserPasswordAuth {
		t.Errorf("%s at a client that does not list it", n.flow)
	}
	if !slices.ContainsFunc(u.place.clients, func(a *app) bool { return a.client == n.client.client }) && got.result != nil {
		t.Errorf("%s signed in at a client of another pool", u.name)
	}
	w.went(t, n, got.took(given), got)
}

// stepUp asks for a level, mostly with tokens of before, whose proofs then count
// unless they are said to be too old.
func (w *roamer) stepUp(n *node) []string {
	pairs := []string{"TARGET_ACR_VALUES", pick(w.r, []string{level1, level2, level3, level4, level4 + " " + level3})}
	if len(w.families) > 0 && w.r.IntN(3) != 0 {
		have := pick(w.r, w.families)
		if own := slices.IndexFunc(w.families, func(f family) bool { return f.user == n.user }); own >= 0 && !w.rarely() {
			have = w.families[own]
			n.client = have.client
		}
		pairs = append(pairs, "ACCESS_TOKEN", have.access)
		if have.user == n.user {
			n.proven, n.steppedUp = slices.Clone(have.proven), true
		}
	}
	if age := pick(w.r, []string{"", "", "", "0", "30", "100000"}); age != "" {
		pairs = append(pairs, "MAX_AGE", age)
		if age == "0" { // whatever the token says is too long ago
			n.proven, n.steppedUp = nil, false
		}
	}
	return pairs
}

// passwordOf is the right password of a user, mostly.
func (w *roamer) passwordOf(u *roamUser) string {
	if w.r.IntN(10) == 0 || u.password == "" {
		return pick(w.r, []string{"Wrong-Horse1!", goodPassword + "0", goodPassword + " "})
	}
	return u.password
}

// without leaves one parameter out now and then.
func (w *roamer) without(pairs []string) []string {
	if w.r.IntN(12) != 0 {
		return pairs
	}
	i := 2 * w.r.IntN(len(pairs)/2)
	return slices.Delete(slices.Clone(pairs), i, i+2)
}

// answerAny answers a challenge, mostly the one that was asked, with the proofs
// that the user has, mostly right ones.
func (w *roamer) answerAny(t *testing.T) {
	t.Helper()
	from := w.remembered()
	as := *from // how the answer is sent
	if w.r.IntN(4) == 0 {
		as.challenge = pick(w.r, types.ChallengeNameType("").Values())
	}
	if w.rarely() {
		as.client = pick(w.r, pick(w.r, w.places).clients)
	}
	if w.rarely() {
		as.admin = !as.admin
	}
	if w.rarely() { // the string of another sign-in
		other := w.remembered()
		as.session = other.session
		if other.session != from.session {
			from = other
		}
	}
	name := as.user.name
	if w.rarely() {
		name = pick(w.r, w.users).name
	}
	pairs, given := w.reply(t, &as, from, name)
	got, err := w.sendAnswer(t, &as, w.without(pairs))
	if err != nil {
		w.refusal(t, err)
		return
	}
	given = got.took(given)
	switch {
	case from.used:
		t.Errorf("a string of %s was good for two answers, the second one to %s", from.challenge, as.challenge)
	case as.client.client != from.client.client:
		t.Errorf("the string of %s went on at another client", from.user.name)
	case as.admin != from.admin:
		t.Errorf("the string of %s went on at the other door", from.user.name)
	case name != from.user.name:
		t.Errorf("the string of %s went on for %s", from.user.name, name)
	}
	from.used = given != "" || got.result != nil || as.challenge == types.ChallengeNameTypeCustomChallenge
	next := *from
	if as.srp != nil {
		next.srp = as.srp
	}
	w.went(t, &next, given, got)
}

// reply makes the parameters of an answer, and tells what they prove.
func (w *roamer) reply(t *testing.T, as, from *node, name string) (pairs []string, given string) {
	t.Helper()
	u := from.user
	password, word := w.passwordOf(u), pick(w.r, []string{roamWord, roamWord, roamWord, "red"})
	pairs = []string{"USERNAME", name, "PASSWORD", password}
	code := from.code
	if code == "" || w.r.IntN(6) == 0 {
		code = "00000000"
	}
	pairs = append(pairs, "EMAIL_OTP_CODE", code, "SMS_OTP_CODE", code, "SMS_MFA_CODE", code)
	choice := pick(w.r, []string{"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "WEB_AUTHN", "SOFTWARE_TOKEN_MFA"})
	if as.challenge == types.ChallengeNameTypeCustomChallenge {
		choice = word
	}
	w.fresh++
	renewed := fmt.Sprintf("Correct-Horse%d!", w.fresh)
	as.srp = nil
	if as.challenge == "PASSWORD_SRP" || as.challenge == types.ChallengeNameTypeDeviceSrpAuth || choice == "PASSWORD_SRP" {
		as.srp = srpclient.New()
		pairs = append(pairs, "SRP_A", as.srp.A())
	}
	pairs = append(pairs, "ANSWER", choice, "NEW_PASSWORD", renewed)
	token, step := w.tokenOf(t, u)
	pairs = append(pairs, "SOFTWARE_TOKEN_MFA_CODE", token)
	if u.phone != nil {
		pairs = append(pairs, "DEVICE_KEY", u.phone.key)
	}
	credential, verified := w.credential(t, from)
	pairs = append(pairs, credential...)
	switch as.challenge {
	case types.ChallengeNameTypeWebAuthn:
		if verified {
			given = "swk"
		}
	case "PASSWORD", types.ChallengeNameTypeSelectChallenge:
		switch {
		case password == u.password && (as.challenge == "PASSWORD" || choice == "PASSWORD"):
			given = "pwd"
		case verified && choice == "WEB_AUTHN" && as.challenge == types.ChallengeNameTypeSelectChallenge:
			given = "swk"
		}
	case types.ChallengeNameTypeEmailOtp:
		if code == from.code {
			given = "email_otp"
		}
	case types.ChallengeNameTypeSoftwareTokenMfa:
		if step > u.lastStep {
			given = "otp"
		}
	case types.ChallengeNameTypeCustomChallenge:
		if word == roamWord {
			given = "word"
		}
	case types.ChallengeNameTypeNewPasswordRequired:
		given = "new"
	case types.ChallengeNameTypePasswordVerifier, types.ChallengeNameTypeDevicePasswordVerifier:
		signed, right := w.signatures(t, as.challenge, from, password)
		return append(pairs, signed...), right
	default: // nothing that these walks can prove
	}
	from.offered, from.offeredStep = renewed, step
	return pairs, given
}

// credential answers the options of a passkey, mostly with a verified user.
func (w *roamer) credential(t *testing.T, from *node) (pairs []string, verified bool) {
	t.Helper()
	if len(from.options) == 0 || from.user.key == nil {
		return nil, false
	}
	key := *from.user.key
	verified = w.r.IntN(4) != 0
	if !verified {
		key.Flags = passkeytest.UserPresent
	}
	answer, err := key.Get(from.options)
	wantOK(t, err)
	return []string{"CREDENTIAL", string(answer)}, verified
}

// signatures answers a SECRET_BLOCK.
func (w *roamer) signatures(t *testing.T, challenge types.ChallengeNameType, from *node, password string) (pairs []string, given string) {
	t.Helper()
	if from.srp == nil || from.params["SECRET_BLOCK"] == "" || challenge != from.challenge {
		return []string{
			"TIMESTAMP", srpclient.Timestamp(w.s.Now()), "PASSWORD_CLAIM_SIGNATURE", "AAAA",
			"PASSWORD_CLAIM_SECRET_BLOCK", from.params["SECRET_BLOCK"] + "AAAA",
		}, ""
	}
	if challenge == types.ChallengeNameTypePasswordVerifier {
		if password == from.user.password {
			given = "pwd"
		}
		return from.client.srpAnswer(t, from.srp, from.params, password, w.s.Now())[2:], given
	}
	d := *from.user.phone
	if w.r.IntN(2) == 0 {
		d.password = "of somebody else"
	} else {
		given = "device"
	}
	return from.client.proofOf(t, from.srp, from.params, d)[4:], given
}

// tokenOf is a code of a user's app, mostly right and new, and its time step.
func (w *roamer) tokenOf(t *testing.T, u *roamUser) (code string, step int64) {
	t.Helper()
	if u.app == nil || w.r.IntN(8) == 0 {
		return "000000", 0
	}
	now := totp.StepAt(w.s.Now())
	step = max(now-1, min(now+1, u.lastStep+1))
	if w.r.IntN(8) == 0 && u.lastStep > 0 {
		step = u.lastStep // used before
	}
	return u.app.at(t, step), step
}

// setUpApp registers an authenticator app within a sign-in.
func (w *roamer) setUpApp(t *testing.T) {
	t.Helper()
	n := w.remembered()
	for range 20 { // those that may, mostly
		if n.challenge == types.ChallengeNameTypeMfaSetup && !n.used {
			break
		}
		n = w.remembered()
	}
	a := n.client
	if n.setUp == nil || w.r.IntN(4) == 0 {
		made, err := a.associate(t, nil, &n.session)
		if err != nil {
			w.refusal(t, err)
			return
		}
		if n.challenge != types.ChallengeNameTypeMfaSetup || n.used {
			t.Errorf("an app was set up with a string of %s", n.challenge)
		}
		next := *n
		next.session, next.setUp = *made.Session, newAuthenticator(t, w.s, made.SecretCode)
		w.keep(&next)
		return
	}
	step := totp.StepAt(w.s.Now())
	code, right := n.setUp.at(t, step), true
	if w.r.IntN(3) == 0 {
		code, right = n.setUp.wrong(t), false
	}
	done, err := a.verifyToken(t, nil, &n.session, code)
	if err != nil {
		w.refusal(t, err)
		return
	}
	if !right || n.used {
		t.Errorf("an app was verified: with the right code %t, with a used string %t", right, n.used)
	}
	n.used = true
	n.user.app, n.user.lastStep = n.setUp, step
	next := *n
	next.session, next.used, next.setUp = *done.Session, false, nil
	next.proven = append(slices.Clone(n.proven), "otp")
	w.keep(&next)
}

// refreshAny uses a refresh token, at any client.
func (w *roamer) refreshAny(t *testing.T) {
	t.Helper()
	if len(w.families) == 0 {
		return
	}
	f := pick(w.r, w.families)
	a := f.client
	if w.r.IntN(4) == 0 {
		a = pick(w.r, pick(w.r, w.places).clients)
	}
	got, err := a.initiate(t, types.AuthFlowTypeRefreshTokenAuth, "REFRESH_TOKEN", f.refresh)
	if err != nil {
		w.refusal(t, err)
		return
	}
	if a.client != f.client.client || f.user.disabled {
		t.Errorf("refreshed for %s, disabled %t, at its client %t", f.user.name, f.user.disabled, a.client == f.client.client)
	}
	if sub := claimsOf(t, got.AuthenticationResult.AccessToken)["sub"]; sub != f.user.sub {
		t.Errorf("refreshed for %v, want %s", sub, f.user.sub)
	}
}

// administer changes the state of a user while sign-ins are under way.
func (w *roamer) administer(t *testing.T) {
	t.Helper()
	u := pick(w.r, w.users)
	switch {
	case u.home == "disabled" && u.disabled:
		_, err := w.s.SDK.AdminEnableUser(t.Context(), &cip.AdminEnableUserInput{UserPoolId: &u.place.pool, Username: &u.name})
		wantOK(t, err)
		u.disabled = false
	case u.home == "disabled":
		_, err := w.s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &u.place.pool, Username: &u.name})
		wantOK(t, err)
		u.disabled = true
	case u.home == "force" && u.status != "force":
		w.setPassword(t, u, false)
	case u.home == "bare" && u.app != nil:
		wantOK(t, w.dropApp(t, u))
		u.app, u.lastStep = nil, 0
	case u.home == "plain":
		w.setPassword(t, u, true)
	}
}
