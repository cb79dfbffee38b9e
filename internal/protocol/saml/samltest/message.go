package samltest

import (
	"crypto/rsa"
	"fmt"
	"time"

	"github.com/beevik/etree"
	"github.com/google/uuid"
)

// Attribute is one attribute of a person.
type Attribute struct {
	Name   string
	Values []string
}

// Answer is what a response says.
type Answer struct {
	ACS, Audience string
	InResponseTo  string // empty: not asked for
	Now           time.Time
	NameID        string
	Format        string
	Attributes    []Attribute

	SignResponse, SignAssertion bool
	// EncryptFor encrypts the assertion, as Encryption says.
	EncryptFor *rsa.PublicKey
	Encryption Encryption
	// Edit changes the response before anything in it is signed; nil leaves it.
	Edit func(response *etree.Element)
}

// Response makes a response with one assertion.
func (p *Provider) Response(a Answer) (*etree.Element, error) {
	response := p.message("Response", a.ACS, a.Now)
	assertion := p.assertion(response, a)
	status(response, "Success")
	response.RemoveChild(assertion)
	response.AddChild(assertion) // behind the status
	if a.InResponseTo != "" {
		response.CreateAttr("InResponseTo", a.InResponseTo)
	}
	if a.Edit != nil {
		a.Edit(response)
	}
	if a.SignAssertion {
		if err := p.Sign(assertion); err != nil {
			return nil, err
		}
	}
	if a.EncryptFor != nil {
		encrypted, err := Encrypt(Bytes(assertion), a.EncryptFor, a.Encryption)
		if err != nil {
			return nil, err
		}
		response.RemoveChild(assertion)
		response.AddChild(encrypted)
	}
	if a.SignResponse {
		if err := p.Sign(response); err != nil {
			return nil, err
		}
	}
	return response, nil
}

// Failure makes an unsigned response that says why there is no assertion. code is
// the end of the status code, such as Responder.
func (p *Provider) Failure(a Answer, code, message string) *etree.Element {
	response := p.message("Response", a.ACS, a.Now)
	response.CreateAttr("InResponseTo", a.InResponseTo)
	s := status(response, code)
	if message != "" {
		s.CreateElement("samlp:StatusMessage").SetText(message)
	}
	return response
}

// LogoutResponse makes a signed answer to a logout request.
func (p *Provider) LogoutResponse(destination, inResponseTo string, now time.Time) (*etree.Element, error) {
	response := p.message("LogoutResponse", destination, now)
	response.CreateAttr("InResponseTo", inResponseTo)
	status(response, "Success")
	return response, p.Sign(response)
}

// LogoutRequest makes a signed request to end sessions.
func (p *Provider) LogoutRequest(destination, nameID string, sessions []string, now time.Time) (*etree.Element, error) {
	request := p.message("LogoutRequest", destination, now)
	request.CreateAttr("NotOnOrAfter", now.Add(5*time.Minute).UTC().Format(instant))
	request.CreateElement("saml:NameID").SetText(nameID)
	for _, s := range sessions {
		request.CreateElement("samlp:SessionIndex").SetText(s)
	}
	return request, p.Sign(request)
}

func (p *Provider) message(tag, destination string, now time.Time) *etree.Element {
	e := etree.NewElement("samlp:" + tag)
	e.CreateAttr("xmlns:samlp", nsProtocol)
	e.CreateAttr("xmlns:saml", nsAssertion)
	e.CreateAttr("ID", "_"+uuid.NewString())
	e.CreateAttr("Version", "2.0")
	e.CreateAttr("IssueInstant", now.UTC().Format(instant))
	e.CreateAttr("Destination", destination)
	e.CreateElement("saml:Issuer").SetText(p.EntityID)
	return e
}

func status(response *etree.Element, code string) *etree.Element {
	s := response.CreateElement("samlp:Status")
	s.CreateElement("samlp:StatusCode").CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:"+code)
	return s
}

func (p *Provider) assertion(response *etree.Element, a Answer) *etree.Element {
	from, to := a.Now.Add(-time.Minute).UTC().Format(instant), a.Now.Add(5*time.Minute).UTC().Format(instant)
	e := response.CreateElement("saml:Assertion")
	e.CreateAttr("xmlns:saml", nsAssertion)
	e.CreateAttr("xmlns:xs", "http://www.w3.org/2001/XMLSchema")
	e.CreateAttr("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
	e.CreateAttr("ID", "_"+uuid.NewString())
	e.CreateAttr("Version", "2.0")
	e.CreateAttr("IssueInstant", a.Now.UTC().Format(instant))
	e.CreateElement("saml:Issuer").SetText(p.EntityID)
	subject := e.CreateElement("saml:Subject")
	name := subject.CreateElement("saml:NameID")
	if a.Format != "" {
		name.CreateAttr("Format", a.Format)
	}
	name.SetText(a.NameID)
	confirmation := subject.CreateElement("saml:SubjectConfirmation")
	confirmation.CreateAttr("Method", "urn:oasis:names:tc:SAML:2.0:cm:bearer")
	data := confirmation.CreateElement("saml:SubjectConfirmationData")
	data.CreateAttr("NotOnOrAfter", to)
	data.CreateAttr("Recipient", a.ACS)
	if a.InResponseTo != "" {
		data.CreateAttr("InResponseTo", a.InResponseTo)
	}
	conditions := e.CreateElement("saml:Conditions")
	conditions.CreateAttr("NotBefore", from)
	conditions.CreateAttr("NotOnOrAfter", to)
	conditions.CreateElement("saml:AudienceRestriction").CreateElement("saml:Audience").SetText(a.Audience)
	statement := e.CreateElement("saml:AuthnStatement")
	statement.CreateAttr("AuthnInstant", a.Now.UTC().Format(instant))
	statement.CreateAttr("SessionIndex", fmt.Sprintf("session-of-%s", a.NameID))
	statement.CreateElement("saml:AuthnContext").CreateElement("saml:AuthnContextClassRef").
		SetText("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport")
	if len(a.Attributes) > 0 {
		list := e.CreateElement("saml:AttributeStatement")
		for _, attribute := range a.Attributes {
			element := list.CreateElement("saml:Attribute")
			element.CreateAttr("Name", attribute.Name)
			for _, v := range attribute.Values {
				value := element.CreateElement("saml:AttributeValue")
				value.CreateAttr("xsi:type", "xs:string")
				value.SetText(v)
			}
		}
	}
	return e
}
