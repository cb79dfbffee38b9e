package saml

import (
	"errors"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// maxLogoutAge is how long a provider's LogoutRequest is taken.
const maxLogoutAge = 5 * time.Minute

const (
	reasonLogout          = "SAML logout message is not valid."
	reasonLogoutSignature = "SAML logout message signature is invalid."
)

// LogoutRequest is a provider's demand to end sessions of a user.
type LogoutRequest struct {
	ID     string // one use: to be remembered until NotOnOrAfter plus ServiceProvider.Skew
	Issuer string
	Subject
	// SessionIndexes name the sessions; none means all of the user.
	SessionIndexes []string
	NotOnOrAfter   time.Time
}

// NewLogoutRequest makes a signed request to end the session of s and the address
// that carries it. id is what the answer has to be InResponseTo.
func NewLogoutRequest(sp ServiceProvider, md *Metadata, s Subject, relayState string, now time.Time) (id, redirectURL string, err error) {
	id, request, err := newMessage("LogoutRequest", sp.EntityID, md.SLORedirect, now)
	if err != nil {
		return "", "", err
	}
	request.CreateAttr("NotOnOrAfter", now.Add(maxLogoutAge).UTC().Format(instantFormat))
	name := request.CreateElement("saml:NameID")
	for _, a := range [][2]string{
		{"Format", s.NameIDFormat}, {"NameQualifier", s.NameQualifier}, {"SPNameQualifier", s.SPNameQualifier},
	} {
		if a[1] != "" {
			name.CreateAttr(a[0], a[1])
		}
	}
	name.SetText(s.NameID)
	if s.SessionIndex != "" {
		request.CreateElement("samlp:SessionIndex").SetText(s.SessionIndex)
	}
	redirectURL, err = sendLogout(sp, md.SLORedirect, "SAMLRequest", request, relayState)
	return id, redirectURL, err
}

// NewLogoutResponse makes the signed answer to a LogoutRequest that was followed,
// and the address that carries it.
func NewLogoutResponse(sp ServiceProvider, md *Metadata, inResponseTo, relayState string, now time.Time) (redirectURL string, err error) {
	_, response, err := newMessage("LogoutResponse", sp.EntityID, md.SLOResponse, now)
	if err != nil {
		return "", err
	}
	response.CreateAttr("InResponseTo", inResponseTo)
	response.CreateElement("samlp:Status").CreateElement("samlp:StatusCode").CreateAttr("Value", statusSuccess)
	return sendLogout(sp, md.SLOResponse, "SAMLResponse", response, relayState)
}

func sendLogout(sp ServiceProvider, location, parameter string, message *etree.Element, relayState string) (string, error) {
	if location == "" || sp.SigningKey == nil {
		return "", errors.New("send SAML logout message: there is no location or no key")
	}
	return redirect(location, parameter, message, relayState, sp.SigningKey)
}

// ParseLogoutResponse reads the form field SAMLResponse of an answer to a
// LogoutRequest; e.InResponseTo is that request's id. A refusal is an *Error, also
// where the provider says that it did not end its session.
func ParseLogoutResponse(raw string, e Expected) error {
	response, err := e.logoutMessage(raw, "LogoutResponse")
	if err != nil {
		return err
	}
	if request := attributeOf(response, "InResponseTo"); e.InResponseTo == "" || request != e.InResponseTo {
		return refuse(reasonLogout, "answer is to %q", request)
	}
	return checkStatus(response)
}

// ParseLogoutRequest reads the form field SAMLRequest. A refusal is an *Error.
// Whether the request was used before is for the caller to find out.
func ParseLogoutRequest(raw string, e Expected) (*LogoutRequest, error) {
	message, err := e.logoutMessage(raw, "LogoutRequest")
	if err != nil {
		return nil, err
	}
	issued, err := instant(message, "IssueInstant")
	if err != nil {
		return nil, &Error{Reason: reasonLogout, Err: err}
	}
	end := issued.Add(maxLogoutAge)
	if _, given := attribute(message, "NotOnOrAfter"); given {
		until, err := instant(message, "NotOnOrAfter")
		if err != nil {
			return nil, &Error{Reason: reasonLogout, Err: err}
		}
		end = earlier(end, until)
	}
	if issued.After(e.Now.Add(e.SP.Skew)) || !e.Now.Before(end.Add(e.SP.Skew)) {
		return nil, refuse(reasonLogout, "request is of %s and ends at %s", issued, end)
	}
	subject, err := readSubject(message)
	if err != nil {
		return nil, &Error{Reason: reasonLogout, Err: err}
	}
	request := &LogoutRequest{ID: attributeOf(message, "ID"), Issuer: e.Metadata.EntityID, Subject: subject, NotOnOrAfter: end}
	for _, index := range children(message, nsProtocol, "SessionIndex") {
		request.SessionIndexes = append(request.SessionIndexes, text(index))
	}
	return request, nil
}

// UnverifiedIssuer is who a posted message says it is by. It tells which metadata to
// check the message with, and nothing else. A refusal is an *Error.
func UnverifiedIssuer(raw string) (string, error) {
	root, err := decodeMessage(raw, reasonLogout)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(text(only(root, nsAssertion, "Issuer"))), nil
}

// logoutMessage reads a message, which has to be signed, by the provider and for
// us (S104).
func (e *Expected) logoutMessage(raw, tag string) (*etree.Element, error) {
	root, err := decodeMessage(raw, reasonLogout)
	if err != nil {
		return nil, err
	}
	if !is(root, nsProtocol, tag) {
		return nil, refuse(reasonLogout, "root element is %s", root.Tag)
	}
	for inner := range all(root) {
		if inner.Tag == "Signature" && inner.Parent() != root || inner.Tag == tag && inner != root {
			return nil, refuse(reasonLogout, "%s is not where it belongs", inner.Tag)
		}
	}
	message, err := verify(root, e.Metadata.Signing, e.Now)
	if err != nil {
		return nil, &Error{Reason: reasonLogoutSignature, Err: err}
	}
	issuer := strings.TrimSpace(text(only(message, nsAssertion, "Issuer")))
	destination := attributeOf(message, "Destination")
	if attributeOf(message, "Version") != "2.0" || issuer != e.Metadata.EntityID || destination != e.SP.SLO {
		return nil, refuse(reasonLogout, "message is by %q for %q", issuer, destination)
	}
	return message, nil
}
