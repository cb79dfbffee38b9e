package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"cognate/internal/protocol/iam"
)

type policyCommand struct {
	Test policyTestCommand `cmd:"" help:"Decide a request by policies, and say why."`
}

type policyTestCommand struct {
	Policy   []string `required:"" xor:"kind" sep:"none" placeholder:"FILE" help:"Policy of who asks. May be repeated; - is standard input."`
	Boundary string   `placeholder:"FILE" help:"Permissions boundary of who asks."`
	Session  []string `sep:"none" placeholder:"FILE" help:"Session policy. May be repeated: one of them has to allow."`

	Trust     string   `required:"" xor:"kind" placeholder:"FILE" help:"Trust policy of a role, instead of --policy."`
	Caller    []string `xor:"who" placeholder:"ARN" help:"Who wants the role: a user, a role or a session."`
	Federated string   `xor:"who" placeholder:"NAME" help:"The provider whose user wants it, such as cognito-identity.amazonaws.com."`
	Service   string   `xor:"who" placeholder:"NAME" help:"The service that wants it."`

	Action   string   `required:"" placeholder:"NAME" help:"What is asked for, such as cognito-idp:ListUsers."`
	Resource string   `default:"*" placeholder:"ARN" help:"What it is to be done with."`
	Context  []string `sep:"none" placeholder:"KEY=VALUE" help:"Condition key of the request. May be repeated, also for several values of one key. aws:CurrentTime and aws:EpochTime are those of now."`
	JSON     bool     `name:"json" help:"Print JSON."`
}

// Help ends the page that policy test --help prints.
func (*policyTestCommand) Help() string {
	return `Asks no server: the files are all that counts. Exits 0 if the request is allowed, 4
if it is refused and 2 if a file is no policy.

Example:
  cognate policy test --policy support.json --action cognito-idp:AdminDeleteUser \
    --resource arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEf123 \
    --context aws:ResourceTag/stage=prod --context aws:SourceIp=203.0.113.9`
}

// Validate refuses flags that do not go together.
func (c *policyTestCommand) Validate() error {
	who := len(c.Caller) > 0 || c.Federated != "" || c.Service != ""
	switch {
	case c.Trust != "" && (c.Boundary != "" || len(c.Session) > 0):
		return errors.New("a trust policy has neither boundary nor session policies")
	case c.Trust != "" && !who:
		return errors.New("with --trust goes --caller, --federated or --service")
	case c.Trust == "" && who:
		return errors.New("--caller, --federated and --service go with --trust")
	}
	return nil
}

// verdict is what policy test prints. Its members are part of the command-line
// contract.
type verdict struct {
	Allowed    bool              `json:"allowed"`
	Explicit   bool              `json:"explicit"` // refused by a statement
	Reason     string            `json:"reason"`
	File       string            `json:"file,omitempty"` // with the statement that decided
	Statement  string            `json:"statement,omitempty"`
	Statements []testedStatement `json:"statements"`
}

// testedStatement says what a statement has to do with the request.
type testedStatement struct {
	File      string `json:"file"`
	Statement string `json:"statement"` // Sid or position
	Effect    string `json:"effect"`
	Applies   bool   `json:"applies"`
	Why       string `json:"why,omitempty"` // why it does not apply
}

// Run decides.
func (c *policyTestCommand) Run(std streams) error {
	request, err := c.request(time.Now())
	if err != nil {
		return &exitError{exitUsage, err}
	}
	var v *verdict
	if c.Trust != "" {
		v, err = c.trusts(request)
	} else {
		v, err = c.decides(request)
	}
	if err != nil {
		return err
	}
	if err := v.print(std.out, c.JSON); err != nil {
		return err
	}
	if !v.Allowed {
		return &exitError{exitRefused, errors.New("the request is refused")}
	}
	return nil
}

// request is what the flags ask.
func (c *policyTestCommand) request(now time.Time) (iam.Request, error) {
	keys := make(iam.Keys)
	for _, pair := range c.Context {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return iam.Request{}, fmt.Errorf("--context %s: give it as KEY=VALUE", pair)
		}
		values, _ := keys.Values(key)
		keys.Set(key, append(values, value)...)
	}
	for key, value := range map[string]string{
		"aws:CurrentTime": now.UTC().Format(time.RFC3339),
		"aws:EpochTime":   strconv.FormatInt(now.Unix(), 10),
	} {
		if _, given := keys.Values(key); !given {
			keys.Set(key, value)
		}
	}
	return iam.Request{Action: c.Action, Resource: c.Resource, Context: keys}, nil
}

