package login

import (
	"context"
	"net/http"

	"cognate/internal/api"
	"cognate/internal/cognito/transactions"
	"cognate/internal/web/pages"
)

func showForgot(ctx context.Context, v *visit) error {
	if err := v.checkRecovery(); err != nil {
		return err
	}
	return v.show(ctx, &pages.Forgot{Frame: v.frame(), Username: v.tx.Username, NameKind: v.nameKind()})
}

// checkRecovery refuses where only administrators set new passwords.
func (v *visit) checkRecovery() error {
	if v.recovers() {
		return nil
	}
	return &refusal{status: http.StatusForbidden, message: "Contact administrator to reset password.", restart: true}
}

func takeForgot(ctx context.Context, v *visit) error {
	if err := v.checkRecovery(); err != nil {
		return err
	}
	v.tx.Username = v.field("username", maxName)
	if v.tx.Username == "" {
		v.tx.Error = say("error.name")
		return v.turn(ctx, "/forgotPassword")
	}
	return v.sendReset(ctx, v.tx.Username, "/forgotPassword")
}

// sendReset sends a code for a new password, and says on a page why not.
func (v *visit) sendReset(ctx context.Context, name, page string) error {
	got, err := v.p.Users.ForgotPassword(ctx, &api.ForgotPasswordRequest{
		ClientId: v.client.ID, Username: name, SecretHash: v.client.SecretHash(name),
		UserContextData: userContext(v.form.Get("cognitoAsfData")),
	})
	if err != nil {
		if !v.refused(err) {
			return err
		}
		return v.turn(ctx, page)
	}
	v.tx.Reset = &transactions.Reset{Username: name}
	if d := got.CodeDeliveryDetails; d != nil && d.Destination != nil {
		v.tx.Reset.Destination = *d.Destination
	}
	return v.turn(ctx, "/confirmforgotPassword")
}

func showReset(ctx context.Context, v *visit) error {
	if v.tx.Reset == nil {
		v.redirect(v.address("/forgotPassword"))
		return nil
	}
	return v.show(ctx, &pages.Reset{
		Frame: v.asking(), Username: v.tx.Reset.Username, Destination: v.tx.Reset.Destination, Policy: policy(v.client.Pool),
	})
}

func takeReset(ctx context.Context, v *visit) error {
	const here = "/confirmforgotPassword"
	reset := v.tx.Reset
	if reset == nil {
		v.redirect(v.address("/forgotPassword"))
		return nil
	}
	switch v.form.Get("do") {
	case pages.DoResend:
		v.tx.Notice = say("notice.code")
		return v.sendReset(ctx, reset.Username, here)
	case pages.DoBack:
		return v.startOver(ctx, false)
	}
	code, password := v.code(), v.secret("new_password")
	if code == "" || password == "" || !v.passwordTwice() {
		return v.turn(ctx, here)
	}
	_, err := v.p.Users.ConfirmForgotPassword(ctx, &api.ConfirmForgotPasswordRequest{
		ClientId: v.client.ID, Username: reset.Username, SecretHash: v.client.SecretHash(reset.Username),
		ConfirmationCode: code, Password: password, UserContextData: userContext(v.form.Get("cognitoAsfData")),
	})
	if err != nil {
		if !v.refused(err) {
			return err
		}
		return v.turn(ctx, here)
	}
	v.tx.Reset, v.tx.Step, v.tx.Choice = nil, nil, nil
	v.tx.Username, v.tx.Notice = reset.Username, say("notice.password")
	return v.turn(ctx, "/login")
}
