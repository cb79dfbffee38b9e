package poolcopy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"cognate/internal/api"
)

// API is the user pools API of one side.
type API interface {
	// Call calls an operation and fills out, unless it is nil. What the other side
	// refuses is an *api.Error.
	Call(ctx context.Context, operation string, in, out any) error
}

// Step is a request that makes a part of a pool.
type Step struct {
	Call string
	ID   string `json:"Id,omitempty"` // that the part has to get
	// Name tells parts of one kind apart.
	Name  string `json:",omitempty"`
	Input json.RawMessage
	// Secrets are members of Input that nobody else is to read; a dot leads into
	// a member.
	Secrets map[string]string `json:",omitempty"`
}

// Note is something that does not come along, or needs a hand.
type Note struct {
	About string
	Text  string
}

// Again reports whether a step may be taken where its part is there already: it
// sets something, and makes nothing.
func (s *Step) Again() bool { return strings.HasPrefix(s.Call, "Set") }

// Same reports whether two steps make the same part.
func (s *Step) Same(other *Step) bool {
	return s.Call == other.Call && s.Name == other.Name && s.ID == other.ID
}

// Request is Input with the secrets in their places.
func (s *Step) Request() (json.RawMessage, error) {
	whole := Step{Call: s.Call, Name: s.Name, Input: s.Input}
	for path, value := range s.Secrets {
		if err := whole.Set(path, value); err != nil {
			return nil, err
		}
	}
	return whole.Input, nil
}

// Set changes a member of Input; a dot leads into a member.
func (s *Step) Set(path string, value any) error {
	var members map[string]any
	if err := json.Unmarshal(s.Input, &members); err != nil {
		return fmt.Errorf("%s %s: read the request: %w", s.Call, s.Name, err)
	}
	set(members, path, value)
	input, err := json.Marshal(members)
	if err != nil {
		return fmt.Errorf("%s %s: write the request: %w", s.Call, s.Name, err)
	}
	s.Input = input
	return nil
}

func set(members map[string]any, path string, value any) {
	for i := range len(path) {
		if path[i] != '.' {
			continue
		}
		inner, ok := members[path[:i]].(map[string]any)
		if !ok {
			inner = map[string]any{}
			members[path[:i]] = inner
		}
		set(inner, path[i+1:], value)
		return
	}
	members[path] = value
}

// absent are the answers that say that there is nothing to copy.
var absent = []string{"ResourceNotFoundException", "FeatureUnavailableInTierException", "UserPoolAddOnNotEnabledException"}

// unreadable are the answers that say that a part cannot be read: the other side
// does not have the operation, or does not let this caller use it.
var unreadable = []string{"UnknownOperationException", "OperationNotEnabledException", "AccessDeniedException"}

// skip reports whether a part that may be missing is left out, and notes it when it
// cannot be read.
func (r *reader) skip(about string, err error) bool {
	is := func(code string) bool { return api.HasCode(err, code) }
	if slices.ContainsFunc(unreadable, is) {
		r.note(about, "could not be read and is left out: %v", err)
		return true
	}
	return slices.ContainsFunc(absent, is)
}
