package api_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/protocol/srp/srpclient"
	"cognate/internal/servertest"
)

const incorrect = "Incorrect username or password."

func TestSRPSignIn(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	got, err := a.trySRP(t, "ana", goodPassword)
	wantOK(t, err)
	if got.AuthenticationResult == nil || got.AuthenticationResult.RefreshToken == nil || got.Session != nil {
		t.Fatalf("got %+v", got)
	}
	wantOK(t, a.getUser(t.Context(), got.AuthenticationResult.AccessToken))
	_, err = a.trySRP(t, "ana", "Wrong-Horse1!")
	wantError(t, err, "NotAuthorizedException", incorrect)
}

// The first answer has exactly the recorded members, and no Session
// (recorded.md §5).
func TestSRPChallengeShape(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	answer := a.s.Call(t, "InitiateAuth", `{"AuthFlow":"USER_SRP_AUTH","ClientId":"`+a.client+
		`","AuthParameters":{"USERNAME":"ana","SRP_A":"`+srpclient.New().A()+`"}}`)
	var got struct {
		ChallengeName       string
		ChallengeParameters map[string]string
	}
	var members map[string]any
	wantOK(t, json.Unmarshal([]byte(answer.Body), &got))
	wantOK(t, json.Unmarshal([]byte(answer.Body), &members))
	if keys := slices.Sorted(maps.Keys(members)); !slices.Equal(keys, []string{"ChallengeName", "ChallengeParameters"}) {
		t.Errorf("members %v", keys)
	}
	if got.ChallengeName != "PASSWORD_VERIFIER" {
		t.Errorf("challenge %s", got.ChallengeName)
	}
	keys := slices.Sorted(maps.Keys(got.ChallengeParameters))
	if !slices.Equal(keys, []string{"SALT", "SECRET_BLOCK", "SRP_B", "USERNAME", "USER_ID_FOR_SRP"}) {
		t.Errorf("parameters %v", keys)
	}
	hexadecimal := regexp.MustCompile(`^[1-9a-f][0-9a-f]*$`)
	for _, name := range []string{"SALT", "SRP_B"} {
		if !hexadecimal.MatchString(got.ChallengeParameters[name]) {
			t.Errorf("%s is %s", name, got.ChallengeParameters[name])
		}
	}
	if _, err := base64.StdEncoding.DecodeString(got.ChallengeParameters["SECRET_BLOCK"]); err != nil {
		t.Errorf("SECRET_BLOCK: %v", err)
	}
	if got.ChallengeParameters["USERNAME"] != "ana" || got.ChallengeParameters["USER_ID_FOR_SRP"] != "ana" {
		t.Errorf("names %v", got.ChallengeParameters)
	}
}

func TestS060DegeneratePublicValuesAreRefused(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	n, ok := new(big.Int).SetString("FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"+
		"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"+
		"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"+
		"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"+
		"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"+
		"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"+
		"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"+
		"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF", 16)
	if !ok {
		t.Fatal("N is not hexadecimal")
	}
	for name, value := range map[string]string{
		"zero": "0", "padded zero": strings.Repeat("0", 768), "N": n.Text(16),
		"2N":  new(big.Int).Lsh(n, 1).Text(16),
		"N+1": new(big.Int).Add(n, big.NewInt(1)).Text(16), "negative": "-1", "not hex": "xyz", "spaces": " ff",
		"prefixed": "0xff", "long": strings.Repeat("f", 100_000), "NUL": "ff\x00",
	} {
		_, err := a.initiate(t, types.AuthFlowTypeUserSrpAuth, "USERNAME", "ana", "SRP_A", value)
		if err == nil {
			t.Errorf("%s was taken", name)
		}
		wantCode(t, err, "InvalidParameterException")
	}
	// At a client that tells, an unknown user is told first, whatever A is
	// (recorded.md §2.2).
	_, err := a.initiate(t, types.AuthFlowTypeUserSrpAuth, "USERNAME", "nobody", "SRP_A", "00")
	wantError(t, err, "UserNotFoundException", "User does not exist.")
}

func TestS060EveryExchangeIsFresh(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	c := srpclient.New()
	seen := make(map[string]bool)
	for range 8 {
		got, err := a.initiate(t, types.AuthFlowTypeUserSrpAuth, "USERNAME", "ana", "SRP_A", c.A())
		wantOK(t, err)
		b := got.ChallengeParameters["SRP_B"]
		if seen[b] || b == "0" {
			t.Errorf("B is %s again or zero", b)
		}
		seen[b] = true
	}
}

func TestS061AProofCountsOnce(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	for _, password := range []string{goodPassword, "Wrong-Horse1!"} {
		c, challenge := a.beginSRP(t, "ana")
		answer := a.srpAnswer(t, c, challenge, password, a.s.Now())
		_, err := a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, answer...)
		if password == goodPassword {
			wantOK(t, err)
		} else {
			wantError(t, err, "NotAuthorizedException", incorrect)
		}
		_, err = a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, answer...)
		wantError(t, err, "NotAuthorizedException", incorrect)
		// A right signature over the block of a wrong one comes too late.
		right := a.srpAnswer(t, c, challenge, goodPassword, a.s.Now())
		_, err = a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, right...)
		wantError(t, err, "NotAuthorizedException", incorrect)
	}
}

