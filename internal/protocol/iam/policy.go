package iam

import "fmt"

// Use says where a document stands, which decides what its statements may have.
type Use uint8

// The uses of documents.
const (
	Identity Use = iota // attached to a user or a role, inline or managed
	Trust               // who may assume a role: has a Principal and no Resource
	Session             // passed in when a role is assumed
	Boundary            // the most that the policies of an identity can allow
)

// The greatest sizes of documents, in characters as Size counts them.
const (
	MaxSession     = 2048 // one session policy
	MaxManaged     = 6144 // a managed policy, also as a boundary
	MaxTrustRaised = 4096 // a trust policy; 2048 before the quota is raised
)

// Policy is a compiled document.
type Policy struct {
	use        Use
	statements []statement
}

// SyntaxError says why a document is no policy.
type SyntaxError struct {
	Message string // in the service's words
	Detail  string // the place in the document and what is wrong there; may be empty
}

func (e *SyntaxError) Error() string {
	if e.Detail == "" {
		return e.Message
	}
	return fmt.Sprintf("%s (%s)", e.Message, e.Detail)
}
