package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"cognate/internal/cognito/access"
)

type accessKeyCommand struct {
	Create accessKeyCreateCommand `cmd:"" help:"Make an access key, and the user whose it is."`
	List   accessKeyListCommand   `cmd:"" help:"Show the access keys of users."`
	Policy accessKeyPolicyCommand `cmd:"" help:"Replace what a user may do."`
	Rotate accessKeyRotateCommand `cmd:"" help:"Make another key for the user of a key."`
	Rm     accessKeyRmCommand     `cmd:"" help:"Remove an access key, and its user with the last one."`
}

// rights are the flags that say what somebody may do.
type rights struct {
	Policy   []string          `sep:"none" placeholder:"FILE" help:"Policy in IAM's JSON, or the ARN of a built-in one such as arn:aws:iam::aws:policy/AmazonCognitoReadOnly. May be repeated."`
	Boundary string            `placeholder:"FILE" help:"Permissions boundary: the most that the policies can allow."`
	Tag      map[string]string `placeholder:"KEY=VALUE" help:"Tag, which policies know as aws:PrincipalTag/KEY. May be repeated."`
}

// texts reads the policies.
func (r *rights) texts() (policies []string, boundary string, err error) {
	for _, name := range r.Policy {
		text, err := policyText(name)
		if err != nil {
			return nil, "", err
		}
		policies = append(policies, text)
	}
	boundary, err = policyText(r.Boundary)
	return policies, boundary, err
}

// policyText reads the file of a policy; an ARN stands for itself.
func policyText(name string) (string, error) {
	if name == "" || strings.HasPrefix(name, "arn:") {
		return name, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return "", &exitError{exitUsage, err}
	}
	return string(text), nil
}

type accessKeyCreateCommand struct {
	administration
	rights
	User string `required:"" placeholder:"NAME" help:"Whose key it is. A user that is there gets a second one."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Help ends the page that access-key create --help prints.
func (*accessKeyCreateCommand) Help() string {
	return `The secret is printed once and kept sealed. Nobody gets more rights than the caller
has, whatever the policy says.
` + credentialsHelp + `

Example:
  cognate access-key create --user ci --policy ci.json`
}

// Run makes the key and prints it.
func (c *accessKeyCreateCommand) Run(ctx context.Context, std streams) error {
	spec := access.UserSpec{Name: c.User, Tags: c.Tag}
	var err error
	if spec.Policies, spec.Boundary, err = c.texts(); err != nil {
		return err
	}
	var made access.NewKey
	if err := c.control(ctx, http.MethodPost, "/_cognate/v1/access-keys", spec, &made); err != nil {
		return err
	}
	return printKey(std.out, &made, c.JSON)
}

func printKey(w io.Writer, made *access.NewKey, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(made)
	}
	_, err := fmt.Fprintf(w, "# %s. The secret is not shown again.\nAWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\n", made.ARN, made.ID, made.Secret)
	return err
}

type accessKeyListCommand struct {
	administration
	JSON bool `name:"json" help:"Print JSON."`
}

// Help ends the page that access-key list --help prints.
func (*accessKeyListCommand) Help() string {
	return credentialsHelp + `

Example:
  cognate access-key list`
}

// Run prints the keys.
func (c *accessKeyListCommand) Run(ctx context.Context, std streams) error {
	var got struct {
		Keys []access.KeyInfo `json:"keys"`
	}
	if err := c.control(ctx, http.MethodGet, "/_cognate/v1/access-keys", nil, &got); err != nil {
		return err
	}
	return printList(std.out, got, got.Keys, c.JSON, func(k access.KeyInfo) string {
		used := "never used"
		if !k.UsedAt.IsZero() {
			used = "used " + k.UsedAt.Format(time.RFC3339)
		}
		if k.Bounded {
			used += ", within the rights of whoever made it"
		}
		return fmt.Sprintf("%s  %s  made %s, %s", k.ID, k.User, k.CreatedAt.Format(time.RFC3339), used)
	})
}

type accessKeyPolicyCommand struct {
	administration
	rights
	User string `required:"" placeholder:"NAME" help:"The user."`
}

// Help ends the page that access-key policy --help prints.
func (*accessKeyPolicyCommand) Help() string {
	return `Policies, boundary and tags are replaced by those that are given, for all keys of the
user and at once.
` + credentialsHelp + `

Example:
  cognate access-key policy --user ci --policy ci.json`
}

// Run replaces the user's rights.
func (c *accessKeyPolicyCommand) Run(ctx context.Context, std streams) error {
	spec := access.UserSpec{Tags: c.Tag}
	var err error
	if spec.Policies, spec.Boundary, err = c.texts(); err != nil {
		return err
	}
	var none struct{}
	if err := c.control(ctx, http.MethodPut, "/_cognate/v1/access-users/"+url.PathEscape(c.User), spec, &none); err != nil {
		return err
	}
	policies := fmt.Sprintf("%d policies", len(spec.Policies))
	if len(spec.Policies) == 1 {
		policies = "one policy"
	}
	_, err = fmt.Fprintf(std.out, "The user %s has %s now.\n", c.User, policies)
	return err
}

type accessKeyRotateCommand struct {
	administration
	ID      string `arg:"" help:"The key."`
	Replace bool   `help:"Remove the key at once. Without this it stays until access-key rm."`
	JSON    bool   `name:"json" help:"Print JSON."`
}

// Help ends the page that access-key rotate --help prints.
func (*accessKeyRotateCommand) Help() string {
	return `A user has two keys at most, so that one can be replaced while it is in use.
` + credentialsHelp + `

Example:
  cognate access-key rotate AKIAABCDEFGHIJKLMNOP`
}

// Run makes the other key and prints it.
func (c *accessKeyRotateCommand) Run(ctx context.Context, std streams) error {
	var made access.NewKey
	if err := c.control(ctx, http.MethodPost, "/_cognate/v1/access-keys/"+url.PathEscape(c.ID), map[string]bool{"replace": c.Replace}, &made); err != nil {
		return err
	}
	return printKey(std.out, &made, c.JSON)
}

type accessKeyRmCommand struct {
	administration
	ID string `arg:"" help:"The key."`
}

// Help ends the page that access-key rm --help prints.
func (*accessKeyRmCommand) Help() string {
	return credentialsHelp + `

Example:
  cognate access-key rm AKIAABCDEFGHIJKLMNOP`
}

// Run removes the key.
func (c *accessKeyRmCommand) Run(ctx context.Context, std streams) error {
	var none struct{}
	if err := c.control(ctx, http.MethodDelete, "/_cognate/v1/access-keys/"+url.PathEscape(c.ID), nil, &none); err != nil {
		return err
	}
	_, err := fmt.Fprintf(std.out, "%s is removed.\n", c.ID)
	return err
}
