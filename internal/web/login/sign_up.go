package login

import (
	"context"
	"net/http"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/signin"
	"cognate/internal/cognito/transactions"
	"cognate/internal/web/pages"
)

func showSignUp(ctx context.Context, v *visit) error {
	if err := v.checkSignUp(); err != nil {
		return err
	}
	page := &pages.SignUp{
		Frame: v.frame(), Username: v.tx.Username, NameKind: v.newName(), AskUsername: true,
		Fields: v.signUpFields(), Policy: policy(v.client.Pool), PasswordOptional: v.withoutPassword(),
	}
	var err error
	if page.Terms, err = v.p.Looks.Terms(ctx, v.client, v.lang); err != nil {
		return err
	}
	return v.show(ctx, page)
}

// checkSignUp refuses where only administrators make users, or the client has none
// of the pool's own (security.md S040).
func (v *visit) checkSignUp() error {
	if v.signsUp() {
		return nil
	}
	return &refusal{status: http.StatusForbidden, message: "SignUp is not permitted for this user pool", restart: true}
}

// signUpFields lists the attributes that a new user has to have, without those
// that the name is.
func (v *visit) signUpFields() []pages.Field {
	pool := v.client.Pool
	var fields []pages.Field
	for _, name := range pool.Schema.Required() {
		named := attributes.UsernameAttribute(pool.Config(), name)
		if named && len(pool.Config().UsernameAttributes) == 1 {
			continue
		}
		fields = append(fields, pages.Field{Name: name, Value: v.tx.Form[name], Required: !named})
	}
	return fields
}

func takeSignUp(ctx context.Context, v *visit) error {
	if err := v.checkSignUp(); err != nil {
		return err
	}
	v.tx.Username = v.field("username", maxName)
	in := &api.SignUpRequest{
		ClientId: v.client.ID, Username: v.tx.Username, SecretHash: v.client.SecretHash(v.tx.Username),
		UserContextData: userContext(v.form.Get("cognitoAsfData")),
	}
	v.tx.Form = map[string]string{}
	for _, field := range v.signUpFields() {
		value := v.attribute(field.Name)
		v.tx.Form[field.Name] = value
		if value != "" {
			in.UserAttributes = append(in.UserAttributes, api.AttributeType{Name: field.Name, Value: &value})
		}
	}
	password := v.secret("password")
	switch {
	case v.tx.Username == "":
		v.tx.Error = say("error.name")
		return v.turn(ctx, "/signup")
	case v.form.Has("confirm_password") && v.form.Get("confirm_password") != v.form.Get("password"):
		v.tx.Error = say("error.passwords")
		return v.turn(ctx, "/signup")
	}
	if password != "" || !v.withoutPassword() {
		in.Password = &password
	}
	got, err := v.p.Users.SignUpOnPage(ctx, in)
	if err != nil {
		return v.signUpRefused(ctx, err)
	}
	return v.signedUp(ctx, got, in.Password)
}

// signUpRefused says why on the form. A user whose code could not be sent exists
// all the same, and can ask for another.
func (v *visit) signUpRefused(ctx context.Context, err error) error {
	if !v.refused(err) {
		return err
	}
	if api.HasCode(err, "CodeDeliveryFailureException") {
		v.tx.SignUp = &transactions.SignUp{Username: v.tx.Username}
		return v.turn(ctx, "/confirm")
	}
	return v.turn(ctx, "/signup")
}

// signedUp goes on with a new user: to the code, or where a function confirmed the
// user to the sign-in at once (endpoints.md §6.7).
func (v *visit) signedUp(ctx context.Context, got *api.SignUpResponse, password *string) error {
	v.tx.Step, v.tx.Choice, v.tx.SignedUp = nil, nil, true
	switch {
	case got.UserConfirmed && password == nil:
		return v.try(ctx, &signin.Page{Flow: api.AuthFlowTypeUserAuth, Params: map[string]string{}})
	case got.UserConfirmed:
		return v.try(ctx, &signin.Page{Flow: api.AuthFlowTypeUserPasswordAuth, Params: map[string]string{paramPassword: *password}})
	case got.CodeDeliveryDetails == nil: // an administrator confirms
		v.tx.Error = &transactions.Message{Raw: "User is not confirmed."}
		return v.turn(ctx, "/signup")
	}
	v.tx.SignUp = &transactions.SignUp{Username: v.tx.Username, Session: got.Session}
	v.sentTo(got.CodeDeliveryDetails)
	return v.turn(ctx, "/confirm")
}

// sentTo notes where the code of a sign-up went.
func (v *visit) sentTo(d *api.CodeDeliveryDetailsType) {
	if d != nil && d.Destination != nil {
		v.tx.SignUp.Destination, v.tx.SignUp.Medium = *d.Destination, d.DeliveryMedium
	}
}

