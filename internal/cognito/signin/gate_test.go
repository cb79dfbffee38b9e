package signin

import (
	"context"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
	"cognate/internal/store/storetest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// attemptIn is an attempt at a client of a pool with the given settings.
func attemptIn(t *testing.T, pool api.UserPoolType, client api.UserPoolClientType) (*Operations, *attempt) {
	t.Helper()
	now := func() time.Time { return noon }
	db := storetest.Open(t, now)
	_, err := store.Write(t.Context(), db, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		if err := tx.InsertPool(ctx, &store.Pool{ID: "us-east-1_a", Settings: store.PoolSettings{Pool: pool}}, nil); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, tx.InsertClient(ctx, &store.Client{PoolID: "us-east-1_a", ID: "client", Settings: client})
	})
	if err != nil {
		t.Fatal(err)
	}
	found, err := directory.New(db, now).Client(t.Context(), "client")
	if err != nil {
		t.Fatal(err)
	}
	return &Operations{DB: db, Now: now}, &attempt{request: &request{client: found}}
}

// The rows of the gate, one deviation at a time from a user who passes.
func TestGate(t *testing.T) {
	t.Parallel()
	hiding := api.UserPoolClientType{PreventUserExistenceErrors: api.PreventUserExistenceErrorTypesEnabled}
	function := "arn:aws:lambda:us-east-1:123456789012:function:f"
	for _, tt := range []struct {
		name   string
		pool   api.UserPoolType
		client api.UserPoolClientType
		change func(u *store.User)
		want   string // error, "" for tokens, "step" for a further step
	}{
		{name: "passes"},
		{name: "disabled", change: func(u *store.User) { u.Enabled = false }, want: "NotAuthorizedException: User is disabled."},
		{
			name: "disabled, hidden", client: hiding, change: func(u *store.User) { u.Enabled = false },
			want: "NotAuthorizedException: Incorrect username or password.",
		},
		{
			name: "unconfirmed", change: func(u *store.User) { u.Status = api.UserStatusTypeUnconfirmed },
			want: "UserNotConfirmedException: User is not confirmed.",
		},
		{
			name: "to be reset", client: hiding, change: func(u *store.User) { u.Status = api.UserStatusTypeResetRequired },
			want: "PasswordResetRequiredException: Password reset required for the user",
		},
		{
			name: "imported", change: func(u *store.User) { u.Status, u.Password = api.UserStatusTypeResetRequired, nil },
			want: "PasswordResetRequiredException: Password reset required for the user",
		},
		{
			name: "imported, hidden", client: hiding,
			change: func(u *store.User) { u.Status, u.Password = api.UserStatusTypeResetRequired, nil },
			want:   "NotAuthorizedException: Incorrect username or password.",
		},
		{
			name: "temporary password", want: "step",
			change: func(u *store.User) {
				u.Status, u.TemporaryPasswordExpiresAt = api.UserStatusTypeForceChangePassword, noon.Add(time.Millisecond)
			},
		},
		{
			name: "temporary password without end", want: "step",
			change: func(u *store.User) { u.Status = api.UserStatusTypeForceChangePassword },
		},
		{
			name: "temporary password at its end",
			change: func(u *store.User) {
				u.Status, u.TemporaryPasswordExpiresAt = api.UserStatusTypeForceChangePassword, noon
			},
			want: "NotAuthorizedException: Temporary password has expired and must be reset by an administrator.",
		},
		{name: "optional MFA, no factor", pool: api.UserPoolType{MfaConfiguration: api.UserPoolMfaTypeOptional}},
		{
			name: "required MFA without any factor", pool: api.UserPoolType{MfaConfiguration: api.UserPoolMfaTypeOn},
			want: "InvalidParameterException: User does not have delivery config set to turn on SMS_MFA",
		},
		{
			name: "factors left from before", pool: api.UserPoolType{MfaConfiguration: api.UserPoolMfaTypeOff},
			change: func(u *store.User) { u.MFA.EnabledFactors = []string{"SMS_MFA"} },
		},
		{name: "devices, none claimed", pool: api.UserPoolType{DeviceConfiguration: &api.DeviceConfigurationType{}}},
		{
			name: "threat protection without a judgement",
			pool: api.UserPoolType{UserPoolAddOns: &api.UserPoolAddOnsType{AdvancedSecurityMode: api.AdvancedSecurityModeTypeEnforced}},
		},
		{name: "functions of other moments", pool: api.UserPoolType{LambdaConfig: &api.LambdaConfigType{
			PreSignUp: function, PostConfirmation: function, CustomMessage: function, UserMigration: function, DefineAuthChallenge: function,
		}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o, a := attemptIn(t, tt.pool, tt.client)
			u := &store.User{Enabled: true, Status: api.UserStatusTypeConfirmed, Password: &store.Password{Salt: []byte{1}, Verifier: []byte{2}}}
			if tt.change != nil {
				tt.change(u)
			}
			next, err := o.gate(a, u)
			switch {
			case tt.want == "step":
				if _, ok := next.(newPasswordStep); !ok || err != nil {
					t.Errorf("got %T, %v", next, err)
				}
			case tt.want == "":
				if next != nil || err != nil {
					t.Errorf("got %T, %v", next, err)
				}
			case err == nil || err.Error() != tt.want:
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestLongNamesStaySmall(t *testing.T) {
	t.Parallel()
	long := make([]byte, 100_000)
	if got := boundedLogin(string(long)); len(got) > maxLogin {
		t.Errorf("%d bytes", len(got))
	}
	if boundedLogin("ana") != "ana" {
		t.Error("a usual name was changed")
	}
	if boundedLogin(string(long)) == boundedLogin(string(long[1:])) {
		t.Error("two names became one")
	}
}
