package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"cognate/internal/api"
	"cognate/internal/web/testidp"
)

type idpCommand struct {
	AddTest idpAddTestCommand `cmd:"" help:"Attach an identity provider that cognate dev plays to a pool."`
}

type idpAddTestCommand struct {
	administration
	Pool   string   `required:"" placeholder:"ID" help:"The user pool."`
	Kind   string   `required:"" enum:"google,facebook,amazon,apple,oidc,saml" help:"What it stands for: google, facebook, amazon, apple, oidc or saml."`
	Name   string   `help:"Name in the pool, of oidc and saml. Default TestOIDC or TestSAML; the others have the names of the real ones."`
	Client []string `placeholder:"ID" help:"App clients that offer it from now on. May be repeated."`
	JSON   bool     `name:"json" help:"Print the provider as JSON."`
}

// Help ends the page that idp add-test --help prints.
func (*idpAddTestCommand) Help() string {
	return `Nobody has an account there: whoever is sent to it chooses who to be, or invents
somebody, and may have the provider misbehave. It maps the e-mail address and names.
` + credentialsHelp + `

Example:
  cognate idp add-test --pool us-east-1_AbCdEf123 --client 4f2k1example --kind google`
}

// Run attaches the provider and says where to try it.
func (c *idpAddTestCommand) Run(ctx context.Context, std streams) error {
	kind := testidp.Kind(c.Kind)
	if c.Name != "" && !slices.Contains([]testidp.Kind{testidp.OIDC, testidp.SAML}, kind) {
		return &exitError{exitUsage, fmt.Errorf("a provider of kind %s has the name of the real one: leave --name out", kind)}
	}
	request, err := testidp.Attachment(c.PublicURL, kind, c.Pool, c.Name)
	if err != nil {
		return err
	}
	service := remote{&c.administration}
	made, err := service.CreateIdentityProvider(ctx, request)
	if err != nil {
		return fmt.Errorf("create %s: %w", request.ProviderName, err)
	}
	for _, client := range c.Client {
		if err := testidp.Offer(ctx, service, c.Pool, client, request.ProviderName); err != nil {
			return err
		}
	}
	if c.JSON {
		return json.NewEncoder(std.out).Encode(made)
	}
	_, err = fmt.Fprintf(std.out, "%s is attached to %s.\n", request.ProviderName, c.Pool)
	return err
}

// remote are operations of a server that runs.
type remote struct{ *administration }

func (r remote) CreateIdentityProvider(ctx context.Context, in *api.CreateIdentityProviderRequest) (*api.CreateIdentityProviderResponse, error) {
	out := &api.CreateIdentityProviderResponse{}
	return out, r.call(ctx, "CreateIdentityProvider", in, out)
}

func (r remote) DescribeUserPoolClient(ctx context.Context, in *api.DescribeUserPoolClientRequest) (*api.DescribeUserPoolClientResponse, error) {
	out := &api.DescribeUserPoolClientResponse{}
	return out, r.call(ctx, "DescribeUserPoolClient", in, out)
}

func (r remote) UpdateUserPoolClient(ctx context.Context, in *api.UpdateUserPoolClientRequest) (*api.UpdateUserPoolClientResponse, error) {
	out := &api.UpdateUserPoolClientResponse{}
	return out, r.call(ctx, "UpdateUserPoolClient", in, out)
}
