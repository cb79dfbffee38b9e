package access

import (
	"context"
	"strings"
	"time"

	"cognate/internal/protocol/iam"
	"cognate/internal/store"
)

// Kind says what a principal is.
type Kind uint8

// The kinds of principals.
const (
	Root          Kind = iota + 1 // the first administrator's key
	User                          // an access key of a user
	AssumedRole                   // a session of a role
	SessionOfUser                 // GetSessionToken with the key of a user
	SessionOfRoot                 // GetSessionToken with the first administrator's key
)

// Principal is who signed a request. It is not changed once it was made.
type Principal struct {
	Kind        Kind
	ARN         string // as errors and GetCallerIdentity name it
	UserID      string // AIDA…, AROA…:session, or the account of the root key
	Account     string
	AccessKeyID string

	UserName string // of User and SessionOfUser

	RoleName    string // of AssumedRole, with RoleARN and SessionName
	RoleARN     string
	SessionName string
	Federated   string // the provider that vouched for the session, empty for AssumeRole
	WebIdentity bool   // the session comes of a token of an OpenID or identity pool provider

	// Tags are those of the user, or of the role with the session's over them.
	Tags           map[string]string
	TransitiveTags []string // keys of Tags that go on to further sessions
	SourceIdentity string
	Keys           iam.Keys // condition keys of the session, such as cognito-identity.amazonaws.com:sub

	Issued, Expires time.Time // of temporary credentials, else zero

	// Unchecked is true for credentials that Cognate has not made, which dev takes
	// for the first administrator's.
	Unchecked bool

	rights  rights
	context iam.Keys // global condition keys about the principal, with Keys
	// What rights were compiled from, for entries that the principal writes.
	source       store.Bounds
	sourceBounds []store.Bounds
}

// Temporary reports whether the principal's credentials expire.
func (p *Principal) Temporary() bool { return p.Kind >= AssumedRole }

// Unrestricted reports whether the principal is the first administrator, for whom
// there are no policies.
func (p *Principal) Unrestricted() bool { return p.Kind == Root || p.Kind == SessionOfRoot }

// rights is what decides about a principal's actions.
type rights struct {
	policies iam.Policies
	bounds   []bound
}

// bound is the rights that a writer of entries had: an action needs its consent,
// judged with the writer's own condition keys.
type bound struct {
	keys     iam.Keys
	policies iam.Policies
}

// names lists every ARN that a trust policy can call the principal by.
func (p *Principal) names() []string {
	account := "arn:aws:iam::" + p.Account + ":root"
	list := []string{p.ARN, account, p.Account}
	if p.RoleARN != "" {
		list = append(list, p.RoleARN)
	}
	return list
}

// describe sets the condition keys of the principal, once the rest is known
// (spec/identity-pools.md E3).
func (p *Principal) describe() {
	c := make(iam.Keys, 12+len(p.Tags)+len(p.Keys))
	for key, values := range p.Keys {
		if !strings.HasPrefix(strings.ToLower(key), "aws:") { // those say who it is, below
			c.Set(key, values...)
		}
	}
	c.Set("aws:PrincipalArn", p.ARN)
	c.Set("aws:PrincipalAccount", p.Account)
	c.Set("aws:userid", p.UserID)
	switch p.Kind {
	case Root, SessionOfRoot:
		c.Set("aws:PrincipalType", "Account")
	case User, SessionOfUser:
		c.Set("aws:PrincipalType", "User")
		c.Set("aws:username", p.UserName)
	case AssumedRole:
		c.Set("aws:PrincipalType", "AssumedRole")
		c.Set("aws:PrincipalArn", p.RoleARN)
	}
	for key, value := range p.Tags {
		c.Set("aws:PrincipalTag/"+key, value)
	}
	if p.Temporary() {
		c.Set("aws:TokenIssueTime", p.Issued.UTC().Format(time.RFC3339))
		c.Set("aws:MultiFactorAuthPresent", "false")
	}
	if p.Federated != "" {
		c.Set("aws:FederatedProvider", p.Federated)
	}
	if p.SourceIdentity != "" {
		c.Set("aws:SourceIdentity", p.SourceIdentity)
	}
	p.context = c
}

type callerKey struct{}

// WithCaller returns a context that carries who signed the request.
func WithCaller(ctx context.Context, p *Principal) context.Context {
	return context.WithValue(ctx, callerKey{}, p)
}

// CallerFrom gives who signed the request that ctx belongs to; nil when nobody did.
func CallerFrom(ctx context.Context) *Principal {
	p, _ := ctx.Value(callerKey{}).(*Principal)
	return p
}
