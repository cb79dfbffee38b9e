package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/document"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/protocol/webauthn/passkeytest"
	"cognate/internal/servertest"
)

const (
	passkeyParty = "example.com"
	passkeyPage  = "https://app.example.com"
)

// passkeyApp is an application whose users can sign in with passkeys; change may
// alter the settings.
func passkeyApp(t *testing.T, s *servertest.Server, change func(*types.WebAuthnConfigurationType)) *app {
	t.Helper()
	a := newApp(t, s, firstFactors(types.AuthFactorTypePassword, types.AuthFactorTypeWebAuthn), func(in *cip.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, types.ExplicitAuthFlowsTypeAllowUserAuth)
	})
	a.passkeySettings(t, change)
	return a
}

func (a *app) passkeySettings(t *testing.T, change func(*types.WebAuthnConfigurationType)) {
	t.Helper()
	c := &types.WebAuthnConfigurationType{RelyingPartyId: aws.String(passkeyParty), UserVerification: types.UserVerificationTypePreferred}
	if change != nil {
		change(c)
	}
	_, err := a.s.SDK.SetUserPoolMfaConfig(t.Context(), &cip.SetUserPoolMfaConfigInput{
		UserPoolId: &a.pool, MfaConfiguration: types.UserPoolMfaTypeOff, WebAuthnConfiguration: c,
	})
	wantOK(t, err)
}

// creationOptions starts a registration.
func (a *app) creationOptions(t *testing.T, accessToken *string) []byte {
	t.Helper()
	got, err := a.s.Anonymous.StartWebAuthnRegistration(t.Context(), &cip.StartWebAuthnRegistrationInput{AccessToken: accessToken})
	wantOK(t, err)
	var options map[string]any
	wantOK(t, got.CredentialCreationOptions.UnmarshalSmithyDocument(&options))
	text, err := json.Marshal(options)
	wantOK(t, err)
	return text
}

func (a *app) complete(t *testing.T, accessToken *string, answer []byte) error {
	t.Helper()
	var credential any
	wantOK(t, json.Unmarshal(answer, &credential))
	_, err := a.s.Anonymous.CompleteWebAuthnRegistration(t.Context(), &cip.CompleteWebAuthnRegistrationInput{
		AccessToken: accessToken, Credential: document.NewLazyDocument(credential),
	})
	return err
}

// register adds a passkey to the token's user.
func (a *app) register(t *testing.T, accessToken *string, key *passkeytest.Authenticator) {
	t.Helper()
	answer, err := key.Create(a.creationOptions(t, accessToken))
	wantOK(t, err)
	wantOK(t, a.complete(t, accessToken, answer))
}

// beginPasskey asks for a WEB_AUTHN challenge.
func (a *app) beginPasskey(t *testing.T, username string) (options []byte, session *string) {
	t.Helper()
	got, err := a.initiate(t, choiceFlow, "USERNAME", username, "PREFERRED_CHALLENGE", "WEB_AUTHN")
	wantOK(t, err)
	if got.ChallengeName != types.ChallengeNameTypeWebAuthn || got.Session == nil {
		t.Fatalf("no WEB_AUTHN challenge: %+v", got)
	}
	return []byte(got.ChallengeParameters["CREDENTIAL_REQUEST_OPTIONS"]), got.Session
}

// tryPasskey signs in with a passkey.
func (a *app) tryPasskey(t *testing.T, username string, key *passkeytest.Authenticator) (*types.AuthenticationResultType, error) {
	t.Helper()
	options, session := a.beginPasskey(t, username)
	answer, err := key.Get(options)
	wantOK(t, err)
	got, err := a.respond(t, "WEB_AUTHN", session, "USERNAME", username, "CREDENTIAL", string(answer))
	if err != nil {
		return nil, err
	}
	return got.AuthenticationResult, nil
}

func wantRefused(t *testing.T, err error) {
	t.Helper()
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
}

