package signin

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/sessions"
)

// watched answers a request unless too many guesses come from where it does,
// and counts it as one when it is refused. It keeps one network from guessing
// at many users (S051), and knows nothing of who they are. While the line for the
// cores is full it takes nothing on (S174).
func (o *Operations) watched(ctx context.Context, r *request, answer func() (*answer, error)) (*answer, error) {
	if r.flow == api.AuthFlowTypeRefreshTokenAuth || r.flow == api.AuthFlowTypeRefreshToken {
		return answer() // nothing that could be guessed
	}
	if o.Cores.Full() {
		return nil, limits.ErrTooMany()
	}
	source := sourceOf(ctx, r)
	if err := o.Guesses.Check(ctx, r.client.PoolID, source); err != nil {
		return nil, err
	}
	got, err := answer()
	if refusedProof(err) {
		o.Guesses.Failed(ctx, r.client.PoolID, source)
	}
	return got, err
}

// sourceOf is the network of the one who signs in. Administrators and clients
// with a secret are servers that speak for all of their users.
func sourceOf(ctx context.Context, r *request) string {
	if r.door == sessions.Admin || r.client.Confidential() {
		return ""
	}
	return limits.Source(ctx)
}

// refusedProof reports whether an error says that somebody did not prove to be
// a user.
func refusedProof(err error) bool {
	return api.HasCode(err, "NotAuthorizedException") || api.HasCode(err, "UserNotFoundException") ||
		api.HasCode(err, "CodeMismatchException")
}
