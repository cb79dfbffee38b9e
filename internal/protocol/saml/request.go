package saml

import (
	"errors"
	"fmt"
	"time"

	"github.com/beevik/etree"
	"github.com/google/uuid"
)

const postBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"

// instantFormat is xs:dateTime in UTC to the millisecond (SAML core §1.3.3).
const instantFormat = "2006-01-02T15:04:05.000Z"

// NewAuthnRequest makes a request to sign in and the address that carries it to
// the provider. id is what the response has to be InResponseTo.
func NewAuthnRequest(sp ServiceProvider, md *Metadata, relayState string, now time.Time) (id, redirectURL string, err error) {
	id, request, err := newMessage("AuthnRequest", sp.EntityID, md.SSORedirect, now)
	if err != nil {
		return "", "", err
	}
	request.CreateAttr("AssertionConsumerServiceURL", sp.ACS)
	request.CreateAttr("ProtocolBinding", postBinding)
	key := sp.SigningKey
	switch {
	case !sp.SignRequests:
		key = nil
	case key == nil:
		return "", "", errors.New("sign SAML request: there is no key")
	}
	redirectURL, err = redirect(md.SSORedirect, "SAMLRequest", request, relayState, key)
	return id, redirectURL, err
}

// newMessage makes a message with what all of them have: a random id, version,
// time, destination and issuer.
func newMessage(tag, issuer, destination string, now time.Time) (id string, message *etree.Element, err error) {
	random, err := uuid.NewRandom()
	if err != nil {
		return "", nil, fmt.Errorf("make id of SAML message: %w", err)
	}
	id = "_" + random.String()
	message = etree.NewElement("samlp:" + tag)
	message.CreateAttr("xmlns:samlp", nsProtocol)
	message.CreateAttr("xmlns:saml", nsAssertion)
	message.CreateAttr("ID", id)
	message.CreateAttr("Version", "2.0")
	message.CreateAttr("IssueInstant", now.UTC().Format(instantFormat))
	message.CreateAttr("Destination", destination)
	message.CreateElement("saml:Issuer").SetText(issuer)
	return id, message, nil
}
