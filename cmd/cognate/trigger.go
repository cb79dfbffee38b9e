package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"
)

type triggerCommand struct {
	Log    triggerLogCommand    `cmd:"" help:"Show the latest calls of functions."`
	Invoke triggerInvokeCommand `cmd:"" help:"Send a pool's function an event and show the answer, changing nothing."`
	Secret triggerSecretCommand `cmd:"" help:"The secrets that calls of functions are signed with."`
}

type triggerLogCommand struct {
	administration
	Pool   string `placeholder:"ID" help:"Show the calls of one pool only."`
	Follow bool   `short:"f" help:"Go on showing calls as they come."`
	JSON   bool   `name:"json" help:"Print one line of JSON for each call, with event and answer."`
}

// Help ends the page that trigger log --help prints.
func (*triggerLogCommand) Help() string {
	return `A server remembers the last 1000 calls in memory, each node its own; passwords, codes
and private challenge parameters are masked. What the events say of users is not.
` + credentialsHelp + `

Example:
  cognate trigger log --follow`
}

// functionCall is an entry of the server's journal.
type functionCall struct {
	Number       int64           `json:"number"`
	Time         time.Time       `json:"time"`
	PoolID       string          `json:"poolId"`
	Source       string          `json:"triggerSource"`
	Target       string          `json:"target"`
	Attempts     int             `json:"attempts"`
	Milliseconds float64         `json:"milliseconds"`
	Outcome      string          `json:"outcome"`
	Event        json.RawMessage `json:"event"`
	Answer       json.RawMessage `json:"answer"`
}

// Run prints the calls.
func (c *triggerLogCommand) Run(ctx context.Context, std streams) error {
	after := int64(0)
	for {
		query := url.Values{"after": {strconv.FormatInt(after, 10)}}
		if c.Pool != "" {
			query.Set("pool", c.Pool)
		}
		if c.Follow {
			query.Set("timeout", "30s")
		}
		var got struct{ Calls []json.RawMessage }
		if err := c.control(ctx, http.MethodGet, "/_cognate/v1/functions/calls?"+query.Encode(), nil, &got); err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // asked to stop
			}
			return err
		}
		for _, text := range got.Calls {
			number, err := c.print(std.out, text)
			if err != nil {
				return err
			}
			after = number
		}
		if !c.Follow {
			return nil
		}
	}
}

func (c *triggerLogCommand) print(w io.Writer, text json.RawMessage) (number int64, err error) {
	var call functionCall
	if err := json.Unmarshal(text, &call); err != nil {
		return 0, fmt.Errorf("read a call: %w", err)
	}
	if c.JSON {
		_, err = fmt.Fprintf(w, "%s\n", text)
		return call.Number, err
	}
	_, err = fmt.Fprintf(w, "%s %s %s %s %d× %.1f ms %s\n  event  %s\n", call.Time.Format(time.RFC3339), call.PoolID, call.Source,
		call.Target, call.Attempts, call.Milliseconds, call.Outcome, call.Event)
	if err == nil && len(call.Answer) > 0 {
		_, err = fmt.Fprintf(w, "  answer %s\n", call.Answer)
	}
	return call.Number, err
}

type triggerInvokeCommand struct {
	administration
	Source string `arg:"" help:"Trigger source, such as PreSignUp_SignUp."`
	Pool   string `required:"" placeholder:"ID" help:"Pool whose function is called."`
	User   string `placeholder:"NAME" help:"User whose attributes the event has. Default: a sample without attributes."`
	Event  string `placeholder:"FILE" help:"File with the whole event to send instead of a sample."`
	JSON   bool   `name:"json" help:"Print one line of JSON with event, answer and error."`
}

// Help ends the page that trigger invoke --help prints.
func (*triggerInvokeCommand) Help() string {
	return `The function is called for real, by the server that runs it; what the answer asks for
does not happen.
` + credentialsHelp + `

Example:
  cognate trigger invoke PreSignUp_SignUp --pool us-east-1_AbCdEf123 --user ana`
}

// Run sends the event.
func (c *triggerInvokeCommand) Run(ctx context.Context, std streams) error {
	ask := map[string]any{"poolId": c.Pool, "username": c.User, "triggerSource": c.Source}
	if c.Event != "" {
		event, err := os.ReadFile(c.Event)
		if err != nil {
			return &exitError{exitUsage, err}
		}
		if !json.Valid(event) {
			return &exitError{exitUsage, fmt.Errorf("%s is not JSON", c.Event)}
		}
		ask["event"] = json.RawMessage(event)
	}
	var got struct {
		Event  json.RawMessage `json:"event,omitzero"`
		Answer json.RawMessage `json:"answer,omitzero"`
		Error  string          `json:"error,omitzero"`
	}
	if err := c.control(ctx, http.MethodPost, "/_cognate/v1/functions/try", ask, &got); err != nil {
		return err
	}
	if c.JSON {
		if err := json.NewEncoder(std.out).Encode(got); err != nil {
			return err
		}
	} else if err := describe(std.out, got.Event, got.Answer); err != nil {
		return err
	}
	if got.Error != "" {
		return errors.New(got.Error)
	}
	return nil
}

// describe prints what was sent, and the part of the answer that would have an
// effect.
func describe(w io.Writer, event, answer json.RawMessage) error {
	var parts struct {
		Response json.RawMessage `json:"response"`
	}
	if len(event) > 0 {
		if _, err := fmt.Fprintf(w, "event:\n%s\n", indented(event)); err != nil {
			return err
		}
	}
	if len(answer) == 0 {
		return nil
	}
	if err := json.Unmarshal(answer, &parts); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	_, err := fmt.Fprintf(w, "the answer asks for:\n%s\n", indented(parts.Response))
	return err
}

func indented(text json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, text, "  ", "  ") != nil {
		return "  nothing"
	}
	return "  " + b.String()
}

// control asks the control API, or what a server of production has of it.
func (a *administration) control(ctx context.Context, method, path string, in, out any) error {
	err := a.send(ctx, method, path, http.Header{"X-Cognate-Control": {"1"}}, in, out)
	if errors.Is(err, errNotFound) {
		return errors.New("the server has nothing to show at this address, or not to whoever has this access key")
	}
	return err
}
