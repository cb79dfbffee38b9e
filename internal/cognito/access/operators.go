package access

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"cognate/internal/api"
	"cognate/internal/cognito/audit"
	"cognate/internal/protocol/iam"
)

// The actions that operators need for entries of this package.
const (
	CreateAccessKey = "cognate:CreateAccessKey"
	ListAccessKeys  = "cognate:ListAccessKeys"
	RotateAccessKey = "cognate:RotateAccessKey"
	DeleteAccessKey = "cognate:DeleteAccessKey"
	PutUser         = "cognate:PutUser"
	PutRole         = "cognate:PutRole"
	ListRoles       = "cognate:ListRoles"
	DeleteRole      = "cognate:DeleteRole"
	PutProvider     = "cognate:PutProvider"
	ListProviders   = "cognate:ListProviders"
	DeleteProvider  = "cognate:DeleteProvider"
)

var entryActions = []string{
	CreateAccessKey, ListAccessKeys, RotateAccessKey, DeleteAccessKey, PutUser,
	PutRole, ListRoles, DeleteRole, PutProvider, ListProviders, DeleteProvider,
}

// Bounds on entries, those of IAM.
const (
	maxPolicies    = 10 // of a user or a role
	maxKeysOfUser  = 2
	maxEntryTags   = 50
	maxClientIDs   = 100
	maxMetadata    = 100_000 // bytes
	maxDescription = 1000
)

var nameForm = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)

// consent asks whether a caller may do something with an entry.
func (a *Access) consent(ctx context.Context, caller *Principal, action, resource string) error {
	if caller == nil {
		return errors.New("access: no caller is known")
	}
	return a.Authorize(ctx, caller, Request{Action: action, Resource: resource, Origin: OriginFrom(ctx)})
}

// changed is for after the commit of a change: other entries are read anew, and the
// change is written down.
func (a *Access) changed(ctx context.Context, action, object string) {
	a.Forget()
	a.Audit.Write(ctx, audit.Record{Action: action, Object: object})
}

func invalid(format string, args ...any) *api.Error {
	return api.InvalidParameterException(format, args...)
}

// checkRights refuses policies, a boundary or tags that cannot be stored.
func (a *Access) checkRights(policies []string, boundary string, tags map[string]string) error {
	if len(policies) > maxPolicies {
		return invalid("There are %d policies, and %d at most.", len(policies), maxPolicies)
	}
	for i, text := range policies {
		if err := a.checkPolicy(text, iam.Identity); err != nil {
			return invalid("Policy %d: %s", i+1, err)
		}
	}
	if boundary != "" {
		if err := a.checkPolicy(boundary, iam.Boundary); err != nil {
			return invalid("Boundary: %s", err)
		}
	}
	return checkTags(tags)
}

func (a *Access) checkPolicy(text string, use iam.Use) error {
	if n := iam.Size([]byte(text)); n > iam.MaxManaged {
		return fmt.Errorf("it has %d characters, and %d at most", n, iam.MaxManaged)
	}
	_, err := a.policy(text, use)
	return err
}

func checkTags(tags map[string]string) error {
	if len(tags) > maxEntryTags {
		return invalid("There are %d tags, and %d at most.", len(tags), maxEntryTags)
	}
	seen := make(map[string]bool, len(tags))
	for key, value := range tags {
		folded := strings.ToLower(key)
		switch {
		case key == "" || utf8.RuneCountInString(key) > maxTagKey || utf8.RuneCountInString(value) > maxTagValue:
			return invalid("The tag %q is too long or has no name.", key)
		case strings.HasPrefix(folded, "aws:"):
			return invalid("The tag %q begins with aws:, which is reserved.", key)
		case seen[folded]:
			return invalid("The tag %q is there in several cases.", key)
		}
		seen[folded] = true
	}
	return nil
}

// Written is what all entries tell about themselves.
type Written struct {
	CreatedAt  time.Time `json:"created"`
	ModifiedAt time.Time `json:"modified"`
	// Bounded says that the entry goes no further than somebody who wrote it.
	Bounded bool `json:"bounded,omitzero"`
}
