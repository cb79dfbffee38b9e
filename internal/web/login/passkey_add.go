package login

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"cognate/internal/cognito/passkeys"
	"cognate/internal/cognito/sso"
	"cognate/internal/web/pages"
)

// passkeyAge is how long ago the sign-in of a browser may be that registers a
// passkey: a borrowed session does not do (security.md S087).
const passkeyAge = 5 * time.Minute

// registers reports whether the browser's session may register a passkey now.
// Other sessions have to sign in first; those of other providers never do.
func (v *visit) registers() (bool, error) {
	if v.session == nil || v.tx.ForPasskey {
		return false, nil
	}
	if v.session.Provider != sso.LocalProvider {
		return false, &refusal{status: http.StatusForbidden, message: "Passkeys belong to users of the pool itself.", restart: true}
	}
	return v.session.Age(v.p.Now()) <= passkeyAge, nil
}

// showPasskeyAdd asks the browser to make a passkey, by itself or offered at the
// end of a sign-in.
func showPasskeyAdd(ctx context.Context, v *visit) error {
	may, err := v.registers()
	if err != nil {
		return err
	}
	if !may {
		v.tx.ForPasskey = true
		return v.turn(ctx, "/login")
	}
	page := &pages.PasskeyAdd{Frame: v.frame(), Username: v.nameOf(v.session.User), Offer: v.offered(), ContinueURL: v.clientAddress()}
	page.Options, err = v.p.Passkeys.Start(ctx, v.owner())
	if err != nil {
		if v.offered() { // which never keeps anybody from going on
			return v.goOn(ctx, v.session)
		}
		if !v.refused(err) {
			return err
		}
		v.tx.At = v.here
		page.Frame = v.frame()
	}
	return v.show(ctx, page)
}

// offered reports whether the passkey is offered at the end of a sign-in.
func (v *visit) offered() bool { return v.tx.Offer && v.completed() }

func (v *visit) owner() passkeys.Owner {
	return passkeys.Owner{Client: v.client, User: v.session.User, ForAll: true}
}

func takePasskeyAdd(ctx context.Context, v *visit) error {
	may, err := v.registers()
	if err != nil {
		return err
	}
	if !may {
		v.tx.ForPasskey = true
		return v.turn(ctx, "/login")
	}
	credential := v.form.Get("credential")
	switch {
	case v.form.Get("do") == pages.DoSkip:
		v.setSealed(cookieNoOffer, v.session.Sub, noOfferLife)
		return v.leavePasskeys(ctx)
	case !json.Valid([]byte(credential)):
		return v.turn(ctx, "/passkeys/add")
	}
	if err := v.p.Passkeys.Complete(ctx, v.owner(), json.RawMessage(credential)); err != nil {
		if !v.refused(err) {
			return err
		}
		return v.turn(ctx, "/passkeys/add")
	}
	return v.leavePasskeys(ctx)
}

// leavePasskeys goes on to the client: with a code at the end of a sign-in.
func (v *visit) leavePasskeys(ctx context.Context) error {
	if v.offered() {
		v.tx.Offer = false
		return v.goOn(ctx, v.session)
	}
	return v.toClient(ctx)
}
