package identitytokens

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/signingkeys"
	"cognate/internal/protocol/jwt"
	"cognate/internal/store"
)

// How long tokens live (identity-pools.md §A5).
const (
	// PublicLifetime is that of the tokens of GetOpenIdToken.
	PublicLifetime = 10 * time.Minute
	// DeveloperLifetime is that of the tokens of GetOpenIdTokenForDeveloperIdentity
	// without a TokenDuration.
	DeveloperLifetime = 15 * time.Minute
	// MaxLifetime is the longest TokenDuration.
	MaxLifetime = 24 * time.Hour
)

// Provider names the issuer in trust policies, condition keys and Logins, whatever
// its address is.
const Provider = "cognito-identity.amazonaws.com"

// The members of tokens that are no registered names.
const (
	claimTags = "https://aws.amazon.com/tags"
	claimPool = "https://cognito-identity.amazonaws.com/identity-pool-arn"
)

// ErrInvalid says that a text is no token of this issuer: malformed, signed by
// nobody's or an old key, or of another issuer.
var ErrInvalid = errors.New("identitytokens: not a token of this issuer")

// ExpiredError says that a token was good until Expires.
type ExpiredError struct{ Now, Expires time.Time }

func (e *ExpiredError) Error() string {
	return fmt.Sprintf("identitytokens: token expired at %d, now is %d", e.Expires.Unix(), e.Now.Unix())
}

// Token is what a token says.
type Token struct {
	PoolID     string // aud
	PoolARN    string
	IdentityID string            // sub
	Methods    []string          // amr, as made by Guest or Authenticated
	Tags       map[string]string // session tags, without those that are empty

	IssuedAt, ExpiresAt time.Time // whole seconds; Mint sets both
}

// Tokens makes and checks tokens. The exported fields are set before the first use;
// it is safe for many goroutines.
type Tokens struct {
	DB     *store.DB
	Source signingkeys.Source
	Issuer string // the iss of every token
	Now    func() time.Time
	Cores  limits.Cores // bounds the signatures made at a time

	mu   sync.Mutex
	keys *keys
}

// payload has the members in the order in which they are written.
type payload struct {
	Subject  string   `json:"sub"`
	Audience string   `json:"aud"`
	Methods  []string `json:"amr"`
	Issuer   string   `json:"iss"`
	Tags     *tags    `json:"https://aws.amazon.com/tags,omitzero"`
	Pool     string   `json:"https://cognito-identity.amazonaws.com/identity-pool-arn"`
	Expires  int64    `json:"exp"`
	Issued   int64    `json:"iat"`
}

type tags struct {
	Principal map[string][]string `json:"principal_tags"`
}

// Mint signs a token that is good for lifetime, whole seconds. It must not be
// called inside a transaction.
func (t *Tokens) Mint(ctx context.Context, token Token, lifetime time.Duration) (string, error) {
	current, err := t.current(ctx)
	if err != nil {
		return "", err
	}
	now := t.Now().Unix()
	p := payload{
		Subject: token.IdentityID, Audience: token.PoolID, Methods: token.Methods, Issuer: t.Issuer, Pool: token.PoolARN,
		Expires: now + int64(lifetime/time.Second), Issued: now,
	}
	if len(token.Tags) > 0 {
		p.Tags = &tags{Principal: make(map[string][]string, len(token.Tags))}
		for key, value := range token.Tags {
			p.Tags.Principal[key] = []string{value}
		}
	}
	claims, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("write identity token: %w", err)
	}
	var signed string
	t.Cores.Do(func() { signed, err = jwt.RS512.Sign(current.private, current.kid, claims) })
	return signed, err
}

// Verify checks a token of this issuer. Errors are ErrInvalid, wrapped, and
// *ExpiredError. It must not be called inside a transaction.
func (t *Tokens) Verify(ctx context.Context, token string) (*Token, error) {
	parsed, err := jwt.RS512.Parse(token)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if parsed.UnverifiedIssuer() != t.Issuer {
		return nil, fmt.Errorf("%w: its issuer is another one", ErrInvalid)
	}
	current, err := t.current(ctx)
	if err != nil {
		return nil, err
	}
	var public *rsa.PublicKey
	if key, ok := current.known[parsed.KeyID]; ok {
		public = &key.PublicKey
	}
	claims, err := parsed.Verify(public)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	said, err := read(claims)
	if err != nil {
		return nil, err
	}
	if now := t.Now(); !now.Before(said.ExpiresAt) {
		return nil, &ExpiredError{Now: now, Expires: said.ExpiresAt}
	}
	return said, nil
}

// read takes the claims of a token that this issuer has signed. The clocks of
// nodes differ, so iat may be ahead.
func read(claims jwt.Claims) (*Token, error) {
	said := &Token{}
	var ok [6]bool
	said.IdentityID, ok[0] = claims.String("sub")
	said.PoolID, ok[1] = claims.String("aud")
	said.Methods, ok[2] = claims.Strings("amr")
	said.PoolARN, ok[3] = claims.String(claimPool)
	said.IssuedAt, ok[4] = claims.Time("iat")
	said.ExpiresAt, ok[5] = claims.Time("exp")
	if ok != [6]bool{true, true, true, true, true, true} {
		return nil, fmt.Errorf("%w: a claim is missing", ErrInvalid)
	}
	if raw := claims.Raw(claimTags); raw != nil {
		var written tags
		if err := json.Unmarshal(raw, &written); err != nil {
			return nil, fmt.Errorf("%w: tags: %w", ErrInvalid, err)
		}
		said.Tags = make(map[string]string, len(written.Principal))
		for key, value := range written.Principal {
			if len(value) != 1 {
				return nil, fmt.Errorf("%w: tag %q has %d values", ErrInvalid, key, len(value))
			}
			said.Tags[key] = value[0]
		}
	}
	return said, nil
}
