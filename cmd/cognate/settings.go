package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/term"

	"cognate/internal/server"
)

// settings are the flags that dev and serve share. The variables and defaults
// are part of the command-line contract.
type settings struct {
	Listen         string         `group:"Addresses" env:"COGNATE_LISTEN" default:"127.0.0.1:7665" help:"Address of the one port that serves everything."`
	Data           string         `group:"Data" env:"COGNATE_DATA" default:"./cognate-data" help:"Data directory: SQLite file, master key and, in dev, the local authority."`
	DatabaseURL    string         `group:"Data" env:"COGNATE_DATABASE_URL" placeholder:"postgres://…" help:"PostgreSQL instead of SQLite; several hosts allowed."`
	PublicURL      string         `group:"Addresses" env:"COGNATE_PUBLIC_URL" placeholder:"URL" help:"Base of issuers ({public-url}/{userPoolId}) and links. Default http://localhost and the port of --listen: http://localhost:7665."`
	IssuerURL      string         `group:"Addresses" env:"COGNATE_ISSUER_URL" placeholder:"URL" help:"The iss of tokens, with {userPoolId} and {region} filled in. Default {public-url}/{userPoolId}; may be https://cognito-idp.{region}.amazonaws.com/{userPoolId}."`
	IdentityIssuer string         `group:"Addresses" env:"COGNATE_IDENTITY_ISSUER_URL" name:"identity-issuer-url" placeholder:"URL" help:"The iss of the tokens of identity pools. Default {public-url}/cognito-identity; may be https://cognito-identity.amazonaws.com."`
	DomainSuffix   string         `group:"Addresses" env:"COGNATE_DOMAIN_SUFFIX" default:"auth.localhost" help:"Host name that user pool domain prefixes stand before."`
	Region         string         `group:"Addresses" env:"COGNATE_REGION" default:"us-east-1" help:"Region of requests that name none, used in ids and ARNs."`
	AccountID      string         `group:"Addresses" env:"COGNATE_ACCOUNT_ID" name:"account-id" default:"123456789012" help:"Account in ARNs."`
	MasterKeyFile  string         `group:"Data" env:"COGNATE_MASTER_KEY_FILE" placeholder:"FILE" help:"File with the key that seals every secret in the database. Default master.key in the data directory, made at the first start; must be given with PostgreSQL."`
	SMTPURL        string         `group:"Messages" env:"COGNATE_SMTP_URL" name:"smtp-url" placeholder:"smtp://…" help:"Mail server: smtp://user:pass@host:587 (STARTTLS when offered, ?tls=required insists) or smtps://. None: dev shows messages in the inbox only, serve refuses to send."`
	SMSURL         string         `group:"Messages" env:"COGNATE_SMS_URL" name:"sms-url" placeholder:"https://…" help:"Webhook that takes text messages. None: as for mail."`
	STSURL         string         `group:"Functions and other services" env:"COGNATE_STS_URL" name:"sts-url" placeholder:"https://…" help:"Security Token Service elsewhere, such as AWS's or MinIO's, that gives the credentials of GetCredentialsForIdentity for the pool's token. It has to trust the issuer of identity pools. None: roles and credentials are Cognate's own."`
	LambdaEndpoint string         `group:"Functions and other services" env:"COGNATE_LAMBDA_ENDPOINT" placeholder:"URL" help:"Where functions of triggers are called that --function does not map: anything that speaks the Lambda Invoke API. None: they cannot be called."`
	Function       []string       `group:"Functions and other services" sep:"none" placeholder:"NAME=TARGET" help:"What a function of triggers is; NAME is its ARN or bare name. TARGET: https://…, lambda:URL, exec:COMMAND, node:FILE#export or python:FILE#function. May be repeated; COGNATE_FUNCTIONS holds the same, one a line, or @FILE."`
	FunctionEnv    []string       `group:"Functions and other services" env:"COGNATE_FUNCTION_ENV" placeholder:"NAME,…" help:"Environment variables that the processes of functions inherit."`
	AllowNetwork   []netip.Prefix `group:"Functions and other services" env:"COGNATE_ALLOW_NETWORKS" placeholder:"CIDR,…" help:"Private networks that functions and identity providers may be called in. Loopback needs no listing in dev, nor where the address itself says it."`
	TrustedProxies []netip.Prefix `group:"Addresses" env:"COGNATE_TRUSTED_PROXIES" placeholder:"CIDR,…" help:"Networks of proxies whose forwarded headers count."`
	Limits         map[string]int `group:"Protection" env:"COGNATE_LIMITS" mapsep:"," placeholder:"NAME=N,…" help:"Bounds against abuse, per pool. Messages: address (to one, an hour; 100), source (from one network, a day; 10000), country (texts to one calling code, a day; 50000), pool (a day; 1000000). sign-ups (from one network, a day; 10000), clients (registered by one network, a day; 100). Refused sign-ins: failures (from one network, an hour; 1000), pool-failures (an hour; 100000). 0: none. The numbers are those of serve; dev has no bounds."`
	Quotas         string         `group:"Protection" env:"COGNATE_QUOTAS" placeholder:"PRESET" help:"Bounds on requests per second, by the categories of the service's quotas. generous: each pool has 100 times the default quota of an account and each network ten times, for unsigned requests. aws: the default quotas of an account, for all pools together. off: none. Default generous in serve, off in dev."`
	QuotaCeilings  map[string]int `group:"Protection" env:"COGNATE_QUOTA_CEILINGS" mapsep:"," placeholder:"CATEGORY=N,…" help:"Highest rates that UpdateProvisionedLimit takes, such as UserAuthentication=5000. Default ten times the category's own."`
	LogTarget      []string       `group:"Logs" env:"COGNATE_LOG_TARGETS" name:"log-target" sep:"," placeholder:"ARN=TARGET,…" help:"Where the logs of user pools go that are for a log group, bucket or delivery stream; ARN may end in *. TARGET: stdout, file:PATH (a directory where it ends in a slash), aws, or aws:URL for what speaks the same protocol elsewhere. Other ARNs: a file each in logs of the data directory."`
	SMSCountries   []string       `group:"Messages" env:"COGNATE_SMS_COUNTRIES" name:"sms-countries" placeholder:"+49,…" help:"Calling codes that text messages may go to. Default all."`
	Breached       string         `group:"Protection" env:"COGNATE_BREACHED_PASSWORDS" name:"breached-passwords" placeholder:"FILE" help:"Passwords known from breaches, beside the built-in list: lines of SHA-1 digests in hexadecimal, sorted, each perhaps with a colon and a count. Searched where it lies; threat protection asks it."`
	BreachedURL    string         `group:"Protection" env:"COGNATE_BREACHED_PASSWORDS_URL" name:"breached-passwords-url" placeholder:"https://…" help:"Range API that is asked about passwords which the lists do not know: GET URL/XXXXX, the first five digits of the SHA-1 digest, answers the rests of digests. It learns no more. None: nobody is asked."`
	Locations      string         `group:"Protection" env:"COGNATE_LOCATION_DATABASE" name:"location-database" placeholder:"FILE" help:"MaxMind DB file with countries or cities, which threat protection looks addresses up in. None: it goes by addresses alone."`
	MetricsListen  string         `group:"Addresses" env:"COGNATE_METRICS_LISTEN" placeholder:"ADDRESS" help:"Separate address for /metrics. Default none."`
	logSettings
}