func showConfirm(ctx context.Context, v *visit) error {
	s := v.tx.SignUp
	if s == nil { // confirmed elsewhere, or another browser
		v.redirect(v.address("/login"))
		return nil
	}
	return v.show(ctx, &pages.Confirm{Frame: v.asking(), Username: s.Username, Destination: s.Destination, Medium: s.Medium})
}

// toConfirm is what a GET of /resendcode comes to: only the form sends codes.
func toConfirm(_ context.Context, v *visit) error {
	v.redirect(v.address("/confirm"))
	return nil
}

func takeConfirm(ctx context.Context, v *visit) error {
	s := v.tx.SignUp
	code := v.code()
	switch do := v.form.Get("do"); {
	case s == nil:
		v.redirect(v.address("/login"))
		return nil
	case do == pages.DoResend:
		return takeResend(ctx, v)
	case slices.Contains([]string{pages.DoBack, pages.DoSwitch}, do):
		return v.startOver(ctx, do == pages.DoSwitch)
	case code == "":
		return v.turn(ctx, "/confirm")
	}
	got, err := v.p.Users.ConfirmSignUp(ctx, &api.ConfirmSignUpRequest{
		ClientId: v.client.ID, Username: s.Username, SecretHash: v.client.SecretHash(s.Username), ConfirmationCode: code, Session: s.Session,
		UserContextData: userContext(v.form.Get("cognitoAsfData")),
	})
	if err != nil {
		return v.confirmRefused(ctx, err)
	}
	v.tx.SignUp, v.tx.SignedUp, v.tx.Username = nil, true, s.Username
	if s.Session == "" || got.Session == "" { // nothing is known of the password
		v.tx.Notice = say("notice.confirmed")
		return v.turn(ctx, "/login")
	}
	page := &signin.Page{Session: got.Session, Params: map[string]string{}}
	v.aim(page)
	next, err := v.ask(ctx, page)
	switch {
	case err == nil:
		return v.advance(ctx, next)
	case api.HasCode(err, "NotAuthorizedException"): // what was proved does not do
		v.tx.Notice = say("notice.confirmed")
		return v.turn(ctx, "/login")
	}
	return v.refusedFirst(ctx, err)
}

// confirmRefused says why on the form. A user who was confirmed elsewhere signs in.
func (v *visit) confirmRefused(ctx context.Context, err error) error {
	if !v.refused(err) {
		return err
	}
	if api.HasCode(err, "NotAuthorizedException") {
		v.tx.SignUp = nil
		return v.turn(ctx, "/login")
	}
	return v.turn(ctx, "/confirm")
}

func takeResend(ctx context.Context, v *visit) error {
	s := v.tx.SignUp
	if s == nil {
		v.redirect(v.address("/login"))
		return nil
	}
	got, err := v.p.Users.ResendConfirmationCode(ctx, &api.ResendConfirmationCodeRequest{
		ClientId: v.client.ID, Username: s.Username, SecretHash: v.client.SecretHash(s.Username),
	})
	if err != nil {
		if !v.refused(err) {
			return err
		}
		return v.turn(ctx, "/confirm")
	}
	v.sentTo(got.CodeDeliveryDetails)
	v.tx.Notice = say("notice.code")
	return v.turn(ctx, "/confirm")
}

// showConfirmUser serves the link in a mail: it confirms the user, in whatever
// browser it is opened.
func showConfirmUser(ctx context.Context, v *visit) error {
	for _, name := range []string{"client_id", "user_name", "confirmation_code"} {
		if len(v.query[name]) != 1 || v.query.Get(name) == "" {
			return &refusal{status: http.StatusBadRequest, message: "Required String parameter '" + name + "' is not present"}
		}
	}
	client, err := v.p.Directory.PoolClient(ctx, v.site.Domain.PoolID, v.query.Get("client_id"))
	if err == nil {
		name := v.query.Get("user_name")
		_, err = v.p.Users.ConfirmSignUp(ctx, &api.ConfirmSignUpRequest{
			ClientId: client.ID, Username: name, SecretHash: client.SecretHash(name), ConfirmationCode: v.query.Get("confirmation_code"),
		})
	}
	if err == nil {
		v.write(http.StatusOK, &pages.ConfirmedUser{Frame: v.plainFrame(), OK: true})
		return nil
	}
	v.tx = &transactions.Transaction{}
	if !v.refused(err) {
		return err
	}
	why := shown(v.tx.Error)
	v.tx = nil
	v.write(http.StatusBadRequest, &pages.ConfirmedUser{Frame: v.plainFrame(), Message: why})
	return nil
}
