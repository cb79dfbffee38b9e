package api_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"cognate/internal/protocol/srp/srpclient"
	"cognate/internal/protocol/webauthn/passkeytest"
	"cognate/internal/servertest"
)

// roamer walks at random, and knows what every string it was given is worth.
type roamer struct {
	s        *servertest.Server
	r        *rand.Rand
	places   []*place
	users    []*roamUser
	nodes    []*node        // the newest strings, the newest last
	families []family       // the newest first
	fresh    int            // new passwords so far
	tokens   map[string]int // sign-ins that were completed, by kind of pool
	proofs   map[string]int // and by what was proven
	refused  map[string]int
}

// place is a pool.
type place struct {
	kind    string
	pool    string
	clients []*app
	narrow  string // the client that lists only plain passwords
	flows   []types.AuthFlowType
	// What the pool demands.
	mfa       types.UserPoolMfaType
	emailFits bool // a code by e-mail is a second factor
	emailAlso bool // a code by e-mail is a first factor
}

type roamUser struct {
	place      *place
	name, sub  string
	home       string // the state that the walk brings the user back to
	status     string // confirmed, unconfirmed, force, reset
	disabled   bool
	password   string
	generation int // of the password
	app        *authenticator
	lastStep   int64 // of the app's newest code that was taken
	phone      *phone
	key        *passkeytest.Authenticator // nil without one
}

// node is a string that was given out, and the way to it.
type node struct {
	user      *roamUser
	client    *app
	admin     bool
	flow      types.AuthFlowType
	withSRP   bool
	challenge types.ChallengeNameType
	session   string
	params    map[string]string
	srp       *srpclient.Client
	code      string // that was sent
	options   []byte // of a passkey
	setUp     *authenticator

	proven     []string
	steppedUp  bool // from tokens of before
	generation int  // of the password that was proven
	used       bool // a proof was taken for it

	offered     string // the newest new password sent for it
	offeredStep int64  // of the newest code of an app sent for it
}

type family struct {
	user            *roamUser
	client          *app
	refresh, access string
	proven          []string
}

// outcome is the answer to a request, of either door.
type outcome struct {
	challenge types.ChallengeNameType
	session   *string
	params    map[string]string
	result    *types.AuthenticationResultType
	messages  int // that the user had before
}

// took is the proof that was taken: none where it is asked for still.
func (o *outcome) took(given string) string {
	if o.challenge == "PASSWORD" || o.challenge == types.ChallengeNameTypeSelectChallenge {
		return ""
	}
	return given
}

func (w *roamer) count(n *node) int { return w.s.Mailbox.Count(n.user.place.pool, n.user.name) }

func (w *roamer) sendFirst(t *testing.T, n *node, pairs []string) (*outcome, error) {
	t.Helper()
	before := w.count(n)
	if n.admin {
		got, err := n.client.adminInitiate(t, n.flow, pairs...)
		if err != nil {
			return nil, err
		}
		return &outcome{got.ChallengeName, got.Session, got.ChallengeParameters, got.AuthenticationResult, before}, nil
	}
	got, err := n.client.initiate(t, n.flow, pairs...)
	if err != nil {
		return nil, err
	}
	return &outcome{got.ChallengeName, got.Session, got.ChallengeParameters, got.AuthenticationResult, before}, nil
}

func (w *roamer) sendAnswer(t *testing.T, n *node, pairs []string) (*outcome, error) {
	t.Helper()
	var session *string
	if n.session != "" && w.r.IntN(30) != 0 {
		session = &n.session
	}
	before := w.count(n)
	if n.admin {
		got, err := n.client.adminRespond(t, n.challenge, session, pairs...)
		if err != nil {
			return nil, err
		}
		return &outcome{got.ChallengeName, got.Session, got.ChallengeParameters, got.AuthenticationResult, before}, nil
	}
	got, err := n.client.respond(t, n.challenge, session, pairs...)
	if err != nil {
		return nil, err
	}
	return &outcome{got.ChallengeName, got.Session, got.ChallengeParameters, got.AuthenticationResult, before}, nil
}

// remembered is any string of before, mostly a new one.
func (w *roamer) remembered() *node {
	if w.r.IntN(3) != 0 {
		return w.nodes[max(0, len(w.nodes)-1-w.r.IntN(6))]
	}
	return pick(w.r, w.nodes)
}

func (w *roamer) keep(n *node) {
	const most = 300
	w.nodes = append(w.nodes, n)
	w.nodes = w.nodes[max(0, len(w.nodes)-most):]
}

