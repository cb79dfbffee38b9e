package users

import (
	"regexp"
	"testing"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

func TestS036SubsAreRandomAndHaveTheServicesForm(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-70[0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	const samples = 200_000
	seen := make(map[string]bool, samples)
	for range samples {
		sub := newSub()
		if !form.MatchString(sub) || seen[sub] {
			t.Fatalf("sub %s", sub)
		}
		seen[sub] = true
	}
}

func user(status api.UserStatusType, attrs ...string) *store.User {
	u := &store.User{Username: "ana", Status: status, Enabled: true}
	for i := 0; i+1 < len(attrs); i += 2 {
		u.Attributes.Set(attrs[i], attrs[i+1])
	}
	return u
}

func TestRecoveryAvoidsTheChannelOfTheSecondFactor(t *testing.T) {
	t.Parallel()
	setting := &api.AccountRecoverySettingType{RecoveryMechanisms: []api.RecoveryOptionType{
		{Name: api.RecoveryOptionNameTypeVerifiedPhoneNumber, Priority: 1}, {Name: api.RecoveryOptionNameTypeVerifiedEmail, Priority: 2},
	}}
	modern, legacy := &api.UserPoolType{AccountRecoverySetting: setting}, &api.UserPoolType{}
	for _, c := range []struct {
		name   string
		config *api.UserPoolType
		mfa    store.UserMFA
		want   string
	}{
		{"no second factor", modern, store.UserMFA{}, "phone_number"},
		{"SMS preferred", modern, store.UserMFA{EnabledFactors: []string{"SMS_MFA"}, Preferred: "SMS_MFA"}, "email"},
		{"SMS on, nothing preferred", modern, store.UserMFA{EnabledFactors: []string{"SMS_MFA"}}, "email"},
		{"SMS on, another preferred", modern, store.UserMFA{EnabledFactors: []string{"SMS_MFA", "SOFTWARE_TOKEN_MFA"}, Preferred: "SOFTWARE_TOKEN_MFA"}, "phone_number"},
		{"e-mail preferred", modern, store.UserMFA{EnabledFactors: []string{"EMAIL_OTP"}, Preferred: "EMAIL_OTP"}, "phone_number"},
		{"both on", modern, store.UserMFA{EnabledFactors: []string{"SMS_MFA", "EMAIL_OTP"}}, ""},
		{"old pool", legacy, store.UserMFA{EnabledFactors: []string{"SMS_MFA"}, Preferred: "SMS_MFA"}, "phone_number"},
	} {
		u := user(api.UserStatusTypeConfirmed, "email", "a@b.c", "email_verified", "true", "phone_number", "+15550100", "phone_number_verified", "true")
		u.MFA = c.mfa
		to, err := recoveryAddress(c.config, u, recoveryChannels(c.config))
		if to.attribute != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v; want %q", c.name, to.attribute, err, c.want)
		}
	}
}

func TestChangeOfAddresses(t *testing.T) {
	t.Parallel()
	auto := &api.UserPoolType{AutoVerifiedAttributes: []api.VerifiedAttributeType{"email"}}
	waits := &api.UserPoolType{
		AutoVerifiedAttributes:      auto.AutoVerifiedAttributes,
		UserAttributeUpdateSettings: &api.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: []api.VerifiedAttributeType{"email"}},
	}
	for _, c := range []struct {
		name                 string
		config               *api.UserPoolType
		given                []string
		email, flag, pending string
		verify               int
	}{
		{"at once", auto, []string{"email", "new@b.c"}, "new@b.c", "false", "", 1},
		{"at once, verified by an administrator", auto, []string{"email_verified", "true", "email", "new@b.c"}, "new@b.c", "true", "", 0},
		{"at once, said to be unverified", auto, []string{"email", "new@b.c", "email_verified", "false"}, "new@b.c", "false", "", 1},
		{"waits", waits, []string{"email", "new@b.c"}, "old@b.c", "true", "new@b.c", 1},
		{"waits, verified by an administrator", waits, []string{"email", "new@b.c", "email_verified", "true"}, "new@b.c", "true", "", 0},
		{"same value", waits, []string{"email", "old@b.c"}, "old@b.c", "true", "", 0},
		{"nothing is verified", &api.UserPoolType{}, []string{"email", "new@b.c"}, "new@b.c", "false", "", 0},
		{"deleted", waits, []string{"email", ""}, "", "", "", 0},
		{"flag alone", auto, []string{"email_verified", "false"}, "old@b.c", "false", "", 0},
	} {
		u := user(api.UserStatusTypeConfirmed, "email", "old@b.c", "email_verified", "true")
		var given []api.AttributeType
		for i := 0; i < len(c.given); i += 2 {
			given = append(given, api.AttributeType{Name: c.given[i], Value: &c.given[i+1]})
		}
		verify := change(c.config, u, given)
		if got := u.Attributes.Get("email"); got != c.email || u.Attributes.Get("email_verified") != c.flag || u.Pending["email"] != c.pending || len(verify) != c.verify {
			t.Errorf("%s: %+v, pending %v, to verify %v", c.name, u.Attributes, u.Pending, verify)
		}
	}
}

func TestSetBackToTheCurrentValueEndsTheWait(t *testing.T) {
	t.Parallel()
	u := user(api.UserStatusTypeConfirmed, "email", "old@b.c", "email_verified", "true")
	u.Pending = map[string]string{"email": "new@b.c"}
	change(&api.UserPoolType{}, u, []api.AttributeType{{Name: "email", Value: new("old@b.c")}})
	if wanted(u, "email").value != "old@b.c" || u.Attributes.Get("email_verified") != "true" {
		t.Errorf("%+v, pending %v", u.Attributes, u.Pending)
	}
}

func TestMadeUpPhoneNumbers(t *testing.T) {
	t.Parallel()
	o := &Operations{DecoyKey: []byte("key")}
	pool := &directory.Pool{Pool: store.Pool{ID: "us-east-1_AbCdEf123"}}
	channels := []string{attributes.PhoneNumber, attributes.Email}
	form := regexp.MustCompile(`^\+\*+[0-9]{4}$`)
	for _, name := range []string{"nobody", "noone"} {
		d := o.imagine(pool, name, channels).details()
		if d.DeliveryMedium != api.DeliveryMediumTypeSms || !form.MatchString(*d.Destination) {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if d := o.imagine(pool, "+15550101234", channels).details(); *d.Destination != "+*******1234" {
		t.Errorf("a number as name: %s", *d.Destination)
	}
	if d := o.imagine(pool, "ana@example.com", channels).details(); *d.Destination != "a***@e***" {
		t.Errorf("an address as name: %s", *d.Destination)
	}
}
