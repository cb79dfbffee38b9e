package webidentity

import (
	"context"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"cognate/internal/outbound/oidc"
	"cognate/internal/protocol/jwt"
)

// longest bounds a token, in bytes: the greatest value of a login (identity-pools.md
// A4).
const longest = 50_000

// algorithms are those that issuers may sign with (identity-pools.md D2). Each has a
// public key, so that nobody who can check a token can make one.
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512} //nolint:gochecknoglobals // a table

// rsaAlgorithms are those of them that identity pools take (A4).
var rsaAlgorithms = algorithms[:3]

// issuer is whose tokens are expected.
type issuer struct {
	names  []string // that iss may be
	source oidc.Source
	grace  time.Duration
	rsa    bool // and nothing else
}

// foreign checks an ID token of another issuer.
func (v *Verifier) foreign(ctx context.Context, from issuer, token string) (*Claims, error) {
	if len(token) > longest {
		return nil, refuse(Malformed, "token of %d bytes", len(token))
	}
	taken := algorithms
	if from.rsa {
		taken = rsaAlgorithms
	}
	signed, err := jose.ParseSignedCompact(token, taken)
	if err != nil {
		return nil, refuse(Malformed, "read the token: %w", err)
	}
	unverified, err := jwt.ParseClaims(signed.UnsafePayloadWithoutVerification())
	if err != nil {
		return nil, refusal(err)
	}
	// Looked at first, so that the wrong provider is not asked.
	if name, _ := unverified.String("iss"); !slices.Contains(from.names, name) {
		return nil, refuse(WrongIssuer, "the issuer is %.200q", name)
	}
	header := signed.Signatures[0].Protected
	key, err := v.Keys.Key(ctx, from.source, header.KeyID, header.Algorithm)
	if err != nil {
		return nil, refusal(err)
	}
	payload, err := signed.Verify(key)
	if err != nil {
		return nil, refuse(BadSignature, "verify the token: %w", err)
	}
	said, err := jwt.ParseClaims(payload)
	if err != nil {
		return nil, refusal(err)
	}
	if err := v.checkTime(said, from.grace); err != nil {
		return nil, err
	}
	if !said.Has("aud") {
		return nil, missing("aud")
	}
	return read(said)
}

// checkTime checks the times of a token, which needs to have exp and iat.
func (v *Verifier) checkTime(said jwt.Claims, grace time.Duration) error {
	now := v.Now()
	switch exp, ok := said.Time("exp"); {
	case !ok:
		return missing("exp")
	case !now.Before(exp.Add(grace)):
		return v.expired(said)
	case !said.Has("iat"):
		return missing("iat")
	}
	for _, name := range [...]string{"iat", "nbf"} {
		if !said.Has(name) {
			continue
		}
		if from, ok := said.Time(name); !ok || now.Add(skew).Before(from) {
			return refuse(BadTime, "%s is %s", name, said.Raw(name))
		}
	}
	return nil
}
