package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"cognate/internal/cognito/access"
)

type roleCommand struct {
	Put  rolePutCommand  `cmd:"" help:"Make a role, or replace one."`
	List roleListCommand `cmd:"" help:"Show the roles."`
	Rm   roleRmCommand   `cmd:"" help:"Remove a role, and end its sessions."`
}

type rolePutCommand struct {
	administration
	rights
	Name        string `arg:"" help:"Name of the role."`
	Trust       string `required:"" placeholder:"FILE" help:"Trust policy: who may take the role on."`
	Path        string `default:"/" help:"Path in the role's ARN."`
	Description string `help:"What it is for."`
	MaxSession  int    `default:"3600" placeholder:"SECONDS" help:"Longest session, 3600 to 43200 seconds."`
	JSON        bool   `name:"json" help:"Print JSON."`
}

// Help ends the page that role put --help prints.
func (*rolePutCommand) Help() string {
	return `Everything about the role is replaced but its id: sessions that it has go on with the
new policies.
` + credentialsHelp + `

Example:
  cognate role put shop-users --trust trust.json --policy shop-users.json`
}

// Run writes the role and prints its ARN.
func (c *rolePutCommand) Run(ctx context.Context, std streams) error {
	spec := access.RoleSpec{Name: c.Name, Path: c.Path, Description: c.Description, MaxSession: c.MaxSession, Tags: c.Tag}
	var err error
	if spec.Policies, spec.Boundary, err = c.texts(); err != nil {
		return err
	}
	if spec.Trust, err = policyText(c.Trust); err != nil {
		return err
	}
	var role access.RoleInfo
	if err := c.control(ctx, http.MethodPut, "/_cognate/v1/roles", spec, &role); err != nil {
		return err
	}
	return printEntry(std.out, role.ARN, role, c.JSON)
}

type roleListCommand struct {
	administration
	JSON bool `name:"json" help:"Print JSON."`
}

// Help ends the page that role list --help prints.
func (*roleListCommand) Help() string {
	return credentialsHelp + `

Example:
  cognate role list --json`
}

// Run prints the roles.
func (c *roleListCommand) Run(ctx context.Context, std streams) error {
	var got struct {
		Roles []access.RoleInfo `json:"roles"`
	}
	if err := c.control(ctx, http.MethodGet, "/_cognate/v1/roles", nil, &got); err != nil {
		return err
	}
	return printList(std.out, got, got.Roles, c.JSON, func(r access.RoleInfo) string {
		return fmt.Sprintf("%s  %d policies, sessions of %d seconds at most", r.ARN, len(r.Policies), r.MaxSession)
	})
}

type roleRmCommand struct {
	administration
	Name string `arg:"" help:"Name of the role."`
}

// Help ends the page that role rm --help prints.
func (*roleRmCommand) Help() string {
	return credentialsHelp + `

Example:
  cognate role rm shop-users`
}

// Run removes the role.
func (c *roleRmCommand) Run(ctx context.Context, std streams) error {
	var none struct{}
	if err := c.control(ctx, http.MethodDelete, "/_cognate/v1/roles/"+url.PathEscape(c.Name), nil, &none); err != nil {
		return err
	}
	_, err := fmt.Fprintf(std.out, "The role %s is removed.\n", c.Name)
	return err
}
