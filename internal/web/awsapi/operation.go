package awsapi

import (
	"context"
	"fmt"
	"reflect"

	"cognate/internal/api"
)

// operation is one operation of the contract, bound to the method that serves it.
type operation struct {
	service *Service
	spec    *api.Operation
	input   reflect.Type
	call    func(ctx context.Context, in any) (out any, err error)
	plan    *node
	fields  requestFields
	limit   int64 // bytes of the body
}

// requestFields are the fields of an input by which authorization, limits and the
// log know what a request is about; -1 where it has none.
type requestFields struct{ pool, client, resource, username, token, challenge int }

// op binds an operation that answers with a document.
func op[In, Out any](spec *api.Operation, f func(context.Context, *In) (*Out, error)) operation {
	return operation{spec: spec, input: reflect.TypeFor[In](), call: func(ctx context.Context, in any) (any, error) {
		out, err := f(ctx, in.(*In))
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = new(Out)
		}
		return out, nil
	}}
}

// opEmpty binds an operation whose answer has no body.
func opEmpty[In any](spec *api.Operation, f func(context.Context, *In) error) operation {
	return operation{spec: spec, input: reflect.TypeFor[In](), call: func(ctx context.Context, in any) (any, error) {
		return nil, f(ctx, in.(*In))
	}}
}

const (
	bodyLimit   = 1 << 20 // of a request
	uploadLimit = 2 << 20 // of a request that may carry a file
)

// prepare makes what is needed to decode requests.
func (o *operation) prepare(p *planner) error {
	plan, err := p.plan(o.spec.Input, o.input, false)
	if err != nil {
		return fmt.Errorf("prepare operation %s: %w", o.spec.Name, err)
	}
	o.plan = plan
	o.limit = bodyLimit
	if hasBlob(o.spec.Input) {
		o.limit = uploadLimit
	}
	o.fields = requestFields{-1, -1, -1, -1, -1, -1}
	for i := range plan.members {
		m := &plan.members[i]
		if m.pointer || m.node.typ.Kind() != reflect.String {
			continue
		}
		switch m.name {
		case "UserPoolId", "IdentityPoolId":
			o.fields.pool = m.field
		case "ClientId":
			o.fields.client = m.field
		case "ResourceArn":
			o.fields.resource = m.field
		case "Username":
			o.fields.username = m.field
		case "AccessToken":
			o.fields.token = m.field
		case "ChallengeName":
			o.fields.challenge = m.field
		}
	}
	return nil
}

// decode gives the input that body describes, as a pointer and as a value.
func (o *operation) decode(body []byte) (any, reflect.Value, error) {
	in := reflect.New(o.input)
	if err := decode(o.plan, body, in.Elem(), o.service.broken); err != nil {
		return nil, reflect.Value{}, err
	}
	return in.Interface(), in.Elem(), nil
}

func stringField(in reflect.Value, field int) string {
	if field < 0 {
		return ""
	}
	return in.Field(field).String()
}
