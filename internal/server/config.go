package server

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/signingkeys"
	"cognate/internal/outbound/logsinks"
	"cognate/internal/server/certificates"
	"cognate/internal/server/localca"
)

// Mode is one of the two ways to run.
type Mode int

// Serve is production: signatures are verified and no dev path exists. Dev
// accepts any credentials, shows every message in an inbox and makes tests
// easy.
const (
	Serve Mode = iota
	Dev
)

func (m Mode) String() string {
	if m == Dev {
		return "dev"
	}
	return "serve"
}

// DefaultListen is the address of the one port where the settings give none:
// other machines do not reach it.
const DefaultListen = "127.0.0.1:7665"

// Config is every setting. Zero values are the defaults of DESIGN.md §3; a
// value that cannot work is refused by New, never ignored.
type Config struct {
	Mode Mode

	Listen        string // address of the one port, default 127.0.0.1:7665
	MetricsListen string // address for /metrics, default none

	DataDir       string // default ./cognate-data
	Memory        bool   // dev only: keep nothing
	DatabaseURL   string // PostgreSQL instead of SQLite
	Schema        string // PostgreSQL schema, default the server's choice
	MasterKeyFile string // default master.key in the data directory; required with PostgreSQL, unless
	MasterKey     string // the key itself is given: 32 bytes in base64

	PublicURL         string // default http://localhost:7665
	IssuerURL         string // default {public-url}/{userPoolId}
	IdentityIssuerURL string // of identity pools, default {public-url}/cognito-identity
	DomainSuffix      string // default auth.localhost
	Region            string // default us-east-1
	AccountID         string // default 123456789012

	TLSNames     []string            // dev only: what the local authority covers beside the names of this machine
	Certificates []certificates.Pair // serve only
	ACME         ACME                // serve only

	RootAccessKeyID     string // first administrator's key; made at the first
	RootSecretAccessKey string // start of serve where both are empty
	// ShowRootKey is called with the key that this start has made, at once: if the
	// start fails afterwards, nobody can be shown it any more. It may be nil.
	ShowRootKey func(id, secret string)

	SMTPURL        string
	SMSURL         string
	STSURL         string         // STS elsewhere that gives the credentials of identity pools
	TrustedProxies []netip.Prefix // whose forwarded headers count

	BreachedPasswords    string // file of SHA-1 digests, beside the built-in list
	BreachedPasswordsURL string // range API that is asked beside the lists
	LocationDatabase     string // MaxMind DB file that says where addresses are

	// Limits replaces bounds against abuse by name, see limits.Rates; 0 is no
	// bound. Without it serve has the usual ones and dev has none.
	Limits map[string]int
	// Quotas names what bounds requests per second: off, generous or aws, see
	// quotas.Preset; default generous in serve and off in dev. QuotaCeilings are the
	// highest rates that UpdateProvisionedLimit takes, by category.
	Quotas        string
	QuotaCeilings map[string]int
	// LogTargets says where the logs of user pools go, ARN=TARGET, see
	// logsinks.Parse. Other ARNs get a file each in the data directory.
	LogTargets []string
	// SMSCountries are the beginnings of the telephone numbers that text
	// messages go to, such as +49; none allows all.
	SMSCountries []string

	// ProviderURLs stand in the place of the social providers' own hosts, by type.
	// With an http address only dev finds them.
	ProviderURLs map[api.IdentityProviderTypeType]string

	LambdaEndpoint    string         // where functions are called that Functions does not name
	Functions         []string       // NAME=TARGET
	FunctionVariables []string       // environment variables that functions' processes inherit
	AllowNetworks     []netip.Prefix // networks that are not public and may be called all the same

	Log *slog.Logger     // default: discarded
	Now func() time.Time // default: time.Now

	// For tests: the authority that makes certificates, where signing keys and
	// messages come from and go to, what stands before the operations, and how
	// long a client may take for the headers of a request and for all of it.
	Authority     *localca.Authority // in either mode, default that of the data directory in dev
	Keys          signingkeys.Source
	Mail          messages.Transport
	SMS           messages.Transport
	Wrap          func(api.Service) api.Service
	HeaderTimeout time.Duration // default 5 s
	ReadTimeout   time.Duration // default 15 s
	FunctionTime  time.Duration // for one attempt to call a function, default 5 s
	ProviderTime  time.Duration // for one call of an identity provider, default 5 s
	// ProviderRoots are the authorities that identity providers may have their
	// certificates from, default those of the system.
	ProviderRoots *x509.CertPool
	// Resolve says whether a host name has an address. Serve asks the name
	// system by default; dev asks nobody.
	Resolve func(ctx context.Context, host string) bool
}

