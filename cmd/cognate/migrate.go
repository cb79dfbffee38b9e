package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"cognate/internal/api"
	"cognate/internal/cognito/poolcopy"
	"cognate/internal/outbound/userpools"
)

type migrateCommand struct {
	FromAWS migrateFromAWSCommand `cmd:"" name:"from-aws" help:"Copy a user pool of Amazon Cognito."`
	Drain   drainCommand          `cmd:"" help:"Let passwords that are not known yet be checked at the old pool, or no longer."`
	Status  drainStatusCommand    `cmd:"" help:"Tell whose passwords are still at the old pool."`
}

// source is the service that a pool comes from.
type source struct {
	SourceEndpoint string  `env:"COGNATE_SOURCE_ENDPOINT" placeholder:"URL" help:"Where the API of the old pool is. Default: Amazon's in the Region of the pool."`
	SourceProfile  string  `placeholder:"NAME" help:"Profile of the AWS configuration to read the old pool with. Default: the AWS_ variables, or what else the AWS SDK finds."`
	Rate           float64 `default:"10" help:"Calls a second to the old pool; its quotas are for the whole account."`
}

type migrateFromAWSCommand struct {
	administration
	source
	Pool           string            `required:"" placeholder:"ID" help:"The user pool. It keeps its id."`
	Only           string            `enum:"all,settings,users" default:"all" help:"all, settings or users."`
	Passwords      string            `enum:"drain,reset" default:"drain" help:"What becomes of passwords, which cannot be read. drain: the first sign-in of each user is checked at the old pool, and the password kept. reset: users choose one anew."`
	Client         string            `placeholder:"ID" help:"App client of the old pool by which passwords are checked: it must allow USER_PASSWORD_AUTH or SRP. Default: the first that does."`
	Factors        bool              `negatable:"" default:"true" help:"Ask for each user's second factors, if the pool has any: one more call for each user."`
	Update         bool              `help:"Make users who were copied before as they are in the old pool, unless they were changed here since."`
	DryRun         bool              `help:"Only say what would be copied, and what cannot."`
	Resume         string            `placeholder:"FILE" help:"Where to keep how far the users have come, so that the command can be run again. Default: cognate-migrate-{pool}.json."`
	ProviderSecret map[string]string `placeholder:"NAME.DETAIL=FILE" help:"Details of identity providers that are not shown, such as SignInWithApple.private_key."`
	ClientSecret   map[string]string `placeholder:"CLIENT=FILE" help:"The second secret of an app client that has two: one of them is shown by no API."`
	JSON           bool              `name:"json" help:"Print the outcome as JSON."`
}

// Help ends the page that migrate from-aws --help prints.
func (*migrateFromAWSCommand) Help() string {
	return `The old pool is read as the AWS SDK would: with the AWS_ variables, or a profile. It
needs cognito-idp:List*, Describe*, Get* and AdminGetUser, and is not changed. The
server is asked with COGNATE_ACCESS_KEY_ID and COGNATE_SECRET_ACCESS_KEY; cognate dev
needs none.

What is there already is left as it is, so the command can be run again: after an
interruption it goes on where it was, and with --update it takes changes along.

Example:
  cognate migrate from-aws --pool eu-west-1_AbCdEf123 --dry-run
  cognate migrate from-aws --pool eu-west-1_AbCdEf123`
}

// migration is one run of the command.
type migration struct {
	*migrateFromAWSCommand

	std   streams
	old   *userpools.Service
	here  poolServer
	steps []poolcopy.Step
	notes []poolcopy.Note
	pool  *api.UserPoolType
}

// migrated is what a run has done.
type migrated struct {
	DryRun   bool            `json:",omitempty"`
	Notes    []poolcopy.Note `json:",omitempty"`
	Settings *settingsDone   `json:",omitempty"`
	Users    *usersDone      `json:",omitempty"`
}

// Run copies the pool.
func (c *migrateFromAWSCommand) Run(ctx context.Context, std streams) error {
	m := &migration{migrateFromAWSCommand: c, std: std}
	if err := m.prepare(ctx); err != nil {
		return err
	}
	if !c.JSON {
		printNotes(std.err, m.notes)
	}
	if c.DryRun {
		return m.tell()
	}
	done, err := m.run(ctx)
	if c.JSON {
		err = errors.Join(err, json.NewEncoder(std.out).Encode(done))
	} else {
		report(std.out, done.Settings, done.Users)
	}
	if err == nil && failed(done.Settings, done.Users) {
		err = errors.New("not everything was taken")
	}
	return err
}

