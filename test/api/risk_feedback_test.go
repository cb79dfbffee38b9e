package api_test

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

const common = "Summer2024!" // allowed by the policy and on every list

func blockCommon(on ...types.EventFilterType) *types.CompromisedCredentialsRiskConfigurationType {
	return &types.CompromisedCredentialsRiskConfigurationType{
		EventFilter: on, Actions: &types.CompromisedCredentialsActionsType{EventAction: types.CompromisedCredentialsEventActionTypeBlock},
	}
}

func TestS064CompromisedPasswordsAreRefused(t *testing.T) {
	t.Parallel()
	const known = "Provided password cannot be used for security reasons."
	a := newApp(t, servertest.Shared(t), protected(types.AdvancedSecurityModeTypeEnforced), nil)
	signUp := func(name, password string) error {
		_, err := a.s.Anonymous.SignUp(t.Context(), &cip.SignUpInput{ClientId: &a.client, Username: &name, Password: &password})
		return err
	}
	change := func(token *string, old, password string) error {
		_, err := a.s.Anonymous.ChangePassword(t.Context(), &cip.ChangePasswordInput{AccessToken: token, PreviousPassword: &old, ProposedPassword: &password})
		return err
	}
	wantOK(t, signUp("before", common)) // no configuration yet
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	a.s.CreateUser(t, a.pool, "weak", common)
	token := a.signIn(t, "ana", goodPassword).AccessToken
	a.signIn(t, "weak", common)

	a.setRisk(t, cip.SetRiskConfigurationInput{CompromisedCredentialsRiskConfiguration: blockCommon()})
	wantError(t, signUp("bob", common), "InvalidPasswordException", known)
	wantOK(t, signUp("bob", "Correct-Horse2!"))
	wantError(t, change(token, goodPassword, common), "InvalidPasswordException", known)
	_, err := a.s.SDK.AdminSetUserPassword(t.Context(), &cip.AdminSetUserPasswordInput{
		UserPoolId: &a.pool, Username: aws.String("ana"), Password: aws.String(common), Permanent: true,
	})
	wantError(t, err, "InvalidPasswordException", known)
	_, err = a.tryPassword(t, "weak", common)
	wantError(t, err, "PasswordResetRequiredException", "Password reset required for user due to security reasons")
	_, err = a.tryPassword(t, "weak", "Wrong-Horse1!")
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	_, err = a.tryPassword(t, "ana", common) // wrong, so that nothing is said about it
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	wantEvents(t, a.events(t, "weak")[1:2], "SignIn Fail NoRisk compromised Password=Success")
	wantOK(t, change(token, goodPassword, "Correct-Horse3!"))
	if kinds := a.events(t, "ana")[0]; kinds.EventType != types.EventTypePasswordChange || kinds.EventResponse != types.EventResponseTypePass {
		t.Errorf("after the change: %s", told(kinds))
	}
	if e := a.events(t, "bob"); len(e) != 1 || e[0].EventType != types.EventTypeSignUp {
		t.Errorf("after the sign-up: %d events", len(e))
	}

	a.setRisk(t, cip.SetRiskConfigurationInput{CompromisedCredentialsRiskConfiguration: blockCommon(types.EventFilterTypePasswordChange)})
	wantOK(t, signUp("carl", common))
	a.signIn(t, "weak", common)
	wantError(t, change(token, "Correct-Horse3!", common), "InvalidPasswordException", known)

	quiet := blockCommon()
	quiet.Actions.EventAction = types.CompromisedCredentialsEventActionTypeNoAction
	a.setRisk(t, cip.SetRiskConfigurationInput{CompromisedCredentialsRiskConfiguration: quiet})
	wantOK(t, change(token, "Correct-Horse3!", common))
	a.signIn(t, "ana", common)
	wantEvents(t, a.events(t, "ana")[:1], "SignIn Pass NoRisk compromised Password=Success")

	// A client's own configuration takes the place of the pool's.
	a.setRisk(t, cip.SetRiskConfigurationInput{ClientId: &a.client, CompromisedCredentialsRiskConfiguration: blockCommon(types.EventFilterTypeSignUp)})
	wantError(t, signUp("dora", common), "InvalidPasswordException", known)
	other := a.withClient(t, nil)
	_, err = a.s.Anonymous.SignUp(t.Context(), &cip.SignUpInput{ClientId: &other.client, Username: aws.String("dora"), Password: aws.String(common)})
	wantOK(t, err)
}

