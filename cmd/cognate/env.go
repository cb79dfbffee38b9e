package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

type envCommand struct {
	PublicURL string `env:"COGNATE_PUBLIC_URL" default:"http://localhost:7665" help:"Base URL of the server."`
	Region    string `env:"COGNATE_REGION" default:"us-east-1" help:"Region to sign requests for."`
	JSON      bool   `name:"json" help:"Print JSON instead of shell commands."`
}

// Help ends the page that env --help prints.
func (*envCommand) Help() string {
	return `The credentials are made up: cognate dev accepts any. For cognate serve, set
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY afterwards to a key it knows.

Example:
  eval "$(cognate env)"
  aws cognito-idp list-user-pools --max-results 10`
}

type variable struct{ name, value string }

func (c *envCommand) variables() []variable {
	endpoint := strings.TrimRight(c.PublicURL, "/")
	return []variable{
		{"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", endpoint},
		{"AWS_ENDPOINT_URL_COGNITO_IDENTITY", endpoint},
		{"AWS_ENDPOINT_URL_STS", endpoint},
		{"AWS_REGION", c.Region},
		{"AWS_DEFAULT_REGION", c.Region},
		{"AWS_ACCESS_KEY_ID", "cognate"},
		{"AWS_SECRET_ACCESS_KEY", "cognate-dev"},
	}
}

// Run prints shell commands for eval.
func (c *envCommand) Run(std streams) error {
	if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return &exitError{exitUsage, fmt.Errorf("public-url %q is not an absolute http or https URL", c.PublicURL)}
	}
	if c.JSON {
		values := map[string]string{}
		for _, v := range c.variables() {
			values[v.name] = v.value
		}
		return json.NewEncoder(std.out).Encode(values)
	}
	for _, v := range c.variables() {
		if _, err := fmt.Fprintf(std.out, "export %s=%s\n", v.name, quote(v.value)); err != nil {
			return err
		}
	}
	return nil
}

// quote makes a word that every POSIX shell reads back as s.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
