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
// that InitiateAuth takes for a first factor. Other clients get none, but for the
// pages, which go on with what the sign-up has proved: said holds that.
func (o *Operations) signUpSession(client *directory.Client, u *store.User, door sessions.Door, said sessions.State) (string, error) {
	life := sessions.PageLife
	if door != sessions.Pages {
		if !choosesSignIn(client) {
			return "", nil
		}
		life, said.Password = client.AuthSessionLifetime(), nil
	}
	said.PoolID, said.ClientID, said.Sub, said.Username = client.PoolID, client.ID, u.Sub, u.Username
	said.Flow, said.Door, said.Expires = string(api.AuthFlowTypeUserAuth), door, o.Now().Add(life)
	return o.Sessions.Seal(sessions.Session, &said)
}

// checkSignUpSession refuses a Session that SignUp did not give to this client.
// An expired one is as good as none, because people take their time to find a
// code; the answer is nil for both.
func (o *Operations) checkSignUpSession(client *directory.Client, session string) (*sessions.State, error) {
	if session == "" {
		return nil, nil
	}
	state, err := o.Sessions.Open(sessions.Session, session)
	if state == nil || state.Step != sessions.SigningUp || state.PoolID != client.PoolID || state.ClientID != client.ID {
		return nil, api.NotAuthorizedException("Invalid session for the user.").Because(err)
	}
	if err != nil { // expired
		return nil, nil //nolint:nilerr // see above
	}
	return state, nil
}

// afterConfirmation is the Session of an answer to ConfirmSignUp, for the door that
// the sign-up came by. began is nil where that is not known.
func (o *Operations) afterConfirmation(client *directory.Client, u *store.User, factor string, began *sessions.State) (string, error) {
	said := sessions.State{Step: sessions.SignedUp, Factors: []string{factor}}
	door := sessions.Public
	if began != nil && began.Sub == u.Sub {
		door, said.Password = began.Door, began.Password
	}
	return o.signUpSession(client, u, door, said)
}

// factorOf is what a code sent to an address proves.
func factorOf(attribute string) string {
	if attribute == attributes.PhoneNumber {
		return tokens.FactorSMS
	}
	return tokens.FactorEmail
}
