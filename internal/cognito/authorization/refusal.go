package authorization

import (
	"net/url"
	"strings"
)

// Error codes of RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core §3.1.2.6, RFC
// 9470 and the service itself.
const (
	InvalidRequest       = "invalid_request"
	InvalidClient        = "invalid_client"
	InvalidGrant         = "invalid_grant"
	InvalidScope         = "invalid_scope"
	InvalidToken         = "invalid_token"
	UnauthorizedClient   = "unauthorized_client"
	UnsupportedGrantType = "unsupported_grant_type"
	UnsupportedTokenType = "unsupported_token_type"
	ServerError          = "server_error"
	LoginRequired        = "login_required"
	InteractionRequired  = "interaction_required"
	UnmetRequirements    = "unmet_authentication_requirements"
	RedirectMismatch     = "redirect_mismatch"
)

// Refusal is the answer to a request that is not granted.
type Refusal struct { //nolint:errname // an answer first of all
	Code        string // of the constants above; empty where a parameter is missing
	Description string // may be empty
	// Location is where a browser is sent: the client's own address, or the error
	// page of the domain while that address is not known to be the client's.
	// Empty for requests that no browser makes.
	Location string
}

// Error says what was refused.
func (r *Refusal) Error() string {
	if r.Description == "" {
		return "refused: " + r.Code
	}
	return "refused: " + r.Code + " (" + r.Description + ")"
}

// Refuse makes the answer that sends the browser back to the client with an
// error (endpoints.md §3.6).
func (r *Request) Refuse(code, description string) *Refusal {
	var b strings.Builder
	if description != "" {
		b.WriteString("error_description=" + url.QueryEscape(description) + "&")
	}
	if r.HasState {
		b.WriteString("state=" + url.QueryEscape(r.State) + "&")
	}
	b.WriteString("error=" + url.QueryEscape(code))
	return &Refusal{Code: code, Description: description, Location: r.answer(b.String())}
}

// answer adds encoded parameters to the client's address: in the fragment for the
// implicit grant, in the query otherwise.
func (r *Request) answer(parameters string) string {
	switch {
	case r.Implicit():
		return r.RedirectURI + "#" + parameters
	case strings.Contains(r.RedirectURI, "?"):
		return r.RedirectURI + "&" + parameters
	}
	return r.RedirectURI + "?" + parameters
}

// errorPage refuses without trusting the address in the request (endpoints.md
// §8.1).
func errorPage(base, code, description, clientID string) *Refusal {
	query := "error=" + url.QueryEscape(code)
	if clientID != "" {
		query += "&client_id=" + url.QueryEscape(clientID)
	}
	return &Refusal{Code: code, Description: description, Location: base + "/error?" + query}
}

// missing refuses a request that lacks a parameter without which nobody can be
// asked. The error page gets the request's own query and finds the same out.
func missing(base, name string, query url.Values) *Refusal {
	return &Refusal{Description: Missing(name), Location: base + "/error?" + query.Encode()}
}

// Missing is the text about an absent parameter on the error page.
func Missing(name string) string { return "Required String parameter '" + name + "' is not present" }
