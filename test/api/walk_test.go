package api_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/protocol/totp"
	"cognate/internal/protocol/webauthn/passkeytest"
	"cognate/internal/servertest"
)

// walker makes sign-ins at random: right and wrong secrets, in and out of order,
// with sessions of other steps and users. It keeps what was really proven on the
// way to each session.
type walker struct {
	*app
	r      *rand.Rand
	users  []*walkUser
	paths  []path  // the newest sessions
	tokens []token // the newest tokens
	done   int     // sign-ins that came to tokens
}

type walkUser struct {
	name     string
	key      *passkeytest.Authenticator
	app      *authenticator // nil without one
	messages int
}

// path is how far a sign-in has come.
type path struct {
	user      *walkUser
	session   *string
	challenge types.ChallengeNameType
	code      string // that was sent for it
	options   []byte // of a passkey
	proven    []string
}

type token struct {
	user   *walkUser
	access string
	proven []string
}

const kept = 12

// TestS067ARandomWalkProvesWhatItGets takes ten thousand steps through the flows.
// Whatever the way, tokens come only to who has proven all that they say and all
// that the user's settings ask for.
func TestS067ARandomWalkProvesWhatItGets(t *testing.T) {
	t.Parallel()
	const steps = 10_000
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	w := newWalker(t, rand.New(rand.NewPCG(seed, 1)))
	for range steps {
		switch w.r.IntN(10) {
		case 0, 1, 2:
			w.start(t)
		case 3:
			w.s.Advance(time.Duration(w.r.IntN(40)) * time.Second)
		default:
			w.answer(t)
		}
		if w.r.IntN(60) == 0 {
			w.s.Advance(16 * time.Minute) // ends locks and sessions
		}
	}
	t.Logf("%d of %d steps came to tokens", w.done, steps)
	if w.done < steps/100 {
		t.Errorf("%d sign-ins of %d steps are too few to say anything", w.done, steps)
	}
}