func TestFeedbackChangesLaterDecisions(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), protected(types.AdvancedSecurityModeTypeEnforced), nil)
	a.setRisk(t, cip.SetRiskConfigurationInput{AccountTakeoverRiskConfiguration: onLevels(
		types.AccountTakeoverEventActionTypeNoAction, types.AccountTakeoverEventActionTypeNoAction, types.AccountTakeoverEventActionTypeBlock,
	)})
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	a.settles(t, home, firefox, "ana")
	a.settles(t, abroad, iphone, "ana")
	says := func(value types.FeedbackValueType) {
		t.Helper()
		events := a.events(t, "ana")
		var id *string
		for _, e := range events {
			if *e.EventContextData.IpAddress == abroad && e.EventResponse == types.EventResponseTypePass {
				id = e.EventId
			}
		}
		_, err := a.s.SDK.AdminUpdateAuthEventFeedback(t.Context(), &cip.AdminUpdateAuthEventFeedbackInput{
			UserPoolId: &a.pool, Username: aws.String("ana"), EventId: id, FeedbackValue: value,
		})
		wantOK(t, err)
	}
	says(types.FeedbackValueTypeInvalid)
	_, err := a.from(t, abroad, iphone, "ana", goodPassword)
	wantError(t, err, "NotAuthorizedException", barred)
	events := a.events(t, "ana")
	wantEvents(t, events[:1], "SignIn Fail Block High Password=Success")
	f := events[1].EventFeedback
	if f == nil || f.FeedbackValue != types.FeedbackValueTypeInvalid || *f.Provider != "Admin" || f.FeedbackDate == nil {
		t.Errorf("feedback %+v", f)
	}
	a.settles(t, home, firefox, "ana")
	says(types.FeedbackValueTypeValid)
	a.settles(t, abroad, iphone, "ana")
}

var anchor = regexp.MustCompile(`https?://[^<\s"]+`)

