package awsapi

import "net/http"

// Authorize tells by the rules of the API whether whoever signed a request, which
// is for another door of this server, may do something there. The body is the
// request's, read whole.
func (h *Handler) Authorize(r *http.Request, body []byte, action string) error {
	who, err := h.authenticate(r.Context(), r, h.Origin(r), body, "cognito-idp")
	if err != nil {
		return err
	}
	return h.Authorizer.Authorize(r.Context(), who.caller, action, "*")
}
