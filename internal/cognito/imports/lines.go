package imports

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxRow is the longest record in characters (spec/users-and-pools.md §19).
	maxRow = 16_000
	// maxRowBytes has room for as many of the longest, and the end of the line.
	maxRowBytes = utf8.UTFMax*maxRow + 2
)

// lines reads a file line by line and holds one of them at a time, however long
// they are.
type lines struct {
	r      *bufio.Reader
	offset int64 // of the next line in the file
	number int64 // of the line that next gave last, counted from 1
}

func newLines(r io.Reader, offset, number int64) *lines {
	return &lines{r: bufio.NewReaderSize(r, maxRowBytes), offset: offset, number: number}
}

// next gives the next line without its end, until io.EOF. A line that is longer
// than a record may be is given as tooLong, without its text.
func (l *lines) next() (line string, tooLong bool, err error) {
	text, err := l.r.ReadSlice('\n')
	l.offset += int64(len(text))
	for errors.Is(err, bufio.ErrBufferFull) {
		tooLong = true
		text, err = l.r.ReadSlice('\n')
		l.offset += int64(len(text))
	}
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return "", false, fmt.Errorf("read line %d: %w", l.number+1, err)
	case err != nil && len(text) == 0 && !tooLong:
		return "", false, io.EOF
	}
	l.number++
	if tooLong {
		return "", true, nil
	}
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	if utf8.RuneCount(text) > maxRow {
		return "", true, nil
	}
	return string(text), false, nil
}

// splitFields cuts a line at its commas. A comma behind a backslash belongs to the
// value; space around a value does not.
func splitFields(line string) []string {
	fields := make([]string, 0, 24)
	start, escaped := 0, false
	add := func(end int) {
		value := strings.Trim(line[start:end], " \t")
		if escaped {
			value = strings.ReplaceAll(value, `\,`, ",")
		}
		fields = append(fields, value)
		start, escaped = end+1, false
	}
	for i := range len(line) {
		switch {
		case line[i] != ',':
		case i > 0 && line[i-1] == '\\':
			escaped = true
		default:
			add(i)
		}
	}
	add(len(line))
	return fields
}

func number(n int) string { return strconv.Itoa(n) }
