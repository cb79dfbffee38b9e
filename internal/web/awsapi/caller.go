package awsapi

import (
	"net/http"

	"cognate/internal/cognito/access"
)

// Caller tells by the rules of the API who signed a request, which is for another
// door of this server. The body is the request's, read whole.
func (h *Handler) Caller(r *http.Request, body []byte) (*access.Principal, error) {
	who, _, err := h.authenticate(r.Context(), r, h.Origin(r), body, "cognito-idp")
	return who, err
}

// Authorize asks whether whoever signed a request, which is for another door of
// this server, may do something there that policies know no resource for.
func (h *Handler) Authorize(r *http.Request, who *access.Principal, action string) error {
	return h.Access.Authorize(r.Context(), who, access.Request{Action: action, Resource: "*", Origin: h.From(r)})
}

// From tells policies where a request comes from, which is for another door of this
// server.
func (h *Handler) From(r *http.Request) access.Origin {
	origin := h.Origin(r)
	return access.Origin{IP: origin.IP, TLS: origin.TLS, UserAgent: r.UserAgent(), Region: h.Region}
}
