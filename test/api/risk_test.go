package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

const (
	noAddOns = "User pool add-ons not enabled"
	barred   = "Unable to login because of security reasons."
	firefox  = "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0"
	firefox2 = "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0"
	iphone   = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1"
	home     = "192.0.2.10"
	abroad   = "198.51.100.20"
)

// protected gives a pool threat protection.
func protected(mode types.AdvancedSecurityModeType) func(*cip.CreateUserPoolInput) {
	return func(in *cip.CreateUserPoolInput) {
		ownSender(in)
		in.UserPoolTier = types.UserPoolTierTypePlus
		in.UserPoolAddOns = &types.UserPoolAddOnsType{AdvancedSecurityMode: mode}
	}
}

func (a *app) setRisk(t *testing.T, in cip.SetRiskConfigurationInput) *types.RiskConfigurationType {
	t.Helper()
	in.UserPoolId = &a.pool
	got, err := a.s.SDK.SetRiskConfiguration(t.Context(), &in)
	wantOK(t, err)
	return got.RiskConfiguration
}

func (a *app) risk(t *testing.T, client *string) *types.RiskConfigurationType {
	t.Helper()
	got, err := a.s.SDK.DescribeRiskConfiguration(t.Context(), &cip.DescribeRiskConfigurationInput{UserPoolId: &a.pool, ClientId: client})
	wantOK(t, err)
	return got.RiskConfiguration
}

// from signs in with a plain password from an address, with a browser.
func (a *app) from(t *testing.T, ip, agent, username, password string) (*cip.AdminInitiateAuthOutput, error) {
	t.Helper()
	return a.s.SDK.AdminInitiateAuth(t.Context(), &cip.AdminInitiateAuthInput{
		UserPoolId: &a.pool, ClientId: &a.client, AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth,
		AuthParameters: a.params("USERNAME", username, "PASSWORD", password),
		ContextData: &types.ContextDataType{
			IpAddress: &ip, ServerName: aws.String("shop"), ServerPath: aws.String("/in"),
			HttpHeaders: []types.HttpHeader{{HeaderName: aws.String("user-agent"), HeaderValue: &agent}},
		},
	})
}

// settles signs in and must get tokens.
func (a *app) settles(t *testing.T, ip, agent, username string) *types.AuthenticationResultType {
	t.Helper()
	got, err := a.from(t, ip, agent, username, goodPassword)
	wantOK(t, err)
	if got.AuthenticationResult == nil {
		t.Fatalf("got the challenge %s instead of tokens", got.ChallengeName)
	}
	return got.AuthenticationResult
}

func (a *app) events(t *testing.T, username string) []types.AuthEventType {
	t.Helper()
	got, err := a.s.SDK.AdminListUserAuthEvents(t.Context(), &cip.AdminListUserAuthEventsInput{UserPoolId: &a.pool, Username: &username})
	wantOK(t, err)
	return got.AuthEvents
}

// told is an event in a few words.
func told(e types.AuthEventType) string {
	words := []string{string(e.EventType), string(e.EventResponse), string(e.EventRisk.RiskDecision)}
	if e.EventRisk.RiskLevel != "" {
		words = append(words, string(e.EventRisk.RiskLevel))
	}
	if aws.ToBool(e.EventRisk.CompromisedCredentialsDetected) {
		words = append(words, "compromised")
	}
	for _, c := range e.ChallengeResponses {
		words = append(words, string(c.ChallengeName)+"="+string(c.ChallengeResponse))
	}
	return strings.Join(words, " ")
}

