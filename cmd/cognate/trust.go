package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"cognate/internal/outbound/truststore"
	"cognate/internal/server/localca"
)

type trustCommand struct {
	Install trustInstallCommand `cmd:"" help:"Let this machine's programs trust the certificates of cognate dev."`
	Remove  trustRemoveCommand  `cmd:"" help:"Take that trust back."`
	Export  trustExportCommand  `cmd:"" help:"Print the root certificate of cognate dev."`
}

// authorityFlags find the local authority.
type authorityFlags struct {
	Data string `env:"COGNATE_DATA" default:"./cognate-data" help:"Data directory of cognate dev, where its local authority lies."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// makingFlags are for commands that make the authority when it is missing, so
// that trust can come before the first start.
type makingFlags struct {
	TLSName []string `env:"COGNATE_TLS_NAME" name:"tls-name" placeholder:"NAME,…" help:"Host names and addresses that the authority is made for beside localhost, every name below it and the loopback addresses."`
}

type trustInstallCommand struct {
	authorityFlags
	makingFlags
}

// Help ends the page that trust install --help prints.
func (*trustInstallCommand) Help() string {
	return `Changes the system's store, the databases of Firefox and Chromium, and the
keystore of the Java in JAVA_HOME; sudo is asked for where root is needed.
Installing twice does no harm. The certificate is good for names of this machine
only, whoever signs with its key.

Example:
  cognate trust install`
}

// Run installs the root everywhere.
func (c *trustInstallCommand) Run(ctx context.Context, std streams) error {
	certificate, err := c.certificate(c.TLSName)
	if err != nil {
		return err
	}
	return c.report(std, machine(std).Install(ctx, certificate))
}

type trustRemoveCommand struct{ authorityFlags }

// Help ends the page that trust remove --help prints.
func (*trustRemoveCommand) Help() string {
	return `Takes the root out of every store that install puts it into. Run it before the
data directory is deleted: afterwards nobody knows which certificate it was.

Example:
  cognate trust remove`
}

// Run removes the root everywhere.
func (c *trustRemoveCommand) Run(ctx context.Context, std streams) error {
	root, err := localca.ReadRoot(c.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no local authority in %s, so there is nothing to remove", c.Data)
	}
	if err != nil {
		return err
	}
	file, err := c.rootFile()
	if err != nil {
		return err
	}
	return c.report(std, machine(std).Remove(ctx, truststore.Certificate{Root: root, File: file}))
}

type trustExportCommand struct {
	authorityFlags
	makingFlags
}

// Help ends the page that trust export --help prints.
func (*trustExportCommand) Help() string {
	return `For programs with a store of their own: most take a file with the certificate.

Example:
  cognate trust export > cognate-root.pem
  NODE_EXTRA_CA_CERTS=cognate-root.pem node app.mjs`
}

// Run prints the root.
func (c *trustExportCommand) Run(std streams) error {
	authority, err := localca.OpenOrCreate(c.Data, c.TLSName, time.Now)
	if err != nil {
		return err
	}
	if !c.JSON {
		_, err := std.out.Write(authority.PEM())
		return err
	}
	file, err := c.rootFile()
	if err != nil {
		return err
	}
	return json.NewEncoder(std.out).Encode(struct {
		File        string    `json:"file"`
		Certificate string    `json:"certificate"`
		SHA256      string    `json:"sha256"`
		Names       []string  `json:"names"`
		NotAfter    time.Time `json:"notAfter"`
	}{file, string(authority.PEM()), authority.Fingerprint(), authority.Names(), authority.Root().NotAfter})
}

// certificate is the root of the authority, which is made when it is missing.
func (c *authorityFlags) certificate(names []string) (truststore.Certificate, error) {
	authority, err := localca.OpenOrCreate(c.Data, names, time.Now)
	if err != nil {
		return truststore.Certificate{}, err
	}
	file, err := c.rootFile()
	return truststore.Certificate{Root: authority.Root(), File: file}, err
}

// rootFile is the root's file by a name that is good in every directory.
func (c *authorityFlags) rootFile() (string, error) {
	path, err := filepath.Abs(localca.RootFile(c.Data))
	if err != nil {
		return "", fmt.Errorf("find the data directory: %w", err)
	}
	return path, nil
}

// report prints what became of each store.
func (c *authorityFlags) report(std streams, results []truststore.Result) error {
	failed := 0
	for _, r := range results {
		if r.Outcome == truststore.Failed {
			failed++
		}
		if c.JSON {
			continue
		}
		fmt.Fprintf(std.out, "%-9s  %s\n", r.Outcome, r.Store)
		for _, line := range []string{r.Error, r.Advice} {
			if line != "" {
				fmt.Fprintf(std.out, "           %s\n", line)
			}
		}
	}
	if c.JSON {
		if err := json.NewEncoder(std.out).Encode(results); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of the stores could not be changed", failed)
	}
	return nil
}

// machine is this one.
func machine(std streams) *truststore.Machine {
	home, _ := os.UserHomeDir() // without one there are no browsers' databases
	return &truststore.Machine{
		Runner: truststore.Commands{In: os.Stdin, Err: std.err}, OS: runtime.GOOS, Root: os.Geteuid() == 0,
		Home: home, Getenv: os.Getenv,
	}
}