func TestNoticesAskTheUser(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := newApp(t, s, protected(types.AdvancedSecurityModeTypeEnforced), nil)
	risk := onLevels(types.AccountTakeoverEventActionTypeBlock, types.AccountTakeoverEventActionTypeNoAction, types.AccountTakeoverEventActionTypeNoAction)
	risk.Actions.LowAction.Notify, risk.Actions.HighAction.Notify = true, true
	risk.NotifyConfiguration = &types.NotifyConfigurationType{
		SourceArn: aws.String("arn:aws:ses:us-east-1:123456789012:identity/alerts@example.com"),
		From:      aws.String("Alerts <alerts@example.com>"), ReplyTo: aws.String("help@example.com"),
		BlockEmail: &types.NotifyEmailType{
			Subject:  aws.String("Blocked for {username}"),
			HtmlBody: aws.String(`<p>{username} {ip-address} {device-name} {other} <a href="{one-click-link-valid}">me</a> <a href="{one-click-link-invalid}">not me</a></p>`),
		},
	}
	a.setRisk(t, cip.SetRiskConfigurationInput{AccountTakeoverRiskConfiguration: risk})
	s.CreateUser(t, a.pool, "a&a", goodPassword, "email", anasEmail, "email_verified", "true")
	s.CreateUser(t, a.pool, "bob", goodPassword, "email", "bob@example.com")
	for _, name := range []string{"a&a", "bob"} {
		a.settles(t, home, firefox, name)
		_, err := a.from(t, abroad, iphone, name, "Wrong-Horse1!") // nobody is told of
		wantCode(t, err, "NotAuthorizedException")
	}
	_, err := a.from(t, abroad, firefox, "a&a", goodPassword) // 15+8: Low
	wantError(t, err, "NotAuthorizedException", barred)
	m := s.Mailbox.Wait(t, a.pool, "a&a", 1)
	if m.Subject != "Blocked for a&a" || m.From != "Alerts <alerts@example.com>" || m.ReplyTo != "help@example.com" || m.Destination != anasEmail {
		t.Errorf("subject %q, from %q, reply to %q, to %q", m.Subject, m.From, m.ReplyTo, m.Destination)
	}
	if !strings.HasPrefix(m.Body, "<p>a&amp;a "+abroad+" Firefox 125 / Linux x86_64 {other} <a href=\"http") {
		t.Errorf("body %s", m.Body)
	}
	links := anchor.FindAllString(m.Body, -1)
	if len(links) != 2 || !strings.HasPrefix(links[0], s.URL+"/") {
		t.Fatalf("links %q", links)
	}
	query := func(link string) url.Values {
		u, err := url.Parse(strings.ReplaceAll(link, "&amp;", "&"))
		wantOK(t, err)
		return u.Query()
	}
	valid, invalid := query(links[0]), query(links[1])
	if valid.Get("feedbackValue") != "Valid" || invalid.Get("feedbackValue") != "Invalid" {
		t.Errorf("values %s, %s", valid.Get("feedbackValue"), invalid.Get("feedbackValue"))
	}
	event := a.events(t, "a&a")[0]
	if valid.Get("eventId") != *event.EventId || valid.Get("username") != "a&a" || valid.Get("userPoolId") != a.pool {
		t.Errorf("link %v", valid)
	}
	give := func(user, event, token string) error {
		_, err := s.Anonymous.UpdateAuthEventFeedback(t.Context(), &cip.UpdateAuthEventFeedbackInput{
			UserPoolId: &a.pool, Username: &user, EventId: &event, FeedbackToken: &token, FeedbackValue: types.FeedbackValueTypeInvalid,
		})
		return err
	}
	token := invalid.Get("feedbackToken")
	const wrong = "Invalid feedback token."
	older := a.events(t, "a&a")[1]
	bobs := a.events(t, "bob")[0]
	wantError(t, give("a&a", *older.EventId, token), "NotAuthorizedException", wrong)
	wantError(t, give("bob", *bobs.EventId, token), "NotAuthorizedException", wrong)
	wantError(t, give("bob", *event.EventId, token), "NotAuthorizedException", wrong)
	wantError(t, give("nobody", *event.EventId, token), "NotAuthorizedException", wrong)
	wantError(t, give("a&a", *event.EventId, token[1:]), "NotAuthorizedException", wrong)
	wantError(t, give("a&a", *event.EventId, "x.y"), "NotAuthorizedException", wrong)
	wantOK(t, give("a&a", *event.EventId, token))
	if f := a.events(t, "a&a")[0].EventFeedback; f == nil || f.FeedbackValue != types.FeedbackValueTypeInvalid || *f.Provider != "User" {
		t.Errorf("feedback %+v", f)
	}
	// Now that network is known for it: High, which lets pass and tells.
	a.settles(t, abroad, firefox, "a&a")
	if m := s.Mailbox.Wait(t, a.pool, "a&a", 2); m.Subject != "New sign-in attempt" || !strings.Contains(m.Body, abroad) || len(anchor.FindAllString(m.Body, -1)) != 2 {
		t.Errorf("%s: %s", m.Subject, m.Body)
	}
	_, err = a.from(t, abroad, firefox, "bob", goodPassword)
	wantError(t, err, "NotAuthorizedException", barred)
	if n := s.Mailbox.Count(a.pool, "bob"); n != 0 {
		t.Errorf("%d messages to an address that is not verified", n)
	}
}

