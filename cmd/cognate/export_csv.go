package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"cognate/internal/api"
	"cognate/internal/cognito/transfer"
	"cognate/internal/cognito/usercsv"
)

const formatCSV = "csv"

// csvDone is what became of an export to a file of users.
type csvDone struct {
	Users   int
	LeftOut []userFailure `json:",omitempty"`
	// Changed are values that got an apostrophe in front.
	Changed []userFailure `json:",omitempty"`
}

// describe reads the settings of a pool.
func (s poolServer) describe(ctx context.Context, poolID string) (*api.UserPoolType, error) {
	var got api.DescribeUserPoolResponse
	if err := s.Call(ctx, "DescribeUserPool", &api.DescribeUserPoolRequest{UserPoolId: poolID}, &got); err != nil {
		return nil, fmt.Errorf("read pool %s: %w", poolID, err)
	}
	return got.UserPool, nil
}

// csv writes a file of users.
func (c *exportCommand) csv(ctx context.Context, std streams, pool *api.UserPoolType) error {
	if c.Only == "settings" || c.Secrets == secretsPlain {
		return &exitError{exitUsage, errors.New("a CSV file has neither settings nor secrets")}
	}
	server := poolServer{&c.administration}
	var header api.GetCSVHeaderResponse
	if err := server.Call(ctx, "GetCSVHeader", &api.GetCSVHeaderRequest{UserPoolId: c.Pool}, &header); err != nil {
		return fmt.Errorf("read the columns of pool %s: %w", c.Pool, err)
	}
	file, finish, err := c.create(std)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(file, 1<<20)
	done, err := c.writeCSV(ctx, std, out, &usercsv.Writer{Pool: pool, Header: header.CSVHeader})
	if err == nil {
		err = out.Flush()
	}
	if err := finish(err); err != nil {
		return err
	}
	return c.tellCSV(std, pool, done)
}

func (c *exportCommand) writeCSV(ctx context.Context, std streams, out *bufio.Writer, w *usercsv.Writer) (*csvDone, error) {
	done := &csvDone{}
	if _, err := out.WriteString(w.First() + "\n"); err != nil {
		return done, fmt.Errorf("write the file: %w", err)
	}
	_, err := c.eachUser(ctx, std, int64(w.Pool.EstimatedNumberOfUsers), func(text []byte) error {
		var row transfer.Row
		if err := json.Unmarshal(text, &row); err != nil {
			return fmt.Errorf("read a user: %w", err)
		}
		line, err := w.Line(&row.User)
		if !done.note(row.User.Username, line, err) {
			return nil
		}
		if _, err := out.WriteString(line.Text + "\n"); err != nil {
			return fmt.Errorf("write the file: %w", err)
		}
		return nil
	})
	return done, err
}

// note counts a user, and reports whether the file gets the line.
func (d *csvDone) note(username string, line usercsv.Line, unfit error) bool {
	if unfit != nil {
		d.LeftOut = append(d.LeftOut, userFailure{Username: username, Reason: unfit.Error()})
		return false
	}
	for _, column := range line.Changed {
		d.Changed = append(d.Changed, userFailure{Username: username, Reason: column})
	}
	d.Users++
	return true
}

// tellCSV says what the file does not have.
func (c *exportCommand) tellCSV(std streams, pool *api.UserPoolType, done *csvDone) error {
	if c.JSON {
		if err := json.NewEncoder(std.err).Encode(done); err != nil {
			return fmt.Errorf("print the outcome: %w", err)
		}
	} else {
		c.printCSV(std, pool, done)
	}
	if len(done.LeftOut) > 0 {
		return errors.New("not every user is in the file")
	}
	return nil
}

func (c *exportCommand) printCSV(std streams, pool *api.UserPoolType, done *csvDone) {
	for _, f := range done.LeftOut {
		fmt.Fprintf(std.err, "left out: %s: %s\n", f.Username, f.Reason)
	}
	for _, f := range done.Changed {
		fmt.Fprintf(std.err, "note: %s: %s begins like a formula, and got an apostrophe in front\n", f.Username, f.Reason)
	}
	if len(pool.AutoVerifiedAttributes) == 0 {
		fmt.Fprintln(std.err, "note: the pool verifies no addresses by itself: a pool that takes the file has to")
	}
	if done.Users > usercsv.MaxRows {
		fmt.Fprintf(std.err, "note: one import job takes %d users: split the file, each part with the first line\n", usercsv.MaxRows)
	}
	fmt.Fprintf(std.err, "%d users of %s are in %s; left out: %d. They get a new sub, choose a new password by a code, and are in no group.\n",
		done.Users, c.Pool, c.Out, len(done.LeftOut))
}
