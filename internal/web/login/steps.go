package login

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/signin"
	"cognate/internal/cognito/transactions"
	"cognate/internal/web/pages"
)

// step is a row of the table of challenges: the page that asks, and what its form
// says. It mirrors the table of package signin.
type step struct {
	show func(v *visit) (pages.View, error)
	// read gives the parameters of the answer; nil where the form is another
	// page's, or has nothing in it.
	read func(v *visit) (map[string]string, error)
	// take is set for steps whose answer is more than one request.
	take action
	// fresh says that a wrong answer uses the Session up, so that the user has to
	// begin again.
	fresh bool
}

// stepOf gives the row of a step.
func stepOf(s *transactions.Step) step { return stepTable()[s.Challenge] }

func stepTable() map[api.ChallengeNameType]step {
	return map[api.ChallengeNameType]step{
		api.ChallengeNameTypeSelectChallenge:     {show: showChoice, take: takeChoice},
		api.ChallengeNameTypePassword:            {show: showPassword, take: takePassword},
		api.ChallengeNameTypeWebAuthn:            {show: showPasskey, read: reading("credential", "CREDENTIAL"), fresh: true},
		api.ChallengeNameTypeEmailOtp:            {show: showCode, read: readCode("EMAIL_OTP_CODE")},
		api.ChallengeNameTypeSmsOtp:              {show: showCode, read: readCode("SMS_OTP_CODE")},
		api.ChallengeNameTypeSmsMfa:              {show: showCode, read: readCode("SMS_MFA_CODE")},
		api.ChallengeNameTypeSoftwareTokenMfa:    {show: showCode, read: readCode("SOFTWARE_TOKEN_MFA_CODE")},
		api.ChallengeNameTypeNewPasswordRequired: {show: showNewPassword, read: readNewPassword},
		api.ChallengeNameTypeSelectMfaType:       {show: showSelectMFA, read: readSelectMFA},
		api.ChallengeNameTypeMfaSetup:            {show: showSetUp, take: takeSetUp},
	}
}

// advance goes on with what came of a request of the sign-in.
func (v *visit) advance(ctx context.Context, got *signin.PageAnswer) error {
	switch {
	case got.Done != nil:
		return v.signedIn(ctx, got.Done)
	case got.Confirm != "":
		v.tx.Step, v.tx.Choice = nil, nil
		v.tx.SignUp = &transactions.SignUp{Username: v.tx.Username, Session: got.Confirm}
		return v.turn(ctx, "/confirm")
	}
	before := v.tx.Step
	v.tx.Step = &transactions.Step{Challenge: got.Challenge, Params: got.Params, Session: got.Session, Available: got.Available}
	s := v.tx.Step
	if stepOf(s).show == nil {
		return fmt.Errorf("no page asks for %s", got.Challenge)
	}
	switch got.Challenge {
	case api.ChallengeNameTypeSelectChallenge:
		return v.choose(ctx)
	case api.ChallengeNameTypePassword, api.ChallengeNameTypeWebAuthn, api.ChallengeNameTypeEmailOtp, api.ChallengeNameTypeSmsOtp:
		s.First = before == nil || before.First || before.Challenge == api.ChallengeNameTypeSelectChallenge
	case api.ChallengeNameTypeMfaSetup:
		if err := v.prepareSetUp(ctx); err != nil {
			return err
		}
	default:
	}
	s.Chosen = before != nil && before.Challenge == api.ChallengeNameTypeSelectMfaType
	return v.turn(ctx, "/login")
}

// takeStep takes the form of the pending step. A form of another page changes
// nothing: the page of the pending step is shown again (endpoints.md §6.7).
func (v *visit) takeStep(ctx context.Context) error {
	s := stepOf(v.tx.Step)
	if v.form.Get("remember") == "true" {
		v.tx.Remember = true
	}
	switch do := v.form.Get("do"); {
	case do == pages.DoResend && v.sendsCodes():
		return v.repeat(ctx, &signin.Page{Again: true})
	case do == pages.DoOther && v.tx.Choice != nil && v.tx.Step.First:
		v.tx.Step = v.tx.Choice
		return v.turn(ctx, "/login")
	case do == pages.DoOther && v.tx.Step.Chosen:
		return v.repeat(ctx, &signin.Page{Other: true})
	case s.take != nil:
		return s.take(ctx, v)
	}
	params, err := s.read(v)
	if err != nil || params == nil {
		if err != nil && !v.refused(err) {
			return err
		}
		return v.turn(ctx, "/login")
	}
	return v.answer(ctx, params)
}

// answer answers the pending challenge.
func (v *visit) answer(ctx context.Context, params map[string]string) error {
	pending := v.tx.Step
	got, err := v.ask(ctx, &signin.Page{Challenge: pending.Challenge, Session: pending.Session, Params: params})
	if err == nil {
		return v.advance(ctx, got)
	}
	return v.refusedStep(ctx, err)
}

// refusedStep goes on after an answer that was refused: on the same page where
// another answer may be given, at the beginning where the Session is used up or
// the user has to go elsewhere.
func (v *visit) refusedStep(ctx context.Context, err error) error {
	over := stepOf(v.tx.Step).fresh && !api.HasCode(err, "InvalidParameterException") ||
		api.HasCode(err, "NotAuthorizedException") || api.HasCode(err, "UserNotFoundException") ||
		api.HasCode(err, "UserNotConfirmedException") || api.HasCode(err, "PasswordResetRequiredException")
	if over {
		return v.refusedFirst(ctx, err)
	}
	if !v.refused(err) {
		return err
	}
	return v.turn(ctx, "/login")
}

