package saml

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// unspecified is the format of a NameID that comes without one.
const unspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"

const bearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer"

// read takes an assertion that was verified, checks whom, by whom, for whom and
// when it is, and gives what it says.
func (e *Expected) read(assertion *etree.Element) (*Assertion, error) {
	id := attributeOf(assertion, "ID")
	if version := attributeOf(assertion, "Version"); version != "2.0" || !idPattern.MatchString(id) {
		return nil, refuse(reasonForm, "assertion %q of version %q", id, version)
	}
	issuer := strings.TrimSpace(text(only(assertion, nsAssertion, "Issuer")))
	if issuer != e.Metadata.EntityID {
		return nil, refuse(reasonAssertion, "assertion is by %q", issuer)
	}
	issued, err := e.checkIssued(assertion)
	if err != nil {
		return nil, err
	}
	conditionsEnd, err := e.checkConditions(assertion)
	if err != nil {
		return nil, err
	}
	recipient, subjectEnd, err := e.checkConfirmation(only(assertion, nsAssertion, "Subject"))
	if err != nil {
		return nil, err
	}
	subject, err := readSubject(only(assertion, nsAssertion, "Subject"))
	if err != nil {
		return nil, &Error{Reason: reasonAssertion, Err: err}
	}
	attributes, err := readAttributes(assertion)
	if err != nil {
		return nil, err
	}
	found := &Assertion{
		ID: id, Issuer: issuer, Subject: subject, Attributes: attributes,
		Recipient: recipient, IssuedAt: issued, NotOnOrAfter: earlier(conditionsEnd, subjectEnd),
	}
	if statements := children(assertion, nsAssertion, "AuthnStatement"); len(statements) > 0 {
		found.SessionIndex = attributeOf(statements[0], "SessionIndex")
		context := only(statements[0], nsAssertion, "AuthnContext")
		found.AuthnContext = strings.TrimSpace(text(only(context, nsAssertion, "AuthnContextClassRef")))
		if _, given := attribute(statements[0], "SessionNotOnOrAfter"); given {
			if found.SessionNotOnOrAfter, err = instant(statements[0], "SessionNotOnOrAfter"); err != nil {
				return nil, &Error{Reason: reasonForm, Err: err}
			}
		}
	}
	return found, nil
}

// checkIssued refuses assertions from the future and, where nobody asked for one,
// old ones.
func (e *Expected) checkIssued(assertion *etree.Element) (time.Time, error) {
	issued, err := instant(assertion, "IssueInstant")
	switch {
	case err != nil:
		return time.Time{}, &Error{Reason: reasonForm, Err: err}
	case issued.After(e.Now.Add(e.SP.Skew)):
		return time.Time{}, refuse(reasonAssertion, "assertion is issued at %s", issued)
	case e.InResponseTo == "" && e.Now.Sub(issued) > maxUnsolicited:
		return time.Time{}, refuse(reasonAssertion, "assertion without request was issued at %s: %w", issued, ErrEnded)
	}
	return issued, nil
}

// checkConditions checks times and audience, all of which have to be there, and
// gives the end of validity. A condition that is not known is not met (SAML core
// §2.5.1.1).
func (e *Expected) checkConditions(assertion *etree.Element) (time.Time, error) {
	conditions := only(assertion, nsAssertion, "Conditions")
	if conditions == nil {
		return time.Time{}, refuse(reasonAssertion, "assertion has no conditions")
	}
	begin, err := instant(conditions, "NotBefore")
	if err != nil {
		return time.Time{}, &Error{Reason: reasonAssertion, Err: err}
	}
	end, err := instant(conditions, "NotOnOrAfter")
	if err != nil {
		return time.Time{}, &Error{Reason: reasonAssertion, Err: err}
	}
	switch {
	case e.Now.Before(begin.Add(-e.SP.Skew)):
		return time.Time{}, refuse(reasonAssertion, "assertion is valid from %s to %s", begin, end)
	case !e.Now.Before(end.Add(e.SP.Skew)):
		return time.Time{}, refuse(reasonAssertion, "assertion is valid from %s to %s: %w", begin, end, ErrEnded)
	}
	restricted := false
	for _, condition := range conditions.ChildElements() {
		switch {
		case is(condition, nsAssertion, "AudienceRestriction"):
			restricted = true
			if !e.audience(condition) {
				return time.Time{}, e.refuseAudience()
			}
		case is(condition, nsAssertion, "OneTimeUse"), is(condition, nsAssertion, "ProxyRestriction"):
		default:
			return time.Time{}, refuse(reasonAssertion, "assertion has the condition %s", condition.Tag)
		}
	}
	if !restricted {
		return time.Time{}, e.refuseAudience()
	}
	return end, nil
}

