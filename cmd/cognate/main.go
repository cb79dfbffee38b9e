// Command cognate is a complete, self-hosted Amazon Cognito.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit codes, the same for every command.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitRefused     = 4
	exitUnreachable = 5
)

// cli is the command line. Each command is a struct with a Run method.
type cli struct {
	Dev         devCommand         `cmd:"" group:"Servers" help:"Start a development server: any credentials are accepted and messages go to an inbox."`
	Serve       serveCommand       `cmd:"" group:"Servers" help:"Start a production server: signatures are verified and no development feature exists."`
	Gateway     gatewayCommand     `cmd:"" group:"Servers" help:"Stand in front of web applications and sign their users in, as an Application Load Balancer does."`
	Env         envCommand         `cmd:"" group:"A running server" help:"Print the variables that point the AWS SDKs and the AWS CLI at the server."`
	Healthcheck healthcheckCommand `cmd:"" group:"A running server" help:"Ask a running server whether it is ready; exits 0 if so."`
	Doctor      doctorCommand      `cmd:"" group:"A running server" help:"Look for settings that weaken a running server."`
	Trust       trustCommand       `cmd:"" group:"A running server" help:"Let this machine's programs trust the certificates of cognate dev, or no longer."`

	Keys    keysCommand    `cmd:"" group:"User pools" help:"The keys that pools sign their tokens with."`
	Trigger triggerCommand `cmd:"" group:"User pools" help:"Look at and try the functions of pools."`
	Idp     idpCommand     `cmd:"" group:"User pools" name:"idp" help:"Identity providers of pools."`
	Export  exportCommand  `cmd:"" group:"User pools" help:"Write a user pool with its users to a file."`
	Import  importCommand  `cmd:"" group:"User pools" help:"Read a user pool with its users from a file."`
	Migrate migrateCommand `cmd:"" group:"User pools" help:"Move in from Amazon Cognito."`

	AccessKey    accessKeyCommand    `cmd:"" group:"Who may do what" help:"The access keys of users, and what these may do."`
	Role         roleCommand         `cmd:"" group:"Who may do what" help:"Roles: what sessions may do, and who gets them."`
	OIDCProvider oidcProviderCommand `cmd:"" group:"Who may do what" name:"oidc-provider" help:"OpenID providers that roles and identity pools trust."`
	SAMLProvider samlProviderCommand `cmd:"" group:"Who may do what" name:"saml-provider" help:"SAML providers that roles and identity pools trust."`
	Policy       policyCommand       `cmd:"" group:"Who may do what" help:"Try IAM policies."`

	Version versionCommand `cmd:"" group:"Servers" help:"Print the version."`
}

// streams are the program's outputs; tests replace them.
type streams struct{ out, err io.Writer }

// exitError ends the program with a code of its own.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func main() { os.Exit(run(os.Args[1:], streams{os.Stdout, os.Stderr})) }

func run(args []string, std streams) int {
	if len(args) == 0 {
		args = []string{"--help"}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	exited := -1
	parser, err := kong.New(&cli{},
		kong.Name("cognate"),
		kong.Description("A complete, self-hosted Amazon Cognito."),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Writers(std.out, std.err),
		kong.Exit(func(code int) { exited = code }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(std),
	)
	if err != nil {
		fmt.Fprintln(std.err, "cognate:", err)
		return exitFailed
	}
	command, err := parser.Parse(args)
	if exited >= 0 { // --help was answered
		return exited
	}
	if err != nil {
		fmt.Fprintln(std.err, "cognate:", err)
		fmt.Fprintf(std.err, "Try '%s --help'.\n", commandOf(err))
		return exitUsage
	}
	if err := command.Run(); err != nil {
		fmt.Fprintln(std.err, "cognate:", err)
		if exit, ok := errors.AsType[*exitError](err); ok {
			return exit.code
		}
		return exitFailed
	}
	return 0
}

// commandOf is the command, as far as it was understood, that a mistake on the
// command line was made in.
func commandOf(err error) string {
	path := []string{"cognate"}
	if mistake, ok := errors.AsType[*kong.ParseError](err); ok && mistake.Context != nil {
		for _, part := range mistake.Context.Path {
			if part.Command != nil {
				path = append(path, part.Command.Name)
			}
		}
	}
	return strings.Join(path, " ")
}
