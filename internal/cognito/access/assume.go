package access

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"cognate/internal/protocol/iam"
)

// Assumption is a request for a session of a role.
type Assumption struct {
	Action      string // sts:AssumeRole, sts:AssumeRoleWithWebIdentity or sts:AssumeRoleWithSAML
	RoleARN     string
	SessionName string
	Duration    time.Duration // 0: an hour

	Caller    *Principal // of sts:AssumeRole
	Federated string     // of the others: the provider's ARN, or a name such as cognito-identity.amazonaws.com

	// Vouched are the ARNs of providers of the account on whose word the identity pool
	// goes that Federated names. Their writers bound the session.
	Vouched []string

	Keys        iam.Keys // condition keys for the trust policy, such as cognito-identity.amazonaws.com:aud
	SessionKeys iam.Keys // those of them that the session keeps for its own policies
	ExternalID  string

	Policy         string   // session policy, empty: none
	PolicyARNs     []string // managed session policies
	Tags           map[string]string
	TransitiveTags []string
	SourceIdentity string

	Guest  bool // scope the session down as spec/identity-pools.md B5 says
	Origin Origin
}

const (
	assumeRole  = "sts:AssumeRole"
	webIdentity = "sts:AssumeRoleWithWebIdentity"

	usualSession = time.Hour
	chainSession = time.Hour // longest, for a session of a role (D4)

	maxTags     = 50 // of a session (B3)
	maxTagKey   = 128
	maxTagValue = 256
)

// Assume gives a session of a role to whom its trust policy lets in. The error is
// a *Refusal where it is not the server's fault.
func (a *Access) Assume(ctx context.Context, in Assumption) (*Session, error) {
	if (in.Action == assumeRole) != (in.Caller != nil) || (in.Caller == nil) == (in.Federated == "") {
		return nil, errors.New("assume role: a caller comes with sts:AssumeRole, a provider with the others")
	}
	if in.Caller != nil && in.Caller.Unrestricted() && !a.takenForRoot(in.Caller) {
		return nil, refuse(RootMayNot, "roles are not for the first administrator's key")
	}
	role, found, err := a.Role(ctx, in.RoleARN)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, refuse(NoSuchRole, "there is no role %s", in.RoleARN)
	}
	s := &state{
		Kind: AssumedRole, RoleName: role.Name, RoleID: role.ID, SessionName: in.SessionName,
		Federated: in.Federated, Vouched: in.Vouched, WebIdentity: in.Action == webIdentity, Keys: in.SessionKeys, Source: in.SourceIdentity, Guest: in.Guest,
	}
	if err := s.tag(in); err != nil {
		return nil, err
	}
	if err := a.trusted(role, in, s); err != nil {
		return nil, err
	}
	duration, err := lifetime(role, in)
	if err != nil {
		return nil, err
	}
	if s.Policies, err = a.sessionPolicyTexts(in); err != nil {
		return nil, err
	}
	session, err := a.issue(s, duration)
	if err != nil {
		return nil, err
	}
	session.AssumedRoleID, session.ARN = role.ID+":"+in.SessionName, a.sessionARN(role, in.SessionName)
	return session, nil
}

// takenForRoot reports whether a principal is the first administrator only because
// dev checks nobody: whoever tries out roles there must get them.
func (a *Access) takenForRoot(p *Principal) bool {
	return a.Dev && (p.Unchecked || p.Kind == SessionOfRoot)
}

// lifetime is how long the session will last.
func lifetime(role *Role, in Assumption) (time.Duration, error) {
	duration := in.Duration
	if duration == 0 {
		duration = usualSession
	}
	if in.Caller != nil && in.Caller.Kind == AssumedRole && duration > chainSession {
		return 0, refuse(ChainTooLong, "a session of a role gets others for an hour at most")
	}
	if duration > role.MaxSession {
		return 0, refuse(DurationTooLong, "sessions of the role last %s at most", role.MaxSession)
	}
	return duration, nil
}