var (
	regionForm  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)
	accountForm = regexp.MustCompile(`^\d{12}$`)
	countryForm = regexp.MustCompile(`^\+[1-9]\d{0,6}$`)
	suffixForm  = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*$`)
)

// complete fills in the defaults and refuses what cannot work.
func (c Config) complete() (Config, error) {
	for _, d := range []struct {
		field *string
		value string
	}{
		{&c.Listen, DefaultListen},
		{&c.DataDir, "./cognate-data"},
		{&c.PublicURL, "http://localhost:7665"},
		{&c.DomainSuffix, "auth.localhost"},
		{&c.Region, "us-east-1"},
		{&c.AccountID, "123456789012"},
	} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	if c.IssuerURL == "" {
		c.IssuerURL = c.PublicURL + "/{userPoolId}"
	}
	if c.IdentityIssuerURL == "" {
		c.IdentityIssuerURL = c.PublicURL + identityPath
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Resolve == nil && c.Mode == Serve {
		c.Resolve = resolve
	}
	c.HeaderTimeout = cmp.Or(c.HeaderTimeout, headerTimeout)
	c.ReadTimeout = cmp.Or(c.ReadTimeout, readTimeout)
	return c, c.check()
}

func (c Config) check() error {
	var problems []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	refuse(!absolute(c.PublicURL), "public-url %q is not an absolute http or https URL", c.PublicURL)
	refuse(!absolute(strings.NewReplacer("{userPoolId}", "x", "{region}", "x").Replace(c.IssuerURL)),
		"issuer-url %q is not an absolute http or https URL", c.IssuerURL)
	refuse(!strings.Contains(c.IssuerURL, "{userPoolId}"), "issuer-url %q does not contain {userPoolId}", c.IssuerURL)
	_, err := c.identityPaths()
	refuse(err != nil, "identity-issuer-url: %w", err)
	refuse(!regionForm.MatchString(c.Region), "region %q does not look like us-east-1", c.Region)
	refuse(!accountForm.MatchString(c.AccountID), "account-id %q is not 12 digits", c.AccountID)
	refuse(!suffixForm.MatchString(c.DomainSuffix), "domain-suffix %q is not a host name in lower case", c.DomainSuffix)
	refuse((c.RootAccessKeyID == "") != (c.RootSecretAccessKey == ""),
		"root access key id and root secret access key come together")
	refuse(c.RootSecretAccessKey != "" && len(c.RootSecretAccessKey) < 20 && c.Mode == Serve,
		"the root secret access key has %d characters: give it at least 20", len(c.RootSecretAccessKey))
	refuse(c.Memory && c.Mode == Serve, "serve never runs in memory only")
	refuse(c.Memory && c.DatabaseURL != "", "memory and database-url exclude each other")
	refuse(c.DatabaseURL != "" && c.Mode == Serve && c.MasterKeyFile == "" && c.MasterKey == "",
		"with PostgreSQL the master key must be given (master-key-file): every node needs the same one")
	refuse(len(c.TLSNames) > 0 && c.Mode == Serve,
		"tls-name is for dev: serve has the certificates of tls-cert")
	refuse(len(c.Certificates) > 0 && c.Mode == Dev, "tls-cert is for serve: dev makes certificates itself")
	if err := c.ACME.check(c); err != nil {
		problems = append(problems, err)
	}
	_, err = c.rates()
	refuse(err != nil, "limits: %w", err)
	_, err = logsinks.Parse(c.LogTargets)
	refuse(err != nil, "%w", err)
	_, err = c.preset()
	refuse(err != nil, "quotas: %w", err)
	_, err = c.ceilings()
	refuse(err != nil, "quotas: %w", err)
	for kind, address := range c.ProviderURLs {
		refuse(!absolute(address), "the address %q of %s is not an absolute http or https URL", address, kind)
	}
	for _, code := range c.SMSCountries {
		refuse(!countryForm.MatchString(code), "sms-countries: %q is not a calling code such as +49", code)
	}
	return errors.Join(problems...)
}

// rates are the bounds against abuse.
func (c Config) rates() (limits.Rates, error) {
	if c.Mode == Dev {
		return limits.Rates{}.With(c.Limits)
	}
	return limits.Usual().With(c.Limits)
}

func absolute(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		u.RawQuery == "" && u.Fragment == ""
}

// issuer gives the iss of a pool's tokens.
func (c Config) issuer(poolID string) string {
	region, _, _ := strings.Cut(poolID, "_")
	return strings.NewReplacer("{userPoolId}", poolID, "{region}", region).Replace(c.IssuerURL)
}
