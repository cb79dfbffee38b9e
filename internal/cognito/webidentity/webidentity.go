package webidentity

import (
	"context"
	"errors"
	"slices"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/tokens"
	"cognate/internal/outbound/oidc"
	"cognate/internal/protocol/jwt"
)

// LoginGrace is how long after its end the token of an OpenID provider is still a
// login of an identity pool (identity-pools.md A4, security.md S037).
const LoginGrace = 5 * time.Minute

// skew is how far the clocks of others may be off (security.md S037).
const skew = time.Minute

// Verifier checks tokens. It is safe for concurrent use; the exported fields are
// set before the first use.
type Verifier struct {
	Now       func() time.Time
	Pools     *tokens.Tokens     // of this installation's user pools
	Keys      *oidc.KeySets      // of other issuers
	Social    *oidc.AccessTokens // may be nil only where Token is never asked
	Endpoints []string           // addresses of this installation's STS, as SAML responses name it
}

// Claims are what a provider says of a user, checked.
type Claims struct {
	Subject string
	Issuer  string // as the token has it
	// Audience is whom the token is for: aud, the app of an access token, or the
	// recipient of a SAML response.
	Audience []string
	// Party is the one app that the token was given to: azp, else the audience that
	// is welcome, else the first.
	Party   string
	Issued  time.Time // zero: not said
	Expires time.Time // zero: not said
	// Values are all claims: strings, json.Number, bool, []any and map[string]any.
	// Of Facebook, Amazon and Twitter they are iss, aud and sub (identity-pools.md
	// B2); of SAML the attributes, each a []any of strings.
	Values map[string]any
	SAML   *Assertion // of SAML responses, else nil
}

// Provider is an issuer that is trusted, and the apps whose tokens are welcome.
type Provider struct {
	// Issuer is the iss of its tokens, an absolute address; some issuers write a slash
	// at its end in their tokens, which may be missing here.
	Issuer  string
	Clients []string
	OnlyRSA bool // other signatures are refused, as identity pools do
}

// OIDC checks an ID token of an OpenID provider that an operator has entered. grace
// is for how long after its end it is taken. An issuer that is a pool of this
// installation is asked within the process, and has no grace.
func (v *Verifier) OIDC(ctx context.Context, p Provider, token string, grace time.Duration) (*Claims, error) {
	claims, err := v.ofIssuer(ctx, p, token, grace)
	if err != nil {
		return nil, err
	}
	return claims, claims.welcome(p.Clients)
}

func (v *Verifier) ofIssuer(ctx context.Context, p Provider, token string, grace time.Duration) (*Claims, error) {
	name := p.Issuer
	if pool := v.Pools.PoolOf(name); pool != "" {
		claims, err := v.UserPool(ctx, pool, token)
		if !api.HasCode(err, "ResourceNotFoundException") {
			return claims, err
		} // else it is a pool of AWS's own, whose issuers ours may look like
	}
	return v.foreign(ctx, issuer{names: []string{name, name + "/"}, source: oidc.Source{Issuer: name}, grace: grace, rsa: p.OnlyRSA}, token)
}

// UserPool checks an ID token of a pool of this installation. Which clients are
// welcome is for the caller to see in Audience, which has one element.
func (v *Verifier) UserPool(ctx context.Context, poolID, token string) (*Claims, error) {
	said, err := v.Pools.Claims(ctx, poolID, token)
	switch {
	case errors.Is(err, tokens.ErrIssuer), api.HasCode(err, "ResourceNotFoundException"):
		return nil, &Error{Kind: WrongIssuer, Err: err}
	case errors.Is(err, jwt.ErrExpired):
		return nil, v.expired(said)
	case err != nil:
		return nil, refusal(err)
	}
	if !said.Has("aud") { // what an access token lacks
		return nil, missing("aud")
	}
	if use, _ := said.String("token_use"); use != "id" {
		return nil, refuse(Malformed, "token for the use %q", use)
	}
	return read(said)
}

// Active tells by an Error of the kind Inactive that the sign-in which an ID token
// of a user pool comes from has been ended, or that the user may not sign in any
// more (ServerSideTokenCheck). The token must have been checked before.
func (v *Verifier) Active(ctx context.Context, poolID, token string) error {
	said, err := v.Pools.Claims(ctx, poolID, token)
	if err != nil {
		return refusal(err)
	}
	err = v.Pools.CheckActive(ctx, poolID, said)
	if errors.Is(err, tokens.ErrInactive) {
		return &Error{Kind: Inactive, Err: err}
	}
	return err
}

func (v *Verifier) expired(said jwt.Claims) *Error {
	exp, _ := said.Time("exp")
	return &Error{Kind: Expired, Now: v.Now(), Expires: exp}
}

// read takes the claims of an ID token that was verified.
func read(said jwt.Claims) (*Claims, error) {
	c := &Claims{Values: said.Values()}
	c.Issuer, _ = said.String("iss")
	c.Subject, _ = said.String("sub")
	c.Issued, _ = said.Time("iat")
	c.Expires, _ = said.Time("exp")
	c.Party, _ = said.String("azp")
	if one, ok := said.String("aud"); ok {
		c.Audience = []string{one}
	} else {
		c.Audience, _ = said.Strings("aud")
	}
	switch {
	case c.Subject == "":
		return nil, missing("sub")
	case len(c.Audience) == 0 || slices.Contains(c.Audience, ""):
		return nil, missing("aud")
	case said.Has("azp") && c.Party == "":
		return nil, missing("azp")
	case c.Party == "" && len(c.Audience) == 1:
		c.Party = c.Audience[0]
	}
	return c, nil
}

// welcome refuses tokens that are for none of these apps: azp counts where it is
// there, else aud (identity-pools.md A4).
func (c *Claims) welcome(clients []string) error {
	if c.Party == "" {
		for _, one := range c.Audience {
			if slices.Contains(clients, one) {
				c.Party = one
				return nil
			}
		}
	}
	if c.Party == "" || !slices.Contains(clients, c.Party) {
		return refuse(WrongAudience, "token is for %.200q", c.Audience)
	}
	return nil
}
