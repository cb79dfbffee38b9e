package triggers

import (
	"context"

	"cognate/internal/store"
)

// Inbound asks what of a provider's answer is to be mapped. vouched is what the
// provider said, by where it said it: tokenResponse, idToken and userInfo, or
// samlResponse. The result takes the place of the provider's attributes; nil leaves
// them as they are (newest-features.md §13).
func (t *Triggers) Inbound(ctx context.Context, on Occasion, provider *store.IdentityProvider, vouched map[string]any) (map[string]string, error) {
	if !Has(on.Pool, InboundFederation) {
		return nil, nil
	}
	type request struct {
		Name       string         `json:"providerName"`
		Type       string         `json:"providerType"`
		Attributes map[string]any `json:"attributes"`
	}
	type response struct {
		Map map[string]string `json:"userAttributesToMap"`
	}
	f, err := t.call(ctx, on, message{
		name: InboundFederation, source: "InboundFederation_ExternalProvider",
		request:  request{provider.Name, string(provider.Type), vouched},
		response: response{Map: map[string]string{}},
	})
	if err != nil {
		return nil, err
	}
	got := f.texts("userAttributesToMap")
	if f.err != nil {
		return nil, unrecognizable().Because(f.err)
	}
	if len(got) == 0 {
		return nil, nil
	}
	return got, nil
}
