package imports

import (
	"errors"
	"io"
	"strings"
	"time"

	"cognate/internal/cognito/attributes"
	"cognate/internal/store"
)

// reader makes batches of the records of a file.
type reader struct {
	lines *lines
	sheet sheet
	now   func() time.Time
}

// batch is some records on their way into the database.
type batch struct {
	users  []store.NewUser
	lineOf []int64 // of each user
	failed []store.ImportEntry
	offset int64 // of what follows in the file
	line   int64 // the last one
	last   bool  // nothing follows
}

// empty reports whether there is nothing to write down.
func (b *batch) empty() bool { return len(b.users) == 0 && len(b.failed) == 0 }

// read reads the next batch of at most so many records. Lines without anything are
// none.
func (r *reader) read(rows int) (*batch, error) {
	b := &batch{users: make([]store.NewUser, 0, rows), lineOf: make([]int64, 0, rows)}
	r.sheet.now, r.sheet.subs = r.now(), attributes.NewSubs()
	for size := 0; len(b.users)+len(b.failed) < rows && size < batchBytes; {
		line, tooLong, err := r.lines.next()
		if errors.Is(err, io.EOF) {
			b.last = true
			break
		}
		if err != nil {
			return nil, err
		}
		size += len(line)
		if err := r.add(b, line, tooLong); err != nil {
			return nil, err
		}
	}
	b.offset, b.line = r.lines.offset, r.lines.number
	return b, nil
}

func (r *reader) add(b *batch, line string, tooLong bool) error {
	if tooLong {
		b.failed = append(b.failed, entry(Failed, r.lines.number, "The row is longer than "+number(maxRow)+" characters."))
		return nil
	}
	if strings.Trim(line, " \t") == "" {
		return nil
	}
	u, err := r.sheet.user(line)
	if why, ok := errors.AsType[refused](err); ok {
		b.failed = append(b.failed, entry(Failed, r.lines.number, string(why)))
		return nil
	}
	if err != nil {
		return err
	}
	b.users, b.lineOf = append(b.users, u), append(b.lineOf, r.lines.number)
	return nil
}

// outcome counts what became of a batch, and gives the lines of the log in the
// order of the file. A user whose name somebody has is skipped; one whose other
// address is taken as a name has failed.
func (b *batch) outcome(d *store.ImportDetails, taken []*store.Name) []store.ImportEntry {
	d.Offset, d.Line = b.offset, b.line
	d.Failed += int64(len(b.failed))
	entries := make([]store.ImportEntry, 0, len(b.users)+len(b.failed))
	failed := b.failed
	for i, u := range b.users {
		for len(failed) > 0 && failed[0].Line < b.lineOf[i] {
			entries, failed = append(entries, failed[0]), failed[1:]
		}
		switch name := taken[i]; {
		case name == nil:
			d.Imported++
			entries = append(entries, entry(Succeeded, b.lineOf[i], textSucceeded))
		case name.Kind == store.NameUsername || u.Username == u.Sub: // an address is the user name
			d.Skipped++
			entries = append(entries, entry(Skipped, b.lineOf[i], textExists))
		default:
			d.Failed++
			entries = append(entries, entry(Failed, b.lineOf[i], "An account with the given "+name.Kind+" already exists."))
		}
	}
	return append(entries, failed...)
}