func TestPasskeyFromRegistrationToDeletion(t *testing.T) {
	t.Parallel()
	a := passkeyApp(t, servertest.Shared(t), nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	token := a.signIn(t, "ana", goodPassword).AccessToken
	key := passkeytest.New(passkeyParty, passkeyPage)

	options := a.creationOptions(t, token)
	var shown struct {
		RP, User struct{ ID, Name, DisplayName string }
		Exclude  []struct{ ID string } `json:"excludeCredentials"`
	}
	wantOK(t, json.Unmarshal(options, &shown))
	if shown.RP.ID != passkeyParty || shown.RP.Name != passkeyParty || shown.User.Name != "ana" || shown.User.DisplayName != "ana" || len(shown.Exclude) != 0 {
		t.Errorf("options %s", options)
	}
	answer, err := key.Create(options)
	wantOK(t, err)
	wantOK(t, a.complete(t, token, answer))

	list, err := a.s.Anonymous.ListWebAuthnCredentials(t.Context(), &cip.ListWebAuthnCredentialsInput{AccessToken: token})
	wantOK(t, err)
	if len(list.Credentials) != 1 || list.NextToken != nil {
		t.Fatalf("%+v", list)
	}
	entry := list.Credentials[0]
	if aws.ToString(entry.CredentialId) != key.ID() || aws.ToString(entry.RelyingPartyId) != passkeyParty || aws.ToString(entry.FriendlyCredentialName) == "" ||
		aws.ToString(entry.AuthenticatorAttachment) != "platform" || !slices.Equal(entry.AuthenticatorTransports, []string{"internal"}) || entry.CreatedAt == nil {
		t.Errorf("%+v", entry)
	}
	wantOK(t, json.Unmarshal(a.creationOptions(t, token), &shown))
	if len(shown.Exclude) != 1 || shown.Exclude[0].ID != key.ID() {
		t.Errorf("excluded %v", shown.Exclude)
	}

	choice := a.choices(t, "USERNAME", "ana")
	if names(choice.AvailableChallenges) != "PASSWORD PASSWORD_SRP WEB_AUTHN" {
		t.Errorf("%v", choice.AvailableChallenges)
	}
	got, err := a.tryPasskey(t, "ana", key)
	wantOK(t, err)
	wantTokens(t, got)
	claims := claimsOf(t, got.AccessToken)
	if diff := cmp.Diff([]any{"swk"}, claims["amr"]); diff != "" || claims["acr"] != "urn:cognito:loa:3" {
		t.Errorf("acr %v, amr %s", claims["acr"], diff)
	}

	_, err = a.s.Anonymous.DeleteWebAuthnCredential(t.Context(), &cip.DeleteWebAuthnCredentialInput{AccessToken: token, CredentialId: aws.String(key.ID())})
	wantOK(t, err)
	_, err = a.s.Anonymous.DeleteWebAuthnCredential(t.Context(), &cip.DeleteWebAuthnCredentialInput{AccessToken: token, CredentialId: aws.String(key.ID())})
	wantCode(t, err, "ResourceNotFoundException")
	if names(a.choices(t, "USERNAME", "ana", "PREFERRED_CHALLENGE", "WEB_AUTHN").AvailableChallenges) != "PASSWORD PASSWORD_SRP" {
		t.Error("a deleted passkey is still offered")
	}
}

// The ways to come to and to answer a WEB_AUTHN challenge (auth-flows.md §6).
func TestPasskeyBySelection(t *testing.T) {
	t.Parallel()
	a := passkeyApp(t, servertest.Shared(t), nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	key := passkeytest.NewRSA(passkeyParty, passkeyPage)
	key.Attachment = "cross-platform"
	a.register(t, a.signIn(t, "ana", goodPassword).AccessToken, key)
	for name, ask := range map[string][]string{
		"selected":  {"SELECT_CHALLENGE", "USERNAME", "ana", "ANSWER", "WEB_AUTHN"},
		"by itself": {"WEB_AUTHN", "USERNAME", "ana"},
	} {
		for answerName, reply := range map[string][]string{"WEB_AUTHN": nil, "SELECT_CHALLENGE": {"ANSWER", "WEB_AUTHN"}} {
			t.Run(name+", answered as "+answerName, func(t *testing.T) {
				asked, err := a.respond(t, types.ChallengeNameType(ask[0]), a.choices(t, "USERNAME", "ana").Session, ask[1:]...)
				wantOK(t, err)
				answer, err := key.Get([]byte(asked.ChallengeParameters["CREDENTIAL_REQUEST_OPTIONS"]))
				wantOK(t, err)
				pairs := append([]string{"USERNAME", "ana"}, reply...)
				_, err = a.respond(t, types.ChallengeNameType(answerName), asked.Session, pairs...)
				wantError(t, err, "InvalidParameterException", "Missing required parameter CREDENTIAL")
				done, err := a.respond(t, types.ChallengeNameType(answerName), asked.Session, append(pairs, "CREDENTIAL", string(answer))...)
				wantOK(t, err)
				if diff := cmp.Diff([]any{"hwk"}, claimsOf(t, done.AuthenticationResult.IdToken)["amr"]); diff != "" {
					t.Error(diff)
				}
				_, err = a.respond(t, types.ChallengeNameType(answerName), asked.Session, append(pairs, "CREDENTIAL", string(answer))...)
				wantError(t, err, "NotAuthorizedException", "Invalid session for the user, session can only be used once.")
			})
		}
	}
}

func TestS080S081S082S085PasskeySignInsThatFail(t *testing.T) {
	t.Parallel()
	a := passkeyApp(t, servertest.Shared(t), func(c *types.WebAuthnConfigurationType) { c.UserVerification = types.UserVerificationTypeRequired })
	edit := func(key string, value any) func(*passkeytest.Authenticator) {
		return func(k *passkeytest.Authenticator) { k.Edit = func(data map[string]any) { data[key] = value } }
	}
	i := 0
	for name, change := range map[string]func(*passkeytest.Authenticator){
		"S080 origin":           func(k *passkeytest.Authenticator) { k.Origin = "https://example.org" },
		"S080 relying party":    func(k *passkeytest.Authenticator) { k.PartyID = "example.org" },
		"S080 type":             edit("type", "webauthn.create"),
		"S080 cross-origin":     edit("crossOrigin", true),
		"S081 challenge":        edit("challenge", strings.Repeat("A", 43)),
		"S082 not present":      func(k *passkeytest.Authenticator) { k.Flags = passkeytest.UserVerified },
		"S082 not verified":     func(k *passkeytest.Authenticator) { k.Flags = passkeytest.UserPresent },
		"S084 user handle":      func(k *passkeytest.Authenticator) { k.UserHandle = []byte("other") },
		"S085 counter the same": func(k *passkeytest.Authenticator) { k.Counter = 10 },
		"S085 counter lower":    func(k *passkeytest.Authenticator) { k.Counter = 9 },
		"S085 counter zero":     func(k *passkeytest.Authenticator) { k.Counter = 0 },
		"S085 backup eligible":  func(k *passkeytest.Authenticator) { k.Flags |= passkeytest.BackupEligible },
	} {
		i++
		user := fmt.Sprintf("user%d", i)
		t.Run(name, func(t *testing.T) {
			a.s.CreateUser(t, a.pool, user, goodPassword)
			key := passkeytest.New(passkeyParty, passkeyPage)
			key.Counter = 10
			a.register(t, a.signIn(t, user, goodPassword).AccessToken, key)
			good := *key
			change(key)
			_, err := a.tryPasskey(t, user, key)
			wantRefused(t, err)
			good.Counter = 11
			got, err := a.tryPasskey(t, user, &good)
			wantOK(t, err)
			wantTokens(t, got)
		})
	}
}

// A challenge answers one sign-in of one user (S081); a passkey is one user's
// (S084).
func TestS081S084PasskeysAndChallengesOfOthers(t *testing.T) {
	t.Parallel()
	a := passkeyApp(t, servertest.Shared(t), nil)
	keys := map[string]*passkeytest.Authenticator{}
	tokens := map[string]*string{}
	for _, name := range []string{"ana", "bo"} {
		a.s.CreateUser(t, a.pool, name, goodPassword)
		tokens[name] = a.signIn(t, name, goodPassword).AccessToken
		keys[name] = passkeytest.New(passkeyParty, passkeyPage)
		a.register(t, tokens[name], keys[name])
	}
	_, err := a.tryPasskey(t, "ana", keys["bo"])
	wantRefused(t, err)
	stolen := *keys["bo"] // his key under her name and handle
	stolen.UserHandle = keys["ana"].UserHandle
	_, err = a.tryPasskey(t, "ana", &stolen)
	wantRefused(t, err)

	first, _ := a.beginPasskey(t, "ana")
	_, second := a.beginPasskey(t, "ana")
	answer, err := keys["ana"].Get(first)
	wantOK(t, err)
	_, err = a.respond(t, "WEB_AUTHN", second, "USERNAME", "ana", "CREDENTIAL", string(answer))
	wantRefused(t, err)
	_, err = a.respond(t, "WEB_AUTHN", second, "USERNAME", "bo", "CREDENTIAL", string(answer))
	wantError(t, err, "NotAuthorizedException", "Invalid session for the user.")

	for _, garbage := range []string{"{}", "x", "[]", `{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{}}`, strings.Repeat("x", 70<<10)} {
		_, session := a.beginPasskey(t, "ana")
		_, err := a.respond(t, "WEB_AUTHN", session, "USERNAME", "ana", "CREDENTIAL", garbage)
		wantRefused(t, err)
	}

	// The same key registered twice, by its owner and by somebody else.
	for _, name := range []string{"ana", "bo"} {
		answer, err := keys["ana"].Create(a.creationOptions(t, tokens[name]))
		wantOK(t, err)
		wantCode(t, a.complete(t, tokens[name], answer), "InvalidParameterException")
	}
	_, err = a.s.Anonymous.DeleteWebAuthnCredential(t.Context(), &cip.DeleteWebAuthnCredentialInput{AccessToken: tokens["bo"], CredentialId: aws.String(keys["ana"].ID())})
	wantCode(t, err, "ResourceNotFoundException")
}

func TestS080S081S082RegistrationsThatFail(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	a := passkeyApp(t, s, func(c *types.WebAuthnConfigurationType) { c.UserVerification = types.UserVerificationTypeRequired })
	b := a.withClient(t, nil)
	s.CreateUser(t, a.pool, "ana", goodPassword)
	s.CreateUser(t, a.pool, "bo", goodPassword)
	ana, bo, elsewhere := a.signIn(t, "ana", goodPassword).AccessToken, a.signIn(t, "bo", goodPassword).AccessToken, b.signIn(t, "ana", goodPassword).AccessToken
	for _, c := range []struct {
		name   string
		change func(*passkeytest.Authenticator)
		want   string
	}{
		{"S080 origin", func(k *passkeytest.Authenticator) { k.Origin = "https://example.org" }, "WebAuthnOriginNotAllowedException"},
		{"S080 relying party", func(k *passkeytest.Authenticator) { k.PartyID = "example.org" }, "WebAuthnRelyingPartyMismatchException"},
		{"S081 challenge", func(k *passkeytest.Authenticator) {
			k.Edit = func(data map[string]any) { data["challenge"] = strings.Repeat("A", 43) }
		}, "WebAuthnChallengeNotFoundException"},
		{"S081 a challenge that is none", func(k *passkeytest.Authenticator) {
			k.Edit = func(data map[string]any) { data["challenge"] = "a\x00b" }
		}, "WebAuthnChallengeNotFoundException"},
		{"S082 not verified", func(k *passkeytest.Authenticator) { k.Flags = passkeytest.UserPresent }, "InvalidParameterException"},
	} {
		key := passkeytest.New(passkeyParty, passkeyPage)
		c.change(key)
		answer, err := key.Create(a.creationOptions(t, ana))
		wantOK(t, err)
		if err := a.complete(t, ana, answer); err == nil {
			t.Errorf("%s: accepted", c.name)
		} else {
			wantCode(t, err, c.want)
		}
	}
	key := passkeytest.New(passkeyParty, passkeyPage)
	answer, err := key.Create(a.creationOptions(t, ana))
	wantOK(t, err)
	wantCode(t, a.complete(t, bo, answer), "WebAuthnChallengeNotFoundException")
	wantCode(t, a.complete(t, elsewhere, answer), "WebAuthnClientMismatchException")
	wantOK(t, a.complete(t, ana, answer))
	wantCode(t, a.complete(t, ana, answer), "WebAuthnChallengeNotFoundException") // used up
	late, err := passkeytest.New(passkeyParty, passkeyPage).Create(a.creationOptions(t, ana))
	wantOK(t, err)
	s.Advance(5*time.Minute + time.Second)
	wantCode(t, a.complete(t, ana, late), "WebAuthnChallengeNotFoundException")
	wantCode(t, a.complete(t, ana, []byte(`{}`)), "InvalidParameterException")
	// S087: a token of this session may register at any time of its life.
	s.Advance(50 * time.Minute)
	a.register(t, ana, passkeytest.New(passkeyParty, passkeyPage))
}

// The owner of a verified address hears of a new passkey (S087).
func TestS087TheOwnerIsToldOfANewPasskey(t *testing.T) {
	t.Parallel()
	a := passkeyApp(t, servertest.Shared(t), nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword, "email", "ana@example.com", "email_verified", "true")
	token := a.signIn(t, "ana", goodPassword).AccessToken
	key := passkeytest.New(passkeyParty, passkeyPage)
	a.register(t, token, key)
	if got := a.s.Mailbox.Wait(t, a.pool, "ana", 1); got.Destination != "ana@example.com" || got.Code != "" {
		t.Errorf("%+v", got)
	}
	again, err := key.Create(a.creationOptions(t, token))
	wantOK(t, err)
	wantCode(t, a.complete(t, token, again), "InvalidParameterException")
	if n := a.s.Mailbox.Count(a.pool, "ana"); n != 1 {
		t.Errorf("%d messages", n)
	}
}

// Twenty sign-ins at once with one counter value: one of them may win.
func TestS085OneCounterValueWinsOnce(t *testing.T) {
	t.Parallel()
	a := passkeyApp(t, servertest.Shared(t), nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	key := passkeytest.New(passkeyParty, passkeyPage)
	key.Counter = 1
	a.register(t, a.signIn(t, "ana", goodPassword).AccessToken, key)
	key.Counter = 2
	var won atomic.Int32
	var wait sync.WaitGroup
	for range 20 {
		options, session := a.beginPasskey(t, "ana")
		answer, err := key.Get(options)
		wantOK(t, err)
		wait.Go(func() {
			if _, err := a.respond(t, "WEB_AUTHN", session, "USERNAME", "ana", "CREDENTIAL", string(answer)); err == nil {
				won.Add(1)
			}
		})
	}
	wait.Wait()
	if won.Load() != 1 {
		t.Errorf("%d sign-ins won", won.Load())
	}
}

func TestPasskeySettingsAreAskedFor(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	plain := newApp(t, s, nil, nil)
	s.CreateUser(t, plain.pool, "ana", goodPassword)
	token := plain.signIn(t, "ana", goodPassword).AccessToken
	_, err := s.Anonymous.StartWebAuthnRegistration(t.Context(), &cip.StartWebAuthnRegistrationInput{AccessToken: token})
	wantCode(t, err, "WebAuthnNotEnabledException")
	wantCode(t, plain.complete(t, token, []byte("{}")), "WebAuthnNotEnabledException")
	list, err := s.Anonymous.ListWebAuthnCredentials(t.Context(), &cip.ListWebAuthnCredentialsInput{AccessToken: token})
	wantOK(t, err)
	if list.Credentials == nil || len(list.Credentials) != 0 {
		t.Errorf("%+v", list)
	}

	unnamed := newApp(t, s, firstFactors(types.AuthFactorTypePassword, types.AuthFactorTypeWebAuthn), nil)
	s.CreateUser(t, unnamed.pool, "ana", goodPassword)
	_, err = s.Anonymous.StartWebAuthnRegistration(t.Context(), &cip.StartWebAuthnRegistrationInput{AccessToken: unnamed.signIn(t, "ana", goodPassword).AccessToken})
	wantCode(t, err, "WebAuthnConfigurationMissingException")

	for name, call := range map[string]func(token *string) error{
		"start": func(token *string) error {
			_, err := s.Anonymous.StartWebAuthnRegistration(t.Context(), &cip.StartWebAuthnRegistrationInput{AccessToken: token})
			return err
		},
		"complete": func(token *string) error { return plain.complete(t, token, []byte("{}")) },
		"list": func(token *string) error {
			_, err := s.Anonymous.ListWebAuthnCredentials(t.Context(), &cip.ListWebAuthnCredentialsInput{AccessToken: token})
			return err
		},
		"delete": func(token *string) error {
			_, err := s.Anonymous.DeleteWebAuthnCredential(t.Context(), &cip.DeleteWebAuthnCredentialInput{AccessToken: token, CredentialId: aws.String("x")})
			return err
		},
	} {
		if err := call(aws.String("x.y.z")); err == nil {
			t.Errorf("%s: accepted", name)
		} else {
			wantError(t, err, "NotAuthorizedException", "Invalid Access Token")
		}
	}
}

func TestTwentyPasskeysAreEnough(t *testing.T) {
	t.Parallel()
	a := passkeyApp(t, servertest.Shared(t), nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	token := a.signIn(t, "ana", goodPassword).AccessToken
	spare, err := passkeytest.New(passkeyParty, passkeyPage).Create(a.creationOptions(t, token))
	wantOK(t, err)
	want := make([]string, 20)
	for i := range want {
		key := passkeytest.New(passkeyParty, passkeyPage)
		a.register(t, token, key)
		want[i] = key.ID()
	}
	wantCode(t, a.complete(t, token, spare), "LimitExceededException")
	_, err = a.s.Anonymous.StartWebAuthnRegistration(t.Context(), &cip.StartWebAuthnRegistrationInput{AccessToken: token})
	wantCode(t, err, "LimitExceededException")

	var got []string
	var next *string
	for pages := 0; pages == 0 || next != nil; pages++ {
		page, err := a.s.Anonymous.ListWebAuthnCredentials(t.Context(), &cip.ListWebAuthnCredentialsInput{AccessToken: token, MaxResults: aws.Int32(7), NextToken: next})
		wantOK(t, err)
		for _, c := range page.Credentials {
			got = append(got, aws.ToString(c.CredentialId))
		}
		next = page.NextToken
	}
	slices.Sort(want) // several may be of the same millisecond
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, err = a.s.Anonymous.ListWebAuthnCredentials(t.Context(), &cip.ListWebAuthnCredentialsInput{AccessToken: token, NextToken: aws.String("x")})
	wantError(t, err, "InvalidParameterException", "Invalid pagination token")
}

// Unknown names get a passkey to look for now and then, the same each time, and
// no answer does (S049).
func TestS049PasskeysOfUnknownNames(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), firstFactors(types.AuthFactorTypePassword, types.AuthFactorTypeWebAuthn), func(in *cip.CreateUserPoolClientInput) { choosing(in); hiding(in) })
	a.passkeySettings(t, nil)
	with := 0
	for i := range 40 {
		name := fmt.Sprintf("nobody%d", i)
		first := names(a.choices(t, "USERNAME", name).AvailableChallenges)
		if first != names(a.choices(t, "USERNAME", name).AvailableChallenges) {
			t.Errorf("%s: the choice changes", name)
		}
		if !strings.Contains(first, "WEB_AUTHN") {
			continue
		}
		with++
		var seen [2]struct {
			Allow []struct{ ID, Type string } `json:"allowCredentials"`
		}
		for j := range seen {
			options, session := a.beginPasskey(t, name)
			wantOK(t, json.Unmarshal(options, &seen[j]))
			answer, err := passkeytest.New(passkeyParty, passkeyPage).Get(options)
			wantOK(t, err)
			_, err = a.respond(t, "WEB_AUTHN", session, "USERNAME", name, "CREDENTIAL", string(answer))
			wantRefused(t, err)
		}
		if diff := cmp.Diff(seen[0], seen[1]); diff != "" || len(seen[0].Allow) != 1 || seen[0].Allow[0].Type != "public-key" {
			t.Errorf("%s: %v %s", name, seen[0], diff)
		}
	}
	if with == 0 || with == 40 {
		t.Errorf("%d of 40 unknown names have a passkey", with)
	}
}
