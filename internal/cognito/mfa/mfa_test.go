package mfa

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
	"cognate/internal/store"
)

func TestEnabled(t *testing.T) {
	t.Parallel()
	sms, token, email := &api.SmsMfaConfigType{}, &api.SoftwareTokenMfaConfigType{Enabled: true}, &api.EmailMfaConfigType{}
	for name, tt := range map[string]struct {
		config api.GetUserPoolMfaConfigResponse
		want   []string
	}{
		"off":            {api.GetUserPoolMfaConfigResponse{MfaConfiguration: "OFF", SmsMfaConfiguration: sms}, nil},
		"all":            {api.GetUserPoolMfaConfigResponse{MfaConfiguration: "ON", SmsMfaConfiguration: sms, SoftwareTokenMfaConfiguration: token, EmailMfaConfiguration: email}, []string{"SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"}},
		"disabled token": {api.GetUserPoolMfaConfigResponse{MfaConfiguration: "ON", SoftwareTokenMfaConfiguration: &api.SoftwareTokenMfaConfigType{}, EmailMfaConfiguration: email}, []string{"EMAIL_OTP"}},
	} {
		if diff := cmp.Diff(tt.want, Enabled(&tt.config)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	var u store.UserMFA
	for _, tt := range []struct {
		factor        string
		on, preferred bool
		want          store.UserMFA
	}{
		{Email, true, false, store.UserMFA{EnabledFactors: []string{Email}}},
		{SMS, true, true, store.UserMFA{EnabledFactors: []string{SMS, Email}, Preferred: SMS}},
		{SoftwareToken, true, true, store.UserMFA{EnabledFactors: []string{SMS, SoftwareToken, Email}, Preferred: SoftwareToken}},
		{SMS, true, false, store.UserMFA{EnabledFactors: []string{SMS, SoftwareToken, Email}, Preferred: SoftwareToken}},
		{SoftwareToken, true, false, store.UserMFA{EnabledFactors: []string{SMS, SoftwareToken, Email}}},
		{SMS, true, true, store.UserMFA{EnabledFactors: []string{SMS, SoftwareToken, Email}, Preferred: SMS}},
		{SMS, false, true, store.UserMFA{EnabledFactors: []string{SoftwareToken, Email}}},
		{SoftwareToken, false, false, store.UserMFA{EnabledFactors: []string{Email}}},
		{Email, false, false, store.UserMFA{}},
	} {
		Set(&u, tt.factor, tt.on, tt.preferred)
		if diff := cmp.Diff(tt.want, u); diff != "" {
			t.Errorf("%s %v %v: %s", tt.factor, tt.on, tt.preferred, diff)
		}
	}
}

func TestSetupIsReadBack(t *testing.T) {
	t.Parallel()
	for _, want := range []Setup{{}, {Secret: []byte("secret")}, {Verified: true}} {
		got, err := ParseSetup(want.Bytes())
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v: %s", err, diff)
		}
	}
	for _, bad := range []string{"S", "Vx", "x"} {
		if _, err := ParseSetup([]byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