// went records where a step led to.
func (w *roamer) went(t *testing.T, n *node, given string, got *outcome) {
	t.Helper()
	w.accept(n, given)
	if got.result != nil {
		w.check(t, n, got.result)
		return
	}
	n.challenge, n.params, n.session, n.code, n.used = got.challenge, got.params, aws.ToString(got.session), "", false
	n.options = []byte(got.params["CREDENTIAL_REQUEST_OPTIONS"])
	if n.session == "" && n.params["SECRET_BLOCK"] == "" {
		t.Errorf("%s of %s carries nothing to answer it with", n.challenge, n.user.name)
	}
	u := n.user
	real := u.sub != "" && !u.disabled && (u.status == "confirmed" || u.status == "unconfirmed" && n.flow == choiceFlow)
	if n.challenge == types.ChallengeNameTypeEmailOtp && real && n.client.pool == u.place.pool {
		n.code = w.s.Mailbox.Wait(t, u.place.pool, u.name, got.messages+1).Code
	}
	w.keep(n)
}

// accept records what a proof that was taken proves and changes.
func (w *roamer) accept(n *node, given string) {
	u := n.user
	switch given {
	case "":
		return
	case "pwd":
		n.generation = u.generation
	case "new":
		u.password, u.status = n.offered, "confirmed"
		u.generation++
		n.generation = u.generation
	case "otp":
		u.lastStep = n.offeredStep
	case "email_otp":
		if len(n.proven) == 0 && u.status == "unconfirmed" {
			u.status = "confirmed"
		}
	}
	n.proven = append(slices.Clone(n.proven), given)
}

// check holds tokens against what was proven and what the pool and the user's
// settings demand (auth-flows.md §5, §8).
func (w *roamer) check(t *testing.T, n *node, got *types.AuthenticationResultType) {
	t.Helper()
	u := n.user
	has := func(factor string) bool { return slices.Contains(n.proven, factor) }
	claims := claimsOf(t, got.AccessToken)
	var wrongs []string
	wrong := func(is bool, text string) {
		if is {
			wrongs = append(wrongs, text)
		}
	}
	wrong(claims["sub"] != u.sub || u.sub == "", "they are somebody else's")
	wrong(claims["client_id"] != n.client.client, "they are for another client")
	wrong(u.disabled, "the user is disabled")
	wrong(u.status != "confirmed", "the user is "+u.status)
	wrong(has("pwd") && n.generation != u.generation, "the password was changed meanwhile")
	switch n.flow {
	case types.AuthFlowTypeCustomAuth:
		wrong(!has("word"), "the custom challenge is open")
		wrong(n.withSRP && !has("pwd"), "the password is not proven")
	case choiceFlow:
		wrong(!has("pwd") && !has("swk") && (!has("email_otp") || !u.place.emailAlso), "no first factor is proven")
	default:
		wrong(!has("pwd"), "the password is not proven")
	}
	due := u.place.mfa == types.UserPoolMfaTypeOn || u.place.mfa == types.UserPoolMfaTypeOptional && u.app != nil
	second := has("otp") || has("device") || has("swk") || has("email_otp") && u.place.emailFits
	wrong(due && !second, "the second factor is not proven")
	amr, _ := claims["amr"].([]any)
	for _, factor := range amr {
		wrong(factor != "mfa" && !has(factor.(string)), "they tell of "+factor.(string))
	}
	wrong(!slices.ContainsFunc(u.place.clients, func(a *app) bool { return a.client == n.client.client }), "the client is another pool's")
	for _, text := range wrongs {
		t.Errorf("tokens for %s of pool %s by %s after %v: %s", u.name, u.place.kind, n.flow, n.proven, text)
	}
	w.tokens[u.place.kind]++
	for _, factor := range n.proven {
		w.proofs[factor]++
	}
	if n.steppedUp {
		w.proofs["step-up"]++
	}
	if got.RefreshToken != nil {
		w.families = slices.Insert(w.families, 0, family{u, n.client, *got.RefreshToken, *got.AccessToken, n.proven})
		w.families = w.families[:min(40, len(w.families))]
	}
}

// refusals are the errors that a walk may meet. InternalErrorException and those
// of functions are none of them.
var refusals = []string{
	"CodeMismatchException", "EnableSoftwareTokenMFAException", "ExpiredCodeException", "InvalidParameterException",
	"InvalidPasswordException", "NotAuthorizedException", "PasswordResetRequiredException", "ResourceNotFoundException",
	"SoftwareTokenMFANotFoundException", "TooManyRequestsException", "UserNotConfirmedException", "UserNotFoundException",
}

func (w *roamer) refusal(t *testing.T, err error) {
	t.Helper()
	var got smithy.APIError
	if !errors.As(err, &got) || !slices.Contains(refusals, got.ErrorCode()) {
		t.Errorf("got %v", err)
		return
	}
	w.refused[got.ErrorCode()]++
}

func (w *roamer) setPassword(t *testing.T, u *roamUser, permanent bool) {
	t.Helper()
	u.password, u.status = "Temporary-Horse1!", "force"
	if permanent {
		u.password, u.status = goodPassword, "confirmed"
	}
	u.generation++
	_, err := w.s.SDK.AdminSetUserPassword(t.Context(), &cip.AdminSetUserPasswordInput{
		UserPoolId: &u.place.pool, Username: &u.name, Password: &u.password, Permanent: permanent,
	})
	wantOK(t, err)
}
