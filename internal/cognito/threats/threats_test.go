package threats

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/protocol/risk"
	"cognate/internal/store"
)

func pool(mode api.AdvancedSecurityModeType, custom api.AdvancedSecurityEnabledModeType) *directory.Pool {
	p := &directory.Pool{}
	if mode != "" {
		p.Settings.Pool.UserPoolAddOns = &api.UserPoolAddOnsType{AdvancedSecurityMode: mode}
		if custom != "" {
			p.Settings.Pool.UserPoolAddOns.AdvancedSecurityAdditionalFlows = &api.AdvancedSecurityAdditionalFlowsType{CustomAuthMode: custom}
		}
	}
	return p
}

func TestModes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		mode         api.AdvancedSecurityModeType
		custom       api.AdvancedSecurityEnabledModeType
		all, customs Mode
		enabled      bool
	}{
		{"", "", Off, Off, false},
		{"OFF", "", Off, Off, false},
		{"AUDIT", "", Audit, Off, true},
		{"ENFORCED", "", Enforced, Off, true},
		{"OFF", "AUDIT", Off, Audit, true},
		{"AUDIT", "ENFORCED", Audit, Enforced, true},
	} {
		p := pool(tt.mode, tt.custom)
		if got := ModeOfFlow(p, api.AuthFlowTypeUserSrpAuth); got != tt.all {
			t.Errorf("%s, %s: mode %d, want %d", tt.mode, tt.custom, got, tt.all)
		}
		if got := ModeOfFlow(p, api.AuthFlowTypeCustomAuth); got != tt.customs {
			t.Errorf("%s, %s: mode of custom sign-ins %d, want %d", tt.mode, tt.custom, got, tt.customs)
		}
		if err := CheckEnabled(p); (err == nil) != tt.enabled || err != nil && !api.HasCode(err, "UserPoolAddOnNotEnabledException") {
			t.Errorf("%s, %s: %v", tt.mode, tt.custom, err)
		}
	}
}

func TestFingerprints(t *testing.T) {
	t.Parallel()
	const (
		firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0"
		newer   = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"
		windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:125.0) Gecko/20100101 Firefox/125.0"
		sdk     = "aws-sdk-go-v2/1.30.0 os/linux lang/go#1.26.0"
		newSDK  = "aws-sdk-go-v2/1.31.5 os/linux lang/go#1.26.1"
	)
	for _, tt := range []struct {
		idA, agentA, idB, agentB string
		same                     bool
	}{
		{"", firefox, "", newer, true},
		{"", firefox, "", windows, false},
		{"", sdk, "", newSDK, true},
		{"", sdk, "", "curl/8.0", false},
		{"", firefox, "", "", false},
		{"x", firefox, "x", windows, true},
		{"x", firefox, "y", firefox, false},
		{"x", firefox, "", firefox, false},
	} {
		if same := fingerprint(tt.idA, tt.agentA) == fingerprint(tt.idB, tt.agentB); same != tt.same {
			t.Errorf("%+v: same %v", tt, same)
		}
	}
	if fingerprint("", "") != "" {
		t.Error("nothing has a fingerprint")
	}
}

func TestEncodedDataThatCannotBeRead(t *testing.T) {
	t.Parallel()
	code := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, encoded := range []string{
		"", "%", code(""), code("null"), code("[]"), code(`{"payload":1}`), code(`{"payload":"x"}`), code(`{"payload":"{\"contextData\":[]}"}`),
		code(`{"payload":"` + strings.Repeat(" ", 20<<10) + `{}"}`),
	} {
		if got := decode(encoded); got != (encodedData{}) {
			t.Errorf("%.40s: %+v", encoded, got)
		}
	}
	got := decode(code(`{"payload":"{\"contextData\":{\"DeviceId\":\"d\",\"ClientTimezone\":\"+01:00\"},\"username\":\"ana\"}","version":"JS20171115"}`))
	if got.DeviceID != "d" || got.ClientTimezone != "+01:00" {
		t.Errorf("got %+v", got)
	}
}

func FuzzEncodedData(f *testing.F) {
	f.Add("eyJwYXlsb2FkIjoie30ifQ==")
	f.Fuzz(func(t *testing.T, encoded string) {
		if got := short(decode(encoded).ClientTimezone); len(got) > maxText || strings.ContainsAny(got, "\r\n\x00") {
			t.Errorf("%q", got)
		}
	})
}

func TestFeedbackTokensFitOneEvent(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	one := &Threats{Key: []byte("one key"), Now: func() time.Time { return now }}
	other := &Threats{Key: []byte("other key"), Now: one.Now}
	token := one.FeedbackToken("pool", "sub", "event")
	if err := one.CheckFeedbackToken(token, "pool", "sub", "event"); err != nil {
		t.Fatal(err)
	}
	refuse := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, ErrFeedbackToken) {
			t.Errorf("%s: %v", what, err)
		}
	}
	refuse("other pool", one.CheckFeedbackToken(token, "pool2", "sub", "event"))
	refuse("other user", one.CheckFeedbackToken(token, "pool", "sub2", "event"))
	refuse("other event", one.CheckFeedbackToken(token, "pool", "sub", "event2"))
	refuse("moved border", one.CheckFeedbackToken(token, "pools", "ub", "event"))
	refuse("other key", other.CheckFeedbackToken(token, "pool", "sub", "event"))
	for i := range token {
		changed := []byte(token)
		changed[i] ^= 1
		refuse("changed", one.CheckFeedbackToken(string(changed), "pool", "sub", "event"))
	}
	for _, text := range []string{"", ".", token + ".", token[:len(token)-1], "AAAAAAAAAAA." + token[12:]} {
		refuse(text, one.CheckFeedbackToken(text, "pool", "sub", "event"))
	}
	now = now.Add(feedbackFor)
	refuse("old", one.CheckFeedbackToken(token, "pool", "sub", "event"))
}

func TestHistoryLeavesOutWhatSaysNothing(t *testing.T) {
	t.Parallel()
	event := func(kind api.EventType, response api.EventResponseType, decision api.RiskDecisionType, more []api.ChallengeResponseType) *store.AuthEvent {
		return &store.AuthEvent{Doc: store.AuthEventDoc{Event: api.AuthEventType{
			EventType: kind, EventResponse: response, EventRisk: &api.EventRiskType{RiskDecision: decision}, ChallengeResponses: more,
		}}}
	}
	right, wrong := Challenge(api.ChallengeNamePassword, true), Challenge(api.ChallengeNamePassword, false)
	got := history([]*store.AuthEvent{
		event(api.EventTypeSignIn, api.EventResponseTypePass, api.RiskDecisionTypeNoRisk, right),
		event(api.EventTypeSignIn, api.EventResponseTypeFail, api.RiskDecisionTypeBlock, nil), // address
		event(api.EventTypePasswordChange, api.EventResponseTypePass, api.RiskDecisionTypeNoRisk, nil),
		event(api.EventTypeSignIn, api.EventResponseTypeFail, api.RiskDecisionTypeBlock, right), // risk
		event(api.EventTypeSignIn, api.EventResponseTypeFail, api.RiskDecisionTypeNoRisk, wrong),
		event(api.EventTypeSignIn, api.EventResponseTypeInProgress, api.RiskDecisionTypeNoRisk, append(right, wrong...)),
	})
	want := []risk.Event{{Passed: true}, {}, {Failed: true}, {Failed: true}}
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("event %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}
