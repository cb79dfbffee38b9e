package identitypools

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"cognate/internal/api"
	"cognate/internal/api/identity"
	"cognate/internal/cognito/identitytokens"
	"cognate/internal/cognito/rolechoice"
	"cognate/internal/cognito/webidentity"
	"cognate/internal/store"
)

// login is what a provider vouches for.
type login struct {
	provider, subject string
	developer         bool

	choice rolechoice.Login     // not of developers' logins, which choose no role
	method identitytokens.Login // in tokens of the pool
}

// verify checks the entries of Logins in a call that anybody can make. The order of
// the answer is that of the providers' names.
func (o *Operations) verify(ctx context.Context, pool *store.IdentityPool, tokens map[string]string) ([]login, error) {
	known := o.providersOf(pool)
	found := make([]login, 0, len(tokens))
	for _, key := range slices.Sorted(maps.Keys(tokens)) {
		if key == identitytokens.Provider {
			return nil, identity.NotAuthorizedException("Invalid login token. Can't pass in a Cognito token.")
		}
		p, ok := known[key]
		switch {
		case !ok:
			return nil, errUnsupported()
		case p.kind == byDeveloper:
			return nil, api.ValidationException("Please provide a valid public provider.")
		}
		l, err := o.checkToken(ctx, p, tokens[key])
		if err != nil {
			return nil, err
		}
		same := slices.IndexFunc(found, func(f login) bool { return f.provider == l.provider })
		switch {
		case same < 0:
			found = append(found, l)
		case found[same].subject != l.subject: // by the two names of a user pool
			return nil, errSecondLogin(l.provider)
		}
	}
	return found, nil
}

// checkToken asks a provider whom a token stands for.
func (o *Operations) checkToken(ctx context.Context, p *provider, token string) (login, error) {
	claims, err := o.claims(ctx, p, token)
	if err != nil {
		return login{}, tokenError(err)
	}
	if !utf8.ValidString(claims.Subject) || strings.IndexByte(claims.Subject, 0) >= 0 {
		return login{}, identity.NotAuthorizedException("Invalid login token.")
	}
	l := login{provider: p.name, subject: claims.Subject}
	switch p.kind {
	case byUserPool:
		l.choice = rolechoice.UserPool(p.claims, claims.Audience[0], claims.Values)
		l.method = identitytokens.UserPoolLogin(p.name, claims.Subject)
	case byOIDC:
		l.choice = rolechoice.OIDC(p.claims, claims.Values)
		l.method = identitytokens.OIDCLogin(p.claims, claims.Subject)
	case bySAML:
		l.choice = rolechoice.SAML(p.claims, claims.Subject, claims.Values)
		l.method = identitytokens.SAMLLogin(p.claims, claims.Subject)
	default:
		l.choice = rolechoice.Social(p.claims, claims.Values)
		l.method = identitytokens.SocialLogin(p.name, claims.Party, claims.Subject)
	}
	return l, nil
}

func (o *Operations) claims(ctx context.Context, p *provider, token string) (*webidentity.Claims, error) {
	switch p.kind {
	case byUserPool:
		return o.userPoolClaims(ctx, p, token)
	case byOIDC:
		entry, known, err := o.Access.OIDCProvider(ctx, p.claims)
		if err != nil {
			return nil, err
		}
		if !known {
			return nil, errUnsupported()
		}
		from := webidentity.Provider{Issuer: entry.URL, Clients: entry.ClientIDs, OnlyRSA: true}
		return o.Verifier.OIDC(ctx, from, token, webidentity.LoginGrace)
	case bySAML:
		entry, known, err := o.Access.SAMLProvider(ctx, p.claims)
		if err != nil {
			return nil, err
		}
		if !known {
			return nil, errUnsupported()
		}
		return o.Verifier.SAML(ctx, p.claims, []byte(entry.Metadata), token)
	case bySocial:
		return o.Verifier.Token(ctx, p.name, p.appID, token, webidentity.LoginGrace)
	case byDeveloper:
	}
	return nil, fmt.Errorf("provider %s has no tokens", p.name)
}

// userPoolClaims checks an ID token of a user pool, which must be for one of the
// clients that the identity pool knows.
func (o *Operations) userPoolClaims(ctx context.Context, p *provider, token string) (*webidentity.Claims, error) {
	pool := poolIDOf(p.name)
	claims, err := o.Verifier.UserPool(ctx, pool, token)
	if err != nil {
		return nil, err
	}
	askPool, known := p.clients[claims.Audience[0]]
	if !known {
		return nil, errUnsupported()
	}
	if askPool {
		return claims, o.Verifier.Active(ctx, pool, token)
	}
	return claims, nil
}

func errUnsupported() error {
	return identity.NotAuthorizedException("Token is not from a supported provider of this identity pool.")
}

// tokenError finds the words for what is wrong with a token (spec/identity-pools.md
// A7). Errors that are not about the token stay as they are.
func tokenError(err error) error {
	var refused *webidentity.Error
	if !errors.As(err, &refused) {
		return err
	}
	text := "Invalid login token."
	switch refused.Kind {
	case webidentity.WrongAudience:
		return errUnsupported()
	case webidentity.Inactive:
		text = "Token is inactive"
	case webidentity.Unreachable:
		return identity.ExternalServiceException("The login provider cannot be reached.").Because(err)
	case webidentity.Expired:
		text = fmt.Sprintf("Invalid login token. Token expired: %d >= %d", refused.Now.Unix(), refused.Expires.Unix())
	case webidentity.WrongIssuer:
		text = "Invalid login token. Issuer doesn't match providerName"
	case webidentity.MissingClaim:
		text = "Invalid login token. Missing a required claim: " + refused.Claim
	case webidentity.BadSignature:
		text = "Invalid login token. Couldn't verify signed token."
	case webidentity.Malformed:
		text = "Invalid login token. Not a valid OpenId Connect identity token."
	case webidentity.BadTime, webidentity.Rejected:
	}
	return identity.NotAuthorizedException("%s", text).Because(err)
}

// methods are the logins as tokens of the pool tell them.
func methods(logins []login) []string {
	if len(logins) == 0 {
		return identitytokens.Guest()
	}
	list := make([]identitytokens.Login, len(logins))
	for i, l := range logins {
		list[i] = l.method
	}
	return identitytokens.Authenticated(list...)
}

// choices are the logins as roles and tags are chosen by them.
func choices(logins []login) []rolechoice.Login {
	list := make([]rolechoice.Login, 0, len(logins))
	for _, l := range logins {
		if !l.developer {
			list = append(list, l.choice)
		}
	}
	return list
}

// principalTags are the tags that a pool makes of logins.
func (o *Operations) principalTags(pool *store.IdentityPool, logins []login) (map[string]string, error) {
	if len(pool.Settings.TagMaps) == 0 {
		return nil, nil
	}
	maps := make(map[string]rolechoice.TagMap, len(pool.Settings.TagMaps))
	for name, m := range pool.Settings.TagMaps {
		maps[name] = rolechoice.TagMap{UseDefaults: m.UseDefaults, Tags: m.Claims}
	}
	return rolechoice.PrincipalTags(maps, choices(logins))
}
