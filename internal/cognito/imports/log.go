package imports

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"cognate/internal/store"
)

// The outcomes of records, as the log spells them.
const (
	Succeeded = "SUCCEEDED"
	Skipped   = "SKIPPED"
	Failed    = "FAILED"
)

const (
	textSucceeded = "The import succeeded."
	textExists    = "The user already exists."
)

// Stream says whose lines a Log is given, in the terms of CloudWatch
// (spec/users-and-pools.md §19).
type Stream struct {
	PoolID  string
	JobID   string
	Group   string // /aws/cognito/userpools/{pool id}/{pool name}, see groupOf
	Name    string // the job's id
	RoleARN string // of the role that the job was given for writing
}

// Line is one line of the log of a job.
type Line struct {
	At      time.Time
	Number  int64  // of the line in the file, counted from 1
	Outcome string // Succeeded, Skipped or Failed
	Text    string // the whole line, without values of the record
}

// Log takes the lines about the records of jobs. Lines come in order, at least
// once: after an error, and after the end of a process, some come again. Append may
// take its time, since no request and no import waits for it.
type Log interface {
	Append(ctx context.Context, s Stream, lines []Line) error
}

// groupOf names the group of a pool's jobs. Names of pools have characters that those
// of groups may not have, such as spaces; an underscore stands for each.
func groupOf(poolID, poolName string) string {
	return "/aws/cognito/userpools/" + poolID + "/" + strings.Map(func(c rune) rune {
		if c < utf8.RuneSelf && (unicode.IsLetter(c) || unicode.IsDigit(c)) || strings.ContainsRune("_-/.#", c) {
			return c
		}
		return '_'
	}, poolName)
}

func entry(outcome string, line int64, text string) store.ImportEntry {
	return store.ImportEntry{Line: line, Outcome: outcome, Text: text}
}

// toLines words the entries as the service does.
func toLines(l store.ImportLog) []Line {
	list := make([]Line, len(l.Entries))
	for i, e := range l.Entries {
		list[i] = Line{At: l.At, Number: e.Line, Outcome: e.Outcome, Text: fmt.Sprintf("[%s] Line Number %d - %s", e.Outcome, e.Line, e.Text)}
	}
	return list
}
