package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"cognate/internal/server"
)

type triggerSecretCommand struct {
	Show   secretShowCommand   `cmd:"" help:"Print the secrets that calls of functions over HTTP are signed with."`
	Rotate secretRotateCommand `cmd:"" help:"Make a new secret; calls are signed with the old one too for a day."`
}

// secretSource says where the secrets are: in a database, or on a development
// server that runs.
type secretSource struct {
	Data          string `env:"COGNATE_DATA" placeholder:"DIR" help:"Data directory of a server that does not run at the moment."`
	DatabaseURL   string `env:"COGNATE_DATABASE_URL" placeholder:"postgres://…" help:"Database of the server, which may run."`
	MasterKeyFile string `env:"COGNATE_MASTER_KEY_FILE" placeholder:"FILE" help:"File with the master key. Default master.key in the data directory."`
	PublicURL     string `env:"COGNATE_PUBLIC_URL" default:"http://localhost:7665" help:"Development server to ask when neither a data directory nor a database is given."`
	JSON          bool   `name:"json" help:"Print JSON."`
}

type secretShowCommand struct{ secretSource }

// Help ends the page that trigger secret show --help prints.
func (*secretShowCommand) Help() string {
	return `Receivers compute HMAC-SHA256 with the secret as it is printed over the t of
X-Cognate-Signature, a dot, and the body, and refuse a t older than five minutes.

Example:
  cognate trigger secret show --data /var/lib/cognate`
}

// Run prints the secrets.
func (c *secretShowCommand) Run(ctx context.Context, std streams) error {
	return c.run(ctx, std.out, false)
}

type secretRotateCommand struct{ secretSource }

// Help ends the page that trigger secret rotate --help prints.
func (*secretRotateCommand) Help() string {
	return "Example:\n  cognate trigger secret rotate --database-url postgres://db.example.com/cognate --master-key-file /etc/cognate/key"
}

// Run makes a secret and prints those in force.
func (c *secretRotateCommand) Run(ctx context.Context, std streams) error {
	return c.run(ctx, std.out, true)
}

func (c *secretSource) run(ctx context.Context, w io.Writer, rotate bool) error {
	secrets, err := c.secrets(ctx, rotate)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(w).Encode(map[string]any{"secrets": secrets})
	}
	for _, s := range secrets {
		until := ""
		if !s.Until.IsZero() {
			until = " until " + s.Until.Format(time.RFC3339)
		}
		if _, err := fmt.Fprintf(w, "%s%s\n", s.Secret, until); err != nil {
			return err
		}
	}
	return nil
}

func (c *secretSource) secrets(ctx context.Context, rotate bool) ([]server.FunctionSecret, error) {
	if c.Data == "" && c.DatabaseURL == "" {
		method := http.MethodGet
		if rotate {
			method = http.MethodPost
		}
		var got struct{ Secrets []server.FunctionSecret }
		server := administration{PublicURL: c.PublicURL, Region: "us-east-1"} // any Region does
		err := server.control(ctx, method, "/_cognate/v1/functions/secrets", nil, &got)
		return got.Secrets, err
	}
	if c.Data != "" && c.DatabaseURL == "" {
		if _, err := os.Stat(c.Data); errors.Is(err, os.ErrNotExist) {
			return nil, &exitError{exitUsage, err} // nothing is made by looking
		}
	}
	return server.FunctionSecrets(ctx, server.Config{
		Mode: server.Serve, DataDir: c.Data, DatabaseURL: c.DatabaseURL, MasterKeyFile: c.MasterKeyFile, MasterKey: os.Getenv("COGNATE_MASTER_KEY"),
	}, rotate)
}
