package threats

import (
	"context"
	"net/url"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/triggers"
	"cognate/internal/store"
)

// prepare makes the notice about a sign-in that has some risk; nil where there is
// no verified address to send it to, or no way to send it.
func (t *Threats) prepare(ctx context.Context, w *Watch, a Attempt, action api.AccountTakeoverEventActionType) (*messages.Message, error) {
	u, pool := a.User, a.Client.Pool
	email := u.Attributes.Get(attributes.Email)
	if email == "" || !attributes.True(u.Attributes.Get(attributes.EmailVerified)) {
		return nil, nil
	}
	by := triggers.Has(pool, triggers.CustomEmailSender)
	if !by && t.Messages.Available(api.DeliveryMediumTypeEmail) != nil {
		return nil, nil //nolint:nilerr // a notice that cannot be sent is none
	}
	n := messages.Notice{
		Request: messages.Request{
			Pool: pool.Config(), ClientID: a.Client.ID, Purpose: messages.AccountTakeOver, Medium: api.DeliveryMediumTypeEmail,
			Destination: email, Sub: u.Sub, Username: u.Username,
		},
		Values: t.values(w, u),
	}
	if set := w.config.AccountTakeoverRiskConfiguration; set != nil {
		n.Configure(set.NotifyConfiguration, action)
	}
	if by {
		about := *u
		about.Attributes = nil
		for _, v := range n.Values {
			about.Attributes.Set(v.Function, v.Text)
		}
		on := triggers.Occasion{Pool: pool, Client: a.Client, Username: u.Username, User: &about}
		if err := t.Triggers.Compose(ctx, on, &n.Request); err != nil {
			return nil, err
		}
	}
	m := n.Render()
	return &m, nil
}

// values are what the placeholders of notices stand for, in templates and for
// functions.
func (t *Threats) values(w *Watch, u *store.User) []messages.NoticeValue {
	from := w.fresh.Doc.Event.EventContextData
	return []messages.NoticeValue{
		{Mark: "{username}", Function: "USER_NAME", Text: u.Username},
		{Mark: "{login-time}", Function: "LOGIN_TIME", Text: w.at.Format(time.RFC1123)},
		{Mark: "{ip-address}", Function: "IP_ADDRESS", Text: text(from.IpAddress)},
		{Mark: "{device-name}", Function: "DEVICE_NAME", Text: text(from.DeviceName)},
		{Mark: "{city}", Function: "CITY", Text: text(from.City)},
		{Mark: "{country}", Function: "COUNTRY", Text: text(from.Country)},
		{Mark: "{one-click-link-valid}", Function: "ONE_CLICK_LINK_VALID", Text: t.link(w, u, api.FeedbackValueTypeValid)},
		{Mark: "{one-click-link-invalid}", Function: "ONE_CLICK_LINK_INVALID", Text: t.link(w, u, api.FeedbackValueTypeInvalid)},
	}
}

// link leads to the page that takes feedback.
func (t *Threats) link(w *Watch, u *store.User, value api.FeedbackValueType) string {
	q := url.Values{
		"userPoolId": {w.poolID}, "username": {u.Username}, "eventId": {w.ID},
		"feedbackToken": {t.FeedbackToken(w.poolID, w.sub, w.ID)}, "feedbackValue": {string(value)},
	}
	return strings.TrimRight(t.PublicURL, "/") + "/feedback?" + q.Encode()
}
