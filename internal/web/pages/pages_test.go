package pages

import (
	"io"
	"log/slog"
	"testing"
)

func newRenderer(t *testing.T) *Renderer {
	t.Helper()
	r, err := New(Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEveryPageRenders(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	for _, view := range []View{
		&SignIn{Frame: Frame{Version: 2}, Local: true}, &Choose{}, &Password{}, &Code{}, &NewPassword{}, &SelectMFA{}, &SetUpMFA{},
		&SetUpTOTP{URI: "otpauth://totp/x"}, &SetUpAddress{}, &SignUp{}, &Confirm{}, &Forgot{}, &Reset{}, &PasskeyGet{}, &PasskeyAdd{},
		&SelectAccount{}, &AskToContinue{}, &Error{}, &Unavailable{}, &ConfirmedUser{}, &SignedOut{},
	} {
		if _, err := r.render(view, "nonce"); err != nil {
			t.Error(err)
		}
	}
}