// tag sets the session's tags and source identity: those asked for, and those that
// the caller's own session has to pass on.
func (s *state) tag(in Assumption) error {
	if len(in.Tags) > maxTags {
		return refuse(BadTags, "there are %d tags, and %d at most", len(in.Tags), maxTags)
	}
	seen := make(map[string]bool, len(in.Tags))
	for key, value := range in.Tags {
		folded := strings.ToLower(key)
		if seen[folded] || key == "" || utf8.RuneCountInString(key) > maxTagKey || utf8.RuneCountInString(value) > maxTagValue {
			return refuse(BadTags, "the tag %q is there twice, without a name or too long", key)
		}
		seen[folded] = true
	}
	s.Tags, s.Transitive = in.Tags, slices.Clone(in.TransitiveTags)
	for _, key := range in.TransitiveTags {
		if _, ok := tagOf(in.Tags, key); !ok {
			return refuse(BadTags, "the transitive tag %q is not among the tags", key)
		}
	}
	if in.Caller == nil {
		return nil
	}
	s.Tags = maps.Clone(in.Tags)
	for _, key := range in.Caller.TransitiveTags {
		if _, ok := tagOf(in.Tags, key); ok {
			return refuse(BadTags, "the tag %q was given to the caller's session to pass on", key)
		}
		if s.Tags == nil {
			s.Tags = make(map[string]string)
		}
		s.Tags[key], _ = tagOf(in.Caller.Tags, key)
		s.Transitive = append(s.Transitive, key)
	}
	if was := in.Caller.SourceIdentity; was != "" {
		if in.SourceIdentity != "" && in.SourceIdentity != was {
			return refuse(BadSourceIdentity, "the caller's session has another source identity")
		}
		s.Source = was
	}
	return nil
}

func tagOf(tags map[string]string, key string) (string, bool) {
	if value, ok := tags[key]; ok {
		return value, true
	}
	for k, value := range tags {
		if foldedEqual(k, key) {
			return value, true
		}
	}
	return "", false
}

// trusted asks the role's trust policy, and where that trusts an account the
// caller's own policies (spec/identity-pools.md D2, D4).
func (a *Access) trusted(role *Role, in Assumption, s *state) error {
	actions := []string{in.Action}
	if len(s.Tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if s.Source != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	keys := trustKeys(in, s)
	who, principal := iam.Principal{Federated: in.Federated}, iam.Keys{}
	if in.Caller != nil {
		who, principal = iam.Principal{AWS: in.Caller.names()}, in.Caller.context
	}
	for _, action := range actions {
		r := Request{Action: action, Resource: role.ARN, Keys: keys, Origin: in.Origin}
		d := iam.Decision{Allowed: true, Via: iam.ViaEveryone}
		if role.trust != nil {
			d = role.trust.Trusts(who, a.asked(principal, r))
		}
		if !d.Allowed {
			return refuse(NotTrusted, "the role does not trust the caller with %s", action)
		}
		if in.Caller != nil && !a.mayTakeOn(in.Caller, d.Via, r) {
			return refuse(NotTrusted, "the caller's policies do not allow %s", action)
		}
	}
	return nil
}

// mayTakeOn reports whether the caller's own policies allow what a trust policy
// does. One that the role names needs no policy of its own that allows it, and may
// still have one that forbids it.
func (a *Access) mayTakeOn(p *Principal, via iam.Via, r Request) bool {
	if p.Unrestricted() || via == iam.ViaAccount {
		return a.decide(p, r).Allowed
	}
	named := *p
	named.rights.policies.Identity = append(slices.Clone(p.rights.policies.Identity), a.managed[everythingARN])
	return a.decide(&named, r).Allowed
}

func trustKeys(in Assumption, s *state) iam.Keys {
	keys := maps.Clone(in.Keys)
	if keys == nil {
		keys = make(iam.Keys)
	}
	keys.Set("sts:RoleSessionName", in.SessionName)
	if in.ExternalID != "" {
		keys.Set("sts:ExternalId", in.ExternalID)
	}
	if s.Source != "" {
		keys.Set("sts:SourceIdentity", s.Source)
	}
	if len(s.Transitive) > 0 {
		keys.Set("sts:TransitiveTagKeys", s.Transitive...)
	}
	SetRequestTags(keys, in.Tags)
	return keys
}

// SetRequestTags sets the condition keys about the tags that a request brings.
func SetRequestTags(keys iam.Keys, tags map[string]string) {
	if len(tags) == 0 {
		return
	}
	names := slices.Sorted(maps.Keys(tags))
	for _, key := range names {
		keys.Set("aws:RequestTag/"+key, tags[key])
	}
	keys.Set("aws:TagKeys", names...)
}

// sessionPolicyTexts checks the session policies and gives what the token keeps.
func (a *Access) sessionPolicyTexts(in Assumption) ([]string, error) {
	texts := slices.Clone(in.PolicyARNs)
	for _, arn := range in.PolicyARNs {
		if _, ok := a.managed[arn]; !ok {
			return nil, refuse(NoSuchPolicy, "there is no policy %s", arn)
		}
	}
	if in.Policy == "" {
		return texts, nil
	}
	if _, err := iam.Parse([]byte(in.Policy), iam.Session); err != nil {
		return nil, &Refusal{Reason: MalformedPolicy, Message: err.Error(), Err: err}
	}
	return append(texts, in.Policy), nil
}
