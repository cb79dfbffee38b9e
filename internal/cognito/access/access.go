package access

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"cognate/internal/protocol/iam"
	"cognate/internal/protocol/sigv4"
	"cognate/internal/store"
)

// Config is what Access works with.
type Config struct {
	DB        *store.DB
	Now       func() time.Time
	AccountID string // of every ARN
	Root      RootKey

	// Dev takes credentials that Cognate has not made for the first administrator's,
	// and lets everybody take on roles that nobody has put: these may do everything.
	Dev bool
}

// RootKey is the first administrator's key.
type RootKey struct{ ID, Secret string }

// Access knows who may do what. It is safe for many goroutines.
type Access struct {
	Config
}

// New makes an Access; it fails when c leaves something out.
func New(c Config) (*Access, error) {
	if c.DB == nil || c.Now == nil || c.AccountID == "" {
		return nil, errors.New("access needs a database, a clock and an account")
	}
	return &Access{Config: c}, nil
}

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

var errNotYet = errors.New("access: not built yet")

// Key finds the key that a request is signed with and whose it is, by the access
// key id and, for temporary credentials, the session token. False means that there
// is none, or that the token is not this key's; an error refuses the request.
//
// Expired credentials are found: Claim.Verify refuses them by their end.
func (a *Access) Key(ctx context.Context, accessKeyID, sessionToken string) (sigv4.Key, *Principal, bool, error) {
	return sigv4.Key{}, nil, false, errNotYet
}

// Authenticate finds who signed a request, or refuses it with a *sigv4.Error. In
// dev, credentials that Cognate has not made are the first administrator's. The
// Region is the one that was signed for, empty where no credential names one.
func (a *Access) Authenticate(ctx context.Context, signed sigv4.Request, o sigv4.Options) (who *Principal, region string, err error) {
	return nil, "", errNotYet
}

// Authorize answers nil where a principal may do what r says, and otherwise an
// *api.Error AccessDeniedException in the words of spec/identity-pools.md E4.
func (a *Access) Authorize(ctx context.Context, p *Principal, r Request) error { return errNotYet }

// Assumption is a request for a session of a role.
type Assumption struct {
	Action      string // sts:AssumeRole, sts:AssumeRoleWithWebIdentity or sts:AssumeRoleWithSAML
	RoleARN     string
	SessionName string
	Duration    time.Duration // 0: an hour

	Caller    *Principal // of sts:AssumeRole
	Federated string     // of the others: the provider's ARN, or a name such as cognito-identity.amazonaws.com

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

// Session is temporary credentials.
type Session struct {
	AccessKeyID, SecretAccessKey, SessionToken string

	Expires          time.Time
	AssumedRoleID    string // AROA…:name; empty for SessionOf
	ARN              string // arn:aws:sts::…:assumed-role/…, or the principal's for SessionOf
	PackedPolicySize int    // of session policies and tags, percent of what fits
	SourceIdentity   string
}

// Assume gives a session of a role to whom its trust policy lets in. The error is
// a *Refusal where it is not the server's fault.
func (a *Access) Assume(ctx context.Context, in Assumption) (*Session, error) { return nil, errNotYet }

// SessionOf gives temporary credentials with a principal's own rights, as
// GetSessionToken does; 0 lasts as long as the service's default. The error is a
// *Refusal where it is not the server's fault.
func (a *Access) SessionOf(ctx context.Context, p *Principal, duration time.Duration) (*Session, error) {
	return nil, errNotYet
}

// Role is what others may know of a role.
type Role struct {
	ARN, Name, ID string
	MaxSession    time.Duration
	Tags          map[string]string
}

// OIDCProvider is an OpenID provider of the installation.
type OIDCProvider struct {
	ARN       string
	URL       string // issuer
	ClientIDs []string
}

// SAMLProvider is a SAML provider of the installation.
type SAMLProvider struct {
	ARN, Name string
	Metadata  string // XML document
}

// Role finds a role by its ARN; false means that there is none.
func (a *Access) Role(ctx context.Context, arn string) (*Role, bool, error) {
	return nil, false, errNotYet
}

// OIDCProvider finds an OpenID provider by its ARN; false means that there is none.
func (a *Access) OIDCProvider(ctx context.Context, arn string) (*OIDCProvider, bool, error) {
	return nil, false, errNotYet
}

// SAMLProvider finds a SAML provider by its ARN; false means that there is none.
func (a *Access) SAMLProvider(ctx context.Context, arn string) (*SAMLProvider, bool, error) {
	return nil, false, errNotYet
}
