package webidentity

import (
	"context"
	"slices"
	"strings"
	"time"

	"cognate/internal/outbound/oidc"
)

// Names of the social providers in the Logins of identity pools, beside those of
// package oidc (identity-pools.md A4).
const (
	Google   = "accounts.google.com"
	Apple    = "appleid.apple.com"
	Facebook = oidc.FacebookName
	Amazon   = oidc.AmazonName
	Twitter  = oidc.TwitterName
	Digits   = oidc.DigitsName
)

// IsSocial reports whether a key of Logins names a social provider.
func IsSocial(name string) bool {
	switch name {
	case Google, Apple, Facebook, Amazon, Twitter, Digits:
		return true
	}
	return false
}

const (
	googleKeys = "https://www.googleapis.com/oauth2/v3/certs"
	appleKeys  = "https://appleid.apple.com/auth/keys"
)

// Token checks what a social provider has given: an ID token of Google or Apple,
// an access token of Facebook or Amazon, token;secret of Twitter or Digits. appID is
// the app it must be for, as SupportedLoginProviders has it: several ids of Google are
// separated by commas or semicolons, Twitter's is key;secret. grace is for ID tokens,
// as in OIDC.
func (v *Verifier) Token(ctx context.Context, name, appID, token string, grace time.Duration) (*Claims, error) {
	if name == Twitter || name == Digits {
		return v.twitter(ctx, name, appID, token)
	}
	claims, err := v.AnyApp(ctx, name, token, grace)
	if err != nil {
		return nil, err
	}
	if name == Google || name == Apple {
		return claims, claims.welcome(listed(appID))
	}
	if appID == "" || !slices.Contains(claims.Audience, appID) {
		return nil, refuse(WrongAudience, "token is for %q", claims.Audience)
	}
	claims.Party, claims.Values["aud"] = appID, appID
	return claims, nil
}

// AnyApp checks a token of Google, Apple, Facebook or Amazon without asking which
// app it is for: a trust policy has to look at Party.
func (v *Verifier) AnyApp(ctx context.Context, name, token string, grace time.Duration) (*Claims, error) {
	switch name {
	case Google:
		return v.foreign(ctx, issuer{
			names: []string{"https://accounts.google.com", "accounts.google.com"}, grace: grace,
			source: oidc.Source{Issuer: Google, KeysURL: v.Social.Place(Google, googleKeys)},
		}, token)
	case Apple:
		return v.foreign(ctx, issuer{
			names: []string{"https://appleid.apple.com"}, grace: grace,
			source: oidc.Source{Issuer: Apple, KeysURL: v.Social.Place(Apple, appleKeys)},
		}, token)
	case Facebook:
		return accessToken(v.Social.Facebook(ctx, token))
	case Amazon:
		return accessToken(v.Social.Amazon(ctx, token))
	}
	return nil, refuse(WrongIssuer, "%q is no social provider", name)
}

// accessToken makes claims of what a provider says about an access token.
func accessToken(holder *oidc.Holder, err error) (*Claims, error) {
	if err != nil {
		return nil, refusal(err)
	}
	return &Claims{
		Subject: holder.Subject, Issuer: holder.Issuer, Audience: holder.Apps, Party: holder.Apps[0], Expires: holder.Expires,
		Values: map[string]any{"iss": holder.Issuer, "aud": holder.Apps[0], "sub": holder.Subject},
	}, nil
}

// listed splits a list of ids.
func listed(ids string) []string {
	list := strings.FieldsFunc(ids, func(r rune) bool { return r == ';' || r == ',' })
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return slices.DeleteFunc(list, func(id string) bool { return id == "" })
}

// twitter checks a token with its secret. A token of another app does not verify with
// this one's key.
func (v *Verifier) twitter(ctx context.Context, name, appID, token string) (*Claims, error) {
	consumer, okApp := pair(appID)
	user, okToken := pair(token)
	if !okApp || !okToken {
		return nil, refuse(Malformed, "not an identifier and a secret with a semicolon between them")
	}
	return accessToken(v.Social.Twitter(ctx, name, consumer, user))
}

func pair(text string) (oidc.KeyPair, bool) {
	id, secret, ok := strings.Cut(text, ";")
	return oidc.KeyPair{ID: id, Secret: secret}, ok && id != "" && secret != "" && !strings.Contains(secret, ";")
}
