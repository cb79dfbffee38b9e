package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"cognate/internal/cognito/access"
)

type oidcProviderCommand struct {
	Put  oidcProviderPutCommand  `cmd:"" help:"Trust the tokens of an OpenID provider, or replace its client ids."`
	List oidcProviderListCommand `cmd:"" help:"Show the OpenID providers of the installation."`
	Rm   providerRmCommand       `cmd:"" help:"Remove an OpenID provider, and end the sessions that came of its tokens."`
}

type oidcProviderPutCommand struct {
	administration
	URL      string   `arg:"" help:"Issuer of the provider, such as https://token.actions.githubusercontent.com."`
	ClientID []string `required:"" placeholder:"ID" help:"Audience that tokens may have. May be repeated."`
	JSON     bool     `name:"json" help:"Print JSON."`
}

// Help ends the page that oidc-provider put --help prints.
func (*oidcProviderPutCommand) Help() string {
	return `Roles trust the provider by the ARN that is printed; identity pools name it likewise.
` + credentialsHelp + `

Example:
  cognate oidc-provider put https://token.actions.githubusercontent.com --client-id sts.amazonaws.com`
}

// Run writes the provider and prints its ARN.
func (c *oidcProviderPutCommand) Run(ctx context.Context, std streams) error {
	return c.putProvider(ctx, std.out, map[string]any{"url": c.URL, "clientIds": c.ClientID}, c.JSON)
}

type oidcProviderListCommand struct {
	administration
	JSON bool `name:"json" help:"Print JSON."`
}

// Help ends the page that oidc-provider list --help prints.
func (*oidcProviderListCommand) Help() string {
	return credentialsHelp + `

Example:
  cognate oidc-provider list`
}

// Run prints the providers.
func (c *oidcProviderListCommand) Run(ctx context.Context, std streams) error {
	return c.listProviders(ctx, std.out, "oidc-provider", c.JSON)
}

type providerRmCommand struct {
	administration
	ARN string `arg:"" help:"ARN of the provider."`
}

// Help ends the pages of the commands that remove providers.
func (*providerRmCommand) Help() string {
	return credentialsHelp + `

Example:
  cognate saml-provider rm arn:aws:iam::123456789012:saml-provider/corp`
}

// Run removes the provider.
func (c *providerRmCommand) Run(ctx context.Context, std streams) error {
	return c.removeProvider(ctx, std.out, c.ARN)
}

type samlProviderCommand struct {
	Put  samlProviderPutCommand  `cmd:"" help:"Trust the assertions of a SAML provider, or replace its metadata."`
	List samlProviderListCommand `cmd:"" help:"Show the SAML providers of the installation."`
	Rm   providerRmCommand       `cmd:"" help:"Remove a SAML provider, and end the sessions that came of its assertions."`
}

type samlProviderPutCommand struct {
	administration
	Name     string `arg:"" help:"Name of the provider."`
	Metadata string `required:"" placeholder:"FILE" help:"Metadata document of the provider."`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// Help ends the page that saml-provider put --help prints.
func (*samlProviderPutCommand) Help() string {
	return credentialsHelp + `

Example:
  cognate saml-provider put corp --metadata corp.xml`
}

// Run writes the provider and prints its ARN.
func (c *samlProviderPutCommand) Run(ctx context.Context, std streams) error {
	metadata, err := policyText(c.Metadata)
	if err != nil {
		return err
	}
	return c.putProvider(ctx, std.out, map[string]any{"name": c.Name, "metadata": metadata}, c.JSON)
}

type samlProviderListCommand struct {
	administration
	JSON bool `name:"json" help:"Print JSON."`
}

// Help ends the page that saml-provider list --help prints.
func (*samlProviderListCommand) Help() string {
	return credentialsHelp + `

Example:
  cognate saml-provider list`
}

// Run prints the providers.
func (c *samlProviderListCommand) Run(ctx context.Context, std streams) error {
	return c.listProviders(ctx, std.out, "saml-provider", c.JSON)
}

// providersPath is where the server keeps providers of both kinds.
const providersPath = "/_cognate/v1/account-providers"

// putProvider writes what ask says of a provider, and prints its ARN.
func (a *administration) putProvider(ctx context.Context, w io.Writer, ask map[string]any, asJSON bool) error {
	var p access.ProviderInfo
	if err := a.control(ctx, http.MethodPut, providersPath, ask, &p); err != nil {
		return err
	}
	return printEntry(w, p.ARN, p, asJSON)
}

// accountProviders is what the server answers for providers of both kinds.
type accountProviders struct {
	Providers []access.ProviderInfo `json:"providers"`
}

// listProviders prints the providers of one kind.
func (a *administration) listProviders(ctx context.Context, w io.Writer, kind string, asJSON bool) error {
	var all, got accountProviders
	if err := a.control(ctx, http.MethodGet, providersPath, nil, &all); err != nil {
		return err
	}
	got.Providers = []access.ProviderInfo{}
	for _, p := range all.Providers {
		if strings.Contains(p.ARN, ":"+kind+"/") {
			got.Providers = append(got.Providers, p)
		}
	}
	return printList(w, got, got.Providers, asJSON, func(p access.ProviderInfo) string {
		return strings.TrimSpace(p.ARN + "  " + strings.Join(p.ClientIDs, " "))
	})
}

func (a *administration) removeProvider(ctx context.Context, w io.Writer, arn string) error {
	var none struct{}
	query := url.Values{"arn": {arn}}.Encode()
	if err := a.control(ctx, http.MethodDelete, providersPath+"?"+query, nil, &none); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%s is removed.\n", arn)
	return err
}
