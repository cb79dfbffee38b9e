package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"cognate/internal/server"
	"cognate/internal/server/certificates"
)

type serveCommand struct {
	settings
	TLSCert []string `group:"TLS" env:"COGNATE_TLS_CERT" name:"tls-cert" placeholder:"FILE,…" help:"Files with certificates and their chains, in PEM. Read again when they change. None: the port speaks plain HTTP, for a proxy with TLS before it."`
	TLSKey  []string `group:"TLS" env:"COGNATE_TLS_KEY" name:"tls-key" placeholder:"FILE,…" help:"Files with the keys of --tls-cert, in the same order."`

	ACMEEmail     string   `group:"TLS" env:"COGNATE_ACME_EMAIL" name:"acme-email" placeholder:"ADDRESS" help:"Get certificates by ACME and agree to the authority's terms; its warnings come to this address. For the hosts of --public-url, of domains and of --acme-host that no --tls-cert is for."`
	ACMEDirectory string   `group:"TLS" env:"COGNATE_ACME_DIRECTORY" name:"acme-directory" placeholder:"URL" help:"ACME authority; given alone it turns ACME on too. Default Let's Encrypt."`
	ACMEHost      []string `group:"TLS" env:"COGNATE_ACME_HOSTS" name:"acme-host" placeholder:"NAME,…" help:"Further hosts to get certificates for."`
}

// certificates are the pairs of the flags.
func (c *serveCommand) certificates() ([]certificates.Pair, error) {
	if len(c.TLSCert) != len(c.TLSKey) {
		return nil, &exitError{exitUsage, fmt.Errorf("%d of tls-cert and %d of tls-key: they come in pairs", len(c.TLSCert), len(c.TLSKey))}
	}
	var pairs []certificates.Pair
	for i, cert := range c.TLSCert {
		pairs = append(pairs, certificates.Pair{Cert: cert, Key: c.TLSKey[i]})
	}
	return pairs, nil
}

// Help ends the page that serve --help prints.
func (*serveCommand) Help() string {
	return `The first start makes the first administrator's access key and prints it once,
unless COGNATE_ROOT_ACCESS_KEY_ID and COGNATE_ROOT_SECRET_ACCESS_KEY give it.
With COGNATE_MASTER_KEY the master key itself is given (32 bytes in base64).

Example:
  cognate serve --data /var/lib/cognate --public-url https://id.example.com \
    --smtp-url 'smtp://user:password@mail.example.com:587?tls=required'`
}

// Run serves until a signal comes.
func (c *serveCommand) Run(ctx context.Context, std streams) (err error) {
	log, err := c.logger(os.Stderr)
	if err != nil {
		return err
	}
	config, err := c.config(server.Serve)
	if err != nil {
		return err
	}
	config.Log = log
	config.ShowRootKey = func(id, secret string) {
		fmt.Fprintf(std.out, "The first administrator's key, shown this once:\n"+
			"  AWS_ACCESS_KEY_ID=%s\n  AWS_SECRET_ACCESS_KEY=%s\n", id, secret)
	}
	if config.Certificates, err = c.certificates(); err != nil {
		return err
	}
	config.ACME = server.ACME{Email: c.ACMEEmail, Directory: c.ACMEDirectory, Hosts: c.ACMEHost}
	listener, err := c.listen()
	if err != nil {
		return err
	}
	defer listener.Close()
	s, err := server.New(ctx, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	log.Info("started", "version", version, "listen", listener.Addr().String(), "public_url", config.PublicURL)
	if c.SMTPURL == "" {
		log.Warn("no mail is sent: --smtp-url is not set")
	}
	context.AfterFunc(ctx, func() { log.Info("stopping: requests in flight are finished") })
	if err := s.RunOn(ctx, listener); err != nil {
		return err
	}
	log.Info("stopped")
	return nil
}
