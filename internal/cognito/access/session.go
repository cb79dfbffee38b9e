package access

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"cognate/internal/protocol/iam"
	"cognate/internal/protocol/sigv4"
	"cognate/internal/store"
)

// Session is temporary credentials.
type Session struct {
	AccessKeyID, SecretAccessKey, SessionToken string

	Expires          time.Time
	AssumedRoleID    string // AROA…:name; empty for SessionOf
	ARN              string // arn:aws:sts::…:assumed-role/…, or the principal's for SessionOf
	PackedPolicySize int    // of session policies and tags, percent of what fits
	SourceIdentity   string
}

// How long GetSessionToken's credentials last (spec/identity-pools.md D6).
const (
	defaultSession     = 12 * time.Hour
	longestRootSession = time.Hour
)

// SessionOf gives temporary credentials with a principal's own rights, as
// GetSessionToken does; 0 lasts as long as the service's default. The error is a
// *Refusal where it is not the server's fault.
func (a *Access) SessionOf(_ context.Context, p *Principal, duration time.Duration) (*Session, error) {
	if p.Temporary() {
		return nil, refuse(SessionMayNot, "credentials of a session give no further session of their own")
	}
	if duration == 0 {
		duration = defaultSession
	}
	s := &state{Kind: SessionOfUser, AccessKeyID: p.AccessKeyID, UserID: p.UserID}
	if p.Unrestricted() {
		s.Kind, duration = SessionOfRoot, min(duration, longestRootSession)
	}
	session, err := a.issue(s, duration)
	if err != nil {
		return nil, err
	}
	session.ARN = p.ARN
	return session, nil
}

// issue makes the credentials of a state.
func (a *Access) issue(s *state, duration time.Duration) (*Session, error) {
	s.Issued = a.Now().UTC().Truncate(time.Second)
	s.Expires = s.Issued.Add(duration)
	id, secret, token, packed, err := a.sealer.seal(s)
	if errors.Is(err, errTooLarge) {
		return nil, refuse(PolicyTooLarge, "session policies and tags take more than fits into a session token")
	}
	if err != nil {
		return nil, err
	}
	return &Session{
		AccessKeyID: id, SecretAccessKey: secret, SessionToken: token,
		Expires: s.Expires, PackedPolicySize: packed, SourceIdentity: s.Source,
	}, nil
}

// sessionKey finds temporary credentials and whose they are. The role, user or
// provider that they come from must still be the same.
func (a *Access) sessionKey(ctx context.Context, id, token string) (sigv4.Key, *Principal, bool, error) {
	s, secret, ok := a.sealer.open(id, token)
	if !ok {
		return sigv4.Key{}, nil, false, nil
	}
	var p *Principal
	var err error
	switch s.Kind {
	case AssumedRole:
		p, err = a.rolePrincipal(ctx, s)
	case SessionOfUser:
		p, err = a.userSession(ctx, s)
	case Root, User: // no session is of these
	case SessionOfRoot:
		if a.Dev || s.AccessKeyID == a.Root.ID {
			p = a.rootPrincipal(id)
			p.Kind = SessionOfRoot
		}
	}
	if err != nil || p == nil {
		return sigv4.Key{}, nil, false, err
	}
	p.AccessKeyID, p.Issued, p.Expires = id, s.Issued, s.Expires
	p.describe()
	return sigv4.Key{Secret: secret, SessionToken: token, Expires: s.Expires}, p, true, nil
}

// userSession gives the principal of a session of a user, nil where the key that
// it was made with is gone.
func (a *Access) userSession(ctx context.Context, s *state) (*Principal, error) {
	e, known, err := a.userKey(ctx, s.AccessKeyID)
	if err != nil || !known || !e.row.Active || e.principal.UserID != s.UserID {
		return nil, err
	}
	p := *e.principal
	p.Kind = SessionOfUser
	return &p, nil
}

// rolePrincipal gives the principal of a session of a role, nil where the role or
// a provider that vouched for it is gone.
func (a *Access) rolePrincipal(ctx context.Context, s *state) (*Principal, error) {
	role, found, err := a.roleNamed(ctx, s.RoleName)
	if err != nil || !found || role.ID != s.RoleID {
		return nil, err
	}
	p := &Principal{
		Kind: AssumedRole, ARN: a.sessionARN(role, s.SessionName), UserID: role.ID + ":" + s.SessionName, Account: a.AccountID,
		RoleName: role.Name, RoleARN: role.ARN, SessionName: s.SessionName, Federated: s.Federated, WebIdentity: s.WebIdentity,
		Tags: merged(role.Tags, s.Tags), TransitiveTags: s.Transitive, SourceIdentity: s.Source, Keys: iam.Keys(s.Keys),
		rights: role.rights,
	}
	if p.rights.policies.Session, err = a.sessionPolicies(s); err != nil {
		return nil, err
	}
	p.source = store.Bounds{Policies: role.settings.Policies, Boundary: role.settings.Boundary, Session: s.Policies}
	if s.Guest {
		p.source.Session = []string{guestPolicy, guestPolicyARN}
	}
	if s.WebIdentity { // what is closed to the session stays so to what it writes
		p.source.Policies = append(slices.Clip(p.source.Policies), closedToWebIdentities)
	}
	p.sourceBounds = role.settings.Bounds
	vouched := s.Vouched
	if isARN(s.Federated) {
		vouched = []string{s.Federated}
	}
	for _, arn := range vouched {
		vouches, found, err := a.provider(ctx, arn)
		if err != nil || !found {
			return nil, err
		}
		p.rights.bounds = append(append([]bound{}, p.rights.bounds...), vouches.bounds...)
		p.sourceBounds = together(p.sourceBounds, vouches.settings.Bounds)
	}
	return p, nil
}

// sessionPolicies gives the policies that a session was made with.
func (a *Access) sessionPolicies(s *state) ([]*iam.Policy, error) {
	if s.Guest {
		return a.guest, nil
	}
	list, err := a.compile(s.Policies, iam.Session)
	if err != nil {
		return nil, fmt.Errorf("read session policies: %w", err)
	}
	return list, nil
}

// sessionARN names a session: the role's path is not part of it.
func (a *Access) sessionARN(role *Role, session string) string {
	return "arn:aws:sts::" + a.AccountID + ":assumed-role/" + role.Name + "/" + session
}

// merged puts tags over those of a role.
func merged(under, over map[string]string) map[string]string {
	tags := maps.Clone(under)
	if tags == nil {
		return over
	}
	for key, value := range over {
		for same := range tags {
			if foldedEqual(same, key) {
				delete(tags, same)
			}
		}
		tags[key] = value
	}
	return tags
}