// logSettings are the flags of every command that logs.
type logSettings struct {
	LogFormat string `group:"Logs" env:"COGNATE_LOG_FORMAT" enum:"auto,text,json" default:"auto" help:"Form of log lines: text on a terminal and JSON elsewhere (auto), or always one of them."`
	LogLevel  string `group:"Logs" env:"COGNATE_LOG_LEVEL" enum:"debug,info,warn,error" default:"info" help:"Least severe log lines to write."`
}

func (s *settings) config(mode server.Mode) (server.Config, error) {
	functions, err := s.functions()
	if err != nil {
		return server.Config{}, err
	}
	if s.PublicURL == "" {
		s.PublicURL = localURL(s.Listen)
	}
	return server.Config{
		Mode:                 mode,
		Listen:               s.Listen,
		MetricsListen:        s.MetricsListen,
		DataDir:              s.Data,
		DatabaseURL:          s.DatabaseURL,
		MasterKeyFile:        s.MasterKeyFile,
		MasterKey:            os.Getenv("COGNATE_MASTER_KEY"),
		PublicURL:            s.PublicURL,
		IssuerURL:            s.IssuerURL,
		IdentityIssuerURL:    s.IdentityIssuer,
		DomainSuffix:         s.DomainSuffix,
		Region:               s.Region,
		AccountID:            s.AccountID,
		RootAccessKeyID:      os.Getenv("COGNATE_ROOT_ACCESS_KEY_ID"),
		RootSecretAccessKey:  os.Getenv("COGNATE_ROOT_SECRET_ACCESS_KEY"),
		SMTPURL:              s.SMTPURL,
		SMSURL:               s.SMSURL,
		STSURL:               s.STSURL,
		TrustedProxies:       s.TrustedProxies,
		BreachedPasswords:    s.Breached,
		BreachedPasswordsURL: s.BreachedURL,
		LocationDatabase:     s.Locations,
		Limits:               s.Limits,
		Quotas:               s.Quotas,
		QuotaCeilings:        s.QuotaCeilings,
		LogTargets:           s.LogTarget,
		SMSCountries:         s.SMSCountries,
		LambdaEndpoint:       s.LambdaEndpoint,
		Functions:            functions,
		FunctionVariables:    s.FunctionEnv,
		AllowNetworks:        s.AllowNetwork,
	}, nil
}

