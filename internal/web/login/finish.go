package login

import (
	"context"
	"net/url"
	"slices"

	"cognate/internal/cognito/authorization"
	"cognate/internal/cognito/signin"
	"cognate/internal/cognito/sso"
	"cognate/internal/cognito/tokens"
	"cognate/internal/store"
	"cognate/internal/web/pages"
)

// signedIn goes on after the last proof: the browser gets its session, and then
// what the transaction was for.
func (v *visit) signedIn(ctx context.Context, done *signin.SignedIn) error {
	session := done.Session
	v.session = session
	v.setCookie(cookieSession, done.Handle, sso.Life(v.client.Pool))
	if done.Device != "" {
		v.setSealed(cookieDevice, done.Device, deviceLife)
	}
	t := v.tx
	t.Session = session.ID
	t.Step, t.Choice, t.SignUp, t.Reset, t.Form, t.Error, t.Notice = nil, nil, nil, nil, nil, nil, nil
	t.Remember, t.Fresh, t.StepUp = false, false, false
	if t.ForPasskey {
		t.ForPasskey = false
		return v.turn(ctx, "/passkeys/add")
	}
	offer, err := v.offersPasskey(ctx, session)
	if err != nil {
		return err
	}
	if offer {
		t.Offer = true
		return v.turn(ctx, "/passkeys/add")
	}
	return v.goOn(ctx, session)
}

// offersPasskey reports whether a passkey is offered before the redirect: to users
// who signed in with a password or just signed up, could sign in with one, have none
// and did not say "not now" in this browser (endpoints.md §6.7).
func (v *visit) offersPasskey(ctx context.Context, session *sso.Session) (bool, error) {
	fits := v.tx.SignedUp || slices.Contains(session.Factors, tokens.FactorPassword)
	if !v.passkeys() || !fits || !signin.TakesPasskeys(v.client.Pool, session.User) || v.sealed(cookieNoOffer) == session.Sub {
		return false, nil
	}
	return store.Read(ctx, v.p.DB, func(ctx context.Context, tx *store.Tx) (bool, error) {
		list, err := tx.Passkeys(ctx, session.PoolID, session.Sub)
		return len(list) == 0, err
	})
}

// goOn completes the authorize request of a user who has just signed in, unless
// the client is one that the user has to be told about first.
func (v *visit) goOn(ctx context.Context, session *sso.Session) error {
	next, err := v.p.Authorization.SignedIn(ctx, v.request, session)
	if err != nil {
		return err
	}
	if next == authorization.AskToContinue {
		return v.turn(ctx, "/login")
	}
	return v.grant(ctx, session)
}

// grant ends the transaction and sends the browser back to the client.
func (v *visit) grant(ctx context.Context, session *sso.Session) error {
	location, err := v.p.Authorization.Grant(ctx, v.request, session)
	if err != nil {
		return err
	}
	if err := v.p.transactions.End(ctx, v.tx); err != nil {
		return err
	}
	v.redirect(location)
	return nil
}

// completed reports whether the sign-in of this transaction is complete, and the
// session that it made is still the browser's.
func (v *visit) completed() bool {
	return v.tx.Session != "" && v.session != nil && v.session.ID == v.tx.Session
}

// showCompleted shows what is left between a sign-in and the client.
func (v *visit) showCompleted(ctx context.Context) error {
	if v.tx.Offer {
		v.redirect(v.address("/passkeys/add"))
		return nil
	}
	if v.client.OpenlyRegistered() {
		return v.show(ctx, v.askToContinue())
	}
	return v.show(ctx, &pages.SelectAccount{Frame: v.frame(), Username: v.nameOf(v.session.User)})
}

func (v *visit) takeCompleted(ctx context.Context, do string) error {
	switch {
	case do == pages.DoSwitch || do == pages.DoBack:
		v.tx.Session, v.tx.Offer = "", false
		return v.startOver(ctx, true)
	case v.tx.Offer:
		v.redirect(v.address("/passkeys/add"))
		return nil
	}
	// The form of the page that names the client. For others the page means less
	// than what Grant demands.
	v.request.Confirmed = true
	return v.goOn(ctx, v.session)
}

// askToContinue names a client that registered itself, and where it is
// (newest-features.md §11.3).
func (v *visit) askToContinue() pages.View {
	host := v.request.RedirectURI
	if u, err := url.Parse(host); err == nil && u.Host != "" {
		host = u.Host
	}
	return &pages.AskToContinue{Frame: v.frame(), Username: v.nameOf(v.session.User), RedirectHost: host}
}

// nameOf is how a user is called on the pages: by the address that stands for a
// name which nobody chose.
func (v *visit) nameOf(u *store.User) string {
	for _, attribute := range v.client.Pool.Config().UsernameAttributes {
		if value := u.Attributes.Get(string(attribute)); value != "" {
			return value
		}
	}
	return u.Username
}

// toClient sends the browser back to the client without an answer to its request
// (endpoints.md §6.7, /passkeys/add).
func (v *visit) toClient(ctx context.Context) error {
	if err := v.p.transactions.End(ctx, v.tx); err != nil {
		return err
	}
	v.redirect(v.clientAddress())
	return nil
}

// clientAddress is that of the client, with the state of its request.
func (v *visit) clientAddress() string {
	u, err := url.Parse(v.request.RedirectURI)
	if err != nil || !v.request.HasState {
		return v.request.RedirectURI
	}
	separator := "?"
	if u.RawQuery != "" {
		separator = "&"
	}
	return v.request.RedirectURI + separator + "state=" + url.QueryEscape(v.request.State)
}
