package messages

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"cognate/internal/api"
	"cognate/internal/outbound/mail"
)

// Request says what to tell whom. All members are needed unless they say
// otherwise.
type Request struct {
	Pool *api.UserPoolType
	// ClientID is the client that the user works with. It is needed where the
	// pool sends links, and empty for what administrators do.
	ClientID    string
	Purpose     Purpose
	Medium      api.DeliveryMediumType
	Destination string
	// Sub and Username are the user's; Username is the canonical one.
	Sub      string
	Username string
	// SignInName is what an invitation tells the user to sign in with, if that
	// is not Username.
	SignInName string
	// Secret is the code, or the temporary password of an invitation.
	Secret string
	// EmailMFA is the pool's template for codes of a sign-in by e-mail, if it has one.
	EmailMFA *api.EmailMfaConfigType
	// LinkBase is where links lead to, such as https://shop.auth.example.com.
	// Send and Pretend fill in the address of the pool's domain; a message of a
	// pool that has none carries the code instead.
	LinkBase string
	// Texts take the place of the pool's templates, as far as they are set.
	Texts Texts
	// Errand makes a function send the message instead of the service.
	Errand *Errand
}

// Texts are templates that a function gave.
type Texts struct{ Subject, Email, SMS string }

// Errand is a message that a function sends in the service's place.
type Errand struct {
	ARN, Region, RequestID string
	Event                  []byte
}

// texts are a template of each kind of body.
type texts struct{ subject, email, sms string }

// Render fills in the pool's template. It is a pure function.
func Render(r Request) (Message, error) {
	m := Message{
		PoolID: r.Pool.Id, ClientID: r.ClientID, Sub: r.Sub, Username: r.Username, Purpose: r.Purpose,
		Medium: r.Medium, Destination: r.Destination, Code: r.Secret,
	}
	v := values{code: &r.Secret}
	var t texts
	switch r.Purpose {
	case SignUp, ResendCode, ForgotPassword, UpdateUserAttribute, VerifyUserAttribute:
		t = verification(r.Pool)
		if r.ByLink() && r.LinkBase != "" {
			t.subject, t.email = linkTemplate(r.Pool)
			m.Link = confirmationLink(r.LinkBase, r.ClientID, r.Username, r.Secret)
			v.link = &m.Link
		}
	case AdminCreateUser:
		t = invitation(r.Pool)
		name := cmp.Or(r.SignInName, r.Username)
		v.user = &name
	case Authentication:
		t = authentication(r.Pool, r.EmailMFA)
	case AccountExists:
		t = texts{existsSubject, existsText, existsText}
	case FactorAdded:
		t = texts{factorSubject, factorText, factorText}
	case PasswordChanged:
		t = texts{passwordSubject, passwordText, passwordText}
	case AddressChanged:
		t = texts{addressSubject, addressText, addressText}
	default:
		return Message{}, fmt.Errorf("render message: unknown purpose %q", r.Purpose)
	}
	if r.ByLink() && m.Link == "" && !strings.Contains(r.Texts.Email, codeMark) {
		r.Texts.Email = "" // a function's text for a link that there is not
	}
	t = texts{cmp.Or(r.Texts.Subject, t.subject), cmp.Or(r.Texts.Email, t.email), cmp.Or(r.Texts.SMS, t.sms)}
	if m.Errand = r.Errand; m.Errand != nil {
		m.Medium, m.Code, m.Link = Function, "", ""
		return m, nil
	}
	switch r.Medium {
	case api.DeliveryMediumTypeEmail:
		m.Subject = oneLine(t.subject)
		m.Body = fill(t.email, v, true)
		m.From, m.ReplyTo = sender(r.Pool.EmailConfiguration)
	case api.DeliveryMediumTypeSms:
		m.Body = fill(t.sms, v, false)
		m.SenderID = senderID(r.Pool.SmsConfiguration)
	default:
		return Message{}, fmt.Errorf("render message: unknown medium %q", r.Medium)
	}
	return m, nil
}

