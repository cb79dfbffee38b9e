package access

import (
	"fmt"
	"reflect"
	"slices"

	"cognate/internal/api"
	"cognate/internal/protocol/iam"
	"cognate/internal/store"
)

// maxBounds is the length of a chain of writers. Longer ones are refused: each
// link is judged on every call.
const maxBounds = 4

// bounds compiles what is stored of the writers of an entry.
func (a *Access) bounds(list []store.Bounds) ([]bound, error) {
	var compiled []bound
	for _, b := range list {
		var c bound
		var err error
		c.keys = iam.Keys(b.Keys)
		if c.policies.Identity, err = a.compile(b.Policies, iam.Identity); err != nil {
			return nil, fmt.Errorf("read the rights of a writer: %w", err)
		}
		if c.policies.Session, err = a.compile(b.Session, iam.Session); err != nil {
			return nil, fmt.Errorf("read the rights of a writer: %w", err)
		}
		if b.Boundary != "" {
			if c.policies.Boundary, err = a.policy(b.Boundary, iam.Boundary); err != nil {
				return nil, fmt.Errorf("read the rights of a writer: %w", err)
			}
		}
		compiled = append(compiled, c)
	}
	return compiled, nil
}

// boundsOf gives what is stored with an entry that p writes: nothing for the first
// administrator, else the rights of p as they are now, with those that p itself is
// bound by (security.md S136).
func boundsOf(p *Principal) ([]store.Bounds, error) {
	if p.Unrestricted() {
		return nil, nil
	}
	own := p.source
	own.Keys = p.context
	list := together([]store.Bounds{own}, p.sourceBounds)
	if len(list) > maxBounds {
		return nil, api.AccessDeniedException("The rights of %s come through %d others. Let somebody nearer to the first administrator do this.", p.ARN, len(list)-1)
	}
	return list, nil
}

// together joins two lists, each bound once: what somebody writes in one go carries
// the same ones in several places.
func together(a, b []store.Bounds) []store.Bounds {
	list := slices.Clip(a)
	for _, bound := range b {
		if !slices.ContainsFunc(a, func(same store.Bounds) bool { return reflect.DeepEqual(same, bound) }) {
			list = append(list, bound)
		}
	}
	return list
}
