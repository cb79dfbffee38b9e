package messages

import (
	"html"
	"strings"

	"cognate/internal/api"
)

// AccountTakeOver is the purpose of notices about sign-ins that look unusual.
const AccountTakeOver Purpose = "AccountTakeOverNotification"

// Notice tells a user about a sign-in. Its links tell the service whether it was
// the user.
type Notice struct {
	Request       // Secret and Texts are not used
	From, ReplyTo string
	// HTML counts more than Text; both may be empty.
	Subject, HTML, Text string
	Values              []NoticeValue
}

// NoticeValue is something about the sign-in, by the placeholder of templates and
// by the name that functions know it by.
type NoticeValue struct{ Mark, Function, Text string }

// Texts of pools that have none of their own.
const (
	noticeSubject = "New sign-in attempt"
	noticeText    = "Hello {username},\n\nyour account was signed in to on {login-time}, from {ip-address} with {device-name}.\n\n" +
		"This was me: {one-click-link-valid}\n\nThis was not me: {one-click-link-invalid}\n"
	blockedSubject = "Blocked sign-in attempt"
	blockedText    = "Hello {username},\n\nwe blocked an attempt to sign in to your account on {login-time}, from {ip-address} with {device-name}.\n\n" +
		"This was me: {one-click-link-valid}\n\nThis was not me: {one-click-link-invalid}\n"
)

// Configure takes over the sender and the template that belong to an action.
func (n *Notice) Configure(set *api.NotifyConfigurationType, action api.AccountTakeoverEventActionType) {
	if set == nil {
		set = &api.NotifyConfigurationType{}
	}
	n.Subject, n.Text = noticeSubject, noticeText
	template := set.NoActionEmail
	switch action {
	case api.AccountTakeoverEventActionTypeBlock:
		n.Subject, n.Text = blockedSubject, blockedText
		template = set.BlockEmail
	case api.AccountTakeoverEventActionTypeMfaIfConfigured, api.AccountTakeoverEventActionTypeMfaRequired:
		template = set.MfaEmail
	default: // the sign-in went on
	}
	if template != nil {
		n.Subject = template.Subject
		if template.HtmlBody != "" || template.TextBody != "" {
			n.HTML, n.Text = template.HtmlBody, template.TextBody
		}
	}
	if set.From != nil {
		n.From = *set.From
	}
	if set.ReplyTo != nil {
		n.ReplyTo = *set.ReplyTo
	}
}

// Render fills the template in. Unknown placeholders stay as they are.
func (n *Notice) Render() Message {
	m := Message{
		PoolID: n.Pool.Id, ClientID: n.ClientID, Sub: n.Sub, Username: n.Username, Purpose: n.Purpose,
		Medium: n.Medium, Destination: n.Destination,
	}
	if m.Errand = n.Errand; m.Errand != nil {
		m.Medium = Function
		return m
	}
	var bare, escaped []string
	for _, v := range n.Values {
		bare = append(bare, v.Mark, v.Text)
		escaped = append(escaped, v.Mark, html.EscapeString(v.Text))
	}
	m.Subject = oneLine(strings.NewReplacer(bare...).Replace(n.Subject))
	if n.HTML != "" {
		m.Body = strings.NewReplacer(escaped...).Replace(n.HTML)
	} else {
		text := html.EscapeString(strings.NewReplacer(bare...).Replace(n.Text))
		m.Body = strings.ReplaceAll(text, "\n", "<br>\n")
	}
	m.From, m.ReplyTo = sender(n.Pool.EmailConfiguration)
	if n.From != "" {
		m.From = n.From
	}
	if n.ReplyTo != "" {
		m.ReplyTo = n.ReplyTo
	}
	return m
}
