package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"cognate/internal/cognito/identitytokens"
	"cognate/internal/web/control"
)

type keysCommand struct {
	List   keysListCommand   `cmd:"" help:"Show the keys that a pool signs its tokens with."`
	Rotate keysRotateCommand `cmd:"" help:"Give a pool new signing keys."`
}

// poolKeys says which pool, or all identity pools, of which server.
type poolKeys struct {
	administration
	Pool          string `required:"" xor:"which" placeholder:"ID" help:"The user pool."`
	IdentityPools bool   `required:"" xor:"which" help:"All identity pools: their tokens have one issuer."`
	JSON          bool   `name:"json" help:"Print JSON."`
}

// name is how the server knows them.
func (k *poolKeys) name() string {
	if k.IdentityPools {
		return identitytokens.Provider
	}
	return k.Pool
}

type keysListCommand struct{ poolKeys }

// Help ends the page that keys list --help prints.
func (*keysListCommand) Help() string {
	return credentialsHelp + `

Example:
  cognate keys list --pool us-east-1_AbCdEf123`
}

// Run prints the keys.
func (c *keysListCommand) Run(ctx context.Context, std streams) error {
	return c.ask(ctx, std.out, http.MethodGet, "/_cognate/v1/keys?"+url.Values{"pool": {c.name()}}.Encode(), nil)
}

type keysRotateCommand struct {
	poolKeys
	Compromised bool `help:"Sign with the new keys at once and forget the old ones, with every token that they have signed."`
}

// Help ends the page that keys rotate --help prints.
func (*keysRotateCommand) Help() string {
	return `The new keys are published at once and sign after an hour, so that whoever keeps the
key set knows them by then; that of identity pools is kept for up to a month, so its
keys sign after 31 days. The old ones stay until the last token that they signed has
expired.
` + credentialsHelp + `

Example:
  cognate keys rotate --pool us-east-1_AbCdEf123`
}

// Run rotates the keys and prints those that the pool has then.
func (c *keysRotateCommand) Run(ctx context.Context, std streams) error {
	ask := map[string]any{"pool": c.name(), "compromised": c.Compromised}
	return c.ask(ctx, std.out, http.MethodPost, "/_cognate/v1/keys", ask)
}

func (k *poolKeys) ask(ctx context.Context, w io.Writer, method, path string, in any) error {
	var got struct {
		Keys []control.SigningKey `json:"keys"`
	}
	if err := k.control(ctx, method, path, in, &got); err != nil {
		return err
	}
	return printList(w, got, got.Keys, k.JSON, func(key control.SigningKey) string {
		line := fmt.Sprintf("%s  %-6s made %s", key.ID, key.Use, key.CreatedAt.Format(time.RFC3339))
		if !key.SignsAt.IsZero() {
			line += ", signs from " + key.SignsAt.Format(time.RFC3339)
		}
		if !key.Until.IsZero() {
			line += ", forgotten at " + key.Until.Format(time.RFC3339)
		}
		return line
	})
}
