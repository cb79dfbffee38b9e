package access

import "fmt"

// Reason says why there is no session. Services have words of their own for each.
type Reason uint8

// The reasons for refusing a session.
const (
	NotTrusted        Reason = iota + 1 // neither the trust policy nor, where it counts, the caller's policies allow it
	NoSuchRole                          // callers are told the same as for NotTrusted
	RootMayNot                          // AssumeRole by the first administrator's key
	SessionMayNot                       // GetSessionToken with credentials of a session
	DurationTooLong                     // longer than the role's sessions may last
	ChainTooLong                        // longer than an hour, by a session of a role
	MalformedPolicy                     // a session policy cannot be read
	PolicyTooLarge                      // session policies and tags do not fit into the token
	NoSuchPolicy                        // a managed policy by an ARN that is not known
	BadTags                             // too many, repeated, or against those that the caller must pass on
	BadSourceIdentity                   // another one than that of the caller's session
)

// Refusal is the error of Assume and SessionOf for what the caller did; any other
// error is a fault of the server.
type Refusal struct { //nolint:errname // most callers ask for its Reason
	Reason  Reason
	Message string // in plain words; the services' own texts are theirs
	Err     error  // nil, or an *iam.SyntaxError
}

func (r *Refusal) Error() string { return "no session: " + r.Message }

// Unwrap gives the cause.
func (r *Refusal) Unwrap() error { return r.Err }

func refuse(why Reason, format string, args ...any) *Refusal {
	return &Refusal{Reason: why, Message: fmt.Sprintf(format, args...)}
}
