package saml

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/beevik/etree"
)

// MaxMessage bounds what is posted, in characters of base64 (federation.md §3.4).
const MaxMessage = 100_000

// Reasons that federation.md §9 knows, and ours in their manner.
const (
	reasonForm              = "SAML Response is not well formed."
	reasonResponseSignature = "SAML Response signature is invalid."
	reasonSignature         = "SAML Assertion signature is invalid."
	reasonEncrypted         = "Encrypted SAML Assertion is invalid."
	reasonResponse          = "SAML Response does not fit the request."
	reasonAssertion         = "SAML Assertion is not valid."
)

const statusSuccess = "urn:oasis:names:tc:SAML:2.0:status:Success"

// maxStatus bounds how much of a provider's status goes on, in characters.
const maxStatus = 200

// refuse makes an Error whose detail is for the log.
func refuse(reason, format string, a ...any) *Error {
	return &Error{Reason: reason, Err: fmt.Errorf(format, a...)}
}

// decodeMessage reads a message of the POST binding.
func decodeMessage(raw, reason string) (*etree.Element, error) {
	if len(raw) > MaxMessage {
		return nil, refuse(reason, "message has %d characters", len(raw))
	}
	document, err := decodeBase64(raw)
	if err != nil {
		return nil, refuse(reason, "message is not base64: %w", err)
	}
	root, err := parse(document, false)
	if err != nil {
		return nil, &Error{Reason: reason, Err: err}
	}
	return root, nil
}

// ParseResponse reads the form field SAMLResponse, checks it in the order of
// dependencies.md §4, and gives the one assertion in it. A refusal is an *Error.
//
// Whether the assertion was used before is for the caller to find out.
func ParseResponse(raw string, e Expected) (*Assertion, error) {
	root, err := decodeMessage(raw, reasonForm)
	if err != nil {
		return nil, err
	}
	if !is(root, nsProtocol, "Response") {
		return nil, refuse(reasonForm, "root element is %s", root.Tag)
	}
	if err := checkShape(root); err != nil {
		return nil, &Error{Reason: reasonForm, Err: err}
	}
	response := root
	signed := hasSignature(root)
	if signed {
		if response, err = verify(root, e.Metadata.Signing, e.Now); err != nil {
			return nil, &Error{Reason: reasonResponseSignature, Err: err}
		}
	}
	if err := checkStatus(response); err != nil {
		return nil, err
	}
	assertion, err := e.open(root, response, signed)
	if err != nil {
		return nil, err
	}
	if err := e.checkResponse(response, signed); err != nil {
		return nil, err
	}
	return e.read(assertion)
}

// checkShape makes sure of where things are before anything is looked up (S090):
// at most one assertion, and signatures nowhere but in the response and in that
// assertion, at most one in each. Names count in any namespace here.
func checkShape(root *etree.Element) error {
	responses, assertions := 0, 0
	for e := range all(root) {
		switch e.Tag {
		case "Response":
			responses++
		case "Assertion", "EncryptedAssertion":
			if assertions++; e.Parent() != root || e.NamespaceURI() != nsAssertion {
				return errors.New("assertion is not where it belongs")
			}
		case "Signature":
			if !is(e, nsSignature, "Signature") || e.Parent() != root && !is(e.Parent(), nsAssertion, "Assertion") {
				return errors.New("signature is not where it belongs")
			}
			if only(e.Parent(), nsSignature, "Signature") == nil {
				return errors.New("element has several signatures")
			}
		}
	}
	if responses > 1 || assertions > 1 {
		return fmt.Errorf("message has %d responses and %d assertions", responses, assertions)
	}
	return nil
}

func hasSignature(e *etree.Element) bool { return only(e, nsSignature, "Signature") != nil }

// checkStatus gives a provider's refusal as the reason.
func checkStatus(response *etree.Element) error {
	status := only(response, nsProtocol, "Status")
	code := only(status, nsProtocol, "StatusCode")
	value := attributeOf(code, "Value")
	if value == statusSuccess {
		return nil
	}
	if value == "" {
		return refuse(reasonForm, "response has no status")
	}
	if inner := attributeOf(only(code, nsProtocol, "StatusCode"), "Value"); inner != "" {
		value += " " + inner
	}
	if message := strings.TrimSpace(text(only(status, nsProtocol, "StatusMessage"))); message != "" {
		value = message
	}
	return &Error{Reason: printable(value), Err: ErrFailed}
}

