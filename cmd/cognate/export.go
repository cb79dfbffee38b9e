package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"cognate/internal/cognito/poolcopy"
)

// exportPage is how many users are read at a time.
const exportPage = 2000

type exportCommand struct {
	administration
	Pool    string `required:"" placeholder:"ID" help:"The user pool."`
	Out     string `required:"" placeholder:"FILE" help:"File to write, or - for standard output."`
	Secrets string `enum:"sealed,plain,none" default:"sealed" help:"Password verifiers, authenticators, secrets of clients and providers: sealed with the key of --key-file, plain, or left out."`
	KeyFile string `placeholder:"FILE" help:"Key that seals the secrets. Made if it is not there. Default: the name of the file and .key."`
	Only    string `enum:"all,settings,users" default:"all" help:"all, settings or users."`
	Format  string `enum:"jsonl,csv" default:"jsonl" help:"jsonl: the whole pool, for cognate import. csv: users without passwords and groups, in the form that import jobs read, here or at Amazon Cognito."`
	JSON    bool   `name:"json" help:"Print the outcome as JSON."`
}

// Help ends the page that export --help prints.
func (*exportCommand) Help() string {
	return `The file has a line of JSON for each request that makes the pool again and for each
user. cognate import reads it back, here or at another server. Sessions, codes and
signing keys stay behind. Keep the key apart from the file.

With --format csv the file is one of users for CreateUserImportJob. Users whom such a
file cannot have are listed, and the command ends with 1.
` + credentialsHelp + `

Example:
  cognate export --pool us-east-1_AbCdEf123 --out shop.jsonl
  cognate export --pool us-east-1_AbCdEf123 --out users.csv --format csv`
}

// Run writes the file.
func (c *exportCommand) Run(ctx context.Context, std streams) error {
	region, err := regionOf(c.Pool)
	if err != nil {
		return err
	}
	c.Region = region
	pool, err := poolServer{&c.administration}.describe(ctx, c.Pool) // before anything is written
	if err != nil {
		return err
	}
	if c.Format == formatCSV {
		return c.csv(ctx, std, pool)
	}
	w := &poolWriter{secrets: c.Secrets}
	if c.Secrets == secretsSealed {
		if w.sealer, err = c.sealer(); err != nil {
			return err
		}
	}
	file, finish, err := c.create(std)
	if err != nil {
		return err
	}
	w.out = bufio.NewWriterSize(file, 1<<20)
	settings, users, err := c.write(ctx, std, w, int64(pool.EstimatedNumberOfUsers))
	if err == nil {
		err = w.out.Flush()
	}
	if err := finish(err); err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(std.err).Encode(map[string]int{"Settings": settings, "Users": users})
	}
	_, err = fmt.Fprintf(std.err, "%d settings and %d users of %s are in %s.\n", settings, users, c.Pool, c.Out)
	return err
}

func (c *exportCommand) sealer() (*sealer, error) {
	if c.KeyFile == "" && c.Out == "-" {
		return nil, &exitError{exitUsage, errors.New("sealed secrets on standard output need --key-file")}
	}
	if c.KeyFile == "" {
		c.KeyFile = c.Out + ".key"
	}
	return newSealer(c.KeyFile, true)
}

// create opens the file under another name, which it loses when it is complete.
func (c *exportCommand) create(std streams) (w io.Writer, finish func(error) error, err error) {
	if c.Out == "-" {
		return std.out, func(err error) error { return err }, nil
	}
	part := c.Out + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("remove what an earlier export left: %w", err)
	}
	file, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open the file: %w", err)
	}
	return file, func(err error) error {
		if err == nil {
			err = file.Sync()
		}
		if err = errors.Join(err, file.Close()); err != nil {
			return errors.Join(err, os.Remove(file.Name()))
		}
		return os.Rename(file.Name(), c.Out)
	}, nil
}

// write writes the lines; about is roughly how many users there are.
func (c *exportCommand) write(ctx context.Context, std streams, w *poolWriter, about int64) (settings, users int, err error) {
	if err := w.header(c.Pool); err != nil {
		return 0, 0, err
	}
	server := poolServer{&c.administration}
	if c.Only != "users" {
		steps, notes, err := poolcopy.Settings(ctx, server, c.Pool, image)
		if err != nil {
			return 0, 0, err
		}
		steps = slices.DeleteFunc(steps, func(s poolcopy.Step) bool { return w.omits(&s) })
		for _, s := range steps {
			if err := w.step(s); err != nil {
				return 0, 0, err
			}
		}
		settings = len(steps)
		printNotes(std.err, notes)
	}
	if c.Only != "settings" {
		users, err = c.eachUser(ctx, std, about, w.user)
		return settings, users, err
	}
	return settings, 0, nil
}

// eachUser reads the lines of all users, roughly about, and counts those that were
// taken.
func (c *exportCommand) eachUser(ctx context.Context, std streams, about int64, take func(line []byte) error) (int, error) {
	server := poolServer{&c.administration}
	bar := newProgress(std.err, "users", about)
	defer bar.end()
	users := 0
	for lines, err := range server.usersPages(ctx, c.Pool, exportPage) {
		if err != nil {
			return users, err
		}
		for line := range bytes.Lines(lines) {
			if err := take(line); err != nil {
				return users, err
			}
			users++
			bar.add(1)
		}
	}
	return users, nil
}

func printNotes(w io.Writer, notes []poolcopy.Note) {
	for _, n := range notes {
		fmt.Fprintf(w, "note: %s: %s\n", n.About, n.Text)
	}
}
