package access

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"regexp"
	"strings"
	"time"

	"cognate/internal/protocol/iam"
	"cognate/internal/store"
)

// Role is a role. It is not changed once it was made.
type Role struct {
	ARN, Name, ID string
	MaxSession    time.Duration
	Tags          map[string]string

	trust    *iam.Policy // nil: trusts everybody, which is so in dev only
	rights   rights
	settings store.RoleSettings
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

// provider is a provider with the bounds of those who wrote it.
type provider struct {
	settings store.AccountProviderSettings
	bounds   []bound
}

// longestSession is the most that a role may allow (spec/identity-pools.md D2).
const longestSession = 12 * time.Hour

var roleForm = regexp.MustCompile(`^role((?:/[!-.0-~]+)*/)([\w+=,.@-]{1,64})$`)

// Role finds a role by its ARN; false means that there is none.
func (a *Access) Role(ctx context.Context, arn string) (*Role, bool, error) {
	rest, ours := strings.CutPrefix(arn, a.iamARN(""))
	parts := roleForm.FindStringSubmatch(rest)
	if !ours || parts == nil {
		return nil, false, nil
	}
	role, found, err := a.roleNamed(ctx, parts[2])
	if err != nil || !found {
		return nil, false, err
	}
	if role.trust == nil { // made up: whatever path it is asked for
		return role, true, nil
	}
	return role, role.ARN == arn, nil
}

// roleNamed finds a role by its name. In dev there is a role of every name.
func (a *Access) roleNamed(ctx context.Context, name string) (*Role, bool, error) {
	role, found, err := a.roles.find(ctx, strings.ToLower(name), a.Now(), func(ctx context.Context) (*Role, bool, error) {
		row, err := store.Read(ctx, a.DB, func(ctx context.Context, tx *store.Tx) (*store.Role, error) {
			row, _, err := tx.Role(ctx, name)
			return row, err
		})
		if err != nil || row == nil {
			return nil, false, err
		}
		role, err := a.compileRole(row)
		return role, err == nil, err
	})
	if err == nil && !found && a.Dev {
		return a.madeUp(name), true, nil
	}
	return role, found, err
}

func (a *Access) compileRole(row *store.Role) (*Role, error) {
	s := row.Settings
	r := &Role{
		ARN: a.iamARN("role" + s.Path + row.Name), Name: row.Name, ID: row.ID, Tags: s.Tags,
		MaxSession: time.Duration(s.MaxSession) * time.Second, settings: s,
	}
	var err error
	if r.trust, err = iam.Parse([]byte(s.Trust), iam.Trust); err != nil {
		return nil, fmt.Errorf("compile the trust policy of role %s: %w", row.Name, err)
	}
	if r.rights, err = a.rights(s.Policies, s.Boundary, s.Bounds); err != nil {
		return nil, fmt.Errorf("compile the rights of role %s: %w", row.Name, err)
	}
	return r, nil
}

// madeUp is a role of dev that nobody has put: everybody may take it on and do
// everything with it. Its id follows from its name, so that sessions outlive a
// restart.
func (a *Access) madeUp(name string) *Role {
	sum := sha256.Sum256([]byte("made up role " + name))
	everything := []string{everythingARN}
	return &Role{
		ARN: a.iamARN("role/" + name), Name: name, ID: "AROA" + base32.StdEncoding.EncodeToString(sum[:10]), MaxSession: longestSession,
		rights:   rights{policies: iam.Policies{Identity: []*iam.Policy{a.managed[everything[0]]}}},
		settings: store.RoleSettings{Path: "/", Policies: everything},
	}
}

// OIDCProvider finds an OpenID provider by its ARN; false means that there is none.
func (a *Access) OIDCProvider(ctx context.Context, arn string) (*OIDCProvider, bool, error) {
	p, found, err := a.provider(ctx, arn)
	if err != nil || !found || p.settings.URL == "" {
		return nil, false, err
	}
	return &OIDCProvider{ARN: arn, URL: p.settings.URL, ClientIDs: p.settings.ClientIDs}, true, nil
}

// SAMLProvider finds a SAML provider by its ARN; false means that there is none.
func (a *Access) SAMLProvider(ctx context.Context, arn string) (*SAMLProvider, bool, error) {
	p, found, err := a.provider(ctx, arn)
	if err != nil || !found || p.settings.Metadata == "" {
		return nil, false, err
	}
	return &SAMLProvider{ARN: arn, Name: arn[strings.LastIndexByte(arn, '/')+1:], Metadata: p.settings.Metadata}, true, nil
}

func (a *Access) provider(ctx context.Context, arn string) (*provider, bool, error) {
	return a.providers.find(ctx, arn, a.Now(), func(ctx context.Context) (*provider, bool, error) {
		row, err := store.Read(ctx, a.DB, func(ctx context.Context, tx *store.Tx) (*store.AccountProvider, error) {
			row, _, err := tx.AccountProvider(ctx, arn)
			return row, err
		})
		if err != nil || row == nil {
			return nil, false, err
		}
		bounds, err := a.bounds(row.Settings.Bounds)
		if err != nil {
			return nil, false, fmt.Errorf("compile provider %s: %w", arn, err)
		}
		return &provider{row.Settings, bounds}, true, nil
	})
}

func isARN(s string) bool { return strings.HasPrefix(s, "arn:") }

// foldedEqual compares the keys of tags as the condition keys do that name them.
func foldedEqual(a, b string) bool { return strings.ToLower(a) == strings.ToLower(b) } //nolint:staticcheck // EqualFold folds more