// printable bounds a text of others and takes out what is no letter, mark or sign
// in a line.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) {
			return r
		}
		return ' '
	}, s)
	if r := []rune(s); len(r) > maxStatus {
		return string(r[:maxStatus])
	}
	return s
}

// open gives the assertion of a response as it was signed: by itself, or as part
// of the response, which was verified if signed is true.
func (e *Expected) open(root, response *etree.Element, signed bool) (*etree.Element, error) {
	if encrypted := only(response, nsAssertion, "EncryptedAssertion"); encrypted != nil {
		if !e.SP.RequireEncrypted {
			return nil, refuse(reasonAssertion, "assertion is encrypted, which was not asked for")
		}
		// One error for all that can go wrong, until the signature was good (S101).
		assertion, err := e.openEncrypted(encrypted, signed)
		if err != nil {
			return nil, &Error{Reason: reasonEncrypted, Unopened: true}
		}
		return assertion, nil
	}
	assertion := only(root, nsAssertion, "Assertion")
	switch {
	case assertion == nil:
		return nil, refuse(reasonForm, "response has no assertion")
	case e.SP.RequireEncrypted:
		return nil, refuse(reasonAssertion, "assertion is not encrypted")
	case hasSignature(assertion):
		// In the message and not in the verified response: the canonical form of
		// that may lack a namespace that this signature covers.
		verified, err := verify(assertion, e.Metadata.Signing, e.Now)
		if err != nil {
			return nil, &Error{Reason: reasonSignature, Err: err}
		}
		return verified, nil
	case !signed:
		return nil, refuse(reasonSignature, "neither response nor assertion is signed")
	}
	return only(response, nsAssertion, "Assertion"), nil
}

func (e *Expected) openEncrypted(encrypted *etree.Element, signed bool) (*etree.Element, error) {
	if e.OnlySigned && !signed {
		return nil, errDecrypt
	}
	assertion, err := decrypt(encrypted, e.SP.EncryptionKey)
	if err != nil {
		return nil, err
	}
	for inner := range all(assertion) {
		stray := slices.Contains([]string{"Response", "Assertion", "EncryptedAssertion"}, inner.Tag) && inner != assertion
		if stray || inner.Tag == "Signature" && (inner.Parent() != assertion || !hasSignature(assertion)) {
			return nil, errDecrypt
		}
	}
	switch {
	case !is(assertion, nsAssertion, "Assertion"):
		return nil, errDecrypt
	case hasSignature(assertion):
		return verify(assertion, e.Metadata.Signing, e.Now)
	case !signed:
		return nil, errDecrypt
	}
	return assertion, nil
}

// checkResponse checks what is said around the assertion. It may not be signed;
// that can make a good response fail and nothing else.
func (e *Expected) checkResponse(response *etree.Element, signed bool) error {
	if version := attributeOf(response, "Version"); version != "2.0" {
		return refuse(reasonForm, "version is %q", version)
	}
	switch issuers := children(response, nsAssertion, "Issuer"); {
	case len(issuers) > 1:
		return refuse(reasonForm, "response has several issuers")
	case len(issuers) == 1:
		if issuer := strings.TrimSpace(text(issuers[0])); issuer != e.Metadata.EntityID {
			return refuse(reasonResponse, "response is by %q", issuer)
		}
	}
	// SAML bindings §3.5.5.2 asks for it where the message is signed.
	destination, given := attribute(response, "Destination")
	if (given || signed) && !e.SP.isAt(destination) {
		return refuse(reasonResponse, "response is for %q", destination)
	}
	return e.checkInResponseTo(response)
}

// checkInResponseTo compares the request that a Response or SubjectConfirmationData
// answers.
func (e *Expected) checkInResponseTo(element *etree.Element) error {
	request, given := attribute(element, "InResponseTo")
	switch {
	case e.AnyRequest:
		return nil
	case e.InResponseTo == "" && given:
		return refuse(reasonResponse, "answer to a request where none was made")
	case e.InResponseTo != request:
		return refuse(reasonResponse, "answer is to another request")
	}
	return nil
}
