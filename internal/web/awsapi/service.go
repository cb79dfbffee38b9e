package awsapi

import (
	"cognate/internal/api"
	"cognate/internal/api/identity"
)

// Service is one API behind the door: its operations, and what its name and its
// words for a broken constraint are.
type Service struct {
	name       string // in signatures, ARNs and actions
	target     string // before the operation's name in X-Amz-Target
	operations []operation
	broken     func(format string, args ...any) *api.Error
}

// UserPools serves the user pools API, cognito-idp.
func UserPools(s api.Service) Service {
	return Service{"cognito-idp", api.TargetPrefix, operations(s), api.InvalidParameterException}
}

// IdentityPools serves the identity pools API, cognito-identity. Its answer to a
// broken constraint is ValidationException (spec/identity-pools.md A8).
func IdentityPools(s identity.Service) Service {
	return Service{"cognito-identity", identity.TargetPrefix, identityOperations(s), api.ValidationException}
}

// prepare makes the operations ready to decode requests.
func (s *Service) prepare(p *planner) error {
	for i := range s.operations {
		o := &s.operations[i]
		o.service = s
		if err := o.prepare(p); err != nil {
			return err
		}
	}
	return nil
}