func wantEvents(t *testing.T, got []types.AuthEventType, want ...string) {
	t.Helper()
	var list []string
	for _, e := range got {
		list = append(list, told(e))
	}
	if strings.Join(list, "\n") != strings.Join(want, "\n") {
		t.Errorf("events\n\t%s\nwant\n\t%s", strings.Join(list, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// onLevels makes every level lead to an action.
func onLevels(low, medium, high types.AccountTakeoverEventActionType) *types.AccountTakeoverRiskConfigurationType {
	action := func(a types.AccountTakeoverEventActionType) *types.AccountTakeoverActionType {
		return &types.AccountTakeoverActionType{EventAction: a}
	}
	return &types.AccountTakeoverRiskConfigurationType{Actions: &types.AccountTakeoverActionsType{
		LowAction: action(low), MediumAction: action(medium), HighAction: action(high),
	}}
}

func TestRiskConfigurationIsInheritedAndReset(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), protected(types.AdvancedSecurityModeTypeAudit), nil)
	empty := a.risk(t, nil)
	if *empty.UserPoolId != a.pool || empty.ClientId != nil || empty.LastModifiedDate != nil || empty.AccountTakeoverRiskConfiguration != nil {
		t.Errorf("before anything is set: %+v", empty)
	}
	block := types.AccountTakeoverEventActionTypeBlock
	pooled := a.setRisk(t, cip.SetRiskConfigurationInput{AccountTakeoverRiskConfiguration: onLevels(block, block, block)})
	if *pooled.UserPoolId != a.pool || pooled.LastModifiedDate == nil || pooled.AccountTakeoverRiskConfiguration.Actions.LowAction.EventAction != block {
		t.Errorf("answer %+v", pooled)
	}
	inherited := a.risk(t, &a.client)
	if *inherited.ClientId != a.client || inherited.AccountTakeoverRiskConfiguration == nil || inherited.RiskExceptionConfiguration != nil {
		t.Errorf("inherited: %+v", inherited)
	}
	a.setRisk(t, cip.SetRiskConfigurationInput{ClientId: &a.client, RiskExceptionConfiguration: &types.RiskExceptionConfigurationType{
		BlockedIPRangeList: []string{"192.0.2.0/24", "2001:db8::/32"},
	}})
	own := a.risk(t, &a.client)
	if own.AccountTakeoverRiskConfiguration != nil || len(own.RiskExceptionConfiguration.BlockedIPRangeList) != 2 {
		t.Errorf("the client's own: %+v", own)
	}
	if p := a.risk(t, nil); p.AccountTakeoverRiskConfiguration == nil || p.RiskExceptionConfiguration != nil {
		t.Errorf("the pool's: %+v", p)
	}
	// An update of the client leaves it alone.
	_, err := a.s.SDK.UpdateUserPoolClient(t.Context(), &cip.UpdateUserPoolClientInput{UserPoolId: &a.pool, ClientId: &a.client})
	wantOK(t, err)
	if own := a.risk(t, &a.client); own.RiskExceptionConfiguration == nil {
		t.Error("the client's own is gone after an update")
	}
	a.setRisk(t, cip.SetRiskConfigurationInput{ClientId: &a.client})
	if c := a.risk(t, &a.client); c.AccountTakeoverRiskConfiguration == nil || c.RiskExceptionConfiguration != nil {
		t.Errorf("the client after its reset: %+v", c)
	}
	if reset := a.setRisk(t, cip.SetRiskConfigurationInput{}); reset.LastModifiedDate != nil || *reset.UserPoolId != a.pool {
		t.Errorf("answer to the reset: %+v", reset)
	}
	if p := a.risk(t, nil); p.AccountTakeoverRiskConfiguration != nil {
		t.Errorf("the pool after its reset: %+v", p)
	}
}

func TestRiskOperationsRefusals(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := newApp(t, s, protected(types.AdvancedSecurityModeTypeAudit), nil)
	set := func(pool string, in cip.SetRiskConfigurationInput) error {
		in.UserPoolId = &pool
		_, err := s.SDK.SetRiskConfiguration(t.Context(), &in)
		return err
	}
	for _, ranges := range [][]string{{"192.0.2.1"}, {"192.0.2.0/33"}, {"home"}, {""}, {"192.0.2.0/24", "::1/129"}} {
		wantCode(t, set(a.pool, cip.SetRiskConfigurationInput{RiskExceptionConfiguration: &types.RiskExceptionConfigurationType{BlockedIPRangeList: ranges}}), "InvalidParameterException")
		wantCode(t, set(a.pool, cip.SetRiskConfigurationInput{RiskExceptionConfiguration: &types.RiskExceptionConfigurationType{SkippedIPRangeList: ranges}}), "InvalidParameterException")
	}
	many := make([]string, 201)
	for i := range many {
		many[i] = "192.0.2.0/24"
	}
	wantCode(t, set(a.pool, cip.SetRiskConfigurationInput{RiskExceptionConfiguration: &types.RiskExceptionConfigurationType{BlockedIPRangeList: many}}), "InvalidParameterException")
	wantOK(t, set(a.pool, cip.SetRiskConfigurationInput{RiskExceptionConfiguration: &types.RiskExceptionConfigurationType{BlockedIPRangeList: many[:200]}}))
	wantCode(t, set(a.pool, cip.SetRiskConfigurationInput{ClientId: aws.String("nosuchclient")}), "ResourceNotFoundException")
	wantCode(t, set("us-east-1_nosuchpoo", cip.SetRiskConfigurationInput{}), "ResourceNotFoundException")

	plain := newApp(t, s, nil, nil)
	s.CreateUser(t, plain.pool, "ana", goodPassword)
	ana, event := aws.String("ana"), aws.String("e1")
	wantError(t, set(plain.pool, cip.SetRiskConfigurationInput{}), "UserPoolAddOnNotEnabledException", noAddOns)
	_, err := s.SDK.DescribeRiskConfiguration(t.Context(), &cip.DescribeRiskConfigurationInput{UserPoolId: &plain.pool})
	wantError(t, err, "UserPoolAddOnNotEnabledException", noAddOns)
	_, err = s.SDK.AdminListUserAuthEvents(t.Context(), &cip.AdminListUserAuthEventsInput{UserPoolId: &plain.pool, Username: ana})
	wantError(t, err, "UserPoolAddOnNotEnabledException", noAddOns)
	_, err = s.SDK.AdminUpdateAuthEventFeedback(t.Context(), &cip.AdminUpdateAuthEventFeedbackInput{
		UserPoolId: &plain.pool, Username: ana, EventId: event, FeedbackValue: types.FeedbackValueTypeValid,
	})
	wantError(t, err, "UserPoolAddOnNotEnabledException", noAddOns)
	_, err = s.Anonymous.UpdateAuthEventFeedback(t.Context(), &cip.UpdateAuthEventFeedbackInput{
		UserPoolId: &plain.pool, Username: ana, EventId: event, FeedbackToken: aws.String("t"), FeedbackValue: types.FeedbackValueTypeValid,
	})
	wantError(t, err, "UserPoolAddOnNotEnabledException", noAddOns)

	_, err = s.SDK.AdminListUserAuthEvents(t.Context(), &cip.AdminListUserAuthEventsInput{UserPoolId: &a.pool, Username: ana})
	wantError(t, err, "UserNotFoundException", "User does not exist.")
	s.CreateUser(t, a.pool, "ana", goodPassword)
	_, err = s.SDK.AdminUpdateAuthEventFeedback(t.Context(), &cip.AdminUpdateAuthEventFeedbackInput{
		UserPoolId: &a.pool, Username: ana, EventId: event, FeedbackValue: types.FeedbackValueTypeValid,
	})
	wantCode(t, err, "ResourceNotFoundException")
}

// In audit mode everything is written down and nothing happens.
func TestAuditModeRecordsOnly(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), protected(types.AdvancedSecurityModeTypeAudit), nil)
	block := types.AccountTakeoverEventActionTypeBlock
	a.setRisk(t, cip.SetRiskConfigurationInput{
		AccountTakeoverRiskConfiguration: onLevels(block, block, block),
		RiskExceptionConfiguration:       &types.RiskExceptionConfigurationType{BlockedIPRangeList: []string{abroad + "/32"}},
		CompromisedCredentialsRiskConfiguration: &types.CompromisedCredentialsRiskConfigurationType{
			Actions: &types.CompromisedCredentialsActionsType{EventAction: types.CompromisedCredentialsEventActionTypeBlock},
		},
	})
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	first := a.settles(t, home, firefox, "ana")
	a.settles(t, home, firefox2, "ana") // a new version is no new device
	_, err := a.from(t, abroad, iphone, "ana", "Wrong-Horse1!")
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	a.settles(t, abroad, iphone, "ana")
	a.settles(t, abroad, iphone, "ana")
	_, err = a.from(t, home, firefox, "nobody", goodPassword)
	wantError(t, err, "UserNotFoundException", "User does not exist.")
	events := a.events(t, "ana")
	wantEvents(t, events,
		"SignIn Pass NoRisk Password=Success",
		"SignIn Pass AccountTakeover Medium Password=Success",
		"SignIn Fail AccountTakeover Low Password=Failure",
		"SignIn Pass NoRisk Password=Success",
		"SignIn Pass NoRisk Password=Success",
	)
	oldest := events[len(events)-1]
	if got := claimsOf(t, first.AccessToken)["event_id"]; got != *oldest.EventId {
		t.Errorf("event_id %v, want %s", got, *oldest.EventId)
	}
	c := oldest.EventContextData
	if *c.IpAddress != home || *c.DeviceName != "Firefox 125 / Linux x86_64" {
		t.Errorf("context %s, %s", *c.IpAddress, *c.DeviceName)
	}
	if d := a.s.Now().Sub(*oldest.CreationDate); d < 0 || d > time.Minute {
		t.Errorf("created %v", oldest.CreationDate)
	}
}

