package api_test

import (
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/protocol/srp/srpclient"
)

func TestNoticesGoToThePoolsOwnSender(t *testing.T) {
	t.Parallel()
	h := newHost(t, inDev)
	w := h.world(t, protected(types.AdvancedSecurityModeTypeEnforced), func(in *cip.CreateUserPoolInput) {
		in.LambdaConfig = &types.LambdaConfigType{
			KMSKeyID:          new("arn:aws:kms:us-east-1:123456789012:key/codes"),
			CustomEmailSender: &types.CustomEmailLambdaVersionConfigType{LambdaArn: new(functionARN), LambdaVersion: "V1_0"},
		}
	})
	h.answer("Custom", raw(`nobody reads this`))
	risk := onLevels("NO_ACTION", "NO_ACTION", "NO_ACTION")
	risk.Actions.LowAction.Notify = true
	w.setRisk(t, cip.SetRiskConfigurationInput{AccountTakeoverRiskConfiguration: risk})
	h.s.CreateUser(t, w.pool, "ana", goodPassword, "email", anasEmail, "email_verified", "true")
	w.settles(t, home, firefox, "ana")
	w.settles(t, abroad, iphone, "ana")
	e := h.waitFor(t, "CustomEmailSender_AccountTakeOverNotification")
	if e.Request["type"] != "customEmailSenderRequestV1" || e.Request["code"] != nil {
		t.Errorf("request %s", e.raw)
	}
	about := e.attributes()
	if about["USER_NAME"] != "ana" || about["IP_ADDRESS"] != abroad || about["email"] != nil {
		t.Errorf("attributes %v", about)
	}
	for name, value := range map[string]string{"ONE_CLICK_LINK_VALID": "feedbackValue=Valid", "ONE_CLICK_LINK_INVALID": "feedbackValue=Invalid"} {
		if link, _ := about[name].(string); !strings.HasPrefix(link, "http") || !strings.Contains(link, value) {
			t.Errorf("%s is %q", name, link)
		}
	}
	if n := h.s.Mailbox.Count(w.pool, "ana"); n != 0 {
		t.Errorf("%d messages were sent as well", n)
	}
}

// watchCustom switches threat protection on for the custom sign-ins of a pool.
func (w world) watchCustom(t *testing.T, mode types.AdvancedSecurityEnabledModeType) {
	t.Helper()
	described, err := w.s.SDK.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &w.pool})
	wantOK(t, err)
	_, err = w.s.SDK.UpdateUserPool(t.Context(), &cip.UpdateUserPoolInput{
		UserPoolId: &w.pool, LambdaConfig: described.UserPool.LambdaConfig, UserPoolTier: types.UserPoolTierTypePlus,
		UserPoolAddOns: &types.UserPoolAddOnsType{
			AdvancedSecurityMode:            types.AdvancedSecurityModeTypeEnforced,
			AdvancedSecurityAdditionalFlows: &types.AdvancedSecurityAdditionalFlowsType{CustomAuthMode: mode},
		},
	})
	wantOK(t, err)
}

func TestCustomSignInsHaveASwitchOfTheirOwn(t *testing.T) {
	t.Parallel()
	for mode, events := range map[types.AdvancedSecurityEnabledModeType]int{"": 0, "AUDIT": 1, "ENFORCED": 1} {
		h := newHost(t)
		w := h.custom(t)
		h.s.CreateUser(t, w.pool, "ana", goodPassword)
		w.watchCustom(t, mode)
		begun := w.beginCustom(t, "ana")
		done, err := w.word(t, begun.Session, "ana", "blue-7f3a")
		wantOK(t, err)
		list := w.events(t, "ana")
		if len(list) != events {
			t.Fatalf("%q: %d events", mode, len(list))
		}
		if events > 0 && claimsOf(t, done.AuthenticationResult.AccessToken)["event_id"] != *list[0].EventId {
			t.Errorf("%q: the tokens have another event", mode)
		}
		for _, e := range list {
			if e.EventResponse != types.EventResponseTypePass {
				t.Errorf("%q: %s", mode, told(e))
			}
		}
	}
}

// The password is the first proof, and the functions ask for more.
func TestCustomSignInsAfterSRPAreOneEvent(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.custom(t)
	h.s.CreateUser(t, w.pool, "ana", goodPassword)
	w.watchCustom(t, types.AdvancedSecurityEnabledModeTypeEnforced)
	begin := func() (*cip.RespondToAuthChallengeOutput, error) {
		c := srpclient.New()
		begun, err := w.beginWith(t, types.AuthFlowTypeCustomAuth, "USERNAME", "ana", "CHALLENGE_NAME", "SRP_A", "SRP_A", c.A())
		wantOK(t, err)
		return w.respondWith(t, types.ChallengeNameTypePasswordVerifier, begun.Session, w.srpAnswer(t, c, begun.ChallengeParameters, goodPassword, h.s.Now())...)
	}
	asked, err := begin()
	wantOK(t, err)
	wantEvents(t, w.events(t, "ana"), "SignIn InProgress NoRisk Password=Success")
	done, err := w.word(t, asked.Session, "ana", "blue-7f3a")
	wantOK(t, err)
	wantTokens(t, done.AuthenticationResult)
	wantEvents(t, w.events(t, "ana"), "SignIn Pass NoRisk Password=Success")
	asked, err = begin()
	wantOK(t, err)
	again, err := w.word(t, asked.Session, "ana", "red")
	wantOK(t, err)
	_, err = w.word(t, again.Session, "ana", "red") // the functions have enough
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	wantEvents(t, w.events(t, "ana")[:1], "SignIn Fail NoRisk Password=Success Mfa=Failure")
	w.setRisk(t, cip.SetRiskConfigurationInput{RiskExceptionConfiguration: &types.RiskExceptionConfigurationType{BlockedIPRangeList: []string{"127.0.0.0/8", "::1/128"}}})
	_, err = w.beginWith(t, types.AuthFlowTypeCustomAuth, "USERNAME", "ana")
	wantError(t, err, "NotAuthorizedException", barred)
}
