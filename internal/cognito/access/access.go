package access

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"cognate/internal/cognito/audit"
	"cognate/internal/protocol/iam"
	"cognate/internal/store"
)

// Config is what Access works with.
type Config struct {
	DB        *store.DB
	Now       func() time.Time
	AccountID string // of every ARN
	Root      RootKey

	Audit audit.Trail // default: nowhere

	// Dev takes credentials that Cognate has not made for the first administrator's,
	// and lets everybody take on roles that nobody has put: these may do everything.
	Dev bool
}

// RootKey is the first administrator's key.
type RootKey struct{ ID, Secret string }

// Access knows who may do what. It is safe for many goroutines.
type Access struct {
	Config
	sealer  sealer
	managed map[string]*iam.Policy // built-in policies by ARN
	guest   []*iam.Policy          // session policies of guests

	keys      entries[*keyEntry]
	roles     entries[*Role]
	providers entries[*provider]
}

// New makes an Access; it fails when c leaves something out.
func New(c Config) (*Access, error) {
	if c.DB == nil || c.Now == nil || c.AccountID == "" {
		return nil, errors.New("access needs a database, a clock and an account")
	}
	if c.Audit.Log == nil {
		c.Audit.Log = slog.New(slog.DiscardHandler)
	}
	purpose := "session credentials"
	if c.Dev {
		purpose = "session credentials of dev" // which serve does not accept (security.md S138)
	}
	a := &Access{Config: c, sealer: newSealer(c.DB.Key(purpose))}
	return a, a.compileManaged()
}

// Forget drops what is kept of users, keys, roles and providers. Whoever changes
// one of them calls it after the commit.
func (a *Access) Forget() {
	a.keys.forget()
	a.roles.forget()
	a.providers.forget()
}

// iamARN names an entry of the installation, such as a user.
func (a *Access) iamARN(rest string) string { return "arn:aws:iam::" + a.AccountID + ":" + rest }

// compile reads policies, each a document or the ARN of one that is built in.
func (a *Access) compile(policies []string, use iam.Use) ([]*iam.Policy, error) {
	list := make([]*iam.Policy, 0, len(policies))
	for _, text := range policies {
		policy, err := a.policy(text, use)
		if err != nil {
			return nil, err
		}
		list = append(list, policy)
	}
	return list, nil
}

// errNoPolicy says that an ARN names no policy that is built in.
var errNoPolicy = errors.New("no such policy is built in")

func (a *Access) policy(text string, use iam.Use) (*iam.Policy, error) {
	if strings.HasPrefix(text, "arn:") {
		if policy, ok := a.managed[text]; ok {
			return policy, nil
		}
		return nil, fmt.Errorf("%s: %w", text, errNoPolicy)
	}
	policy, err := iam.Parse([]byte(text), use)
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	return policy, nil
}

// rights compiles what is stored of a user or a role.
func (a *Access) rights(policies []string, boundary string, bounds []store.Bounds) (rights, error) {
	var r rights
	var err error
	if r.policies.Identity, err = a.compile(policies, iam.Identity); err != nil {
		return r, err
	}
	if boundary != "" {
		if r.policies.Boundary, err = a.policy(boundary, iam.Boundary); err != nil {
			return r, err
		}
	}
	r.bounds, err = a.bounds(bounds)
	return r, err
}
