package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// canonicalRequest is the text whose hash is signed. The last line is the hash
// of the body that was received, so a signature over any other body, over
// UNSIGNED-PAYLOAD or over a streaming trailer does not match.
func (c *Claim) canonicalRequest() []byte {
	var b strings.Builder
	b.Grow(1024)
	b.WriteString(c.req.Method)
	b.WriteByte('\n')
	b.WriteString(canonicalPath(c.req.Path))
	b.WriteByte('\n')
	b.WriteString(canonicalQuery(c.req.RawQuery))
	b.WriteByte('\n')
	for _, name := range c.signedHeaders {
		b.WriteString(name)
		b.WriteByte(':')
		for i, value := range c.values(name) {
			if i > 0 {
				b.WriteByte(',')
			}
			writeCollapsed(&b, value)
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	b.WriteString(strings.Join(c.signedHeaders, ";"))
	b.WriteByte('\n')
	b.WriteString(c.bodyHash())
	return []byte(b.String())
}

// values gives the values of a signed header. Host is not among the headers of
// a Go server, and Content-Length may be missing from those of a request that
// was assembled by hand.
func (c *Claim) values(name string) []string {
	if name == "host" {
		return []string{c.req.Host}
	}
	values := c.req.Header[http.CanonicalHeaderKey(name)]
	if name == "content-length" && values == nil {
		return []string{strconv.Itoa(len(c.req.Body))}
	}
	return values
}

func (c *Claim) bodyHash() string {
	sum := sha256.Sum256(c.req.Body)
	return hex.EncodeToString(sum[:])
}

// bodyAsStated reports whether X-Amz-Content-Sha256, where a client sends it,
// is the hash of the body.
func (c *Claim) bodyAsStated() bool {
	stated := c.req.Header["X-Amz-Content-Sha256"]
	if c.Presigned && strings.Contains(c.req.RawQuery, "X-Amz-Content-Sha256=") {
		if query, err := url.ParseQuery(c.req.RawQuery); err == nil {
			stated = append(slices.Clip(stated), query["X-Amz-Content-Sha256"]...)
		}
	}
	for _, s := range stated {
		if s != c.bodyHash() {
			return false
		}
	}
	return true
}

// canonicalPath normalises a raw path (RFC 3986 §6.2.2.3, and runs of slashes)
// and encodes it once more, as every service but S3 does.
func canonicalPath(raw string) string {
	if raw == "" || raw == "/" {
		return "/"
	}
	var kept []string
	for segment := range strings.SplitSeq(raw, "/") {
		switch segment {
		case "", ".":
		case "..":
			if len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
		default:
			kept = append(kept, segment)
		}
	}
	if len(kept) == 0 {
		return "/"
	}
	var b strings.Builder
	for _, segment := range kept {
		b.WriteByte('/')
		writeEncoded(&b, segment)
	}
	if last := raw[strings.LastIndexByte(raw, '/')+1:]; last == "" || last == "." || last == ".." {
		b.WriteByte('/')
	}
	return b.String()
}

// canonicalQuery decodes and re-encodes every parameter except the signature
// and sorts them by encoded name, then encoded value. A part that cannot be
// decoded is taken literally, so that it still counts in the signature.
func canonicalQuery(raw string) string {
	if raw == "" {
		return ""
	}
	type pair struct{ name, value string }
	var pairs []pair
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		if name = reencode(name); name == "X-Amz-Signature" {
			continue
		}
		pairs = append(pairs, pair{name, reencode(value)})
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		if n := strings.Compare(a.name, b.name); n != 0 {
			return n
		}
		return strings.Compare(a.value, b.value)
	})
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.name)
		b.WriteByte('=')
		b.WriteString(p.value)
	}
	return b.String()
}

func reencode(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil {
		s = decoded
	}
	var b strings.Builder
	writeEncoded(&b, s)
	return b.String()
}

// writeEncoded percent-encodes all but the unreserved characters of RFC 3986 §2.3.
func writeEncoded(b *strings.Builder, s string) {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
}

// writeCollapsed writes a header value trimmed and with each run of spaces as one.
func writeCollapsed(b *strings.Builder, value string) {
	value = strings.Trim(value, " \t")
	space := false
	for i := range len(value) {
		if value[i] == ' ' {
			if space {
				continue
			}
			space = true
		} else {
			space = false
		}
		b.WriteByte(value[i])
	}
}
