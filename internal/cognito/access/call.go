package access

import "context"

// Call is by whom and from where an operation is called. The door knows both.
type Call struct {
	Principal *Principal // nil: nobody signed
	Origin    Origin
}

type callKey struct{}

// WithCall returns a context that carries a call.
func WithCall(ctx context.Context, c Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// CallFrom gives the call that ctx belongs to, or one by nobody.
func CallFrom(ctx context.Context) Call {
	c, _ := ctx.Value(callKey{}).(Call)
	return c
}
