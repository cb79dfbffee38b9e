package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/term"

	"cognate/internal/api"
	"cognate/internal/outbound/fetch"
	"cognate/internal/server"
)

type devCommand struct {
	settings
	makingFlags
	providerFlags
	Memory   bool `env:"COGNATE_MEMORY" help:"Keep everything in memory and nothing on disk."`
	NoSample bool `help:"Do not make the ready pool, client and user."`
	Quiet    bool `short:"q" help:"Print nothing but errors."`
	JSON     bool `name:"json" help:"Print what was made as one line of JSON when ready."`
}

// providerFlags say where the social providers are.
type providerFlags struct {
	Google   string `group:"Functions and other services" env:"COGNATE_GOOGLE_URL" name:"google-url" placeholder:"URL" help:"Asked in the place of Google's hosts, with the same paths. Default Google. A provider whose client_id is cognate-test is the built-in one in any case."`
	Facebook string `group:"Functions and other services" env:"COGNATE_FACEBOOK_URL" name:"facebook-url" placeholder:"URL" help:"The same for Facebook."`
	Amazon   string `group:"Functions and other services" env:"COGNATE_AMAZON_URL" name:"amazon-url" placeholder:"URL" help:"The same for Login with Amazon."`
	Apple    string `group:"Functions and other services" env:"COGNATE_APPLE_URL" name:"apple-url" placeholder:"URL" help:"The same for Sign in with Apple."`
}

func (f *providerFlags) urls() map[api.IdentityProviderTypeType]string {
	urls := map[api.IdentityProviderTypeType]string{
		api.IdentityProviderTypeTypeGoogle: f.Google, api.IdentityProviderTypeTypeFacebook: f.Facebook,
		api.IdentityProviderTypeTypeLoginWithAmazon: f.Amazon, api.IdentityProviderTypeTypeSignInWithApple: f.Apple,
	}
	maps.DeleteFunc(urls, func(_ api.IdentityProviderTypeType, address string) bool { return address == "" })
	return urls
}

// Help ends the page that dev --help prints.
func (*devCommand) Help() string {
	return `Any AWS credentials are accepted. Messages are shown at {public-url}/_cognate/inbox.
The port speaks https too, with certificates of an authority of its own that
cognate trust install makes this machine's programs trust. Not for production:
use cognate serve there.

Example:
  cognate dev --memory`
}

// Run serves until a signal comes.
func (c *devCommand) Run(ctx context.Context, std streams) (err error) {
	log, err := c.logger(os.Stderr)
	if err != nil {
		return err
	}
	config, err := c.config(server.Dev)
	if err != nil {
		return err
	}
	config.Memory, config.TLSNames, config.ProviderURLs = c.Memory, c.TLSName, c.urls()
	config.Log = log
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
	return c.serve(ctx, std, s, listener)
}

// serve answers requests from the first moment, and meanwhile makes the
// sample: its keys take longer to make than everything else at the start.
func (c *devCommand) serve(ctx context.Context, std streams, s *server.Server, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served := make(chan error, 1)
	go func() { served <- s.RunOn(ctx, listener) }()
	if err := c.introduce(ctx, std, s, listener.Addr()); err != nil && ctx.Err() == nil {
		cancel()
		return errors.Join(err, <-served)
	}
	return <-served
}

// introduce makes the sample and prints where everything is.
func (c *devCommand) introduce(ctx context.Context, std streams, s *server.Server, address net.Addr) error {
	var sample *server.Sample
	if !c.NoSample {
		var err error
		if sample, err = s.MakeSample(ctx); err != nil {
			return fmt.Errorf("make the sample pool: %w", err)
		}
	}
	return c.announce(std.out, address, sample)
}

func (c *devCommand) announce(w io.Writer, address net.Addr, sample *server.Sample) error {
	switch {
	case c.JSON:
		return announceJSON(w, c.PublicURL, c.httpsURL(address), sample)
	case c.Quiet:
		return nil
	}
	b := banner{w: w, colour: colourful(w), endpoint: c.PublicURL, region: c.Region, data: c.Data, sample: sample}
	b.program = program()
	b.https, b.trust = c.httpsURL(address), b.program+" trust install"
	if c.Data != "./cognate-data" {
		b.trust += " --data " + quote(c.Data)
	}
	if c.Memory {
		b.data = "in memory only"
		b.trust += ", then start again" // with the authority that this makes
	} else if c.DatabaseURL != "" {
		b.data = "PostgreSQL"
	}
	if a, err := netip.ParseAddrPort(address.String()); err == nil && !a.Addr().IsLoopback() {
		b.exposed = address.String()
	}
	return b.print()
}

// program is how this program was called, so that what it prints can be pasted.
func program() string {
	if called := os.Args[0]; strings.ContainsRune(called, filepath.Separator) {
		return called
	}
	return "cognate"
}

// httpsURL is where the port speaks TLS: by the name of the public URL if
// there is a certificate for it, else as localhost.
func (c *devCommand) httpsURL(address net.Addr) string {
	if u, err := url.Parse(c.PublicURL); err == nil && u.Host != "" &&
		(fetch.LoopbackName(u.Hostname()) || slices.Contains(c.TLSName, u.Hostname())) {
		return "https://" + u.Host
	}
	_, port, _ := net.SplitHostPort(address.String())
	return "https://localhost:" + port
}

// colourful reports whether w is a terminal that may be coloured.
func colourful(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == ""
}
