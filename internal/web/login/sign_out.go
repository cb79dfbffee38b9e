package login

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/authorization"
	"cognate/internal/cognito/sso"
	"cognate/internal/store"
	"cognate/internal/web/pages"
)

// signOut serves /logout (endpoints.md §9). The session ends first, whatever is
// wrong with the rest; nobody is sent anywhere but to addresses of the client
// (security.md S012).
func signOut(ctx context.Context, v *visit) error {
	ended, err := v.p.Sessions.End(ctx, v.site.Domain.Pool, v.cookie(cookieSession))
	if err != nil {
		return err
	}
	for _, name := range []string{cookieSession, cookieFederated, cookieBrowser} {
		v.dropCookie(name)
	}
	// Not the cookies: those of other programs on the host would go as well.
	v.w.Header().Set("Clear-Site-Data", `"cache"`)
	for _, name := range []string{"client_id", "logout_uri", "redirect_uri", "response_type", "scope", "state", "nonce"} {
		if len(v.query[name]) > 1 || strings.ContainsAny(v.query.Get(name), "\r\n") {
			return v.errorPage(authorization.InvalidRequest)
		}
	}
	id := v.query.Get("client_id")
	if id == "" {
		return v.askFor()
	}
	client, err := v.p.Directory.PoolClient(ctx, v.site.Domain.PoolID, id)
	switch {
	case api.HasCode(err, "ResourceNotFoundException"):
		return v.errorPage(authorization.InvalidClient)
	case err != nil:
		return err
	case v.query.Get("logout_uri") != "":
		if !slices.Contains(client.Config().LogoutURLs, v.query.Get("logout_uri")) {
			return v.errorPage(authorization.RedirectMismatch)
		}
		return v.leave(ended, v.query.Get("logout_uri"))
	}
	return v.signInAgain(ended, client.Config())
}

// leave sends a browser on after its sign-out, by way of the identity provider where
// that wants to hear of it.
func (v *visit) leave(ended *store.SSOSession, location string) error {
	if ended != nil && ended.Provider != sso.LocalProvider {
		there, err := v.p.SignOutThere(v.w, v.r, ended, location)
		if err != nil {
			return err
		}
		if there != "" {
			location = there
		}
	}
	v.redirect(location)
	return nil
}

// signInAgain leads from the sign-out to the sign-in page of the same client,
// which judges the request like any other.
func (v *visit) signInAgain(ended *store.SSOSession, client *api.UserPoolClientType) error {
	for _, name := range []string{"redirect_uri", "response_type"} {
		if v.query.Get(name) == "" {
			return v.askFor()
		}
	}
	if !slices.Contains(client.CallbackURLs, v.query.Get("redirect_uri")) {
		return v.errorPage(authorization.RedirectMismatch)
	}
	again := url.Values{}
	for name, values := range v.query {
		if name != "identity_provider" && name != "idp_identifier" {
			again[name] = values
		}
	}
	if again.Get("scope") == "" {
		again.Set("scope", strings.Join(client.AllowedOAuthScopes, " "))
	}
	return v.leave(ended, v.site.Base+"/login?"+again.Encode())
}

// errorPage leads to /error, as for requests whose address is not the client's.
func (v *visit) errorPage(code string) error {
	query := "error=" + url.QueryEscape(code)
	if id := v.query["client_id"]; len(id) == 1 && id[0] != "" {
		query += "&client_id=" + url.QueryEscape(id[0])
	}
	v.redirect(v.site.Base + "/error?" + query)
	return nil
}

// askFor leads to /error, which finds out what the request lacks.
func (v *visit) askFor() error {
	v.redirect(v.site.Base + "/error?" + v.query.Encode())
	return nil
}

// errorCode is the form of what /error shows of its query: nothing that somebody
// could write a message with.
var errorCode = regexp.MustCompile(`^[a-z_]{1,40}$`)

// showError is where the browser ends up when the client's address cannot be
// trusted (endpoints.md §8.1). Without a code the query is that of a request which
// lacked something.
func showError(_ context.Context, v *visit) error {
	if code := v.query["error"]; len(code) > 0 {
		if !errorCode.MatchString(code[0]) {
			code[0] = authorization.InvalidRequest
		}
		v.write(http.StatusBadRequest, &pages.Error{Frame: v.plainFrame(), Code: code[0]})
		return nil
	}
	message := ""
	for _, name := range []string{"client_id", "redirect_uri", "response_type"} {
		if v.query.Get(name) == "" {
			message = authorization.Missing(name)
			break
		}
	}
	v.write(http.StatusBadRequest, &pages.Error{Frame: v.plainFrame(), Message: message})
	return nil
}

// plainFrame is the frame of pages that are about no request.
func (v *visit) plainFrame() pages.Frame {
	f := v.frame()
	f.Query = ""
	return f
}
