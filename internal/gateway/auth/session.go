package auth

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"cognate/internal/gateway/seal"
	"cognate/internal/protocol/jwt"
)

const (
	// maxShards and maxCookie bound what a session is in the browser (§4.1): four
	// cookies, each with its name and attributes within 4 K.
	maxShards  = 4
	maxCookie  = 4096
	attributes = 96 // of a cookie, at most, in characters
	// cookieLife is the attribute Expires; the session's end is inside (§4.2).
	cookieLife = 7 * 24 * time.Hour
	// maxClaims bounds claims and access token together (§2.6).
	maxClaims = 11 << 10
	// maxPlain bounds an opened session: more is none of ours.
	maxPlain = 64 << 10
)

// session is what the cookies hold (§4.3).
type session struct {
	Issuer        string          `json:"i"`
	ClientID      string          `json:"c"`
	Started       int64           `json:"s"` // seconds since 1970, as the others
	Timeout       int64           `json:"t"` // seconds
	AccessToken   string          `json:"a"`
	AccessExpires int64           `json:"e,omitempty"` // 0: the provider did not say
	RefreshToken  string          `json:"r,omitempty"`
	Claims        json.RawMessage `json:"u"` // of user info, compact

	subject string
}

// ended reports whether the session is over.
func (s *session) ended(now time.Time) bool { return now.Unix() >= s.Started+s.Timeout }

// stale reports whether the access token has expired and can be renewed.
func (s *session) stale(now time.Time) bool {
	return s.RefreshToken != "" && s.AccessExpires != 0 && now.Unix() >= s.AccessExpires
}

// purpose keeps sessions of different cookie names apart.
func purpose(cookieName string) string { return "session " + cookieName }

// sealSession gives the value of a session before it is cut in pieces. The text is
// made smaller first, by letter frequencies alone: a compressor that looks for
// repetitions would let the length tell how much of a claim is also in a token.
func sealSession(ring *seal.Ring, cookieName string, s *session) (string, error) {
	plain, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("write a session: %w", err)
	}
	var small bytes.Buffer
	w, err := flate.NewWriter(&small, flate.HuffmanOnly)
	if err != nil {
		return "", fmt.Errorf("write a session: %w", err)
	}
	if _, err := w.Write(plain); err != nil {
		return "", fmt.Errorf("write a session: %w", err)
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("write a session: %w", err)
	}
	return base64.StdEncoding.EncodeToString(ring.Seal(purpose(cookieName), small.Bytes())), nil
}

// openSession reads what sealSession made, and nothing else: the alphabet is that
// of standard base64, and a value that was percent-encoded on its way is refused.
func openSession(ring *seal.Ring, cookieName, value string) (*session, error) {
	sealed, err := base64.StdEncoding.Strict().DecodeString(value)
	if err != nil {
		return nil, fmt.Errorf("open a session: %w", seal.ErrOpen)
	}
	small, err := ring.Open(purpose(cookieName), sealed)
	if err != nil {
		return nil, fmt.Errorf("open a session: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(small)), maxPlain))
	if err != nil {
		return nil, fmt.Errorf("open a session: %w", err)
	}
	s := &session{}
	if err := json.Unmarshal(plain, s); err != nil {
		return nil, fmt.Errorf("open a session: %w", err)
	}
	claims, err := jwt.ParseClaims(s.Claims)
	if err != nil {
		return nil, fmt.Errorf("open a session: %w", err)
	}
	s.subject, _ = claims.String("sub")
	return s, nil
}

// presented is what the cookies of a request say.
type presented struct {
	value  string            // the pieces joined; empty without any
	broken bool              // there are pieces, but not in a row
	shards map[string]string // every cookie that could be a piece, by its index
	nonces []string          // of AWSALBAuthNonce
}

// readCookies finds the pieces of a session and the nonces of sign-ins.
func readCookies(header http.Header, cookieName string) presented {
	var p presented
	for _, c := range (&http.Request{Header: header}).Cookies() {
		if c.Name == nonceCookie {
			p.nonces = append(p.nonces, c.Value)
			continue
		}
		if len(c.Name) != len(cookieName)+2 || c.Name[:len(cookieName)] != cookieName || c.Name[len(cookieName)] != '-' {
			continue
		}
		if index := c.Name[len(cookieName)+1:]; index >= "0" && index < strconv.Itoa(maxShards) {
			if p.shards == nil {
				p.shards = make(map[string]string, maxShards)
			}
			if _, twice := p.shards[index]; !twice { // browsers send the nearer one first
				p.shards[index] = c.Value
			}
		}
	}
	switch n := len(p.shards); n {
	case 0:
	case 1:
		p.value = p.shards["0"]
		p.broken = p.value == ""
	default:
		p.join()
	}
	return p
}

func (p *presented) join() {
	var value []byte
	for i := range len(p.shards) {
		piece, ok := p.shards[strconv.Itoa(i)]
		if !ok {
			p.broken = true
			return
		}
		value = append(value, piece...)
	}
	p.value = string(value)
	p.broken = p.value == ""
}

// shardCookies cuts a value in pieces and expires those that the browser holds
// beyond them. ok is false when there would be too many.
func shardCookies(cookieName, value string, now time.Time, crossOrigin bool, held presented) (cookies []*http.Cookie, ok bool) {
	size := maxCookie - attributes - len(cookieName) - len("-0=")
	if len(value) > maxShards*size {
		return nil, false
	}
	n := 0
	for ; value != ""; n++ {
		piece := value[:min(size, len(value))]
		value = value[len(piece):]
		cookies = append(cookies, shard(cookieName, n, piece, now.Add(cookieLife), crossOrigin))
	}
	return append(cookies, expiredShards(cookieName, n, held)...), true
}

// expiredShards takes the pieces from an index on away from the browser.
func expiredShards(cookieName string, from int, held presented) (cookies []*http.Cookie) {
	for i := from; i < maxShards; i++ {
		if _, has := held.shards[strconv.Itoa(i)]; has {
			cookies = append(cookies, shard(cookieName, i, "", time.Unix(1, 0), false))
		}
	}
	return cookies
}

func shard(cookieName string, index int, value string, expires time.Time, crossOrigin bool) *http.Cookie {
	c := &http.Cookie{ //nolint:gosec // SameSite is left out as at the original (§4.2)
		Name: cookieName + "-" + strconv.Itoa(index), Value: value,
		Path: "/", Expires: expires.UTC(), Secure: true, HttpOnly: true,
	}
	if crossOrigin {
		c.SameSite = http.SameSiteNoneMode
	}
	return c
}
