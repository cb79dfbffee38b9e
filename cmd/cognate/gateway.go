package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cognate/internal/gateway"
	"cognate/internal/gateway/auth"
	"cognate/internal/gateway/rules"
	"cognate/internal/gateway/seal"
	"cognate/internal/server/certificates"
)

type gatewayCommand struct {
	Rules         string `env:"COGNATE_GATEWAY_RULES" placeholder:"FILE" help:"Rules: listeners, conditions, actions and target groups, in YAML. Read again at SIGHUP."`
	KeyFile       string `env:"COGNATE_GATEWAY_KEY_FILE" placeholder:"FILE" help:"Keys that seal sessions and sign the header for applications, one a line, the newest first; the same for every gateway. Default gateway.key in the data directory, made at the first start. Read again at SIGHUP."`
	Data          string `env:"COGNATE_DATA" default:"./cognate-data" help:"Data directory, for the key file."`
	PublicURL     string `env:"COGNATE_PUBLIC_URL" default:"http://localhost:7665" help:"Base URL of the installation whose pools users sign in to."`
	IssuerURL     string `env:"COGNATE_ISSUER_URL" placeholder:"URL" help:"The installation's --issuer-url. Default {public-url}/{userPoolId}."`
	DomainSuffix  string `env:"COGNATE_DOMAIN_SUFFIX" default:"auth.localhost" help:"The installation's --domain-suffix."`
	CABundle      string `env:"COGNATE_GATEWAY_CA_BUNDLE" name:"ca-bundle" placeholder:"FILE" help:"Authorities that the installation and other providers may have their certificates from, in PEM. Default those of the system."`
	AccessLog     string `env:"COGNATE_GATEWAY_ACCESS_LOG" placeholder:"FILE" help:"Where the access log is added to, in the form of an Application Load Balancer's; - is the standard output. Opened again at SIGHUP. Default none."`
	MetricsListen string `env:"COGNATE_METRICS_LISTEN" placeholder:"ADDRESS" help:"Separate address for /metrics. Default none."`
	Demo          bool   `help:"Put an application that shows its headers behind sign-in with the ready-made pool of cognate dev. The rules are written to gateway-demo.yaml in the data directory."`
	DemoListen    string `default:"127.0.0.1:8443" help:"Where the demonstration listens, on this machine alone."`
	logSettings
}

// Help ends the page that gateway --help prints.
func (*gatewayCommand) Help() string {
	return `The client's secret and settings are read from its pool, by requests that are signed with
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or COGNATE_ACCESS_KEY_ID and
COGNATE_SECRET_ACCESS_KEY; cognate dev accepts any, and none. The key has to be allowed cognito-idp:DescribeUserPoolClient.

To change the keys, add a new one as the second line of the key file everywhere, reload, and
then move it to the first. Leave the old one for the week that sessions last.

Examples:
  cognate gateway --rules gateway.yaml --public-url https://id.example.com
  cognate gateway --demo         beside a cognate dev that runs`
}

// Run serves until a signal comes.
func (c *gatewayCommand) Run(ctx context.Context, std streams) (err error) {
	if (c.Rules != "") == c.Demo {
		return &exitError{exitUsage, errors.New("one of --rules and --demo is needed")}
	}
	log, err := c.logger(os.Stderr)
	if err != nil {
		return err
	}
	config, err := c.config(log)
	if err != nil {
		return err
	}
	announce := func() {}
	if c.Demo {
		demo, err := c.startDemo(ctx, &config)
		if err != nil {
			return err
		}
		defer demo.server.Close()
		announce = func() { c.announceDemo(std, demo) }
	}
	reopen := func() error { return nil }
	if c.AccessLog != "" {
		access, refused := openAccessLog(c.AccessLog, std.out)
		if refused != nil {
			return refused
		}
		defer func() { err = errors.Join(err, access.Close()) }()
		config.AccessLog, reopen = access, access.reopen
	}
	hangups := make(chan os.Signal, 1) // from here on: without it one would end the gateway
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	g, err := gateway.New(ctx, config)
	if err != nil {
		return err
	}
	if c.MetricsListen != "" {
		stop, err := serveMetrics(ctx, c.MetricsListen, g.Metrics())
		if err != nil {
			return err
		}
		defer stop()
	}
	go c.reload(ctx, hangups, log, func() error { return errors.Join(reopen(), g.Reload(ctx)) })
	announce()
	log.Info("gateway is ready", "rules", c.Rules)
	return g.Run(ctx)
}

// reload reads the settings again whenever a signal asks for it.
func (c *gatewayCommand) reload(ctx context.Context, hangups <-chan os.Signal, log *slog.Logger, again func() error) {
	for {
		select {
		case <-hangups:
			if err := again(); err != nil {
				log.Error("reload refused", "error", err)
			} else {
				log.Info("reloaded", "rules", c.Rules)
			}
		case <-ctx.Done():
			return
		}
	}
}

