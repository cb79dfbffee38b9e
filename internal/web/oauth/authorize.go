package oauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"

	"cognate/internal/cognito/authorization"
	"cognate/internal/cognito/sso"
)

// authorize serves GET /oauth2/authorize (endpoints.md §3). Whatever happens, the
// answer is a redirect.
func (e *Endpoints) authorize(x *exchange) error {
	ctx := x.r.Context()
	query, err := url.ParseQuery(x.r.URL.RawQuery)
	if err != nil {
		x.redirect(x.site.Base + "/error?error=" + authorization.InvalidRequest)
		return nil //nolint:nilerr // the answer has been given
	}
	request, err := e.Authorization.Check(ctx, x.domain, x.site.Base, query)
	if err != nil {
		return x.sendBack(request, err)
	}
	session, err := e.session(ctx, x)
	if err != nil {
		return x.sendBack(request, err)
	}
	location, err := e.answer(ctx, x, request, session)
	if err != nil {
		return x.sendBack(request, err)
	}
	x.redirect(location)
	return nil
}

// answer gives the address that the browser goes on to.
func (e *Endpoints) answer(ctx context.Context, x *exchange, request *authorization.Request, session *sso.Session) (string, error) {
	next, err := e.Authorization.Decide(ctx, request, session)
	if err != nil {
		return "", err
	}
	switch next {
	case authorization.Complete:
		return e.Authorization.Grant(ctx, request, session)
	case authorization.ShowLogin, authorization.StepUp, authorization.AskToContinue:
		return x.site.Base + "/login?" + carried(x.r.URL.RawQuery, request.Query), nil
	case authorization.ToProvider:
		return e.Depart(x.w, x.r, request)
	case authorization.Refuse:
	}
	return "", errors.New("nobody serves what comes next in an authorize request")
}

// plainQuery is a query without characters that have no place in one.
var plainQuery = regexp.MustCompile(`^[A-Za-z0-9._~!$'()*,;:@/?%&=+-]*$`)

// carried is the query of a request for the sign-in page: as it came, if that is
// fit for a header, else written anew.
func carried(raw string, query url.Values) string {
	if plainQuery.MatchString(raw) {
		return raw
	}
	return query.Encode()
}

// session finds the session of the browser; nil when there is none.
func (e *Endpoints) session(ctx context.Context, x *exchange) (*sso.Session, error) {
	cookie, err := x.r.Cookie(sessionCookie)
	if err != nil {
		return nil, nil //nolint:nilerr // there is none
	}
	return e.Sessions.Find(ctx, x.domain.Pool, cookie.Value)
}

// sendBack redirects a request that is not granted: to where its refusal says, or
// with server_error while the client is known, or to the error page. Faults are
// given back to be logged.
func (x *exchange) sendBack(request *authorization.Request, err error) error {
	if refused, ok := errors.AsType[*authorization.Refusal](err); ok && refused.Location != "" {
		x.redirect(refused.Location)
		return nil
	}
	if request != nil {
		x.redirect(request.Refuse(authorization.ServerError, "").Location)
	} else {
		x.redirect(x.site.Base + "/error?error=" + authorization.ServerError)
	}
	return err
}

// userInfo serves /oauth2/userInfo (endpoints.md §5.1): the token comes in the
// Authorization header or, with POST, in the form.
func (e *Endpoints) userInfo(x *exchange) error {
	token, err := bearerOf(x)
	if err != nil {
		return x.refuseToken(err)
	}
	document, err := e.Authorization.UserInfo(x.r.Context(), x.domain.PoolID, token)
	if err != nil {
		return x.refuseToken(err)
	}
	x.json(http.StatusOK, document)
	return nil
}

// refuseToken answers at an endpoint that is called with an access token. The
// header has no scheme, as documented (endpoints.md §5.3).
func (x *exchange) refuseToken(err error) error {
	if refused, ok := errors.AsType[*authorization.Refusal](err); ok {
		x.w.Header().Set("WWW-Authenticate", `error="`+refused.Code+`", error_description="`+refused.Description+`"`)
	}
	return x.refuse(err, func(code string) int {
		if code == authorization.InvalidToken {
			return http.StatusUnauthorized
		}
		return http.StatusBadRequest
	})
}