// decides asks the policies of an identity.
func (c *policyTestCommand) decides(request iam.Request) (*verdict, error) {
	files := map[iam.Use][]string{iam.Identity: c.Policy, iam.Session: c.Session}
	if c.Boundary != "" {
		files[iam.Boundary] = []string{c.Boundary}
	}
	v := new(verdict)
	read := make(map[iam.Use][]*iam.Policy)
	for _, use := range []iam.Use{iam.Identity, iam.Boundary, iam.Session} {
		for _, file := range files[use] {
			policy, err := readPolicy(file, use)
			if err != nil {
				return nil, err
			}
			read[use] = append(read[use], policy)
			v.add(file, policy.Explain(request))
		}
	}
	policies := iam.Policies{Identity: read[iam.Identity], Session: read[iam.Session]}
	if c.Boundary != "" {
		policies.Boundary = read[iam.Boundary][0]
	}
	d := policies.Decide(request)
	v.decide(d, c.Action)
	if d.By != "" {
		v.File = files[d.Layer][d.Policy]
	}
	return v, nil
}

// trusts asks the trust policy of a role.
func (c *policyTestCommand) trusts(request iam.Request) (*verdict, error) {
	policy, err := readPolicy(c.Trust, iam.Trust)
	if err != nil {
		return nil, err
	}
	who := iam.Principal{AWS: names(c.Caller), Federated: c.Federated, Service: c.Service}
	v := new(verdict)
	v.add(c.Trust, policy.ExplainTrust(who, request))
	d := policy.Trusts(who, request)
	v.decide(d, c.Action)
	if d.By != "" {
		v.File = c.Trust
	}
	if d.Via == iam.ViaAccount {
		v.Reason = "by its account: a policy of the caller has to allow it as well"
	}
	return v, nil
}

// names are the names by which a trust policy can mean a caller: its own, that of
// a session's role, and those of their account. Where a role has a path, its ARN
// does not follow from that of the session.
func names(callers []string) []string {
	all := callers
	for _, arn := range callers {
		part := strings.SplitN(arn, ":", 6)
		if len(part) < 6 {
			continue
		}
		partition, account := part[1], part[4]
		if session, ok := strings.CutPrefix(part[5], "assumed-role/"); ok {
			role, _, _ := strings.Cut(session, "/")
			all = append(all, "arn:"+partition+":iam::"+account+":role/"+role)
		}
		all = append(all, account, "arn:"+partition+":iam::"+account+":root")
	}
	return all
}

// sizes are the most characters that documents can have.
var sizes = map[iam.Use]int{
	iam.Identity: iam.MaxManaged, iam.Trust: iam.MaxTrustRaised, iam.Session: iam.MaxSession, iam.Boundary: iam.MaxManaged,
}

func readPolicy(file string, use iam.Use) (*iam.Policy, error) {
	var document []byte
	var err error
	if file == "-" {
		document, err = io.ReadAll(os.Stdin)
	} else {
		document, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	if size := iam.Size(document); size > sizes[use] {
		return nil, &exitError{exitUsage, fmt.Errorf("%s: %d characters are more than the %d that such a policy can have", file, size, sizes[use])}
	}
	policy, err := iam.Parse(document, use)
	if err != nil {
		return nil, &exitError{exitUsage, fmt.Errorf("%s: %w", file, err)}
	}
	return policy, nil
}

func (v *verdict) add(file string, findings []iam.Finding) {
	for _, f := range findings {
		effect := "Allow"
		if f.Deny {
			effect = "Deny"
		}
		v.Statements = append(v.Statements, testedStatement{file, f.Statement, effect, f.Applies, f.Why})
	}
}

func (v *verdict) decide(d iam.Decision, action string) {
	v.Allowed, v.Explicit, v.Statement, v.Reason = d.Allowed, d.Explicit, d.By, d.Reason(action)
}

// print writes the verdict: a line with the answer, and one for each statement.
func (v *verdict) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(v)
	}
	answer := "refused"
	if v.Allowed {
		answer = "allowed"
	}
	if v.Statement != "" {
		answer += fmt.Sprintf(" by statement %s of %s", v.Statement, v.File)
	}
	if v.Reason != "" {
		answer += ", " + v.Reason
	}
	fmt.Fprintf(w, "%s\n\n", answer)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range v.Statements {
		why := s.Why
		if s.Applies {
			why = "applies"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", s.File, s.Statement, s.Effect, why)
	}
	return table.Flush()
}
