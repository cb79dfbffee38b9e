package stsapi

import (
	"context"
	"fmt"
	"net/http"
	"reflect"

	"cognate/internal/api"
	"cognate/internal/api/sts"
	"cognate/internal/web/awsapi"
)

// operation is one operation of the contract, bound to the method that serves it.
type operation struct {
	spec  *api.Operation
	typ   reflect.Type
	call  func(ctx context.Context, in any) (out any, err error)
	input *awsapi.Input
}

func op[In, Out any](spec *api.Operation, f func(context.Context, *In) (*Out, error)) operation {
	return operation{spec: spec, typ: reflect.TypeFor[In](), call: func(ctx context.Context, in any) (any, error) {
		return f(ctx, in.(*In))
	}}
}

// operations are those that Cognate has (identity-pools.md part D).
func operations(s sts.Service) []operation {
	return []operation{
		op(&sts.AssumeRoleOperation, s.AssumeRole),
		op(&sts.AssumeRoleWithSAMLOperation, s.AssumeRoleWithSAML),
		op(&sts.AssumeRoleWithWebIdentityOperation, s.AssumeRoleWithWebIdentity),
		op(&sts.GetCallerIdentityOperation, s.GetCallerIdentity),
		op(&sts.GetSessionTokenOperation, s.GetSessionToken),
	}
}

// prepare makes what is needed to read inputs.
func (o *operation) prepare() (err error) {
	o.input, err = awsapi.NewInput(o.spec, o.typ, validationError)
	return err
}

// read gives the input that a form describes.
func (o *operation) read(form *parameter) (any, error) {
	text, err := document(form, o.spec.Input)
	if err != nil {
		return nil, err
	}
	in, err := o.input.Read(text)
	if api.HasCode(err, "SerializationException") { // a number that is too large
		return nil, api.NewError("MalformedInput", http.StatusBadRequest, "A parameter has another form than its type", nil).Because(err)
	}
	return in, err
}

func validationError(format string, args ...any) *api.Error {
	return api.NewError("ValidationError", http.StatusBadRequest, format, args)
}

func invalidAction(action, inVersion string) *api.Error {
	const most = 128
	if len(action) > most || len(inVersion) > most {
		return api.NewError("InvalidAction", http.StatusBadRequest, "Could not find operation", nil)
	}
	return api.NewError("InvalidAction", http.StatusBadRequest, "%s", []any{fmt.Sprintf("Could not find operation %s for version %s", action, inVersion)})
}