func (c *gatewayCommand) config(log *slog.Logger) (gateway.Config, error) {
	keys, err := c.keyFile()
	if err != nil {
		return gateway.Config{}, err
	}
	config := gateway.Config{
		RulesFile: c.Rules, KeyFile: keys, Log: log, Now: time.Now,
		Installation: auth.Installation{
			PublicURL: strings.TrimRight(c.PublicURL, "/"), IssuerURL: c.IssuerURL, DomainSuffix: c.DomainSuffix,
			Credentials: func(context.Context) (aws.Credentials, error) { return environmentCredentials(), nil },
		},
		Certificates: func(list []rules.Certificate) (gateway.Certificates, error) { return loadCertificates(list, log) },
	}
	if c.CABundle != "" {
		text, err := os.ReadFile(c.CABundle)
		if err != nil {
			return gateway.Config{}, fmt.Errorf("read the CA bundle: %w", err)
		}
		config.Roots = x509.NewCertPool()
		if !config.Roots.AppendCertsFromPEM(text) {
			return gateway.Config{}, fmt.Errorf("the CA bundle %s has no certificate in PEM form", c.CABundle)
		}
	}
	return config, nil
}

// keyFile names the key file. That of the data directory is made when it is not
// there; one that the settings name has to be.
func (c *gatewayCommand) keyFile() (string, error) {
	if c.KeyFile != "" {
		return c.KeyFile, nil
	}
	name := filepath.Join(c.Data, "gateway.key")
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return "", fmt.Errorf("make the data directory: %w", err)
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return name, nil
	} else if err != nil {
		return "", fmt.Errorf("make the key file: %w", err)
	}
	_, err = fmt.Fprintln(file, seal.NewKey())
	if err = errors.Join(err, file.Close()); err != nil {
		return "", fmt.Errorf("make the key file: %w", err)
	}
	return name, nil
}

// environmentCredentials are those of the environment, or made-up ones, which a
// development server accepts.
func environmentCredentials() aws.Credentials {
	if id := os.Getenv("COGNATE_ACCESS_KEY_ID"); id != "" {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: os.Getenv("COGNATE_SECRET_ACCESS_KEY"), SessionToken: os.Getenv("COGNATE_SESSION_TOKEN")}
	}
	if id := os.Getenv("AWS_ACCESS_KEY_ID"); id != "" {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"), SessionToken: os.Getenv("AWS_SESSION_TOKEN")}
	}
	return aws.Credentials{AccessKeyID: "cognate", SecretAccessKey: "cognate-dev"}
}

// listenerCertificates are the operator's files as a gateway takes them.
type listenerCertificates struct{ files *certificates.Files }

func loadCertificates(list []rules.Certificate, log *slog.Logger) (gateway.Certificates, error) {
	if len(list) == 0 {
		return nil, errors.New("a listener of HTTPS needs Certificates")
	}
	var pairs []certificates.Pair
	for _, c := range list {
		pairs = append(pairs, certificates.Pair{Cert: c.CertificateFile, Key: c.KeyFile})
	}
	files, err := certificates.Load(pairs, time.Now, log)
	if err != nil {
		return nil, err
	}
	return listenerCertificates{files}, nil
}

// GetCertificate gives the one that fits, or the first: then the client tells its
// user what is wrong with it.
func (c listenerCertificates) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if cert := c.files.Find(hello); cert != nil {
		return cert, nil
	}
	return c.files.First(), nil
}

// Covers reports whether a certificate names a host.
func (c listenerCertificates) Covers(host string) bool { return c.files.Covers(host) }

// accessLog is a file that lines are added to, or the standard output.
type accessLog struct {
	name string // empty: the standard output

	mu  sync.Mutex
	out io.Writer
}

func openAccessLog(name string, out io.Writer) (*accessLog, error) {
	if name == "-" {
		return &accessLog{out: out}, nil
	}
	l := &accessLog{name: name}
	return l, l.reopen()
}

// reopen opens the file by its name again, which may be another by now: programs
// that rotate logs move the old one away first.
func (l *accessLog) reopen() error {
	if l.name == "" {
		return nil
	}
	file, err := os.OpenFile(l.name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640) //nolint:gosec // what collects logs is of the group
	if err != nil {
		return fmt.Errorf("open the access log: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.out
	l.out = file
	if closer, ok := before.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

// Write adds a line.
func (l *accessLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(line)
}

// Close closes the file, if it is one of ours.
func (l *accessLog) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if closer, ok := l.out.(io.Closer); ok && l.name != "" {
		return closer.Close()
	}
	return nil
}

// serveMetrics answers for the counters on an address of their own.
func serveMetrics(ctx context.Context, address string, h http.Handler) (stop func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for metrics: %w", err)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 15 * time.Second}
	go s.Serve(listener) //nolint:errcheck // it ends when the gateway does
	return func() { s.Close() }, nil
}