func TestS061OneOfManyParallelReplaysWins(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	c, challenge := a.beginSRP(t, "ana")
	params := a.params(a.srpAnswer(t, c, challenge, goodPassword, a.s.Now())...)
	var won sync.Map
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			_, err := a.s.Anonymous.RespondToAuthChallenge(t.Context(), &cip.RespondToAuthChallengeInput{
				ClientId: &a.client, ChallengeName: types.ChallengeNameTypePasswordVerifier, ChallengeResponses: params,
			})
			if err == nil {
				won.Store(i, true)
			}
		})
	}
	all.Wait()
	count := 0
	won.Range(func(any, any) bool { count++; return true })
	if count != 1 {
		t.Errorf("%d of 20 replays got tokens, want 1", count)
	}
}

// A block that is not the one given out for this user, client, pool and door
// is worth nothing, and an attempt with it uses nothing up.
func TestS061SwappedBlocksAreRefused(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := newApp(t, s, nil, nil)
	otherClient := a.withClient(t, nil)
	otherPool := newApp(t, s, nil, nil)
	for _, x := range []*app{a, otherPool} {
		s.CreateUser(t, x.pool, "ana", goodPassword)
		s.CreateUser(t, x.pool, "ben", goodPassword)
	}
	c, challenge := a.beginSRP(t, "ana")
	answer := a.srpAnswer(t, c, challenge, goodPassword, s.Now())
	_, other := a.beginSRP(t, "ben")

	_, err := otherClient.respond(t, types.ChallengeNameTypePasswordVerifier, nil, answer...)
	wantError(t, err, "NotAuthorizedException", incorrect)
	_, err = otherPool.respond(t, types.ChallengeNameTypePasswordVerifier, nil, answer...)
	wantError(t, err, "NotAuthorizedException", incorrect)
	_, err = a.adminRespond(t, types.ChallengeNameTypePasswordVerifier, nil, answer...)
	wantError(t, err, "NotAuthorizedException", incorrect)
	_, err = a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, replaced(answer, "USERNAME", "ben")...)
	wantError(t, err, "NotAuthorizedException", incorrect)
	_, err = a.respond(t, types.ChallengeNameTypePasswordVerifier, nil,
		replaced(replaced(answer, "USERNAME", "ben"), "PASSWORD_CLAIM_SECRET_BLOCK", other["SECRET_BLOCK"])...)
	wantError(t, err, "NotAuthorizedException", incorrect) // a wrong proof for ben
	_, err = a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, answer...)
	wantOK(t, err)
}

func TestS061EveryChangedByteOfTheBlockIsRefused(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	c, challenge := a.beginSRP(t, "ana")
	answer := a.srpAnswer(t, c, challenge, goodPassword, a.s.Now())
	raw, err := base64.StdEncoding.DecodeString(challenge["SECRET_BLOCK"])
	wantOK(t, err)
	for i := 0; i < len(raw); i += 13 { // all of them: internal/cognito/sessions
		changed := slices.Clone(raw)
		changed[i] ^= 1
		block := base64.StdEncoding.EncodeToString(changed)
		_, err := a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, replaced(answer, "PASSWORD_CLAIM_SECRET_BLOCK", block)...)
		wantError(t, err, "NotAuthorizedException", incorrect)
	}
	// None of that counted as a wrong password.
	_, err = a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, answer...)
	wantOK(t, err)
}

func replaced(pairs []string, name, value string) []string {
	out := slices.Clone(pairs)
	for i := 0; i+1 < len(out); i += 2 {
		if out[i] == name {
			out[i+1] = value
		}
	}
	return out
}

func TestS061BlocksExpire(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Start(t), nil, nil)
	a.s.StopClock()
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	c, challenge := a.beginSRP(t, "ana")
	a.s.Advance(3*time.Minute - 5*time.Second)
	_, err := a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, a.srpAnswer(t, c, challenge, goodPassword, a.s.Now())...)
	wantOK(t, err)
	c, challenge = a.beginSRP(t, "ana")
	a.s.Advance(3 * time.Minute)
	_, err = a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, a.srpAnswer(t, c, challenge, goodPassword, a.s.Now())...)
	wantError(t, err, "NotAuthorizedException", incorrect)
	longer := a.withClient(t, func(in *cip.CreateUserPoolClientInput) { in.AuthSessionValidity = aws.Int32(15) })
	c, challenge = longer.beginSRP(t, "ana")
	a.s.Advance(14 * time.Minute)
	_, err = longer.respond(t, types.ChallengeNameTypePasswordVerifier, nil, longer.srpAnswer(t, c, challenge, goodPassword, a.s.Now())...)
	wantOK(t, err)
}

