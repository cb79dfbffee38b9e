package logsinks

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// writer writes lines to a stream of this process.
type writer struct{ to io.Writer }

// Write implements Sink.
func (w writer) Write(_ context.Context, entries []Entry) error {
	if _, err := w.to.Write(lines(entries)); err != nil {
		return fmt.Errorf("write log entries: %w", err)
	}
	return nil
}

func lines(entries []Entry) []byte {
	var b bytes.Buffer
	for _, e := range entries {
		b.Write(e.Text)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// file appends lines to a file. It is opened for each batch, so that it can be
// moved away and begun anew at any time.
type file struct{ path string }

// newFile gives the file of a destination: place itself, or one in the directory
// that it names by a slash at its end.
func newFile(place string, r resource, stream string) file {
	if !strings.HasSuffix(place, "/") {
		return file{place}
	}
	name := r.service + "-" + plain(r.name)
	if stream != "" {
		name += "-" + plain(stream)
	}
	return file{filepath.Join(place, name+".log")}
}

// plain makes a name that stays within its directory.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_':
			return r
		}
		return '_'
	}, s)
}

// Write implements Sink. The lines of a batch are one write, so that those of
// several destinations in one file do not mix.
func (f file) Write(_ context.Context, entries []Entry) (err error) {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o750); err != nil {
		return fmt.Errorf("open log file: %w", err)
	}
	out, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open log file: %w", err)
	}
	defer func() {
		if closed := out.Close(); err == nil && closed != nil {
			err = fmt.Errorf("close log file: %w", closed)
		}
	}()
	if _, err := out.Write(lines(entries)); err != nil {
		return fmt.Errorf("write log file: %w", err)
	}
	return nil
}
