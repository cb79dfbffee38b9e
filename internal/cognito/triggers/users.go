package triggers

import (
	"context"
	"fmt"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/store"
)

// Where a user comes from, for PreSignUp.
const (
	BySignUp   = "PreSignUp_SignUp"
	ByAdmin    = "PreSignUp_AdminCreateUser"
	ByProvider = "PreSignUp_ExternalProvider"
)

// SignUpAnswer is what PreSignUp asks for.
type SignUpAnswer struct {
	Confirm                  bool
	VerifyEmail, VerifyPhone bool
}

// PreSignUp asks whether a user may be created. The occasion's User holds what
// was submitted and nothing else.
func (t *Triggers) PreSignUp(ctx context.Context, on Occasion, source string, validation []api.AttributeType) (SignUpAnswer, error) {
	var got SignUpAnswer
	if !Has(on.Pool, PreSignUp) {
		return got, nil
	}
	type request struct {
		Attributes object            `json:"userAttributes"`
		Validation map[string]string `json:"validationData"`
		Metadata   map[string]string `json:"clientMetadata,omitzero"`
	}
	type response struct {
		Confirm bool `json:"autoConfirmUser"`
		Email   bool `json:"autoVerifyEmail"`
		Phone   bool `json:"autoVerifyPhone"`
	}
	f, err := t.call(ctx, on, message{
		name: PreSignUp, source: source,
		request:  request{submitted(on.User), valuesOf(validation), on.Metadata},
		response: response{},
	})
	if err != nil {
		return got, err
	}
	got = SignUpAnswer{f.is("autoConfirmUser"), f.is("autoVerifyEmail"), f.is("autoVerifyPhone")}
	return got, f.err
}

// submitted are the attributes of a user that does not exist yet.
func submitted(u *store.User) object {
	o := object{}
	for _, a := range u.Attributes {
		if a.Name != attributes.EmailVerified && a.Name != attributes.PhoneNumberVerified || a.Value == "true" {
			o = append(o, pair{a.Name, a.Value})
		}
	}
	return o
}

func valuesOf(list []api.AttributeType) map[string]string {
	if list == nil {
		return nil
	}
	values := make(map[string]string, len(list))
	for _, a := range list {
		values[a.Name] = ""
		if a.Value != nil {
			values[a.Name] = *a.Value
		}
	}
	return values
}

// What was confirmed, for PostConfirmation.
const (
	AfterSignUp = "PostConfirmation_ConfirmSignUp"
	AfterReset  = "PostConfirmation_ConfirmForgotPassword"
)

type plainRequest struct {
	Attributes object            `json:"userAttributes"`
	Metadata   map[string]string `json:"clientMetadata,omitzero"`
}

// PostConfirmation tells that a user is confirmed, or has a new password.
func (t *Triggers) PostConfirmation(ctx context.Context, on Occasion, source string) error {
	if !Has(on.Pool, PostConfirmation) {
		return nil
	}
	_, err := t.call(ctx, on, message{
		name: PostConfirmation, source: source,
		request: plainRequest{on.userAttributes(), on.Metadata},
	})
	return err
}

// Why a function is asked for an unknown user.
const (
	ToSignIn = "UserMigration_Authentication"
	ToReset  = "UserMigration_ForgotPassword"
)

// Migrated is a user that a function knows.
type Migrated struct {
	Attributes map[string]string
	// Confirmed users keep the password they gave; others have to reset it.
	Confirmed bool
	// Suppress means that no invitation is sent, else it goes by Media.
	Suppress   bool
	Media      []api.DeliveryMediumType
	ForceAlias bool
	SMSMFA     bool
}

// Migration is a call of UserMigration.
type Migration struct {
	Source     string
	Password   string            // empty for a reset
	Validation map[string]string // ClientMetadata of InitiateAuth
}

// media reads the names of ways to deliver messages.
func (f *fields) media(name string) []api.DeliveryMediumType {
	var media []api.DeliveryMediumType
	for _, text := range f.list(name) {
		medium := api.DeliveryMediumType(text)
		if medium != api.DeliveryMediumTypeSms && medium != api.DeliveryMediumTypeEmail {
			f.fail(fmt.Errorf("%q is no way to deliver messages", text))
			continue
		}
		media = append(media, medium)
	}
	return media
}

// UserMigration asks for a user nobody has the name of. The occasion's User is
// not looked at.
func (t *Triggers) UserMigration(ctx context.Context, on Occasion, m Migration) (*Migrated, error) {
	type request struct {
		Password   *string           `json:"password"`
		Validation map[string]string `json:"validationData"`
		Metadata   map[string]string `json:"clientMetadata,omitzero"`
	}
	type response struct {
		Attributes map[string]string `json:"userAttributes"`
		Status     *string           `json:"finalUserStatus"`
		Action     *string           `json:"messageAction"`
		Media      []string          `json:"desiredDeliveryMediums"`
		Force      *bool             `json:"forceAliasCreation"`
		SMSMFA     *bool             `json:"enableSMSMFA"`
	}
	r := request{Validation: m.Validation, Metadata: on.Metadata}
	if m.Password != "" {
		r.Password = &m.Password
	}
	f, err := t.call(ctx, on, message{name: UserMigration, source: m.Source, request: r, response: response{}})
	if err != nil {
		return nil, err
	}
	got := &Migrated{
		Attributes: f.texts("userAttributes"),
		Confirmed:  f.textOrEmpty("finalUserStatus") == string(api.UserStatusTypeConfirmed),
		Suppress:   f.textOrEmpty("messageAction") == string(api.MessageActionTypeSuppress),
		Media:      f.media("desiredDeliveryMediums"),
		ForceAlias: f.is("forceAliasCreation"),
		SMSMFA:     f.is("enableSMSMFA"),
	}
	if f.err == nil && got.Attributes == nil {
		f.err = unrecognizable()
	}
	return got, f.err
}