func TestS061TimestampIsChecked(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	c, challenge := a.beginSRP(t, "ana")
	answer := a.srpAnswer(t, c, challenge, goodPassword, a.s.Now())
	for _, text := range []string{
		"now", "2026-03-01T12:00:00Z", "Sun Mar 01 12:00:00 UTC 2026", "Sun Mar 1 12:00:00 GMT 2026", "Mon Mar 1 12:00:00 UTC 2026",
		"Sun Mar 1 12:00:00 UTC 2026 ", "So Mär 1 12:00:00 UTC 2026",
	} {
		_, err := a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, replaced(answer, "TIMESTAMP", text)...)
		wantError(t, err, "InvalidParameterException", "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
	}
	for _, off := range []time.Duration{-6 * time.Minute, 6 * time.Minute} {
		_, err := a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, a.srpAnswer(t, c, challenge, goodPassword, a.s.Now().Add(off))...)
		wantError(t, err, "NotAuthorizedException", incorrect)
	}
	_, err := a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, answer...)
	wantOK(t, err) // the others used nothing up
}

// At a client that hides existence, an unknown, a disabled and a passwordless
// name get a challenge of the same shape as a user, the same each time but for
// what is fresh.
func TestS047UnknownNamesGetAStableChallenge(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, hiding)
	prepareStates(t, a)
	_, real := a.beginSRP(t, "ana")
	uuidForm := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-70[0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	ids := make(map[string]string)
	for _, name := range []string{"nobody", "nobody-else", "disabled"} {
		_, first := a.beginSRP(t, name)
		_, second := a.beginSRP(t, name)
		if !slices.Equal(slices.Sorted(maps.Keys(first)), slices.Sorted(maps.Keys(real))) {
			t.Errorf("%s: %v, a user has %v", name, first, real)
		}
		for _, stable := range []string{"SALT", "USERNAME", "USER_ID_FOR_SRP"} {
			if first[stable] != second[stable] {
				t.Errorf("%s: %s changed", name, stable)
			}
		}
		if first["SRP_B"] == second["SRP_B"] || first["SECRET_BLOCK"] == second["SECRET_BLOCK"] {
			t.Errorf("%s: nothing is fresh", name)
		}
		if id := first["USER_ID_FOR_SRP"]; !uuidForm.MatchString(id) || id != first["USERNAME"] {
			t.Errorf("%s: USER_ID_FOR_SRP %s, USERNAME %s", name, id, first["USERNAME"])
		}
		if other, ok := ids[first["USER_ID_FOR_SRP"]]; ok {
			t.Errorf("%s and %s have one id", name, other)
		}
		ids[first["USER_ID_FOR_SRP"]] = name
		_, err := a.trySRP(t, name, goodPassword)
		wantError(t, err, "NotAuthorizedException", incorrect)
	}
	elsewhere := newApp(t, a.s, nil, hiding)
	_, here := a.beginSRP(t, "nobody")
	_, there := elsewhere.beginSRP(t, "nobody")
	if here["SALT"] == there["SALT"] {
		t.Error("two pools make up the same salt")
	}
}

// What an answer for an unknown name leaves behind is what a wrong password
// leaves behind; so is the length of the block.
func TestS048UnknownNamesLeaveTheSameTraces(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		in.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
	}, hiding)
	a.s.CreateUser(t, a.pool, "ana@example.com", goodPassword)
	for _, name := range []string{"ana@example.com", "bob@example.com"} {
		for i := range 7 {
			want := incorrect
			if i >= 5 {
				want = "Password attempts exceeded"
			}
			_, err := a.trySRP(t, name, "Wrong-Horse1!")
			wantError(t, err, "NotAuthorizedException", want)
		}
	}
}

func TestSessionOfTheCallerIsNotNeededBySRP(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	c, challenge := a.beginSRP(t, "ana")
	answer := append(a.srpAnswer(t, c, challenge, goodPassword, a.s.Now()), "SOME_OTHER_KEY", "ignored")
	_, err := a.respond(t, types.ChallengeNameTypePasswordVerifier, aws.String(strings.Repeat("s", 30)), answer...)
	wantOK(t, err)
}

func TestSRPThroughTheAdminDoor(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	c := srpclient.New()
	began, err := a.adminInitiate(t, types.AuthFlowTypeUserSrpAuth, "USERNAME", "ana", "SRP_A", c.A())
	wantOK(t, err)
	answer := a.srpAnswer(t, c, began.ChallengeParameters, goodPassword, a.s.Now())
	_, err = a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, answer...)
	wantError(t, err, "NotAuthorizedException", incorrect) // the other door
	got, err := a.adminRespond(t, types.ChallengeNameTypePasswordVerifier, nil, answer...)
	wantOK(t, err)
	if got.AuthenticationResult == nil {
		t.Error("no tokens")
	}
}

// A password changed between the two steps makes the proof of the old one void.
func TestPasswordChangedDuringSRP(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	c, challenge := a.beginSRP(t, "ana")
	_, err := a.s.SDK.AdminSetUserPassword(t.Context(), &cip.AdminSetUserPasswordInput{
		UserPoolId: &a.pool, Username: aws.String("ana"), Password: aws.String("Another-Horse2!"), Permanent: true,
	})
	wantOK(t, err)
	_, err = a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, a.srpAnswer(t, c, challenge, goodPassword, a.s.Now())...)
	wantError(t, err, "NotAuthorizedException", incorrect)
}
