package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/poolcopy"
	"cognate/internal/cognito/transfer"
	"cognate/internal/web/moving"
)

// flowsOf are how a client lets passwords be shown, the plain one first.
func flowsOf(client *api.CreateUserPoolClientRequest) []api.AuthFlowType {
	var flows []api.AuthFlowType
	for flow, allowing := range map[api.AuthFlowType][]api.ExplicitAuthFlowsType{
		api.AuthFlowTypeUserPasswordAuth: {api.ExplicitAuthFlowsTypeAllowUserPasswordAuth, api.ExplicitAuthFlowsTypeUserPasswordAuth},
		api.AuthFlowTypeUserSrpAuth:      {api.ExplicitAuthFlowsTypeAllowUserSrpAuth},
	} {
		if slices.ContainsFunc(allowing, func(f api.ExplicitAuthFlowsType) bool { return slices.Contains(client.ExplicitAuthFlows, f) }) {
			flows = append(flows, flow)
		}
	}
	slices.Sort(flows) // USER_PASSWORD_AUTH before USER_SRP_AUTH
	return flows
}

// clientOf reads the request that makes a client.
func clientOf(s *poolcopy.Step) (*api.CreateUserPoolClientRequest, error) {
	client := &api.CreateUserPoolClientRequest{}
	if err := json.Unmarshal(s.Input, client); err != nil {
		return nil, fmt.Errorf("read client %s: %w", s.ID, err)
	}
	client.ClientSecret = s.Secrets["ClientSecret"]
	return client, nil
}

// prepareDrain says which apps have to change, and makes sure that there is a client
// to check passwords by.
func (m *migration) prepareDrain() error {
	if m.Passwords != string(poolcopy.Drained) || m.Only == "settings" {
		return nil
	}
	for i := range m.steps {
		s := &m.steps[i]
		if s.Call != "CreateUserPoolClient" {
			continue
		}
		client, err := clientOf(s)
		if err != nil {
			return err
		}
		flows := flowsOf(client)
		if slices.Contains(flows, api.AuthFlowTypeUserSrpAuth) && !slices.Contains(flows, api.AuthFlowTypeUserPasswordAuth) {
			m.notes = append(m.notes, poolcopy.Note{About: "client " + client.ClientName, Text: "it signs in by SRP alone, which shows no password that could be " +
				"checked at the old pool. Until its users have moved, add ALLOW_USER_PASSWORD_AUTH here, and in the app: Amplify: " +
				"signIn({username, password, options: {authFlowType: 'USER_PASSWORD_AUTH'}})"})
		}
		if len(flows) > 0 && m.Client == "" {
			m.Client = s.ID
		}
	}
	if m.Client == "" {
		return &exitError{exitUsage, errors.New("no client of the old pool lets passwords be checked (ALLOW_USER_PASSWORD_AUTH or ALLOW_USER_SRP_AUTH): allow it for one, or use --passwords reset")}
	}
	return nil
}

// startDrain tells the server where passwords are checked.
func (m *migration) startDrain(ctx context.Context) error {
	at := slices.IndexFunc(m.steps, func(s poolcopy.Step) bool { return s.Call == "CreateUserPoolClient" && s.ID == m.Client })
	if at < 0 {
		return &exitError{exitUsage, fmt.Errorf("the old pool has no client %s", m.Client)}
	}
	client, err := clientOf(&m.steps[at])
	if err != nil {
		return err
	}
	flows := flowsOf(client)
	if len(flows) == 0 {
		return &exitError{exitUsage, fmt.Errorf("client %s allows neither ALLOW_USER_PASSWORD_AUTH nor ALLOW_USER_SRP_AUTH", m.Client)}
	}
	return m.here.setOldPool(ctx, m.Pool, &moving.OldPool{
		Endpoint: m.old.Endpoint, Region: m.old.Region, PoolID: m.Pool, ClientID: m.Client, ClientSecret: client.ClientSecret, Flow: string(flows[0]),
	})
}

func oldPoolPath(poolID string) string {
	return "/_cognate/v1/old-pool?" + url.Values{"pool": {poolID}}.Encode()
}

func (s poolServer) setOldPool(ctx context.Context, poolID string, old *moving.OldPool) error {
	var got moving.OldPool
	if err := s.control(ctx, http.MethodPut, oldPoolPath(poolID), old, &got); err != nil {
		return fmt.Errorf("tell the server about the old pool: %w", err)
	}
	return nil
}

