package users

import (
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/sessions"
	"cognate/internal/cognito/tokens"
	"cognate/internal/store"
)

// choosesSignIn reports whether users of a client sign in by choice, so that the
// end of a sign-up can be the beginning of a sign-in.
func choosesSignIn(client *directory.Client) bool {
	return slices.Contains(client.Config().ExplicitAuthFlows, api.ExplicitAuthFlowsTypeAllowUserAuth)
}

// signUpSession is the Session of an answer to SignUp, and after the code the one
// that InitiateAuth takes for a first factor. Other clients get none.
func (o *Operations) signUpSession(client *directory.Client, u *store.User, step string, factors ...string) (string, error) {
	if !choosesSignIn(client) {
		return "", nil
	}
	return o.Sessions.Seal(sessions.Session, &sessions.State{
		Step: step, PoolID: client.PoolID, ClientID: client.ID, Sub: u.Sub, Username: u.Username,
		Flow: string(api.AuthFlowTypeUserAuth), Door: sessions.Public,
		Expires: o.Now().Add(client.AuthSessionLifetime()), Factors: factors,
	})
}

// checkSignUpSession refuses a Session that SignUp did not give to this client.
// An expired one is as good as none, because people take their time to find a
// code.
func (o *Operations) checkSignUpSession(client *directory.Client, session string) error {
	if session == "" {
		return nil
	}
	state, err := o.Sessions.Open(sessions.Session, session)
	if state == nil || state.Step != sessions.SigningUp || state.PoolID != client.PoolID || state.ClientID != client.ID {
		return api.NotAuthorizedException("Invalid session for the user.").Because(err)
	}
	return nil
}

// factorOf is what a code sent to an address proves.
func factorOf(attribute string) string {
	if attribute == attributes.PhoneNumber {
		return tokens.FactorSMS
	}
	return tokens.FactorEmail
}