func newWalker(t *testing.T, r *rand.Rand) *walker {
	t.Helper()
	w := &walker{r: r, app: levelApp(t, servertest.Start(t), func(c *types.WebAuthnConfigurationType) {
		c.FactorConfiguration = types.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification
	})}
	for _, name := range []string{"ana", "bo"} {
		w.s.CreateUser(t, w.pool, name, goodPassword, "email", name+"@example.com")
		u := &walkUser{name: name, key: passkeytest.New(passkeyParty, passkeyPage)}
		access := w.signIn(t, name, goodPassword).AccessToken
		w.register(t, access, u.key)
		if name == "ana" { // has a second factor
			u.app = w.enrol(t, access)
			wantOK(t, w.prefer(t, name, tokenPreferred))
			wantOK(t, w.prefer(t, name, cip.AdminSetUserMFAPreferenceInput{WebAuthnMfaSettings: &types.WebAuthnMfaSettingsType{Enabled: true}}))
		}
		w.users = append(w.users, u)
		w.tokens = append(w.tokens, token{u, *access, []string{"pwd"}})
	}
	return w
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// secret is a password, right most of the time.
func (w *walker) secret() (password string, right bool) {
	if w.r.IntN(8) == 0 {
		return "Wrong-Horse1!", false
	}
	return goodPassword, true
}

func (w *walker) start(t *testing.T) {
	t.Helper()
	u := pick(w.r, w.users)
	p := path{user: u}
	password, right := w.secret()
	pairs := []string{"USERNAME", u.name}
	flow := pick(w.r, []types.AuthFlowType{choiceFlow, choiceFlow, choiceFlow, types.AuthFlowTypeUserPasswordAuth})
	preferred := pick(w.r, []string{"", "PASSWORD", "EMAIL_OTP", "WEB_AUTHN", "SOFTWARE_TOKEN_MFA"})
	if preferred != "" {
		pairs = append(pairs, "PREFERRED_CHALLENGE", preferred)
	}
	given := ""
	if flow == types.AuthFlowTypeUserPasswordAuth || w.r.IntN(2) == 0 {
		pairs = append(pairs, "PASSWORD", password)
		if right && (flow == types.AuthFlowTypeUserPasswordAuth || preferred == "PASSWORD") {
			given = "pwd"
		}
	}
	if flow == choiceFlow && w.r.IntN(3) == 0 {
		pairs = append(pairs, "TARGET_ACR_VALUES", pick(w.r, []string{level1, level2, level3, level4, level4 + " " + level3}))
		if w.r.IntN(2) == 0 {
			have := pick(w.r, w.tokens)
			pairs = append(pairs, "ACCESS_TOKEN", have.access)
			if have.user == u {
				p.proven = slices.Clone(have.proven)
			}
		}
		if age := pick(w.r, []string{"", "", "0", "30", "100000"}); age != "" {
			pairs = append(pairs, "MAX_AGE", age)
			if age == "0" { // whatever the token says is too long ago
				p.proven = nil
			}
		}
	}
	got, err := w.initiate(t, flow, pairs...)
	if err != nil {
		return
	}
	w.went(t, p, given, got.ChallengeName, got.Session, got.ChallengeParameters, got.AuthenticationResult)
}

func (w *walker) answer(t *testing.T) {
	t.Helper()
	if len(w.paths) == 0 {
		return
	}
	p := pick(w.r, w.paths)
	challenge := p.challenge
	if w.r.IntN(3) == 0 {
		challenge = pick(w.r, types.ChallengeNameType("").Values())
	}
	u := p.user
	if w.r.IntN(12) == 0 {
		u = pick(w.r, w.users)
	}
	password, rightPassword := w.secret()
	choice := pick(w.r, []string{"PASSWORD", "EMAIL_OTP", "WEB_AUTHN", "SOFTWARE_TOKEN_MFA"})
	pairs := []string{"USERNAME", u.name, "ANSWER", choice, "PASSWORD", password, "NEW_PASSWORD", goodPassword + "2", "SRP_A", "2"}
	code := p.code
	if code == "" || w.r.IntN(5) == 0 {
		code = "00000000"
	}
	pairs = append(pairs, "EMAIL_OTP_CODE", code, "SMS_OTP_CODE", code, "SMS_MFA_CODE", code)
	rightToken := false
	if u.app != nil && w.r.IntN(5) != 0 {
		pairs = append(pairs, "SOFTWARE_TOKEN_MFA_CODE", u.app.at(t, totp.StepAt(w.s.Now())))
		rightToken = true
	} else {
		pairs = append(pairs, "SOFTWARE_TOKEN_MFA_CODE", "000000")
	}
	rightKey := false
	if p.options != nil {
		key := *u.key
		if w.r.IntN(4) == 0 {
			key.Flags = passkeytest.UserPresent
		}
		assertion, err := key.Get(p.options)
		wantOK(t, err)
		pairs = append(pairs, "CREDENTIAL", string(assertion))
		rightKey = key.Flags&passkeytest.UserVerified != 0 && u == p.user
	}
	given := ""
	switch {
	case rightPassword && (challenge == "PASSWORD" || challenge == "SELECT_CHALLENGE" && choice == "PASSWORD"):
		given = "pwd"
	case challenge == "EMAIL_OTP" && p.code != "" && code == p.code:
		given = "email_otp"
	case challenge == "SOFTWARE_TOKEN_MFA" && rightToken:
		given = "otp"
	case rightKey && (challenge == "WEB_AUTHN" || challenge == "SELECT_CHALLENGE" && choice == "WEB_AUTHN"):
		given = "swk"
	}
	got, err := w.respond(t, challenge, p.session, pairs...)
	if err != nil {
		return
	}
	w.went(t, p, given, got.ChallengeName, got.Session, got.ChallengeParameters, got.AuthenticationResult)
}

// went records where a step led to. Tokens are checked against what was proven.
func (w *walker) went(t *testing.T, p path, given string, next types.ChallengeNameType, session *string, params map[string]string, got *types.AuthenticationResultType) {
	t.Helper()
	p.proven = slices.Clone(p.proven)
	if given != "" {
		p.proven = append(p.proven, given)
	}
	if got != nil {
		w.check(t, p, got)
		w.tokens = append(w.tokens, token{p.user, *got.AccessToken, p.proven})
		w.tokens = w.tokens[max(0, len(w.tokens)-kept):]
		w.done++
		return
	}
	p.challenge, p.session, p.code, p.options = next, session, "", nil
	if next == "EMAIL_OTP" {
		p.user.messages++
		p.code = w.s.Mailbox.Wait(t, w.pool, p.user.name, p.user.messages).Code
	}
	if text, asked := params["CREDENTIAL_REQUEST_OPTIONS"]; asked {
		p.options = []byte(text)
	}
	w.paths = append(w.paths, p)
	w.paths = w.paths[max(0, len(w.paths)-kept):]
}

func (w *walker) check(t *testing.T, p path, got *types.AuthenticationResultType) {
	t.Helper()
	claims := claimsOf(t, got.AccessToken)
	if claims["username"] != p.user.name {
		t.Errorf("tokens of %v on the way of %s", claims["username"], p.user.name)
	}
	amr, _ := claims["amr"].([]any)
	if len(amr) == 0 {
		t.Errorf("tokens without amr after %v", p.proven)
	}
	for _, factor := range amr {
		if factor != "mfa" && !slices.Contains(p.proven, factor.(string)) {
			t.Errorf("tokens say %v, proven was %v", amr, p.proven)
		}
	}
	two := slices.Contains(p.proven, "swk") || slices.Contains(p.proven, "pwd") && slices.Contains(p.proven, "otp")
	if p.user.app != nil && !two {
		t.Errorf("%s got tokens for %v", aws.ToString(&p.user.name), p.proven)
	}
}