// From the mail to the record of events, with what a browser does.
func TestLinksOfNoticesTakeFeedback(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	a := newApp(t, s, protected(types.AdvancedSecurityModeTypeEnforced), nil)
	risk := onLevels(types.AccountTakeoverEventActionTypeNoAction, types.AccountTakeoverEventActionTypeNoAction, types.AccountTakeoverEventActionTypeNoAction)
	risk.Actions.LowAction.Notify = true
	risk.NotifyConfiguration = &types.NotifyConfigurationType{SourceArn: aws.String("arn:aws:ses:us-east-1:123456789012:identity/alerts@example.com")}
	a.setRisk(t, cip.SetRiskConfigurationInput{AccountTakeoverRiskConfiguration: risk})
	s.CreateUser(t, a.pool, "ana", goodPassword, "email", anasEmail, "email_verified", "true")
	a.settles(t, home, firefox, "ana")
	a.settles(t, home, iphone, "ana") // 25: Low
	links := anchor.FindAllString(html.UnescapeString(s.Mailbox.Wait(t, a.pool, "ana", 1).Body), -1)
	if len(links) != 2 {
		t.Fatalf("links %q", links)
	}
	for i, want := range []types.FeedbackValueType{types.FeedbackValueTypeValid, types.FeedbackValueTypeInvalid} {
		before := a.feedback(t, "ana")
		status, body := page(t, s, http.MethodGet, links[i], nil)
		if status != http.StatusOK || a.feedback(t, "ana") != before {
			t.Fatalf("%d: opening the link changed something: %s", status, body)
		}
		form := url.Values{}
		for _, f := range hiddenField.FindAllStringSubmatch(body, -1) {
			form.Set(f[1], html.UnescapeString(f[2]))
		}
		if status, body := page(t, s, http.MethodPost, s.URL+"/feedback", form); status != http.StatusOK {
			t.Fatalf("%d %s", status, body)
		}
		if got := a.feedback(t, "ana"); got != string(want)+" by User" {
			t.Errorf("feedback %s, want %s", got, want)
		}
		form.Set("username", "somebody")
		if status, _ := page(t, s, http.MethodPost, s.URL+"/feedback", form); status != http.StatusBadRequest {
			t.Errorf("in another user's name: %d", status)
		}
	}
	s.Advance(31 * 24 * time.Hour)
	if status, body := page(t, s, http.MethodGet, links[0], nil); status != http.StatusBadRequest || !strings.Contains(body, "does not work") {
		t.Errorf("a month later: %d %s", status, body)
	}
}