// connect makes the API of the old pool.
func (s *source) connect(ctx context.Context, region string, signed bool) (*userpools.Service, error) {
	old := &userpools.Service{Endpoint: s.SourceEndpoint, Region: region, Now: time.Now, Wait: wait}
	if old.Endpoint == "" {
		old.Endpoint = userpools.EndpointOf(region)
	}
	if s.Rate > 0 {
		old.Interval = time.Duration(float64(time.Second) / s.Rate)
	}
	if !signed {
		return old, nil
	}
	options := []func(*config.LoadOptions) error{config.WithRegion(region)}
	if s.SourceProfile != "" {
		options = append(options, config.WithSharedConfigProfile(s.SourceProfile))
	}
	aws, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("read the AWS configuration: %w", err)
	}
	old.Credentials = aws.Credentials
	return old, nil
}

// wait waits, or ends early with the context.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err() //nolint:wrapcheck // the caller's own
	}
}

// prepare reads the settings of the old pool.
func (m *migration) prepare(ctx context.Context) error {
	region, err := regionOf(m.Pool)
	if err != nil {
		return err
	}
	m.Region, m.foreignKeys = region, true
	m.here = poolServer{&m.administration}
	if m.old, err = m.connect(ctx, region, true); err != nil {
		return err
	}
	if m.steps, m.notes, err = poolcopy.Settings(ctx, m.old, m.Pool, image); err != nil {
		return unreachable(err)
	}
	var described api.DescribeUserPoolResponse
	if err := m.old.Call(ctx, "DescribeUserPool", &api.DescribeUserPoolRequest{UserPoolId: m.Pool}, &described); err != nil {
		return unreachable(fmt.Errorf("read pool %s: %w", m.Pool, err))
	}
	m.pool = described.UserPool
	if err := m.giveSecrets(); err != nil {
		return err
	}
	return m.prepareDrain()
}

// unreachable gives errors of a service that does not answer their exit code.
func unreachable(err error) error {
	if errors.Is(err, userpools.ErrUnreachable) {
		return &exitError{exitUnreachable, err}
	}
	return err
}

// giveSecrets puts the secrets of --provider-secret into their steps.
func (m *migration) giveSecrets() error {
	for where, file := range m.ProviderSecret {
		name, detail, found := strings.Cut(where, ".")
		at := slices.IndexFunc(m.steps, func(s poolcopy.Step) bool { return s.Call == "CreateIdentityProvider" && s.Name == name })
		if !found || at < 0 {
			return &exitError{exitUsage, fmt.Errorf("--provider-secret %s: the pool has no such identity provider", where)}
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("--provider-secret %s: %w", where, err)
		}
		if m.steps[at].Secrets == nil {
			m.steps[at].Secrets = map[string]string{}
		}
		m.steps[at].Secrets["ProviderDetails."+detail] = strings.TrimSpace(string(text))
	}
	return m.giveClientSecrets()
}

// giveClientSecrets adds the secrets of --client-secret, each behind its client.
func (m *migration) giveClientSecrets() error {
	for id, file := range m.ClientSecret {
		at := slices.IndexFunc(m.steps, func(s poolcopy.Step) bool { return s.Call == "CreateUserPoolClient" && s.ID == id })
		if at < 0 || m.steps[at].Secrets["ClientSecret"] == "" {
			return &exitError{exitUsage, fmt.Errorf("--client-secret %s: the pool has no such client with a secret", id)}
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("--client-secret %s: %w", id, err)
		}
		step, err := poolcopy.SecondSecret(m.Pool, id, strings.TrimSpace(string(text)))
		if err != nil {
			return err
		}
		if step.Secrets["ClientSecret"] == m.steps[at].Secrets["ClientSecret"] {
			return &exitError{exitUsage, fmt.Errorf("--client-secret %s: that is the secret which the old pool shows: give the other", id)}
		}
		m.steps = slices.Insert(m.steps, at+1, *step)
	}
	return nil
}

// tell prints what would be copied.
func (m *migration) tell() error {
	if m.JSON {
		return json.NewEncoder(m.std.out).Encode(map[string]any{
			"DryRun": true, "Notes": m.notes, "Settings": m.names(), "Users": m.pool.EstimatedNumberOfUsers,
		})
	}
	if m.Only != "users" {
		for _, name := range m.names() {
			if _, err := fmt.Fprintln(m.std.out, name); err != nil {
				return err
			}
		}
	}
	if m.Only == "settings" {
		return nil
	}
	calls := float64(m.pool.EstimatedNumberOfUsers) / 60
	if m.asksFactors() {
		calls += float64(m.pool.EstimatedNumberOfUsers)
	}
	took := "as fast as they can be read"
	if m.Rate > 0 {
		took = fmt.Sprintf("in %s or more, at %g calls a second", time.Duration(calls/m.Rate*float64(time.Second)).Round(time.Second), m.Rate)
	}
	_, err := fmt.Fprintf(m.std.out, "about %d users, %s\n", m.pool.EstimatedNumberOfUsers, took)
	return err
}