// repeat asks the pending question again, or leads back to the choice.
func (v *visit) repeat(ctx context.Context, page *signin.Page) error {
	pending := v.tx.Step
	page.Challenge, page.Session, page.Params = pending.Challenge, pending.Session, map[string]string{}
	got, err := v.ask(ctx, page)
	if err != nil {
		return v.refusedStep(ctx, err)
	}
	if page.Again {
		v.tx.Notice = say("notice.code")
		next := *pending
		next.Params, next.Session = got.Params, got.Session
		v.tx.Step = &next
		return v.turn(ctx, "/login")
	}
	return v.advance(ctx, got)
}

// sendsCodes reports whether the pending step waits for a code in a message.
func (v *visit) sendsCodes() bool { return v.tx.Step.Params[paramDestination] != "" }

const paramDestination = "CODE_DELIVERY_DESTINATION"

// reading takes one field for one parameter.
func reading(field, param string) func(v *visit) (map[string]string, error) {
	return func(v *visit) (map[string]string, error) {
		value := v.form.Get(field)
		if value == "" {
			return nil, nil
		}
		return map[string]string{param: value}, nil
	}
}

func readCode(param string) func(v *visit) (map[string]string, error) {
	return func(v *visit) (map[string]string, error) {
		code := v.code()
		if code == "" {
			return nil, nil
		}
		return map[string]string{param: code}, nil
	}
}

func showCode(v *visit) (pages.View, error) {
	s := v.tx.Step
	return &pages.Code{
		Frame: v.asking(), Username: v.tx.Username, Kind: s.Challenge, Destination: s.Params[paramDestination],
		Resend: v.sendsCodes(), Remember: !s.First && remembers(v.client.Pool), Others: v.otherWays(),
	}, nil
}

// otherWays reports whether the user has a choice at the pending step.
func (v *visit) otherWays() bool {
	s := v.tx.Step
	return s.Chosen || s.First && v.tx.Choice != nil && len(v.tx.Choice.Available) > 1
}

func showPasskey(v *visit) (pages.View, error) {
	return &pages.PasskeyGet{
		Frame: v.frame(), Username: v.tx.Username,
		Options: json.RawMessage(v.tx.Step.Params["CREDENTIAL_REQUEST_OPTIONS"]), Others: v.otherWays(),
	}, nil
}

func showSelectMFA(v *visit) (pages.View, error) {
	options, err := v.factors("MFAS_CAN_CHOOSE")
	return &pages.SelectMFA{Frame: v.frame(), Username: v.tx.Username, Options: options}, err
}

func readSelectMFA(v *visit) (map[string]string, error) {
	options, err := v.factors("MFAS_CAN_CHOOSE")
	do := api.ChallengeNameType(v.form.Get("do"))
	if err != nil || !slices.Contains(options, do) {
		return nil, err
	}
	return map[string]string{paramAnswer: string(do)}, nil
}

// factors reads a list of factors of the pending challenge.
func (v *visit) factors(param string) ([]api.ChallengeNameType, error) {
	var list []api.ChallengeNameType
	if err := json.Unmarshal([]byte(v.tx.Step.Params[param]), &list); err != nil {
		return nil, fmt.Errorf("%s of %s: %w", param, v.tx.Step.Challenge, err)
	}
	return list, nil
}

const (
	paramNewPassword = "NEW_PASSWORD"
	attributePrefix  = "userAttributes."
)

func showNewPassword(v *visit) (pages.View, error) {
	missing, err := v.missing()
	if err != nil {
		return nil, err
	}
	page := &pages.NewPassword{Frame: v.frame(), Username: v.tx.Username, Policy: policy(v.client.Pool)}
	for _, name := range missing {
		page.Fields = append(page.Fields, pages.Field{Name: name, Value: v.tx.Form[name], Required: true})
	}
	return page, nil
}

// missing lists the attributes that have to come with the new password.
func (v *visit) missing() ([]string, error) {
	var names []string
	if err := json.Unmarshal([]byte(v.tx.Step.Params["requiredAttributes"]), &names); err != nil {
		return nil, fmt.Errorf("missing attributes of a user: %w", err)
	}
	for i, name := range names {
		names[i] = strings.TrimPrefix(name, attributePrefix)
	}
	return names, nil
}

func readNewPassword(v *visit) (map[string]string, error) {
	missing, err := v.missing()
	if err != nil || !v.form.Has("new_password") {
		return nil, err
	}
	params := map[string]string{paramNewPassword: v.secret("new_password")}
	v.tx.Form = map[string]string{}
	for _, name := range missing {
		value := v.attribute(name)
		params[attributePrefix+name] = value
		v.tx.Form[name] = value
	}
	if !v.passwordTwice() {
		return nil, nil
	}
	return params, nil
}

// attribute gives the field of an attribute.
func (v *visit) attribute(name string) string {
	return v.field("requiredAttributes["+name+"]", maxAttribute)
}

// passwordTwice makes sure that a new password was typed the same twice, where the
// page has two fields for it.
func (v *visit) passwordTwice() bool {
	if v.form.Has("confirm_password") && v.form.Get("confirm_password") != v.form.Get("new_password") {
		v.tx.Error = say("error.passwords")
		return false
	}
	return true
}
