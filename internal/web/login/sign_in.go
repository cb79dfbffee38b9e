package login

import (
	"context"
	"strconv"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/authorization"
	"cognate/internal/cognito/signin"
	"cognate/internal/cognito/transactions"
	"cognate/internal/web/pages"
)

// Parameters of a sign-in, as the API names them.
const (
	paramUsername  = "USERNAME"
	paramPassword  = "PASSWORD"
	paramPreferred = "PREFERRED_CHALLENGE"
	paramAnswer    = "ANSWER"
	paramTargets   = "TARGET_ACR_VALUES"
	paramMaxAge    = "MAX_AGE"
)

// showSignIn shows the page of the pending step, or the first page.
func showSignIn(ctx context.Context, v *visit) error {
	switch {
	case v.completed():
		return v.showCompleted(ctx)
	case v.tx.Step != nil:
		page, err := stepOf(v.tx.Step).show(v)
		if err != nil {
			return err
		}
		return v.show(ctx, page)
	}
	next, err := v.next(ctx)
	if err != nil {
		return err
	}
	switch next {
	case authorization.Complete:
		return v.show(ctx, &pages.SelectAccount{Frame: v.frame(), Username: v.nameOf(v.session.User)})
	case authorization.AskToContinue:
		return v.show(ctx, v.askToContinue())
	case authorization.StepUp:
		return v.stepUp(ctx)
	case authorization.ToProvider:
		v.redirect(v.address("/oauth2/authorize"))
		return nil
	default:
		return v.showFirst(ctx)
	}
}

// showFirst asks who signs in.
func (v *visit) showFirst(ctx context.Context) error {
	name := v.tx.Username
	if name == "" && v.version == managed {
		name = v.request.LoginHint
	}
	page := &pages.SignIn{
		Frame: v.frame(), Username: name, NameKind: v.nameKind(),
		Local: v.local(), IdentifierFirst: v.byChoice(), Passkey: v.passkeys(), SignUp: v.signsUp(), Forgot: v.recovers(),
	}
	if err := v.offerProviders(ctx, page); err != nil {
		return err
	}
	return v.show(ctx, page)
}

// takeSignIn takes the form of whatever page the transaction is at.
func takeSignIn(ctx context.Context, v *visit) error {
	do := v.form.Get("do")
	if v.completed() {
		return v.takeCompleted(ctx, do)
	}
	if do == pages.DoSwitch || do == pages.DoBack {
		return v.startOver(ctx, do == pages.DoSwitch)
	}
	if v.tx.Step != nil {
		return v.takeStep(ctx)
	}
	if v.form.Has("username") || v.form.Has("domain_email") {
		return v.takeName(ctx, do)
	}
	next, err := v.next(ctx)
	if err != nil {
		return err
	}
	switch next {
	case authorization.Complete:
		return v.grant(ctx, v.session)
	case authorization.AskToContinue:
		v.request.Confirmed = true
		return v.grant(ctx, v.session)
	default: // the form of a page that is over
		v.redirect(v.address("/login"))
		return nil
	}
}

// startOver forgets what was reached, and with fresh the session as well: somebody
// else signs in.
func (v *visit) startOver(ctx context.Context, fresh bool) error {
	v.tx.Step, v.tx.Choice, v.tx.SignUp, v.tx.Reset, v.tx.Remember = nil, nil, nil, nil, false
	if fresh {
		v.tx.Fresh, v.tx.Username = true, ""
	}
	return v.turn(ctx, "/login")
}

// takeName takes the first page: a name, with a password unless the user is going
// to choose.
func (v *visit) takeName(ctx context.Context, do string) error {
	if v.form.Get("domain_email") != "" || do == pages.DoProvider {
		return v.toDomain(ctx, v.field("domain_email", maxName))
	}
	name := v.field("username", maxName)
	v.tx.Username = name
	switch {
	case !v.local():
		return &refusal{status: 400, code: authorization.InvalidRequest}
	case name == "":
		v.tx.Error = say("error.name")
		return v.turn(ctx, "/login")
	}
	if _, err := attributes.NewUsername(v.client.Pool.Config(), name); err != nil && v.namedByAddress() {
		if !v.refused(err) {
			return err
		}
		return v.turn(ctx, "/login")
	}
	first := &signin.Page{Flow: api.AuthFlowTypeUserPasswordAuth, Params: map[string]string{paramPassword: v.secret("password")}}
	if v.byChoice() && !v.form.Has("password") {
		first.Flow, first.Params = api.AuthFlowTypeUserAuth, map[string]string{}
		if do == string(api.ChallengeNameTypeWebAuthn) && v.passkeys() {
			first.Params[paramPreferred] = do
		}
	} else if first.Params[paramPassword] == "" {
		v.tx.Error = &transactions.Message{Raw: "Incorrect username or password."}
		return v.turn(ctx, "/login")
	}
	return v.try(ctx, first)
}

// namedByAddress reports whether users have to sign in with an address.
func (v *visit) namedByAddress() bool { return len(v.client.Pool.Config().UsernameAttributes) > 0 }

// stepUp asks the user of the browser's session for what is missing.
func (v *visit) stepUp(ctx context.Context) error {
	v.tx.Username = v.session.User.Username
	v.tx.StepUp = true
	return v.try(ctx, &signin.Page{StepUp: true, Params: map[string]string{}})
}

// try makes a first request of a sign-in. What is refused is said on the first
// page.
func (v *visit) try(ctx context.Context, page *signin.Page) error {
	v.aim(page)
	got, err := v.ask(ctx, page)
	if err != nil {
		return v.refusedFirst(ctx, err)
	}
	return v.advance(ctx, got)
}

// aim adds what the authorize request wants of the sign-in.
func (v *visit) aim(page *signin.Page) {
	if len(v.request.ACRValues) == 0 {
		return
	}
	page.Params[paramTargets] = strings.Join(v.request.ACRValues, " ")
	if v.request.MaxAge != nil {
		page.Params[paramMaxAge] = strconv.Itoa(int(*v.request.MaxAge / time.Second))
	}
}

// ask calls the sign-in with what every request of this browser brings along.
func (v *visit) ask(ctx context.Context, page *signin.Page) (*signin.PageAnswer, error) {
	page.Client, page.Standing, page.Context = v.client, v.session, v.context()
	page.Device, page.Remember = v.sealed(cookieDevice), v.tx.Remember
	page.Params[paramUsername] = v.tx.Username
	return v.p.SignIn.SignInOnPage(ctx, page)
}

// refusedFirst goes on after a first request that was refused.
func (v *visit) refusedFirst(ctx context.Context, err error) error {
	if v.tx.StepUp {
		if api.HasCode(err, "InvalidParameterException") { // the session's user cannot get there
			return v.request.Refuse(authorization.UnmetRequirements, "")
		}
		v.tx.StepUp, v.tx.Fresh = false, true // what is left is a whole sign-in
	}
	if !v.refused(err) {
		return err
	}
	v.tx.Step, v.tx.Choice = nil, nil
	if api.HasCode(err, "PasswordResetRequiredException") && v.recovers() {
		return v.turn(ctx, "/forgotPassword")
	}
	return v.turn(ctx, "/login")
}
