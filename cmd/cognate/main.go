// Command cognate is a complete, self-hosted Amazon Cognito.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
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
	AccessKey    accessKeyCommand    `cmd:"" help:"The access keys of users, and what these may do."`
	Dev          devCommand          `cmd:"" help:"Start a development server: any credentials are accepted and messages go to an inbox."`
	Serve        serveCommand        `cmd:"" help:"Start a production server: signatures are verified and no development feature exists."`
	Env          envCommand          `cmd:"" help:"Print the variables that point the AWS SDKs and the AWS CLI at the server."`
	Gateway      gatewayCommand      `cmd:"" help:"Stand in front of web applications and sign their users in, as an Application Load Balancer does."`
	Healthcheck  healthcheckCommand  `cmd:"" help:"Ask a running server whether it is ready; exits 0 if so."`
	Doctor       doctorCommand       `cmd:"" help:"Look for settings that weaken a running server."`
	Export       exportCommand       `cmd:"" help:"Write a user pool with its users to a file."`
	Idp          idpCommand          `cmd:"" name:"idp" help:"Identity providers of pools."`
	Import       importCommand       `cmd:"" help:"Read a user pool with its users from a file."`
	Keys         keysCommand         `cmd:"" help:"The keys that pools sign their tokens with."`
	Migrate      migrateCommand      `cmd:"" help:"Move in from another service."`
	OIDCProvider oidcProviderCommand `cmd:"" name:"oidc-provider" help:"OpenID providers that roles and identity pools trust."`
	Policy       policyCommand       `cmd:"" help:"Try IAM policies."`
	Role         roleCommand         `cmd:"" help:"Roles: what sessions may do, and who gets them."`
	SAMLProvider samlProviderCommand `cmd:"" name:"saml-provider" help:"SAML providers that roles and identity pools trust."`
	Trigger      triggerCommand      `cmd:"" help:"Look at and try the functions of pools."`
	Trust        trustCommand        `cmd:"" help:"Let this machine's programs trust the certificates of cognate dev, or no longer."`
	Version      versionCommand      `cmd:"" help:"Print the version."`
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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	exited := -1
	parser, err := kong.New(&cli{},
		kong.Name("cognate"),
		kong.Description("A complete, self-hosted Amazon Cognito."),
		kong.UsageOnError(),
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
		fmt.Fprintln(std.err, "Try 'cognate --help'.")
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
