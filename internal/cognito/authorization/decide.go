package authorization

import (
	"context"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/sso"
)

// Next is what comes next for the browser of an authorize request.
type Next int

// The zero value grants nothing.
const (
	Refuse        Next = iota // beside a *Refusal
	ShowLogin                 // the sign-in page, with the query of the request
	StepUp                    // the page asks for the factors that the session lacks
	ToProvider                // the identity provider of the request
	AskToContinue             // the page that names a client of open registration
	Complete                  // Grant
)

// Decide says what comes next for a browser with a session, or none (nil):
// rows 7 to 9 of endpoints.md §3.2. Its refusals are a *Refusal.
func (o *Operations) Decide(_ context.Context, r *Request, session *sso.Session) (Next, error) {
	silent := r.Asks(PromptNone)
	switch {
	case !o.usable(r, session):
		switch {
		case silent:
			return Refuse, r.Refuse(LoginRequired, "")
		case r.Provider != "" && !local(r.Provider):
			return ToProvider, nil
		}
		return ShowLogin, nil
	case session.Level() < r.level():
		if silent {
			return Refuse, r.Refuse(LoginRequired, "")
		}
		return StepUp, nil
	case r.Client.OpenlyRegistered():
		if silent {
			return Refuse, r.Refuse(InteractionRequired, "")
		}
		return AskToContinue, nil
	}
	return Complete, nil
}

// SignedIn says what comes next after the user has just signed in on a page for
// this request, so that prompt and age are settled. Its refusals are a *Refusal.
func (o *Operations) SignedIn(_ context.Context, r *Request, session *sso.Session) (Next, error) {
	switch {
	case session == nil || !o.belongs(r, session):
		return Refuse, r.Refuse(ServerError, "")
	case session.Level() < r.level():
		return Refuse, r.Refuse(UnmetRequirements, "")
	case r.Client.OpenlyRegistered() && !r.Confirmed:
		return AskToContinue, nil
	}
	return Complete, nil
}

// usable reports whether a request may be answered with a session that was there
// before it (endpoints.md §7.2).
func (o *Operations) usable(r *Request, session *sso.Session) bool {
	if session == nil || r.Asks(PromptLogin) || !o.belongs(r, session) || !o.Sessions.Reusable(session, r.Client) {
		return false
	}
	if r.MaxAge != nil && (*r.MaxAge == 0 || session.Age(o.Now()) > *r.MaxAge) {
		return false
	}
	// A user who has to choose a new password does that first.
	return session.User.Status == api.UserStatusTypeConfirmed || session.User.Status == api.UserStatusTypeExternalProvider
}

// belongs reports whether a session is of the pool and its present pages, and its
// user from where the request and the client take users from.
func (o *Operations) belongs(r *Request, session *sso.Session) bool {
	return session.PoolID == r.Client.PoolID &&
		!session.CreatedAt.Before(r.Domain.Settings.PagesSince) &&
		slices.Contains(r.Client.Config().SupportedIdentityProviders, session.Provider) &&
		(r.Provider == "" || r.Provider == session.Provider)
}