// names lists the steps.
func (m *migration) names() []string {
	var names []string
	for _, s := range m.steps {
		names = append(names, strings.Join(slices.DeleteFunc([]string{s.Call, s.ID, s.Name}, func(part string) bool { return part == "" }), " "))
	}
	return names
}

// asksFactors reports whether each user is asked for by itself.
func (m *migration) asksFactors() bool {
	return m.Factors && m.pool.MfaConfiguration != "" && m.pool.MfaConfiguration != api.UserPoolMfaTypeOff
}

func (m *migration) run(ctx context.Context) (*migrated, error) {
	done := &migrated{Notes: m.notes}
	if m.Only != "users" {
		var err error
		if done.Settings, err = m.here.settle(ctx, m.Pool, m.steps); err != nil {
			return done, err
		}
	}
	if m.Only == "settings" {
		return done, nil
	}
	if m.Passwords == string(poolcopy.Drained) {
		if err := m.startDrain(ctx); err != nil {
			return done, err
		}
	}
	var err error
	done.Users, err = m.users(ctx)
	return done, err
}

// users copies the users, from where the run before stopped.
func (m *migration) users(ctx context.Context) (*usersDone, error) {
	from := &poolcopy.Users{From: m.old, PoolID: m.Pool, Passwords: poolcopy.Passwords(m.Passwords), Factors: m.asksFactors()}
	var groups []string
	for _, s := range m.steps {
		if s.Call == "CreateGroup" {
			groups = append(groups, s.Name)
		}
	}
	if err := from.Memberships(ctx, groups); err != nil {
		return nil, unreachable(err)
	}
	mark, err := openMark(m.Resume, m.Pool)
	if err != nil {
		return nil, err
	}
	bar := newProgress(m.std.err, "users", int64(m.pool.EstimatedNumberOfUsers))
	bar.done = int64(mark.Users)
	defer bar.end()
	done := &usersDone{}
	for first := true; ; first = false {
		rows, next, err := from.Page(ctx, mark.Token)
		if first && mark.Token != "" && api.HasCode(err, "InvalidParameterException") {
			mark.Token, mark.Users = "", 0 // the token has expired; who was copied stays
			continue
		}
		if err != nil {
			return done, unreachable(err)
		}
		var lines []byte
		for i := range rows {
			text, err := encode(rows[i])
			if err != nil {
				return done, err
			}
			lines = append(append(lines, text...), '\n')
		}
		outcome, err := m.here.putUsers(ctx, m.Pool, lines, m.Update)
		if err != nil {
			return done, err
		}
		done.add(outcome, func(int) int { return 0 })
		bar.add(len(rows))
		if next == "" {
			return done, mark.remove()
		}
		if err := mark.save(next, len(rows)); err != nil {
			return done, err
		}
	}
}

// mark is how far a copy has come, in a file.
type mark struct {
	file   string
	PoolID string
	Token  string
	Users  int
}

func openMark(file, poolID string) (*mark, error) {
	m := &mark{file: file, PoolID: poolID}
	if m.file == "" {
		m.file = "cognate-migrate-" + poolID + ".json"
	}
	text, err := os.ReadFile(m.file)
	if errors.Is(err, os.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal(text, m)
	}
	if err == nil && m.PoolID != poolID {
		err = fmt.Errorf("it is of pool %s", m.PoolID)
	}
	if err != nil {
		return nil, fmt.Errorf("resume from %s: %w", m.file, err)
	}
	return m, nil
}

// save notes where the next page begins.
func (m *mark) save(token string, users int) error {
	m.Token = token
	m.Users += users
	text, err := json.Marshal(m)
	if err == nil {
		err = os.WriteFile(m.file+".part", text, 0o600)
	}
	if err == nil {
		err = os.Rename(m.file+".part", m.file)
	}
	if err != nil {
		return fmt.Errorf("keep how far the users have come: %w", err)
	}
	return nil
}

func (m *mark) remove() error {
	if err := os.Remove(m.file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", m.file, err)
	}
	return nil
}