func TestAuthEventsComeInPages(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), protected(types.AdvancedSecurityModeTypeAudit), nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	a.s.CreateUser(t, a.pool, "bob", goodPassword)
	for range 5 {
		a.settles(t, home, firefox, "ana")
	}
	var pages []types.AuthEventType
	var next *string
	for i, want := range []int{2, 2, 1} {
		got, err := a.s.SDK.AdminListUserAuthEvents(t.Context(), &cip.AdminListUserAuthEventsInput{
			UserPoolId: &a.pool, Username: aws.String("ana"), MaxResults: aws.Int32(2), NextToken: next,
		})
		wantOK(t, err)
		if len(got.AuthEvents) != want || (got.NextToken == nil) != (i == 2) {
			t.Errorf("page %d: %d events, more %v", i, len(got.AuthEvents), got.NextToken != nil)
		}
		pages = append(pages, got.AuthEvents...)
		if got.NextToken != nil {
			next = got.NextToken
		}
	}
	all := a.events(t, "ana")
	if len(pages) != len(all) {
		t.Fatalf("%d events in pages, %d at once", len(pages), len(all))
	}
	for i := range all {
		if *pages[i].EventId != *all[i].EventId {
			t.Errorf("event %d differs", i)
		}
	}
	_, err := a.s.SDK.AdminListUserAuthEvents(t.Context(), &cip.AdminListUserAuthEventsInput{UserPoolId: &a.pool, Username: aws.String("bob"), NextToken: next})
	wantError(t, err, "InvalidParameterException", "Invalid pagination token")
}

