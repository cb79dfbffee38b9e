package iam

import (
	"slices"
	"strings"
)

// Via says how a trust policy names the caller whom it lets in.
type Via uint8

// The ways to be named, from the weakest.
const (
	ViaNobody    Via = iota // not at all, or the decision is not of a trust policy
	ViaAccount              // as one of an account: a policy of the caller must allow the action as well
	ViaEveryone             // by "*", which lets in AWS principals only
	ViaPrincipal            // by its own name, its role's, its session's, its provider's or its service's
)

// Principal is who asks to assume a role, by every name that a trust policy can
// call it. Exactly one of the members is set.
type Principal struct {
	AWS       []string // ARNs of the caller itself, its role, its session and its account's root, and the account id
	Federated string   // provider: its ARN, or a name such as "cognito-identity.amazonaws.com"
	Service   string
}

// Trusts answers whether a trust policy lets somebody take the role; r.Resource
// does not count. Where the decision says ViaAccount, the role's account trusts
// the caller as far as the caller's own policies go.
func (p *Policy) Trusts(who Principal, r Request) Decision {
	e := newEvaluation(r)
	answer := Decision{Layer: Trust, Policy: -1}
	for i := range p.statements {
		s := &p.statements[i]
		via := s.about(who)
		if via == ViaNobody || !s.deny && answer.Allowed && via <= answer.Via || s.judge(e) != applies {
			continue
		}
		if s.deny {
			return Decision{Explicit: true, Layer: Trust, By: s.name}
		}
		answer = Decision{Allowed: true, Layer: Trust, By: s.name, Via: via}
	}
	return answer
}

// identityPools is what trust policies call the service whose tokens identity
// pools hand out, whatever their issuer is.
const identityPools = "cognito-identity.amazonaws.com"

// CheckAudience checks what has to hold of a trust policy when it is saved, beyond
// being one: whoever lets in users of identity pools says of which
// (identity-pools.md B4). It returns a *SyntaxError.
func (p *Policy) CheckAudience() error {
	for i := range p.statements {
		if s := &p.statements[i]; !s.deny && slices.Contains(s.principals.federated, identityPools) &&
			!slices.ContainsFunc(s.conditions, namesAudience) {
			return &SyntaxError{
				Message: "A condition block must be present for the Cognito provider",
				Detail:  "statement " + s.name + " needs a condition on " + identityPools + ":aud",
			}
		}
	}
	return nil
}

// namesAudience tells conditions that only tokens of certain identity pools meet.
func namesAudience(c condition) bool {
	values, isText := c.values.(textValues)
	return isText && c.key == identityPools+":aud" && !c.negated && !c.ifExists && c.quantity != eachOne &&
		!slices.ContainsFunc(values, pattern.onlyWildcards)
}

// principals are those whom a statement of a trust policy is about.
type principals struct {
	everyone  bool
	accounts  []string // by their twelve digits
	aws       []string // ARNs of users, roles and sessions
	federated []string
	services  []string
}

// about tells how a statement names somebody, if it does. "*" forbids everybody, but
// lets in only those who have signed a request: who comes with a token needs the name
// of its provider (identity-pools.md D2, D5), with the condition on its audience.
func (s *statement) about(who Principal) Via {
	via := s.principals.names(who)
	if via == ViaEveryone && !s.deny && len(who.AWS) == 0 {
		return ViaNobody
	}
	return via
}

// names tells how the statement names somebody, if it does.
func (p *principals) names(who Principal) Via {
	switch {
	case overlap(p.aws, who.AWS),
		who.Federated != "" && slices.Contains(p.federated, who.Federated),
		who.Service != "" && slices.Contains(p.services, who.Service):
		return ViaPrincipal
	case p.everyone:
		return ViaEveryone
	case overlap(p.accounts, who.AWS):
		return ViaAccount
	default:
		return ViaNobody
	}
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// add reads one value of a member of Principal and tells whether it names anybody.
func (p *principals) add(kind, value string) bool {
	named := value != "" && !strings.ContainsAny(value, "*?")
	switch kind {
	case "AWS":
		return p.addAWS(value)
	case "Federated":
		p.federated = append(p.federated, value)
		return named
	case "Service":
		p.services = append(p.services, value)
		return named
	default:
		return false
	}
}

// addAWS reads a principal of the kind AWS: everyone, an account, or the ARN of a
// user, a role or a session. Wildcards in names are none there.
func (p *principals) addAWS(value string) bool {
	switch {
	case value == "*":
		p.everyone = true
		return true
	case isAccount(value):
		p.accounts = append(p.accounts, value)
		return true
	case !isARN(value) || strings.ContainsAny(value, "*?"):
		return false
	}
	part := strings.SplitN(value, ":", 6)
	service, region, account, resource := part[2], part[3], part[4], part[5]
	kind, name, _ := strings.Cut(resource, "/")
	switch {
	case !isAccount(account) || region != "":
		return false
	case service == "iam" && resource == "root":
		p.accounts = append(p.accounts, account)
		return true
	case name == "":
		return false
	case service == "iam" && (kind == "user" || kind == "role"),
		service == "sts" && (kind == "assumed-role" || kind == "federated-user"):
		p.aws = append(p.aws, value)
		return true
	default:
		return false
	}
}

// isAccount tells the twelve digits of an account.
func isAccount(text string) bool {
	return len(text) == 12 && strings.Trim(text, "0123456789") == ""
}
