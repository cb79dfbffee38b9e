package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"cognate/internal/server"
)

type serveCommand struct {
	settings
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
	s, err := server.New(ctx, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if id, secret, made := s.NewRootKey(); made {
		fmt.Fprintf(std.out, "The first administrator's key, shown this once:\n"+
			"  AWS_ACCESS_KEY_ID=%s\n  AWS_SECRET_ACCESS_KEY=%s\n", id, secret)
	}
	return s.Run(ctx)
}