func TestTakeoverActions(t *testing.T) {
	t.Parallel()
	const (
		none       = types.AccountTakeoverEventActionTypeNoAction
		ifPossible = types.AccountTakeoverEventActionTypeMfaIfConfigured
		required   = types.AccountTakeoverEventActionTypeMfaRequired
		block      = types.AccountTakeoverEventActionTypeBlock
	)
	phone := []string{"phone_number", "+15555550123"}
	for name, tt := range map[string]struct {
		mfa       types.UserPoolMfaType
		action    types.AccountTakeoverEventActionType // at every level
		has       []string
		challenge types.ChallengeNameType
		refused   bool
		event     string
	}{
		"nothing":                    {mfa: "OPTIONAL", action: none, has: phone, event: "SignIn Pass AccountTakeover Low Password=Success"},
		"block":                      {mfa: "OPTIONAL", action: block, has: phone, refused: true, event: "SignIn Fail Block Low Password=Success"},
		"MFA, without a factor":      {mfa: "OPTIONAL", action: ifPossible, event: "SignIn Pass AccountTakeover Low Password=Success"},
		"MFA, with one":              {mfa: "OPTIONAL", action: ifPossible, has: phone, challenge: "SMS_MFA", event: "SignIn InProgress AccountTakeover Low Password=Success"},
		"must MFA, without a factor": {mfa: "OPTIONAL", action: required, refused: true, event: "SignIn Fail Block Low Password=Success"},
		"must MFA, with one":         {mfa: "OPTIONAL", action: required, has: phone, challenge: "SMS_MFA", event: "SignIn InProgress AccountTakeover Low Password=Success"},
		"MFA, pool without":          {mfa: "OFF", action: ifPossible, has: phone, event: "SignIn Pass AccountTakeover Low Password=Success"},
		"must MFA, pool without":     {mfa: "OFF", action: required, has: phone, refused: true, event: "SignIn Fail Block Low Password=Success"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, servertest.Shared(t), protected(types.AdvancedSecurityModeTypeEnforced), nil)
			if tt.mfa != "OFF" {
				_, err := setMFA(t, a.s, cip.SetUserPoolMfaConfigInput{UserPoolId: &a.pool, MfaConfiguration: tt.mfa, SmsMfaConfiguration: smsFactor})
				wantOK(t, err)
			}
			a.setRisk(t, cip.SetRiskConfigurationInput{AccountTakeoverRiskConfiguration: onLevels(tt.action, tt.action, tt.action)})
			a.s.CreateUser(t, a.pool, "ana", goodPassword, tt.has...)
			a.settles(t, home, firefox, "ana") // no history, no risk
			got, err := a.from(t, abroad, iphone, "ana", goodPassword)
			switch {
			case tt.refused:
				wantError(t, err, "NotAuthorizedException", barred)
			case err != nil:
				t.Fatal(err)
			case got.ChallengeName != tt.challenge:
				t.Fatalf("challenge %q, want %q", got.ChallengeName, tt.challenge)
			case tt.challenge == "":
				wantTokens(t, got.AuthenticationResult)
			}
			wantEvents(t, a.events(t, "ana")[:1], tt.event)
			if tt.challenge == "" {
				return
			}
			_, err = a.adminRespond(t, tt.challenge, got.Session, "USERNAME", "ana", "SMS_MFA_CODE", "000000x")
			wantCode(t, err, "CodeMismatchException")
			done, err := a.adminRespond(t, tt.challenge, got.Session, "USERNAME", "ana", "SMS_MFA_CODE", a.s.Mailbox.Wait(t, a.pool, "ana", 1).Code)
			wantOK(t, err)
			wantTokens(t, done.AuthenticationResult)
			events := a.events(t, "ana")
			wantEvents(t, events[:1], "SignIn Pass AccountTakeover Low Password=Success Mfa=Failure Mfa=Success")
			if got := claimsOf(t, done.AuthenticationResult.AccessToken)["event_id"]; got != *events[0].EventId {
				t.Errorf("event_id %v, want %s", got, *events[0].EventId)
			}
			a.settles(t, abroad, iphone, "ana") // known by now
		})
	}
}

