package breached

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the form of published lists, which protects nothing
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// hashLen is the length of a SHA-1 digest in hexadecimal digits.
const hashLen = 2 * sha1.Size

// lineMax is longer than any line of a list: a digest, a colon, a count.
const lineMax = 96

// errForm says that a file is not a list of digests.
var errForm = errors.New("breached passwords: a line does not begin with a SHA-1 digest of 40 hexadecimal digits")

// File is a text of lines, sorted, each a SHA-1 digest in hexadecimal digits and
// perhaps a colon and a count; the form in which such lists are published. It is
// safe for concurrent use if the reader is.
type File struct {
	r    io.ReaderAt
	size int64
}

// NewFile takes a text of size bytes. The first and the last line are looked at.
func NewFile(r io.ReaderAt, size int64) (*File, error) {
	f := &File{r: r, size: size}
	for _, at := range []int64{0, max(size-lineMax/2, 0)} {
		if _, _, err := f.line(at); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
	}
	return f, nil
}

// Contains reports whether a password's digest is in the file. It reads some
// thirty lines of the largest list there is.
func (f *File) Contains(password string) (bool, error) {
	sum := sha1.Sum([]byte(password)) //nolint:gosec // see the import
	var want [hashLen]byte
	copy(want[:], bytes.ToUpper(hex.AppendEncode(nil, sum[:])))
	low, high := int64(0), f.size // the line looked for begins in [low, high)
	for low < high {
		middle := low + (high-low)/2
		hash, begin, err := f.line(middle)
		if errors.Is(err, io.EOF) || err == nil && begin >= high {
			high = middle
			continue
		}
		if err != nil {
			return false, err
		}
		switch bytes.Compare(hash, want[:]) {
		case 0:
			return true, nil
		case -1:
			low = begin + hashLen
		default:
			high = middle
		}
	}
	return false, nil
}

// line gives the digest, in capitals, of the first line that begins at an offset
// or after it, and where it begins; io.EOF when none does.
func (f *File) line(at int64) (hash []byte, begin int64, err error) {
	var buffer [2 * lineMax]byte
	from := max(at-1, 0) // a line begins at an offset if a line ends before it
	n, err := f.r.ReadAt(buffer[:], from)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, fmt.Errorf("read breached passwords: %w", err)
	}
	text := buffer[:n]
	skip := 0
	if at > 0 {
		end := bytes.IndexByte(text, '\n')
		if end < 0 && n == len(buffer) {
			return nil, 0, errForm
		}
		if skip = end + 1; end < 0 {
			return nil, 0, io.EOF
		}
	}
	text = text[skip:]
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, 0, io.EOF
	}
	if len(text) < hashLen {
		return nil, 0, errForm
	}
	hash = bytes.ToUpper(text[:hashLen])
	if _, err := hex.Decode(make([]byte, sha1.Size), hash); err != nil || len(text) > hashLen && !bytes.ContainsRune([]byte(":\r\n \t"), rune(text[hashLen])) {
		return nil, 0, errForm
	}
	return hash, from + int64(skip), nil
}
