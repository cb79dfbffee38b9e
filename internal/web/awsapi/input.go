package awsapi

import (
	"fmt"
	"reflect"

	"cognate/internal/api"
)

// Input reads the input of one operation for a door of another protocol, by the same
// table of constraints and in the same words as this door's.
type Input struct {
	plan   *node
	typ    reflect.Type
	broken func(format string, args ...any) *api.Error
}

// NewInput prepares to read inputs of a Go type. broken makes the exception for
// constraints that are not kept.
func NewInput(spec *api.Operation, typ reflect.Type, broken func(format string, args ...any) *api.Error) (*Input, error) {
	plan, err := newPlanner().plan(spec.Input, typ, false)
	if err != nil {
		return nil, fmt.Errorf("prepare operation %s: %w", spec.Name, err)
	}
	return &Input{plan: plan, typ: typ, broken: broken}, nil
}

// Read gives a pointer to the input that a JSON document describes. The error is
// an *api.Error.
func (i *Input) Read(document []byte) (any, error) {
	in := reflect.New(i.typ)
	if err := decode(i.plan, document, in.Elem(), i.broken); err != nil {
		return nil, err
	}
	return in.Interface(), nil
}
