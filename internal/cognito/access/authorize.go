package access

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/protocol/iam"
)

// Origin is where a request comes from, for condition keys.
type Origin struct {
	IP        netip.Addr
	TLS       bool
	UserAgent string
	Region    string // that the request is for
}

// Request is what somebody wants to do.
type Request struct {
	Action   string   // such as cognito-idp:AdminGetUser
	Resource string   // an ARN, or *
	Keys     iam.Keys // condition keys of the resource and the input, such as aws:ResourceTag/team
	Origin   Origin
}

// Authorize answers nil where a principal may do what r says, and otherwise an
// *api.Error AccessDeniedException in the words of spec/identity-pools.md E4.
func (a *Access) Authorize(_ context.Context, p *Principal, r Request) error {
	d := a.decide(p, r)
	if d.Allowed {
		return nil
	}
	return api.AccessDeniedException("User: %s is not authorized to perform: %s on resource: %s %s", p.ARN, r.Action, r.Resource, d.Reason(r.Action))
}

// decide judges by the principal's policies and by the rights of everybody through
// whom it has them.
func (a *Access) decide(p *Principal, r Request) iam.Decision {
	switch {
	case closed(p, r.Action):
		return iam.Decision{Layer: iam.Session, Policy: -1}
	case p.Unrestricted():
		return iam.Decision{Allowed: true}
	}
	d := p.rights.policies.Decide(a.asked(p.context, r))
	for _, b := range p.rights.bounds {
		if !d.Allowed {
			return d
		}
		if d = b.policies.Decide(a.asked(b.keys, r)); !d.Allowed {
			d.Layer = iam.Boundary
		}
	}
	return d
}

// closed reports whether an action is closed to a kind of session whatever its
// policies say: the identity pools to sessions that come of a pool or another web
// identity (spec/identity-pools.md B5), and the entries of this package to sessions
// of GetSessionToken (D6).
func closed(p *Principal, action string) bool {
	switch {
	case p.WebIdentity:
		service, _, _ := strings.Cut(strings.ToLower(action), ":")
		return service == "cognito-identity" || service == "cognito-sync"
	case p.Kind == SessionOfUser, p.Kind == SessionOfRoot:
		return slices.Contains(entryActions, action)
	}
	return false
}

// closedToWebIdentities says the first of these as a policy.
const closedToWebIdentities = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["cognito-identity:*","cognito-sync:*"],"Resource":"*"}]}`

func (a *Access) asked(principal iam.Keys, r Request) iam.Request {
	return iam.Request{
		Action: r.Action, Resource: r.Resource,
		Context: &surroundings{principal: principal, request: &r, now: a.Now(), account: a.AccountID},
	}
}

// surroundings is the Context of a request. What is known of the principal wins
// over what a request says of itself.
type surroundings struct {
	principal iam.Keys
	request   *Request
	now       time.Time
	account   string
}

// Values implements iam.Context.
func (s *surroundings) Values(key string) ([]string, bool) {
	key = strings.ToLower(key)
	if values, ok := s.principal[key]; ok {
		return values, true
	}
	if strings.HasPrefix(key, "aws:principal") {
		return nil, false // never from the request
	}
	one := func(value string) ([]string, bool) { return []string{value}, value != "" }
	from := &s.request.Origin
	switch key {
	case "aws:currenttime":
		return one(s.now.UTC().Format(time.RFC3339))
	case "aws:epochtime":
		return one(strconv.FormatInt(s.now.Unix(), 10))
	case "aws:sourceip":
		if !from.IP.IsValid() {
			return nil, false
		}
		return one(from.IP.String())
	case "aws:useragent":
		return one(from.UserAgent)
	case "aws:securetransport":
		return one(strconv.FormatBool(from.TLS))
	case "aws:requestedregion":
		return one(from.Region)
	case "aws:resourceaccount":
		return one(s.account)
	}
	return s.request.Keys.Values(key)
}
