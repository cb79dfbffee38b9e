package triggers

import (
	"context"
	"errors"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/messages"
)

var errTooLong = errors.New("text is too long")

// The forms of the request part.
const (
	emailSenderType = "customEmailSenderRequestV1"
	smsSenderType   = "customSMSSenderRequestV1"
)

// instruct makes a message an errand of the pool's own sender. The code is
// encrypted under the pool's key, for the function alone (S165).
func (t *Triggers) instruct(ctx context.Context, on Occasion, r *messages.Request) error {
	type request struct {
		Type       string            `json:"type"`
		Code       *string           `json:"code"`
		Metadata   map[string]string `json:"clientMetadata"`
		Attributes object            `json:"userAttributes"`
	}
	name, kind := Sender(r.Medium), emailSenderType
	if name == CustomSMSSender {
		kind = smsSenderType
	}
	if t.Encrypt == nil {
		return api.OperationNotEnabledException("%s trigger is not enabled.", name)
	}
	q := request{Type: kind, Metadata: on.Metadata, Attributes: on.userAttributes()}
	if r.Secret != "" {
		sealed, err := t.Encrypt(ctx, on.Pool.ID, on.Pool.Config().LambdaConfig.KMSKeyID, []byte(plainFor(r)))
		if err != nil {
			return api.CodeDeliveryFailureException("Unable to deliver message to user").Because(err)
		}
		q.Code = &sealed
	}
	event, err := on.event(ctx, message{name: name, source: string(name) + "_" + string(r.Purpose), request: q})
	if err != nil {
		return err
	}
	r.Errand = &messages.Errand{
		ARN: functionOf(on.Pool.Config().LambdaConfig, name), Region: regionOf(on.Pool.ID),
		RequestID: api.RequestFrom(ctx).RequestID, Event: event,
	}
	return nil
}

var forHTML = strings.NewReplacer("<", "&lt;", ">", "&gt;", "&", "&amp;")

// plainFor is what a sender decrypts: the code, or the temporary password ready
// to be put into HTML.
func plainFor(r *messages.Request) string {
	if r.Purpose == messages.AdminCreateUser {
		return forHTML.Replace(r.Secret)
	}
	return r.Secret
}