// audience reports whether a restriction names the service provider. Several
// restrictions all have to.
func (e *Expected) audience(restriction *etree.Element) bool {
	for _, audience := range children(restriction, nsAssertion, "Audience") {
		if e.SP.isNamed(strings.TrimSpace(text(audience))) {
			return true
		}
	}
	return false
}

func (e *Expected) refuseAudience() error {
	return &Error{Reason: "Audience restriction in SAML Assertion does not allow it for " + e.SP.EntityID, Err: ErrAudience}
}

// checkConfirmation looks for a bearer confirmation that is ours, and gives where the
// first such was sent and the last time at which one of them could be used.
func (e *Expected) checkConfirmation(subject *etree.Element) (recipient string, end time.Time, err error) {
	confirmed := false
	refusal := error(refuse(reasonAssertion, "assertion has no bearer confirmation"))
	if subject == nil {
		return "", end, refusal
	}
	for _, confirmation := range children(subject, nsAssertion, "SubjectConfirmation") {
		if attributeOf(confirmation, "Method") != bearer {
			continue
		}
		data := only(confirmation, nsAssertion, "SubjectConfirmationData")
		until, err := e.confirm(data)
		if err != nil {
			refusal = err
			continue
		}
		if !confirmed {
			recipient = attributeOf(data, "Recipient")
		}
		confirmed = true
		if until.After(end) {
			end = until
		}
	}
	if !confirmed {
		return "", end, refusal
	}
	return recipient, end, nil
}

func (e *Expected) confirm(data *etree.Element) (time.Time, error) {
	if data == nil {
		return time.Time{}, refuse(reasonAssertion, "confirmation has no data")
	}
	if recipient := attributeOf(data, "Recipient"); !e.SP.isAt(recipient) {
		return time.Time{}, refuse(reasonAssertion, "assertion is for %q", recipient)
	}
	end, err := instant(data, "NotOnOrAfter")
	if err != nil {
		return time.Time{}, &Error{Reason: reasonAssertion, Err: err}
	}
	if !e.Now.Before(end.Add(e.SP.Skew)) {
		return time.Time{}, refuse(reasonAssertion, "confirmation ended at %s: %w", end, ErrEnded)
	}
	if _, given := attribute(data, "NotBefore"); given {
		begin, err := instant(data, "NotBefore")
		if err != nil || e.Now.Before(begin.Add(-e.SP.Skew)) {
			return time.Time{}, refuse(reasonAssertion, "confirmation has not begun")
		}
	}
	return end, e.checkInResponseTo(data)
}

// readSubject reads the NameID of a Subject or LogoutRequest.
func readSubject(parent *etree.Element) (Subject, error) {
	name := only(parent, nsAssertion, "NameID")
	switch {
	case name == nil:
		return Subject{}, errors.New("there is not one NameID")
	case len(name.ChildElements()) > 0:
		return Subject{}, errors.New("NameID has elements")
	case strings.TrimSpace(text(name)) == "":
		return Subject{}, errors.New("NameID is empty")
	}
	format := attributeOf(name, "Format")
	if format == "" {
		format = unspecified
	}
	return Subject{
		NameID: text(name), NameIDFormat: format,
		NameQualifier: attributeOf(name, "NameQualifier"), SPNameQualifier: attributeOf(name, "SPNameQualifier"),
	}, nil
}

// readAttributes reads all attribute statements. The same name in two places is
// one attribute with the values of both.
func readAttributes(assertion *etree.Element) (map[string][]string, error) {
	attributes := map[string][]string{}
	for _, statement := range children(assertion, nsAssertion, "AttributeStatement") {
		for _, a := range children(statement, nsAssertion, "Attribute") {
			name := attributeOf(a, "Name")
			if name == "" {
				return nil, refuse(reasonForm, "attribute has no name")
			}
			values := attributes[name]
			for _, v := range children(a, nsAssertion, "AttributeValue") {
				value := text(v)
				if strings.ContainsFunc(value, func(r rune) bool { return r > 0xFFFF }) {
					return nil, refuse(reasonAssertion, "attribute %q has a character of four bytes", printable(name))
				}
				values = append(values, value)
			}
			attributes[name] = values
		}
	}
	return attributes, nil
}

// instant reads an attribute of the type xs:dateTime, which has to be there. A
// time without zone is UTC (SAML core §1.3.3).
func instant(e *etree.Element, name string) (time.Time, error) {
	value := strings.TrimSpace(attributeOf(e, name))
	if at, err := time.Parse(time.RFC3339, value); err == nil {
		return at.UTC(), nil
	}
	at, err := time.Parse("2006-01-02T15:04:05", value)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is no time: %q", name, value)
	}
	return at, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
