package oidc

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"hash"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	// longestIDToken bounds an ID token, in characters.
	longestIDToken = 64 << 10
	// mostKeys bounds a key set.
	mostKeys = 100
	// skew is how far a provider's clock may be ahead.
	skew = time.Minute
)

// The algorithms that ID tokens may be signed with, if the provider lists them.
// With addresses given by hand nothing is listed, and then the secret ones are out
// (federation.md §4.4).
var (
	asymmetric = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}
	symmetric  = []string{"HS256", "HS384", "HS512"}
)

// listed are the algorithms of a discovery document that are taken.
func listed(named []string) []string {
	return slices.DeleteFunc(slices.Clone(named), func(a string) bool {
		return !slices.Contains(asymmetric, a) && !slices.Contains(symmetric, a)
	})
}

// checkIDToken verifies an ID token and gives its claims.
func (c *Client) checkIDToken(ctx context.Context, s *Settings, token, access, nonce string, algorithms []string) (map[string]any, error) {
	if token == "" || len(token) > longestIDToken {
		return nil, failure(nil, "The token endpoint gave no usable ID token")
	}
	allowed := make([]jose.SignatureAlgorithm, len(algorithms))
	for i, a := range algorithms {
		allowed[i] = jose.SignatureAlgorithm(a)
	}
	signed, err := jose.ParseSignedCompact(token, allowed)
	if err != nil {
		return nil, failure(err, "The ID token is not well formed")
	}
	header := signed.Signatures[0].Protected
	key, err := c.keyOf(ctx, s, header)
	if err != nil {
		return nil, err
	}
	payload, err := signed.Verify(key)
	if err != nil {
		return nil, failure(err, "The ID token's signature is not valid")
	}
	claims, err := object(payload)
	if err != nil {
		return nil, failure(err, "The ID token is not well formed")
	}
	if err := s.checkClaims(claims, nonce, c.now()); err != nil {
		return nil, err
	}
	if want, ok := claims["at_hash"].(string); ok && subtle.ConstantTimeCompare([]byte(want), []byte(halfHash(header.Algorithm, access))) != 1 {
		return nil, failure(nil, "The ID token belongs to another access token")
	}
	return claims, nil
}

// keyOf finds the key of a token. Those of HMAC are the client secret, which is
// never looked for in a key set; others have to be in the key set by their id, and
// fit the algorithm.
func (c *Client) keyOf(ctx context.Context, s *Settings, header jose.Header) (any, error) {
	if slices.Contains(symmetric, header.Algorithm) {
		if s.ClientSecret == "" {
			return nil, failure(nil, "The ID token's signature is not valid")
		}
		return []byte(s.ClientSecret), nil
	}
	if header.KeyID == "" {
		return nil, failure(nil, "The ID token names no key")
	}
	set, err := c.keys(ctx, s.keysURL())
	if err != nil {
		return nil, err
	}
	for _, key := range set.Key(header.KeyID) {
		public := key.Public()
		if !public.Valid() || public.Use != "" && public.Use != "sig" || public.Algorithm != "" && public.Algorithm != header.Algorithm {
			continue
		}
		return public.Key, nil
	}
	return nil, failure(nil, "The key of the ID token is not among those of the identity provider")
}

// keys reads a key set. It is read for every token, so that a key which the
// provider takes back is good no longer.
func (c *Client) keys(ctx context.Context, address string) (*jose.JSONWebKeySet, error) {
	got, err := c.flights.share(ctx, address, func(ctx context.Context) (*answer, error) {
		return c.get(ctx, address, http.Header{})
	})
	if err != nil {
		return nil, unreached(err, "error_description=Timeout in calling jwks uri")
	}
	var raw struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(got.body, &raw); err != nil || got.status != http.StatusOK {
		return nil, failure(err, "The key set of the identity provider could not be read")
	}
	if len(raw.Keys) > mostKeys {
		return nil, failure(nil, "The key set of the identity provider has more than %d keys", mostKeys)
	}
	set := &jose.JSONWebKeySet{}
	for _, text := range raw.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(text) == nil && key.IsPublic() { // others are for other uses
			set.Keys = append(set.Keys, key)
		}
	}
	return set, nil
}

// checkClaims checks what an ID token says about itself (federation.md §4.4, OpenID
// Connect Core §3.1.3.7).
func (s *Settings) checkClaims(claims map[string]any, nonce string, now time.Time) error {
	if issuer := text(claims["iss"]); !s.issued(issuer) {
		return failure(nil, "Bad id_token issuer %s", issuer)
	}
	audience, several := audienceOf(claims["aud"])
	if !slices.Contains(audience, s.ClientID) {
		return failure(nil, "The ID token is for another audience")
	}
	if party := text(claims["azp"]); several && party == "" || party != "" && party != s.ClientID {
		return failure(nil, "The ID token is for another party")
	}
	expires, ok := seconds(claims["exp"])
	if !ok || !now.Before(expires) {
		return failure(nil, "The ID token has expired")
	}
	issued, ok := seconds(claims["iat"])
	if !ok || issued.After(now.Add(skew)) {
		return failure(nil, "The ID token was issued in the future")
	}
	if before, ok := seconds(claims["nbf"]); ok && before.After(now.Add(skew)) {
		return failure(nil, "The ID token is not valid yet")
	}
	if subtle.ConstantTimeCompare([]byte(text(claims["nonce"])), []byte(nonce)) != 1 {
		return failure(nil, "The ID token answers another request")
	}
	if text(claims["sub"]) == "" {
		return failure(nil, "username attribute mapping required")
	}
	return nil
}

// issued reports whether an issuer is the provider's. Google has written its own
// without the scheme.
func (s *Settings) issued(issuer string) bool {
	return issuer != "" && (issuer == s.Issuer || s.Issuer == "https://accounts.google.com" && issuer == "accounts.google.com")
}

func audienceOf(v any) (list []string, several bool) {
	switch v := v.(type) {
	case string:
		return []string{v}, false
	case []any:
		for _, one := range v {
			list = append(list, text(one))
		}
	}
	return list, len(list) > 1
}

func seconds(v any) (time.Time, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return time.Time{}, false
	}
	f, err := n.Float64()
	if err != nil || f < 0 || f > 1e12 {
		return time.Time{}, false
	}
	return time.Unix(int64(f), 0), true
}

// halfHash is the at_hash of an access token (OpenID Connect Core §3.1.3.6).
func halfHash(algorithm, access string) string {
	var h hash.Hash
	switch {
	case strings.HasSuffix(algorithm, "384"):
		h = sha512.New384()
	case strings.HasSuffix(algorithm, "512"):
		h = sha512.New()
	default:
		h = sha256.New()
	}
	h.Write([]byte(access))
	sum := h.Sum(nil)
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

var errNoKey = errors.New("the private key is not a P-256 key in PEM form")
