package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"cognate/internal/api"
	"cognate/internal/cognito/review"
)

type doctorCommand struct {
	administration
	Security bool   `help:"Review the settings of pools and clients."`
	Pool     string `placeholder:"ID" help:"Look at one pool only."`
	JSON     bool   `name:"json" help:"Print one line of JSON for each finding."`
}

// Help ends the page that doctor --help prints.
func (*doctorCommand) Help() string {
	return `Without --security it only makes sure that the server answers signed requests.
Exits 1 if a finding is critical.
` + credentialsHelp + `

Example:
  cognate doctor --security`
}

// pageOfPools is the largest page that ListUserPools and ListUserPoolClients give.
const pageOfPools = 60

// errCritical ends the command when a finding is critical.
var errCritical = errors.New("there are critical findings")

// Run prints the findings.
func (c *doctorCommand) Run(ctx context.Context, std streams) error {
	ids := []string{c.Pool}
	if c.Pool == "" {
		var err error
		if ids, err = c.pools(ctx); err != nil {
			return err
		}
	}
	if !c.Security {
		_, err := fmt.Fprintf(std.out, "The server answers. User pools in %s: %d.\n", c.Region, len(ids))
		return err
	}
	findings, critical := 0, false
	for _, id := range ids {
		subject, err := c.subject(ctx, id)
		if err != nil {
			return err
		}
		for _, f := range review.Review(subject) {
			findings++
			critical = critical || f.Severity == review.Critical
			if err := c.print(std.out, f); err != nil {
				return err
			}
		}
	}
	if critical {
		return errCritical
	}
	if findings > 0 || c.JSON {
		return nil
	}
	_, err := fmt.Fprintf(std.out, "Nothing was found. User pools looked at in %s: %d.\n", c.Region, len(ids))
	return err
}

func (c *doctorCommand) print(w io.Writer, f review.Finding) error {
	if c.JSON {
		return json.NewEncoder(w).Encode(f)
	}
	of := f.PoolID
	if f.ClientID != "" {
		of += " client " + f.ClientID
	}
	_, err := fmt.Fprintf(w, "%-8s %s %s: %s\n", f.Severity, of, f.Rule, f.Text)
	return err
}

// pools lists the pools of the Region.
func (c *doctorCommand) pools(ctx context.Context) ([]string, error) {
	var ids []string
	for token := ""; ; {
		var page api.ListUserPoolsResponse
		if err := c.call(ctx, "ListUserPools", api.ListUserPoolsRequest{MaxResults: pageOfPools, NextToken: token}, &page); err != nil {
			return nil, err
		}
		for _, p := range page.UserPools {
			ids = append(ids, p.Id)
		}
		if token = page.NextToken; token == "" {
			return ids, nil
		}
	}
}

// subject reads a pool with its clients.
func (c *doctorCommand) subject(ctx context.Context, id string) (review.Subject, error) {
	var got api.DescribeUserPoolResponse
	if err := c.call(ctx, "DescribeUserPool", api.DescribeUserPoolRequest{UserPoolId: id}, &got); err != nil {
		return review.Subject{}, err
	}
	s := review.Subject{Pool: got.UserPool}
	for token := ""; ; {
		var page api.ListUserPoolClientsResponse
		in := api.ListUserPoolClientsRequest{UserPoolId: id, MaxResults: new(int32(pageOfPools)), NextToken: token}
		if err := c.call(ctx, "ListUserPoolClients", in, &page); err != nil {
			return s, err
		}
		for _, listed := range page.UserPoolClients {
			var client api.DescribeUserPoolClientResponse
			err := c.call(ctx, "DescribeUserPoolClient", api.DescribeUserPoolClientRequest{UserPoolId: id, ClientId: listed.ClientId}, &client)
			if err != nil {
				return s, err
			}
			s.Clients = append(s.Clients, client.UserPoolClient)
		}
		if token = page.NextToken; token == "" {
			return s, nil
		}
	}
}
