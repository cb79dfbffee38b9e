package api

import (
	"errors"
	"fmt"
	"net/http"
)

// Error is a failure that the caller may see. Any other error becomes an
// InternalErrorException and is only logged.
type Error struct {
	Code    string // wire name, such as "UserNotFoundException"
	Message string // the wording that clients match on; empty: none is sent
	Status  int    // HTTP status
	Reason  string // reasonCode of an InvalidParameterException, usually empty
	Err     error  // cause: logged, never sent
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Code
	}
	return e.Code + ": " + e.Message
}

// Unwrap gives the cause, for errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is an Error of the same code, so that
// errors.Is(err, api.UserNotFoundException("")) asks for the kind.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Because returns a copy of e that remembers its cause for the log.
func (e *Error) Because(err error) *Error {
	c := *e
	c.Err = err
	return &c
}

// HasCode reports whether err is an Error with the given wire name.
func HasCode(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// NewError makes an Error; generated constructors of other services use it.
func NewError(code string, status int, format string, args []any) *Error {
	return newError(code, status, format, args)
}

// NotBuilt is the answer of an operation of the contract that this version
// does not have yet: never a false success.
func NotBuilt(operation string) *Error {
	return newError("OperationNotEnabledException", http.StatusBadRequest, "%s is not enabled.", []any{operation})
}

func newError(code string, status int, format string, args []any) *Error {
	message := format
	if len(args) > 0 {
		message = fmt.Sprintf(format, args...)
	}
	return &Error{Code: code, Message: message, Status: status}
}

// The exceptions below belong to the framework in front of the service and
// stand in no model (spec/errors.md §2).

// SerializationException says that the body is not the JSON it should be.
func SerializationException(format string, args ...any) *Error {
	return newError("SerializationException", http.StatusBadRequest, format, args)
}

// UnknownOperationException says that X-Amz-Target names no operation.
func UnknownOperationException() *Error {
	return newError("UnknownOperationException", http.StatusBadRequest, "", nil)
}

// ValidationException says which constraints a request breaks, where the service
// has no exception of its model for that (spec/identity-pools.md A8).
func ValidationException(format string, args ...any) *Error {
	return newError("ValidationException", http.StatusBadRequest, format, args)
}