type drainCommand struct {
	administration
	Pool     string `required:"" placeholder:"ID" help:"The user pool here."`
	Off      bool   `help:"Ask the old pool no longer. Users whose passwords are still there have to reset them."`
	Old      string `placeholder:"ID" help:"The old pool. Default: the same id."`
	Client   string `placeholder:"ID" help:"App client of the old pool that allows the flow."`
	Secret   string `env:"COGNATE_OLD_CLIENT_SECRET" help:"Its secret, if it has one."`
	Flow     string `enum:"USER_PASSWORD_AUTH,USER_SRP_AUTH" default:"USER_PASSWORD_AUTH" help:"How passwords are shown: USER_PASSWORD_AUTH or USER_SRP_AUTH."`
	Endpoint string `placeholder:"URL" help:"Where the API of the old pool is. Default: Amazon's."`
}

// Help ends the page that migrate drain --help prints.
func (*drainCommand) Help() string {
	return `Whoever signs in with a plain password that is not known here has it checked at the
old pool. If it is right the user is kept from then on, with the password.
` + credentialsHelp + `

Example:
  cognate migrate drain --pool eu-west-1_AbCdEf123 --client 4f2k1example`
}

// Run starts or ends the draining.
func (c *drainCommand) Run(ctx context.Context, std streams) error {
	region, err := regionOf(c.Pool)
	if err != nil {
		return err
	}
	c.Region = region
	server := poolServer{&c.administration}
	if c.Off {
		var none struct{}
		if err := server.control(ctx, http.MethodDelete, oldPoolPath(c.Pool), nil, &none); err != nil {
			return fmt.Errorf("end the draining: %w", err)
		}
		_, err := fmt.Fprintf(std.out, "The old pool of %s is asked no longer.\n", c.Pool)
		return err
	}
	if c.Client == "" {
		return &exitError{exitUsage, errors.New("give --client, or --off")}
	}
	old := &moving.OldPool{Endpoint: c.Endpoint, PoolID: c.Old, ClientID: c.Client, ClientSecret: c.Secret, Flow: c.Flow}
	if old.PoolID == "" {
		old.PoolID = c.Pool
	}
	if err := server.setOldPool(ctx, c.Pool, old); err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "Unknown passwords of %s are checked at %s.\n", c.Pool, old.PoolID)
	return err
}

type drainStatusCommand struct {
	administration
	Pool string `required:"" placeholder:"ID" help:"The user pool here."`
	List bool   `help:"List the names of those who wait."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Help ends the page that migrate status --help prints.
func (*drainStatusCommand) Help() string {
	return credentialsHelp + `

Example:
  cognate migrate status --pool eu-west-1_AbCdEf123`
}

// Run counts the users of the pool by where their passwords are.
func (c *drainStatusCommand) Run(ctx context.Context, std streams) error {
	region, err := regionOf(c.Pool)
	if err != nil {
		return err
	}
	c.Region = region
	server := poolServer{&c.administration}
	var got struct {
		Users, Here, Waiting, None int
		Names                      []string        `json:",omitempty"`
		OldPool                    *moving.OldPool `json:",omitempty"`
	}
	if err := server.control(ctx, http.MethodGet, oldPoolPath(c.Pool), nil, &got.OldPool); err != nil {
		return err
	}
	for lines, err := range server.usersPages(ctx, c.Pool, exportPage) {
		if err != nil {
			return err
		}
		for line := range bytes.Lines(lines) {
			var row transfer.Row
			if err := json.Unmarshal(line, &row); err != nil {
				return fmt.Errorf("read a user: %w", err)
			}
			got.Users++
			switch {
			case row.Secrets != nil && row.Secrets.Password != nil:
				got.Here++
			case !row.User.PasswordElsewhere:
				got.None++
			default:
				got.Waiting++
				if c.List {
					got.Names = append(got.Names, row.User.Username)
				}
			}
		}
	}
	if c.JSON {
		return json.NewEncoder(std.out).Encode(got)
	}
	for _, name := range got.Names {
		fmt.Fprintln(std.out, name)
	}
	asked := "no old pool is asked"
	if got.OldPool != nil && got.OldPool.PoolID != "" {
		asked = "pool " + got.OldPool.PoolID + " is asked"
	}
	_, err = fmt.Fprintf(std.out, "%d users: %d with a password here, %d whose password is at the old pool, %d without one; %s\n",
		got.Users, got.Here, got.Waiting, got.None, asked)
	return err
}