// feedback is what was said of the latest event.
func (a *app) feedback(t *testing.T, name string) string {
	t.Helper()
	f := a.events(t, name)[0].EventFeedback
	if f == nil {
		return ""
	}
	return string(f.FeedbackValue) + " by " + *f.Provider
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`)

// page asks for a page, with a form if there is one.
func page(t *testing.T, s *servertest.Server, method, address string, form url.Values) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	wantOK(t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := s.HTTP.Do(r)
	wantOK(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	wantOK(t, err)
	return answer.StatusCode, string(text)
}

func TestFeedbackTokensEnd(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	a := newApp(t, s, protected(types.AdvancedSecurityModeTypeEnforced), nil)
	risk := onLevels("NO_ACTION", "NO_ACTION", "NO_ACTION")
	risk.Actions.LowAction.Notify = true
	a.setRisk(t, cip.SetRiskConfigurationInput{AccountTakeoverRiskConfiguration: risk})
	s.CreateUser(t, a.pool, "ana", goodPassword, "email", anasEmail, "email_verified", "true")
	a.settles(t, home, firefox, "ana")
	a.settles(t, abroad, iphone, "ana")
	link, err := url.Parse(strings.ReplaceAll(anchor.FindString(s.Mailbox.Wait(t, a.pool, "ana", 1).Body), "&amp;", "&"))
	wantOK(t, err)
	give := func() error {
		q := link.Query()
		_, err := s.Anonymous.UpdateAuthEventFeedback(t.Context(), &cip.UpdateAuthEventFeedbackInput{
			UserPoolId: &a.pool, Username: aws.String("ana"), EventId: aws.String(q.Get("eventId")),
			FeedbackToken: aws.String(q.Get("feedbackToken")), FeedbackValue: types.FeedbackValueTypeValid,
		})
		return err
	}
	s.Advance(30*24*time.Hour - time.Minute) // the server's clock runs on meanwhile
	wantOK(t, give())
	s.Advance(time.Minute)
	wantError(t, give(), "NotAuthorizedException", "Invalid feedback token.")
}

// encoded is what the script for browsers collects.
func encoded(t *testing.T, device, agent, timezone string) *string {
	t.Helper()
	payload, err := json.Marshal(map[string]any{
		"contextData": map[string]string{"DeviceId": device, "UserAgent": agent, "ClientTimezone": timezone},
		"username":    "ana", "userPoolId": "x", "timestamp": "1",
	})
	wantOK(t, err)
	outer, err := json.Marshal(map[string]string{"payload": string(payload), "signature": "x", "version": "JS20171115"})
	wantOK(t, err)
	return aws.String(base64.StdEncoding.EncodeToString(outer))
}

func TestContextOfPublicRequests(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := newApp(t, s, protected(types.AdvancedSecurityModeTypeAudit), nil)
	trusted := a.withClient(t, func(in *cip.CreateUserPoolClientInput) {
		in.GenerateSecret, in.EnablePropagateAdditionalUserContextData = true, aws.Bool(true)
	})
	s.CreateUser(t, a.pool, "ana", goodPassword)
	signIn := func(a *app, c *types.UserContextDataType) types.AuthEventType {
		t.Helper()
		_, err := s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
			ClientId: &a.client, AuthFlow: types.AuthFlowTypeUserPasswordAuth, UserContextData: c,
			AuthParameters: a.params("USERNAME", "ana", "PASSWORD", goodPassword),
		})
		wantOK(t, err)
		return a.events(t, "ana")[0]
	}
	e := signIn(a, &types.UserContextDataType{IpAddress: aws.String(abroad), EncodedData: encoded(t, "d1", firefox, "+02:00")})
	if c := e.EventContextData; *c.IpAddress != "127.0.0.1" || *c.DeviceName != "Firefox 125 / Linux x86_64" || *c.Timezone != "+02:00" {
		t.Errorf("context %s, %s, %s", *c.IpAddress, *c.DeviceName, *c.Timezone)
	}
	wantEvents(t, []types.AuthEventType{e}, "SignIn Pass NoRisk Password=Success")
	// The id of the device counts, not what it runs.
	e = signIn(a, &types.UserContextDataType{EncodedData: encoded(t, "d1", iphone, "")})
	wantEvents(t, []types.AuthEventType{e}, "SignIn Pass NoRisk Password=Success")
	e = signIn(a, &types.UserContextDataType{EncodedData: encoded(t, "d2", iphone, "")})
	wantEvents(t, []types.AuthEventType{e}, "SignIn Pass AccountTakeover Low Password=Success")
	// Whatever cannot be read is passed over.
	e = signIn(a, &types.UserContextDataType{EncodedData: aws.String("%%%"), IpAddress: aws.String("nowhere")})
	if *e.EventContextData.IpAddress != "127.0.0.1" {
		t.Errorf("address %s", *e.EventContextData.IpAddress)
	}
	// A server with a secret may say where its user is.
	e = signIn(trusted, &types.UserContextDataType{IpAddress: aws.String(abroad), EncodedData: encoded(t, "d2", iphone, "")})
	if *e.EventContextData.IpAddress != abroad {
		t.Errorf("address %s", *e.EventContextData.IpAddress)
	}
	// SRP is judged as well, at the proof.
	got, err := a.trySRP(t, "ana", goodPassword)
	wantOK(t, err)
	if claimsOf(t, got.AuthenticationResult.AccessToken)["event_id"] != *a.events(t, "ana")[0].EventId {
		t.Error("the sign-in by SRP is not the latest event")
	}
}

// Pools without threat protection keep nothing.
func TestOtherPoolsKeepNoEvents(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) { in.UserPoolTier = types.UserPoolTierTypePlus }, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	a.settles(t, home, firefox, "ana")
	_, err := a.s.SDK.UpdateUserPool(t.Context(), &cip.UpdateUserPoolInput{
		UserPoolId: &a.pool, UserPoolTier: types.UserPoolTierTypePlus,
		UserPoolAddOns: &types.UserPoolAddOnsType{AdvancedSecurityMode: types.AdvancedSecurityModeTypeAudit},
	})
	wantOK(t, err)
	if e := a.events(t, "ana"); len(e) != 0 {
		t.Errorf("%d events of the time before", len(e))
	}
	a.settles(t, home, firefox, "ana")
	wantEvents(t, a.events(t, "ana"), "SignIn Pass NoRisk Password=Success")
}
