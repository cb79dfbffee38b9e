package access

import "context"

type deniedKey struct{}

// WithDenied returns a context that carries which of the things that a request names
// the caller may not touch, where the operation answers for each of them.
func WithDenied(ctx context.Context, things []string) context.Context {
	if len(things) == 0 {
		return ctx
	}
	return context.WithValue(ctx, deniedKey{}, things)
}

// DeniedFrom gives what WithDenied was told of the request that ctx belongs to.
func DeniedFrom(ctx context.Context) []string {
	things, _ := ctx.Value(deniedKey{}).([]string)
	return things
}
