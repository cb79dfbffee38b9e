package messages

import (
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/outbound/mail"
)

// Purpose says why a message is sent, in the words of the CustomMessage
// trigger (spec/triggers.md §2).
type Purpose string

// The purposes.
const (
	SignUp              Purpose = "SignUp"
	ResendCode          Purpose = "ResendCode"
	ForgotPassword      Purpose = "ForgotPassword"
	AdminCreateUser     Purpose = "AdminCreateUser"
	UpdateUserAttribute Purpose = "UpdateUserAttribute"
	VerifyUserAttribute Purpose = "VerifyUserAttribute"
	Authentication      Purpose = "Authentication"

	// AccountExists is of Cognate's own: it tells users that somebody tried to
	// sign up with their address. It carries no code, and no function sees it.
	AccountExists Purpose = "AccountExists"
	// FactorAdded is likewise: it tells users that an account of theirs has a
	// further way to sign in (spec/security.md S069).
	FactorAdded Purpose = "FactorAdded"
	// PasswordChanged and AddressChanged are likewise, about what somebody with a
	// session of the user changed (spec/security.md S070).
	PasswordChanged Purpose = "PasswordChanged"
	AddressChanged  Purpose = "AddressChanged"
)

// Function is the medium of messages that a function sends.
const Function api.DeliveryMediumType = "FUNCTION"

// Message is a rendered message, ready to be delivered.
type Message struct {
	// ID is given by Enqueue and the same in every attempt.
	ID       string
	PoolID   string
	ClientID string
	// Sub and Username are those of the user it is about.
	Sub      string
	Username string
	Purpose  Purpose
	Medium   api.DeliveryMediumType
	// Destination is an e-mail address or a phone number, not masked.
	Destination string
	// From, ReplyTo and Subject are set for e-mail only.
	From    string
	ReplyTo string
	Subject string
	// SenderID is set for text messages only, if the pool has one.
	SenderID string
	// Body is HTML for e-mail and plain text for text messages.
	Body string
	// Code is the code or temporary password in the body, for those who test.
	Code string
	// Link is the address in the body, if it has one.
	Link string
	// Errand is set if a function sends the message; there is no text then.
	Errand *Errand
	// Time is when the message was enqueued.
	Time time.Time
}

// Mail gives an e-mail message in the form that outbound/mail takes.
func (m *Message) Mail() mail.Message {
	return mail.Message{
		ID: m.ID, From: m.From, To: m.Destination, ReplyTo: m.ReplyTo, Subject: m.Subject, HTML: m.Body, Date: m.Time,
	}
}

// Mask hides most of a destination, as the service shows it in
// CodeDeliveryDetails (spec/recorded.md §2.1): j***@e*** and +*******1234.
func Mask(medium api.DeliveryMediumType, destination string) string {
	if medium == Function && !strings.Contains(destination, "@") {
		medium = api.DeliveryMediumTypeSms
	}
	if medium == api.DeliveryMediumTypeSms {
		digits := strings.TrimPrefix(destination, "+")
		hidden := max(len(digits)-4, 0)
		return "+" + strings.Repeat("*", hidden) + digits[hidden:]
	}
	at := strings.LastIndexByte(destination, '@')
	if at < 0 {
		return initial(destination) + "***"
	}
	return initial(destination[:at]) + "***@" + initial(destination[at+1:]) + "***"
}

// initial is the first character of s.
func initial(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// Details is what callers are told about a message that goes to destination.
func Details(medium api.DeliveryMediumType, destination string) *api.CodeDeliveryDetailsType {
	masked := Mask(medium, destination)
	attribute := "email"
	if medium == api.DeliveryMediumTypeSms {
		attribute = "phone_number"
	}
	return &api.CodeDeliveryDetailsType{AttributeName: attribute, DeliveryMedium: medium, Destination: &masked}
}
