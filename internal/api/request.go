package api

import "context"

// RequestInfo is what the door knows about the request that a context
// belongs to. Behaviour may read it; it never decides whether a caller is
// allowed to do something.
type RequestInfo struct {
	RequestID   string
	Operation   string
	Region      string // Region of the signature's scope, else the installation's own
	Signed      bool   // a signature (or, in dev, a credential scope) named the Region
	AccessKeyID string // empty for public operations
	SourceIP    string
	UserAgent   string
}

type requestInfoKey struct{}

// WithRequest returns a context that carries info.
func WithRequest(ctx context.Context, info *RequestInfo) context.Context {
	return context.WithValue(ctx, requestInfoKey{}, info)
}

// RequestFrom gives the request that ctx belongs to, or an empty one.
func RequestFrom(ctx context.Context) *RequestInfo {
	if info, ok := ctx.Value(requestInfoKey{}).(*RequestInfo); ok {
		return info
	}
	return &RequestInfo{}
}

type chosenIDKey struct{}

// WithChosenID returns a context in which what is made gets the id given, because
// it comes from another installation. The door has made sure that the caller may
// choose ids.
func WithChosenID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, chosenIDKey{}, id)
}

// ChosenID gives the id that ctx asks for; false means that a new one is made.
func ChosenID(ctx context.Context) (string, bool) {
	id, ok := ctx.Value(chosenIDKey{}).(string)
	return id, ok
}