// Each level has its own action, and failures raise the level.
func TestLevelsHaveTheirOwnActions(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), protected(types.AdvancedSecurityModeTypeEnforced), nil)
	a.setRisk(t, cip.SetRiskConfigurationInput{AccountTakeoverRiskConfiguration: onLevels(
		types.AccountTakeoverEventActionTypeNoAction, types.AccountTakeoverEventActionTypeMfaIfConfigured, types.AccountTakeoverEventActionTypeBlock,
	)})
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	a.settles(t, home, firefox, "ana")
	for range 4 {
		_, err := a.from(t, abroad, iphone, "ana", "Wrong-Horse1!")
		wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	}
	_, err := a.from(t, abroad, iphone, "ana", goodPassword)
	wantError(t, err, "NotAuthorizedException", barred)
	wantEvents(t, a.events(t, "ana"),
		"SignIn Fail Block High Password=Success", // 25+15+4*8
		"SignIn Fail AccountTakeover Medium Password=Failure",
		"SignIn Fail AccountTakeover Medium Password=Failure",
		"SignIn Fail AccountTakeover Medium Password=Failure",
		"SignIn Fail AccountTakeover Low Password=Failure",
		"SignIn Pass NoRisk Password=Success",
	)
	a.settles(t, home, firefox, "ana") // the user's own place still works: 5*8 is Low
}

func TestAddressLists(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), protected(types.AdvancedSecurityModeTypeEnforced), nil)
	block := types.AccountTakeoverEventActionTypeBlock
	a.setRisk(t, cip.SetRiskConfigurationInput{
		AccountTakeoverRiskConfiguration: onLevels(block, block, block),
		RiskExceptionConfiguration: &types.RiskExceptionConfigurationType{
			BlockedIPRangeList: []string{"203.0.113.0/24", "2001:db8:bad::/48"}, SkippedIPRangeList: []string{"198.51.100.0/24"},
		},
	})
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	for _, ip := range []string{"203.0.113.9", "::ffff:203.0.113.9", "2001:db8:bad::1"} {
		for _, password := range []string{goodPassword, "Wrong-Horse1!"} {
			_, err := a.from(t, ip, firefox, "ana", password)
			wantError(t, err, "NotAuthorizedException", barred)
		}
		_, err := a.from(t, ip, firefox, "nobody", goodPassword)
		wantError(t, err, "NotAuthorizedException", barred)
	}
	a.settles(t, home, firefox, "ana")
	_, err := a.from(t, "192.88.99.1", iphone, "ana", goodPassword)
	wantError(t, err, "NotAuthorizedException", barred)
	a.settles(t, abroad, iphone, "ana") // exempt
	wantEvents(t, a.events(t, "ana")[:4],
		"SignIn Pass NoRisk Password=Success",
		"SignIn Fail Block Low Password=Success",
		"SignIn Pass NoRisk Password=Success", // what came from blocked addresses does not count
		"SignIn Fail Block",
	)
}
