package iam

// Request is what a caller wants to do.
type Request struct {
	Action   string  // such as "cognito-idp:CreateUserPool"
	Resource string  // its ARN, or "*" where the action knows no resources
	Context  Context // nil: no condition key is known
}

// Decision is the answer to a request.
type Decision struct {
	Allowed  bool
	Explicit bool   // refused by a statement, and not for want of one
	Layer    Use    // allowed or explicitly refused here, or here nothing allows it
	Policy   int    // position of the deciding policy in its layer, from 0; -1: none
	By       string // Sid of the deciding statement, or its position in the policy from 1; empty: none
	Via      Via    // of an allowing trust policy
}

// Policies are those that bear on a caller. All are needed for the answer: a
// caller with none may do nothing.
type Policies struct {
	Identity []*Policy
	Boundary *Policy   // nil: none
	Session  []*Policy // empty: none; of several one must allow (identity-pools.md B5)
}

// Decide answers a request by identity-pools.md E3: a Deny anywhere refuses; else
// the identity's policies, the boundary and the session policies must each allow.
func (p Policies) Decide(r Request) Decision {
	e := newEvaluation(r)
	identity := p.identity(e)
	boundary, session := identity, identity
	if p.Boundary != nil {
		boundary = decideAmong(e, Boundary, p.Boundary)
	}
	if len(p.Session) > 0 {
		session = decideAmong(e, Session, p.Session...)
	}
	layers := [...]Decision{identity, boundary, session}
	for _, d := range layers {
		if d.Explicit {
			return d
		}
	}
	for _, d := range layers {
		if !d.Allowed {
			return d
		}
	}
	return identity
}

func (p Policies) identity(e *evaluation) Decision {
	return decideAmong(e, Identity, p.Identity...)
}

// decideAmong answers for the policies of one layer.
func decideAmong(e *evaluation, layer Use, policies ...*Policy) Decision {
	answer := Decision{Layer: layer, Policy: -1}
	for i, policy := range policies {
		if policy.use == Trust { // its statements name no resources, so they would be about all
			continue
		}
		for j := range policy.statements {
			s := &policy.statements[j]
			if answer.Allowed && !s.deny || s.judge(e) != applies {
				continue
			}
			answer = Decision{Allowed: !s.deny, Explicit: s.deny, Layer: layer, Policy: i, By: s.name}
			if s.deny {
				return answer
			}
		}
	}
	return answer
}

// Reason returns how the service ends its sentence about a refusal, after
// "User: … is not authorized to perform: … on resource: …" (identity-pools.md E4).
// Of a decision that allows it is empty.
func (d Decision) Reason(action string) string {
	names := [...]struct{ one, none string }{
		Identity: {"an identity-based policy", "no identity-based policy"},
		Boundary: {"a permissions boundary", "no permissions boundary"},
		Session:  {"a session policy", "no session policy"},
		Trust:    {"a resource-based policy", "no resource-based policy"},
	}
	switch {
	case d.Allowed:
		return ""
	case d.Explicit:
		return "with an explicit deny in " + names[d.Layer].one
	default:
		return "because " + names[d.Layer].none + " allows the " + action + " action"
	}
}
