package tokens

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// refreshHeader begins every refresh token: the header of the encrypted tokens
// of the service, as recorded (recorded.md §4). Ours are random behind it.
const refreshHeader = "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiUlNBLU9BRVAifQ"

// refreshSegments are the lengths in bytes of the four random segments. They
// are those of the tokens imitated: an RSA-2048 key envelope, a nonce, a body, a
// tag. Together a token has about 1,800 characters.
var refreshSegments = [...]int{256, 12, 1024, 16}

// newRefreshToken makes a refresh token. Only its digest is ever stored.
func newRefreshToken() string {
	total := 0
	for _, n := range refreshSegments {
		total += n
	}
	random := make([]byte, total)
	_, _ = rand.Read(random) // documented never to fail
	var b strings.Builder
	b.Grow(len(refreshHeader) + 4 + base64.RawURLEncoding.EncodedLen(total) + len(refreshSegments))
	b.WriteString(refreshHeader)
	for _, n := range refreshSegments {
		b.WriteByte('.')
		b.WriteString(base64.RawURLEncoding.EncodeToString(random[:n]))
		random = random[n:]
	}
	return b.String()
}

// Digest is what is stored of a refresh token. The token is random, so nothing
// slower than a plain hash is needed.
func Digest(refreshToken string) []byte {
	d := sha256.Sum256([]byte(refreshToken))
	return d[:]
}

// looksLikeRefreshToken reports whether a text has the form of the tokens made
// here. What has not is refused without asking the database.
func looksLikeRefreshToken(text string) bool {
	segments := strings.Split(text, ".")
	if len(segments) != 1+len(refreshSegments) || segments[0] != refreshHeader {
		return false
	}
	for i, n := range refreshSegments {
		if len(segments[i+1]) != base64.RawURLEncoding.EncodedLen(n) {
			return false
		}
	}
	return true
}