// ByLink reports whether the pool wants a link in the message. Links confirm sign-ups
// only: VerifyUserAttribute and ConfirmForgotPassword ask for a code that the
// user types, and nothing that changes a credential happens by following a
// link (spec/security.md S076).
func (r *Request) ByLink() bool {
	t := r.Pool.VerificationMessageTemplate
	return r.Medium == api.DeliveryMediumTypeEmail && (r.Purpose == SignUp || r.Purpose == ResendCode) && r.ClientID != "" &&
		t != nil && t.DefaultEmailOption == api.DefaultEmailOptionTypeConfirmWithLink
}

// verification is the template of codes. The template structure counts more
// than the three older members, which mirror it.
func verification(pool *api.UserPoolType) texts {
	var t api.VerificationMessageTemplateType
	if pool.VerificationMessageTemplate != nil {
		t = *pool.VerificationMessageTemplate
	}
	return texts{
		subject: cmp.Or(t.EmailSubject, pool.EmailVerificationSubject, verificationSubject),
		email:   cmp.Or(t.EmailMessage, pool.EmailVerificationMessage, verificationText),
		sms:     cmp.Or(t.SmsMessage, pool.SmsVerificationMessage, verificationText),
	}
}

// authentication is the template of the codes of a sign-in.
func authentication(pool *api.UserPoolType, email *api.EmailMfaConfigType) texts {
	t := texts{subject: authSubject, email: authenticationText, sms: cmp.Or(pool.SmsAuthenticationMessage, authenticationText)}
	if email == nil {
		return t
	}
	t.email = cmp.Or(email.Message, t.email)
	if email.Subject != nil {
		t.subject = cmp.Or(*email.Subject, t.subject)
	}
	return t
}

func linkTemplate(pool *api.UserPoolType) (subject, email string) {
	t := pool.VerificationMessageTemplate
	return cmp.Or(t.EmailSubjectByLink, linkSubject), cmp.Or(t.EmailMessageByLink, linkText)
}

func invitation(pool *api.UserPoolType) texts {
	var t api.MessageTemplateType
	if pool.AdminCreateUserConfig != nil && pool.AdminCreateUserConfig.InviteMessageTemplate != nil {
		t = *pool.AdminCreateUserConfig.InviteMessageTemplate
	}
	return texts{
		subject: cmp.Or(t.EmailSubject, invitationSubject),
		email:   cmp.Or(t.EmailMessage, invitationText),
		sms:     cmp.Or(t.SMSMessage, invitationText),
	}
}

// confirmationLink is the address of the page that confirms a sign-up
// (spec/endpoints.md, /confirmUser).
func confirmationLink(base, clientID, username, code string) string {
	return strings.TrimRight(base, "/") + "/confirmUser?client_id=" + url.QueryEscape(clientID) +
		"&user_name=" + url.QueryEscape(username) + "&confirmation_code=" + url.QueryEscape(code)
}

// sender gives the sender and reply address of a pool's mail. Without a From
// it is the identity of SourceArn: the address itself, or no-reply at its
// domain.
func sender(c *api.EmailConfigurationType) (from, replyTo string) {
	from = mail.DefaultFrom
	if c == nil {
		return from, ""
	}
	if c.ReplyToEmailAddress != nil {
		replyTo = *c.ReplyToEmailAddress
	}
	_, identity, _ := strings.Cut(c.SourceArn, ":identity/")
	switch {
	case c.From != nil && *c.From != "":
		from = *c.From
	case strings.Contains(identity, "@"):
		from = identity
	case identity != "":
		from = "no-reply@" + identity
	}
	return from, replyTo
}

func senderID(c *api.SmsConfigurationType) string {
	if c == nil || c.EumsSms == nil || c.EumsSms.OriginationIdentity == nil {
		return ""
	}
	return *c.EumsSms.OriginationIdentity
}