// functions are the pairs of the flags and those of COGNATE_FUNCTIONS.
func (s *settings) functions() ([]string, error) {
	text := os.Getenv("COGNATE_FUNCTIONS")
	if file, ok := strings.CutPrefix(text, "@"); ok {
		read, err := os.ReadFile(file) //nolint:gosec // the operator's own file
		if err != nil {
			return nil, fmt.Errorf("COGNATE_FUNCTIONS: %w", err)
		}
		text = string(read)
	}
	pairs := slices.Clone(s.Function)
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			pairs = append(pairs, line)
		}
	}
	return pairs, nil
}

// localURL is where this machine's own clients find a server that listens on
// address.
func localURL(address string) string {
	if _, port, err := net.SplitHostPort(address); err == nil && port != "" {
		return "http://localhost:" + port
	}
	return "" // the server complains about the address, or uses its default
}

// listen takes the port, before anything is made that a port in use would leave
// behind.
func (s *settings) listen() (net.Listener, error) {
	listener, err := net.Listen("tcp", cmp.Or(s.Listen, server.DefaultListen))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%w: stop the program that has it, or choose another address with --listen", err)
	case err != nil:
		return nil, fmt.Errorf("--listen: %w", err)
	}
	return listener, nil
}

// logger writes to file: text on a terminal, JSON elsewhere.
func (s *logSettings) logger(file *os.File) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil {
		return nil, fmt.Errorf("log level: %w", err)
	}
	options := &slog.HandlerOptions{Level: level}
	if s.LogFormat == "text" || s.LogFormat == "auto" && term.IsTerminal(int(file.Fd())) {
		options.ReplaceAttr = brief
		return slog.New(slog.NewTextHandler(file, options)), nil
	}
	return slog.New(slog.NewJSONHandler(file, options)), nil
}

// brief leaves out of lines that a person reads as they come what says nothing: the
// date, the usual level, attributes without a value.
func brief(_ []string, a slog.Attr) slog.Attr {
	switch {
	case a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime:
		return slog.String(a.Key, a.Value.Time().Format("15:04:05.000"))
	case a.Key == slog.LevelKey && a.Value.String() == slog.LevelInfo.String(), a.Value.Equal(slog.StringValue("")):
		return slog.Attr{}
	}
	return a
}
